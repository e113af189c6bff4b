// SPDX-License-Identifier: MIT
/*
 * ktest.h - tests that run in the kernel and, the same source, on the host
 *
 * WHAT     A suite is one file in tests/suites/, named after the module it
 *          tests, with one SUITE() line. Its tests register themselves in a
 *          linker section and run in the order of the file.
 *
 *            SUITE(buddy, buddy_suite_check);
 *
 *            KTEST(buddy, merges_back_to_one_block)
 *            {
 *                    ...
 *                    EXPECT(page != NULL);
 *                    EXPECT_EQ(nr_free_pages(), before);
 *            }
 *
 * TERMS    EXPECT    notes a failure and goes on
 *          REQUIRE   notes a failure and leaves the test
 *          SKIP      leaves the test: "needs highmem"; the reason is printed
 *          check     the suite's last test: the module's x_check()
 *
 * ALGORITHM  After each test the runner compares the number of free pages with
 *          that before it: a test that leaks fails, unless it is marked with
 *          KTEST_KEEPS(). Output is KTAP version 1.
 * SEE      The kernel's documentation of KTAP; Linux KUnit.
 */
#pragma once

#include <arch/setjmp.h>

#include "lib/compiler.h"

struct ktest {
	const char *suite;
	const char *name;
	void      (*run)(void);
	bool        keeps_pages;   /* may end with fewer free pages */
	int         line;          /* compilers reorder: this is the order */
};

struct ktest_suite {
	const char   *name;
	const char *(*check)(void);   /* NULL, or the broken law */
};

/* Declare the suite of this file; `check` runs as its last test, "check". */
#define SUITE(suite, check)                                               \
	static const struct ktest_suite suite##_ktest_suite = {           \
		#suite, check                                             \
	};                                                                \
	static const struct ktest_suite *const suite##_ktest_suite_entry  \
		__section("ktest_suites") = &suite##_ktest_suite

#define KTEST_REGISTER(suite, test, keeps)                                \
	static void suite##_##test(void);                                 \
	static const struct ktest suite##_##test##_ktest = {              \
		#suite, #test, suite##_##test, keeps, __LINE__            \
	};                                                                \
	static const struct ktest *const suite##_##test##_ktest_entry     \
		__section("ktests") = &suite##_##test##_ktest;            \
	static void suite##_##test(void)

#define KTEST(suite, test)        KTEST_REGISTER(suite, test, false)
#define KTEST_KEEPS(suite, test)  KTEST_REGISTER(suite, test, true)

/* Note a failure of the running test. Printed as a KTAP diagnostic line. */
void ktest_fail(const char *file, int line, const char *fmt, ...)
	__printf(3, 4);

/* The same, with the texts that most failures have: calls of them are small. */
void ktest_false(const char *file, int line, const char *cond);
void ktest_differ(const char *file, int line, const char *a, const char *b,
		  unsigned long long a_value, unsigned long long b_value);

/* Leave the running test, as skipped or as failed. */
void ktest_skip(const char *fmt, ...) __printf(1, 2) __noreturn;
void ktest_abort(void) __noreturn;

#define EXPECT(cond)                                                      \
	do {                                                              \
		if (!(cond))                                              \
			ktest_false(__FILE__, __LINE__, #cond);           \
	} while (0)

#define REQUIRE(cond)                                                     \
	do {                                                              \
		if (!(cond)) {                                            \
			ktest_false(__FILE__, __LINE__, #cond);           \
			ktest_abort();                                    \
		}                                                         \
	} while (0)

/* Equal as unsigned long long; prints both when not. */
#define EXPECT_EQ(a, b)                                                   \
	do {                                                              \
		unsigned long long a_ = (unsigned long long)(a);          \
		unsigned long long b_ = (unsigned long long)(b);          \
		if (a_ != b_)                                             \
			ktest_differ(__FILE__, __LINE__, #a, #b, a_, b_); \
	} while (0)

/* For x_check(): NULL, or the law that is broken. */
#define EXPECT_NULL(text)                                                 \
	do {                                                              \
		const char *text_ = (text);                               \
		if (text_)                                                \
			ktest_false(__FILE__, __LINE__, text_);           \
	} while (0)

/* For x_check(): the broken law is the one with this label, "buddy B4". */
#define EXPECT_LAW(text, label)  ktest_law(__FILE__, __LINE__, text, label)
void ktest_law(const char *file, int line, const char *text,
	       const char *label);
bool ktest_is_law(const char *text, const char *label);

#define EXPECT_STREQ(a, b)  ktest_streq(__FILE__, __LINE__, a, b)
void ktest_streq(const char *file, int line, const char *a, const char *b);

#define SKIP(...)  ktest_skip(__VA_ARGS__)

/*
 * Run fn(arg), which must panic with `text` somewhere in the message. The bug
 * is found before anything changes, so the kernel goes on afterwards. Locks
 * and interrupts are as before the call.
 */
#define EXPECT_PANIC(fn, arg, text) \
	ktest_expect_panic(__FILE__, __LINE__, fn, arg, text)
void ktest_expect_panic(const char *file, int line, void (*fn)(void *),
			void *arg, const char *text);

/*
 * Make each allocation of fn(arg) fail in turn, until one run has none left
 * to fail. fn returns true when the operation succeeded; it must undo a
 * success itself. It may succeed although an allocation failed, if the
 * operation can do without this memory.
 *
 * Returns: how many allocations there are to fail.
 */
unsigned ktest_each_failure(bool (*fn)(void *), void *arg);

/* The seed of this run, printed at its start; `seed=` gives it again. */
uint32_t ktest_seed(void);
void ktest_set_seed(uint32_t seed);

/*
 * Called after each suite, if set. Returns: NULL, or a law that the suite has
 * left broken: then the suite's "check" fails. It is for laws of all suites,
 * such as those of the page tables.
 */
extern const char *(*ktest_after_suite)(void);

/* Waits for threads that are about to end; NULL on the host. */
extern void (*ktest_let_others_end)(void);

/*
 * The order of the suites. No suite may need what another one leaves behind, or
 * be harmed by it. The seed decides how suites are shuffled.
 */
enum ktest_order {
	KTEST_BY_NAME,
	KTEST_REVERSED,
	KTEST_SHUFFLED,
};
void ktest_set_order(enum ktest_order order);

/* The name of the i-th suite; NULL behind the last. */
const char *ktest_suite_name(unsigned i);

/*
 * Run the suites and the tests of a list "slab,buddy.an_empty_zone", or all for
 * NULL or "". A suite of which any test runs ends with its "check".
 *
 * Returns: the number of failed tests; a name that nothing has counts as one.
 */
struct ktest_totals {
	unsigned passed, failed, skipped;
};
unsigned ktest_run(const char *list, struct ktest_totals *totals);
