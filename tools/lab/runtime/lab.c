// SPDX-License-Identifier: MIT
/*
 * lab.c - sets the switches of a lab
 *
 * WHAT     Reads the words of `exercise=` and `promote=`, and lets the jumps
 *          lead to the functions that they name.
 *
 * NOT HERE where the words come from: kernel.c, host.c.
 */
#include "tools/lab/runtime/lab.h"

#include "lib/log.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "tests/ktest.h"

static uint32_t asked;      /* bit n: a word named exercise n               */
static uint32_t replaced;   /* bit n: and its function is not the kernel's  */
static uint64_t last_seed;

/* The host program has not every file: then its exercises are NULL. */
#define for_each_exercise(e)                                      \
	for (unsigned i_ = 0; i_ < lab_nr_exercises; i_++)        \
		if (((e) = lab_exercises[i_]))

static const struct lab_exercise *find_exercise(uint64_t number)
{
	const struct lab_exercise *e;

	for_each_exercise(e)
		if (e->number == number)
			return e;
	return NULL;
}

static void set(const struct lab_exercise *exercise, enum lab_place place,
		lab_code *code)
{
	const struct lab_switch *way =
		place == LAB_BENCH ? &exercise->bench : &exercise->kernel;

	asked |= 1u << exercise->number;
	if (!way->now || !code)
		return;
	*way->now = code;
	replaced |= 1u << exercise->number;
}

static void set_if_done(const struct lab_exercise *exercise,
			enum lab_place place)
{
	set(exercise, place, exercise->todo ? NULL : exercise->student);
}

static bool set_bug(enum lab_place place, uint64_t number)
{
	const struct lab_exercise *e;

	for_each_exercise(e)
		for (const struct lab_bug *bug = e->bugs; bug->number; bug++)
			if (bug->number == number) {
				set(e, place, place == LAB_BENCH ?
				    bug->bench : bug->kernel);
				return true;
			}
	return false;
}

/* Returns: does the word mean anything? */
static bool choose_one(enum lab_place place, const char *word)
{
	bool is_bug = *word == 'b', also_stub = *word == 'e';
	const struct lab_exercise *exercise;
	uint64_t number;

	if (!strcmp(word, "all")) {
		for_each_exercise(exercise)
			set_if_done(exercise, place);
		return true;
	}
	if (parse_u64(word + (is_bug || also_stub), &number))
		return false;
	if (is_bug)
		return set_bug(place, number);
	exercise = find_exercise(number);
	if (!exercise)
		return false;
	if (also_stub)
		set(exercise, place, exercise->student);
	else
		set_if_done(exercise, place);
	return true;
}

const char *lab_choose(enum lab_place place, const char *list)
{
	static char word[16];

	if (place == LAB_LAST_SEED)
		return parse_u64(list, &last_seed) ? list : NULL;
	while (list && *list) {
		const char *comma = strchr(list, ',');
		size_t len = comma ? (size_t)(comma - list) : strlen(list);

		strscpy(word, list, MIN(len + 1, sizeof(word)));
		if (!choose_one(place, word))
			return word;
		list = comma ? comma + 1 : NULL;
	}
	return NULL;
}

void lab_log(void)
{
	const struct lab_exercise *e;

	for_each_exercise(e) {
		if (!(asked & 1u << e->number))
			continue;
		if (!(replaced & 1u << e->number))
			pr_info("lab: exercise %u, %s(): not done yet, %s:%u\n",
				e->number, e->function, e->file, e->todo);
		else if (*e->kernel.now == e->student)
			pr_info("lab: exercise %u, %s(): the kernel calls yours\n",
				e->number, e->function);
	}
}

unsigned __real_ktest_run(const char *list, struct ktest_totals *totals);
unsigned __wrap_ktest_run(const char *list, struct ktest_totals *totals);

/* The linker leads the callers of ktest_run() here (--wrap). */
unsigned __wrap_ktest_run(const char *list, struct ktest_totals *totals)
{
	uint32_t seed = ktest_seed();
	struct ktest_totals one;

	*totals = (struct ktest_totals){ 0 };
	do {
		ktest_set_seed(seed);
		__real_ktest_run(list, &one);
		totals->passed += one.passed;
		totals->failed += one.failed;
		totals->skipped += one.skipped;
	} while (seed++ < last_seed);
	return totals->failed;
}

/* A row may name one test, or "*": all tests of the suite. */
static bool is_row_of(const struct lab_counted *counted, const char *suite,
		      const char *test)
{
	return !strcmp(counted->suite, suite) &&
	       (!strcmp(counted->test, test) || !strcmp(counted->test, "*"));
}

void lab_skip_unless_done(const char *suite, const char *test)
{
	const struct lab_counted *counted = lab_counted;
	const struct lab_exercise *exercise;
	uint32_t wanted;

	while (counted->suite && !is_row_of(counted, suite, test))
		counted++;
	if (counted->suite && !counted->exercises)
		ktest_skip("it does not know the rules of your seed");
	wanted = counted->exercises & asked;
	if (!wanted || wanted & replaced)
		return;
	exercise = find_exercise((unsigned)__builtin_ctz(wanted));
	ktest_skip("exercise %u not done yet: %s:%u", exercise->number,
		   exercise->file, exercise->todo);
}

unsigned lab_calls(const char *function)
{
	const struct lab_exercise *e;

	for_each_exercise(e)
		if (!strcmp(e->function, function))
			return *e->kernel.calls +
			       (e->bench.now ? *e->bench.calls : 0);
	panic("lab_calls(): %s() is no exercise", function);
}
