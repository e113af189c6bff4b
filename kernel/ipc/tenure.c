// SPDX-License-Identifier: MIT
/*
 * tenure.c - a personality learns which tasks are its own
 *
 * WHAT     See tenure.h. The news wait at the endpoint, in the order in which
 *          things happened, and are received before any message of a task.
 *
 * PICTURE  fork            endpoint->news: [12 began]
 *          12 calls        senders: 12           received after the news
 *          12 ends         news: [12 began] [12 ended] ---> task 12: all gone
 *                                                           but the number
 *          both received   number 12 is free
 *
 * INVARIANTS of tenure (ipc_check() restates it)
 *          U2  after its end a tenure does not keep its endpoint: the end of an
 *              endpoint drops its news
 * RULES of tenure
 *          U1  a tenure is its task's, or waits in the news after its end, and
 *              is freed when that has been received
 *
 * ALGORITHM  One structure, made before the task runs, has both messages, so
 *          that telling cannot fail. A server that does not receive keeps the
 *          numbers of tasks, and their structures.
 * LOCKING  Interrupts off.
 * COST     O(1).
 * SEE      kernel/ipc/endpoint.c receive_or_queue().
 */
#include "kernel/ipc/tenure.h"

#include <arch/irqflags.h>

#include "kernel/ipc/rendezvous.h"
#include "mm/slab/kmalloc.h"

static struct kmem_cache *tenure_cache;

static void news_init(struct news *news, struct tenure *tenure)
{
	list_init(&news->link);
	news->tenure = tenure;
}

struct tenure *tenure_create(struct endpoint *endpoint, uint32_t pid)
{
	struct tenure *tenure = kmem_cache_alloc(tenure_cache,
						 GFP_KERNEL | GFP_ZERO);

	if (!tenure)
		return NULL;
	news_init(&tenure->began, tenure);
	news_init(&tenure->ended, tenure);
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

/* Tell a receiver that waits. Returns: true: there is none; it is news. */
static bool tell_irqoff(struct tenure *tenure, unsigned kind,
			struct news *news)
{
	const struct ipc_regs words = { .ebx = tenure->parent };
	struct endpoint *endpoint = tenure->endpoint;

	if (endpoint_notify(endpoint, KMSG_LABEL(kind, 0, tenure->pid),
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
	if (!tenure->endpoint->dead)
		tell_irqoff(tenure, KMSG_TASK_BEGAN, &tenure->began);
	irq_restore(flags);
}

/* Returns: whether it now waits in the news. */
static bool end_irqoff(struct tenure *tenure, struct object *task)
{
	if (!tenure->known || tenure->endpoint->dead ||
	    !tell_irqoff(tenure, KMSG_TASK_ENDED, &tenure->ended))
		return false;
	object_get(task);
	tenure->task = task;
	return true;
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
	waits = end_irqoff(tenure, task);
	if (waits)
		tenure->endpoint = NULL;   /* U2 */
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

/* Returns: false: there was none. *spent as above. */
static bool drop_first(struct endpoint *endpoint, struct tenure **spent)
{
	irqflags_t flags = irq_save();
	bool some = !list_empty(&endpoint->news);
	struct ipc_regs words;

	if (some)
		(void)tenure_take_irqoff(endpoint, &words, spent);
	irq_restore(flags);
	return some;
}

void tenure_drop_news(struct endpoint *endpoint)
{
	struct tenure *spent;

	while (drop_first(endpoint, &spent))
		tenure_free(spent);
}

void tenure_init(void)
{
	tenure_cache = kmem_cache_create("tenure", sizeof(struct tenure), 0,
					 SLAB_PANIC, NULL);
}
