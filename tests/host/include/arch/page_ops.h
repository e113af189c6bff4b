// SPDX-License-Identifier: MIT
/*
 * page_ops.h (host) - clear and copy whole pages
 *
 * SEE      arch/i386/include/arch/page_ops.h, whose contract this is.
 */
#pragma once

#include <arch/addr.h>

static inline void clear_page(void *page)
{
	__builtin_memset(page, 0, PAGE_SIZE);
}

static inline void copy_page(void *to, const void *from)
{
	__builtin_memcpy(to, from, PAGE_SIZE);
}
