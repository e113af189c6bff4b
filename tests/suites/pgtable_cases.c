// SPDX-License-Identifier: MIT
/*
 * pgtable_cases.c (tests) - more wrong entries, and right ones that look wrong
 *
 * WHAT     Each case changes a copy of the kernel's tables that has a directory
 *          and a fixmap table of its own. All other tables are those in use.
 * NOT HERE the other laws (pgtable_check.c, direct_map.c).
 */
#include <arch/cpu.h>
#include <arch/fixmap.h>
#include <arch/pgtable_check.h>

#include "arch/i386/mm/mm_impl.h"
#include "lib/align.h"
#include "lib/string.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

SUITE(pgtable_cases, pgtable_check);

static struct {
	pdpte_t *pdpt;
	pde_t   *pd;
	pte_t   *fixmap, *empty;
	struct page        *page;   /* of lowmem, and no table */
	struct pgtable_facts facts;
	struct image_layout  image;
} copy;

static void *table_create(const void *like, size_t size)
{
	struct page *page = alloc_page(GFP_KERNEL | GFP_ZERO);

	REQUIRE(page);
	page_set_state(page, PAGE_TABLE);
	if (like)
		memcpy(page_address(page), like, size);
	return page_address(page);
}

static void table_free(void *table)
{
	page_set_state(virt_to_page(table), PAGE_USED);
	free_page(virt_to_page(table));
}

static void set_up(void)
{
	copy.pdpt = table_create(kernel_pdpt,
				 PTRS_PER_PDPT * sizeof(pdpte_t));
	copy.pd = table_create(kernel_pd, PAGE_SIZE);
	copy.fixmap = table_create(fixmap_table, PAGE_SIZE);
	copy.empty = table_create(NULL, 0);
	copy.page = alloc_page(GFP_KERNEL);
	REQUIRE(copy.page);
	copy.pdpt[pdpt_index(PAGE_OFFSET)] = pdpte_make(virt_to_phys(copy.pd));
	copy.pd[pd_index(FIXMAP_PT_BASE)] =
		pde_make_table(virt_to_phys(copy.fixmap));
	pgtable_facts_init(&copy.facts);
	copy.image = kernel_image;
	copy.facts.image = &copy.image;
}

static void tear_down(void)
{
	table_free(copy.pdpt);
	table_free(copy.pd);
	table_free(copy.fixmap);
	table_free(copy.empty);
	free_page(copy.page);
}

/* The law that the copy breaks, at this address; NULL: none. */
static const char *law_at(kva_t va)
{
	struct pgtable_report report;
	const char *law = pgtable_check_tables(copy.pdpt, &copy.facts, &report);

	if (law)
		EXPECT_EQ(report.va, va);
	return law;
}

/* The same, with another value in the entry. */
static const char *law_with(uint64_t *entry, uint64_t value, kva_t va)
{
	uint64_t right = *entry;
	const char *law;

	*entry = value;
	law = law_at(va);
	*entry = right;
	return law;
}

static uint64_t lowmem_entry(void)
{
	return page_to_phys(copy.page).v | kprot_bits[KPROT_RW].v;
}

/* What the law says of a slot of the fixmap with this entry. */
static const char *slot_law(unsigned slot, uint64_t value)
{
	kva_t va = fixmap_slot_kva(slot);

	return law_with(&copy.fixmap[pt_index(va)].v, value, va);
}

KTEST(pgtable_cases, slots_of_the_fixmap_are_told_apart)
{
	const uint64_t video = 0xb8000 | kprot_bits[KPROT_RW].v;

	set_up();
	EXPECT_NULL(law_at(0));
	EXPECT_NULL(slot_law(FIX_TEST, lowmem_entry()));
	_Static_assert(FIX_TEST + 1 == FIX_KMAP_LOCAL_FIRST, "they meet");
	EXPECT_LAW(slot_law(FIX_KMAP_LOCAL_FIRST, lowmem_entry()),
		   "pgtable F1");
	EXPECT_LAW(slot_law(FIX_KMAP_LOCAL_LAST, lowmem_entry()), "pgtable F1");
	/* The tables of the firmware are cached, but need not be RAM. */
	EXPECT_NULL(slot_law(FIX_ACPI_WINDOW, video));
	EXPECT_LAW(slot_law(FIX_ACPI_WINDOW - 1, video), "pgtable V3");
	EXPECT_LAW(slot_law(FIX_ACPI_WINDOW + 1, video), "pgtable V3");
	tear_down();
}

KTEST(pgtable_cases, the_pdpte_leads_to_a_table_and_has_no_rights)
{
	uint64_t *pdpte, right;

	set_up();
	pdpte = &copy.pdpt[pdpt_index(PAGE_OFFSET)].v;
	right = *pdpte;
	EXPECT_LAW(law_with(pdpte, page_to_phys(copy.page).v | PAE_P,
			    PAGE_OFFSET), "pgtable T3");
	EXPECT_LAW(law_with(pdpte, right | PAE_XD, PAGE_OFFSET),
		   copy.facts.nx ? "pgtable B5" : "pgtable B2");
	EXPECT_LAW(law_with(pdpte, right | PAE_US, PAGE_OFFSET), "pgtable B5");
	EXPECT_NULL(law_with(pdpte, right | PAE_A, PAGE_OFFSET));
	tear_down();
}

KTEST(pgtable_cases, the_entry_of_a_table_allows_execution)
{
	uint64_t *pde;

	set_up();
	pde = &copy.pd[pd_index(PKMAP_BASE)].v;
	EXPECT_LAW(law_with(pde, *pde | PAE_XD, PKMAP_BASE),
		   copy.facts.nx ? "pgtable T5" : "pgtable B2");
	EXPECT_LAW(law_with(pde, *pde | PAE_PCD, PKMAP_BASE), "pgtable T5");
	tear_down();
}

/* A page of lowmem in the middle of 2 MiB: no other law looks at it. */
KTEST(pgtable_cases, no_table_is_a_guard_page)
{
	unsigned order = ilog2(PT_SPAN / PAGE_SIZE);
	struct page *block = alloc_pages(GFP_KERNEL | GFP_NOWARN, order);
	kva_t va;

	if (!block)
		SKIP("needs 2 MiB of RAM in one piece");
	va = ptr_to_kva(page_address(&block[1]));
	set_up();
	REQUIRE(copy.image.nr_guards < IMAGE_GUARDS_MAX);
	copy.image.guard[copy.image.nr_guards++] = va;
	EXPECT_NULL(law_at(0));
	EXPECT_LAW(law_with(&copy.pd[pd_index(PKMAP_BASE)].v,
			    page_to_phys(&block[1]).v | PDE_TABLE_BITS,
			    PKMAP_BASE), "pgtable T2");
	tear_down();
	free_pages(block, order);
}

/* Bit 12 of a large page is PAT, and bits 13 to 20 must be 0. */
KTEST(pgtable_cases, bits_12_to_20_of_a_large_page_are_0)
{
	unsigned i = 1;

	set_up();
	while (i < PTRS_PER_PD && !(pde_present(copy.pd[i]) &&
				    pde_large(copy.pd[i])))
		i++;
	for (unsigned bit = 12; i < PTRS_PER_PD && bit <= 20; bit++)
		EXPECT_LAW(law_with(&copy.pd[i].v, copy.pd[i].v | 1u << bit,
				    PAGE_OFFSET + i * LARGE_PAGE_SIZE),
			   "pgtable B5");
	tear_down();
}

/* A new table in the first empty entry of the vmalloc region. */
KTEST(pgtable_cases, outside_of_areas_nothing_is_mapped)
{
	struct vm_area_info info;
	kva_t va = vmalloc_start();

	set_up();
	while (va < VMALLOC_END && copy.pd[pd_index(va)].v)
		va = (va | (LARGE_PAGE_SIZE - 1)) + 1;
	if (va >= VMALLOC_END || vmalloc_find_used(va + PAGE_SIZE, &info)) {
		tear_down();
		SKIP("every page table is there already");
	}
	copy.pd[pd_index(va)] = pde_make_table(virt_to_phys(copy.empty));
	EXPECT_NULL(law_at(0));
	va += PAGE_SIZE;
	EXPECT_LAW(law_with(&copy.empty[pt_index(va)].v, lowmem_entry(), va),
		   "pgtable V1");
	/* A retired entry may be there: its area waits for a flush. */
	EXPECT_NULL(law_with(&copy.empty[pt_index(va)].v,
			     lowmem_entry() & ~PAE_P, va));
	tear_down();
}
