// SPDX-License-Identifier: MIT
/*
 * selftest.h - what the command line can ask the booted kernel to do
 *
 * WHAT     Runs the self-tests, the benchmarks or the witness, and leaves the
 *          emulator with the status of the result.
 */
#pragma once

#include "lib/compiler.h"

/*
 * Run the suites in `list` ("" for all), print the last line
 * "# pagoda: selftest: N passed, N failed, N skipped" and leave. Random tests
 * begin with `seed`.
 */
void selftest_main(const char *list, uint32_t seed) __noreturn;

/*
 * For the monitor: the same, and return. The order of the suites is "by-name",
 * "reversed", or "shuffled" by the seed. Returns: how many tests failed.
 */
unsigned selftest_run(const char *list, uint32_t seed, const char *order);
bool selftest_has_order(const char *order);

/* The name of the i-th suite or benchmark; NULL: there are fewer. */
const char *selftest_name(unsigned i);
const char *selftest_bench_name(unsigned i);

/* Run benchmarks, and return. */
void selftest_bench(const char *list);

/* Run the benchmarks in `list` ("" for all) and leave with success. */
void bench_main(const char *list) __noreturn;

/*
 * Make one mapping of each kind, print the tables as the kernel sees them and
 * the line "# pagoda: witness: ready", then stop.
 */
void witness_main(void) __noreturn;

/*
 * Use memory at random, by `seed`, print what tools/pictures draws, and leave
 * with success. In kernel/trial/dump_pictures.c.
 */
void dump_main(uint32_t seed) __noreturn;
