// SPDX-License-Identifier: MIT
/*
 * vmalloc.c (tests) - vmalloc, vfree and the lazy freeing behind them
 *
 * WHAT     mm/kva/area.c and mm/kva/vmalloc.c: contents, guard pages, frees
 *          that are wrong, what waits for a flush and what does not, and
 *          random operations against a plain list of ranges.
 * NOT HERE what the checker finds (vmalloc_check.c).
 */
#include <arch/probe.h>
#include <arch/tlb.h>

#include "lib/align.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vm_area.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"
#include "mm/slab/kmalloc.h"
#include "tests/ktest.h"

#define KIB  1024u
#define MIB  (1024u * KIB)

/* The first test makes the page tables of these addresses for all tests. */
#define TEST_SPAN  (32 * MIB)

SUITE(vmalloc, vmalloc_check);

static bool readable(kva_t va)
{
	uint8_t byte;

	return probe_read8(kva_to_ptr(va), &byte);
}

static struct page *page_at(kva_t va)
{
	pfn_t pfn;

	return kpt_lookup(va, &pfn) ? pfn_to_page(pfn) : NULL;
}

/* Page tables of the kernel stay for ever: no later test shall seem to leak. */
KTEST_KEEPS(vmalloc, page_tables_are_made_once)
{
	unsigned nr = TEST_SPAN / PAGE_SIZE;
	unsigned long before;

	REQUIRE(kpt_populate(vmalloc_start(), nr) == 0);
	before = nr_free_pages();
	EXPECT_EQ(kpt_populate(vmalloc_start(), nr), 0);
	EXPECT_EQ(nr_free_pages(), before);
}

/* ---- what it gives ------------------------------------------------------ */

KTEST(vmalloc, sizes_that_cannot_be_are_refused)
{
	kva_t region = VMALLOC_END - vmalloc_start();

	void *ptr;

	EXPECT(!vmalloc(0));
	EXPECT(!vzalloc(0));
	EXPECT_EQ(vmalloc_try(0, &ptr), -EINVAL);
	EXPECT(!vmalloc(region));
	EXPECT(!vmalloc(region - PAGE_SIZE + 1));
	EXPECT(!vmalloc(SIZE_MAX));
	EXPECT(!vmalloc(SIZE_MAX - PAGE_SIZE + 1));
	EXPECT_NULL(vmalloc_check());
}

KTEST(vmalloc, more_than_all_memory_is_refused_at_once)
{
	unsigned long free = nr_free_pages();
	void *ptr;

	if (managed_pages() + 1 > vm_area_max_pages())
		SKIP("needs less memory than address space");
	EXPECT(!vmalloc((managed_pages() + 1) * PAGE_SIZE));
	EXPECT_EQ(vmalloc_try((managed_pages() + 1) * PAGE_SIZE, &ptr),
		  -ENOMEM);
	EXPECT_EQ(nr_free_pages(), free);
}

KTEST(vmalloc, is_page_aligned_and_inside_its_region)
{
	char *ptr = vmalloc(1);
	kva_t va = ptr_to_kva(ptr);

	REQUIRE(ptr);
	EXPECT(IS_ALIGNED(va, PAGE_SIZE));
	EXPECT(va >= vmalloc_start() && va < VMALLOC_END);
	ptr[PAGE_SIZE - 1] = 1;
	vfree(ptr);
}

KTEST(vmalloc, free_of_null_is_allowed)
{
	vfree(NULL);
}

KTEST(vmalloc, every_byte_keeps_what_is_written)
{
	unsigned nr = 50, size = nr * PAGE_SIZE;
	uint32_t *words = vmalloc(size);
	unsigned bad = 0;

	REQUIRE(words);
	for (unsigned i = 0; i < size / 4; i++)
		words[i] = i * 2654435761u;
	for (unsigned i = 0; i < size / 4; i++)
		bad += words[i] != i * 2654435761u;
	EXPECT_EQ(bad, 0);
	vfree(words);
}

KTEST(vmalloc, no_page_is_mapped_twice)
{
	unsigned nr = 100, twice = 0;
	kva_t va = ptr_to_kva(vmalloc(nr * PAGE_SIZE));

	REQUIRE(va);
	for (unsigned i = 0; i < nr; i++)
		for (unsigned j = 0; j < i; j++)
			twice += page_at(va + i * PAGE_SIZE) ==
				 page_at(va + j * PAGE_SIZE);
	EXPECT_EQ(twice, 0);
	vfree(kva_to_ptr(va));
}

KTEST(vmalloc, contents_are_seen_through_the_page_too)
{
	char *ptr = vmalloc(3 * PAGE_SIZE), *page;

	REQUIRE(ptr);
	strscpy(ptr + PAGE_SIZE, "through the area", 32);
	page = kmap_local(page_at(ptr_to_kva(ptr + PAGE_SIZE)));
	EXPECT_STREQ(page, "through the area");
	strscpy(page, "through the page", 32);
	kunmap_local(page);
	EXPECT_STREQ(ptr + PAGE_SIZE, "through the page");
	vfree(ptr);
}

KTEST(vmalloc, vzalloc_clears_pages_that_were_used)
{
	unsigned size = 20 * PAGE_SIZE, dirty = 0;
	unsigned char *ptr = vmalloc(size);

	REQUIRE(ptr);
	memset(ptr, 0x5a, size);
	vfree(ptr);
	vmalloc_purge();
	ptr = vzalloc(size);
	REQUIRE(ptr);
	for (unsigned i = 0; i < size; i++)
		dirty += ptr[i] != 0;
	EXPECT_EQ(dirty, 0);
	vfree(ptr);
}

KTEST(vmalloc, takes_highmem_first)
{
	void *ptr;

	if (zones[ZONE_HIGHMEM].nr_free < 1024)
		SKIP("needs highmem");
	ptr = vmalloc(PAGE_SIZE);
	REQUIRE(ptr);
	EXPECT(page_is_highmem(page_at(ptr_to_kva(ptr))));
	vfree(ptr);
}

KTEST(vmalloc, guard_page_faults)
{
	char *ptr = vmalloc(2 * PAGE_SIZE);
	kva_t va = ptr_to_kva(ptr);

	REQUIRE(ptr);
	EXPECT(readable(va));
	EXPECT(readable(va + 2 * PAGE_SIZE - 1));
	EXPECT(!readable(va + 2 * PAGE_SIZE));
	EXPECT(!probe_write(kva_to_ptr(va + 2 * PAGE_SIZE)));
	EXPECT(!readable(va + 3 * PAGE_SIZE - 1));
	vfree(ptr);
}

KTEST(vmalloc, two_areas_have_a_guard_between_them)
{
	char *a = vmalloc(PAGE_SIZE), *b = vmalloc(PAGE_SIZE);

	REQUIRE(a && b);
	EXPECT(ptr_to_kva(b) >= ptr_to_kva(a) + 2 * PAGE_SIZE ||
	       ptr_to_kva(a) >= ptr_to_kva(b) + 2 * PAGE_SIZE);
	vfree(a);
	vfree(b);
}

KTEST(vmalloc, the_code_there_cannot_run)
{
	unsigned char *ptr = vmalloc(PAGE_SIZE);

	REQUIRE(ptr);
	ptr[0] = 0xc3;   /* ret */
	if (kprot_bits[KPROT_RW].high >> 31)
		EXPECT(!probe_execute(ptr));
	vfree(ptr);
}

/* ---- what happens to freed memory --------------------------------------- */

KTEST(vmalloc, freed_memory_faults_after_a_flush)
{
	char *ptr = vmalloc(PAGE_SIZE);
	kva_t va = ptr_to_kva(ptr);
	pfn_t pfn;

	REQUIRE(ptr);
	*ptr = 1;
	vfree(ptr);
	EXPECT(!kpt_lookup(va, &pfn));
	vmalloc_purge();
	EXPECT(!readable(va));
}

KTEST(vmalloc, addresses_are_not_given_again_before_the_flush)
{
	void *first, *second;

	if (CONFIG_DEBUG)
		SKIP("a debug build flushes at once");
	vmalloc_purge();
	first = vmalloc(PAGE_SIZE);
	REQUIRE(first);
	vfree(first);
	second = vmalloc(PAGE_SIZE);
	REQUIRE(second);
	EXPECT(first != second);
	vfree(second);
	vmalloc_purge();
	second = vmalloc(PAGE_SIZE);
	EXPECT(first == second);
	vfree(second);
}

KTEST(vmalloc, pages_are_not_free_before_the_flush)
{
	unsigned long free;
	void *ptr;

	if (CONFIG_DEBUG)
		SKIP("a debug build flushes at once");
	if (managed_pages() / 64 < 2 * 10)
		SKIP("needs more memory");
	ptr = vmalloc(10 * PAGE_SIZE);
	REQUIRE(ptr);
	vmalloc_purge();
	free = nr_free_pages();
	vfree(ptr);
	EXPECT_EQ(nr_free_pages(), free);
	EXPECT_EQ(vmalloc_purge(), 10);
	EXPECT_EQ(nr_free_pages(), free + 10);
	EXPECT_EQ(vmalloc_purge(), 0);
}

KTEST(vmalloc, many_frees_cost_one_flush)
{
	enum { NR = 15 };   /* more than 32 pages to flush with the guards */
	struct tlb_stats before;
	void *ptr[NR];

	if (CONFIG_DEBUG)
		SKIP("a debug build flushes at once");
	/* The limit is lower: it was set before boot freed its last pages. */
	if (managed_pages() / 64 < 4 * NR)
		SKIP("needs more memory");
	vmalloc_purge();
	for (unsigned i = 0; i < NR; i++) {
		ptr[i] = vmalloc(2 * PAGE_SIZE);
		REQUIRE(ptr[i]);
	}
	before = tlb_stats;
	for (unsigned i = 0; i < NR; i++)
		vfree(ptr[i]);
	EXPECT_EQ(tlb_stats.all, before.all);
	EXPECT_EQ(tlb_stats.pages, before.pages);
	EXPECT_EQ(vmalloc_purge(), 2 * NR);
	EXPECT_EQ(tlb_stats.all, before.all + 1);
	EXPECT_EQ(tlb_stats.pages, before.pages);
}

KTEST(vmalloc, few_pages_are_flushed_one_by_one)
{
	struct tlb_stats before;
	void *ptr;

	vmalloc_purge();
	ptr = vmalloc(3 * PAGE_SIZE);
	REQUIRE(ptr);
	before = tlb_stats;
	vfree(ptr);
	vmalloc_purge();
	EXPECT_EQ(tlb_stats.all, before.all);
	EXPECT_EQ(tlb_stats.pages, before.pages + 3);
}

KTEST(vmalloc, shrinkers_give_back_what_waits)
{
	unsigned long free;
	void *ptr;

	if (managed_pages() / 64 < 2 * 30)
		SKIP("needs more memory");
	ptr = vmalloc(30 * PAGE_SIZE);
	REQUIRE(ptr);
	vmalloc_purge();
	free = nr_free_pages();
	vfree(ptr);
	EXPECT(shrink_all() >= 30 || CONFIG_DEBUG);
	EXPECT(nr_free_pages() >= free + 30);
}

KTEST(vmalloc, what_waits_is_bounded)
{
	unsigned long free;

	vmalloc_purge();
	free = nr_free_pages();
	for (unsigned i = 0; i < 200; i++) {
		void *ptr = vmalloc(15 * PAGE_SIZE);

		REQUIRE(ptr);
		vfree(ptr);
	}
	/* The slab of the areas itself may take two pages more. */
	EXPECT(free - nr_free_pages() <= MIN(1024, managed_pages() / 64) + 2);
}

/* ---- wrong frees -------------------------------------------------------- */

static void free_it(void *ptr)
{
	vfree(ptr);
}

static void unmap_it(void *ptr)
{
	vunmap(ptr);
}

KTEST(vmalloc, double_free_is_caught)
{
	void *ptr = vmalloc(PAGE_SIZE);

	REQUIRE(ptr);
	vfree(ptr);
	EXPECT_PANIC(free_it, ptr, "already freed (was allocated by");
	vmalloc_purge();
	EXPECT_PANIC(free_it, ptr, "already freed, or never allocated");
	EXPECT_NULL(vmalloc_check());
}

KTEST(vmalloc, free_of_a_wrong_address_is_caught)
{
	char *ptr = vmalloc(2 * PAGE_SIZE);

	REQUIRE(ptr);
	EXPECT_PANIC(free_it, ptr + 1, "in the middle of the area");
	EXPECT_PANIC(free_it, ptr + PAGE_SIZE, "in the middle of the area");
	EXPECT_PANIC(free_it, ptr + 2 * PAGE_SIZE, "in the middle of");
	EXPECT_PANIC(free_it, kva_to_ptr(PAGE_OFFSET + MIB), "no area");
	EXPECT_PANIC(free_it, kva_to_ptr(VMALLOC_END), "no area");
	EXPECT_PANIC(unmap_it, ptr, "this is vmalloc memory");
	*ptr = 1;
	vfree(ptr);
}

/* ---- failure ------------------------------------------------------------ */

static bool try_vmalloc(void *arg)
{
	void *ptr;
	int err = vmalloc_try(*(size_t *)arg, &ptr);

	if (err) {
		/* There are addresses: only memory can be short. */
		EXPECT_EQ(err, -ENOMEM);
		EXPECT_EQ(vm_areas.retired_pages, 0);
		return false;
	}
	vfree(ptr);
	return true;
}

KTEST(vmalloc, failure_of_each_allocation_gives_everything_back)
{
	size_t size = MIN(200ul, nr_free_pages() / 4) * PAGE_SIZE;
	unsigned long free;

	/* The first call makes page tables, which stay. */
	EXPECT(try_vmalloc(&size));
	shrink_all();
	free = nr_free_pages();
	EXPECT(ktest_each_failure(try_vmalloc, &size) >= 2);
	shrink_all();
	EXPECT(nr_free_pages() >= free);
	EXPECT_NULL(vmalloc_check());
}

/* Memory really runs out, when most of the area is mapped already. */
KTEST_KEEPS(vmalloc, memory_that_runs_out_half_way_comes_back)
{
	unsigned long free;

	shrink_all();
	free = nr_free_pages();
	if (free > 64 * MIB / PAGE_SIZE)
		SKIP("needs a machine with less memory");
	EXPECT(!vmalloc(free * PAGE_SIZE));
	shrink_all();
	/* The page tables of addresses that are new in use stay. */
	EXPECT(nr_free_pages() + free / PTRS_PER_PT + 2 >= free);
	EXPECT_NULL(vmalloc_check());
}

/* ---- address space ------------------------------------------------------ */

KTEST(vmalloc, lowest_gap_that_fits_is_taken)
{
	char *a, *b, *c, *d, *e;

	vmalloc_purge();
	a = vmalloc(PAGE_SIZE);
	b = vmalloc(5 * PAGE_SIZE);
	c = vmalloc(PAGE_SIZE);
	REQUIRE(a && b && c);
	vfree(b);
	vmalloc_purge();
	d = vmalloc(6 * PAGE_SIZE);   /* too large for the gap */
	e = vmalloc(3 * PAGE_SIZE);
	EXPECT(d > c);
	EXPECT(e == b);
	vfree(a);
	vfree(c);
	vfree(d);
	vfree(e);
	EXPECT_NULL(vmalloc_check());
}

KTEST(vmalloc, thousands_of_areas_live_together)
{
	unsigned nr = MIN(2000, nr_free_pages() / 4), bad = 0;
	uint32_t **ptr = kcalloc(nr, sizeof(*ptr), GFP_KERNEL);

	REQUIRE(ptr);
	for (unsigned i = 0; i < nr; i++) {
		ptr[i] = vmalloc(PAGE_SIZE);
		REQUIRE(ptr[i]);
		*ptr[i] = i;
	}
	EXPECT_NULL(vmalloc_check());
	/* First every second area: this makes as many gaps as possible. */
	for (unsigned i = 0; i < nr; i += 2) {
		bad += *ptr[i] != i;
		vfree(ptr[i]);
	}
	EXPECT_NULL(vmalloc_check());
	for (unsigned i = 1; i < nr; i += 2) {
		bad += *ptr[i] != i;
		vfree(ptr[i]);
	}
	EXPECT_EQ(bad, 0);
	kfree(ptr);
}

KTEST(vmalloc, find_knows_the_area_and_its_guard)
{
	struct vm_area_info info;
	char *ptr = vmalloc(3 * PAGE_SIZE);
	kva_t va = ptr_to_kva(ptr);

	REQUIRE(ptr);
	REQUIRE(vmalloc_find(va + PAGE_SIZE + 7, &info));
	EXPECT_EQ(info.start, va);
	EXPECT_EQ(info.end, va + 3 * PAGE_SIZE);
	EXPECT_EQ(info.kind, VM_ALLOC);
	EXPECT(info.caller != NULL);
	EXPECT(!info.guard);
	REQUIRE(vmalloc_find(va + 3 * PAGE_SIZE, &info));
	EXPECT(info.guard);
	EXPECT(!vmalloc_find(va - 1, &info) || info.start != va);
	vfree(ptr);
	EXPECT(!vmalloc_find(va, &info));
	EXPECT(!vmalloc_find(PAGE_OFFSET, &info));
	EXPECT(!vmalloc_find(0xffffffffu, &info));
}

/* ---- what is counted and found ------------------------------------------ */

KTEST(vmalloc, pages_of_live_areas_are_counted)
{
	unsigned long before = vmalloc_nr_pages();
	void *three = vmalloc(3 * PAGE_SIZE), *one = vmalloc(1);

	REQUIRE(three && one);
	EXPECT_EQ(vmalloc_nr_pages(), before + 4);
	vfree(three);   /* it waits for a flush: not live */
	EXPECT_EQ(vmalloc_nr_pages(), before + 1);
	vfree(one);
	EXPECT_EQ(vmalloc_nr_pages(), before);
}

/* ---- against a naive model ---------------------------------------------- */

#define MODEL_MAX  48

struct model_area {
	uint32_t *ptr;
	unsigned  nr;
	uint32_t  stamp;
};

static void stamp_pages(const struct model_area *m)
{
	for (unsigned i = 0; i < m->nr; i++)
		m->ptr[i * (PAGE_SIZE / 4)] = m->stamp + i;
}

static unsigned wrong_stamps(const struct model_area *m)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < m->nr; i++)
		wrong += m->ptr[i * (PAGE_SIZE / 4)] != m->stamp + i;
	return wrong;
}

static bool models_overlap(const struct model_area *a,
			   const struct model_area *b)
{
	kva_t a_start = ptr_to_kva(a->ptr), b_start = ptr_to_kva(b->ptr);

	return a->ptr && b->ptr && a != b &&
	       a_start < b_start + (b->nr + 1) * PAGE_SIZE &&
	       b_start < a_start + (a->nr + 1) * PAGE_SIZE;
}

/* The slot of the model whose pages or guard page contain the address. */
static const struct model_area *model_find(const struct model_area *model,
					   kva_t va)
{
	for (unsigned i = 0; i < MODEL_MAX; i++)
		if (model[i].ptr && va - ptr_to_kva(model[i].ptr) <
				    (model[i].nr + 1) * PAGE_SIZE)
			return &model[i];
	return NULL;
}

static void expect_find_agrees(const struct model_area *model, kva_t va)
{
	const struct model_area *m = model_find(model, va);
	struct vm_area_info info;
	bool found = vmalloc_find(va, &info);

	/* The kernel has areas of its own: only ours must be found. */
	if (!m)
		return;
	EXPECT(found);
	EXPECT_EQ(info.start, ptr_to_kva(m->ptr));
	EXPECT_EQ((info.end - info.start) / PAGE_SIZE, m->nr);
	EXPECT_EQ(info.guard, va >= info.end);
}

static void model_step(struct model_area *model, struct rng *rng)
{
	struct model_area *m = &model[rng_below(rng, MODEL_MAX)];

	if (m->ptr) {
		EXPECT_EQ(wrong_stamps(m), 0);
		vfree(m->ptr);
		m->ptr = NULL;
		return;
	}
	m->nr = 1 + rng_below(rng, rng_below(rng, 8) ? 8 : 80);
	m->stamp = rng_next(rng);
	m->ptr = vmalloc(m->nr * PAGE_SIZE);
	if (!m->ptr)
		return;
	for (unsigned i = 0; i < MODEL_MAX; i++)
		EXPECT(!models_overlap(m, &model[i]));
	stamp_pages(m);
}

KTEST(vmalloc, random_operations_match_a_naive_model)
{
	static struct model_area model[MODEL_MAX];
	struct rng rng;

	rng_init(&rng, ktest_seed());
	memset(model, 0, sizeof(model));
	for (unsigned step = 0; step < 3000; step++) {
		model_step(model, &rng);
		expect_find_agrees(model, vmalloc_start() +
					  rng_below(&rng, 4 * MIB));
		if (step % 64 == 0)
			EXPECT_NULL(vmalloc_check());
		if (rng_below(&rng, 200) == 0)
			vmalloc_purge();
	}
	for (unsigned i = 0; i < MODEL_MAX; i++) {
		if (!model[i].ptr)
			continue;
		EXPECT_EQ(wrong_stamps(&model[i]), 0);
		vfree(model[i].ptr);
	}
}
