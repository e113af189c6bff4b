// SPDX-License-Identifier: MIT
/*
 * killed.c - a kill ends each long call, after a page or two
 *
 * ALGORITHM  A child that shares our memory (CLONE_VM) makes the call, on an
 *          area of LONG pages. We are the pager of the first page. When the
 *          call has come to this page, we give the page, kill the child, and
 *          count the pages that are there after its end. So memory, not a
 *          clock, shows how far the call went on. For calls that leave no such
 *          trace, the test looks at the end alone.
 * NOT HERE calls on fresh areas, which have no pager: suite `task`. A kill does
 *          not cut short what frees or moves memory (munmap, mremap, the end of
 *          a task): at most 3 GiB of pages are given back, about 0.1 s for each
 *          GiB.
 * SEE      unanswered.c, for calls that wait.
 */
#include "tests/user/utest.h"
#include "user/lib/ipc.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux's own calls")

#define PATIENCE  5000000000ull   /* ns: for what takes a moment             */

#define CLONE_VM     0x100
#define SIGCHLD_NR   17

#define LONG         4096u        /* pages: 16 MiB                           */
#define AFTERWARDS   2u           /* pages that a killed call may still touch */

#define MADV_POPULATE_WRITE  23

static char *area;                /* LONG pages, untouched                   */
static char *from;                /* copied there, or zeros                  */
static uint32_t other;            /* an endpoint, or a task's handle         */
static uint32_t calls_of;         /* the endpoint of a personality           */
static char page[PAGE] __aligned(PAGE);
static char stack[4 * PAGE] __aligned(16);

static void never(void)
{
	struct words words;

	ipc_receive(other, &words);
	linux_exit_group(0);
}

/* ---- the calls ---------------------------------------------------------- */

static void long_write(void)
{
	linux_write(1, area, LONG * PAGE);
}

static void long_writev(void)
{
	struct linux_iovec parts[2] = {
		{ area, LONG / 2 * PAGE },
		{ area + LONG / 2 * PAGE, LONG / 2 * PAGE },
	};

	linux_writev(1, parts, 2);
}

static void long_mlock(void)
{
	linux_mlock(area, LONG * PAGE);
}

static void long_madvise(void)
{
	linux_madvise(area, LONG * PAGE, MADV_POPULATE_WRITE);
}

static void long_task_read(void)
{
	pg_call(PG_TASK_READ, 0, (long)from, (long)area, LONG * PAGE, 0);
}

static void long_task_write(void)
{
	pg_call(PG_TASK_WRITE, 0, (long)from, (long)area, LONG * PAGE, 0);
}

static void long_memory_read(void)
{
	pg_call(PG_MEMORY_READ, PG_INIT_ARCHIVE, 0, (long)area, LONG * PAGE,
		0);
}

/* A child of the caller waits until its call is answered. */
static void be_asked(void)
{
	struct words words;
	long who;

	if (!utest_fork()) {
		pg_call(PG_TASK_SET_PERSONALITY, 0, calls_of, 0, 0, 0);
		syscall1(999, 0);
		linux_exit_group(0);
	}
	do
		who = ipc_receive(calls_of, &words);
	while (who >= 0 && KMSG_KIND(who) != KMSG_SYSCALL);
}

static void long_caller_read(void)
{
	be_asked();
	pg_call(PG_CALLER_READ, 0, (long)from, (long)area, LONG * PAGE, 0);
}

static void long_caller_write(void)
{
	be_asked();
	pg_call(PG_CALLER_WRITE, 0, (long)from, (long)area, LONG * PAGE, 0);
}

/*      name             function         */
#define CALLS(C)                                  \
	C("write",           long_write)          \
	C("writev",          long_writev)         \
	C("mlock",           long_mlock)          \
	C("MADV_POPULATE_WRITE", long_madvise)    \
	C("TASK_READ",       long_task_read)      \
	C("TASK_WRITE",      long_task_write)     \
	C("CALLER_READ",     long_caller_read)    \
	C("CALLER_WRITE",    long_caller_write)   \
	C("MEMORY_READ",     long_memory_read)

static const struct {
	const char *name;
	void      (*make)(void);
} calls[] = {
#define C(name, make) { name, make },
	CALLS(C)
#undef C
};

/* ---- the child ---------------------------------------------------------- */

/* clone(CLONE_VM), on a stack of its own. */
static long start_child(void (*fn)(void))
{
	uint32_t *top = (uint32_t *)(stack + sizeof(stack)) - 4;
	long pid;

	*top = (uint32_t)(uintptr_t)fn;
	__asm__ volatile("int $0x80\n\ttestl %%eax, %%eax\n\tjne 1f\n\t"
			 "popl %%eax\n\tcall *%%eax\n\tud2\n1:"
			 : "=a"(pid)
			 : "0"(LINUX_NR_clone), "b"(CLONE_VM | SIGCHLD_NR),
			   "c"(top), "d"(0), "S"(0), "D"(0) : "memory");
	return utest_started(pid, "clone");
}

static void (*the_call)(void);

static void make_the_call(void)
{
	the_call();
	linux_exit_group(77);
}

static bool is_present(uint32_t n)
{
	struct pg_page info = { 0, 0, 0, 0 };

	pg_call(PG_PAGE_INFO, 0, (long)(area + n * PAGE), (long)&info, 0, 0);
	return info.present;
}

/* The call works upwards. Returns: how many pages it has reached. */
static uint32_t progress(uint32_t n)
{
	while (n < LONG && is_present(n))
		n++;
	return n;
}

/* Returns: whether the task ends within the time, with its status. */
static bool ends(uint32_t task, int *status)
{
	uint64_t until = clock_ns() + PATIENCE;
	struct words words = { { (uint32_t)until, (uint32_t)(until >> 32) } };

	if (message_int(PG_EAX(PG_TASK_WAIT, task), &words))
		return false;
	*status = (int)words.w[0];
	return true;
}

/* We are asked for the first page, and give one. Returns: who asked. */
static uint32_t give_first_page(void)
{
	struct ipc_msg *buffer = ipc_buffer();
	struct words words = { { 0 } };
	long asked;

	buffer->out.flags = IPC_DEADLINE;
	buffer->out.deadline = clock_ns() + PATIENCE;
	asked = message(PG_EAX(PG_RECEIVE_MSG, other), &words);
	buffer->out.flags = 0;
	if (asked < 0 || words.w[0] != (uint32_t)area)
		return 0;
	words.w[0] = 1;
	ipc_attach_pages(page, PAGE, PROT_READ | PROT_WRITE, false);
	return ipc_reply_msg(0, &words) ? 0 : KMSG_PID(asked);
}

static void kill_in_the_middle(const char *name)
{
	long pid = start_child(make_the_call);
	long task = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, pid, 0, 0, 0);
	bool asked = give_first_page() == (uint32_t)pid;
	uint32_t before = progress(0);
	int status = -1;

	pg_call(PG_TASK_KILL, (uint32_t)task, SIGKILL_NR, 0, 0, 0);
	if (!ends((uint32_t)task, &status) || status != SIGKILL_NR || !asked ||
	    progress(before) > before + AFTERWARDS) {
		utest_failures++;
		printf("    # %s: asked %d, status 0x%x, %u pages before, %u after\n",
		       name, asked, (unsigned)status, before,
		       progress(before));
	}
	linux_waitpid((int)pid, NULL, WNOHANG);
	handle_close((uint32_t)task);
}

UTEST(a_kill_ends_each_long_call_within_a_page_or_two)
{
	PAGODA_ONLY();
	NEEDS_SYSTEM();
	ipc_init();
	other = (uint32_t)endpoint_create();
	calls_of = (uint32_t)endpoint_create();
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		area = map_flags(LONG, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_NORESERVE);
		from = map_flags(LONG, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_NORESERVE);
		EXPECT_EQ(pg_call(PG_VM_SET_PAGER, 0, (long)area, PAGE, other,
				  0), 0);
		the_call = calls[i].make;
		flush();
		kill_in_the_middle(calls[i].name);
		linux_munmap(area, LONG * PAGE);
		linux_munmap(from, LONG * PAGE);
	}
	handle_close(calls_of);
	handle_close(other);
	printf("\n");          /* behind the zeros that write() has printed */
}

/* ---- calls that leave no trace ------------------------------------------ */

static void fork_again_and_again(void)
{
	for (;;)
		if (!linux_fork())
			linux_exit_group(0);
		else
			linux_waitpid(-1, NULL, 0);
}

static void move_again_and_again(void)
{
	for (;;) {
		linux_mremap(area, LONG * PAGE, LONG * PAGE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, from);
		linux_mremap(from, LONG * PAGE, LONG * PAGE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, area);
	}
}

static void protect_again_and_again(void)
{
	for (;;) {
		linux_mprotect(area, LONG * PAGE, PROT_READ);
		linux_mprotect(area, LONG * PAGE, PROT_READ | PROT_WRITE);
	}
}

static void fill_and_empty(void)
{
	for (;;) {
		for (uint32_t n = 0; n < LONG; n++)
			area[n * PAGE] = 1;
		linux_madvise(area, LONG * PAGE, MADV_DONTNEED);
	}
}

static void vfork_and_wait(void)
{
	if (!syscall0(LINUX_NR_vfork))
		never();
	linux_exit_group(0);
}

static void sleep_long(void)
{
	struct linux_timespec nap = { 1000000, 0 };

	linux_nanosleep(&nap, NULL);
}

static void wait_for_a_child(void)
{
	if (!utest_fork())
		never();
	linux_waitpid(-1, NULL, 0);
}

static void wait_for_bits(void)
{
	uint32_t bits;

	notification_wait((uint32_t)notification_create(), 1, NO_DEADLINE,
			  &bits);
}

static void call_nobody(void)
{
	struct words words = { { 0 } };

	ipc_call(other, &words);
}

/*  A task that never ends by itself. */
static void (*const endless[])(void) = {
	fork_again_and_again, move_again_and_again, protect_again_and_again,
	fill_and_empty, vfork_and_wait, sleep_long, wait_for_a_child,
	wait_for_bits, call_nobody, never,
};

UTEST(a_kill_ends_whatever_a_task_does)
{
	PAGODA_ONLY();
	NEEDS_SYSTEM();
	other = (uint32_t)endpoint_create();
	area = map_flags(LONG, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_NORESERVE);
	from = map_flags(LONG, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);
	for (uint32_t n = 0; n < LONG; n++)
		area[n * PAGE] = 1;
	flush();
	for (unsigned i = 0; i < ARRAY_SIZE(endless); i++) {
		long pid = utest_fork(), task;
		int status = -1;

		if (!pid) {
			endless[i]();
			linux_exit_group(77);
		}
		linux_sched_yield();
		task = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, pid, 0, 0, 0);
		pg_call(PG_TASK_KILL, (uint32_t)task, SIGKILL_NR, 0, 0, 0);
		EXPECT(ends((uint32_t)task, &status));
		EXPECT_EQ(status, SIGKILL_NR);
		handle_close((uint32_t)task);
	}
	linux_munmap(area, LONG * PAGE);
	linux_munmap(from, LONG * PAGE);
	handle_close(other);
}
