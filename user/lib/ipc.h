// SPDX-License-Identifier: MIT
/*
 * ipc.h - messages and handles, for programs
 *
 * WHAT     The calls of kernel/uapi/pagoda.h as functions. Results are what the
 *          kernel gives: negative errno is an error.
 *
 * PICTURE    client                          server
 *            ipc_call(server, &words)  --->  ipc_receive(endpoint, &words)
 *                                            ...
 *            words: the answer         <---  ipc_reply_receive(endpoint, ...)
 *
 * TERMS    words    six numbers, both ways; by habit words.w[0] is what is
 *                   asked for, and the result in the answer
 *          buffer   where handles and pages of messages stand; one a thread
 * SEE      user/lib/protocol.h for what is said; syscall.h for plain calls.
 */
#pragma once

#include "kernel/uapi/pagoda.h"
#include "user/lib/syscall.h"

struct words {
	uint32_t w[IPC_NR_WORDS];
};

/*
 * A call of ours with six words both ways. EAX comes back. `message` is one of
 * the two below: SYSENTER where the CPU has it.
 */
typedef long (*message_fn)(uint32_t eax, struct words *words);
extern message_fn message;
long message_int(uint32_t eax, struct words *words);
long message_sysenter(uint32_t eax, struct words *words);

/* Is SYSENTER there? */
bool cpu_has_sysenter(void);

/* A call of ours with plain arguments. */
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

/* reply: 0 for who is owed one now, or a reply handle. */
static inline long ipc_reply(uint32_t reply, struct words *words)
{
	return message(PG_EAX(PG_REPLY, reply), words);
}

static inline long ipc_reply_save(void)
{
	return pg_call(PG_REPLY_SAVE, 0, 0, 0, 0, 0);
}

/* Returns: 0; -ESRCH: the caller has ended, or waits no longer. */
static inline long reply_check(uint32_t reply)
{
	return pg_call(PG_REPLY_CHECK, reply, 0, 0, 0, 0);
}

/* The buffer of the first thread; made known to the kernel at the first use.
 * After fork() a child calls ipc_init() before its first message. */
struct ipc_msg *ipc_buffer(void);
void ipc_init(void);

/* The same with extras: what the buffer's `out` says goes too, once. */
long ipc_call_msg(uint32_t endpoint, struct words *words);
long ipc_reply_receive_msg(uint32_t endpoint, struct words *words);
long ipc_reply_msg(uint32_t reply, struct words *words);

/* For the next _msg call: a handle with fewer rights (0: all), or pages. */
void ipc_attach_handle(uint32_t handle, uint32_t rights);
void ipc_attach_pages(const void *addr, size_t length, unsigned prot,
		      bool grant);

/*
 * A server's step: answer as ipc_reply_receive_msg(), and receive the next. An
 * answer that cannot be sent, for want of memory or of a right, goes as its
 * error, without extras: no client ends the server's loop.
 */
long ipc_serve(uint32_t endpoint, struct words *words);

/*
 * From now on at most so many bytes of pages come with a message; more are left
 * out. 0, as at the beginning: none, whatever is sent.
 */
void ipc_accept_pages(size_t length);

/*
 * What came with the last message, by what receive or call returned: its pages
 * (NULL: none), which can be read, and its first handle (0: none), which is the
 * taker's from then on. Both stay whatever the sender does; what is *in* pages
 * that are shared he may change. ipc_drop() gets rid of all that was not taken:
 * anybody may send anything.
 */
void *ipc_pages(long received, size_t *length);
uint32_t ipc_take_handle(long received);

/* The rights of that handle, before it is taken. */
uint32_t ipc_handle_rights(long received);
void ipc_drop(long received);

/* Whole pages of zeros of our own. NULL: no memory. */
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

/* Returns: 0; -EPIPE: nobody will ever receive what is sent to it. */
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
