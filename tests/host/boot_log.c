// SPDX-License-Identifier: MIT
/*
 * boot_log.c (host suite) - what boot says about the memory
 *
 * WHAT     The lines of this machine's own boot are taken apart, and each
 *          number is compared with what is there.
 */
#include <stdio.h>
#include <string.h>

#include "arch/i386/mm/upgtable_impl.h"
#include "lib/align.h"
#include "lib/printf.h"
#include "mm/dma/dma_impl.h"
#include "mm/early/memblock.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/zone.h"
#include "tests/host/host.h"
#include "tests/ktest.h"

SUITE(boot_log, zones_check);

#define KIB(pages)  ((unsigned long)(pages) * (PAGE_SIZE / 1024))
#define END_OF_32   (1ull << 32)

/* What follows the words, which are there once; NULL: they are not there. */
static const char *after(const char *words)
{
	const char *at = strstr(host_boot_log, words);

	if (!at)
		return NULL;
	EXPECT(!strstr(at + 1, words));
	return at + strlen(words);
}

KTEST(boot_log, each_zone_has_a_line)
{
	const char *at = after("Zone ranges:\n");

	REQUIRE(at);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];
		unsigned long long first, last;
		char name[16];

		REQUIRE(sscanf(at, " %15s", name) == 1);
		EXPECT_STREQ(name, zone->name);
		at += 2 + 9;   /* the name has eight places */
		if (zone->spanned) {
			REQUIRE(sscanf(at, "[mem 0x%llx-0x%llx]", &first,
				       &last) == 2);
			EXPECT_EQ(first, pfn_to_phys(zone->start).v);
			EXPECT_EQ(last + 1, pfn_to_phys(zone->end).v);
		} else {
			EXPECT(!strncmp(at, "empty\n", 6));
		}
		at = strchr(at, '\n') + 1;
	}
}

KTEST(boot_log, the_memory_is_counted)
{
	unsigned long available, all, reserved, high;
	unsigned long present = 0, managed = 0;
	const char *at = after("\nMemory: ");

	REQUIRE(at);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		present += zones[i].present;
		managed += zones[i].managed;
	}
	REQUIRE(sscanf(at, "%luK/%luK available (%luK reserved, %luK highmem)",
		       &available, &all, &reserved, &high) == 4);
	EXPECT_EQ(available, KIB(managed));
	EXPECT_EQ(all, KIB(present));
	EXPECT_EQ(reserved, KIB(present - managed));
	EXPECT_EQ(high, KIB(zones[ZONE_HIGHMEM].managed));
}

KTEST(boot_log, mem_map_is_as_long_as_the_memory)
{
	const char *at = after("\nmem_map: ");
	unsigned frames, size;

	REQUIRE(at);
	REQUIRE(sscanf(at, "%u frames of %u bytes", &frames, &size) == 2);
	EXPECT_EQ(frames, max_pfn.v);
	EXPECT_EQ(size, sizeof(struct page));
}

#define BLOCK_SIZE  ((uint64_t)PAGEBLOCK_PAGES << PAGE_SHIFT)

/* Blocks of which all was free when the zones got it. */
static unsigned long blocks_free_as_a_whole(void)
{
	phys_addr_t cursor = PHYS(0);
	struct memblock_range range;
	unsigned long blocks = 0;

	while (memblock_next_free(&cursor, &range))
		for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
			uint64_t start = pfn_to_phys(zones[i].start).v;
			uint64_t end = pfn_to_phys(zones[i].end).v;

			start = ALIGN_UP(MAX(start, range.start.v), BLOCK_SIZE);
			end = MIN(end, range.end.v);
			if (start < end)
				blocks += (end - start) / BLOCK_SIZE;
		}
	return blocks;
}

KTEST(boot_log, blocks_that_are_free_as_a_whole_are_not_written)
{
	const char *at = after(" blocks of 4 MiB written, ");
	unsigned long virgin;

	REQUIRE(at && sscanf(at, "%lu when first used", &virgin) == 1);
	EXPECT_EQ(virgin, blocks_free_as_a_whole());
}

/* What is left out lies at the top; above 4 GiB there are no holes. */
KTEST(boot_log, memory_without_mem_map_is_warned_of)
{
	const char *at = after("\nmemory: ");
	uint64_t used = pfn_to_phys(max_pfn).v, lost;
	char want[64];

	if (host_ram_size() <= END_OF_32) {
		EXPECT(!at);
		SKIP("needs RAM above 4 GiB");
	}
	lost = host_ram_size() - MAX(used, END_OF_32);
	EXPECT_EQ(at != NULL, lost != 0);
	if (!at)
		return;
	snprintf(want, sizeof(want), "%pM of RAM at the top are not used",
		 &lost);
	EXPECT(!strncmp(at, want, strlen(want)));
}

/* ---- bounce buffers ------------------------------------------------------ */

/* A page of each 4 MiB, from 16 KiB to 1 MiB, and a power of two. */
KTEST(boot_log, the_pool_of_bounces_is_a_part_of_the_memory)
{
	const char *at = after("\ndma: ");
	unsigned long pages = managed_pages() / 1024;
	unsigned long long first, last;
	struct bounce_usage usage;
	uint64_t size = 16 * 1024;
	char want[64];

	REQUIRE(at);
	while (size < 1024 * 1024 && 2 * size <= pages * PAGE_SIZE)
		size *= 2;
	snprintf(want, sizeof(want), "%pM for bounce buffers at [mem ", &size);
	EXPECT(!strncmp(at, want, strlen(want)));
	REQUIRE(sscanf(at + strlen(want), "0x%llx-0x%llx]", &first, &last)
		== 2);
	EXPECT_EQ(last - first + 1, size);
	bounce_pool_usage(&usage);
	EXPECT_EQ(usage.nr, size / PAGE_SIZE);
}

/* ---- page tables above 4 GiB --------------------------------------------- */

KTEST(boot_log, the_trial_of_high_tables_keeps_no_memory)
{
	const char *at = after("upgtable: page tables above 4 GiB: ");

	EXPECT_EQ(host_trial_cost, 0);
	EXPECT_EQ(at != NULL, host_ram_size() > END_OF_32);
	if (at)
		EXPECT_EQ(strncmp(at, "this machine walks them\n", 24) == 0,
			  upt_tables_above_4g);
}
