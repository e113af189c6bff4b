// SPDX-License-Identifier: MIT
/*
 * messages.c (tests) - messages between tasks: words, handles, pages; and what
 * the kernel asks of servers
 */
#include "lib/errno.h"
#include "lib/failpoint.h"
#include "mm/vm/fault.h"
#include "tests/tcalls.h"

static const char *check(void)
{
	const char *law = object_check();

	if (!law)
		law = task_check();
	return law ? law : vm_check();
}

SUITE(messages, check);

static const struct ipc_extras no_extras;

/* ---- messages ----------------------------------------------------------- */

/* Answers one call with the words backwards. */
static void reverse_one(void)
{
	struct trap_regs regs = { .ebx = 0 }, back = { .ebx = 0 };

	EXPECT_EQ(call_regs(&regs, PG_RECEIVE, server_end), 77);
	back.ebx = regs.ebp;
	back.ecx = regs.edi;
	back.edx = regs.esi;
	back.esi = regs.edx;
	back.edi = regs.ecx;
	back.ebp = regs.ebx;
	EXPECT_EQ(call_regs(&back, PG_REPLY, 0), 0);
	EXPECT_EQ(call_regs(&back, PG_REPLY, 0), -ESRCH);
}

KTEST(messages, words_are_registers_and_the_badge_is_eax)
{
	struct trap_regs regs = {
		.ebx = 1, .ecx = 2, .edx = 3, .esi = 4, .edi = 5, .ebp = 6,
	};

	calls_set_up();
	serve(reverse_one);
	EXPECT_EQ(call_regs(&regs, PG_CALL, client_end), 0);
	EXPECT_EQ(regs.ebx, 6);
	EXPECT_EQ(regs.ecx, 5);
	EXPECT_EQ(regs.edx, 4);
	EXPECT_EQ(regs.esi, 3);
	EXPECT_EQ(regs.edi, 2);
	EXPECT_EQ(regs.ebp, 1);
	calls_tear_down();
}

static void count_up(void)
{
	struct trap_regs regs = { .ebx = 0 };
	long result = call_regs(&regs, PG_RECEIVE, server_end);

	while (result == 77) {
		regs.ebx++;
		result = call_regs(&regs, PG_REPLY_RECEIVE, server_end);
	}
	EXPECT_EQ(result, -EPIPE);
}

KTEST(messages, a_servers_loop_answers_each_call)
{
	struct trap_regs regs = { .ebx = 0 };

	calls_set_up();
	serve(count_up);
	for (unsigned i = 1; i <= 100; i++) {
		EXPECT_EQ(call_regs(&regs, PG_CALL, client_end), 0);
		EXPECT_EQ(regs.ebx, i);
	}
	/* The waiting server loses its only handle to receive: -EPIPE. */
	handle_remove(&server_task->handles, server_end);
	EXPECT(WAIT_UNTIL(served));
	EXPECT_EQ(call_regs(&regs, PG_CALL, client_end), -EPIPE);
	calls_tear_down();
}

KTEST(messages, flags_of_the_buffer_say_how_long_to_wait)
{
	struct ipc_extras out = { .flags = IPC_NONBLOCK };

	calls_set_up();
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -EINVAL);
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -EAGAIN);
	EXPECT_EQ(call(PG_SEND_MSG, client_end, 0, 0, 0, 0), -EAGAIN);
	out.flags = IPC_DEADLINE;
	out.deadline = clock_ns() + NS_PER_TICK;
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -ETIMEDOUT);
	calls_tear_down();
}

KTEST(messages, extras_that_make_no_sense_are_refused)
{
	struct ipc_extras out = { .nr_handles = IPC_MAX_HANDLES + 1 };

	calls_set_up();
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -EINVAL);
	out = (struct ipc_extras){ .nr_handles = 1, .handles = { { 99, 0 } } };
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -EBADF);
	out.handles[0] = (struct ipc_handle){ client_end, RIGHT_RECEIVE };
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -EPERM);
	out = (struct ipc_extras){
		.flags = IPC_PAGES, .page_addr = PAGES + 1, .page_length = 1,
	};
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -EINVAL);
	calls_tear_down();
}

static uint32_t got_handle;

static void take_handle_and_signal(void)
{
	struct ipc_extras in;
	long result;

	put_out(&no_extras, 0, 0);
	result = call(PG_RECEIVE, server_end, 0, 0, 0, 0);
	EXPECT_EQ(result, (IPC_EXTRAS | 77));
	in = get_in();
	EXPECT_EQ(in.nr_handles, 1);
	EXPECT_EQ(in.handles[0].rights, RIGHT_SEND);
	got_handle = in.handles[0].handle;
	EXPECT_EQ(call(PG_NOTIFICATION_SIGNAL, got_handle, 6, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_NOTIFICATION_POLL, got_handle, 6, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_REPLY, 0, 0, 0, 0, 0), 0);
}

KTEST(messages, a_message_carries_a_handle_with_fewer_rights)
{
	struct trap_regs regs = { .ebx = UINT32_MAX };
	uint32_t bell;
	struct ipc_extras out = { .nr_handles = 1 };

	calls_set_up();
	bell = (uint32_t)call(PG_NOTIFICATION_CREATE, 0, 0, 0, 0, 0);
	out.handles[0] = (struct ipc_handle){ bell, RIGHT_SEND };
	put_out(&out, 0, 0);
	serve(take_handle_and_signal);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(call_regs(&regs, PG_NOTIFICATION_POLL, bell), 0);
	EXPECT_EQ(regs.ebx, 6);
	EXPECT(got_handle != 0);
	calls_tear_down();
}

KTEST(messages, a_handle_that_is_moved_leaves_its_sender)
{
	uint32_t bell;
	struct ipc_extras out = { .flags = IPC_MOVE, .nr_handles = 1 };

	calls_set_up();
	bell = (uint32_t)call(PG_NOTIFICATION_CREATE, 0, 0, 0, 0, 0);
	out.handles[0] = (struct ipc_handle){ bell, RIGHT_SEND };
	out.flags |= IPC_NONBLOCK;
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -EAGAIN);
	EXPECT_EQ(call(PG_NOTIFICATION_POLL, bell, 1, 0, 0, 0), 0);
	serve(take_handle_and_signal);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_NOTIFICATION_POLL, bell, 1, 0, 0, 0), -EBADF);
	calls_tear_down();
}

static void take_words_only(void)
{
	/* Without a buffer the handles are dropped; the result has no mark. */
	EXPECT_EQ(call(PG_RECEIVE, server_end, 0, 0, 0, 0), 77);
	EXPECT_EQ(call(PG_REPLY, 0, 0, 0, 0, 0), 0);
}

KTEST(messages, extras_for_a_receiver_without_a_buffer_are_dropped)
{
	struct ipc_extras out = { .nr_handles = 1 };

	calls_set_up();
	out.handles[0] = (struct ipc_handle){ client_end, 0 };
	put_out(&out, 0, 0);
	serve(take_words_only);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(server_task->handles.used, 1);
	calls_tear_down();
}

/* ---- pages -------------------------------------------------------------- */

static long reply_result;

static void write_to_pages(void)
{
	struct ipc_extras in;

	put_out(&no_extras, WINDOW, 0x2000);
	EXPECT_EQ(call(PG_RECEIVE, server_end, 0, 0, 0, 0),
		  (IPC_EXTRAS | 77));
	in = get_in();
	EXPECT(in.flags & IPC_PAGES);
	EXPECT_EQ(in.page_addr, WINDOW);
	EXPECT_EQ(in.page_length, 0x2000);
	EXPECT_EQ(get32(WINDOW + 0x1000), 0x1234);
	put32(WINDOW + 0x1000, 0x5678);
	reply_result = call(PG_REPLY, 0, 0, 0, 0, 0);
}

KTEST(messages, pages_that_are_mapped_are_seen_by_both)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES, .page_addr = PAGES, .page_length = 0x2000,
		.page_prot = PROT_READ | PROT_WRITE,
	};

	calls_set_up();
	put32(PAGES + 0x1000, 0x1234);
	put_out(&out, 0, 0);
	serve(write_to_pages);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(get32(PAGES + 0x1000), 0x5678);
	EXPECT_EQ(reply_result, 0);
	EXPECT_NULL(vm_check());
	calls_tear_down();
}

KTEST(messages, pages_that_are_granted_leave_the_giver)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES | IPC_PAGES_GRANT, .page_addr = PAGES,
		.page_length = 0x2000, .page_prot = PROT_READ | PROT_WRITE,
	};

	calls_set_up();
	put32(PAGES + 0x1000, 0x1234);
	put_out(&out, 0, 0);
	serve(write_to_pages);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(get32(PAGES + 0x1000), 0xfa017);
	EXPECT_NULL(vm_check());
	calls_tear_down();
}

KTEST(messages, a_send_of_pages_waits_until_they_are_taken)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES | IPC_PAGES_GRANT, .page_addr = PAGES,
		.page_length = 0x2000, .page_prot = PROT_READ | PROT_WRITE,
	};

	calls_set_up();
	put32(PAGES + 0x1000, 0x1234);
	put_out(&out, 0, 0);
	serve(write_to_pages);
	EXPECT_EQ(call(PG_SEND_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(get32(PAGES + 0x1000), 0xfa017);
	EXPECT(WAIT_UNTIL(served));
	EXPECT_EQ(reply_result, -ESRCH);
	calls_tear_down();
}

static void reply_with_pages(void)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES | IPC_PAGES_GRANT, .page_addr = PAGES,
		.page_length = 0x1000, .page_prot = PROT_READ,
	};

	put32(PAGES, 0xabcd);
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_RECEIVE, server_end, 0, 0, 0, 0), 77);
	EXPECT_EQ(call(PG_REPLY_MSG, 0, 0, 0, 0, 0), 0);
	EXPECT_EQ(get32(PAGES), 0xfa017);
}

KTEST(messages, a_reply_puts_pages_into_the_callers_window)
{
	struct ipc_extras in;

	calls_set_up();
	EXPECT_EQ(call(PG_VM_MAP, 0, WINDOW, 0x1000, PROT_READ | PROT_WRITE,
		       MAP_FIXED), WINDOW);
	put32(WINDOW, 1);
	put_out(&no_extras, WINDOW, 0x1000);
	serve(reply_with_pages);
	EXPECT_EQ(call(PG_CALL, client_end, 0, 0, 0, 0), IPC_EXTRAS);
	in = get_in();
	EXPECT_EQ(in.flags, (IPC_PAGES | IPC_PAGES_GRANT));
	EXPECT_EQ(in.page_addr, WINDOW);
	EXPECT_EQ(get32(WINDOW), 0xabcd);
	EXPECT(put_user32(UADDR(WINDOW), 1) == -EFAULT);
	EXPECT(WAIT_UNTIL(served));
	calls_tear_down();
}


/* Take any message, and answer with a page of the server. */
static void take_and_give(void)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES | IPC_PAGES_GRANT, .page_addr = PAGES,
		.page_length = 0x1000, .page_prot = PROT_READ,
	};

	put_out(&out, WINDOW, 0x2000);
	if (call(PG_RECEIVE, server_end, 0, 0, 0, 0) < 0)
		return;
	if (call(PG_REPLY_MSG, 0, 0, 0, 0, 0) < 0)
		call(PG_REPLY, 0, 0, 0, 0, 0);
}

/* Make one call; its n-th allocation fails. Returns: whether one failed. */
static bool call_with_failure(unsigned n)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES, .nr_handles = 1, .page_addr = PAGES,
		.page_length = 0x2000, .page_prot = PROT_READ | PROT_WRITE,
	};
	bool failed;
	long result;

	calls_set_up();
	put32(PAGES, 1);
	out.handles[0] = (struct ipc_handle){ client_end, 0 };
	put_out(&out, WINDOW, 0x1000);
	serve(take_and_give);
	failpoint_arm(n);
	result = call(PG_CALL_MSG, client_end, 0, 0, 0, 0);
	failed = failpoint_disarm();
	EXPECT(result >= 0 || result == -ENOMEM);
	EXPECT(failed || result == IPC_EXTRAS);
	handle_remove(&server_task->handles, server_end);
	EXPECT(WAIT_UNTIL(served));
	EXPECT_NULL(vm_check());
	calls_tear_down();
	return failed;
}

KTEST(messages, no_memory_on_the_way_is_an_error_and_no_leak)
{
	unsigned n = 1;

	while (call_with_failure(n) && n < 100)
		n++;
	EXPECT(n > 2 && n < 100);
}

/* ---- the kernel asks ---------------------------------------------------- */

static void page_in(void)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES | IPC_PAGES_GRANT, .page_addr = PAGES,
		.page_length = 0x1000, .page_prot = PROT_READ,
	};
	struct trap_regs regs = { .ebx = 0 };
	long result = call_regs(&regs, PG_RECEIVE, server_end);

	EXPECT(result & IPC_KERNEL);
	EXPECT_EQ(KMSG_KIND(result), KMSG_FAULT);
	EXPECT_EQ(KMSG_PID(result), client_task->pid);
	EXPECT_EQ(regs.ebx, WINDOW + 0x3000);
	EXPECT_EQ(regs.ecx, PROT_READ);
	put32(PAGES + 8, regs.ebx);
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_REPLY_MSG, 0, 1, 0, 0, 0), 0);
	/* The server takes the second request, and ends without an answer. */
	call(PG_RECEIVE, server_end, 0, 0, 0, 0);
}

/* Give the client's area at WINDOW to the server as its pager. */
static void map_with_pager(void)
{
	EXPECT_EQ(call(PG_VM_MAP, 0, WINDOW, 0x8000, PROT_READ | PROT_WRITE,
		       MAP_FIXED), WINDOW);
	EXPECT_EQ(call(PG_VM_SET_PAGER, 0, WINDOW, 0x8000, client_end, 0), 0);
}

KTEST(messages, a_fault_is_a_message_and_the_reply_is_the_page)
{
	calls_set_up();
	map_with_pager();
	serve(page_in);
	EXPECT_EQ(get32(WINDOW + 0x3008), WINDOW + 0x3000);
	EXPECT_EQ(get32(WINDOW + 0x300c), 0);
	/* The page is present now: the pager is not asked again. */
	put32(WINDOW + 0x3008, 5);
	EXPECT_EQ(get32(WINDOW + 0x3008), 5);
	EXPECT_EQ(get32(WINDOW + 0x4000), 0xfa017);
	EXPECT(WAIT_UNTIL(served));
	handle_remove(&server_task->handles, server_end);
	EXPECT_EQ(get32(WINDOW + 0x5000), 0xfa017);
	EXPECT_NULL(vm_check());
	calls_tear_down();
}

static void be_a_personality(void)
{
	struct trap_regs regs = { .ebx = 0 };
	long result = call_regs(&regs, PG_RECEIVE, server_end);

	EXPECT_EQ(KMSG_KIND(result), KMSG_SYSCALL);
	EXPECT_EQ(KMSG_NUMBER(result), 1001);
	EXPECT_EQ(regs.ebx, TEXT);
	EXPECT_EQ(regs.ebp, 6);
	EXPECT_EQ(call(PG_CALLER_READ, 0, TEXT, USER, 4, 0), 0);
	EXPECT_EQ(get32(USER), 0x41414141);
	EXPECT_EQ(call(PG_CALLER_READ, 0, BAD, USER, 4, 0), -EFAULT);
	put32(USER, 0x42424242);
	EXPECT_EQ(call(PG_CALLER_WRITE, 0, TEXT, USER, 4, 0), 0);
	EXPECT_EQ(call(PG_CALLER_SET_REGS, 0, USER, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_REPLY, 0, 4711, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_CALLER_READ, 0, TEXT, USER, 4, 0), -ESRCH);
}

KTEST(messages, an_unknown_call_goes_to_the_personality)
{
	struct trap_regs regs = { .ebx = TEXT, .ebp = 6, .eax = 1001 };

	calls_set_up();
	EXPECT_EQ(call(PG_TASK_SET_PERSONALITY, 0, client_end, 0, 0, 0), 0);
	put32(TEXT, 0x41414141);
	serve(be_a_personality);
	syscall_dispatch(&regs);
	EXPECT_EQ(regs.eax, 4711);
	EXPECT_EQ(regs.ebx, TEXT);
	EXPECT_EQ(get32(TEXT), 0x42424242);
	EXPECT(WAIT_UNTIL(served));
	handle_remove(&server_task->handles, server_end);
	EXPECT_EQ(call(1001, 0, 0, 0, 0, 0), -ENOSYS);
	EXPECT_EQ(call(PG_TASK_SET_PERSONALITY, 0, 0, 0, 0, 0), 0);
	calls_tear_down();
}

TPROGRAM(undefined_then_exit,
	 "movl $1, %ecx; ud2; movl %ecx, %ebx;" TPROGRAM_CALL(252));

/* The test's thread is the server here; the program runs in ring 3. */
static struct task *start_with_exceptions(void)
{
	static const char *const argv[] = { "tprogram", NULL };
	struct object *object;
	struct thread *thread;
	struct task *task;

	REQUIRE(!tprogram_load(&undefined_then_exit, NULL, argv, &task,
			       &thread));
	REQUIRE(!handle_lookup(&client_task->handles, client_end,
			       OBJECT_ENDPOINT, RIGHT_SEND, &object));
	task->exceptions = object_to_endpoint(object);
	REQUIRE(!task_start(task, thread));
	return task;
}

KTEST(messages, an_exception_is_a_message_and_the_reply_says_how_to_go_on)
{
	struct trap_regs regs = { .ebx = 0 };
	struct pg_regs values;
	struct task *task;
	long result;

	calls_set_up();
	task = start_with_exceptions();
	become(server_task);
	result = call_regs(&regs, PG_RECEIVE, server_end);
	EXPECT_EQ(KMSG_KIND(result), KMSG_EXCEPTION);
	EXPECT_EQ(KMSG_PID(result), task->pid);
	EXPECT_EQ(regs.ebx, 6);
	EXPECT_EQ(regs.esi, TPROGRAM_CODE + 5);
	EXPECT_EQ(call(PG_CALLER_GET_REGS, 0, USER, 0, 0, 0), 0);
	REQUIRE(!copy_from_user(&values, UADDR(USER), sizeof(values)));
	EXPECT_EQ(values.ecx, 1);
	EXPECT_EQ(values.eip, TPROGRAM_CODE + 5);
	values.eip += 2;
	values.ecx = 33;
	values.eflags = ~0x100u;        /* the kernel sanitizes them */
	put(USER, &values, sizeof(values));
	EXPECT_EQ(call(PG_CALLER_SET_REGS, 0, USER, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_REPLY, 0, 1, 0, 0, 0), 0);
	become(NULL);
	EXPECT_EQ(tprogram_wait(task), WAIT_EXITED(33));
	become(client_task);
	calls_tear_down();
}

KTEST(messages, an_exception_that_is_refused_kills)
{
	struct task *task;

	calls_set_up();
	task = start_with_exceptions();
	become(server_task);
	EXPECT(call(PG_RECEIVE, server_end, 0, 0, 0, 0) > 0);
	EXPECT_EQ(call(PG_REPLY, 0, 0, 0, 0, 0), 0);
	become(NULL);
	EXPECT_EQ(tprogram_wait(task), WAIT_SIGNALED(SIGILL));
	become(client_task);
	calls_tear_down();
}
