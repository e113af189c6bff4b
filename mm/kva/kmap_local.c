// SPDX-License-Identifier: MIT
/*
 * kmap_local.c - addresses for highmem pages, for a few lines of code
 *
 * WHAT     Maps a page for this CPU, in the next of the CPU's sixteen fixmap
 *          slots. The last mapping is removed first.
 *
 * PICTURE  One CPU's slots; two are in use, one by an interrupt handler:
 *
 *            slot    FIX_KMAP_LOCAL_FIRST + 0    1    2    3   ...   15
 *                                          A    I
 *                                          |    |    ^ depth
 *            kmap_local(A) in a thread ----+    |
 *            kmap_local(I) in a handler --------+
 *
 * TERMS    depth   slots of this CPU in use; also the next one to take
 *
 * INVARIANTS of kmap_local (kmap_local_check() restates them)
 *          L1  depth is at most KMAP_LOCAL_SLOTS
 *          L2  a slot is present exactly when it is below depth
 *
 * ALGORITHM  kmap_local(): count up, then write the entry. The entry was not
 *          present, so it needs no flush. kunmap_local(): empty the entry,
 *          flush it, then count down. A lowmem page has a permanent address,
 *          and needs no slot.
 *
 * LOCKING  None; the slots are the CPU's own. Preemption is off while a slot is
 *          in use, so no other thread can come between. An interrupt handler
 *          can come at any point, and may use slots too. Two facts make this
 *          safe. First, the handler unmaps everything before it returns. So the
 *          interrupted code finds depth and its slots as they were. Second, the
 *          handler takes the slot at depth. Depth goes up before a slot is
 *          filled, and down after a slot is emptied. So the handler never takes
 *          the slot that the interrupted code is changing.
 * COST     kmap_local_pair in tests/bench/bounds.tsv. The functions are inline,
 *          in kmap.h.
 * NOT HERE mappings that outlive a sleep (kmap.c); entries (<arch/fixmap.h>).
 * SEE      Linux mm/highmem.c, __kmap_local_pfn_prot().
 */
#include <arch/fixmap.h>

#include "mm/kva/kmap.h"

struct kmap_local_stack kmap_local_stacks[NR_CPUS];

unsigned kmap_local_depth(void)
{
	return (unsigned)-this_cpu(kmap_local_stacks)->top;
}

void kmap_local_too_deep(void)
{
	panic("kmap_local nested deeper than %u", KMAP_LOCAL_SLOTS);
}

void kunmap_local_other(kva_t va)
{
	if (kva_is_lowmem(va))
		return;
	if (!kva_is_kmap_local(va))
		panic("kunmap_local of 0x%08x, which kmap_local never gives",
		      va);
	panic("kunmap_local out of order: 0x%08x is not the innermost of %u",
	      va, kmap_local_depth());
}

const char *kmap_local_check(void)
{
	unsigned depth = kmap_local_depth();
	pfn_t pfn;

	HOLDS(depth <= KMAP_LOCAL_SLOTS, "kmap_local L1: depth is within the slots");
	for (unsigned i = 0; i < KMAP_LOCAL_SLOTS; i++)
		HOLDS(kpt_lookup(kmap_local_kva(-(int)i), &pfn) == (i < depth),
		      "kmap_local L2: a slot is present exactly when below depth");
	return NULL;
}
