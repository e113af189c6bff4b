// SPDX-License-Identifier: MIT
/*
 * calls.h - one function a call; arg[] is what the client had in EBX, ECX, ...
 */
#pragma once

#include "user/personality/process.h"

typedef long call_fn(struct process *process, const uint32_t *arg);

/* Instead of a result: the client was put aside, and is answered later. */
#define NO_ANSWER  INT32_MIN

/* io.c: bytes in and out */
call_fn call_read, call_readv, call_write, call_writev, call_lseek;
call_fn call_llseek, call_ioctl;

/* fds.c: what can be done to a descriptor */
call_fn call_close, call_dup, call_dup2, call_dup3, call_fcntl, call_mmap2;

/* open.c: from a path to a descriptor */
call_fn call_open, call_openat;

/* names.c: facts about what paths name */
call_fn call_stat64, call_fstat64, call_fstatat64, call_statx, call_access;
call_fn call_getdents64, call_uname, call_getcwd, call_zero;

/*
 * A path as openat() and its like see it: below an open folder, or the root.
 * `path` as client_read_path() has left it. Returns: as tree_find(); -EBADF,
 * -ENOTDIR (no such folder).
 */
struct node;
long find_at(struct process *process, uint32_t fd, const char *path,
	     struct node *node, bool *parent);
