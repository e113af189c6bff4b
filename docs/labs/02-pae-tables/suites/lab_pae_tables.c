// SPDX-License-Identifier: MIT
/*
 * lab_pae_tables.c - tests of lab 2: kpt_populate_one() and kpt_populate()
 *
 * WHAT     The functions work on a directory of the test (stage.h). After each
 *          step, every entry of the directory is compared with a plain model,
 *          which calls no function of the lab.
 */
#include "docs/labs/02-pae-tables/lab.h"
#include "docs/labs/02-pae-tables/stage.h"

#include <arch/pgtable_check.h>

#include "lib/alloc_trace.h"
#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "lib/spinlock.h"

SUITE(lab_pae_tables, pgtable_check);

/* ---- ranges -------------------------------------------------------------- */

#define FIRST_VA   0xf8800000u   /* lowest address of vmalloc in any machine */
#define FIRST_PDE  pd_index(FIRST_VA)

/* Which entries of the directory must lead to a table. */
static bool has_table[PTRS_PER_PD];

static void tables_reset(void)
{
	stage_clear();
	memset(has_table, 0, sizeof(has_table));
}

static bool table_is_zero(const pte_t *table)
{
	for (unsigned i = 0; i < PTRS_PER_PT; i++) {
		if (table[i].v)
			return false;
	}
	return true;
}

/* A PDE with the right bits, and a new table that is marked as one. */
static bool is_new_table(pde_t pde)
{
	phys_addr_t pa = pde_table_phys(pde);

	return pde.v == pde_make_table(pa).v && phys_is_lowmem(pa) &&
	       page_state(phys_to_pfn(pa)) == PAGE_TABLE &&
	       table_is_zero(pde_table(pde));
}

static void expect_tables(void)
{
	for (unsigned i = 0; i < PTRS_PER_PD; i++) {
		if (has_table[i] ? is_new_table(stage.pd[i]) : !stage.pd[i].v)
			continue;
		ktest_fail(__FILE__, __LINE__,
			   "PDE %u is 0x%llx, expected: %s", i,
			   (unsigned long long)stage.pd[i].v,
			   has_table[i] ? "a new page table" : "empty");
		return;
	}
}

/* What kpt_populate() must do, if the n-th allocation fails; 0: none does. */
static int model_populate(kva_t va, unsigned nr, unsigned n)
{
	unsigned count = nr ? pd_index(va + nr * PAGE_SIZE - 1) -
			      pd_index(va) + 1 : 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned at = pd_index(va) +
			      (LAB_POPULATE_DOWN ? count - 1 - i : i);

		if (has_table[at])
			continue;
		if (n && --n == 0)
			return -ENOMEM;
		has_table[at] = true;
	}
	return 0;
}

static unsigned nr_tables(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PTRS_PER_PD; i++)
		n += has_table[i];
	return n;
}

/* Populate, and compare the result, the memory taken and the directory. */
static void expect_populate(kva_t va, unsigned nr, unsigned fail)
{
	unsigned before = nr_tables();
	unsigned long free, taken, counted;
	int want, err;

	stage_enter();
	free = nr_free_pages();
	counted = kpt_tables;
	if (fail)
		failpoint_arm(fail);
	err = kpt_populate(va, nr);
	(void)failpoint_disarm();
	taken = free - nr_free_pages();
	counted = kpt_tables - counted;
	stage_leave();
	want = model_populate(va, nr, fail);
	EXPECT_EQ(err, want);
	EXPECT_EQ(taken, nr_tables() - before);
	EXPECT_EQ(counted, nr_tables() - before);
	expect_tables();
}

KTEST(lab_pae_tables, each_page_of_a_range_gets_a_table)
{
	stage_create();
	for (unsigned nr = 1; nr <= 4 * PTRS_PER_PT; nr += 511) {
		tables_reset();
		expect_populate(window_va(500), nr, 0);
		expect_populate(window_va(500), nr, 0);
	}
	stage_destroy();
}

KTEST(lab_pae_tables, a_range_that_ends_with_a_table_gets_no_table_more)
{
	stage_create();
	for (unsigned nr = 510; nr <= 514; nr++) {
		tables_reset();
		expect_populate(WINDOW_BASE, nr, 0);
		tables_reset();
		expect_populate(WINDOW_BASE - nr * PAGE_SIZE, nr, 0);
	}
	stage_destroy();
}

KTEST(lab_pae_tables, no_pages_need_no_table)
{
	stage_create();
	tables_reset();
	expect_populate(window_va(0), 0, 0);
	expect_populate(window_va(7), 0, 0);
	expect_populate(window_va(7), 1, 0);
	stage_destroy();
}

KTEST(lab_pae_tables, a_range_may_end_at_the_top_of_the_fixmap)
{
	stage_create();
	tables_reset();
	expect_populate(FIXADDR_TOP - PAGE_SIZE, 1, 0);
	tables_reset();
	expect_populate(FIXADDR_TOP - 1030 * PAGE_SIZE, 1030, 0);
	stage_destroy();
}

/* In every place of the range, while some tables are there already. */
KTEST(lab_pae_tables, after_a_failure_the_first_tables_stay)
{
	stage_create();
	for (unsigned fail = 1; fail <= 5; fail++) {
		tables_reset();
		expect_populate(window_va(600), 1, 0);
		expect_populate(window_va(0), 5 * PTRS_PER_PT, fail);
		expect_populate(window_va(0), 5 * PTRS_PER_PT, 0);
	}
	stage_destroy();
}

static void populate_at_random(bool may_fail)
{
	const unsigned pages = (FIXADDR_TOP - FIRST_VA) / PAGE_SIZE;
	struct rng rng;

	stage_create();
	tables_reset();
	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 120; round++) {
		unsigned first = rng_below(&rng, pages);
		unsigned nr = rng_below(&rng, MIN(pages - first, 3000) + 1);

		if (rng_below(&rng, 8) == 0)
			nr = 0;
		if (round % 12 == 0)
			tables_reset();
		expect_populate(FIRST_VA + first * PAGE_SIZE, nr,
				may_fail ? rng_below(&rng, 5) : 0);
	}
	stage_destroy();
}

KTEST(lab_pae_tables, random_ranges_get_the_tables_of_a_model)
{
	populate_at_random(false);
}

KTEST(lab_pae_tables, random_failures_leave_the_tables_of_a_model)
{
	populate_at_random(true);
}

/* ---- two threads want the same table ------------------------------------- */

/* The other thread: it runs while kpt_populate_one() allocates. */
static struct {
	pde_t    *pde;           /* it sets this entry, if this is not NULL */
	uint64_t  value;
	unsigned  allocations;   /* how many it has seen */
	bool      irqs_were_off;
} other;

static void other_thread_runs(const void *what, enum alloc_kind kind)
{
	other.allocations++;
	other.irqs_were_off |= irqs_disabled();
	if (other.pde)
		other.pde->v = other.value;
}

/* Call kpt_populate_one() on the stage. Returns: its result. */
static int populate_one(unsigned index)
{
	int err;

	other.allocations = 0;
	other.irqs_were_off = false;
	alloc_trace_start(other_thread_runs);
	err = bench_kpt_populate_one(index);
	alloc_trace_stop();
	return err;
}

KTEST(lab_pae_tables, a_table_that_is_there_costs_no_memory)
{
	stage_create();
	tables_reset();
	other.pde = NULL;
	stage_enter();
	EXPECT_EQ(populate_one(FIRST_PDE), 0);
	EXPECT_EQ(other.allocations, 1);
	EXPECT_EQ(populate_one(FIRST_PDE), 0);
	EXPECT_EQ(other.allocations, 0);
	failpoint_arm(1);
	EXPECT_EQ(bench_kpt_populate_one(FIRST_PDE), 0);
	EXPECT(!failpoint_disarm());
	EXPECT_EQ(kpt_tables, stage.live_tables + 1);
	stage_leave();
	has_table[FIRST_PDE] = true;
	expect_tables();
	stage_destroy();
}

KTEST(lab_pae_tables, without_memory_no_entry_changes)
{
	unsigned long free;

	stage_create();
	tables_reset();
	free = nr_free_pages();
	stage_enter();
	failpoint_arm(1);
	EXPECT_EQ(bench_kpt_populate_one(FIRST_PDE), -ENOMEM);
	EXPECT(failpoint_disarm());
	EXPECT_EQ(kpt_tables, stage.live_tables);
	stage_leave();
	EXPECT_EQ(nr_free_pages(), free);
	expect_tables();
	stage_destroy();
}

KTEST(lab_pae_tables, no_lock_is_held_while_memory_is_taken)
{
	bool off = irqs_disabled();

	stage_create();
	tables_reset();
	other.pde = NULL;
	stage_enter();
	EXPECT_EQ(populate_one(FIRST_PDE), 0);
	EXPECT_EQ(other.allocations, 1);
	stage_leave();
	EXPECT_EQ(other.irqs_were_off, off);
	EXPECT_EQ(irqs_disabled(), off);
	has_table[FIRST_PDE] = true;
	expect_tables();
	stage_destroy();
}

/* ---- the lock ------------------------------------------------------------ */

/* The page that the next call took: a panic leaves it behind. */
static struct page *taken;

static void note_page(const void *what, enum alloc_kind kind)
{
	if (kind == ALLOC_PAGES)
		taken = (struct page *)what;
}

static void populate_first(void *unused)
{
	EXPECT_EQ(bench_kpt_populate_one(FIRST_PDE), 0);
}

/*
 * The test holds the lock. So a function that takes the lock cannot go on, and
 * a kernel of one CPU calls this a deadlock: it panics.
 */
KTEST(lab_pae_tables, an_entry_changes_under_the_lock_only)
{
	struct spinlock *lock = lab_populate_lock();

	stage_create();
	tables_reset();
	taken = NULL;
	stage_enter();
	lock->held = 1;
	alloc_trace_start(note_page);
	EXPECT_PANIC(populate_first, NULL, "!was_held");
	alloc_trace_stop();
	lock->held = 0;
	EXPECT_EQ(stage.pd[FIRST_PDE].v, 0);
	EXPECT_EQ(kpt_tables, stage.live_tables);
	stage_leave();
	if (taken && page_state(page_to_pfn(taken)) == PAGE_TABLE &&
	    !stage.pd[FIRST_PDE].v) {
		page_set_state(taken, PAGE_USED);
		free_page(taken);
	}
	stage_destroy();
}

/* A table that is there needs no lock: nothing changes. */
KTEST(lab_pae_tables, the_lock_is_free_after_each_way_out)
{
	const struct spinlock *lock = lab_populate_lock();

	stage_create();
	tables_reset();
	stage_enter();
	failpoint_arm(1);
	EXPECT_EQ(bench_kpt_populate_one(FIRST_PDE), -ENOMEM);
	(void)failpoint_disarm();
	EXPECT(!spin_is_held(lock));
	EXPECT_EQ(bench_kpt_populate_one(FIRST_PDE), 0);
	EXPECT(!spin_is_held(lock));
	EXPECT_EQ(bench_kpt_populate_one(FIRST_PDE), 0);
	EXPECT(!spin_is_held(lock));
	stage_leave();
	has_table[FIRST_PDE] = true;
	expect_tables();
	stage_destroy();
}

/* Populate one entry; the other thread may be first. Returns: was it? */
static bool race(unsigned index, uint64_t rival, unsigned long *count)
{
	unsigned long free = nr_free_pages();
	bool other_first = rival && !stage.pd[index].v;

	other.pde = rival ? &stage.pd[index] : NULL;
	other.value = rival;
	EXPECT_EQ(populate_one(index), 0);
	EXPECT_EQ(other.allocations, other_first || nr_free_pages() < free);
	*count += free - nr_free_pages();
	EXPECT_EQ(kpt_tables, stage.live_tables + *count);
	EXPECT(!other.irqs_were_off || irqs_disabled());
	return other_first;
}

KTEST(lab_pae_tables, the_table_of_another_thread_stays)
{
	unsigned long free, count = 0;
	uint64_t rival;

	stage_create();
	tables_reset();
	rival = pde_make_table(virt_to_phys(window_entry(0))).v;
	free = nr_free_pages();
	stage_enter();
	EXPECT(race(FIRST_PDE, rival, &count));
	EXPECT_EQ(stage.pd[FIRST_PDE].v, rival);
	EXPECT_EQ(count, 0);
	/* The lock is free again. */
	EXPECT(!race(FIRST_PDE + 1, 0, &count));
	EXPECT_EQ(count, 1);
	stage_leave();
	EXPECT_EQ(nr_free_pages(), free - 1);
	EXPECT(is_new_table(stage.pd[FIRST_PDE + 1]));
	stage_destroy();
}

KTEST(lab_pae_tables, random_races_agree_with_a_model)
{
	unsigned long count = 0;
	struct rng rng;

	stage_create();
	tables_reset();
	rng_init(&rng, ktest_seed());
	stage_enter();
	for (unsigned step = 0; step < 100; step++) {
		unsigned index = FIRST_PDE + rng_below(&rng, 40);
		uint64_t was = stage.pd[index].v, rival = 0;

		if (rng_below(&rng, 2))
			rival = pde_make_table(virt_to_phys(
				window_entry(rng_below(&rng, 3) * 512))).v;
		race(index, rival, &count);
		if (was || rival)
			EXPECT_EQ(stage.pd[index].v, was ? was : rival);
		else
			EXPECT(is_new_table(stage.pd[index]));
	}
	stage_leave();
	stage_destroy();
}
