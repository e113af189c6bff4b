// SPDX-License-Identifier: MIT
/*
 * linux.h - Linux's system calls, as far as the kernel does them itself
 *
 * WHAT     Memory, processes, threads and time, with Linux i386's numbers,
 *          registers, structures and errors, so that a static Linux program
 *          runs unmodified. Files belong to the task's personality.
 *
 * NOT HERE who looks calls up in the table (kernel/calls/dispatch.c). Nothing
 *          below kernel/start/main.c knows this layer; without it the kernel is
 *          a plain microkernel.
 * SEE      Linux arch/x86/entry/syscalls/syscall_32.tbl; syscalls(2).
 */
#pragma once

#include "kernel/calls/dispatch.h"

/* number, name: linux_NAME() does it */
#define LINUX_CALLS(C)                                                        \
	C(1,   exit)                                                          \
	C(2,   fork)                                                          \
	C(4,   write)                                                         \
	C(7,   waitpid)                                                       \
	C(20,  getpid)                                                        \
	C(45,  brk)                                                           \
	C(57,  setpgid)                                                       \
	C(64,  getppid)                                                       \
	C(65,  getpgrp)                                                       \
	C(66,  setsid)                                                        \
	C(75,  setrlimit)                                                     \
	C(91,  munmap)                                                        \
	C(114, wait4)                                                         \
	C(120, clone)                                                         \
	C(122, uname)                                                         \
	C(125, mprotect)                                                      \
	C(132, getpgid)                                                       \
	C(146, writev)                                                        \
	C(147, getsid)                                                        \
	C(150, mlock)                                                         \
	C(151, munlock)                                                       \
	C(158, sched_yield)                                                   \
	C(162, nanosleep)                                                     \
	C(163, mremap)                                                        \
	C(175, rt_sigprocmask)                                                \
	C(190, vfork)                                                         \
	C(191, ugetrlimit)                                                    \
	C(192, mmap2)                                                         \
	C(218, mincore)                                                       \
	C(219, madvise)                                                       \
	C(224, gettid)                                                        \
	C(243, set_thread_area)                                               \
	C(252, exit_group)                                                    \
	C(258, set_tid_address)                                               \
	C(265, clock_gettime)                                                 \
	C(266, clock_getres)                                                  \
	C(267, clock_nanosleep)                                               \
	C(311, set_robust_list)                                               \
	C(340, prlimit64)                                                     \
	C(403, clock_gettime64)                                               \
	C(406, clock_getres64)                                                \
	C(407, clock_nanosleep64)

#define LINUX_CALLS_END  408

/* The table, by number; NULL where the kernel does not do the call. */
extern const syscall_entry_fn linux_calls[LINUX_CALLS_END];

/* For messages; NULL: not one of the above. */
const char *linux_call_name(unsigned number);

/* Give the table to kernel/calls/dispatch.c. Once, at boot. */
void linux_init(void);
