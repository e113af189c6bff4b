// SPDX-License-Identifier: MIT
/*
 * kpgtable.h - the kernel's page tables, as portable code may use them
 *
 * WHAT     Map, unmap and look up 4 KiB pages in the kernel's quarter of the
 *          address space, above lowmem. Nobody outside arch/i386/mm sees an
 *          entry; protections are named by purpose.
 *
 * TERMS    retire  clear the P bit of an entry, but keep the frame number. The
 *                  CPU ignores the other 63 bits of an entry that is not
 *                  present. So the entry itself remembers which page must be
 *                  freed after the TLB has been flushed
 *          reap    take the frame numbers out of retired entries
 *
 *            empty --map--> present --retire--> retired --reap--> empty
 *                              +--------------unmap---------------->+
 *
 * LOCKING  The caller owns the range (an area of mm/kva/); two callers never
 *          touch the same entry. kpt_populate() takes its own lock.
 * NOT HERE flushing (<arch/tlb.h>): retire and unmap do not flush.
 * SEE      Linux vmap_pages_range(), vunmap_range_noflush().
 */
#pragma once

#include <arch/addr.h>

struct page;

/*      name          SDM bits beside P and A/D       for                     */
#define KPROTS(K)                                                             \
	K(KPROT_RW,     PAE_RW | PAE_XD)            /* data                 */ \
	K(KPROT_RO,     PAE_XD)                     /* constants            */ \
	K(KPROT_RX,     0)                          /* code                 */ \
	K(KPROT_DEVICE, PAE_RW | PAE_PCD | PAE_PWT | PAE_XD) /* registers   */

enum kprot {
#define K(name, bits) name,
	KPROTS(K)
#undef K
	KPROT_NR
};

/*
 * Make sure that every page of the range has a page table. The tables stay when
 * the range is unmapped.
 *
 * Context: may allocate a page (GFP_KERNEL).
 * Returns: 0, or -ENOMEM. After -ENOMEM some tables may have been added, but
 *          nothing is mapped and nothing leaks.
 */
int kpt_populate(kva_t va, unsigned nr) __must_check;

/* Page tables that kpt_populate() has added since boot; they stay for ever. */
extern unsigned long kpt_tables;

/*
 * Map nr pages: the pages of an array, or frames that follow each other. The
 * range must be populated, and its entries must be empty. Cannot fail.
 */
void kpt_map_pages(kva_t va, struct page *const pages[], unsigned nr,
		   enum kprot prot);
void kpt_map_range(kva_t va, pfn_t first, unsigned nr, enum kprot prot);

/* Empty nr entries, present or not. The caller flushes. */
void kpt_unmap(kva_t va, unsigned nr);

/* Retire nr entries; entries that are empty stay empty. The caller flushes. */
void kpt_retire(kva_t va, unsigned nr);

/*
 * Empty nr retired entries and give back their pages, in address order. Empty
 * entries are skipped. The TLB must have been flushed after the entries were
 * retired.
 *
 * Returns: the number of pages written to `pages` (room for nr).
 */
unsigned kpt_reap(kva_t va, unsigned nr, struct page *pages[]);

/* The frame at one address. Returns: false if nothing is present there. */
bool kpt_lookup(kva_t va, pfn_t *pfn);
