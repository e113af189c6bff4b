// SPDX-License-Identifier: MIT
/*
 * kpgtable.c (tests) - tables and entries of kpgtable.c, against a model
 *
 * WHAT     The tests own the addresses of four page tables. They compare every
 *          entry of these tables with the entry that a naive model expects.
 *
 * PICTURE  area     |--|------------|------------|------------|------------|--|
 *          tables        0            1            2            3
 *          pages         0 ... 511    512 ... 1023                    ... 2047
 *
 * ALGORITHM  An area of mm/kva/ that is never published owns the addresses. Its
 *          own tables are taken out of the directory during a test, and put
 *          back at the end. So a test can see how tables are made. Most frames
 *          are only numbers: the tests read the entries, not the memory.
 */
#include <arch/fixmap.h>
#include <arch/pgtable.h>
#include <arch/probe.h>
#include <arch/tlb.h>

#include "arch/i386/mm/mm_impl.h"
#include "lib/align.h"
#include "lib/alloc_trace.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/vm_area.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

SUITE(kpgtable, pgtable_check_kernel);

#define TABLES   4u
#define ENTRIES  (TABLES * PTRS_PER_PT)
#define ALL      ((1u << TABLES) - 1)

#define WANT_ORDER  2u   /* pages of the model: 8 bytes for each entry */

static struct vm_area *area;
static kva_t base;                 /* of page 0                            */
static bool had[PTRS_PER_PD];      /* tables before the area was made      */
static pde_t own[TABLES];          /* the area's own tables                */
static unsigned long tables_made;  /* kpt_tables after open()              */
static uint64_t *want;             /* the model: what each entry should be */

static kva_t at(unsigned i)
{
	return base + i * PAGE_SIZE;
}

static pde_t *pde(unsigned table)
{
	return &kernel_pd[pd_index(base) + table];
}

static pte_t *entry(unsigned i)
{
	return &pde_table(*pde(i / PTRS_PER_PT))[i % PTRS_PER_PT];
}

/* Which of the tables are there, as bits. */
static unsigned tables_there(void)
{
	unsigned there = 0;

	for (unsigned i = 0; i < TABLES; i++)
		there |= (unsigned)pde_is_table(*pde(i)) << i;
	return there;
}

static void drop_table(pde_t *at_pde)
{
	struct page *page;

	if (!pde_present(*at_pde))
		return;
	page = virt_to_page(pde_table(*at_pde));
	pde_set(at_pde, (pde_t){ 0 });
	page_set_state(page, PAGE_USED);
	free_page(page);
}

static void drop_tables(void)
{
	for (unsigned i = 0; i < TABLES; i++)
		drop_table(pde(i));
	tlb_flush_all();
}

/* Own the addresses; none of the tables is there. */
static void open(void)
{
	int err;

	for (unsigned i = 0; i < PTRS_PER_PD; i++)
		had[i] = pde_present(kernel_pd[i]);
	tables_made = kpt_tables;
	area = vm_area_create((TABLES + 1) * PTRS_PER_PT - 1, VM_MAP, NULL,
			      &err);
	if (!area)
		SKIP("needs %u page tables", TABLES + 1);
	base = ALIGN_UP(vm_area_start(area), PT_SPAN);
	for (unsigned i = 0; i < TABLES; i++) {
		own[i] = *pde(i);
		pde_set(pde(i), (pde_t){ 0 });
	}
	tlb_flush_all();
	want = get_free_pages(GFP_KERNEL | GFP_ZERO, WANT_ORDER);
	REQUIRE(want);
}

/* All is as before open(), also the tables that the area needed. */
static void close(void)
{
	unsigned first = pd_index(vm_area_start(area));
	unsigned last = pd_index(vm_area_guard(area));

	drop_tables();
	for (unsigned i = 0; i < TABLES; i++)
		pde_set(pde(i), own[i]);
	for (unsigned i = first; i <= last; i++)
		if (!had[i])
			drop_table(&kernel_pd[i]);
	tlb_flush_all();
	kpt_tables = tables_made;
	vm_area_destroy(area);
	put_free_pages(want, WANT_ORDER);
}

/*
 * No table lies in memory just in front of the next one. So a write over the
 * end of a table does not hit the right entry by chance.
 */
static void part_tables(void)
{
	for (unsigned i = 0; i + 1 < TABLES; i++) {
		pde_t low = *pde(i), high = *pde(i + 1);

		if (high.v != low.v + PAGE_SIZE)
			continue;
		pde_set(pde(i), high);
		pde_set(pde(i + 1), low);
	}
	tlb_flush_all();
}

static void open_with_tables(void)
{
	open();
	if (!kpt_populate(at(0), ENTRIES) && tables_there() == ALL) {
		part_tables();
		return;
	}
	close();
	REQUIRE(!"kpt_populate() makes the tables");
}

static uint64_t mapping(uint32_t pfn, enum kprot prot)
{
	return (uint64_t)pfn << PAGE_SHIFT | kprot_bits[prot].v;
}

/* Fill the model and the entries: each entry maps a frame of its own. */
static void fill(void)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		want[i] = mapping(0x40000 + 3 * i, KPROT_RO);
		entry(i)->v = want[i];
	}
}

static void model_range(unsigned first, uint32_t pfn, unsigned nr,
			enum kprot prot)
{
	for (unsigned i = 0; i < nr; i++)
		want[first + i] = mapping(pfn + i, prot);
}

static void model_empty(unsigned first, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		want[first + i] = 0;
}

/* The first entry that is not as in the model fails the test. */
static void expect_model(const char *after, unsigned first, unsigned nr)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (entry(i)->v == want[i])
			continue;
		ktest_fail(__FILE__, __LINE__,
			   "%s(%u, %u pages): entry %u is 0x%llx, not 0x%llx",
			   after, first, nr, i,
			   (unsigned long long)entry(i)->v,
			   (unsigned long long)want[i]);
		return;
	}
}

/* Ranges that begin and end at all places of the lines between tables. */
static const struct { unsigned first, nr; } ranges[] = {
	{ 5, 8 }, { 510, 2 }, { 510, 3 }, { 511, 1 }, { 511, 2 }, { 512, 1 },
	{ 0, 512 }, { 0, 513 }, { 512, 512 }, { 1023, 514 }, { 300, 1000 },
	{ 509, 1030 }, { 2047, 1 }, { 0, ENTRIES }, { 77, 0 },
};

/* ---- kpt_populate() ------------------------------------------------------ */

static const struct { unsigned first, nr, tables; } spans[] = {
	{ 0, 1, 0x1 },      { 511, 1, 0x1 },    { 511, 2, 0x3 },
	{ 0, 512, 0x1 },    { 0, 513, 0x3 },    { 512, 512, 0x2 },
	{ 700, 836, 0x6 },  { 700, 837, 0xe },  { 1, 2047, 0xf },
	{ 2047, 1, 0x8 },   { 600, 0, 0 },
};

KTEST(kpgtable, populate_makes_the_tables_of_its_range_and_no_other)
{
	open();
	for (unsigned i = 0; i < ARRAY_SIZE(spans); i++) {
		unsigned long free = nr_free_pages(), made = kpt_tables;
		const uint32_t map = spans[i].tables;
		unsigned nr = bitmap_weight(&map, 32);

		EXPECT_EQ(kpt_populate(at(spans[i].first), spans[i].nr), 0);
		EXPECT_EQ(tables_there(), spans[i].tables);
		EXPECT_EQ(free - nr_free_pages(), nr);
		EXPECT_EQ(kpt_tables - made, nr);
		drop_tables();
	}
	close();
}

KTEST(kpgtable, populate_keeps_the_tables_that_are_there)
{
	unsigned long free;
	pde_t table;

	open();
	EXPECT_EQ(kpt_populate(at(600), 1), 0);
	REQUIRE(tables_there() == 0x2);
	table = *pde(1);
	entry(600)->v = mapping(0x123, KPROT_RW);
	free = nr_free_pages();
	EXPECT_EQ(kpt_populate(at(0), ENTRIES), 0);
	EXPECT_EQ(kpt_populate(at(0), ENTRIES), 0);
	EXPECT_EQ(tables_there(), ALL);
	EXPECT_EQ(free - nr_free_pages(), TABLES - 1);
	EXPECT_EQ(pde(1)->v, table.v);
	EXPECT_EQ(entry(600)->v, mapping(0x123, KPROT_RW));
	close();
}

KTEST(kpgtable, a_new_table_is_empty_and_its_page_is_marked)
{
	struct page *dirty;

	open();
	dirty = alloc_page(GFP_KERNEL);
	REQUIRE(dirty);
	memset(page_address(dirty), 0xff, PAGE_SIZE);
	free_page(dirty);
	EXPECT_EQ(kpt_populate(at(0), ENTRIES), 0);
	REQUIRE(tables_there() == ALL);
	expect_model("populate", 0, ENTRIES);
	for (unsigned i = 0; i < TABLES; i++) {
		struct page *page = virt_to_page(pde_table(*pde(i)));

		EXPECT_EQ(page->state, PAGE_TABLE);
		EXPECT_EQ(pde(i)->v, page_to_phys(page).v | PDE_TABLE_BITS);
	}
	close();
}

KTEST(kpgtable, populate_stops_where_memory_ends)
{
	open();
	for (unsigned n = 1; n <= TABLES; n++) {
		failpoint_arm(n);
		EXPECT(kpt_populate(at(0), ENTRIES) == -ENOMEM);
		EXPECT(failpoint_disarm());
		EXPECT_EQ(tables_there(), (1u << (n - 1)) - 1);
		EXPECT_EQ(kpt_populate(at(0), ENTRIES), 0);
		EXPECT_EQ(tables_there(), ALL);
		drop_tables();
	}
	close();
}

/* Called when a page for a table has been allocated: the table comes first. */
static void populate_meanwhile(const void *what, enum alloc_kind kind)
{
	alloc_trace_stop();
	EXPECT_EQ(kpt_populate(at(0), 1), 0);
}

KTEST(kpgtable, a_table_that_another_thread_made_meanwhile_is_kept)
{
	unsigned long free, made;

	open();
	free = nr_free_pages();
	made = kpt_tables;
	alloc_trace_start(populate_meanwhile);
	EXPECT_EQ(kpt_populate(at(0), 1), 0);
	alloc_trace_stop();
	EXPECT_EQ(tables_there(), 0x1);
	EXPECT_EQ(free - nr_free_pages(), 1);
	EXPECT_EQ(kpt_tables - made, 1);
	close();
}

/* Bits of the tables of a range, page by page. */
static unsigned naive_tables(unsigned first, unsigned nr)
{
	unsigned tables = 0;

	for (unsigned i = first; i < first + nr; i++)
		tables |= 1u << i / PTRS_PER_PT;
	return tables;
}

KTEST(kpgtable, random_ranges_get_their_tables)
{
	unsigned model = 0;
	struct rng rng;

	open();
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 200; step++) {
		unsigned first = rng_below(&rng, ENTRIES);
		unsigned most = MIN(ENTRIES - first, 600u);
		unsigned nr = rng_below(&rng, most + 1);

		if (rng_below(&rng, 3) == 0) {
			drop_tables();
			model = 0;
		}
		model |= naive_tables(first, nr);
		EXPECT_EQ(kpt_populate(at(first), nr), 0);
		EXPECT_EQ(tables_there(), model);
	}
	close();
}

KTEST(kpgtable, random_failures_keep_the_tables_made_before)
{
	struct rng rng;

	open();
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 100; step++) {
		unsigned model = rng_below(&rng, ALL + 1);
		unsigned n = 1 + rng_below(&rng, TABLES), left = n;
		bool failed = false;

		for (unsigned i = 0; i < TABLES; i++)
			if (model >> i & 1)
				EXPECT_EQ(kpt_populate(at(i * 512 + 9), 1), 0);
		EXPECT_EQ(tables_there(), model);
		for (unsigned i = 0; i < TABLES && !failed; i++) {
			if (model >> i & 1)
				continue;
			failed = --left == 0;
			model |= (unsigned)!failed << i;
		}
		failpoint_arm(n);
		EXPECT((kpt_populate(at(0), ENTRIES) == -ENOMEM) == failed);
		EXPECT_EQ(failpoint_disarm(), failed);
		EXPECT_EQ(tables_there(), model);
		drop_tables();
	}
	close();
}

/* ---- kpt_map_range() ----------------------------------------------------- */

KTEST(kpgtable, a_range_goes_on_in_the_next_table)
{
	open_with_tables();
	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
		unsigned first = ranges[i].first, nr = ranges[i].nr;

		kpt_map_range(at(first), PFN(0xabcd0), nr, KPROT_RW);
		model_range(first, 0xabcd0, nr, KPROT_RW);
		expect_model("map_range", first, nr);
		for (unsigned j = 0; j < ENTRIES; j++)
			entry(j)->v = want[j] = 0;
	}
	close();
}

KTEST(kpgtable, a_range_leaves_its_neighbours_alone)
{
	open_with_tables();
	fill();
	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
		unsigned first = ranges[i].first, nr = ranges[i].nr;

		for (unsigned j = 0; j < nr; j++)
			entry(first + j)->v = 0;
		kpt_map_range(at(first), PFN(0x77000 + i), nr, KPROT_RW);
		model_range(first, 0x77000 + i, nr, KPROT_RW);
		expect_model("map_range", first, nr);
	}
	close();
}

KTEST(kpgtable, a_range_has_the_protection_it_asks_for)
{
	open_with_tables();
	for (unsigned prot = 0; prot < KPROT_NR; prot++) {
		unsigned first = 506 + 3 * prot;

		kpt_map_range(at(first), PFN(0x500), 3, prot);
		model_range(first, 0x500, 3, prot);
		expect_model("map_range", first, 3);
	}
	close();
}

KTEST(kpgtable, frame_numbers_go_on_above_4_GiB)
{
	pfn_t pfn = PFN(0);

	open_with_tables();
	kpt_map_range(at(510), PFN(0xffffe), 5, KPROT_DEVICE);
	model_range(510, 0xffffe, 5, KPROT_DEVICE);
	expect_model("map_range", 510, 5);
	for (unsigned i = 0; i < 5; i++) {
		EXPECT(kpt_lookup(at(510 + i), &pfn));
		EXPECT_EQ(pfn.v, 0xffffe + i);
	}
	close();
}

/* Real memory: eight pages across the line between two tables. */
KTEST(kpgtable, memory_can_be_used_on_both_sides_of_a_line)
{
	struct page *block = alloc_pages(GFP_KERNEL, 3);

	REQUIRE(block);
	open_with_tables();
	kpt_map_range(at(508), page_to_pfn(block), 8, KPROT_RW);
	for (unsigned i = 0; i < 8; i++)
		*(volatile uint32_t *)kva_to_ptr(at(508 + i)) = 100 + i;
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(*(uint32_t *)page_address(block + i), 100 + i);
	close();
	free_pages(block, 3);
}

/* ---- kpt_unmap() --------------------------------------------------------- */

KTEST(kpgtable, unmap_empties_its_range_and_no_more)
{
	open_with_tables();
	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
		unsigned first = ranges[i].first, nr = ranges[i].nr;

		fill();
		kpt_unmap(at(first), nr);
		model_empty(first, nr);
		expect_model("unmap", first, nr);
	}
	close();
}

KTEST(kpgtable, unmap_empties_both_halves_of_an_entry)
{
	open_with_tables();
	for (unsigned i = 508; i < 516; i++)
		entry(i)->v = mapping(0xfedcba, KPROT_DEVICE) | PAE_XD;
	kpt_unmap(at(508), 8);
	expect_model("unmap", 508, 8);
	close();
}

KTEST(kpgtable, unmap_empties_retired_entries_too)
{
	static struct page *reaped[16];

	open_with_tables();
	kpt_map_range(at(504), PFN(0), 16, KPROT_RW);
	kpt_retire(at(504), 16);
	EXPECT(entry(504)->v != 0 && entry(519)->v != 0);
	kpt_unmap(at(504), 16);
	expect_model("unmap", 504, 16);
	EXPECT_EQ(kpt_reap(at(504), 16, reaped), 0);
	close();
}

KTEST(kpgtable, an_unmapped_page_faults_and_its_neighbour_does_not)
{
	struct page *block = alloc_pages(GFP_KERNEL, 1);
	uint8_t byte;

	REQUIRE(block);
	open_with_tables();
	kpt_map_range(at(511), page_to_pfn(block), 2, KPROT_RW);
	EXPECT(probe_read8(kva_to_ptr(at(511)), &byte));
	EXPECT(probe_read8(kva_to_ptr(at(512)), &byte));
	kpt_unmap(at(511), 1);
	tlb_flush_page(at(511));
	EXPECT(!probe_read8(kva_to_ptr(at(511)), &byte));
	EXPECT(probe_read8(kva_to_ptr(at(512)), &byte));
	kpt_unmap(at(512), 1);
	tlb_flush_page(at(512));
	EXPECT(!probe_read8(kva_to_ptr(at(512)), &byte));
	close();
	free_pages(block, 1);
}

/* ---- kpt_lookup() -------------------------------------------------------- */

static void expect_frame(kva_t va, uint32_t frame)
{
	pfn_t pfn = PFN(~0u);

	if (!kpt_lookup(va, &pfn))
		ktest_fail(__FILE__, __LINE__, "0x%08x maps nothing", va);
	else if (pfn.v != frame)
		ktest_fail(__FILE__, __LINE__, "0x%08x maps 0x%x, not 0x%x",
			   va, pfn.v, frame);
}

static bool found(kva_t va)
{
	pfn_t pfn;

	return kpt_lookup(va, &pfn);
}

KTEST(kpgtable, lookup_knows_the_frame_of_every_byte)
{
	open_with_tables();
	entry(511)->v = mapping(0x111, KPROT_RW);
	entry(512)->v = mapping(0x222, KPROT_DEVICE);
	expect_frame(at(511), 0x111);
	expect_frame(at(511) + 1, 0x111);
	expect_frame(at(512) - 1, 0x111);
	expect_frame(at(512), 0x222);
	expect_frame(at(513) - 1, 0x222);
	EXPECT(!found(at(511) - 1));
	EXPECT(!found(at(513)));
	close();
}

KTEST(kpgtable, lookup_sees_the_upper_half_of_an_entry)
{
	open_with_tables();
	entry(7)->v = mapping(0x654321, KPROT_RW) | PAE_XD;
	entry(8)->v = mapping(0x100000, KPROT_RX);
	expect_frame(at(7), 0x654321);
	expect_frame(at(8), 0x100000);
	close();
}

KTEST(kpgtable, lookup_finds_nothing_where_nothing_is_present)
{
	open();
	EXPECT(!found(at(600)));                    /* no table */
	EXPECT_EQ(kpt_populate(at(600), 1), 0);
	EXPECT(!found(at(600)));                    /* an empty entry */
	entry(600)->v = mapping(0x999, KPROT_RW);
	expect_frame(at(600), 0x999);
	EXPECT(!found(at(600) - PAGE_OFFSET));      /* the same place below */
	EXPECT(!found(at(600) - (1u << 30)));
	entry(600)->low &= ~(uint32_t)PAE_P;
	EXPECT(!found(at(600)));                    /* retired */
	close();
}

KTEST(kpgtable, lookup_counts_from_the_start_of_a_large_page)
{
	kva_t start = PAGE_OFFSET;

	while (start < high_memory &&
	       !(kernel_pd[pd_index(start)].v & PAE_PS))
		start += LARGE_PAGE_SIZE;
	if (start >= high_memory)
		SKIP("needs a 2 MiB page");
	for (uint32_t i = 0; i < PTRS_PER_PT; i++)
		expect_frame(start + i * PAGE_SIZE + 5 * i,
			     ((start - PAGE_OFFSET) >> PAGE_SHIFT) + i);
}

KTEST(kpgtable, random_lookups_in_the_direct_map_find_the_own_frame)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 2000; step++) {
		uint32_t offset = rng_next(&rng) % (high_memory - PAGE_OFFSET);
		kva_t va = PAGE_OFFSET + offset;
		pde_t where = kernel_pd[pd_index(va)];
		bool present = where.v & PAE_P;

		if (present && !(where.v & PAE_PS))
			present = pde_table(where)[pt_index(va)].v & PAE_P;
		if (present)
			expect_frame(va, offset >> PAGE_SHIFT);
		else
			EXPECT(!found(va));
	}
}

/* ---- random operations against the model --------------------------------- */

/* The end of a random range that may be mapped: its entries are all empty. */
static unsigned empty_until(unsigned first, unsigned end)
{
	while (first < end && !want[first])
		first++;
	return first;
}

static void random_step(struct rng *rng)
{
	unsigned first = rng_below(rng, ENTRIES);
	unsigned nr = rng_below(rng, MIN(ENTRIES - first, 900u) + 1);
	uint32_t pfn = rng_next(rng) & 0xffffff;
	enum kprot prot = rng_below(rng, KPROT_NR);
	unsigned i = rng_below(rng, ENTRIES);

	if (rng_below(rng, 2)) {
		nr = empty_until(first, first + nr) - first;
		pfn = MIN(pfn, 0xffffffu - nr);
		kpt_map_range(at(first), PFN(pfn), nr, prot);
		model_range(first, pfn, nr, prot);
		expect_model("map_range", first, nr);
	} else {
		kpt_unmap(at(first), nr);
		model_empty(first, nr);
		expect_model("unmap", first, nr);
	}
	if (want[i])
		expect_frame(at(i), (uint32_t)((want[i] & PAE_ADDR_MASK) >>
					       PAGE_SHIFT));
	else
		EXPECT(!found(at(i)));
}

KTEST(kpgtable, random_ranges_match_a_naive_model)
{
	struct rng rng;

	open_with_tables();
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 400; step++)
		random_step(&rng);
	close();
}

/* A range twice: at once in the lower half, page by page in the upper one. */
KTEST(kpgtable, random_ranges_are_the_same_as_single_pages)
{
	enum { HALF = ENTRIES / 2 };
	struct rng rng;

	open_with_tables();
	rng_init(&rng, ktest_seed() + 1);
	for (unsigned step = 0; step < 100; step++) {
		unsigned first = rng_below(&rng, HALF);
		unsigned nr = 1 + rng_below(&rng, HALF - first);
		uint32_t pfn = rng_next(&rng) & 0xffff;

		kpt_map_range(at(first), PFN(pfn), nr, KPROT_RW);
		for (unsigned i = first; i < first + nr; i++) {
			kpt_map_range(at(HALF + i), PFN(pfn + i - first), 1,
				      KPROT_RW);
			want[i] = entry(HALF + i)->v;
			want[HALF + i] = mapping(pfn + i - first, KPROT_RW);
		}
		expect_model("map_range", first, nr);
		expect_frame(at(first + nr - 1), pfn + nr - 1);
		kpt_unmap(at(first), nr);
		for (unsigned i = first; i < first + nr; i++)
			kpt_unmap(at(HALF + i), 1);
		model_empty(0, ENTRIES);
		expect_model("unmap", first, nr);
	}
	close();
}
