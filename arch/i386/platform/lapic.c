// SPDX-License-Identifier: MIT
/*
 * lapic.c - find the local APIC, turn it on, use it
 *
 * WHAT     Each CPU has one. It takes interrupts from the I/O APIC, from its
 *          own timer and from other CPUs, and gives the CPU one at a time.
 *
 * PICTURE    I/O APIC ----> +-----------------+
 *            other CPUs --> | IRR 256 bits    |     higher vectors first,
 *            self -------+->|  |              |     if above the class that
 *            timer ------+  |  v      TPR     |---> is being served
 *            error ------+  | ISR 256 bits    |
 *            LINT0, LINT1-->|  ^ cleared by EOI
 *                           +-----------------+
 *
 * TERMS    class     vector / 16: the priority
 *          spurious  the interrupt was masked between the APIC's question and
 *                    the CPU's answer: it comes as APIC_VECTOR_SPURIOUS, sets
 *                    no ISR bit and gets no EOI
 *          x2APIC    a mode in which the registers are MSRs, not a page; only
 *                    a reset, or turning the APIC off, ends it
 *
 * INVARIANTS of lapic (lapic_check() restates them)
 *          L1  it is on, and its spurious vector is ours
 *          L2  LINT0, the pin of the 8259s, is masked; LINT1 is the NMI
 *          L3  outside an interrupt no vector is being served
 *
 * ALGORITHM  The MADT and an MSR say where the registers are: both must say the
 *          same. An APIC that is off lets interrupts of the 8259s through to
 *          the CPU. An APIC that is on, but not enabled, does not. So if the
 *          kernel has turned it on and cannot use it, it turns it off again.
 *          Usually the firmware opens LINT0 for the 8259s, but microvm has no
 *          such firmware. So the kernel opens LINT0 itself when it uses the
 *          8259s.
 *
 * LOCKING  Interrupts off.
 * COST     A register is a load or a store.
 * NOT HERE lines (apic.c), the timer (lapic_timer.c).
 * SEE      SDM volume 3, 10.4.3 "Enabling or Disabling the Local APIC", 10.9
 *          "Spurious Interrupt"; Linux setup_local_APIC().
 */
#include <arch/lapic.h>

#include <arch/acpi.h>
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/msr.h>

#include "lib/log.h"
#include "lib/panic.h"

#define BASE_ON          0x800u     /* of MSR_APIC_BASE                      */
#define BASE_X2APIC      0x400u
#define BASE_FLAGS       0xfffu

#define VERSION_MIN      0x10u      /* below: the 82489DX, another chip      */
#define VERSION_MAX      0x1fu

/* Vectors 0..31 are exceptions: none of them may come by a message. */
#define TPR_EXCEPTIONS   0x10u

#define ICR_SELF         0x40000u
#define ICR_ASSERT       0x04000u
#define ICR_BUSY         0x01000u
#define ICR_WAIT         100000u    /* reads: far more than are needed       */

#define NR_VECTOR_BITS   256u

/* What MSR_APIC_BASE held before lapic_find(). */
static uint64_t base_before;

static unsigned long nr_errors;

const char *lapic_find(void)
{
	uint32_t version;
	phys_addr_t base;

	base_before = read_msr64(MSR_APIC_BASE);
	base = PHYS(base_before & ~(uint64_t)BASE_FLAGS);
	if (base_before & BASE_X2APIC)
		return "the local APIC is in x2APIC mode";
	if (!phys_eq(base, acpi_info.lapic))
		return "CPU and MADT disagree where the local APIC is";
	if (!(base_before & BASE_ON))
		write_msr64(MSR_APIC_BASE, base_before | BASE_ON);
	set_fixmap(FIX_LAPIC, base, KPROT_DEVICE);
	version = lapic_read(LAPIC_VERSION) & 0xff;
	if (version >= VERSION_MIN && version <= VERSION_MAX)
		return NULL;
	lapic_release();
	return "the local APIC has no version that we know";
}

void lapic_release(void)
{
	clear_fixmap(FIX_LAPIC);
	if (!(base_before & BASE_ON))
		write_msr64(MSR_APIC_BASE, base_before);
}

static void enable(uint32_t lint0)
{
	/* First: as long as it is not enabled, every LVT stays masked. */
	lapic_write(LAPIC_SVR, LAPIC_ENABLED | APIC_VECTOR_SPURIOUS);
	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
	lapic_write(LAPIC_LVT_PERFORMANCE, LAPIC_MASKED);
	lapic_write(LAPIC_LVT_ERROR, LAPIC_MASKED);
	lapic_write(LAPIC_LVT_LINT0, lint0);
	lapic_write(LAPIC_LVT_LINT1, LAPIC_NMI);
}

void lapic_let_8259_through(void)
{
	uint64_t base = read_msr64(MSR_APIC_BASE);

	if (!(base & BASE_ON))
		return;
	if (base & BASE_X2APIC) {
		base &= ~(uint64_t)(BASE_ON | BASE_X2APIC);
		write_msr64(MSR_APIC_BASE, base);
		return;
	}
	set_fixmap(FIX_LAPIC, PHYS(base & ~(uint64_t)BASE_FLAGS),
		   KPROT_DEVICE);
	enable(LAPIC_EXTINT);
	clear_fixmap(FIX_LAPIC);
}

void lapic_enable(void)
{
	enable(LAPIC_MASKED);
	lapic_write(LAPIC_TPR, TPR_EXCEPTIONS);
	/*
	 * If the firmware has not ended an interrupt, its class would be held
	 * back for ever. An EOI ends the highest vector, so that one is first.
	 */
	for (unsigned vector = NR_VECTOR_BITS; vector-- > 0; )
		if (lapic_vector_bit(LAPIC_ISR, vector))
			lapic_end();
	lapic_write(LAPIC_ESR, 0);
	lapic_write(LAPIC_LVT_ERROR, APIC_VECTOR_ERROR);
}

void lapic_send_self(unsigned vector)
{
	unsigned wait = ICR_WAIT;

	while (lapic_read(LAPIC_ICR) & ICR_BUSY && wait--)
		cpu_relax();
	lapic_write(LAPIC_ICR, ICR_SELF | ICR_ASSERT | vector);
}

enum irq_verdict lapic_interrupt(unsigned vector)
{
	uint32_t errors;

	/* An INT instruction comes here too, but needs no EOI. */
	if (!lapic_vector_bit(LAPIC_ISR, vector))
		return IRQ_SPURIOUS;
	if (vector == APIC_VECTOR_ERROR) {
		nr_errors++;
		/* The write copies the errors to the register for the read. */
		lapic_write(LAPIC_ESR, 0);
		errors = lapic_read(LAPIC_ESR);
		pr_warn_limited("lapic: error, status 0x%x\n", errors);
	}
	lapic_end();
	return IRQ_DEALT_WITH;
}

unsigned long lapic_error_count(void)
{
	return nr_errors;
}

const char *lapic_check(void)
{
	HOLDS(read_msr64(MSR_APIC_BASE) & BASE_ON &&
	      lapic_read(LAPIC_SVR) == (LAPIC_ENABLED | APIC_VECTOR_SPURIOUS),
	      "lapic L1: the local APIC is on, with our spurious vector");
	HOLDS(lapic_read(LAPIC_LVT_LINT0) & LAPIC_MASKED &&
	      lapic_read(LAPIC_LVT_LINT1) == LAPIC_NMI,
	      "lapic L2: LINT0 is masked and LINT1 is the NMI");
	for (unsigned vector = 0; vector < NR_VECTOR_BITS; vector++)
		HOLDS(!lapic_vector_bit(LAPIC_ISR, vector),
		      "lapic L3: outside an interrupt no vector is being served");
	return NULL;
}
