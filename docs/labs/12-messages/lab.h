// SPDX-License-Identifier: MIT
/*
 * lab.h - what the seed of a tree decides in the lab of messages
 *
 * WHAT     The seed chooses one value of each twist. The lab's text has a
 *          sentence for each value, and the tests take from these constants
 *          what they expect. The values below are those of the plain kernel.
 */
#pragma once

/* Of several threads that wait, this one comes first. */
#define LAB_OLDEST    0   /* the one that has waited longest                 */
#define LAB_YOUNGEST  1   /* the one that came last                          */
#define LAB_PRIORITY  2   /* the highest priority; of equals, the oldest     */
#define LAB_CALLERS   3   /* one that wants a reply; of equals, the oldest   */

/* Which sender does a receiver serve? 0, 2 or 3. */
#ifndef LAB_SENDER
#define LAB_SENDER    LAB_OLDEST
#endif

/* Which receiver gets a message? 0, 1 or 2. */
#ifndef LAB_RECEIVER
#define LAB_RECEIVER  LAB_OLDEST
#endif
