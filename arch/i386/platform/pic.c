// SPDX-License-Identifier: MIT
/*
 * pic.c - the 8259 interrupt controllers
 *
 * WHAT     Sets the two chips up so that whatever they send can be told from
 *          an exception, and sends nothing.
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
#define OCW3_READ_ISR   0x0b
#define CASCADE_LINE    2

static unsigned long nr_spurious, nr_unexpected;

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

static bool in_service(uint16_t chip, unsigned line)
{
	outb(chip, OCW3_READ_ISR);
	return inb(chip) >> line & 1;
}

static void mask_line(uint16_t chip, unsigned line)
{
	outb(chip + DATA, inb(chip + DATA) | (uint8_t)(1u << line));
}

void pic_init(void)
{
	chip_init(MASTER, PIC_VECTOR_BASE, ICW3_MASTER);
	chip_init(SLAVE, PIC_VECTOR_BASE + 8, ICW3_SLAVE);
}

void pic_unexpected(unsigned irq)
{
	uint16_t chip = irq < 8 ? MASTER : SLAVE;
	unsigned line = irq % 8;
	bool real = in_service(chip, line);

	if (real) {
		mask_line(chip, line);
		outb(chip, OCW2_EOI);
		nr_unexpected++;
		pr_warn("pic: IRQ %u came, but nobody waits for it: masked\n",
			irq);
	} else {
		nr_spurious++;
	}
	/* The master has served its cascade line, even if the slave has not. */
	if (chip == SLAVE && in_service(MASTER, CASCADE_LINE))
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
