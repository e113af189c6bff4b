// SPDX-License-Identifier: MIT
/*
 * lab_ipc_send.c - sending: exercises 1 and 2
 */
#include "docs/labs/12-messages/suites/puppets.h"

SUITE(lab_ipc_send, ipc_check);

/* ---- exercise 1: send_to(): a receiver waits already -------------------- */

KTEST(lab_ipc_send, a_receiver_that_waits_gets_label_and_words)
{
	set_up();
	order(0, DO_RECEIVE, 1);
	EXPECT_WAITS(0);
	order(1, DO_SEND, 7);
	EXPECT_DONE(0, 7);
	EXPECT_WORDS(0, 7);
	EXPECT(!puppets[0].op.parcel);
	EXPECT_DONE(1, 0);
	EXPECT_WORDS(1, 7);
	EXPECT(puppets[1].op.taken);
	tear_down();
}

KTEST(lab_ipc_send, a_caller_waits_until_the_server_replies)
{
	set_up();
	order(0, DO_RECEIVE, 1);
	order(1, DO_CALL, 5);
	EXPECT_DONE(0, 5);
	EXPECT_WORDS(0, 5);
	EXPECT_WAITS(1);
	EXPECT(debt_of(&puppets[0])->caller == puppets[1].thread);
	EXPECT_EQ(puppets[1].thread->ipc.wait, IPC_CALLING);
	EXPECT_NULL(ipc_check());
	order_reply(0, 9);
	EXPECT_DONE(0, 0);
	EXPECT_DONE(1, 0);
	EXPECT_WORDS(1, 9);
	tear_down();
}

KTEST(lab_ipc_send, one_server_serves_one_client_after_the_other)
{
	set_up();
	for (uint32_t n = 1; n <= 20; n++) {
		unsigned client = 1 + n % (PUPPETS - 1);

		order(0, DO_RECEIVE, 0);
		EXPECT_WAITS(0);
		order(client, DO_CALL, n);
		EXPECT_DONE(0, n);
		EXPECT_WORDS(0, n);
		EXPECT_WAITS(client);
		order_reply(0, 100 + n);
		EXPECT_DONE(client, 0);
		EXPECT_WORDS(client, 100 + n);
	}
	tear_down();
}

KTEST(lab_ipc_send, a_parcel_goes_to_a_receiver_that_waits)
{
	static struct ipc_parcel parcel;

	set_up();
	order(0, DO_RECEIVE, 1);
	order_with(1, DO_SEND, 4, (struct ipc_op){ .parcel = &parcel });
	EXPECT_DONE(0, (IPC_EXTRAS | 4));
	EXPECT(puppets[0].op.parcel == &parcel);
	EXPECT_DONE(1, 0);
	EXPECT(!puppets[1].op.parcel);
	EXPECT(puppets[1].op.taken);
	EXPECT(!puppets[1].thread->ipc.parcel);
	tear_down();
}

KTEST(lab_ipc_send, a_parcel_of_a_call_is_not_the_callers_any_more)
{
	static struct ipc_parcel parcel;

	set_up();
	order(0, DO_RECEIVE, 1);
	order_with(1, DO_CALL, 4, (struct ipc_op){ .parcel = &parcel });
	EXPECT_DONE(0, (IPC_EXTRAS | 4));
	EXPECT(puppets[0].op.parcel == &parcel);
	order_reply(0, 6);
	EXPECT_DONE(1, 0);
	EXPECT(!puppets[1].op.parcel);
	tear_down();
}

/* The endpoint only asks whether a parcel has pages. */
static struct mm *some_pages(void)
{
	static char pages;

	return (struct mm *)&pages;
}

KTEST(lab_ipc_send, pages_keep_their_sender_until_they_are_taken)
{
	static struct ipc_parcel parcel;

	set_up();
	parcel.mm = some_pages();
	order(0, DO_RECEIVE, 1);
	order_with(1, DO_SEND, 4, (struct ipc_op){ .parcel = &parcel });
	EXPECT_DONE(0, (IPC_EXTRAS | 4));
	EXPECT(puppets[0].op.parcel == &parcel);
	EXPECT_WAITS(1);
	EXPECT(parcel.slot.caller == puppets[1].thread);
	EXPECT(!debt_of(&puppets[0])->caller);
	reply_slot_fail(&parcel.slot, 0);
	thread_yield();
	EXPECT_DONE(1, 0);
	EXPECT(puppets[1].op.taken && !puppets[1].op.parcel);
	tear_down();
}

KTEST(lab_ipc_send, a_call_with_pages_waits_for_the_reply)
{
	static struct ipc_parcel parcel;

	set_up();
	parcel.mm = some_pages();
	order(0, DO_RECEIVE, 1);
	order_with(1, DO_CALL, 4, (struct ipc_op){ .parcel = &parcel });
	EXPECT_WAITS(1);
	EXPECT(!parcel.slot.caller);
	EXPECT(debt_of(&puppets[0])->caller == puppets[1].thread);
	order_reply(0, 6);
	EXPECT_DONE(1, 0);
	EXPECT_WORDS(1, 6);
	tear_down();
}

/*
 * The thread of the test sends to a server of its own priority, and another
 * thread of this priority is ready before. A tick may come between and let the
 * other thread run first. So one of several tries must show the right order.
 */
#define TRIES  5

enum { SERVER = 1, BYSTANDER };

static struct order ran;
static struct ipc_parcel pages_to_take;
static struct thread *volatile server; /* NULL: it has ended                  */

static void serve_one(void *arg)
{
	struct ipc_regs words;
	struct ipc_op op = { .regs = &words, .deadline = WAIT_FOREVER };

	endpoint_receive(endpoint, &op);
	order_note(&ran, SERVER);
	reply_slot_fail(&pages_to_take.slot, 0);
	reply_slot_fail(&current_thread()->ipc.owes, 0);
	server = NULL;
}

static void stand_by(void *arg)
{
	order_note(&ran, BYSTANDER);
}

/* Returns: did the server run first? */
static bool server_runs_first(bool calls, struct ipc_parcel *parcel)
{
	struct ipc_regs words;
	struct ipc_op op = {
		.regs = &words, .deadline = clock_ns() + NS_PER_SEC,
		.calls = calls, .parcel = parcel,
	};

	fill(&words, 1);
	memset(&ran, 0, sizeof(ran));
	server = start("server", PRIORITY_TEST, serve_one, NULL);
	thread_yield();
	start("bystander", PRIORITY_TEST, stand_by, NULL);
	EXPECT_EQ(endpoint_send(endpoint, &op), 0);
	for (unsigned n = 0; n < PATIENCE_ENDS && ran.nr < 2; n++)
		thread_sleep_ns(NS_PER_TICK);
	if (server)
		thread_kill(server);
	for (unsigned n = 0; n < PATIENCE_ENDS && server; n++)
		thread_sleep_ns(NS_PER_TICK);
	return ran.nr == 2 && ran.who[0] == SERVER;
}

KTEST(lab_ipc_send, a_call_runs_the_server_before_its_equals)
{
	unsigned right = 0;

	set_up();
	for (unsigned i = 0; i < TRIES && !right; i++)
		right += server_runs_first(true, NULL);
	EXPECT(right > 0);
	tear_down();
}

KTEST(lab_ipc_send, pages_run_the_receiver_before_its_equals)
{
	unsigned right = 0;

	set_up();
	pages_to_take.mm = some_pages();
	for (unsigned i = 0; i < TRIES && !right; i++)
		right += server_runs_first(false, &pages_to_take);
	EXPECT(right > 0);
	tear_down();
}

/* ---- exercise 2: send_or_queue() ---------------------------------------- */

KTEST(lab_ipc_send, a_sender_waits_until_it_was_received)
{
	set_up();
	order(1, DO_SEND, 3);
	EXPECT_WAITS(1);
	EXPECT_EQ(puppets[1].thread->ipc.wait, IPC_SENDING);
	EXPECT_NULL(ipc_check());
	order(0, DO_RECEIVE, 1);
	EXPECT_DONE(0, 3);
	EXPECT_WORDS(0, 3);
	EXPECT_DONE(1, 0);
	EXPECT_WORDS(1, 3);
	EXPECT(puppets[1].op.taken);
	tear_down();
}

KTEST(lab_ipc_send, senders_stand_in_the_order_of_their_coming)
{
	static const unsigned who[] = { 3, 0, 5, 1 };

	set_up();
	for (unsigned i = 0; i < ARRAY_SIZE(who); i++)
		order(who[i], i % 2 ? DO_CALL : DO_SEND, i);
	EXPECT(queue_is(&endpoint->senders, who, ARRAY_SIZE(who)));
	EXPECT(list_empty(&endpoint->receivers));
	tear_down();
}

KTEST(lab_ipc_send, what_must_not_wait_returns_at_once)
{
	static struct ipc_parcel parcel;
	const struct ipc_op op = { .nonblock = true, .parcel = &parcel };

	set_up();
	order_with(0, DO_SEND, 1, op);
	EXPECT_DONE(0, -EAGAIN);
	EXPECT(!puppets[0].op.taken && puppets[0].op.parcel == &parcel);
	order_with(1, DO_CALL, 2, op);
	EXPECT_DONE(1, -EAGAIN);
	EXPECT(!puppets[1].op.taken && puppets[1].op.parcel == &parcel);
	EXPECT(list_empty(&endpoint->senders));
	tear_down();
}

KTEST(lab_ipc_send, what_must_not_wait_is_sent_when_a_receiver_waits)
{
	set_up();
	order(0, DO_RECEIVE, 1);
	order_with(1, DO_SEND, 2, (struct ipc_op){ .nonblock = true });
	EXPECT_DONE(0, 2);
	EXPECT_DONE(1, 0);
	order_with(1, DO_SEND, 3, (struct ipc_op){ .nonblock = true });
	EXPECT_DONE(1, -EAGAIN);
	tear_down();
}

KTEST(lab_ipc_send, a_killed_thread_sends_nothing)
{
	set_up();
	order(0, DO_RECEIVE, 1);
	kill_puppet(1);
	order(1, DO_SEND, 2);
	EXPECT_DONE(1, -EINTR);
	EXPECT(!puppets[1].op.taken);
	EXPECT_WAITS(0);
	tear_down();
}

KTEST(lab_ipc_send, a_killed_thread_calls_nobody)
{
	set_up();
	order(0, DO_RECEIVE, 1);
	kill_puppet(1);
	order(1, DO_CALL, 2);
	EXPECT_DONE(1, -EINTR);
	EXPECT_WAITS(0);
	kill_puppet(0);
	kill_puppet(2);
	order(2, DO_CALL, 3);
	EXPECT_DONE(2, -EINTR);
	tear_down();
}

KTEST(lab_ipc_send, a_thread_may_call_and_then_only_send)
{
	set_up();
	order(1, DO_CALL, 2);
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, 2);
	order_reply(0, 3);
	EXPECT_DONE(1, 0);
	order(1, DO_SEND, 4);
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, 4);
	EXPECT_DONE(1, 0);
	EXPECT(!debt_of(&puppets[0])->caller);
	tear_down();
}

KTEST(lab_ipc_send, a_thread_may_send_and_then_call)
{
	set_up();
	order(1, DO_SEND, 2);
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(1, 0);
	order(1, DO_CALL, 3);
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, 3);
	EXPECT_WAITS(1);
	order_reply(0, 4);
	EXPECT_DONE(1, 0);
	EXPECT_WORDS(1, 4);
	tear_down();
}

KTEST(lab_ipc_send, the_right_receiver_gets_the_message)
{
	static const unsigned came[] = { 3, 0, 2, 5, 1 };
	static const unsigned served[][ARRAY_SIZE(came)] = {
		[LAB_OLDEST]   = { 3, 0, 2, 5, 1 },
		[LAB_YOUNGEST] = { 1, 5, 2, 0, 3 },
		[LAB_PRIORITY] = { 2, 5, 0, 3, 1 },
	};

	set_up();
	for (unsigned i = 0; i < ARRAY_SIZE(came); i++)
		order(came[i], DO_RECEIVE, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(came); i++) {
		order(4, DO_SEND, i + 1);
		EXPECT_DONE(served[LAB_RECEIVER][i], i + 1);
		EXPECT_WORDS(served[LAB_RECEIVER][i], i + 1);
	}
	tear_down();
}

KTEST(lab_ipc_send, the_right_receiver_gets_the_call)
{
	set_up();
	order(1, DO_RECEIVE, 0);
	order(2, DO_RECEIVE, 0);
	order(0, DO_RECEIVE, 0);
	order(3, DO_CALL, 8);
	EXPECT_DONE((LAB_RECEIVER == LAB_OLDEST ? 1 :
		     LAB_RECEIVER == LAB_YOUNGEST ? 0 : 2), 8);
	EXPECT_WAITS(3);
	tear_down();
}

KTEST(lab_ipc_send, nobody_sends_to_a_dead_endpoint)
{
	static struct ipc_parcel parcel;
	const struct ipc_op op = { .parcel = &parcel };

	set_up();
	endpoint->dead = true;
	order_with(0, DO_SEND, 1, op);
	EXPECT_DONE(0, -EPIPE);
	EXPECT(!puppets[0].op.taken && puppets[0].op.parcel == &parcel);
	order_with(1, DO_CALL, 2, op);
	EXPECT_DONE(1, -EPIPE);
	EXPECT(!puppets[1].op.taken && puppets[1].op.parcel == &parcel);
	tear_down();
}

KTEST(lab_ipc_send, the_parcel_of_a_sender_waits_with_the_sender)
{
	static struct ipc_parcel parcel;

	set_up();
	order_with(1, DO_SEND, 2, (struct ipc_op){ .parcel = &parcel });
	EXPECT_WAITS(1);
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, (IPC_EXTRAS | 2));
	EXPECT(puppets[0].op.parcel == &parcel);
	EXPECT_DONE(1, 0);
	EXPECT(puppets[1].op.taken && !puppets[1].op.parcel);
	tear_down();
}

KTEST(lab_ipc_send, a_sender_that_gives_up_keeps_its_parcel)
{
	static struct ipc_parcel parcel;

	set_up();
	order_with(1, DO_SEND, 2, (struct ipc_op){
			.parcel = &parcel, .deadline = clock_ns() + 1,
		   });
	let_deadlines_pass(1);
	EXPECT_DONE(1, -ETIMEDOUT);
	EXPECT(!puppets[1].op.taken && puppets[1].op.parcel == &parcel);
	EXPECT(list_empty(&endpoint->senders));
	tear_down();
}
