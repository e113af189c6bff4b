// SPDX-License-Identifier: MIT
/*
 * pgtable.c - single pages of the kernel's quarter: map, look up, retire, reap
 *
 * ALGORITHM  The addresses come from an area of mm/kva/ that is never
 *          published. Tables that were made for it stay; the first test makes
 *          them all, so that no other test seems to leak.
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/fixmap.h>
#include <arch/pgtable_check.h>
#include <arch/probe.h>
#include <arch/tlb.h>

#include "arch/i386/mm/mm_impl.h"
#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "mm/kva/vm_area.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

#define MANY   1100u   /* pages: three page tables at the least  */
#define FEW    16u

SUITE(pgtable, pgtable_check);

static struct vm_area *area;
static struct page *pages[FEW], *reaped[MANY];

static kva_t at(unsigned i)
{
	return vm_area_start(area) + i * PAGE_SIZE;
}

/* Volatile: C does not know that two addresses may show the same page. */
static volatile uint32_t *word(unsigned i)
{
	return kva_to_ptr(at(i));
}

static void *address(unsigned i)
{
	return kva_to_ptr(at(i));
}

static void setup(void)
{
	int err;

	area = vm_area_create(MANY, VM_MAP, NULL, &err);
	REQUIRE(area);
	for (unsigned i = 0; i < FEW; i++) {
		pages[i] = alloc_page(GFP_HIGHUSER);
		REQUIRE(pages[i]);
	}
}

static void teardown(void)
{
	kpt_unmap(at(0), MANY);
	tlb_flush_range(at(0), MANY);
	vm_area_destroy(area);
	for (unsigned i = 0; i < FEW; i++)
		free_page(pages[i]);
}

static bool maps(unsigned i, const struct page *page)
{
	pfn_t pfn;

	return kpt_lookup(at(i), &pfn) && pfn_eq(pfn, page_to_pfn(page));
}

static bool maps_nothing(unsigned i)
{
	uint8_t value;
	pfn_t pfn;

	return !kpt_lookup(at(i), &pfn) && !probe_read8(address(i), &value);
}

KTEST_KEEPS(pgtable, populate_makes_tables_that_stay)
{
	unsigned long free;

	setup();
	EXPECT(maps_nothing(0) && maps_nothing(MANY - 1));
	free = nr_free_pages();
	EXPECT_EQ(kpt_populate(at(0), MANY), 0);   /* again: nothing to do */
	EXPECT_EQ(kpt_populate(at(0), 0), 0);
	EXPECT_EQ(nr_free_pages(), free);
	teardown();
}

KTEST(pgtable, pages_from_anywhere_become_neighbours)
{
	setup();
	kpt_map_pages(at(0), pages, FEW, KPROT_RW);
	for (unsigned i = 0; i < FEW; i++)
		*word(i) = 1000 + i;
	/* Map the same pages again, in the opposite order. */
	for (unsigned i = 0; i < FEW; i++)
		kpt_map_pages(at(100 + FEW - 1 - i), &pages[i], 1, KPROT_RO);
	for (unsigned i = 0; i < FEW; i++) {
		EXPECT(maps(i, pages[i]));
		EXPECT_EQ(*word(100 + FEW - 1 - i), 1000 + i);
	}
	EXPECT(maps_nothing(FEW) && maps_nothing(99));
	teardown();
}

KTEST(pgtable, a_range_maps_frames_that_follow_each_other)
{
	struct page *block = alloc_pages(GFP_KERNEL, 3);

	REQUIRE(block);
	setup();
	kpt_map_range(at(5), page_to_pfn(block), 8, KPROT_RW);
	for (unsigned i = 0; i < 8; i++) {
		*word(5 + i) = i;
		EXPECT_EQ(*(uint32_t *)page_address(block + i), i);
	}
	EXPECT(maps_nothing(4) && maps_nothing(13));
	teardown();
	free_pages(block, 3);
}

/* Every run that begins and ends around the line between two tables. */
KTEST(pgtable, runs_may_cross_page_tables)
{
	unsigned line;

	setup();
	line = PTRS_PER_PT - pt_index(at(0));
	for (unsigned first = line - 2; first <= line + 1; first++) {
		for (unsigned nr = 0; nr <= 4; nr++) {
			kpt_map_pages(at(first), pages, nr, KPROT_RW);
			for (unsigned i = 0; i < nr; i++)
				EXPECT(maps(first + i, pages[i]));
			EXPECT(!kpt_lookup(at(first + nr), &(pfn_t){ 0 }));
			EXPECT(!kpt_lookup(at(first - 1), &(pfn_t){ 0 }));
			kpt_unmap(at(first), nr);
		}
	}
	teardown();
}

KTEST(pgtable, a_thousand_entries_of_one_page)
{
	pfn_t pfn;

	setup();
	for (unsigned i = 0; i < MANY; i++)
		kpt_map_range(at(i), page_to_pfn(pages[0]), 1, KPROT_RW);
	*word(0) = 77;
	EXPECT_EQ(*word(MANY - 1), 77);
	for (unsigned i = 0; i < MANY; i++)
		EXPECT(maps(i, pages[0]));
	kpt_unmap(at(0), MANY);
	tlb_flush_range(at(0), MANY);
	for (unsigned i = 0; i < MANY; i++)
		EXPECT(!kpt_lookup(at(i), &pfn));
	EXPECT(maps_nothing(0) && maps_nothing(MANY - 1));
	teardown();
}

KTEST(pgtable, protections_hold)
{
	setup();
	kpt_map_pages(at(0), pages, 1, KPROT_RW);
	*(uint8_t *)address(0) = 0xc3;   /* ret */
	kpt_map_pages(at(1), pages, 1, KPROT_RO);
	kpt_map_pages(at(2), pages, 1, KPROT_RX);
	EXPECT(probe_write(address(0)));
	EXPECT(!probe_write(address(1)));
	EXPECT(!probe_write(address(2)));
	EXPECT_EQ(probe_execute(address(0)), !cpu_has(CPU_NX));
	EXPECT_EQ(probe_execute(address(1)), !cpu_has(CPU_NX));
	EXPECT(probe_execute(address(2)));
	teardown();
}

KTEST(pgtable, each_protection_has_all_its_bits)
{
	const uint64_t cpu = PAE_P | PAE_A | PAE_D | PAE_G | PAE_XD;

	for (unsigned i = 0; i < KPROT_NR; i++) {
		uint64_t sdm = kprot_sdm_bits[i], bits = kprot_bits[i].v;

		EXPECT(bits & PAE_P && bits & PAE_A);
		EXPECT_EQ(!!(bits & PAE_D), !!(sdm & PAE_RW));
		EXPECT_EQ(!!(bits & PAE_G), cpu_has(CPU_PGE));
		EXPECT_EQ(!!(bits & PAE_XD), sdm & PAE_XD && cpu_has(CPU_NX));
		EXPECT_EQ(bits & ~cpu, sdm & ~cpu);
	}
}

KTEST(pgtable, retired_entries_remember_their_pages)
{
	setup();
	kpt_map_pages(at(0), pages, 4, KPROT_RW);
	kpt_map_pages(at(6), pages + 4, 2, KPROT_RW);   /* 4, 5: empty */
	kpt_retire(at(0), 8);
	tlb_flush_range(at(0), 8);
	for (unsigned i = 0; i < 8; i++)
		EXPECT(maps_nothing(i));
	EXPECT_EQ(kpt_reap(at(0), 8, reaped), 6);
	for (unsigned i = 0; i < 6; i++)
		EXPECT(reaped[i] == pages[i]);
	EXPECT_EQ(kpt_reap(at(0), 8, reaped), 0);
	teardown();
}

KTEST(pgtable, reaping_crosses_page_tables)
{
	setup();
	for (unsigned i = 0; i < MANY; i++)
		kpt_map_pages(at(i), &pages[i % FEW], 1, KPROT_RW);
	kpt_retire(at(0), MANY);
	tlb_flush_all();
	EXPECT_EQ(kpt_reap(at(0), MANY, reaped), MANY);
	for (unsigned i = 0; i < MANY; i++)
		EXPECT(reaped[i] == pages[i % FEW]);
	teardown();
}

KTEST(pgtable, the_direct_map_can_be_looked_up)
{
	struct page *page = alloc_page(GFP_KERNEL);
	pfn_t pfn;

	REQUIRE(page);
	EXPECT(kpt_lookup(ptr_to_kva(page_address(page)) + 77, &pfn));
	EXPECT(pfn_eq(pfn, page_to_pfn(page)));
	EXPECT(!kpt_lookup(0, &pfn));
	EXPECT(!kpt_lookup(USER_BASE, &pfn));
	EXPECT(!kpt_lookup(FIXADDR_TOP, &pfn));
	free_page(page);
}

/* ---- failure and misuse ------------------------------------------------- */

/* A 2 MiB range of the vmalloc area without a page table; 0: none. */
static kva_t unpopulated(void)
{
	kva_t va = (VMALLOC_END & ~(PT_SPAN - 1)) - PT_SPAN;

	while (va >= vmalloc_start() && kernel_pd[pd_index(va)].v)
		va -= PT_SPAN;
	return va >= vmalloc_start() ? va : 0;
}

/* Keeps: the page table that is made at the end. */
KTEST_KEEPS(pgtable, without_memory_populate_changes_nothing)
{
	kva_t va = unpopulated();
	unsigned long free;

	if (!va)
		SKIP("every page table is there already");
	free = nr_free_pages();
	failpoint_arm(1);
	EXPECT(kpt_populate(va, 1) == -ENOMEM);
	EXPECT(failpoint_disarm());
	EXPECT_EQ(nr_free_pages(), free);
	EXPECT_EQ(kernel_pd[pd_index(va)].v, 0);
	EXPECT_EQ(kpt_populate(va, 1), 0);
	EXPECT_EQ(nr_free_pages(), free - 1);
	EXPECT(pde_is_table(kernel_pd[pd_index(va)]));
}

static void map_without_table(void *arg)
{
	kpt_map_pages(*(kva_t *)arg, NULL, 1, KPROT_RW);
}

static void reap_present(void *arg)
{
	kpt_reap(at(0), 1, reaped);
}

static void populate_lowmem(void *arg)
{
	(void)!kpt_populate(PAGE_OFFSET, 1);
}

static void populate_past_the_end(void *arg)
{
	(void)!kpt_populate(FIXADDR_TOP - PAGE_SIZE, 2);
}

static void populate_unaligned(void *arg)
{
	(void)!kpt_populate(vmalloc_start() + 8, 1);
}

static void populate_the_gap(void *arg)
{
	(void)!kpt_populate(vmalloc_start() - PAGE_SIZE, 1);
}

KTEST(pgtable, misuse_is_caught)
{
	kva_t gap = vmalloc_start() - PAGE_SIZE;

	setup();
	EXPECT_PANIC(map_without_table, &gap, "is_table");
	EXPECT_PANIC(populate_lowmem, NULL, "kpt_owns");
	EXPECT_PANIC(populate_past_the_end, NULL, "kpt_owns");
	EXPECT_PANIC(populate_unaligned, NULL, "kpt_owns");
	EXPECT_PANIC(populate_the_gap, NULL, "kpt_owns");
	EXPECT_EQ(kpt_populate(FIXADDR_TOP - PAGE_SIZE, 1), 0);
	kpt_map_pages(at(0), pages, 1, KPROT_RW);
	EXPECT_PANIC(reap_present, NULL, "PAE_P");
	teardown();
}

/* ---- random operations against a model ---------------------------------- */

#define MODEL    48u
#define STEPS    600u

/* What each entry should be: empty, present or retired; and of which page. */
static struct {
	enum { EMPTY, PRESENT, RETIRED } state;
	unsigned page;
} model[MODEL];

static void model_map(struct rng *rng, unsigned i, unsigned base)
{
	unsigned page = rng_below(rng, FEW);

	if (model[i].state != EMPTY)
		return;
	kpt_map_pages(at(base + i), &pages[page], 1, KPROT_RW);
	model[i].state = PRESENT;
	model[i].page = page;
}

static void model_unmap(unsigned i, unsigned nr, unsigned base)
{
	kpt_unmap(at(base + i), nr);
	tlb_flush_range(at(base + i), nr);
	for (unsigned n = i; n < i + nr; n++)
		model[n].state = EMPTY;
}

static void model_retire(unsigned i, unsigned nr, unsigned base)
{
	kpt_retire(at(base + i), nr);
	tlb_flush_range(at(base + i), nr);
	for (unsigned n = i; n < i + nr; n++) {
		if (model[n].state == PRESENT)
			model[n].state = RETIRED;
	}
}

static void model_reap(unsigned i, unsigned nr, unsigned base)
{
	unsigned had, expect = 0;

	for (unsigned n = i; n < i + nr; n++) {
		if (model[n].state == PRESENT)
			return;   /* must be retired first */
	}
	had = kpt_reap(at(base + i), nr, reaped);
	for (unsigned n = i; n < i + nr; n++) {
		if (model[n].state == RETIRED)
			EXPECT(reaped[expect++] == pages[model[n].page]);
		model[n].state = EMPTY;
	}
	EXPECT_EQ(had, expect);
}

static void model_compare(unsigned base)
{
	for (unsigned i = 0; i < MODEL; i++) {
		if (model[i].state != PRESENT)
			EXPECT(!kpt_lookup(at(base + i), &(pfn_t){ 0 }));
		else if (maps(base + i, pages[model[i].page]))
			EXPECT_EQ(*word(base + i), model[i].page);
		else
			EXPECT(!"the entry maps its page");
	}
}

KTEST(pgtable, random_operations_agree_with_a_model)
{
	unsigned base;
	struct rng rng;

	setup();
	rng_init(&rng, ktest_seed());
	/* The line between two tables is in the middle of the model. */
	base = PTRS_PER_PT - pt_index(at(0)) - MODEL / 2 % PTRS_PER_PT;
	base %= PTRS_PER_PT;
	for (unsigned i = 0; i < MODEL; i++)
		model[i].state = EMPTY;
	for (unsigned i = 0; i < FEW; i++) {
		kpt_map_pages(at(MANY - 1), &pages[i], 1, KPROT_RW);
		*word(MANY - 1) = i;
		kpt_unmap(at(MANY - 1), 1);
		tlb_flush_page(at(MANY - 1));
	}
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = rng_below(&rng, MODEL);
		unsigned nr = rng_below(&rng, MODEL - i + 1);

		switch (rng_below(&rng, 8)) {
		case 0: model_unmap(i, nr, base); break;
		case 1: model_retire(i, nr, base); break;
		case 2: model_reap(i, nr, base); break;
		default: model_map(&rng, i, base); break;
		}
		if (step % 16 == 0)
			model_compare(base);
	}
	model_compare(base);
	teardown();
}

/* ---- the checker looks at the tables in use ------------------------------ */

/* Only tests use FIX_TEST: its entry may be spoilt in the live tables. */
KTEST(pgtable, an_error_in_the_live_tables_is_found)
{
	struct page *page = alloc_page(GFP_KERNEL);
	const char *law;

	REQUIRE(page);
	fixmap_map(FIX_TEST, page_to_pfn(page), KPROT_RW);
	EXPECT_NULL(pgtable_check());
	fixmap_entry(FIX_TEST)->low |= PAE_US;
	law = pgtable_check();
	fixmap_unmap(FIX_TEST);
	EXPECT_LAW(law, "pgtable B4");
	EXPECT_NULL(pgtable_check());
	free_page(page);
}

KTEST(pgtable, write_protection_switched_off_is_noticed)
{
	const char *law;

	write_cr0(read_cr0() & ~CR0_WP);
	law = pgtable_check();
	write_cr0(read_cr0() | CR0_WP);
	EXPECT_LAW(law, "pgtable C2");
}
