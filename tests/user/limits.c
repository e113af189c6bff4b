// SPDX-License-Identifier: MIT
/*
 * limits.c - a program that uses up its share of the kernel hurts no other one
 *
 * WHAT     A table of all kinds, each with a program that takes as much of it
 *          as it gets, until it meets its limit. Meanwhile a neighbour goes on
 *          with forks, endpoints and memory. Afterwards nothing is charged.
 *
 * ALGORITHM  The limits are lowered, so that the program meets them soon.
 */
#include "tests/user/eaters.h"
#include "tests/user/partner.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux has none of these limits")

#define RW     (PROT_READ | PROT_WRITE)

/* Shared by us, the eater and the neighbour. */
struct shared {
	volatile long     result, done, stop;
	volatile uint32_t lived;
};

static struct shared *shared;

/* ---- limits -------------------------------------------------------------- */

static long set_limit(uint32_t task, uint32_t kind, uint32_t limit)
{
	return pg_call(PG_TASK_SET_LIMIT, task, (long)kind, (long)limit, 0, 0);
}

/* Takes until it is refused, and keeps all until it may stop. */
static void __noreturn eat(const struct kind *kind)
{
	uint32_t used = usage_of(0, kind->limit).used;
	long result = 0;

	EXPECT_EQ(set_limit(0, kind->limit, used + kind->room), 0);
	EXPECT_EQ(set_limit(0, kind->limit, used + kind->room + 1), -EPERM);
	make_room();
	for (uint32_t n = 0; result >= 0 && n <= kind->room; n++)
		result = kind->one(n);
	shared->result = result;
	shared->done = 1;
	while (!shared->stop)
		sleep_ms(10);
	linux_exit_group(0);
}

/* ---- the neighbour goes on ----------------------------------------------- */

static bool live_once(void)
{
	int status = -1;
	char *page = map_pages(1);
	long endpoint = endpoint_create();
	long child = utest_fork();

	if (!child)
		linux_exit_group(5);
	linux_waitpid((int)child, &status, 0);
	*page = 1;
	return linux_munmap(page, PAGE) == 0 && endpoint > 0 &&
	       handle_close((uint32_t)endpoint) == 0 && status == 5 << 8;
}

static void __noreturn neighbour(void)
{
	while (!shared->stop && live_once())
		shared->lived++;
	linux_exit_group(!shared->stop);
}

static long start(void (*fn)(const struct kind *kind), const struct kind *kind)
{
	long child = utest_fork();

	if (!child) {
		if (kind)
			fn(kind);
		neighbour();
	}
	return child;
}

/* ---- the table ----------------------------------------------------------- */

static bool has_ended(long child, int *status)
{
	return linux_waitpid((int)child, status, WNOHANG) == child;
}

/* Returns: how the eater ended, as in the table. */
static long wait_for_eater(long eater)
{
	int status = 0;

	while (!shared->done)
		if (has_ended(eater, &status))
			return status == SIGKILL_NR ? KILLED : status;
		else
			sleep_ms(1);
	return shared->result;
}

static void wait_for_all(void)
{
	int status;

	while (linux_waitpid(-1, &status, 0) > 0)
		EXPECT(!status || status == SIGKILL_NR);
}

static void kill_family(long eater)
{
	long task = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, eater, 0, 0, 0);

	if (task < 0)
		return;
	pg_call(PG_TASK_KILL, (uint32_t)task, 0, 0, 0, 0);
	handle_close((uint32_t)task);
}

/* Kills all tasks but us, the neighbour and its children. */
static void kill_sleepers(long but)
{
	struct pg_task task = { .pid = 1 };

	for (uint32_t pid = 2; pg_call(PG_TASK_INFO, PG_INIT_SYSTEM, (long)pid,
				       (long)&task, 0, 0) >= 0;
	     pid = task.pid + 1)
		if ((long)task.pid != but && (long)task.parent != but)
			kill_family((long)task.pid);
}

static void run_kind(const struct kind *kind)
{
	uint32_t before, lived;
	long friend, eater;

	shared = map_flags(1, RW, MAP_SHARED);
	EXPECT(live_once());             /* all that it needs is there now */
	shared->lived = 0;
	before = usage_of(0, kind->limit).used;
	friend = start(NULL, NULL);
	eater = start(eat, kind);
	EXPECT_EQ(wait_for_eater(eater), kind->end);
	lived = shared->lived;
	for (unsigned i = 0; i < 1000 && shared->lived < lived + 3; i++)
		sleep_ms(10);
	EXPECT(shared->lived >= lived + 3);
	EXPECT(live_once());
	shared->stop = 1;
	kill_sleepers(friend);
	wait_for_all();
	EXPECT_EQ(usage_of(0, kind->limit).used, before);
	linux_munmap(shared, PAGE);
}

static void eating(unsigned kind)
{
	PAGODA_ONLY();
	NEEDS_SYSTEM();
	run_kind(&kinds[kind]);
}

UTEST(eating_tasks_stops_at_the_limit_and_others_go_on)
{
	eating(tasks);
}

UTEST(eating_threads_stops_at_the_limit_and_others_go_on)
{
	eating(threads);
}

UTEST(eating_descendants_stops_at_the_limit_and_others_go_on)
{
	eating(descendants);
}

UTEST(eating_their_threads_stops_at_the_limit_and_others_go_on)
{
	eating(their_threads);
}

UTEST(eating_tables_stops_at_the_limit_and_others_go_on)
{
	eating(tables);
}

UTEST(eating_areas_stops_at_the_limit_and_others_go_on)
{
	eating(areas);
}

UTEST(eating_handles_stops_at_the_limit_and_others_go_on)
{
	eating(handles);
}

UTEST(eating_endpoints_stops_at_the_limit_and_others_go_on)
{
	eating(endpoints);
}

UTEST(eating_notifications_stops_at_the_limit_and_others_go_on)
{
	eating(notifications);
}

UTEST(eating_arrays_stops_at_the_limit_and_others_go_on)
{
	eating(arrays);
}

/* ---- promises ------------------------------------------------------------ */

/* Takes all promises that it can get, and touches no page. */
static void __noreturn promise(const struct kind *kind)
{
	uint32_t pages = 0;

	for (uint32_t n = 0x20000; n; n /= 2)
		while ((unsigned long)map_flags(n, RW, (int)kind->limit) <
		       -4096ul)
			pages += n;
	shared->result = (long)pages;
	shared->done = 1;
	while (!shared->stop)
		sleep_ms(10);
	linux_exit_group(0);
}

static bool stack_grows(void)
{
	volatile char *below = (char *)__builtin_frame_address(0) - 0x40000;

	*below = 1;
	return *below == 1;
}

static void run_promises(int flags)
{
	const struct kind kind = { .limit = (uint32_t)flags };
	uint32_t lived;
	long eater;

	shared = map_flags(1, RW, MAP_SHARED);
	shared->lived = 0;
	start(NULL, NULL);
	eater = start(promise, &kind);
	EXPECT(wait_for_eater(eater) > 1000);
	lived = shared->lived;
	for (unsigned i = 0; i < 1000 && shared->lived < lived + 3; i++)
		sleep_ms(10);
	EXPECT(shared->lived >= lived + 3);
	EXPECT(live_once());
	EXPECT(stack_grows());
	shared->stop = 1;
	wait_for_all();
	linux_munmap(shared, PAGE);
}

UTEST(who_is_promised_all_memory_leaves_some_for_others)
{
	PAGODA_ONLY();
	run_promises(MAP_PRIVATE);
}

UTEST(the_same_for_shared_memory)
{
	PAGODA_ONLY();
	run_promises(MAP_SHARED);
}

/* ---- who pays ------------------------------------------------------------ */

/* Gives an endpoint to its maker's server, and ends. */
static void __noreturn give_and_end(uint32_t server)
{
	long endpoint;
	struct words words = { { 0 } };

	ipc_init();
	endpoint = endpoint_create();
	ipc_attach_handle((uint32_t)endpoint, 0);
	ipc_call_msg(server, &words);
	linux_exit_group(0);
}

UTEST(an_object_is_paid_for_until_its_end_by_those_above_its_dead_maker)
{
	uint32_t server, before;
	struct words words;
	long child, got;
	int status;

	PAGODA_ONLY();
	ipc_init();
	server = (uint32_t)endpoint_create();
	before = usage_of(0, PG_LIMIT_OBJECTS).used;
	child = utest_fork();
	if (!child)
		give_and_end(server);
	partner_receive(child, server, &words);
	got = (long)ipc_buffer()->in.handles[0].handle;
	EXPECT(got > 0);
	ipc_reply(0, &words);
	linux_waitpid((int)child, &status, 0);
	EXPECT_EQ(usage_of(0, PG_LIMIT_OBJECTS).used, before + 1);
	handle_close((uint32_t)got);
	EXPECT_EQ(usage_of(0, PG_LIMIT_OBJECTS).used, before);
	handle_close(server);
}
