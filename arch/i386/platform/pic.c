// SPDX-License-Identifier: MIT
/*
 * pic.c - the 8259 interrupt controllers
 *
 * WHAT     Sets the two chips up so that whatever they send can be told from
 *          an exception; masks, unmasks and acknowledges their lines.
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
 *          spurious  a line fell silent before the CPU asked which it was:
 *                    the chip answers with its line 7, but no ISR bit is set
 *                    and no EOI is due (except to the master, for the slave)
 *
 * ALGORITHM  The BIOS has left IRQ 0..7 at vectors 8..15, where a timer tick
 *          looks like a double fault. pic_init() moves them even though all
 *          lines are masked, because a mask does not stop a spurious one.
 * SEE      Intel 8259A data sheet, "Initialization command words".
 */
#include <arch/io.h>
#include <arch/pic.h>

#include "lib/log.h"

#define MASTER          0x20   /* command; data is the next port             */
#define SLAVE           0xa0
#define DATA            1

#define ICW1_INIT_ICW4  0x11   /* edge-triggered, cascaded, ICW4 follows     */
#define ICW3_MASTER     0x04   /* a slave at line 2, as a bit                */
#define ICW3_SLAVE      0x02   /* ... and as a number                        */
#define ICW4_8086       0x01
#define OCW2_EOI        0x20
#define OCW3_READ_IRR   0x0a
#define OCW3_READ_ISR   0x0b
#define CASCADE_LINE    2

static unsigned long nr_spurious, nr_unexpected;

/* What the chips' mask registers hold: bit n is line n. */
static uint16_t masks = 0xffff;

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

/* A register of the chip, one bit a line. */
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

void pic_init(void)
{
	chip_init(MASTER, PIC_VECTOR_BASE, ICW3_MASTER);
	chip_init(SLAVE, PIC_VECTOR_BASE + 8, ICW3_SLAVE);
	/* The slave's lines have masks of their own. */
	pic_unmask(CASCADE_LINE);
}

void pic_mask(unsigned irq)
{
	masks |= (uint16_t)(1u << irq);
	write_mask(irq);
}

void pic_unmask(unsigned irq)
{
	masks &= (uint16_t)~(1u << irq);
	write_mask(irq);
}

bool pic_is_masked(unsigned irq)
{
	return masks >> irq & 1;
}

bool pic_is_pending(unsigned irq)
{
	return register_bit(irq, OCW3_READ_IRR);
}

void pic_end(unsigned irq)
{
	if (irq >= 8)
		outb(SLAVE, OCW2_EOI);
	outb(MASTER, OCW2_EOI);
}

bool pic_is_spurious(unsigned irq)
{
	return irq % 8 == 7 && !in_service(irq);
}

void pic_unexpected(unsigned irq)
{
	if (in_service(irq)) {
		pic_mask(irq);
		outb(chip_of(irq), OCW2_EOI);
		nr_unexpected++;
		pr_warn("pic: IRQ %u came, but nobody waits for it: masked\n",
			irq);
	} else {
		nr_spurious++;
	}
	/* The master has served its cascade line, even if the slave has not. */
	if (irq >= 8 && in_service(CASCADE_LINE))
		outb(MASTER, OCW2_EOI);
}

unsigned long pic_spurious_count(void)
{
	return nr_spurious;
}

unsigned long pic_unexpected_count(void)
{
	return nr_unexpected;
}
