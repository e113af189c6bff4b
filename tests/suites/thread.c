// SPDX-License-Identifier: MIT
/*
 * thread.c (tests) - threads begin and end, and leave nothing behind
 */
#include "kernel/sched/thread.h"

#include <arch/irqflags.h>
#include <arch/kpgtable.h>
#include <arch/kva.h>
#include <arch/probe.h>
#include <arch/tlb.h>

#include "lib/string.h"
#include "lib/wait.h"
#include "mm/page/shrinker.h"
#include "tests/suites/full_kva.h"
#include "tests/threads.h"

SUITE(thread, sched_check);

#define CROWD      40     /* threads at a time                               */
#define THOUSANDS  4000

static unsigned before, count;
static struct wait_queue queue = WAIT_QUEUE_INIT(queue);
static bool open;

static void begin(void)
{
	before = sched_nr_threads();
	count = 0;
	open = false;
}

static void count_one(void *arg)
{
	__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
}

static void store_two(void *arg)
{
	*(unsigned *)arg = 2;
	thread_exit();
}

KTEST(thread, runs_its_function_with_its_argument)
{
	unsigned value = 1;

	begin();
	start("storer", PRIORITY_TEST, store_two, &value);
	EXPECT_EQ(value, 1);
	all_gone(before);
	EXPECT_EQ(value, 2);
}

KTEST(thread, has_a_name_and_a_number_of_its_own)
{
	struct thread *a, *b;

	begin();
	a = start("short", PRIORITY_TEST, count_one, NULL);
	b = start("a name that is much too long", PRIORITY_TEST, count_one,
		  NULL);
	EXPECT_STREQ(a->name, "short");
	EXPECT_STREQ(b->name, "a name that is ");
	EXPECT(b->tid > a->tid);
	EXPECT(a->state == THREAD_READY && !a->task);
	all_gone(before);
	EXPECT_EQ(count, 2);
}

KTEST(thread, thousands_created_and_ended_leak_nothing)
{
	begin();
	for (unsigned i = 0; i < THOUSANDS; i++) {
		start("one of many", PRIORITY_TEST, count_one, NULL);
		if (i % CROWD == CROWD - 1)
			thread_yield();
	}
	all_gone(before);
	EXPECT_EQ(count, THOUSANDS);
}

static bool create_one(void *arg)
{
	struct thread *thread;

	shrink_all();   /* a kept stack needs no allocation */
	thread = thread_create("failing", PRIORITY_TEST, count_one, NULL);
	if (thread)
		all_gone(before);
	return thread != NULL;
}

KTEST(thread, creation_fails_cleanly_wherever_memory_runs_out)
{
	begin();
	EXPECT(ktest_each_failure(create_one, NULL) >= 2);
	EXPECT_EQ(sched_nr_threads(), before);
}

/* Kept stacks need no new addresses. When they are used, creation fails. */
KTEST_KEEPS(thread, creation_fails_cleanly_where_addresses_run_out)
{
	static struct full_kva full;
	unsigned nr = 0;

	begin();
	kva_fill(&full);
	while (nr < CROWD && thread_create("the last", PRIORITY_TEST,
					   count_one, NULL))
		nr++;
	EXPECT(nr < CROWD);
	all_gone(before);
	kva_empty(&full);
	start("again", PRIORITY_TEST, count_one, NULL);
	all_gone(before);
	EXPECT_EQ(count, nr + 1);
}

KTEST(thread, the_next_one_gets_the_kept_stack)
{
	struct thread *thread;
	void *stack;

	begin();
	thread = start("first", PRIORITY_TEST, count_one, NULL);
	stack = thread->stack_mem;
	all_gone(before);
	thread = start("second", PRIORITY_TEST, count_one, NULL);
	EXPECT(thread->stack_mem == stack);
	all_gone(before);
}

/* ---- stacks and their guards ------------------------------------------- */

static bool readable(kva_t va)
{
	uint8_t byte;

	return probe_read8(kva_to_ptr(va), &byte);
}

static bool stack_is_guarded(const struct kernel_stack *stack)
{
	return stack->guard == stack->base - PAGE_SIZE &&
	       stack->top == stack->base + KERNEL_STACK_SIZE &&
	       readable(stack->base) && readable(stack->top - 1) &&
	       !readable(stack->base - 1) && !readable(stack->guard) &&
	       !readable(stack->top);
}

static void wait_for_open(void *arg)
{
	kva_t here = ptr_to_kva(&here);
	struct thread *me = current_thread();

	if (here >= me->stack.base && here < me->stack.top &&
	    stack_is_guarded(&me->stack))
		count_one(NULL);
	wait_event(&queue, open);
}

static void open_up(void)
{
	open = true;
	wake_up_all(&queue);
	all_gone(before);
}

KTEST(thread, pages_around_every_stack_are_absent)
{
	struct thread *threads[CROWD];

	begin();
	for (unsigned i = 0; i < CROWD; i++)
		threads[i] = start("guarded", PRIORITY_TEST + 1,
				   wait_for_open, NULL);
	EXPECT_EQ(count, CROWD);
	for (unsigned i = 0; i < CROWD; i++) {
		const struct kernel_stack *stack = &threads[i]->stack;

		EXPECT(stack_is_guarded(stack));
		EXPECT(stack_find_guard(stack->guard) == stack);
		EXPECT(stack_find(stack->top - 1) == stack);
		EXPECT_STREQ(stack->name, "stack of thread guarded");
	}
	EXPECT_NULL(stack_check());
	open_up();
}

KTEST(thread, stacks_of_ended_threads_are_not_known_any_more)
{
	kva_t guard;

	begin();
	guard = start("ends", PRIORITY_TEST, count_one, NULL)->stack.guard;
	EXPECT(stack_find_guard(guard));
	all_gone(before);
	EXPECT(!stack_find_guard(guard));
}

/* ---- kill -------------------------------------------------------------- */

static void sleep_until_killed(void *arg)
{
	while (!wait_killed())
		thread_sleep_ns(UINT64_MAX);
	count_one(NULL);
}

KTEST(thread, killing_sleeping_threads_ends_their_sleep)
{
	struct thread *threads[CROWD];

	begin();
	for (unsigned i = 0; i < CROWD; i++)
		threads[i] = start("sleeper", PRIORITY_TEST + 1,
				   sleep_until_killed, NULL);
	EXPECT(threads[0]->state == THREAD_BLOCKED);
	EXPECT_EQ(count, 0);
	for (unsigned i = 0; i < CROWD; i++)
		thread_kill(threads[i]);
	all_gone(before);
	EXPECT_EQ(count, CROWD);
}

KTEST(thread, one_killed_before_it_runs_sees_it)
{
	begin();
	thread_kill(start("early", PRIORITY_TEST, sleep_until_killed, NULL));
	all_gone(before);
	EXPECT_EQ(count, 1);
}

KTEST(thread, killing_twice_is_as_once)
{
	struct thread *thread;

	begin();
	thread = start("twice", PRIORITY_TEST - 1, sleep_until_killed, NULL);
	thread_kill(thread);
	thread_kill(thread);
	all_gone(before);
	EXPECT_EQ(count, 1);
}

KTEST(thread, a_wait_that_is_not_killable_goes_on)
{
	struct thread *thread;

	begin();
	thread = start("patient", PRIORITY_TEST + 1, wait_for_open, NULL);
	thread_kill(thread);
	EXPECT(thread->state == THREAD_BLOCKED);
	open_up();
}

static void wait_killable(void *arg)
{
	if (!wait_event_killable(&queue, open))
		count_one(NULL);
}

KTEST(thread, a_killable_wait_ends_and_says_so)
{
	begin();
	thread_kill(start("impatient", PRIORITY_TEST + 1, wait_killable,
			  NULL));
	all_gone(before);
	EXPECT_EQ(count, 1);
	EXPECT(list_empty(&queue.waiters));
}

/* ---- threads of tasks -------------------------------------------------- */

KTEST(thread, one_that_was_never_started_can_be_taken_back)
{
	struct trap_regs regs;
	struct thread *thread;

	begin();
	arch_user_regs_init(&regs, UADDR(0x08048000), UADDR(0xbffff000));
	thread = thread_create_user(NULL, NULL, "unborn", PRIORITY_USER,
				    &regs);
	REQUIRE(thread);
	EXPECT(thread->state == THREAD_BLOCKED);
	EXPECT(!memcmp(thread_user_regs(thread), &regs, sizeof(regs)));
	EXPECT_NULL(sched_check());
	thread_destroy(thread);
	EXPECT_EQ(sched_nr_threads(), before);
}

/* ---- misuse ------------------------------------------------------------ */

static void exit_with_preemption_off(void *arg)
{
	preempt_disable();
	thread_exit();
}

KTEST(thread, ending_with_a_lock_held_is_caught)
{
	EXPECT_PANIC(exit_with_preemption_off, NULL,
		     "thread_exit() with preemption off");
}

static void ends_at_once(void *arg)
{
}

KTEST(thread, a_guard_page_that_is_mapped_is_noticed)
{
	struct page *page = alloc_page(GFP_KERNEL);
	kva_t guard;

	REQUIRE(page);
	before = sched_nr_threads();
	guard = start("victim", PRIORITY_TEST - 1, ends_at_once,
		      NULL)->stack.guard;
	kpt_map_pages(guard, &page, 1, KPROT_RW);
	EXPECT_LAW(sched_check(), "stack_cache K1");
	kpt_unmap(guard, 1);
	tlb_flush_page(guard);
	EXPECT_NULL(sched_check());
	all_gone(before);
	free_page(page);
}
