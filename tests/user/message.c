// SPDX-License-Identifier: MIT
/*
 * message.c - messages, notifications, pagers, exceptions and unknown calls
 *             between processes, from ring 3
 */
#include "tests/user/partner.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux has no endpoints")

static uint32_t endpoint;

/* Start a server or a client. The child exits with the result of fn(). */
static long start(int (*fn)(void))
{
	long child = utest_fork();

	if (!child) {
		ipc_init();
		linux_exit_group(fn());
	}
	return child;
}

/* From now on only the child receives. */
static long start_server(int (*serve)(void))
{
	return partner_serve(&endpoint, serve);
}

static bool create(void)
{
	endpoint = (uint32_t)endpoint_create();
	ipc_init();
	return (int32_t)endpoint > 0;
}

/* ---- words --------------------------------------------------------------- */

/* Adds one to each word, until word 0 is 0. */
static int serve_increments(void)
{
	struct words words = { { 0 } };
	long from = ipc_receive(endpoint, &words);

	while (from >= 0 && words.w[0]) {
		for (unsigned i = 0; i < IPC_NR_WORDS; i++)
			words.w[i]++;
		from = ipc_reply_receive(endpoint, &words);
	}
	ipc_reply(0, &words);
	return from < 0;
}

static void stop_server(long child)
{
	struct words words = { { 0 } };

	EXPECT_EQ(ipc_call(endpoint, &words), 0);
	partner_wait_ok(child);
	EXPECT_EQ(handle_close(endpoint), 0);
}

UTEST(six_words_go_and_come_back)
{
	long child;

	PAGODA_ONLY();
	EXPECT(create());
	child = start_server(serve_increments);
	for (uint32_t n = 1; n < 500; n++) {
		struct words words = { { n, n * 2, n * 3, n * 4, n * 5,
					 n * 6 } };

		EXPECT_EQ(ipc_call(endpoint, &words), 0);
		for (unsigned i = 0; i < IPC_NR_WORDS; i++)
			EXPECT_EQ(words.w[i], n * (i + 1) + 1);
	}
	stop_server(child);
}

UTEST(an_endpoint_without_receivers_is_known_as_dead)
{
	uint32_t mine, no_endpoint;
	long to_send;

	PAGODA_ONLY();
	no_endpoint = (uint32_t)notification_create();
	mine = (uint32_t)endpoint_create();
	to_send = handle_dup(mine, RIGHT_SEND, 0);
	EXPECT(to_send > 0);
	EXPECT_EQ(endpoint_check((uint32_t)to_send), 0);
	EXPECT_EQ(endpoint_check(0), -EBADF);
	EXPECT_EQ(endpoint_check(no_endpoint), -EINVAL);
	handle_close(no_endpoint);
	handle_close(mine);
	EXPECT_EQ(endpoint_check((uint32_t)to_send), -EPIPE);
	handle_close((uint32_t)to_send);
	EXPECT_EQ(endpoint_check((uint32_t)to_send), -EBADF);
}

UTEST(int_and_sysenter_say_the_same)
{
	struct words a = { { 1, 2, 3, 4, 5, 6 } };
	struct words b = { { 1, 2, 3, 4, 5, 6 } };
	long child;

	PAGODA_ONLY();
	SKIP_IF(!cpu_has_sysenter(), "this CPU has no SYSENTER");
	EXPECT(create());
	child = start_server(serve_increments);
	EXPECT_EQ(message_int(PG_EAX(PG_CALL, endpoint), &a), 0);
	EXPECT_EQ(message_sysenter(PG_EAX(PG_CALL, endpoint), &b), 0);
	EXPECT(!memcmp(&a, &b, sizeof(a)));
	stop_server(child);
}

static int serve_badges(void)
{
	struct words words = { { 1 } };
	long from = ipc_receive(endpoint, &words);

	while (from >= 0 && words.w[0]) {
		words.w[0] = (uint32_t)from;
		from = ipc_reply_receive(endpoint, &words);
	}
	ipc_reply(0, &words);
	return 0;
}

UTEST(a_badge_tells_who_calls)
{
	long child, badged;
	struct words words;

	PAGODA_ONLY();
	EXPECT(create());
	child = start_server(serve_badges);
	for (uint32_t badge = 1; badge < BADGE_MAX; badge = badge * 7 + 1) {
		badged = handle_dup(endpoint, RIGHT_SEND, badge);
		words.w[0] = 1;
		EXPECT_EQ(ipc_call((uint32_t)badged, &words), 0);
		EXPECT_EQ(words.w[0], badge);
		EXPECT_EQ(handle_close((uint32_t)badged), 0);
	}
	stop_server(child);
}

static int call_and_add(void)
{
	struct words words = { { 5 } };

	for (unsigned i = 0; i < 100; i++)
		if (ipc_call(endpoint, &words))
			return 1;
	return words.w[0] != 105;
}

UTEST(many_clients_get_their_own_answers)
{
	long server, clients[20];

	PAGODA_ONLY();
	EXPECT(create());
	server = start_server(serve_increments);
	for (unsigned i = 0; i < ARRAY_SIZE(clients); i++)
		clients[i] = start(call_and_add);
	for (unsigned i = 0; i < ARRAY_SIZE(clients); i++)
		partner_wait_ok(clients[i]);
	stop_server(server);
}

static int receive_and_crash(void)
{
	struct words words;

	ipc_receive(endpoint, &words);
	*(volatile int *)0 = 1;
	return 0;
}

UTEST(a_server_that_dies_leaves_its_caller_an_error)
{
	struct words words = { { 1 } };
	int status;
	long child;

	PAGODA_ONLY();
	EXPECT(create());
	child = start_server(receive_and_crash);
	EXPECT_EQ(ipc_call(endpoint, &words), -EPIPE);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status & 0x7f, SIGSEGV_NR);
	EXPECT_EQ(handle_close(endpoint), 0);
}

UTEST(a_deadline_ends_a_wait)
{
	struct words words = { { 1 } };
	struct ipc_msg *buffer;
	uint64_t start;

	PAGODA_ONLY();
	EXPECT(create());
	start = clock_ns();
	buffer = ipc_buffer();
	buffer->out.flags = IPC_DEADLINE;
	buffer->out.deadline = start + 30000000;
	EXPECT_EQ(message(PG_EAX(PG_RECEIVE_MSG, endpoint), &words),
		  -ETIMEDOUT);
	EXPECT(clock_ns() - start >= 30000000);
	EXPECT_EQ(message(PG_EAX(PG_CALL_MSG, endpoint), &words),
		  -ETIMEDOUT);
	buffer->out.flags = IPC_NONBLOCK;
	EXPECT_EQ(message(PG_EAX(PG_RECEIVE_MSG, endpoint), &words), -EAGAIN);
	EXPECT_EQ(message(PG_EAX(PG_SEND_MSG, endpoint), &words), -EAGAIN);
	buffer->out.flags = 0;
	EXPECT_EQ(handle_close(endpoint), 0);
}

UTEST(a_reply_to_nobody_is_refused)
{
	struct words words = { { 1 } };

	PAGODA_ONLY();
	EXPECT_EQ(ipc_reply(0, &words), -ESRCH);
	EXPECT_EQ(ipc_reply_save(), -ESRCH);
}

/* Saves the first caller, answers the second, then the first. */
static int serve_out_of_order(void)
{
	struct words first, second;
	long saved;

	ipc_receive(endpoint, &first);
	saved = ipc_reply_save();
	if (saved < 0)
		return 1;
	ipc_receive(endpoint, &second);
	second.w[1] = 2;
	ipc_reply(0, &second);
	first.w[1] = 1;
	return ipc_reply((uint32_t)saved, &first) < 0;
}

static int call_once(void)
{
	struct words words = { { 1, 0 } };

	if (ipc_call(endpoint, &words))
		return 99;
	return (int)words.w[1];
}

UTEST(a_reply_can_be_kept_for_later)
{
	struct words last = { { 0 } };
	long server, a, b;
	int status[2];

	PAGODA_ONLY();
	EXPECT(create());
	server = start_server(serve_out_of_order);
	a = start(call_once);
	b = start(call_once);
	EXPECT_EQ(linux_waitpid((int)a, &status[0], 0), a);
	EXPECT_EQ(linux_waitpid((int)b, &status[1], 0), b);
	EXPECT_EQ(W_STATUS(status[0]) + W_STATUS(status[1]), 3);
	/* If one of the two has died, the server waits for it. */
	EXPECT_EQ(ipc_call(endpoint, &last), -EPIPE);
	partner_wait_ok(server);
	EXPECT_EQ(handle_close(endpoint), 0);
}

/* ---- handles and pages --------------------------------------------------- */

/* Takes a handle out of the message and calls through it. */
static int serve_a_handle(void)
{
	struct words words, inner = { { 41 } };
	long from = ipc_receive(endpoint, &words);
	uint32_t handle = ipc_take_handle(from);
	long err;

	if (!handle)
		return 1;
	ipc_reply(0, &words);
	err = ipc_call(handle, &inner);
	return err || inner.w[0] != 42;
}

UTEST(a_handle_travels_with_its_rights)
{
	struct words words = { { 1 } };
	long other, child, from;

	PAGODA_ONLY();
	EXPECT(create());
	other = endpoint_create();
	child = start_server(serve_a_handle);
	ipc_attach_handle((uint32_t)other, RIGHT_SEND);
	EXPECT(ipc_call_msg(endpoint, &words) >= 0);
	from = partner_receive(child, (uint32_t)other, &words);
	EXPECT(from >= 0);
	EXPECT_EQ(words.w[0], 41);
	words.w[0] = 42;
	EXPECT_EQ(ipc_reply(0, &words), 0);
	partner_wait_ok(child);
	EXPECT_EQ(handle_close((uint32_t)other), 0);
	EXPECT_EQ(handle_close(endpoint), 0);
}

static int serve_pages(void)
{
	struct words words;
	uint32_t *pages;
	size_t length;
	long from;

	ipc_accept_pages(3 * PAGE);
	from = ipc_receive(endpoint, &words);
	pages = ipc_pages(from, &length);
	if (!pages || length != 3 * PAGE || pages[0] != 0x1111)
		return 1;
	pages[2 * 1024] = 0x2222;
	ipc_reply(0, &words);
	return 0;
}

static void send_pages(bool grant, uint32_t **pages)
{
	struct words words = { { 1 } };
	long child;

	EXPECT(create());
	child = start_server(serve_pages);
	*pages = pages_alloc(3 * PAGE);
	(*pages)[0] = 0x1111;
	ipc_attach_pages(*pages, 3 * PAGE, PROT_READ | PROT_WRITE, grant);
	EXPECT(ipc_call_msg(endpoint, &words) >= 0);
	partner_wait_ok(child);
	EXPECT_EQ(handle_close(endpoint), 0);
}

UTEST(pages_that_are_mapped_are_shared)
{
	uint32_t *pages;

	PAGODA_ONLY();
	send_pages(false, &pages);
	EXPECT_EQ(pages[2 * 1024], 0x2222);
	pages_free(pages, 3 * PAGE);
}

static void read_at(long addr)
{
	*(volatile char *)addr;
}

UTEST(pages_that_are_granted_are_gone)
{
	uint32_t *pages;

	PAGODA_ONLY();
	send_pages(true, &pages);
	EXPECT_EQ(signal_here(read_at, (long)pages), SIGSEGV_NR);
}

UTEST(extras_that_are_not_ours_are_refused)
{
	struct words words = { { 1 } };
	struct ipc_extras *out;

	PAGODA_ONLY();
	EXPECT(create());
	out = &ipc_buffer()->out;
	out->flags = IPC_PAGES | IPC_NONBLOCK;
	out->page_addr = 0xc0000000;
	out->page_length = PAGE;
	out->page_prot = PROT_READ;
	EXPECT(message(PG_EAX(PG_SEND_MSG, endpoint), &words) < 0);
	out->page_addr = 0x50000001;
	EXPECT(message(PG_EAX(PG_SEND_MSG, endpoint), &words) < 0);
	out->flags = IPC_NONBLOCK;
	out->nr_handles = 100;
	EXPECT_EQ(message(PG_EAX(PG_SEND_MSG, endpoint), &words), -EINVAL);
	out->nr_handles = 1;
	out->handles[0].handle = 999;
	EXPECT(message(PG_EAX(PG_SEND_MSG, endpoint), &words) < 0);
	out->nr_handles = out->flags = 0;
	EXPECT_EQ(handle_close(endpoint), 0);
}

/* ---- notifications ------------------------------------------------------- */

static uint32_t notification;

static int signal_three(void)
{
	struct linux_timespec nap = { 0, 10000000 };

	linux_nanosleep(&nap, NULL);
	pg_call(PG_NOTIFICATION_SIGNAL, notification, 1, 0, 0, 0);
	pg_call(PG_NOTIFICATION_SIGNAL, notification, 4, 0, 0, 0);
	pg_call(PG_NOTIFICATION_SIGNAL, notification, 0x100, 0, 0, 0);
	return 0;
}

UTEST(bits_add_up_until_they_are_taken)
{
	uint32_t bits = 0, seen = 0;
	long child;

	PAGODA_ONLY();
	notification = (uint32_t)notification_create();
	child = start(signal_three);
	while (seen != 0x105) {
		long err = notification_wait(notification, ~0u, clock_ns() +
					     PARTNER_LOOKS_NS, &bits);

		if (err == -ETIMEDOUT && !partner_has_ended(child))
			continue;
		if (err == -ETIMEDOUT)
			partner_is_missed();
		EXPECT_EQ(err, 0);
		EXPECT(bits && !(seen & bits));
		seen |= bits;
	}
	partner_wait_ok(child);
	EXPECT_EQ(notification_wait(notification, ~0u, clock_ns() + 1000000,
				    &bits), -ETIMEDOUT);
	EXPECT_EQ(handle_close(notification), 0);
}

UTEST(only_the_bits_of_the_mask_are_taken)
{
	uint32_t bits = 0;

	PAGODA_ONLY();
	notification = (uint32_t)notification_create();
	pg_call(PG_NOTIFICATION_SIGNAL, notification, 7, 0, 0, 0);
	EXPECT_EQ(notification_wait(notification, 2, NO_DEADLINE, &bits), 0);
	EXPECT_EQ(bits, 2);
	EXPECT_EQ(notification_wait(notification, ~0u, NO_DEADLINE, &bits),
		  0);
	EXPECT_EQ(bits, 5);
	EXPECT_EQ(handle_close(notification), 0);
}

/* ---- pagers, exceptions, unknown calls ----------------------------------- */

/* Gives pages whose first word is their number, and refuses from 4 on. */
static int serve_faults(void)
{
	struct words words;
	long from = ipc_receive(endpoint, &words);

	while (from >= 0 && from & IPC_KERNEL) {
		uint32_t number = (words.w[0] >> 12) & 0xff;
		uint32_t *page;

		words.w[0] = 0;
		if (number < 4) {
			page = pages_alloc(PAGE);
			page[0] = number + 100;
			words.w[0] = 1;
			ipc_attach_pages(page, PAGE, PROT_READ | PROT_WRITE,
					 true);
		}
		from = ipc_reply_receive_msg(endpoint, &words);
	}
	ipc_reply(0, &words);
	return from < 0;
}

UTEST(a_pager_gives_the_pages_of_an_area)
{
	uint32_t *area = (uint32_t *)0x51000000;
	long child;

	PAGODA_ONLY();
	EXPECT(create());
	child = start_server(serve_faults);
	EXPECT_EQ(linux_mmap(area, 8 * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		  area);
	EXPECT_EQ(pg_call(PG_VM_SET_PAGER, 0, (long)area, 8 * PAGE, endpoint,
			  0), 0);
	for (unsigned i = 0; i < 4; i++)
		EXPECT_EQ(area[i * 1024], i + 100);
	area[1] = 7;
	EXPECT_EQ(area[1], 7);
	/* A refused page is SIGSEGV, or -EFAULT for the kernel. */
	EXPECT(signal_here(read_at, (long)(area + 5 * 1024)) != 0);
	EXPECT_EQ(linux_clock_gettime(1, (void *)(area + 6 * 1024)), -EFAULT);
	/* The kernel in a call asks the pager, too. */
	EXPECT_EQ(linux_munmap(area, PAGE), 0);
	EXPECT_EQ(linux_munmap(area + 1024, 7 * PAGE), 0);
	stop_server(child);
}

UTEST(a_pager_that_is_gone_is_a_crash)
{
	uint32_t *area;

	PAGODA_ONLY();
	EXPECT(create());
	area = map_pages(2);
	EXPECT_EQ(pg_call(PG_VM_SET_PAGER, 0, (long)area, 2 * PAGE, endpoint,
			  0), 0);
	EXPECT_EQ(handle_close(endpoint), 0);
	EXPECT(signal_here(read_at, (long)area) != 0);
	EXPECT_EQ(linux_munmap(area, 2 * PAGE), 0);
}

/* Skips the two bytes of UD2, twice; then refuses. */
static int serve_exceptions(void)
{
	struct words words;
	struct pg_regs regs;
	long from = ipc_receive(endpoint, &words);
	unsigned n = 0;

	while (from >= 0 && KMSG_KIND(from) == KMSG_EXCEPTION &&
	       from & IPC_KERNEL) {
		words.w[0] = n++ < 2;
		pg_call(PG_CALLER_GET_REGS, 0, (long)&regs, 0, 0, 0);
		if (regs.vector != 6)
			return 1;
		regs.eip += 2;
		regs.esi = 0x1234;
		pg_call(PG_CALLER_SET_REGS, 0, (long)&regs, 0, 0, 0);
		from = ipc_reply_receive(endpoint, &words);
	}
	ipc_reply(0, &words);
	return from < 0;
}

static void crash_three_times(long handle)
{
	uint32_t esi = 0;

	pg_call(PG_TASK_SET_EXCEPTIONS, 0, handle, 0, 0, 0);
	__asm__ volatile("ud2\n\tud2" : "=S"(esi));
	if (esi != 0x1234)
		linux_exit_group(1);
	__asm__ volatile("ud2");
}

UTEST(exceptions_go_to_who_was_named)
{
	long child;

	PAGODA_ONLY();
	EXPECT(create());
	child = start_server(serve_exceptions);
	EXPECT_EQ(signal_of(crash_three_times, endpoint), SIGILL_NR);
	stop_server(child);
}

/* Answers with the number of the call plus its first argument. For number 999
 * it reads the caller's memory. */
static int serve_calls(void)
{
	struct words words;
	long from = ipc_receive(endpoint, &words);

	while (from >= 0 && from & IPC_KERNEL) {
		uint32_t number = KMSG_NUMBER(from), value = 0;

		if (KMSG_KIND(from) != KMSG_SYSCALL) {
			from = ipc_receive(endpoint, &words);
			continue;
		}
		if (number == 999) {
			pg_call(PG_CALLER_READ, 0, (long)words.w[0],
				(long)&value, 4, 0);
			words.w[0] = value;
		} else {
			words.w[0] += number;
		}
		from = ipc_reply_receive(endpoint, &words);
	}
	ipc_reply(0, &words);
	return from < 0;
}

static void make_unknown_calls(long handle)
{
	uint32_t secret = 4711;
	bool right;

	pg_call(PG_TASK_SET_PERSONALITY, 0, handle, 0, 0, 0);
	right = syscall1(500, 7) == 507 && syscall1(17, 3) == 20 &&
		syscall1(999, (long)&secret) == 4711 &&
		linux_getpid() > 1 &&
		syscall1(0x7fffffff, 1) == -ENOSYS;
	linux_exit_group(right ? 12 : 1);
}

UTEST(unknown_calls_go_to_the_personality)
{
	long child;

	PAGODA_ONLY();
	EXPECT(create());
	child = start_server(serve_calls);
	EXPECT_EQ(exit_of(make_unknown_calls, endpoint), 12);
	stop_server(child);
}
