// SPDX-License-Identifier: MIT
/*
 * ipc_edges.c - messages where something ends, is used twice or goes in circles
 *
 * NOT HERE what messages are for (message.c).
 */
#include "tests/user/utest.h"
#include "user/lib/ipc.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux has no endpoints")

#define WAITERS  40
#define STACK    (2 * PAGE)
#define SOON_NS  50000000u
#define LATE_NS  4000000000u

static struct ipc_msg buffers[2] __aligned(64);
static uint32_t first, second;           /* endpoints */
static volatile long results[WAITERS];
static volatile uint32_t started, done;

static void use_buffer(unsigned i)
{
	memset(&buffers[i], 0, sizeof(buffers[i]));
	pg_call(PG_IPC_BUFFER, 0, (long)&buffers[i], 0, 0, 0);
}

/* With a deadline: lack of memory may kill the other side of the call. */
static void use_buffer_until(unsigned i, uint64_t deadline)
{
	use_buffer(i);
	buffers[i].out.flags = IPC_DEADLINE;
	buffers[i].out.deadline = deadline;
}

static long call(unsigned number, uint32_t handle, struct words *words)
{
	return message_int(PG_EAX(number, handle), words);
}

static void __noreturn thread_end(void)
{
	for (;;)
		syscall0(PG_THREAD_EXIT);
}

static void start_thread(void (*fn)(void))
{
	uint32_t *stack = map_pages(STACK / PAGE);

	utest_started(pg_call(PG_THREAD_CREATE, 0, (long)fn,
			      (long)(stack + STACK / 4 - 4), 0, 0), "thread");
}

static long fork_for(void (*fn)(long arg), long arg)
{
	long child = utest_fork();

	if (!child) {
		utest_failures = 0;
		fn(arg);
		exit(utest_failures ? 99 : 0);
	}
	return child;
}

/* Waits until `nr` threads are here, and then until they are in their calls. */
static void settle(volatile uint32_t *count, uint32_t nr)
{
	struct linux_timespec nap = { 0, 20000000 };

	while (*count < nr)
		linux_sched_yield();
	linux_nanosleep(&nap, NULL);
}

/* ---- an endpoint closes -------------------------------------------------- */

static uint32_t next_number(void)
{
	return __atomic_fetch_add(&started, 1, __ATOMIC_RELAXED);
}

static void finish(uint32_t i, long result)
{
	results[i] = result;
	__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
	thread_end();
}

static void sends(void)
{
	struct words words = { { 0 } };
	uint32_t i = next_number();

	finish(i, call(PG_SEND, first, &words));
}

static void calls(void)
{
	struct words words = { { 0 } };
	uint32_t i = next_number();

	finish(i, call(PG_CALL, first, &words));
}

static void receives(void)
{
	struct words words = { { 0 } };
	uint32_t i = next_number();

	finish(i, call(PG_RECEIVE, first, &words));
}

UTEST(an_endpoint_that_closes_wakes_all_who_wait)
{
	static void (*const waits[])(void) = { sends, calls, receives };

	PAGODA_ONLY();
	for (unsigned kind = 0; kind < ARRAY_SIZE(waits); kind++) {
		started = done = 0;
		first = (uint32_t)endpoint_create();
		for (unsigned i = 0; i < WAITERS; i++)
			start_thread(waits[kind]);
		settle(&started, WAITERS);
		EXPECT_EQ(done, 0);
		EXPECT_EQ(handle_close(first), 0);
		settle(&done, WAITERS);
		for (unsigned i = 0; i < WAITERS; i++)
			EXPECT_EQ(results[i], -EPIPE);
	}
}

/* ---- replies ------------------------------------------------------------- */

static void calls_with_buffer(void)
{
	struct words words = { { 77 } };

	use_buffer(1);
	started = 1;
	results[0] = call(PG_CALL_MSG, first, &words);
	done = 1;
	thread_end();
}

/* A caller that waits for a reply. Returns: the reply handle. */
static uint32_t take_caller(void)
{
	struct words words = { { 0 } };
	long reply;

	started = done = 0;
	use_buffer(0);
	start_thread(calls_with_buffer);
	EXPECT_EQ(call(PG_RECEIVE, first, &words), 0);
	EXPECT_EQ(words.w[0], 77);
	reply = ipc_reply_save();
	EXPECT(reply > 0);
	return (uint32_t)reply;
}

UTEST(a_reply_is_given_once)
{
	struct words words = { { 1 } };
	uint32_t reply;

	PAGODA_ONLY();
	first = (uint32_t)endpoint_create();
	reply = take_caller();
	EXPECT_EQ(ipc_reply_save(), -ESRCH);
	EXPECT_EQ(call(PG_REPLY, 0, &words), -ESRCH);
	EXPECT_EQ(call(PG_REPLY, reply, &words), 0);
	EXPECT_EQ(call(PG_REPLY, reply, &words), -EBADF);
	settle(&done, 1);
	EXPECT_EQ(results[0], 0);
	handle_close(first);
}

static void calls_until_soon(void)
{
	struct words words = { { 77 } };

	use_buffer_until(1, clock_ns() + SOON_NS);
	results[0] = call(PG_CALL_MSG, first, &words);
	done = 1;
	thread_end();
}

/* A process that calls, and is then ended by another thread. */
static void call_and_end(long unused)
{
	start_thread(calls);
	linux_nanosleep(&(struct linux_timespec){ 0, SOON_NS }, NULL);
	linux_exit_group(0);
}

UTEST(whether_somebody_waits_for_a_reply_can_be_asked)
{
	struct words words = { { 0 } };
	uint32_t reply;
	int status;
	long child;

	PAGODA_ONLY();
	first = (uint32_t)endpoint_create();
	EXPECT_EQ(reply_check(0), -EBADF);
	EXPECT_EQ(reply_check(first), -EINVAL);
	reply = take_caller();
	EXPECT_EQ(reply_check(reply), 0);
	EXPECT_EQ(call(PG_REPLY, reply, &words), 0);
	EXPECT_EQ(reply_check(reply), -EBADF);
	settle(&done, 1);

	/* The caller gives up. */
	done = 0;
	start_thread(calls_until_soon);
	EXPECT_EQ(call(PG_RECEIVE, first, &words), 0);
	reply = (uint32_t)ipc_reply_save();
	EXPECT_EQ(reply_check(reply), 0);
	settle(&done, 1);
	EXPECT_EQ(results[0], -ETIMEDOUT);
	EXPECT_EQ(reply_check(reply), -ESRCH);
	handle_close(reply);

	/* The caller ends. */
	child = fork_for(call_and_end, 0);
	use_buffer_until(0, clock_ns() + LATE_NS);
	EXPECT_EQ(call(PG_RECEIVE_MSG, first, &words), 0);
	reply = (uint32_t)ipc_reply_save();
	EXPECT_EQ(reply_check(reply), 0);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(reply_check(reply), -ESRCH);
	handle_close(reply);
	handle_close(first);
}

UTEST(a_reply_that_is_thrown_away_is_an_error)
{
	PAGODA_ONLY();
	first = (uint32_t)endpoint_create();
	EXPECT_EQ(handle_close(take_caller()), 0);
	settle(&done, 1);
	EXPECT_EQ(results[0], -EPIPE);
	handle_close(first);
}

/* The reply brings the caller its own reply handle: then nothing is owed. */
UTEST(a_reply_can_carry_itself)
{
	struct words words = { { 1 } };
	uint32_t reply, came;

	PAGODA_ONLY();
	first = (uint32_t)endpoint_create();
	reply = take_caller();
	buffers[0].out.nr_handles = 1;
	buffers[0].out.handles[0].handle = reply;
	buffers[0].out.flags = IPC_MOVE;
	EXPECT_EQ(call(PG_REPLY_MSG, reply, &words), 0);
	settle(&done, 1);
	EXPECT_EQ(results[0], IPC_EXTRAS);
	came = buffers[1].in.handles[0].handle;
	EXPECT(call(PG_REPLY, came, &words) < 0);
	handle_close(came);
	handle_close(first);
}

/* ---- circles ------------------------------------------------------------- */

static void endpoint_through_itself(long unused)
{
	struct words words = { { 0 } };

	use_buffer(0);
	buffers[0].out.nr_handles = 1;
	buffers[0].out.handles[0].handle = first;
	buffers[0].out.flags = IPC_MOVE | IPC_DEADLINE;
	buffers[0].out.deadline = clock_ns() + SOON_NS;
	EXPECT_EQ(call(PG_SEND_MSG, first, &words), -ETIMEDOUT);
}

UTEST(an_endpoint_can_be_sent_through_itself)
{
	PAGODA_ONLY();
	first = (uint32_t)endpoint_create();
	EXPECT_EQ(exit_of(endpoint_through_itself, 0), 0);
	handle_close(first);
}

static void receives_then_calls(uint32_t from, uint32_t to)
{
	struct words words = { { 0 } };

	__atomic_fetch_add(&started, 1, __ATOMIC_RELAXED);
	call(PG_RECEIVE, from, &words);
	__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
	call(PG_CALL, to, &words);
	thread_end();
}

static void first_to_second(void)
{
	receives_then_calls(first, second);
}

static void second_to_first(void)
{
	receives_then_calls(second, first);
}

static void call_in_a_circle(long unused)
{
	struct words words = { { 0 } };

	started = done = 0;
	start_thread(first_to_second);
	start_thread(second_to_first);
	settle(&started, 2);
	call(PG_SEND, first, &words);
	call(PG_SEND, second, &words);
	settle(&done, 2);
	linux_exit_group(4);
}

/* Each task waits for the other: the end of the task ends both waits. */
UTEST(a_circle_of_calls_ends_with_its_task)
{
	PAGODA_ONLY();
	first = (uint32_t)endpoint_create();
	second = (uint32_t)endpoint_create();
	EXPECT_EQ(exit_of(call_in_a_circle, 0), 4);
	handle_close(first);
	handle_close(second);
}

/* ---- deadlines ----------------------------------------------------------- */

/* Deadlines before now, now and soon: a wait ends at once, or then. */
UTEST(every_wait_ends_at_its_deadline)
{
	static const uint32_t waits[] = {
		PG_RECEIVE_MSG, PG_SEND_MSG, PG_CALL_MSG,
	};
	uint32_t notification, bits;
	uint64_t deadlines[4];

	PAGODA_ONLY();
	first = (uint32_t)endpoint_create();
	notification = (uint32_t)notification_create();
	use_buffer(0);
	deadlines[0] = 0;
	deadlines[1] = 1;
	for (unsigned i = 0; i < ARRAY_SIZE(deadlines); i++) {
		struct words words = { { 0 } };

		deadlines[2] = clock_ns();
		deadlines[3] = clock_ns() + SOON_NS / 5;
		buffers[0].out.flags = IPC_DEADLINE;
		buffers[0].out.deadline = deadlines[i];
		for (unsigned k = 0; k < ARRAY_SIZE(waits); k++)
			EXPECT_EQ(call(waits[k], first, &words), -ETIMEDOUT);
		EXPECT_EQ(notification_wait(notification, 1, deadlines[i],
					    &bits), -ETIMEDOUT);
		EXPECT_EQ(notification_wait(notification, 0, deadlines[i],
					    &bits), -ETIMEDOUT);
		EXPECT(clock_ns() >= deadlines[i]);
	}
	handle_close(notification);
	handle_close(first);
}

/* ---- exceptions ---------------------------------------------------------- */

UTEST(an_exception_waits_for_its_endpoint_and_is_refused)
{
	struct words words = { { 0 } };
	struct linux_timespec nap = { 0, 50000000 };
	long child, received;
	int status = -1;

	PAGODA_ONLY();
	first = (uint32_t)endpoint_create();
	child = utest_fork();
	if (!child) {
		pg_call(PG_TASK_SET_EXCEPTIONS, 0, first, 0, 0, 0);
		*(volatile char *)0 = 1;
	}
	linux_nanosleep(&nap, NULL);
	EXPECT_EQ(linux_waitpid((int)child, &status, WNOHANG), 0);
	use_buffer_until(0, clock_ns() + LATE_NS);
	received = call(PG_RECEIVE_MSG, first, &words);
	EXPECT(received > 0 && received & IPC_KERNEL);
	words.w[0] = 0;
	EXPECT_EQ(call(PG_REPLY, 0, &words), 0);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, SIGSEGV_NR);
	handle_close(first);
}

/* ---- pages --------------------------------------------------------------- */

/* `came`: the pages come. If not, none comes, whatever the sender is told. */
static const struct {
	uint32_t addr, length;
	bool     came;
} windows[] = {
	{ 0x40000000, 0x1000, true }, { 0, 0x1000, true },
	{ 0x1000, 0x1000, false }, { 0xc0000000, 0x1000, false },
	{ 0xfffff000, 0x1000, false }, { 0xfffff000, 0xfffff000, false },
	{ 0x40000000, 0, false },
};

static void receive_into(long window)
{
	struct words words = { { 0 } };

	use_buffer_until(1, clock_ns() + LATE_NS);
	buffers[1].window = windows[window].addr;
	buffers[1].window_length = windows[window].length;
	call(PG_RECEIVE_MSG, first, &words);
	EXPECT_EQ(!!(buffers[1].in.flags & IPC_PAGES), windows[window].came);
	if (windows[window].came)
		EXPECT_EQ(*(volatile char *)buffers[1].in.page_addr, 'p');
}

static long send_pages(uint32_t addr, uint32_t length, uint32_t flags)
{
	struct words words = { { 0 } };

	use_buffer(0);
	buffers[0].out.flags = IPC_PAGES | IPC_DEADLINE | flags;
	buffers[0].out.deadline = clock_ns() + 4 * SOON_NS;
	buffers[0].out.page_addr = addr;
	buffers[0].out.page_length = length;
	buffers[0].out.page_prot = PROT_READ;
	return call(PG_SEND_MSG, first, &words);
}

UTEST(pages_come_only_into_windows_that_are_some)
{
	char *page = map_pages(1);
	int status;

	PAGODA_ONLY();
	page[0] = 'p';
	first = (uint32_t)endpoint_create();
	for (unsigned i = 0; i < ARRAY_SIZE(windows); i++) {
		long child = fork_for(receive_into, (long)i);

		send_pages((uint32_t)page, PAGE, 0);
		/* A receiver whose window is refused has not received. */
		linux_waitpid((int)child, &status, 0);
		EXPECT_EQ(status, 0);
	}
	EXPECT_EQ(page[0], 'p');
	handle_close(first);
}

static const struct {
	uint32_t addr, length;
	long     answer;      /* -E2BIG: more than the receiver's window */
} ranges[] = {
	{ 0xbffff000, 0x2000, -EINVAL },     { 0xfffff000, 0x1000, -EINVAL },
	{ 0xfffff000, 0xfffff000, -E2BIG },  { 0x1000, 0xfffff000, -E2BIG },
	{ 0x20000000, 0xe0000000, -E2BIG },  { 0, 0x1000, -EFAULT },
	{ 0xc0000000, 0x1000, -EINVAL },     { 0x50000000, 0x1000, -EFAULT },
	{ 0x80000000, 0x80000000, -E2BIG },  { 0x50000001, 0x1000, -EINVAL },
	{ 0x50000000, 0x1001, -EINVAL },     { 0x50000000, 0, -EINVAL },
};

static void receive_nothing(long unused)
{
	struct words words = { { 0 } };

	use_buffer_until(1, clock_ns() + LATE_NS);
	buffers[1].window_length = 0x10000;
	call(PG_RECEIVE_MSG, first, &words);
	EXPECT(!(buffers[1].in.flags & IPC_PAGES));
}

UTEST(pages_that_are_none_are_not_sent)
{
	PAGODA_ONLY();
	first = (uint32_t)endpoint_create();
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(ranges); i++) {
		long child = fork_for(receive_nothing, 0);
		long result = send_pages(ranges[i / 2].addr,
					 ranges[i / 2].length,
					 i % 2 ? IPC_PAGES_GRANT : 0);
		struct words words = { { 0 } };
		int status = -1;

		EXPECT_EQ(result, ranges[i / 2].answer);
		/* The receiver got a message without pages, or waits still. */
		use_buffer(0);
		buffers[0].out.flags = IPC_DEADLINE;
		buffers[0].out.deadline = clock_ns() + SOON_NS;
		call(PG_SEND_MSG, first, &words);
		EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
		EXPECT_EQ(status, 0);
	}
	handle_close(first);
}
