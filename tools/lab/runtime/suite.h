// SPDX-License-Identifier: MIT
/*
 * suite.h - the last lines that are put before a suite of a lab
 *
 * WHAT     Changes KTEST(): a test that counts only for exercises that are not
 *          done yet says so, and is skipped.
 * SEE      build/lab/bench/SUITE.h, which names the functions of the bench.
 */
#pragma once

#include "tests/ktest.h"
#include "tools/lab/runtime/lab.h"

#undef KTEST
#undef KTEST_KEEPS

/* The names stand with # and ## only: some are those of functions. */
#define LAB_KTEST(suite, test, function, keeps)                           \
	static void function(void);                                       \
	static void function##_if_done(void)                              \
	{                                                                 \
		lab_test_begins();                                        \
		lab_skip_unless_done(suite, test);                        \
		function();                                               \
	}                                                                 \
	static const struct ktest function##_ktest = {                    \
		suite, test, function##_if_done, keeps, __LINE__          \
	};                                                                \
	static const struct ktest *const function##_ktest_entry           \
		__section("ktests") = &function##_ktest;                  \
	static void function(void)

#define KTEST(suite, test) \
	LAB_KTEST(#suite, #test, suite##_##test, false)
#define KTEST_KEEPS(suite, test) \
	LAB_KTEST(#suite, #test, suite##_##test, true)
