// SPDX-License-Identifier: MIT
/*
 * dma_test.h - what the suites of mm/dma/ have in common
 *
 * WHAT     Finds blocks of memory beyond a mask; writes and compares bytes of
 *          any memory, highmem too.
 */
#pragma once

#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/dma/dma_impl.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "tests/fake_device.h"
#include "tests/ktest.h"
#include "tests/suites/objects.h"

#define MASK_ALL    DMA_BIT_MASK(64)
#define MASK_ISA    DMA_BIT_MASK(24)
#define MASK_PCI    DMA_BIT_MASK(32)
#define BLOCKS_MAX  2048u      /* tried before search_beyond() gives up      */

struct block {
	struct page *page;
	unsigned     order;
};

static inline void give_block(const struct block *block)
{
	free_pages(block->page, block->order);
}

/* A block beyond the mask, or NULL. Blocks in reach are given back. */
static inline struct page *search_beyond(uint64_t mask, gfp_t gfp,
					 unsigned order)
{
	struct page *page, *next, *found = NULL;
	LIST_HEAD(others);

	for (unsigned i = 0; !found && i < BLOCKS_MAX; i++) {
		page = alloc_pages(gfp | GFP_NOWARN, order);
		if (!page)
			break;
		if (page_to_phys(page).v > mask)
			found = page;
		else
			list_add(&page->list, &others);
	}
	list_for_each_entry_safe(page, next, &others, list)
		free_pages(page, order);
	return found;
}

/*
 * Take a block of 16 pages or more beyond the mask, from the zones of gfp.
 * Large blocks come first: there may be many blocks below the mask.
 */
static inline bool take_beyond(struct block *block, uint64_t mask, gfp_t gfp)
{
	static const unsigned orders[] = { MAX_ORDER, 7, 4 };

	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
		block->order = orders[i];
		block->page = search_beyond(mask, gfp, orders[i]);
		if (block->page)
			return true;
	}
	return false;
}

/* The order of a block in reach: lists of single pages know no mask. */
#define NEAR_ORDER  4u

/* Is there free lowmem that such a device reaches? */
static inline bool mask_reaches_some(uint64_t mask)
{
	struct dma_device probe = { .mask = mask };
	struct page *page = dma_alloc_lowmem(&probe, GFP_KERNEL | GFP_NOWARN,
					     NEAR_ORDER);

	if (page)
		free_pages(page, NEAR_ORDER);
	return page;
}

/* A mask with free memory on both sides; skips without such a mask. */
static inline uint64_t short_mask(struct block *beyond, gfp_t gfp)
{
	uint64_t mask = zones[ZONE_NORMAL].managed ? MASK_ISA :
						     DMA_BIT_MASK(23);

	if (!mask_reaches_some(mask) || !take_beyond(beyond, mask, gfp))
		SKIP("needs memory on both sides of 0x%llx",
		     (unsigned long long)mask);
	return mask;
}

/* ---- bytes, wherever they are ---------------------------------------- */

/* Map the page of an address; *n: how many of the bytes lie in it. */
static inline char *bytes_of(phys_addr_t pa, size_t size, size_t *n)
{
	char *page = kmap_local(pfn_to_page(phys_to_pfn(pa)));

	*n = MIN(size, PAGE_SIZE - phys_page_offset(pa));
	return page + phys_page_offset(pa);
}

static inline void mem_write(phys_addr_t pa, const void *from, size_t size)
{
	for (size_t done = 0, n; done < size; done += n) {
		char *to = bytes_of(phys_add(pa, done), size - done, &n);

		memcpy(to, (const char *)from + done, n);
		kunmap_local(to);
	}
}

static inline bool mem_equals(phys_addr_t pa, const void *with, size_t size)
{
	bool same = true;

	for (size_t done = 0, n; done < size; done += n) {
		char *there = bytes_of(phys_add(pa, done), size - done, &n);

		same = same && !memcmp(there, (const char *)with + done, n);
		kunmap_local(there);
	}
	return same;
}

static inline void mem_fill(phys_addr_t pa, int byte, size_t size)
{
	for (size_t done = 0, n; done < size; done += n) {
		char *to = bytes_of(phys_add(pa, done), size - done, &n);

		memset(to, byte, n);
		kunmap_local(to);
	}
}

static inline bool mem_is(phys_addr_t pa, int byte, size_t size)
{
	bool same = true;

	for (size_t done = 0, n; done < size; done += n) {
		char *there = bytes_of(phys_add(pa, done), size - done, &n);

		for (size_t i = 0; i < n; i++)
			same = same && there[i] == (char)byte;
		kunmap_local(there);
	}
	return same;
}

static inline phys_addr_t block_phys(const struct block *block)
{
	return page_to_phys(block->page);
}

/* ---- debug mode ------------------------------------------------------ */

/* Turn debug mode on or off. Returns: whether it was on. */
static inline bool debug_mode(bool on)
{
	bool before = dma_debug_on;

	dma_debug_enable(on);
	return before;
}
