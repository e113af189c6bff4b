// SPDX-License-Identifier: MIT
/*
 * pkmap.h - the page table of the kmap slots
 *
 * WHAT     Map a frame in a slot and empty the slot again. The table is there
 *          from boot on, so this is <arch/fixmap.h> for another table: two
 *          stores, without a walk. Who has which slot is mm/kva/kmap.c's.
 *
 * LOCKING  The caller owns the slot.
 * NOT HERE flushing: kmap() flushes once a lap, not once a slot.
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
