// SPDX-License-Identifier: MIT
/*
 * lab_ipc_receive.c - receiving: exercises 3 and 4
 */
#include "docs/labs/12-messages/suites/puppets.h"
#include "kernel/ipc/tenure.h"

SUITE(lab_ipc_receive, ipc_check);

/* ---- exercise 3: take_from(): a sender waits already -------------------- */

KTEST(lab_ipc_receive, words_go_from_the_sender_to_the_receiver)
{
	set_up();
	order(1, DO_SEND, 3);
	order(0, DO_RECEIVE, 9);
	EXPECT_DONE(0, 3);
	EXPECT_WORDS(0, 3);
	EXPECT(!puppets[0].op.parcel);
	EXPECT_DONE(1, 0);
	EXPECT_WORDS(1, 3);
	tear_down();
}

KTEST(lab_ipc_receive, a_caller_that_waited_is_owed_a_reply)
{
	set_up();
	order(1, DO_CALL, 3);
	order(0, DO_RECEIVE, 9);
	EXPECT_DONE(0, 3);
	EXPECT_WORDS(0, 3);
	EXPECT_WAITS(1);
	EXPECT_EQ(puppets[1].thread->ipc.wait, IPC_CALLING);
	EXPECT(debt_of(&puppets[0])->caller == puppets[1].thread);
	EXPECT(!debt_of(&puppets[1])->caller);
	EXPECT_NULL(ipc_check());
	order_reply(0, 4);
	EXPECT_DONE(1, 0);
	EXPECT_WORDS(1, 4);
	tear_down();
}

KTEST(lab_ipc_receive, a_call_is_received_once)
{
	set_up();
	order(1, DO_CALL, 3);
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, 3);
	EXPECT(list_empty(&endpoint->senders));
	order_with(2, DO_RECEIVE, 0, (struct ipc_op){ .nonblock = true });
	EXPECT_DONE(2, -EAGAIN);
	EXPECT_WAITS(1);
	EXPECT(!debt_of(&puppets[2])->caller);
	tear_down();
}

KTEST(lab_ipc_receive, the_parcel_of_a_waiting_sender_is_the_receivers)
{
	static struct ipc_parcel parcel;

	set_up();
	order_with(1, DO_SEND, 3, (struct ipc_op){ .parcel = &parcel });
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, (IPC_EXTRAS | 3));
	EXPECT(puppets[0].op.parcel == &parcel);
	EXPECT_DONE(1, 0);
	EXPECT(!puppets[1].op.parcel && puppets[1].op.taken);
	EXPECT(!puppets[1].thread->ipc.parcel);
	tear_down();
}

KTEST(lab_ipc_receive, the_parcel_of_a_waiting_caller_is_the_receivers)
{
	static struct ipc_parcel parcel;

	set_up();
	order_with(1, DO_CALL, 3, (struct ipc_op){ .parcel = &parcel });
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, (IPC_EXTRAS | 3));
	EXPECT(puppets[0].op.parcel == &parcel);
	EXPECT_WAITS(1);
	order_reply(0, 4);
	EXPECT_DONE(1, 0);
	EXPECT(!puppets[1].op.parcel && puppets[1].op.taken);
	tear_down();
}

static struct mm *some_pages(void)
{
	static char pages;

	return (struct mm *)&pages;
}

KTEST(lab_ipc_receive, pages_keep_a_sender_that_waited)
{
	static struct ipc_parcel parcel;

	set_up();
	parcel.mm = some_pages();
	order_with(1, DO_SEND, 3, (struct ipc_op){ .parcel = &parcel });
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, (IPC_EXTRAS | 3));
	EXPECT_WAITS(1);
	EXPECT(parcel.slot.caller == puppets[1].thread);
	EXPECT(!debt_of(&puppets[0])->caller);
	EXPECT(list_empty(&endpoint->senders));
	reply_slot_fail(&parcel.slot, 0);
	thread_yield();
	EXPECT_DONE(1, 0);
	EXPECT(puppets[1].op.taken && !puppets[1].op.parcel);
	tear_down();
}

KTEST(lab_ipc_receive, a_caller_with_pages_waits_for_the_reply)
{
	static struct ipc_parcel parcel;

	set_up();
	parcel.mm = some_pages();
	order_with(1, DO_CALL, 3, (struct ipc_op){ .parcel = &parcel });
	order(0, DO_RECEIVE, 0);
	EXPECT_WAITS(1);
	EXPECT(!parcel.slot.caller);
	EXPECT(debt_of(&puppets[0])->caller == puppets[1].thread);
	order_reply(0, 4);
	EXPECT_DONE(1, 0);
	tear_down();
}

/* ---- exercise 4: receive_or_queue() ------------------------------------- */

KTEST(lab_ipc_receive, receivers_stand_in_the_order_of_their_coming)
{
	static const unsigned who[] = { 3, 0, 5, 1 };

	set_up();
	for (unsigned i = 0; i < ARRAY_SIZE(who); i++)
		order(who[i], DO_RECEIVE, 0);
	EXPECT(queue_is(&endpoint->receivers, who, ARRAY_SIZE(who)));
	EXPECT(list_empty(&endpoint->senders));
	EXPECT_EQ(puppets[3].thread->ipc.wait, IPC_RECEIVING);
	EXPECT_NULL(ipc_check());
	tear_down();
}

KTEST(lab_ipc_receive, a_receive_that_must_not_wait_returns_at_once)
{
	set_up();
	order_with(0, DO_RECEIVE, 0, (struct ipc_op){ .nonblock = true });
	EXPECT_DONE(0, -EAGAIN);
	EXPECT(!puppets[0].op.parcel);
	EXPECT(list_empty(&endpoint->receivers));
	order(1, DO_SEND, 2);
	order_with(0, DO_RECEIVE, 0, (struct ipc_op){ .nonblock = true });
	EXPECT_DONE(0, 2);
	tear_down();
}

KTEST(lab_ipc_receive, a_killed_thread_receives_nothing)
{
	set_up();
	order(1, DO_SEND, 2);
	kill_puppet(0);
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, -EINTR);
	EXPECT(!puppets[0].op.parcel);
	EXPECT_WAITS(1);
	tear_down();
}

KTEST(lab_ipc_receive, nobody_receives_at_a_dead_endpoint)
{
	set_up();
	endpoint->dead = true;
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, -EPIPE);
	EXPECT(!puppets[0].op.parcel);
	tear_down();
}

KTEST(lab_ipc_receive, the_right_sender_is_served)
{
	static const unsigned came[] = { 3, 0, 2, 5, 1 };
	static const unsigned served[][ARRAY_SIZE(came)] = {
		[LAB_OLDEST]   = { 3, 0, 2, 5, 1 },
		[LAB_YOUNGEST] = { 1, 5, 2, 0, 3 },
		[LAB_PRIORITY] = { 2, 5, 0, 3, 1 },
		[LAB_CALLERS]  = { 0, 5, 3, 2, 1 },
	};

	set_up();
	for (unsigned i = 0; i < ARRAY_SIZE(came); i++)
		order(came[i], i % 2 ? DO_CALL : DO_SEND, came[i] + 1);
	for (unsigned i = 0; i < ARRAY_SIZE(came); i++) {
		order(4, DO_RECEIVE, 0);
		EXPECT_DONE(4, served[LAB_SENDER][i] + 1);
		EXPECT_WORDS(4, served[LAB_SENDER][i] + 1);
	}
	tear_down();
}

KTEST(lab_ipc_receive, the_right_one_of_three_senders_is_served)
{
	set_up();
	order(1, DO_SEND, 1);
	order(2, DO_SEND, 2);
	order(0, DO_CALL, 3);
	order(4, DO_RECEIVE, 0);
	EXPECT_DONE(4, (LAB_SENDER == LAB_OLDEST ? 1 :
			LAB_SENDER == LAB_PRIORITY ? 2 : 3));
	tear_down();
}

KTEST(lab_ipc_receive, to_receive_again_ends_the_old_call)
{
	set_up();
	order(1, DO_CALL, 1);
	order(0, DO_RECEIVE, 0);
	order(2, DO_CALL, 2);
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, 2);
	EXPECT_DONE(1, -EPIPE);
	EXPECT_WAITS(2);
	EXPECT(debt_of(&puppets[0])->caller == puppets[2].thread);
	tear_down();
}

KTEST(lab_ipc_receive, a_receive_that_fails_ends_the_old_call_too)
{
	set_up();
	order(1, DO_CALL, 1);
	order(0, DO_RECEIVE, 0);
	order_with(0, DO_RECEIVE, 0, (struct ipc_op){ .nonblock = true });
	EXPECT_DONE(0, -EAGAIN);
	EXPECT_DONE(1, -EPIPE);
	order(1, DO_CALL, 1);
	order(0, DO_RECEIVE, 0);
	EXPECT_WAITS(1);
	endpoint->dead = true;
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, -EPIPE);
	EXPECT_DONE(1, -EPIPE);
	tear_down();
}

/* ---- what the kernel tells ---------------------------------------------- */

static struct notification *bound;

static void set_up_bound(void)
{
	set_up();
	bound = notification_create();
	REQUIRE(bound);
	REQUIRE(notification_bind(bound, endpoint) == 0);
}

static void tear_down_bound(void)
{
	object_put(&bound->object);
	tear_down();
}

static bool is_bits(unsigned i, uint32_t bits)
{
	const struct ipc_regs wanted = { .ebx = bits };

	return !puppets[i].busy && same_words(&puppets[i].words, &wanted) &&
	       puppets[i].result == (long)KMSG_LABEL(KMSG_NOTIFICATION, 0, 0);
}

KTEST(lab_ipc_receive, bits_come_before_the_messages_of_threads)
{
	set_up_bound();
	order(1, DO_SEND, 1);
	notification_signal(bound, 5);
	order(0, DO_RECEIVE, 0);
	EXPECT(is_bits(0, 5));
	EXPECT(!puppets[0].op.parcel);
	EXPECT_EQ(bound->bits, 0);
	EXPECT_WAITS(1);
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, 1);
	tear_down_bound();
}

KTEST(lab_ipc_receive, all_bits_come_in_one_message)
{
	set_up_bound();
	notification_signal(bound, 0x80000001);
	notification_signal(bound, 0x00000006);
	order(0, DO_RECEIVE, 0);
	EXPECT(is_bits(0, 0x80000007));
	EXPECT_EQ(bound->bits, 0);
	order_with(0, DO_RECEIVE, 0, (struct ipc_op){ .nonblock = true });
	EXPECT_DONE(0, -EAGAIN);
	tear_down_bound();
}

KTEST(lab_ipc_receive, a_receiver_that_waits_gets_the_bits)
{
	set_up_bound();
	order(0, DO_RECEIVE, 0);
	order(3, DO_RECEIVE, 0);
	notification_signal(bound, 6);
	thread_yield();
	EXPECT(is_bits(0, 6));
	EXPECT_WAITS(3);
	EXPECT_EQ(bound->bits, 0);
	tear_down_bound();
}

KTEST(lab_ipc_receive, news_come_before_bits_and_messages)
{
	struct tenure *tenure;

	set_up_bound();
	tenure = tenure_create(endpoint, 77);
	REQUIRE(tenure);
	order(1, DO_SEND, 1);
	notification_signal(bound, 5);
	tenure_begin(tenure, 33);
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, (long)KMSG_LABEL(KMSG_TASK_BEGAN, 0, 77));
	EXPECT_EQ(puppets[0].words.ebx, 33);
	order(0, DO_RECEIVE, 0);
	EXPECT(is_bits(0, 5));
	order(0, DO_RECEIVE, 0);
	EXPECT_DONE(0, 1);
	tenure_drop_news(endpoint);
	endpoint->dead = true;
	tenure_end(tenure, NULL);
	tear_down_bound();
}
