// SPDX-License-Identifier: MIT
/*
 * unanswered.h - a page whose pager never answers, for the tests of that
 *
 * WHAT     The page and its pager, which is an endpoint of the test itself, and
 *          how a child ends. A program includes this file once: the variables
 *          are the program's own.
 * SEE      unanswered_own.c, unanswered.c.
 */
#pragma once

#include "tests/user/partner.h"
#include "user/lib/ipc.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux has no endpoints")

#define PATIENCE  5000000000ull   /* ns: for what takes a moment             */

#define SIGCHLD_NR            17

static uint32_t pager;         /* nobody answers what comes here              */
static uint32_t other;         /* an endpoint for what a row needs            */
static char *page;             /* the pager's                                 */
static char present[PAGE] __aligned(PAGE);

static inline bool set_up(void)
{
	pager = (uint32_t)endpoint_create();
	other = (uint32_t)endpoint_create();
	page = map_pages(1);
	ipc_init();
	return !pg_call(PG_VM_SET_PAGER, 0, (long)page, PAGE, pager, 0);
}

static inline void tear_down(void)
{
	handle_close(pager);
	handle_close(other);
	linux_munmap(page, PAGE);
}

static inline void own_read(char *p)
{
	*(volatile char *)p;
}

static inline void ask_personality(void)
{
	ipc_init();
	pg_call(PG_TASK_SET_PERSONALITY, 0, other, 0, 0, 0);
	linux_exit_group((int)syscall1(999, (long)page));
}

/* News of the task's begin may come first. Returns: the caller. */
static inline long receive_call(long child)
{
	struct words words;
	long from;

	do
		from = partner_receive(child, other, &words);
	while (from >= 0 && KMSG_KIND(from) != KMSG_SYSCALL);
	return from;
}

/* Waits for the task and reaps it. Returns: whether it ends within PATIENCE. */
static inline bool ends(long pid, uint32_t task, int *status)
{
	uint64_t until = clock_ns() + PATIENCE;
	struct words words = { { (uint32_t)until, (uint32_t)(until >> 32) } };

	if (message_int(PG_EAX(PG_TASK_WAIT, task), &words))
		return false;
	*status = (int)words.w[0];
	linux_waitpid((int)pid, status, WNOHANG);
	return true;
}
