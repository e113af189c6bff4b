// SPDX-License-Identifier: MIT
/*
 * task.c - tests of kernel/task/: how tasks begin and end, and what kills them
 *
 * WHAT     Programs of a few instructions run in ring 3; their wait status
 *          tells what they have seen.
 */
#include "kernel/task/task.h"

#include <arch/cpu.h>

#include "kernel/diag/log.h"
#include "kernel/sched/clock.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"
#include "tests/tprogram.h"

#define MANY         10000u
#define FAMILY       20

static const char *const no_args[] = { "tprogram", NULL };

/* Many tasks crash here: do not print a line for each one. */
static unsigned loglevel_before;

static void quiet(void)
{
	loglevel_before = log_set_level(LOG_ERR);
}

static void loud(void)
{
	log_set_level(loglevel_before);
}

static uint32_t crash_status(const struct tprogram *program)
{
	uint32_t wait_status;

	quiet();
	wait_status = tprogram_run(program);
	loud();
	return wait_status;
}

#define EXPECT_SIGNAL(program, signal) \
	EXPECT_EQ(crash_status(&program), WAIT_SIGNALED(signal))

/* ---- beginning ----------------------------------------------------------- */

TPROGRAM(exits_with_7, TPROGRAM_EXIT("$7"));

KTEST(task, program_ends_with_its_exit_code)
{
	EXPECT_EQ(tprogram_run(&exits_with_7), WAIT_EXITED(7));
	EXPECT_NULL(task_check());
}

/* ESP is a multiple of 16 and points to argc; all other registers are 0. */
TPROGRAM(looks_at_registers,
      "orl %ecx, %eax; orl %edx, %eax; orl %ebx, %eax; orl %esi, %eax;"
      "orl %edi, %eax; orl %ebp, %eax; jnz 1f;"
      "movl %esp, %eax; andl $15, %eax; jnz 1f;"
      TPROGRAM_EXIT("(%esp)")
      "1:" TPROGRAM_EXIT("$99"));

KTEST(task, registers_are_clear_and_argc_is_on_the_stack)
{
	static const char *const argv[] = { "a", "b", "c", NULL };
	struct task *task;
	struct thread *thread;

	REQUIRE(!tprogram_load(&looks_at_registers, NULL, argv, &task,
			       &thread));
	REQUIRE(!task_start(task, thread));
	EXPECT_EQ(tprogram_wait(task), WAIT_EXITED(3));
}

KTEST(task, task_that_never_starts_is_undone_by_its_last_reference)
{
	unsigned long objects = object_count(OBJECT_TASK);
	struct task *task;
	struct thread *thread;

	REQUIRE(!tprogram_load(&exits_with_7, NULL, no_args, &task, &thread));
	EXPECT(!task_find(task->pid));
	task_thread_destroy(thread);
	object_put(&task->object);
	EXPECT_EQ(object_count(OBJECT_TASK), objects);
}

KTEST(task, new_task_has_the_limits_of_who_made_it)
{
	const struct vm_limit limit = { PAGE_SIZE, 2 * PAGE_SIZE };
	struct task *parent, *task;

	EXPECT_EQ(task_create("parent", NULL, &parent), 0);
	for (unsigned i = 0; i < VM_NR_LIMITS; i++)
		EXPECT_EQ(mm_change_limit(parent->mm, i, &limit, NULL), 0);
	EXPECT_EQ(task_create("child", parent, &task), 0);
	for (unsigned i = 0; i < VM_NR_LIMITS; i++) {
		EXPECT_EQ(task->mm->limits[i].soft, limit.soft);
		EXPECT_EQ(task->mm->limits[i].hard, limit.hard);
	}
	object_put(&task->object);
	object_put(&parent->object);
}

KTEST(task, task_killed_before_its_start_does_not_start)
{
	uint32_t wait_status;
	struct task *task;
	struct thread *thread;

	REQUIRE(!tprogram_load(&exits_with_7, NULL, no_args, &task, &thread));
	task_kill(task, WAIT_SIGNALED(SIGKILL));
	EXPECT_EQ(task_start(task, thread), -ESRCH);
	EXPECT_EQ(task_wait_for(task, 0, &wait_status), 0);
	EXPECT_EQ(wait_status, WAIT_SIGNALED(SIGKILL));
	object_put(&task->object);
}

KTEST(task, refused_image_leaves_an_empty_task)
{
	struct task *task;
	struct thread *thread;

	REQUIRE(!task_create("refused", NULL, &task));
	quiet();
	EXPECT_EQ(task_load(task, "no program", 10, no_args, &thread),
		  -ENOEXEC);
	loud();
	object_put(&task->object);
}

KTEST(task, arguments_that_do_not_fit_are_refused)
{
	static char large[40000];
	const char *const argv[] = { large, NULL };
	struct task *task;
	struct thread *thread;

	memset(large, 'x', sizeof(large) - 1);
	EXPECT_EQ(tprogram_load(&exits_with_7, NULL, argv, &task, &thread),
		  -E2BIG);
}

static bool create_and_load(void *arg)
{
	struct task *task;
	struct thread *thread;

	if (tprogram_load(&exits_with_7, NULL, no_args, &task, &thread))
		return false;
	task_thread_destroy(thread);
	object_put(&task->object);
	return true;
}

KTEST(task, each_failing_allocation_of_a_start_is_undone)
{
	unsigned long objects = object_count(OBJECT_TASK);

	EXPECT(ktest_each_failure(create_and_load, NULL) > 10);
	EXPECT_EQ(object_count(OBJECT_TASK), objects);
}

KTEST(task, ten_thousand_created_and_destroyed_leak_nothing)
{
	unsigned long before, objects = object_count(OBJECT_TASK);

	before = nr_free_pages();
	for (unsigned i = 0; i < MANY; i++) {
		struct task *task;

		REQUIRE(!task_create("many", NULL, &task));
		object_put(&task->object);
	}
	EXPECT_EQ(object_count(OBJECT_TASK), objects);
	EXPECT(nr_free_pages() + 8 >= before);
}

/* ---- what ends a program ------------------------------------------------- */

TPROGRAM(reads_null, "movl 0, %eax;" TPROGRAM_EXIT("$0"));
TPROGRAM(writes_unmapped, "movl %eax, 0x50000000;" TPROGRAM_EXIT("$0"));
TPROGRAM(writes_its_code, "movb $0, 0x08048000;" TPROGRAM_EXIT("$0"));
TPROGRAM(reads_the_kernel, "movl 0xc0100000, %eax;" TPROGRAM_EXIT("$0"));
TPROGRAM(writes_the_kernel, "movl %eax, 0xc0100000;" TPROGRAM_EXIT("$0"));
TPROGRAM(jumps_into_the_kernel, "movl $0xc0100000, %eax; jmp *%eax;");
TPROGRAM(reads_the_last_page, "movl 0xfffffffc, %eax;" TPROGRAM_EXIT("$0"));

KTEST(task, bad_memory_accesses_are_segmentation_faults)
{
	EXPECT_SIGNAL(reads_null, SIGSEGV);
	EXPECT_SIGNAL(writes_unmapped, SIGSEGV);
	EXPECT_SIGNAL(writes_its_code, SIGSEGV);
	EXPECT_SIGNAL(reads_the_kernel, SIGSEGV);
	EXPECT_SIGNAL(writes_the_kernel, SIGSEGV);
	EXPECT_SIGNAL(jumps_into_the_kernel, SIGSEGV);
	EXPECT_SIGNAL(reads_the_last_page, SIGSEGV);
	EXPECT_NULL(task_check());
}

TPROGRAM(executes_data,
      "movb $0xc3, 0x0804a000; movl $0x0804a000, %eax; call *%eax;"
      TPROGRAM_EXIT("$0"));
TPROGRAM(executes_stack,
      "pushl $0xc3; call *%esp;" TPROGRAM_EXIT("$0"));

KTEST(task, data_and_stack_are_not_executable)
{
	if (!cpu_has(CPU_NX))
		SKIP("needs NX");
	EXPECT_SIGNAL(executes_data, SIGSEGV);
	EXPECT_SIGNAL(executes_stack, SIGSEGV);
}

TPROGRAM(divides_by_0, "xorl %ecx, %ecx; divl %ecx;" TPROGRAM_EXIT("$0"));
TPROGRAM(runs_ud2, "ud2;" TPROGRAM_EXIT("$0"));
TPROGRAM(runs_int3, "int3;" TPROGRAM_EXIT("$0"));
TPROGRAM(steps, "pushf; orl $0x100, (%esp); popf; nop;" TPROGRAM_EXIT("$0"));
TPROGRAM(overflows, "movb $0x7f, %al; addb $1, %al; into;" TPROGRAM_EXIT("$0"));

KTEST(task, exceptions_have_linux_signals)
{
	EXPECT_SIGNAL(divides_by_0, SIGFPE);
	EXPECT_SIGNAL(runs_ud2, SIGILL);
	EXPECT_SIGNAL(runs_int3, SIGTRAP);
	EXPECT_SIGNAL(steps, SIGTRAP);
	EXPECT_SIGNAL(overflows, SIGSEGV);
}

TPROGRAM(halts, "hlt;" TPROGRAM_EXIT("$0"));
TPROGRAM(turns_interrupts_off, "cli;" TPROGRAM_EXIT("$0"));
TPROGRAM(reads_a_port, "inb $0x60, %al;" TPROGRAM_EXIT("$0"));
TPROGRAM(writes_cr0, "xorl %eax, %eax; movl %eax, %cr0;" TPROGRAM_EXIT("$0"));
TPROGRAM(loads_gdt, "lgdt 0x0804a000;" TPROGRAM_EXIT("$0"));
TPROGRAM(loads_kernel_segment, "movl $0x08, %eax; movw %ax, %ds;"
      TPROGRAM_EXIT("$0"));
TPROGRAM(uses_a_kernel_gate, "int $0x20;" TPROGRAM_EXIT("$0"));
TPROGRAM(returns_to_ring_0,
      "pushl $0; pushl $0x08; pushl $0x08048000; iretl;");

KTEST(task, privileged_instructions_end_the_program)
{
	EXPECT_SIGNAL(halts, SIGSEGV);
	EXPECT_SIGNAL(turns_interrupts_off, SIGSEGV);
	EXPECT_SIGNAL(reads_a_port, SIGSEGV);
	EXPECT_SIGNAL(writes_cr0, SIGSEGV);
	EXPECT_SIGNAL(loads_gdt, SIGSEGV);
	EXPECT_SIGNAL(loads_kernel_segment, SIGSEGV);
	EXPECT_SIGNAL(uses_a_kernel_gate, SIGSEGV);
	EXPECT_SIGNAL(returns_to_ring_0, SIGSEGV);
}

TPROGRAM(wild_esp_call, "movl $0xc0100000, %esp; movl $20, %eax; int $0x80;"
      TPROGRAM_EXIT("$5"));
TPROGRAM(wild_esp_push, "movl $0xc0100000, %esp; pushl %eax;"
      TPROGRAM_EXIT("$5"));

KTEST(task, wild_stack_pointer_hurts_only_its_owner)
{
	EXPECT_EQ(tprogram_run(&wild_esp_call), WAIT_EXITED(5));
	EXPECT_SIGNAL(wild_esp_push, SIGSEGV);
}

/* The first goes down 4 MiB, page by page; the second, past the 8 MiB limit. */
TPROGRAM(grows_its_stack,
      "movl $1000, %ecx; 1: subl $4096, %esp; movl %ecx, (%esp);"
      "loop 1b;" TPROGRAM_EXIT("$1"));
TPROGRAM(overflows_its_stack,
      "1: subl $4096, %esp; movl %ecx, (%esp); jmp 1b;");

KTEST(task, stack_grows_up_to_its_limit)
{
	if (nr_free_pages() < 4000)
		SKIP("needs 16 MiB");
	EXPECT_EQ(tprogram_run(&grows_its_stack), WAIT_EXITED(1));
	EXPECT_SIGNAL(overflows_its_stack, SIGSEGV);
}

/* ---- kill and wait ------------------------------------------------------- */

TPROGRAM(spins, "1: jmp 1b;");
TPROGRAM(sleeps_long,
      "movl $1000, 0x0804a000; movl $0x0804a000, %ebx; xorl %ecx, %ecx;"
      TPROGRAM_CALL(162) TPROGRAM_EXIT("$0"));

static void expect_killable(const struct tprogram *program)
{
	struct task *task = tprogram_start(program);

	REQUIRE(task);
	thread_sleep_ns(2 * NS_PER_TICK);
	task_kill(task, WAIT_SIGNALED(SIGKILL));
	task_kill(task, WAIT_EXITED(1));    /* too late: no effect */
	EXPECT_EQ(tprogram_wait(task), WAIT_SIGNALED(SIGKILL));
}

KTEST(task, endless_loop_and_long_sleep_can_be_killed)
{
	expect_killable(&spins);
	expect_killable(&sleeps_long);
	EXPECT_NULL(task_check());
}

KTEST(task, waiting_for_a_task_ends_at_the_deadline)
{
	struct task *task = tprogram_start(&spins);
	uint32_t wait_status;

	REQUIRE(task);
	EXPECT_EQ(task_wait_for(task, clock_ns() + 2 * NS_PER_TICK,
				&wait_status), -ETIMEDOUT);
	task_kill(task, WAIT_EXITED(3));
	EXPECT_EQ(tprogram_wait(task), WAIT_EXITED(3));
}

KTEST(task, running_task_is_found_by_its_pid_until_it_ends)
{
	struct task *task = tprogram_start(&spins);
	struct task *found;
	uint32_t pid;

	REQUIRE(task);
	pid = task->pid;
	found = task_find(pid);
	EXPECT(found == task);
	object_put(&found->object);
	found = task_find_next(pid);
	EXPECT(found == task);
	object_put(&found->object);
	EXPECT(!task_find_next(pid + 1) || pid + 1 < PID_MAX);
	EXPECT(!task_find(0));
	task_kill(task, WAIT_EXITED(0));
	tprogram_wait(task);
	EXPECT(!task_find(pid));
}

static void count_task(struct task *task, void *arg)
{
	++*(unsigned *)arg;
}

KTEST(task, statistics_tell_of_threads_and_memory)
{
	struct task *task = tprogram_start(&spins);
	struct pg_task stats;
	unsigned nr = 0;

	REQUIRE(task);
	thread_sleep_ns(3 * NS_PER_TICK);
	task_get_stats(task, &stats);
	EXPECT_EQ(stats.pid, task->pid);
	EXPECT_EQ(stats.nr_threads, 1);
	EXPECT(stats.rss_pages >= 2 && stats.total_pages >= stats.rss_pages);
	EXPECT(stats.state == 'R' && !stats.zombie);
	EXPECT(stats.ran_ns > 0);
	EXPECT_STREQ(stats.name, "tprogram");
	task_for_each(count_task, &nr);
	EXPECT(nr >= 1);
	task_kill(task, WAIT_EXITED(0));
	tprogram_wait(task);
}

/* ---- families ------------------------------------------------------------ */

/* The child exits with 5, the parent with the child's code + 1. */
TPROGRAM(forks_and_waits,
      TPROGRAM_CALL(2)
      "testl %eax, %eax; jnz 1f;" TPROGRAM_EXIT("$5")
      "1: movl %eax, %ebx; movl $0x0804a000, %ecx; xorl %edx, %edx;"
      TPROGRAM_CALL(7)
      "cmpl %eax, %ebx; jne 2f;"
      "movl 0x0804a000, %ebx; shrl $8, %ebx; incl %ebx;" TPROGRAM_CALL(252)
      "2:" TPROGRAM_EXIT("$99"));

KTEST(task, parent_reads_the_exit_code_of_its_child)
{
	EXPECT_EQ(tprogram_run(&forks_and_waits), WAIT_EXITED(6));
}

/* Both write to the same page; each must see its own value. */
TPROGRAM(fork_copies,
      "movl $1, 0x0804a010;" TPROGRAM_CALL(2)
      "testl %eax, %eax; jnz 1f;"
      "incl 0x0804a010;" TPROGRAM_EXIT("0x0804a010")
      "1: movl %eax, %ebx; movl $0x0804a000, %ecx; xorl %edx, %edx;"
      TPROGRAM_CALL(7)
      "movl 0x0804a001, %ebx; shll $4, %ebx; orl 0x0804a010, %ebx;"
      TPROGRAM_CALL(252));

KTEST(task, parent_and_child_write_to_memory_of_their_own)
{
	EXPECT_EQ(tprogram_run(&fork_copies), WAIT_EXITED(0x21));
}

/* A child that is killed by a fault: the parent sees the signal. */
TPROGRAM(child_crashes,
      TPROGRAM_CALL(2)
      "testl %eax, %eax; jnz 1f; movl 0, %eax;"
      "1: movl %eax, %ebx; movl $0x0804a000, %ecx; xorl %edx, %edx;"
      TPROGRAM_CALL(7) TPROGRAM_EXIT("0x0804a000"));

KTEST(task, parent_sees_the_signal_that_ended_its_child)
{
	EXPECT_EQ(crash_status(&child_crashes), WAIT_EXITED(SIGSEGV));
}

/* ECHILD is 10; WNOHANG with a child that spins gives 0. */
TPROGRAM(has_no_child,
      "movl $-1, %ebx; xorl %ecx, %ecx; xorl %edx, %edx;" TPROGRAM_CALL(7)
      "negl %eax;" TPROGRAM_EXIT("%eax"));
TPROGRAM(child_still_runs,
      TPROGRAM_CALL(2) "testl %eax, %eax; jnz 1f; 2: jmp 2b;"
      "1: movl $-1, %ebx; xorl %ecx, %ecx; movl $1, %edx;" TPROGRAM_CALL(7)
      TPROGRAM_EXIT("%eax"));

static void kill_named(struct task *task, void *arg)
{
	struct task **found = arg;

	if (!*found && !strcmp(task->name, "tprogram"))
		*found = task;
}

/* Kill the child that spins: its parent has ended. */
static void kill_orphans(void)
{
	struct task *orphan;

	do {
		orphan = NULL;
		task_for_each(kill_named, &orphan);
		if (orphan) {
			task_kill(orphan, WAIT_SIGNALED(SIGKILL));
			thread_sleep_ns(NS_PER_TICK);
		}
	} while (orphan);
}

KTEST(task, waiting_tells_no_child_from_none_that_has_ended)
{
	EXPECT_EQ(tprogram_run(&has_no_child), WAIT_EXITED(10));
	EXPECT_EQ(tprogram_run(&child_still_runs), WAIT_EXITED(0));
	EXPECT_NULL(task_check());
	kill_orphans();
	EXPECT_NULL(task_check());
}

/* Leaves a zombie and a running child behind. */
TPROGRAM(leaves_children,
      TPROGRAM_CALL(2) "testl %eax, %eax; jnz 1f;" TPROGRAM_EXIT("$1")
      "1:" TPROGRAM_CALL(158)
      TPROGRAM_CALL(2) "testl %eax, %eax; jnz 1f; movl $50, %esi;"
      "2:" TPROGRAM_CALL(158) "decl %esi; jnz 2b;" TPROGRAM_EXIT("$2")
      "1:" TPROGRAM_EXIT("$3"));

/* Wait a while: the last thread of a task gives up the object as it ends. */
static void expect_tasks(unsigned long objects)
{
	for (unsigned i = 0; i < 100 && object_count(OBJECT_TASK) != objects;
	     i++)
		thread_sleep_ns(NS_PER_TICK);
	EXPECT_EQ(object_count(OBJECT_TASK), objects);
	EXPECT_NULL(task_check());
}

KTEST(task, orphans_leave_no_zombies)
{
	unsigned long objects = object_count(OBJECT_TASK);

	EXPECT_EQ(tprogram_run(&leaves_children), WAIT_EXITED(3));
	expect_tasks(objects);
}

/* Forks 20 children. Each exits with its number; the parent adds these. */
TPROGRAM(large_family,
      "movl $20, %esi; 1:" TPROGRAM_CALL(2)
      "testl %eax, %eax; jnz 2f;" TPROGRAM_EXIT("%esi")
      "2: decl %esi; jnz 1b; xorl %edi, %edi;"
      "3: movl $-1, %ebx; movl $0x0804a000, %ecx; xorl %edx, %edx;"
      TPROGRAM_CALL(7)
      "testl %eax, %eax; js 4f; movl 0x0804a000, %eax; shrl $8, %eax;"
      "addl %eax, %edi; jmp 3b; 4:" TPROGRAM_EXIT("%edi"));

KTEST(task, every_child_of_a_large_family_is_reaped_once)
{
	unsigned long objects = object_count(OBJECT_TASK);

	if (nr_free_pages() < 800)
		SKIP("needs 800 free pages for %u children", FAMILY);
	EXPECT_EQ(tprogram_run(&large_family),
		  WAIT_EXITED(FAMILY * (FAMILY + 1) / 2));
	expect_tasks(objects);
}

KTEST(task, init_inherits_the_children_of_the_dead)
{
	struct task *heir = tprogram_start(&spins);
	struct pg_task stats;
	struct task *task, *child = NULL, *init_before;

	REQUIRE(heir);
	init_before = task_set_init(heir);
	task = tprogram_start(&child_still_runs);
	REQUIRE(task);
	EXPECT_EQ(tprogram_wait(task), WAIT_EXITED(0));
	child = task_find_next(heir->pid + 1);
	if (child) {
		task_get_stats(child, &stats);
		EXPECT_EQ(stats.parent, heir->pid);
		object_put(&child->object);
	}
	EXPECT(child != NULL);
	EXPECT_NULL(task_check());
	EXPECT(task_set_init(init_before) == heir);
	task_kill(heir, WAIT_EXITED(0));
	tprogram_wait(heir);
	kill_orphans();
}

/* ---- threads ------------------------------------------------------------- */

/* Ends its own thread; the other one, at +0x100, then ends the task. */
TPROGRAM(two_threads,
      "movl $1, 0x0804a000; movl $9, %ebx;" TPROGRAM_CALL(1)
      ".org tprogram_two_threads + 0x100;"
      "1: cmpl $1, 0x0804a000; jne 1b;" TPROGRAM_CALL(158)
      TPROGRAM_EXIT("$4"));

static struct thread *second_thread(struct task *task)
{
	struct trap_regs regs;
	struct thread *thread;

	arch_user_regs_init(&regs, UADDR(TPROGRAM_CODE + 0x100),
			    UADDR(TPROGRAM_DATA + 0xff0));
	if (task_thread_create(task, &regs, &thread))
		return NULL;
	return thread;
}

KTEST(task, task_lives_until_its_last_thread_ends)
{
	struct task *task = tprogram_start(&two_threads);
	struct thread *second;

	REQUIRE(task);
	second = second_thread(task);
	REQUIRE(second);
	EXPECT(second->tid != task->pid);
	EXPECT_EQ(task_start(task, second), 0);
	EXPECT_EQ(tprogram_wait(task), WAIT_EXITED(4));
	EXPECT_NULL(task_check());
}

/* The first spins at its beginning; the second, at +0x100, exits for both. */
TPROGRAM(second_exits_for_both,
      "1: jmp 1b; .org tprogram_second_exits_for_both + 0x100;"
      TPROGRAM_EXIT("$8"));

KTEST(task, exit_group_ends_the_other_threads)
{
	struct task *task = tprogram_start(&second_exits_for_both);
	struct thread *second;

	REQUIRE(task);
	second = second_thread(task);
	REQUIRE(second);
	EXPECT_EQ(task_start(task, second), 0);
	EXPECT_EQ(tprogram_wait(task), WAIT_EXITED(8));
}

/* CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, CHILD_CLEARTID */
TPROGRAM(clones_a_thread,
	 "movl $1, 0x0804a100; movl $0x250f00, %ebx; movl $0x0804aff0, %ecx;"
	 "movl $0x0804a100, %edi;" TPROGRAM_CALL(120)
	 "testl %eax, %eax; jnz 1f; movl $3, 0x0804a000; xorl %ebx, %ebx;"
	 TPROGRAM_CALL(1)
	 "1:" TPROGRAM_CALL(158) "cmpl $0, 0x0804a100; jne 1b;"
	 TPROGRAM_EXIT("0x0804a000"));

KTEST(task, thread_made_by_clone_shares_memory_and_clears_its_word)
{
	EXPECT_EQ(tprogram_run(&clones_a_thread), WAIT_EXITED(3));
	EXPECT_NULL(task_check());
}

/* When vfork() returns, the parent sees what the child has written. */
TPROGRAM(vforks,
	 TPROGRAM_CALL(190)
	 "testl %eax, %eax; jnz 1f; movl $4, 0x0804a000;" TPROGRAM_EXIT("$0")
	 "1:" TPROGRAM_EXIT("0x0804a000"));

KTEST(task, vfork_shares_memory_and_waits)
{
	EXPECT_EQ(tprogram_run(&vforks), WAIT_EXITED(4));
	EXPECT_NULL(task_check());
}

static const char *task_suite_check(void)
{
	tprogram_settle();
	return task_check();
}

SUITE(task, task_suite_check);
