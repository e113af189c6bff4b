// SPDX-License-Identifier: MIT
/*
 * uaccess.c - tests of copies between the kernel and user memory
 *
 * ALGORITHM  An address space of three pages with a hole: [A][B][hole][C]. The
 *          thread of the tests loads it. Where a test wants page faults to be
 *          resolved, a hook does this in place of the kernel.
 */
#include <arch/irqflags.h>
#include <arch/kva.h>
#include <arch/uaccess.h>
#include <arch/upgtable.h>

#include "kernel/sched/thread.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "tests/threads.h"

#define BASE    0x30000000u
#define HOLE    (BASE + 2 * PAGE_SIZE)
#define BEYOND  (BASE + 3 * PAGE_SIZE)
#define PAGES   3u

#define EFLAGS_AC  0x40000u

static struct upgtable space;
static struct page *pages[PAGES];
static uint8_t buffer[3 * PAGE_SIZE];
static unsigned nr_resolved;

static const char *uaccess_check(void)
{
	return trap_check();
}

SUITE(uaccess, uaccess_check);

static uint32_t user_va(unsigned page)
{
	return page < 2 ? BASE + page * PAGE_SIZE : BEYOND;
}

static void map(unsigned page, unsigned rights)
{
	REQUIRE(upt_map(&space, UADDR(user_va(page)), page_to_pfn(pages[page]),
			rights) == 0);
}

static uint8_t *bytes(unsigned page)
{
	return page_address(pages[page]);
}

static void setup(void)
{
	REQUIRE(upt_create(&space) == 0);
	for (unsigned i = 0; i < PAGES; i++) {
		pages[i] = alloc_page(GFP_KERNEL | GFP_ZERO);
		REQUIRE(pages[i]);
		map(i, UPT_READ | UPT_WRITE);
	}
	nr_resolved = 0;
	thread_set_tables(&space);
}

static void ignore_pages(struct page *const array[], unsigned nr, void *arg)
{
}

static uint32_t eflags(void)
{
	uint32_t flags;

	__asm__ volatile("pushf; pop %0" : "=r"(flags));
	return flags;
}

static void teardown(void)
{
	EXPECT_EQ(eflags() & EFLAGS_AC, 0);
	EXPECT(!irqs_disabled());
	trap_set_hook(14, NULL);
	thread_set_tables(NULL);
	upt_unmap_range(&space, UADDR(0), UADDR(PAGE_OFFSET), ignore_pages,
			NULL);
	upt_destroy(&space);
	for (unsigned i = 0; i < PAGES; i++)
		free_page(pages[i]);
}

/* ---- bounds ------------------------------------------------------------- */

KTEST(uaccess, a_range_ends_below_the_kernel)
{
	EXPECT(user_range_ok(UADDR(0), 0));
	EXPECT(user_range_ok(UADDR(0), PAGE_OFFSET));
	EXPECT(!user_range_ok(UADDR(1), PAGE_OFFSET));
	EXPECT(user_range_ok(UADDR(PAGE_OFFSET), 0));
	EXPECT(!user_range_ok(UADDR(PAGE_OFFSET), 1));
	EXPECT(user_range_ok(UADDR(PAGE_OFFSET - 1), 1));
	EXPECT(!user_range_ok(UADDR(PAGE_OFFSET - 1), 2));
	EXPECT(!user_range_ok(UADDR(0xffffffff), 1));
	EXPECT(!user_range_ok(UADDR(0xffffffff), 2));
	EXPECT(!user_range_ok(UADDR(4), 0xffffffff));
}

KTEST(uaccess, kernel_addresses_are_refused_untouched)
{
	uint32_t secret = 1, value = 2;
	uaddr_t there = UADDR(ptr_to_kva(&secret));

	setup();
	EXPECT_EQ(copy_from_user(&value, there, 4), -EFAULT);
	EXPECT_EQ(copy_to_user(there, &value, 4), -EFAULT);
	EXPECT_EQ(clear_user(there, 4), -EFAULT);
	EXPECT_EQ(get_user32(&value, there), -EFAULT);
	EXPECT_EQ(put_user32(there, 7), -EFAULT);
	EXPECT_EQ(strncpy_from_user((char *)buffer, there, 8), -EFAULT);
	EXPECT_EQ(secret, 1);
	EXPECT_EQ(value, 2);
	teardown();
}

/* ---- copies ------------------------------------------------------------- */

KTEST(uaccess, bytes_arrive_for_every_length_and_offset)
{
	uint8_t back[64];

	setup();
	for (unsigned i = 0; i < sizeof(buffer); i++)
		buffer[i] = (uint8_t)(i * 7 + 1);
	for (unsigned n = 0; n <= 33; n++) {
		/* Across the line between the two pages. */
		uaddr_t user = UADDR(BASE + PAGE_SIZE - n / 2);

		memset(back, 0xee, sizeof(back));
		EXPECT_EQ(copy_to_user(user, buffer + n, n), 0);
		EXPECT_EQ(copy_from_user(back, user, n), 0);
		EXPECT(!memcmp(back, buffer + n, n));
		EXPECT_EQ(back[n], 0xee);
		EXPECT_EQ(clear_user(user, n), 0);
		EXPECT_EQ(copy_from_user(back, user, n), 0);
		for (unsigned i = 0; i < n; i++)
			EXPECT_EQ(back[i], 0);
	}
	EXPECT_EQ(copy_to_user(UADDR(BASE), buffer, 2 * PAGE_SIZE), 0);
	EXPECT(!memcmp(bytes(0), buffer, PAGE_SIZE));
	EXPECT(!memcmp(bytes(1), buffer + PAGE_SIZE, PAGE_SIZE));
	teardown();
}

KTEST(uaccess, words_arrive)
{
	uint32_t value = 0;

	setup();
	EXPECT_EQ(put_user32(UADDR(BASE + 8), 0x12345678), 0);
	EXPECT_EQ(get_user32(&value, UADDR(BASE + 8)), 0);
	EXPECT_EQ(value, 0x12345678);
	EXPECT_EQ(bytes(0)[8], 0x78);
	EXPECT_EQ(get_user32(&value, UADDR(HOLE)), -EFAULT);
	EXPECT_EQ(get_user32(&value, UADDR(HOLE - 2)), -EFAULT);
	EXPECT_EQ(put_user32(UADDR(HOLE - 2), 1), -EFAULT);
	EXPECT_EQ(value, 0x12345678);
	teardown();
}

KTEST(uaccess, a_hole_ends_a_copy)
{
	setup();
	memset(bytes(1), 0x11, PAGE_SIZE);
	memset(buffer, 0, sizeof(buffer));
	EXPECT_EQ(copy_from_user(buffer, UADDR(HOLE - 10), 20), -EFAULT);
	EXPECT_EQ(buffer[0], 0x11);
	EXPECT_EQ(buffer[10], 0);
	EXPECT_EQ(copy_to_user(UADDR(HOLE - 3), "abcdef", 6), -EFAULT);
	EXPECT_EQ(clear_user(UADDR(HOLE), 1), -EFAULT);
	EXPECT_EQ(copy_from_user(buffer, UADDR(0), 1), -EFAULT);
	EXPECT_EQ(copy_from_user(buffer, UADDR(HOLE), 0), 0);
	teardown();
}

KTEST(uaccess, rights_hold_for_the_kernel_too)
{
	uint32_t value;

	setup();
	map(0, UPT_READ);
	map(1, 0);
	EXPECT_EQ(get_user32(&value, UADDR(BASE)), 0);
	EXPECT_EQ(put_user32(UADDR(BASE), 1), -EFAULT);
	EXPECT_EQ(get_user32(&value, UADDR(BASE + PAGE_SIZE)), -EFAULT);
	teardown();
}

KTEST(uaccess, texts_end_where_they_end)
{
	char text[16];

	setup();
	strscpy((char *)bytes(0), "pagoda", 7);
	EXPECT_EQ(strncpy_from_user(text, UADDR(BASE), sizeof(text)), 6);
	EXPECT_STREQ(text, "pagoda");
	EXPECT_EQ(strncpy_from_user(text, UADDR(BASE), 7), 6);
	EXPECT_EQ(strncpy_from_user(text, UADDR(BASE), 6), -E2BIG);
	EXPECT_EQ(strncpy_from_user(text, UADDR(BASE), 0), -E2BIG);
	EXPECT_EQ(strncpy_from_user(text, UADDR(BASE + 6), 8), 0);
	memset(bytes(1), 'x', PAGE_SIZE);
	EXPECT_EQ(strncpy_from_user(text, UADDR(HOLE - 4), 16), -EFAULT);
	EXPECT_EQ(strncpy_from_user(text, UADDR(HOLE - 4), 4), -E2BIG);
	teardown();
}

KTEST(uaccess, a_text_at_the_end_of_user_memory_is_no_text)
{
	char text[16];
	const uint32_t last = PAGE_OFFSET - PAGE_SIZE;

	setup();
	memset(bytes(0), 'x', PAGE_SIZE);
	REQUIRE(upt_map(&space, UADDR(last), page_to_pfn(pages[0]), UPT_READ) ==
		0);
	EXPECT_EQ(strncpy_from_user(text, UADDR(PAGE_OFFSET - 4), 16),
		  -EFAULT);
	EXPECT_EQ(strncpy_from_user(text, UADDR(PAGE_OFFSET - 4), 4), -E2BIG);
	teardown();
}

/* ---- faults that are resolved ------------------------------------------- */

/* Map the third page into the hole. */
static bool fill_hole(struct trap_regs *regs)
{
	if (regs->cr2 - HOLE >= PAGE_SIZE)
		return false;
	nr_resolved++;
	return upt_map(&space, UADDR(HOLE), page_to_pfn(pages[2]),
		       UPT_READ | UPT_WRITE) == 0;
}

KTEST(uaccess, a_resolved_fault_goes_on_where_it_was)
{
	setup();
	for (unsigned i = 0; i < sizeof(buffer); i++)
		buffer[i] = (uint8_t)(i * 3);
	trap_set_hook(14, fill_hole);
	EXPECT_EQ(copy_to_user(UADDR(BASE + 1), buffer, 3 * PAGE_SIZE - 2), 0);
	EXPECT_EQ(nr_resolved, 1);
	EXPECT(!memcmp(bytes(0) + 1, buffer, PAGE_SIZE - 1));
	EXPECT(!memcmp(bytes(2), buffer + 2 * PAGE_SIZE - 1, PAGE_SIZE - 1));
	upt_unmap(&space, UADDR(HOLE));
	memset(buffer, 0, sizeof(buffer));
	EXPECT_EQ(copy_from_user(buffer, UADDR(HOLE - 2), 8), 0);
	EXPECT_EQ(nr_resolved, 2);
	EXPECT_EQ(buffer[2], bytes(2)[0]);
	teardown();
}

/* ---- misuse ------------------------------------------------------------- */

static void touch_directly(void *arg)
{
	*(volatile uint32_t *)kva_to_ptr(HOLE) = 1;
}

static void copy_to_a_bad_kernel_address(void *arg)
{
	(void)!copy_from_user(kva_to_ptr(VMALLOC_END), UADDR(BASE), 4);
}

KTEST(uaccess, only_the_copies_may_fault)
{
	setup();
	EXPECT_PANIC(touch_directly, NULL, "page fault");
	teardown();
}

/* The user's address is right, the kernel's is wrong: this is no -EFAULT. */
KTEST(uaccess, a_bad_kernel_address_is_a_panic)
{
	setup();
	EXPECT_PANIC(copy_to_a_bad_kernel_address, NULL, "page fault");
	/* The copy did not come to its end, where AC is cleared again. */
	__asm__ volatile("push $0x202; popf");
	teardown();
}

/* ---- random copies against a model -------------------------------------- */

KTEST(uaccess, random_copies_agree_with_a_model)
{
	static uint8_t model[2 * PAGE_SIZE];
	struct rng rng;

	setup();
	rng_init(&rng, ktest_seed());
	memset(model, 0, sizeof(model));
	for (unsigned step = 0; step < 400; step++) {
		uint32_t at = rng_below(&rng, sizeof(model));
		uint32_t n = rng_below(&rng, sizeof(model) - at + 64);
		int expected = at + n <= sizeof(model) ? 0 : -EFAULT;
		uint32_t fits = MIN(n, (uint32_t)sizeof(model) - at);

		memset(buffer, (int)step, sizeof(buffer));
		EXPECT_EQ(copy_to_user(UADDR(BASE + at), buffer, n),
			  expected);
		memset(model + at, (int)step, fits);
		if (!expected) {
			EXPECT_EQ(copy_from_user(buffer, UADDR(BASE), 100), 0);
			EXPECT(!memcmp(buffer, model, 100));
		} else {
			/* How much was copied is not promised. */
			memcpy(model, bytes(0), PAGE_SIZE);
			memcpy(model + PAGE_SIZE, bytes(1), PAGE_SIZE);
		}
	}
	EXPECT(!memcmp(model, bytes(0), PAGE_SIZE));
	EXPECT(!memcmp(model + PAGE_SIZE, bytes(1), PAGE_SIZE));
	teardown();
}
