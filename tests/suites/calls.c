// SPDX-License-Identifier: MIT
/*
 * calls.c (tests) - the kernel's own calls, as tasks make them
 *
 * WHAT     The thread of the tests, and others, become threads of a task for a
 *          while: they make calls with registers of their own making, without
 *          going through user mode. What only ring 3 can do is a tprogram.
 */
#include <arch/irq.h>
#include <arch/syscall.h>
#include <arch/uaccess.h>

#include "kernel/ipc/calls.h"
#include "kernel/ipc/ipc.h"
#include "kernel/ipc/notification.h"
#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/vm/fault.h"
#include "tests/threads.h"
#include "tests/tprogram.h"

#define USER    0x10000000u          /* 16 pages of data in each task        */
#define USER_LENGTH  0x10000u
#define BUFFER  USER                 /* struct ipc_msg                       */
#define TEXT    (USER + 0x1000)
#define PAGES   (USER + 0x4000)      /* sent in messages                     */
#define WINDOW  0x20000000u
#define BAD     0xc0100000u          /* of the kernel's                      */

static struct task *client_task, *server_task;
static uint32_t client_end, server_end;   /* handles to one endpoint         */
static unsigned threads_before;
static unsigned long objects_before;

static const char *check(void)
{
	const char *law = object_check();

	if (!law)
		law = task_check();
	return law ? law : vm_check();
}

SUITE(calls, check);

/* ---- being a task ------------------------------------------------------- */

static void become(struct task *task)
{
	current_thread()->task = task;
	memset(&current_thread()->ipc, 0, sizeof(struct ipc_thread));
	thread_set_tables(task ? &task->mm->tables : NULL);
}

static struct task *new_task(const char *name)
{
	struct task *task;

	REQUIRE(task_create(name, NULL, &task) == 0);
	REQUIRE(mm_mmap(task->mm, USER, USER_LENGTH, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED) == USER);
	return task;
}

/* A call; the registers that come back are in *regs. */
static long call_regs(struct trap_regs *regs, unsigned number, uint32_t handle)
{
	regs->eax = PG_EAX(number, handle);
	syscall_dispatch(regs);
	return (long)(int32_t)regs->eax;
}

static long call(unsigned number, uint32_t handle, uint32_t a, uint32_t b,
		 uint32_t c, uint32_t d)
{
	struct trap_regs regs = { .ebx = a, .ecx = b, .edx = c, .esi = d };

	return call_regs(&regs, number, handle);
}

static void put(uint32_t addr, const void *data, uint32_t length)
{
	REQUIRE(copy_to_user(UADDR(addr), data, length) == 0);
}

static void put32(uint32_t addr, uint32_t value)
{
	REQUIRE(put_user32(UADDR(addr), value) == 0);
}

static uint32_t get32(uint32_t addr)
{
	uint32_t value = 0xdead;

	return get_user32(&value, UADDR(addr)) ? 0xfa017 : value;
}

/* Write `out` and the window of the buffer, name the buffer. */
static void put_out(const struct ipc_extras *out, uint32_t window,
		    uint32_t window_length)
{
	struct ipc_msg msg = {
		.out = *out, .window = window, .window_length = window_length,
	};

	put(BUFFER, &msg, sizeof(msg));
	EXPECT_EQ(call(PG_IPC_BUFFER, 0, BUFFER, 0, 0, 0), 0);
}

static struct ipc_extras get_in(void)
{
	struct ipc_extras in;

	memset(&in, 0, sizeof(in));
	REQUIRE(copy_from_user(&in, UADDR(BUFFER + offsetof(struct ipc_msg,
							    in)),
			       sizeof(in)) == 0);
	return in;
}

/* Two tasks; the test is the client's only thread. One endpoint for both. */
static void set_up(void)
{
	struct object *object;
	long handle;

	threads_before = sched_nr_threads();
	objects_before = object_count(OBJECT_ANY);
	client_task = new_task("client");
	server_task = new_task("server");
	become(client_task);
	handle = call(PG_ENDPOINT_CREATE, 0, 0, 0, 0, 0);
	REQUIRE(handle > 0);
	REQUIRE(handle_lookup(&client_task->handles, (uint32_t)handle,
			      OBJECT_ENDPOINT, 0, &object) == 0);
	server_end = (uint32_t)handle_add(&server_task->handles, object,
					  RIGHTS_ALL);
	object_put(object);
	client_end = (uint32_t)call(PG_HANDLE_DUP, (uint32_t)handle,
				    RIGHT_SEND | RIGHT_TRANSFER, 77, 0, 0);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, (uint32_t)handle, 0, 0, 0, 0), 0);
}

static void drop_task(struct task *task)
{
	object_put(&task->object);
}

static void tear_down(void)
{
	become(NULL);
	all_gone(threads_before);
	drop_task(client_task);
	drop_task(server_task);
	EXPECT_EQ(object_count(OBJECT_ANY), objects_before);
	tprogram_settle();
}

/* A thread of the server's task that runs fn(). */
static volatile bool served;

static void server_main(void *arg)
{
	void (*fn)(void) = (void (*)(void))(uintptr_t)arg;

	become(server_task);
	fn();
	ipc_thread_exit(current_thread());
	become(NULL);
	served = true;
}

static void serve(void (*fn)(void))
{
	served = false;
	start("server", PRIORITY_TEST, server_main, (void *)(uintptr_t)fn);
	thread_yield();
}

static const struct ipc_extras nothing;

/* ---- handles and rights ------------------------------------------------- */

KTEST(calls, numbers_that_are_no_calls_are_enosys)
{
	set_up();
	EXPECT_EQ(call(PG_CALL_END, 0, 0, 0, 0, 0), -ENOSYS);
	EXPECT_EQ(call(0xffff, 0xffff, 0, 0, 0, 0), -ENOSYS);
	EXPECT_EQ(call(1000, 0, 0, 0, 0, 0), -ENOSYS);
	/* getpid with something in the upper half is not getpid. */
	EXPECT_EQ(call(20, 1, 0, 0, 0, 0), -ENOSYS);
	tear_down();
}

KTEST(calls, what_is_no_handle_is_refused_by_every_call)
{
	set_up();
	for (unsigned i = PG_CALL_FIRST; i < PG_CALL_END; i++) {
		long result;

		if (i == PG_THREAD_EXIT)
			continue;
		result = call(i, 999, 0, 0, 0, 0);
		if (i == PG_ENDPOINT_CREATE || i == PG_NOTIFICATION_CREATE)
			EXPECT(result > 0);
		else if (i != PG_IPC_BUFFER && i != PG_CLOCK && i != PG_YIELD)
			EXPECT(result < 0);
	}
	tear_down();
}

KTEST(calls, closed_and_duplicated_handles_obey_their_rights)
{
	long fewer;

	set_up();
	EXPECT_EQ(call(PG_HANDLE_DUP, client_end, RIGHT_SEND, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_RECEIVE, client_end, 0, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_HANDLE_DUP, client_end, 0x100, 0, 0, 0), -EINVAL);
	fewer = call(PG_ENDPOINT_CREATE, 0, 0, 0, 0, 0);
	EXPECT_EQ(call(PG_TASK_KILL, (uint32_t)fewer, 0, 0, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, (uint32_t)fewer, 0, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, (uint32_t)fewer, 0, 0, 0, 0), -EBADF);
	tear_down();
}

KTEST(calls, addresses_of_the_kernel_are_bad_addresses)
{
	struct object *object = system_object();
	uint32_t machine;

	set_up();
	machine = (uint32_t)handle_add(&client_task->handles, object,
				       RIGHTS_ALL);
	object_put(object);
	EXPECT_EQ(call(PG_IPC_BUFFER, 0, BAD, 0, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_IPC_BUFFER, 0, 0xbffffff0, 0, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_CREATE, 0, BAD, 0, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_READ, 0, BAD, USER, 16, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_READ, 0, USER, BAD, 16, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_WRITE, 0, BAD, USER, 16, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_WRITE, 0, USER, USER, UINT32_MAX, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_MAPS, 0, 0, BAD, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_PAGE_INFO, 0, BAD, USER, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_PAGE_INFO, 0, USER, BAD, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_INFO, machine, 0, BAD, 0, 0), -ENOENT);
	EXPECT_EQ(call(PG_MEM_INFO, machine, BAD, 0, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_LOG_WRITE, machine, BAD, 10, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_LOG_WRITE, machine, USER, 100000, 0, 0), -E2BIG);
	tear_down();
}

KTEST(calls, the_systems_handle_allows_what_its_rights_say)
{
	struct object *object = system_object();
	uint32_t look, nothing_at_all;

	set_up();
	look = (uint32_t)handle_add(&client_task->handles, object, RIGHT_READ);
	nothing_at_all = (uint32_t)handle_add(&client_task->handles, object,
					      0);
	object_put(object);
	EXPECT_EQ(call(PG_MEM_INFO, look, USER, 0, 0, 0), 0);
	EXPECT_EQ(get32(USER), PAGE_SIZE);
	EXPECT_EQ(call(PG_MEM_INFO, nothing_at_all, USER, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_POWER_OFF, look, 0, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_LOG_WRITE, look, USER, 1, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_TASK_OPEN, nothing_at_all, 1, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_IRQ_CREATE, look, 5, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_IO_PORTS_CREATE, look, 0, 1, 0, 0), -EPERM);
	tear_down();
}

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

KTEST(calls, words_are_registers_and_the_badge_is_eax)
{
	struct trap_regs regs = {
		.ebx = 1, .ecx = 2, .edx = 3, .esi = 4, .edi = 5, .ebp = 6,
	};

	set_up();
	serve(reverse_one);
	EXPECT_EQ(call_regs(&regs, PG_CALL, client_end), 0);
	EXPECT_EQ(regs.ebx, 6);
	EXPECT_EQ(regs.ecx, 5);
	EXPECT_EQ(regs.edx, 4);
	EXPECT_EQ(regs.esi, 3);
	EXPECT_EQ(regs.edi, 2);
	EXPECT_EQ(regs.ebp, 1);
	tear_down();
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

KTEST(calls, a_servers_loop_answers_each_call)
{
	struct trap_regs regs = { .ebx = 0 };

	set_up();
	serve(count_up);
	for (unsigned i = 1; i <= 100; i++) {
		EXPECT_EQ(call_regs(&regs, PG_CALL, client_end), 0);
		EXPECT_EQ(regs.ebx, i);
	}
	/* The server's only handle to receive: it is told. */
	handle_remove(&server_task->handles, server_end);
	EXPECT(WAIT_UNTIL(served));
	EXPECT_EQ(call_regs(&regs, PG_CALL, client_end), -EPIPE);
	tear_down();
}

KTEST(calls, flags_of_the_buffer_say_how_long_to_wait)
{
	struct ipc_extras out = { .flags = IPC_NONBLOCK };

	set_up();
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -EINVAL);
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -EAGAIN);
	EXPECT_EQ(call(PG_SEND_MSG, client_end, 0, 0, 0, 0), -EAGAIN);
	out.flags = IPC_DEADLINE;
	out.deadline = clock_ns() + NS_PER_TICK;
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -ETIMEDOUT);
	tear_down();
}

KTEST(calls, extras_that_make_no_sense_are_refused)
{
	struct ipc_extras out = { .nr_handles = IPC_MAX_HANDLES + 1 };

	set_up();
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
	tear_down();
}

static uint32_t got_handle;

static void take_handle_and_signal(void)
{
	struct ipc_extras in;
	long result;

	put_out(&nothing, 0, 0);
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

KTEST(calls, a_message_carries_a_handle_with_fewer_rights)
{
	struct trap_regs regs = { .ebx = UINT32_MAX };
	uint32_t bell;
	struct ipc_extras out = { .nr_handles = 1 };

	set_up();
	bell = (uint32_t)call(PG_NOTIFICATION_CREATE, 0, 0, 0, 0, 0);
	out.handles[0] = (struct ipc_handle){ bell, RIGHT_SEND };
	put_out(&out, 0, 0);
	serve(take_handle_and_signal);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(call_regs(&regs, PG_NOTIFICATION_POLL, bell), 0);
	EXPECT_EQ(regs.ebx, 6);
	EXPECT(got_handle != 0);
	tear_down();
}

KTEST(calls, a_handle_that_is_moved_leaves_its_sender)
{
	uint32_t bell;
	struct ipc_extras out = { .flags = IPC_MOVE, .nr_handles = 1 };

	set_up();
	bell = (uint32_t)call(PG_NOTIFICATION_CREATE, 0, 0, 0, 0, 0);
	out.handles[0] = (struct ipc_handle){ bell, RIGHT_SEND };
	out.flags |= IPC_NONBLOCK;
	put_out(&out, 0, 0);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), -EAGAIN);
	EXPECT_EQ(call(PG_NOTIFICATION_POLL, bell, 1, 0, 0, 0), 0);
	serve(take_handle_and_signal);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_NOTIFICATION_POLL, bell, 1, 0, 0, 0), -EBADF);
	tear_down();
}

static void take_words_only(void)
{
	/* No buffer: what comes is dropped, and the result does not say so. */
	EXPECT_EQ(call(PG_RECEIVE, server_end, 0, 0, 0, 0), 77);
	EXPECT_EQ(call(PG_REPLY, 0, 0, 0, 0, 0), 0);
}

KTEST(calls, extras_for_a_receiver_without_a_buffer_are_dropped)
{
	struct ipc_extras out = { .nr_handles = 1 };

	set_up();
	out.handles[0] = (struct ipc_handle){ client_end, 0 };
	put_out(&out, 0, 0);
	serve(take_words_only);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(server_task->handles.used, 1);
	tear_down();
}

/* ---- pages -------------------------------------------------------------- */

static long reply_result;

static void write_to_pages(void)
{
	struct ipc_extras in;

	put_out(&nothing, WINDOW, 0x2000);
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

KTEST(calls, pages_that_are_mapped_are_seen_by_both)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES, .page_addr = PAGES, .page_length = 0x2000,
		.page_prot = PROT_READ | PROT_WRITE,
	};

	set_up();
	put32(PAGES + 0x1000, 0x1234);
	put_out(&out, 0, 0);
	serve(write_to_pages);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(get32(PAGES + 0x1000), 0x5678);
	EXPECT_EQ(reply_result, 0);
	EXPECT_NULL(vm_check());
	tear_down();
}

KTEST(calls, pages_that_are_granted_leave_the_giver)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES | IPC_PAGES_GRANT, .page_addr = PAGES,
		.page_length = 0x2000, .page_prot = PROT_READ | PROT_WRITE,
	};

	set_up();
	put32(PAGES + 0x1000, 0x1234);
	put_out(&out, 0, 0);
	serve(write_to_pages);
	EXPECT_EQ(call(PG_CALL_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(get32(PAGES + 0x1000), 0xfa017);
	EXPECT_NULL(vm_check());
	tear_down();
}

KTEST(calls, a_send_of_pages_waits_until_they_are_taken)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES | IPC_PAGES_GRANT, .page_addr = PAGES,
		.page_length = 0x2000, .page_prot = PROT_READ | PROT_WRITE,
	};

	set_up();
	put32(PAGES + 0x1000, 0x1234);
	put_out(&out, 0, 0);
	serve(write_to_pages);
	EXPECT_EQ(call(PG_SEND_MSG, client_end, 0, 0, 0, 0), 0);
	EXPECT_EQ(get32(PAGES + 0x1000), 0xfa017);
	EXPECT(WAIT_UNTIL(served));
	EXPECT_EQ(reply_result, -ESRCH);
	tear_down();
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

KTEST(calls, a_reply_puts_pages_into_the_callers_window)
{
	struct ipc_extras in;

	set_up();
	EXPECT_EQ(call(PG_VM_MAP, 0, WINDOW, 0x1000, PROT_READ | PROT_WRITE,
		       MAP_FIXED), WINDOW);
	put32(WINDOW, 1);
	put_out(&nothing, WINDOW, 0x1000);
	serve(reply_with_pages);
	EXPECT_EQ(call(PG_CALL, client_end, 0, 0, 0, 0), IPC_EXTRAS);
	in = get_in();
	EXPECT_EQ(in.flags, (IPC_PAGES | IPC_PAGES_GRANT));
	EXPECT_EQ(in.page_addr, WINDOW);
	EXPECT_EQ(get32(WINDOW), 0xabcd);
	EXPECT(put_user32(UADDR(WINDOW), 1) == -EFAULT);
	EXPECT(WAIT_UNTIL(served));
	tear_down();
}


/* Takes whatever came, and answers with a page of its own. */
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

/* One call of which the n-th allocation fails. Returns: whether one did. */
static bool call_with_failure(unsigned n)
{
	struct ipc_extras out = {
		.flags = IPC_PAGES, .nr_handles = 1, .page_addr = PAGES,
		.page_length = 0x2000, .page_prot = PROT_READ | PROT_WRITE,
	};
	bool failed;
	long result;

	set_up();
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
	tear_down();
	return failed;
}

KTEST(calls, no_memory_on_the_way_is_an_error_and_no_leak)
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
	/* The second page is refused, without an answer even. */
	call(PG_RECEIVE, server_end, 0, 0, 0, 0);
}

/* Give the client's area at WINDOW to the server as its pager. */
static void map_with_pager(void)
{
	EXPECT_EQ(call(PG_VM_MAP, 0, WINDOW, 0x8000, PROT_READ | PROT_WRITE,
		       MAP_FIXED), WINDOW);
	EXPECT_EQ(call(PG_VM_SET_PAGER, 0, WINDOW, 0x8000, client_end, 0), 0);
}

KTEST(calls, a_fault_is_a_message_and_the_reply_is_the_page)
{
	set_up();
	map_with_pager();
	serve(page_in);
	EXPECT_EQ(get32(WINDOW + 0x3008), WINDOW + 0x3000);
	EXPECT_EQ(get32(WINDOW + 0x300c), 0);
	/* Present now: nobody is asked any more. */
	put32(WINDOW + 0x3008, 5);
	EXPECT_EQ(get32(WINDOW + 0x3008), 5);
	EXPECT_EQ(get32(WINDOW + 0x4000), 0xfa017);
	EXPECT(WAIT_UNTIL(served));
	handle_remove(&server_task->handles, server_end);
	EXPECT_EQ(get32(WINDOW + 0x5000), 0xfa017);
	EXPECT_NULL(vm_check());
	tear_down();
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

KTEST(calls, an_unknown_call_goes_to_the_personality)
{
	struct trap_regs regs = { .ebx = TEXT, .ebp = 6, .eax = 1001 };

	set_up();
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
	tear_down();
}

TPROGRAM(undefined_then_exit,
	 "movl $1, %ecx; ud2; movl %ecx, %ebx;" TPROGRAM_CALL(252));

/* The test's thread is the server here; the program is a real one. */
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

KTEST(calls, an_exception_is_a_message_and_the_reply_says_how_to_go_on)
{
	struct trap_regs regs = { .ebx = 0 };
	struct pg_regs values;
	struct task *task;
	long result;

	set_up();
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
	values.eflags = ~0x100u;        /* the kernel keeps what it must */
	put(USER, &values, sizeof(values));
	EXPECT_EQ(call(PG_CALLER_SET_REGS, 0, USER, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_REPLY, 0, 1, 0, 0, 0), 0);
	become(NULL);
	EXPECT_EQ(tprogram_wait(task), WAIT_EXITED(33));
	become(client_task);
	tear_down();
}

KTEST(calls, an_exception_that_is_refused_kills)
{
	struct task *task;

	set_up();
	task = start_with_exceptions();
	become(server_task);
	EXPECT(call(PG_RECEIVE, server_end, 0, 0, 0, 0) > 0);
	EXPECT_EQ(call(PG_REPLY, 0, 0, 0, 0, 0), 0);
	become(NULL);
	EXPECT_EQ(tprogram_wait(task), WAIT_SIGNALED(SIGILL));
	become(client_task);
	tear_down();
}

/* ---- tasks -------------------------------------------------------------- */

KTEST(calls, a_task_is_shaped_and_read_through_its_handle)
{
	uint32_t task;

	set_up();
	put(TEXT, "child", 6);
	task = (uint32_t)call(PG_TASK_CREATE, 0, TEXT, 0, 0, 0);
	REQUIRE((int32_t)task > 0);
	EXPECT_EQ(call(PG_VM_MAP, task, WINDOW, 0x2000,
		       PROT_READ | PROT_WRITE, MAP_FIXED), WINDOW);
	put32(USER, 99);
	EXPECT_EQ(call(PG_TASK_WRITE, task, WINDOW + 0xffe, USER, 4, 0), 0);
	EXPECT_EQ(call(PG_TASK_READ, task, WINDOW + 0xffe, USER + 4, 4, 0), 0);
	EXPECT_EQ(get32(USER + 4), 99);
	EXPECT_EQ(call(PG_TASK_READ, task, USER, USER, 4, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_MAPS, task, 0, USER, 0, 0), 0);
	EXPECT_EQ(get32(USER), WINDOW);
	EXPECT_EQ(get32(USER + 4), WINDOW + 0x2000);
	EXPECT_EQ(call(PG_TASK_MAPS, task, WINDOW + 0x2000, USER, 0, 0),
		  -ENOENT);
	EXPECT_EQ(call(PG_VM_UNMAP, task, WINDOW, 0x2000, 0, 0), 0);
	EXPECT_EQ(call(PG_TASK_WRITE, task, WINDOW, USER, 4, 0), -EFAULT);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, task, 0, 0, 0, 0), 0);
	tear_down();
}

KTEST(calls, vm_map_takes_only_flags_of_anonymous_memory)
{
	set_up();
	EXPECT_EQ(call(PG_VM_MAP, 0, 0, 0x1000, PROT_READ, 0x80000000),
		  -EINVAL);
	EXPECT_EQ(call(PG_VM_MAP, 0, 0, 0x1000, PROT_READ, 3), -EINVAL);
	EXPECT_EQ(call(PG_VM_MAP, 0, 0, 0, PROT_READ, 0), -EINVAL);
	EXPECT(call(PG_VM_MAP, 0, 0xc0000000, 0x1000, PROT_READ, MAP_FIXED)
	       < 0);
	tear_down();
}

/* A file around a program, in pages, as a memory object of the client's. */
static struct page *archive_pages;

static uint32_t give_memory_object(const void *data, uint32_t size)
{
	struct object *object;
	uint32_t handle;

	archive_pages = alloc_pages(GFP_KERNEL | GFP_ZERO, 1);
	REQUIRE(archive_pages);
	memcpy(page_address(archive_pages), data, size);
	object = memory_object_create(page_address(archive_pages), size);
	REQUIRE(object);
	handle = (uint32_t)handle_add(&client_task->handles, object,
				      RIGHT_READ);
	object_put(object);
	return handle;
}

KTEST(calls, a_memory_object_can_be_read)
{
	uint32_t memory;

	set_up();
	memory = give_memory_object("abcdefgh", 8);
	EXPECT_EQ(call(PG_MEMORY_SIZE, memory, 0, 0, 0, 0), 8);
	EXPECT_EQ(call(PG_MEMORY_READ, memory, 4, USER, 100, 0), 4);
	EXPECT_EQ(get32(USER), 0x68676665);
	EXPECT_EQ(call(PG_MEMORY_READ, memory, 9, USER, 100, 0), 0);
	EXPECT_EQ(call(PG_MEMORY_READ, memory, UINT32_MAX, USER, UINT32_MAX,
		       0), 0);
	EXPECT_EQ(call(PG_MEMORY_READ, memory, 0, BAD, 4, 0), -EFAULT);
	tear_down();
	free_pages(archive_pages, 1);
}

KTEST(calls, a_mapped_memory_object_cannot_be_changed)
{
	uint32_t memory;
	long at;

	set_up();
	memory = give_memory_object("abcdefgh", 8);
	at = call(PG_MEMORY_MAP, memory, 0, 0, 0, 0);
	REQUIRE((uint32_t)at < PAGE_OFFSET);
	EXPECT_EQ(get32((uint32_t)at), 0x64636261);
	EXPECT_EQ(put_user32(UADDR((uint32_t)at), 1), -EFAULT);
	EXPECT_EQ(mm_mprotect(client_task->mm, (uint32_t)at, PAGE_SIZE,
			      PROT_READ | PROT_WRITE), 0);
	EXPECT_NULL(vm_check());
	put32((uint32_t)at, 1);         /* a copy */
	EXPECT_EQ(get32((uint32_t)at), 1);
	EXPECT(!memcmp(page_address(archive_pages), "abcdefgh", 8));
	EXPECT_NULL(vm_check());
	tear_down();
	EXPECT_EQ(archive_pages->refs, 1);
	free_pages(archive_pages, 1);
}

/* Exits with what NOTIFICATION_POLL of its handle 2 gives in EBX. */
TPROGRAM(exits_with_bits,
	 "movl $-1, %ebx; movl $(2 << 16 | 1046), %eax; int $0x80;"
	 TPROGRAM_CALL(252));

static uint32_t give_program(const struct tprogram *program, uint32_t *size)
{
	const uint8_t *image = tprogram_image(program, size);
	struct object *object = memory_object_create(image, *size);
	uint32_t handle;

	REQUIRE(image && object);
	handle = (uint32_t)handle_add(&client_task->handles, object,
				      RIGHT_READ);
	object_put(object);
	return handle;
}

/* Start a task as *how says. Returns: its handle, or the error. */
static long start_task(const struct task_start *how)
{
	uint32_t task;
	long result;

	put(TEXT, "child", 6);
	put(USER, how, sizeof(*how));
	task = (uint32_t)call(PG_TASK_CREATE, 0, TEXT, 0, 0, 0);
	REQUIRE((int32_t)task > 0);
	result = call(PG_TASK_START, task, USER, 0, 0, 0);
	if (!result)
		return (long)task;
	EXPECT_EQ(call(PG_HANDLE_CLOSE, task, 0, 0, 0, 0), 0);
	return result;
}

static long wait_task(uint32_t task, uint32_t *status)
{
	struct trap_regs regs = { .ebx = UINT32_MAX, .ecx = UINT32_MAX };
	long result = call_regs(&regs, PG_TASK_WAIT, task);

	*status = regs.ebx;
	return result;
}

KTEST(calls, a_started_task_has_the_handles_it_was_given)
{
	uint32_t bell, handles[2], status = 0;
	struct task_start how = {
		.args = TEXT, .args_length = 6, .handles = PAGES,
		.nr_handles = 2,
	};
	long task;

	set_up();
	bell = (uint32_t)call(PG_NOTIFICATION_CREATE, 0, 0, 0, 0, 0);
	EXPECT_EQ(call(PG_NOTIFICATION_SIGNAL, bell, 9, 0, 0, 0), 0);
	handles[0] = 0;
	handles[1] = bell;
	put(PAGES, handles, sizeof(handles));
	how.memory = give_program(&exits_with_bits, &how.length);
	task = start_task(&how);
	REQUIRE(task > 0);
	EXPECT_EQ(call(PG_TASK_START, (uint32_t)task, USER, 0, 0, 0), -EBUSY);
	EXPECT_EQ(wait_task((uint32_t)task, &status), 0);
	EXPECT_EQ(status, WAIT_EXITED(9));
	EXPECT_EQ(call(PG_TASK_READ, (uint32_t)task, TPROGRAM_CODE, USER, 4,
		       0), -ESRCH);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, (uint32_t)task, 0, 0, 0, 0), 0);
	tear_down();
	tprogram_image_free();
}

KTEST(calls, a_start_that_makes_no_sense_is_refused)
{
	struct task_start how = { .args = TEXT, .args_length = 6 };
	struct task_start bad;

	set_up();
	how.memory = give_program(&exits_with_bits, &how.length);
	bad = how;
	bad.memory = client_end;
	EXPECT_EQ(start_task(&bad), -EINVAL);
	bad = how;
	bad.offset = how.length + 1;
	EXPECT_EQ(start_task(&bad), -EINVAL);
	bad.offset = 1;
	bad.length = UINT32_MAX;
	EXPECT_EQ(start_task(&bad), -EINVAL);
	bad.length = 16;
	EXPECT_EQ(start_task(&bad), -ENOEXEC);
	bad = how;
	bad.args_length = 3;            /* ends in the middle of a text */
	EXPECT_EQ(start_task(&bad), -EINVAL);
	bad.args_length = TASK_START_ARGS + 1;
	EXPECT_EQ(start_task(&bad), -E2BIG);
	bad = how;
	bad.args = BAD;
	EXPECT_EQ(start_task(&bad), -EFAULT);
	bad = how;
	bad.nr_handles = TASK_START_HANDLES + 1;
	EXPECT_EQ(start_task(&bad), -E2BIG);
	bad = how;
	bad.priority = PRIORITY_KERNEL;
	EXPECT_EQ(start_task(&bad), -EINVAL);
	tear_down();
	tprogram_image_free();
}

TPROGRAM(runs_for_ever, "1: jmp 1b;");

KTEST(calls, a_task_can_be_killed_and_a_wait_has_a_deadline)
{
	struct task_start how = { .args = TEXT, .args_length = 6 };
	uint64_t deadline = clock_ns() + 2 * NS_PER_TICK;
	uint32_t status = 0;
	long task;

	set_up();
	how.memory = give_program(&runs_for_ever, &how.length);
	task = start_task(&how);
	REQUIRE(task > 0);
	EXPECT_EQ(call(PG_TASK_WAIT, (uint32_t)task, (uint32_t)deadline,
		       (uint32_t)(deadline >> 32), 0, 0), -ETIMEDOUT);
	EXPECT_EQ(call(PG_TASK_WAIT, 0, 0, 0, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_TASK_KILL, (uint32_t)task, 9, 0, 0, 0), 0);
	EXPECT_EQ(wait_task((uint32_t)task, &status), 0);
	EXPECT_EQ(status, 9);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, (uint32_t)task, 0, 0, 0, 0), 0);
	tear_down();
	tprogram_image_free();
}

/* ---- devices ------------------------------------------------------------ */

#define FREE_IRQ  5

static uint32_t system_handle(void)
{
	struct object *object = system_object();
	int handle = handle_add(&client_task->handles, object, RIGHTS_ALL);

	object_put(object);
	return (uint32_t)handle;
}

KTEST(calls, an_interrupt_sets_bits_and_waits_for_its_ack)
{
	struct trap_regs regs = { .ebx = UINT32_MAX };
	uint32_t machine, bell, irq;

	set_up();
	machine = system_handle();
	bell = (uint32_t)call(PG_NOTIFICATION_CREATE, 0, 0, 0, 0, 0);
	EXPECT_EQ(call(PG_IRQ_CREATE, machine, NR_IRQS, bell, 1, 0), -EINVAL);
	EXPECT_EQ(call(PG_IRQ_CREATE, machine, IRQ_TIMER, bell, 1, 0), -EBUSY);
	irq = (uint32_t)call(PG_IRQ_CREATE, machine, FREE_IRQ, bell, 8, 0);
	REQUIRE((int32_t)irq > 0);
	EXPECT_EQ(call(PG_IRQ_CREATE, machine, FREE_IRQ, bell, 1, 0), -EBUSY);
	EXPECT_EQ(call(PG_IRQ_ACK, irq, 0, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_IRQ_ACK, bell, 0, 0, 0, 0), -EINVAL);
	irq_mask(FREE_IRQ);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, irq, 0, 0, 0, 0), 0);
	EXPECT_EQ(irq_set_handler(FREE_IRQ, NULL, NULL), 0);
	EXPECT_EQ(call_regs(&regs, PG_NOTIFICATION_POLL, bell), 0);
	EXPECT_EQ(regs.ebx, 0);
	tear_down();
}

KTEST(calls, ports_are_allowed_one_by_one)
{
	uint32_t machine, ports;

	set_up();
	machine = system_handle();
	EXPECT_EQ(call(PG_IO_PORTS_CREATE, machine, 65536, 1, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_IO_PORTS_CREATE, machine, 65535, 2, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_IO_PORTS_CREATE, machine, 1, UINT32_MAX, 0, 0),
		  -EINVAL);
	EXPECT_EQ(call(PG_IO_PORTS_CREATE, machine, 1, 0, 0, 0), -EINVAL);
	ports = (uint32_t)call(PG_IO_PORTS_CREATE, machine, 0x3f8, 8, 0, 0);
	REQUIRE((int32_t)ports > 0);
	EXPECT(!client_task->io_ports);
	EXPECT_EQ(call(PG_IO_PORTS_ALLOW, ports, 0, 0, 0, 0), 0);
	REQUIRE(client_task->io_ports);
	EXPECT_EQ(client_task->io_ports[0x3f8 / 8], 0xff);
	EXPECT_EQ(client_task->io_ports[0x3f0 / 8], 0);
	EXPECT_EQ(client_task->io_ports[0x400 / 8], 0);
	tear_down();
}

