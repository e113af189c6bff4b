// SPDX-License-Identifier: MIT
/*
 * queue.c - the list of a server's clients when it is full
 *
 * WHAT     We are the server. Our clients are the threads of a child. Each
 *          thread calls once and waits for its answer. Then we kill the child.
 * SEE      user/lib/queue.h; user/servers/console.c, which has two queues.
 */
#include "tests/user/partner.h"
#include "user/lib/queue.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux has no endpoints")

#define CROWD  (QUEUE_MAX + 2)

static uint32_t stacks[CROWD][64];
static uint32_t endpoint;
static struct queue queue;

/* A machine with less memory has fewer threads. */
static bool has_room(void)
{
	struct pg_mem mem = { .total_pages = 0 };

	pg_call(PG_MEM_INFO, PG_INIT_SYSTEM, (long)&mem, 0, 0, 0);
	return mem.total_pages > (128u << 20) / PAGE;
}

#define NEEDS_CROWD() \
	SKIP_IF(!has_room(), "there is no room for a thousand threads")

static void __noreturn call_and_wait(void)
{
	struct words words = { { 1 } };

	ipc_call(endpoint, &words);
	linux_exit_group(1);
}

static long start_crowd(unsigned nr)
{
	long child = utest_fork();

	if (child)
		return child;
	for (unsigned i = 1; i < nr; i++)
		utest_started(pg_call(PG_THREAD_CREATE, 0, (long)call_and_wait,
				      (long)&stacks[i][60], 0, 0), "thread");
	call_and_wait();
}

static void end_crowd(long child)
{
	long task = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, child, 0, 0, 0);
	int status = -1;

	pg_call(PG_TASK_KILL, (uint32_t)task, SIGKILL_NR, 0, 0, 0);
	handle_close((uint32_t)task);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(W_SIGNAL(status), SIGKILL_NR);
}

/* The next client of this child comes. */
static long next(long child, bool front)
{
	struct words words;

	EXPECT_EQ(partner_receive(child, endpoint, &words), 0);
	return queue_add(&queue, &words, front);
}

static long start_full(void)
{
	long child;

	endpoint = (uint32_t)endpoint_create();
	ipc_init();
	child = start_crowd(CROWD);
	for (unsigned i = 0; i < QUEUE_MAX; i++)
		EXPECT_EQ(next(child, false), 0);
	EXPECT_EQ(queue.nr, QUEUE_MAX);
	return child;
}

static void empty(void)
{
	while (queue.first)
		queue_remove(&queue, &queue.first);
	EXPECT_EQ(queue.nr, 0);
	handle_close(endpoint);
}

UTEST(a_full_queue_takes_only_the_client_that_goes_to_the_front)
{
	struct client *oldest;
	long child;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	NEEDS_CROWD();
	child = start_full();
	oldest = queue.first;
	EXPECT_EQ(next(child, false), -EAGAIN);
	EXPECT_EQ(queue.nr, QUEUE_MAX);
	EXPECT_EQ(next(child, true), 0);
	EXPECT_EQ(queue.nr, QUEUE_MAX + 1);
	EXPECT(queue.first->next == oldest);
	end_crowd(child);
	empty();
}

UTEST(a_full_queue_forgets_the_clients_that_have_ended)
{
	long child;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	NEEDS_CROWD();
	child = start_full();
	end_crowd(child);
	child = start_crowd(2);
	EXPECT_EQ(next(child, false), 0);
	EXPECT_EQ(queue.nr, 1);
	EXPECT_EQ(next(child, false), 0);
	EXPECT_EQ(queue.nr, 2);
	end_crowd(child);
	empty();
}

/* Between two looks the ended clients count. */
UTEST(an_ended_client_is_forgotten_when_the_queue_has_doubled)
{
	long child;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	endpoint = (uint32_t)endpoint_create();
	ipc_init();
	child = start_crowd(QUEUE_FEW);
	for (unsigned i = 0; i < QUEUE_FEW; i++)
		EXPECT_EQ(next(child, false), 0);
	EXPECT_EQ(queue.nr, QUEUE_FEW);
	end_crowd(child);
	child = start_crowd(1);
	EXPECT_EQ(next(child, false), 0);
	EXPECT_EQ(queue.nr, 1);
	end_crowd(child);
	empty();
}
