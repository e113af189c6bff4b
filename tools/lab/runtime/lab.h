// SPDX-License-Identifier: MIT
/*
 * lab.h - who is called: the kernel's function, the student's, a seeded bug
 *
 * WHAT     The first header of every woven file (tools/lab/weave.py). An
 *          exercise F exists several times in the image. Two jumps, F and
 *          bench_F, say which one runs.
 *
 * PICTURE          the kernel's callers            the lab's suites
 *                          |                              |
 *                      F: jump                     bench_F: jump
 *                      /       \                    /          \
 *              reference_F   student_F     bench_reference_F  student_F
 *
 * TERMS    exercise  a function that a student writes
 *          stub      an exercise that is not done yet: it says LAB_TODO(number)
 *          bench     the suites of the lab call the student's function, on
 *                    objects of their own; the kernel goes on with its own
 *          promoted  the kernel itself calls the student's function
 *          bug       a function with a known mistake, to test the tests
 *          counted   a test that fails when the function of the exercise is
 *                    empty; only such a test gives points for it
 */
#pragma once

#include "lib/compiler.h"

/* In a stub. While it is there, nobody calls the student's function. */
#define LAB_TODO(exercise)  ((void)(exercise))

#define LAB_EXERCISES_MAX  31

/* Some function: the jumps neither read nor change what its caller gives. */
typedef void lab_code(void);

struct lab_switch {
	lab_code **now;         /* where the jump leads                      */
	lab_code  *reference;   /* where it leads without a word from us      */
	unsigned  *calls;
};

struct lab_bug {
	unsigned  number;       /* 0: the end of the list                    */
	lab_code *kernel, *bench;
};

struct lab_exercise {
	unsigned              number;
	const char           *function, *file;
	unsigned              todo;      /* line of LAB_TODO(); 0: done      */
	lab_code             *student;
	struct lab_switch     kernel, bench;   /* bench.now may be NULL      */
	const struct lab_bug *bugs;
};

/*
 * A test, and the exercises that it counts for: bit n for exercise n. No bit:
 * the test knows the kernel as it is without a lab, and this tree has other
 * rules.
 */
struct lab_counted {
	const char *suite, *test;        /* NULL, NULL: the end of the list  */
	uint32_t    exercises;
};

/* The table of the lab, which weave.py writes. */
extern const struct lab_exercise *const lab_exercises[];
extern const unsigned lab_nr_exercises;
extern const struct lab_counted lab_counted[];
extern const char lab_name[];

/*
 * Choose who is called in a place, by a list of these words with commas between
 * them:
 *
 *   3    the student's function of exercise 3, if it is done
 *   all  the same for every exercise
 *   e3   the student's function, also while it is a stub
 *   b7   seeded bug 7, in place of the function that it is a bug of
 *
 * LAB_LAST_SEED is no place: its word is a number, and the suites run with each
 * seed from the chosen one to this one.
 *
 * Returns: NULL, or the first word that means nothing.
 */
enum lab_place { LAB_BENCH, LAB_KERNEL, LAB_LAST_SEED };
const char *lab_choose(enum lab_place place, const char *list);

/* Say in the log which functions of the kernel are the student's. */
void lab_log(void);

/* A test of the lab's suites begins. The host limits its CPU time (host.c). */
void lab_test_begins(void);

/* For the lab's suites: leave a test that counts only for stubs, as skipped. */
void lab_skip_unless_done(const char *suite, const char *test);

/* How often the function of an exercise has been called, through any jump. */
unsigned lab_calls(const char *function);

/* ---- for woven files ---------------------------------------------------- */

#ifdef __x86_64__
#define LAB_AT(name)  #name "(%rip)"
#else
#define LAB_AT(name)  #name
#endif

/* `name` counts a call, then jumps to where lab_NAME_now points. */
#define LAB_JUMP(name)                                                    \
	unsigned lab_##name##_calls;                                      \
	__asm__(".pushsection .text\n"                                    \
		".p2align 4\n"                                            \
		".type " #name ", @function\n"                            \
		#name ":\n"                                               \
		"	incl " LAB_AT(lab_##name##_calls) "\n"            \
		"	jmp *" LAB_AT(lab_##name##_now) "\n"              \
		".size " #name ", . - " #name "\n"                        \
		".popsection\n");                                         \
	lab_code *lab_##name##_now

#define LAB_SWITCH(name, code)                                            \
	{ &lab_##name##_now, (lab_code *)(code), &lab_##name##_calls }
