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
 * Set the controller up: keyboard on, mouse off, no interrupts. It may be
 * called again, to take the keyboard from other code.
 * Returns: false if no controller answers in time. ps2_getc() still asks the
 *          controller.
 */
bool ps2_init(void);

/* The next code, or -1 if there is none yet. */
int ps2_getc(void);

/* Reset the CPU: this controller has a pin on the CPU's reset line. */
void ps2_reset_cpu(void);
