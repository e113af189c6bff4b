// SPDX-License-Identifier: MIT
/*
 * watch.h - ask all the time whether the kernel's laws hold
 *
 * WHAT     While a program runs, a kernel thread runs all checkers again and
 *          again. It panics at the first broken law, soon after its cause.
 * SEE      docs/fuzzing.md; kernel/trial/laws.h laws_check_all().
 */
#pragma once

#include "lib/compiler.h"

/* Look every `ms` milliseconds, until watch_stop(). 0: both do nothing. */
void watch_start(unsigned ms);

/* One line on the console says how many looks there were. */
void watch_stop(void);
