// SPDX-License-Identifier: MIT
/*
 * failpoint.h - make the n-th allocation from now fail
 *
 * WHAT     Every allocator asks should_fail() before it starts. A test arms
 *          the countdown with n and runs an operation: the n-th allocation
 *          inside the operation fails. The test repeats this with n = 1, 2, ...
 *          until the operation ends before its n-th allocation. In this way
 *          each allocation inside the operation fails once.
 *
 *            for (n = 1; failpoint_arm(n), err = operation(),
 *                        failpoint_disarm(); n++)
 *                    ... err must be an error, and nothing may have leaked
 *
 * COST     One load and one branch where nothing is armed.
 * SEE      Linux lib/fault-inject.c; tests/ktest.h, FOR_EACH_FAILURE().
 */
#pragma once

#include "lib/compiler.h"

extern unsigned failpoint_countdown;   /* 0: nothing armed */

/* The slow half of should_fail(): counts down, remembers that it fired. */
bool failpoint_hit(void);

/* The n-th allocation from now fails (n >= 1), once. */
void failpoint_arm(unsigned n);

/* The n-th allocation fails and so do all later ones: memory is used up. */
void failpoint_arm_from(unsigned n);

/*
 * From now on one allocation in `rate` fails, at random (rate >= 1), until
 * failpoint_disarm().
 */
void failpoint_arm_random(uint32_t seed, unsigned rate);

/* Disarm. Returns: whether an allocation has failed since the arming. */
bool failpoint_disarm(void);

/* For allocators: true when this allocation is the one that must fail. */
static inline bool should_fail(void)
{
	return unlikely(READ_ONCE(failpoint_countdown)) && failpoint_hit();
}
