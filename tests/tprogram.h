// SPDX-License-Identifier: MIT
/*
 * tprogram.h - small programs for suites that need user mode
 *
 * WHAT     TPROGRAM() holds a few instructions; tprogram_run() makes an ELF
 *          file around them, starts it as a task and gives its wait status.
 *
 *            TPROGRAM(exits_with_7, TPROGRAM_EXIT("$7"));
 *            EXPECT_EQ(tprogram_run(&exits_with_7), WAIT_EXITED(7));
 *
 *          The code begins at TPROGRAM_CODE; a page of data, all 0 and
 *          writable, lies at TPROGRAM_DATA. TPROGRAM_CALL(nr) is a system call,
 *          TPROGRAM_EXIT(operand) the last one.
 * NOT HERE code in ring 3 without a task (tests/ring3.h); programs with a
 *          library of their own (tests/user/).
 */
#pragma once

#include "kernel/task/task.h"

#define TPROGRAM_CODE  0x08048000
#define TPROGRAM_DATA  0x0804a000

struct tprogram {
	const uint8_t *start, *end;
};

#define TPROGRAM(name, text)                                              \
	__asm__(".pushsection .rodata\n"                                  \
		"tprogram_" #name ": " text "\n"                          \
		"tprogram_" #name "_end:\n"                               \
		".popsection\n");                                         \
	extern const uint8_t tprogram_##name[], tprogram_##name##_end[];  \
	static const struct tprogram name = {                             \
		tprogram_##name, tprogram_##name##_end                    \
	}

#define TPROGRAM_CALL(nr)    "movl $" STRINGIFY(nr) ", %eax; int $0x80;"
#define TPROGRAM_EXIT(value) "movl " value ", %ebx;" TPROGRAM_CALL(252)

/*
 * A task that has the program loaded, and its thread, not started. The caller
 * has a reference. Returns: 0 or the error of task_create(), task_load().
 */
int tprogram_load(const struct tprogram *program, struct task *parent,
		  const char *const argv[], struct task **taskp,
		  struct thread **threadp) __must_check;

/* Load and start a task without a parent. NULL: the test has failed. */
struct task *tprogram_start(const struct tprogram *program) __must_check;

/* Wait for its end and put the reference. Returns: the wait status. */
uint32_t tprogram_wait(struct task *task);

uint32_t tprogram_run(const struct tprogram *program);

/* The ELF file, until tprogram_image_free(); one at a time. NULL: no memory. */
const uint8_t *tprogram_image(const struct tprogram *program, uint32_t *size);
void tprogram_image_free(void);

/* A wait status that no task has. */
#define TPROGRAM_FAILED  0xffffffffu

/*
 * The thread that runs next frees a thread that has ended. Let this happen, so
 * that free pages can be compared.
 */
void tprogram_settle(void);
