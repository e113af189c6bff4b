// SPDX-License-Identifier: MIT
/*
 * shrinker.c - who can give memory back when a zone runs out
 *
 * WHAT     The list of registered shrinkers, and calling them all.
 * ALGORITHM  Last registered, first called: who came later is built on who came
 *          before, and what a vmalloc area gives back to its slab, the slab's
 *          shrinker then finds empty.
 * LOCKING  The list is written at boot only. A shrinker that allocates would
 *          come back here; `shrinking` stops it, and an interrupt handler that
 *          runs out of memory in the meantime. Preemption is off, or another
 *          thread would be told that nothing can be had while much can.
 */
#include "mm/page/shrinker.h"

#include "lib/log.h"
#include "lib/preempt.h"

static LIST_HEAD(shrinkers);
static bool shrinking;

void register_shrinker(struct shrinker *shrinker)
{
	list_add(&shrinker->list, &shrinkers);
}

unsigned long shrink_all(void)
{
	struct shrinker *shrinker;
	unsigned long total = 0;

	if (READ_ONCE(shrinking))
		return 0;
	preempt_disable();
	WRITE_ONCE(shrinking, true);
	list_for_each_entry(shrinker, &shrinkers, list) {
		unsigned long pages = shrinker->shrink();

		pr_debug_limited("shrinker %s: %lu pages\n", shrinker->name, pages);
		total += pages;
	}
	WRITE_ONCE(shrinking, false);
	preempt_enable();
	return total;
}
