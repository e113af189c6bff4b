// SPDX-License-Identifier: MIT
/*
 * selftest.c - self-tests, benchmarks and the witness, from the command line
 *
 * WHAT     Each of the three runs once and ends the machine with status 33, or
 *          35 if a test failed. (37 is a panic: kernel/diag/panic.c.)
 *
 * TERMS    witness  QEMU's monitor: it reads the same page tables, and must
 *                   come to the same result
 */
#include "kernel/trial/selftest.h"

#include <arch/fixmap.h>
#include <arch/machine.h>
#include <arch/paging.h>

#include "kernel/diag/console.h"
#include "kernel/diag/log.h"
#include "kernel/sched/clock.h"
#include "kernel/sched/sched.h"
#include "kernel/trial/laws.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "tests/bench.h"
#include "tests/ktest.h"

static unsigned threads_between;   /* threads that are there between tests */

/* Wait for threads of the last test; after a second count them as there. */
static void let_others_end(void)
{
	for (unsigned i = 0; i < CLOCK_HZ; i++) {
		if (sched_nr_threads() <= threads_between)
			break;
		thread_sleep_ns(NS_PER_TICK);
	}
	threads_between = sched_nr_threads();
}

static const char *const orders[] = {
	[KTEST_BY_NAME] = "by-name",
	[KTEST_REVERSED] = "reversed",
	[KTEST_SHUFFLED] = "shuffled",
};

static unsigned find_order(const char *name)
{
	unsigned i = 0;

	while (i < ARRAY_SIZE(orders) && strcmp(name, orders[i]))
		i++;
	return i;
}

bool selftest_has_order(const char *order)
{
	return find_order(order) < ARRAY_SIZE(orders);
}

unsigned selftest_run(const char *list, uint32_t seed, const char *order)
{
	struct ktest_totals totals;

	log_set_prefix("# ");   /* the log's lines are comments of KTAP */
	ktest_after_suite = laws_check_all;
	threads_between = sched_nr_threads();
	ktest_let_others_end = let_others_end;
	ktest_set_seed(seed);
	ktest_set_order(find_order(order));
	ktest_run(list, &totals);
	log_limits_flush();   /* the totals are the last line */
	console_printf("# pagoda: selftest: %u passed, %u failed, %u skipped\n",
		       totals.passed, totals.failed, totals.skipped);
	log_set_prefix("");
	return totals.failed;
}

void selftest_main(const char *list, uint32_t seed)
{
	unsigned failed = selftest_run(list, seed, "by-name");

	machine_exit(failed ? EXIT_TEST_FAILED : EXIT_OK);
}

const char *selftest_name(unsigned i)
{
	return ktest_suite_name(i);
}

const char *selftest_bench_name(unsigned i)
{
	return bench_name(i);
}

void selftest_bench(const char *list)
{
	bench_run(list);
}

void bench_main(const char *list)
{
	bench_run(list);
	machine_exit(EXIT_OK);
}

/* One line for the witness: what is mapped where. */
static void witness_line(const char *what, const void *ptr, unsigned pages)
{
	console_printf("witness\t%s\t%08x\t%u\n", what, ptr_to_kva(ptr), pages);
}

void witness_main(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	void *area = vmalloc(3 * PAGE_SIZE);
	void *slot = page ? kmap_try(page) : NULL;

	if (!area || !slot)
		panic("witness: no memory for three pages and one");
	set_fixmap(FIX_TEST, page_to_phys(page), KPROT_RO);
	witness_line("vmalloc", area, 3);
	if (page_is_highmem(page))
		witness_line("kmap", slot, 1);
	witness_line("fixmap", fix_to_virt(FIX_TEST), 1);
	pgtable_dump(true);
	console_printf("# pagoda: witness: ready\n");
	machine_halt();
}
