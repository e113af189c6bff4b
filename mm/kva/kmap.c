// SPDX-License-Identifier: MIT
/*
 * kmap.c - 512 slots of address space for highmem pages
 *
 * WHAT     Gives a highmem page an address until kunmap(). All callers that ask
 *          meanwhile get the same address. One TLB flush serves hundreds of
 *          pages.
 *
 * PICTURE  The cursor goes round. It maps a page in a slot, and the slot stays
 *          mapped after the cursor has passed:
 *
 *            slot     0   1   2   3   4   5   6  ...               511
 *            count    1   2   1   1   3   0   0   0   0   0   0   0   0
 *            page     A   B   C   D   E   -   -
 *                                         ^ cursor
 *            B has one user, E has two. A, C and D have no user, but the TLB
 *            may still know them. At the end of the lap their slots are
 *            emptied.
 *
 * TERMS    count   0 free; 1 unused, but in the tables; n > 1: n - 1 users
 *          lap     one pass of the cursor over all slots
 *
 * INVARIANTS of kmap (kmap_check() restates them)
 *          K1  a slot with users belongs to a highmem page whose kmap field
 *              names the slot: so no two slots have the same page
 *          K2  a slot is present in the page table exactly when its count is
 *              not 0, and then it maps the frame of its page
 *          K3  the number of used slots is right
 *
 * ALGORITHM  kmap_try(): if the page has a slot, take this slot, used or not.
 *          If not, take the next free slot at the cursor. kunmap() only counts
 *          down, so to map the same page again soon costs little. When the
 *          cursor reaches the end, all unused slots are emptied with one flush,
 *          and a new lap begins. A free slot needs no other flush: it has not
 *          been present since the last one. When a page is freed, its unused
 *          mapping is removed. Otherwise an old address could read what the
 *          next owner writes.
 *
 *          kmap() sleeps while all slots are used. A kunmap() that frees a slot
 *          wakes one waiter. If the page of this waiter has got a slot in the
 *          meantime, the free slot is still there: so a waiter wakes the next
 *          one while slots are left.
 *
 * LOCKING  kmap_lock, interrupts off: pages are freed in interrupt handlers.
 * COST     kmap_try() O(1) amortized, kunmap() O(1).
 * NOT HERE mappings for a few lines of code (kmap_local.c).
 * SEE      Linux mm/highmem.c, map_new_virtual(); docs/decisions/kmap-slot.md.
 */
#include "mm/kva/kmap.h"

#include <arch/kpgtable.h>
#include <arch/tlb.h>

#include "lib/log.h"
#include "lib/spinlock.h"
#include "lib/wait.h"

/*
 * Protection:  k  kmap_lock
 */
static struct spinlock kmap_lock = SPINLOCK_INIT;
static unsigned      slot_count[PKMAP_SLOTS];    /* k  see TERMS             */
static struct page  *slot_page[PKMAP_SLOTS];     /* k  where count is not 0  */
static unsigned      cursor;                     /* k  next slot to look at  */
static unsigned      nr_used;                    /* k  slots with count > 1  */
static struct wait_queue slot_freed = WAIT_QUEUE_INIT(slot_freed);
static unsigned long nr_flushes;                 /* k                        */

static kva_t slot_kva(unsigned slot)
{
	debug_assert(slot < PKMAP_SLOTS);
	return PKMAP_BASE + slot * PAGE_SIZE;
}

/* ---- slots -------------------------------------------------------------- */

/* Empty the table entry of an unused slot; the caller flushes. */
static void slot_empty_locked(unsigned slot) MUST_HOLD(&kmap_lock)
{
	debug_assert_held(&kmap_lock);
	debug_assert(slot_count[slot] == 1);
	debug_assert(slot_page[slot]->kmap == slot + 1);
	pkmap_unmap(slot);
	slot_count[slot] = 0;
	slot_page[slot]->kmap = 0;
}

/* Empty all unused slots. Returns: how many. */
static unsigned flush_unused_locked(void) MUST_HOLD(&kmap_lock)
{
	unsigned first = 0, end = 0, emptied = 0;

	debug_assert_held(&kmap_lock);
	for (unsigned slot = 0; slot < PKMAP_SLOTS; slot++) {
		if (slot_count[slot] != 1)
			continue;
		slot_empty_locked(slot);
		if (!emptied++)
			first = slot;
		end = slot + 1;
	}
	if (emptied) {
		tlb_flush_range(slot_kva(first), end - first);
		nr_flushes++;
	}
	return emptied;
}

/*
 * A free slot for a page that has no slot. The caller has checked that not all
 * slots are used. So this lap finds a free slot, or the next one does.
 */
static unsigned slot_take_locked(struct page *page, pfn_t pfn)
	MUST_HOLD(&kmap_lock)
{
	unsigned slot = cursor;

	debug_assert_held(&kmap_lock);
	debug_caller_must(nr_used < PKMAP_SLOTS, "see that a slot can be had");
	debug_caller_must(!page->kmap, "take the slot that the page has");
	for (;; slot++) {
		if (slot == PKMAP_SLOTS) {
			flush_unused_locked();
			slot = 0;
		}
		if (!slot_count[slot])
			break;
	}
	cursor = slot + 1;
	pkmap_map(slot, pfn);
	slot_page[slot] = page;
	page->kmap = (uint16_t)(slot + 1);
	return slot;
}

/* ---- public ------------------------------------------------------------- */

void *kmap_try(struct page *page)
{
	pfn_t pfn = page_to_pfn(page);
	irqflags_t flags;
	unsigned slot;

	debug_caller_must(page_is_valid(page), "give a page of mem_map");
	if (pfn_lt(pfn, max_low_pfn))
		return page_address(page);
	flags = spin_lock_irqsave(&kmap_lock);
	if (page->kmap) {
		slot = page->kmap - 1u;
		if (slot_count[slot]++ == 1)
			nr_used++;
	} else if (nr_used < PKMAP_SLOTS) {
		slot = slot_take_locked(page, pfn);
		slot_count[slot] = 2;
		nr_used++;
	} else {
		spin_unlock_irqrestore(&kmap_lock, flags);
		return NULL;
	}
	spin_unlock_irqrestore(&kmap_lock, flags);
	held_add(1);
	return kva_to_ptr(slot_kva(slot));
}

static noinline void *kmap_wait(struct page *page)
{
	void *ptr = NULL;

	wait_event(&slot_freed, (ptr = kmap_try(page)) != NULL);
	if (READ_ONCE(nr_used) < PKMAP_SLOTS)
		wake_up_one(&slot_freed);
	return ptr;
}

void *kmap(struct page *page)
{
	void *ptr = kmap_try(page);

	debug_caller_must(!page_is_highmem(page) || may_sleep(),
			  "be able to sleep; kmap_try() and kmap_local() never do");
	return likely(ptr) ? ptr : kmap_wait(page);
}

static void __noreturn __cold refuse_kunmap(const struct page *page)
{
	pfn_t pfn = page_to_pfn(page);

	panic("kunmap of %pF, which is not kmapped", &pfn);
}

void kunmap(struct page *page)
{
	/* It does not change while the caller has the page mapped. */
	unsigned kmap = page->kmap;
	irqflags_t flags;

	debug_caller_must(page_is_valid(page), "give a page of mem_map");
	if (unlikely(!kmap)) {
		if (page_is_highmem(page))
			refuse_kunmap(page);
		return;
	}
	flags = spin_lock_irqsave(&kmap_lock);
	if (unlikely(slot_count[kmap - 1] < 2)) {
		spin_unlock_irqrestore(&kmap_lock, flags);
		refuse_kunmap(page);
	}
	if (--slot_count[kmap - 1] == 1)
		nr_used--;
	spin_unlock_irqrestore(&kmap_lock, flags);
	held_add(-1);
	/* A thread that enters the queue later finds the slot itself. */
	if (unlikely(!list_empty(&slot_freed.waiters)))
		wake_up_one(&slot_freed);
}

struct page *kmap_to_page(const void *ptr)
{
	kva_t va = ptr_to_kva(ptr);
	unsigned slot = (va - PKMAP_BASE) / PAGE_SIZE;
	pfn_t pfn;

	if (kva_is_lowmem(va))
		return virt_to_page(ptr);
	if (va >= PKMAP_BASE && va < PKMAP_END)
		return slot_count[slot] > 1 ? slot_page[slot] : NULL;
	if (kva_is_kmap_local(va) && kpt_lookup(va, &pfn))
		return pfn_to_page(pfn);
	return NULL;
}

void kmap_page_freed(struct page *page)
{
	irqflags_t flags = spin_lock_irqsave(&kmap_lock);
	unsigned slot = page->kmap - 1u;
	/* No slot: a flush came after the caller had read page->kmap. */
	bool has_slot = page->kmap;
	bool in_use = has_slot && slot_count[slot] > 1;

	debug_caller_must(page_is_valid(page), "give a page of mem_map");
	if (has_slot && !in_use) {
		slot_empty_locked(slot);
		tlb_flush_page(slot_kva(slot));
	}
	spin_unlock_irqrestore(&kmap_lock, flags);
	if (in_use) {
		pfn_t pfn = page_to_pfn(page);

		panic("%pF freed while kmapped at 0x%08x", &pfn,
		      slot_kva(slot));
	}
}

unsigned kmap_flush_unused(void)
{
	irqflags_t flags = spin_lock_irqsave(&kmap_lock);
	unsigned emptied = flush_unused_locked();

	spin_unlock_irqrestore(&kmap_lock, flags);
	return emptied;
}

void kmap_usage(struct kmap_usage *usage)
{
	irqflags_t flags = spin_lock_irqsave(&kmap_lock);

	*usage = (struct kmap_usage){ .used = nr_used, .flushes = nr_flushes };
	for (unsigned slot = 0; slot < PKMAP_SLOTS; slot++) {
		usage->free += slot_count[slot] == 0;
		usage->unused += slot_count[slot] == 1;
	}
	spin_unlock_irqrestore(&kmap_lock, flags);
}

void kmap_init(void)
{
	if (kpt_populate(PKMAP_BASE, PKMAP_SLOTS))
		panic("kmap: no page for the table of its slots");
}

/* ---- check and dump ----------------------------------------------------- */

static const char *slots_check_locked(void) MUST_HOLD(&kmap_lock)
{
	unsigned used = 0;

	assert_held(&kmap_lock);
	for (unsigned slot = 0; slot < PKMAP_SLOTS; slot++) {
		const struct page *page = slot_page[slot];
		pfn_t pfn;

		HOLDS(kpt_lookup(slot_kva(slot), &pfn) == !!slot_count[slot],
		      "kmap K2: a slot is present exactly when its count is not 0");
		if (!slot_count[slot])
			continue;
		HOLDS(pfn_eq(pfn, page_to_pfn(page)),
		      "kmap K2: a slot maps the frame of its page");
		HOLDS(page_is_highmem(page) && page->kmap == slot + 1,
		      "kmap K1: a slot belongs to a highmem page that names it");
		used += slot_count[slot] > 1;
	}
	HOLDS(used == nr_used, "kmap K3: the number of used slots is right");
	return NULL;
}

const char *kmap_check(void)
{
	irqflags_t flags = spin_lock_irqsave(&kmap_lock);
	const char *law = slots_check_locked();

	spin_unlock_irqrestore(&kmap_lock, flags);
	return law;
}

void kmap_dump(void)
{
	struct kmap_usage usage;

	kmap_usage(&usage);
	pr_info("kmap: %u slots: %u used, %u unused, %u free; %lu flushes\n",
		PKMAP_SLOTS, usage.used, usage.unused, usage.free,
		usage.flushes);
	for (unsigned slot = 0; slot < PKMAP_SLOTS; slot++) {
		pfn_t pfn;

		if (!slot_count[slot])
			continue;
		pfn = page_to_pfn(slot_page[slot]);
		pr_info("  0x%08x  count %u  %pF\n", slot_kva(slot),
			slot_count[slot], &pfn);
	}
}
