// SPDX-License-Identifier: MIT
/*
 * linux.h - Linux's system calls, as far as the kernel does them itself
 *
 * WHAT     Memory, processes, threads and time, with Linux i386's numbers,
 *          registers, structures and errors: a static Linux program runs as it
 *          is. Files belong to the task's personality.
 *
 * NOT HERE the look-up in the table (kernel/calls/dispatch.c). Only
 *          kernel/start/main.c knows this layer. Without it the kernel is a
 *          plain microkernel.
 * SEE      Linux arch/x86/entry/syscalls/syscall_32.tbl; syscalls(2).
 */
#pragma once

#include "kernel/calls/dispatch.h"

/* number, name, the function linux_...() that does the call */
#define LINUX_CALLS(C)                                                        \
	C(1,   exit,              exit)                                       \
	C(2,   fork,              fork)                                       \
	C(4,   write,             write)                                      \
	C(7,   waitpid,           waitpid)                                    \
	C(20,  getpid,            getpid)                                     \
	C(45,  brk,               brk)                                        \
	C(57,  setpgid,           setpgid)                                    \
	C(64,  getppid,           getppid)                                    \
	C(65,  getpgrp,           getpgrp)                                    \
	C(66,  setsid,            setsid)                                     \
	C(75,  setrlimit,         setrlimit)                                  \
	C(91,  munmap,            munmap)                                     \
	C(114, wait4,             wait4)                                      \
	C(120, clone,             clone)                                      \
	C(122, uname,             uname)                                      \
	C(125, mprotect,          mprotect)                                   \
	C(132, getpgid,           getpgid)                                    \
	C(146, writev,            writev)                                     \
	C(147, getsid,            getsid)                                     \
	C(150, mlock,             mlock)                                      \
	C(151, munlock,           munlock)                                    \
	C(158, sched_yield,       sched_yield)                                \
	C(162, nanosleep,         nanosleep)                                  \
	C(163, mremap,            mremap)                                     \
	C(175, rt_sigprocmask,    rt_sigprocmask)                             \
	C(190, vfork,             vfork)                                      \
	C(191, ugetrlimit,        ugetrlimit)                                 \
	C(192, mmap2,             mmap2)                                      \
	C(218, mincore,           mincore)                                    \
	C(219, madvise,           madvise)                                    \
	C(224, gettid,            gettid)                                     \
	C(243, set_thread_area,   set_thread_area)                            \
	C(252, exit_group,        exit_group)                                 \
	C(258, set_tid_address,   set_tid_address)                            \
	C(265, clock_gettime,     clock_gettime)                              \
	C(266, clock_getres,      clock_getres)                               \
	C(267, clock_nanosleep,   clock_nanosleep)                            \
	C(311, set_robust_list,   set_robust_list)                            \
	C(340, prlimit64,         prlimit64)                                  \
	C(403, clock_gettime64,   clock_gettime)                              \
	C(406, clock_getres64,    clock_getres)                               \
	C(407, clock_nanosleep64, clock_nanosleep)

#define LINUX_CALLS_END  408

/* The table, by number; NULL where the kernel does not do the call. */
extern const syscall_entry_fn linux_calls[LINUX_CALLS_END];

/* For messages. NULL: the kernel does not do this call. */
const char *linux_call_name(unsigned number);

/* Give the table to kernel/calls/dispatch.c. Once, at boot. */
void linux_init(void);
