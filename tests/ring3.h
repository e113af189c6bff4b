// SPDX-License-Identifier: MIT
/*
 * ring3.h - a few instructions of user mode, in tests
 *
 * WHAT     Runs code in ring 3, without a task, in a thread and an address
 *          space of its own, until the code causes an exception. Gives back
 *          the registers at this moment.
 *
 *            RING3_CODE(divide, "xorl %ecx, %ecx; divl %ecx");
 *
 *            struct ring3 r;
 *            ring3_init(&r, &divide);
 *            ring3_run(&r);
 *            EXPECT_EQ(r.regs.vector, 0);
 *            ring3_destroy(&r);
 *
 * PICTURE    RING3_CODE_VA   the code, one page, read and execute
 *            RING3_DATA_VA   two pages, read and write; ESP is their end
 *
 * NOT HERE tests of what a task may call: tests/user/.
 */
#pragma once

#include <arch/trap.h>
#include <arch/upgtable.h>

#include "kernel/sched/thread.h"
#include "tests/threads.h"

/* Exceptions that may end the code. */
#define VECTOR_DE  0
#define VECTOR_DB  1
#define VECTOR_BP  3
#define VECTOR_OF  4
#define VECTOR_UD  6
#define VECTOR_TS  10
#define VECTOR_GP  13
#define VECTOR_PF  14

#define RING3_CODE_VA     0x10000000u
#define RING3_DATA_VA     0x20000000u
#define RING3_DATA_PAGES  2u
#define RING3_STACK_TOP   (RING3_DATA_VA + RING3_DATA_PAGES * PAGE_SIZE)

struct ring3_code {
	const uint8_t *start, *end;
};

/* Define code; all references to its own addresses must be relative. */
#define RING3_CODE(name, text)                                        \
	__asm__(".pushsection .rodata\n"                              \
		"ring3_" #name "_start: " text "\n"                   \
		"ring3_" #name "_end:\n"                              \
		".popsection");                                       \
	extern const uint8_t ring3_##name##_start[], ring3_##name##_end[]; \
	static const struct ring3_code name = {                       \
		ring3_##name##_start, ring3_##name##_end              \
	}

struct ring3 {
	struct upgtable   tables;
	struct page      *code, *data[RING3_DATA_PAGES];
	struct trap_regs  regs;      /* at first, and at the end             */
	struct thread    *thread;
	bool              ended;

	/* Sees each exception first; true: the code goes on. May be NULL. */
	bool            (*exception)(struct ring3 *r, struct trap_regs *regs);
	struct list_head  all;
};

/* An address space with this code; ends the test when there is no memory. */
void ring3_init(struct ring3 *r, const struct ring3_code *code);
void ring3_destroy(struct ring3 *r);

/* Start the code, wait for its end; ring3_run() does both. */
void ring3_start(struct ring3 *r);
void ring3_wait(struct ring3 *r);
void ring3_run(struct ring3 *r);

/* Init, run and destroy. Returns: the vector that ended the code. */
unsigned ring3_try(struct ring3 *r, const struct ring3_code *code);

/* The words of its data pages. */
uint32_t *ring3_data(struct ring3 *r, unsigned page);
