// SPDX-License-Identifier: MIT
/*
 * puppets.h - threads that do one operation when the test says so
 *
 * WHAT     A puppet is a thread that waits for an order. Then it does one
 *          operation on the test's endpoint, and waits for the next order.
 *
 * PICTURE    test                          puppet 1
 *            order(1, DO_SEND, 7)  ----->  endpoint_send(): blocks
 *            goes on           <---------
 *            EXPECT_WAITS(1)
 *
 * ALGORITHM  Every puppet has a higher priority than the test. So the test goes
 *          on only when each puppet has finished, or waits for a partner. No
 *          test needs to wait for an amount of time, but for a deadline.
 *
 *          At its end a test kills the puppets that still wait. So a function
 *          that is wrong costs one test, and seldom the next ones.
 */
#pragma once

#include "docs/labs/12-messages/lab.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/notification.h"
#include "kernel/ipc/parcel.h"
#include "kernel/ipc/rendezvous.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "lib/wait.h"
#include "tests/threads.h"

#define PUPPETS        6
#define PATIENCE_ENDS  20      /* ticks, for threads that shall end           */

enum act { DO_SEND, DO_CALL, DO_RECEIVE, DO_REPLY };

struct puppet {
	struct thread     *thread;     /* NULL: it has ended                  */
	struct wait_queue  orders;
	enum act           act;
	struct ipc_op      op;         /* of the last order                   */
	struct ipc_regs    words;      /* of this operation                   */
	struct reply_slot *slot;       /* DO_REPLY: of the caller             */
	long               result;
	volatile bool      busy;       /* the operation is not over           */
	bool               stop;       /* end, instead of an order            */
	bool               irqs_off;   /* an operation left interrupts off    */
};

static const unsigned puppet_priority[PUPPETS] = {
	PRIORITY_TEST + 2, PRIORITY_TEST + 1, PRIORITY_TEST + 3,
	PRIORITY_TEST + 1, PRIORITY_TEST + 2, PRIORITY_TEST + 3,
};

static struct puppet puppets[PUPPETS];
static struct endpoint *endpoint;
static struct order returned;          /* puppets, as their operations end    */
static struct ipc_parcel stale_parcel; /* of an operation before: never valid */
static unsigned threads_before;
static unsigned long objects_before;
static bool threads_lost;              /* of a test before: nothing is sure   */

/* ---- words -------------------------------------------------------------- */

/* Message n has the label n, and the words 16 n, 16 n + 1, ... */
static inline void fill(struct ipc_regs *words, uint32_t n)
{
	*words = (struct ipc_regs){
		.ebx = n * 16, .ecx = n * 16 + 1, .edx = n * 16 + 2,
		.esi = n * 16 + 3, .edi = n * 16 + 4, .ebp = n * 16 + 5,
	};
}

static inline bool same_words(const struct ipc_regs *a,
			      const struct ipc_regs *b)
{
	return a->ebx == b->ebx && a->ecx == b->ecx && a->edx == b->edx &&
	       a->esi == b->esi && a->edi == b->edi && a->ebp == b->ebp;
}

static inline bool are(const struct ipc_regs *words, uint32_t n)
{
	struct ipc_regs wanted;

	fill(&wanted, n);
	return same_words(words, &wanted);
}

/* ---- orders ------------------------------------------------------------- */

static inline struct reply_slot *debt_of(const struct puppet *puppet)
{
	return &puppet->thread->ipc.owes;
}

static inline long do_order(struct puppet *me)
{
	switch (me->act) {
	case DO_SEND:
	case DO_CALL:
		return endpoint_send(endpoint, &me->op);
	case DO_RECEIVE:
		return endpoint_receive(endpoint, &me->op);
	default:
		return endpoint_reply(me->slot, &me->op);
	}
}

/* One order after the other, until it is killed or told to stop. */
static inline void puppet_main(void *arg)
{
	struct puppet *me = arg;

	while (!wait_killed()) {
		wait_event(&me->orders, me->busy || me->stop);
		if (!me->busy)
			break;
		me->result = do_order(me);
		me->irqs_off |= irqs_disabled();
		irq_enable();
		order_note(&returned, (unsigned)(me - puppets));
		me->busy = false;
	}
	reply_slot_fail(&current_thread()->ipc.owes, -EPIPE);
	me->thread = NULL;
}

static inline void raise_puppet(unsigned i)
{
	wait_queue_init(&puppets[i].orders);
	puppets[i].thread = start("puppet", puppet_priority[i], puppet_main,
				  &puppets[i]);
}

/*
 * Do one operation with message n. `op` has what is not usual: a deadline,
 * nonblock, a parcel. All other fields hold what an operation before has left.
 */
static inline void order_with(unsigned i, enum act act, uint32_t n,
			      struct ipc_op op)
{
	struct puppet *puppet = &puppets[i];

	if (puppet->busy) {
		ktest_fail(__FILE__, __LINE__,
			   "thread %u still waits, and can do nothing more", i);
		return;
	}
	op.regs = &puppet->words;
	op.label = n;
	op.calls = act == DO_CALL;
	op.taken = true;
	if (act == DO_RECEIVE)
		op.parcel = &stale_parcel;
	if (!op.deadline)
		op.deadline = WAIT_FOREVER;
	fill(&puppet->words, n);
	puppet->op = op;
	puppet->act = act;
	puppet->busy = true;
	wake_up_one(&puppet->orders);
	thread_yield();
}

static inline void order(unsigned i, enum act act, uint32_t n)
{
	order_with(i, act, n, (struct ipc_op){ .nonblock = false });
}

/* Reply to the caller of any slot. */
static inline void order_reply_with(unsigned i, struct reply_slot *slot,
				    uint32_t n, struct ipc_op op)
{
	puppets[i].slot = slot;
	order_with(i, DO_REPLY, n, op);
}

/* Reply to the caller to which the puppet itself owes a reply. */
static inline void order_reply(unsigned i, uint32_t n)
{
	order_reply_with(i, debt_of(&puppets[i]), n,
			 (struct ipc_op){ .nonblock = false });
}

/*
 * Kill a puppet. If it waits for a partner, its wait ends now. If it waits for
 * an order, its next operation finds out.
 */
static inline void kill_puppet(unsigned i)
{
	thread_kill(puppets[i].thread);
	thread_yield();
}

/* Let time pass until the puppet's deadline has ended its wait. */
static inline void let_deadlines_pass(unsigned i)
{
	for (unsigned n = 0; n < PATIENCE_ENDS && puppets[i].busy; n++)
		thread_sleep_ns(NS_PER_TICK);
}

/* ---- what puppet i must see --------------------------------------------- */

static inline void expect_waits(const char *file, int line, unsigned i)
{
	if (!puppets[i].busy)
		ktest_fail(file, line,
			   "thread %u does not wait: its result is %ld", i,
			   puppets[i].result);
}

static inline void expect_done(const char *file, int line, unsigned i,
			       long result)
{
	const struct puppet *puppet = &puppets[i];

	if (puppet->busy)
		ktest_fail(file, line, "thread %u still waits", i);
	else if (puppet->result != result)
		ktest_fail(file, line,
			   "the result of thread %u is %ld, expected %ld", i,
			   puppet->result, result);
	if (puppet->irqs_off)
		ktest_fail(file, line, "thread %u came back with interrupts off",
			   i);
}

static inline void expect_words(const char *file, int line, unsigned i,
				uint32_t n)
{
	const struct ipc_regs *words = &puppets[i].words;

	if (!are(words, n))
		ktest_fail(file, line,
			   "the words of thread %u are %u ... %u, expected %u ... %u",
			   i, words->ebx, words->ebp, n * 16, n * 16 + 5);
}

#define EXPECT_WAITS(i)         expect_waits(__FILE__, __LINE__, i)
#define EXPECT_DONE(i, result)  expect_done(__FILE__, __LINE__, i, result)
#define EXPECT_WORDS(i, n)      expect_words(__FILE__, __LINE__, i, n)

/* ---- before and after each test ----------------------------------------- */

static inline void set_up(void)
{
	if (threads_lost) {
		ktest_fail(__FILE__, __LINE__,
			   "threads of an earlier test are still there");
		ktest_abort();
	}
	threads_before = sched_nr_threads();
	objects_before = object_count(OBJECT_ANY);
	memset(puppets, 0, sizeof(puppets));
	memset(&returned, 0, sizeof(returned));
	endpoint = endpoint_create();
	REQUIRE(endpoint);
	for (unsigned i = 0; i < PUPPETS; i++)
		raise_puppet(i);
}

static inline bool is_owed(const struct reply_slot *slot)
{
	for (unsigned i = 0; i < PUPPETS; i++)
		if (puppets[i].thread && puppets[i].thread == slot->caller)
			return puppets[i].thread->ipc.slot == slot;
	return false;
}

/* A wrong function may leave a caller that has ended: nobody may touch it. */
static inline void mend_slot(struct reply_slot *slot)
{
	if (!is_owed(slot))
		slot->caller = NULL;
}

static inline void mend(struct thread *thread)
{
	struct ipc_thread *ipc = &thread->ipc;

	mend_slot(&ipc->owes);
	if (ipc->slot && ipc->slot->caller != thread) {
		ipc->slot = NULL;
		ipc->wait = IPC_IDLE;
	}
}

static inline void dismiss(struct puppet *puppet)
{
	puppet->stop = true;
	if (puppet->thread && puppet->busy)
		thread_kill(puppet->thread);
	else if (puppet->thread)
		wake_up_one(&puppet->orders);
	thread_yield();
}

/* All threads are gone, and no object is left. */
static inline void tear_down(void)
{
	EXPECT_NULL(ipc_check());
	for (unsigned i = 0; i < PUPPETS; i++)
		if (puppets[i].thread)
			mend(puppets[i].thread);
	for (unsigned i = 0; i < PUPPETS; i++)
		dismiss(&puppets[i]);
	for (unsigned n = 0; n < PATIENCE_ENDS &&
	     sched_nr_threads() > threads_before; n++)
		thread_sleep_ns(NS_PER_TICK);
	threads_lost = sched_nr_threads() > threads_before;
	if (threads_lost) {
		ktest_fail(__FILE__, __LINE__,
			   "a thread waits for ever: a kill does not end its wait");
		ktest_abort();
	}
	endpoint_put(endpoint);
	EXPECT_EQ(object_count(OBJECT_ANY), objects_before);
}

/* Do these puppets, and no others, stand in the queue in this order? */
static inline bool queue_is(const struct list_head *queue,
			    const unsigned *who, unsigned nr)
{
	const struct thread *thread;
	unsigned n = 0;

	list_for_each_entry(thread, queue, run)
		if (n >= nr || puppets[who[n++]].thread != thread)
			return false;
	return n == nr;
}
