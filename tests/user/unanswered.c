// SPDX-License-Identifier: MIT
/*
 * unanswered.c - memory whose pager never answers, touched for another task
 *
 * WHAT     The rules A1 and A2 of mm/vm/pager.c. If another task touches the
 *          page, or a thread that ends, then no pager is asked and the call
 *          fails at once. Nobody ever receives from the pager's endpoint: a
 *          broken rule stops the test for ever.
 * SEE      unanswered_own.c, for a thread that touches a page of its own.
 */
#include "tests/user/unanswered.h"

#define CLONE_CHILD_SETTID    0x01000000

/* ---- to touch another one's page is an error --------------------------- */

/* A child that waits until it is killed. */
static long start_still(uint32_t *task)
{
	struct words words;
	long pid = utest_fork();

	if (!pid) {
		ipc_accept_pages(PAGE);
		ipc_receive(other, &words);
	}
	*task = (uint32_t)pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, pid, 0, 0, 0);
	return pid;
}

static void end_still(long pid, uint32_t task)
{
	int status = -1;

	EXPECT_EQ(pg_call(PG_TASK_KILL, task, SIGKILL_NR, 0, 0, 0), 0);
	EXPECT(ends(pid, task, &status));
	EXPECT_EQ(status, SIGKILL_NR);
	handle_close(task);
}

UTEST(memory_of_another_task_is_an_error)
{
	uint32_t task;
	long pid;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	EXPECT(set_up());
	pid = start_still(&task);
	EXPECT_EQ(pg_call(PG_TASK_READ, task, (long)page, (long)present, 1,
			  0), -EFAULT);
	EXPECT_EQ(pg_call(PG_TASK_WRITE, task, (long)page, (long)present, 1,
			  0), -EFAULT);
	/* The first byte is there, the second one is the pager's. */
	EXPECT_EQ(pg_call(PG_TASK_READ, task, (long)page - 1, (long)present,
			  2, 0), -EFAULT);
	end_still(pid, task);
	tear_down();
}

UTEST(memory_of_a_caller_is_an_error)
{
	struct words words;
	int status = -1;
	long pid;

	PAGODA_ONLY();
	EXPECT(set_up());
	pid = utest_fork();
	if (!pid)
		ask_personality();
	EXPECT_EQ(KMSG_NUMBER(receive_call(pid)), 999);
	EXPECT_EQ(pg_call(PG_CALLER_READ, 0, (long)page, (long)present, 1, 0),
		  -EFAULT);
	EXPECT_EQ(pg_call(PG_CALLER_WRITE, 0, (long)page, (long)present, 1,
			  0), -EFAULT);
	words.w[0] = 5;
	EXPECT_EQ(ipc_reply(0, &words), 0);
	EXPECT_EQ(linux_waitpid((int)pid, &status, 0), pid);
	EXPECT_EQ(status, 5 << 8);
	tear_down();
}

UTEST(pages_that_are_not_there_do_not_travel)
{
	struct words words = { { 0 } };
	struct ipc_msg *buffer;
	uint32_t task;
	long pid;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	EXPECT(set_up());
	pid = start_still(&task);
	for (int grant = 0; grant < 2; grant++) {
		buffer = ipc_buffer();
		ipc_attach_pages(page, PAGE, PROT_READ, grant);
		EXPECT(message(PG_EAX(PG_SEND_MSG, other), &words) < 0);
		buffer->out.flags = 0;
		end_still(pid, task);
		pid = start_still(&task);
	}
	end_still(pid, task);
	tear_down();
}

/* The pager answers with a page that has a pager, too. */
static void answer_with_a_page_not_there(bool grant)
{
	struct words words = { { 0 } };
	char *answer;
	uint32_t mine;
	int status = -1;
	long pid;

	EXPECT(set_up());
	answer = page;
	mine = (uint32_t)endpoint_create();
	page = map_pages(1);
	EXPECT_EQ(pg_call(PG_VM_SET_PAGER, 0, (long)page, PAGE, mine, 0), 0);
	pid = utest_fork();
	if (!pid) {
		own_read(page);
		linux_exit_group(77);
	}
	EXPECT_EQ(KMSG_PID(partner_receive(pid, mine, &words)), pid);
	words.w[0] = 1;
	ipc_attach_pages(answer, PAGE, PROT_READ, grant);
	EXPECT_EQ(ipc_reply_msg(0, &words), 0);
	EXPECT_EQ(linux_waitpid((int)pid, &status, 0), pid);
	EXPECT_EQ(W_SIGNAL(status), SIGSEGV_NR);
	handle_close(mine);
	linux_munmap(answer, PAGE);
	tear_down();
}

UTEST(a_pager_without_the_page_refuses)
{
	PAGODA_ONLY();
	answer_with_a_page_not_there(false);
	answer_with_a_page_not_there(true);
}

UTEST(the_number_of_a_child_is_not_stored_there)
{
	int status = -1;
	long pid;

	PAGODA_ONLY();
	EXPECT(set_up());
	pid = syscall5(LINUX_NR_clone, CLONE_CHILD_SETTID | SIGCHLD_NR, 0, 0,
		       0, (long)page);
	utest_started(pid, "clone");
	if (!pid)
		linux_exit_group(3);
	EXPECT_EQ(linux_waitpid((int)pid, &status, 0), pid);
	EXPECT_EQ(status, 3 << 8);
	tear_down();
}

/* ---- a thread that ends waits for nobody --------------------------------- */

static char thread_stack[PAGE] __aligned(16);

static void wait_for_nothing(void)
{
	struct words words;

	ipc_receive(other, &words);
	linux_exit(0);
}

static void touch_and_wait(void)
{
	own_read(page);
	linux_exit(0);
}

static void start_thread(void (*fn)(void))
{
	uint32_t *top = (uint32_t *)(thread_stack + sizeof(thread_stack));

	utest_started(pg_call(PG_THREAD_CREATE, 0, (long)fn,
			      (long)(top - 1), 0, 0), "thread");
}

static void end_by_exit_group(void)
{
	linux_exit_group(0);
}

/* The other thread ends the task. */
static void end_by_exit(void)
{
	start_thread(end_by_exit_group);
	linux_exit(0);
}

static void end_by_crash(void)
{
	*(volatile char *)0 = 1;
}

static void end_by_kill(void)
{
	pg_call(PG_TASK_KILL, 0, SIGKILL_NR, 0, 0, 0);
}

/*  how                  another thread    status */
static const struct {
	void (*end)(void), (*beside)(void);
	int  status;
} endings[] = {
	{ end_by_exit_group, wait_for_nothing, 0 },
	{ end_by_exit_group, touch_and_wait,   0 },
	{ end_by_exit,       NULL,             0 },
	{ end_by_crash,      wait_for_nothing, SIGSEGV_NR },
	{ end_by_crash,      touch_and_wait,   SIGSEGV_NR },
	{ end_by_kill,       wait_for_nothing, SIGKILL_NR },
	{ end_by_kill,       touch_and_wait,   SIGKILL_NR },
};

/* CLONE_CHILD_CLEARTID: the word to clear at the end lies in the page. */
UTEST(an_end_does_not_wait_for_the_pager_of_its_word)
{
	PAGODA_ONLY();
	NEEDS_SYSTEM();
	for (unsigned i = 0; i < ARRAY_SIZE(endings); i++) {
		int status = -1;
		long pid, task;

		EXPECT(set_up());
		pid = utest_fork();
		if (!pid) {
			syscall1(LINUX_NR_set_tid_address, (long)page);
			if (endings[i].beside)
				start_thread(endings[i].beside);
			linux_sched_yield();
			endings[i].end();
		}
		task = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, pid, 0, 0, 0);
		EXPECT(ends(pid, (uint32_t)task, &status));
		EXPECT_EQ(status, endings[i].status);
		handle_close((uint32_t)task);
		tear_down();
	}
}

/* In a page that is there the word is cleared. */
UTEST(the_word_of_an_end_is_cleared_in_a_page_that_is_there)
{
	uint32_t *word;
	int status = -1;
	long pid;

	PAGODA_ONLY();
	word = map_flags(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	*word = 1;
	pid = utest_fork();
	if (!pid) {
		syscall1(LINUX_NR_set_tid_address, (long)word);
		other = (uint32_t)endpoint_create();
		start_thread(end_by_exit_group);
		linux_exit(0);
	}
	EXPECT_EQ(linux_waitpid((int)pid, &status, 0), pid);
	EXPECT_EQ(*word, 0);
	linux_munmap(word, PAGE);
}
