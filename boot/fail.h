// SPDX-License-Identifier: MIT
/*
 * fail.h - the end of a boot that cannot go on
 */
#pragma once

#include "lib/compiler.h"

/*
 * Print the reason on serial and screen. Then try three ways to leave: end the
 * emulator with status 37, turn the power off, halt.
 *
 * Context: paging off.
 */
void boot_fail(const char *fmt, ...) __printf(1, 2) __noreturn __cold;
