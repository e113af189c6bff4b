// SPDX-License-Identifier: MIT
/*
 * tlb.h - make the CPU forget translations
 *
 * WHAT     Every TLB flush goes through these functions, also a flush of the
 *          kernel's global entries.
 * TERMS    flush  the CPU may forget a translation at any time; after a flush
 *                 the translation is surely gone
 * COST     A page: one invlpg. A range of up to TLB_FLUSH_ALL_ABOVE pages: one
 *          invlpg for each page. A larger range: one flush of everything.
 * SEE      SDM volume 3, 4.10.4; tlb_stats for the counts that benchmarks
 *          print beside the instructions.
 */
#pragma once

#include <arch/addr.h>
#include <arch/cr.h>

/* Pages; Linux's tlb_single_page_flush_ceiling. */
#define TLB_FLUSH_ALL_ABOVE  32

struct tlb_stats {
	unsigned long pages;   /* single-page invalidations */
	unsigned long all;     /* whole flushes             */
	unsigned long user;    /* flushes of user mode      */
};

extern struct tlb_stats tlb_stats;

static inline void tlb_flush_page(kva_t va)
{
	tlb_stats.pages++;
	invlpg(va);
}

/* All kernel translations, global ones included. */
void tlb_flush_all(void);

/* All translations of user mode: all that are not global. */
void tlb_flush_user(void);

/* The pages of [va, va + nr * PAGE_SIZE). */
void tlb_flush_range(kva_t va, unsigned nr);
