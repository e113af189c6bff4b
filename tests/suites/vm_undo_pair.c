// SPDX-License-Identifier: MIT
/*
 * vm_undo_pair.c (tests) - transfers between two owners that fail half-way
 *
 * WHAT     Like tests/suites/vm_undo.c, for transfers between two address
 *          spaces, forks, windows of devices, pages of the kernel, and pins.
 *
 * TERMS    joined   the receiver's new area becomes one with its neighbours:
 *                   it cannot be found again by its start
 *          part     as on Linux, a failed fork leaves the parent's entries
 *                   read-only, and a failed pin leaves the pages that it has
 *                   touched
 */
#include "tests/suites/vm_undo.h"

SUITE(vm_undo_pair, vm_check);

#define MID              5u      /* in the middle of the upper area */
#define KERNEL_ORDER     2u
#define NR_KERNEL_PAGES  (1u << KERNEL_ORDER)

/* Never RAM on a PC: the I/O APIC and what follows it. */
#define REGISTERS        PFN(0xfec00)

/* Two pagers that are never asked; their references are counted. */
#define OLD_PAGER  ((struct endpoint *)1)
#define NEW_PAGER  ((struct endpoint *)2)

static int pager_refs;

static void count_get(struct endpoint *pager)
{
	pager_refs++;
}

static void count_put(struct endpoint *pager)
{
	pager_refs--;
}

static const struct vm_pager_ops counting = {
	.get = count_get, .put = count_put,
};

/* ---- worlds -------------------------------------------------------------- */

/* a: [0-8 rw, written]; b: nothing */
static void private_area(struct world *w)
{
	w->mm[B] = test_mm();
	test_map(w->mm[A], 0, 8, PROT_RW);
	test_fill(w->mm[A], 0, 6, 1);
}

/* The same; a child shares some of the pages, and one page is pinned. */
static void private_relatives(struct world *w)
{
	private_area(w);
	w->mm[OTHER] = test_fork(w->mm[A]);
	EXPECT_EQ(poke(w->mm[A], AT(3), 33), 33);
	EXPECT_EQ(mm_pin(w->mm[A], UADDR(AT(3)), PAGES(1), true, w->pinned), 0);
}

/* The receiver has areas on both sides of FAR, and no table there. */
static void private_neighbours(struct world *w)
{
	private_relatives(w);
	EXPECT_IS(mm_mmap(w->mm[B], UADDR(FAR - PAGES(1)), PAGES(1), PROT_RW,
			  ANON_FIXED),
		  FAR - PAGES(1));
	EXPECT_IS(mm_mmap(w->mm[B], UADDR(FAR + PAGES(3)), PAGES(1), PROT_RW,
			  ANON_FIXED),
		  FAR + PAGES(3));
}

static void private_unjoined(struct world *w)
{
	struct mm *parent = w->mm[A];

	test_map(parent, 0, 8, PROT_READ);
	EXPECT_EQ(mm_mlock(parent, UADDR(AT(0)), PAGES(4)), 0);
	w->mm[A] = test_fork(parent);
	w->mm[OTHER] = parent;
	w->mm[B] = test_mm();
}

static void shared_area(struct world *w)
{
	w->mm[B] = test_mm();
	test_map_shared(w->mm[A], 0, 8, PROT_RW);
	test_fill(w->mm[A], 0, 6, 1);
}

/* The next transfer is joined with one or both of these areas. */
static void shared_joined(struct world *w)
{
	shared_area(w);
	EXPECT_IS(mm_transfer(w->mm[A], UADDR(AT(1)), PAGES(1), w->mm[B],
			      UADDR(FAR - PAGES(1)), VM_READ | VM_WRITE, false),
		  FAR - PAGES(1));
	EXPECT_EQ(peek(w->mm[B], FAR - PAGES(1)), 2);
	EXPECT_IS(mm_transfer(w->mm[A], UADDR(AT(5)), PAGES(1), w->mm[B],
			      UADDR(FAR + PAGES(3)), VM_READ | VM_WRITE, false),
		  FAR + PAGES(3));
	EXPECT_EQ(peek(w->mm[B], FAR + PAGES(3)), 6);
}

/* The receiver's window lies inside one area. */
static void fill_window(struct world *w)
{
	EXPECT_IS(mm_mmap(w->mm[B], UADDR(FAR - PAGES(2)), PAGES(9), PROT_RW,
			  ANON_FIXED),
		  FAR - PAGES(2));
	EXPECT_EQ(poke(w->mm[B], FAR + PAGES(1), 77), 77);
	EXPECT_EQ(poke(w->mm[B], FAR + PAGES(5), 78), 78);
}

static void private_over(struct world *w)
{
	private_relatives(w);
	fill_window(w);
}

static void private_over_some(struct world *w)
{
	private_over(w);
	EXPECT_EQ(mm_mprotect(w->mm[B], UADDR(FAR + PAGES(1)), PAGES(1),
			      PROT_READ),
		  0);
	EXPECT_EQ(mm_munmap(w->mm[B], UADDR(FAR), PAGES(1)), 0);
}

static void shared_over(struct world *w)
{
	shared_area(w);
	fill_window(w);
}

static void with_pin(struct world *w)
{
	test_map(w->mm[A], 0, 4, PROT_RW);
	test_map(w->mm[A], 4, 2, PROT_READ);
	test_map_shared(w->mm[A], 6, 2, PROT_RW);
	test_fill(w->mm[A], 0, 3, 1);
	test_fill(w->mm[A], 6, 1, 7);
	EXPECT_EQ(mm_pin(w->mm[A], UADDR(AT(1)), PAGES(1), true, w->pinned), 0);
}

static void to_be_pinned(struct world *w)
{
	test_map(w->mm[A], 0, 4, PROT_RW);
	test_fill(w->mm[A], 1, 1, 2);
	w->mm[OTHER] = test_fork(w->mm[A]);
}

static void three_areas(struct world *w)
{
	test_map(w->mm[A], 0, 4, PROT_RW);
	test_map(w->mm[A], 4, 4, PROT_READ);
	test_map(w->mm[A], 8, 4, PROT_RW);
	test_fill(w->mm[A], 0, 2, 1);
}

static void old_pagers(struct world *w)
{
	three_areas(w);
	EXPECT_EQ(mm_set_pager(w->mm[A], UADDR(AT(3)), PAGES(6), OLD_PAGER), 0);
}

/* ---- calls --------------------------------------------------------------- */

static long transfer(struct world *w, unsigned rights, bool grant)
{
	return mm_transfer(w->mm[A], UADDR(AT(2)), PAGES(3), w->mm[B],
			   UADDR(FAR), rights, grant);
}

static long map(struct world *w)
{
	return transfer(w, VM_READ | VM_WRITE, false);
}

static long map_to_read(struct world *w)
{
	return mm_transfer(w->mm[A], UADDR(AT(MID)), PAGES(1), w->mm[B],
			   UADDR(FAR), VM_READ, false);
}

static long grant(struct world *w)
{
	return transfer(w, VM_READ | VM_WRITE, true);
}

static long grant_to_read(struct world *w)
{
	return mm_transfer(w->mm[A], UADDR(AT(MID)), PAGES(1), w->mm[B],
			   UADDR(FAR), VM_READ, true);
}

static long grant_anywhere(struct world *w)
{
	return mm_transfer(w->mm[A], UADDR(AT(0)), PAGES(8), w->mm[B], UADDR(0),
			   VM_READ, true);
}

/* Pages like those of the kernel: each has a reference that stays. */
static struct page *kernel_pages;

static long over(struct world *w, bool grant)
{
	return mm_transfer_over(w->mm[A], UADDR(AT(2)), PAGES(3), w->mm[B],
				UADDR(FAR), VM_READ | VM_WRITE, grant);
}

static long map_over(struct world *w)
{
	return over(w, false);
}

static long grant_over(struct world *w)
{
	return over(w, true);
}

static long window_of_registers(struct world *w)
{
	return mm_map_device(w->mm[A], REGISTERS, NR_KERNEL_PAGES, false,
			     "[device]", &w->window);
}

static long window_of_memory(struct world *w)
{
	return mm_map_device(w->mm[A], page_to_pfn(kernel_pages),
			     NR_KERNEL_PAGES, true, "[device]", &w->window);
}

static long map_kernel_pages(struct world *w)
{
	return mm_map_pages(w->mm[A], UADDR(FAR), kernel_pages, NR_KERNEL_PAGES,
			    VM_READ, "[archive]");
}

static long fork_it(struct world *w)
{
	return mm_fork(w->mm[A], &w->mm[B]);
}

/* The entries of the first area have become read-only. */
static void fork_part(struct world *w, unsigned i)
{
	upt_protect_range(&w->mm[A]->tables, UADDR(AT(0)), UADDR(AT(4)),
			  UPT_READ, NULL);
}

static long pin_all(struct world *w)
{
	struct page *pages[PINS];
	int err = mm_pin(w->mm[A], UADDR(AT(0)), PAGES(PINS), true, pages);

	if (!err)
		memcpy(w->pinned, pages, sizeof(pages));
	return err;
}

static void pin_part(struct world *w, unsigned i)
{
	for (unsigned at = 0; at <= i; at++)
		EXPECT_EQ(touch(w->mm[A], AT(at), VM_WRITE), VM_FAULT_DONE);
}

static long name_pager(struct world *w)
{
	return mm_set_pager(w->mm[A], UADDR(AT(1)), PAGES(10), NEW_PAGER);
}

static long forget_pager(struct world *w)
{
	return mm_set_pager(w->mm[A], UADDR(AT(1)), PAGES(10), NULL);
}

/* ---- the table ----------------------------------------------------------- */

/*  call                        world            run, parts, which */
static const struct undo_case cases[] = {
	{ "map of private",         private_area,       map, WHOLE },
	{ "map, child, pin",        private_relatives,  map, WHOLE },
	{ "map beside areas",       private_neighbours, map, WHOLE },
	{ "map, unjoined",          private_unjoined,   map_to_read, WHOLE },
	{ "grant of private",       private_area,       grant, WHOLE },
	{ "grant, child, pin",      private_relatives,  grant, WHOLE },
	{ "grant beside areas",     private_neighbours, grant, WHOLE },
	{ "grant, unjoined",        private_unjoined,   grant_to_read, WHOLE },
	{ "grant anywhere",         private_relatives,  grant_anywhere, WHOLE },
	{ "map of shared",          shared_area,        map, WHOLE },
	{ "map of shared, joined",  shared_joined,      map, WHOLE },
	{ "grant of shared",        shared_area,        grant, WHOLE },
	{ "grant of shared, joined", shared_joined,     grant, WHOLE },
	{ "map over a window",      private_over,       map_over, WHOLE },
	{ "map over areas",         private_over_some,  map_over, WHOLE },
	{ "grant over a window",    private_over,       grant_over, WHOLE },
	{ "grant over areas",       private_over_some,  grant_over, WHOLE },
	{ "map of shared, over",    shared_over,        map_over, WHOLE },
	{ "grant of shared, over",  shared_over,        grant_over, WHOLE },
	{ "window of registers",    three_areas, window_of_registers, WHOLE },
	{ "window of memory",       three_areas, window_of_memory, WHOLE },
	{ "pages of the kernel's",  three_areas, map_kernel_pages, WHOLE },
	{ "fork",                   with_pin,           fork_it, 1, fork_part },
	{ "pin",                    to_be_pinned,       pin_all,
	  PINS, pin_part },
	{ "a pager for three",      three_areas,        name_pager, WHOLE },
	{ "another pager",          old_pagers,         name_pager, WHOLE },
	{ "no pager for three",     three_areas,        forget_pager, WHOLE },
};

KTEST(vm_undo_pair, a_failed_transfer_leaves_both_as_they_were)
{
	const struct vm_pager_ops *before;

	kernel_pages = test_kernel_pages(KERNEL_ORDER);
	before = vm_set_pager_ops(&counting);
	pager_refs = 0;
	try_cases(cases, ARRAY_SIZE(cases));
	EXPECT_EQ(pager_refs, 0);
	vm_set_pager_ops(before);
	test_free_kernel_pages(kernel_pages, KERNEL_ORDER);
}
