// SPDX-License-Identifier: MIT
/*
 * call_handles.c - what every call answers to a handle that it cannot use
 *
 * WHAT     The table of calls says which handle a call needs; so it also says
 *          the error for any other handle. Each call is made with each kind of
 *          wrong handle. A new row of the table is tested at once.
 *
 * ALGORITHM  The object behind the handle is a block of zeroes with the type
 *          that the test wants. No call looks at the zeroes, because every call
 *          refuses the object.
 * NOT HERE whether the rows of the table are right: calls.c and tests/user/
 *          make each call with handles that it can use.
 */
#include "kernel/calls/call_rows.h"
#include "lib/errno.h"
#include "mm/slab/kmalloc.h"
#include "tests/tcalls.h"

#define FAKE_SIZE  1024u
#define NO_HANDLE  999u         /* more than a task of a suite has           */

SUITE(call_handles, object_check);

static void no_destroy(struct object *object)
{
}

static const struct object_ops fake_ops = { no_destroy, NULL, NULL };
static struct object *fake;

static void set_up(void)
{
	calls_set_up();
	put_out(&(struct ipc_extras){ 0 }, 0, 0);
	fake = kzalloc(FAKE_SIZE, GFP_KERNEL);
	REQUIRE(fake);
	object_type_init(OBJECT_TEST, &fake_ops);
	object_init(fake, OBJECT_TEST);
}

static void tear_down(void)
{
	EXPECT_EQ(fake->refs, 1);
	object_put(fake);
	kfree(fake);
	calls_tear_down();
}

/* Arguments that every LATE call takes before it looks at the handle. */
static long call_with(unsigned number, uint32_t handle)
{
	uint32_t first = number == PG_HANDLE_DUP ? 0 : USER;

	return call(number, handle, first, 0, 0, 0);
}

/* Arguments that no call takes. */
static long call_badly_with(unsigned number, uint32_t handle)
{
	struct trap_regs regs = {
		.ebx = BAD, .ecx = BAD, .edx = BAD, .esi = BAD, .edi = BAD,
		.ebp = BAD,
	};

	return call_regs(&regs, number, handle);
}

/* Make a call with a handle to an object of this type, with these rights. */
static long answer(long (*make)(unsigned number, uint32_t handle),
		   unsigned number, enum object_type type, unsigned rights)
{
	int handle = handle_add(&client_task->handles, fake, rights);
	long result;

	REQUIRE(handle > 0);
	fake->type = type;
	result = make(number, (uint32_t)handle);
	fake->type = OBJECT_TEST;
	EXPECT_EQ(handle_remove(&client_task->handles, (uint32_t)handle), 0);
	return result;
}

/* The first call from `number` on that looks at a handle; NULL: none. */
static const struct call_row *next_row(unsigned *number)
{
	const struct call_row *row = call_row(*number);

	while (row && row->flags & CALL_NO_HANDLE)
		row = call_row(++*number);
	return row;
}

#define FOR_EACH_ROW(number, row)                                  \
	for (unsigned number = PG_CALL_FIRST;                      \
	     (row = next_row(&number)) != NULL; number++)

KTEST(call_handles, what_is_no_handle_is_ebadf)
{
	const struct call_row *row;
	uint32_t closed;

	set_up();
	closed = (uint32_t)handle_add(&client_task->handles, fake, RIGHTS_ALL);
	EXPECT_EQ(handle_remove(&client_task->handles, closed), 0);
	FOR_EACH_ROW(number, row) {
		if (!(row->flags & CALL_OWN))
			EXPECT_EQ(call_with(number, 0), -EBADF);
		EXPECT_EQ(call_with(number, closed), -EBADF);
		EXPECT_EQ(call_with(number, NO_HANDLE), -EBADF);
		EXPECT_EQ(call_with(number, 0xffff), -EBADF);
	}
	tear_down();
}

KTEST(call_handles, a_handle_of_any_other_type_is_einval)
{
	const struct call_row *row;

	set_up();
	FOR_EACH_ROW(number, row) {
		if (row->type == OBJECT_ANY)
			continue;
		for (unsigned type = 1; type < OBJECT_NR_TYPES; type++)
			if (type != row->type)
				EXPECT_EQ(answer(call_with, number,
						 (enum object_type)type,
						 RIGHTS_ALL), -EINVAL);
	}
	tear_down();
}

KTEST(call_handles, a_handle_without_the_right_is_eperm)
{
	const struct call_row *row;

	set_up();
	FOR_EACH_ROW(number, row) {
		enum object_type type = row->type ? row->type : OBJECT_TEST;

		if (!row->rights)
			continue;
		EXPECT_EQ(answer(call_with, number, type, 0), -EPERM);
		EXPECT_EQ(answer(call_with, number, type,
				 RIGHTS_ALL & ~row->rights), -EPERM);
	}
	tear_down();
}

/* If type and rights are both wrong, the error is that of the type. */
KTEST(call_handles, the_type_is_looked_at_before_the_rights)
{
	const struct call_row *row;

	set_up();
	FOR_EACH_ROW(number, row)
		if (row->type != OBJECT_ANY)
			EXPECT_EQ(answer(call_with, number, OBJECT_TEST, 0),
				  -EINVAL);
	tear_down();
}

KTEST(call_handles, only_late_calls_look_at_their_arguments_first)
{
	const struct call_row *row;

	set_up();
	FOR_EACH_ROW(number, row) {
		enum object_type type = row->type ? row->type : OBJECT_TEST;

		if (row->flags & CALL_LATE)
			continue;
		EXPECT_EQ(call_badly_with(number, NO_HANDLE), -EBADF);
		EXPECT_EQ(answer(call_badly_with, number, OBJECT_TEST, 0),
			  -EINVAL);
		if (row->rights)
			EXPECT_EQ(answer(call_badly_with, number, type,
					 RIGHTS_ALL & ~row->rights), -EPERM);
	}
	EXPECT_EQ(call(PG_HANDLE_DUP, NO_HANDLE, BAD, 0, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_VM_MAP, NO_HANDLE, 0, 0, 0, BAD), -EINVAL);
	EXPECT_EQ(call(PG_PAGE_INFO, NO_HANDLE, BAD, USER, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_CALLER_SET_REGS, NO_HANDLE, BAD, 0, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_IPC_BUFFER, 0, 0, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_SEND_MSG, NO_HANDLE, 0, 0, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_RECEIVE_MSG, NO_HANDLE, 0, 0, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_REPLY_MSG, NO_HANDLE, 0, 0, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_REPLY_RECEIVE_MSG, NO_HANDLE, 0, 0, 0, 0), -EINVAL);
	tear_down();
}

/* A call that needs no handle ignores the number in its place. */
KTEST(call_handles, a_handle_that_no_call_asks_for_is_passed_over)
{
	set_up();
	EXPECT(call(PG_ENDPOINT_CREATE, NO_HANDLE, 0, 0, 0, 0) > 0);
	EXPECT(call(PG_NOTIFICATION_CREATE, NO_HANDLE, 0, 0, 0, 0) > 0);
	EXPECT_EQ(call(PG_REPLY_SAVE, NO_HANDLE, 0, 0, 0, 0), -ESRCH);
	EXPECT_EQ(call(PG_IPC_BUFFER, NO_HANDLE, BUFFER, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_YIELD, NO_HANDLE, 0, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_CLOCK, NO_HANDLE, 0, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_TASK_CREATE, NO_HANDLE, BAD, 0, 0, 0), -EFAULT);
	/* PG_THREAD_CREATE refuses a handle: a task makes only own threads. */
	EXPECT_EQ(call(PG_THREAD_CREATE, NO_HANDLE, 0, 0, 0, 0), -EINVAL);
	tear_down();
}

/* The table cannot say: one of two rights, or a right by argument. */
KTEST(call_handles, two_calls_look_at_more_rights_than_the_table_says)
{
	set_up();
	EXPECT_EQ(answer(call_with, PG_TASK_OPEN, OBJECT_SYSTEM,
			 RIGHTS_ALL & ~(RIGHT_MANAGE | RIGHT_READ)), -EPERM);
	EXPECT_EQ(answer(call_with, PG_TASK_OPEN, OBJECT_SYSTEM,
			 RIGHT_MANAGE), -ESRCH);
	EXPECT_EQ(answer(call_with, PG_TASK_OPEN, OBJECT_SYSTEM,
			 RIGHT_READ), -ESRCH);
	EXPECT_EQ(answer(call_with, PG_IO_PORTS_ALLOW, OBJECT_IO_PORTS,
			 RIGHTS_ALL & ~RIGHT_TRANSFER), -EPERM);
	EXPECT_EQ(answer(call_with, PG_IO_PORTS_ALLOW, OBJECT_IO_PORTS,
			 RIGHT_MANAGE | RIGHT_TRANSFER), -EBADF);
	tear_down();
}
