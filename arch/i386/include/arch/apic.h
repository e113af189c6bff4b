// SPDX-License-Identifier: MIT
/*
 * apic.h - the local APIC and the I/O APIC, taken together
 *
 * WHAT     Makes them carry the lines of <arch/irq.h>. What they do from then
 *          on is in apic_chip, <arch/irq_chip.h>.
 *
 * SEE      arch/i386/platform/apic.c; SDM volume 3, 10 "Advanced Programmable
 *          Interrupt Controller".
 */
#pragma once

#include "lib/compiler.h"

/* The CPU's own vectors, behind those of the lines. */
#define APIC_VECTOR_EVENT     61
#define APIC_VECTOR_ERROR     62
#define APIC_VECTOR_SPURIOUS  63   /* its low four bits are 1 on old ones    */

/*
 * Take over from the 8259s, which are masked for good. Nothing has changed
 * when it cannot be done.
 *
 * Context: irq_init(), interrupts off, no line has a handler.
 * Returns: NULL, or why not.
 */
const char *apic_init(void);

/* Are the APICs in use? */
bool apic_is_used(void);

/*
 * Line IRQ_TIMER is the local APIC's timer from here on, and no pin; or the pin
 * again that the MADT names. The line is masked.
 */
void apic_use_local_timer(bool local);

/*
 * While line IRQ_TIMER is the local APIC's timer, the 8254 and its pin are
 * free: from here on `fn` is called, interrupts off, at each edge of it. NULL:
 * no more.
 *
 * Context: interrupts off.
 * Returns: false where that cannot be.
 */
bool apic_use_events(void (*fn)(void));

/* The pin of the I/O APIC of a line of apic_chip; -1: of none. */
int apic_pin(unsigned irq);
