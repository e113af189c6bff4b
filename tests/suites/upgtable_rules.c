// SPDX-License-Identifier: MIT
/*
 * upgtable_rules.c - user page tables: failure, misuse, rules, a model
 *
 * ALGORITHM  For each address of the window, the model has the page and the
 *          rights that should be there.
 */
#include <arch/fault_words.h>
#include <arch/irqflags.h>
#include <arch/pgtable_check.h>
#include <arch/tlb.h>

#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "mm/account/account.h"
#include "tests/suites/upgtable_space.h"

static struct upgtable other;   /* beside `space` */

static const char *rules_check(void)
{
	return space.pdpt ? upt_check(&space) : NULL;
}

SUITE(upgtable_rules, rules_check);

/* ---- failure and misuse ------------------------------------------------- */

static bool map_one(void *arg)
{
	if (upt_map(&space, UADDR(at(0)), frame(0), R))
		return false;
	upt_unmap_range(&space, UADDR(at(0) & ~(PT_SPAN - 1)),
			UADDR(at(0) | (PT_SPAN - PAGE_SIZE)), ignore_pages,
			NULL);
	return true;
}

KTEST(upgtable_rules, without_memory_nothing_is_mapped)
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
	ok = !upt_copy_range(&other, &space, UADDR(at(0)), UADDR(at(WINDOW)),
			     true, collect, got);
	EXPECT_NULL(upt_check(&other));
	upt_unmap_range(&other, UADDR(0), UADDR(PAGE_OFFSET), ignore_pages,
			NULL);
	upt_destroy(&other);
	return ok;
}

KTEST(upgtable_rules, each_failure_of_a_copy_can_be_undone)
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

	if (upt_move_range(&space, UADDR(at(0)), UADDR(to),
			   WINDOW * PAGE_SIZE)) {
		for (unsigned i = 0; i < WINDOW; i += 2)
			EXPECT(entry_is(&space, i, i % PAGES, RW));
		return false;
	}
	REQUIRE(upt_move_range(&space, UADDR(to), UADDR(at(0)),
			       WINDOW * PAGE_SIZE) == 0);
	return true;
}

KTEST(upgtable_rules, a_move_that_fails_moves_nothing)
{
	setup();
	for (unsigned i = 0; i < WINDOW; i += 2)
		map(i, i % PAGES, RW);
	/* Tables made before a failure stay: later runs need fewer. */
	EXPECT(ktest_each_failure(move_away, NULL) >= 2);
	teardown();
}

/* Does the space have a page table for this address? */
static bool has_table(uint32_t va)
{
	return upt_find_table(&space, UADDR(va)) != NULL;
}

#define MOVED  (WINDOW / 2)   /* pages; all have one table */

/*
 * Move to an address in the tables [first, end) of 2 MiB. The tables beside
 * them are promised to somebody else: they stay, whether the move succeeds.
 */
static void move_between_promises(uint32_t to, uint32_t first, uint32_t end)
{
	unsigned long tables;

	setup();
	for (unsigned i = 0; i < MOVED; i++)
		map(i, i % PAGES, RW);
	REQUIRE(upt_reserve(&space, UADDR(first - PT_SPAN)) == 0);
	REQUIRE(upt_reserve(&space, UADDR(end)) == 0);
	tables = space.nr_tables;
	failpoint_arm(1);
	EXPECT_EQ(upt_move_range(&space, UADDR(at(0)), UADDR(to),
				 MOVED * PAGE_SIZE), -ENOMEM);
	EXPECT(failpoint_disarm());
	EXPECT_EQ(space.nr_tables, tables);
	EXPECT(has_table(first - PT_SPAN) && has_table(end));
	EXPECT_EQ(upt_move_range(&space, UADDR(at(0)), UADDR(to),
				 MOVED * PAGE_SIZE), 0);
	EXPECT_EQ(space.nr_tables, tables + (end - first) / PT_SPAN);
	EXPECT(has_table(first - PT_SPAN) && has_table(end));
	teardown();
}

KTEST(upgtable_rules, a_move_leaves_the_tables_beside_it_alone)
{
	const uint32_t line = 0x90400000u, size = MOVED * PAGE_SIZE;

	move_between_promises(line, line, line + PT_SPAN);
	move_between_promises(line - size, line - PT_SPAN, line);
	move_between_promises(line - size + PAGE_SIZE, line - PT_SPAN,
			      line + PT_SPAN);
	move_between_promises(line - PAGE_SIZE, line - PT_SPAN,
			      line + PT_SPAN);
}

/* From one table to another, with and without the table's last page. */
KTEST(upgtable_rules, a_move_of_a_whole_table_leaves_no_empty_one)
{
	uint32_t line = at(WINDOW / 2), to = line + 3 * PT_SPAN;

	setup();
	map(WINDOW / 2, 1, R);
	EXPECT_EQ(space.nr_tables, 2);
	EXPECT_EQ(upt_move_range(&space, UADDR(line), UADDR(to), PT_SPAN), 0);
	EXPECT_EQ(space.nr_tables, 2);
	EXPECT(!upt_find_table(&space, UADDR(line)));
	EXPECT_EQ(upt_move_range(&space, UADDR(to), UADDR(line),
				 PT_SPAN - PAGE_SIZE), 0);
	EXPECT_EQ(space.nr_tables, 3);
	EXPECT(upt_find_table(&space, UADDR(to)));
	EXPECT(shows(WINDOW / 2, 1));
	teardown();
}

KTEST(upgtable_rules, each_table_is_charged)
{
	struct account *account = account_create(NULL);
	unsigned long *used;

	REQUIRE(account);
	used = &account->used[ACCOUNT_TABLES];
	setup();
	space.account = account;
	map(0, 0, R);
	EXPECT_EQ(*used, 2);
	failpoint_arm(1);
	EXPECT_EQ(upt_map(&space, UADDR(at(WINDOW / 2)), frame(0), R), -ENOMEM);
	EXPECT(failpoint_disarm());
	EXPECT_EQ(*used, 2);
	EXPECT(!space.refused);
	map(WINDOW / 2, 0, R);
	EXPECT_EQ(*used, 3);
	account_set_limit(account, ACCOUNT_TABLES, 3);
	EXPECT_EQ(upt_reserve(&space, UADDR(at(0) + PT_SPAN * 4)), -ENOMEM);
	EXPECT(space.refused);
	EXPECT_EQ(*used, 3);
	upt_unmap_range(&space, UADDR(USER_BASE), UADDR(PAGE_OFFSET),
			ignore_pages, NULL);
	EXPECT_EQ(*used, space.nr_tables);
	EXPECT_EQ(upt_reserve(&space, UADDR(at(0))), 0);
	EXPECT(!space.refused);
	teardown();
	EXPECT_EQ(*used, 0);
	account_put(account);
}

/* Returns: how many pages the end of an empty table flushes. */
static unsigned long flushes_of_an_empty_table(void)
{
	uint32_t start = at(0) & ~(PT_SPAN - 1);
	unsigned long before;

	REQUIRE(upt_reserve(&space, UADDR(start)) == 0);
	before = tlb_stats.pages;
	upt_free_empty(&space, UADDR(start), UADDR(start + PT_SPAN));
	EXPECT(!upt_find_table(&space, UADDR(start)));
	return tlb_stats.pages - before;
}

/* The CPU may have cached the entry of the directory. */
KTEST(upgtable_rules, the_end_of_a_table_is_flushed_while_it_is_loaded)
{
	unsigned long loaded, unloaded;

	setup();
	(void)flushes_of_an_empty_table();
	loaded = flushes_of_an_empty_table();
	upt_switch(NULL);
	unloaded = flushes_of_an_empty_table();
	upt_switch(&space);
	EXPECT_EQ(loaded - unloaded, 1);
	teardown();
}

/* CR3 has bits that are no address. */
static void expect_walk(const struct upgtable *upt, unsigned levels)
{
	const pdpte_t *pdpte = &upt_pdpt(upt)[pdpt_index(at(0))];
	struct fault_walk walk;

	fault_walk((uint32_t)upt->root.v | 0x1f, at(0), &walk);
	REQUIRE(walk.levels == levels);
	EXPECT_EQ(walk.entry[FAULT_PDPTE], pdpte->v);
	EXPECT_EQ(walk.entry[FAULT_PDE],
		  upt_directory(pdpte)[pd_index(at(0))].v);
	if (levels > FAULT_PTE)
		EXPECT_EQ((walk.entry[FAULT_PTE] & PAE_ADDR_MASK) >> PAGE_SHIFT,
			  frame(0).v);
}

KTEST(upgtable_rules, the_walk_of_a_fault_reads_these_tables)
{
	void *slots[KMAP_LOCAL_SLOTS];

	setup();
	REQUIRE(upt_create(&other) == 0);
	map(0, 0, R);
	REQUIRE(upt_map(&other, UADDR(at(0)), frame(0), R) == 0);
	expect_walk(&space, 3);
	expect_walk(&other, 3);
	/* Without a slot of kmap_local(), tables in highmem cannot be read. */
	if (page_is_highmem(pages[0]) &&
	    page_is_highmem(upt_find_table(&space, UADDR(at(0))))) {
		for (unsigned i = 0; i < KMAP_LOCAL_SLOTS; i++)
			slots[i] = kmap_local(pages[0]);
		expect_walk(&space, 2);
		for (unsigned i = KMAP_LOCAL_SLOTS; i-- > 0; )
			kunmap_local(slots[i]);
	}
	upt_unmap_range(&other, UADDR(0), UADDR(PAGE_OFFSET), ignore_pages,
			NULL);
	upt_destroy(&other);
	teardown();
}

static void map_in_the_kernel(void *arg)
{
	(void)!upt_map(&space, UADDR(PAGE_OFFSET), frame(0), R);
}

static void map_unaligned(void *arg)
{
	(void)!upt_map(&space, UADDR(at(0) + 4), frame(0), R);
}

static void range_into_the_kernel(void *arg)
{
	upt_unmap_range(&space, UADDR(at(0)), UADDR(PAGE_OFFSET + PAGE_SIZE),
			ignore_pages, NULL);
}

static void destroy_loaded(void *arg)
{
	upt_destroy(&space);
}

static void move_onto_itself(void *arg)
{
	(void)!upt_move_range(&space, UADDR(at(0)), UADDR(at(1)),
			      2 * PAGE_SIZE);
}

KTEST(upgtable_rules, misuse_is_caught)
{
	setup();
	EXPECT_PANIC(map_in_the_kernel, NULL, "is_user_page");
	EXPECT_PANIC(map_unaligned, NULL, "is_user_page");
	EXPECT_PANIC(range_into_the_kernel, NULL, "is_user_range");
	EXPECT_PANIC(destroy_loaded, NULL, "upt_is_loaded");
	EXPECT_PANIC(move_onto_itself, NULL, "from.v + size <= to.v");
	teardown();
}

/* ---- the checker -------------------------------------------------------- */

/* Flip bits in the entry of a page, check, and put the entry back. */
static const char *law_at(unsigned i, uint32_t low, uint32_t high)
{
	struct page *pt = upt_find_table(&space, UADDR(at(i)));
	pte_t *entries = kmap_local(pt);
	pte_t *entry = &entries[pt_index(at(i))];
	pte_t right = *entry;
	const char *law;

	entry->low ^= low;
	entry->high ^= high;
	law = upt_check(&space);
	*entry = right;
	kunmap_local(entries);
	return law;
}

static const char *law_with(uint32_t low, uint32_t high)
{
	return law_at(0, low, high);
}

KTEST(upgtable_rules, the_checker_knows_each_rule_of_an_entry)
{
	setup();
	map(0, 0, RW);
	EXPECT_LAW(law_with((uint32_t)PAE_US, 0), "upgtable U7");
	EXPECT_LAW(law_with((uint32_t)PAE_G, 0), "upgtable U7");
	EXPECT_LAW(law_with((uint32_t)PAE_PCD, 0), "upgtable U13");
	EXPECT_LAW(law_with(UPTE_DEVICE | UPTE_NO_EXEC, upt_bits[RW].high),
		   "upgtable U13");
	/* Memory that a device shares is cached: it is RAM. */
	EXPECT_NULL(law_with(UPTE_DEVICE, 0));
	EXPECT_LAW(law_with(UPTE_DEVICE | UPTE_UNCACHED, 0), "upgtable U14");
	EXPECT_LAW(law_with(0, 1u << 20), "upgtable U8");
	EXPECT_LAW(law_with(0, 1u << 31), "upgtable U9");
	EXPECT_LAW(law_with((uint32_t)PAE_P, 0), "upgtable U6");
	EXPECT_NULL(law_with((uint32_t)(PAE_A | PAE_D), 0));
	EXPECT_LAW(law_with(0, FIRST_RESERVED), "upgtable U8");
	teardown();
}

KTEST(upgtable_rules, the_checker_knows_what_is_no_ram)
{
	uint32_t flips;

	setup();
	map(0, 0, RW);
	flips = frame(0).v ^ 0xb8;   /* video memory */
	EXPECT_LAW(law_with(flips << 12 | UPTE_DEVICE, flips >> 20),
		   "upgtable U14");
	EXPECT_NULL(law_with(flips << 12 | UPTE_DEVICE | UPTE_UNCACHED,
			     flips >> 20));
	teardown();
}

KTEST(upgtable_rules, the_checker_knows_what_is_not_present)
{
	setup();
	map(0, 0, RW);
	map(1, 1, 0);
	EXPECT_LAW(law_at(1, UPTE_KEPT, 0), "upgtable U6");
	EXPECT_LAW(law_at(1, (uint32_t)PAE_RW, 0), "upgtable U6");
	EXPECT_LAW(law_at(1, (uint32_t)PAE_US, 0), "upgtable U6");
	EXPECT_NULL(law_at(1, (uint32_t)(PAE_A | PAE_D) | UPTE_NO_EXEC, 0));
	EXPECT_LAW(law_at(2, 0, 1), "upgtable U6");
	EXPECT_LAW(law_at(2, PAGE_SIZE, 0), "upgtable U6");
	teardown();
}

/* Flip bits in one half of an entry of `other`, which is not loaded. */
static const char *other_law(uint32_t *half, uint64_t flips)
{
	const char *law;

	*half ^= (uint32_t)flips;
	law = upt_check(&other);
	*half ^= (uint32_t)flips;
	return law;
}

/* The same, with another entry in its place. */
static const char *other_law_with(uint64_t *entry, uint64_t value)
{
	uint64_t right = *entry;
	const char *law;

	*entry = value;
	law = upt_check(&other);
	*entry = right;
	return law;
}

static void make_other(void)
{
	setup();
	REQUIRE(upt_create(&other) == 0);
	REQUIRE(upt_map(&other, UADDR(at(0)), frame(0), RW) == 0);
	EXPECT_NULL(upt_check(&other));
}

static void end_other(void)
{
	EXPECT_NULL(upt_check(&other));
	upt_unmap_range(&other, UADDR(0), UADDR(PAGE_OFFSET), ignore_pages,
			NULL);
	upt_destroy(&other);
	teardown();
}

KTEST(upgtable_rules, the_checker_knows_each_rule_of_a_pdpte)
{
	pdpte_t *pdpt, *used, *empty, *last;

	make_other();
	pdpt = upt_pdpt(&other);
	used = &pdpt[pdpt_index(at(0))];
	empty = used + 1;
	last = &pdpt[PTRS_PER_PDPT - 1];
	REQUIRE(empty != last && !empty->v);
	EXPECT_LAW(other_law(&last->low, PAGE_SIZE), "upgtable U1");
	EXPECT_LAW(other_law(&last->low, PAE_RW), "upgtable U1");
	EXPECT_NULL(other_law(&last->low, PAE_A));
	EXPECT_LAW(other_law(&used->low, PAE_P), "upgtable U1");
	EXPECT_LAW(other_law(&used->low, PAE_RW), "upgtable U1");
	EXPECT_LAW(other_law(&used->high, FIRST_RESERVED), "upgtable U1");
	EXPECT_NULL(other_law(&used->low, PAE_A));
	EXPECT_LAW(other_law(&empty->high, 1), "upgtable U1");
	EXPECT_LAW(other_law(&empty->low, PAE_RW), "upgtable U1");
	if (page_is_highmem(pages[0]))
		EXPECT_LAW(other_law_with(&used->v, page_to_phys(pages[0]).v |
						    PAE_P), "upgtable U12");
	end_other();
}

KTEST(upgtable_rules, the_checker_knows_each_rule_of_a_directory)
{
	struct page *pd, *pt;
	pde_t *pde, right;

	make_other();
	pde = &upt_directory(&upt_pdpt(&other)[pdpt_index(at(0))])
		[pd_index(at(0))];
	pd = virt_to_page(pde);
	pt = upt_find_table(&other, UADDR(at(0)));
	EXPECT_LAW(other_law(&pde->low, PAE_RW), "upgtable U2");
	EXPECT_LAW(other_law(&pde->low, PAE_US), "upgtable U2");
	EXPECT_LAW(other_law(&pde->low, PAE_PS), "upgtable U2");
	EXPECT_LAW(other_law(&pde->high, FIRST_RESERVED), "upgtable U2");
	EXPECT_STREQ(other_law_with(&pde->v, pfn_to_phys(max_pfn).v |
					     UPT_PDE_BITS),
		     "upgtable U3: a table's frame is RAM, where tables may be");
	pd->state = PAGE_USED;
	EXPECT_STREQ(upt_check(&other),
		     "upgtable U3: a table's frame is marked so");
	pd->state = PAGE_TABLE;
	pd->refs++;
	EXPECT_LAW(upt_check(&other), "upgtable U5");
	pd->refs--;
	list_del(&pt->list);
	EXPECT_LAW(upt_check(&other), "upgtable U4");
	list_add(&pt->list, &other.tables);
	/* The list has a table that the walk does not meet. */
	right = *pde;
	pde->v = 0;
	pd->refs--;
	EXPECT_LAW(upt_check(&other), "upgtable U4");
	pd->refs++;
	*pde = right;
	end_other();
}

KTEST(upgtable_rules, the_checker_knows_which_tables_are_loaded)
{
	const char *user_law, *law;
	irqflags_t flags;
	uint32_t cr3;

	setup();
	flags = irq_save();
	cr3 = read_cr3();
	write_cr3((uint32_t)virt_to_phys(kernel_pdpt).v);
	user_law = upt_check(&space);
	law = pgtable_check();
	write_cr3(cr3);
	irq_restore(flags);
	EXPECT_LAW(user_law, "upgtable U11");
	EXPECT_LAW(law, "pgtable C1");
	EXPECT_NULL(pgtable_check());
	teardown();
}

KTEST(upgtable_rules, the_checker_counts)
{
	struct page *pt;

	setup();
	map(0, 0, RW);
	pt = upt_find_table(&space, UADDR(at(0)));
	pt->refs++;
	EXPECT_LAW(upt_check(&space), "upgtable U5");
	pt->refs--;
	space.nr_tables++;
	EXPECT_LAW(upt_check(&space), "upgtable U4");
	space.nr_tables--;
	pt->state = PAGE_USED;
	EXPECT_STREQ(upt_check(&space),
		     "upgtable U3: a table's frame is marked so");
	pt->state = PAGE_TABLE;
	REQUIRE(upt_map(&space, UADDR(0), frame(0), R) == 0);
	EXPECT_LAW(upt_check(&space), "upgtable U10");
	upt_unmap(&space, UADDR(0));
	REQUIRE(upt_map(&space, UADDR(USER_BASE - PAGE_SIZE), frame(0), R)
		== 0);
	EXPECT_LAW(upt_check(&space), "upgtable U10");
	upt_unmap(&space, UADDR(USER_BASE - PAGE_SIZE));
	teardown();
}

/* The same for the table of page 0. 0: the right entry, but not writable. */
static const char *law_of_table(uint64_t entry)
{
	pde_t *pde = &upt_directory(&upt_pdpt(&space)[pdpt_index(at(0))])
			     [pd_index(at(0))];
	pde_t right = *pde;
	const char *law;

	pde->v = entry ? entry : right.v ^ PAE_RW;
	law = upt_check(&space);
	*pde = right;
	return law;
}

KTEST(upgtable_rules, the_checker_knows_where_tables_may_be)
{
	static const char where[] =
		"upgtable U3: a table's frame is RAM, where tables may be";
	bool above = upt_tables_above_4g, high;

	setup();
	map(0, 0, RW);
	EXPECT_LAW(law_of_table(0), "upgtable U2");
	EXPECT_STREQ(law_of_table(pfn_to_phys(max_pfn).v | UPT_PDE_BITS),
		     where);
	EXPECT_STREQ(law_of_table(pfn_to_phys(PFN(max_pfn.v + 1)).v |
				  UPT_PDE_BITS),
		     where);
	high = page_to_pfn(upt_find_table(&space, UADDR(at(0)))).v >= PFN_4G;
	upt_tables_above_4g = false;
	if (high)
		EXPECT_STREQ(upt_check(&space), where);
	else
		EXPECT_NULL(upt_check(&space));
	upt_tables_above_4g = above;
	teardown();
}

/* ---- random operations against a model ---------------------------------- */

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

	upt_unmap_range(&space, UADDR(at(start)), UADDR(at(end)), collect,
			&got);
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
	upt_protect_range(&space, UADDR(at(start)), UADDR(at(end)), rights,
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
	REQUIRE(upt_move_range(&space, UADDR(at(start)), UADDR(at(to)),
			       size * PAGE_SIZE) == 0);
	for (unsigned i = 0; i < size; i++) {
		model[to + i] = model[start + i];
		model[start + i].page = EMPTY;
	}
}

/* Fork, check the child, and destroy it. */
static void step_copy(unsigned start, unsigned end)
{
	struct got got = { 0 };

	REQUIRE(upt_create(&other) == 0);
	REQUIRE(upt_copy_range(&other, &space, UADDR(at(start)), UADDR(at(end)),
			       true, collect, &got) == 0);
	for (unsigned i = start; i < end; i++) {
		model[i].rights &= (uint8_t)~W;
		if (model[i].page == EMPTY)
			EXPECT(entry_is_empty(&other, i));
		else
			EXPECT(entry_is(&other, i, model[i].page,
					model[i].rights));
	}
	EXPECT_NULL(upt_check(&other));
	upt_unmap_range(&other, UADDR(0), UADDR(PAGE_OFFSET), ignore_pages,
			NULL);
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

KTEST(upgtable_rules, random_operations_agree_with_a_model)
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
