// SPDX-License-Identifier: MIT
/*
 * irq.c - tests of interrupt lines, and of the clock behind line 0
 */
#include <arch/irq.h>

#include <arch/clocksource.h>
#include <arch/io.h>
#include <arch/irqflags.h>
#include <arch/pic.h>

#include "lib/errno.h"
#include "tests/threads.h"

#define LINE  10u   /* no device of an ordinary PC has it */

SUITE(irq, irq_check);

static unsigned nr_came;
static unsigned last_irq;
static void *last_arg;
static bool were_off;

static void note(unsigned irq, void *arg)
{
	nr_came++;
	last_irq = irq;
	last_arg = arg;
	were_off = irqs_disabled();
}

KTEST(irq, a_line_has_one_handler)
{
	EXPECT_EQ(irq_set_handler(LINE, note, NULL), 0);
	EXPECT_EQ(irq_set_handler(LINE, note, NULL), -EBUSY);
	EXPECT_EQ(irq_set_handler(LINE, NULL, NULL), 0);
	EXPECT_EQ(irq_set_handler(LINE, note, NULL), 0);
	EXPECT_EQ(irq_set_handler(LINE, NULL, NULL), 0);
}

KTEST(irq, lines_that_are_not_there_are_refused)
{
	EXPECT_EQ(irq_set_handler(NR_IRQS, note, NULL), -EINVAL);
	EXPECT_EQ(irq_set_handler(1000, note, NULL), -EINVAL);
	EXPECT_EQ(irq_set_handler(IRQ_CASCADE, note, NULL), -EINVAL);
	EXPECT_EQ(irq_set_handler(IRQ_TIMER, note, NULL), -EBUSY);
}

static void unmask_unhandled(void *arg)
{
	irq_unmask(LINE);
}

KTEST(irq, a_line_without_handler_stays_masked)
{
	EXPECT_PANIC(unmask_unhandled, NULL, "lines[irq].fn");
	EXPECT(pic_is_masked(LINE));
}

KTEST(irq, masks_reach_the_chip)
{
	REQUIRE(irq_set_handler(LINE, note, NULL) == 0);
	EXPECT(inb(0xa1) & 1u << (LINE - 8));
	irq_unmask(LINE);
	EXPECT(!(inb(0xa1) & 1u << (LINE - 8)));
	irq_mask(LINE);
	EXPECT(inb(0xa1) & 1u << (LINE - 8));
	irq_unmask(LINE);
	REQUIRE(irq_set_handler(LINE, NULL, NULL) == 0);
	EXPECT(inb(0xa1) & 1u << (LINE - 8));
}

/* By INT, as if the chip had sent it. */
KTEST(irq, an_interrupt_reaches_its_handler)
{
	unsigned long before = irq_count(LINE);
	int arg;

	REQUIRE(irq_set_handler(LINE, note, &arg) == 0);
	nr_came = 0;
	__asm__ volatile("int %0" : : "i"(PIC_VECTOR_BASE + LINE));
	REQUIRE(irq_set_handler(LINE, NULL, NULL) == 0);
	EXPECT_EQ(nr_came, 1);
	EXPECT_EQ(last_irq, LINE);
	EXPECT(last_arg == &arg);
	EXPECT(were_off);
	EXPECT(!irqs_disabled());
	EXPECT_EQ(irq_count(LINE), before + 1);
}

KTEST(irq, a_spurious_interrupt_reaches_no_handler)
{
	unsigned long before = pic_spurious_count();

	REQUIRE(irq_set_handler(15, note, NULL) == 0);
	nr_came = 0;
	__asm__ volatile("int %0" : : "i"(PIC_VECTOR_BASE + 15));
	REQUIRE(irq_set_handler(15, NULL, NULL) == 0);
	EXPECT_EQ(nr_came, 0);
	EXPECT_EQ(pic_spurious_count(), before + 1);
}

/* ---- the clock ---------------------------------------------------------- */

KTEST(irq, the_tick_comes)
{
	unsigned long before = irq_count(IRQ_TIMER);

	EXPECT(WAIT_UNTIL(irq_count(IRQ_TIMER) >= before + 3));
}

KTEST(irq, the_clock_never_goes_back)
{
	uint64_t last = arch_clock_ns();
	unsigned steps = 0;

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t now = arch_clock_ns();

		EXPECT(now >= last);
		steps += now > last;
		last = now;
	}
	EXPECT(steps > 0);
}

/* With interrupts off the tick is pending, and the clock goes on. */
KTEST(irq, the_clock_counts_a_tick_that_waits)
{
	irqflags_t flags = irq_save();
	uint64_t start = arch_clock_ns(), now = start;
	unsigned long ticks = irq_count(IRQ_TIMER);

	for (unsigned i = 0; i < 10000000 && now - start < 8000000; i++) {
		uint64_t next = arch_clock_ns();

		EXPECT(next >= now);
		now = next;
	}
	EXPECT_EQ(irq_count(IRQ_TIMER), ticks);
	irq_restore(flags);
	EXPECT(now - start >= 8000000);
	EXPECT(arch_clock_ns() >= now);
}

KTEST(irq, ticks_and_clock_agree)
{
	unsigned long ticks = irq_count(IRQ_TIMER);
	uint64_t start = arch_clock_ns(), passed;

	EXPECT(WAIT_UNTIL(irq_count(IRQ_TIMER) >= ticks + 20));
	passed = arch_clock_ns() - start;
	ticks = irq_count(IRQ_TIMER) - ticks;
	EXPECT(passed >= (ticks - 1) * 10000000ull);
	EXPECT(passed <= (ticks + 2) * 10001000ull);
}
