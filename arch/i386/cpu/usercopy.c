// SPDX-License-Identifier: MIT
/*
 * usercopy.c - the only way to user memory
 *
 * WHAT     First checks the bounds, then runs the instructions of usercopy.S. A
 *          range that reaches into the kernel's quarter is -EFAULT before any
 *          byte is touched: the page tables would allow the access.
 * SEE      <arch/uaccess.h>.
 */
#include <arch/kva.h>
#include <arch/uaccess.h>

#include "lib/errno.h"

/* usercopy.S. `to` or `from` is the user's side. */
int usercopy(void *to, const void *from, uint32_t n);
int userclear(void *to, uint32_t n);
int userget32(uint32_t *value, const void *from);
int userput32(void *to, uint32_t value);
int userstr(char *to, const char *from, uint32_t max);

/* A user address as a pointer. Only usercopy.S may follow it. */
static void *user_ptr(uaddr_t addr)
{
	return kva_to_ptr(addr.v);
}

bool user_range_ok(uaddr_t addr, uint32_t n)
{
	return n <= PAGE_OFFSET && addr.v <= PAGE_OFFSET - n;
}

int copy_from_user(void *to, uaddr_t from, uint32_t n)
{
	if (!user_range_ok(from, n))
		return -EFAULT;
	return usercopy(to, user_ptr(from), n);
}

int copy_to_user(uaddr_t to, const void *from, uint32_t n)
{
	if (!user_range_ok(to, n))
		return -EFAULT;
	return usercopy(user_ptr(to), from, n);
}

int clear_user(uaddr_t to, uint32_t n)
{
	if (!user_range_ok(to, n))
		return -EFAULT;
	return userclear(user_ptr(to), n);
}

int get_user32(uint32_t *value, uaddr_t from)
{
	if (!user_range_ok(from, sizeof(*value)))
		return -EFAULT;
	return userget32(value, user_ptr(from));
}

int put_user32(uaddr_t to, uint32_t value)
{
	if (!user_range_ok(to, sizeof(value)))
		return -EFAULT;
	return userput32(user_ptr(to), value);
}

long strncpy_from_user(char *to, uaddr_t from, uint32_t max)
{
	uint32_t room;
	int len;

	if (!user_range_ok(from, 1))
		return -EFAULT;
	if (!max)
		return -E2BIG;
	room = MIN(max, PAGE_OFFSET - from.v);
	len = userstr(to, user_ptr(from), room);
	/* Not the caller's limit, but the end of user memory. */
	if (len == -E2BIG && room < max)
		return -EFAULT;
	return len;
}
