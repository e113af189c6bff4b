// SPDX-License-Identifier: MIT
/*
 * tenure.h - the time in which an endpoint is a task's personality
 *
 * WHAT     A personality keeps state by the number of a task. So the kernel
 *          tells it when a task becomes its own, and when that is over. No
 *          other task gets the number before the second message is received.
 * SEE      kernel/ipc/tenure.c; kernel/uapi/pagoda.h KMSG_TASK_BEGAN.
 */
#pragma once

#include "lib/list.h"

struct endpoint;
struct ipc_regs;
struct object;

/* One message that waits at an endpoint. */
struct news {
	struct list_head link;       /* in endpoint->news, or empty           */
	struct tenure   *tenure;
};

/* Protection: all fields with interrupts off; I set at creation. */
struct tenure {
	struct news      began, ended;
	struct endpoint *endpoint;   /* referenced, until its end is news     */
	struct object   *task;       /* referenced, from then on              */
	uint32_t         pid;        /* I                                     */
	uint32_t         parent;     /* pid; 0: none                          */
	bool             known;      /* tenure_begin() was called             */
};

/*
 * This endpoint is to be the personality of the task with this pid. The tenure
 * has its own reference to the endpoint. NULL: no memory.
 */
struct tenure *tenure_create(struct endpoint *endpoint, uint32_t pid)
	__must_check;

/* The task runs: tell the personality. Context: any. */
void tenure_begin(struct tenure *tenure, uint32_t parent);

/*
 * The task has ended, or has another personality: tell the old one, if it knows
 * the task. The tenure is no longer the caller's. NULL is allowed. Context:
 * thread.
 */
void tenure_end(struct tenure *tenure, struct object *task);

/*
 * The first of an endpoint's news, which has some, as a message. Interrupts
 * off.
 * Returns: its label; *spent: for tenure_free(), or NULL.
 */
long tenure_take_irqoff(struct endpoint *endpoint, struct ipc_regs *words,
			struct tenure **spent);

/* What tenure_take_irqoff() has left. NULL is allowed. Context: thread. */
void tenure_free(struct tenure *tenure);

/* No thread will receive an endpoint's news. Context: thread. */
void tenure_drop_news(struct endpoint *endpoint);

void tenure_init(void);
