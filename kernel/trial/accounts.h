// SPDX-License-Identifier: MIT
/*
 * accounts.h - what is in use now, to compare two moments
 *
 * WHAT     Free pages of each zone, kernel objects, threads. First all reserves
 *          go back, so two accounts differ only by what is really in use.
 */
#pragma once

#include "mm/page/zone.h"

struct accounts {
	unsigned long free[MAX_NR_ZONES];   /* pages                          */
	unsigned long tables;               /* the kernel's, which stay       */
	unsigned long objects;              /* of OBJECT_ANY                  */
	unsigned      threads;
};

/* Context: a thread; sleeps until dead threads are reaped. */
void accounts_take(struct accounts *accounts);

/* One line a zone, and one for the rest, on the console. */
void accounts_print(const struct accounts *before,
		    const struct accounts *after);

/* Does `after` hold anything that `before` did not? */
bool accounts_lost(const struct accounts *before,
		   const struct accounts *after);
