// SPDX-License-Identifier: MIT
/*
 * ring3.c - a few instructions of user mode, in tests
 *
 * WHAT     See ring3.h. While there is a struct ring3, all exceptions are
 *          hooked. An exception of its thread ends this thread. The kernel
 *          handles all other exceptions as usual.
 */
#include "tests/ring3.h"

#include <arch/cpu.h>
#include <arch/irqflags.h>

#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

#define NR_EXCEPTIONS  32
#define VECTOR_NM      7

static LIST_HEAD(all);

static struct ring3 *running(void)
{
	struct ring3 *r;

	list_for_each_entry(r, &all, all) {
		if (r->thread == current_thread())
			return r;
	}
	return NULL;
}

static bool catch_exception(struct trap_regs *regs)
{
	struct ring3 *r = running();

	if (!r)
		return false;
	if (r->exception && r->exception(r, regs))
		return true;
	/* #NM loads the FPU's registers: the code goes on. */
	if (!trap_from_user(regs) ||
	    (regs->vector == VECTOR_NM && cpu_has(CPU_FPU)))
		return false;
	r->regs = *regs;
	r->ended = true;
	irq_enable();
	thread_exit();
}

static void hook_all(trap_hook_fn hook)
{
	for (unsigned vector = 0; vector < NR_EXCEPTIONS; vector++)
		trap_set_hook(vector, hook);
}

static struct page *map_page(struct ring3 *r, uint32_t va, unsigned rights)
{
	struct page *page = alloc_page(GFP_KERNEL | GFP_ZERO);

	REQUIRE(page);
	REQUIRE(upt_map(&r->tables, UADDR(va), page_to_pfn(page), rights) == 0);
	return page;
}

void ring3_init(struct ring3 *r, const struct ring3_code *code)
{
	size_t size = (size_t)(code->end - code->start);

	*r = (struct ring3){ .ended = false };
	REQUIRE(size <= PAGE_SIZE);
	REQUIRE(upt_create(&r->tables) == 0);
	r->code = map_page(r, RING3_CODE_VA, UPT_READ | UPT_EXEC);
	memcpy(page_address(r->code), code->start, size);
	for (unsigned i = 0; i < RING3_DATA_PAGES; i++)
		r->data[i] = map_page(r, RING3_DATA_VA + i * PAGE_SIZE,
				      UPT_READ | UPT_WRITE);
	arch_user_regs_init(&r->regs, UADDR(RING3_CODE_VA),
			    UADDR(RING3_STACK_TOP));
	if (list_empty(&all))
		hook_all(catch_exception);
	list_add(&r->all, &all);
}

static void ignore_pages(struct page *const pages[], unsigned nr, void *arg)
{
}

void ring3_destroy(struct ring3 *r)
{
	list_del(&r->all);
	if (list_empty(&all))
		hook_all(NULL);
	sched_forget_tables(&r->tables);
	upt_unmap_range(&r->tables, UADDR(0), UADDR(PAGE_OFFSET), ignore_pages,
			NULL);
	upt_destroy(&r->tables);
	for (unsigned i = 0; i < RING3_DATA_PAGES; i++)
		free_page(r->data[i]);
	free_page(r->code);
}

void ring3_start(struct ring3 *r)
{
	r->ended = false;
	r->thread = thread_create_user(NULL, &r->tables, "ring3",
				       PRIORITY_TEST, &r->regs);
	REQUIRE(r->thread);
	thread_start(r->thread);
}

void ring3_wait(struct ring3 *r)
{
	REQUIRE(WAIT_UNTIL(r->ended));
	/* We have run after the thread, so it has been reaped. */
	EXPECT_NULL(upt_check(&r->tables));
}

void ring3_run(struct ring3 *r)
{
	ring3_start(r);
	ring3_wait(r);
}

unsigned ring3_try(struct ring3 *r, const struct ring3_code *code)
{
	ring3_init(r, code);
	ring3_run(r);
	ring3_destroy(r);
	return r->regs.vector;
}

uint32_t *ring3_data(struct ring3 *r, unsigned page)
{
	return page_address(r->data[page]);
}
