// SPDX-License-Identifier: MIT
/*
 * partner.h - messages with a child that may die before its answer
 *
 * WHAT     A child can be killed at any time, when memory is short. A test that
 *          waits for it must then end, with a verdict:
 *
 *            partner_serve()    the parent keeps no receiving end: when the
 *                               child dies, calls to it fail
 *            partner_receive()  looks now and then whether the child is there
 *
 * SEE      tests/emu/test_user.py, which makes allocations fail.
 */
#pragma once

#include "tests/user/utest.h"
#include "user/lib/ipc.h"

#define PARTNER_LOOKS_NS  100000000u

/* The child that was found to have ended during another wait. */
static long partner_reaped;
static int partner_status;

static inline bool partner_has_ended(long child)
{
	if (partner_reaped == child)
		return true;
	if (!linux_waitpid((int)child, &partner_status, WNOHANG))
		return false;
	partner_reaped = child;
	return true;
}

static inline void partner_is_missed(void) __noreturn;
static inline void partner_is_missed(void)
{
	printf("    # a child has ended, status 0x%x: no test can go on\n",
	       (unsigned)partner_status);
	exit(1);
}

static inline void partner_wait_ok(long child)
{
	int status = -1;

	if (partner_reaped == child)
		status = partner_status;
	else
		EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 0);
	partner_reaped = 0;
}

/* From now on we can only send to the endpoint. */
static inline void partner_drop_receiving(uint32_t *endpoint)
{
	long to_send = handle_dup(*endpoint, RIGHT_SEND | RIGHT_DUP |
				  RIGHT_TRANSFER | RIGHT_MINT, 0);

	handle_close(*endpoint);
	*endpoint = (uint32_t)utest_started(to_send, "handle");
}

/*
 * Start a server in a child. From now on only the child has the receiving end
 * of `endpoint`. The result of serve() is the child's exit code.
 */
static inline long partner_serve(uint32_t *endpoint, int (*serve)(void))
{
	long child = utest_fork();

	if (!child) {
		ipc_init();
		linux_exit_group(serve());
	}
	partner_drop_receiving(endpoint);
	return child;
}

static inline long partner_receive_for(uint32_t endpoint, uint32_t flags,
				       struct words *words)
{
	struct ipc_msg *buffer = ipc_buffer();
	long received;

	buffer->out.flags = flags;
	buffer->out.deadline = clock_ns() + PARTNER_LOOKS_NS;
	received = message(PG_EAX(PG_RECEIVE_MSG, endpoint), words);
	buffer->out.flags = 0;
	return received;
}

/*
 * ipc_receive() for what this child sends, or the kernel says of it. The child
 * may send something and end: so after its end we look once more.
 */
static inline long partner_receive(long child, uint32_t endpoint,
				   struct words *words)
{
	long received;

	do {
		received = partner_receive_for(endpoint, IPC_DEADLINE, words);
		if (received != -ETIMEDOUT)
			return received;
	} while (!partner_has_ended(child));
	received = partner_receive_for(endpoint, IPC_NONBLOCK, words);
	if (received == -EAGAIN)
		partner_is_missed();
	return received;
}
