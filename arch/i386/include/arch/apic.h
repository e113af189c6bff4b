// SPDX-License-Identifier: MIT
/*
 * apic.h - the local APIC and the I/O APIC, taken together
 *
 * WHAT     Lets the two APICs carry the lines of <arch/irq.h>. apic_chip has
 *          the functions that are used from then on: <arch/irq_chip.h>.
 *
 * SEE      arch/i386/platform/apic.c; SDM volume 3, 10 "Advanced Programmable
 *          Interrupt Controller".
 */
#pragma once

#include "lib/compiler.h"

/* The CPU's own vectors come after the vectors of the lines. */
#define APIC_VECTOR_EVENT     61
#define APIC_VECTOR_ERROR     62
#define APIC_VECTOR_SPURIOUS  63   /* its low four bits are 1 on old ones    */

/*
 * Take over from the 8259s, and mask the 8259s for good. If this cannot be
 * done, nothing has changed.
 *
 * Context: irq_init(), interrupts off, no line has a handler.
 * Returns: NULL, or why not.
 */
const char *apic_init(void);

/* Are the APICs in use? */
bool apic_is_used(void);

/*
 * Choose what line IRQ_TIMER is: the timer of the local APIC (true), or the pin
 * that the MADT names (false). The line is masked afterwards.
 */
void apic_use_local_timer(bool local);

/*
 * While line IRQ_TIMER is the local APIC's timer, the 8254 and its pin are
 * free. From now on `fn` is called at each edge of this pin, with interrupts
 * off. NULL ends the calls.
 *
 * Context: interrupts off.
 * Returns: false when this is not possible.
 */
bool apic_use_events(void (*fn)(void));

/* The pin of the I/O APIC for a line of apic_chip; -1: the line has no pin. */
int apic_pin(unsigned irq);
