// SPDX-License-Identifier: MIT
/*
 * sched.c (tests) - which thread runs: priorities, turns, preemption
 */
#include "kernel/sched/sched.h"

#include "lib/random.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "lib/wait.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "tests/threads.h"

SUITE(sched, sched_check);

#define TURNS     10
#define SPINNERS  3

static struct order order;
static unsigned before;   /* number of threads before the test */

static void begin(void)
{
	before = sched_nr_threads();
	memset(&order, 0, sizeof(order));
}

static void note_number(void *arg)
{
	order_note(&order, (unsigned)(uintptr_t)arg);
}

static void *number(unsigned n)
{
	return (void *)(uintptr_t)n;
}

static void note_name(const struct thread *thread, void *arg)
{
	unsigned *seen = arg;

	*seen |= !strcmp(thread->name, "boot") ? 1 : 0;
	*seen |= !strcmp(thread->name, "idle") ? 2 : 0;
	*seen |= thread == current_thread() ? 4 : 0;
}

KTEST(sched, the_first_thread_and_the_idle_one_are_known)
{
	unsigned seen = 0;

	sched_for_each(note_name, &seen);
	EXPECT_EQ(seen, 7);
	EXPECT(sched_nr_threads() >= 2);
	EXPECT(current_thread()->state == THREAD_RUNNING);
	EXPECT(!irqs_disabled());
	EXPECT_EQ(preempt_depth(), 0);
}

KTEST(sched, a_higher_priority_runs_at_once)
{
	begin();
	start("high", PRIORITY_TEST + 1, note_number, number(1));
	EXPECT_EQ(order.nr, 1);
	all_gone(before);
}

KTEST(sched, a_lower_priority_runs_when_the_others_sleep)
{
	begin();
	start("low", PRIORITY_TEST - 1, note_number, number(1));
	for (unsigned i = 0; i < TURNS; i++)
		thread_yield();
	EXPECT_EQ(order.nr, 0);
	thread_sleep_ns(NS_PER_TICK);
	all_gone(before);
	EXPECT_EQ(order.nr, 1);
}

KTEST(sched, the_highest_ready_priority_comes_first)
{
	static const unsigned priorities[] = { 5, 20, 1, 23, 12, 5 };
	static const unsigned expected[] = { 23, 20, 12, 5, 5, 1 };

	begin();
	for (unsigned i = 0; i < ARRAY_SIZE(priorities); i++)
		start("ordered", priorities[i], note_number,
		      number(priorities[i]));
	EXPECT_NULL(sched_check());
	all_gone(before);
	REQUIRE(order.nr == ARRAY_SIZE(expected));
	for (unsigned i = 0; i < order.nr; i++)
		EXPECT_EQ(order.who[i], expected[i]);
}

static void take_turns(void *arg)
{
	for (unsigned i = 0; i < TURNS; i++) {
		note_number(arg);
		thread_yield();
	}
}

KTEST(sched, yielding_threads_of_a_priority_take_turns)
{
	begin();
	for (unsigned i = 0; i < 3; i++)
		start("turns", PRIORITY_TEST - 1, take_turns, number(i));
	all_gone(before);
	REQUIRE(order.nr == 3 * TURNS);
	for (unsigned i = 0; i < order.nr; i++)
		EXPECT_EQ(order.who[i], i % 3);
}

KTEST(sched, who_yields_to_nobody_goes_on)
{
	uint64_t slice = current_thread()->ticks_left;

	thread_yield();
	EXPECT(current_thread()->state == THREAD_RUNNING);
	EXPECT(slice > 0);
	EXPECT_NULL(sched_check());
}

/* ---- preemption -------------------------------------------------------- */

static volatile bool stop;
static volatile uint32_t spins[SPINNERS];
static uint64_t ran[SPINNERS];

static void spin(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	while (!stop)
		spins[me]++;
	ran[me] = current_thread()->ran_ns;
}

static bool all_have_run_for(struct thread *const threads[], uint64_t ns)
{
	for (unsigned i = 0; i < SPINNERS; i++)
		if (threads[i]->ran_ns < ns)
			return false;
	return true;
}

/* The threads never call the scheduler: only the tick takes the CPU away. */
KTEST(sched, spinning_threads_share_the_cpu_fairly)
{
	struct thread *threads[SPINNERS];
	uint64_t least = UINT64_MAX, most = 0;

	begin();
	stop = false;
	for (unsigned i = 0; i < SPINNERS; i++)
		threads[i] = start("spin", PRIORITY_USER, spin, number(i));
	EXPECT(WAIT_UNTIL(all_have_run_for(threads, 4 * NS_PER_TICK)));
	stop = true;
	all_gone(before);
	for (unsigned i = 0; i < SPINNERS; i++) {
		least = MIN(least, ran[i]);
		most = MAX(most, ran[i]);
	}
	/* At most a slice of five ticks, and one tick that has just begun. */
	EXPECT(most - least <= 6 * NS_PER_TICK);
}

KTEST(sched, a_spinning_thread_does_not_hold_up_a_higher_priority)
{
	uint64_t slept;

	begin();
	stop = false;
	start("spin", PRIORITY_TEST - 1, spin, number(0));
	slept = clock_ns();
	thread_sleep_ns(2 * NS_PER_TICK);   /* needs preemption to end */
	EXPECT(clock_ns() >= slept + 2 * NS_PER_TICK);
	EXPECT(spins[0] > 0);
	stop = true;
	all_gone(before);
}

KTEST(sched, no_switch_before_preempt_enable)
{
	begin();
	preempt_disable();
	preempt_disable();
	start("high", PRIORITY_TEST + 1, note_number, number(1));
	EXPECT_EQ(order.nr, 0);
	preempt_enable();
	EXPECT_EQ(order.nr, 0);
	preempt_enable();
	EXPECT_EQ(order.nr, 1);
	all_gone(before);
}

KTEST(sched, no_switch_while_a_spinlock_is_held)
{
	struct spinlock lock = SPINLOCK_INIT;

	begin();
	spin_lock(&lock);
	start("high", PRIORITY_TEST + 1, note_number, number(1));
	EXPECT_EQ(order.nr, 0);
	spin_unlock(&lock);
	EXPECT_EQ(order.nr, 1);
	all_gone(before);
}

KTEST(sched, no_switch_while_a_kmap_local_page_is_mapped)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	void *ptr;

	REQUIRE(page);
	if (!page_is_highmem(page)) {
		free_page(page);
		SKIP("needs highmem");
	}
	begin();
	ptr = kmap_local(page);
	start("high", PRIORITY_TEST + 1, note_number, number(1));
	EXPECT_EQ(order.nr, 0);
	kunmap_local(ptr);
	EXPECT_EQ(order.nr, 1);
	all_gone(before);
	free_page(page);
}

KTEST(sched, no_switch_while_interrupts_are_off)
{
	irqflags_t flags;

	begin();
	flags = irq_save();
	start("high", PRIORITY_TEST + 1, note_number, number(1));
	EXPECT_EQ(order.nr, 0);
	EXPECT(preempt_is_due());
	irq_restore(flags);
	preempt_schedule();
	EXPECT_EQ(order.nr, 1);
	all_gone(before);
}

KTEST(sched, a_thread_that_is_raised_runs_at_once)
{
	struct thread *thread;

	begin();
	thread = start("low", PRIORITY_TEST - 1, note_number, number(1));
	EXPECT_EQ(order.nr, 0);
	thread_set_priority(thread, PRIORITY_TEST + 1);
	EXPECT_EQ(order.nr, 1);
	all_gone(before);
}

KTEST(sched, who_lowers_himself_gives_way)
{
	begin();
	start("between", PRIORITY_TEST - 1, note_number, number(1));
	EXPECT_EQ(order.nr, 0);
	thread_set_priority(current_thread(), PRIORITY_TEST - 2);
	EXPECT_EQ(order.nr, 1);
	thread_set_priority(current_thread(), PRIORITY_TEST);
	all_gone(before);
}

/* ---- the switch itself ------------------------------------------------- */

/* Block at once. When the tester switches to this thread, switch back. */
static void partner(void *arg)
{
	struct thread *tester = arg;

	for (unsigned i = 0; i < TURNS; i++) {
		irq_disable();
		current_thread()->state = THREAD_BLOCKED;
		if (i == 0)
			schedule();
		else
			sched_switch_to(tester);
		irq_enable();
		order_note(&order, i);
	}
	irq_disable();
	sched_wake(tester, true);
	irq_enable();
}

KTEST(sched, two_threads_hand_the_cpu_to_each_other)
{
	struct thread *thread;

	begin();
	thread = start("partner", PRIORITY_TEST + 1, partner,
		       current_thread());
	for (unsigned i = 0; i < TURNS; i++) {
		EXPECT_EQ(order.nr, i);
		irq_disable();
		current_thread()->state = THREAD_BLOCKED;
		sched_switch_to(thread);
		irq_enable();
		EXPECT(current_thread()->woken);
	}
	EXPECT_EQ(order.nr, TURNS);
	all_gone(before);
}

static void block_once(void *arg)
{
	irq_disable();
	current_thread()->state = THREAD_BLOCKED;
	schedule();
	irq_enable();
	note_number(arg);
}

/* While a thread is blocked, `run` may link it into another list. */
KTEST(sched, waking_takes_a_thread_out_of_a_foreign_list)
{
	struct thread *thread;
	LIST_HEAD(list);

	begin();
	thread = start("blocked", PRIORITY_TEST + 1, block_once, number(1));
	EXPECT(thread->state == THREAD_BLOCKED);
	list_add(&thread->run, &list);
	sched_wake(thread, true);
	EXPECT(list_empty(&list));
	EXPECT_EQ(order.nr, 1);
	all_gone(before);
}

/* ---- misuse ------------------------------------------------------------ */

static void sleep_a_tick(void *arg)
{
	thread_sleep_ns(NS_PER_TICK);
}

static void sleep_with_spinlock(void *arg)
{
	struct spinlock lock = SPINLOCK_INIT;

	spin_lock(&lock);
	sleep_a_tick(NULL);
}

static void sleep_with_interrupts_off(void *arg)
{
	(void)irq_save();
	sleep_a_tick(NULL);
}

static void switch_with_preemption_off(void *arg)
{
	preempt_disable();
	(void)irq_save();
	schedule();
}

KTEST(sched, sleeping_where_one_must_not_is_caught)
{
	EXPECT_PANIC(sleep_with_spinlock, NULL, "with preemption off");
	EXPECT_PANIC(sleep_with_interrupts_off, NULL, "with interrupts off");
	EXPECT_PANIC(switch_with_preemption_off, NULL,
		     "with preemption off (depth 1)");
	EXPECT_EQ(preempt_depth(), 0);
	EXPECT(!irqs_disabled());
	sleep_a_tick(NULL);
}

KTEST(sched, check_finds_what_is_broken)
{
	struct thread *thread;
	irqflags_t flags;

	begin();
	thread = start("victim", PRIORITY_TEST - 1, note_number, number(1));
	flags = irq_save();
	thread->priority--;
	EXPECT_LAW(sched_check(), "sched S1");
	thread->priority++;
	thread->state = THREAD_RUNNING;
	EXPECT(sched_check());
	thread->state = THREAD_READY;
	thread->arch.esp += KERNEL_STACK_SIZE;
	EXPECT_LAW(sched_check(), "sched S5");
	thread->arch.esp -= KERNEL_STACK_SIZE;
	list_del_init(&thread->stack.list);
	EXPECT_LAW(sched_check(), "thread N1");
	list_add_tail(&thread->stack.list, &kernel_stacks);
	irq_restore(flags);
	EXPECT_NULL(sched_check());
	all_gone(before);
}

/* ---- everything at once ------------------------------------------------ */

#define PLAYERS  12
#define MOVES    150

static uint32_t moves_done;

static void play(void *arg)
{
	struct rng rng;

	rng_init(&rng, ktest_seed() + (uint32_t)(uintptr_t)arg);
	for (unsigned i = 0; i < MOVES; i++) {
		switch (rng_below(&rng, 8)) {
		case 0:
			thread_set_priority(current_thread(),
					    1 + rng_below(&rng, 28));
			break;
		case 1:
			preempt_disable();
			sched_wake(current_thread(), false);
			preempt_enable();
			break;
		case 2:
			if (rng_below(&rng, 16) == 0)
				thread_sleep_ns(1);
			break;
		default:
			thread_yield();
		}
		__atomic_fetch_add(&moves_done, 1, __ATOMIC_RELAXED);
	}
}

KTEST(sched, random_moves_keep_the_invariants)
{
	begin();
	moves_done = 0;
	for (unsigned i = 0; i < PLAYERS; i++)
		start("player", 1 + i, play, number(i * 77 + 1));
	while (sched_nr_threads() > before &&
	       moves_done < PLAYERS * MOVES) {
		EXPECT_NULL(sched_check());
		thread_sleep_ns(NS_PER_TICK);
	}
	all_gone(before);
	EXPECT_EQ(moves_done, PLAYERS * MOVES);
}
