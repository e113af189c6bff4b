// SPDX-License-Identifier: MIT
/*
 * tenure.h - the time in which an endpoint is a task's personality
 *
 * WHAT     A personality keeps state by the number of a task: so it is told
 *          when a task becomes its own, and when it is no more. Until it has
 *          received the second, nobody else gets the number.
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
	struct endpoint *endpoint;   /* referenced, while it is a task's      */
	struct object   *task;       /* referenced, once its end is news      */
	uint32_t         pid;        /* I                                     */
	uint32_t         parent;     /* pid; 0: none                          */
	bool             known;      /* tenure_begin() was called             */
};

/*
 * An endpoint, of which the tenure has a reference of its own, is to be the
 * personality of the task with this pid. NULL: no memory.
 */
struct tenure *tenure_create(struct endpoint *endpoint, uint32_t pid)
	__must_check;

/* The task runs: tell. Context: any. */
void tenure_begin(struct tenure *tenure, uint32_t parent);

/*
 * The task has ended, or has another personality: tell, if it began. The
 * tenure is no longer the caller's. NULL is allowed. Context: thread.
 */
void tenure_end(struct tenure *tenure, struct object *task);

/*
 * The next of an endpoint's news as a message; there is one. Interrupts off.
 * Returns: its label; *spent: for tenure_free(), or NULL.
 */
long tenure_take_irqoff(struct endpoint *endpoint, struct ipc_regs *words,
			struct tenure **spent);

/* What tenure_take_irqoff() has left. NULL is allowed. Context: thread. */
void tenure_free(struct tenure *tenure);

/* Nobody will receive an endpoint's news. Context: thread. */
void tenure_drop_news(struct endpoint *endpoint);

void tenure_init(void);
