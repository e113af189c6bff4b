// SPDX-License-Identifier: MIT
/*
 * shrinker.c - modules that give memory back when a zone runs out
 *
 * WHAT     The list of registered shrinkers, and the call of all of them.
 * ALGORITHM  The last registered shrinker is called first. A later module uses
 *          earlier modules: the shrinker of vmalloc gives objects back to their
 *          slabs, and the shrinker of slabs then finds empty slabs.
 * LOCKING  The list is written at boot only. `shrinking` stops a second call:
 *          by a shrinker that allocates, or by an interrupt handler that finds
 *          no memory meanwhile. Preemption is off. Otherwise another thread
 *          would see `shrinking`, and would hear that there is no memory
 *          although the shrinkers are about to free some.
 */
#include "mm/page/shrinker.h"

#include "lib/log.h"
#include "lib/panic.h"
#include "lib/preempt.h"

static LIST_HEAD(shrinkers);
static bool shrinking;

void register_shrinker(struct shrinker *shrinker)
{
	caller_must(shrinker->name && shrinker->shrink,
		    "give the shrinker a name and a function");
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
