// SPDX-License-Identifier: MIT
/*
 * kmap.h - addresses for highmem pages, for a while
 *
 * WHAT     kmap() gives a page one of 512 slots, kept until kunmap();
 *          kmap_local() gives a slot of this CPU, nested like a stack. For a
 *          lowmem page both return its permanent address.
 *
 * TERMS    count   of a slot, as in Linux: 0 free; 1 unused, but still in the
 *                  tables and the TLB; n > 1 in use by n - 1 callers
 *          lap     one pass over all slots; slots with count 1 are emptied
 *                  once a lap, with one flush
 * SEE      Linux mm/highmem.c.
 */
#pragma once

#include <arch/fixmap.h>

#include "lib/preempt.h"
#include "mm/page/page.h"

/*
 * Address of the page until kunmap(). Mapping one page again gives the same
 * address and needs one more kunmap().
 *
 * Context: any but interrupt handlers; never sleeps.
 * Returns: NULL when all slots are in use.
 */
void *kmap_try(struct page *page) __must_check;

/*
 * The same, but where all slots are in use it sleeps until one is free. Who
 * needs two at once gets both or neither by kmap_try(): threads that wait for
 * a second slot with the first in their hands may wait for each other.
 */
void *kmap(struct page *page) __must_check;

void  kunmap(struct page *page);

/*
 * Address of the page on this CPU until kunmap_local(), innermost first.
 *
 * Context: any, including interrupt handlers. Never sleeps, never fails;
 *          nesting deeper than KMAP_LOCAL_SLOTS panics. The caller does not
 *          sleep before kunmap_local(); for a highmem page preemption is off.
 */
static void *kmap_local(struct page *page) __must_check;
static void  kunmap_local(const void *ptr);

/* How many slots of kmap_local() are in use on this CPU. */
unsigned kmap_local_depth(void);

/* Does this address lie in a kmap_local() slot, of any CPU? */
static inline bool kva_is_kmap_local(kva_t va)
{
	return va >= fixmap_slot_kva(FIX_KMAP_LOCAL_LAST) &&
	       va < fixmap_slot_kva(FIX_KMAP_LOCAL_FIRST - 1);
}

/* The page that a kmap or kmap_local address stands for; NULL: none. */
struct page *kmap_to_page(const void *ptr);

/*
 * A page with a slot is being freed: empty the slot, which nobody uses any
 * more. Called by free_pages() when page->kmap is not 0.
 *
 * Context: any.
 * Fails:   panics when the page is still kmapped.
 */
void kmap_page_freed(struct page *page);

/* Empty all unused slots now, with one flush. Returns: slots emptied. */
unsigned kmap_flush_unused(void);

/* Slots by count: free, unused, in use. */
struct kmap_usage {
	unsigned free, unused, used;
	unsigned long flushes;   /* since boot, one a lap */
};
void kmap_usage(struct kmap_usage *usage);

/* Once at boot, after the final page tables. */
void kmap_init(void);

/* Both NULL, or the first broken invariant: kmap.c, kmap_local.c. */
const char *kmap_check(void);
const char *kmap_local_check(void);

void kmap_dump(void);

/* ---- kmap_local(): few instructions, and most of them constants ---------- */

/*
 * The slots that one CPU has in use, counted downwards, as their addresses and
 * their entries go: 0 for none, -1 for one ...; see kmap_local.c.
 */
struct kmap_local_stack {
	int top;
};

extern struct kmap_local_stack kmap_local_stacks[NR_CPUS];

/* The address and the entry of the slot that is next when top is `top`. */
static inline kva_t kmap_local_kva(int top)
{
	return fixmap_slot_kva(FIX_KMAP_LOCAL_FIRST +
			       smp_processor_id() * KMAP_LOCAL_SLOTS) +
	       (unsigned)top * PAGE_SIZE;
}

static inline pte_t *kmap_local_entry(int top)
{
	return fixmap_entry(FIX_KMAP_LOCAL_FIRST +
			    smp_processor_id() * KMAP_LOCAL_SLOTS) + top;
}

void kmap_local_too_deep(void) __noreturn __cold;

/* An address that is not the innermost slot's: of lowmem, or a mistake. */
void kunmap_local_other(kva_t va);

static inline void *kmap_local(struct page *page)
{
	int *top = &this_cpu(kmap_local_stacks)->top, slot = *top;
	pfn_t pfn = page_to_pfn(page);

	if (pfn_lt(pfn, max_low_pfn))
		return kva_to_ptr(PAGE_OFFSET + pfn.v * PAGE_SIZE);
	if (unlikely(slot == -KMAP_LOCAL_SLOTS))
		kmap_local_too_deep();
	preempt_disable();
	WRITE_ONCE(*top, slot - 1);
	barrier();
	kpte_set(kmap_local_entry(slot), pfn, KPROT_RW);
	return kva_to_ptr(kmap_local_kva(slot));
}

static inline void kunmap_local(const void *ptr)
{
	int *top = &this_cpu(kmap_local_stacks)->top, slot = *top + 1;
	kva_t va = ptr_to_kva(ptr) & PAGE_MASK;

	if (va != kmap_local_kva(slot) || unlikely(slot > 0)) {
		kunmap_local_other(va);
		return;
	}
	entry_clear(kmap_local_entry(slot));
	tlb_flush_page(va);
	barrier();
	WRITE_ONCE(*top, slot);
	preempt_enable();
}
