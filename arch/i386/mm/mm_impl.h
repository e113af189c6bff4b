// SPDX-License-Identifier: MIT
/*
 * mm_impl.h - what the files of arch/i386/mm/ share among themselves
 *
 * WHAT     Nobody else includes it but the tests of these files.
 */
#pragma once

#include <arch/kpgtable.h>
#include <arch/paging.h>
#include <arch/pgtable.h>

/* Fill kprot_bits from what the CPU has: before the first mapping. */
void kprot_init(void);

/* The SDM's bits that a protection stands for: KPROTS, whatever the CPU has. */
uint64_t kprot_sdm_bits(enum kprot prot);

/* A cleared page table, from memblock or the page allocator. NULL: no memory */
void *kpt_alloc_table(void);

/* Is this page of the image one that must not be mapped? */
bool image_is_guard(const struct image_layout *image, kva_t va);

/* The protection of one page of the direct map, guards aside. */
enum kprot direct_map_prot(const struct image_layout *image, kva_t va);

/* Is all of the image RAM? Whoever gives memblock the RAM sees to it. */
bool image_is_ram(const struct image_layout *image);

/*
 * Is the chunk of the direct map that starts here mapped, or a part of it? It
 * is where it has RAM, or the ISA hole.
 */
bool direct_map_has(kva_t start);

/* The same for a page: guard pages are not, and nothing else that is no RAM. */
bool direct_map_has_page(const struct image_layout *image, kva_t va);

/* Must the chunk of the direct map that starts here be mapped page by page? */
bool direct_map_is_small(const struct image_layout *image, kva_t start);

/* What CR3 should hold: the root of the tables that upt_switch() loaded. */
phys_addr_t upt_loaded_root(void);
