// SPDX-License-Identifier: MIT
/*
 * start_stack.h - the stack of a program when it begins
 *
 * WHAT     Writes arguments, environment and the auxiliary vector as Linux i386
 *          does, into a buffer that becomes the top of the stack.
 *
 * PICTURE    top   +----------------------------------+
 *                  | the last word: 0                 |
 *                  | texts of argv and envp           |
 *                  | 16 random bytes                  |
 *                  | auxv: pairs, the last is 0, 0    |
 *                  | envp[0] ... 0                    |
 *                  | argv[0] ... 0                    |
 *            ESP   | argc                             |  a multiple of 16
 *                  +----------------------------------+
 *
 * SEE      System V ABI, Intel386 supplement, "Process Initialization"; Linux
 *          fs/binfmt_elf.c create_elf_tables().
 */
#pragma once

#include "kernel/loader/elf.h"

#define START_STACK_MAX     32768u    /* bytes of all of it                   */
#define START_RANDOM_BYTES  16

/* Numbers of the auxiliary vector: getauxval(3). */
#define AT_NULL    0
#define AT_PHDR    3
#define AT_PHENT   4
#define AT_PHNUM   5
#define AT_PAGESZ  6
#define AT_ENTRY   9
#define AT_UID     11
#define AT_EUID    12
#define AT_GID     13
#define AT_EGID    14
#define AT_CLKTCK  17
#define AT_SECURE  23
#define AT_RANDOM  25
#define AT_EXECFN  31

struct start_stack {
	uint8_t *buffer;     /* START_STACK_MAX bytes; filled from its end    */
	uaddr_t  top;        /* user address after the buffer's last byte     */
	uaddr_t  esp;        /* the result: where ESP shall point             */
};

/* The byte of the buffer that will be at a user address. */
static inline uint8_t *start_stack_at(const struct start_stack *stack,
				      uaddr_t addr)
{
	return stack->buffer + START_STACK_MAX - (stack->top.v - addr.v);
}

/* Returns: 0; -E2BIG: the texts and pointers do not fit. */
int start_stack_build(struct start_stack *stack, const struct elf_image *elf,
		      const char *const argv[], const char *const envp[],
		      const uint8_t random[START_RANDOM_BYTES]) __must_check;
