// SPDX-License-Identifier: MIT
/*
 * tcalls.h - make the kernel's own calls in a suite, as a task
 *
 * WHAT     The thread of the tests, and other threads, become threads of a task
 *          for a while. They fill the registers of a call themselves and do not
 *          go through user mode.
 *
 *            calls_set_up();
 *            EXPECT_EQ(call(PG_YIELD, 0, 0, 0, 0, 0), 0);
 *            calls_tear_down();
 *
 * NOT HERE what only ring 3 can do: tests/tprogram.h.
 */
#pragma once

#include <arch/layout.h>
#include <arch/syscall.h>
#include <arch/uaccess.h>

#include "kernel/calls/calls.h"
#include "kernel/calls/memory_object.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "tests/threads.h"
#include "tests/tprogram.h"

#define USER         0x10000000u     /* 16 pages of data in each task        */
#define USER_LENGTH  0x10000u
#define BUFFER       USER            /* struct ipc_msg                       */
#define TEXT         (USER + 0x1000)
#define PAGES        (USER + 0x4000) /* sent in messages                     */
#define WINDOW       0x20000000u
#define BAD          0xc0100000u     /* an address of the kernel             */

static struct task *client_task, *server_task;
static uint32_t client_end, server_end;   /* handles to one endpoint         */
static unsigned threads_before;
static unsigned long objects_before;

static inline void become(struct task *task)
{
	current_thread()->task = task;
	memset(&current_thread()->ipc, 0, sizeof(struct ipc_thread));
	thread_set_tables(task ? &task->mm->tables : NULL);
}

static inline struct task *new_task(const char *name)
{
	struct task *task;

	REQUIRE(task_create(name, NULL, &task) == 0);
	REQUIRE(mm_mmap(task->mm, UADDR(USER), USER_LENGTH,
			PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED) == USER);
	return task;
}

/* A call; the registers that come back are in *regs. */
static inline long call_regs(struct trap_regs *regs, unsigned number,
			     uint32_t handle)
{
	regs->eax = PG_EAX(number, handle);
	syscall_dispatch(regs);
	return (long)(int32_t)regs->eax;
}

static inline long call(unsigned number, uint32_t handle, uint32_t a,
			uint32_t b, uint32_t c, uint32_t d)
{
	struct trap_regs regs = { .ebx = a, .ecx = b, .edx = c, .esi = d };

	return call_regs(&regs, number, handle);
}

static inline void put(uint32_t addr, const void *data, uint32_t length)
{
	REQUIRE(copy_to_user(UADDR(addr), data, length) == 0);
}

static inline void put32(uint32_t addr, uint32_t value)
{
	REQUIRE(put_user32(UADDR(addr), value) == 0);
}

static inline uint32_t get32(uint32_t addr)
{
	uint32_t value = 0xdead;

	return get_user32(&value, UADDR(addr)) ? 0xfa017 : value;
}

/* Write `out` and the window into the buffer, and register the buffer. */
static inline void put_out(const struct ipc_extras *out, uint32_t window,
		    uint32_t window_length)
{
	struct ipc_msg msg = {
		.out = *out, .window = window, .window_length = window_length,
	};

	put(BUFFER, &msg, sizeof(msg));
	EXPECT_EQ(call(PG_IPC_BUFFER, 0, BUFFER, 0, 0, 0), 0);
}

static inline struct ipc_extras get_in(void)
{
	struct ipc_extras in;

	memset(&in, 0, sizeof(in));
	REQUIRE(copy_from_user(&in, UADDR(BUFFER + offsetof(struct ipc_msg,
							    in)),
			       sizeof(in)) == 0);
	return in;
}

/* Two tasks; the test is the client's only thread. One endpoint for both. */
static inline void calls_set_up(void)
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

/* Handles first: they may name tasks that have handles to this task. */
static inline void drop_task(struct task *task)
{
	handle_table_destroy(&task->handles);
	object_put(&task->object);
}

static inline void calls_tear_down(void)
{
	become(NULL);
	all_gone(threads_before);
	drop_task(client_task);
	drop_task(server_task);
	EXPECT_EQ(object_count(OBJECT_ANY), objects_before);
	tprogram_settle();
}

/* Has the thread of the last serve() ended? */
static volatile bool served;

static inline void server_main(void *arg)
{
	void (*fn)(void) = (void (*)(void))(uintptr_t)arg;

	become(server_task);
	fn();
	reply_slot_fail(&current_thread()->ipc.owes, -EPIPE);
	become(NULL);
	served = true;
}

/* Run fn() in a thread of the server's task. */
static inline void serve(void (*fn)(void))
{
	served = false;
	start("server", PRIORITY_TEST, server_main, (void *)(uintptr_t)fn);
	thread_yield();
}

