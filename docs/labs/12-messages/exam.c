// SPDX-License-Identifier: MIT
/*
 * exam.c - what the puppets see in a long random run, as data
 *
 * WHAT     Prints one line for each step. It judges nothing: exam.py has a
 *          model of its own, which gives the same lines for the same seed.
 *
 * PICTURE  exam <step> <operation> <puppet> <p0> ... <p5> <senders> <receivers>
 *          <bits>, with a tab between two fields
 *
 *            p0 .. p5   "-": it waits. Or RESULT:EBX:EBP:PARCEL of its last
 *                       operation; PARCEL is the puppet that has sent it, or -
 *            senders    puppets in the order of the queue, as "3,1"; or -
 *
 * ALGORITHM  Each step draws five numbers, whether it needs them or not:
 *          operation, puppet, message, flag, argument. The next puppet that
 *          does not wait does the operation. If all wait, the puppet that was
 *          drawn is killed.
 */
#include "docs/labs/12-messages/suites/puppets.h"
#include "kernel/diag/console.h"
#include "lib/random.h"

SUITE(exam_ipc, NULL);

#define EXAM_STEPS  400
#define EXAM_ROUND  80      /* steps; then a new endpoint takes its place   */

enum exam_op { EXAM_SEND, EXAM_CALL, EXAM_RECEIVE, EXAM_REPLY, EXAM_SIGNAL,
	       EXAM_KILL };

static const char *const exam_names[] = {
	"send", "call", "receive", "reply", "signal", "kill",
};

/* What the first number of a step means. */
static const enum exam_op exam_ops[] = {
	EXAM_SEND, EXAM_SEND, EXAM_CALL, EXAM_CALL, EXAM_CALL, EXAM_RECEIVE,
	EXAM_RECEIVE, EXAM_RECEIVE, EXAM_REPLY, EXAM_REPLY, EXAM_SIGNAL,
	EXAM_KILL,
};

static struct ipc_parcel parcels[PUPPETS];
static struct notification *bound;

/* ---- printing ----------------------------------------------------------- */

static void print_parcel(const struct ipc_parcel *parcel)
{
	if (parcel >= parcels && parcel < parcels + PUPPETS)
		console_printf("%u", (unsigned)(parcel - parcels));
	else
		console_printf(parcel ? "?" : "-");
}

static void print_puppet(const struct puppet *puppet)
{
	if (puppet->busy) {
		console_printf("\t-");
		return;
	}
	console_printf("\t%ld:%u:%u:", puppet->result, puppet->words.ebx,
		       puppet->words.ebp);
	print_parcel(puppet->op.parcel);
}

static void print_queue(const struct list_head *queue)
{
	const char *before = "\t";
	struct list_head *pos;

	if (list_empty(queue))
		console_printf("\t-");
	list_for_each(pos, queue) {
		unsigned who = 0;

		while (who < PUPPETS && (!puppets[who].thread ||
					 pos != &puppets[who].thread->run))
			who++;
		console_printf("%s%u", before, who);
		before = ",";
	}
}

static void print_step(unsigned step, const char *name, unsigned who)
{
	console_printf("exam\t%u\t%s\t%u", step, name, who);
	for (unsigned i = 0; i < PUPPETS; i++)
		print_puppet(&puppets[i]);
	print_queue(&endpoint->senders);
	print_queue(&endpoint->receivers);
	console_printf("\t%x\n", bound->bits);
}

/* ---- one step ----------------------------------------------------------- */

static bool is_free(unsigned i)
{
	return !puppets[i].busy;
}

static bool owes(unsigned i)
{
	return puppets[i].thread && debt_of(&puppets[i])->caller;
}

/* The first puppet from `who` on that is so. PUPPETS: none is. */
static unsigned first_from(unsigned who, bool (*is_so)(unsigned i))
{
	for (unsigned i = 0; i < PUPPETS; i++)
		if (is_so((who + i) % PUPPETS))
			return (who + i) % PUPPETS;
	return PUPPETS;
}

static void exam_kill(unsigned who)
{
	if (!puppets[who].busy)
		return;
	kill_puppet(who);
	if (!puppets[who].thread)
		raise_puppet(who);
}

static void exam_message(enum exam_op op, unsigned who, uint32_t n,
			 uint32_t flag, uint32_t argument)
{
	static const enum act acts[] = {
		[EXAM_SEND] = DO_SEND, [EXAM_CALL] = DO_CALL,
		[EXAM_RECEIVE] = DO_RECEIVE, [EXAM_REPLY] = DO_REPLY,
	};
	unsigned debtor = first_from(who, owes);

	puppets[who].slot = debt_of(&puppets[flag && debtor < PUPPETS ?
					     debtor : who]);
	order_with(who, acts[op], n, (struct ipc_op){
			.nonblock = flag == 0,
			.parcel = argument < 8 ? &parcels[who] : NULL,
		   });
}

/* The endpoint ends. A new one has the bits from now on. */
static void exam_round(unsigned step)
{
	struct endpoint *old = endpoint;

	endpoint_shutdown(old);
	thread_yield();
	print_step(step, "end", 0);
	endpoint = endpoint_create();
	REQUIRE(endpoint);
	REQUIRE(notification_bind(bound, endpoint) == 0);
	endpoint_put(old);
}

static void exam_step(unsigned step, struct rng *rng)
{
	enum exam_op op = exam_ops[rng_below(rng, ARRAY_SIZE(exam_ops))];
	unsigned who = rng_below(rng, PUPPETS);
	uint32_t n = 1 + rng_below(rng, 1000);
	uint32_t flag = rng_below(rng, 4);
	uint32_t argument = rng_below(rng, 32);

	if (op <= EXAM_REPLY && first_from(who, is_free) == PUPPETS)
		op = EXAM_KILL;
	if (op <= EXAM_REPLY) {
		who = first_from(who, is_free);
		exam_message(op, who, n, flag, argument);
	} else if (op == EXAM_SIGNAL) {
		notification_signal(bound, 1u << argument);
		thread_yield();
	} else {
		exam_kill(who);
	}
	print_step(step, exam_names[op], who);
	if (step % EXAM_ROUND == 0)
		exam_round(step);
}

KTEST(exam_ipc, run)
{
	struct rng rng;

	set_up();
	rng_init(&rng, ktest_seed());
	bound = notification_create();
	REQUIRE(bound);
	REQUIRE(notification_bind(bound, endpoint) == 0);
	for (unsigned step = 1; step <= EXAM_STEPS; step++)
		exam_step(step, &rng);
	object_put(&bound->object);
	tear_down();
}
