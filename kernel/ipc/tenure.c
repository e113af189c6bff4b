// SPDX-License-Identifier: MIT
/*
 * tenure.c - a personality learns which tasks are its own
 *
 * WHAT     See tenure.h. News wait at the endpoint in the order of the events,
 *          and are received before any message of a task.
 *
 * PICTURE  fork            endpoint->news: [12 began]
 *          12 calls        senders: 12           received after the news
 *          12 ends         news: [12 began] [12 ended] ---> task 12: only the
 *                                                           number is left
 *          both received   number 12 is free
 *
 * INVARIANTS of tenure (ipc_check() restates it)
 *          U2  after its end a tenure does not keep its endpoint: the end of an
 *              endpoint drops its news
 * RULES of tenure
 *          U1  a tenure belongs to its task. After its end it waits in the
 *              news, and is freed when the server has received it
 *
 * ALGORITHM  One structure, made before the task runs, has both messages:
 *          telling cannot fail. While a server does not receive, the numbers of
 *          its ended tasks, and their structures, stay in use.
 * LOCKING  Interrupts off.
 * COST     O(1).
 * SEE      kernel/ipc/endpoint.c receive_or_queue().
 */
#include "kernel/ipc/tenure.h"

#include <arch/irqflags.h>

#include "kernel/ipc/rendezvous.h"
#include "mm/slab/kmalloc.h"

static struct kmem_cache *tenure_cache;

struct tenure *tenure_create(struct endpoint *endpoint, uint32_t pid)
{
	struct tenure *tenure = kmem_cache_alloc(tenure_cache,
						 GFP_KERNEL | GFP_ZERO);

	if (!tenure)
		return NULL;
	list_init(&tenure->began.link);
	list_init(&tenure->ended.link);
	tenure->began.tenure = tenure->ended.tenure = tenure;
	endpoint_get(endpoint);
	tenure->endpoint = endpoint;
	tenure->pid = pid;
	return tenure;
}

void tenure_free(struct tenure *tenure)
{
	if (!tenure)
		return;
	assert(list_empty(&tenure->began.link) &&
	       list_empty(&tenure->ended.link));
	endpoint_put(tenure->endpoint);
	if (tenure->task)
		object_put(tenure->task);
	kmem_cache_free(tenure_cache, tenure);
}

/*
 * Tell a receiver that waits. Returns: true: no receiver waits, and the message
 * is in the news; false: it was told, or the endpoint is dead.
 */
static bool tell_irqoff(struct tenure *tenure, unsigned kind,
			struct news *news)
{
	const struct ipc_regs words = { .ebx = tenure->parent };
	struct endpoint *endpoint = tenure->endpoint;

	if (endpoint->dead ||
	    endpoint_notify(endpoint, KMSG_LABEL(kind, 0, tenure->pid),
			    &words))
		return false;
	list_add_tail(&news->link, &endpoint->news);
	return true;
}

void tenure_begin(struct tenure *tenure, uint32_t parent)
{
	irqflags_t flags = irq_save();

	tenure->parent = parent;
	tenure->known = true;
	(void)tell_irqoff(tenure, KMSG_TASK_BEGAN, &tenure->began);
	irq_restore(flags);
}

void tenure_end(struct tenure *tenure, struct object *task)
{
	struct endpoint *endpoint;
	irqflags_t flags;
	bool waits;

	if (!tenure)
		return;
	endpoint = tenure->endpoint;
	flags = irq_save();
	waits = tenure->known &&
		tell_irqoff(tenure, KMSG_TASK_ENDED, &tenure->ended);
	if (waits) {
		object_get(task);
		tenure->task = task;
		tenure->endpoint = NULL;   /* U2 */
	}
	irq_restore(flags);
	if (waits)
		endpoint_put(endpoint);
	else
		tenure_free(tenure);
}

long tenure_take_irqoff(struct endpoint *endpoint, struct ipc_regs *words,
			struct tenure **spent)
{
	struct news *news = list_first_entry(&endpoint->news, struct news,
					     link);
	struct tenure *tenure = news->tenure;
	bool ended = news == &tenure->ended;

	list_del_init(&news->link);
	*words = (struct ipc_regs){ .ebx = tenure->parent };
	*spent = ended ? tenure : NULL;
	return (long)KMSG_LABEL(ended ? KMSG_TASK_ENDED : KMSG_TASK_BEGAN, 0,
				tenure->pid);
}

void tenure_drop_news(struct endpoint *endpoint)
{
	struct tenure *spent;
	struct ipc_regs words;
	irqflags_t flags;
	bool some;

	do {
		spent = NULL;
		flags = irq_save();
		some = !list_empty(&endpoint->news);
		if (some)
			(void)tenure_take_irqoff(endpoint, &words, &spent);
		irq_restore(flags);
		tenure_free(spent);
	} while (some);
}

void tenure_init(void)
{
	tenure_cache = kmem_cache_create("tenure", sizeof(struct tenure), 0,
					 SLAB_PANIC, NULL);
}
