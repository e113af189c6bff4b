// SPDX-License-Identifier: MIT
/*
 * crash.h - ways to die on purpose
 *
 * WHAT     The command-line word `crash=KIND` makes the kernel fail in one
 *          chosen way, so that the tests can see that the failure is noticed,
 *          named and reported, and students can read each diagnosis.
 */
#pragma once

#include "lib/compiler.h"

struct crash {
	const char *name;
	bool        early;   /* run it before memory is set up             */
	bool        ends;    /* the machine, whatever wants to go on after */
	const char *what;
	void      (*run)(void);
};

/* The kind with this name, or NULL. */
const struct crash *crash_find(const char *name);

/* The i-th kind; NULL behind the last. */
const struct crash *crash_at(unsigned i);

/* Print all kinds, one line each. */
void crash_list(void);
