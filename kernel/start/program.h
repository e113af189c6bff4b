// SPDX-License-Identifier: MIT
/*
 * program.h - the first program
 *
 * WHAT     Starts `init` of the boot archive, which starts everything else; or,
 *          for `program=NAME,ARG,...` on the command line, that one program
 *          with nothing else around it. Either has the handles PG_INIT_*.
 */
#pragma once

#include "kernel/start/cmdline.h"

#define PROGRAM_ARGS_MAX  32

/*
 * Cut "NAME,ARG,..." into argv[], which ends with NULL. In each, %XX is the
 * character with that hexadecimal number: %20 a blank, %2c a comma, %25 a
 * percent sign. Changes the text.
 *
 * Returns: argc; 0: no name, more than PROGRAM_ARGS_MAX - 1 words, or a % that
 *          two digits do not follow.
 */
unsigned program_split(char *text, const char *argv[PROGRAM_ARGS_MAX]);

/*
 * Run options->program, with the watch and the failing allocations that were
 * asked for, then print
 * "# pagoda: program: NAME exited with N", or "killed by signal N", and leave
 * the emulator: 33 when it exited with 0, else 35.
 */
void program_main(const struct kernel_options *options) __noreturn;

/*
 * Is there an `init`? Then run it until it ends, with the system's handles and
 * these arguments, "ARG,..." or "".
 */
bool program_run_init(const char *args);
