// SPDX-License-Identifier: MIT
/*
 * pgtable_check.c - the checker of the page tables finds what is wrong
 *
 * WHAT     Each test case takes a copy of the tables in use, spoils one entry
 *          (or one of the facts that entries are judged by) and expects the
 *          rule that it breaks, at the address where it was broken.
 *
 * PICTURE    live    PDPT -> PD -> [0] [1] ... [n] ... [510] [511]
 *            copy    PDPT -> PD -> [0] [v]  the rest is shared   [510] [511]
 *                                  page tables that cases spoil
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/fixmap.h>
#include <arch/pgtable_check.h>

#include "arch/i386/mm/mm_impl.h"
#include "lib/align.h"
#include "lib/string.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "tests/ktest.h"

#define PKMAP_PDE   pd_index(PKMAP_BASE)
#define FIXMAP_PDE  pd_index(FIXMAP_PT_BASE)

/* Two pages of low memory: an ordinary one, and one of video memory. */
#define PLAIN_PAGE  16u
#define VIDEO_PAGE  (0xb8000u >> PAGE_SHIFT)

#define AREA_PAGES  2u

SUITE(pgtable_check, pgtable_check);

/* The copy, and the facts by which the checker judges it. */
static struct {
	pdpte_t *pdpt;
	pde_t   *pd;
	pte_t   *low, *vmalloc, *pkmap, *fixmap, *holed;
	struct pgtable_facts facts;
	struct image_layout  image;
	kva_t    area;            /* a live area of AREA_PAGES pages */
	unsigned large;           /* index of a 2 MiB page, 0: none  */
	unsigned hole;            /* index of a chunk with a hole, 0: none   */
	kva_t    hole_va;         /* a page of it                 */
	unsigned empty;           /* index of an unused PDE of vmalloc's  */
	struct page *lowmem, *highmem;   /* highmem: NULL where there is none */
} copy;

static void *table_alloc(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	page_set_state(page, PAGE_TABLE);
	return page_address(page);
}

static void table_free(void *table)
{
	struct page *page = virt_to_page(table);

	page_set_state(page, PAGE_USED);
	free_page(page);
}

/* Give one PDE of the copy a table of its own. */
static pte_t *table_own(unsigned index)
{
	pte_t *table = table_alloc();

	memcpy(table, pde_table(kernel_pd[index]), PAGE_SIZE);
	copy.pd[index].v = virt_to_phys(table).v | PDE_TABLE_BITS;
	return table;
}

static void copy_refresh(void)
{
	unsigned vmalloc_pde = pd_index(copy.area);

	memcpy(copy.pdpt, kernel_pdpt, PTRS_PER_PDPT * sizeof(pdpte_t));
	memcpy(copy.pd, kernel_pd, PAGE_SIZE);
	copy.pdpt[pdpt_index(PAGE_OFFSET)] = pdpte_make(virt_to_phys(copy.pd));
	memcpy(copy.low, pde_table(kernel_pd[0]), PAGE_SIZE);
	memcpy(copy.vmalloc, pde_table(kernel_pd[vmalloc_pde]), PAGE_SIZE);
	memcpy(copy.pkmap, pde_table(kernel_pd[PKMAP_PDE]), PAGE_SIZE);
	memcpy(copy.fixmap, pde_table(kernel_pd[FIXMAP_PDE]), PAGE_SIZE);
	if (copy.hole) {
		memcpy(copy.holed, pde_table(kernel_pd[copy.hole]), PAGE_SIZE);
		copy.pd[copy.hole] = pde_make_table(virt_to_phys(copy.holed));
	}
	copy.pd[0] = pde_make_table(virt_to_phys(copy.low));
	copy.pd[vmalloc_pde] = pde_make_table(virt_to_phys(copy.vmalloc));
	copy.pd[PKMAP_PDE] = pde_make_table(virt_to_phys(copy.pkmap));
	copy.pd[FIXMAP_PDE] = pde_make_table(virt_to_phys(copy.fixmap));
	pgtable_facts_init(&copy.facts);
	copy.image = kernel_image;
	copy.facts.image = &copy.image;
}

/* Find a page that is not mapped, in a chunk with a table, behind the image. */
static void copy_find_hole(void)
{
	copy.hole = 0;
	for (kva_t va = ALIGN_UP(kernel_image.data_end, LARGE_PAGE_SIZE);
	     va < high_memory && !copy.hole; va += PAGE_SIZE) {
		pde_t pde = kernel_pd[pd_index(va)];

		if (!pde_is_table(pde) ||
		    pte_present(pde_table(pde)[pt_index(va)]))
			continue;
		copy.hole = pd_index(va);
		copy.hole_va = va;
	}
}

/*
 * Is nothing mapped through this entry of the directory? A table stays when its
 * areas are freed, so in the end each entry may have one.
 */
static bool pde_is_unused(unsigned index)
{
	const pte_t *table;

	if (!kernel_pd[index].v)
		return true;
	table = pde_table(kernel_pd[index]);
	for (unsigned i = 0; i < PTRS_PER_PT; i++) {
		if (table[i].v)
			return false;
	}
	return true;
}

static void copy_find_places(void)
{
	unsigned first = pd_index(vmalloc_start());

	copy.large = 0;
	for (unsigned i = 1; i < PTRS_PER_PD && !copy.large; i++) {
		if (pde_present(kernel_pd[i]) && pde_large(kernel_pd[i]))
			copy.large = i;
	}
	copy.empty = 0;
	for (unsigned i = first; i < PKMAP_PDE - 1 && !copy.empty; i++) {
		if (pde_is_unused(i))
			copy.empty = i;
	}
	REQUIRE(copy.empty);
}

static void copy_create(void)
{
	struct page *page;
	void *area = vmalloc(AREA_PAGES * PAGE_SIZE);

	REQUIRE(area);
	copy.area = ptr_to_kva(area);
	copy_find_places();
	copy.pdpt = table_alloc();
	copy.pd = table_alloc();
	copy.low = table_own(0);
	copy.vmalloc = table_own(pd_index(copy.area));
	copy.pkmap = table_own(PKMAP_PDE);
	copy.fixmap = table_own(FIXMAP_PDE);
	copy_find_hole();
	copy.holed = copy.hole ? table_own(copy.hole) : NULL;
	copy.lowmem = alloc_page(GFP_KERNEL);
	page = alloc_page(GFP_HIGHUSER);
	REQUIRE(copy.lowmem && page);
	copy.highmem = page_is_highmem(page) ? page : NULL;
	if (!copy.highmem)
		free_page(page);
	copy_refresh();
}

static void copy_destroy(void)
{
	table_free(copy.pdpt);
	table_free(copy.pd);
	table_free(copy.low);
	table_free(copy.vmalloc);
	table_free(copy.pkmap);
	table_free(copy.fixmap);
	if (copy.holed)
		table_free(copy.holed);
	free_page(copy.lowmem);
	if (copy.highmem)
		free_page(copy.highmem);
	vfree(kva_to_ptr(copy.area));
}

/* ---- what is spoilt, by rule --------------------------------------------- */

/* Each case returns the address that the report must name, or SKIP_CASE. */
#define SKIP_CASE  1u

static uint64_t page_entry(const struct page *page, enum kprot prot)
{
	return page_to_phys(page).v | kprot_bits[prot].v;
}

static kva_t low_va(unsigned index)
{
	return PAGE_OFFSET + index * PAGE_SIZE;
}

static pte_t *image_pte(kva_t va)
{
	return &copy.low[pt_index(va)];
}

static kva_t pde_va(unsigned index)
{
	return PAGE_OFFSET + index * LARGE_PAGE_SIZE;
}

static kva_t user_pdpte(void)
{
	copy.pdpt[1].v = virt_to_phys(copy.pd).v | PAE_P;
	return 1u << 30;
}

static kva_t no_kernel_pdpte(void)
{
	copy.pdpt[3].v = 0;
	return PAGE_OFFSET;
}

static kva_t pdpte_reserved(void)
{
	copy.pdpt[3].v |= PAE_RW;
	return PAGE_OFFSET;
}

static kva_t table_in_a_hole(void)
{
	copy.pd[PKMAP_PDE].v = ISA_HOLE_START | PDE_TABLE_BITS;
	return PKMAP_BASE;
}

static kva_t table_in_highmem(void)
{
	if (!copy.highmem)
		return SKIP_CASE;
	copy.pd[PKMAP_PDE].v = page_to_phys(copy.highmem).v | PDE_TABLE_BITS;
	return PKMAP_BASE;
}

static kva_t table_in_a_guard(void)
{
	if (!kernel_image.nr_guards)
		return SKIP_CASE;
	copy.pd[PKMAP_PDE].v = (kernel_image.guard[0] - PAGE_OFFSET) |
			       PDE_TABLE_BITS;
	return PKMAP_BASE;
}

static kva_t table_not_a_table(void)
{
	copy.pd[PKMAP_PDE].v = page_to_phys(copy.lowmem).v | PDE_TABLE_BITS;
	return PKMAP_BASE;
}

/* Its entry in mem_map is not written yet: 0 would mean "reserved". */
static kva_t table_in_virgin_memory(void)
{
	pfn_t pfn = PFN(0);

	while (pfn_lt(pfn, max_low_pfn) &&
	       pageblock_state(pfn) != PAGEBLOCK_VIRGIN)
		pfn = pageblock_next(pfn);
	if (!pfn_lt(pfn, max_low_pfn))
		return SKIP_CASE;
	copy.pd[PKMAP_PDE] = pde_make_table(pfn_to_phys(pfn_add(pfn, 1)));
	return PKMAP_BASE;
}

static kva_t table_twice(void)
{
	copy.pd[FIXMAP_PDE] = copy.pd[PKMAP_PDE];
	return FIXMAP_PT_BASE;
}

static kva_t directory_as_table(void)
{
	copy.pd[PKMAP_PDE] = pde_make_table(virt_to_phys(copy.pd));
	return PKMAP_BASE;
}

static kva_t table_read_only(void)
{
	copy.pd[PKMAP_PDE].v &= ~PAE_RW;
	return PKMAP_BASE;
}

static kva_t table_global(void)
{
	copy.pd[PKMAP_PDE].v |= PAE_G;
	return PKMAP_BASE;
}

static kva_t table_for_user(void)
{
	copy.pd[PKMAP_PDE].v |= PAE_US;
	return PKMAP_BASE;
}

static kva_t page_for_user(void)
{
	copy.low[PLAIN_PAGE].v |= PAE_US;
	return low_va(PLAIN_PAGE);
}

static kva_t above_the_width(void)
{
	copy.low[PLAIN_PAGE].v |= 1ull << 51;
	return low_va(PLAIN_PAGE);
}

static kva_t bit_62(void)
{
	copy.low[PLAIN_PAGE].v |= 1ull << 62;
	return low_va(PLAIN_PAGE);
}

static kva_t no_nxe(void)
{
	if (!copy.facts.nx)
		return SKIP_CASE;
	copy.facts.nx = false;
	return low_va(0);
}

static kva_t software_bit(void)
{
	copy.low[PLAIN_PAGE].v |= 0x200;
	return low_va(PLAIN_PAGE);
}

static kva_t pat_bit(void)
{
	copy.low[PLAIN_PAGE].v |= 0x80;
	return low_va(PLAIN_PAGE);
}

static kva_t large_reserved(void)
{
	if (!copy.large)
		return SKIP_CASE;
	copy.pd[copy.large].v |= 1u << 13;
	return pde_va(copy.large);
}

static kva_t wrong_global(void)
{
	copy.low[PLAIN_PAGE].v ^= PAE_G;
	return low_va(PLAIN_PAGE);
}

static kva_t no_pge(void)
{
	copy.facts.pge = !copy.facts.pge;
	return low_va(0);
}

static kva_t writable_text(void)
{
	if (!copy.facts.nx)
		return SKIP_CASE;
	image_pte(copy.image.text_start)->v |= PAE_RW;
	return copy.image.text_start;
}

static kva_t rest_in_fixmap(void)
{
	copy.fixmap[pt_index(fixmap_slot_kva(FIX_TEST))].v = PAGE_SIZE;
	return fixmap_slot_kva(FIX_TEST);
}

static kva_t rest_in_directory(void)
{
	copy.pd[copy.empty].v = PAGE_SIZE;
	return pde_va(copy.empty);
}

static kva_t top_gap_mapped(void)
{
	copy.fixmap[pt_index(FIXADDR_TOP)].v =
		page_entry(copy.lowmem, KPROT_RW);
	return FIXADDR_TOP;
}

static kva_t gap_below_fixmap_mapped(void)
{
	copy.fixmap[0].v = page_entry(copy.lowmem, KPROT_RW);
	return FIXMAP_PT_BASE;
}

static kva_t gap_after_lowmem_mapped(void)
{
	unsigned index = pd_index(vmalloc_start() - PAGE_SIZE);

	copy.pd[index].v = PAE_PS | kprot_bits[KPROT_RW].v;
	return pde_va(index);
}

static kva_t wrong_frame(void)
{
	copy.low[PLAIN_PAGE].v += PAGE_SIZE;
	return low_va(PLAIN_PAGE);
}

static kva_t guard_mapped(void)
{
	copy.image.nr_guards = 1;
	copy.image.guard[0] = copy.image.data_start;
	/* A real guard is a hole now: if it lies in front, it comes first. */
	for (unsigned i = 0; i < kernel_image.nr_guards; i++) {
		if (kernel_image.guard[i] <= copy.image.data_start)
			return SKIP_CASE;
	}
	return copy.image.data_start;
}

static kva_t ram_page_missing(void)
{
	copy.low[PLAIN_PAGE].v = 0;
	return low_va(PLAIN_PAGE);
}

static kva_t isa_hole_missing(void)
{
	copy.low[VIDEO_PAGE].v = 0;
	return low_va(VIDEO_PAGE);
}

/* The ISA hole is not RAM on any PC. */
static kva_t image_begins_in_a_hole(void)
{
	copy.image.text_start = PAGE_OFFSET + ISA_HOLE_END - PAGE_SIZE;
	return copy.image.text_start;
}

static kva_t image_ends_in_a_hole(void)
{
	copy.image.text_start = low_va(PLAIN_PAGE);
	copy.image.data_end = PAGE_OFFSET + ISA_HOLE_START + PAGE_SIZE;
	return copy.image.text_start;
}

/* Cached, as if it were RAM. A mapping of a device would not be cached. */
static kva_t hole_mapped(void)
{
	if (!copy.hole)
		return SKIP_CASE;
	copy.holed[pt_index(copy.hole_va)].v =
		(copy.hole_va - PAGE_OFFSET) | kprot_bits[KPROT_RW].v;
	return copy.hole_va;
}

static kva_t hole_in_large_page(void)
{
	if (!copy.hole)
		return SKIP_CASE;
	copy.pd[copy.hole].v = (pde_va(copy.hole) - PAGE_OFFSET) | PAE_PS |
			       kprot_bits[KPROT_RW].v;
	return pde_va(copy.hole);
}

static kva_t ram_chunk_missing(void)
{
	if (!copy.large)
		return SKIP_CASE;
	copy.pd[copy.large].v = 0;
	return pde_va(copy.large);
}

static kva_t executable_data(void)
{
	if (!copy.facts.nx)
		return SKIP_CASE;
	copy.low[PLAIN_PAGE].v &= ~(PAE_XD | PAE_RW);
	return low_va(PLAIN_PAGE);
}

static kva_t uncached_text(void)
{
	image_pte(copy.image.text_start)->v |= PAE_PCD;
	return copy.image.text_start;
}

static kva_t writable_rodata(void)
{
	if (pd_index(copy.image.rodata_start))
		return SKIP_CASE;
	image_pte(copy.image.rodata_start)->v |= PAE_RW;
	return copy.image.rodata_start;
}

static kva_t read_only_data(void)
{
	copy.low[PLAIN_PAGE].v &= ~PAE_RW;
	return low_va(PLAIN_PAGE);
}

static kva_t cached_video(void)
{
	copy.low[VIDEO_PAGE].v &= ~(PAE_PCD | PAE_PWT);
	return low_va(VIDEO_PAGE);
}

static kva_t image_in_large_page(void)
{
	if (!copy.large || pde_va(copy.large) < copy.image.data_end)
		return SKIP_CASE;
	copy.image.data_end = pde_va(copy.large) + PAGE_SIZE;
	return pde_va(copy.large);
}

static kva_t area_guard_mapped(void)
{
	kva_t guard = copy.area + AREA_PAGES * PAGE_SIZE;

	if (pd_index(guard) != pd_index(copy.area))
		return SKIP_CASE;
	copy.vmalloc[pt_index(guard)].v = page_entry(copy.lowmem, KPROT_RW);
	return guard;
}

static kva_t retired_in_live_area(void)
{
	copy.vmalloc[pt_index(copy.area)].v &= ~PAE_P;
	return copy.area;
}

static kva_t uncached_ram(void)
{
	copy.vmalloc[pt_index(copy.area)].v |= PAE_PCD | PAE_PWT;
	return copy.area;
}

static kva_t cached_device(void)
{
	copy.fixmap[pt_index(fixmap_slot_kva(FIX_TEST))].v =
		ISA_HOLE_START | kprot_bits[KPROT_RW].v;
	return fixmap_slot_kva(FIX_TEST);
}

static kva_t large_in_vmalloc(void)
{
	copy.pd[copy.empty].v = PAE_PS | kprot_bits[KPROT_RW].v;
	return pde_va(copy.empty);
}

static kva_t kmap_of_lowmem(void)
{
	copy.pkmap[7].v = page_entry(copy.lowmem, KPROT_RW);
	return PKMAP_BASE + 7 * PAGE_SIZE;
}

static kva_t kmap_read_only(void)
{
	if (!copy.highmem)
		return SKIP_CASE;
	copy.pkmap[7].v = page_entry(copy.highmem, KPROT_RO);
	return PKMAP_BASE + 7 * PAGE_SIZE;
}

static kva_t kmap_local_of_lowmem(void)
{
	kva_t va = fixmap_slot_kva(FIX_KMAP_LOCAL_LAST);

	copy.fixmap[pt_index(va)].v = page_entry(copy.lowmem, KPROT_RW);
	return va;
}

static const struct {
	const char *law;
	kva_t     (*spoil)(void);
} cases[] = {
	{ "pgtable T1", user_pdpte },
	{ "pgtable T1", no_kernel_pdpte },
	{ "pgtable T2", table_in_a_hole },
	{ "pgtable T2", table_in_highmem },
	{ "pgtable T2", table_in_a_guard },
	{ "pgtable T3", table_not_a_table },
	{ "pgtable T3", table_in_virgin_memory },
	{ "pgtable T4", table_twice },
	{ "pgtable T4", directory_as_table },
	{ "pgtable T5", table_read_only },
	{ "pgtable T5", table_global },
	{ "pgtable B1", above_the_width },
	{ "pgtable B1", bit_62 },
	{ "pgtable B2", no_nxe },
	{ "pgtable B3", software_bit },
	{ "pgtable B4", table_for_user },
	{ "pgtable B4", page_for_user },
	{ "pgtable B5", pdpte_reserved },
	{ "pgtable B5", pat_bit },
	{ "pgtable B5", large_reserved },
	{ "pgtable B6", wrong_global },
	{ "pgtable B6", no_pge },
	{ "pgtable B7", writable_text },
	{ "pgtable N1", rest_in_fixmap },
	{ "pgtable N1", rest_in_directory },
	{ "pgtable G1", top_gap_mapped },
	{ "pgtable G1", gap_below_fixmap_mapped },
	{ "pgtable G1", gap_after_lowmem_mapped },
	{ "pgtable D1", wrong_frame },
	{ "pgtable D2", guard_mapped },
	{ "pgtable D3", ram_page_missing },
	{ "pgtable D3", ram_chunk_missing },
	{ "pgtable D3", image_begins_in_a_hole },
	{ "pgtable D3", image_ends_in_a_hole },
	{ "pgtable D3", isa_hole_missing },
	{ "pgtable D3", hole_mapped },
	{ "pgtable D9", hole_in_large_page },
	{ "pgtable D4", executable_data },
	{ "pgtable D5", uncached_text },
	{ "pgtable D6", writable_rodata },
	{ "pgtable D7", read_only_data },
	{ "pgtable D8", cached_video },
	{ "pgtable D9", image_in_large_page },
	{ "pgtable V1", area_guard_mapped },
	{ "pgtable V2", retired_in_live_area },
	{ "pgtable V3", uncached_ram },
	{ "pgtable V3", cached_device },
	{ "pgtable V4", large_in_vmalloc },
	{ "pgtable K1", kmap_of_lowmem },
	{ "pgtable K2", kmap_read_only },
	{ "pgtable F1", kmap_local_of_lowmem },
};

static void expect_law(unsigned i)
{
	struct pgtable_report report;
	kva_t va = cases[i].spoil();
	const char *law;

	if (va == SKIP_CASE)
		return;
	law = pgtable_check_tables(copy.pdpt, &copy.facts, &report);
	if (!ktest_is_law(law, cases[i].law))
		ktest_fail(__FILE__, __LINE__, "case %u: %s instead of %s", i,
			   law ? law : "no law", cases[i].law);
	else if (report.va != va)
		ktest_fail(__FILE__, __LINE__,
			   "case %u: %s at 0x%08x instead of 0x%08x", i,
			   cases[i].law, report.va, va);
}

/* Keeps: the first area may need a page table. */
KTEST_KEEPS(pgtable_check, each_planted_error_is_found_and_named)
{
	copy_create();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		copy_refresh();
		expect_law(i);
	}
	copy_destroy();
}

KTEST(pgtable_check, an_unspoilt_copy_is_right)
{
	struct pgtable_report report;

	copy_create();
	EXPECT_NULL(pgtable_check_tables(copy.pdpt, &copy.facts, &report));
	EXPECT(report.tables > 4);
	EXPECT(report.present >= AREA_PAGES + 256);
	copy_destroy();
}

/*
 * Flip one bit of an entry at a time. Every bit has a rule, except A and the
 * bits of the frame number: a wrong frame may be a harmless page. Of the frame
 * number, every fourth bit is enough.
 */
KTEST(pgtable_check, any_single_bit_is_survived)
{
	struct pgtable_report report;

	copy_create();
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t flipped = 1ull << bit;
		const char *law;

		if (flipped & PAE_ADDR_MASK && bit % 4)
			continue;
		copy_refresh();
		copy.pd[PKMAP_PDE].v ^= flipped;
		law = pgtable_check_tables(copy.pdpt, &copy.facts, &report);
		if (!law && !(flipped & (PAE_ADDR_MASK | PAE_A)))
			ktest_fail(__FILE__, __LINE__, "bit %u", bit);
	}
	copy_destroy();
}
