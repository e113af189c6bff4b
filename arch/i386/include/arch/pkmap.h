// SPDX-License-Identifier: MIT
/*
 * pkmap.h - the page table of the kmap slots
 *
 * WHAT     Map a frame in a slot, and empty the slot again. The table exists
 *          from boot on, so no walk is needed: two stores, as in
 *          <arch/fixmap.h>. mm/kva/kmap.c decides who has which slot.
 *
 * LOCKING  The caller owns the slot.
 * NOT HERE flushing: kmap() flushes once for each lap, not for each slot.
 */
#pragma once

#include <arch/fixmap.h>

extern pte_t *pkmap_table;

static inline void pkmap_map(unsigned slot, pfn_t pfn)
{
	kpte_set(&pkmap_table[slot], pfn, KPROT_RW);
}

static inline void pkmap_unmap(unsigned slot)
{
	entry_clear(&pkmap_table[slot]);
}
