// SPDX-License-Identifier: MIT
/*
 * pit.c - the 8254 timer: a tick, and the time within a tick
 *
 * WHAT     Channel 0 counts down from RELOAD at 1.193 MHz, interrupts at the
 *          end and begins again. Ticks that were counted, and the counter as
 *          it is now, make a clock of 0.84 us.
 *
 * PICTURE    count  11932 \        \        \      what is read now
 *                          \        \        \   /
 *                           \        \        \ x
 *                       1    \        \        \
 *                    IRQ 0   ^        ^        ^
 *                    base_ns |        |        | <- here
 *
 * TERMS    count    of 88/105 us: the timer's crystal is a twelfth of 14.318
 *                   MHz, exactly 105/88 MHz
 *          pending  the counter has begun again, but the CPU has not taken the
 *                   interrupt yet (interrupts are off)
 *
 * INVARIANTS
 *          Q1  base_ns + base_rem / NS_DEN is the time of the tick counted last
 *          Q2  arch_clock_ns() never gives less than it gave before
 *
 * ALGORITHM  The counter is latched and read. If the interrupt controller then
 *          says that the tick is pending, the counter may have been read
 *          before or after it began again: it is read once more, which surely
 *          is after, and a tick is added.
 *
 * LOCKING  Interrupts off.
 * SEE      Intel 8254 data sheet, modes 2 and "counter latch command".
 */
#include <arch/clocksource.h>
#include <arch/io.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/pic.h>

#include "lib/panic.h"

#define CHANNEL_0       0x40
#define COMMAND         0x43
#define MODE_2_CHANNEL_0 0x34    /* rate generator, low byte then high byte  */
#define LATCH_CHANNEL_0  0x00

/* Nanoseconds a count, as a fraction: 88000/105. */
#define NS_NUM          17600u
#define NS_DEN          21u
#define COUNTS_PER_SEC  1193182u
#define RELOAD          ((COUNTS_PER_SEC + ARCH_CLOCK_HZ / 2) / ARCH_CLOCK_HZ)

_Static_assert((uint64_t)RELOAD * NS_NUM <= UINT32_MAX,
	       "the time within a tick is computed in 32 bits");
_Static_assert(RELOAD <= 0xffff, "the counter has 16 bits");

#define TICK_NS         (RELOAD * NS_NUM / NS_DEN)
#define TICK_REM        (RELOAD * NS_NUM % NS_DEN)

static uint64_t base_ns, last_ns;
static uint32_t base_rem;
static bool running;
static void (*tick_fn)(void);

/* Counts since the counter began again, 0..RELOAD - 1. */
static uint32_t counts_elapsed(void)
{
	uint32_t count;

	outb(COMMAND, LATCH_CHANNEL_0);
	count = inb(CHANNEL_0);
	count |= (uint32_t)inb(CHANNEL_0) << 8;
	/* A count of 0 cannot be: the counter begins again behind 1. */
	return count && count <= RELOAD ? RELOAD - count : 0;
}

static void add_tick(void)
{
	base_ns += TICK_NS;
	base_rem += TICK_REM;
	if (base_rem >= NS_DEN) {
		base_rem -= NS_DEN;
		base_ns++;
	}
}

static void timer_interrupt(unsigned irq, void *arg)
{
	add_tick();
	tick_fn();
}

void arch_clock_init(void (*tick)(void))
{
	irqflags_t flags = irq_save();
	int err = irq_set_handler(IRQ_TIMER, timer_interrupt, NULL);

	assert(!err && tick);
	tick_fn = tick;
	outb(COMMAND, MODE_2_CHANNEL_0);
	outb(CHANNEL_0, RELOAD & 0xff);
	outb(CHANNEL_0, RELOAD >> 8);
	running = true;
	irq_unmask(IRQ_TIMER);
	irq_restore(flags);
}

static uint64_t now_ns(void)
{
	uint32_t elapsed = counts_elapsed();
	uint64_t ns = base_ns;

	if (pic_is_pending(IRQ_TIMER)) {
		elapsed = counts_elapsed();
		ns += TICK_NS;
	}
	return ns + elapsed * NS_NUM / NS_DEN;
}

uint64_t arch_clock_ns(void)
{
	irqflags_t flags;
	uint64_t ns;

	if (!running)
		return 0;
	flags = irq_save();
	ns = now_ns();
	if (ns < last_ns)
		ns = last_ns;
	last_ns = ns;
	irq_restore(flags);
	return ns;
}
