// SPDX-License-Identifier: MIT
/*
 * pit.h - the 8254's counter as a measure of time, and as an alarm
 *
 * WHAT     One count is 88/105 us, on every PC. Other clocks are measured with
 *          it while there is no tick.
 * LOCKING  Interrupts off.
 * SEE      arch/i386/platform/pit.c.
 */
#pragma once

#include "lib/compiler.h"

/* Nanoseconds a count, as a fraction: 88000/105. */
#define PIT_NS_NUM  17600u
#define PIT_NS_DEN  21u

/* Count down from 65536 to 1, again and again. There is no tick meanwhile. */
void pit_free_run(void);

/* The present count, modulo 65536. */
uint16_t pit_count(void);

/* Cause one interrupt, in `ns` nanoseconds or a little later. */
#define PIT_ONCE_MAX_NS  50000000u
void pit_once(uint32_t ns);

/* Stop counting; no more interrupts come. */
void pit_stop(void);
