// SPDX-License-Identifier: MIT
/*
 * lab.h - lab 2, PAE tables: what your seed asks for
 *
 * WHAT     LAB.md says in words what these constants say in numbers. The tests
 *          take from here what they expect.
 */
#pragma once

#include "boot/paging.h"

#include <arch/kpgtable.h>
#include <arch/paging.h>

/* kpt_populate(): 0: the lowest address comes first; 1: the highest does. */
#define LAB_POPULATE_DOWN   0

/* kpt_map_range(): 1: an entry that is present stays as it is. */
#define LAB_KEEP_PRESENT    0

/* map_chunk(): so many chunks of low memory are small, whatever is in them. */
#define LAB_SMALL_CHUNKS    1

/* direct_map_prot(): 1: page 0 is read-only. */
#define LAB_PAGE_0_RO       0

/* The header of this exercise is private to arch/i386/mm/. */
enum kprot direct_map_prot(const struct image_layout *image, kva_t va);

/*
 * The exercises have these names for the tests. Their own names are static, or
 * stand in a header that is private to arch/i386/mm/. The other exercises are
 * called by their own names.
 */
const char *bench_lint_pde(pde_t entry, unsigned i,
			   const struct boot_paging *what);
void bench_map_small_chunk(pte_t *table, kva_t start);
void bench_map_chunk(pde_t *pde, kva_t start);
pte_t *bench_kpt_entry(kva_t va);
int bench_kpt_populate_one(unsigned index);

struct spinlock;

/* The lock of kpgtable.c that is static there: populate_lock. */
struct spinlock *lab_populate_lock(void);

/* The counts of paging.c that are static there, as `built` has them. */
struct lab_built {
	unsigned large, small, holes, tables;
};
struct lab_built lab_built(void);
