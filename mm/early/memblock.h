// SPDX-License-Identifier: MIT
/*
 * memblock.h - memory before there is an allocator
 *
 * WHAT     Two sorted lists of ranges: RAM, and the part of RAM that is in use.
 *          The first allocator: it gives out RAM that is not in use. It works
 *          until zones_init() gives the rest of the memory to the buddy lists.
 *
 * LOCKING  Boot only, one CPU, no interrupts.
 */
#pragma once

#include <arch/kva.h>

#define MEMBLOCK_RANGES_MAX  256   /* in each list; then -ENOSPC             */

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

/* Make a reserved range, or a part of it, free again. */
int memblock_release(phys_addr_t start, phys_addr_t end) __must_check;

/*
 * Allocate `size` bytes of lowmem, aligned to `align` (a power of two), and
 * clear them. The highest free memory is taken first, so ZONE_DMA stays free as
 * long as possible.
 *
 * Returns: NULL when no hole is large enough, or after memblock_retire().
 */
void *memblock_alloc(size_t size, size_t align) __must_check;

/* The same, but not cleared: for mem_map, whose entries boot must not touch. */
void *memblock_alloc_raw(size_t size, size_t align) __must_check;

/*
 * The i-th range of RAM, or of memory in use, in address order.
 * Returns: false when there is no such range.
 */
bool memblock_memory(unsigned i, struct memblock_range *range);
bool memblock_reserved(unsigned i, struct memblock_range *range);

/*
 * Walk over free memory. *cursor is 0 at first; each call sets it to the end of
 * the range that it returns. Returns: false at the end.
 */
bool memblock_next_free(phys_addr_t *cursor, struct memblock_range *range);

/* First address after the last RAM. */
phys_addr_t memblock_end(void);

/* Forget all RAM, and all memory in use, from `end` on. */
void memblock_cap(phys_addr_t end);

/* From now on every request fails: the buddy lists own the memory. */
void memblock_retire(void);

/* NULL, or the first broken invariant. */
const char *memblock_check(void);
