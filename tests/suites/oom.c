// SPDX-License-Identifier: MIT
/*
 * oom.c - tests: which task is killed when there is no memory
 *
 * WHAT     Programs take pages and page tables. Then the tests call the killer
 *          themselves, in a machine that still has memory.
 * SEE      test_memory_hog_is_killed_and_nothing_else in
 *          tests/emu/test_programs.py: there, memory really runs out.
 */
#include "kernel/diag/log.h"
#include "kernel/sched/clock.h"
#include "kernel/task/task.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pcp.h"
#include "mm/page/zone.h"
#include "tests/ktest.h"
#include "tests/threads.h"
#include "tests/tprogram.h"

/* Small enough for a machine of 4 MiB, larger than only_spins. */
#define MUCH         40u        /* pages, of touches_much           */
#define MORE         80u        /* pages, of a task that has more   */
#define WIDE         100u       /* page tables, of touches_wide     */

TPROGRAM(only_spins, "1: jmp 1b;");
TPROGRAM(touches_much,
      "movl $40, %ecx; movl %esp, %eax;"
      "1: subl $4096, %eax; movl %ecx, (%eax); loop 1b; 2: jmp 2b;");

/* Uses the statistics: a task that is killed early has no mm any more. */
static bool has_pages(struct task *task, uint32_t pages)
{
	struct pg_task stats;

	task_get_stats(task, &stats);
	return stats.rss_pages >= pages;
}

/* Page tables are charged to the task; each is one page. */
static bool has_tables(struct task *task, uint32_t tables)
{
	struct pg_task stats;

	task_get_stats(task, &stats);
	return stats.kernel_kib >= tables * (PAGE_SIZE / 1024);
}

KTEST(oom, kills_the_largest_task)
{
	struct task *small = tprogram_start(&only_spins);
	struct task *large = tprogram_start(&touches_much);
	unsigned level;

	REQUIRE(small && large);
	EXPECT(WAIT_UNTIL(has_pages(large, MUCH)));
	level = log_set_level(0);
	EXPECT(task_kill_largest());
	log_set_level(level);
	EXPECT_EQ(tprogram_wait(large), WAIT_SIGNALED(SIGKILL));
	EXPECT(!small->exiting);
	task_kill(small, WAIT_EXITED(0));
	EXPECT_EQ(tprogram_wait(small), WAIT_EXITED(0));
	thread_sleep_ns(5 * NS_PER_TICK);   /* longer than OOM_SETTLE */
	EXPECT(!task_kill_largest());
}

/* Memory of a task that was never started counts for the task's maker. */
KTEST(oom, kills_who_made_large_tasks_that_do_not_run)
{
	struct task *large = tprogram_start(&touches_much);
	struct task *maker = tprogram_start(&only_spins);
	struct task *unstarted;
	unsigned level;

	REQUIRE(large && maker);
	REQUIRE(!task_create("unstarted", maker, &unstarted));
	EXPECT_EQ(mm_mmap(unstarted->mm, UADDR(0x10000000), MORE * PAGE_SIZE,
			  PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
				  MAP_POPULATE),
		  0x10000000);
	EXPECT(WAIT_UNTIL(has_pages(large, MUCH)));
	level = log_set_level(0);
	EXPECT(task_kill_largest());
	/* No second victim before the first one has ended. */
	EXPECT(task_kill_largest());
	log_set_level(level);
	EXPECT_EQ(tprogram_wait(maker), WAIT_SIGNALED(SIGKILL));
	EXPECT(task_kill_largest());
	EXPECT(!large->exiting);
	object_put(&unstarted->object);
	thread_sleep_ns(5 * NS_PER_TICK);
	task_kill(large, WAIT_EXITED(0));
	EXPECT_EQ(tprogram_wait(large), WAIT_EXITED(0));
}

/* Only its page tables count: all pages that it reads are the zero page. */
TPROGRAM(touches_wide,
      "movl $0, %ebx; movl $0x80000000, %ecx; movl $1, %edx;"
      "movl $0x4022, %esi; movl $-1, %edi; xorl %ebp, %ebp;"
      "movl $192, %eax; int $0x80; movl $100, %ecx;"
      "1: movl (%eax), %edx; addl $0x200000, %eax; loop 1b; 2: jmp 2b;");

KTEST(oom, counts_page_tables)
{
	struct task *wide = tprogram_start(&touches_wide);
	struct task *large = tprogram_start(&touches_much);
	unsigned level;

	REQUIRE(wide && large);
	EXPECT(WAIT_UNTIL(has_pages(large, MUCH) && has_tables(wide, WIDE)));
	level = log_set_level(0);
	EXPECT(task_kill_largest());
	log_set_level(level);
	EXPECT_EQ(tprogram_wait(wide), WAIT_SIGNALED(SIGKILL));
	EXPECT(!large->exiting);
	task_kill(large, WAIT_EXITED(0));
	tprogram_wait(large);
	thread_sleep_ns(5 * NS_PER_TICK);
}

/* ---- where only lowmem is short ----------------------------------------- */

TPROGRAM(touches_more,
      "movl $300, %ecx; movl %esp, %eax;"
      "1: subl $4096, %eax; movl %ecx, (%eax); loop 1b; 2: jmp 2b;");

#define MORE_THAN_WIDE  300u    /* pages, of touches_more */

static LIST_HEAD(hoard);

static unsigned long above_low(void)
{
	const struct zone *zone = &zones[ZONE_NORMAL];

	return zone->nr_free > zone->low ? zone->nr_free - zone->low : 0;
}

/* Take lowmem down to the watermark `low`: the rest is for other threads. */
static void hoard_lowmem(void)
{
	struct page *page;

	for (int order = MAX_ORDER; order >= 0; order--)
		while (above_low() >= 1ul << order) {
			page = alloc_pages(GFP_KERNEL | GFP_NOWARN,
					   (unsigned)order);
			if (!page)
				break;
			list_add(&page->list, &hoard);
		}
}

static void give_hoard_back(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &hoard, list)
		free_pages(page, page->order);
	list_init(&hoard);
	drain_local_pages();
}

/* Pages of highmem would not help: only the task with most lowmem is killed. */
KTEST(oom, kills_who_has_the_lowmem_that_is_short)
{
	struct task *wide, *more;
	unsigned level;

	if (zones[ZONE_HIGHMEM].nr_free <= zones[ZONE_HIGHMEM].low + 4 * MORE)
		SKIP("needs HighMem");
	wide = tprogram_start(&touches_wide);
	more = tprogram_start(&touches_more);
	REQUIRE(wide && more);
	EXPECT(WAIT_UNTIL(has_pages(more, MORE_THAN_WIDE) &&
			  has_tables(wide, WIDE)));
	level = log_set_level(0);
	hoard_lowmem();
	EXPECT_EQ(above_low(), 0);
	EXPECT(zones[ZONE_HIGHMEM].nr_free > zones[ZONE_HIGHMEM].low);
	EXPECT(task_kill_largest());
	EXPECT(task_kill_largest());
	give_hoard_back();
	log_set_level(level);
	EXPECT_EQ(tprogram_wait(wide), WAIT_SIGNALED(SIGKILL));
	EXPECT(!more->exiting);
	/* Lowmem is there again: now the other task has the most memory. */
	thread_sleep_ns(5 * NS_PER_TICK);
	level = log_set_level(0);
	EXPECT(task_kill_largest());
	log_set_level(level);
	EXPECT_EQ(tprogram_wait(more), WAIT_SIGNALED(SIGKILL));
	thread_sleep_ns(5 * NS_PER_TICK);
}

static const char *oom_suite_check(void)
{
	tprogram_settle();
	return task_check();
}

SUITE(oom, oom_suite_check);
