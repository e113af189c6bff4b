// SPDX-License-Identifier: MIT
/*
 * paging.c - the final page tables, built once
 *
 * WHAT     Builds the kernel's PDPT and page directory from the list of RAM
 *          and the layout of the image, and switches to them.
 *
 * PICTURE  PDPT[3] -> kernel_pd, one entry a chunk of 2 MiB:
 *
 *            chunk 0     page table   low memory; 640 KiB - 1 MiB uncached
 *            chunk 0..n  page table   the image: text, rodata, data, guards
 *            ...         2 MiB page   RAM
 *            ...         page table   RAM with a hole in it, page by page
 *            ...         empty        no RAM in this chunk
 *            last        page table   up to high_memory, if high_memory is not
 *                                     a multiple of 2 MiB
 *            ...         empty        vmalloc: tables come on demand
 *            510         page table   kmap, all empty
 *            511         page table   fixmap, all empty
 *
 * TERMS    chunk   2 MiB of the direct map, aligned: what one PDE covers
 *          small   a chunk mapped by a page table, page by page
 *
 * INVARIANTS of pgtable: pgtable_check.c
 *
 * ALGORITHM  Only RAM is mapped. Firmware often keeps some pages of a chunk for
 *          itself; such a chunk is small. So a wrong pointer into a hole of the
 *          memory map faults. And if a driver maps the hole uncached, this is
 *          the only mapping: two mappings with different cache types are
 *          undefined (SDM volume 3, 11.12.4). A frame counts as RAM if any byte
 *          of it is RAM, here and for ioremap().
 *
 *          The order of the switch. First EFER.NXE: without it, XD is a
 *          reserved bit, and the tables have XD bits. Then CR3. Then CR4.PGE
 *          (SDM volume 3, 4.10.2.4), which also flushes the translations of the
 *          boot tables. Last CR0.WP: from then on the kernel cannot write
 *          read-only pages.
 *
 * LOCKING  Boot only.
 * COST     One store of 8 bytes for each chunk, and for each page of the small
 *          chunks.
 * NOT HERE the boot tables (boot/), single pages afterwards (kpgtable.c).
 * SEE      Linux arch/x86/mm/init_32.c kernel_physical_mapping_init().
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/fixmap.h>
#include <arch/paging.h>
#include <arch/pgtable.h>

#include "lib/align.h"
#include "lib/log.h"
#include "mm/early/memblock.h"

#include "arch/i386/mm/mm_impl.h"

pte_t *fixmap_table, *pkmap_table;

struct image_layout kernel_image;

/* How many of each were built, for the boot log. */
static struct {
	unsigned large, small, holes, tables;
} built;

/* ---- predicates ------------------------------------------------------ */

bool phys_range_has_ram(phys_addr_t start, phys_addr_t end)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		if (!phys_lt(range.start, end))
			break;   /* sorted: all other ranges lie above */
		if (phys_lt(start, range.end))
			return true;
	}
	return false;
}

/* Is all of it RAM? Ranges that touch have been merged. */
static bool phys_range_is_ram(phys_addr_t start, phys_addr_t end)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		if (!phys_lt(start, range.start) && !phys_lt(range.end, end))
			return true;
	return false;
}

bool image_is_guard(const struct image_layout *image, kva_t va)
{
	for (unsigned i = 0; i < image->nr_guards; i++) {
		if (va == image->guard[i])
			return true;
	}
	return false;
}

static bool is_isa_hole(kva_t va)
{
	return va >= PAGE_OFFSET + ISA_HOLE_START &&
	       va < PAGE_OFFSET + ISA_HOLE_END;
}

enum kprot direct_map_prot(const struct image_layout *image, kva_t va)
{
	if (va >= image->text_start && va < image->text_end)
		return KPROT_RX;
	if (va >= image->rodata_start && va < image->rodata_end)
		return KPROT_RO;
	return is_isa_hole(va) ? KPROT_DEVICE : KPROT_RW;
}

bool image_is_ram(const struct image_layout *image)
{
	return phys_range_is_ram(PHYS(image->text_start - PAGE_OFFSET),
				 PHYS(image->data_end - PAGE_OFFSET));
}

bool direct_map_has(kva_t start)
{
	uint64_t pa = start - PAGE_OFFSET;

	return phys_range_has_ram(PHYS(pa), PHYS(pa + LARGE_PAGE_SIZE)) ||
	       start == PAGE_OFFSET;
}

bool direct_map_has_page(const struct image_layout *image, kva_t va)
{
	uint64_t pa = va - PAGE_OFFSET;

	if (image_is_guard(image, va))
		return false;
	return phys_range_has_ram(PHYS(pa), PHYS(pa + PAGE_SIZE)) ||
	       is_isa_hole(va);
}

bool direct_map_is_small(const struct image_layout *image, kva_t start)
{
	kva_t end = start + LARGE_PAGE_SIZE;

	return start == PAGE_OFFSET || end > high_memory ||
	       (start < image->data_end && image->text_start < end) ||
	       !phys_range_is_ram(PHYS(start - PAGE_OFFSET),
				  PHYS(end - PAGE_OFFSET));
}

/* ---- building -------------------------------------------------------- */

static void *table_alloc(void)
{
	void *table = kpt_alloc_table();

	if (!table)
		panic("no memory for the kernel's page tables");
	built.tables++;
	return table;
}

void map_small_chunk(pte_t *table, kva_t start)
{
	kva_t end = MIN(start + LARGE_PAGE_SIZE, high_memory);

	for (kva_t va = start; va < end; va += PAGE_SIZE) {
		enum kprot prot = direct_map_prot(&kernel_image, va);
		uint64_t pa = va - PAGE_OFFSET;

		if (!direct_map_has_page(&kernel_image, va))
			continue;
		pte_set(&table[pt_index(va)],
			(pte_t){ pa | kprot_bits[prot].v });
		built.small++;
	}
}

void map_chunk(pde_t *pde, kva_t start)
{
	uint64_t pa = start - PAGE_OFFSET;
	pte_t *table;

	if (!direct_map_has(start)) {
		built.holes++;
	} else if (!direct_map_is_small(&kernel_image, start)) {
		pde_set(pde, (pde_t){ pa | PAE_PS | kprot_bits[KPROT_RW].v });
		built.large++;
	} else {
		table = table_alloc();
		map_small_chunk(table, start);
		pde_set(pde, pde_make_table(virt_to_phys(table)));
	}
}

/* Add a page table before anything is mapped with it. */
static void *install_table(kva_t va)
{
	void *table = table_alloc();

	pde_set(&kernel_pd[pd_index(va)], pde_make_table(virt_to_phys(table)));
	return table;
}

static void build_tables(void)
{
	/* A PDPT needs only 32 bytes; this one gets a whole page. */
	kernel_pdpt = table_alloc();
	kernel_pd = table_alloc();
	/* high_memory may lie inside the last chunk. */
	for (kva_t va = PAGE_OFFSET; va < high_memory; va += LARGE_PAGE_SIZE)
		map_chunk(&kernel_pd[pd_index(va)], va);
	pkmap_table = install_table(PKMAP_BASE);
	fixmap_table = install_table(FIXMAP_PT_BASE);
	pdpte_set(&kernel_pdpt[pdpt_index(PAGE_OFFSET)],
		  pdpte_make(virt_to_phys(kernel_pd)));
}

/* ---- the switch ------------------------------------------------------ */

static void switch_tables(void)
{
	if (cpu_has(CPU_NX))
		write_efer(read_efer() | EFER_NXE);
	/* Lowmem ends below 4 GiB, so the address fits CR3. */
	write_cr3((uint32_t)virt_to_phys(kernel_pdpt).v);
	if (cpu_has(CPU_PGE))
		write_cr4(read_cr4() | CR4_PGE);
	tlb_flush_all();
	write_cr0(read_cr0() | CR0_WP);
}

void paging_init(const struct image_layout *image)
{
	const char *law;

	assert(image->text_start >= PAGE_OFFSET);
	assert(image->text_start <= image->text_end);
	assert(image->text_end <= image->rodata_start);
	assert(image->rodata_end <= image->data_start);
	assert(image->data_start <= image->data_end);
	assert(image->nr_guards <= IMAGE_GUARDS_MAX);
	if (image->data_end > high_memory)
		panic("the kernel image does not fit in lowmem");
	kernel_image = *image;
	kprot_init();
	build_tables();
	/* A wrong table in CR3 would reset the machine: check first. */
	law = pgtable_check_kernel();
	if (law)
		panic("page tables: %s", law);
	switch_tables();
	pr_info("paging: %u pages of 2 MiB, %u of 4 KiB, %u holes, "
		"%u tables; NX %s, PGE %s\n", built.large, built.small,
		built.holes, built.tables, cpu_has(CPU_NX) ? "on" : "off",
		cpu_has(CPU_PGE) ? "on" : "off");
}
