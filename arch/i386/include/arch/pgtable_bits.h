// SPDX-License-Identifier: MIT
/*
 * pgtable_bits.h - PAE paging entries: their types, their bits, their stores
 *
 * WHAT     Names and positions from the Intel manual. boot/ uses them for the
 *          first tables, and arch/i386/mm/ for all others. Each level has its
 *          own type, so a table of the wrong level is a compile error.
 *
 * PICTURE    va  31 30 | 29 ... 21 | 20 ... 12 | 11 ... 0
 *                PDPT    PD          PT          offset in the page
 *                4       512         512         entries of 8 bytes
 *
 * TERMS    PDPTE  entry of the PDPT, covers 1 GiB;  Linux's pgd
 *          PDE    entry of a page directory, 2 MiB; Linux's pmd
 *          PTE    entry of a page table, 4 KiB;     Linux's pte
 *
 * RULES of pte
 *          E1  an entry is stored upper half first and cleared lower half
 *              first: a present bit never stands beside a stale frame number
 *
 * SEE      SDM volume 3, 4.4 "PAE Paging", tables 4-8 to 4-11.
 */
#pragma once

#include "lib/compiler.h"

#define PAE_P    0x001ull   /* present                                       */
#define PAE_RW   0x002ull   /* writable (PDE, PTE)                           */
#define PAE_US   0x004ull   /* user mode may use it (PDE, PTE)               */
#define PAE_PWT  0x008ull   /* page-level write-through                      */
#define PAE_PCD  0x010ull   /* page-level cache disable                      */
#define PAE_A    0x020ull   /* accessed, set by the CPU                      */
#define PAE_D    0x040ull   /* dirty, set by the CPU in what maps a page     */
#define PAE_PS   0x080ull   /* page size: this PDE maps 2 MiB                */
#define PAE_G    0x100ull   /* global: survives a load of CR3                */
#define PAE_XD   (1ull << 63) /* execute disable, reserved unless EFER.NXE   */

#define PAE_ADDR_MASK   0x000ffffffffff000ull  /* bits 12..51                */
#define PAE_LARGE_MASK  0x000fffffffe00000ull  /* bits 21..51                */
#define PAE_LARGE_RSVD  0x00000000001fe000ull  /* bits 13..20 of a 2 MiB PDE */
#define PDPTE_RSVD      0x00000000000001e6ull  /* RW US A D PS G: must be 0  */

#define PTRS_PER_PDPT   4
#define PTRS_PER_PD     512
#define PTRS_PER_PT     512
#define LARGE_PAGE_SIZE 0x200000u

static inline unsigned pdpt_index(uint32_t va)
{
	return va >> 30;
}

static inline unsigned pd_index(uint32_t va)
{
	return va >> 21 & (PTRS_PER_PD - 1);
}

static inline unsigned pt_index(uint32_t va)
{
	return va >> 12 & (PTRS_PER_PT - 1);
}

/* An entry as one number, and as the two words that a 32-bit CPU stores. */
#define PAE_ENTRY  union { uint64_t v; struct { uint32_t low, high; }; }

typedef PAE_ENTRY pdpte_t;
typedef PAE_ENTRY pde_t;
typedef PAE_ENTRY pte_t;

static always_inline void entry_store_halves(void *entry, uint32_t low,
					     uint32_t high)
{
	pte_t *e = entry;

	/*
	 * The CPU may walk the entry between the two stores. A present bit
	 * beside an old upper half would map a wrong frame.
	 */
	WRITE_ONCE(e->high, high);
	WRITE_ONCE(e->low, low);
}

static inline void entry_store(void *entry, uint64_t value)
{
	entry_store_halves(entry, (uint32_t)value, (uint32_t)(value >> 32));
}

static inline void entry_clear(void *entry)
{
	pte_t *e = entry;

	WRITE_ONCE(e->low, 0);
	WRITE_ONCE(e->high, 0);
}
