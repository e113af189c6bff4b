// SPDX-License-Identifier: MIT
/*
 * vmfault.c (tests) - what becomes of a page that is touched
 */
#include "lib/failpoint.h"
#include "lib/string.h"
#include "tests/suites/vm_test.h"

SUITE(vmfault, vm_check);

static struct page *page_at(struct mm *mm, uint32_t addr)
{
	struct upt_entry entry = upt_lookup(&mm->tables, UADDR(addr));

	return entry.present ? pfn_to_page(entry.pfn) : NULL;
}

static bool writable_at(struct mm *mm, uint32_t addr)
{
	return upt_lookup(&mm->tables, UADDR(addr)).rights & UPT_WRITE;
}

KTEST(vmfault, reading_maps_the_zero_page)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	EXPECT_EQ(touch(mm, AT(0) + 77, VM_READ), VM_FAULT_DONE);
	EXPECT_EQ(touch(mm, AT(1), VM_READ), VM_FAULT_DONE);
	EXPECT(page_at(mm, AT(0)) == vm_zero_page);
	EXPECT(page_at(mm, AT(1)) == vm_zero_page);
	EXPECT(!writable_at(mm, AT(0)));
	EXPECT_EQ(mm->rss, 0);
	test_end(mm);
}

KTEST(vmfault, writing_makes_a_page_of_zeros)
{
	struct mm *mm = test_mm();
	static uint8_t bytes[64];

	test_map(mm, 0, 1, PROT_RW);
	EXPECT_EQ(touch(mm, AT(0), VM_WRITE), VM_FAULT_DONE);
	EXPECT(page_at(mm, AT(0)) != vm_zero_page);
	EXPECT(writable_at(mm, AT(0)));
	EXPECT_EQ(mm->rss, 1);
	for (uint32_t at = 0; at < PAGE_SIZE; at += sizeof(bytes)) {
		EXPECT_EQ(mm_read(mm, UADDR(AT(0) + at), bytes, sizeof(bytes)),
			  0);
		for (unsigned i = 0; i < sizeof(bytes); i++)
			EXPECT_EQ(bytes[i], 0);
	}
	test_end(mm);
}

KTEST(vmfault, writing_after_reading_leaves_the_zero_page)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 1, PROT_RW);
	EXPECT_EQ(peek(mm, AT(0)), 0);
	EXPECT_EQ(poke(mm, AT(0) + 9, 1), 1);
	EXPECT(page_at(mm, AT(0)) != vm_zero_page);
	EXPECT_EQ(peek(mm, AT(0)), 0);
	EXPECT_EQ(mm->rss, 1);
	/* It is a page that a child gets. */
	child = test_fork(mm);
	EXPECT_EQ(peek(child, AT(0) + 9), 1);
	test_end(child);
	test_end(mm);
}

KTEST(vmfault, a_touch_that_is_allowed_already_changes_nothing)
{
	struct mm *mm = test_mm(), *child;
	struct page *page;

	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 1);
	page = page_at(mm, AT(0));
	EXPECT_EQ(touch(mm, AT(0), VM_WRITE), VM_FAULT_DONE);
	EXPECT_EQ(touch(mm, AT(0), VM_READ), VM_FAULT_DONE);
	EXPECT(page_at(mm, AT(0)) == page);
	child = test_fork(mm);
	test_map(mm, 1, 1, PROT_READ | PROT_EXEC);
	/* Entries that do not allow writing, and nobody writes. */
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_EQ(touch(mm, AT(0), VM_READ), VM_FAULT_DONE);
		EXPECT_EQ(touch(mm, AT(1), VM_READ), VM_FAULT_DONE);
		EXPECT_EQ(touch(mm, AT(1), VM_EXEC), VM_FAULT_DONE);
	}
	EXPECT(page_at(mm, AT(0)) == page);
	EXPECT(page_at(mm, AT(1)) == vm_zero_page);
	test_end(child);
	test_end(mm);
}

KTEST(vmfault, nothing_there_is_told_from_not_allowed)
{
	struct mm *mm = test_mm();

	test_map(mm, 1, 1, PROT_NONE);
	EXPECT_EQ(touch(mm, AT(0), VM_READ), VM_FAULT_MAPERR);
	EXPECT_EQ(touch(mm, AT(2), VM_WRITE), VM_FAULT_MAPERR);
	EXPECT_EQ(touch(mm, AT(1), VM_READ), VM_FAULT_ACCERR);
	EXPECT_EQ(touch(mm, 0, VM_READ), VM_FAULT_MAPERR);
	EXPECT_EQ(touch(mm, USER_END, VM_READ), VM_FAULT_MAPERR);
	EXPECT_EQ(touch(mm, 0xffffffff, VM_READ), VM_FAULT_MAPERR);
	for (unsigned i = 0; i < VM_NR_FAULTS; i++)
		EXPECT(strlen(vm_fault_text(i)) > 5);
	EXPECT_STREQ(vm_fault_text(VM_NR_FAULTS), "?");
	test_end(mm);
}

/* ---- copy on write ------------------------------------------------------ */

KTEST(vmfault, a_write_copies_once_and_the_last_owner_keeps_the_page)
{
	struct mm *mm = test_mm(), *child;
	struct page *page;

	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 42);
	page = page_at(mm, AT(0));
	child = test_fork(mm);
	EXPECT(page_at(child, AT(0)) == page);
	EXPECT_EQ(page->refs, 2);
	EXPECT(!writable_at(mm, AT(0)) && !writable_at(child, AT(0)));

	EXPECT_EQ(poke(child, AT(0) + 1, 7), 7);
	EXPECT(page_at(child, AT(0)) != page);
	EXPECT_EQ(page->refs, 1);
	EXPECT_EQ(peek(child, AT(0)), 42);
	EXPECT_EQ(peek(mm, AT(0) + 1), 0);

	EXPECT(!writable_at(mm, AT(0)));
	EXPECT_EQ(poke(mm, AT(0), 43), 43);
	EXPECT(page_at(mm, AT(0)) == page);
	mm_put(child);
	test_end(mm);
}

KTEST(vmfault, the_loader_writes_where_the_program_may_not)
{
	struct mm *mm = test_mm(), *child;
	uint32_t word = 0x12345678, back = 0;

	test_map(mm, 0, 2, PROT_READ);
	EXPECT_EQ(mm_write(mm, UADDR(AT(1) - 2), &word, 4, false), -EFAULT);
	EXPECT_EQ(mm_write(mm, UADDR(AT(1) - 2), &word, 4, true), 0);
	EXPECT(!writable_at(mm, AT(0)));
	child = test_fork(mm);
	word = 0;
	EXPECT_EQ(mm_write(child, UADDR(AT(1) - 2), &word, 4, true), 0);
	EXPECT_EQ(mm_read(mm, UADDR(AT(1) - 2), &back, 4), 0);
	EXPECT_EQ(back, 0x12345678);
	test_end(child);
	/* A shared page that is read-only stays so, even for the kernel. */
	test_map_shared(mm, 4, 1, PROT_READ);
	EXPECT_EQ(mm_write(mm, UADDR(AT(4)), &word, 4, true), -EFAULT);
	test_end(mm);
}

KTEST(vmfault, copies_end_where_user_memory_ends)
{
	struct mm *mm = test_mm();
	uint8_t bytes[4] = { 1, 2, 3, 4 };

	test_map(mm, 0, 1, PROT_RW);
	EXPECT_EQ(mm_write(mm, UADDR(AT(1) - 2), bytes, 4, false), -EFAULT);
	EXPECT_EQ(peek(mm, AT(1) - 1), 2);
	EXPECT_EQ(mm_read(mm, UADDR(USER_END - 2), bytes, 4), -EFAULT);
	EXPECT_EQ(mm_read(mm, UADDR(0xfffffffe), bytes, 4), -EFAULT);
	EXPECT_EQ(mm_read(mm, UADDR(AT(9)), bytes, 0), 0);
	EXPECT_EQ(mm_read(mm, UADDR(USER_END), bytes, 0), 0);
	EXPECT_EQ(mm_read(mm, UADDR(USER_END + 1), bytes, 0), -EFAULT);
	test_end(mm);
}

/* ---- stacks ------------------------------------------------------------- */

#define STACK_TOP  AT(0x4000)

static struct mm *mm_with_stack(void)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_map_fixed(mm, UADDR(STACK_TOP - PAGES(2)), PAGES(2),
			       VM_READ | VM_WRITE | VM_GROWSDOWN, "[stack]"),
		  STACK_TOP - PAGES(2));
	return mm;
}

static uint32_t stack_pages(struct mm *mm)
{
	struct vma_info info;

	EXPECT(mm_find_vma(mm, UADDR(STACK_TOP - 1), &info));
	return (info.end.v - info.start.v) >> PAGE_SHIFT;
}

KTEST(vmfault, a_stack_grows_to_the_page_that_is_touched)
{
	struct mm *mm = mm_with_stack();

	EXPECT_EQ(touch(mm, STACK_TOP - PAGES(5), VM_WRITE), VM_FAULT_DONE);
	EXPECT_EQ(stack_pages(mm), 5);
	EXPECT_EQ(mm->committed, 5);
	EXPECT_EQ(mm->rss, 1);
	/* The kernel's own copies let it grow too. */
	EXPECT_EQ(poke(mm, STACK_TOP - PAGES(8) + 1, 3), 3);
	EXPECT_EQ(stack_pages(mm), 8);
	test_end(mm);
}

KTEST(vmfault, a_stack_does_not_grow_beyond_its_limit)
{
	struct mm *mm = mm_with_stack();

	EXPECT_EQ(mm->limits[VM_LIMIT_STACK].soft, STACK_LIMIT);
	mm->limits[VM_LIMIT_STACK].soft = PAGES(16);
	EXPECT_EQ(touch(mm, STACK_TOP - PAGES(16) - 1, VM_WRITE),
		  VM_FAULT_STACK);
	EXPECT_EQ(touch(mm, STACK_TOP - PAGES(16), VM_WRITE), VM_FAULT_DONE);
	EXPECT_EQ(stack_pages(mm), 16);
	test_end(mm);
}

KTEST(vmfault, a_stack_keeps_its_gap_from_what_can_be_touched)
{
	struct mm *mm = mm_with_stack();
	uint32_t below = STACK_TOP - STACK_GUARD_GAP - PAGES(4);

	EXPECT_IS(mm_mmap(mm, UADDR(below - PAGES(1)), PAGES(1), PROT_READ,
			  ANON_FIXED),
		  below - PAGES(1));
	EXPECT_EQ(touch(mm, STACK_TOP - PAGES(5), VM_WRITE), VM_FAULT_STACK);
	EXPECT_EQ(touch(mm, STACK_TOP - PAGES(4), VM_WRITE), VM_FAULT_DONE);
	EXPECT_IS(mm_mprotect(mm, UADDR(below - PAGES(1)), PAGES(1), PROT_NONE),
		  0);
	EXPECT_EQ(touch(mm, STACK_TOP - PAGES(5), VM_WRITE), VM_FAULT_DONE);
	test_end(mm);
}

KTEST(vmfault, nothing_is_placed_in_the_gap_below_a_stack)
{
	struct mm *mm = test_mm();
	uint32_t stack = MMAP_BASE - PAGES(4);

	EXPECT_IS(mm_mmap(mm, UADDR(stack), PAGES(2), PROT_RW,
			  ANON_FIXED | MAP_GROWSDOWN),
		  stack);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(2), PROT_READ, ANON),
		  stack + PAGES(2));
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(1), PROT_READ, ANON),
		  stack - STACK_GUARD_GAP - PAGES(1));
	EXPECT_IS(mm_mmap(mm, UADDR(stack - PAGES(9)), PAGES(1), PROT_READ,
			  ANON),
		  stack - STACK_GUARD_GAP - PAGES(2));
	/* With MAP_FIXED the gap may be used. */
	EXPECT_IS(mm_mmap(mm, UADDR(stack - PAGES(9)), PAGES(1), PROT_READ,
			  ANON_FIXED),
		  stack - PAGES(9));
	test_end(mm);
}

KTEST(vmfault, the_lowest_page_of_user_mode_ends_a_stack)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(USER_BASE + PAGES(1)), PAGES(1), PROT_RW,
			  ANON_FIXED | MAP_GROWSDOWN),
		  USER_BASE + PAGES(1));
	EXPECT_EQ(touch(mm, USER_BASE, VM_WRITE), VM_FAULT_DONE);
	EXPECT_EQ(touch(mm, USER_BASE - 1, VM_WRITE), VM_FAULT_MAPERR);
	test_end(mm);
}

/* An area that has been moved up: its offset is that of its first place. */
KTEST(vmfault, a_stack_grows_by_as_many_pages_as_its_offset)
{
	struct mm *mm = test_mm();
	uint32_t lowest = STACK_TOP - USER_BASE;

	EXPECT_IS(mm_mmap(mm, UADDR(USER_BASE), PAGES(1), PROT_RW,
			  ANON_FIXED | MAP_GROWSDOWN),
		  USER_BASE);
	EXPECT_EQ(poke(mm, USER_BASE, 1), 1);
	EXPECT_IS(mm_mremap(mm, UADDR(USER_BASE), PAGES(1), PAGES(1),
			    MREMAP_MAYMOVE | MREMAP_FIXED, UADDR(STACK_TOP)),
		  STACK_TOP);
	EXPECT_EQ(touch(mm, lowest - 1, VM_READ), VM_FAULT_STACK);
	EXPECT_EQ(touch(mm, lowest, VM_READ), VM_FAULT_DONE);
	test_end(mm);
}

/* As on Linux, growth joins no areas; and a stack that grows has a family. */
KTEST(vmfault, two_stacks_that_meet_stay_two)
{
	struct mm *mm = test_mm();

	for (unsigned at = 0; at <= 4; at += 4)
		EXPECT_IS(mm_mmap(mm, UADDR(AT(at)), PAGES(2), PROT_READ,
				  ANON_FIXED | MAP_GROWSDOWN),
			  AT(at));
	EXPECT_EQ(touch(mm, AT(2), VM_READ), VM_FAULT_DONE);
	EXPECT_STREQ(maps(mm), "100-102 r--p 102-106 r--p");
	mutex_lock(&mm->lock);
	EXPECT(!vma_find(mm, UADDR(AT(0)))->family);
	EXPECT(vma_find(mm, UADDR(AT(2)))->family);
	EXPECT(vma_find(mm, UADDR(AT(2)))->flags & VM_UNJOINED);
	mutex_unlock(&mm->lock);
	test_end(mm);
}

/* ---- no memory ---------------------------------------------------------- */

static bool write_and_read(void *arg)
{
	struct mm *mm = arg;
	enum vm_fault fault = touch(mm, AT(0), VM_WRITE);
	bool done = fault == VM_FAULT_DONE;

	if (!done) {
		EXPECT_EQ(fault, VM_FAULT_OOM);
		EXPECT(!page_at(mm, AT(0)));
	}
	if (done) {
		fault = touch(mm, AT(0x400), VM_READ);
		done = fault == VM_FAULT_DONE;
	}
	EXPECT_NULL(mm_check(mm));
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(1), MADV_DONTNEED), 0);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0x400)), PAGES(1), MADV_DONTNEED), 0);
	return done;
}

KTEST(vmfault, without_memory_a_fault_fails_and_leaves_nothing)
{
	struct mm *mm = test_mm();

	/* Far apart: each needs a page table of its own. */
	test_map(mm, 0, 1, PROT_RW);
	test_map(mm, 0x400, 1, PROT_RW);
	EXPECT(ktest_each_failure(write_and_read, mm) >= 2);
	test_end(mm);
}

/* ---- mm_populate() ------------------------------------------------------- */

/* Two pages for all access, one for none, one to read, two for all. */
static struct mm *areas_of_each_kind(void)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	test_map(mm, 2, 1, PROT_NONE);
	test_map(mm, 3, 1, PROT_READ);
	test_map(mm, 4, 2, PROT_RW);
	return mm;
}

static int populate(struct mm *mm, unsigned first, unsigned end,
		    unsigned access, bool stop)
{
	return mm_populate(mm, UADDR(AT(first)), UADDR(AT(end)), access, stop);
}

/* Which of the pages are there, as bits. */
static unsigned pages_there(struct mm *mm)
{
	unsigned there = 0;

	for (unsigned i = 0; i < 8; i++)
		there |= (unsigned)(page_at(mm, AT(i)) != NULL) << i;
	return there;
}

KTEST(vmfault, populate_leaves_out_what_refuses_or_stops_there)
{
	static const struct {
		unsigned access;
		bool     stop;
		int      err;
		unsigned there, rss;
	} cases[] = {
		{ 0,        false, 0,       0x3b, 4 },
		{ 0,        true,  -EFAULT, 0x03, 2 },
		{ VM_READ,  false, 0,       0x3b, 0 },
		{ VM_READ,  true,  -EFAULT, 0x03, 0 },
		{ VM_WRITE, false, 0,       0x33, 4 },
		{ VM_WRITE, true,  -EFAULT, 0x03, 2 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mm *mm = areas_of_each_kind();

		EXPECT_EQ(populate(mm, 0, 8, cases[i].access, cases[i].stop),
			  cases[i].err);
		EXPECT_EQ(pages_there(mm), cases[i].there);
		EXPECT_EQ(mm->rss, cases[i].rss);
		test_end(mm);
	}
}

KTEST(vmfault, populate_touches_the_pages_of_its_range_only)
{
	struct mm *mm = areas_of_each_kind();

	EXPECT_EQ(populate(mm, 1, 1, VM_WRITE, true), 0);
	EXPECT_EQ(pages_there(mm), 0);
	EXPECT_EQ(populate(mm, 1, 2, VM_WRITE, true), 0);
	EXPECT_EQ(pages_there(mm), 0x02);
	EXPECT_EQ(populate(mm, 3, 5, VM_READ, true), 0);
	EXPECT_EQ(pages_there(mm), 0x1a);
	EXPECT_EQ(populate(mm, 6, 8, VM_READ, true), 0);
	EXPECT_EQ(pages_there(mm), 0x1a);
	test_map(mm, 7, 1, PROT_RW);
	EXPECT_EQ(populate(mm, 6, 7, VM_READ, true), 0);
	EXPECT_EQ(pages_there(mm), 0x1a);
	test_end(mm);
}

/* Without memory, areas that come later would not get pages either. */
KTEST(vmfault, populate_ends_where_memory_ends)
{
	for (unsigned stop = 0; stop < 2; stop++) {
		struct mm *mm = areas_of_each_kind();

		EXPECT_EQ(populate(mm, 0, 1, VM_WRITE, true), 0);
		failpoint_arm(1);
		EXPECT_EQ(populate(mm, 0, 8, 0, stop), -ENOMEM);
		EXPECT(failpoint_disarm());
		EXPECT_EQ(pages_there(mm), 0x01);
		test_end(mm);
	}
}
