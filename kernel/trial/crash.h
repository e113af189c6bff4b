// SPDX-License-Identifier: MIT
/*
 * crash.h - ways to die on purpose
 *
 * WHAT     The command-line word `crash=KIND` makes the kernel fail in one way.
 *          Tests see that the failure is noticed, named and reported; students
 *          read each diagnosis.
 */
#pragma once

#include "lib/compiler.h"

struct crash {
	const char *name;
	bool        early;   /* run it before memory is set up               */
	bool        ends;    /* it ends the machine; no monitor comes back   */
	void      (*run)(void);
	const char *what;
};

/* The kind with this name, or NULL. */
const struct crash *crash_find(const char *name);

/* The i-th kind; NULL: there are fewer. */
const struct crash *crash_at(unsigned i);

/* Print all kinds, one line each. */
void crash_list(void);
