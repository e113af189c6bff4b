// SPDX-License-Identifier: MIT
/*
 * upgtable.c - tests of the page tables of user address spaces
 *
 * ALGORITHM  A few pages with a mark in the first word are mapped here and
 *          there; a model remembers what each address should be. Accesses go
 *          through the MMU (the host's is a program), with SMAP and SMEP off,
 *          because it is the kernel that touches user pages here.
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/kva.h>
#include <arch/pgtable_bits.h>
#include <arch/probe.h>
#include <arch/upgtable.h>

#include "arch/i386/mm/upgtable_impl.h"
#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

#define CR4_SMEP  0x00100000u
#define CR4_SMAP  0x00200000u

#define R   UPT_READ
#define W   UPT_WRITE
#define X   UPT_EXEC
#define RW  (UPT_READ | UPT_WRITE)

/* Half of the window in one page table, half in the next. */
#define PAGES   12u
#define WINDOW  96u
#define BASE    (0x40200000u - WINDOW / 2 * PAGE_SIZE)

static struct upgtable space, other;
static struct page *pages[PAGES];
static uint32_t saved_cr4;

static const char *upgtable_check(void)
{
	return space.pdpt ? upt_check(&space) : NULL;
}

SUITE(upgtable, upgtable_check);

static uint32_t at(unsigned i)
{
	return BASE + i * PAGE_SIZE;
}

static void *ptr(unsigned i)
{
	return kva_to_ptr(at(i));
}

static pfn_t frame(unsigned page)
{
	return page_to_pfn(pages[page]);
}

static void mark(unsigned page, uint32_t word)
{
	uint32_t *words = kmap_local(pages[page]);

	words[0] = word;
	kunmap_local(words);
}

/* An address space with nothing in it, loaded. */
static void setup(void)
{
	REQUIRE(upt_create(&space) == 0);
	for (unsigned i = 0; i < PAGES; i++) {
		pages[i] = alloc_page(GFP_HIGHUSER | GFP_ZERO);
		REQUIRE(pages[i]);
		mark(i, 0xc3000000u | i);
	}
	saved_cr4 = read_cr4();
	write_cr4(saved_cr4 & ~(CR4_SMEP | CR4_SMAP));
	upt_switch(&space);
}

static void ignore_pages(struct page *const array[], unsigned nr, void *arg)
{
}

static void teardown(void)
{
	EXPECT_NULL(upt_check(&space));
	upt_unmap_range(&space, USER_BASE, PAGE_OFFSET, ignore_pages, NULL);
	EXPECT_NULL(upt_check(&space));
	upt_switch(NULL);
	write_cr4(saved_cr4);
	upt_destroy(&space);
	for (unsigned i = 0; i < PAGES; i++)
		free_page(pages[i]);
}

static void map(unsigned i, unsigned page, unsigned rights)
{
	REQUIRE(upt_map(&space, at(i), frame(page), rights) == 0);
}

/* Does the MMU show this page at the address? */
static bool shows(unsigned i, unsigned page)
{
	uint32_t word;

	return probe_read32(ptr(i), &word) && word == (0xc3000000u | page);
}

static bool shows_nothing(unsigned i)
{
	uint32_t word;

	return !probe_read32(ptr(i), &word);
}

/* Does the entry say so? */
static bool entry_is(const struct upgtable *upt, unsigned i, unsigned page,
		     unsigned rights)
{
	struct upt_entry entry = upt_lookup(upt, at(i));

	return entry.present && pfn_eq(entry.pfn, frame(page)) &&
	       entry.rights == rights;
}

static bool entry_is_empty(const struct upgtable *upt, unsigned i)
{
	return !upt_lookup(upt, at(i)).present;
}

/* ---- address spaces ------------------------------------------------------ */

KTEST(upgtable, a_new_space_is_empty)
{
	setup();
	EXPECT_EQ(space.nr_tables, 0);
	EXPECT_EQ(space.root.v % 32, 0);
	EXPECT(space.root.v < 1ull << 32);
	EXPECT(entry_is_empty(&space, 0));
	EXPECT(shows_nothing(0));
	EXPECT(!upt_unmap(&space, at(0)).present);
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
	REQUIRE(upt_map(&other, at(0), frame(2), R) == 0);
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
	/* The slab of the first one stays. */
	REQUIRE(upt_create(&other) == 0);
	upt_destroy(&other);
	free = nr_free_pages();
	for (unsigned i = 0; i < 10000; i++) {
		REQUIRE(upt_create(&other) == 0);
		if (i % 64 == 0)
			REQUIRE(upt_map(&other, at(i % WINDOW), frame(0),
					R) == 0);
		upt_switch(&other);
		upt_switch(&space);
		upt_destroy(&other);
	}
	EXPECT_EQ(nr_free_pages(), free);
	teardown();
}

/* ---- single entries ------------------------------------------------------ */

KTEST(upgtable, a_page_is_mapped_and_unmapped)
{
	struct upt_entry entry;

	setup();
	map(3, 5, RW);
	EXPECT(shows(3, 5));
	EXPECT(shows_nothing(2) && shows_nothing(4));
	EXPECT(entry_is(&space, 3, 5, RW));
	EXPECT_EQ(space.nr_tables, 2);
	entry = upt_unmap(&space, at(3));
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
	EXPECT(!upt_lookup(&space, at(0)).accessed);
	EXPECT(shows(0, 0));
	EXPECT(upt_lookup(&space, at(0)).accessed);
	EXPECT(!upt_lookup(&space, at(0)).dirty);
	EXPECT(probe_write(ptr(0)));
	EXPECT(upt_lookup(&space, at(0)).dirty);
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

		EXPECT_EQ(upt_lookup(&space, at(rights)).rights,
			  rights ? rights | R : 0);
		EXPECT_EQ(probe_read32(ptr(rights), &word), rights != 0);
		EXPECT_EQ(probe_write(ptr(rights)), !!(rights & W));
		EXPECT_EQ(probe_execute(ptr(rights)),
			  rights && (!nx || rights & X));
	}
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
		REQUIRE(upt_map(&space, first[i], frame(i), R) == 0);
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
	/* The pages were asked for in the same way. */
	highmem = page_is_highmem(pages[0]) &&
		  (upt_tables_above_4g || frame(0).v < PFN_4G);
	EXPECT_EQ(page_is_highmem(upt_find_table(&space, at(0))), highmem);
	teardown();
	if (!highmem)
		SKIP("needs highmem that the machine can walk");
}

/* ---- ranges -------------------------------------------------------------- */

struct got {
	unsigned     nr;
	struct page *page[WINDOW];
};

static void collect(struct page *const array[], unsigned nr, void *arg)
{
	struct got *got = arg;

	for (unsigned i = 0; i < nr && got->nr < WINDOW; i++)
		got->page[got->nr++] = array[i];
}

KTEST(upgtable, a_range_is_unmapped_in_order)
{
	struct got got = { 0 };

	setup();
	for (unsigned i = 0; i < WINDOW; i++)
		map(i, i % PAGES, i % 5 ? RW : 0);
	for (unsigned i = 0; i < WINDOW; i++)
		EXPECT(i % 5 ? shows(i, i % PAGES) : shows_nothing(i));
	upt_unmap_range(&space, at(1), at(WINDOW - 1), collect, &got);
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
	uint32_t line = at(WINDOW / 2);

	setup();
	map(0, 0, R);
	map(WINDOW / 2, 1, R);
	EXPECT_EQ(space.nr_tables, 3);
	upt_unmap_range(&space, line, line + PT_SPAN, ignore_pages, NULL);
	EXPECT_EQ(space.nr_tables, 2);
	upt_unmap_range(&space, line - PT_SPAN + PAGE_SIZE, line, ignore_pages,
			NULL);
	EXPECT_EQ(space.nr_tables, 2);
	EXPECT(entry_is_empty(&space, 0));
	map(WINDOW / 2, 2, R);
	EXPECT(shows(WINDOW / 2, 2));
	teardown();
}

static bool odd_pages(struct page *page)
{
	for (unsigned i = 0; i < PAGES; i++) {
		if (pages[i] == page)
			return i % 2;
	}
	return false;
}

KTEST(upgtable, protect_changes_what_is_there)
{
	setup();
	for (unsigned i = 0; i < WINDOW; i += 2) {
		map(i, i % PAGES, RW);
		EXPECT(probe_write(ptr(i)));
	}
	upt_protect_range(&space, at(0), at(WINDOW), R, NULL);
	for (unsigned i = 0; i < WINDOW; i++) {
		EXPECT(!probe_write(ptr(i)));
		if (i % 2)
			EXPECT(entry_is_empty(&space, i));
		else
			EXPECT(entry_is(&space, i, i % PAGES, R) &&
			       shows(i, i % PAGES));
	}
	upt_protect_range(&space, at(0), at(WINDOW), 0, NULL);
	EXPECT(shows_nothing(0) && entry_is(&space, 0, 0, 0));
	upt_protect_range(&space, at(0), at(WINDOW), RW, NULL);
	EXPECT(probe_write(ptr(0)));
	teardown();
}

KTEST(upgtable, protect_asks_before_it_makes_writable)
{
	setup();
	for (unsigned i = 0; i < PAGES; i++)
		map(i, i, R);
	upt_protect_range(&space, at(0), at(PAGES), W | X, odd_pages);
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

static int visit(uint32_t va, struct upt_entry entry, void *arg)
{
	struct visits *v = arg;
	unsigned i = (va - BASE) / PAGE_SIZE;

	EXPECT(va > v->last);
	EXPECT(entry.present && pfn_eq(entry.pfn, frame(i % PAGES)));
	v->last = va;
	return ++v->nr == v->stop_at ? 42 : 0;
}

KTEST(upgtable, entries_are_visited_in_order)
{
	struct visits v = { 0 };

	setup();
	for (unsigned i = 0; i < WINDOW; i += 3)
		map(i, i % PAGES, i % 2 ? R : 0);
	EXPECT_EQ(upt_for_each(&space, 0, PAGE_OFFSET, visit, &v), 0);
	EXPECT_EQ(v.nr, WINDOW / 3);
	v = (struct visits){ .stop_at = 5 };
	EXPECT_EQ(upt_for_each(&space, at(1), at(WINDOW), visit, &v), 42);
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
	EXPECT_EQ(upt_copy_range(&other, &space, at(0), at(WINDOW), true,
				 collect, &got), 0);
	EXPECT_EQ(got.nr, WINDOW / 2);
	for (unsigned i = 0; i < WINDOW; i += 2) {
		unsigned rights = i % 4 ? R | X : R;

		EXPECT(got.page[i / 2] == pages[i % PAGES]);
		EXPECT(entry_is(&space, i, i % PAGES, rights));
		EXPECT(entry_is(&other, i, i % PAGES, rights));
		EXPECT(!probe_write(ptr(i)));
	}
	EXPECT_NULL(upt_check(&other));
	upt_unmap_range(&other, 0, PAGE_OFFSET, ignore_pages, NULL);
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
	EXPECT_EQ(upt_copy_range(&other, &space, at(0), at(2), false, collect,
				 &got), 0);
	EXPECT(entry_is(&other, 0, 0, RW) && entry_is(&space, 0, 0, RW));
	EXPECT(entry_is(&other, 1, 1, 0));
	EXPECT_EQ(got.nr, 2);
	upt_unmap_range(&other, 0, PAGE_OFFSET, ignore_pages, NULL);
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
	EXPECT_EQ(upt_move_range(&space, at(0), to, WINDOW * PAGE_SIZE), 0);
	for (unsigned i = 0; i < WINDOW; i++) {
		struct upt_entry entry =
			upt_lookup(&space, to + i * PAGE_SIZE);

		EXPECT(shows_nothing(i) && entry_is_empty(&space, i));
		EXPECT_EQ(entry.present, i % 7 != 0);
		if (entry.present)
			EXPECT(pfn_eq(entry.pfn, frame(i % PAGES)) &&
			       entry.rights == (i % 5 ? RW : 0));
	}
	EXPECT_NULL(upt_check(&space));
	EXPECT_EQ(upt_move_range(&space, to, at(0), WINDOW * PAGE_SIZE), 0);
	EXPECT(shows(1, 1) && shows_nothing(5));
	teardown();
}

/* ---- failure and misuse --------------------------------------------------- */

static bool map_one(void *arg)
{
	if (upt_map(&space, at(0), frame(0), R))
		return false;
	upt_unmap_range(&space, at(0) & ~(PT_SPAN - 1),
			at(0) | (PT_SPAN - PAGE_SIZE), ignore_pages, NULL);
	return true;
}

KTEST(upgtable, without_memory_nothing_is_mapped)
{
	setup();
	EXPECT_EQ(ktest_each_failure(map_one, NULL), 2);
	teardown();
}

static bool copy_all(void *arg)
{
	struct got *got = arg;
	bool ok;

	got->nr = 0;
	if (upt_create(&other))
		return false;
	ok = !upt_copy_range(&other, &space, at(0), at(WINDOW), true, collect,
			     got);
	EXPECT_NULL(upt_check(&other));
	upt_unmap_range(&other, 0, PAGE_OFFSET, ignore_pages, NULL);
	upt_destroy(&other);
	return ok;
}

KTEST(upgtable, each_failure_of_a_copy_can_be_undone)
{
	struct got got;

	setup();
	for (unsigned i = 0; i < WINDOW; i += 2)
		map(i, i % PAGES, RW);
	EXPECT(ktest_each_failure(copy_all, &got) >= 4);
	EXPECT_EQ(got.nr, WINDOW / 2);
	teardown();
}

static bool move_away(void *arg)
{
	uint32_t to = 0x90200000u - WINDOW / 3 * PAGE_SIZE;

	if (upt_move_range(&space, at(0), to, WINDOW * PAGE_SIZE)) {
		for (unsigned i = 0; i < WINDOW; i += 2)
			EXPECT(entry_is(&space, i, i % PAGES, RW));
		return false;
	}
	REQUIRE(upt_move_range(&space, to, at(0), WINDOW * PAGE_SIZE) == 0);
	return true;
}

KTEST(upgtable, a_move_that_fails_moves_nothing)
{
	setup();
	for (unsigned i = 0; i < WINDOW; i += 2)
		map(i, i % PAGES, RW);
	/* Tables that were made before one failed stay, so fewer are left. */
	EXPECT(ktest_each_failure(move_away, NULL) >= 2);
	teardown();
}

static void map_in_the_kernel(void *arg)
{
	(void)!upt_map(&space, PAGE_OFFSET, frame(0), R);
}

static void map_unaligned(void *arg)
{
	(void)!upt_map(&space, at(0) + 4, frame(0), R);
}

static void range_into_the_kernel(void *arg)
{
	upt_unmap_range(&space, at(0), PAGE_OFFSET + PAGE_SIZE, ignore_pages,
			NULL);
}

static void destroy_loaded(void *arg)
{
	upt_destroy(&space);
}

static void move_onto_itself(void *arg)
{
	(void)!upt_move_range(&space, at(0), at(1), 2 * PAGE_SIZE);
}

KTEST(upgtable, misuse_is_caught)
{
	setup();
	EXPECT_PANIC(map_in_the_kernel, NULL, "is_user_page");
	EXPECT_PANIC(map_unaligned, NULL, "is_user_page");
	EXPECT_PANIC(range_into_the_kernel, NULL, "is_user_range");
	EXPECT_PANIC(destroy_loaded, NULL, "upt_is_loaded");
	EXPECT_PANIC(move_onto_itself, NULL, "from + size <= to");
	teardown();
}

/* ---- the checker ----------------------------------------------------------- */

/* Change one half of the entry of page 0, check, change it back. */
static const char *law_with(uint32_t low, uint32_t high)
{
	struct page *pt = upt_find_table(&space, at(0));
	struct entry_halves *entries = kmap_local(pt);
	struct entry_halves *entry = &entries[pt_index(at(0))];
	struct entry_halves right = *entry;
	const char *law;

	entry->low ^= low;
	entry->high ^= high;
	law = upt_check(&space);
	*entry = right;
	kunmap_local(entries);
	return law ? law : "none";
}

static bool breaks(const char *rule, uint32_t low, uint32_t high)
{
	return !strncmp(law_with(low, high), rule, strlen(rule));
}

KTEST(upgtable, the_checker_knows_each_rule_of_an_entry)
{
	setup();
	map(0, 0, RW);
	EXPECT(breaks("U7:", (uint32_t)PAE_US, 0));
	EXPECT(breaks("U7:", (uint32_t)PAE_G, 0));
	EXPECT(breaks("U7:", (uint32_t)PAE_PCD, 0));
	EXPECT(breaks("U8:", 0, 1u << 20));
	EXPECT(breaks("U9:", 0, 1u << 31));
	EXPECT(breaks("U6:", (uint32_t)PAE_P, 0));
	EXPECT(breaks("none", (uint32_t)(PAE_A | PAE_D), 0));
	teardown();
}

KTEST(upgtable, the_checker_counts)
{
	struct page *pt;

	setup();
	map(0, 0, RW);
	pt = upt_find_table(&space, at(0));
	pt->refs++;
	EXPECT(!strncmp(upt_check(&space), "U5:", 3));
	pt->refs--;
	space.nr_tables++;
	EXPECT(!strncmp(upt_check(&space), "U4:", 3));
	space.nr_tables--;
	pt->state = PAGE_USED;
	EXPECT(!strncmp(upt_check(&space), "U3:", 3));
	pt->state = PAGE_TABLE;
	REQUIRE(upt_map(&space, 0, frame(0), R) == 0);
	EXPECT(!strncmp(upt_check(&space), "U10:", 4));
	upt_unmap(&space, 0);
	teardown();
}

/* ---- random operations against a model ------------------------------------ */

#define STEPS  700u

#define EMPTY  0xffu

static struct {
	uint8_t page;      /* EMPTY: nothing */
	uint8_t rights;
} model[WINDOW];

static void step_map(struct rng *rng)
{
	unsigned i = rng_below(rng, WINDOW);

	model[i].page = (uint8_t)rng_below(rng, PAGES);
	model[i].rights = (uint8_t)rng_below(rng, 8);
	map(i, model[i].page, model[i].rights);
	if (model[i].rights)
		model[i].rights |= R;
}

static void step_unmap(unsigned start, unsigned end)
{
	struct got got = { 0 };
	unsigned nr = 0;

	upt_unmap_range(&space, at(start), at(end), collect, &got);
	for (unsigned i = start; i < end; i++) {
		if (model[i].page == EMPTY)
			continue;
		EXPECT(got.page[nr] == pages[model[i].page]);
		nr++;
		model[i].page = EMPTY;
	}
	EXPECT_EQ(got.nr, nr);
}

static void step_protect(struct rng *rng, unsigned start, unsigned end)
{
	unsigned rights = rng_below(rng, 8);
	bool ask = rng_below(rng, 2);

	if (rights)
		rights |= R;
	upt_protect_range(&space, at(start), at(end), rights,
			  ask ? odd_pages : NULL);
	for (unsigned i = start; i < end; i++) {
		bool may = !ask || model[i].page % 2;

		if (model[i].page != EMPTY)
			model[i].rights =
				(uint8_t)(may ? rights : rights & ~W);
	}
}

static void step_move(struct rng *rng, unsigned start, unsigned end)
{
	unsigned size = end - start;
	unsigned to = rng_below(rng, WINDOW - size + 1);

	if (to < end && start < to + size)
		return;   /* they overlap */
	step_unmap(to, to + size);
	REQUIRE(upt_move_range(&space, at(start), at(to),
			       size * PAGE_SIZE) == 0);
	for (unsigned i = 0; i < size; i++) {
		model[to + i] = model[start + i];
		model[start + i].page = EMPTY;
	}
}

/* Fork, look at the child, and forget it. */
static void step_copy(unsigned start, unsigned end)
{
	struct got got = { 0 };

	REQUIRE(upt_create(&other) == 0);
	REQUIRE(upt_copy_range(&other, &space, at(start), at(end), true,
			       collect, &got) == 0);
	for (unsigned i = start; i < end; i++) {
		model[i].rights &= (uint8_t)~W;
		if (model[i].page == EMPTY)
			EXPECT(entry_is_empty(&other, i));
		else
			EXPECT(entry_is(&other, i, model[i].page,
					model[i].rights));
	}
	EXPECT_NULL(upt_check(&other));
	upt_unmap_range(&other, 0, PAGE_OFFSET, ignore_pages, NULL);
	upt_destroy(&other);
}

static void compare(void)
{
	for (unsigned i = 0; i < WINDOW; i++) {
		if (model[i].page == EMPTY) {
			EXPECT(entry_is_empty(&space, i) && shows_nothing(i));
			continue;
		}
		EXPECT(entry_is(&space, i, model[i].page, model[i].rights));
		EXPECT(model[i].rights ? shows(i, model[i].page) :
					 shows_nothing(i));
		EXPECT_EQ(probe_write(ptr(i)), !!(model[i].rights & W));
	}
	EXPECT_NULL(upt_check(&space));
}

KTEST(upgtable, random_operations_agree_with_a_model)
{
	struct rng rng;

	setup();
	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < WINDOW; i++)
		model[i].page = EMPTY;
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned start = rng_below(&rng, WINDOW);
		unsigned end = start + rng_below(&rng, WINDOW - start + 1);

		switch (rng_below(&rng, 16)) {
		case 0: step_unmap(start, end); break;
		case 1: step_protect(&rng, start, end); break;
		case 2: step_move(&rng, start, end); break;
		case 3: step_copy(start, end); break;
		default: step_map(&rng); break;
		}
		if (step % 16 == 0)
			compare();
	}
	compare();
	teardown();
}
