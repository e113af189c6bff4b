// SPDX-License-Identifier: MIT
/*
 * lab.h - what the seed of a tree decides in the lab of buddies and zones
 *
 * WHAT     The seed chooses one value of each twist. The lab's text has a
 *          sentence for each value, and the tests take from these constants
 *          what they expect. The values below are those of the plain kernel.
 */
#pragma once

/* A split goes on with the lower half (0) or with the upper half (1). */
#ifndef LAB_KEEP_UPPER
#define LAB_KEEP_UPPER    0
#endif

/* A list gives the block that came last (0) or the one that came first (1). */
#ifndef LAB_TAKE_OLDEST
#define LAB_TAKE_OLDEST   0
#endif

/* A step between two watermarks is at least min divided by this number. */
#ifndef LAB_STEP_DIVISOR
#define LAB_STEP_DIVISOR  4
#endif

/* A full per-CPU list gives back its older half (0) or its newer half (1). */
#ifndef LAB_DRAIN_NEWEST
#define LAB_DRAIN_NEWEST  0
#endif
