// SPDX-License-Identifier: MIT
/*
 * ps2.h - the keyboard of a PC, polled
 *
 * WHAT     Scan codes as the keyboard controller gives them: set 1, one byte
 *          for each key that goes down or up, some with 0xe0 before it.
 * NOT HERE what the codes mean (kernel/monitor/scancode.h).
 */
#pragma once

#include "lib/compiler.h"

/*
 * Set the controller up: keyboard on, mouse off, no interrupts. May be called
 * again, to take the keyboard from somebody else.
 * Returns: false where no controller answers, or not in time; ps2_getc() asks
 *          it all the same.
 */
bool ps2_init(void);

/* The next code, or -1 where there is none yet. */
int ps2_getc(void);

/* Pull the reset line of the CPU, which this controller holds. */
void ps2_reset_cpu(void);
