// SPDX-License-Identifier: MIT
/*
 * lab.h (kmap) - the numbers that differ from student to student
 *
 * WHAT     The lab maker writes the values of the student's seed here. kmap.c
 *          and the suites take them from this file.
 *
 * TERMS    place  of a slot: how many slots of the lap come before it
 */
#pragma once

#include <arch/layout.h>

/* kmap gives out the slots 0 to LAB_SLOTS - 1. */
#ifndef LAB_SLOTS
#define LAB_SLOTS    512
#endif

/* 0: a lap goes up from slot 0. 1: a lap goes down to slot 0. */
#ifndef LAB_DOWN
#define LAB_DOWN     0
#endif

/* How often in a lap the unused slots are emptied. */
#ifndef LAB_FLUSHES
#define LAB_FLUSHES  1
#endif

_Static_assert(LAB_SLOTS <= PT_SPAN / PAGE_SIZE && LAB_SLOTS % 2 == 0,
	       "the slots fit one page table, and have a half");

/* The ordinary suites shall use the slots that kmap gives out. */
#ifdef KTEST
#undef PKMAP_SLOTS
#define PKMAP_SLOTS  LAB_SLOTS
#endif
