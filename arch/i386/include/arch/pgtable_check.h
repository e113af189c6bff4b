// SPDX-License-Identifier: MIT
/*
 * pgtable_check.h - proof that the page tables keep the rules of the map
 *
 * WHAT     Walks every entry of all three levels and returns the first law that
 *          an entry breaks: "pgtable D4: only text is executable".
 *          arch/i386/mm/pgtable_check.c has the numbered laws.
 */
#pragma once

#include <arch/paging.h>
#include <arch/pgtable.h>

struct vm_area_info;

/* The checks depend on these facts. Tests change a fact and expect a law. */
struct pgtable_facts {
	unsigned phys_bits;             /* width of a physical address      */
	bool     nx;                    /* EFER.NXE is set                  */
	bool     pge;                   /* CR4.PGE is set                   */
	const struct image_layout *image;

	/* vmalloc_find_used(), or NULL before there is a vmalloc. */
	bool   (*find_area)(kva_t va, struct vm_area_info *info);
};

struct pgtable_report {
	const char *law;                /* NULL: every rule holds           */
	const char *level;              /* "PDPTE", "PDE" or "PTE"          */
	kva_t       va;                 /* first address the entry maps     */
	uint64_t    entry;
	unsigned    tables, present;    /* how many the walk has seen       */
};

/* The facts of this machine, now. */
void pgtable_facts_init(struct pgtable_facts *facts);

/*
 * Check the tables below one PDPT. The CPU need not use these tables.
 *
 * Returns: report->law.
 */
const char *pgtable_check_tables(const pdpte_t *pdpt,
				 const struct pgtable_facts *facts,
				 struct pgtable_report *report);

/*
 * Check the kernel's tables, and the control registers that belong to them.
 * Writes a broken law into the log, with the address, the level and the entry.
 */
const char *pgtable_check(void);
