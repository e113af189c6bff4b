// SPDX-License-Identifier: MIT
/*
 * calls.h - one function a call; arg[] is what the client had in EBX, ECX, ...
 */
#pragma once

#include "user/personality/process.h"

typedef long call_fn(struct process *process, const uint32_t *arg);

/* io.c: bytes in and out, descriptors */
call_fn call_read, call_write, call_writev, call_close, call_lseek;
call_fn call_llseek, call_dup, call_dup2, call_fcntl64, call_ioctl;

/* names.c: what paths name, and facts */
call_fn call_open, call_openat, call_stat64, call_fstat64, call_fstatat64;
call_fn call_statx, call_access, call_getdents64, call_uname, call_getcwd;
call_fn call_zero;

/*
 * Memory of the process whose call is being served.
 * Returns: 0; -EFAULT.
 */
long client_read(uint32_t addr, void *buf, size_t length);
long client_write(uint32_t addr, const void *buf, size_t length);
