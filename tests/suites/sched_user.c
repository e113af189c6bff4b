// SPDX-License-Identifier: MIT
/*
 * sched_user.c (tests) - threads of user mode: their page tables, preemption
 * and end
 *
 * WHAT     The tests make address spaces of two pages, code and data. A system
 *          call comes to a function of the test. No task is needed.
 */
#include <arch/cr.h>
#include <arch/kva.h>
#include <arch/page_ops.h>
#include <arch/syscall.h>
#include <arch/upgtable.h>

#include "lib/string.h"
#include "lib/wait.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "tests/threads.h"

SUITE(sched_user, sched_check);

#define SPACES   3
#define CALLS    40
#define CODE_VA  0x08048000u
#define DATA_VA  0x08049000u

/* again: int $0x80; jmp again */
static const uint8_t calling[] = { 0xcd, 0x80, 0xeb, 0xfc };

/* again: incl DATA_VA; jmp again */
static const uint8_t counting[] = {
	0xff, 0x05, DATA_VA & 0xff, DATA_VA >> 8 & 0xff, DATA_VA >> 16 & 0xff,
	DATA_VA >> 24, 0xeb, 0xf8,
};

struct space {
	struct upgtable tables;
	struct page    *code, *data;
	struct thread  *thread;
};

static struct space spaces[SPACES];
static struct order order;
static unsigned before, wrong_tables, calls;

static void page_store(struct page *page, const void *from, size_t size)
{
	char *ptr = kmap_local(page);

	clear_page(ptr);
	memcpy(ptr, from, size);
	kunmap_local(ptr);
}

static uint32_t counter(const struct space *space)
{
	const volatile uint32_t *ptr = kmap_local(space->data);
	uint32_t value = *ptr;

	kunmap_local((const void *)ptr);
	return value;
}

static void space_create(struct space *space, const void *code, size_t size)
{
	uint32_t zero = 0;

	REQUIRE(!upt_create(&space->tables));
	space->code = alloc_page(GFP_HIGHUSER);
	space->data = alloc_page(GFP_HIGHUSER);
	REQUIRE(space->code && space->data);
	page_store(space->code, code, size);
	page_store(space->data, &zero, sizeof(zero));
	REQUIRE(!upt_map(&space->tables, UADDR(CODE_VA),
			 page_to_pfn(space->code), UPT_READ | UPT_EXEC));
	REQUIRE(!upt_map(&space->tables, UADDR(DATA_VA),
			 page_to_pfn(space->data), UPT_READ | UPT_WRITE));
}

static void nothing(struct page *const pages[], unsigned nr, void *arg)
{
}

static void space_destroy(struct space *space)
{
	sched_forget_tables(&space->tables);
	upt_unmap_range(&space->tables, UADDR(USER_BASE), UADDR(PAGE_OFFSET),
			nothing, NULL);
	upt_destroy(&space->tables);
	free_page(space->code);
	free_page(space->data);
}

/* Start a thread at the first instruction of the space's code. */
static void space_run(struct space *space, unsigned priority)
{
	struct trap_regs regs;

	arch_user_regs_init(&regs, UADDR(CODE_VA), UADDR(DATA_VA + PAGE_SIZE));
	regs.ebx = (uint32_t)(space - spaces);
	space->thread = thread_create_user(NULL, &space->tables, "user",
					   priority, &regs);
	REQUIRE(space->thread);
	thread_start(space->thread);
}

static void begin(const void *code, size_t size)
{
	before = sched_nr_threads();
	wrong_tables = calls = 0;
	memset(&order, 0, sizeof(order));
	for (unsigned i = 0; i < SPACES; i++)
		space_create(&spaces[i], code, size);
}

static void end(void)
{
	all_gone(before);
	syscall_set_hook(NULL);
	for (unsigned i = 0; i < SPACES; i++)
		space_destroy(&spaces[i]);
}

static bool loaded(const struct space *space)
{
	return read_cr3() == (uint32_t)space->tables.root.v;
}

/* ---- calls that yield --------------------------------------------------- */

static void yield_call(struct trap_regs *regs)
{
	const struct space *space = &spaces[regs->ebx];

	wrong_tables += !loaded(space) || irqs_disabled() ||
			regs != thread_user_regs(current_thread());
	order_note(&order, regs->ebx);
	if (++calls > SPACES * CALLS)
		thread_exit();
	thread_yield();
	wrong_tables += !loaded(space);
}

KTEST(sched_user, threads_take_turns_each_with_its_own_tables)
{
	begin(calling, sizeof(calling));
	syscall_set_hook(yield_call);
	for (unsigned i = 0; i < SPACES; i++)
		space_run(&spaces[i], PRIORITY_USER);
	all_gone(before);
	EXPECT_EQ(wrong_tables, 0);
	for (unsigned i = 0; i < SPACES * CALLS; i++)
		EXPECT_EQ(order.who[i], i % SPACES);
	end();
}

KTEST(sched_user, two_threads_may_share_an_address_space)
{
	begin(calling, sizeof(calling));
	syscall_set_hook(yield_call);
	space_run(&spaces[1], PRIORITY_USER);
	space_run(&spaces[1], PRIORITY_USER);
	space_run(&spaces[2], PRIORITY_USER);
	all_gone(before);
	EXPECT_EQ(wrong_tables, 0);
	end();
}

/* ---- preemption in user mode -------------------------------------------- */

static bool all_counted(void)
{
	for (unsigned i = 0; i < SPACES; i++)
		if (!counter(&spaces[i]))
			return false;
	return true;
}

KTEST(sched_user, spinning_programs_are_preempted_and_can_be_killed)
{
	uint32_t first;

	begin(counting, sizeof(counting));
	for (unsigned i = 0; i < SPACES; i++)
		space_run(&spaces[i], PRIORITY_USER);
	EXPECT(WAIT_UNTIL(all_counted()));
	for (unsigned i = 0; i < SPACES; i++)
		thread_kill(spaces[i].thread);
	all_gone(before);
	first = counter(&spaces[0]);
	thread_sleep_ns(NS_PER_TICK);
	EXPECT_EQ(counter(&spaces[0]), first);
	end();
}

KTEST(sched_user, one_killed_before_it_begins_runs_no_instruction)
{
	begin(counting, sizeof(counting));
	space_run(&spaces[0], PRIORITY_USER);
	thread_kill(spaces[0].thread);
	all_gone(before);
	EXPECT_EQ(counter(&spaces[0]), 0);
	end();
}

static struct wait_queue queue = WAIT_QUEUE_INIT(queue);

static void wait_call(struct trap_regs *regs)
{
	calls++;
	if (!wait_event_killable(&queue, false))
		calls++;
}

KTEST(sched_user, one_killed_in_a_call_unwinds_and_ends)
{
	begin(calling, sizeof(calling));
	syscall_set_hook(wait_call);
	space_run(&spaces[0], PRIORITY_USER);
	EXPECT(WAIT_UNTIL(calls == 1 &&
			  spaces[0].thread->state == THREAD_BLOCKED));
	thread_kill(spaces[0].thread);
	all_gone(before);
	EXPECT_EQ(calls, 2);
	end();
}

/* ---- whose tables are loaded -------------------------------------------- */

static void exit_call(struct trap_regs *regs)
{
	calls++;
	thread_exit();
}

KTEST(sched_user, a_kernel_thread_runs_with_the_tables_it_finds)
{
	begin(calling, sizeof(calling));
	syscall_set_hook(exit_call);
	space_run(&spaces[1], PRIORITY_USER);
	all_gone(before);
	EXPECT_EQ(calls, 1);
	EXPECT(loaded(&spaces[1]));       /* lazily, still loaded */
	sched_forget_tables(&spaces[2].tables);
	EXPECT(loaded(&spaces[1]));       /* those of another space stay */
	sched_forget_tables(&spaces[1].tables);
	EXPECT(!loaded(&spaces[1]));
	EXPECT_NULL(sched_check());
	end();
}

static void drop_call(struct trap_regs *regs)
{
	thread_set_tables(NULL);
	wrong_tables += loaded(&spaces[0]);
	thread_yield();
	wrong_tables += loaded(&spaces[0]);
	thread_exit();
}

KTEST(sched_user, a_thread_may_leave_its_address_space)
{
	begin(calling, sizeof(calling));
	syscall_set_hook(drop_call);
	space_run(&spaces[0], PRIORITY_USER);
	all_gone(before);
	EXPECT_EQ(wrong_tables, 0);
	end();
}
