// SPDX-License-Identifier: MIT
/*
 * write.c - write and writev to the console
 *
 * Under Linux standard output may be anything. What depends on it is skipped
 * there.
 */
#include "tests/user/utest.h"

#define TEXT  "    # text by write\n"

UTEST(write_says_how_much)
{
	EXPECT_EQ(linux_write(1, TEXT, sizeof(TEXT) - 1), sizeof(TEXT) - 1);
	EXPECT_EQ(linux_write(2, TEXT, sizeof(TEXT) - 1), sizeof(TEXT) - 1);
}

UTEST(write_of_nothing_is_zero)
{
	EXPECT_EQ(linux_write(1, TEXT, 0), 0);
	EXPECT_EQ(linux_write(1, NULL, 0), 0);
}

UTEST(write_to_what_is_not_open_is_ebadf)
{
	EXPECT_EQ(linux_write(77, TEXT, 1), -EBADF);
	EXPECT_EQ(linux_write(-1, TEXT, 1), -EBADF);
	EXPECT_EQ(linux_write(0x7fffffff, NULL, 1), -EBADF);
}

UTEST(write_from_a_bad_pointer_is_efault)
{
	EXPECT_EQ(linux_write(1, NULL, 5), -EFAULT);
	EXPECT_EQ(linux_write(1, FREE_ADDR, 5), -EFAULT);
	EXPECT_EQ(linux_write(1, KERNEL, 5), -EFAULT);
	EXPECT_EQ(linux_write(1, TOP, 5), -EFAULT);
	EXPECT_EQ(linux_write(1, (void *)0xffffffff, 1), -EFAULT);
}

UTEST(write_up_to_a_hole_says_how_much)
{
	char *p = map_pages(2);
	char *text = p + PAGE - (sizeof(TEXT) - 1);

	SKIP_IF(on_linux(), "depends on what standard output is");
	EXPECT_EQ(linux_munmap(p + PAGE, PAGE), 0);
	memcpy(text, TEXT, sizeof(TEXT) - 1);
	EXPECT_EQ(linux_write(1, text, 2 * PAGE), sizeof(TEXT) - 1);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(write_into_the_kernel_is_efault_at_once)
{
	SKIP_IF(on_linux(), "a 64-bit kernel has no kernel there");
	EXPECT_EQ(linux_write(1, (char *)KERNEL - 1, 2), -EFAULT);
	EXPECT_EQ(linux_write(1, FREE_ADDR, 0x7fffffff), -EFAULT);
	EXPECT_EQ(linux_write(1, TEXT, (size_t)-1), -EFAULT);
	EXPECT_EQ(linux_write(1, TEXT, 0x80000000), -EINVAL);
}

UTEST(write_does_not_stop_at_page_borders)
{
	char *p = map_pages(3);

	memset(p, ' ', 2 * PAGE);
	p[2 * PAGE] = '\n';
	EXPECT_EQ(linux_write(1, p, 2 * PAGE + 1), 2 * PAGE + 1);
	EXPECT_EQ(linux_munmap(p, 3 * PAGE), 0);
}

UTEST(writev_writes_the_parts_in_order)
{
	struct linux_iovec parts[] = {
		{ "    # parts ", 12 }, { NULL, 0 }, { "in ", 3 },
		{ "order\n", 6 },
	};

	EXPECT_EQ(linux_writev(1, parts, 4), 21);
}

UTEST(writev_of_no_parts_is_zero)
{
	EXPECT_EQ(linux_writev(1, NULL, 0), 0);
}

UTEST(writev_refuses_bad_arguments)
{
	struct linux_iovec part = { TEXT, 1 };

	EXPECT_EQ(linux_writev(1, &part, -1), -EINVAL);
	EXPECT_EQ(linux_writev(1, &part, 1025), -EINVAL);
	EXPECT_EQ(linux_writev(1, NULL, 1), -EFAULT);
	EXPECT_EQ(linux_writev(1, KERNEL, 1), -EFAULT);
	EXPECT_EQ(linux_writev(1, FREE_ADDR, 1), -EFAULT);
	EXPECT_EQ(linux_writev(77, &part, 1), -EBADF);
	part.length = 0x80000000;
	EXPECT_EQ(linux_writev(1, &part, 1), -EINVAL);
}

UTEST(writev_of_bad_parts_is_efault)
{
	struct linux_iovec bad = { FREE_ADDR, 5 };
	struct linux_iovec kernel = { KERNEL, 5 };

	EXPECT_EQ(linux_writev(1, &bad, 1), -EFAULT);
	EXPECT_EQ(linux_writev(1, &kernel, 1), -EFAULT);
}

/* Linux reports the first fault that it finds. */
UTEST(writev_looks_at_lengths_then_ranges_then_writes)
{
	struct linux_iovec parts[] = {
		{ TEXT, 5 }, { KERNEL, 5 }, { TEXT, 0x80000000 },
	};

	EXPECT_EQ(linux_writev(1, parts, 3), -EINVAL);
	SKIP_IF(on_linux(), "a 64-bit kernel has no kernel there");
	EXPECT_EQ(linux_writev(1, parts, 2), -EFAULT);
}

/* Parts that are together more than a call can move are cut, not refused. */
UTEST(writev_cuts_what_is_too_much)
{
	struct linux_iovec parts[] = {
		{ TEXT, sizeof(TEXT) - 1 }, { FREE_ADDR, 0x60000000 },
		{ FREE_ADDR, 0x60000000 },
	};

	SKIP_IF(on_linux(), "depends on what standard output is");
	EXPECT_EQ(linux_writev(1, parts, 3), sizeof(TEXT) - 1);
}

UTEST(writev_array_across_a_hole_is_efault)
{
	char *p = map_pages(2);
	struct linux_iovec *parts = (void *)(p + PAGE - 8);

	parts[0] = (struct linux_iovec){ TEXT, 0 };
	EXPECT_EQ(linux_munmap(p + PAGE, PAGE), 0);
	EXPECT_EQ(linux_writev(1, parts, 1), 0);
	EXPECT_EQ(linux_writev(1, parts, 2), -EFAULT);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}
