// SPDX-License-Identifier: MIT
/*
 * demo.c - memory and messages at work
 *
 * WHAT     cow       fork: which page frames parent and child share, before and
 *                    after one of them writes
 *          pager     an area whose pages come from another task
 *          pingpong  how long a message and its answer take
 */
#include "lib/div64.h"
#include "lib/string.h"
#include "user/lib/linux.h"
#include "user/lib/names.h"
#include "user/lib/stdio.h"
#include "user/lib/tasks.h"
#include "user/shell/run.h"
#include "user/shell/shell.h"

#define PAGE  4096u

/* ---- cow -------------------------------------------------------------- */

#define COW_PAGES  2

static void print_page(const char *who, const char *when, const char *pages,
		       int i)
{
	struct pg_page page = { 0 };

	pg_call(PG_PAGE_INFO, 0, (long)(pages + i * PAGE), (long)&page, 0, 0);
	printf("%-7s %-24s %4d  0x%06x  %c%c  %u\n", who, when, i, page.frame,
	       page.prot & PROT_READ ? 'r' : '-',
	       page.prot & PROT_WRITE ? 'w' : '-', page.refs);
}

static void print_pages(const char *who, const char *when, const char *pages)
{
	for (int i = 0; i < COW_PAGES; i++)
		print_page(who, when, pages, i);
}

/* The child tells its parent, which then looks at its own pages. */
static void cow_child(char *pages, uint32_t endpoint) __noreturn;
static void cow_child(char *pages, uint32_t endpoint)
{
	struct words words = { { 0 } };

	ipc_init();
	print_pages("child", "after fork", pages);
	pages[0] = 'c';
	print_pages("child", "after it wrote page 0", pages);
	flush();
	ipc_call(endpoint, &words);
	linux_exit_group(0);
}

static void cow_parent(char *pages, uint32_t endpoint, long pid)
{
	struct words words;

	ipc_receive(endpoint, &words);
	print_pages("parent", "after the child wrote", pages);
	ipc_reply(0, &words);
	linux_waitpid((int)pid, NULL, 0);
	pages[0] = 'p';
	pages[PAGE] = 'p';
	print_pages("parent", "alone; wrote both", pages);
}

int cmd_cow(int argc, char **argv)
{
	char *pages = pages_alloc(COW_PAGES * PAGE);
	long endpoint = endpoint_create();
	long pid;

	if (!pages || endpoint < 0)
		return 1;
	pages[0] = 'a';
	pages[PAGE] = 'b';
	printf("who     when                     page  frame     may mapped by\n");
	print_pages("parent", "before fork", pages);
	flush();
	pid = linux_fork();
	if (!pid)
		cow_child(pages, (uint32_t)endpoint);
	if (pid > 0)
		cow_parent(pages, (uint32_t)endpoint, pid);
	else
		printf("cow: fork: error %ld\n", -pid);
	handle_close((uint32_t)endpoint);
	pages_free(pages, COW_PAGES * PAGE);
	return pid < 0;
}

/* ---- pager ------------------------------------------------------------ */

#define PAGER_PAGES  4

/* Returns: how many words do not have the value that the pager gives. */
static int touch_pages(uint32_t *area)
{
	int wrong = 0;

	for (int i = 0; i < PAGER_PAGES; i += 2) {
		uint32_t *word = area + i * (PAGE / 4) + 4;
		uint32_t value = *word;

		printf("pager: word at %p is 0x%08x\n", (void *)word, value);
		wrong += value != (uint32_t)(uintptr_t)word;
	}
	area[PAGE / 4] = 0xc0ffee;
	printf("pager: wrote 0x%x to %p; the word behind it is 0x%08x\n",
	       area[PAGE / 4], (void *)(area + PAGE / 4), area[PAGE / 4 + 1]);
	return wrong;
}

int cmd_pager(int argc, char **argv)
{
	long pager = names_lookup("pager");
	uint32_t *area = pages_alloc(PAGER_PAGES * PAGE);
	int wrong;
	long err;

	if (pager < 0 || !area)
		return 1;
	err = pg_call(PG_VM_SET_PAGER, 0, (long)area, PAGER_PAGES * PAGE,
		      pager, 0);
	if (err < 0) {
		printf("pager: error %ld\n", -err);
		return 1;
	}
	printf("pager: %u pages at %p, none is there yet\n", PAGER_PAGES,
	       (void *)area);
	wrong = touch_pages(area);
	printf("pager: %s\n", wrong ? "wrong contents" : "contents are right");
	pages_free(area, PAGER_PAGES * PAGE);
	handle_close((uint32_t)pager);
	return wrong != 0;
}

/* ---- pingpong --------------------------------------------------------- */

#define ROUNDS  100000u

static void measure(const char *how, message_fn send, uint32_t endpoint,
		    uint32_t rounds)
{
	struct words words = { { PONG } };
	uint32_t wrong = 0;
	uint64_t ns, ticks;

	ns = clock_ns();
	ticks = cycles();
	for (uint32_t i = 0; i < rounds; i++) {
		words.w[1] = i;
		if (send(PG_EAX(PG_CALL, endpoint), &words) < 0 ||
		    words.w[1] != i)
			wrong++;
	}
	ticks = cycles() - ticks;
	ns = clock_ns() - ns;
	printf("pingpong: %-9s %u round trips, %u wrong, %u ns and %u cycles each\n",
	       how, rounds, wrong, (unsigned)div_u64(ns, rounds),
	       (unsigned)div_u64(ticks, rounds));
}

static void play(uint32_t endpoint, uint32_t rounds)
{
	struct words words = { { PONG_END } };

	measure("int 0x80", message_int, endpoint, rounds);
	if (cpu_has_sysenter())
		measure("SYSENTER", message_sysenter, endpoint, rounds);
	ipc_call(endpoint, &words);
}

int cmd_pingpong(int argc, char **argv)
{
	char *pong_argv[] = { "pong", NULL };
	long endpoint = endpoint_create();
	long other = handle_dup((uint32_t)endpoint,
				RIGHT_RECEIVE | RIGHT_TRANSFER, 0);
	uint64_t rounds = ROUNDS;
	long task;

	if (argc > 1 && (parse_u64(argv[1], &rounds) || !rounds ||
			 rounds > 100 * ROUNDS))
		rounds = ROUNDS;
	task = start_program(pong_argv, (uint32_t)other, 0);
	handle_close((uint32_t)other);
	if (task < 0) {
		printf("pingpong: error %ld\n", -task);
		return 1;
	}
	play((uint32_t)endpoint, (uint32_t)rounds);
	handle_close((uint32_t)endpoint);
	return wait_program("pong", (uint32_t)task);
}
