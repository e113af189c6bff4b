// SPDX-License-Identifier: MIT
/*
 * main.c - the personality server: Linux's file calls, outside the kernel
 *
 * WHAT     The kernel does Linux's memory and process calls. Any other call of
 *          a task whose personality is this server arrives here as a message.
 *          The first word of the answer is the result of the call. So programs
 *          of other people see files and a terminal, and the kernel knows
 *          neither.
 *
 * PICTURE    busybox cat welcome
 *               int $0x80: openat(...)
 *               kernel: not mine       --message-->  personality
 *                                                      | reads the path from
 *                                                      | busybox's memory
 *                                                      v
 *                                                    file server
 *               goes on, EAX = 3       <--reply---
 *
 * ALGORITHM  A table leads from numbers to functions. A function gets the words
 *          of the call and the process. It reads and writes the client's memory
 *          by CALLER_READ and CALLER_WRITE.
 *
 *          A call that must wait for the console is put aside as a reply handle
 *          (tty.c), and the next one is served.
 *
 * HANDLES  1: the name server; 2: its endpoint, "linux".
 * NOT HERE memory, processes, time (kernel/linux/). Writing to files: the
 *          archive is read-only. Pipes and execve: -ENOSYS.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/console.h"
#include "user/lib/linux.h"
#include "user/lib/names.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"
#include "user/personality/calls.h"
#include "user/personality/tty.h"

/*      number               function         what the words are            */
#define CALLS(C)                                                             \
	C(LINUX_NR_read,       call_read)       /* fd, buf, length        */ \
	C(LINUX_NR_write,      call_write)      /* fd, buf, length        */ \
	C(LINUX_NR_readv,      call_readv)      /* fd, iovec, nr          */ \
	C(LINUX_NR_writev,     call_writev)     /* fd, iovec, nr          */ \
	C(LINUX_NR_open,       call_open)       /* path, flags            */ \
	C(LINUX_NR_openat,     call_openat)     /* fd, path, flags        */ \
	C(LINUX_NR_close,      call_close)      /* fd                     */ \
	C(LINUX_NR_lseek,      call_lseek)      /* fd, offset, whence     */ \
	C(LINUX_NR_llseek,     call_llseek)     /* fd, high, low, ... */ \
	C(LINUX_NR_stat64,     call_stat64)     /* path, buf              */ \
	C(LINUX_NR_lstat64,    call_stat64)                                  \
	C(LINUX_NR_fstat64,    call_fstat64)    /* fd, buf                */ \
	C(LINUX_NR_fstatat64,  call_fstatat64)  /* fd, path, buf, flags   */ \
	C(LINUX_NR_statx,      call_statx)      /* fd, path, flags, ... */ \
	C(LINUX_NR_access,     call_access)     /* path, mode             */ \
	C(LINUX_NR_getdents64, call_getdents64) /* fd, buf, length        */ \
	C(LINUX_NR_fcntl,      call_fcntl)      /* fd, command, argument  */ \
	C(LINUX_NR_fcntl64,    call_fcntl)                                   \
	C(LINUX_NR_dup,        call_dup)        /* fd                     */ \
	C(LINUX_NR_dup2,       call_dup2)       /* fd, new fd             */ \
	C(LINUX_NR_dup3,       call_dup3)       /* fd, new fd, flags      */ \
	C(LINUX_NR_mmap2,      call_mmap2)      /* addr, length, ... */ \
	C(LINUX_NR_ioctl,      call_ioctl)      /* fd, command, argument  */ \
	C(LINUX_NR_uname,      call_uname)      /* buf                    */ \
	C(LINUX_NR_getcwd,     call_getcwd)     /* buf, length            */ \
	C(LINUX_NR_getuid32,   call_zero)                                    \
	C(LINUX_NR_getgid32,   call_zero)                                    \
	C(LINUX_NR_geteuid32,  call_zero)                                    \
	C(LINUX_NR_getegid32,  call_zero)                                    \
	C(LINUX_NR_setuid32,   call_zero)                                    \
	C(LINUX_NR_setgid32,   call_zero)

static const struct {
	unsigned number;
	long   (*fn)(struct process *process, const uint32_t *arg);
} calls[] = {
#define C(number, fn) { number, fn },
	CALLS(C)
#undef C
};

static long dispatch(long received, const struct words *words)
{
	struct process *process;

	if (!(received & IPC_KERNEL) || KMSG_KIND(received) != KMSG_SYSCALL)
		return -ENOSYS;
	process = process_find(KMSG_PID(received));
	if (!process)
		return -ENOMEM;
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].number == KMSG_NUMBER(received))
			return calls[i].fn(process, words->w);
	}
	return -ENOSYS;
}

/* News from the kernel gets no answer. Returns: false: this is not news. */
static bool take_news(long received, const struct words *words)
{
	switch (received & IPC_KERNEL ? KMSG_KIND(received) : 0) {
	case KMSG_TASK_BEGAN:
		process_begin(KMSG_PID(received), words->w[0]);
		return true;
	case KMSG_TASK_ENDED:
		tty_forget(KMSG_PID(received));
		process_end(KMSG_PID(received));
		return true;
	case KMSG_NOTIFICATION:
		tty_input();
		return true;
	default:
		return false;
	}
}

/* Serve `received`, answer it if its result is known, and receive the next. */
static long answer_and_receive(uint32_t endpoint, long received,
			       struct words *words)
{
	long result = NO_ANSWER;

	if (!take_news(received, words))
		result = dispatch(received, words);
	flush();
	if (result == NO_ANSWER)
		return ipc_receive(endpoint, words);
	words->w[0] = (uint32_t)result;
	return ipc_reply_receive(endpoint, words);
}

int main(int argc, char **argv, char **envp)
{
	struct words words;
	long received;

	if (console_connect() < 0 || files_connect() < 0 ||
	    tty_init(HANDLE_ENDPOINT) < 0)
		return 1;
	received = ipc_receive(HANDLE_ENDPOINT, &words);
	while (received >= 0) {
		ipc_drop(received);
		received = answer_and_receive(HANDLE_ENDPOINT, received,
					      &words);
	}
	return 1;
}
