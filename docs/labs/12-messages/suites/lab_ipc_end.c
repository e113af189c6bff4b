// SPDX-License-Identifier: MIT
/*
 * lab_ipc_end.c - replies, and waits that end early: exercises 5 to 7
 */
#include "docs/labs/12-messages/suites/puppets.h"
#include "kernel/ipc/tenure.h"

SUITE(lab_ipc_end, ipc_check);

/* Puppet `server` receives a call of puppet `client`. */
static void call_is_received(unsigned server, unsigned client)
{
	order(server, DO_RECEIVE, 0);
	order(client, DO_CALL, 1);
	EXPECT_DONE(server, 1);
	EXPECT_WAITS(client);
}

/* ---- exercise 5: endpoint_reply() --------------------------------------- */

KTEST(lab_ipc_end, a_reply_carries_words_and_no_label)
{
	set_up();
	call_is_received(0, 1);
	order_reply(0, 9);
	EXPECT_DONE(0, 0);
	EXPECT(puppets[0].op.taken);
	EXPECT_DONE(1, 0);
	EXPECT_WORDS(1, 9);
	EXPECT(!debt_of(&puppets[0])->caller);
	EXPECT(!puppets[1].thread->ipc.slot);
	EXPECT_EQ(puppets[1].thread->ipc.wait, IPC_IDLE);
	tear_down();
}

KTEST(lab_ipc_end, a_reply_may_carry_a_parcel)
{
	static struct ipc_parcel parcel;

	set_up();
	call_is_received(0, 1);
	order_reply_with(0, debt_of(&puppets[0]), 9,
			 (struct ipc_op){ .parcel = &parcel });
	EXPECT_DONE(0, 0);
	EXPECT(puppets[0].op.taken && !puppets[0].op.parcel);
	EXPECT_DONE(1, IPC_EXTRAS);
	EXPECT(puppets[1].op.parcel == &parcel);
	tear_down();
}

KTEST(lab_ipc_end, a_second_reply_finds_nobody)
{
	static struct ipc_parcel parcel;

	set_up();
	call_is_received(0, 1);
	order_reply(0, 8);
	EXPECT_DONE(1, 0);
	order_reply_with(0, debt_of(&puppets[0]), 9,
			 (struct ipc_op){ .parcel = &parcel });
	EXPECT_DONE(0, -ESRCH);
	EXPECT(!puppets[0].op.taken && puppets[0].op.parcel == &parcel);
	EXPECT_WORDS(1, 8);
	tear_down();
}

KTEST(lab_ipc_end, a_reply_to_nobody_leaves_interrupts_on)
{
	set_up();
	order_reply(0, 9);
	EXPECT_DONE(0, -ESRCH);
	EXPECT(!puppets[0].op.taken);
	EXPECT(!puppets[0].irqs_off);
	tear_down();
}

KTEST(lab_ipc_end, a_caller_of_higher_priority_runs_at_once)
{
	set_up();
	call_is_received(1, 2);
	memset(&returned, 0, sizeof(returned));
	order_reply(1, 9);
	EXPECT_DONE(2, 0);
	EXPECT_EQ(returned.nr, 2);
	EXPECT_EQ(returned.who[0], 2);
	EXPECT_EQ(returned.who[1], 1);
	tear_down();
}

KTEST(lab_ipc_end, a_saved_reply_works_once_and_from_any_thread)
{
	struct object *reply;

	set_up();
	call_is_received(0, 5);
	reply = reply_create(debt_of(&puppets[0]));
	REQUIRE(reply);
	call_is_received(0, 4);
	memset(&returned, 0, sizeof(returned));
	order_reply_with(3, object_to_slot(reply), 7,
			 (struct ipc_op){ .nonblock = false });
	EXPECT_DONE(3, 0);
	EXPECT_DONE(5, 0);
	EXPECT_WORDS(5, 7);
	EXPECT_EQ(returned.who[0], 5);
	EXPECT_WAITS(4);
	order_reply_with(3, object_to_slot(reply), 8,
			 (struct ipc_op){ .nonblock = false });
	EXPECT_DONE(3, -ESRCH);
	order_reply(0, 6);
	EXPECT_DONE(4, 0);
	EXPECT_WORDS(4, 6);
	object_put(reply);
	tear_down();
}

/* ---- exercise 6: rendezvous_cancel() ------------------------------------ */

static const struct ipc_op no_time = { .deadline = 1 };

KTEST(lab_ipc_end, a_caller_that_gives_up_is_owed_nothing)
{
	set_up();
	order(0, DO_RECEIVE, 0);
	order_with(1, DO_CALL, 1,
		   (struct ipc_op){ .deadline = clock_ns() + NS_PER_TICK });
	EXPECT_DONE(0, 1);
	let_deadlines_pass(1);
	EXPECT_DONE(1, -ETIMEDOUT);
	EXPECT(!debt_of(&puppets[0])->caller);
	EXPECT(!puppets[1].thread->ipc.slot);
	EXPECT_EQ(puppets[1].thread->ipc.wait, IPC_IDLE);
	EXPECT_NULL(ipc_check());
	order_reply(0, 2);
	EXPECT_DONE(0, -ESRCH);
	tear_down();
}

KTEST(lab_ipc_end, a_receiver_that_gives_up_gets_nothing_later)
{
	set_up();
	order_with(0, DO_RECEIVE, 0, no_time);
	let_deadlines_pass(0);
	EXPECT_DONE(0, -ETIMEDOUT);
	EXPECT_EQ(puppets[0].thread->ipc.wait, IPC_IDLE);
	order_with(1, DO_SEND, 1, (struct ipc_op){ .nonblock = true });
	EXPECT_DONE(1, -EAGAIN);
	tear_down();
}

KTEST(lab_ipc_end, a_killed_caller_is_owed_nothing)
{
	set_up();
	call_is_received(0, 1);
	kill_puppet(1);
	EXPECT_DONE(1, -EINTR);
	EXPECT(!debt_of(&puppets[0])->caller);
	order_reply(0, 2);
	EXPECT_DONE(0, -ESRCH);
	tear_down();
}

KTEST(lab_ipc_end, a_killed_caller_leaves_its_saved_reply)
{
	struct object *reply;

	set_up();
	call_is_received(0, 1);
	reply = reply_create(debt_of(&puppets[0]));
	REQUIRE(reply);
	kill_puppet(1);
	EXPECT_DONE(1, -EINTR);
	EXPECT(!object_to_slot(reply)->caller);
	object_put(reply);
	tear_down();
}

KTEST(lab_ipc_end, a_killed_sender_leaves_the_queue)
{
	set_up();
	order(1, DO_CALL, 1);
	order(2, DO_SEND, 2);
	kill_puppet(1);
	kill_puppet(2);
	EXPECT_DONE(1, -EINTR);
	EXPECT_DONE(2, -EINTR);
	EXPECT(list_empty(&endpoint->senders));
	order_with(0, DO_RECEIVE, 0, (struct ipc_op){ .nonblock = true });
	EXPECT_DONE(0, -EAGAIN);
	tear_down();
}

KTEST(lab_ipc_end, a_thread_that_gave_up_may_call_again)
{
	set_up();
	order_with(1, DO_CALL, 1, no_time);
	let_deadlines_pass(1);
	EXPECT_DONE(1, -ETIMEDOUT);
	EXPECT_EQ(puppets[1].thread->ipc.wait, IPC_IDLE);
	EXPECT(list_empty(&endpoint->senders));
	order(0, DO_RECEIVE, 0);
	order(1, DO_CALL, 2);
	EXPECT_DONE(0, 2);
	order_reply(0, 3);
	EXPECT_DONE(1, 0);
	EXPECT_WORDS(1, 3);
	tear_down();
}

/* ---- exercise 7: endpoint_shutdown() ------------------------------------ */

KTEST(lab_ipc_end, the_end_wakes_all_senders_at_once)
{
	static struct ipc_parcel parcel;

	set_up();
	for (unsigned i = 0; i < 4; i++)
		order_with(i, i % 2 ? DO_CALL : DO_SEND, i,
			   (struct ipc_op){ .parcel = &parcel });
	endpoint_shutdown(endpoint);
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_DONE(i, -EPIPE);
		EXPECT(!puppets[i].op.taken);
		EXPECT(puppets[i].op.parcel == &parcel);
	}
	EXPECT(endpoint->dead);
	EXPECT_NULL(ipc_check());
	tear_down();
}

KTEST(lab_ipc_end, the_end_wakes_all_receivers_at_once)
{
	set_up();
	for (unsigned i = 0; i < 4; i++)
		order(i, DO_RECEIVE, 0);
	endpoint_shutdown(endpoint);
	for (unsigned i = 0; i < 4; i++)
		EXPECT_DONE(i, -EPIPE);
	EXPECT(endpoint->dead);
	EXPECT_NULL(ipc_check());
	tear_down();
}

KTEST(lab_ipc_end, the_end_wakes_a_server_between_two_calls)
{
	set_up();
	call_is_received(0, 1);
	order_reply(0, 2);
	EXPECT_DONE(1, 0);
	order(0, DO_RECEIVE, 0);
	EXPECT_WAITS(0);
	endpoint_shutdown(endpoint);
	EXPECT_DONE(0, -EPIPE);
	order(1, DO_CALL, 3);
	EXPECT_DONE(1, -EPIPE);
	tear_down();
}

KTEST(lab_ipc_end, after_the_end_nobody_waits)
{
	set_up();
	endpoint_shutdown(endpoint);
	order(0, DO_SEND, 1);
	EXPECT_DONE(0, -EPIPE);
	order(1, DO_CALL, 2);
	EXPECT_DONE(1, -EPIPE);
	order(2, DO_RECEIVE, 3);
	EXPECT_DONE(2, -EPIPE);
	endpoint_shutdown(endpoint);
	EXPECT(endpoint->dead);
	tear_down();
}

KTEST(lab_ipc_end, a_call_that_was_received_survives_the_end)
{
	set_up();
	call_is_received(0, 1);
	order(2, DO_CALL, 2);
	endpoint_shutdown(endpoint);
	EXPECT_DONE(2, -EPIPE);
	EXPECT_WAITS(1);
	order_reply(0, 7);
	EXPECT_DONE(0, 0);
	EXPECT_DONE(1, 0);
	EXPECT_WORDS(1, 7);
	tear_down();
}

/* A tenure with the endpoint as the personality of task 77. */
static struct tenure *begin_tenure(void)
{
	struct tenure *tenure = tenure_create(endpoint, 77);

	REQUIRE(tenure);
	tenure_begin(tenure, 33);
	EXPECT(!list_empty(&endpoint->news));
	return tenure;
}

KTEST(lab_ipc_end, the_end_drops_news)
{
	struct tenure *tenure;

	set_up();
	tenure = begin_tenure();
	endpoint_shutdown(endpoint);
	EXPECT(list_empty(&endpoint->news));
	EXPECT_NULL(ipc_check());
	tenure_drop_news(endpoint);
	endpoint->dead = true;
	tenure_end(tenure, NULL);
	tear_down();
}

KTEST(lab_ipc_end, the_end_drops_news_of_a_task_that_ended)
{
	struct notification *task;

	set_up();
	/* News only count references to the task: any object will do. */
	task = notification_create();
	REQUIRE(task);
	tenure_end(begin_tenure(), &task->object);
	EXPECT_EQ(task->object.refs, 2);
	endpoint_shutdown(endpoint);
	EXPECT(list_empty(&endpoint->news));
	EXPECT_EQ(task->object.refs, 1);
	EXPECT_NULL(ipc_check());
	tenure_drop_news(endpoint);
	object_put(&task->object);
	tear_down();
}
