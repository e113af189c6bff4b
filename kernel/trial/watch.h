// SPDX-License-Identifier: MIT
/*
 * watch.h - ask all the time whether the kernel's laws hold
 *
 * WHAT     A kernel thread that runs every checker again and again while a
 *          program runs, and panics with the first law that is broken: near to
 *          its cause, and not when something else falls over it.
 * SEE      docs/fuzzing.md; kernel/trial/laws.h laws_check_all().
 */
#pragma once

#include "lib/compiler.h"

/*
 * Look every so many milliseconds of the clock, until watch_stop(). 0: nothing
 * is done, here and there.
 */
void watch_start(unsigned ms);

/* No more. One line on the console says how many looks there were. */
void watch_stop(void);
