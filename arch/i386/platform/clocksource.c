// SPDX-License-Identifier: MIT
/*
 * clocksource.c - a tick, and the time within a tick
 *
 * WHAT     Chooses the timer, once, at boot. Ticks that were counted, and the
 *          timer's counter as it is now, make a clock.
 *
 * PICTURE    count  full  \        \        \      what is read now
 *                          \        \        \   /
 *                           \        \        \ x
 *                       0    \        \        \
 *                     line 0 ^        ^        ^
 *                    base_ns |        |        | <- here
 *
 *            lapic_tick   the local APIC's timer, 10 ms exactly
 *                         as far as its rate could be measured
 *            pit_tick     the 8254: 10.000152 ms
 *
 * TERMS    pending  the counter has begun again, but the CPU has not taken the
 *                   interrupt yet (interrupts are off)
 *
 * INVARIANTS
 *          Q1  base_ns + base_rem / source->den is the time of the tick
 *              counted last
 *          Q2  arch_clock_ns() never gives less than it gave before
 *
 * ALGORITHM  The counter is read. If the interrupt controller then says that
 *          the tick is pending, the counter may have been read before or after
 *          it began again: it is read once more, which surely is after, and a
 *          tick is added.
 *
 * LOCKING  Interrupts off.
 * NOT HERE the timers (pit.c, lapic_timer.c).
 */
#include <arch/clocksource.h>

#include <arch/irq.h>
#include <arch/irqflags.h>

#include "arch/i386/platform/tick_source.h"
#include "lib/log.h"
#include "lib/panic.h"

/* NULL: not running. Constant after arch_clock_init(). */
static const struct tick_source *source;

static uint64_t base_ns, last_ns;
static uint32_t base_rem;
static void (*tick_fn)(void);

static void add_tick(void)
{
	base_ns += source->ns;
	base_rem += source->rem;
	if (base_rem >= source->den) {
		base_rem -= source->den;
		base_ns++;
	}
}

/* The 8254 is always there. */
static const struct tick_source *start_source(void)
{
	if (lapic_tick.start())
		return &lapic_tick;
	pit_tick.start();
	return &pit_tick;
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
	source = start_source();
	pr_info("clock: %s, %u ticks a second\n", source->name, ARCH_CLOCK_HZ);
	irq_unmask(IRQ_TIMER);
	irq_restore(flags);
}

static uint64_t now_ns(void)
{
	uint32_t elapsed = source->elapsed_ns();
	uint64_t ns = base_ns;

	if (irq_is_pending(IRQ_TIMER)) {
		elapsed = source->elapsed_ns();
		ns += source->ns;
	}
	return ns + elapsed;
}

uint64_t arch_clock_ns(void)
{
	irqflags_t flags;
	uint64_t ns;

	if (!source)
		return 0;
	flags = irq_save();
	ns = now_ns();
	if (ns < last_ns)
		ns = last_ns;
	last_ns = ns;
	irq_restore(flags);
	return ns;
}

const char *arch_clock_name(void)
{
	return source ? source->name : "none";
}
