// SPDX-License-Identifier: MIT
/*
 * paging.h - the first page tables, and the linter that reads them before the
 *            CPU does
 */
#pragma once

#include <arch/addr.h>
#include <arch/pgtable_bits.h>

/* The PDPT comes first: its address goes into CR3. */
struct boot_tables {
	pdpte_t pdpt[PTRS_PER_PDPT] __aligned(PAGE_SIZE);
	pde_t pd[PTRS_PER_PD] __aligned(PAGE_SIZE);
};

/* What the tables are for. */
struct boot_paging {
	uint32_t tables_phys;    /* where the struct boot_tables lies        */
	uint32_t lowmem_end;     /* physical 0 to here, rounded up to 2 MiB */
	uint32_t image_end;      /* the code that turns paging on lies below */
	unsigned phys_bits;
};

/* The first entry that is wrong. */
struct paging_defect {
	const char *law;         /* NULL: no defect                          */
	const char *table;       /* "PDPT", "PD", or "CR3" for the whole     */
	unsigned    index;
	uint64_t    entry;
};

/* Fill the tables; they are zero before. */
void paging_build(struct boot_tables *t, const struct boot_paging *what);

/*
 * Read every entry in the way in which the CPU will read it. The linter knows
 * what the tables must say; it does not know how paging_build() makes them.
 *
 * Returns: the first defect, with law NULL when there is none.
 */
struct paging_defect paging_lint(const struct boot_tables *t,
				 const struct boot_paging *what);
