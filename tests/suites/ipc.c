// SPDX-License-Identifier: MIT
/*
 * ipc.c (tests) - messages between threads: who waits, and for which message
 */
#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/notification.h"
#include "kernel/ipc/tenure.h"
#include "kernel/object/handle.h"
#include "kernel/uapi/pagoda.h"
#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "lib/string.h"
#include "lib/wait.h"
#include "tests/threads.h"

static struct endpoint *endpoint;
static unsigned threads_before;
static unsigned long objects_before;

static const char *check(void)
{
	const char *law = ipc_check();

	if (!law)
		law = sched_check();
	return law ? law : object_check();
}

SUITE(ipc, check);

static void set_up(void)
{
	threads_before = sched_nr_threads();
	objects_before = object_count(OBJECT_ANY);
	endpoint = endpoint_create();
	REQUIRE(endpoint);
}

/* All threads are gone, and no object is left. */
static void tear_down(void)
{
	EXPECT_NULL(ipc_check());
	endpoint_shutdown(endpoint);
	all_gone(threads_before);
	endpoint_put(endpoint);
	EXPECT_EQ(object_count(OBJECT_ANY), objects_before);
}

static void fill(struct ipc_regs *words, uint32_t first)
{
	words->ebx = first;
	words->ecx = first + 1;
	words->edx = first + 2;
	words->esi = first + 3;
	words->edi = first + 4;
	words->ebp = first + 5;
}

static bool are(const struct ipc_regs *words, uint32_t first)
{
	return words->ebx == first && words->ecx == first + 1 &&
	       words->edx == first + 2 && words->esi == first + 3 &&
	       words->edi == first + 4 && words->ebp == first + 5;
}

/* The operations with nothing but words. */
static long do_call(struct ipc_regs *words, uint32_t label, uint64_t deadline)
{
	struct ipc_op op = {
		.regs = words, .label = label, .deadline = deadline,
		.calls = true,
	};

	return endpoint_send(endpoint, &op);
}

static long do_send(struct ipc_regs *words, uint32_t label, uint64_t deadline)
{
	struct ipc_op op = {
		.regs = words, .label = label, .deadline = deadline,
	};

	return endpoint_send(endpoint, &op);
}

static long do_receive(struct ipc_regs *words, uint64_t deadline)
{
	struct ipc_op op = { .regs = words, .deadline = deadline };

	return endpoint_receive(endpoint, &op);
}

static long do_reply(struct reply_slot *slot, struct ipc_regs *words)
{
	struct ipc_op op = { .regs = words };

	return endpoint_reply(slot, &op);
}

static struct reply_slot *my_debt(void)
{
	return &current_thread()->ipc.owes;
}

/* A client in a thread of its own: calls once, or sends. */
struct client {
	struct thread  *thread;
	struct ipc_regs words;
	uint32_t        label;
	bool            sends;
	uint64_t        deadline;
	long            result;
	volatile bool   done;
};

static void client_main(void *arg)
{
	struct client *client = arg;

	client->result = client->sends ?
		do_send(&client->words, client->label, client->deadline) :
		do_call(&client->words, client->label, client->deadline);
	client->done = true;
}

static void start_client(struct client *client, uint32_t label)
{
	client->label = label;
	client->done = false;
	if (!client->deadline)
		client->deadline = WAIT_FOREVER;
	fill(&client->words, label * 16);
	client->thread = start("client", PRIORITY_TEST, client_main, client);
	thread_yield();
}

/* A server that answers `count` calls with the words + 1000 each. */
static void echo_main(void *arg)
{
	unsigned count = (unsigned)(uintptr_t)arg;
	struct ipc_regs words;

	while (count-- && do_receive(&words, WAIT_FOREVER) >= 0) {
		fill(&words, words.ebx + 1000);
		do_reply(my_debt(), &words);
	}
	reply_slot_fail(my_debt(), -EPIPE);
}

static void start_echo(unsigned count)
{
	start("echo", PRIORITY_TEST, echo_main, (void *)(uintptr_t)count);
	thread_yield();
}

KTEST(ipc, a_call_carries_six_words_both_ways)
{
	struct ipc_regs words;

	set_up();
	start_echo(2);
	fill(&words, 5);
	EXPECT_EQ(do_call(&words, 0, WAIT_FOREVER), 0);
	EXPECT(are(&words, 1005));
	fill(&words, 7);
	EXPECT_EQ(do_call(&words, 0, WAIT_FOREVER), 0);
	EXPECT(are(&words, 1007));
	tear_down();
}

KTEST(ipc, a_client_that_comes_first_waits)
{
	struct client client = { .sends = false };
	struct ipc_regs words;

	set_up();
	start_client(&client, 3);
	EXPECT(!client.done);
	EXPECT_NULL(ipc_check());
	EXPECT_EQ(do_receive(&words, WAIT_FOREVER), 3);
	EXPECT(are(&words, 48));
	EXPECT(!client.done);
	fill(&words, 77);
	EXPECT_EQ(do_reply(my_debt(), &words), 0);
	EXPECT(WAIT_UNTIL(client.done));
	EXPECT_EQ(client.result, 0);
	EXPECT(are(&client.words, 77));
	tear_down();
}

KTEST(ipc, a_send_ends_when_it_was_received)
{
	struct client client = { .sends = true };
	struct ipc_regs words;

	set_up();
	start_client(&client, 9);
	EXPECT(!client.done);
	EXPECT_EQ(do_receive(&words, WAIT_FOREVER), 9);
	EXPECT(are(&words, 144));
	EXPECT(WAIT_UNTIL(client.done));
	EXPECT_EQ(client.result, 0);
	tear_down();
}

KTEST(ipc, a_message_that_was_sent_needs_no_reply)
{
	struct client client = { .sends = true };
	struct ipc_regs words;

	set_up();
	start_client(&client, 1);
	do_receive(&words, WAIT_FOREVER);
	EXPECT_EQ(do_reply(my_debt(), &words), -ESRCH);
	EXPECT(WAIT_UNTIL(client.done));
	tear_down();
}

KTEST(ipc, senders_are_served_in_the_order_of_their_coming)
{
	struct client clients[5] = { { .sends = true } };
	struct ipc_regs words;

	set_up();
	for (unsigned i = 0; i < 5; i++) {
		clients[i].sends = true;
		start_client(&clients[i], i + 1);
	}
	for (unsigned i = 0; i < 5; i++)
		EXPECT_EQ(do_receive(&words, WAIT_FOREVER), i + 1);
	for (unsigned i = 0; i < 5; i++)
		EXPECT(WAIT_UNTIL(clients[i].done));
	tear_down();
}

KTEST(ipc, what_must_not_wait_does_not)
{
	struct ipc_regs words = { .ebx = 1 };
	struct ipc_op op = {
		.regs = &words, .deadline = WAIT_FOREVER, .nonblock = true,
	};

	set_up();
	EXPECT_EQ(endpoint_send(endpoint, &op), -EAGAIN);
	op.calls = true;
	EXPECT_EQ(endpoint_send(endpoint, &op), -EAGAIN);
	EXPECT_EQ(endpoint_receive(endpoint, &op), -EAGAIN);
	EXPECT(!op.taken);
	tear_down();
}

KTEST(ipc, a_deadline_ends_every_wait)
{
	struct ipc_regs words;
	uint64_t start_ns = clock_ns();

	set_up();
	EXPECT_EQ(do_send(&words, 0, clock_ns() + NS_PER_TICK), -ETIMEDOUT);
	EXPECT_EQ(do_call(&words, 0, clock_ns() + NS_PER_TICK), -ETIMEDOUT);
	EXPECT_EQ(do_receive(&words, clock_ns() + NS_PER_TICK), -ETIMEDOUT);
	EXPECT(clock_ns() >= start_ns + 3 * NS_PER_TICK);
	EXPECT_NULL(ipc_check());
	tear_down();
}

KTEST(ipc, a_reply_after_the_callers_deadline_finds_nobody)
{
	struct client client = {
		.deadline = clock_ns() + 2 * NS_PER_TICK,
	};
	struct ipc_regs words;

	set_up();
	start_client(&client, 1);
	EXPECT_EQ(do_receive(&words, WAIT_FOREVER), 1);
	EXPECT(WAIT_UNTIL(client.done));
	EXPECT_EQ(client.result, -ETIMEDOUT);
	EXPECT_EQ(do_reply(my_debt(), &words), -ESRCH);
	tear_down();
}

KTEST(ipc, receiving_again_gives_up_the_caller)
{
	struct client client = { .sends = false };
	struct ipc_regs words;
	struct ipc_op op = { .regs = &words, .nonblock = true };

	set_up();
	start_client(&client, 1);
	EXPECT_EQ(do_receive(&words, WAIT_FOREVER), 1);
	EXPECT_EQ(endpoint_receive(endpoint, &op), -EAGAIN);
	EXPECT(WAIT_UNTIL(client.done));
	EXPECT_EQ(client.result, -EPIPE);
	tear_down();
}

static void receive_and_end(void *arg)
{
	struct ipc_regs words;

	do_receive(&words, WAIT_FOREVER);
	reply_slot_fail(my_debt(), -EPIPE);
}

KTEST(ipc, a_server_that_dies_fails_its_caller)
{
	struct ipc_regs words;

	set_up();
	start("dying", PRIORITY_TEST, receive_and_end, NULL);
	thread_yield();
	EXPECT_EQ(do_call(&words, 0, WAIT_FOREVER), -EPIPE);
	tear_down();
}

KTEST(ipc, shutdown_wakes_everybody)
{
	struct client clients[3] = {
		{ .sends = false }, { .sends = true }, { .sends = false },
	};
	struct ipc_regs words;

	set_up();
	for (unsigned i = 0; i < 3; i++)
		start_client(&clients[i], i);
	endpoint_shutdown(endpoint);
	for (unsigned i = 0; i < 3; i++) {
		EXPECT(WAIT_UNTIL(clients[i].done));
		EXPECT_EQ(clients[i].result, -EPIPE);
	}
	EXPECT_EQ(do_call(&words, 0, WAIT_FOREVER), -EPIPE);
	EXPECT_EQ(do_send(&words, 0, WAIT_FOREVER), -EPIPE);
	EXPECT_EQ(do_receive(&words, WAIT_FOREVER), -EPIPE);
	tear_down();
}

static long receive_result;
static volatile bool receive_done;

static void receive_once(void *arg)
{
	struct ipc_regs words;

	receive_result = do_receive(&words, WAIT_FOREVER);
	receive_done = true;
}

KTEST(ipc, the_last_handle_to_receive_keeps_it_alive)
{
	struct handle_table table;
	int first, second;

	set_up();
	handle_table_init(&table, NULL);
	first = handle_add(&table, &endpoint->object, RIGHTS_ALL);
	second = handle_add(&table, &endpoint->object, RIGHT_RECEIVE);
	REQUIRE(handle_add(&table, &endpoint->object, RIGHT_SEND) > 0);
	receive_done = false;
	start("receiver", PRIORITY_TEST, receive_once, NULL);
	thread_yield();
	handle_remove(&table, first);
	thread_yield();
	EXPECT(!endpoint->dead && !receive_done);
	handle_remove(&table, second);
	EXPECT(endpoint->dead);
	EXPECT(WAIT_UNTIL(receive_done));
	EXPECT_EQ(receive_result, -EPIPE);
	handle_table_destroy(&table);
	tear_down();
}

KTEST(ipc, replies_can_be_saved_and_given_in_any_order)
{
	struct client clients[3] = { { .sends = false } };
	struct object *replies[3];
	struct ipc_regs words;

	set_up();
	for (unsigned i = 0; i < 3; i++) {
		start_client(&clients[i], i);
		EXPECT_EQ(do_receive(&words, WAIT_FOREVER), i);
		replies[i] = reply_create(my_debt());
		REQUIRE(replies[i]);
	}
	EXPECT_EQ(do_reply(my_debt(), &words), -ESRCH);
	for (unsigned i = 3; i-- > 0; ) {
		fill(&words, 500 + i);
		EXPECT_EQ(do_reply(object_to_slot(replies[i]), &words), 0);
		EXPECT(WAIT_UNTIL(clients[i].done));
		EXPECT(are(&clients[i].words, 500 + i));
		EXPECT_EQ(do_reply(object_to_slot(replies[i]), &words),
			  -ESRCH);
		object_put(replies[i]);
	}
	tear_down();
}

KTEST(ipc, a_reply_that_is_dropped_fails_the_caller)
{
	struct client client = { .sends = false };
	struct ipc_regs words;
	struct object *reply;

	set_up();
	start_client(&client, 1);
	do_receive(&words, WAIT_FOREVER);
	reply = reply_create(my_debt());
	REQUIRE(reply);
	object_put(reply);
	EXPECT(WAIT_UNTIL(client.done));
	EXPECT_EQ(client.result, -EPIPE);
	tear_down();
}

KTEST(ipc, a_caller_that_is_killed_in_the_queue_unwinds)
{
	struct client client = { .sends = false };

	set_up();
	start_client(&client, 1);
	thread_kill(client.thread);
	EXPECT(WAIT_UNTIL(client.done));
	EXPECT_EQ(client.result, -EINTR);
	EXPECT(list_empty(&endpoint->senders));
	tear_down();
}

KTEST(ipc, a_caller_that_is_killed_while_served_unwinds)
{
	struct client client = { .sends = false };
	struct ipc_regs words;

	set_up();
	start_client(&client, 1);
	do_receive(&words, WAIT_FOREVER);
	thread_kill(client.thread);
	EXPECT(WAIT_UNTIL(client.done));
	EXPECT_EQ(client.result, -EINTR);
	EXPECT(!my_debt()->caller);
	EXPECT_EQ(do_reply(my_debt(), &words), -ESRCH);
	tear_down();
}

static struct thread *receiver_thread;

KTEST(ipc, a_receiver_that_is_killed_unwinds)
{
	set_up();
	receive_done = false;
	receiver_thread = start("receiver", PRIORITY_TEST, receive_once, NULL);
	thread_yield();
	thread_kill(receiver_thread);
	EXPECT(WAIT_UNTIL(receive_done));
	EXPECT_EQ(receive_result, -EINTR);
	EXPECT(list_empty(&endpoint->receivers));
	tear_down();
}

static unsigned others_ran;

static void count_a_run(void *arg)
{
	others_ran++;
}

KTEST(ipc, a_call_switches_straight_to_the_server)
{
	struct ipc_regs words;

	set_up();
	start_echo(1);
	others_ran = 0;
	start("other", PRIORITY_TEST, count_a_run, NULL);
	EXPECT_EQ(do_call(&words, 0, WAIT_FOREVER), 0);
	/* The server ran first, although the other thread was ready. */
	EXPECT(others_ran <= 1);
	EXPECT(WAIT_UNTIL(others_ran == 1));
	tear_down();
}

/* ---- many at once ------------------------------------------------------- */

#define STORM_CLIENTS  6
#define STORM_SERVERS  3
#define STORM_CALLS    20

static volatile unsigned storm_done, storm_wrong;

/* Answers at once, or keeps the reply and answers two together. */
static void storm_server(void *arg)
{
	struct object *kept = NULL;
	struct ipc_regs words, old;
	struct rng rng;

	rng_init(&rng, ktest_seed() + (uint32_t)(uintptr_t)arg);
	while (do_receive(&words, WAIT_FOREVER) >= 0) {
		fill(&words, words.ebx + 1000);
		if (!kept && rng_below(&rng, 3) == 0) {
			kept = reply_create(my_debt());
			old = words;
			continue;
		}
		do_reply(my_debt(), &words);
		if (kept)
			do_reply(object_to_slot(kept), &old);
		object_put(kept);
		kept = NULL;
	}
	object_put(kept);
	reply_slot_fail(my_debt(), -EPIPE);
}

/* A call that gets no answer in time is tried again. */
static void storm_client(void *arg)
{
	uint32_t me = (uint32_t)(uintptr_t)arg;
	struct ipc_regs words;
	struct rng rng;

	rng_init(&rng, ktest_seed() ^ me);
	for (unsigned i = 0; i < STORM_CALLS; i++) {
		uint32_t first = me << 16 | i << 8;
		long result;

		do {
			fill(&words, first);
			result = do_call(&words, me, rng_below(&rng, 2) ?
					 clock_ns() + 3 * NS_PER_TICK :
					 clock_ns() + NS_PER_SEC);
		} while (result == -ETIMEDOUT);
		if (result || !are(&words, first + 1000))
			storm_wrong++;
		if (rng_below(&rng, 4) == 0)
			thread_yield();
	}
	storm_done++;
}

KTEST(ipc, each_of_many_clients_gets_its_own_answer)
{
	set_up();
	storm_done = storm_wrong = 0;
	for (unsigned i = 0; i < STORM_SERVERS; i++)
		start("server", PRIORITY_TEST, storm_server,
		      (void *)(uintptr_t)i);
	for (unsigned i = 1; i <= STORM_CLIENTS; i++)
		start("client", PRIORITY_TEST - 1, storm_client,
		      (void *)(uintptr_t)i);
	EXPECT(WAIT_UNTIL(storm_done == STORM_CLIENTS));
	EXPECT_EQ(storm_wrong, 0);
	EXPECT_NULL(ipc_check());
	tear_down();
}

KTEST(ipc, no_memory_for_an_endpoint_is_an_answer)
{
	set_up();
	failpoint_arm(1);
	EXPECT(!endpoint_create());
	failpoint_disarm();
	tear_down();
}

/* ---- the checker is checked --------------------------------------------- */

/* Each of these breaks one law and repairs it, with interrupts off. */
static struct thread *sender;
static struct thread receiver = {
	.state = THREAD_BLOCKED, .ipc.wait = IPC_RECEIVING,
};

static void two_queues(void)
{
	list_add(&receiver.run, &endpoint->receivers);
	EXPECT_LAW(ipc_check(), "endpoint E1");
	list_del(&receiver.run);
}

static void waits_for_something_else(void)
{
	sender->ipc.wait = IPC_IDLE;
	EXPECT_LAW(ipc_check(), "endpoint E2");
	sender->ipc.wait = IPC_SENDING;
}

static void waits_but_may_run(void)
{
	list_del(&sender->run);
	list_add(&receiver.run, &endpoint->receivers);
	receiver.state = THREAD_READY;
	EXPECT_LAW(ipc_check(), "endpoint E2");
	receiver.state = THREAD_BLOCKED;
	EXPECT_NULL(ipc_check());
	list_del(&receiver.run);
	list_add(&sender->run, &endpoint->senders);
}

static void waits_at_a_dead_endpoint(void)
{
	endpoint->dead = true;
	EXPECT_LAW(ipc_check(), "endpoint E3");
	endpoint->dead = false;
}

static void debts_of_one_side(void)
{
	struct reply_slot slot = { NULL };

	sender->ipc.slot = &slot;
	EXPECT_LAW(ipc_check(), "endpoint E4");
	sender->ipc.slot = NULL;
	my_debt()->caller = sender;
	EXPECT_LAW(ipc_check(), "endpoint E4");
	my_debt()->caller = NULL;
}

static void slot_of_another(void)
{
	struct reply_slot slot = { current_thread() };

	list_del(&sender->run);
	sender->ipc.wait = IPC_CALLING;
	EXPECT_LAW(ipc_check(), "endpoint E4");
	sender->ipc.slot = &slot;
	EXPECT_LAW(ipc_check(), "endpoint E4");
	slot.caller = sender;
	EXPECT_NULL(ipc_check());
	sender->ipc.slot = NULL;
	sender->ipc.wait = IPC_SENDING;
	list_add(&sender->run, &endpoint->senders);
}

static void news_of_a_tenure(void)
{
	struct tenure tenure = { .ended.tenure = &tenure };

	list_add(&tenure.ended.link, &endpoint->news);
	EXPECT_NULL(ipc_check());
	tenure.endpoint = endpoint;
	EXPECT_LAW(ipc_check(), "tenure U2");
	list_del(&sender->run);
	list_add(&receiver.run, &endpoint->receivers);
	EXPECT_LAW(ipc_check(), "endpoint E5");
	list_del(&receiver.run);
	list_del(&tenure.ended.link);
	list_add(&sender->run, &endpoint->senders);
}

static void bits_of_a_notification(void)
{
	struct notification bound = { .endpoint = NULL };

	endpoint->bound = &bound;
	EXPECT_LAW(ipc_check(), "notification N1");
	bound.endpoint = endpoint;
	bound.bits = 1;
	EXPECT_NULL(ipc_check());
	list_del(&sender->run);
	list_add(&receiver.run, &endpoint->receivers);
	EXPECT_LAW(ipc_check(), "notification N2");
	list_del(&receiver.run);
	list_add(&sender->run, &endpoint->senders);
	endpoint->bound = NULL;
}

static void (*const breaks[])(void) = {
	two_queues, waits_for_something_else, waits_but_may_run,
	waits_at_a_dead_endpoint, debts_of_one_side, slot_of_another,
	news_of_a_tenure, bits_of_a_notification,
};

KTEST(ipc, the_check_finds_what_is_broken)
{
	struct client client = { .sends = false };
	irqflags_t flags;

	set_up();
	start_client(&client, 1);
	sender = client.thread;
	for (unsigned i = 0; i < ARRAY_SIZE(breaks); i++) {
		flags = irq_save();
		breaks[i]();
		irq_restore(flags);
		EXPECT_NULL(ipc_check());
	}
	tear_down();
}
