// SPDX-License-Identifier: MIT
/*
 * model.h - a naive model of one endpoint and its threads
 *
 * WHAT     The model knows who waits, in arrays, and who owes a reply to whom.
 *          It is told each operation, and says what each puppet must see. It
 *          knows nothing of lists, of registers, or of the scheduler.
 *
 * TERMS    slot  0 .. PUPPETS - 1: what this puppet owes; from PUPPETS on:
 *                replies that were saved
 *          step  one operation, and what follows from it for other puppets
 */
#pragma once

#include "docs/labs/12-messages/suites/puppets.h"

#define SAVED   3
#define SLOTS   (PUPPETS + SAVED)
#define NONE    PUPPETS         /* no puppet                                  */

enum state { FREE, SENDING, RECEIVING, CALLING };
enum taken { NO, YES, ANY };

/* What puppet i must see. */
struct actor {
	enum state         state;
	bool               calls;
	uint32_t           label;
	long               result;      /* of its last operation, when FREE   */
	struct ipc_regs    words;
	struct ipc_parcel *parcel;      /* op.parcel, when FREE               */
	enum taken         taken;       /* op.taken, when FREE                */
};

static struct {
	struct actor actors[PUPPETS];
	unsigned     senders[PUPPETS], nr_senders;
	unsigned     receivers[PUPPETS], nr_receivers;
	unsigned     caller[SLOTS];     /* who waits for this reply; NONE     */
	uint32_t     bits;
	bool         dead;
} model;

static struct object *saved[SAVED];
static struct ipc_parcel parcels[PUPPETS];
static struct notification *bound;

/* ---- the model ---------------------------------------------------------- */

static inline bool is_before(unsigned policy, unsigned later, unsigned earlier)
{
	if (policy == LAB_YOUNGEST)
		return true;
	if (policy == LAB_PRIORITY)
		return puppet_priority[later] > puppet_priority[earlier];
	if (policy == LAB_CALLERS)
		return model.actors[later].calls &&
		       !model.actors[earlier].calls;
	return false;
}

/* Take a puppet out of an array. */
static inline unsigned take_at(unsigned *queue, unsigned *nr, unsigned at)
{
	unsigned who = queue[at];

	for (--*nr; at < *nr; at++)
		queue[at] = queue[at + 1];
	return who;
}

static inline unsigned take_best(unsigned *queue, unsigned *nr, unsigned policy)
{
	unsigned best = 0;

	for (unsigned i = 1; i < *nr; i++)
		if (is_before(policy, queue[i], queue[best]))
			best = i;
	return take_at(queue, nr, best);
}

static inline void take_out(unsigned *queue, unsigned *nr, unsigned who)
{
	for (unsigned i = 0; i < *nr; i++)
		if (queue[i] == who)
			take_at(queue, nr, i);
}

static inline void ends(unsigned who, long result)
{
	model.actors[who].state = FREE;
	model.actors[who].result = result;
}

/* Words and parcel of one puppet come to another one: its wait is over. */
static inline void passes(unsigned from, unsigned to, uint32_t label)
{
	struct actor *a = &model.actors[from], *b = &model.actors[to];

	b->words = a->words;
	b->parcel = a->parcel;
	ends(to, (long)(label | (a->parcel ? IPC_EXTRAS : 0)));
	a->parcel = NULL;
	a->taken = YES;
}

/* The message of a sender goes to a receiver. */
static inline void model_meet(unsigned from, unsigned to)
{
	passes(from, to, model.actors[from].label);
	if (model.actors[from].calls) {
		model.actors[from].state = CALLING;
		model.caller[to] = from;
	} else {
		ends(from, 0);
	}
}

static inline void model_send(unsigned who, bool nonblock)
{
	struct actor *a = &model.actors[who];

	a->taken = NO;
	if (model.dead) {
		ends(who, -EPIPE);
	} else if (model.nr_receivers) {
		model_meet(who, take_best(model.receivers, &model.nr_receivers,
					  LAB_RECEIVER));
	} else if (nonblock) {
		ends(who, -EAGAIN);
	} else {
		a->state = SENDING;
		model.senders[model.nr_senders++] = who;
	}
}

/* The caller of a slot gets no answer. */
static inline void model_drop(unsigned slot)
{
	if (model.caller[slot] != NONE)
		ends(model.caller[slot], -EPIPE);
	model.caller[slot] = NONE;
}

static inline void get_bits(unsigned who, uint32_t bits)
{
	model.actors[who].words = (struct ipc_regs){ .ebx = bits };
	ends(who, (long)KMSG_LABEL(KMSG_NOTIFICATION, 0, 0));
}

static inline void model_receive(unsigned who, bool nonblock)
{
	struct actor *a = &model.actors[who];

	model_drop(who);
	a->parcel = NULL;
	a->taken = ANY;
	if (model.dead) {
		ends(who, -EPIPE);
	} else if (model.bits) {
		get_bits(who, model.bits);
		model.bits = 0;
	} else if (model.nr_senders) {
		model_meet(take_best(model.senders, &model.nr_senders,
				     LAB_SENDER), who);
	} else if (nonblock) {
		ends(who, -EAGAIN);
	} else {
		a->state = RECEIVING;
		model.receivers[model.nr_receivers++] = who;
	}
}

static inline void model_reply(unsigned who, unsigned slot)
{
	unsigned caller = model.caller[slot];

	model.actors[who].taken = NO;
	if (caller == NONE) {
		ends(who, -ESRCH);
		return;
	}
	model.caller[slot] = NONE;
	passes(who, caller, 0);
	ends(who, 0);
}

/* A kill or a deadline ends the wait of a puppet. */
static inline void model_give_up(unsigned who, long result)
{
	struct actor *a = &model.actors[who];

	take_out(model.senders, &model.nr_senders, who);
	take_out(model.receivers, &model.nr_receivers, who);
	for (unsigned slot = 0; slot < SLOTS; slot++)
		if (model.caller[slot] == who)
			model.caller[slot] = NONE;
	if (a->state == SENDING && !a->parcel)
		a->taken = ANY;
	ends(who, result);
}

static inline void model_signal(uint32_t bits)
{
	if (model.nr_receivers)
		get_bits(take_at(model.receivers, &model.nr_receivers, 0),
			 bits);
	else
		model.bits |= bits;
}

static inline void model_end(void)
{
	model.dead = true;
	while (model.nr_senders)
		model_give_up(model.senders[0], -EPIPE);
	while (model.nr_receivers)
		model_give_up(model.receivers[0], -EPIPE);
}

/* ---- comparing ---------------------------------------------------------- */

/* NULL, or what puppet i does not see as it must. */
static inline const char *difference(unsigned i)
{
	const struct puppet *puppet = &puppets[i];
	const struct actor *a = &model.actors[i];

	if (puppet->irqs_off)
		return "left interrupts off";
	if (puppet->busy && a->state == FREE)
		return "still waits";
	if (puppet->busy)
		return NULL;
	if (a->state != FREE)
		return "does not wait";
	if (puppet->result != a->result)
		return "has another result";
	if (!same_words(&puppet->words, &a->words))
		return "has other words";
	if (puppet->op.parcel != a->parcel)
		return "has another parcel";
	if (a->taken != ANY && puppet->op.taken != (a->taken == YES))
		return "has another `taken`";
	return NULL;
}

static inline const char *queues_differ(void)
{
	if (!queue_is(&endpoint->senders, model.senders, model.nr_senders))
		return "other threads wait in `senders`, or in another order";
	if (!queue_is(&endpoint->receivers, model.receivers,
		      model.nr_receivers))
		return "other threads wait in `receivers`, or in another order";
	if (bound->bits != model.bits)
		return "other bits are set";
	return ipc_check();
}
