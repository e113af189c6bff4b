// SPDX-License-Identifier: MIT
/*
 * mem_map.c (host suite) - which RAM has entries in mem_map
 *
 * WHAT     mem_map takes at most three quarters of the largest free range of
 *          lowmem. RAM at the top that would need more is left out. Only the
 *          simulated machine knows how much RAM there was before.
 */
#include "mm/dma/dma_impl.h"
#include "lib/align.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "tests/host/host.h"
#include "tests/ktest.h"

SUITE(mem_map, page_alloc_check);

/* What boot takes of the largest range before mem_map, at most. */
#define TAKEN_BEFORE  (4u << 20)

static uint64_t bytes_for(uint64_t frames)
{
	return (frames + PAGEBLOCK_PAGES - 1) / PAGEBLOCK_PAGES *
	       PAGEBLOCK_PAGES * sizeof(struct page);
}

KTEST(mem_map, takes_at_most_three_quarters_of_lowmem)
{
	EXPECT(bytes_for(max_pfn.v) <= dma_ram_run.size / 4 * 3);
}

KTEST(mem_map, no_ram_is_left_out_that_has_room)
{
	uint64_t all = host_ram_size() >> PAGE_SHIFT;
	uint64_t room = dma_ram_run.size / 4 * 3;
	uint64_t sure = (dma_ram_run.size - TAKEN_BEFORE) / 4 * 3;

	if (host_ram_size() <= 1ull << 32)
		SKIP("needs RAM above 4 GiB");
	if (bytes_for(all) <= sure)
		EXPECT_EQ(max_pfn.v, all);
	if (bytes_for(all) > room) {
		EXPECT(max_pfn.v < all);
		EXPECT(bytes_for(max_pfn.v + PAGEBLOCK_PAGES) > sure);
	}
}

/* Entries, and a byte for the state of each block. */
KTEST(mem_map, takes_all_blocks_that_three_quarters_have_room_for)
{
	uint64_t blocks = DIV_ROUND_UP(max_pfn.v, PAGEBLOCK_PAGES);
	uint64_t all = host_ram_size() >> PAGE_SHIFT;
	uint64_t room = host_largest_free / 4 * 3 /
			(PAGEBLOCK_PAGES * sizeof(struct page) + 1);

	if (host_ram_size() <= 1ull << 32)
		SKIP("needs RAM above 4 GiB");
	all = DIV_ROUND_UP(all, PAGEBLOCK_PAGES);
	EXPECT_EQ(blocks, MIN(all, room));
}
