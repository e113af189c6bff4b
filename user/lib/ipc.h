// SPDX-License-Identifier: MIT
/*
 * ipc.h - messages and handles, for programs
 *
 * WHAT     The calls of kernel/uapi/pagoda.h as functions. They return what the
 *          kernel returns: a negative errno is an error.
 *
 * PICTURE    client                          server
 *            ipc_call(server, &words)  --->  ipc_receive(endpoint, &words)
 *                                            ...
 *            words: the answer         <---  ipc_reply_receive(endpoint, ...)
 *
 * TERMS    words    six numbers in each direction; by habit words.w[0] is the
 *                   operation in a call, and the result in the answer
 *          buffer   has the handles and pages of messages; one for each thread
 * SEE      user/lib/protocol.h for the messages; syscall.h for plain calls.
 */
#pragma once

#include "kernel/uapi/pagoda.h"
#include "user/lib/syscall.h"

struct words {
	uint32_t w[IPC_NR_WORDS];
};

/*
 * One of Pagoda's calls, with six words in each direction. Returns: EAX. The
 * first use of `message` chooses one of the two functions below:
 * message_sysenter() if the CPU has SYSENTER.
 */
typedef long (*message_fn)(uint32_t eax, struct words *words);
extern message_fn message;
long message_int(uint32_t eax, struct words *words);
long message_sysenter(uint32_t eax, struct words *words);

/* Is SYSENTER there? */
bool cpu_has_sysenter(void);

/* One of Pagoda's calls, with plain arguments. */
static inline long pg_call(unsigned number, uint32_t handle, long a, long b,
			   long c, long d)
{
	return syscall4((long)PG_EAX(number, handle), a, b, c, d);
}

static inline long ipc_call(uint32_t endpoint, struct words *words)
{
	return message(PG_EAX(PG_CALL, endpoint), words);
}

/* These two return EAX after receiving: badge, IPC_EXTRAS, IPC_KERNEL. */
static inline long ipc_receive(uint32_t endpoint, struct words *words)
{
	return message(PG_EAX(PG_RECEIVE, endpoint), words);
}

static inline long ipc_reply_receive(uint32_t endpoint, struct words *words)
{
	return message(PG_EAX(PG_REPLY_RECEIVE, endpoint), words);
}

/* reply: a reply handle, or 0: the caller that is owed a reply now. */
static inline long ipc_reply(uint32_t reply, struct words *words)
{
	return message(PG_EAX(PG_REPLY, reply), words);
}

static inline long ipc_reply_save(void)
{
	return pg_call(PG_REPLY_SAVE, 0, 0, 0, 0, 0);
}

/* Returns: 0; -ESRCH: the caller has ended, or does not wait any more. */
static inline long reply_check(uint32_t reply)
{
	return pg_call(PG_REPLY_CHECK, reply, 0, 0, 0, 0);
}

/* The buffer of the first thread. The first use tells the kernel where it is.
 * After fork() a child calls ipc_init() before its first message. */
struct ipc_msg *ipc_buffer(void);
void ipc_init(void);

/* The same with extras: the handles and pages in `out` go with it, once. */
long ipc_call_msg(uint32_t endpoint, struct words *words);
long ipc_reply_receive_msg(uint32_t endpoint, struct words *words);
long ipc_reply_msg(uint32_t reply, struct words *words);

/* Add to the next _msg call: a handle with these rights (0: all of the handle's
 * rights), or pages. */
void ipc_attach_handle(uint32_t handle, uint32_t rights);
void ipc_attach_pages(const void *addr, size_t length, unsigned prot,
		      bool grant);

/*
 * A server's step: answer, and receive the next message, as
 * ipc_reply_receive_msg() does. If memory or a right is missing for the answer,
 * the client gets this error instead, without extras: so no client can end the
 * server's loop.
 */
long ipc_serve(uint32_t endpoint, struct words *words);

/*
 * From now on a message brings at most so many bytes of pages. If a message has
 * more, none of its pages come. 0, as at the beginning: no pages come.
 */
void ipc_accept_pages(size_t length);

/*
 * What came with the last message. `received` is the result of that receive or
 * call.
 *
 *   ipc_pages        its pages, which can be read; NULL: none
 *   ipc_take_handle  its first handle; 0: none. The caller owns it from then on
 *   ipc_drop         free the pages, and close the handles that were not taken:
 *                    a client may send anything
 *
 * The sender cannot take pages or handles back. But it can change the contents
 * of pages that it shares.
 */
void *ipc_pages(long received, size_t *length);
uint32_t ipc_take_handle(long received);

/* The rights of the first handle, before it is taken. */
uint32_t ipc_handle_rights(long received);
void ipc_drop(long received);

/* New whole pages, full of zeros. NULL: no memory. */
void *pages_alloc(size_t length);
void pages_free(void *pages, size_t length);

/* ---- handles and objects ----------------------------------------------- */

static inline long handle_close(uint32_t handle)
{
	return pg_call(PG_HANDLE_CLOSE, handle, 0, 0, 0, 0);
}

static inline long handle_dup(uint32_t handle, uint32_t rights,
			      uint32_t badge)
{
	return pg_call(PG_HANDLE_DUP, handle, rights, badge, 0, 0);
}

static inline long endpoint_create(void)
{
	return pg_call(PG_ENDPOINT_CREATE, 0, 0, 0, 0, 0);
}

/* Returns: 0; -EPIPE: no task can receive from it any more. */
static inline long endpoint_check(uint32_t endpoint)
{
	return pg_call(PG_ENDPOINT_CHECK, endpoint, 0, 0, 0, 0);
}

static inline long notification_create(void)
{
	return pg_call(PG_NOTIFICATION_CREATE, 0, 0, 0, 0, 0);
}

/* A deadline that never comes. */
#define NO_DEADLINE  UINT64_MAX

/* Returns: 0 and the bits that were set. */
long notification_wait(uint32_t notification, uint32_t mask,
		       uint64_t deadline, uint32_t *bits);

/* ns since boot. */
uint64_t clock_ns(void);

static inline uint64_t cycles(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}
