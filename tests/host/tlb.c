// SPDX-License-Identifier: MIT
/*
 * tlb.c - the translation look-aside buffer of the simulated machine
 *
 * WHAT     Remembers which pages the MMU has mapped. An access to these needs
 *          no walk, stale or not, as on hardware. If the kernel forgets a
 *          flush, an access goes to the old frame, or succeeds where it should
 *          fault.
 *
 * PICTURE    slot    0     1     2     3   ...  n-1
 *            page   [va]  [va]  [  ]  [va]     [va]
 *                                ^ next: replaced round robin, so that every
 *                                  translation also goes away by itself
 *
 * RULES of host_tlb
 *          T1  a page is in at most one slot
 *          T2  a page of the process outside the direct map is mapped if and
 *              only if it is in a slot
 *
 * ALGORITHM  A linear search: there are a few hundred slots, and a trap costs
 *          more.
 * SEE      SDM volume 3, 4.10 "caching translation information".
 */
#include <stdio.h>
#include <sys/mman.h>

#include <arch/kva.h>

#include "tests/host/host.h"

struct tlb_entry {
	bool        valid;
	kva_t       va;
	phys_addr_t frame;
	int         prot;
	bool        global;
};

static struct tlb_entry tlb[TLB_ENTRIES_MAX];
static unsigned tlb_entries = 64;
static unsigned tlb_next;

static struct tlb_entry *find_entry(kva_t va)
{
	for (unsigned i = 0; i < tlb_entries; i++)
		if (tlb[i].valid && tlb[i].va == va)
			return &tlb[i];
	return NULL;
}

static void drop_entry(struct tlb_entry *entry)
{
	host_unmap_page(entry->va);
	entry->valid = false;
}

void host_tlb_init(unsigned entries)
{
	assert(entries >= TLB_ENTRIES_MIN && entries <= TLB_ENTRIES_MAX);
	tlb_entries = entries;
}

void host_tlb_fill(kva_t va, const struct host_walk *walk, int prot)
{
	struct tlb_entry *entry = find_entry(va);

	if (!entry) {
		entry = &tlb[tlb_next];
		tlb_next = (tlb_next + 1) % tlb_entries;
		if (entry->valid)
			drop_entry(entry);
	}
	*entry = (struct tlb_entry){
		true, va, walk->frame, prot, walk->global,
	};
	host_map_page(va, walk->frame, prot);
}

void host_tlb_flush_page(kva_t va)
{
	struct tlb_entry *entry = find_entry(va & PAGE_MASK);

	if (entry)
		drop_entry(entry);
}

void host_tlb_flush(bool global_too)
{
	for (unsigned i = 0; i < tlb_entries; i++)
		if (tlb[i].valid && (global_too || !tlb[i].global))
			drop_entry(&tlb[i]);
}

bool host_tlb_find(kva_t va, unsigned nr, kva_t *found)
{
	for (unsigned i = 0; i < tlb_entries; i++) {
		if (!tlb[i].valid || tlb[i].va - va >= nr * PAGE_SIZE)
			continue;
		*found = tlb[i].va;
		return true;
	}
	return false;
}

static bool entry_is_true(const struct tlb_entry *entry)
{
	unsigned access = entry->prot & PROT_WRITE ? HOST_FAULT_W : 0;
	struct host_walk walk = host_walk(entry->va, access);

	return walk.ok && phys_eq(walk.frame, entry->frame) &&
	       (walk.executable || !(entry->prot & PROT_EXEC));
}

const char *host_tlb_check(void)
{
	static char text[80];

	for (unsigned i = 0; i < tlb_entries; i++) {
		if (!tlb[i].valid || entry_is_true(&tlb[i]))
			continue;
		snprintf(text, sizeof(text),
			 "stale TLB entry: 0x%08x still maps 0x%llx",
			 tlb[i].va, (unsigned long long)tlb[i].frame.v);
		return text;
	}
	return NULL;
}
