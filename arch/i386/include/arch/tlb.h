// SPDX-License-Identifier: MIT
/*
 * tlb.h - make the CPU forget translations
 *
 * WHAT     The one interface for every TLB flush, global entries of the kernel
 *          included. When there are more CPUs it will reach them too.
 * TERMS    A translation may be forgotten by itself at any time; it is only
 *          sure to be gone after a flush.
 * COST     A page: one invlpg. A range: one invlpg a page up to
 *          TLB_FLUSH_ALL_ABOVE pages, then everything at once.
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
	unsigned long user;    /* of all that is not global */
};

extern struct tlb_stats tlb_stats;

static inline void tlb_flush_page(kva_t va)
{
	tlb_stats.pages++;
	invlpg(va);
}

/* All kernel translations, global ones included. */
void tlb_flush_all(void);

/* All translations of user mode: those that are not global. */
void tlb_flush_user(void);

/* The pages of [va, va + nr * PAGE_SIZE). */
void tlb_flush_range(kva_t va, unsigned nr);
