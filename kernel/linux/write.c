// SPDX-License-Identifier: MIT
/*
 * write.c - write and writev where there is no personality
 *
 * WHAT     Descriptors 1 and 2 are the kernel's console: a program can write
 *          before there is a server, and tests need no server.
 *
 * ALGORITHM  Text goes out in pieces that do not cross a page of the caller. A
 *          page that cannot be read ends the call, and the result is the number
 *          of bytes before it. A kill ends the call after a piece.
 * SEE      write(2), writev(2); Linux fs/read_write.c.
 */
#include <arch/uaccess.h>

#include "kernel/diag/console.h"
#include "kernel/linux/linux_impl.h"
#include "kernel/task/task.h"
#include "lib/errno.h"
#include "lib/wait.h"

#define PIECE_MAX   256u
#define COUNT_MAX   0x7ffff000u   /* Linux's MAX_RW_COUNT                     */
#define IOV_MAX     1024u

struct iovec {
	uint32_t base, length;
};

static long console_write_user(uaddr_t addr, uint32_t count)
{
	char piece[PIECE_MAX];
	uint32_t done = 0;

	while (done < count) {
		uaddr_t from = UADDR(addr.v + done);
		uint32_t in_page = PAGE_SIZE - from.v % PAGE_SIZE;
		uint32_t n = MIN(MIN(count - done, in_page), PIECE_MAX);

		if (copy_from_user(piece, from, n))
			return done ? (long)done : -EFAULT;
		console_write(piece, n);
		done += n;
		if (wait_killed())
			break;
	}
	return (long)done;
}

static long write_checked(uaddr_t addr, uint32_t count)
{
	if (!user_range_ok(addr, count))
		return -EFAULT;
	if ((int32_t)count < 0)
		return -EINVAL;
	return console_write_user(addr, MIN(count, COUNT_MAX));
}

/*
 * Let the personality answer, if there is one. Returns: true: the call is for
 * the console; false: *result is the answer.
 */
static bool is_for_console(struct trap_regs *regs, long *result)
{
	bool personality = READ_ONCE(current_task()->personality);

	*result = personality ? linux_ask_personality(regs, -ENOSYS) : -EBADF;
	return !personality && (regs->ebx == 1 || regs->ebx == 2);
}

long linux_write(struct trap_regs *regs)
{
	long result;

	return is_for_console(regs, &result) ?
	       write_checked(UADDR(regs->ecx), regs->edx) : result;
}

static int get_iov(struct iovec *iov, uaddr_t addr, uint32_t i)
{
	return copy_from_user(iov, UADDR(addr.v + i * sizeof(*iov)),
			      sizeof(*iov));
}

/* As Linux: all lengths are checked, then all ranges, then bytes go out. */
static long iov_check(uaddr_t addr, uint32_t count)
{
	struct iovec iov;

	if (count > IOV_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++) {
		if (get_iov(&iov, addr, i))
			return -EFAULT;
		if ((int32_t)iov.length < 0)
			return -EINVAL;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (get_iov(&iov, addr, i) ||
		    !user_range_ok(UADDR(iov.base), iov.length))
			return -EFAULT;
	}
	return 0;
}

/* More than COUNT_MAX is cut. */
static long writev_console(uaddr_t addr, uint32_t count)
{
	long done = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct iovec iov;
		long n = -EFAULT;

		if (!get_iov(&iov, addr, i))
			n = write_checked(UADDR(iov.base),
					  MIN(iov.length,
					      COUNT_MAX - (uint32_t)done));
		if (n < 0)
			return done ? done : n;
		done += n;
		if ((uint32_t)n < iov.length || wait_killed())
			break;
	}
	return done;
}

long linux_writev(struct trap_regs *regs)
{
	uaddr_t addr = UADDR(regs->ecx);
	long result;

	if (!is_for_console(regs, &result))
		return result;
	result = iov_check(addr, regs->edx);
	return result ? result : writev_console(addr, regs->edx);
}
