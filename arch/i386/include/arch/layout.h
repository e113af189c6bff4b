// SPDX-License-Identifier: MIT
/*
 * layout.h - the virtual map of the kernel; only this file writes its numbers
 *
 * WHAT     Every kernel virtual constant, and the proofs that the constants fit
 *          together. The table of regions: the boot message, the map command,
 *          the self-test and the pictures in the docs are made from it.
 *
 * PICTURE    0xffffffff  +---------------------------+
 *                        | never mapped, 4 KiB       |
 *            FIXADDR_TOP +---------------------------+ 0xfffff000
 *                        | fixmap, kmap_local        |
 *          FIXADDR_START +---------------------------+
 *                        | (rest of its page table)  |
 *              PKMAP_END +---------------------------+ 0xffe00000
 *                        | kmap: 512 slots           |
 *             PKMAP_BASE +---------------------------+ 0xffc00000
 *                        | two pages, never mapped   |
 *            VMALLOC_END +---------------------------+ 0xffbfe000
 *                        | vmalloc, vmap, ioremap,   |
 *                        | kernel stacks             |
 *        vmalloc_start() +---------------------------+ <- high_memory + 8 MiB
 *                        | never mapped              |
 *            high_memory +---------------------------+ <= 0xf8000000
 *                        | direct map of physical 0  |
 *            PAGE_OFFSET +---------------------------+ 0xc0000000
 *                        | user mode                 |
 *              USER_BASE +---------------------------+ 0x00010000
 *                        | never mapped              |
 *                      0 +---------------------------+
 *
 * SEE      Linux arch/x86/include/asm/pgtable_32_areas.h, whose words these
 *          are; docs/decisions/ for where ours differ.
 */
#pragma once

#include <arch/addr.h>

#define USER_BASE       0x00010000u   /* null pointers with an offset fault  */
#define PAGE_OFFSET     0xc0000000u   /* also the first address after user   */

/* Bytes of physical memory that have a permanent address, at the most. */
#define LOWMEM_MAX      0x38000000u   /* 896 MiB                             */
#define LOWMEM_MIN      0x04000000u   /* what vmalloc=SIZE must leave: 64 MiB */

/* Bytes between lowmem and 4 GiB, if there is no vmalloc=SIZE. */
#define VMALLOC_RESERVE (0u - PAGE_OFFSET - LOWMEM_MAX)     /* 128 MiB       */
#define VMALLOC_OFFSET  0x00800000u   /* the gap above high_memory, 8 MiB    */

#define PT_SPAN         0x00200000u   /* reach of one page table, 2 MiB      */

#define FIXADDR_TOP     0xfffff000u   /* first address after the fixmap      */
#define FIXMAP_PT_BASE  (FIXADDR_TOP & ~(PT_SPAN - 1))
#define PKMAP_END       FIXMAP_PT_BASE
#define PKMAP_BASE      (PKMAP_END - PT_SPAN)
#define PKMAP_SLOTS     (PT_SPAN / PAGE_SIZE)
#define VMALLOC_END     (PKMAP_BASE - 2 * PAGE_SIZE)

#define ZONE_DMA_END    0x01000000u   /* ISA devices reach 16 MiB            */
#define ISA_HOLE_START  0x000a0000u   /* video memory and firmware           */
#define ISA_HOLE_END    0x00100000u

_Static_assert(PAGE_OFFSET + LOWMEM_MAX + VMALLOC_OFFSET < VMALLOC_END,
	       "the largest lowmem leaves room for vmalloc");
_Static_assert(PKMAP_BASE % PT_SPAN == 0 && PKMAP_END - PKMAP_BASE == PT_SPAN,
	       "kmap is exactly one page table");
_Static_assert(VMALLOC_END + 2 * PAGE_SIZE == PKMAP_BASE,
	       "two guard pages after vmalloc");
_Static_assert(VMALLOC_RESERVE == 128u << 20, "lowmem and the rest are 1 GiB");
_Static_assert(LOWMEM_MAX % (4u << 20) == 0 && ZONE_DMA_END % (4u << 20) == 0,
	       "zones begin on the largest block");

/*
 * First address after the direct map of RAM, page-aligned: PAGE_OFFSET plus
 * lowmem. Set once in the boot, before the first use; constant afterwards.
 */
extern kva_t high_memory;

static inline kva_t vmalloc_start(void)
{
	return ((high_memory + PT_SPAN - 1) & ~(PT_SPAN - 1)) + VMALLOC_OFFSET;
}

/*
 *      name       start              end                 what it holds
 * The rows are in address order and together cover the kernel's quarter; the
 * regions named GAP are never mapped.
 */
#define KVA_REGIONS(R)                                                        \
	R(LOWMEM,    PAGE_OFFSET,     high_memory,        "direct map")        \
	R(GAP_LOW,   high_memory,     vmalloc_start(),    "never mapped")      \
	R(VMALLOC,   vmalloc_start(), VMALLOC_END,        "vmalloc, ioremap")  \
	R(GAP_PKMAP, VMALLOC_END,     PKMAP_BASE,         "never mapped")      \
	R(PKMAP,     PKMAP_BASE,      PKMAP_END,          "kmap slots")        \
	R(GAP_FIX,   PKMAP_END,       FIXADDR_START,      "never mapped")      \
	R(FIXMAP,    FIXADDR_START,   FIXADDR_TOP,        "fixmap, kmap_local") \
	R(GAP_TOP,   FIXADDR_TOP,     0u,                 "never mapped")

enum kva_region {
#define R(name, start, end, what) KVA_##name,
	KVA_REGIONS(R)
#undef R
	KVA_NR_REGIONS
};
