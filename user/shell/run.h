// SPDX-License-Identifier: MIT
/*
 * run.h - starting programs, for the shell's own commands
 */
#pragma once

#include "lib/compiler.h"

/* argv[0] is a file of the archive. Returns: the task; an error. */
long start_program(char **argv, const uint32_t *handles, uint32_t nr_handles,
		   uint32_t personality);

/* Wait, and say so when it did not end well. Returns: 0 or 1. */
int wait_program(const char *name, uint32_t task);
