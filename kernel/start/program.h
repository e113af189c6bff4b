// SPDX-License-Identifier: MIT
/*
 * program.h - the first program
 *
 * WHAT     Starts `init` of the boot archive; init starts all other programs.
 *          With `program=NAME,ARG,...` on the command line, starts only that
 *          program. In both cases the program has the handles PG_INIT_*.
 */
#pragma once

#include "kernel/start/cmdline.h"

#define PROGRAM_ARGS_MAX  32

/*
 * Cut "NAME,ARG,..." into argv[], which ends with NULL. In each word, %XX is
 * the character with this hexadecimal number: %20 is a blank, %2c a comma, %25
 * a percent sign. Changes the text.
 *
 * Returns: argc. 0: there is no name, there are more than PROGRAM_ARGS_MAX - 1
 *          words, or a % stands without two digits.
 */
unsigned program_split(char *text, const char *argv[PROGRAM_ARGS_MAX]);

/*
 * Run options->program, with the watch and the failing allocations of the
 * options. Then print "# pagoda: program: NAME exited with N" or "killed by
 * signal N", and leave the emulator: with status 33 if the program exited with
 * 0, with 35 if not.
 */
void program_main(const struct kernel_options *options) __noreturn;

/*
 * Run `init` with the arguments "ARG,..." or "" until it ends.
 * Returns: false: the archive has no init.
 */
bool program_run_init(const char *args);
