// SPDX-License-Identifier: MIT
/*
 * mm_impl.h - functions that the files of arch/i386/mm/ share
 *
 * WHAT     Only these files and their tests include this header.
 */
#pragma once

#include <arch/kpgtable.h>
#include <arch/paging.h>
#include <arch/pgtable.h>

/*
 * Check the kernel's own tables, loaded or not. Writes a broken law into the
 * log, with the entry. Returns: NULL or the law.
 */
const char *pgtable_check_kernel(void);

/* Fill kprot_bits for this CPU. Called before the first mapping. */
void kprot_init(void);

/* The bits of each protection as KPROTS has them, for a CPU with NX. */
extern const uint64_t kprot_sdm_bits[KPROT_NR];

/* A page table of zeros, from memblock or page allocator. NULL: no memory. */
void *kpt_alloc_table(void);

/* Is this page of the image a guard page, which must not be mapped? */
bool image_is_guard(const struct image_layout *image, kva_t va);

/* The protection of one page of the direct map that is not a guard page. */
enum kprot direct_map_prot(const struct image_layout *image, kva_t va);

/* Is the whole image RAM? boot/ makes sure of it (memmap.c, R5). */
bool image_is_ram(const struct image_layout *image);

/* Has the chunk that starts here RAM or the ISA hole? Then it is mapped. */
bool direct_map_has(kva_t start);

/* Is this page mapped? Guard pages are not; other pages as above. */
bool direct_map_has_page(const struct image_layout *image, kva_t va);

/* Must the chunk of the direct map that starts here be mapped page by page? */
bool direct_map_is_small(const struct image_layout *image, kva_t start);

/*
 * Map the chunk of the direct map that starts here: write its entry of the
 * directory. A chunk without RAM leaves the entry as it is. Panics when there
 * is no memory for a table. The second function fills such a table.
 */
void map_chunk(pde_t *pde, kva_t start);
void map_small_chunk(pte_t *table, kva_t start);

/* The right value of CR3: the root of the tables that upt_switch() loaded. */
phys_addr_t upt_loaded_root(void);
