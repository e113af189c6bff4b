// SPDX-License-Identifier: MIT
/*
 * lab_ipc_random.c - random operations against a naive model
 *
 * WHAT     A test tells each operation to a puppet and to the model. After each
 *          step puppets, queues and debts must be as the model says.
 *
 * TERMS    mixed  the operations of a test, a bit for each enum op
 */
#include "docs/labs/12-messages/suites/model.h"
#include "lib/random.h"

SUITE(lab_ipc_random, ipc_check);

#define STEPS   400

enum op {
	OP_SEND, OP_CALL, OP_RECEIVE, OP_REPLY, OP_SAVE, OP_DROP, OP_KILL,
	OP_TIMEOUT, OP_SIGNAL, OP_END, NR_OPS,
};

static const char *const op_names[NR_OPS] = {
	"send", "call", "receive", "reply", "save a reply", "drop a reply",
	"kill", "let time pass", "signal", "end of the endpoint",
};

static struct rng rng;

/* Returns: is everything as the model says? Tells what is not. */
static bool agrees(unsigned step, enum op op, unsigned who)
{
	const char *what = queues_differ();

	for (unsigned i = 0; i < PUPPETS; i++)
		if (difference(i)) {
			ktest_fail(__FILE__, __LINE__, "step %u, %s by thread %u: thread %u %s: result %ld, expected %ld",
				   step, op_names[op], who, i, difference(i),
				   puppets[i].result, model.actors[i].result);
			return false;
		}
	if (what)
		ktest_fail(__FILE__, __LINE__, "step %u, %s by thread %u: %s",
			   step, op_names[op], who, what);
	return !what;
}

/* ---- operations --------------------------------------------------------- */

/* Any puppet in one of two states. NONE: there is none. */
static unsigned any_puppet(bool waits)
{
	unsigned first = rng_below(&rng, PUPPETS);

	for (unsigned i = 0; i < PUPPETS; i++) {
		unsigned who = (first + i) % PUPPETS;

		if ((model.actors[who].state != FREE) == waits)
			return who;
	}
	return NONE;
}

static struct reply_slot *slot_of(unsigned slot)
{
	return slot < PUPPETS ? debt_of(&puppets[slot]) :
		object_to_slot(saved[slot - PUPPETS]);
}

/* Both the model and the puppet do an operation with a new message. */
static void do_message(enum op op, unsigned who, struct ipc_op with)
{
	static const enum act acts[] = {
		[OP_SEND] = DO_SEND, [OP_CALL] = DO_CALL,
		[OP_RECEIVE] = DO_RECEIVE, [OP_REPLY] = DO_REPLY,
	};
	struct actor *a = &model.actors[who];
	uint32_t n = 1 + rng_below(&rng, 1000);
	unsigned slot = who;

	a->label = n;
	a->calls = op == OP_CALL;
	a->parcel = with.parcel;
	fill(&a->words, n);
	if (op == OP_REPLY) {
		slot = rng_below(&rng, SLOTS);
		if (slot < PUPPETS || !saved[slot - PUPPETS])
			slot = who;
		puppets[who].slot = slot_of(slot);
		model_reply(who, slot);
	} else if (op == OP_RECEIVE) {
		model_receive(who, with.nonblock);
	} else {
		model_send(who, with.nonblock);
	}
	order_with(who, acts[op], n, with);
}

static void do_timeout(unsigned who)
{
	enum op op = OP_SEND + rng_below(&rng, 3);

	do_message(op, who, (struct ipc_op){
			.deadline = clock_ns() + 1,
			.parcel = op == OP_RECEIVE ? NULL : &parcels[who],
		   });
	if (model.actors[who].state == FREE)
		return;
	model_give_up(who, -ETIMEDOUT);
	let_deadlines_pass(who);
}

static void do_kill(unsigned who)
{
	model_give_up(who, -EINTR);
	model_drop(who);
	kill_puppet(who);
	if (!puppets[who].thread)
		raise_puppet(who);
}

static void do_save(unsigned who)
{
	unsigned i = rng_below(&rng, SAVED);

	if (saved[i] || model.caller[who] == NONE)
		return;
	saved[i] = reply_create(debt_of(&puppets[who]));
	REQUIRE(saved[i]);
	model.caller[PUPPETS + i] = model.caller[who];
	model.caller[who] = NONE;
}

static void do_drop(unsigned i)
{
	if (!saved[i])
		return;
	object_put(saved[i]);
	saved[i] = NULL;
	model_drop(PUPPETS + i);
	thread_yield();
}

static void do_end(void)
{
	endpoint_shutdown(endpoint);
	model_end();
}

static void do_signal(void)
{
	uint32_t bits = 1u << rng_below(&rng, 32) | 1u << rng_below(&rng, 32);

	notification_signal(bound, bits);
	model_signal(bits);
	thread_yield();
}

static void do_op(enum op op, unsigned who)
{
	switch (op) {
	case OP_SEND:
	case OP_CALL:
	case OP_RECEIVE:
	case OP_REPLY:
		do_message(op, who, (struct ipc_op){
			.nonblock = rng_below(&rng, 6) == 0,
			.parcel = op != OP_RECEIVE && rng_below(&rng, 4) == 0 ?
				&parcels[who] : NULL,
		});
		break;
	case OP_SAVE:
		do_save(who);
		break;
	case OP_DROP:
		do_drop(rng_below(&rng, SAVED));
		break;
	case OP_KILL:
		do_kill(who);
		break;
	case OP_TIMEOUT:
		do_timeout(who);
		break;
	case OP_SIGNAL:
		do_signal();
		break;
	default:
		do_end();
	}
}

/*
 * The next operation. The last puppet that is free must not wait too, where
 * another one could go on: for most operations a puppet is needed.
 */
static enum op choose(uint32_t mixed)
{
	unsigned nr_free = 0;
	enum op op;

	for (unsigned i = 0; i < PUPPETS; i++)
		nr_free += model.actors[i].state == FREE;
	do {
		op = rng_below(&rng, NR_OPS);
	} while (!(mixed & 1u << op) ||
		 ((op == OP_END || op == OP_TIMEOUT || op == OP_KILL) &&
		  rng_below(&rng, 4)));
	if (nr_free > 1 || op > OP_REPLY)
		return op;
	if (model.nr_senders)
		return OP_RECEIVE;
	if (model.nr_receivers)
		return OP_SEND;
	return OP_REPLY;
}

/* ---- the tests ---------------------------------------------------------- */

static void begin(uint32_t salt)
{
	set_up();
	memset(&model, 0, sizeof(model));
	for (unsigned slot = 0; slot < SLOTS; slot++)
		model.caller[slot] = NONE;
	for (unsigned i = 0; i < PUPPETS; i++)
		model.actors[i].taken = ANY;
	rng_init(&rng, ktest_seed() * 16 + salt);
	bound = notification_create();
	REQUIRE(bound);
	REQUIRE(notification_bind(bound, endpoint) == 0);
}

static void end(void)
{
	for (unsigned i = 0; i < SAVED; i++) {
		if (saved[i])
			mend_slot(object_to_slot(saved[i]));
		object_put(saved[i]);
		saved[i] = NULL;
	}
	object_put(&bound->object);
	tear_down();
}

static void run(uint32_t mixed, unsigned steps)
{
	for (unsigned step = 1; step <= steps; step++) {
		enum op op = choose(mixed);
		unsigned who = any_puppet(op == OP_KILL);

		if (who == NONE)
			continue;
		do_op(op, who);
		if (!agrees(step, op, who))
			return;
	}
}

#define BIT(op)  (1u << (op))

KTEST(lab_ipc_random, sends_and_receives)
{
	begin(1);
	run(BIT(OP_SEND) | BIT(OP_RECEIVE), STEPS);
	end();
}

KTEST(lab_ipc_random, calls_and_replies)
{
	begin(2);
	run(BIT(OP_CALL) | BIT(OP_RECEIVE) | BIT(OP_REPLY) | BIT(OP_SAVE) |
	    BIT(OP_DROP), STEPS);
	end();
}

KTEST(lab_ipc_random, messages_of_threads_and_of_the_kernel)
{
	begin(3);
	run(BIT(OP_SEND) | BIT(OP_CALL) | BIT(OP_RECEIVE) | BIT(OP_REPLY) |
	    BIT(OP_SIGNAL), STEPS);
	end();
}

KTEST(lab_ipc_random, waits_that_end_early)
{
	begin(4);
	run(BIT(OP_SEND) | BIT(OP_CALL) | BIT(OP_RECEIVE) | BIT(OP_REPLY) |
	    BIT(OP_KILL) | BIT(OP_TIMEOUT), STEPS);
	end();
}

/* Each round has a new endpoint, and goes on for a while after its end. */
KTEST(lab_ipc_random, endpoints_that_end)
{
	for (uint32_t round = 0; round < 8; round++) {
		begin(100 + round);
		run(BIT(OP_SEND) | BIT(OP_CALL) | BIT(OP_RECEIVE) |
		    BIT(OP_REPLY), 12);
		do_end();
		(void)agrees(13, OP_END, 0);
		run(BIT(OP_SEND) | BIT(OP_CALL) | BIT(OP_RECEIVE) |
		    BIT(OP_REPLY), 12);
		end();
	}
}

KTEST(lab_ipc_random, everything)
{
	for (uint32_t round = 0; round < 8; round++) {
		begin(200 + round);
		run(BIT(NR_OPS) - 1, STEPS / 4);
		do_end();
		(void)agrees(STEPS, OP_END, 0);
		end();
	}
}
