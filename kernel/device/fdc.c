// SPDX-License-Identifier: MIT
/*
 * fdc.c - the 82077AA floppy controller: commands, results, its interrupt
 *
 * WHAT     See fdc.h.
 *
 * PICTURE    port 0x3f2  DOR   motor | DMA | run | drive        written
 *            port 0x3f4  MSR   ready | direction | busy         read
 *            port 0x3f5  FIFO  commands and results
 *            port 0x3f7  DIR   disk changed   (write: CCR, the data rate)
 *
 *            command phase       execution        result phase
 *            CPU --> bytes  ...  DMA, or steps ... bytes --> CPU
 *                                          IRQ 6 ^
 *
 * RULES
 *          each wait has a bound: BYTE_NS for a byte, otherwise the time that
 *          the caller gives
 *
 * ALGORITHM  A port without a device reads 0xff: "ready, gives a byte, all
 *          drives busy". No controller says this after a reset. If the port
 *          reads otherwise, the controller must send the interrupt that ends a
 *          reset.
 *
 *          The interrupt handler only notes that the interrupt came. The thread
 *          reads the results: they stay until then.
 * LOCKING  Interrupts are off for the DOR, which the motor's timer writes, too.
 * SEE      Linux drivers/block/floppy.c.
 */
#include "kernel/device/fdc.h"

#include <arch/io.h>
#include <arch/irq.h>
#include <arch/irqflags.h>

#include "kernel/sched/clock.h"
#include "kernel/sched/thread.h"
#include "lib/errno.h"
#include "lib/wait.h"

#define DOR    0x3f2
#define MSR    0x3f4
#define FIFO   0x3f5
#define DIR    0x3f7   /* read  */
#define CCR    0x3f7   /* write */

#define DOR_RUN      0x04   /* clear: reset                                  */
#define DOR_DMA      0x08   /* interrupts and DMA requests reach the bus     */
#define DOR_MOTOR_0  0x10

#define MSR_READY    0x80
#define MSR_SPEAKS   0x40   /* the next byte goes to the CPU                 */
#define NOBODY       0xff

#define DIR_CHANGED  0x80

#define CCR_500K     0x00   /* 500 kbit/s, as 1.44 MB has it                 */

#define IRQ_FLOPPY   6
#define NR_DRIVES    4      /* a reset reports each of them                  */
#define RESET_MS     500
#define NS_PER_MS    1000000ull

/* The data sheet: the controller takes a command byte after 250 us at most. */
#define BYTE_NS      (10 * NS_PER_MS)

/*
 * SPECIFY, at 500 kbit/s: a step takes 16 - 13 ms, the head unloads after
 * 15 * 16 ms and settles for 8 * 2 ms. Bit 0 of the last byte is clear: DMA.
 */
#define STEP_3_UNLOAD_240  0xdf
#define LOAD_16_DMA        (8 << 1)

static struct wait_queue waiters = WAIT_QUEUE_INIT(waiters);
static bool came;           /* the interrupt, since fdc_expect() */
static bool motor_is_on;    /* interrupts off */

static void floppy_interrupt(unsigned irq, void *arg)
{
	WRITE_ONCE(came, true);
	wake_up_one(&waiters);
}

/* ---- bytes --------------------------------------------------------------- */

/* Wait until the controller takes a byte, or gives one. */
static int wait_ready(bool speaks)
{
	uint64_t end = clock_ns() + BYTE_NS;
	uint8_t msr;

	do {
		msr = inb(MSR);
		if (msr & MSR_READY)
			return !(msr & MSR_SPEAKS) == !speaks ? 0 : -EIO;
	} while (clock_ns() < end);
	return -ETIMEDOUT;
}

int fdc_command(const uint8_t *bytes, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		int err = wait_ready(false);

		if (err)
			return err;
		outb(FIFO, bytes[i]);
	}
	return 0;
}

int fdc_result(uint8_t *bytes, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		int err = wait_ready(true);

		if (err)
			return err;
		bytes[i] = inb(FIFO);
	}
	return 0;
}

/* ---- the interrupt ------------------------------------------------------- */

void fdc_expect(void)
{
	WRITE_ONCE(came, false);
}

int fdc_wait(unsigned ms)
{
	if (wait_event_deadline(&waiters, READ_ONCE(came),
				clock_ns() + ms * NS_PER_MS))
		return 0;
	return wait_killed() ? -EINTR : -ETIMEDOUT;
}

int fdc_sense(uint8_t *st0, uint8_t *cylinder)
{
	static const uint8_t sense[] = { FDC_SENSE };
	uint8_t result[2];
	int err = fdc_command(sense, sizeof(sense));

	if (!err)
		err = fdc_result(result, sizeof(result));
	if (err)
		return err;
	*st0 = result[0];
	*cylinder = result[1];
	return 0;
}

/* ---- the motor, the medium ----------------------------------------------- */

static void write_dor_irqoff(uint8_t bits)
{
	outb(DOR, (uint8_t)(bits | (motor_is_on ? DOR_MOTOR_0 : 0)));
}

void fdc_motor(bool on)
{
	irqflags_t flags = irq_save();

	motor_is_on = on;
	write_dor_irqoff(DOR_RUN | DOR_DMA);
	irq_restore(flags);
}

bool fdc_motor_is_on(void)
{
	return READ_ONCE(motor_is_on);
}

bool fdc_disk_changed(void)
{
	return inb(DIR) & DIR_CHANGED;
}

/* ---- reset --------------------------------------------------------------- */

int fdc_reset(void)
{
	static const uint8_t specify[] = {
		FDC_SPECIFY, STEP_3_UNLOAD_240, LOAD_16_DMA,
	};
	uint8_t st0, cylinder;
	irqflags_t flags;
	int err;

	if (inb(MSR) == NOBODY)
		return -ENODEV;
	fdc_expect();
	flags = irq_save();
	write_dor_irqoff(DOR_DMA);
	for (unsigned i = 0; i < 8; i++)
		io_delay();
	write_dor_irqoff(DOR_RUN | DOR_DMA);
	irq_restore(flags);
	err = fdc_wait(RESET_MS);
	/* The controller has something to say of each drive, there or not. */
	for (unsigned i = 0; i < NR_DRIVES && !err; i++)
		err = fdc_sense(&st0, &cylinder);
	if (!err)
		err = fdc_command(specify, sizeof(specify));
	if (err)
		return err == -EINTR ? err : -ENODEV;
	outb(CCR, CCR_500K);
	return 0;
}

int fdc_init(void)
{
	int err = irq_set_handler(IRQ_FLOPPY, floppy_interrupt, NULL);

	if (!err)
		irq_unmask(IRQ_FLOPPY);
	return err;
}
