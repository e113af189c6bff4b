// SPDX-License-Identifier: MIT
/*
 * apic.c - tests of local APIC and I/O APIC
 *
 * WHAT     Registers are read back, entries are compared with the MADT, and we
 *          send interrupts to ourselves. Interrupts of devices are in irq.c.
 */
#include <arch/apic.h>

#include <arch/acpi.h>
#include <arch/clocksource.h>
#include <arch/cpu.h>
#include <arch/ioapic.h>
#include <arch/irq_chip.h>
#include <arch/irqflags.h>
#include <arch/lapic.h>
#include <arch/msr.h>
#include <arch/pic.h>
#include <arch/pit.h>

#include "lib/div64.h"
#include "tests/threads.h"

#define EDGE_LINE   7u    /* a printer's, on a PC that has one */

SUITE(apic, irq_check);

static unsigned nr_came;
static bool was_in_service;

static void needs_apic(void)
{
	if (!apic_is_used())
		SKIP("needs the APICs in use");
}

static void note(unsigned irq, void *arg)
{
	nr_came++;
	was_in_service = lapic_vector_bit(LAPIC_ISR, IRQ_VECTOR_BASE + irq);
}

/* A line that works by level; NR_IRQS when there is none. */
static unsigned level_line(void)
{
	for (unsigned irq = 5; irq < NR_IRQS; irq++)
		if (acpi_info.isa_line[irq].level)
			return irq;
	return NR_IRQS;
}

KTEST(apic, it_is_used_exactly_where_it_is_there_and_wanted)
{
	EXPECT_EQ(apic_is_used(), irq_chip() == &apic_chip);
	if (!cpu_has(CPU_APIC) || !acpi_info.has_madt)
		EXPECT(!apic_is_used());
}

KTEST(apic, the_local_one_is_where_the_cpu_says)
{
	needs_apic();
	EXPECT_EQ(read_msr64(MSR_APIC_BASE) & ~0xfffull, acpi_info.lapic.v);
	EXPECT(read_msr64(MSR_APIC_BASE) & 0x800);
	EXPECT_EQ(lapic_read(LAPIC_VERSION) >> 4 & 0xf, 1);
}

KTEST(apic, registers_of_the_local_one_read_back)
{
	irqflags_t flags = irq_save();
	uint32_t tpr;

	needs_apic();
	tpr = lapic_read(LAPIC_TPR);
	lapic_write(LAPIC_TPR, 0xe0);
	EXPECT_EQ(lapic_read(LAPIC_TPR), 0xe0);
	lapic_write(LAPIC_TPR, tpr);
	EXPECT_EQ(lapic_read(LAPIC_TPR), tpr);
	EXPECT_EQ(lapic_read(LAPIC_SVR) & 0xff, APIC_VECTOR_SPURIOUS);
	EXPECT_EQ(lapic_read(LAPIC_LVT_ERROR), APIC_VECTOR_ERROR);
	irq_restore(flags);
}

KTEST(apic, the_8259s_are_masked_and_cannot_be_heard)
{
	needs_apic();
	EXPECT_EQ(pic_read_masks(), 0xffff);
	EXPECT(lapic_read(LAPIC_LVT_LINT0) & LAPIC_MASKED);
}

KTEST(apic, each_line_has_the_entry_that_the_madt_wants)
{
	needs_apic();
	for (unsigned irq = 0; irq < NR_IRQS; irq++) {
		const struct acpi_isa_line *line = &acpi_info.isa_line[irq];
		uint64_t entry;

		if (apic_pin(irq) < 0)
			continue;
		EXPECT_EQ(apic_pin(irq), line->gsi);
		entry = ioapic_read(line->gsi);
		EXPECT_EQ(entry & IOAPIC_VECTOR, IRQ_VECTOR_BASE + irq);
		EXPECT_EQ(!!(entry & IOAPIC_LEVEL), line->level);
		EXPECT_EQ(!!(entry & IOAPIC_ACTIVE_LOW), line->active_low);
		EXPECT_EQ(entry >> 56, lapic_id());
	}
	EXPECT(apic_pin(IRQ_CASCADE) < 0);
	EXPECT(apic_pin(IRQ_COM1) >= 0);
}

KTEST(apic, pins_without_a_line_are_masked)
{
	unsigned nr_masked = 0;

	needs_apic();
	for (unsigned pin = NR_IRQS; pin < ioapic_nr_pins(); pin++)
		nr_masked += ioapic_read(pin) & IOAPIC_MASKED ? 1 : 0;
	EXPECT(nr_masked >= ioapic_nr_pins() - NR_IRQS - 1);
	EXPECT_NULL(irq_check());
}

KTEST(apic, a_message_to_ourselves_reaches_the_handler_of_its_line)
{
	unsigned long before = irq_count(EDGE_LINE);

	needs_apic();
	REQUIRE(irq_set_handler(EDGE_LINE, note, NULL) == 0);
	irq_unmask(EDGE_LINE);
	nr_came = 0;
	lapic_send_self(IRQ_VECTOR_BASE + EDGE_LINE);
	EXPECT(WAIT_UNTIL(nr_came));
	EXPECT_EQ(nr_came, 1);
	EXPECT(!was_in_service);   /* an edge: ended before its handler */
	REQUIRE(irq_set_handler(EDGE_LINE, NULL, NULL) == 0);
	EXPECT_EQ(irq_count(EDGE_LINE), before + 1);
}

KTEST(apic, a_level_is_ended_behind_its_handler)
{
	unsigned line = level_line();

	needs_apic();
	if (line == NR_IRQS)
		SKIP("needs a line that works by level");
	REQUIRE(irq_set_handler(line, note, NULL) == 0);
	irq_unmask(line);
	nr_came = 0;
	lapic_send_self(IRQ_VECTOR_BASE + line);
	EXPECT(WAIT_UNTIL(nr_came));
	EXPECT(was_in_service);
	EXPECT(!lapic_vector_bit(LAPIC_ISR, IRQ_VECTOR_BASE + line));
	REQUIRE(irq_set_handler(line, NULL, NULL) == 0);
}

KTEST(apic, with_interrupts_off_a_message_waits)
{
	irqflags_t flags;

	needs_apic();
	REQUIRE(irq_set_handler(EDGE_LINE, note, NULL) == 0);
	irq_unmask(EDGE_LINE);
	nr_came = 0;
	flags = irq_save();
	lapic_send_self(IRQ_VECTOR_BASE + EDGE_LINE);
	EXPECT(irq_is_pending(EDGE_LINE));
	EXPECT_EQ(nr_came, 0);
	irq_restore(flags);
	EXPECT(WAIT_UNTIL(nr_came));
	EXPECT(!irq_is_pending(EDGE_LINE));
	REQUIRE(irq_set_handler(EDGE_LINE, NULL, NULL) == 0);
}

KTEST(apic, an_edge_while_masked_is_held)
{
	unsigned pin;

	needs_apic();
	pin = (unsigned)apic_pin(EDGE_LINE);
	REQUIRE(irq_set_handler(EDGE_LINE, note, NULL) == 0);
	irq_unmask(EDGE_LINE);
	irq_mask(EDGE_LINE);
	nr_came = 0;
	EXPECT(!(ioapic_read(pin) & IOAPIC_MASKED));
	for (unsigned i = 0; i < 3; i++) {
		lapic_send_self(IRQ_VECTOR_BASE + EDGE_LINE);
		EXPECT(WAIT_UNTIL(ioapic_read(pin) & IOAPIC_MASKED));
	}
	EXPECT_EQ(nr_came, 0);
	EXPECT_NULL(irq_check());
	irq_unmask(EDGE_LINE);
	EXPECT(WAIT_UNTIL(nr_came));
	EXPECT_EQ(nr_came, 1);
	EXPECT(!(ioapic_read(pin) & IOAPIC_MASKED));
	REQUIRE(irq_set_handler(EDGE_LINE, NULL, NULL) == 0);
}

KTEST(apic, a_line_by_level_is_masked_at_its_pin)
{
	unsigned line = level_line(), pin;

	needs_apic();
	if (line == NR_IRQS)
		SKIP("needs a line that works by level");
	pin = (unsigned)apic_pin(line);
	EXPECT(ioapic_read(pin) & IOAPIC_MASKED);
	REQUIRE(irq_set_handler(line, note, NULL) == 0);
	irq_unmask(line);
	EXPECT(!(ioapic_read(pin) & IOAPIC_MASKED));
	irq_mask(line);
	EXPECT(ioapic_read(pin) & IOAPIC_MASKED);
	irq_unmask(line);
	REQUIRE(irq_set_handler(line, NULL, NULL) == 0);
	EXPECT(ioapic_read(pin) & IOAPIC_MASKED);
}

KTEST(apic, spurious_interrupts_are_counted)
{
	unsigned long before = irq_spurious_count();
	unsigned long errors = lapic_error_count();

	needs_apic();
	__asm__ volatile("int %0" : : "i"(APIC_VECTOR_SPURIOUS));
	EXPECT_EQ(irq_spurious_count(), before + 1);
	__asm__ volatile("int %0" : : "i"(APIC_VECTOR_ERROR));
	EXPECT_EQ(irq_spurious_count(), before + 2);
	EXPECT_EQ(lapic_error_count(), errors);
	EXPECT_NULL(irq_check());
}

KTEST(apic, an_error_is_counted_and_ended)
{
	unsigned long before = lapic_error_count();

	needs_apic();
	lapic_send_self(APIC_VECTOR_ERROR);
	EXPECT(WAIT_UNTIL(lapic_error_count() > before));
	EXPECT_EQ(lapic_error_count(), before + 1);
	EXPECT_NULL(irq_check());
}

/* The check sees an entry that somebody else has changed. */
static const char *change_vector(unsigned pin)
{
	uint64_t entry = ioapic_read(pin);
	uint32_t low = (uint32_t)entry & IOAPIC_WRITTEN;
	irqflags_t flags = irq_save();
	const char *law;

	ioapic_set(pin, (low & ~IOAPIC_VECTOR) | 0x50 | IOAPIC_MASKED,
		   (uint8_t)(entry >> 56));
	law = irq_check();
	ioapic_set(pin, low, (uint8_t)(entry >> 56));
	irq_restore(flags);
	return law;
}

static const char *unmask_pin(unsigned pin)
{
	irqflags_t flags = irq_save();
	uint64_t entry = ioapic_read(pin);
	const char *law;

	ioapic_unmask(pin);
	law = irq_check();
	ioapic_mask(pin);
	EXPECT_EQ(ioapic_read(pin), entry);
	irq_restore(flags);
	return law;
}

KTEST(apic, the_check_finds_what_is_wrong)
{
	const char *law;

	needs_apic();
	law = change_vector((unsigned)apic_pin(EDGE_LINE));
	EXPECT_LAW(law, "apic A1");
	law = unmask_pin(ioapic_nr_pins() - 1);
	EXPECT_LAW(law, "apic A2");
	EXPECT_NULL(irq_check());
}

/* ---- the timer ---------------------------------------------------------- */

KTEST(apic, the_timer_is_line_0_and_no_pin)
{
	needs_apic();
	if (apic_pin(IRQ_TIMER) >= 0)
		SKIP("needs the local APIC's timer");
	EXPECT_EQ(lapic_read(LAPIC_LVT_TIMER),
		  LAPIC_PERIODIC | (IRQ_VECTOR_BASE + IRQ_TIMER));
	EXPECT(lapic_read(LAPIC_TIMER_CURRENT) <=
	       lapic_read(LAPIC_TIMER_INITIAL));
}

/* Do both clocks measure the same span, to 2 %? */
static bool clocks_agree(void)
{
	uint64_t start = arch_clock_ns(), passed;
	uint32_t counts = 0, ns;
	uint16_t last = pit_count(), now;

	while (counts < 2000) {
		now = pit_count();
		counts += (uint16_t)(last - now);
		last = now;
	}
	passed = arch_clock_ns() - start;
	ns = (uint32_t)div_u64((uint64_t)counts * PIT_NS_NUM, PIT_NS_DEN);
	return passed > ns - ns / 50 && passed < ns + ns / 50;
}

static bool pit_counts(void)
{
	uint16_t first = pit_count();

	for (unsigned i = 0; i < 10000; i++)
		if (pit_count() != first)
			return true;
	return false;
}

/* Interrupts are off: otherwise an event could set the 8254 anew. */
static bool measured(bool (*what)(void))
{
	irqflags_t flags = irq_save();
	bool is_so;

	pit_free_run();
	is_so = what();
	pit_stop();
	irq_restore(flags);
	return is_so;
}

/*
 * A wrong clock is wrong in every span. A right clock may be wrong in some:
 * an emulator loses ticks while its host is busy. So one right span is enough.
 */
KTEST(apic, the_timer_is_as_fast_as_the_8254_says)
{
	bool agree = false;

	needs_apic();
	if (apic_pin(IRQ_TIMER) >= 0)
		SKIP("needs the local APIC's timer");
	if (!measured(pit_counts))
		SKIP("needs an 8254");
	for (unsigned i = 0; i < 100 && !agree; i++)
		agree = measured(clocks_agree);
	EXPECT(agree);
}
