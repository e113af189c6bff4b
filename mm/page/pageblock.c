// SPDX-License-Identifier: MIT
/*
 * pageblock.c - entries of mem_map are written when they are first needed
 *
 * WHAT     On a machine with 64 GiB, boot would write 16 million entries, and
 *          each entry would say "free, inside a large block". To avoid this,
 *          one byte for each 4 MiB block says it for all 1024 frames of the
 *          block. The entries are written when the block is first taken off its
 *          free list.
 *
 * PICTURE    frames      0      1024     2048     3072     4096
 *            RAM         [####free][free   ][free   ]         [free   ]
 *            block         LIVE     VIRGIN   VIRGIN    HOLE     VIRGIN
 *            written      1024       1        1         0        1
 *
 * INVARIANTS of pageblock (page_alloc_check() restates it)
 *          V1  the first entry of a virgin block is a free head of MAX_ORDER
 * RULES of pageblock
 *          V2  all entries of a live block are written
 *          V3  no entry of a hole is read, with one exception: a free of a
 *              wrong pointer reads one, because the fast path does not check
 *              for it
 *
 * ALGORITHM  The buddy code reads the entries of neighbours. Why is this safe?
 *          The buddy of a block of order n is pfn ^ (1 << n). For n < MAX_ORDER
 *          the xor changes only the low MAX_ORDER bits. So the buddy lies in
 *          the same 4 MiB block. A block of MAX_ORDER has no buddy. A frame can
 *          be allocated, freed, split or merged only after its 4 MiB block has
 *          become live. So by V2 every entry that the loop reads was written.
 *
 *          mem_map is one piece of lowmem, and some lowmem must be left. So
 *          mem_map gets at most three quarters of the largest free range. Holes
 *          have entries too. So on a machine with little memory below 4 GiB and
 *          much memory above, mem_map may not fit.
 *
 * LOCKING  States change before the zones are in use, and afterwards under the
 *          lock of the zone that the block is in.
 * COST     At boot one byte and one entry for each 4 MiB; 16 KiB of states for
 *          64 GiB. The first use of a block writes its entries, once.
 * NOT HERE the free lists (buddy.c), which frames are free at boot (zone.c).
 * SEE      docs/decisions/deferred-struct-page.md.
 */
#include "mm/page/pageblock.h"

#include "lib/align.h"
#include "lib/log.h"
#include "mm/early/memblock.h"

/* Bytes that mem_map needs for a block: its entries and its state. */
#define BLOCK_COST  (PAGEBLOCK_PAGES * sizeof(struct page) + 1)

struct page *mem_map;
pfn_t max_pfn;
pfn_t max_low_pfn;
uint8_t *pageblock_states;

enum page_state page_state(pfn_t pfn)
{
	debug_caller_must(pfn_valid(pfn), "give a frame that mem_map has");
	switch (pageblock_state(pfn)) {
	case PAGEBLOCK_LIVE:
		return pfn_to_page(pfn)->state;
	case PAGEBLOCK_VIRGIN:
		return pfn_eq(pfn, pageblock_first(pfn)) ? PAGE_FREE
							 : PAGE_TAIL;
	case PAGEBLOCK_HOLE:
		break;
	}
	return PAGE_RESERVED;
}

static void entries_init(struct page *page, unsigned nr, enum page_state state)
{
	for (; nr > 0; nr--, page++) {
		page->state_order = STATE_ORDER(state, 0);
		page->kmap = 0;
		page->refs = 0;
	}
}

static void set_state(pfn_t first, enum pageblock_state from,
		      enum pageblock_state to)
{
	assert(first.v < ALIGN_UP(max_pfn.v, PAGEBLOCK_PAGES));
	assert(IS_ALIGNED(first.v, PAGEBLOCK_PAGES));
	assert(pageblock_state(first) == from);
	pageblock_states[first.v >> MAX_ORDER] = (uint8_t)to;
}

void pageblock_init_reserved(pfn_t first)
{
	set_state(first, PAGEBLOCK_HOLE, PAGEBLOCK_LIVE);
	entries_init(pfn_to_page(first), PAGEBLOCK_PAGES, PAGE_RESERVED);
}

void pageblock_init_virgin(pfn_t first)
{
	set_state(first, PAGEBLOCK_HOLE, PAGEBLOCK_VIRGIN);
	entries_init(pfn_to_page(first), 1, PAGE_TAIL);
}

void pageblock_make_live(pfn_t first)
{
	set_state(first, PAGEBLOCK_VIRGIN, PAGEBLOCK_LIVE);
	entries_init(pfn_to_page(first) + 1, PAGEBLOCK_PAGES - 1, PAGE_TAIL);
}

unsigned long pageblock_count(enum pageblock_state state)
{
	unsigned long n = 0;

	for (pfn_t pfn = PFN(0); pfn_valid(pfn); pfn = pageblock_next(pfn))
		n += pageblock_state(pfn) == state;
	return n;
}

/* Bytes of the largest free range of lowmem. */
static size_t largest_free(void)
{
	phys_addr_t limit = pfn_to_phys(max_low_pfn), cursor = PHYS(0);
	struct memblock_range range;
	uint64_t largest = 0;

	while (memblock_next_free(&cursor, &range) &&
	       phys_lt(range.start, limit))
		largest = MAX(largest, MIN(range.end.v, limit.v) -
				       range.start.v);
	return (size_t)largest;
}

static unsigned long frames_of_ram(void)
{
	struct memblock_range range;
	unsigned long frames = 0;

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		frames += (range.end.v - range.start.v) >> PAGE_SHIFT;
	return frames;
}

void pageblock_init(void)
{
	size_t blocks = DIV_ROUND_UP(max_pfn.v, PAGEBLOCK_PAGES);
	size_t room = largest_free() / 4 * 3 / BLOCK_COST;   /* in blocks */
	uint64_t frames = frames_of_ram(), lost;
	size_t size;

	if (blocks > room && room * PAGEBLOCK_PAGES >= max_low_pfn.v) {
		memblock_cap(pfn_to_phys(PFN(room * PAGEBLOCK_PAGES)));
		max_pfn = phys_to_pfn(memblock_end());
		blocks = DIV_ROUND_UP(max_pfn.v, PAGEBLOCK_PAGES);
		lost = (frames - frames_of_ram()) << PAGE_SHIFT;
		pr_warn("memory: %pM of RAM at the top are not used: lowmem has no room for their mem_map\n",
			&lost);
	}
	size = blocks * PAGEBLOCK_PAGES * sizeof(struct page);
	mem_map = memblock_alloc_raw(size, PAGE_SIZE);
	pageblock_states = memblock_alloc(blocks, sizeof(long));
	if (!mem_map || !pageblock_states)
		panic("no room in lowmem for mem_map: %zu bytes for %u frames",
		      size, max_pfn.v);
}
