// SPDX-License-Identifier: MIT
/*
 * pic.c - the 8259 interrupt controllers
 *
 * WHAT     Gives the two chips vectors that are not those of exceptions. Masks,
 *          unmasks and acknowledges their lines.
 *
 * PICTURE    devices 0..7  --> +--------+
 *                              | master |--> CPU, vectors 32..39
 *                       +--2-->+--------+
 *            devices    |
 *            8..15 --> +-------+
 *                      | slave |            vectors 40..47
 *                      +-------+
 *
 * TERMS    IRR, ISR  lines that ask; lines being served until end-of-interrupt
 *          EOI       the command that ends the service
 *          spurious  a line stopped asking before the CPU took its number:
 *                    the chip answers with its line 7, but sets no ISR bit and
 *                    needs no EOI. If it is the slave, the master needs one
 *          ELCR      a register of later chips: bit n: line n works by level
 *
 * INVARIANTS of pic (the chip's check restates them)
 *          P1  the chips' mask registers hold `masks`
 *
 * ALGORITHM  The BIOS has left IRQ 0..7 at vectors 8..15, where a timer tick
 *          looks like a double fault. All lines are masked, but a mask does not
 *          stop a spurious interrupt: so pic_init() moves the vectors anyway.
 *          The firmware lets the lines of PCI devices work by level, and sets
 *          their bits in the ELCR. On a PC without this register all bits read
 *          as 1, also that of the timer's line: this cannot be right.
 * SEE      Intel 8259A data sheet, "Initialization command words".
 */
#include <arch/io.h>
#include <arch/irq_chip.h>
#include <arch/pic.h>

#include "lib/panic.h"

#define MASTER          0x20   /* command; data is the next port             */
#define SLAVE           0xa0
#define DATA            1
#define ELCR_MASTER     0x4d0
#define ELCR_SLAVE      0x4d1

#define ICW1_INIT_ICW4  0x11   /* edge-triggered, cascaded, ICW4 follows     */
#define ICW3_MASTER     0x04   /* a slave at line 2, as a bit                */
#define ICW3_SLAVE      0x02   /* the same, as a number                      */
#define ICW4_8086       0x01
#define OCW2_EOI        0x20
#define OCW3_READ_IRR   0x0a
#define OCW3_READ_ISR   0x0b

/* Timer, keyboard, cascade, clock, FPU: these always work by edges. */
#define ELCR_NEVER      0x2107u

/* What the chips' mask registers hold: bit n is line n. */
static uint16_t masks = 0xffff;

/* Lines that work by level. */
static uint16_t levels;

static void chip_init(uint16_t chip, uint8_t vector, uint8_t icw3)
{
	outb(chip, ICW1_INIT_ICW4);
	io_delay();
	outb(chip + DATA, vector);
	io_delay();
	outb(chip + DATA, icw3);
	io_delay();
	outb(chip + DATA, ICW4_8086);
	io_delay();
	outb(chip + DATA, 0xff);   /* every line masked */
}

static uint16_t chip_of(unsigned irq)
{
	return irq < 8 ? MASTER : SLAVE;
}

/* The bit of a line in a register of its chip. */
static bool register_bit(unsigned irq, uint8_t command)
{
	outb(chip_of(irq), command);
	return inb(chip_of(irq)) >> irq % 8 & 1;
}

static bool in_service(unsigned irq)
{
	return register_bit(irq, OCW3_READ_ISR);
}

static void write_mask(unsigned irq)
{
	outb(chip_of(irq) + DATA, (uint8_t)(masks >> (irq < 8 ? 0 : 8)));
}

static void pic_mask(unsigned irq)
{
	masks |= (uint16_t)(1u << irq);
	write_mask(irq);
}

static void pic_unmask(unsigned irq)
{
	masks &= (uint16_t)~(1u << irq);
	write_mask(irq);
}

static bool pic_is_masked(unsigned irq)
{
	return masks >> irq & 1;
}

static bool pic_is_pending(unsigned irq)
{
	return register_bit(irq, OCW3_READ_IRR);
}

static void pic_end(unsigned irq)
{
	if (irq >= 8)
		outb(SLAVE, OCW2_EOI);
	outb(MASTER, OCW2_EOI);
}

/* The slave's interrupt is spurious, but the master's cascade line is not. */
static enum irq_verdict spurious(unsigned irq)
{
	if (irq >= 8 && in_service(IRQ_CASCADE))
		outb(MASTER, OCW2_EOI);
	return IRQ_SPURIOUS;
}

static enum irq_verdict pic_begin(unsigned irq)
{
	if (irq % 8 == 7 && !in_service(irq))
		return spurious(irq);
	if (levels >> irq & 1)
		return IRQ_SERVE_THEN_END;
	pic_end(irq);
	return IRQ_SERVE;
}

/* The chips have no vectors from NR_IRQS on. */
static enum irq_verdict pic_unexpected(unsigned irq)
{
	if (irq >= NR_IRQS)
		return IRQ_SPURIOUS;
	if (!in_service(irq))
		return spurious(irq);
	pic_mask(irq);
	pic_end(irq);
	return IRQ_UNWANTED;
}

static const char *pic_check(void)
{
	HOLDS(pic_read_masks() == masks,
	      "pic P1: the 8259s mask what we think they mask");
	return NULL;
}

const struct irq_chip pic_chip = {
	.name       = "two 8259 interrupt controllers",
	.mask       = pic_mask,
	.unmask     = pic_unmask,
	.is_masked  = pic_is_masked,
	.is_pending = pic_is_pending,
	.begin      = pic_begin,
	.end        = pic_end,
	.unexpected = pic_unexpected,
	.check      = pic_check,
};

void pic_init(void)
{
	chip_init(MASTER, IRQ_VECTOR_BASE, ICW3_MASTER);
	chip_init(SLAVE, IRQ_VECTOR_BASE + 8, ICW3_SLAVE);
	levels = (uint16_t)(inb(ELCR_MASTER) | inb(ELCR_SLAVE) << 8);
	if (levels & ELCR_NEVER)
		levels = 0;
	/* The slave's lines have masks of their own. */
	pic_unmask(IRQ_CASCADE);
}

void pic_retire(void)
{
	for (unsigned irq = 0; irq < NR_IRQS; irq++)
		pic_mask(irq);
}

uint16_t pic_read_masks(void)
{
	return (uint16_t)(inb(MASTER + DATA) | inb(SLAVE + DATA) << 8);
}
