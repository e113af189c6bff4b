// SPDX-License-Identifier: MIT
/*
 * client.c - memory of the process whose call is being served
 *
 * ALGORITHM  The kernel copies all of a range or returns -EFAULT. If a part of
 *          the range is useful too, the range is then copied page by page: the
 *          part that can be used ends at the end of a page.
 */
#include "user/personality/client.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "user/personality/abi.h"

#define PAGE       4096u
#define USER_END   0xc0000000u

typedef long move_fn(uint32_t addr, void *buf, size_t length);

static uint32_t client;   /* a reply handle, or 0 */

uint32_t client_set(uint32_t reply)
{
	uint32_t before = client;

	client = reply;
	return before;
}

long client_read(uint32_t addr, void *buf, size_t length)
{
	long err = pg_call(PG_CALLER_READ, client, (long)addr, (long)buf,
			   (long)length, 0);

	return err < 0 ? -EFAULT : 0;
}

long client_write(uint32_t addr, const void *buf, size_t length)
{
	long err = pg_call(PG_CALLER_WRITE, client, (long)addr, (long)buf,
			   (long)length, 0);

	return err < 0 ? -EFAULT : 0;
}

static uint32_t to_page_end(uint32_t addr)
{
	return PAGE - addr % PAGE;
}

static long move_some(move_fn *move, uint32_t addr, void *buf, size_t length)
{
	size_t done = 0;

	if (!move(addr, buf, length))
		return (long)length;
	while (done < length) {
		size_t n = MIN(length - done, to_page_end(addr + done));

		if (move(addr + done, (char *)buf + done, n))
			break;
		done += n;
	}
	return done ? (long)done : -EFAULT;
}

long client_read_some(uint32_t addr, void *buf, size_t length)
{
	return move_some(client_read, addr, buf, length);
}

static long write_out(uint32_t addr, void *buf, size_t length)
{
	return client_write(addr, buf, length);
}

long client_write_some(uint32_t addr, const void *buf, size_t length)
{
	return move_some(write_out, addr, (void *)buf, length);
}

bool client_range_ok(uint32_t addr, uint32_t length)
{
	return addr <= USER_END && length <= USER_END - addr;
}

long client_read_path(uint32_t addr, char path[PATH_MAX])
{
	for (uint32_t i = 0; i < PATH_MAX; ) {
		/* Few bytes at first: most paths are short. */
		uint32_t n = MIN(to_page_end(addr + i), i ? PAGE : 64u);

		n = MIN(n, PATH_MAX - i);
		if (client_read(addr + i, path + i, n))
			return -EFAULT;
		if (strnlen(path + i, n) < n)
			return path[0] ? 0 : -ENOENT;
		i += n;
	}
	return -ENAMETOOLONG;
}
