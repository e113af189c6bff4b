// SPDX-License-Identifier: MIT
/*
 * pageblock.h - which entries of mem_map are valid
 *
 * WHAT     mem_map has an entry for each frame, but boot does not write all
 *          entries. One byte for each 4 MiB block ("pageblock", 2^MAX_ORDER
 *          frames) says whether the block's entries have been written. Code
 *          that walks over frames calls page_state(), and does not read
 *          page->state.
 *
 * TERMS    hole     no RAM in the block; its entries are never written
 *          virgin   the whole block is free RAM that was never used: one block
 *                   of MAX_ORDER on a free list. Only its first entry is
 *                   written
 *          live     all entries are written; a block never leaves this state
 * SEE      Linux CONFIG_DEFERRED_STRUCT_PAGE_INIT, pageblock_flags.
 */
#pragma once

#include "mm/page/page.h"

#define PAGEBLOCK_PAGES  (1u << MAX_ORDER)

enum pageblock_state {
	PAGEBLOCK_HOLE,     /* 0: what memblock_alloc() leaves */
	PAGEBLOCK_VIRGIN,
	PAGEBLOCK_LIVE,
};

/* enum pageblock_state, by pfn >> MAX_ORDER */
extern uint8_t *pageblock_states;

static inline enum pageblock_state pageblock_state(pfn_t pfn)
{
	return pageblock_states[pfn.v >> MAX_ORDER];
}

/* First frame of the block that contains pfn. */
static inline pfn_t pageblock_first(pfn_t pfn)
{
	return PFN(pfn.v & ~(PAGEBLOCK_PAGES - 1));
}

/* First frame of the next block. */
static inline pfn_t pageblock_next(pfn_t pfn)
{
	return pfn_add(pageblock_first(pfn), PAGEBLOCK_PAGES);
}

/*
 * The state of a frame, for every state of its block. pfn_valid(pfn) holds.
 *
 * Returns: a value of page->state; PAGE_RESERVED for a hole.
 */
enum page_state page_state(pfn_t pfn);

/* May the entries of this frame's block be read? */
static inline bool pageblock_is_live(pfn_t pfn)
{
	return pageblock_state(pfn) == PAGEBLOCK_LIVE;
}

/*
 * Write PAGE_RESERVED to all entries of a block that was a hole until now. For
 * blocks that contain RAM, but not only free RAM.
 */
void pageblock_init_reserved(pfn_t first);

/* Write only the first entry of a block that was a hole until now. The caller
 * puts the block on a free list. */
void pageblock_init_virgin(pfn_t first);

/* Write all other entries of a virgin block that leaves the free list. */
void pageblock_make_live(pfn_t first);

/* How many blocks of mem_map are in this state. */
unsigned long pageblock_count(enum pageblock_state state);

/*
 * Allocate mem_map and the block states from memblock, for max_pfn frames. All
 * blocks are holes at first. A last, partial block has all its entries too. If
 * lowmem has no room for so many entries, the RAM at the top is not used:
 * max_pfn becomes less, and memblock forgets this RAM.
 *
 * Fails:   panics when there is no room even for the entries of lowmem.
 */
void pageblock_init(void);
