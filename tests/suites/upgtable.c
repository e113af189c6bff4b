// SPDX-License-Identifier: MIT
/*
 * upgtable.c - tests of the page tables of user address spaces
 */
#include <arch/tlb.h>

#include "lib/string.h"
#include "mm/page/pageblock.h"
#include "mm/page/zone.h"
#include "tests/suites/upgtable_space.h"

static const char *upgtable_check(void)
{
	return space.pdpt ? upt_check(&space) : NULL;
}

SUITE(upgtable, upgtable_check);

/* ---- address spaces ----------------------------------------------------- */

static struct upgtable other;   /* beside `space` */

KTEST(upgtable, a_new_space_is_empty)
{
	setup();
	EXPECT_EQ(space.nr_tables, 0);
	EXPECT_EQ(space.root.v % 32, 0);
	EXPECT(space.root.v < 1ull << 32);
	EXPECT(entry_is_empty(&space, 0));
	EXPECT(shows_nothing(0));
	EXPECT(!upt_unmap(&space, UADDR(at(0))).present);
	teardown();
}

KTEST(upgtable, the_kernel_is_the_same_in_all)
{
	static uint32_t word = 77;
	uint32_t seen = 0;

	setup();
	EXPECT(probe_read32(&word, &seen));
	EXPECT_EQ(seen, 77);
	EXPECT(read_cr3() == space.root.v);
	teardown();
	EXPECT(read_cr3() != space.root.v);
}

KTEST(upgtable, a_switch_shows_the_other_space)
{
	setup();
	REQUIRE(upt_create(&other) == 0);
	map(0, 1, R);
	REQUIRE(upt_map(&other, UADDR(at(0)), frame(2), R) == 0);
	for (unsigned i = 0; i < 3; i++) {
		upt_switch(&space);
		EXPECT(shows(0, 1));
		upt_switch(&other);
		EXPECT(shows(0, 2));
		upt_switch(NULL);
		EXPECT(shows_nothing(0));
	}
	EXPECT_NULL(upt_check(&other));
	upt_destroy(&other);
	upt_switch(&space);
	teardown();
}

KTEST(upgtable, ten_thousand_spaces_leak_nothing)
{
	unsigned long free;

	setup();
	/* The first space makes a slab, which stays. */
	REQUIRE(upt_create(&other) == 0);
	upt_destroy(&other);
	free = nr_free_pages();
	for (unsigned i = 0; i < 10000; i++) {
		REQUIRE(upt_create(&other) == 0);
		if (i % 64 == 0)
			REQUIRE(upt_map(&other, UADDR(at(i % WINDOW)), frame(0),
					R) == 0);
		upt_switch(&other);
		upt_switch(&space);
		upt_destroy(&other);
	}
	EXPECT_EQ(nr_free_pages(), free);
	teardown();
}

/* ---- single entries ----------------------------------------------------- */

KTEST(upgtable, a_page_is_mapped_and_unmapped)
{
	struct upt_entry entry;

	setup();
	map(3, 5, RW);
	EXPECT(shows(3, 5));
	EXPECT(shows_nothing(2) && shows_nothing(4));
	EXPECT(entry_is(&space, 3, 5, RW));
	EXPECT_EQ(space.nr_tables, 2);
	entry = upt_unmap(&space, UADDR(at(3)));
	EXPECT(entry.present && pfn_eq(entry.pfn, frame(5)));
	EXPECT_EQ(entry.rights, RW);
	EXPECT(entry.accessed);
	EXPECT(shows_nothing(3));
	EXPECT(entry_is_empty(&space, 3));
	teardown();
}

KTEST(upgtable, the_cpu_notes_what_was_touched)
{
	setup();
	map(0, 0, RW);
	EXPECT(!upt_lookup(&space, UADDR(at(0))).accessed);
	EXPECT(shows(0, 0));
	EXPECT(upt_lookup(&space, UADDR(at(0))).accessed);
	EXPECT(!upt_lookup(&space, UADDR(at(0))).dirty);
	EXPECT(probe_write(ptr(0)));
	EXPECT(upt_lookup(&space, UADDR(at(0))).dirty);
	teardown();
}

KTEST(upgtable, another_page_in_place_of_one_is_seen)
{
	setup();
	map(7, 1, R);
	EXPECT(shows(7, 1));
	map(7, 2, R);
	EXPECT(shows(7, 2));
	map(7, 2, 0);
	EXPECT(shows_nothing(7));
	map(7, 3, R);
	EXPECT(shows(7, 3));
	teardown();
}

KTEST(upgtable, rights_hold)
{
	bool nx = cpu_has(CPU_NX);

	setup();
	for (unsigned rights = 0; rights < 8; rights++) {
		map(rights, rights, rights);
		/* ret */
		mark(rights, 0xc3c3c3c3);
	}
	for (unsigned rights = 0; rights < 8; rights++) {
		uint32_t word;

		EXPECT_EQ(upt_lookup(&space, UADDR(at(rights))).rights,
			  rights ? rights | R : 0);
		EXPECT_EQ(probe_read32(ptr(rights), &word), rights != 0);
		EXPECT_EQ(probe_write(ptr(rights)), !!(rights & W));
		EXPECT_EQ(probe_execute(ptr(rights)),
			  rights && (!nx || rights & X));
	}
	teardown();
}

KTEST(upgtable, protect_changes_what_is_there)
{
	setup();
	for (unsigned i = 0; i < WINDOW; i += 2) {
		map(i, i % PAGES, RW);
		EXPECT(probe_write(ptr(i)));
	}
	upt_protect_range(&space, UADDR(at(0)), UADDR(at(WINDOW)), R, NULL);
	for (unsigned i = 0; i < WINDOW; i++) {
		EXPECT(!probe_write(ptr(i)));
		if (i % 2)
			EXPECT(entry_is_empty(&space, i));
		else
			EXPECT(entry_is(&space, i, i % PAGES, R) &&
			       shows(i, i % PAGES));
	}
	upt_protect_range(&space, UADDR(at(0)), UADDR(at(WINDOW)), 0, NULL);
	EXPECT(shows_nothing(0) && entry_is(&space, 0, 0, 0));
	upt_protect_range(&space, UADDR(at(0)), UADDR(at(WINDOW)), RW, NULL);
	EXPECT(probe_write(ptr(0)));
	teardown();
}

/* The CPU reads PDPTEs only when CR3 is loaded. */
KTEST(upgtable, the_first_page_of_each_gib_is_seen_at_once)
{
	static const uint32_t first[] = { USER_BASE, 0x40000000, 0x80000000,
					  PAGE_OFFSET - PAGE_SIZE };

	setup();
	for (unsigned i = 0; i < ARRAY_SIZE(first); i++) {
		uint32_t word = 0;

		EXPECT(!probe_read32(kva_to_ptr(first[i]), &word));
		REQUIRE(upt_map(&space, UADDR(first[i]), frame(i), R) == 0);
		EXPECT(probe_read32(kva_to_ptr(first[i]), &word));
		EXPECT_EQ(word, 0xc3000000u | i);
	}
	EXPECT_EQ(space.nr_tables, 3 + 4);
	teardown();
}

KTEST(upgtable, page_tables_are_highmem_where_there_is_any)
{
	bool highmem;

	setup();
	map(0, 0, R);
	/* The pages of the test were allocated in the same way. */
	highmem = page_is_highmem(pages[0]) &&
		  (upt_tables_above_4g || frame(0).v < PFN_4G);
	EXPECT_EQ(page_is_highmem(upt_find_table(&space, UADDR(at(0)))),
		  highmem);
	teardown();
	if (!highmem)
		SKIP("needs highmem that the machine can walk");
}

/* ---- ranges ------------------------------------------------------------- */

KTEST(upgtable, a_range_is_unmapped_in_order)
{
	struct got got = { 0 };

	setup();
	for (unsigned i = 0; i < WINDOW; i++)
		map(i, i % PAGES, i % 5 ? RW : 0);
	for (unsigned i = 0; i < WINDOW; i++)
		EXPECT(i % 5 ? shows(i, i % PAGES) : shows_nothing(i));
	upt_unmap_range(&space, UADDR(at(1)), UADDR(at(WINDOW - 1)), collect,
			&got);
	EXPECT_EQ(got.nr, WINDOW - 2);
	for (unsigned i = 0; i < got.nr; i++)
		EXPECT(got.page[i] == pages[(i + 1) % PAGES]);
	for (unsigned i = 1; i < WINDOW - 1; i++)
		EXPECT(shows_nothing(i) && entry_is_empty(&space, i));
	EXPECT(entry_is(&space, 0, 0, 0));
	EXPECT(entry_is(&space, WINDOW - 1, (WINDOW - 1) % PAGES,
			(WINDOW - 1) % 5 ? RW : 0));
	teardown();
}

KTEST(upgtable, tables_wholly_inside_are_freed)
{
	uint32_t line = at(WINDOW / 2), kept, freed;

	setup();
	map(0, 0, R);
	map(WINDOW / 2, 1, R);
	EXPECT_EQ(space.nr_tables, 3);
	kept = page_to_pfn(upt_find_table(&space, UADDR(at(0)))).v;
	freed = page_to_pfn(upt_find_table(&space, UADDR(line))).v;
	upt_slot_load(1, kept);
	upt_unmap_range(&space, UADDR(line), UADDR(line + PT_SPAN),
			ignore_pages, NULL);
	EXPECT_EQ(space.nr_tables, 2);
	EXPECT(upt_slot_pfn[0] != freed && upt_slot_pfn[1] == kept);
	upt_unmap_range(&space, UADDR(line - PT_SPAN + PAGE_SIZE), UADDR(line),
			ignore_pages, NULL);
	EXPECT_EQ(space.nr_tables, 2);
	EXPECT(entry_is_empty(&space, 0));
	map(WINDOW / 2, 2, R);
	EXPECT(shows(WINDOW / 2, 2));
	teardown();
}

KTEST(upgtable, protect_asks_before_it_makes_writable)
{
	setup();
	for (unsigned i = 0; i < PAGES; i++)
		map(i, i, R);
	upt_protect_range(&space, UADDR(at(0)), UADDR(at(PAGES)), W | X,
			  odd_pages);
	for (unsigned i = 0; i < PAGES; i++) {
		EXPECT(entry_is(&space, i, i, i % 2 ? RW | X : R | X));
		EXPECT_EQ(probe_write(ptr(i)), i % 2);
	}
	teardown();
}

struct visits {
	unsigned nr, stop_at;
	uint32_t last;
};

static int visit(uaddr_t va, struct upt_entry entry, void *arg)
{
	struct visits *v = arg;
	unsigned i = (va.v - BASE) / PAGE_SIZE;

	EXPECT(va.v > v->last);
	EXPECT(entry.present && pfn_eq(entry.pfn, frame(i % PAGES)));
	v->last = va.v;
	return ++v->nr == v->stop_at ? 42 : 0;
}

KTEST(upgtable, entries_are_visited_in_order)
{
	struct visits v = { 0 };

	setup();
	for (unsigned i = 0; i < WINDOW; i += 3)
		map(i, i % PAGES, i % 2 ? R : 0);
	EXPECT_EQ(upt_for_each(&space, UADDR(0), UADDR(PAGE_OFFSET), visit, &v),
		  0);
	EXPECT_EQ(v.nr, WINDOW / 3);
	v = (struct visits){ .stop_at = 5 };
	EXPECT_EQ(upt_for_each(&space, UADDR(at(1)), UADDR(at(WINDOW)), visit,
			       &v), 42);
	EXPECT_EQ(v.nr, 5);
	teardown();
}

KTEST(upgtable, a_copy_shares_and_write_protects)
{
	struct got got = { 0 };

	setup();
	REQUIRE(upt_create(&other) == 0);
	for (unsigned i = 0; i < WINDOW; i += 2) {
		map(i, i % PAGES, i % 4 ? R | X : RW);
		EXPECT_EQ(probe_write(ptr(i)), i % 4 == 0);
	}
	EXPECT_EQ(upt_copy_range(&other, &space, UADDR(at(0)),
				 UADDR(at(WINDOW)), true, collect, &got), 0);
	EXPECT_EQ(got.nr, WINDOW / 2);
	for (unsigned i = 0; i < WINDOW; i += 2) {
		unsigned rights = i % 4 ? R | X : R;

		EXPECT(got.page[i / 2] == pages[i % PAGES]);
		EXPECT(entry_is(&space, i, i % PAGES, rights));
		EXPECT(entry_is(&other, i, i % PAGES, rights));
		EXPECT(!probe_write(ptr(i)));
	}
	EXPECT_NULL(upt_check(&other));
	upt_unmap_range(&other, UADDR(0), UADDR(PAGE_OFFSET), ignore_pages,
			NULL);
	upt_destroy(&other);
	teardown();
}

KTEST(upgtable, a_shared_copy_keeps_its_rights)
{
	struct got got = { 0 };

	setup();
	REQUIRE(upt_create(&other) == 0);
	map(0, 0, RW);
	map(1, 1, 0);
	EXPECT_EQ(upt_copy_range(&other, &space, UADDR(at(0)), UADDR(at(2)),
				 false, collect, &got), 0);
	EXPECT(entry_is(&other, 0, 0, RW) && entry_is(&space, 0, 0, RW));
	EXPECT(entry_is(&other, 1, 1, 0));
	EXPECT_EQ(got.nr, 2);
	upt_unmap_range(&other, UADDR(0), UADDR(PAGE_OFFSET), ignore_pages,
			NULL);
	upt_destroy(&other);
	teardown();
}

KTEST(upgtable, entries_move_across_tables)
{
	uint32_t to = at(0) + 0x00a01000 + 7 * PAGE_SIZE;

	setup();
	for (unsigned i = 0; i < WINDOW; i++) {
		if (i % 7)
			map(i, i % PAGES, i % 5 ? RW : 0);
	}
	EXPECT(shows(1, 1));
	EXPECT_EQ(upt_move_range(&space, UADDR(at(0)), UADDR(to),
				 WINDOW * PAGE_SIZE), 0);
	for (unsigned i = 0; i < WINDOW; i++) {
		struct upt_entry entry =
			upt_lookup(&space, UADDR(to + i * PAGE_SIZE));

		EXPECT(shows_nothing(i) && entry_is_empty(&space, i));
		EXPECT_EQ(entry.present, i % 7 != 0);
		if (entry.present)
			EXPECT(pfn_eq(entry.pfn, frame(i % PAGES)) &&
			       entry.rights == (i % 5 ? RW : 0));
	}
	EXPECT_NULL(upt_check(&space));
	EXPECT_EQ(upt_move_range(&space, UADDR(to), UADDR(at(0)),
				 WINDOW * PAGE_SIZE), 0);
	EXPECT(shows(1, 1) && shows_nothing(5));
	teardown();
}

/* ---- empty tables -------------------------------------------------------- */

static int count_entry(uaddr_t va, struct upt_entry entry, void *arg)
{
	++*(unsigned *)arg;
	return 0;
}

/* Tables 0 and 2 have a page each; 1 and 3 are empty. */
KTEST(upgtable, tables_that_are_empty_are_passed_over)
{
	uint32_t start = at(0) & ~(PT_SPAN - 1), end = start + 4 * PT_SPAN;
	uint32_t to = start + 8 * PT_SPAN;
	struct got got = { 0 };
	unsigned nr = 0;

	setup();
	REQUIRE(upt_create(&other) == 0);
	for (uint32_t va = start; va < end; va += PT_SPAN)
		REQUIRE(upt_reserve(&space, UADDR(va)) == 0);
	REQUIRE(upt_map(&space, UADDR(start), frame(0), RW) == 0);
	REQUIRE(upt_map(&space, UADDR(start + 2 * PT_SPAN), frame(2), RW) == 0);
	EXPECT_EQ(upt_for_each(&space, UADDR(start), UADDR(end), count_entry,
			       &nr), 0);
	EXPECT_EQ(nr, 2);
	upt_protect_range(&space, UADDR(start), UADDR(end), R, NULL);
	EXPECT_EQ(upt_lookup(&space, UADDR(start + 2 * PT_SPAN)).rights, R);
	EXPECT_EQ(upt_copy_range(&other, &space, UADDR(start), UADDR(end),
				 false, collect, &got), 0);
	EXPECT(got.nr == 2 && got.page[0] == pages[0] &&
	       got.page[1] == pages[2]);
	EXPECT(upt_find_table(&other, UADDR(start)) != NULL);
	EXPECT(upt_find_table(&other, UADDR(start + PT_SPAN)) == NULL);
	EXPECT_EQ(upt_move_range(&space, UADDR(start), UADDR(to),
				 end - start), 0);
	EXPECT(upt_find_table(&space, UADDR(to + PT_SPAN)) == NULL);
	got.nr = 0;
	REQUIRE(upt_reserve(&space, UADDR(to + PT_SPAN)) == 0);
	upt_clear_range(&space, UADDR(to), UADDR(to + 4 * PT_SPAN), collect,
			&got);
	EXPECT(got.nr == 2 && got.page[0] == pages[0] &&
	       got.page[1] == pages[2]);
	upt_unmap_range(&other, UADDR(0), UADDR(PAGE_OFFSET), ignore_pages,
			NULL);
	upt_destroy(&other);
	teardown();
}

/* ---- flushes ------------------------------------------------------------- */

#define FLUSHED  (WINDOW / 2)   /* these pages have one table */

static const unsigned flushed[] = {
	0, 1, 2, TLB_FLUSH_ALL_ABOVE - 1, TLB_FLUSH_ALL_ABOVE,
	TLB_FLUSH_ALL_ABOVE + 1, FLUSHED,
};

static struct tlb_stats stats;

/* Slots of page tables are flushed, too: from here on they have these. */
static void flushes_begin(const struct upgtable *upt, uint32_t va,
			  uint32_t other_va)
{
	(void)table_map(upt_find_table(&space, UADDR(va)), UPT_SLOT);
	table_unmap();
	(void)table_map(upt_find_table(upt, UADDR(other_va)), UPT_SLOT_OTHER);
	table_unmap();
	stats = tlb_stats;
}

/* Each of so many pages, or all of user mode; never the kernel's. */
static void expect_flushes(unsigned nr)
{
	bool all = nr > TLB_FLUSH_ALL_ABOVE;

	EXPECT_EQ(tlb_stats.pages - stats.pages, all ? 0 : nr);
	EXPECT_EQ(tlb_stats.user - stats.user, all);
	EXPECT_EQ(tlb_stats.all - stats.all, 0);
	stats = tlb_stats;
}

static void map_first(unsigned nr, unsigned rights)
{
	for (unsigned i = 0; i < nr; i++)
		map(i, i % PAGES, rights);
}

static void protect_first(unsigned nr, unsigned rights)
{
	upt_protect_range(&space, UADDR(at(0)), UADDR(at(nr)), rights, NULL);
}

/* A page without rights is not in the TLB. */
KTEST(upgtable, protect_flushes_the_pages_of_its_range)
{
	setup();
	map_first(FLUSHED, RW);
	for (unsigned i = 0; i < ARRAY_SIZE(flushed); i++) {
		unsigned nr = flushed[i];

		flushes_begin(&space, at(0), at(0));
		protect_first(nr, RW);
		expect_flushes(0);
		protect_first(nr, R);
		expect_flushes(nr);
		protect_first(nr, 0);
		expect_flushes(nr);
		protect_first(nr, RW);
		expect_flushes(0);
		upt_switch(NULL);
		stats = tlb_stats;
		protect_first(nr, R);
		expect_flushes(0);
		protect_first(nr, RW);
		upt_switch(&space);
	}
	teardown();
}

KTEST(upgtable, unmap_flushes_the_pages_that_were_there)
{
	setup();
	for (unsigned i = 0; i < ARRAY_SIZE(flushed); i++) {
		unsigned nr = flushed[i];

		map(FLUSHED - 1, 0, RW);
		map_first(nr, RW);
		flushes_begin(&space, at(0), at(0));
		upt_clear_range(&space, UADDR(at(0)), UADDR(at(nr)),
				ignore_pages, NULL);
		expect_flushes(nr);
		upt_clear_range(&space, UADDR(at(0)), UADDR(at(nr)),
				ignore_pages, NULL);
		expect_flushes(0);
		map_first(nr, 0);
		upt_clear_range(&space, UADDR(at(0)), UADDR(at(nr)),
				ignore_pages, NULL);
		expect_flushes(0);
	}
	teardown();
}

KTEST(upgtable, a_copy_flushes_what_it_write_protects)
{
	setup();
	REQUIRE(upt_create(&other) == 0);
	map_first(FLUSHED, RW);
	for (unsigned i = 0; i < ARRAY_SIZE(flushed); i++) {
		unsigned nr = flushed[i];

		for (unsigned k = 0; k < 2; k++) {
			REQUIRE(upt_reserve(&other, UADDR(at(0))) == 0);
			flushes_begin(&other, at(0), at(0));
			EXPECT_EQ(upt_copy_range(&other, &space, UADDR(at(0)),
						 UADDR(at(nr)), k, ignore_pages,
						 NULL),
				  0);
			expect_flushes(k ? nr : 0);
			upt_unmap_range(&other, UADDR(0), UADDR(PAGE_OFFSET),
					ignore_pages, NULL);
		}
		protect_first(FLUSHED, RW);
	}
	upt_destroy(&other);
	teardown();
}

KTEST(upgtable, a_move_flushes_the_old_addresses)
{
	uint32_t to = at(0) + 3 * PT_SPAN;

	setup();
	for (unsigned i = 0; i < ARRAY_SIZE(flushed); i++) {
		unsigned nr = flushed[i];

		map_first(nr, RW);
		REQUIRE(upt_reserve(&space, UADDR(at(0))) == 0);
		REQUIRE(upt_reserve(&space, UADDR(to)) == 0);
		flushes_begin(&space, at(0), to);
		EXPECT_EQ(upt_move_range(&space, UADDR(at(0)), UADDR(to),
					 nr * PAGE_SIZE), 0);
		expect_flushes(nr);
		upt_clear_range(&space, UADDR(to),
				UADDR(to + FLUSHED * PAGE_SIZE), ignore_pages,
				NULL);
	}
	teardown();
}

/* Empty the first page of each half. Returns: how many pages were flushed. */
static unsigned long flushes_of_two_tables(void)
{
	unsigned long before;

	map(0, 0, RW);
	map(WINDOW / 2, 1, RW);
	before = tlb_stats.pages;
	upt_clear_range(&space, UADDR(at(0)), UADDR(at(WINDOW)), ignore_pages,
			NULL);
	return tlb_stats.pages - before;
}

/* Slots of tables are flushed, too, but for each space in the same way. */
KTEST(upgtable, pages_of_two_tables_are_flushed_once)
{
	unsigned long loaded, unloaded;

	setup();
	(void)flushes_of_two_tables();
	loaded = flushes_of_two_tables();
	upt_switch(NULL);
	unloaded = flushes_of_two_tables();
	upt_switch(&space);
	EXPECT_EQ(loaded - unloaded, 2);
	teardown();
}

/* ---- tables above 4 GiB -------------------------------------------------- */

/* Take the free block whose first frame is the first one above 4 GiB. */
static struct page *take_block_at_4g(void)
{
	struct page *head = pfn_to_page(PFN(PFN_4G)), *block;
	struct zone *zone = &zones[ZONE_HIGHMEM];
	irqflags_t flags;

	drain_local_pages();
	flags = spin_lock_irqsave(&zone->lock);
	if (pfn_valid(PFN(PFN_4G)) && page_state(PFN(PFN_4G)) == PAGE_FREE &&
	    head->order == MAX_ORDER)
		list_move(&head->list, &zone->free[MAX_ORDER]);
	spin_unlock_irqrestore(&zone->lock, flags);
	block = alloc_pages(GFP_HIGHUSER | GFP_NOWARN, MAX_ORDER);
	if (block == head)
		return block;
	if (block)
		free_pages(block, MAX_ORDER);
	SKIP("needs a free block at 4 GiB");
}

/* The first frame above 4 GiB is the next free page. It must not be a table. */
KTEST(upgtable, a_table_below_4_GiB_is_not_the_first_frame_above)
{
	bool above = upt_tables_above_4g;
	struct page *head = take_block_at_4g(), *table;

	setup();
	head->state_order = STATE_ORDER(PAGE_USED, 0);
	upt_tables_above_4g = false;
	free_page(head);
	map(0, 1, RW);
	upt_tables_above_4g = above;
	EXPECT_EQ(space.nr_tables, 2);
	list_for_each_entry(table, &space.tables, list)
		EXPECT(page_to_pfn(table).v < PFN_4G);
	EXPECT(shows(0, 1));
	EXPECT(alloc_page(GFP_HIGHUSER) == head);
	head->state_order = STATE_ORDER(PAGE_USED, MAX_ORDER);
	free_pages(head, MAX_ORDER);
	teardown();
}

/* The first frame above 4 GiB is a table; then the machine walks none there. */
KTEST(upgtable, check_finds_a_table_that_the_machine_cannot_walk)
{
	bool above = upt_tables_above_4g;
	struct page *head = take_block_at_4g();

	setup();
	head->state_order = STATE_ORDER(PAGE_USED, 0);
	upt_tables_above_4g = true;
	free_page(head);
	map(0, 1, RW);
	EXPECT(upt_find_table(&space, UADDR(at(0))) == head);
	EXPECT_NULL(upt_check(&space));
	upt_tables_above_4g = false;
	EXPECT_STREQ(upt_check(&space),
		     "upgtable U3: a table's frame is RAM, where tables may be");
	upt_tables_above_4g = above;
	upt_unmap_range(&space, UADDR(USER_BASE), UADDR(PAGE_OFFSET),
			ignore_pages, NULL);
	EXPECT(alloc_page(GFP_HIGHUSER) == head);
	head->state_order = STATE_ORDER(PAGE_USED, MAX_ORDER);
	free_pages(head, MAX_ORDER);
	teardown();
}

/* A machine with RAM above 2 GiB has tables there. */
KTEST(upgtable, the_entry_of_a_table_names_its_frame)
{
	pde_t *pde;
	pfn_t pfn;

	setup();
	map(0, 1, RW);
	pfn = page_to_pfn(upt_find_table(&space, UADDR(at(0))));
	pde = &upt_directory(&upt_pdpt(&space)[pdpt_index(at(0))])
		[pd_index(at(0))];
	EXPECT_EQ(pde->v >> PAGE_SHIFT, pfn.v);
	EXPECT(shows(0, 1));
	teardown();
}
