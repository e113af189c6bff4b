// SPDX-License-Identifier: MIT
/*
 * failing.c - a suite that fails in every way that the runner knows
 *
 * WHAT     Linked into a second host program only (`build/host/mutant`), never
 *          into the kernel. tests/emu/test_runner.py expects each failure to
 *          be reported where it happened, and the test after it to run.
 */
#include <arch/irqflags.h>

#include "lib/failpoint.h"
#include "lib/preempt.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

static const char *broken_law(void)
{
	return "this law is broken on purpose";
}

SUITE(failing, broken_law);

static struct page *kept;

KTEST(failing, expect_goes_on)
{
	EXPECT(1 + 1 == 3);
	EXPECT_EQ(40 + 2, 41);
	EXPECT_STREQ("a pear", "an apple");
}

KTEST(failing, passes_after_expect)
{
	EXPECT(1 + 1 == 2);
}

KTEST(failing, require_leaves)
{
	REQUIRE(1 + 1 == 3);
	EXPECT(!"never reached");
}

KTEST(failing, passes_after_require)
{
	EXPECT_EQ(kept != NULL, false);
}

KTEST(failing, leaks_a_page)
{
	kept = alloc_page(GFP_KERNEL);
	EXPECT(kept);
}

KTEST(failing, may_end_with_more_pages)
{
	free_page(kept);
	kept = NULL;
}

KTEST_KEEPS(failing, may_keep_a_page)
{
	kept = alloc_page(GFP_KERNEL);
	EXPECT(kept);
}

KTEST(failing, skips)
{
	SKIP("no reason but number %d", 7);
}

KTEST(failing, skips_after_a_failure)
{
	EXPECT(1 + 1 == 3);
	SKIP("too late");
}

static void do_nothing(void *arg)
{
}

KTEST(failing, expects_a_panic_in_vain)
{
	EXPECT_PANIC(do_nothing, NULL, "no such thing");
}

static void panic_otherwise(void *arg)
{
	panic("something else");
}

KTEST(failing, expects_another_panic)
{
	EXPECT_PANIC(panic_otherwise, NULL, "no such thing");
}

KTEST(failing, leaves_with_interrupts_off)
{
	(void)irq_save();
	REQUIRE(irqs_disabled() && 1 + 1 == 3);
}

KTEST(failing, interrupts_are_on_again)
{
	EXPECT(!irqs_disabled());
}

KTEST(failing, ends_with_preemption_off)
{
	preempt_disable();
}

KTEST(failing, preemption_is_on_again)
{
	EXPECT_EQ(preempt_depth(), 0);
}

KTEST(failing, leaves_a_failure_armed)
{
	failpoint_arm(1);
}

KTEST(failing, no_failure_is_armed)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	free_page(page);
}

static bool fail_always(void *arg)
{
	return false;
}

KTEST(failing, operation_that_fails_by_itself)
{
	EXPECT_EQ(ktest_each_failure(fail_always, NULL), 0);
}

static bool ask_for_three(void *arg)
{
	for (unsigned i = 0; i < 3; i++)
		if (should_fail())
			return false;
	return true;
}

KTEST(failing, each_failure_counts_the_allocations)
{
	EXPECT_EQ(ktest_each_failure(ask_for_three, NULL), 3);
}
