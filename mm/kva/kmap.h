// SPDX-License-Identifier: MIT
/*
 * kmap.h - addresses for highmem pages, for a while
 *
 * WHAT     kmap() gives a page one of 512 slots until kunmap(). kmap_local()
 *          gives a slot of this CPU; these slots nest like a stack. For a
 *          lowmem page both functions return its permanent address.
 * SEE      Linux mm/highmem.c.
 */
#pragma once

#include <arch/fixmap.h>

#include "lib/preempt.h"
#include "mm/page/page.h"

/*
 * An address of the page until kunmap(). A second call for the same page gives
 * the same address, and needs one more kunmap().
 *
 * Context: any but interrupt handlers; never sleeps.
 * Returns: NULL when all slots are in use.
 */
void *kmap_try(struct page *page) __must_check;

/*
 * The same, but if all slots are in use, it sleeps until one is free. A thread
 * that needs two slots at once must use kmap_try(), and take both or none:
 * threads that hold one slot and wait for a second may wait for each other.
 */
void *kmap(struct page *page) __must_check;

void  kunmap(struct page *page);

/*
 * An address of the page on this CPU until kunmap_local(). The last mapping
 * must be unmapped first.
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

/* The page behind an address of kmap() or kmap_local(); NULL: there is none. */
struct page *kmap_to_page(const void *ptr);

/*
 * A page with a slot is being freed: empty the slot. free_pages() calls this if
 * page->kmap is not 0.
 *
 * Context: any.
 * Fails:   panics when the slot still has a user.
 */
void kmap_page_freed(struct page *page);

/* Empty all unused slots now, with one flush. Returns: slots emptied. */
unsigned kmap_flush_unused(void);

/* How many slots are free, still mapped but unused, or in use. */
struct kmap_usage {
	unsigned free, unused, used;
	unsigned long flushes;   /* since boot */
};
void kmap_usage(struct kmap_usage *usage);

/* Called once, at boot, after the final page tables are loaded. */
void kmap_init(void);

/* Both NULL, or the first broken invariant: kmap.c, kmap_local.c. */
const char *kmap_check(void);
const char *kmap_local_check(void);

void kmap_dump(void);

/* ---- kmap_local(): a few instructions, mostly with constants ------------- */

/*
 * How many slots one CPU uses, as a negative number, because their addresses
 * and entries go down: 0 means none, -1 means one slot ... See kmap_local.c.
 */
struct kmap_local_stack {
	int top;
};

extern struct kmap_local_stack kmap_local_stacks[NR_CPUS];

/* The address and the entry of the next slot, for this value of top. */
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

/* Unmap an address that is not in the last slot: lowmem, or a mistake. */
void kunmap_local_other(kva_t va);

static inline void *kmap_local(struct page *page)
{
	int *top = &this_cpu(kmap_local_stacks)->top, slot = *top;
	pfn_t pfn = page_to_pfn(page);

	debug_caller_must(page_is_valid(page), "give a page of mem_map");
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
