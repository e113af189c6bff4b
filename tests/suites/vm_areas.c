// SPDX-License-Identifier: MIT
/*
 * vm_areas.c (tests) - how many areas a call needs, and who pays for them
 *
 * WHAT     A call that cuts an area, or adds one, is refused if there would be
 *          too many areas, or if the account cannot pay for them. The table
 *          says how many each call needs: one less, and it is refused.
 *
 * TERMS    more     so many areas above those that are there must be allowed
 *          paid     so many areas above those that are there must be paid for
 */
#include "lib/align.h"
#include "mm/account/account.h"
#include "tests/suites/vm_test.h"

SUITE(vm_areas, vm_check);

#define ANY     -1        /* the call does not ask                          */
#define ENOUGH  8
#define FILL    1000u     /* page of the first area that only fills         */
#define THERE   300u      /* where ranges are moved or given to             */

/* Never RAM on a PC. */
#define REGISTERS  PFN(0xfec00)

/* The table is about `mm`. */
struct world {
	struct mm       *mm, *other;
	struct vm_window window;
};

struct need {
	const char *name;
	void (*build)(struct world *w);
	bool (*call)(struct world *w, unsigned at, unsigned nr);
	unsigned at, nr;
	int      more, paid;
};

/* ---- worlds -------------------------------------------------------------- */

static void nothing(struct world *w)
{
	test_map(w->other, 0, 8, PROT_RW);
}

static void area(struct world *w)
{
	nothing(w);
	test_map(w->mm, 0, 8, PROT_RW);
}

static void shared(struct world *w)
{
	test_map_shared(w->mm, 0, 8, PROT_RW);
}

static void two_areas(struct world *w)
{
	test_map(w->mm, 0, 4, PROT_RW);
	test_map(w->mm, 4, 4, PROT_READ);
}

static void stack(struct world *w)
{
	EXPECT_IS(mm_mmap(w->mm, UADDR(AT(8)), PAGES(2), PROT_READ,
			  ANON_FIXED | MAP_GROWSDOWN),
		  AT(8));
}

static void shared_stack(struct world *w)
{
	stack(w);
	EXPECT_IS(mm_transfer(w->mm, UADDR(AT(8)), PAGES(2), w->other,
			      UADDR(AT(8)), VM_READ, false),
		  AT(8));
}

static void heap(struct world *w)
{
	mm_set_brk_start(w->mm, UADDR(AT(0)));
}

static void heap_in_use(struct world *w)
{
	heap(w);
	EXPECT_IS(mm_brk(w->mm, UADDR(AT(2))), AT(2));
}

/* ---- calls --------------------------------------------------------------- */

static bool done(long result)
{
	return !IS_ERR_VALUE(result);
}

static bool map(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_mmap(w->mm, UADDR(AT(at)), PAGES(nr), PROT_EXEC,
			    ANON_FIXED));
}

static bool map_alike(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_mmap(w->mm, UADDR(AT(at)), PAGES(nr), PROT_RW,
			    ANON | MAP_FIXED_NOREPLACE));
}

static bool load(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_map_fixed(w->mm, UADDR(AT(at)), PAGES(nr), VM_EXEC,
				 "image"));
}

static struct page *kernel_page;

static bool map_page(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_map_pages(w->mm, UADDR(AT(at)), kernel_page, nr, VM_READ,
				 NULL));
}

static bool map_device(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_map_device(w->mm, REGISTERS, nr, false, NULL,
				  &w->window));
}

static bool unmap(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_munmap(w->mm, UADDR(AT(at)), PAGES(nr)));
}

static bool protect(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_mprotect(w->mm, UADDR(AT(at)), PAGES(nr), PROT_EXEC));
}

/* Without operations, nobody looks at the pager. */
static bool name_pager(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_set_pager(w->mm, UADDR(AT(at)), PAGES(nr),
				 (struct endpoint *)w));
}

static bool brk_to(struct world *w, unsigned at, unsigned nr)
{
	return (uint32_t)mm_brk(w->mm, UADDR(AT(at))) == AT(at);
}

static bool grow(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_mremap(w->mm, UADDR(AT(at)), PAGES(nr), PAGES(nr + 2),
			      MREMAP_MAYMOVE, UADDR(0)));
}

static bool shrink(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_mremap(w->mm, UADDR(AT(at)), PAGES(nr), PAGES(1), 0,
			      UADDR(0)));
}

static bool move(struct world *w, unsigned at, unsigned nr)
{
	return done(mm_mremap(w->mm, UADDR(AT(at)), PAGES(nr), PAGES(nr),
			      MREMAP_MAYMOVE | MREMAP_FIXED, UADDR(AT(THERE))));
}

static bool read_page(struct world *w, unsigned at, unsigned nr)
{
	return touch(w->mm, AT(at), VM_READ) == VM_FAULT_DONE;
}

static bool give(struct world *w, unsigned at, unsigned nr, bool grant)
{
	return done(mm_transfer(w->mm, UADDR(AT(at)), PAGES(nr), w->other,
				UADDR(AT(THERE)), VM_READ, grant));
}

static bool give_map(struct world *w, unsigned at, unsigned nr)
{
	return give(w, at, nr, false);
}

static bool give_grant(struct world *w, unsigned at, unsigned nr)
{
	return give(w, at, nr, true);
}

static bool get(struct world *w, unsigned at, unsigned nr, bool grant)
{
	return done(mm_transfer_over(w->other, UADDR(AT(0)), PAGES(nr), w->mm,
				     UADDR(AT(at)), VM_READ, grant));
}

static bool get_map(struct world *w, unsigned at, unsigned nr)
{
	return get(w, at, nr, false);
}

static bool get_grant(struct world *w, unsigned at, unsigned nr)
{
	return get(w, at, nr, true);
}

/* ---- the table ----------------------------------------------------------- */

/* The area is [0, 8): whole, lower part, upper part, middle, behind it. */
static const struct need needs[] = {
	{ "mmap of all",          area,         map,        0,  8, 0,   1 },
	{ "mmap of the lower",    area,         map,        0,  2, 0,   1 },
	{ "mmap of the upper",    area,         map,        6,  2, 0,   1 },
	{ "mmap of the middle",   area,         map,        3,  2, 1,   2 },
	{ "mmap behind",          area,         map,        20, 2, 0,   1 },
	{ "mmap, joined",         area,         map_alike,  8,  2, 0,   0 },
	{ "the loader's map",     nothing,      load,       0,  2, 0,   1 },
	{ "a page of the kernel", nothing,      map_page,   0,  1, 1,   1 },
	{ "a window",             nothing,      map_device, 0,  1, 1,   1 },
	{ "munmap of all",        area,         unmap,      0,  8, ANY, 0 },
	{ "munmap of the lower",  area,         unmap,      0,  2, ANY, 0 },
	{ "munmap of the upper",  area,         unmap,      6,  2, ANY, 0 },
	{ "munmap of the middle", area,         unmap,      3,  2, 1,   1 },
	{ "mprotect of all",      area,         protect,    0,  8, ANY, 0 },
	{ "mprotect, lower",      area,         protect,    0,  2, 1,   1 },
	{ "mprotect, upper",      area,         protect,    6,  2, 1,   1 },
	{ "mprotect, middle",     area,         protect,    3,  2, 2,   2 },
	{ "pager of all",         area,         name_pager, 0,  8, ANY, 0 },
	{ "pager of the lower",   area,         name_pager, 0,  2, 1,   1 },
	{ "pager of the upper",   area,         name_pager, 6,  2, 1,   1 },
	{ "pager of the middle",  area,         name_pager, 3,  2, 2,   2 },
	{ "pager of two",         two_areas,    name_pager, 0,  8, ANY, 0 },
	{ "pager, both halves",   two_areas,    name_pager, 2,  4, 2,   2 },
	{ "the first heap",       heap,         brk_to,     2,  0, 0,   1 },
	{ "a larger heap",        heap_in_use,  brk_to,     4,  0, 0,   0 },
	{ "a smaller heap",       heap_in_use,  brk_to,     1,  0, ANY, 0 },
	{ "mremap, in place",     area,         grow,       6,  2, ANY, 0 },
	{ "mremap, larger",       area,         grow,       0,  2, 4,   3 },
	{ "mremap to a place",    area,         move,       0,  8, 6,   3 },
	{ "mremap, smaller",      area,         shrink,     2,  4, 1,   1 },
	{ "mremap, less",         area,         shrink,     4,  4, ANY, 0 },
	{ "a stack grows",        stack,        read_page,  6,  0, ANY, 0 },
	{ "a shared stack grows", shared_stack, read_page,  6,  0, 1,   1 },
	{ "map of all",           area,         give_map,   0,  8, ANY, 0 },
	{ "map of the lower",     area,         give_map,   0,  2, 1,   1 },
	{ "map of the upper",     area,         give_map,   6,  2, 1,   1 },
	{ "map of the middle",    area,         give_map,   3,  2, 2,   2 },
	{ "map of shared",        shared,       give_map,   3,  2, ANY, 0 },
	{ "grant of all",         area,         give_grant, 0,  8, ANY, 0 },
	{ "grant of the lower",   area,         give_grant, 0,  2, ANY, 0 },
	{ "grant of the upper",   area,         give_grant, 6,  2, ANY, 0 },
	{ "grant of the middle",  area,         give_grant, 3,  2, 1,   1 },
	{ "grant of shared",      shared,       give_grant, 3,  2, 1,   1 },
	{ "a map comes",          area,         get_map,    20, 2, 1,   1 },
	{ "a map over all",       area,         get_map,    0,  8, 1,   1 },
	{ "a map over the lower", area,         get_map,    0,  2, 1,   1 },
	{ "a map over the upper", area,         get_map,    6,  2, 1,   1 },
	{ "a map in the middle",  area,         get_map,    3,  2, 1,   2 },
	{ "a grant comes",        area,         get_grant,  20, 2, 1,   1 },
	{ "a grant over all",     area,         get_grant,  0,  8, 1,   1 },
	{ "a grant, lower",       area,         get_grant,  0,  2, 1,   1 },
	{ "a grant, upper",       area,         get_grant,  6,  2, 1,   1 },
	{ "a grant, middle",      area,         get_grant,  3,  2, 1,   2 },
};

/* Add areas, until only `paid` more are paid for. */
static void fill(struct mm *mm, unsigned paid)
{
	for (unsigned i = 0; !i || mm->nr_vmas + paid < mm->areas_paid; i++)
		test_map(mm, FILL + 2 * i, 1, PROT_NONE);
	EXPECT_EQ(mm->nr_vmas + paid, mm->areas_paid);
}

static bool is_done(const struct need *need, int more, unsigned paid)
{
	struct world w = { .mm = test_mm(), .other = test_mm() };
	struct account *account = account_create(NULL);
	uint32_t most = vm_max_map_count;
	bool is_done;

	REQUIRE(account);
	mm_set_account(w.mm, account);
	need->build(&w);
	fill(w.mm, paid);
	account_set_limit(account, ACCOUNT_AREAS, account->used[ACCOUNT_AREAS]);
	vm_max_map_count = w.mm->nr_vmas + (uint32_t)more;
	is_done = need->call(&w, need->at, need->nr);
	vm_max_map_count = most;
	mm_unmap_device(&w.window);
	test_end(w.other);
	test_end(w.mm);
	account_put(account);
	return is_done;
}

KTEST(vm_areas, each_call_is_refused_one_area_too_early)
{
	const struct vm_pager_ops *ops = vm_set_pager_ops(NULL);

	kernel_page = test_kernel_pages(0);
	for (unsigned i = 0; i < ARRAY_SIZE(needs); i++) {
		const struct need *need = &needs[i];

		for (int n = ANY; n <= ENOUGH; n++) {
			if (is_done(need, n, ENOUGH) != (n >= need->more))
				ktest_fail(__FILE__, __LINE__,
					   "%s, %d areas more", need->name, n);
			if (n >= 0 &&
			    is_done(need, ENOUGH, (unsigned)n) !=
			    (n >= need->paid))
				ktest_fail(__FILE__, __LINE__,
					   "%s, %d areas paid", need->name, n);
		}
	}
	test_free_kernel_pages(kernel_page, 0);
	vm_set_pager_ops(ops);
}

/* ---- who pays ------------------------------------------------------------ */

#define STEP  32u      /* areas that are paid for at once */

static void expect_paid(struct mm *mm, unsigned paid)
{
	EXPECT_EQ(mm->areas_paid, paid);
	EXPECT_EQ(mm->account->used[ACCOUNT_AREAS], paid);
}

/* The charge goes down in large steps: it must not go up and down again. */
KTEST(vm_areas, areas_are_paid_for_in_steps)
{
	struct account *account = account_create(NULL);
	struct mm *mm = test_mm();

	REQUIRE(account);
	mm_set_account(mm, account);
	for (unsigned n = 0; n < 7 * STEP; n++) {
		expect_paid(mm, ALIGN_UP(n, STEP));
		test_map(mm, 2 * n, 1, PROT_NONE);
	}
	for (unsigned n = 7 * STEP; n--; ) {
		EXPECT_EQ(mm_munmap(mm, UADDR(AT(2 * n)), PAGES(1)), 0);
		expect_paid(mm, n <= 0 * STEP ? 1 * STEP :
				n <= 3 * STEP ? 4 * STEP : 7 * STEP);
	}
	test_end(mm);
	EXPECT_EQ(account->used[ACCOUNT_AREAS], 0);
	account_put(account);
}

KTEST(vm_areas, without_an_account_nobody_pays)
{
	struct mm *mm = test_mm();

	EXPECT_EQ(mm->areas_paid, AREAS_FREE);
	for (unsigned n = 0; n < 2 * STEP; n++)
		test_map(mm, 2 * n, 1, PROT_NONE);
	EXPECT_EQ(mm_munmap(mm, UADDR(AT(0)), PAGES(4 * STEP)), 0);
	EXPECT_EQ(mm->areas_paid, AREAS_FREE);
	test_end(mm);
}

/* An account that comes too late, or with too few areas paid for. */
KTEST(vm_areas, check_finds_areas_that_are_not_paid_for)
{
	struct account *account = account_create(NULL);
	struct mm *mm = test_mm();
	uint32_t paid;

	REQUIRE(account);
	mm_set_account(mm, account);
	for (unsigned n = 0; n < 3; n++)
		test_map(mm, 2 * n, 1, PROT_NONE);
	paid = mm->areas_paid;
	mm->areas_paid = 3;
	EXPECT_NULL(mm_check(mm));
	mm->areas_paid = 2;
	EXPECT_LAW(mm_check(mm), "vm V5");
	mm->areas_paid = paid;
	test_end(mm);
	account_put(account);
}
