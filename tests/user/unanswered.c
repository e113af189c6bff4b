// SPDX-License-Identifier: MIT
/*
 * unanswered.c - a pager that never answers, at each place from which user
 *                memory is touched
 *
 * WHAT     The laws A1 to A3 of mm/vm/pager.c. Where a thread touches a page of
 *          its own it waits, alone, and a kill ends it; where somebody else
 *          touches the page, the call fails at once.
 *
 * ALGORITHM  The pager is an endpoint of the test itself. In the first table a
 *          child makes one call; the test receives the kernel's question, so
 *          it knows that the child waits, and kills it. In the others nothing
 *          is ever received, and the test goes on or it does not.
 * SEE      killed.c, for what else a kill must end.
 */
#include "tests/user/utest.h"
#include "user/lib/ipc.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux has no endpoints")

#define PATIENCE  5000000000ull   /* ns: for what takes a moment             */

#define CLONE_PARENT_SETTID   0x00100000
#define CLONE_CHILD_CLEARTID  0x00200000
#define CLONE_CHILD_SETTID    0x01000000
#define SIGCHLD_NR            17

#define MADV_POPULATE_READ    22
#define MADV_POPULATE_WRITE   23

static uint32_t pager;         /* nobody answers what comes here              */
static uint32_t other;         /* an endpoint for what a row needs            */
static char *page;             /* the pager's                                 */
static char present[PAGE] __aligned(PAGE);

static bool set_up(void)
{
	pager = (uint32_t)endpoint_create();
	other = (uint32_t)endpoint_create();
	page = map_pages(1);
	ipc_init();
	return !pg_call(PG_VM_SET_PAGER, 0, (long)page, PAGE, pager, 0);
}

static void tear_down(void)
{
	handle_close(pager);
	handle_close(other);
	linux_munmap(page, PAGE);
}

/* ---- who touches his own page waits, and can be killed ------------------- */

static void own_read(char *p)
{
	*(volatile char *)p;
}

static void own_write(char *p)
{
	*(volatile char *)p = 1;
}

static void own_execute(char *p)
{
	linux_mprotect(p, PAGE, PROT_READ | PROT_EXEC);
	((void (*)(void))(uintptr_t)p)();
}

static void own_stack(char *p)
{
	__asm__ volatile("movl %0, %%esp\n\tpushl $1" : : "r"(p + 64));
}

static void own_sysenter(char *p)
{
	if (!cpu_has_sysenter())
		own_read(p);
	__asm__ volatile("movl %0, %%ebp\n\tsysenter"
			 : : "r"(p), "a"(LINUX_NR_getpid) : "ecx", "edx");
}

/* The page's end: the text, or the structure, comes into it. */
static void own_write_call(char *p)
{
	linux_write(1, p, 1);
}

static void own_writev_list(char *p)
{
	linux_writev(1, (void *)p, 1);
}

static void own_writev_text(char *p)
{
	struct linux_iovec part = { p, 1 };

	linux_writev(1, &part, 1);
}

static void own_nanosleep(char *p)
{
	linux_nanosleep((void *)p, NULL);
}

static void own_gettime(char *p)
{
	linux_clock_gettime(CLOCK_MONOTONIC, (void *)p);
}

static void own_uname(char *p)
{
	syscall1(LINUX_NR_uname, (long)p);
}

static void own_sigmask_in(char *p)
{
	syscall4(LINUX_NR_rt_sigprocmask, 0, (long)p, 0, 8);
}

static void own_sigmask_out(char *p)
{
	syscall4(LINUX_NR_rt_sigprocmask, 0, 0, (long)p, 8);
}

static void own_tls(char *p)
{
	linux_set_thread_area((void *)p);
}

static void own_mincore(char *p)
{
	linux_mincore(present, PAGE, (uint8_t *)p);
}

static void own_mlock(char *p)
{
	linux_mlock(p, PAGE);
}

static void own_populate_read(char *p)
{
	linux_madvise(p, PAGE, MADV_POPULATE_READ);
}

static void own_populate_write(char *p)
{
	linux_madvise(p, PAGE, MADV_POPULATE_WRITE);
}

static void own_wait_status(char *p)
{
	if (!linux_fork())
		linux_exit_group(0);
	linux_waitpid(-1, (int *)p, 0);
}

static void own_parent_tid(char *p)
{
	if (!syscall5(LINUX_NR_clone, CLONE_PARENT_SETTID | SIGCHLD_NR, 0,
		      (long)p, 0, 0))
		linux_exit_group(0);
}

static void own_task_name(char *p)
{
	pg_call(PG_TASK_CREATE, 0, (long)p, 0, 0, 0);
}

static void own_task_start(char *p)
{
	long task = pg_call(PG_TASK_CREATE, 0, (long)"x", 0, 0, 0);

	pg_call(PG_TASK_START, (uint32_t)task, (long)p, 0, 0, 0);
}

static void start_with(uint32_t args, uint32_t handles)
{
	struct task_start how = {
		.memory = PG_INIT_ARCHIVE, .args = args, .args_length = 2,
		.handles = handles, .nr_handles = 1,
	};

	own_task_start((char *)&how);
}

static void own_start_args(char *p)
{
	start_with((uint32_t)p, (uint32_t)present);
}

static void own_start_handles(char *p)
{
	start_with((uint32_t)present, (uint32_t)p);
}

static void own_ipc_buffer(char *p)
{
	pg_call(PG_IPC_BUFFER, 0, (long)p, 0, 0, 0);
}

/* Our own memory is the bounce's other side. */
static void own_task_read(char *p)
{
	pg_call(PG_TASK_READ, 0, (long)present, (long)p, 1, 0);
}

static void own_task_write(char *p)
{
	pg_call(PG_TASK_WRITE, 0, (long)present, (long)p, 1, 0);
}

static void own_task_maps(char *p)
{
	pg_call(PG_TASK_MAPS, 0, 0, (long)p, 0, 0);
}

static void own_page_info(char *p)
{
	pg_call(PG_PAGE_INFO, 0, (long)present, (long)p, 0, 0);
}

static void own_task_info(char *p)
{
	pg_call(PG_TASK_INFO, PG_INIT_SYSTEM, 1, (long)p, 0, 0);
}

static void own_mem_info(char *p)
{
	pg_call(PG_MEM_INFO, PG_INIT_SYSTEM, (long)p, 0, 0, 0);
}

static void own_log_write(char *p)
{
	pg_call(PG_LOG_WRITE, PG_INIT_SYSTEM, (long)p, 1, 0, 0);
}

static void own_memory_read(char *p)
{
	pg_call(PG_MEMORY_READ, PG_INIT_ARCHIVE, 0, (long)p, 1, 0);
}

static void ask_personality(void)
{
	ipc_init();
	pg_call(PG_TASK_SET_PERSONALITY, 0, other, 0, 0, 0);
	linux_exit_group((int)syscall1(999, (long)page));
}

/* First comes that the task has begun. Returns: from whom the call is. */
static long receive_call(void)
{
	struct words words;
	long from;

	do
		from = ipc_receive(other, &words);
	while (from >= 0 && KMSG_KIND(from) != KMSG_SYSCALL);
	return from;
}

/* A child waits until we have answered its call. */
static void be_asked(void)
{
	if (!linux_fork())
		ask_personality();
	receive_call();
}

static void own_caller_read(char *p)
{
	be_asked();
	pg_call(PG_CALLER_READ, 0, (long)present, (long)p, 1, 0);
}

static void own_caller_write(char *p)
{
	be_asked();
	pg_call(PG_CALLER_WRITE, 0, (long)present, (long)p, 1, 0);
}

static void own_caller_get_regs(char *p)
{
	be_asked();
	pg_call(PG_CALLER_GET_REGS, 0, (long)p, 0, 0, 0);
}

static void own_caller_set_regs(char *p)
{
	be_asked();
	pg_call(PG_CALLER_SET_REGS, 0, (long)p, 0, 0, 0);
}

/* What came with a message is told in a buffer of which a part is missing. */
static void own_message_in(char *p)
{
	static char two[2 * PAGE] __aligned(PAGE);
	struct ipc_msg *msg = (void *)(two + PAGE -
				       offsetof(struct ipc_msg, in));
	struct words words = { { 0 } };
	long child;

	own_ipc_buffer((char *)msg);
	child = linux_fork();
	if (!child) {
		ipc_init();
		ipc_attach_handle(other, RIGHT_SEND);
		ipc_call_msg(other, &words);
		linux_exit_group(0);
	}
	linux_mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, two + PAGE);
	ipc_receive(other, &words);
}

/*      name               function            */
#define OWN(C)                                    \
	C("an instruction that reads",  own_read)    \
	C("an instruction that writes", own_write)   \
	C("an instruction fetch", own_execute)       \
	C("a push",             own_stack)           \
	C("SYSENTER's words",   own_sysenter)        \
	C("write",              own_write_call)      \
	C("writev's list",      own_writev_list)     \
	C("writev's text",      own_writev_text)     \
	C("nanosleep",          own_nanosleep)       \
	C("clock_gettime",      own_gettime)         \
	C("uname",              own_uname)           \
	C("rt_sigprocmask in",  own_sigmask_in)      \
	C("rt_sigprocmask out", own_sigmask_out)     \
	C("set_thread_area",    own_tls)             \
	C("mincore",            own_mincore)         \
	C("mlock",              own_mlock)           \
	C("MADV_POPULATE_READ", own_populate_read)   \
	C("MADV_POPULATE_WRITE", own_populate_write) \
	C("waitpid",            own_wait_status)     \
	C("CLONE_PARENT_SETTID", own_parent_tid)     \
	C("TASK_CREATE",        own_task_name)       \
	C("TASK_START",         own_task_start)      \
	C("TASK_START's texts", own_start_args)      \
	C("TASK_START's handles", own_start_handles) \
	C("IPC_BUFFER",         own_ipc_buffer)      \
	C("TASK_READ, to",      own_task_read)       \
	C("TASK_WRITE, from",   own_task_write)      \
	C("TASK_MAPS",          own_task_maps)       \
	C("PAGE_INFO",          own_page_info)       \
	C("TASK_INFO",          own_task_info)       \
	C("MEM_INFO",           own_mem_info)        \
	C("LOG_WRITE",          own_log_write)       \
	C("MEMORY_READ",        own_memory_read)     \
	C("CALLER_READ, to",    own_caller_read)     \
	C("CALLER_WRITE, from", own_caller_write)    \
	C("CALLER_GET_REGS",    own_caller_get_regs) \
	C("CALLER_SET_REGS",    own_caller_set_regs) \
	C("ipc_msg.in",         own_message_in)

static const struct {
	const char *name;
	void      (*touch)(char *p);
} own[] = {
#define C(name, touch) { name, touch },
	OWN(C)
#undef C
};

/* Receive the kernel's question. Returns: whose it is; 0: none came. */
static uint32_t asked_by(void)
{
	struct ipc_msg *buffer = ipc_buffer();
	struct words words = { { 0 } };
	long from;

	buffer->out.flags = IPC_DEADLINE;
	buffer->out.deadline = clock_ns() + PATIENCE;
	from = message(PG_EAX(PG_RECEIVE_MSG, pager), &words);
	buffer->out.flags = 0;
	if (from < 0 || !(from & IPC_KERNEL) || KMSG_KIND(from) != KMSG_FAULT)
		return 0;
	return KMSG_PID(from);
}

/* Returns: whether the task ends within the time. It is reaped. */
static bool ends(long pid, uint32_t task, int *status)
{
	uint64_t until = clock_ns() + PATIENCE;
	struct words words = { { (uint32_t)until, (uint32_t)(until >> 32) } };

	if (message_int(PG_EAX(PG_TASK_WAIT, task), &words))
		return false;
	*status = (int)words.w[0];
	linux_waitpid((int)pid, status, WNOHANG);
	return true;
}

/* Its own wait is nobody else's: the child's address space is not locked. */
static void kill_one_that_waits(const char *name, long pid)
{
	long task = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, pid, 0, 0, 0);
	struct pg_area area;
	int status = -1;
	bool asked = asked_by() == (uint32_t)pid;
	long maps = pg_call(PG_TASK_MAPS, (uint32_t)task, 0, (long)&area, 0,
			    0);

	pg_call(PG_TASK_KILL, (uint32_t)task, SIGKILL_NR, 0, 0, 0);
	if (asked && !maps && ends(pid, (uint32_t)task, &status) &&
	    status == SIGKILL_NR) {
		handle_close((uint32_t)task);
		return;
	}
	utest_failures++;
	printf("    # %s: asked %d, maps %ld, status 0x%x\n", name, asked,
	       maps, (unsigned)status);
}

UTEST(a_kill_ends_each_wait_for_a_pager)
{
	PAGODA_ONLY();
	for (unsigned i = 0; i < ARRAY_SIZE(own); i++) {
		long pid;

		EXPECT(set_up());
		flush();
		pid = linux_fork();
		if (!pid) {
			own[i].touch(page);
			linux_exit_group(77);
		}
		kill_one_that_waits(own[i].name, pid);
		tear_down();
	}
}

static void came_back(void)
{
	long result;

	__asm__ volatile("" : "=a"(result));
	linux_exit_group(result == -EFAULT ? 0 : 1);
}

/* Refused at first, then given: the call fails, and goes on where they say. */
UTEST(sysenter_whose_words_come_late_fails)
{
	struct words words = { { 0 } };
	uint32_t *answer = (uint32_t *)present;
	int status = -1;
	long pid;

	PAGODA_ONLY();
	SKIP_IF(!cpu_has_sysenter(), "this CPU has no SYSENTER");
	EXPECT(set_up());
	pid = linux_fork();
	if (!pid)
		own_sysenter(page + PAGE / 2);
	EXPECT_EQ(asked_by(), pid);
	EXPECT_EQ(ipc_reply(0, &words), 0);
	EXPECT_EQ(asked_by(), pid);
	answer[PAGE / 2 / sizeof(*answer)] = (uint32_t)came_back;
	words.w[0] = 1;
	ipc_attach_pages(present, PAGE, PROT_READ | PROT_WRITE, false);
	EXPECT_EQ(ipc_reply_msg(0, &words), 0);
	EXPECT_EQ(linux_waitpid((int)pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	tear_down();
}

/* ---- who touches another one's gets an error --------------------------- */

/* A child that stays as it is until it is killed. */
static long start_still(uint32_t *task)
{
	struct words words;
	long pid = linux_fork();

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
	EXPECT(set_up());
	pid = start_still(&task);
	EXPECT_EQ(pg_call(PG_TASK_READ, task, (long)page, (long)present, 1,
			  0), -EFAULT);
	EXPECT_EQ(pg_call(PG_TASK_WRITE, task, (long)page, (long)present, 1,
			  0), -EFAULT);
	/* From a page that is there into the pager's. */
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
	pid = linux_fork();
	if (!pid)
		ask_personality();
	EXPECT_EQ(KMSG_NUMBER(receive_call()), 999);
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

static void read_page(long unused)
{
	own_read(page);
}

/* The pager's own page is a page of a pager. */
UTEST(a_pager_without_the_page_refuses)
{
	struct words words = { { 0 } };
	char *answer;
	uint32_t mine;
	int status = -1;
	long pid;

	PAGODA_ONLY();
	EXPECT(set_up());
	answer = page;
	mine = (uint32_t)endpoint_create();
	page = map_pages(1);
	EXPECT_EQ(pg_call(PG_VM_SET_PAGER, 0, (long)page, PAGE, mine, 0), 0);
	pid = linux_fork();
	if (!pid)
		read_page(0);
	EXPECT_EQ(KMSG_PID(ipc_receive(mine, &words)), pid);
	words.w[0] = 1;
	ipc_attach_pages(answer, PAGE, PROT_READ, false);
	EXPECT_EQ(ipc_reply_msg(0, &words), 0);
	EXPECT_EQ(linux_waitpid((int)pid, &status, 0), pid);
	EXPECT_EQ(W_SIGNAL(status), SIGSEGV_NR);
	handle_close(mine);
	linux_munmap(answer, PAGE);
	tear_down();
}

UTEST(the_number_of_a_child_is_not_stored_there)
{
	int status = -1;
	long pid;

	PAGODA_ONLY();
	EXPECT(set_up());
	pid = syscall5(LINUX_NR_clone, CLONE_CHILD_SETTID | SIGCHLD_NR, 0, 0,
		       0, (long)page);
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

	pg_call(PG_THREAD_CREATE, 0, (long)fn, (long)(top - 1), 0, 0);
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

/*  how                  what else there is    status */
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

/* CLONE_CHILD_CLEARTID: the word that the end clears lies in the page. */
UTEST(an_end_does_not_wait_for_the_pager_of_its_word)
{
	PAGODA_ONLY();
	for (unsigned i = 0; i < ARRAY_SIZE(endings); i++) {
		int status = -1;
		long pid, task;

		EXPECT(set_up());
		pid = linux_fork();
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

/* The word is cleared where it can be: the page came before. */
UTEST(the_word_of_an_end_is_cleared_in_a_page_that_is_there)
{
	uint32_t *word;
	int status = -1;
	long pid;

	PAGODA_ONLY();
	word = map_flags(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	*word = 1;
	pid = linux_fork();
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
