// SPDX-License-Identifier: MIT
/*
 * accounts.c - count what is in use
 *
 * ALGORITHM  One shrinker may free what another one needs to free more, so they
 *          run until no page comes back. Page tables of the kernel are never
 *          freed: a page that became one is not lost.
 */
#include "kernel/trial/accounts.h"

#include <arch/kpgtable.h>

#include "kernel/diag/console.h"
#include "kernel/object/object.h"
#include "kernel/sched/clock.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"

void accounts_take(struct accounts *accounts)
{
	unsigned long before;

	thread_sleep_ns(2 * NS_PER_TICK);
	do {
		before = nr_free_pages();
		shrink_all();
	} while (nr_free_pages() > before);
	drain_local_pages();
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		accounts->free[i] = zones[i].nr_free;
	accounts->tables = kpt_tables;
	accounts->objects = object_count(OBJECT_ANY);
	accounts->threads = sched_nr_threads();
}

void accounts_print(const struct accounts *before,
		    const struct accounts *after)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		if (!zones[i].managed)
			continue;
		console_printf("# pagoda: free pages: %s %lu before, %lu after\n",
			       zones[i].name, before->free[i], after->free[i]);
	}
	console_printf("# pagoda: in use: page tables %lu before, %lu after; objects %lu, %lu; threads %u, %u\n",
		       before->tables, after->tables, before->objects,
		       after->objects, before->threads, after->threads);
}

static unsigned long total(const struct accounts *accounts)
{
	unsigned long pages = accounts->tables;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		pages += accounts->free[i];
	return pages;
}

bool accounts_lost(const struct accounts *before,
		   const struct accounts *after)
{
	return total(after) < total(before) ||
	       after->objects > before->objects ||
	       after->threads > before->threads;
}
