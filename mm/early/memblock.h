// SPDX-License-Identifier: MIT
/*
 * memblock.h - memory before there is an allocator
 *
 * WHAT     Two sorted lists of ranges, RAM and what of it is in use, and a
 *          first allocator that takes from the difference. Lives until
 *          zones_init() hands what is left to the buddy lists.
 *
 * PICTURE    memory    [==========]   [=========================]
 *            reserved  [==]  [=]                           [====]
 *            free          ^^   ^^     ^^^^^^^^^^^^^^^^^^^^
 *
 * LOCKING  Boot only, one CPU, no interrupts.
 * SEE      Linux mm/memblock.c.
 */
#pragma once

#include <arch/kva.h>

#define MEMBLOCK_RANGES_MAX  256   /* in each list; more is said and ignored */

struct memblock_range {
	phys_addr_t start, end;   /* end is exclusive */
};

/*
 * Add a range to the list of RAM, or to that of memory in use. Ranges may
 * overlap and touch; they are merged.
 *
 * Returns: 0; -EINVAL (empty or wrapping); -ENOSPC (the list is full).
 */
int memblock_add(phys_addr_t start, phys_addr_t end) __must_check;
int memblock_reserve(phys_addr_t start, phys_addr_t end) __must_check;

/* Make a reserved range free again, or part of one. */
int memblock_release(phys_addr_t start, phys_addr_t end) __must_check;

/*
 * `size` bytes of lowmem, aligned to `align` (a power of two), zeroed, from
 * the top down, so that ZONE_DMA stays free as long as possible.
 *
 * Returns: NULL when no hole is large enough, or after memblock_retire().
 */
void *memblock_alloc(size_t size, size_t align) __must_check;

/* The same, not cleared: for mem_map, which must not cost a store a page. */
void *memblock_alloc_raw(size_t size, size_t align) __must_check;

/*
 * The i-th range of RAM / in use / free, in address order.
 * Returns: false when there is no such range.
 */
bool memblock_memory(unsigned i, struct memblock_range *range);
bool memblock_reserved(unsigned i, struct memblock_range *range);

/*
 * Iterate over free memory: *cursor starts at 0 and is advanced past the range
 * returned. Returns: false at the end.
 */
bool memblock_next_free(phys_addr_t *cursor, struct memblock_range *range);

/* First address after the last RAM. */
phys_addr_t memblock_end(void);

/* From `end` on nothing is RAM, nor in use. */
void memblock_cap(phys_addr_t end);

/* From here on every request fails: the buddy lists own the memory. */
void memblock_retire(void);

/* NULL, or the first broken invariant. */
const char *memblock_check(void);
