// SPDX-License-Identifier: MIT
/*
 * vm_flags.c (tests) - each flag of an area, through each operation
 *
 * WHAT     Tests each cell of mm/vm/vm_flags.h. An area gets the flag by the
 *          call that a program has for it. Then the operation runs: the area
 *          has kept the flag, or lost it. A flag that an area of this kind may
 *          not have is asked for, too.
 */
#include "kernel/diag/console.h"
#include "tests/suites/vm_test.h"

SUITE(vm_flags, vm_check);

#define NR     2u         /* pages of the area, which is at AT(0)      */
#define THERE  40u        /* where it is moved to                      */
#define ORDER  1u         /* of the kernel's pages                     */

/* Never RAM on a PC. */
#define REGISTERS  PFN(0xfec00)

struct rule {
	unsigned    flag;
	const char *name;
	uint8_t     column[VM_NR_COLUMNS];
};

static const struct rule rules[] = {
#define R(flag, p, s, d, join, move, left, fork, share, map, grant)       \
	{ flag, #flag, { p, s, d, join, move, left, fork, share, map, grant } },
	VM_FLAG_RULES(R)
#undef R
};

/* The area under test, and its address spaces. */
struct scene {
	const struct rule *rule;
	bool               shared;
	struct mm         *mm, *parent;
};

static struct page *kernel_pages;
static unsigned nr_cells;

/* ---- an area with a flag ------------------------------------------------- */

static bool map(struct scene *s, unsigned prot, unsigned flags)
{
	unsigned type = s->shared ? MAP_SHARED : MAP_PRIVATE;

	return (uint32_t)mm_mmap(s->mm, UADDR(AT(0)), PAGES(NR), prot,
				 type | MAP_ANONYMOUS | MAP_FIXED | flags) ==
	       AT(0);
}

static bool by_rights(struct scene *s)
{
	return map(s, s->rule->flag | PROT_READ, 0);
}

static bool by_being_shared(struct scene *s)
{
	return map(s, PROT_RW, 0);
}

/* No call maps a shared stack: a message must share a private one. */
static bool by_growing(struct scene *s)
{
	struct scene private = { .mm = s->mm };
	struct mm *to = test_mm();
	bool has = map(s, PROT_RW, MAP_GROWSDOWN);

	if (s->shared) {
		EXPECT(!has);
		has = map(&private, PROT_RW, MAP_GROWSDOWN) &&
		      (uint32_t)mm_transfer(s->mm, UADDR(AT(0)), PAGES(NR), to,
					    UADDR(AT(0)), VM_READ | VM_WRITE,
					    false) == AT(0);
	}
	test_end(to);
	return has;
}

static bool by_no_reserve(struct scene *s)
{
	return map(s, PROT_RW, MAP_NORESERVE);
}

static bool by_lock(struct scene *s)
{
	return map(s, PROT_RW, 0) && !mm_mlock(s->mm, UADDR(AT(0)), PAGES(NR));
}

static bool by_touch(struct scene *s)
{
	return map(s, PROT_RW, 0) && poke(s->mm, AT(0), 1) == 1;
}

static bool advised(struct scene *s, int advice)
{
	return map(s, PROT_RW, 0) &&
	       !mm_madvise(s->mm, UADDR(AT(0)), PAGES(NR), advice);
}

static bool by_dontfork(struct scene *s)
{
	return advised(s, MADV_DONTFORK);
}

static bool by_wipeonfork(struct scene *s)
{
	return advised(s, MADV_WIPEONFORK);
}

static bool by_random(struct scene *s)
{
	return advised(s, MADV_RANDOM);
}

static bool by_sequential(struct scene *s)
{
	return advised(s, MADV_SEQUENTIAL);
}

static bool by_dontdump(struct scene *s)
{
	return advised(s, MADV_DONTDUMP);
}

static void become_child(struct scene *s)
{
	s->parent = s->mm;
	s->mm = test_fork(s->parent);
}

static bool by_fork(struct scene *s)
{
	if (!by_touch(s))
		return false;
	become_child(s);
	return true;
}

/* One of two equal halves is locked. In the child neither of them is. */
static bool by_locked_half(struct scene *s)
{
	struct mm *mm = s->mm;

	if (s->shared)
		test_map_shared(mm, 0, 2 * NR, PROT_READ);
	else
		test_map(mm, 0, 2 * NR, PROT_READ);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(0)), PAGES(NR)), 0);
	become_child(s);
	return true;
}

static bool by_kernel_pages(struct scene *s)
{
	if (s->shared)
		return false;
	return (uint32_t)mm_map_pages(s->mm, UADDR(AT(0)), kernel_pages,
				      1u << ORDER, VM_READ,
				      "[archive]") == AT(0);
}

/* For each flag, the call that asks for it; false: it was refused. */
static bool (*const ask_for[])(struct scene *s) = {
	by_rights, by_rights, by_rights, by_being_shared, by_growing, by_lock,
	by_being_shared, by_no_reserve, by_dontfork, by_wipeonfork, by_random,
	by_sequential, by_fork, by_kernel_pages, by_dontdump, by_locked_half,
	by_touch, NULL,
};

_Static_assert(ARRAY_SIZE(ask_for) == ARRAY_SIZE(rules),
	       "a call for each flag, in the order of the table");

/* ---- operations ---------------------------------------------------------- */

/* Compare the cell with the flags of an area. */
static void expect_cell(const struct scene *s, enum vm_flag_column column,
			unsigned flags)
{
	unsigned cell = s->rule->column[column];

	nr_cells++;
	if (cell != 2 && !!(flags & s->rule->flag) != cell)
		ktest_fail(__FILE__, __LINE__, "%s, %s area, column %u: %u",
			   s->rule->name, s->shared ? "shared" : "private",
			   column, !!(flags & s->rule->flag));
}

static unsigned flags_at(struct mm *mm, uint32_t addr)
{
	struct vma_info info = { .flags = 0 };

	mm_find_vma(mm, UADDR(addr), &info);
	return info.flags;
}

static void move(struct scene *s, bool keep)
{
	unsigned flags = MREMAP_MAYMOVE | MREMAP_FIXED |
			 (keep ? MREMAP_DONTUNMAP : 0);

	EXPECT_IS(mm_mremap(s->mm, UADDR(AT(0)), PAGES(NR), PAGES(NR), flags,
			    UADDR(AT(THERE))),
		  AT(THERE));
	expect_cell(s, VM_KEPT_BY_MOVE, flags_at(s->mm, AT(THERE)));
	if (keep)
		expect_cell(s, VM_KEPT_BY_LEFT, flags_at(s->mm, AT(0)));
}

static void try_move(struct scene *s)
{
	move(s, false);
}

static void try_left(struct scene *s)
{
	move(s, true);
}

static void try_fork(struct scene *s)
{
	struct mm *child = test_fork(s->mm);

	expect_cell(s, VM_KEPT_BY_FORK, flags_at(child, AT(0)));
	test_end(child);
}

static void transfer(struct scene *s, bool grant)
{
	unsigned rights = flags_at(s->mm, AT(0)) & VM_RIGHTS;
	struct mm *to = test_mm();

	EXPECT_IS(mm_transfer(s->mm, UADDR(AT(0)), PAGES(NR), to,
			      UADDR(AT(THERE)), rights, grant),
		  AT(THERE));
	expect_cell(s, grant ? VM_KEPT_BY_GRANT : VM_KEPT_BY_MAP,
		    flags_at(to, AT(THERE)));
	if (!grant && !s->shared)
		expect_cell(s, VM_KEPT_BY_SHARE, flags_at(s->mm, AT(0)));
	EXPECT_NULL(mm_check(s->mm));
	EXPECT_NULL(vm_check());
	test_end(to);
}

static void try_map(struct scene *s)
{
	transfer(s, false);
}

static void try_grant(struct scene *s)
{
	transfer(s, true);
}

static void (*const operations[])(struct scene *s) = {
	try_move, try_left, try_fork, try_map, try_grant,
};

/* Returns: whether an area of the kind can have the flag. */
static bool try_one(const struct rule *rule, bool shared,
		    void (*operation)(struct scene *s))
{
	struct scene s = { .rule = rule, .shared = shared, .mm = test_mm() };
	bool has = ask_for[rule - rules](&s) &&
		   flags_at(s.mm, AT(0)) & rule->flag;

	if (has && operation)
		operation(&s);
	test_end(s.mm);
	if (s.parent)
		test_end(s.parent);
	return has;
}

static void try_kind(const struct rule *rule, bool shared)
{
	unsigned may = rule->column[shared ? VM_OF_SHARED : VM_OF_PRIVATE];
	bool has;

	/* VM_SHARED would make it a shared area. */
	if (rule->flag == VM_SHARED && !shared)
		return;
	has = try_one(rule, shared, NULL);
	nr_cells++;
	if (has != may)
		ktest_fail(__FILE__, __LINE__, "%s: a %s area %s", rule->name,
			   shared ? "shared" : "private",
			   has ? "has it" : "cannot have it");
	for (unsigned i = 0; has && i < ARRAY_SIZE(operations); i++)
		try_one(rule, shared, operations[i]);
}

KTEST(vm_flags, each_cell_is_what_the_operation_does)
{
	nr_cells = 0;
	kernel_pages = test_kernel_pages(ORDER);
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].flag == VM_DEVICE)
			continue;
		try_kind(&rules[i], false);
		try_kind(&rules[i], true);
	}
	test_free_kernel_pages(kernel_pages, ORDER);
	console_printf("    # %u cells\n", nr_cells);
}

/* ---- joining, devices ---------------------------------------------------- */

KTEST(vm_flags, neighbours_are_one_area_only_when_the_table_says_so)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++) {
		struct vma low = {
			.range = { .start = AT(0), .end = AT(1) },
			.flags = VM_READ, .offset = 0x100,
		};
		struct vma high = {
			.range = { .start = AT(1), .end = AT(2) },
			.flags = VM_READ ^ rules[i].flag, .offset = 0x101,
		};

		EXPECT_EQ(vma_joinable(&low, &high),
			  rules[i].column[VM_JOINS]);
		EXPECT_EQ(vma_joinable(&low, &low), false);
	}
}

/* Whatever a program asks for, a window keeps its flags. */
KTEST(vm_flags, a_devices_area_gets_no_other_flag)
{
	static const int advice[] = {
		MADV_DONTFORK, MADV_WIPEONFORK, MADV_RANDOM, MADV_SEQUENTIAL,
		MADV_DONTDUMP, MADV_DONTNEED, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE,
	};
	struct vm_window window = { .mm = NULL };
	struct mm *mm = test_mm(), *child, *to = test_mm();
	uint32_t at;

	REQUIRE(!IS_ERR_VALUE(mm_map_device(mm, REGISTERS, NR, false,
					    "[device]", &window)));
	at = window.start.v;
	EXPECT_EQ(mm_mlock(mm, UADDR(at), PAGES(1)), 0);
	EXPECT_EQ(mm_munlock(mm, UADDR(at), PAGES(1)), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(advice); i++)
		EXPECT_IS(mm_madvise(mm, UADDR(at), PAGES(1), advice[i]),
			  -EINVAL);
	EXPECT_IS(mm_mprotect(mm, UADDR(at), PAGES(1), PROT_READ | PROT_EXEC),
		  -EACCES);
	EXPECT_IS(mm_set_pager(mm, UADDR(at), PAGES(1), NULL), -EFAULT);
	EXPECT_IS(mm_mremap(mm, UADDR(at), PAGES(1), PAGES(2), MREMAP_MAYMOVE,
			    UADDR(0)),
		  -EFAULT);
	EXPECT_IS(mm_transfer(mm, UADDR(at), PAGES(1), to, UADDR(0), VM_READ,
			      true),
		  -EFAULT);
	EXPECT_IS(mm_transfer(mm, UADDR(at), PAGES(1), to, UADDR(0), VM_READ,
			      false),
		  -EFAULT);
	child = test_fork(mm);
	EXPECT_STREQ(maps(child), "");
	EXPECT_EQ(mm->nr_vmas, 1);
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++)
		EXPECT_EQ(!!(flags_at(mm, at) & rules[i].flag),
			  rules[i].column[VM_OF_DEVICE]);
	test_end(child);
	test_end(to);
	mm_unmap_device(&window);
	test_end(mm);
}

/* ---- what went wrong once ------------------------------------------------ */

/* a has a stack. b maps its lowest four pages, then a unmaps two of these. */
static void share_lower_stack(struct mm *a, struct mm *b)
{
	EXPECT_IS(mm_mmap(a, UADDR(AT(0)), PAGES(8), PROT_RW,
			  ANON_FIXED | MAP_GROWSDOWN),
		  AT(0));
	test_fill(a, 0, 8, 1);
	EXPECT_IS(mm_transfer(a, UADDR(AT(0)), PAGES(4), b, UADDR(AT(0)),
			      VM_READ | VM_WRITE, false),
		  AT(0));
	EXPECT_EQ(mm_munmap(a, UADDR(AT(0)), PAGES(2)), 0);
}

KTEST(vm_flags, what_is_shared_stays_one_when_its_area_was_a_stack)
{
	struct mm *a = test_mm(), *b = test_mm(), *child;

	share_lower_stack(a, b);
	EXPECT_EQ(peek(a, AT(1)), 0);
	child = test_fork(a);
	EXPECT_EQ(poke(a, AT(3), 200), 200);
	EXPECT_EQ(peek(b, AT(3)), 200);
	EXPECT_EQ(peek(child, AT(3)), 200);
	/* The pages by which the stack has grown are not shared. */
	EXPECT_EQ(poke(a, AT(1), 100), 100);
	EXPECT_EQ(peek(child, AT(1)), 0);
	EXPECT_EQ(peek(b, AT(1)), 2);
	test_end(child);
	test_end(a);
	test_end(b);
}

KTEST(vm_flags, a_stack_whose_lowest_pages_are_shared_grows_on)
{
	struct mm *a = test_mm(), *b = test_mm(), *child;

	share_lower_stack(a, b);
	EXPECT_STREQ(maps(a), "102-104 rw-s 104-108 rw-p");
	EXPECT_EQ(poke(a, AT(0), 1), 1);
	EXPECT_STREQ(maps(a), "100-102 rw-p 102-104 rw-s 104-108 rw-p");
	EXPECT_EQ(poke(a, AT(0) - PAGES(6), 1), 1);
	EXPECT_STREQ(maps(a), "fa-102 rw-p 102-104 rw-s 104-108 rw-p");
	EXPECT_EQ(a->committed, 8 + 4);
	/* The stack is cut. It grows back with the rights of the area above. */
	EXPECT_EQ(mm_munmap(a, UADDR(AT(0) - PAGES(6)), PAGES(8)), 0);
	EXPECT_EQ(mm_mprotect(a, UADDR(AT(3)), PAGES(1),
			      PROT_READ | PROT_GROWSDOWN),
		  0);
	EXPECT_EQ(poke(a, AT(1), 1), FAULTS);
	EXPECT_EQ(peek(a, AT(1)), 0);
	EXPECT_STREQ(maps(a), "101-102 r--p 102-104 r--s 104-108 rw-p");
	child = test_fork(a);
	EXPECT_EQ(peek(child, AT(0)), 0);
	EXPECT_EQ(a->committed, 4);
	a->limits[VM_LIMIT_STACK].soft = PAGES(2);
	EXPECT_EQ(peek(a, AT(0)), 0);
	EXPECT_EQ(mm_munmap(a, UADDR(AT(0)), PAGES(2)), 0);
	EXPECT_EQ(peek(a, AT(1)), FAULTS);
	EXPECT_NULL(mm_check(a));
	EXPECT_NULL(vm_check());
	test_end(child);
	test_end(a);
	test_end(b);
}

KTEST(vm_flags, an_area_that_takes_in_an_unjoined_one_stays_unjoined)
{
	struct mm *parent = test_mm(), *child;

	test_map(parent, 0, 2, PROT_READ);
	EXPECT_EQ(mm_mlock(parent, UADDR(AT(0)), PAGES(1)), 0);
	child = test_fork(parent);
	EXPECT_IS(mm_mmap(child, UADDR(AT(0) - PAGES(2)), PAGES(2), PROT_READ,
			  ANON_FIXED),
		  AT(0) - PAGES(2));
	EXPECT_STREQ(maps(child), "fe-101 r--p 101-102 r--p");
	EXPECT_NULL(mm_check(child));
	/* When the neighbour goes, the mark VM_UNJOINED goes, too. */
	EXPECT_EQ(mm_munmap(child, UADDR(AT(1)), PAGES(1)), 0);
	EXPECT_EQ(mm_mprotect(child, UADDR(AT(0)), PAGES(1), PROT_NONE), 0);
	EXPECT_EQ(mm_mprotect(child, UADDR(AT(0)), PAGES(1), PROT_READ), 0);
	EXPECT_STREQ(maps(child), "fe-101 r--p");
	EXPECT(!(flags_at(child, AT(0)) & VM_UNJOINED));
	test_end(child);
	test_end(parent);
}

/* Two areas of a child that could be one, as one of its parent's is locked. */
KTEST(vm_flags, an_unjoined_area_is_joined_by_the_next_change_only)
{
	struct mm *parent = test_mm(), *child;

	test_map(parent, 0, 2, PROT_READ);
	EXPECT_EQ(mm_mlock(parent, UADDR(AT(0)), PAGES(1)), 0);
	child = test_fork(parent);
	EXPECT_EQ(child->nr_vmas, 2);
	/* These change nothing. */
	EXPECT_EQ(mm_munlock(child, UADDR(AT(0)), PAGES(2)), 0);
	EXPECT_EQ(mm_madvise(child, UADDR(AT(0)), PAGES(2), MADV_NORMAL), 0);
	EXPECT_EQ(mm_mprotect(child, UADDR(AT(0)), PAGES(2), PROT_READ), 0);
	EXPECT_EQ(child->nr_vmas, 2);
	EXPECT_EQ(mm_madvise(child, UADDR(AT(1)), PAGES(1), MADV_DONTDUMP), 0);
	EXPECT_EQ(mm_madvise(child, UADDR(AT(1)), PAGES(1), MADV_DODUMP), 0);
	EXPECT_STREQ(maps(child), "100-102 r--p");
	EXPECT(!(flags_at(child, AT(0)) & VM_UNJOINED));
	test_end(child);
	test_end(parent);
}

KTEST(vm_flags, granted_pages_of_the_kernel_are_known_as_such)
{
	struct page *pages = test_kernel_pages(ORDER);
	struct mm *a = test_mm(), *b = test_mm();

	EXPECT_IS(mm_map_pages(a, UADDR(AT(0)), pages, 1u << ORDER, VM_READ,
			       NULL),
		  AT(0));
	EXPECT_IS(mm_transfer(a, UADDR(AT(0)), PAGES(NR), b, UADDR(AT(8)),
			      VM_READ, true),
		  AT(8));
	EXPECT(flags_at(b, AT(8)) & VM_KERNEL_PAGES);
	EXPECT_NULL(vm_check());
	test_end(a);
	test_end(b);
	test_free_kernel_pages(pages, ORDER);
}

KTEST(vm_flags, pages_of_the_kernel_are_mapped_whole_and_never_writable)
{
	static const struct {
		uint32_t addr, nr;
		unsigned rights;
		bool     right;
	} cases[] = {
		{ AT(0),     1,                          VM_READ,     true  },
		{ AT(0),     1,                          0,           true  },
		{ AT(0),     1 << ORDER,    VM_READ | VM_EXEC,        true  },
		{ AT(0),     0,                          VM_READ,     false },
		{ AT(0),     (USER_END >> PAGE_SHIFT) + 1, VM_READ,   false },
		{ AT(0),     UINT32_MAX,                 VM_READ,     false },
		{ AT(0) + 1, 1,                          VM_READ,     false },
		{ AT(0),     1,             VM_READ | VM_WRITE,       false },
		{ AT(0),     1,             VM_READ | VM_SHARED,      false },
		{ AT(0),     1,             VM_READ | VM_DEVICE,      false },
	};
	struct page *pages = test_kernel_pages(ORDER);

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mm *mm = test_mm();

		EXPECT_IS(mm_map_pages(mm, UADDR(cases[i].addr), pages,
				       cases[i].nr, cases[i].rights, NULL),
			  cases[i].right ? AT(0) : (uint32_t)-EINVAL);
		EXPECT_EQ(mm->nr_vmas, cases[i].right);
		EXPECT_EQ(mm->rss, cases[i].right ? cases[i].nr : 0);
		/* As many as user mode has may be asked for. */
		EXPECT_IS(mm_map_pages(mm, UADDR(0), pages,
				       USER_END >> PAGE_SHIFT, VM_READ, NULL),
			  -ENOMEM);
		test_end(mm);
	}
	test_free_kernel_pages(pages, ORDER);
}
