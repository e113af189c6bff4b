// SPDX-License-Identifier: MIT
/*
 * page_ops.h - clear and copy whole pages
 *
 * WHAT     The pages must be mapped, and the pointers page-aligned.
 */
#pragma once

#include <arch/addr.h>

static inline void clear_page(void *page)
{
	unsigned words = PAGE_SIZE / 4;

	__asm__ volatile("rep stosl"
			 : "+D"(page), "+c"(words)
			 : "a"(0) : "memory");
}

static inline void copy_page(void *to, const void *from)
{
	unsigned words = PAGE_SIZE / 4;

	__asm__ volatile("rep movsl"
			 : "+D"(to), "+S"(from), "+c"(words)
			 : : "memory");
}
