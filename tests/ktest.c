// SPDX-License-Identifier: MIT
/*
 * ktest.c - runs the test suites and reports in KTAP
 *
 * WHAT     Finds the tests that the linker collected, runs them suite by suite
 *          and prints one line for each. The same runner works in the kernel
 *          and on the host.
 *
 * PICTURE    KTAP version 1
 *            # seed 1
 *            1..2                              suites
 *                # Subtest: buddy
 *                KTAP version 1
 *                1..3                          tests, "check" included
 *                ok 1 splits_and_merges
 *                # failed at tests/suites/buddy.c:40: count is 3 ..., ...
 *                not ok 2 double_free_is_caught
 *                ok 3 check
 *            not ok 1 buddy
 *                ...
 *
 * TERMS    order   suites run in the order of their names, so that a report
 *                  does not depend on the linker; or in the order asked for
 *          settle  make every cache give back what it keeps in reserve, so
 *                  that free pages can be compared
 *
 * RULES of ktest
 *          K1  every plan is printed before the first test of its level, and
 *              exactly so many result lines follow
 *          K2  a test that fails, leaves early or skips changes nothing for
 *              the next: traps and fail points are taken away after each
 *
 * ALGORITHM  Each test runs under kernel_setjmp(): REQUIRE and SKIP come back
 *          here. A panic that no test expects ends the whole run: after it
 *          nobody can trust the kernel.
 *
 * NOT HERE the last line with the totals, and the exit status: the callers of
 *          ktest_run() (kernel/trial/selftest.c, tests/host/main.c).
 * SEE      Linux Documentation/dev-tools/ktap.rst.
 */
#include "tests/ktest.h"

#include <arch/irqflags.h>
#include <arch/kpgtable.h>

#include "kernel/diag/console.h"
#include "kernel/diag/panic.h"
#include "lib/failpoint.h"
#include "lib/preempt.h"
#include "lib/printf.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"

#define SUITES_MAX       160
#define DIAGNOSTIC_MAX   256
#define REASON_MAX       96
#define FAILURES_MAX     10000   /* allocations in one operation: runaway  */

enum outcome {
	PASSED = 1,   /* not 0: that is what kernel_setjmp() returns first */
	FAILED,
	SKIPPED,
};

/* The running test. */
struct running {
	struct kernel_jmp_buf leave;
	unsigned              failures;
	char                  reason[REASON_MAX];   /* why it was skipped */
};

const char *(*ktest_after_suite)(void);
void (*ktest_let_others_end)(void);

/* The linker makes these two pairs: the ends of the sections of ktest.h. */
extern const struct ktest *const __start_ktests[], *const __stop_ktests[];
extern const struct ktest_suite *const __start_ktest_suites[],
				*const __stop_ktest_suites[];

static const struct ktest_suite *suites[SUITES_MAX];
static unsigned       nr_suites;
static struct running running;
static uint32_t       seed = 1;
static enum ktest_order order;

static bool text_contains(const char *text, const char *part)
{
	size_t len = strlen(part);

	for (; *text; text++)
		if (!strncmp(text, part, len))
			return true;
	return len == 0;
}

/* The length of the list's first entry. */
static size_t entry_length(const char *list)
{
	const char *comma = strchr(list, ',');

	return comma ? (size_t)(comma - list) : strlen(list);
}

/* Does an entry of `len` bytes, "suite" or "suite.test", stand for the test? */
static bool entry_selects(const char *entry, size_t len, const char *suite,
			  const char *test)
{
	size_t suite_len = strlen(suite);

	if (len < suite_len || strncmp(entry, suite, suite_len))
		return false;
	entry += suite_len;
	len -= suite_len;
	return !len || (*entry == '.' && len == strlen(test) + 1 &&
			!strncmp(entry + 1, test, len - 1));
}

/* Does the list have the test? An empty list has all tests. */
static bool is_selected(const char *list, const char *suite, const char *test)
{
	if (!list || !*list)
		return true;
	for (const char *entry = list; entry; ) {
		size_t len = entry_length(entry);

		if (entry_selects(entry, len, suite, test))
			return true;
		entry = entry[len] ? entry + len + 1 : NULL;
	}
	return false;
}

/* ---- what a test may say ------------------------------------------------ */

static void report_failure(const char *file, int line, const char *fmt,
			   va_list args)
{
	char text[DIAGNOSTIC_MAX];

	vsnprintf(text, sizeof(text), fmt, args);
	console_printf("    # failed at %s:%d: %s\n", file, line, text);
	running.failures++;
}

void ktest_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_failure(file, line, fmt, args);
	va_end(args);
}

void ktest_false(const char *file, int line, const char *cond)
{
	ktest_fail(file, line, "%s", cond);
}

void ktest_differ(const char *file, int line, const char *a, const char *b,
		  unsigned long long a_value, unsigned long long b_value)
{
	ktest_fail(file, line, "%s is %llu (0x%llx), %s is %llu (0x%llx)", a,
		   a_value, a_value, b, b_value, b_value);
}

void ktest_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(running.reason, sizeof(running.reason), fmt, args);
	va_end(args);
	kernel_longjmp(&running.leave, SKIPPED);
}

void ktest_abort(void)
{
	kernel_longjmp(&running.leave, FAILED);
}

void ktest_streq(const char *file, int line, const char *a, const char *b)
{
	if (!a || !b || strcmp(a, b))
		ktest_fail(file, line, "\"%s\" is not \"%s\"",
			   a ? a : "(null)", b ? b : "(null)");
}

bool ktest_is_law(const char *text, const char *label)
{
	size_t length = strlen(label);

	return text && !strncmp(text, label, length) && text[length] == ':';
}

void ktest_law(const char *file, int line, const char *text,
	       const char *label)
{
	if (!ktest_is_law(text, label))
		ktest_fail(file, line, "\"%s\" is not law %s",
			   text ? text : "(null)", label);
}

void ktest_expect_panic(const char *file, int line, void (*fn)(void *),
			void *arg, const char *text)
{
	static struct panic_trap trap;
	uint32_t depth = preempt_depth();
	irqflags_t flags = irq_save();

	panic_trap_set(&trap);
	if (!kernel_setjmp(&trap.env)) {
		irq_restore(flags);
		fn(arg);
		(void)irq_save();
	}
	panic_trap_set(NULL);
	/* The panic may have changed them: now they are as before. */
	preempt_set_depth(depth);
	irq_restore(flags);
	if (!trap.caught)
		ktest_fail(file, line, "no panic; expected \"%s\"", text);
	else if (!text_contains(trap.message, text))
		ktest_fail(file, line, "panic \"%s\"; expected \"%s\"",
			   trap.message, text);
}

unsigned ktest_each_failure(bool (*fn)(void *), void *arg)
{
	for (unsigned n = 1; n <= FAILURES_MAX; n++) {
		bool done;

		failpoint_arm(n);
		done = fn(arg);
		if (failpoint_disarm())
			continue;
		if (!done)
			ktest_fail(__FILE__, __LINE__,
				   "fails although no allocation failed");
		return n - 1;
	}
	ktest_fail(__FILE__, __LINE__, "more than %u allocations",
		   FAILURES_MAX);
	return FAILURES_MAX;
}

uint32_t ktest_seed(void)
{
	return seed;
}

void ktest_set_seed(uint32_t new_seed)
{
	seed = new_seed;
}

void ktest_set_order(enum ktest_order new_order)
{
	order = new_order;
}

/* ---- one test ----------------------------------------------------------- */

/*
 * The number of free pages when no cache keeps any in reserve. The page tables
 * of the kernel count as free: they stay for ever, and any test may be the
 * first one that needs them.
 *
 * A test has waited for its task: the task is a zombie. But the last thread of
 * the task may not have ended yet: its stack and its structure are five pages.
 * These pages are no leak, and they must not hide a leak of the next test.
 */
static unsigned long settled_free_pages(void)
{
	unsigned long before;

	if (ktest_let_others_end)
		ktest_let_others_end();
	/* What one shrinker gives back may empty what another one keeps. */
	do {
		before = nr_free_pages();
		shrink_all();
	} while (nr_free_pages() > before);
	return nr_free_pages() + kpt_tables;
}

static enum outcome run_guarded(void (*run)(void))
{
	uint32_t depth = preempt_depth();
	irqflags_t flags = irq_save();
	int left;

	running.failures = 0;
	running.reason[0] = '\0';
	left = kernel_setjmp(&running.leave);
	if (!left) {
		irq_restore(flags);
		run();
		if (preempt_depth() != depth)
			ktest_fail(__FILE__, __LINE__,
				   "preemption is not as before");
		(void)irq_save();
	}
	preempt_set_depth(depth);
	irq_restore(flags);
	panic_trap_set(NULL);
	(void)failpoint_disarm();
	if (running.failures || left == FAILED)
		return FAILED;
	return left == SKIPPED ? SKIPPED : PASSED;
}

static enum outcome run_test(const struct ktest *test)
{
	unsigned long before = settled_free_pages();
	enum outcome outcome = run_guarded(test->run);
	unsigned long after = settled_free_pages();

	if (after >= before || test->keeps_pages)
		return outcome;
	console_printf("    # %s leaked %lu pages\n", test->name,
		       before - after);
	return FAILED;
}

static enum outcome run_check(const struct ktest_suite *suite)
{
	const char *law = suite->check ? suite->check() : NULL;

	if (!law && ktest_after_suite)
		law = ktest_after_suite();
	if (!law)
		return PASSED;
	console_printf("    # broken: %s\n", law);
	return FAILED;
}

static void count(struct ktest_totals *totals, enum outcome outcome)
{
	totals->passed += outcome == PASSED;
	totals->failed += outcome == FAILED;
	totals->skipped += outcome == SKIPPED;
}

static void report_test(unsigned number, const char *name,
			enum outcome outcome)
{
	console_printf("    %sok %u %s%s%s\n", outcome == FAILED ? "not " : "",
		       number, name, outcome == SKIPPED ? " # SKIP " : "",
		       outcome == SKIPPED ? running.reason : "");
}

/* ---- one suite ---------------------------------------------------------- */

/* How many tests of the suite the list has, without "check". */
static unsigned count_tests(const char *suite, const char *list)
{
	const struct ktest *const *t;
	unsigned n = 0;

	for (t = __start_ktests; t < __stop_ktests; t++)
		n += !strcmp((*t)->suite, suite) &&
		     is_selected(list, suite, (*t)->name);
	return n;
}

/* The first test of the list below a line of the suite's file, or NULL. */
static const struct ktest *next_test(const char *suite, const char *list,
				     int line)
{
	const struct ktest *const *t;
	const struct ktest *next = NULL;

	for (t = __start_ktests; t < __stop_ktests; t++)
		if ((*t)->line > line && (!next || (*t)->line < next->line) &&
		    !strcmp((*t)->suite, suite) &&
		    is_selected(list, suite, (*t)->name))
			next = *t;
	return next;
}

static struct ktest_totals run_suite(const struct ktest_suite *suite,
				     const char *list)
{
	struct ktest_totals totals = { 0 };
	const struct ktest *test = NULL;
	enum outcome outcome;
	unsigned number = 0;

	console_printf("    # Subtest: %s\n", suite->name);
	console_printf("    KTAP version 1\n");
	console_printf("    1..%u\n", count_tests(suite->name, list) + 1);
	while ((test = next_test(suite->name, list, test ? test->line : 0))) {
		outcome = run_test(test);
		report_test(++number, test->name, outcome);
		count(&totals, outcome);
	}
	outcome = run_check(suite);
	report_test(++number, "check", outcome);
	count(&totals, outcome);
	return totals;
}

/* ---- all suites --------------------------------------------------------- */

static void insert_by_name(const struct ktest_suite *suite)
{
	unsigned i = nr_suites++;

	assert(nr_suites <= SUITES_MAX);
	for (; i > 0 && strcmp(suites[i - 1]->name, suite->name) > 0; i--)
		suites[i] = suites[i - 1];
	suites[i] = suite;
}

static void select_suites(const char *list)
{
	const struct ktest_suite *const *s;

	nr_suites = 0;
	for (s = __start_ktest_suites; s < __stop_ktest_suites; s++)
		if (is_selected(list, (*s)->name, "check") ||
		    count_tests((*s)->name, list))
			insert_by_name(*s);
}

static void swap_suites(unsigned i, unsigned j)
{
	const struct ktest_suite *suite = suites[i];

	suites[i] = suites[j];
	suites[j] = suite;
}

/* Change the order of the names into the order that was asked for. */
static void put_in_order(void)
{
	struct rng rng;

	rng_init(&rng, seed);
	for (unsigned i = nr_suites; order == KTEST_SHUFFLED && i > 1; i--)
		swap_suites(i - 1, rng_below(&rng, i));
	for (unsigned i = 0; order == KTEST_REVERSED && i < nr_suites / 2; i++)
		swap_suites(i, nr_suites - 1 - i);
}

static bool entry_is_known(const char *entry, size_t len)
{
	const struct ktest_suite *const *s;
	const struct ktest *const *t;

	for (s = __start_ktest_suites; s < __stop_ktest_suites; s++)
		if (entry_selects(entry, len, (*s)->name, "check"))
			return true;
	for (t = __start_ktests; t < __stop_ktests; t++)
		if (entry_selects(entry, len, (*t)->suite, (*t)->name))
			return true;
	return false;
}

/* Count the names that nothing has; with `report`, print each as failed. */
static unsigned unknown_names(const char *list, unsigned number, bool report)
{
	unsigned unknown = 0;

	for (const char *entry = list; entry && *entry; ) {
		size_t len = entry_length(entry);
		const char *end = entry + len, *dot = strchr(entry, '.');
		bool has_dot = dot && dot < end;

		if (len && !entry_is_known(entry, len)) {
			unknown++;
			if (report)
				console_printf("not ok %u %.*s # no such %s\n",
					       ++number, (int)len, entry,
					       has_dot ? "test" : "suite");
		}
		entry = *end ? end + 1 : NULL;
	}
	return unknown;
}

const char *ktest_suite_name(unsigned i)
{
	const struct ktest_suite *const *s = __start_ktest_suites + i;

	return s < __stop_ktest_suites ? (*s)->name : NULL;
}

unsigned ktest_run(const char *list, struct ktest_totals *totals)
{
	unsigned unknown;

	select_suites(list);
	put_in_order();
	unknown = unknown_names(list, 0, false);
	*totals = (struct ktest_totals){ .failed = unknown };
	console_printf("KTAP version 1\n# seed %u\n1..%u\n", seed,
		       nr_suites + unknown);
	for (unsigned i = 0; i < nr_suites; i++) {
		struct ktest_totals one = run_suite(suites[i], list);

		console_printf("%sok %u %s\n", one.failed ? "not " : "", i + 1,
			       suites[i]->name);
		totals->passed += one.passed;
		totals->failed += one.failed;
		totals->skipped += one.skipped;
	}
	unknown_names(list, nr_suites, true);
	return totals->failed;
}
