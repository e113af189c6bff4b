// SPDX-License-Identifier: MIT
/*
 * start.h - what a program is given, and what it defines
 *
 * WHAT     A program defines main(); crt0.S and start.c call it.
 */
#pragma once

#include "lib/compiler.h"

int main(int argc, char **argv, char **envp);

/* The environment and the auxiliary vector, as they lie on the stack. */
extern char **environ;
extern const uint32_t *auxv;

/* The text of NAME=text in the environment; NULL: not there. */
const char *getenv(const char *name);

/* The value of a pair of the auxiliary vector; 0: not there. */
uint32_t auxv_value(uint32_t type);

#define AT_NULL    0
#define AT_PHDR    3
#define AT_PHENT   4
#define AT_PHNUM   5
#define AT_PAGESZ  6
#define AT_ENTRY   9
#define AT_RANDOM  25
#define AT_EXECFN  31

/* Print the rest of the buffer, and end. After main() status is its result. */
void exit(int status) __noreturn;
