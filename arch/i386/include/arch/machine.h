// SPDX-License-Identifier: MIT
/*
 * machine.h - how the kernel leaves the machine
 *
 * WHAT     Three ways, tried in this order: end the emulator with a status that
 *          a script can read, turn the power off, halt.
 * SEE      tests/emu, which checks the statuses below.
 */
#pragma once

#include "lib/compiler.h"

/*      code                value  QEMU's exit status is 2 * value + 1        */
#define EXIT_CODES(C)                                                         \
	C(EXIT_OK,           0x10) /* 33: every test passed                */ \
	C(EXIT_TEST_FAILED,  0x11) /* 35: a test failed                    */ \
	C(EXIT_PANIC,        0x12) /* 37: panic                            */

enum exit_code {
#define C(code, value) code = value,
	EXIT_CODES(C)
#undef C
};

/*
 * Leave with a status, through QEMU's isa-debug-exit device at port 0xf4. If
 * there is no such device, do what machine_poweroff() does.
 *
 * Context: any. Waits for the serial port first, so no printed text is lost.
 */
void machine_exit(enum exit_code code) __noreturn;

/* Turn the power off; QEMU then ends with status 0. If this fails, halt. */
void machine_poweroff(void) __noreturn;

/* Reset the machine; QEMU with -no-reboot ends with status 0. */
void machine_reboot(void) __noreturn;

/* Stop this CPU for ever, interrupts off. */
void machine_halt(void) __noreturn;
