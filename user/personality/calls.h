// SPDX-License-Identifier: MIT
/*
 * calls.h - one function for each call; arg[] is the client's EBX, ECX, ...
 */
#pragma once

#include "user/personality/process.h"

typedef long call_fn(struct process *process, const uint32_t *arg);

/* Not a result: the client is put aside, and gets its answer later. */
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
 * Find what a path names, as openat() does: below the open folder `fd`, or
 * below the root (AT_FDCWD, or a path that begins with "/"). `path` comes from
 * client_read_path(). Returns: as tree_find(); -EBADF; -ENOTDIR: `fd` is not a
 * folder.
 */
struct node;
long find_at(struct process *process, uint32_t fd, const char *path,
	     struct node *node, bool *parent);
