// SPDX-License-Identifier: MIT
/*
 * linux_calls.c - tests of kernel/linux/
 *
 * WHAT     The running kernel thread adopts a task that was never started: its
 *          address space is loaded, and current_task() is this task. So the
 *          tests can make calls as functions and look at the task's memory.
 *          Calls that must come from ring 3 are in tests/suites/task.c.
 */
#include "kernel/linux/linux.h"

#include <arch/layout.h>
#include <arch/uaccess.h>

#include "kernel/diag/console.h"
#include "kernel/sched/clock.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"
#include "tests/tprogram.h"

#define NR_EXIT             1
#define NR_FORK             2
#define NR_WRITE            4
#define NR_WAITPID          7
#define NR_GETPID           20
#define NR_BRK              45
#define NR_GETPPID          64
#define NR_MUNMAP           91
#define NR_WAIT4            114
#define NR_CLONE            120
#define NR_UNAME            122
#define NR_MPROTECT         125
#define NR_WRITEV           146
#define NR_NANOSLEEP        162
#define NR_MREMAP           163
#define NR_SIGPROCMASK      175
#define NR_VFORK            190
#define NR_MMAP2            192
#define NR_MINCORE          218
#define NR_MADVISE          219
#define NR_GETTID           224
#define NR_SET_THREAD_AREA  243
#define NR_EXIT_GROUP       252
#define NR_SET_TID_ADDRESS  258
#define NR_CLOCK_GETTIME    265
#define NR_CLOCK_NANOSLEEP  267
#define NR_SET_ROBUST_LIST  311
#define NR_CLOCK_GETTIME64  403
#define NR_CLOCK_NANOSLEEP64  407

#define KERNEL_ADDR  0xc0100000u
#define UNMAPPED     0x50000000u
#define RANDOM_CALLS 4000

#define PROT_RW      (PROT_READ | PROT_WRITE)
#define MAP_ANON     (MAP_PRIVATE | MAP_ANONYMOUS)

/* ---- a task of our own --------------------------------------------------- */

TPROGRAM(child_exits_with_5, TPROGRAM_EXIT("$5"));

static struct task *task;
static uint32_t page;   /* three pages, writable; none behind them */

static uint32_t call6(uint32_t nr, uint32_t a, uint32_t b, uint32_t c,
		      uint32_t d, uint32_t e, uint32_t f)
{
	struct trap_regs regs;

	arch_user_regs_init(&regs, UADDR(TPROGRAM_CODE),
			    UADDR(TPROGRAM_DATA + 0xff0));
	regs.eax = nr;
	regs.ebx = a;
	regs.ecx = b;
	regs.edx = c;
	regs.esi = d;
	regs.edi = e;
	regs.ebp = f;
	return (uint32_t)linux_calls[nr](&regs);
}

#define CALL(nr, ...)  CALL_PADDED(nr, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_PADDED(nr, a, b, c, d, e, f, ...)  call6(nr, a, b, c, d, e, f)

#define EXPECT_CALL(expected, ...) \
	EXPECT_EQ((uint32_t)CALL(__VA_ARGS__), (uint32_t)(expected))

static void adopt(void)
{
	static const char *const argv[] = { "adopted", NULL };
	struct thread *self = current_thread();
	struct thread *unused;

	REQUIRE(!tprogram_load(&child_exits_with_5, NULL, argv, &task,
			       &unused));
	task_thread_destroy(unused);
	self->task = task;
	thread_set_tables(&task->mm->tables);
	page = CALL(NR_MMAP2, 0, 4 * PAGE_SIZE, PROT_RW, MAP_ANON, -1u);
	CALL(NR_MUNMAP, page + 3 * PAGE_SIZE, PAGE_SIZE);
}

static void release(void)
{
	struct thread *self = current_thread();

	EXPECT_NULL(mm_check(task->mm));
	self->task = NULL;
	self->sigmask = 0;
	self->clear_child_tid = UADDR(0);
	memset(self->arch.tls, 0, sizeof(self->arch.tls));
	thread_set_tables(NULL);
	object_put(&task->object);
}

static uint32_t peek(uint32_t addr)
{
	uint32_t value = 0xdeadbeef;

	if (get_user32(&value, UADDR(addr)))
		ktest_fail(__FILE__, __LINE__, "0x%x cannot be read", addr);
	return value;
}

static void poke(uint32_t addr, uint32_t value)
{
	if (put_user32(UADDR(addr), value))
		ktest_fail(__FILE__, __LINE__, "0x%x cannot be written", addr);
}

/* ---- memory -------------------------------------------------------------- */

KTEST(linux_calls, memory_calls_reach_the_address_space)
{
	uint32_t heap;

	adopt();
	poke(page, 1234);
	EXPECT_CALL(0, NR_MPROTECT, page, PAGE_SIZE, PROT_READ);
	EXPECT(put_user32(UADDR(page), 1) == -EFAULT);
	EXPECT_EQ(peek(page), 1234);
	EXPECT_CALL(0, NR_MPROTECT, page, PAGE_SIZE, PROT_RW);
	EXPECT_CALL(0, NR_MADVISE, page, PAGE_SIZE, MADV_DONTNEED);
	EXPECT_EQ(peek(page), 0);
	heap = CALL(NR_BRK, 0);
	EXPECT_CALL(heap + 8192, NR_BRK, heap + 8192);
	poke(heap + 8000, 5);
	EXPECT_CALL(heap, NR_BRK, heap);
	EXPECT_CALL(page, NR_MREMAP, page, 3 * PAGE_SIZE, 2 * PAGE_SIZE, 0, 0);
	EXPECT_CALL(0, NR_MUNMAP, page, 2 * PAGE_SIZE);
	release();
}

KTEST(linux_calls, mmap2_checks_in_linux_order)
{
	adopt();
	EXPECT_CALL(-EBADF, NR_MMAP2, 0, PAGE_SIZE, PROT_RW, MAP_PRIVATE, -1u);
	EXPECT_CALL(-EINVAL, NR_MMAP2, 0, 0, PROT_RW, MAP_ANON, -1u, -1u);
	EXPECT_CALL(-EOVERFLOW, NR_MMAP2, 0, 2 * PAGE_SIZE, PROT_RW, MAP_ANON,
		    -1u, -1u);
	EXPECT_CALL(-ENOMEM, NR_MMAP2, 0, 0xfffff001, PROT_RW, MAP_ANON, -1u,
		    -1u);
	EXPECT_CALL(-EINVAL, NR_MMAP2, 0, PAGE_SIZE, PROT_RW, MAP_ANONYMOUS,
		    -1u);
	release();
}

KTEST(linux_calls, mincore_tells_pages_and_errors)
{
	uint32_t vec;

	adopt();
	vec = page + 2 * PAGE_SIZE;
	poke(page + PAGE_SIZE, 1);
	poke(vec, 0x7f7f7f7f);
	EXPECT_CALL(0, NR_MINCORE, page, 2 * PAGE_SIZE, vec);
	EXPECT_EQ(peek(vec), 0x7f7f0100);
	EXPECT_CALL(-EINVAL, NR_MINCORE, page + 1, PAGE_SIZE, vec);
	EXPECT_CALL(-ENOMEM, NR_MINCORE, page, 4 * PAGE_SIZE, vec);
	EXPECT_CALL(-ENOMEM, NR_MINCORE, KERNEL_ADDR, PAGE_SIZE, vec);
	EXPECT_CALL(-EFAULT, NR_MINCORE, page, PAGE_SIZE, KERNEL_ADDR);
	EXPECT_CALL(-EFAULT, NR_MINCORE, page, PAGE_SIZE, UNMAPPED);
	EXPECT_CALL(0, NR_MINCORE, page, 0, vec);
	release();
}

KTEST(linux_calls, mincore_of_many_pages_goes_on_where_a_step_ended)
{
	uint32_t large, vec;

	adopt();
	vec = page;
	/* No memory is promised for read-only pages: 1000 always fit. */
	large = CALL(NR_MMAP2, 0, 1000 * PAGE_SIZE, PROT_READ, MAP_ANON, -1u);
	EXPECT_CALL(0, NR_MPROTECT, large + 999 * PAGE_SIZE, PAGE_SIZE,
		    PROT_RW);
	poke(large + 999 * PAGE_SIZE, 1);
	EXPECT_CALL(0, NR_MINCORE, large, 1000 * PAGE_SIZE, vec);
	EXPECT_EQ(peek(vec), 0);
	EXPECT_EQ(peek(vec + 996), 0x01000000);
	release();
}

/* ---- console ------------------------------------------------------------- */

static char said[128];
static size_t said_size;

static void listen(const char *text, size_t size)
{
	for (size_t i = 0; i < size && said_size < sizeof(said) - 1; i++)
		said[said_size++] = text[i];
	said[said_size] = '\0';
}

static struct console listener = { .name = "listener", .write = listen };

static void start_listening(void)
{
	/* A tick would say in between what was left out before. */
	log_limits_flush();
	said_size = 0;
	said[0] = '\0';
	console_add(&listener);
}

static void say_at(uint32_t addr, const char *text)
{
	if (copy_to_user(UADDR(addr), text, (uint32_t)strlen(text)))
		ktest_fail(__FILE__, __LINE__, "0x%x cannot be written", addr);
}

KTEST(linux_calls, write_reaches_the_console)
{
	adopt();
	say_at(page, "# said by write\n");
	start_listening();
	EXPECT_CALL(16, NR_WRITE, 1, page, 16);
	console_remove(&listener);
	EXPECT_STREQ(said, "# said by write\n");
	release();
}

KTEST(linux_calls, write_answers_bad_arguments_as_linux_does)
{
	adopt();
	EXPECT_CALL(-EBADF, NR_WRITE, 3, page, 1);
	EXPECT_CALL(-EBADF, NR_WRITE, -1u, page, 1);
	EXPECT_CALL(0, NR_WRITE, 1, page, 0);
	EXPECT_CALL(-EFAULT, NR_WRITE, 1, KERNEL_ADDR, 1);
	EXPECT_CALL(-EFAULT, NR_WRITE, 1, UNMAPPED, 1);
	EXPECT_CALL(-EFAULT, NR_WRITE, 1, 0xbffffff0, 0x100);
	EXPECT_CALL(-EINVAL, NR_WRITE, 1, TPROGRAM_CODE, 0x80000000);
	EXPECT_CALL(-EFAULT, NR_WRITE, 1, page, 0x80000000);
	EXPECT_CALL(-EFAULT, NR_WRITE, 1, page, 0xffffffff);
	release();
}

KTEST(linux_calls, write_counts_what_came_before_the_bad_page)
{
	uint32_t end;

	adopt();
	end = page + 3 * PAGE_SIZE;
	say_at(end - 8, "# half.\n");
	EXPECT_CALL(8, NR_WRITE, 1, end - 8, 100);
	release();
}

static void put_iov(unsigned i, uint32_t base, uint32_t length)
{
	poke(page + 8 * i, base);
	poke(page + 8 * i + 4, length);
}

KTEST(linux_calls, writev_gathers_and_checks)
{
	uint32_t text;

	adopt();
	text = page + PAGE_SIZE;
	say_at(text, "# one two\n");
	put_iov(0, text, 5);
	put_iov(1, UNMAPPED, 0);
	put_iov(2, text + 5, 5);
	start_listening();
	EXPECT_CALL(10, NR_WRITEV, 2, page, 3);
	console_remove(&listener);
	EXPECT_STREQ(said, "# one two\n");
	EXPECT_CALL(0, NR_WRITEV, 1, page, 0);
	EXPECT_CALL(-EINVAL, NR_WRITEV, 1, page, 1025);
	EXPECT_CALL(-EFAULT, NR_WRITEV, 1, UNMAPPED, 1);
	EXPECT_CALL(-EBADF, NR_WRITEV, 7, page, 1);
	put_iov(1, text, 0x80000000);
	EXPECT_CALL(-EINVAL, NR_WRITEV, 1, page, 2);
	put_iov(1, KERNEL_ADDR, 4);
	EXPECT_CALL(-EFAULT, NR_WRITEV, 1, page, 2);
	put_iov(0, UNMAPPED, 4);
	EXPECT_CALL(-EFAULT, NR_WRITEV, 1, page, 1);
	release();
}

/* ---- processes ----------------------------------------------------------- */

KTEST(linux_calls, numbers_of_a_process)
{
	adopt();
	EXPECT_CALL(task->pid, NR_GETPID, 0);
	EXPECT_CALL(current_thread()->tid, NR_GETTID, 0);
	EXPECT_CALL(0, NR_GETPPID, 0);
	EXPECT_CALL(current_thread()->tid, NR_SET_TID_ADDRESS, page);
	EXPECT_EQ(current_thread()->clear_child_tid.v, page);
	EXPECT_CALL(0, NR_SET_ROBUST_LIST, page, 12);
	EXPECT_CALL(-EINVAL, NR_SET_ROBUST_LIST, page, 13);
	release();
}

KTEST(linux_calls, fork_and_wait4_tell_pid_and_status)
{
	uint32_t child;

	adopt();
	child = CALL(NR_FORK, 0);
	REQUIRE((int32_t)child > 0);
	poke(page, 0xffffffff);
	poke(page + 64, 0xffffffff);
	EXPECT_CALL(child, NR_WAIT4, child, page, 0, page + 64);
	EXPECT_EQ(peek(page), WAIT_EXITED(5));
	EXPECT_EQ(peek(page + 64), 0);
	EXPECT_CALL(-ECHILD, NR_WAIT4, child, page, 0, 0);
	tprogram_settle();
	release();
}

KTEST(linux_calls, wait_reaps_the_child_even_when_the_status_has_no_place)
{
	uint32_t child;

	adopt();
	child = CALL(NR_FORK, 0);
	REQUIRE((int32_t)child > 0);
	EXPECT_CALL(-EFAULT, NR_WAITPID, child, UNMAPPED, 0);
	EXPECT_CALL(-ECHILD, NR_WAITPID, child, page, 0);
	tprogram_settle();
	release();
}

KTEST(linux_calls, wait_checks_options_before_children)
{
	adopt();
	EXPECT_CALL(-EINVAL, NR_WAIT4, -1u, page, 0x40, 0);
	EXPECT_CALL(-EINVAL, NR_WAITPID, -1u, page, 4);
	EXPECT_CALL(-ESRCH, NR_WAIT4, 0x80000000, page, 0, 0);
	EXPECT_CALL(-ECHILD, NR_WAIT4, -1u, page, 1, 0);
	EXPECT_CALL(-ECHILD, NR_WAIT4, 0, page, 0, 0);
	release();
}

KTEST(linux_calls, vfork_returns_when_the_child_has_ended)
{
	uint32_t child;

	adopt();
	child = CALL(NR_VFORK, 0);
	REQUIRE((int32_t)child > 0);
	EXPECT_CALL(child, NR_WAITPID, child, page, 1);
	EXPECT_EQ(peek(page), WAIT_EXITED(5));
	tprogram_settle();
	release();
}

KTEST(linux_calls, clone_as_glibc_forks_stores_the_number_in_the_child)
{
	/* CHILD_CLEARTID, CHILD_SETTID, PARENT_SETTID, SIGCHLD */
	const uint32_t flags = 0x01200000 | 0x00100000 | 17;
	uint32_t child;

	adopt();
	poke(page, 1);
	poke(page + 4, 1);
	child = CALL(NR_CLONE, flags, 0, page + 4, 0, page);
	REQUIRE((int32_t)child > 0);
	EXPECT_EQ(peek(page), 1);
	EXPECT_EQ(peek(page + 4), child);
	EXPECT_CALL(child, NR_WAITPID, child, page, 0);
	tprogram_settle();
	release();
}

KTEST(linux_calls, clone_refuses_what_it_does_not_know)
{
	adopt();
	EXPECT_CALL(-EINVAL, NR_CLONE, 0x20000000 | 17);   /* CLONE_NEWPID */
	EXPECT_CALL(-EINVAL, NR_CLONE, 0x00010000);        /* THREAD alone */
	EXPECT_CALL(-EINVAL, NR_CLONE, 0x00000800);        /* SIGHAND alone */
	EXPECT_CALL(-EFAULT, NR_CLONE, 0x00080000 | 17, 0, 0, UNMAPPED);
	EXPECT_CALL(-ECHILD, NR_WAITPID, -1u, 0, 0);
	release();
}

static bool fork_and_reap(void *arg)
{
	uint32_t child = CALL(NR_FORK, 0);

	if (child == (uint32_t)-ENOMEM)
		return false;
	EXPECT_CALL(child, NR_WAITPID, child, page, 0);
	tprogram_settle();
	return true;
}

KTEST(linux_calls, each_failing_allocation_of_a_fork_is_undone)
{
	unsigned long objects = object_count(OBJECT_TASK);

	adopt();
	poke(page, 1);
	EXPECT(ktest_each_failure(fork_and_reap, NULL) > 5);
	EXPECT_CALL(-ECHILD, NR_WAITPID, -1u, 0, 0);
	release();
	EXPECT_EQ(object_count(OBJECT_TASK), objects);
}

/* ---- TLS, time, the rest ------------------------------------------------- */

static void put_user_desc(uint32_t entry)
{
	poke(page, entry);
	poke(page + 4, page);
	poke(page + 8, 0xfffff);
	poke(page + 12, 0x51);
}

KTEST(linux_calls, set_thread_area_picks_entry_6_and_says_so)
{
	adopt();
	put_user_desc(-1u);
	EXPECT_CALL(0, NR_SET_THREAD_AREA, page);
	EXPECT_EQ(peek(page), 6);
	put_user_desc(-1u);
	EXPECT_CALL(0, NR_SET_THREAD_AREA, page);
	EXPECT_EQ(peek(page), 7);
	put_user_desc(5);
	EXPECT_CALL(-EINVAL, NR_SET_THREAD_AREA, page);
	EXPECT_CALL(-EFAULT, NR_SET_THREAD_AREA, UNMAPPED);
	EXPECT_CALL(-EFAULT, NR_SET_THREAD_AREA, KERNEL_ADDR);
	release();
}

KTEST(linux_calls, clocks_go_forward_and_agree)
{
	uint32_t sec, nsec;

	adopt();
	EXPECT_CALL(0, NR_CLOCK_GETTIME, 1, page);
	sec = peek(page);
	nsec = peek(page + 4);
	EXPECT(nsec < NS_PER_SEC);
	EXPECT_CALL(0, NR_CLOCK_GETTIME64, 1, page);
	EXPECT_EQ(peek(page + 4), 0);
	EXPECT_EQ(peek(page + 12), 0);
	EXPECT(peek(page) > sec || (peek(page) == sec &&
				    peek(page + 8) >= nsec));
	for (uint32_t clock = 0; clock <= 7; clock++)
		EXPECT_CALL(0, NR_CLOCK_GETTIME, clock, page);
	EXPECT_CALL(-EINVAL, NR_CLOCK_GETTIME, 99, page);
	EXPECT_CALL(-EFAULT, NR_CLOCK_GETTIME, 1, KERNEL_ADDR);
	EXPECT_CALL(-EFAULT, NR_CLOCK_GETTIME64, 1, UNMAPPED);
	release();
}

KTEST(linux_calls, nanosleep_lasts_and_checks)
{
	uint64_t before;

	adopt();
	poke(page, 0);
	poke(page + 4, 20000000);
	before = clock_ns();
	EXPECT_CALL(0, NR_NANOSLEEP, page, 0);
	EXPECT(clock_ns() - before >= 20000000);
	poke(page + 4, (uint32_t)NS_PER_SEC);
	EXPECT_CALL(-EINVAL, NR_NANOSLEEP, page, 0);
	poke(page, -1u);
	poke(page + 4, 0);
	EXPECT_CALL(-EINVAL, NR_NANOSLEEP, page, 0);
	EXPECT_CALL(-EFAULT, NR_NANOSLEEP, UNMAPPED, 0);
	release();
}

KTEST(linux_calls, signal_mask_is_kept_and_given_back)
{
	adopt();
	poke(page, 0xffffffff);
	poke(page + 4, 0x1);
	EXPECT_CALL(0, NR_SIGPROCMASK, 2, page, page + 8, 8);
	EXPECT_EQ(peek(page + 8), 0);
	EXPECT_CALL(0, NR_SIGPROCMASK, 0, 0, page + 8, 8);
	EXPECT_EQ(peek(page + 8), ~(1u << 8 | 1u << 18));
	EXPECT_EQ(peek(page + 12), 1);
	poke(page, 0x3);
	EXPECT_CALL(0, NR_SIGPROCMASK, 1, page, 0, 8);
	EXPECT_CALL(0, NR_SIGPROCMASK, 0, 0, page + 8, 8);
	EXPECT_EQ(peek(page + 8), ~(1u << 8 | 1u << 18 | 3u));
	EXPECT_CALL(-EINVAL, NR_SIGPROCMASK, 3, page, 0, 8);
	EXPECT_CALL(-EINVAL, NR_SIGPROCMASK, 0, page, 0, 4);
	EXPECT_CALL(-EFAULT, NR_SIGPROCMASK, 0, UNMAPPED, 0, 8);
	EXPECT_CALL(-EFAULT, NR_SIGPROCMASK, 0, 0, UNMAPPED, 8);
	release();
}

KTEST(linux_calls, uname_fills_six_texts)
{
	char machine[8];

	adopt();
	EXPECT_CALL(0, NR_UNAME, page);
	EXPECT_EQ(copy_from_user(machine, UADDR(page + 4 * 65), 5), 0);
	EXPECT(!memcmp(machine, "i686", 5));
	EXPECT_CALL(-EFAULT, NR_UNAME, UNMAPPED);
	release();
}

KTEST(linux_calls, table_has_names_and_holes)
{
	EXPECT_STREQ(linux_call_name(NR_MMAP2), "mmap2");
	EXPECT(!linux_call_name(3));
	EXPECT(!linux_calls[3]);
	EXPECT(!linux_call_name(100000));
}

/* ---- anything at all ----------------------------------------------------- */

static bool can_be_called_here(uint32_t nr)
{
	switch (nr) {
	case NR_EXIT:
	case NR_EXIT_GROUP:
	case NR_FORK:
	case NR_VFORK:
	case NR_CLONE:
	case NR_NANOSLEEP:
	case NR_CLOCK_NANOSLEEP:
	case NR_CLOCK_NANOSLEEP64:
	case NR_WRITE:
	case NR_WRITEV:
		return false;
	default:
		return linux_calls[nr] != NULL;
	}
}

static uint32_t random_argument(struct rng *rng)
{
	const uint32_t values[] = {
		0, 1, 2, -1u, PAGE_SIZE, page, page + PAGE_SIZE, page + 4095,
		PAGE_OFFSET, PAGE_OFFSET - PAGE_SIZE, KERNEL_ADDR, UNMAPPED,
		0x7fffffff, 0x80000000, MAP_ANON, MAP_ANON | MAP_FIXED,
		TPROGRAM_DATA, 64 * PAGE_SIZE, rng_next(rng),
	};

	return values[rng_below(rng, ARRAY_SIZE(values))];
}

KTEST(linux_calls, random_calls_leave_a_sound_address_space)
{
	struct rng rng;

	adopt();
	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < RANDOM_CALLS; i++) {
		uint32_t nr = rng_below(&rng, LINUX_CALLS_END);
		uint32_t arg[6];

		while (!can_be_called_here(nr))
			nr = rng_below(&rng, LINUX_CALLS_END);
		for (unsigned j = 0; j < 6; j++)
			arg[j] = random_argument(&rng);
		call6(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
		if (i % 256 == 0)
			EXPECT_NULL(mm_check(task->mm));
	}
	release();
}

static const char *linux_calls_suite_check(void)
{
	for (unsigned nr = 0; nr < LINUX_CALLS_END; nr++)
		HOLDS(!linux_calls[nr] == !linux_call_name(nr),
		      "the table and its names agree");
	return task_check();
}

SUITE(linux_calls, linux_calls_suite_check);
