// SPDX-License-Identifier: MIT
/*
 * machine.h - how the kernel leaves the machine
 *
 * WHAT     Ends the emulator with a status that a script can read, or turns
 *          the power off, or halts: whichever the machine understands first.
 * SEE      tests/emu, which demands the statuses below.
 */
#pragma once

#include "lib/compiler.h"

/*      code                value  QEMU's exit status is 2 * value + 1        */
#define EXIT_CODES(C)                                                         \
	C(EXIT_OK,           0x10) /* 33: every test passed                */ \
	C(EXIT_TEST_FAILED,  0x11) /* 35: at least one did not             */ \
	C(EXIT_PANIC,        0x12) /* 37: panic                            */

enum exit_code {
#define C(code, value) code = value,
	EXIT_CODES(C)
#undef C
};

/*
 * Leave with a status: QEMU's isa-debug-exit device at port 0xf4 if there is
 * one, else as machine_poweroff().
 *
 * Context: any. The serial port is drained first, so nothing printed is lost.
 */
void machine_exit(enum exit_code code) __noreturn;

/* Turn the power off; QEMU then ends with status 0. Halts if nobody listens. */
void machine_poweroff(void) __noreturn;

/* Begin again with the firmware; QEMU with -no-reboot ends with status 0. */
void machine_reboot(void) __noreturn;

/* Stop this CPU for ever, interrupts off. */
void machine_halt(void) __noreturn;
