// SPDX-License-Identifier: MIT
/*
 * accounts.c - count what is in use, and ask every module whether it is sound
 *
 * ALGORITHM  What one shrinker gives back may empty what another one keeps, so
 *          they run until nothing comes any more. Page tables of the kernel's
 *          own quarter are never freed: a page that became one is not lost.
 */
#include "kernel/trial/accounts.h"

#include <arch/kpgtable.h>
#include <arch/pgtable_check.h>
#include <arch/stack.h>

#include "kernel/device/device.h"
#include "kernel/diag/console.h"
#include "kernel/object/object.h"
#include "kernel/sched/clock.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"
#include "lib/string.h"
#include "mm/account/account.h"
#include "mm/dma/dma.h"
#include "mm/early/memblock.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"
#include "mm/slab/slab.h"
#include "mm/vm/mm.h"

static void settle(void)
{
	unsigned long before;

	thread_sleep_ns(2 * NS_PER_TICK);
	do {
		before = nr_free_pages();
		shrink_all();
	} while (nr_free_pages() > before);
	drain_local_pages();
}

void accounts_take(struct accounts *accounts)
{
	settle();
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

/* ---- laws --------------------------------------------------------------- */

/* In the order of the layers: the first broken law is nearest to the cause. */
static const char *(*const memory_checkers[])(void) = {
	memblock_check,
	page_alloc_check,
	pgtable_check,
	slab_check,
	vmalloc_check,
	kmap_check,
	vm_check,
	kmap_local_check,
	dma_check,
	stack_check,
};

const char *memory_check_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(memory_checkers); i++) {
		const char *law = memory_checkers[i]();

		if (law)
			return law;
	}
	return NULL;
}

static void count_charges(void)
{
	task_count_charges();
	vm_count_charges();
}

static const char *charges_check(void)
{
	return account_check(count_charges);
}

static const char *(*const checkers[])(void) = {
	memory_check_all,
	sched_check,
	object_check,
	task_check,
	charges_check,
	user_device_check,
};

const char *kernel_check_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(checkers); i++) {
		const char *law = checkers[i]();

		if (law)
			return law;
	}
	return NULL;
}
