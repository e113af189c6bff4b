// SPDX-License-Identifier: MIT
/*
 * write.c - write and writev where there is no personality
 *
 * WHAT     Descriptors 1 and 2 are the kernel's console. So a program can speak
 *          before there is any server, and tests need none.
 *
 * ALGORITHM  Text goes out in pieces that do not cross a page of the caller:
 *          the page that cannot be read ends the call, and what came before it
 *          counts. So does a kill, after each piece.
 * SEE      write(2), writev(2); Linux fs/read_write.c.
 */
#include <arch/uaccess.h>

#include "kernel/diag/console.h"
#include "kernel/linux/linux_impl.h"
#include "kernel/task/task.h"
#include "lib/errno.h"
#include "lib/wait.h"

#define NR_WRITE    4
#define NR_WRITEV   146
#define PIECE_MAX   256u
#define COUNT_MAX   0x7ffff000u   /* Linux's MAX_RW_COUNT                     */
#define IOV_MAX     1024u

struct iovec {
	uint32_t base, length;
};

static bool is_console(uint32_t fd)
{
	return fd == 1 || fd == 2;
}

static uint32_t piece_length(uaddr_t addr, uint32_t left)
{
	uint32_t in_page = PAGE_SIZE - addr.v % PAGE_SIZE;

	return MIN(MIN(left, in_page), PIECE_MAX);
}

static long console_write_user(uaddr_t addr, uint32_t count)
{
	char piece[PIECE_MAX];
	uint32_t done = 0;

	while (done < count) {
		uint32_t n = piece_length(UADDR(addr.v + done), count - done);

		if (copy_from_user(piece, UADDR(addr.v + done), n))
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

long linux_write(struct trap_regs *regs)
{
	if (READ_ONCE(current_task()->personality))
		return linux_ask_personality(NR_WRITE, regs, -ENOSYS);
	if (!is_console(regs->ebx))
		return -EBADF;
	return write_checked(UADDR(regs->ecx), regs->edx);
}

static int get_iov(struct iovec *iov, uaddr_t addr, uint32_t i)
{
	return copy_from_user(iov, UADDR(addr.v + i * sizeof(*iov)),
			      sizeof(*iov));
}

/* As Linux: first all lengths, then all ranges, then the first byte goes. */
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
	long err;

	if (READ_ONCE(current_task()->personality))
		return linux_ask_personality(NR_WRITEV, regs, -ENOSYS);
	if (!is_console(regs->ebx))
		return -EBADF;
	err = iov_check(UADDR(regs->ecx), regs->edx);
	return err ? err : writev_console(UADDR(regs->ecx), regs->edx);
}
