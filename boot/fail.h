// SPDX-License-Identifier: MIT
/*
 * fail.h - the end of a boot that cannot go on
 */
#pragma once

#include "lib/compiler.h"

/*
 * Say why on serial and screen, then leave: emulator exit with status 37, else
 * power off, else halt.
 *
 * Context: paging off.
 */
void boot_fail(const char *fmt, ...) __printf(1, 2) __noreturn __cold;
