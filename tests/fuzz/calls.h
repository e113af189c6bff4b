// SPDX-License-Identifier: MIT
/*
 * calls.h - what each call's arguments are, for the fuzzer
 *
 * WHAT     One line for each call of PAGODA_CALLS (kernel/uapi/pagoda.h) and of
 *          LINUX_CALLS (kernel/linux/linux.h):
 *
 *            #define PAGODA_NAME  weight, handle, { argument, ... }, extras
 *            #define LINUX_name   weight, NONE,   { argument, ... }, 0
 *
 *          A call without such a line does not compile. Whoever adds a call
 *          says here what it takes, and from then on it is fuzzed.
 *
 * TERMS    weight    how often, relative to the others. 0: never; the reason
 *                    stands above the line
 *          handle    kind of object that the upper half of EAX names. BY_TABLE:
 *                    what the row of the call says (kernel/uapi/pagoda.h)
 *          argument  what a register holds, EBX first; see enum kind in fuzz.h.
 *                    Registers that are not named hold 0; EBP holds the mark
 *          extras    what is filled into the thread's struct ipc_msg before the
 *                    call: SENDS: handles and pages; WAITS: only a deadline
 * SEE      values.c and pointers.c, which make a value of each kind.
 */
#pragma once

#define WORDS  { WORD, WORD, WORD, WORD, WORD }

/* ---- the kernel's own calls ---------------------------------------------- */

/*      name                        weight handle     arguments               */
#define PAGODA_HANDLE_CLOSE         3, LOOSE,        { }, 0
#define PAGODA_HANDLE_DUP           4, BY_TABLE,     { RIGHTS, BADGE }, 0
#define PAGODA_ENDPOINT_CREATE      2, BY_TABLE,     { }, 0
#define PAGODA_SEND                 1, BY_TABLE,     WORDS, 0
#define PAGODA_RECEIVE              1, BY_TABLE,     { }, 0
#define PAGODA_CALL                 1, BY_TABLE,     WORDS, 0
#define PAGODA_REPLY                3, BY_TABLE,     WORDS, 0
#define PAGODA_REPLY_RECEIVE        1, BY_TABLE,     WORDS, 0
#define PAGODA_SEND_MSG             8, BY_TABLE,     WORDS, SENDS
#define PAGODA_RECEIVE_MSG         16, BY_TABLE,     { }, WAITS
#define PAGODA_CALL_MSG            10, BY_TABLE,     WORDS, SENDS
#define PAGODA_REPLY_MSG            4, BY_TABLE,     WORDS, SENDS
#define PAGODA_REPLY_RECEIVE_MSG    8, BY_TABLE,     WORDS, SENDS
#define PAGODA_REPLY_SAVE           1, BY_TABLE,     { }, 0
#define PAGODA_IPC_BUFFER           1, BY_TABLE,     { MESSAGE_PTR }, 0
#define PAGODA_CALLER_READ          1, BY_TABLE,     { ADDR, ADDR, LENGTH }, 0
#define PAGODA_CALLER_WRITE         1, BY_TABLE,     { ADDR, ADDR, LENGTH }, 0
#define PAGODA_CALLER_GET_REGS      1, BY_TABLE,     { REGS_PTR }, 0
#define PAGODA_CALLER_SET_REGS      1, BY_TABLE,     { REGS_PTR }, 0
#define PAGODA_NOTIFICATION_CREATE  2, BY_TABLE,     { }, 0
#define PAGODA_NOTIFICATION_SIGNAL  4, BY_TABLE,     { BITS }, 0
#define PAGODA_NOTIFICATION_WAIT    4, BY_TABLE,     { BITS, SOON, HIGH }, 0
#define PAGODA_NOTIFICATION_POLL    2, BY_TABLE,     { BITS }, 0
/* The next three need the system with RIGHT_MANAGE, which nobody here has. */
#define PAGODA_IRQ_CREATE           1, BY_TABLE, \
	{ SMALL, A_NOTIFICATION, BITS }, 0
#define PAGODA_IRQ_ACK              1, BY_TABLE,     { }, 0
#define PAGODA_IO_PORTS_CREATE      1, BY_TABLE,     { WORD, SMALL }, 0
#define PAGODA_IO_PORTS_ALLOW       1, BY_TABLE,     { A_TASK }, 0
#define PAGODA_TASK_CREATE          2, BY_TABLE,     { TEXT_PTR }, 0
#define PAGODA_TASK_START           2, TASK,         { START_PTR }, 0
#define PAGODA_TASK_KILL            1, VICTIM,       { STATUS }, 0
#define PAGODA_TASK_WAIT            1, TASK,         { SOON, HIGH }, 0
#define PAGODA_TASK_SET_EXCEPTIONS  1, BY_TABLE,     { A_SERVER }, 0
#define PAGODA_TASK_SET_PERSONALITY 1, BY_TABLE,     { A_SERVER }, 0
#define PAGODA_TASK_READ            4, BY_TABLE,     { ADDR, ADDR, LENGTH }, 0
#define PAGODA_TASK_WRITE           4, BY_TABLE,     { ADDR, ADDR, LENGTH }, 0
#define PAGODA_VM_MAP               6, BY_TABLE,  \
	{ ADDR, LENGTH, PROT, MAP_FLAGS }, 0
#define PAGODA_VM_UNMAP             3, BY_TABLE,     { ADDR, LENGTH }, 0
#define PAGODA_VM_SET_PAGER         4, BY_TABLE,  \
	{ ADDR, LENGTH, A_SERVER }, 0
#define PAGODA_TASK_MAPS            1, BY_TABLE,     { ADDR, AREA_PTR }, 0
#define PAGODA_PAGE_INFO            2, BY_TABLE,     { ADDR, PAGE_PTR }, 0
#define PAGODA_THREAD_CREATE        1, BY_TABLE,     { }, 0
#define PAGODA_THREAD_EXIT          1, BY_TABLE,     { }, 0
#define PAGODA_MEMORY_SIZE          1, BY_TABLE,     { }, 0
#define PAGODA_MEMORY_READ          3, BY_TABLE,     { OFFSET, ADDR, LENGTH }, 0
#define PAGODA_MEMORY_MAP           1, BY_TABLE,     { ADDR }, 0
#define PAGODA_TASK_INFO            1, BY_TABLE,     { PID, TASK_PTR }, 0
#define PAGODA_TASK_OPEN            1, BY_TABLE,     { PID }, 0
#define PAGODA_MEM_INFO             1, BY_TABLE,     { MEM_PTR }, 0
#define PAGODA_LOG_WRITE            1, BY_TABLE,     { BYTES_PTR, SMALL }, 0
#define PAGODA_POWER_OFF            1, LOOSE,        { SMALL }, 0
#define PAGODA_CLOCK                1, BY_TABLE,     { }, 0
#define PAGODA_YIELD                2, BY_TABLE,     { }, 0
#define PAGODA_NOTIFICATION_BIND    2, BY_TABLE,     { A_SERVER }, 0
#define PAGODA_DEVICE_OPEN          1, BY_TABLE,     { WORD, SMALL }, 0
#define PAGODA_DEVICE_INFO          1, BY_TABLE,     { DEVICE_PTR }, 0
#define PAGODA_DEVICE_MAP_BAR       1, BY_TABLE,     { SMALL }, 0
#define PAGODA_DEVICE_SET_MASK      1, BY_TABLE,     { MASK, ZERO }, 0
#define PAGODA_DEVICE_IRQ           1, BY_TABLE,     { A_NOTIFICATION, BITS }, 0
#define PAGODA_DMA_ALLOC            2, BY_TABLE,     { LENGTH }, 0
#define PAGODA_DMA_MAP              4, BY_TABLE, \
	{ ADDR, LENGTH, SMALL, SEGMENT_PTR, SMALL }, 0
#define PAGODA_DMA_SYNC             2, BY_TABLE,     { SMALL }, 0
#define PAGODA_DMA_UNMAP            2, BY_TABLE,     { }, 0
#define PAGODA_DMA_CHECK            1, BY_TABLE,     { MASK, ZERO, SMALL }, 0
#define PAGODA_ENDPOINT_CHECK       1, BY_TABLE,     { }, 0
#define PAGODA_TASK_LIMIT           1, BY_TABLE,     { SMALL }, 0
#define PAGODA_TASK_SET_LIMIT       1, TASK,         { SMALL, LENGTH }, 0
#define PAGODA_REPLY_CHECK          1, BY_TABLE,     { }, 0

/* ---- Linux's ------------------------------------------------------------- */

#define LINUX_exit             1, NONE, { SMALL }, 0
#define LINUX_fork             2, NONE, { }, 0
#define LINUX_write            1, NONE, { FD, BYTES_PTR, SMALL }, 0
#define LINUX_waitpid          4, NONE, { CHILD, WORD_PTR, WAIT_FLAGS }, 0
#define LINUX_getpid           1, NONE, { }, 0
#define LINUX_brk              3, NONE, { BREAK }, 0
#define LINUX_getppid          1, NONE, { }, 0
#define LINUX_munmap           4, NONE, { ADDR, LENGTH }, 0
#define LINUX_wait4            2, NONE, \
	{ CHILD, WORD_PTR, WAIT_FLAGS, USAGE_PTR }, 0
#define LINUX_clone            2, NONE, \
	{ CLONE_FLAGS, NEW_STACK, WORD_PTR, DESC_PTR, WORD_PTR }, 0
#define LINUX_uname            1, NONE, { UTS_PTR }, 0
#define LINUX_mprotect         8, NONE, { ADDR, LENGTH, PROT }, 0
#define LINUX_writev           1, NONE, { NO_FD, IOVEC_PTR, SMALL }, 0
#define LINUX_mlock            3, NONE, { ADDR, LENGTH }, 0
/* A limit that was lowered stays low: the rest of the run would be refused. */
#define LINUX_setrlimit        0, NONE, { SMALL, UTS_PTR }, 0
#define LINUX_ugetrlimit       1, NONE, { SMALL, UTS_PTR }, 0
#define LINUX_prlimit64        1, NONE, { ZERO, SMALL, ZERO, UTS_PTR }, 0
#define LINUX_munlock          3, NONE, { ADDR, LENGTH }, 0
#define LINUX_sched_yield      1, NONE, { }, 0
#define LINUX_nanosleep        1, NONE, { TIME_PTR, WORD_PTR }, 0
#define LINUX_mremap           8, NONE, \
	{ ADDR, LENGTH, LENGTH, REMAP_FLAGS, ADDR }, 0
#define LINUX_rt_sigprocmask   1, NONE, { SMALL, SET_PTR, SET_PTR, EIGHT }, 0
#define LINUX_vfork            1, NONE, { }, 0
#define LINUX_mmap2           12, NONE, \
	{ ADDR, LENGTH, PROT, MAP_FLAGS, NO_FD }, 0
#define LINUX_mincore          2, NONE, { ADDR, LENGTH, BYTES_PTR }, 0
#define LINUX_madvise          6, NONE, { ADDR, LENGTH, ADVICE }, 0
#define LINUX_gettid           1, NONE, { }, 0
#define LINUX_set_thread_area  1, NONE, { DESC_PTR }, 0
#define LINUX_exit_group       1, NONE, { SMALL }, 0
#define LINUX_set_tid_address  1, NONE, { WORD_PTR }, 0
#define LINUX_clock_gettime    1, NONE, { SMALL, TIME_PTR }, 0
#define LINUX_set_robust_list  1, NONE, { WORD_PTR, TWELVE }, 0
#define LINUX_clock_gettime64  1, NONE, { SMALL, TIME64_PTR }, 0
#define LINUX_clock_getres     1, NONE, { SMALL, TIME_PTR }, 0
#define LINUX_clock_getres64   1, NONE, { SMALL, TIME64_PTR }, 0
#define LINUX_clock_nanosleep  1, NONE, { SMALL, SMALL, TIME_PTR, TIME_PTR }, 0
#define LINUX_clock_nanosleep64 1, NONE, \
	{ SMALL, SMALL, TIME64_PTR, TIME64_PTR }, 0
#define LINUX_setpgid          1, NONE, { GROUP, GROUP }, 0
#define LINUX_getpgrp          1, NONE, { }, 0
#define LINUX_setsid           1, NONE, { }, 0
#define LINUX_getpgid          1, NONE, { GROUP }, 0
#define LINUX_getsid           1, NONE, { GROUP }, 0
