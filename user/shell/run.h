// SPDX-License-Identifier: MIT
/*
 * run.h - starting programs, for the shell's own commands
 */
#pragma once

#include "lib/compiler.h"

/*
 * argv[0] is a file of the archive. `more`: its second handle, or 0; the first
 * is the name server. Returns: the task; an error.
 */
long start_program(char **argv, uint32_t more, uint32_t personality);

/* Wait, and say so when it did not end well. Returns: 0 or 1. */
int wait_program(const char *name, uint32_t task);
