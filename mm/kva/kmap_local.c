// SPDX-License-Identifier: MIT
/*
 * kmap_local.c - addresses for highmem pages, for a few lines of code
 *
 * WHAT     Maps a page on this CPU only, in the next of its sixteen fixmap
 *          slots, and takes the mapping away again, last in, first out.
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
 * ALGORITHM  kmap_local(): count up, then write the entry. An entry that was
 *          not present needs no flush to appear. kunmap_local(): empty the
 *          entry, flush it, then count down. Lowmem pages have an address
 *          already, and give it.
 *
 * LOCKING  None; the slots are the CPU's own. Preemption is off while one is in
 *          use, so no other thread gets in between, and the order above keeps
 *          interrupt handlers apart. Who comes in between, before preemption is
 *          off or in a handler, undoes whatever it does here before it leaves,
 *          so the code it interrupted finds depth and all its slots as they
 *          were, even between the load and the store of its own count. And a
 *          handler takes the slot at depth: counting up
 *          comes before filling a slot, and counting down after emptying it,
 *          so that slot is never one that the interrupted code is working on.
 * COST     A pair is about 40 instructions and one invlpg: the functions are
 *          inline, in kmap.h, and addresses and entries grow downwards with
 *          the count, so that only constants are added to it.
 * NOT HERE mappings that outlive a sleep (kmap.c); entries (<arch/fixmap.h>).
 * SEE      Linux mm/highmem.c, __kmap_local_pfn_prot().
 */
#include <arch/fixmap.h>

#include "mm/kva/kmap.h"

struct kmap_local_stack kmap_local_stacks[NR_CPUS];

static unsigned local_depth(void)
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
	      va, local_depth());
}

unsigned kmap_local_depth(void)
{
	return local_depth();
}

const char *kmap_local_check(void)
{
	unsigned depth = local_depth();
	pfn_t pfn;

	HOLDS(depth <= KMAP_LOCAL_SLOTS, "kmap_local L1: depth is within the slots");
	for (unsigned i = 0; i < KMAP_LOCAL_SLOTS; i++)
		HOLDS(kpt_lookup(kmap_local_kva(-(int)i), &pfn) == (i < depth),
		      "kmap_local L2: a slot is present exactly when below depth");
	return NULL;
}
