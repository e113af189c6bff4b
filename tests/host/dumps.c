// SPDX-License-Identifier: MIT
/*
 * dumps.c (host suite) - the dumps say what there is
 *
 * WHAT     Each test takes the lines of one dump apart and compares every
 *          number with the structure that the line is about. The numbers are
 *          read, not printed a second time, so a dump may change its blanks.
 * NOT HERE the exact form of the lines that Linux has, too
 *          (tests/emu/test_proc_formats.py).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch/cpu.h>
#include <arch/kva.h>
#include <arch/paging.h>
#include <arch/pgtable.h>

#include "mm/dma/dma_impl.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/pcp.h"
#include "mm/page/report.h"
#include "mm/page/zone.h"
#include "mm/slab/slab_impl.h"
#include "tests/fake_device.h"
#include "tests/host/log_lines.h"
#include "tests/suites/vm_test.h"

SUITE(dumps, slab_check);

/* ---- pages --------------------------------------------------------------- */

struct run {
	unsigned pfn, order;
	unsigned long count;
	char letter;
};

static const char state_letters[PAGE_NR_STATES] = {
#define S(state, letter, what) [state] = letter,
	PAGE_STATES(S)
#undef S
};

static bool read_run(struct run *run)
{
	const char *before = next_line, *l = line();

	if (l && sscanf(l, "frames\t%u\t%u\t%lu\t%c", &run->pfn, &run->order,
			&run->count, &run->letter) == 4)
		return true;
	/* It belongs to the next zone. */
	if (l) {
		next_line[-1] = '\n';
		next_line = (char *)before;
	}
	return false;
}

static bool block_is(pfn_t pfn, const struct run *run)
{
	if (pageblock_state(pfn) == PAGEBLOCK_HOLE)
		return run->letter == '-' && run->order == 0;
	return run->letter == state_letters[page_state(pfn)] &&
	       run->order == (page_state(pfn) == PAGE_RESERVED ? 0 :
			      pfn_to_page(pfn)->order);
}

/* The runs of a zone follow each other without a gap, from end to end. */
static void expect_runs(const struct zone *zone)
{
	struct run run, last = { .letter = '\0' };
	unsigned long pfn = zone->start.v, nr_free = 0;

	for (; read_run(&run); last = run) {
		EXPECT_EQ(run.pfn, pfn);
		EXPECT(run.letter != last.letter || run.order != last.order);
		for (unsigned long i = 0; i < run.count; i++)
			if (!block_is(PFN(pfn + (i << run.order)), &run))
				EXPECT(!"a block is what its run says");
		pfn += run.count << run.order;
		if (run.letter == state_letters[PAGE_FREE])
			nr_free += run.count << run.order;
	}
	EXPECT_EQ(pfn, zone->end.v);
	EXPECT_EQ(nr_free, zone->nr_free);
}

KTEST(dumps, runs_of_frames_tile_each_zone)
{
	begin();
	page_lines_dump();
	end();
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];
		unsigned long spanned, present, managed, nr_free;
		unsigned first, last;
		char name[16];

		REQUIRE(sscanf(line_with("zone\t"),
			       "zone\t%15s\t%u\t%u\t%lu\t%lu\t%lu\t%lu", name,
			       &first, &last, &spanned, &present, &managed,
			       &nr_free) == 7);
		EXPECT_STREQ(name, zone->name);
		EXPECT(first == zone->start.v && last == zone->end.v);
		EXPECT_EQ(spanned, zone->spanned);
		EXPECT_EQ(present, zone->present);
		EXPECT_EQ(managed, zone->managed);
		EXPECT_EQ(nr_free, zone->nr_free);
		expect_runs(zone);
	}
	EXPECT(!line());
}

static unsigned long pcp_sum(const struct zone *zone, bool high)
{
	unsigned long pages = 0;

	for (unsigned order = 0; order < PCP_ORDERS; order++)
		pages += (unsigned long)(high ? zone->pcp[0][order].high :
					 zone->pcp[0][order].count) << order;
	return pages;
}

KTEST(dumps, zoneinfo_tells_each_zone)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	free_page(page);   /* so that a per-CPU list is not empty */
	begin();
	zoneinfo_dump();
	end();
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];
		unsigned long reserve[MAX_NR_ZONES];
		char name[16];

		REQUIRE(sscanf(line_with("Node 0, zone"), "Node 0, zone %15s",
			       name) == 1);
		EXPECT_STREQ(name, zone->name);
		EXPECT_EQ(number("  pages free"), zone->nr_free);
		EXPECT_EQ(number("        boost"), 0);
		EXPECT_EQ(number("        min"), zone->min);
		EXPECT_EQ(number("        low"), zone->low);
		EXPECT_EQ(number("        high"), zone->high);
		EXPECT_EQ(number("        spanned"), zone->spanned);
		EXPECT_EQ(number("        present"), zone->present);
		EXPECT_EQ(number("        managed"), zone->managed);
		EXPECT_EQ(number("        cma"), 0);
		REQUIRE(sscanf(line_with("        protection:"),
			       "        protection: (%lu, %lu, %lu)",
			       &reserve[0], &reserve[1], &reserve[2]) == 3);
		for (unsigned j = 0; j < MAX_NR_ZONES; j++)
			EXPECT_EQ(reserve[j], zone->lowmem_reserve[j]);
		if (!zone->present)
			continue;
		EXPECT_EQ(number("      nr_free_pages"), zone->nr_free);
		EXPECT_STREQ(line(), "  pagesets");
		EXPECT_EQ(number("    cpu:"), 0);
		EXPECT_EQ(number("              count:"), pcp_sum(zone, false));
		EXPECT_EQ(number("              high:"), pcp_sum(zone, true));
		EXPECT_EQ(number("              batch:"),
			  zone->pcp[0][0].batch);
		EXPECT_EQ(number("  node_unreclaimable:"), 0);
		EXPECT_EQ(number("  start_pfn:"), zone->start.v);
	}
	EXPECT(!line());
}

static void expect_kib(const char *l, const char *word, unsigned long pages)
{
	const char *at = strstr(l, word);

	REQUIRE(at);
	EXPECT_EQ(strtoul(at + strlen(word), NULL, 10), pages * 4);
}

KTEST(dumps, a_failed_allocation_is_reported_with_the_state_of_each_zone)
{
	host_log_now += 1000000000000;   /* long after the last report */
	begin();
	report_alloc_failure(GFP_KERNEL | GFP_DMA | GFP_ZERO, 3);
	end();
	EXPECT(strstr(line_with("page allocation failure: order:3, mode:"),
		      "(GFP_DMA|GFP_RECLAIM|GFP_ZERO)"));
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];
		const char *l;

		if (!zone->managed)
			continue;
		l = line_with(zone->name);
		expect_kib(l, " free:", zone->nr_free);
		expect_kib(l, " pcp:", pcp_sum(zone, false));
		expect_kib(l, " min:", zone->min);
		expect_kib(l, " low:", zone->low);
		expect_kib(l, " high:", zone->high);
		expect_kib(l, " managed:", zone->managed);
	}
	EXPECT(!line());
}

/* ---- slabs --------------------------------------------------------------- */

#define HELD  7

static struct kmem_cache *cache;
static void *held[HELD + 1];

/* HELD objects are held; one more was freed, and is in the magazine. */
static void make_cache(size_t size)
{
	cache = kmem_cache_create("test-dump", size, 0, 0, NULL);
	REQUIRE(cache);
	for (unsigned i = 0; i <= HELD; i++) {
		held[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(held[i]);
	}
	kmem_cache_free(cache, held[HELD]);
}

static void destroy_cache(void)
{
	for (unsigned i = 0; i < HELD; i++)
		kmem_cache_free(cache, held[i]);
	EXPECT_EQ(kmem_cache_destroy(cache), 0);
}

static unsigned count_of(const char *map, char letter)
{
	unsigned n = 0;

	for (; *map; map++)
		n += *map == letter;
	return n;
}

/* Each place of the chain is free, and each free place is in it. */
static void expect_chain(const char *chain, const char *map)
{
	unsigned n = 0;

	while (*chain) {
		char *behind;
		unsigned long i = strtoul(chain, &behind, 10);

		EXPECT(i < strlen(map) && map[i] == '.');
		n++;
		chain = behind + (*behind == ',');
	}
	EXPECT_EQ(n, count_of(map, '.'));
}

static bool is_held(const void *object)
{
	for (unsigned i = 0; i < HELD; i++)
		if (held[i] == object)
			return true;
	return false;
}

/* Reads the lines of all slabs; each object that we hold is a '#'. */
static void expect_slab_lines(void)
{
	unsigned taken = 0, idle = 0;
	const char *l;

	while ((l = line())) {
		char chain[256] = "", map[64] = "";
		unsigned page, first;

		if (sscanf(l, "slab\t%x\t%u\t%255[0-9,]\t%63s", &page, &first,
			   chain, map) != 4)
			REQUIRE(sscanf(l, "slab\t%x\t%u\t\t%63s", &page,
				       &first, map) == 3);
		expect_chain(chain, map);
		for (unsigned i = 0; map[i]; i++)
			EXPECT_EQ(map[i] == '#', is_held(
				kva_to_ptr(page + first + i * cache->stride)));
		taken += count_of(map, '#');
		idle += count_of(map, 'm');
	}
	EXPECT_EQ(taken, HELD);
	EXPECT_EQ(idle, cache->magazine[0].count);
}

KTEST(dumps, lines_of_a_cache_show_who_has_each_object)
{
	for (size_t size = 200; size <= 2000; size += 1800) {
		unsigned numbers[9];

		make_cache(size);
		begin();
		slab_lines_dump(cache);
		end();
		REQUIRE(sscanf(line_with("cache\ttest-dump\t"), "cache\t"
			       "test-dump\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u",
			       &numbers[0], &numbers[1], &numbers[2],
			       &numbers[3], &numbers[4], &numbers[5],
			       &numbers[6], &numbers[7], &numbers[8]) == 9);
		EXPECT_EQ(numbers[0], size);
		EXPECT_EQ(numbers[2], cache->stride);
		EXPECT_EQ(numbers[3], cache->per_slab);
		EXPECT_EQ(numbers[4], cache->order);
		/* The descriptor and next[] end before the first object. */
		EXPECT(cache->off_slab ? !numbers[6] :
		       numbers[6] > 2 * cache->per_slab &&
		       numbers[6] <= numbers[5]);
		expect_slab_lines();
		destroy_cache();
	}
}

KTEST(dumps, a_cache_is_shown_with_a_line_for_each_slab)
{
	unsigned long slabs, empty, taken, in_magazine, capacity;
	unsigned lines = 0, letters = 0, idle = 0;
	const char *l;

	make_cache(2000);
	begin();
	kmem_cache_dump(cache);
	end();
	EXPECT(strstr(line_with("cache 'test-dump'"), "objects of 2000 bytes"));
	REQUIRE(sscanf(next_line, "%lu objects in a slab of %lu pages", &taken,
		       &slabs) == 2);
	EXPECT_EQ(taken, cache->per_slab);
	EXPECT_EQ(slabs, 1u << cache->order);
	(void)line();
	REQUIRE(sscanf(next_line, "%lu slabs, %lu empty; %lu objects taken, "
		       "%lu of them in the magazine of %lu", &slabs, &empty,
		       &taken, &in_magazine, &capacity) == 5);
	EXPECT_EQ(slabs, cache->nr_slabs);
	EXPECT_EQ(taken - in_magazine, HELD);
	(void)line();
	while ((l = line())) {
		unsigned page, inuse, all;
		char map[128];

		if (sscanf(l, " 0x%x %u of %u taken [%127[.#m]]", &page, &inuse,
			   &all, map) != 4)
			continue;
		lines++;
		letters += count_of(map, '#');
		idle += count_of(map, 'm');
		EXPECT_EQ(strlen(map), all);
		EXPECT_EQ(inuse, all - count_of(map, '.'));
	}
	EXPECT_EQ(lines, slabs);
	EXPECT_EQ(letters, HELD);
	EXPECT_EQ(idle, in_magazine);
	destroy_cache();
}

static unsigned full_slabs(void)
{
	const struct slab *slab;
	unsigned full = 0;

	list_for_each_entry(slab, &cache->full, list)
		full++;
	return full;
}

/* Returns: how many slabs the dump of the cache counts; -1: it counts none. */
static int slabs_not_shown(void)
{
	const char *l;
	int more = -1;

	begin();
	kmem_cache_dump(cache);
	end();
	while ((l = line()))
		if (sscanf(l, " ... and %d more", &more) == 1)
			break;
	return more;
}

KTEST(dumps, of_many_slabs_eight_are_shown_and_the_rest_counted)
{
	void *object[80];
	unsigned n = 0;

	make_cache(4096);
	while (n < ARRAY_SIZE(object)) {
		object[n] = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(object[n++]);
		if (full_slabs() <= 8)
			EXPECT_EQ(slabs_not_shown(), -1);
	}
	EXPECT_EQ(slabs_not_shown(), (int)full_slabs() - 8);
	while (n > 0)
		kmem_cache_free(cache, object[--n]);
	destroy_cache();
}

KTEST(dumps, slabinfo_has_a_line_for_each_cache)
{
	unsigned long active, all, busy, slabs;
	unsigned size, per_slab, pages, limit, batch;
	const char *l;

	make_cache(200);
	REQUIRE(slab_grow(cache, GFP_KERNEL));
	EXPECT(cache->nr_empty > 0);
	begin();
	slabinfo_dump();
	end();
	EXPECT_STREQ(line(), "slabinfo - version: 2.1");
	EXPECT(!strncmp(line(), "# name            <active_objs>", 31));
	l = line_with("test-dump ");
	EXPECT_STREQ(l + strlen(l) - 7, "      0");
	REQUIRE(sscanf(l, "test-dump %lu %lu %u %u %u : "
		       "tunables %u %u 0 : slabdata %lu %lu 0", &active, &all,
		       &size, &per_slab, &pages, &limit, &batch, &busy,
		       &slabs) == 9);
	EXPECT_EQ(active, HELD);
	EXPECT_EQ(all, cache->nr_slabs * cache->per_slab);
	EXPECT_EQ(size, cache->stride);
	EXPECT_EQ(per_slab, cache->per_slab);
	EXPECT_EQ(pages, 1u << cache->order);
	EXPECT_EQ(limit, cache->magazine[0].capacity);
	EXPECT_EQ(batch, limit / 2);
	EXPECT_EQ(busy, cache->nr_slabs - cache->nr_empty);
	EXPECT_EQ(slabs, cache->nr_slabs);
	destroy_cache();
}

/* ---- addresses ----------------------------------------------------------- */

KTEST(dumps, each_vmalloc_area_is_listed_with_its_kind)
{
	void *ptr = vmalloc(3 * PAGE_SIZE);
	unsigned first, last, size;
	char start[16];
	const char *l;

	REQUIRE(ptr);
	begin();
	vmallocinfo_dump();
	end();
	snprintf(start, sizeof(start), "0x%08x-", ptr_to_kva(ptr));
	l = line_with(start);
	REQUIRE(sscanf(l, "0x%x-0x%x %u", &first, &last, &size) == 3);
	EXPECT_EQ(last - first, size);
	EXPECT(size >= 3 * PAGE_SIZE);
	EXPECT(strstr(l, " pages=3 vmalloc"));
	vfree(ptr);
}

/* Addresses can be used up while there is memory. */
KTEST(dumps, a_vmalloc_without_address_space_says_so)
{
	uint32_t size = 1u << 30;
	phys_addr_t last = PHYS((1ull << cpu_phys_bits()) - size);

	host_log_now += 1000000000000;
	begin();
	EXPECT(!ioremap(last, size));
	end();
	EXPECT(!strncmp(line_with("vmalloc: no address space for "),
			"vmalloc: no address space for 1 GiB in a row, ", 46));
}

/* A line of either dump. There the end is exclusive, and 0 means 4 GiB. */
struct mapped {
	kva_t    first, last;
	uint64_t pa;
	unsigned kib;
	char     flags[8];
};

static unsigned long nr_pages(const struct mapped *m)
{
	return (m->last - m->first + 1) >> PAGE_SHIFT;
}

/* In lowmem, only the ISA hole is not cached. */
static bool naive_is_isa(kva_t va)
{
	return va >= PAGE_OFFSET + 0xa0000 && va < PAGE_OFFSET + 0x100000;
}

/* Each page of the range is mapped as the line says. */
static void expect_mapped(const struct mapped *m)
{
	const char *f = m->flags;

	for (unsigned long i = 0; i < nr_pages(m); i++) {
		struct host_walk w = host_walk(m->first + i * PAGE_SIZE, 0);

		if (!w.ok || w.frame.v != m->pa + i * PAGE_SIZE ||
		    w.writable != (f[2] == 'w') || w.global != (f[4] == 'g') ||
		    w.executable != (f[3] == 'x') || f[0] != '-' ||
		    f[1] != 'r' || (kva_is_lowmem(m->first) &&
				    (f[5] == 'c') == naive_is_isa(m->first)))
			EXPECT(!"a page is mapped as its line says");
	}
}

static void expect_unmapped(uint64_t from, uint64_t to)
{
	for (; from < to; from += PAGE_SIZE)
		if (host_walk((kva_t)from, 0).ok)
			EXPECT(!"no line leaves out what is mapped");
}

/* Returns: how many pages the ranges of the readable dump have. */
static unsigned long expect_ranges(void)
{
	struct mapped m, before = { .last = PAGE_OFFSET - 1 };
	unsigned long pages = 0, kib;

	(void)line_with("kernel page tables");
	while (sscanf(next_line, " 0x%x - 0x%x (%lu kB) %7s %u KiB", &m.first,
		      &m.last, &kib, m.flags, &m.kib) == 5) {
		m.last--;
		EXPECT_EQ(kib, nr_pages(&m) * 4);
		EXPECT(m.first > before.last);
		/* Neighbours that are alike are one range. */
		EXPECT(m.first != before.last + 1 || m.kib != before.kib ||
		       strcmp(m.flags, before.flags));
		pages += nr_pages(&m);
		before = m;
		(void)line();
	}
	return pages;
}

KTEST(dumps, page_tables_are_dumped_as_the_mmu_walks_them)
{
	uint64_t behind = PAGE_OFFSET;
	unsigned long pages = 0, ranges;
	const char *l;

	begin();
	pgtable_dump(true);
	end();
	ranges = expect_ranges();
	while ((l = line())) {
		unsigned long long pa;
		struct mapped m;

		REQUIRE(sscanf(l, "ptdump\t%x\t%x\t%llx\t%7s\t%u", &m.first,
			       &m.last, &pa, m.flags, &m.kib) == 5);
		m.last--;
		m.pa = pa;
		EXPECT(m.first >= behind);
		EXPECT(m.kib == 4 || m.kib == 2048);
		EXPECT(m.first % (m.kib << 10) == 0);
		expect_unmapped(behind, m.first);
		expect_mapped(&m);
		pages += nr_pages(&m);
		behind = (uint64_t)m.last + 1;
	}
	expect_unmapped(behind, 1ull << 32);
	EXPECT_EQ(pages, ranges);
}

KTEST(dumps, the_layout_at_boot_has_each_region_with_its_size)
{
	kva_t above = 0;
	const char *l;
	unsigned regions = 0;

	begin();
	layout_dump();
	end();
	EXPECT(line_with("virtual kernel memory layout:"));
	while ((l = line())) {
		char name[16], unit[4];
		unsigned first, last, size;

		REQUIRE(sscanf(l, " %15s : 0x%x - 0x%x ( %u %3[kMB])", name,
			       &first, &last, &size, unit) == 5);
		EXPECT(first < last);
		EXPECT_EQ(size, (last - first) >> (unit[0] == 'M' ? 20 : 10));
		EXPECT_EQ(unit[0] == 'M', last - first >= 8u << 20);
		if (name[0] == '.')
			continue;
		/* From the top of the address space down to the kernel's. */
		EXPECT(!above || last <= above);
		above = first;
		regions++;
	}
	EXPECT_EQ(regions, 4);
	EXPECT_EQ(above, PAGE_OFFSET);
}

KTEST(dumps, maps_of_an_address_space_are_those_of_linux)
{
	struct mm *mm = test_mm();

	mm_set_brk_start(mm, UADDR(AT(0)));
	EXPECT_IS(mm_brk(mm, UADDR(AT(2))), AT(2));
	/* Both touch the heap, but have nothing of it. */
	EXPECT_IS(mm_map_fixed(mm, UADDR(AT(0) - PAGES(1)), PAGES(1), VM_READ,
			       NULL),
		  AT(0) - PAGES(1));
	test_map(mm, 2, 1, PROT_NONE);
	test_map(mm, 4, 1, PROT_READ | PROT_EXEC);
	test_map_shared(mm, 6, 3, PROT_RW);
	EXPECT_EQ(mm_munmap(mm, UADDR(AT(6)), PAGES(1)), 0);
	begin();
	mm_maps_dump(mm);
	end();
	EXPECT_STREQ(line(), "000ff000-00100000 r--p 00000000 00:00 0 ");
	EXPECT_STREQ(line(), "00100000-00102000 rw-p 00000000 00:00 0"
		     "          [heap]");
	EXPECT_STREQ(line(), "00102000-00103000 ---p 00000000 00:00 0 ");
	EXPECT_STREQ(line(), "00104000-00105000 r-xp 00000000 00:00 0 ");
	EXPECT_STREQ(line(), "00107000-00109000 rw-s 00001000 00:00 0"
		     "          /dev/zero (deleted)");
	EXPECT(!line());
	test_end(mm);
}

/* ---- devices ------------------------------------------------------------- */

static void expect_unmap_report(struct fake_device *dev, bus_addr_t bus,
				const char *words)
{
	const char *l;

	host_log_now += 1000000000000;
	begin();
	dma_unmap_single(&dev->dma, bus, 512, DMA_FROM_DEVICE);
	end();
	/* The log may first say what it left out. */
	do
		l = line();
	while (l && !strstr(l, words));
	EXPECT(l);
}

/* Only a device that has unmapped the address can do so a second time. */
KTEST(dumps, an_unmap_is_called_the_second_of_its_own_device_only)
{
	static struct fake_device dev, other;
	void *memory = get_free_pages(GFP_KERNEL, 0);
	bool before = dma_debug_on;
	bus_addr_t bus;

	REQUIRE(memory);
	dma_debug_enable(true);
	fake_device_init(&dev, DMA_BIT_MASK(32), false);
	fake_device_init(&other, DMA_BIT_MASK(32), false);
	bus = dma_map_single(&dev.dma, memory, 512, DMA_FROM_DEVICE);
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	expect_unmap_report(&dev, bus, "unmapped twice");
	expect_unmap_report(&other, bus, "is not mapped");
	/* An earlier device at this place does not count as this one. */
	fake_device_end(&dev);
	fake_device_init(&dev, DMA_BIT_MASK(32), false);
	expect_unmap_report(&dev, bus, "is not mapped");
	fake_device_end(&dev);
	fake_device_end(&other);
	dma_debug_enable(before);
	put_free_pages(memory, 0);
}

KTEST(dumps, a_cache_that_is_in_use_is_not_destroyed_and_says_so)
{
	const char *l;

	make_cache(200);
	begin();
	EXPECT_EQ(kmem_cache_destroy(cache), -EBUSY);
	end();
	l = line_with("slab: cache 'test-dump' not destroyed: ");
	EXPECT(strstr(l, ": 7 objects in use"));
	_Static_assert(HELD == 7, "as the line says");
	destroy_cache();
}
