// SPDX-License-Identifier: MIT
/*
 * unanswered_own.c - a thread that touches its own page waits for the pager,
 *                    and a kill ends the wait
 *
 * WHAT     The rules A2 and A3 of mm/vm/pager.c, at each place from which a
 *          thread touches memory of its own.
 *
 * ALGORITHM  A child makes one call. The test receives the kernel's question,
 *          so it knows that the child waits, and kills the child.
 * SEE      unanswered.c, for memory of others; killed.c, for the other calls
 *          that a kill must end.
 */
#include "tests/user/edu.h"
#include "tests/user/unanswered.h"

#define CLONE_PARENT_SETTID   0x00100000

#define MADV_POPULATE_READ    22
#define MADV_POPULATE_WRITE   23

/* ---- the calls ---------------------------------------------------------- */

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

/* The text, the list or the structure of the call lies in the page. */
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
	if (!utest_fork())
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

/* To read our own memory: the copy goes into the page. */
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

/* A child waits until we have answered its call. */
static void be_asked(void)
{
	long child = utest_fork();

	if (!child)
		ask_personality();
	receive_call(child);
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

/* A message came; the part of the buffer that describes it is missing. */
static void own_message_in(char *p)
{
	static char two[2 * PAGE] __aligned(PAGE);
	struct ipc_msg *msg = (void *)(two + PAGE -
				       offsetof(struct ipc_msg, in));
	struct words words = { { 0 } };
	long child;

	own_ipc_buffer((char *)msg);
	child = utest_fork();
	if (!child) {
		ipc_init();
		ipc_attach_handle(other, RIGHT_SEND);
		ipc_call_msg(other, &words);
		linux_exit_group(0);
	}
	linux_mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, two + PAGE);
	ipc_receive(other, &words);
}

/* The device is to reach the page. */
static void own_dma_pages(char *p)
{
	map_buffer(open_edu(), p, PAGE, PG_DMA_TO_DEVICE);
}

static void own_dma_segments(char *p)
{
	dma_map(open_edu(), present, PAGE, PG_DMA_TO_DEVICE, (void *)p, 1,
		&nr);
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

#define OWN_OF_A_DRIVER(C)                        \
	C("DMA_MAP's pages",    own_dma_pages)       \
	C("DMA_MAP's segments", own_dma_segments)

struct row {
	const char *name;
	void      (*touch)(char *p);
};

#define C(name, touch) { name, touch },
static const struct row own[] = { OWN(C) };
static const struct row of_a_driver[] = { OWN_OF_A_DRIVER(C) };
#undef C

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

/* TASK_MAPS must not wait: a child that waits leaves its areas unlocked. */
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

static void try_row(const struct row *row)
{
	long pid;

	EXPECT(set_up());
	flush();
	pid = utest_fork();
	if (!pid) {
		row->touch(page);
		linux_exit_group(77);
	}
	kill_one_that_waits(row->name, pid);
	tear_down();
}

UTEST(a_kill_ends_each_wait_for_a_pager)
{
	PAGODA_ONLY();
	NEEDS_SYSTEM();
	for (unsigned i = 0; i < ARRAY_SIZE(own); i++)
		try_row(&own[i]);
}

UTEST(a_kill_ends_a_drivers_wait_for_a_pager)
{
	NEEDS_EDU();
	for (unsigned i = 0; i < ARRAY_SIZE(of_a_driver); i++)
		try_row(&of_a_driver[i]);
}

static void came_back(void)
{
	long result;

	__asm__ volatile("" : "=a"(result));
	linux_exit_group(result == -EFAULT ? 0 : 1);
}

/* Refused, then given: the call fails, and returns as the page says. */
UTEST(sysenter_whose_words_come_late_fails)
{
	struct words words = { { 0 } };
	uint32_t *answer = (uint32_t *)present;
	int status = -1;
	long pid;

	PAGODA_ONLY();
	SKIP_IF(!cpu_has_sysenter(), "this CPU has no SYSENTER");
	EXPECT(set_up());
	pid = utest_fork();
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
