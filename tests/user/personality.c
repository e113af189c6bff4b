// SPDX-License-Identifier: MIT
/*
 * personality.c - a personality is told which tasks are its own
 *
 * NOT HERE the calls that a personality answers (message.c).
 */
#include "tests/user/partner.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux has no endpoints")

static uint32_t endpoint;

static long child;              /* the news are about it */

static bool create(void)
{
	endpoint = (uint32_t)endpoint_create();
	ipc_init();
	return (int32_t)endpoint > 0;
}

/* The next message must be this news. */
static void expect_news(unsigned kind, long pid, long parent)
{
	struct words words;
	long from = partner_receive(child, endpoint, &words);

	EXPECT(from >= 0 && from & IPC_KERNEL);
	EXPECT_EQ(KMSG_KIND(from), kind);
	EXPECT_EQ(KMSG_PID(from), pid);
	if (kind == KMSG_TASK_BEGAN)
		EXPECT_EQ(words.w[0], parent);
}

static void wait_for_word(volatile long *word, long value)
{
	while (*word < value)
		linux_sched_yield();
}

/* Waits in the parent until the child has set the word. */
static void wait_for_child(volatile long *word)
{
	while (*word < 1) {
		if (partner_has_ended(child))
			partner_is_missed();
		linux_sched_yield();
	}
}

/* Sets the personality, forks one child after the other, two in all; ends. */
static void __noreturn have_children(volatile long *word)
{
	pg_call(PG_TASK_SET_PERSONALITY, 0, (long)endpoint, 0, 0, 0);
	handle_close(endpoint);
	for (long i = 1; i <= 2; i++) {
		long pid = linux_fork();
		int status;

		/* Print nothing: write() would be a call to the personality. */
		if (pid <= 0)
			linux_exit_group(pid < 0);
		word[i] = pid;
		linux_waitpid((int)pid, &status, 0);
	}
	word[0] = 1;
	wait_for_word(word, 2);
	linux_exit_group(0);
}

static volatile long *start_family(void)
{
	volatile long *word = map_flags(1, PROT_READ | PROT_WRITE, MAP_SHARED);

	child = utest_fork();
	if (!child)
		have_children(word);
	return word;
}

UTEST(a_personality_is_told_of_each_beginning_and_end_in_order)
{
	volatile long *word;

	PAGODA_ONLY();
	EXPECT(create());
	word = start_family();
	wait_for_child(word);             /* all news wait at the endpoint */
	expect_news(KMSG_TASK_BEGAN, child, linux_getpid());
	for (long i = 1; i <= 2; i++) {
		expect_news(KMSG_TASK_BEGAN, word[i], child);
		expect_news(KMSG_TASK_ENDED, word[i], 0);
	}
	word[0] = 2;
	expect_news(KMSG_TASK_ENDED, child, 0);    /* the last end */
	partner_wait_ok(child);
	handle_close(endpoint);
}

static bool number_comes_again(long number, uint32_t tries)
{
	bool again = false;

	while (tries-- && !again) {
		int status;
		long pid = utest_fork();

		if (!pid)
			linux_exit_group(0);
		again = pid == number;
		linux_waitpid((int)pid, &status, 0);
	}
	return again;
}

/* Tasks that never start use up numbers, too. */
static void use_up_numbers(uint32_t n)
{
	while (n--)
		handle_close((uint32_t)pg_call(PG_TASK_CREATE, 0, (long)"t", 0,
					       0, 0));
}

UTEST(a_number_is_nobody_elses_before_the_personality_knows_of_the_end)
{
	volatile long *word;

	PAGODA_ONLY();
	EXPECT(create());
	word = start_family();
	wait_for_child(word);
	word[0] = 2;
	partner_wait_ok(child);
	use_up_numbers(32000);
	EXPECT(!number_comes_again(word[1], 1000));
	expect_news(KMSG_TASK_BEGAN, child, linux_getpid());
	expect_news(KMSG_TASK_BEGAN, word[1], child);
	expect_news(KMSG_TASK_ENDED, word[1], 0);
	use_up_numbers(32000);
	EXPECT(number_comes_again(word[1], 1000));
	handle_close(endpoint);
	EXPECT(number_comes_again(word[2], 32768));
}

UTEST(who_takes_another_personality_has_left_the_first)
{
	long self = linux_getpid();

	PAGODA_ONLY();
	EXPECT(create());
	child = self;     /* it has none: only our own news come */
	pg_call(PG_TASK_SET_PERSONALITY, 0, (long)endpoint, 0, 0, 0);
	pg_call(PG_TASK_SET_PERSONALITY, 0, (long)endpoint, 0, 0, 0);
	pg_call(PG_TASK_SET_PERSONALITY, 0, 0, 0, 0, 0);
	expect_news(KMSG_TASK_BEGAN, self, linux_getppid());
	expect_news(KMSG_TASK_ENDED, self, 0);
	handle_close(endpoint);
}
