// SPDX-License-Identifier: MIT
/*
 * clocksource.c - a tick, the time within a tick, and events between ticks
 *
 * WHAT     Chooses the timer, once, at boot: the first timer whose ticks come.
 *          The number of ticks and the timer's counter make a clock.
 *
 * PICTURE    count  full  \        \        \      what is read now
 *                          \        \        \   /
 *                           \        \        \ x
 *                       0    \        \        \
 *                     line 0 ^        ^        ^
 *                    base_ns |        |        | <- here
 *
 *            lapic_tick   the local APIC's timer: 10 ms, as exactly as its
 *                         rate was measured
 *            pit_tick     the 8254: 10.000152 ms
 *
 * TERMS    event    an interrupt between two ticks, made by request
 *          pending  the counter has begun again, but the CPU has not taken the
 *                   interrupt yet (interrupts are off)
 *
 * RULES of clocksource
 *          Q1  base_ns + base_rem / source->den is the time of the last tick
 *          Q2  arch_clock_ns() never gives less than it gave before
 *
 * ALGORITHM  The counter is read. If the interrupt controller then says that
 *          the tick is pending, the counter was read before or after it began
 *          again. So it is read once more, now surely after, and one tick is
 *          added.
 *
 *          A timer may be missing, or its line may lead nowhere; then the first
 *          sleep would never end. So each timer must first make an interrupt
 *          come. If no timer can, the kernel panics with a clear message.
 *
 *          If the local APIC's timer makes the tick, the 8254 is free: it makes
 *          the events. Events change neither the tick nor the clock. There are
 *          no events if the 8254 makes the tick or is missing.
 *
 * LOCKING  Interrupts off.
 * NOT HERE the timers (pit.c, lapic_timer.c), the users of events
 *          (kernel/sched/clock.c).
 * SEE      docs/decisions/short-sleeps.md.
 */
#include <arch/clocksource.h>

#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/cycles.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/pit.h>

#include "arch/i386/platform/tick_source.h"
#include "lib/log.h"
#include "lib/panic.h"

/*
 * A tick is 10 ms. The cycles are 1 s of a fast CPU and 40 s of a slow one. The
 * CPU of an emulator may stand still during these cycles, so the loop must also
 * make this number of turns.
 */
#define PROOF_CYCLES  (1ull << 32)
#define PROOF_TURNS   5000000u

/* An event in 1 ms must come before this number of ticks. */
#define PROOF_TICKS   3u
#define PROOF_NS      1000000u

static const struct tick_source *const sources[] = { &lapic_tick, &pit_tick };

/* NULL: not running. Constant after arch_clock_init(). */
static const struct tick_source *source;
static bool has_events;

static uint64_t base_ns, last_ns;
static uint32_t base_rem;
static void (*tick_fn)(void);

static unsigned nr_ticks;   /* during a proof */
static bool event_came;

static void count_tick(unsigned irq, void *arg)
{
	WRITE_ONCE(nr_ticks, nr_ticks + 1);
}

static void note_event(void)
{
	WRITE_ONCE(event_came, true);
}

static void must_set_handler(irq_handler_fn fn)
{
	int err = irq_set_handler(IRQ_TIMER, fn, NULL);

	assert(!err);
}

static void begin_proof(void)
{
	nr_ticks = 0;
	must_set_handler(count_tick);
	irq_unmask(IRQ_TIMER);
	irq_enable();
}

/* The line is masked again, as it was before. */
static void end_proof(void)
{
	irq_disable();
	must_set_handler(NULL);
}

/* Does an interrupt come? */
static bool proves_itself(void)
{
	uint64_t end = cycles() + PROOF_CYCLES;
	uint32_t turns = 0;

	begin_proof();
	while (!READ_ONCE(nr_ticks) &&
	       (turns++ < PROOF_TURNS || cycles() < end))
		cpu_relax();
	end_proof();
	return nr_ticks;
}

/* Does an event come? It is known that ticks come. */
static bool event_proves_itself(void)
{
	if (source != &lapic_tick || !apic_use_events(note_event))
		return false;
	pit_once(PROOF_NS);
	begin_proof();
	while (!READ_ONCE(event_came) && READ_ONCE(nr_ticks) < PROOF_TICKS)
		cpu_relax();
	end_proof();
	return event_came;
}

static const struct tick_source *start_source(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (!sources[i]->start())
			continue;
		if (proves_itself())
			return sources[i];
		pr_warn("clock: no tick comes from the %s\n",
			sources[i]->name);
		sources[i]->stop();
	}
	panic("this machine has no clock: neither a local APIC's timer whose rate can be measured, nor an 8254");
}

static void timer_interrupt(unsigned irq, void *arg)
{
	base_ns += source->ns;
	base_rem += source->rem;
	if (base_rem >= source->den) {
		base_rem -= source->den;
		base_ns++;
	}
	tick_fn();
}

void arch_clock_init(void (*tick)(void), void (*event)(void))
{
	irqflags_t flags = irq_save();

	assert(tick && event);
	tick_fn = tick;
	source = start_source();
	has_events = event_proves_itself();
	apic_use_events(has_events ? event : NULL);
	must_set_handler(timer_interrupt);
	pr_info("clock: %s, %u ticks a second, %s between them\n",
		source->name, ARCH_CLOCK_HZ, has_events ? "8254" : "nothing");
	irq_unmask(IRQ_TIMER);
	irq_restore(flags);
}

uint64_t arch_clock_ns(void)
{
	irqflags_t flags;
	uint64_t ns;

	if (!source)
		return 0;
	flags = irq_save();
	ns = base_ns + source->elapsed_ns();
	if (irq_is_pending(IRQ_TIMER))
		ns = base_ns + source->ns + source->elapsed_ns();
	ns = MAX(ns, last_ns);   /* Q2 */
	last_ns = ns;
	irq_restore(flags);
	return ns;
}

bool arch_clock_has_events(void)
{
	return has_events;
}

void arch_clock_event(uint32_t ns)
{
	assert(has_events);
	pit_once(ns);
}
