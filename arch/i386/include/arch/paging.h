// SPDX-License-Identifier: MIT
/*
 * paging.h - from the boot tables to the final ones
 *
 * WHAT     kernel_main() calls these functions once, in this order. They decide
 *          how much memory has a permanent address, and build the final page
 *          tables of the kernel.
 *
 *            memblock_add() ...          the RAM, from boot_info
 *            lowmem_limit()              what vmalloc=SIZE leaves
 *            lowmem_init()               high_memory; memblock can allocate
 *            paging_init()               the final tables, and the switch
 *
 * SEE      <arch/layout.h> for the map, <arch/pgtable_check.h> for its proof.
 */
#pragma once

#include <arch/layout.h>

#include "lib/errno.h"

#define IMAGE_GUARDS_MAX  4

/*
 * The parts of the kernel image in the direct map, page-aligned, in this order.
 * The other pages of the same 2 MiB chunks are ordinary memory.
 */
struct image_layout {
	kva_t    text_start, text_end;       /* read, execute                 */
	kva_t    rodata_start, rodata_end;   /* read                          */
	kva_t    data_start, data_end;       /* read, write: data and bss     */
	kva_t    init_start, init_end;       /* boot code, freed later; or 0  */
	kva_t    guard[IMAGE_GUARDS_MAX];    /* pages in data, never mapped   */
	unsigned nr_guards;
};

/* The size if there is no vmalloc=SIZE on the command line. */
#define VMALLOC_DEFAULT  VMALLOC_RESERVE

/*
 * How many bytes of physical memory may have a permanent address, if `size`
 * bytes of addresses are kept for vmalloc, kmap and fixmap together? The size
 * is rounded up to 4 MiB, so that zones begin on the largest block.
 *
 * Returns: 0; -EINVAL when the size is below VMALLOC_DEFAULT or leaves less
 *          than LOWMEM_MIN. Then the log has a line, and *limit is LOWMEM_MAX.
 */
int lowmem_limit(uint64_t size, uint64_t *limit) __must_check;

/*
 * Set high_memory: the end of the last RAM below the limit. memblock must know
 * the RAM. RAM above the limit is highmem.
 */
void lowmem_init(uint64_t limit);

/*
 * Build the final tables and switch to them. Called once, while the boot tables
 * are loaded and memblock can allocate. Afterwards the identity map is gone,
 * and each part of the image has its own protection. <arch/kpgtable.h>,
 * <arch/fixmap.h> and vmalloc's addresses can be used.
 *
 * Fails:   panics when memory for the tables is missing.
 */
void paging_init(const struct image_layout *image);

/* The layout that paging_init() was given. */
extern struct image_layout kernel_image;

/* Is any frame of [start, end) RAM? */
bool phys_range_has_ram(phys_addr_t start, phys_addr_t end);

/* Print the virtual map, as old versions of Linux did at boot. */
void layout_dump(void);

/* The region that contains the address, and its name. */
enum kva_region kva_region_of(kva_t va);
const char *kva_region_name(enum kva_region region);

/* Start and end (exclusive; 0 is 4 GiB) of a region. */
void kva_region_bounds(enum kva_region region, kva_t *start, kva_t *end);

/*
 * Print every mapping of the kernel's quarter, in ranges with equal flags, as
 * QEMU's `info mem` does: a table for people. With `lines` there are also lines
 * for programs, one for each physically contiguous range:
 *
 *   ptdump<TAB>start<TAB>end<TAB>pa<TAB>flags<TAB>page size in KiB
 */
void pgtable_dump(bool lines);
