// SPDX-License-Identifier: MIT
/*
 * eaters.h - functions that take all that the kernel holds for a program
 *
 * WHAT     One function for each kind: it takes one more, and says how that
 *          ended. limits.c uses them with lowered limits, hog.c with those that
 *          a program begins with.
 */
#pragma once

#include "kernel/uapi/pagoda.h"
#include "lib/errno.h"
#include "user/lib/ipc.h"
#include "user/lib/linux.h"

#define ROOM   0x20000000u          /* addresses for tables and areas         */
#define ROOM_SIZE  0x40000000u
#define SPAN   0x200000u            /* of a page table                        */
#define EATEN  4096u                /* a page                                 */
#define TASKS  40u                  /* lowered limits leave room for so many  */

static char stack[4096] __aligned(16);

static void sleep_ms(uint32_t ms)
{
	struct linux_timespec time = { .seconds = (int)(ms / 1000),
				       .nanoseconds = (int)(ms % 1000) *
						      1000000 };

	linux_nanosleep(&time, NULL);
}

struct usage {
	uint32_t used, limit;
};

/* Where the call is refused: 0 used of 0. */
static struct usage usage_of(uint32_t task, uint32_t kind)
{
	struct words words = { { kind } };

	if (message_int(PG_EAX(PG_TASK_LIMIT, task), &words))
		return (struct usage){ 0, 0 };
	return (struct usage){ words.w[0], words.w[1] };
}

static void make_room(void)
{
	linux_mmap((void *)ROOM, ROOM_SIZE, PROT_READ,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		   0);
}

/* ---- one more ------------------------------------------------------------ */

static void __noreturn sleeper(void)
{
	for (;;)
		sleep_ms(1000000);
}

static long one_task(uint32_t n)
{
	return pg_call(PG_TASK_CREATE, 0, (long)"eater", 0, 0, 0);
}

static long one_thread(uint32_t n)
{
	return pg_call(PG_THREAD_CREATE, 0, (long)sleeper, (long)stack + 4000,
		       0, 0);
}

/* Each child has the next one. The topmost account is full first. */
static long one_descendant(uint32_t n)
{
	long pid = linux_fork();

	if (pid > 0)
		sleeper();
	return pid;
}

static long one_table(uint32_t n)
{
	(void)*(volatile char *)(ROOM + n * SPAN);
	return 0;
}

static long one_area(uint32_t n)
{
	return linux_mprotect((char *)ROOM + (2 * n + 1) * EATEN, EATEN,
			      PROT_NONE);
}

static long one_handle(uint32_t n)
{
	static long endpoint;

	if (!endpoint)
		endpoint = endpoint_create();
	return handle_dup((uint32_t)endpoint, RIGHT_SEND, 0);
}

static long one_endpoint(uint32_t n)
{
	return endpoint_create();
}

static long one_notification(uint32_t n)
{
	return notification_create();
}

static long one_array(uint32_t n)
{
	long addr = (long)linux_mmap(NULL, 1000 * EATEN, PROT_READ,
				     MAP_SHARED | MAP_NORESERVE |
				     MAP_ANONYMOUS, -1, 0);

	return addr > -4096 && addr < 0 ? addr : 0;
}

#define KILLED  1    /* in place of an error */

/*  name           limit              room     how it ends  one more          */
#define KINDS(K)                                                              \
	K(tasks,         PG_LIMIT_TASKS,    TASKS,  -EAGAIN, one_task)         \
	K(threads,       PG_LIMIT_THREADS,  TASKS,  -EAGAIN, one_thread)       \
	K(descendants,   PG_LIMIT_TASKS,    TASKS,  -EAGAIN, one_descendant)   \
	K(their_threads, PG_LIMIT_THREADS,  TASKS,  -EAGAIN, one_descendant)   \
	K(tables,        PG_LIMIT_TABLES,   100,    KILLED,  one_table)        \
	K(areas,         PG_LIMIT_AREAS,    500,    -ENOMEM, one_area)         \
	K(handles,       PG_LIMIT_HANDLES,  500,    -ENOMEM, one_handle)       \
	K(endpoints,     PG_LIMIT_OBJECTS,  100,    -ENOMEM, one_endpoint)     \
	K(notifications, PG_LIMIT_OBJECTS,  100,    -ENOMEM, one_notification) \
	K(arrays,        PG_LIMIT_ARRAYS,   100000, -ENOMEM, one_array)

struct kind {
	uint32_t limit, room;
	long     end;
	long   (*one)(uint32_t n);
};

enum {
#define K(name, limit, room, end, one) name,
	KINDS(K)
#undef K
};

static const struct kind kinds[] = {
#define K(name, limit, room, end, one) [name] = { limit, room, end, one },
	KINDS(K)
#undef K
};
