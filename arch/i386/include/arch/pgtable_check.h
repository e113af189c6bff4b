// SPDX-License-Identifier: MIT
/*
 * pgtable_check.h - proof that the page tables keep the rules of the map
 *
 * WHAT     Walks every entry of all three levels and returns the first rule
 *          that an entry breaks. The rules are numbered in
 *          arch/i386/mm/pgtable_check.c.
 *
 *            const char *law = pgtable_check();
 *
 *            if (law)
 *                    ... "pgtable D4: only text is executable", already in the log
 *                        with the address, the level and the entry
 *
 * COST     About 300 instructions an entry that is present, 10 one that is
 *          empty: 350,000 for the tables after boot.
 */
#pragma once

#include <arch/paging.h>
#include <arch/pgtable.h>

struct vm_area_info;

/* What the tables are judged by. Tests change one fact and expect a law. */
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
	unsigned    tables, present;    /* seen until then                  */
};

/* The facts of this machine, now. */
void pgtable_facts_init(struct pgtable_facts *facts);

/*
 * Check the tables below one PDPT. They need not be those in use.
 *
 * Returns: report->law.
 */
const char *pgtable_check_tables(const pdpte_t *pdpt,
				 const struct pgtable_facts *facts,
				 struct pgtable_report *report);

/* Check the tables in use, and that it is they that are in use. */
const char *pgtable_check(void);
