// SPDX-License-Identifier: MIT
/*
 * irq.c - tests of interrupt lines, and of the clock behind line 0
 *
 * WHAT     Devices that every PC has are made to ask, with the interrupt
 *          controller that the kernel uses. Tests for the APICs alone are in
 *          apic.c, tests for the 8259s alone at the end of this file.
 */
#include <arch/irq.h>

#include <arch/apic.h>
#include <arch/clocksource.h>
#include <arch/io.h>
#include <arch/irq_chip.h>
#include <arch/irqflags.h>
#include <arch/pci.h>
#include <arch/pic.h>

#include "lib/errno.h"
#include "mm/kva/vmalloc.h"
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
	EXPECT(irq_chip()->is_masked(LINE));
}

/* INT sends the interrupt, in place of the chip. */
KTEST(irq, an_interrupt_reaches_its_handler)
{
	unsigned long before = irq_count(LINE);
	int arg;

	REQUIRE(irq_set_handler(LINE, note, &arg) == 0);
	irq_unmask(LINE);
	nr_came = 0;
	__asm__ volatile("int %0" : : "i"(IRQ_VECTOR_BASE + LINE));
	REQUIRE(irq_set_handler(LINE, NULL, NULL) == 0);
	EXPECT_EQ(nr_came, 1);
	EXPECT_EQ(last_irq, LINE);
	EXPECT(last_arg == &arg);
	EXPECT(were_off);
	EXPECT(!irqs_disabled());
	EXPECT_EQ(irq_count(LINE), before + 1);
}

/* ---- devices ------------------------------------------------------------ */

#define COM1           0x3f8
#define COM1_IER       (COM1 + 1)
#define COM1_IIR       (COM1 + 2)
#define COM1_MCR       (COM1 + 4)
#define IER_THR_EMPTY  0x02
#define MCR_OUT2       0x08   /* lets the chip's interrupt out               */

/*
 * The UART's transmitter is empty. So the UART asks once each time that the
 * interrupt is allowed anew.
 */
static void com1_ask(void)
{
	outb(COM1_IER, 0);
	outb(COM1_MCR, inb(COM1_MCR) | MCR_OUT2);
	outb(COM1_IER, IER_THR_EMPTY);
}

static void com1_quiet(void)
{
	outb(COM1_IER, 0);
	(void)inb(COM1_IIR);
	outb(COM1_MCR, inb(COM1_MCR) & ~MCR_OUT2);
}

static void com1_came(unsigned irq, void *arg)
{
	nr_came++;
	com1_quiet();
}

/*
 * The 8259 may have latched an interrupt before the test: it comes here. A port
 * without a chip reads as ones, but in IER the upper four bits are 0.
 */
static void com1_begin(irq_handler_fn fn)
{
	if (inb(COM1_IER) & 0xf0)
		SKIP("needs a COM1");
	REQUIRE(irq_set_handler(IRQ_COM1, fn, NULL) == 0);
	irq_unmask(IRQ_COM1);
	com1_quiet();
	irq_mask(IRQ_COM1);
	nr_came = 0;
}

KTEST(irq, a_device_is_heard)
{
	com1_begin(com1_came);
	irq_unmask(IRQ_COM1);
	com1_ask();
	EXPECT(WAIT_UNTIL(nr_came));
	EXPECT_EQ(nr_came, 1);
	REQUIRE(irq_set_handler(IRQ_COM1, NULL, NULL) == 0);
}

KTEST(irq, a_masked_line_is_not)
{
	com1_begin(com1_came);
	com1_ask();
	thread_sleep_ns(3 * NS_PER_TICK);
	EXPECT_EQ(nr_came, 0);
	EXPECT_NULL(irq_check());
	com1_quiet();
	REQUIRE(irq_set_handler(IRQ_COM1, NULL, NULL) == 0);
}

/* A driver in user mode serves its device while the line is masked. */
KTEST(irq, what_asked_while_masked_comes_when_unmasked)
{
	for (unsigned round = 0; round < 3; round++) {
		com1_begin(com1_came);
		com1_ask();
		thread_sleep_ns(2 * NS_PER_TICK);
		EXPECT_EQ(nr_came, 0);
		irq_unmask(IRQ_COM1);
		EXPECT(WAIT_UNTIL(nr_came));
		EXPECT_EQ(nr_came, 1);
		REQUIRE(irq_set_handler(IRQ_COM1, NULL, NULL) == 0);
	}
}

static void mask_and_note(unsigned irq, void *arg)
{
	irq_mask(irq);
	nr_came++;
}

KTEST(irq, a_handler_may_mask_its_line)
{
	com1_begin(mask_and_note);
	for (unsigned round = 1; round <= 3; round++) {
		irq_unmask(IRQ_COM1);
		com1_ask();
		EXPECT(WAIT_UNTIL(nr_came == round));
		EXPECT(irq_chip()->is_masked(IRQ_COM1));
		EXPECT_NULL(irq_check());
		com1_quiet();
	}
	REQUIRE(irq_set_handler(IRQ_COM1, NULL, NULL) == 0);
}

#define KBC_DATA           0x60
#define KBC_STATUS         0x64
#define KBC_COMMAND        0x64
#define KBC_FULL           0x01
#define KBC_BUSY           0x02
#define KBC_READ_CONFIG    0x20
#define KBC_WRITE_CONFIG   0x60
#define KBC_AS_KEYBOARD    0xd2   /* the next byte, as if it had been typed  */
#define KBC_CONFIG_IRQ     0x01

static int typed;

static bool kbc_send(uint16_t port, uint8_t byte)
{
	if (!WAIT_UNTIL(!(inb(KBC_STATUS) & KBC_BUSY)))
		return false;
	outb(port, byte);
	return true;
}

static void key_came(unsigned irq, void *arg)
{
	nr_came++;
	typed = inb(KBC_DATA);
}

KTEST(irq, the_keyboard_is_heard)
{
	uint8_t config;

	if (inb(KBC_STATUS) == 0xff)
		SKIP("needs a keyboard controller");
	for (unsigned i = 0; i < 64 && inb(KBC_STATUS) & KBC_FULL; i++)
		(void)inb(KBC_DATA);
	REQUIRE(kbc_send(KBC_COMMAND, KBC_READ_CONFIG));
	REQUIRE(WAIT_UNTIL(inb(KBC_STATUS) & KBC_FULL));
	config = inb(KBC_DATA);
	REQUIRE(kbc_send(KBC_COMMAND, KBC_WRITE_CONFIG));
	REQUIRE(kbc_send(KBC_DATA, config | KBC_CONFIG_IRQ));

	REQUIRE(irq_set_handler(IRQ_KEYBOARD, key_came, NULL) == 0);
	irq_unmask(IRQ_KEYBOARD);   /* the answer may have been heard, too */
	nr_came = 0;
	typed = -1;
	REQUIRE(kbc_send(KBC_COMMAND, KBC_AS_KEYBOARD));
	REQUIRE(kbc_send(KBC_DATA, 0x1e));
	EXPECT(WAIT_UNTIL(nr_came && typed == 0x1e));
	REQUIRE(irq_set_handler(IRQ_KEYBOARD, NULL, NULL) == 0);

	REQUIRE(kbc_send(KBC_COMMAND, KBC_WRITE_CONFIG));
	REQUIRE(kbc_send(KBC_DATA, config));
}

/* ---- a line that works by level: QEMU's edu ------------------------------ */

#define EDU_VENDOR     0x1234
#define EDU_DEVICE     0x11e8
#define EDU_RAISE      0x60   /* written: bits that ask                      */
#define EDU_SERVED     0x64   /* written: bits that ask no more              */

static volatile uint8_t *edu;

static void edu_write(unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)(edu + reg) = value;
}

static void edu_serve(unsigned irq, void *arg)
{
	nr_came++;
	edu_write(EDU_SERVED, 1);
}

/* Returns: the line of the device. */
static unsigned edu_begin(irq_handler_fn fn)
{
	struct pci_device *dev = pci_find(EDU_VENDOR, EDU_DEVICE, 0);

	if (!dev || dev->irq >= NR_IRQS)
		SKIP("needs -device edu");
	REQUIRE(irq_set_handler(dev->irq, fn, NULL) == 0);
	edu = ioremap(dev->bar[0].start, PAGE_SIZE);
	REQUIRE(edu);
	edu_write(EDU_SERVED, UINT32_MAX);
	nr_came = 0;
	irq_unmask(dev->irq);
	return dev->irq;
}

static void edu_end(unsigned line)
{
	REQUIRE(irq_set_handler(line, NULL, NULL) == 0);
	edu_write(EDU_SERVED, UINT32_MAX);
	iounmap((void *)edu);
}

KTEST(irq, a_level_that_its_handler_serves_comes_once)
{
	unsigned line = edu_begin(edu_serve);

	for (unsigned round = 1; round <= 3; round++) {
		edu_write(EDU_RAISE, 1);
		EXPECT(WAIT_UNTIL(nr_came >= round));
		thread_sleep_ns(2 * NS_PER_TICK);
		EXPECT_EQ(nr_came, round);
		EXPECT_NULL(irq_check());
	}
	edu_end(line);
}

/* A driver in user mode serves the device some time after the handler. */
KTEST(irq, a_level_that_its_handler_masks_comes_until_served)
{
	unsigned line = edu_begin(mask_and_note);

	edu_write(EDU_RAISE, 1);
	for (unsigned round = 1; round <= 3; round++) {
		EXPECT(WAIT_UNTIL(nr_came >= round));
		thread_sleep_ns(2 * NS_PER_TICK);
		EXPECT_EQ(nr_came, round);
		EXPECT_NULL(irq_check());
		irq_unmask(line);   /* it has not been served */
	}
	EXPECT(WAIT_UNTIL(nr_came == 4));
	edu_write(EDU_SERVED, 1);
	irq_unmask(line);
	thread_sleep_ns(2 * NS_PER_TICK);
	EXPECT_EQ(nr_came, 4);
	edu_end(line);
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

	/* The clock of an emulator may stand still while the host is busy. */
	for (unsigned i = 0; i < 20000 || (!steps && i < 20000000); i++) {
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

static bool ticks_agree_with_the_clock(void)
{
	unsigned long ticks = irq_count(IRQ_TIMER);
	uint64_t start = arch_clock_ns(), passed;

	if (!WAIT_UNTIL(irq_count(IRQ_TIMER) >= ticks + 20))
		return false;
	passed = arch_clock_ns() - start;
	ticks = irq_count(IRQ_TIMER) - ticks;
	return passed >= (ticks - 1) * 10000000ull &&
	       passed <= (ticks + 2) * 10001000ull;
}

/* A wrong clock never agrees. A right one may not, while a host is busy. */
KTEST(irq, ticks_and_clock_agree)
{
	bool agree = false;

	for (unsigned i = 0; i < 10 && !agree; i++)
		agree = ticks_agree_with_the_clock();
	EXPECT(agree);
}

/* ---- the 8259s ---------------------------------------------------------- */

static void needs_8259(void)
{
	if (irq_chip() != &pic_chip)
		SKIP("needs the 8259s: noapic");
}

KTEST(irq, masks_reach_the_8259)
{
	needs_8259();
	REQUIRE(irq_set_handler(LINE, note, NULL) == 0);
	EXPECT(pic_read_masks() & 1u << LINE);
	irq_unmask(LINE);
	EXPECT(!(pic_read_masks() & 1u << LINE));
	irq_mask(LINE);
	EXPECT(pic_read_masks() & 1u << LINE);
	irq_unmask(LINE);
	REQUIRE(irq_set_handler(LINE, NULL, NULL) == 0);
	EXPECT(pic_read_masks() & 1u << LINE);
}

KTEST(irq, a_spurious_interrupt_of_the_8259_reaches_no_handler)
{
	unsigned long before = irq_spurious_count();

	needs_8259();
	REQUIRE(irq_set_handler(15, note, NULL) == 0);
	nr_came = 0;
	__asm__ volatile("int %0" : : "i"(IRQ_VECTOR_BASE + 15));
	REQUIRE(irq_set_handler(15, NULL, NULL) == 0);
	EXPECT_EQ(nr_came, 0);
	EXPECT_EQ(irq_spurious_count(), before + 1);
}
