// SPDX-License-Identifier: MIT
/*
 * ipc_check.c - are the laws of messages true?
 *
 * WHAT     ipc_check() looks at every endpoint, at what is bound to it and
 *          waits there, and at the debts of all threads.
 *
 * ALGORITHM  ipc_check() finds a slot from both ends: from the thread that is
 *          CALLING, and from the thread that owes. Slots of reply objects and
 *          parcels are in no list: they are found from the caller only.
 *
 * LOCKING  Interrupts off: then no rendezvous is half done.
 * COST     O(endpoints + threads).
 * SEE      endpoint.c, notification.c and tenure.c for the laws.
 */
#include <arch/irqflags.h>

#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/notification.h"
#include "kernel/ipc/tenure.h"
#include "kernel/sched/sched.h"

static LIST_HEAD(all_endpoints);

void ipc_check_add(struct endpoint *endpoint)
{
	irqflags_t flags = irq_save();

	list_add_tail(&endpoint->all, &all_endpoints);
	irq_restore(flags);
}

void ipc_check_remove(struct endpoint *endpoint)
{
	irqflags_t flags = irq_save();

	list_del(&endpoint->all);
	irq_restore(flags);
}

static const char *queue_check(const struct list_head *queue,
			       enum ipc_wait wait)
{
	const struct thread *thread;

	list_for_each_entry(thread, queue, run)
		HOLDS(thread->ipc.wait == wait &&
		      thread->state == THREAD_BLOCKED,
		      "endpoint E2: a thread in a queue is BLOCKED, and waits for that");
	return NULL;
}

static const char *endpoint_check(const struct endpoint *endpoint)
{
	bool senders = !list_empty(&endpoint->senders);
	bool receivers = !list_empty(&endpoint->receivers);
	bool waiting_news = !list_empty(&endpoint->news);
	const struct notification *bound = endpoint->bound;
	const char *law = queue_check(&endpoint->senders, IPC_SENDING);
	const struct news *news;

	HOLDS(!senders || !receivers,
	      "endpoint E1: senders and receivers do not wait at the same time");
	HOLDS(!endpoint->dead || !(senders || receivers || waiting_news),
	      "endpoint E3: at a dead endpoint no thread waits, and no news wait");
	HOLDS(!waiting_news || !receivers,
	      "endpoint E5: while a receiver waits there are no news");
	HOLDS(!bound || bound->endpoint == endpoint,
	      "notification N1: a bound notification names its endpoint");
	HOLDS(!bound || !bound->bits || !receivers,
	      "notification N2: while a receiver waits no bit is set");
	list_for_each_entry(news, &endpoint->news, link)
		HOLDS(news != &news->tenure->ended || !news->tenure->endpoint,
		      "tenure U2: after its end a tenure does not keep its endpoint");
	return law ? law : queue_check(&endpoint->receivers, IPC_RECEIVING);
}

static const char *debts_check(const struct thread *thread)
{
	const struct reply_slot *slot = thread->ipc.slot;
	const struct reply_slot *owes = &thread->ipc.owes;

	HOLDS((thread->ipc.wait == IPC_CALLING) == (slot != NULL),
	      "endpoint E4: a thread has a slot exactly while it is CALLING");
	HOLDS(!slot || slot->caller == thread,
	      "endpoint E4: the slot of a caller names the caller");
	HOLDS(!owes->caller || owes->caller->ipc.slot == owes,
	      "endpoint E4: a caller that is owed a reply names the slot");
	return NULL;
}

static void thread_check(const struct thread *thread, void *arg)
{
	const char **law = arg;

	if (!*law)
		*law = debts_check(thread);
}

const char *ipc_check(void)
{
	irqflags_t flags = irq_save();
	const struct endpoint *endpoint;
	const char *law = NULL;

	list_for_each_entry(endpoint, &all_endpoints, all)
		if (!law)
			law = endpoint_check(endpoint);
	sched_for_each(thread_check, &law);
	irq_restore(flags);
	return law;
}
