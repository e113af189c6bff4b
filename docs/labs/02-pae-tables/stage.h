// SPDX-License-Identifier: MIT
/*
 * stage.h - a page directory on which the lab's functions can do no harm
 *
 * WHAT     The functions of the lab find the kernel's directory by the pointer
 *          kernel_pd. Between stage_enter() and stage_leave() this pointer
 *          leads to a directory of the test. The CPU never uses it.
 *
 * PICTURE  The window has three tables. They lie in one block of memory, in
 *          the opposite order, and each between two pages that must stay 0. So
 *          a function that runs over the end of a table is found:
 *
 *            page of block   0    1        2    3        4    5        6    7
 *                            [0]  table 2  [0]  table 1  [0]  table 0  [0] [0]
 *
 * LOCKING  On the stage no other thread may run: it would find the wrong
 *          directory. So a test does not leave while it is on the stage:
 *          EXPECT() is right there, REQUIRE() and SKIP() are not.
 */
#pragma once

#include <arch/fixmap.h>
#include <arch/paging.h>
#include <arch/pgtable.h>

#include "lib/preempt.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "tests/ktest.h"

/* Above vmalloc_start() in every machine, and the first page of a table. */
#define WINDOW_BASE    0xf9000000u
#define WINDOW_TABLES  3u
#define WINDOW_PAGES   (WINDOW_TABLES * PTRS_PER_PT)
#define BLOCK_ORDER    3u

static struct {
	pde_t *pd;              /* the directory of the test              */
	pte_t *block;           /* see the picture                        */
	pde_t *live_pd;         /* what the kernel has, while it is away  */
	unsigned long live_tables;
} stage;

static inline kva_t window_va(unsigned i)
{
	return WINDOW_BASE + i * PAGE_SIZE;
}

/* The entry of page i of the window, found without the lab's functions. */
static inline pte_t *window_entry(unsigned i)
{
	unsigned page = 2 * (WINDOW_TABLES - 1 - i / PTRS_PER_PT) + 1;

	return stage.block + page * PTRS_PER_PT + i % PTRS_PER_PT;
}

static inline void stage_create(void)
{
	struct page *pd = alloc_page(GFP_KERNEL | GFP_ZERO);
	struct page *block = alloc_pages(GFP_KERNEL | GFP_ZERO, BLOCK_ORDER);

	REQUIRE(pd && block);
	stage.pd = page_address(pd);
	stage.block = page_address(block);
}

/* Empty the window, and give its tables to the directory. */
static inline void window_open(void)
{
	memset(stage.block, 0, PAGE_SIZE << BLOCK_ORDER);
	for (unsigned i = 0; i < WINDOW_PAGES; i += PTRS_PER_PT)
		stage.pd[pd_index(window_va(i))] =
			pde_make_table(virt_to_phys(window_entry(i)));
}

/* Empty the directory. Free the tables that the lab's functions have made. */
static inline void stage_clear(void)
{
	for (unsigned i = 0; i < PTRS_PER_PD; i++) {
		phys_addr_t pa = pde_table_phys(stage.pd[i]);

		if (pde_is_table(stage.pd[i]) && phys_is_lowmem(pa) &&
		    page_state(phys_to_pfn(pa)) == PAGE_TABLE) {
			struct page *table = pfn_to_page(phys_to_pfn(pa));

			page_set_state(table, PAGE_USED);
			free_page(table);
		}
		stage.pd[i].v = 0;
	}
}

static inline void stage_destroy(void)
{
	stage_clear();
	free_pages(virt_to_page(stage.block), BLOCK_ORDER);
	free_page(virt_to_page(stage.pd));
}

static inline void stage_enter(void)
{
	preempt_disable();
	stage.live_pd = kernel_pd;
	stage.live_tables = kpt_tables;
	kernel_pd = stage.pd;
}

static inline void stage_leave(void)
{
	kernel_pd = stage.live_pd;
	kpt_tables = stage.live_tables;
	preempt_enable();
}
