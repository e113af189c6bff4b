// SPDX-License-Identifier: MIT
/*
 * vm_test.h - what the suites of mm/vm/ have in common
 *
 * WHAT     Makes address spaces, reads and writes one byte of user memory, and
 *          shows the areas of an address space as one short text, in page
 *          numbers: "100-103 rw-p 105-106 r--s".
 */
#pragma once

#include "lib/errno.h"
#include "lib/printf.h"
#include "mm/page/page_alloc.h"
#include "mm/vm/vm_impl.h"
#include "tests/ktest.h"

#define PAGES(n)    ((uint32_t)(n) * PAGE_SIZE)
#define AT(n)       PAGES(0x100 + (n))      /* page n of the place for tests */
#define PROT_RW     (PROT_READ | PROT_WRITE)
#define ANON        (MAP_PRIVATE | MAP_ANONYMOUS)
#define ANON_FIXED  (ANON | MAP_FIXED)
#define SHARED_FIXED (MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED)

/* Results of calls: addresses above 2 GiB are negative as a long. */
#define EXPECT_IS(a, b)  EXPECT_EQ((uint32_t)(a), (uint32_t)(b))
#define FAULTS      (-1000)                 /* of peek() and poke()          */

static inline struct mm *test_mm(void)
{
	struct mm *mm = NULL;

	if (mm_create(&mm))
		ktest_abort();
	return mm;
}

static inline struct mm *test_fork(struct mm *mm)
{
	struct mm *child = NULL;

	if (mm_fork(mm, &child))
		ktest_abort();
	return child;
}

/* End a test: check the address space, and give it back. */
static inline void test_end(struct mm *mm)
{
	EXPECT_NULL(mm_check(mm));
	mm_put(mm);
}

/* `nr` private pages at AT(at). */
static inline void test_map(struct mm *mm, unsigned at, unsigned nr,
			    unsigned prot)
{
	EXPECT_IS(mm_mmap(mm, UADDR(AT(at)), PAGES(nr), prot, ANON_FIXED),
		  AT(at));
}

static inline void test_map_shared(struct mm *mm, unsigned at, unsigned nr,
				   unsigned prot)
{
	EXPECT_IS(mm_mmap(mm, UADDR(AT(at)), PAGES(nr), prot, SHARED_FIXED),
		  AT(at));
}

static inline int peek(struct mm *mm, uint32_t addr)
{
	uint8_t byte;

	return mm_read(mm, UADDR(addr), &byte, 1) ? FAULTS : byte;
}

static inline int poke(struct mm *mm, uint32_t addr, uint8_t byte)
{
	return mm_write(mm, UADDR(addr), &byte, 1, false) ? FAULTS : byte;
}

static inline enum vm_fault touch(struct mm *mm, uint32_t addr,
				  unsigned access)
{
	return vm_fault(mm, UADDR(addr), access);
}

/* Fill page AT(at + i) with first + i, for `nr` pages. */
static inline void test_fill(struct mm *mm, unsigned at, unsigned nr,
			     uint8_t first)
{
	for (unsigned i = 0; i < nr; i++)
		EXPECT_EQ(poke(mm, AT(at + i), (uint8_t)(first + i)),
			  first + i);
}

/* Pages like those of the kernel: each has a reference that stays. */
static inline struct page *test_kernel_pages(unsigned order)
{
	struct page *pages = alloc_pages(GFP_HIGHUSER | GFP_ZERO, order);

	if (!pages)
		ktest_abort();
	/* The first page has a reference; the other counts are not set yet. */
	for (unsigned i = 1; i < 1u << order; i++)
		pages[i].refs = 1;
	return pages;
}

static inline void test_free_kernel_pages(struct page *pages, unsigned order)
{
	for (unsigned i = 1; i < 1u << order; i++)
		pages[i].refs = 0;
	free_pages(pages, order);
}

static inline const char *maps(struct mm *mm)
{
	static char text[256];
	struct vma_info info = { .end = UADDR(0) };
	int n = 0;

	text[0] = '\0';
	while (mm_next_vma(mm, info.end, &info))
		n += scnprintf(text + n, sizeof(text) - (size_t)n,
			       "%s%x-%x %c%c%c%c", n ? " " : "",
			       info.start.v >> PAGE_SHIFT,
			       info.end.v >> PAGE_SHIFT,
			       info.flags & VM_READ ? 'r' : '-',
			       info.flags & VM_WRITE ? 'w' : '-',
			       info.flags & VM_EXEC ? 'x' : '-',
			       info.flags & VM_SHARED ? 's' : 'p');
	return text;
}
