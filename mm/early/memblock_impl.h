// SPDX-License-Identifier: MIT
/*
 * memblock_impl.h - lists of ranges, for memblock.c and its tests
 *
 * WHAT     Each of the two lists of memblock is a struct memblock_list. The
 *          functions here work on any list. So tests can run them on their own
 *          lists, while the system's lists are in use.
 */
#pragma once

#include "mm/early/memblock.h"

struct memblock_list {
	const char           *name;
	unsigned              count;
	struct memblock_range range[MEMBLOCK_RANGES_MAX];
};

/*
 * Add a range, and merge it with all ranges that it overlaps or touches. Remove
 * a range, which may cut a range of the list in two.
 *
 * Returns: 0; -EINVAL (empty or wrapping); -ENOSPC, and nothing has changed.
 */
int memblock_list_add(struct memblock_list *list, phys_addr_t start,
		      phys_addr_t end) __must_check;
int memblock_list_remove(struct memblock_list *list, phys_addr_t start,
			 phys_addr_t end) __must_check;

/*
 * The next range from *cursor on that is in `memory` and not in `reserved`. It
 * sets *cursor to the end of this range.
 */
bool memblock_list_next_free(const struct memblock_list *memory,
			     const struct memblock_list *reserved,
			     phys_addr_t *cursor,
			     struct memblock_range *range);

/*
 * The highest address, aligned to `align`, from which `size` bytes below
 * `limit` are free.
 *
 * Returns: false when there is no such address.
 */
bool memblock_list_find(const struct memblock_list *memory,
			const struct memblock_list *reserved,
			phys_addr_t limit, uint64_t size, uint64_t align,
			phys_addr_t *found);

/*
 * As memblock_list_find(), and adds the bytes to `reserved`. Returns: false
 * also when this list is full. Then nothing has changed.
 */
bool memblock_list_take(const struct memblock_list *memory,
			struct memblock_list *reserved,
			phys_addr_t limit, uint64_t size, uint64_t align,
			phys_addr_t *found);

/* NULL, or the first broken invariant. */
const char *memblock_list_check(const struct memblock_list *list);
