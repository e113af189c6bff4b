// SPDX-License-Identifier: MIT
/*
 * sched.c - which thread runs next
 *
 * WHAT     The READY thread of the highest priority runs next. Of several such
 *          threads, the one that has waited longest runs. A running thread
 *          gives the CPU away when it sleeps, and when a thread of higher
 *          priority wakes. It gives the CPU to a thread of its own priority
 *          when its time slice ends, or when that thread has slept long enough.
 *
 * PICTURE  One CPU; two threads of priority 8 take turns, the server sleeps:
 *
 *            ready   bit 31 ........ 8 ........ 0
 *                                    1          1
 *            queue[8]    <-> B <-> C             A runs, with 3 ticks left
 *            queue[0]    <-> idle
 *
 *            A's slice ends:         B runs, queue[8] <-> C <-> A
 *            priority 16 wakes:      it runs, queue[8] <-> A <-> B <-> C
 *
 * TERMS    due     a switch is wanted (lib/preempt.h)
 *          slice   TIME_SLICE_TICKS ticks. A thread that is preempted by a
 *                  higher priority keeps the rest of its slice, and its place
 *                  in front
 *          lazy    a kernel thread runs with the user tables that were loaded
 *                  before: it never looks at user addresses
 *
 * INVARIANTS of sched (sched_check() restates them)
 *          S1  a thread in queue[p] is READY and has priority p
 *          S2  bit p of `ready` is set exactly when queue[p] is not empty
 *          S3  every READY thread is in one run queue
 *          S4  the running thread is the only one RUNNING
 *          S5  a thread that does not run has its saved ESP in its own stack
 *          S6  if the running thread has tables, they are loaded, and task_hook
 *              was last told of its task: two tasks may share tables
 *          S7  while nothing is due, no READY thread has a higher priority
 *              than the running one
 *
 * ALGORITHM  schedule() puts a thread that is still RUNNING back into its
 *          queue. Then it takes the first thread of the highest queue that is
 *          not empty (one BSR finds the queue), and switches the stacks. The
 *          idle thread is always READY or RUNNING, so there is always a thread.
 *
 *          Interrupts and wakes do not switch. They say that a switch is due.
 *          The switch takes place on the way back from the interrupt, at the
 *          last preempt_enable(), or at the end of a wake. A wake with
 *          interrupts off (under an irqsave lock, for example) waits for one of
 *          the other places, at the latest for the next tick: to look for such
 *          a wake at each unlock would cost too much.
 *
 *          A thread that ends cannot free the stack on which it runs. The next
 *          thread frees it (sched_finish_switch()).
 *
 * LOCKING  Interrupts off, for everything here: `r` in thread.h. No lock is
 *          held across a switch; schedule() panics if one is.
 * COST     O(1) to wake and to switch.
 * NOT HERE how threads begin and end (thread.c), sleeping (wait.c), the way
 *          back to user mode (preempt.c), the switch of stacks
 *          (<arch/thread.h>).
 * SEE      Linux kernel/sched/rt.c, for the round-robin class.
 */
#include "kernel/sched/sched.h"

#include <arch/cpu.h>
#include <arch/kpgtable.h>
#include <arch/upgtable.h>

#include "kernel/sched/clock.h"
#include "kernel/sched/sched_impl.h"
#include "lib/align.h"
#include "lib/panic.h"

/*
 * Protection:  r  interrupts off
 */
struct run_queue {
	uint32_t         ready;                     /* r  S2                 */
	struct list_head queue[THREAD_PRIORITIES];  /* r  S1                 */
	struct thread   *idle;
	struct thread   *dead;      /* r  the next thread reaps it           */
	struct upgtable *loaded;    /* r  user tables in use; NULL: none     */
	struct task     *told;      /* r  task_hook was last told of it      */
};

struct thread *running_thread[NR_CPUS];

static struct run_queue run_queues[NR_CPUS];
static LIST_HEAD(all_threads);                      /* r                     */
static unsigned nr_threads;                         /* r                     */
static void (*task_hook)(struct task *task);

/* ---- run queues --------------------------------------------------------- */

static void queue_add(struct run_queue *rq, struct thread *thread, bool first)
{
	struct list_head *queue = &rq->queue[thread->priority];

	if (first)
		list_add(&thread->run, queue);
	else
		list_add_tail(&thread->run, queue);
	rq->ready |= 1u << thread->priority;
}

static void queue_remove(struct run_queue *rq, struct thread *thread)
{
	list_del_init(&thread->run);
	if (list_empty(&rq->queue[thread->priority]))
		rq->ready &= ~(1u << thread->priority);
}

static struct thread *queue_take(struct run_queue *rq)
{
	struct list_head *queue = &rq->queue[ilog2(rq->ready)];
	struct thread *thread = list_first_entry(queue, struct thread, run);

	queue_remove(rq, thread);
	return thread;
}

/* Is a thread READY that has a higher priority? Or at least this priority? */
static bool ready_above(const struct run_queue *rq, unsigned priority)
{
	return rq->ready >> priority > 1;
}

static bool ready_from(const struct run_queue *rq, unsigned priority)
{
	return rq->ready >> priority > 0;
}

bool sched_others_ready(void)
{
	return READ_ONCE(this_cpu(run_queues)->ready) >> (PRIORITY_IDLE + 1);
}

/* ---- due ---------------------------------------------------------------- */

static void set_due(void)
{
	*this_cpu(preempt_word) &= ~PREEMPT_NOT_DUE;
	return_work |= WORK_SWITCH;
}

/* ---- the switch --------------------------------------------------------- */

static noinline void load_task(struct run_queue *rq, struct thread *next)
{
	if (next->tables != rq->loaded) {
		rq->loaded = next->tables;
		upt_switch(next->tables);
	}
	rq->told = next->task;
	if (task_hook)
		task_hook(next->task);
}

void sched_finish_switch(void)
{
	struct run_queue *rq = this_cpu(run_queues);
	struct thread *dead = rq->dead;

	if (unlikely(dead)) {
		rq->dead = NULL;
		thread_reap(dead);
	}
}

static void switch_to(struct run_queue *rq, struct thread *prev,
		      struct thread *next)
{
	/* Nothing is due now. On the way to user mode, `next` does its work. */
	*this_cpu(preempt_word) |= PREEMPT_NOT_DUE;
	return_work = next->work;
	next->state = THREAD_RUNNING;
	if (next == prev)
		return;
	if (next->tables &&
	    (next->tables != rq->loaded || next->task != rq->told))
		load_task(rq, next);
	*this_cpu(running_thread) = next;
	arch_thread_activate(&next->arch, next->stack.top);
	arch_thread_switch(&prev->arch, &next->arch);
	sched_finish_switch();
}

/* The thread would keep a lock or a kmap_local() page while others run. */
static noinline void __noreturn __cold refuse_switch(const struct thread *prev)
{
	panic("thread %s gives the CPU away with preemption off (depth %u)",
	      prev->name, preempt_depth());
}

/* The running thread is READY now: behind its equals if its slice is over. */
static void requeue(struct run_queue *rq, struct thread *prev)
{
	bool first = prev->ticks_left > 0;

	if (!first)
		prev->ticks_left = TIME_SLICE_TICKS;
	prev->state = THREAD_READY;
	queue_add(rq, prev, first);
}

void schedule(void)
{
	struct run_queue *rq = this_cpu(run_queues);
	struct thread *prev = current_thread();

	if (unlikely(preempt_depth()))
		refuse_switch(prev);
	if (prev->state == THREAD_RUNNING)
		requeue(rq, prev);
	switch_to(rq, prev, queue_take(rq));
}

void sched_switch_to(struct thread *next)
{
	struct run_queue *rq = this_cpu(run_queues);
	struct thread *prev = current_thread();

	assert(next->state == THREAD_BLOCKED);
	if (unlikely(preempt_depth()))
		refuse_switch(prev);
	if (unlikely(prev->state == THREAD_RUNNING))
		requeue(rq, prev);
	if (unlikely(ready_above(rq, next->priority))) {
		sched_wake_irqoff(next, true);
		next = queue_take(rq);
	} else {
		list_del_init(&next->run);
		next->woken = true;
	}
	switch_to(rq, prev, next);
}

void sched_end(void)
{
	struct run_queue *rq = this_cpu(run_queues);

	assert(!rq->dead);
	current_thread()->state = THREAD_DEAD;
	rq->dead = current_thread();
	schedule();
	panic("a dead thread runs");
}

/* ---- waking, ticks ------------------------------------------------------ */

void sched_wake_irqoff(struct thread *thread, bool woken)
{
	if (thread->state != THREAD_BLOCKED) {
		thread->woken |= woken;
		return;
	}
	thread->woken = woken;
	thread->state = THREAD_READY;
	list_del(&thread->run);
	queue_add(this_cpu(run_queues), thread, false);
	if (thread->priority > current_thread()->priority)
		set_due();
}

void sched_wake_first_irqoff(struct thread *thread)
{
	struct thread *running = current_thread();

	if (thread->state != THREAD_BLOCKED)
		return;
	sched_wake_irqoff(thread, false);
	list_move(&thread->run,
		  &this_cpu(run_queues)->queue[thread->priority]);
	if (thread->priority == running->priority) {
		running->ticks_left = 0;
		set_due();
	}
}

void sched_wake(struct thread *thread, bool woken)
{
	irqflags_t flags = irq_save();

	sched_wake_irqoff(thread, woken);
	irq_restore_preempt(flags);
}

void sched_tick(void)
{
	struct thread *thread = current_thread();

	thread->ran_ns += NS_PER_TICK;
	if (thread->ticks_left > 0)
		thread->ticks_left--;
	if (thread->ticks_left > 0)
		return;
	if (ready_from(this_cpu(run_queues), thread->priority))
		set_due();
	else
		thread->ticks_left = TIME_SLICE_TICKS;
}

void thread_yield(void)
{
	struct thread *thread = current_thread();
	irqflags_t flags = irq_save();

	if (ready_from(this_cpu(run_queues), thread->priority)) {
		thread->ticks_left = 0;
		schedule();
	}
	irq_restore(flags);
}

void thread_set_priority(struct thread *thread, unsigned priority)
{
	struct run_queue *rq = this_cpu(run_queues);
	irqflags_t flags = irq_save();

	assert(priority < THREAD_PRIORITIES);
	if (thread->state == THREAD_READY)
		queue_remove(rq, thread);
	thread->priority = priority;
	if (thread->state == THREAD_READY)
		queue_add(rq, thread, false);
	if (ready_above(rq, current_thread()->priority))
		set_due();
	irq_restore_preempt(flags);
}

/* ---- user page tables --------------------------------------------------- */

void thread_set_tables(struct upgtable *tables)
{
	struct run_queue *rq = this_cpu(run_queues);
	irqflags_t flags = irq_save();

	current_thread()->tables = tables;
	if (tables) {
		load_task(rq, current_thread());
	} else {
		rq->loaded = NULL;
		rq->told = NULL;
		upt_switch(NULL);
	}
	irq_restore(flags);
}

void sched_forget_tables(const struct upgtable *tables)
{
	irqflags_t flags = irq_save();

	if (this_cpu(run_queues)->loaded == tables)
		thread_set_tables(NULL);
	irq_restore(flags);
}

void sched_set_task_hook(void (*hook)(struct task *task))
{
	task_hook = hook;
}

/* ---- all threads -------------------------------------------------------- */

void sched_add(struct thread *thread)
{
	list_add_tail(&thread->all, &all_threads);
	nr_threads++;
}

void sched_remove(struct thread *thread)
{
	list_del(&thread->all);
	nr_threads--;
}

void sched_for_each(void (*fn)(const struct thread *thread, void *arg),
		    void *arg)
{
	irqflags_t flags = irq_save();
	const struct thread *thread;

	list_for_each_entry(thread, &all_threads, all)
		fn(thread, arg);
	irq_restore(flags);
}

unsigned sched_nr_threads(void)
{
	return READ_ONCE(nr_threads);
}

/* ---- init --------------------------------------------------------------- */

/* An interrupt wakes a thread, and switches to it on the way back. */
static void idle_main(void *arg)
{
	for (;;)
		cpu_idle();
}

void sched_init(void)
{
	struct run_queue *rq = this_cpu(run_queues);

	for (unsigned i = 0; i < THREAD_PRIORITIES; i++)
		list_init(&rq->queue[i]);
	*this_cpu(running_thread) = thread_init();
	rq->idle = thread_create("idle", PRIORITY_IDLE, idle_main, NULL);
	if (!rq->idle)
		panic("no memory for the idle thread");
}

/* ---- check -------------------------------------------------------------- */

static const char *queue_check(const struct run_queue *rq, unsigned priority,
			       unsigned *queued)
{
	const struct list_head *queue = &rq->queue[priority];
	const struct thread *thread;

	list_for_each_entry(thread, queue, run) {
		HOLDS(thread->state == THREAD_READY &&
		      thread->priority == priority,
		      "sched S1: a queued thread is READY and has the priority");
		(*queued)++;
	}
	HOLDS((rq->ready >> priority & 1) == !list_empty(queue),
	      "sched S2: a bit of `ready` is set when the queue is not empty");
	return NULL;
}

static const char *thread_check(const struct thread *thread)
{
	const struct thread *running = current_thread();
	pfn_t pfn;

	HOLDS((thread->state == THREAD_RUNNING) == (thread == running),
	      "sched S4: the running thread is the only one RUNNING");
	HOLDS(thread == running ||
	      (thread->arch.esp >= thread->stack.base &&
	       thread->arch.esp < thread->stack.top),
	      "sched S5: a thread's saved ESP lies in its own stack");
	HOLDS(!kpt_lookup(thread->stack.guard, &pfn),
	      "stack_cache K1: the page below a stack is never mapped");
	HOLDS(!thread->stack_mem || !list_empty(&thread->stack.list),
	      "thread N1: the stack of a thread is registered");
	return NULL;
}

static const char *check_irqoff(void)
{
	const struct run_queue *rq = this_cpu(run_queues);
	const struct thread *thread, *running = current_thread();
	unsigned queued = 0, ready = 0;
	const char *law;

	for (unsigned i = 0; i < THREAD_PRIORITIES; i++) {
		law = queue_check(rq, i, &queued);
		HOLDS(!law, law);
	}
	list_for_each_entry(thread, &all_threads, all) {
		law = thread_check(thread);
		HOLDS(!law, law);
		ready += thread->state == THREAD_READY;
	}
	HOLDS(queued == ready, "sched S3: every READY thread is in a run queue");
	HOLDS(!running->tables || running->tables == rq->loaded,
	      "sched S6: the loaded tables are those of the running thread");
	HOLDS(!running->tables || running->task == rq->told,
	      "sched S6: the hook was told of the running thread's task");
	HOLDS(!(*this_cpu(preempt_word) & PREEMPT_NOT_DUE) ||
	      !ready_above(rq, running->priority),
	      "sched S7: no READY thread has a higher priority than the running one");
	return timer_check();
}

const char *sched_check(void)
{
	irqflags_t flags = irq_save();
	const char *law = check_irqoff();

	irq_restore(flags);
	return law;
}
