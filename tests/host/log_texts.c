// SPDX-License-Identifier: MIT
/*
 * log_texts.c (host suite) - what boot and refusals log; areas and kmap slots
 *
 * NOT HERE the other dumps (dumps.c); how often a line comes (log_limit.c).
 */
#include <stdio.h>

#include <arch/fixmap.h>
#include <arch/paging.h>
#include <arch/pgtable_check.h>

#include "arch/i386/mm/mm_impl.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "mm/early/memblock_impl.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/report.h"
#include "mm/page/shrinker.h"
#include "mm/page/zone.h"
#include "tests/fake_device.h"
#include "tests/host/log_lines.h"

SUITE(log_texts, page_alloc_check);

/* ---- boot ---------------------------------------------------------------- */

/* Blocks of 4 MiB in this state; each frame below max_pfn is in a block. */
static unsigned long blocks_in(enum pageblock_state state)
{
	unsigned long n = 0;

	for (uint64_t pfn = 0; pfn < max_pfn.v; pfn += PAGEBLOCK_PAGES)
		n += pageblock_state(PFN((uint32_t)pfn)) == state;
	return n;
}

KTEST(log_texts, the_lines_of_boot_tell_zones_and_mem_map)
{
	unsigned long virgin = blocks_in(PAGEBLOCK_VIRGIN);
	unsigned long holes = blocks_in(PAGEBLOCK_HOLE);
	unsigned long blocks = 0, present = 0, n[7];
	unsigned frames, size;

	for (uint64_t pfn = 0; pfn < max_pfn.v; pfn += PAGEBLOCK_PAGES)
		blocks++;
	begin();
	zones_announce();
	end();
	EXPECT_STREQ(line(), "Zone ranges:");
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];
		unsigned long long first, last;
		const char *l = line();
		char name[16];

		present += zone->present;
		if (!zone->spanned) {
			EXPECT(strstr(l, zone->name) && strstr(l, " empty"));
			continue;
		}
		REQUIRE(sscanf(l, " %15s [mem 0x%llx-0x%llx]", name, &first,
			       &last) == 3);
		EXPECT_STREQ(name, zone->name);
		EXPECT_EQ(first, pfn_to_phys(zone->start).v);
		EXPECT_EQ(last + 1, pfn_to_phys(zone->end).v);
	}
	REQUIRE(sscanf(line(), "Memory: %luK/%luK available (%luK reserved, "
		       "%luK highmem)", &n[0], &n[1], &n[2], &n[3]) == 4);
	EXPECT_EQ(n[0], managed_pages() * 4);
	EXPECT_EQ(n[1], present * 4);
	EXPECT_EQ(n[2], (present - managed_pages()) * 4);
	EXPECT_EQ(n[3], zones[ZONE_HIGHMEM].managed * 4);
	REQUIRE(sscanf(line(), "mem_map: %u frames of %u bytes, %luK; %lu of "
		       "%lu blocks of 4 MiB written, %lu when first used, "
		       "%lu holes", &frames, &size, &n[0], &n[1], &n[2], &n[3],
		       &n[4]) == 7);
	EXPECT_EQ(frames, max_pfn.v);
	EXPECT_EQ(size, sizeof(struct page));
	EXPECT_EQ(n[0], blocks * PAGEBLOCK_PAGES * sizeof(struct page) / 1024);
	EXPECT_EQ(n[1], blocks - virgin - holes);
	EXPECT_EQ(n[2], blocks);
	EXPECT_EQ(n[3], virgin);
	EXPECT_EQ(n[4], holes);
	EXPECT(!line());
}

KTEST(log_texts, buddyinfo_has_a_line_for_each_zone_with_ram)
{
	char want[256];

	begin();
	buddyinfo_dump();
	end();
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		if (!zones[i].present)
			continue;
		buddyinfo_format(want, sizeof(want), &zones[i]);
		EXPECT_STREQ(line(), want);
	}
	EXPECT(!line());
}

/* ---- kmap slots ---------------------------------------------------------- */

KTEST(log_texts, each_kmap_slot_is_shown_with_its_frame)
{
	struct page *pages[3];
	struct kmap_usage usage;
	unsigned n[4], lines = 0, found = 0;
	unsigned va, count, pfn;
	const char *l;

	for (unsigned i = 0; i < 3; i++) {
		pages[i] = alloc_page(GFP_HIGHUSER);
		REQUIRE(pages[i]);
		for (unsigned k = 0; k <= i; k++)
			EXPECT(kmap_try(pages[i]) != NULL);
	}
	kmap_usage(&usage);
	begin();
	kmap_dump();
	end();
	REQUIRE(sscanf(line(), "kmap: %u slots: %u used, %u unused, %u free",
		       &n[0], &n[1], &n[2], &n[3]) == 4);
	EXPECT_EQ(n[0], PKMAP_SLOTS);
	EXPECT_EQ(n[1], usage.used);
	EXPECT_EQ(n[2], usage.unused);
	EXPECT_EQ(n[3], usage.free);
	for (; (l = line()); lines++) {
		REQUIRE(sscanf(l, " 0x%x  count %u  pfn 0x%x", &va, &count,
			       &pfn) == 3);
		for (unsigned i = 0; i < 3; i++)
			if (page_to_pfn(pages[i]).v == pfn) {
				EXPECT_EQ(count, i + 2);
				found++;
			}
	}
	EXPECT_EQ(lines, usage.used + usage.unused);
	EXPECT_EQ(found, page_is_highmem(pages[0]) ? 3 : 0);
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k <= i; k++)
			kunmap(pages[i]);
		free_page(pages[i]);
	}
}

/* ---- areas --------------------------------------------------------------- */

/* The line of the area that begins at this address, without its range. */
static const char *area_line(const void *ptr, unsigned pages)
{
	unsigned first, last, size;
	char start[16];
	int behind = 0;
	const char *l;

	begin();
	vmallocinfo_dump();
	end();
	snprintf(start, sizeof(start), "0x%08x-", ptr_to_kva(ptr));
	l = line_with(start);
	REQUIRE(sscanf(l, "0x%x-0x%x %u%n", &first, &last, &size, &behind)
		== 3);
	EXPECT_EQ(last - first, size);
	EXPECT_EQ(size, (pages + 1) * PAGE_SIZE);
	return l + behind;
}

static void expect_tail(const char *l, const char *tail)
{
	REQUIRE(strlen(l) > strlen(tail));
	EXPECT_STREQ(l + strlen(l) - strlen(tail), tail);
}

KTEST(log_texts, each_area_is_listed_with_what_it_holds)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *alloc, *map, *registers;
	const char *l;

	REQUIRE(page);
	vmalloc_purge();
	alloc = vmalloc(3 * PAGE_SIZE);
	map = vmap(&page, 1, KPROT_RW);
	registers = ioremap(PHYS(0xfec01000), 2 * PAGE_SIZE);
	REQUIRE(alloc && map && registers);
	l = area_line(alloc, 3);
	expect_tail(l, " pages=3 vmalloc");
	EXPECT(!strstr(l, "phys="));
	l = area_line(map, 1);
	expect_tail(l, " vmap");
	EXPECT(!strstr(l, "pages=") && !strstr(l, "phys="));
	l = area_line(registers, 2);
	expect_tail(l, " phys=0x00000000fec01000 ioremap");
	EXPECT(!strstr(l, "pages="));
	vfree(alloc);
	vunmap(map);
	iounmap(registers);
	EXPECT_STREQ(area_line(alloc, 3), CONFIG_DEBUG ? " spare vm_area" :
							 " unpurged vm_area");
	EXPECT_STREQ(area_line(map, 1), " spare vm_area");
	EXPECT_STREQ(area_line(registers, 2), " spare vm_area");
	vmalloc_purge();
	free_page(page);
}

/* ---- page tables --------------------------------------------------------- */

KTEST(log_texts, a_wrong_entry_is_named_with_its_address)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long long entry;
	const char *law;
	char want[256];

	REQUIRE(page);
	fixmap_map(FIX_TEST, page_to_pfn(page), KPROT_RW);
	fixmap_entry(FIX_TEST)->low |= (uint32_t)PAE_US;
	entry = fixmap_entry(FIX_TEST)->v;
	begin();
	law = pgtable_check_kernel();
	end();
	fixmap_unmap(FIX_TEST);
	REQUIRE(law);
	snprintf(want, sizeof(want), "page tables: %s: PTE of 0x%08x is"
		 " 0x%016llx", law, fixmap_slot_kva(FIX_TEST), entry);
	EXPECT_STREQ(line(), want);
	EXPECT(!line());
	free_page(page);
}

KTEST(log_texts, regions_from_8_mib_on_are_shown_in_mib)
{
	kva_t real = high_memory;

	for (unsigned i = 0; i < 2; i++) {
		high_memory = PAGE_OFFSET + (8u << 20) - i * PAGE_SIZE;
		begin();
		layout_dump();
		end();
		high_memory = real;
		expect_tail(line_with("    lowmem  : 0xc0000000 - 0xc0"),
			    i ? "   (8188 kB)" : "   (   8 MB)");
	}
}

/* ---- refusals ------------------------------------------------------------ */

/* The next line of these words is not left out by the limiter. */
static void begin_refusal(void)
{
	host_log_now += 1000000000000;
	begin();
}

static unsigned count_lines(const char *words)
{
	unsigned n = 0;
	const char *l;

	while ((l = line()))
		n += !strncmp(l, words, strlen(words));
	return n;
}

KTEST(log_texts, a_request_that_fails_is_told_unless_that_is_expected)
{
	begin_refusal();
	EXPECT(!alloc_pages(GFP_KERNEL | GFP_NOWARN, MAX_ORDER + 1));
	end();
	EXPECT_EQ(count_lines("page allocation failure: "), 0);
	begin_refusal();
	EXPECT(!alloc_pages(GFP_KERNEL, MAX_ORDER + 1));
	end();
	EXPECT_EQ(count_lines("page allocation failure: order:11, "), 1);
	begin_refusal();
	for (unsigned i = 0; i < 3 * LOG_LIMIT_LINES; i++)
		report_alloc_failure(GFP_ALL, 0);
	end();
	EXPECT_EQ(count_lines("page allocation failure: order:0, mode:0x3f("
			      "GFP_DMA|GFP_HIGHMEM|GFP_RECLAIM|GFP_HIGH|"
			      "GFP_ZERO|GFP_NOWARN)"), LOG_LIMIT_LINES);
	host_log_now += LOG_LIMIT_NS;
	log_limits_tick();   /* says how many lines were left out */
}

KTEST(log_texts, each_shrinker_is_told_with_its_pages)
{
	begin_refusal();
	(void)shrink_all();
	end();
	EXPECT(line_with("shrinker per-CPU pages: "));
}

KTEST(log_texts, a_range_for_which_a_list_has_no_room_is_named)
{
	static struct memblock_list list = { .name = "test" };

	for (uint64_t i = 0; i < MEMBLOCK_RANGES_MAX; i++)
		EXPECT_EQ(memblock_list_add(&list, PHYS(i << 16),
					    PHYS((i << 16) + 1)), 0);
	begin();
	EXPECT(memblock_list_add(&list, PHYS(0x8000), PHYS(0x9000)));
	end();
	EXPECT_STREQ(line(), "memblock: the test list is full, "
		     "0x0000000000008000 - 0x0000000000009000 ignored");
	EXPECT(!line());
}

KTEST(log_texts, registers_that_cannot_be_mapped_are_named_with_the_reason)
{
	static const struct {
		uint64_t    pa;
		size_t      size;
		const char *words;
	} cases[] = {
		{ 0x100000, 4096,
		  "refused 4096 bytes at 0x0000000000100000: it contains RAM" },
		{ 0xfec00000, 0,
		  "refused 0 bytes at 0x00000000fec00000: it is empty" },
		{ UINT64_MAX, 2,
		  "refused 2 bytes at 0xffffffffffffffff: it wraps" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_refusal();
		EXPECT(!ioremap(PHYS(cases[i].pa), cases[i].size));
		end();
		EXPECT_STREQ(line_with("ioremap: ") + strlen("ioremap: "),
			     cases[i].words);
	}
}

KTEST(log_texts, a_size_of_vmalloc_that_cannot_be_is_named)
{
	uint64_t size = 1 << 20, min = VMALLOC_DEFAULT, limit;
	uint64_t max = (1ull << 30) - LOWMEM_MIN;
	char want[128];

	begin();
	EXPECT(lowmem_limit(size, &limit) != 0);
	end();
	snprintf(want, sizeof(want), "vmalloc=%pM is not between %pM and %pM:"
		 " ignored", &size, &min, &max);
	EXPECT_STREQ(line(), want);
}

KTEST(log_texts, an_address_beyond_the_mask_is_named)
{
	static struct fake_device dev;

	fake_device_init(&dev, DMA_BIT_MASK(24), false);
	begin_refusal();
	EXPECT(dma_check_reach(&dev.dma, BUS(0xffff00), 257));
	end();
	EXPECT(strstr(line_with("dma: "),
		      "bus 0x00ffff00 + 257 is beyond its mask 0xffffff: stopped"));
	fake_device_end(&dev);
}
