// SPDX-License-Identifier: MIT
/*
 * run.h - starting programs, for the shell's own commands
 */
#pragma once

#include "lib/compiler.h"

/*
 * Start argv[0], a file of the archive. `more`: the task's second handle, or 0;
 * the first is the name server. Returns: a handle of the task; an error.
 */
long start_program(char **argv, uint32_t more, uint32_t personality);

/* Wait; print a status that is not 0. Returns: 0: status 0; 1: any other. */
int wait_program(const char *name, uint32_t task);
