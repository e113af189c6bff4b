// SPDX-License-Identifier: MIT
/*
 * lapic.h - the local APIC: the interrupt controller inside the CPU
 *
 * WHAT     The registers of the local APIC. They are 16 bytes apart, and are
 *          mapped by the fixmap slot FIX_LAPIC.
 *
 * TERMS    LVT  local vector table: a register for each source of interrupts
 *               within the CPU's package, and for its two pins LINT0 and LINT1
 *          IRR, ISR  256 bits each: vectors that ask; vectors being served
 *          EOI  a write means: the highest vector has been served
 *          IPI  interrupt from one CPU to another, or to itself
 *
 * SEE      SDM volume 3, 10.4 to 10.8.
 */
#pragma once

#include <arch/fixmap.h>
#include <arch/irq_chip.h>

/*      register            offset                                           */
enum lapic_register {
	LAPIC_ID             = 0x020,  /* in bits 24..31                     */
	LAPIC_VERSION        = 0x030,
	LAPIC_TPR            = 0x080,  /* classes of 16 vectors held back    */
	LAPIC_EOI            = 0x0b0,
	LAPIC_SVR            = 0x0f0,  /* spurious vector, software enable   */
	LAPIC_ISR            = 0x100,  /* the first of eight registers       */
	LAPIC_TMR            = 0x180,
	LAPIC_IRR            = 0x200,
	LAPIC_ESR            = 0x280,  /* errors since the last write        */
	LAPIC_ICR            = 0x300,  /* a write sends an IPI               */
	LAPIC_LVT_TIMER      = 0x320,
	LAPIC_LVT_PERFORMANCE = 0x340,
	LAPIC_LVT_LINT0      = 0x350,
	LAPIC_LVT_LINT1      = 0x360,
	LAPIC_LVT_ERROR      = 0x370,
	LAPIC_TIMER_INITIAL  = 0x380,  /* a write starts the timer here      */
	LAPIC_TIMER_CURRENT  = 0x390,  /* counts down                        */
	LAPIC_TIMER_DIVIDE   = 0x3e0,
};

#define LAPIC_MASKED        0x10000u   /* of every LVT register              */
#define LAPIC_PERIODIC      0x20000u   /* of the timer: again and again      */
#define LAPIC_NMI           0x00400u   /* delivered as an NMI                */
#define LAPIC_EXTINT        0x00700u   /* the 8259s give the vector          */
#define LAPIC_ENABLED       0x00100u   /* of SVR                             */
#define LAPIC_DIVIDE_BY_1   0x0000bu

static inline volatile uint32_t *lapic_register(unsigned offset)
{
	return kva_to_ptr(fixmap_slot_kva(FIX_LAPIC) + offset);
}

static inline uint32_t lapic_read(unsigned offset)
{
	return *lapic_register(offset);
}

static inline void lapic_write(unsigned offset, uint32_t value)
{
	*lapic_register(offset) = value;
}

/* Tell the local APIC that the highest vector has been served. */
static inline void lapic_end(void)
{
	lapic_write(LAPIC_EOI, 0);
}

/* The bit of a vector in LAPIC_ISR, LAPIC_TMR or LAPIC_IRR. */
static inline bool lapic_vector_bit(unsigned table, unsigned vector)
{
	return lapic_read(table + vector / 32 * 16) >> vector % 32 & 1;
}

/* The number by which the I/O APIC knows this CPU. */
static inline uint8_t lapic_id(void)
{
	return (uint8_t)(lapic_read(LAPIC_ID) >> 24);
}

/*
 * Map the local APIC, and turn it on if the firmware has left it off. The local
 * APIC takes the same interrupts as before.
 *
 * Returns: NULL, or why it cannot be used; then nothing has changed.
 */
const char *lapic_find(void);

/* Undo lapic_find(). */
void lapic_release(void);

/*
 * Let interrupts of the 8259s through, also if the firmware has not done so.
 * For machines on which lapic_find() is not called or has failed.
 */
void lapic_let_8259_through(void);

/*
 * Take interrupts, but not those of the 8259s: LINT0 is masked. LINT1 still
 * takes the NMI. The timer is masked.
 */
void lapic_enable(void);

/* Cause an interrupt on this CPU, as if a device had asked for it. */
void lapic_send_self(unsigned vector);

/* An own vector of the local APIC has come: an error, or a spurious one. */
enum irq_verdict lapic_interrupt(unsigned vector);

/* How many interrupts the error vector has had since boot. */
unsigned long lapic_error_count(void);

/* NULL, or the invariant of lapic.c that is broken. */
const char *lapic_check(void);
