// SPDX-License-Identifier: MIT
/*
 * utest.h - tests that run in ring 3
 *
 * WHAT     A program of this folder is a list of tests, printed as KTAP:
 *
 *            UTEST(munmap_of_nothing_succeeds)
 *            {
 *                    EXPECT_EQ(linux_munmap(FREE_ADDR, 4096), 0);
 *            }
 *
 *          Its exit status is 0 when no test has failed. A test that needs none
 *          of our own calls also runs under Linux, and must pass there. So the
 *          tests demand what Linux does, not what we think it does.
 *
 * TERMS    child   a test that may crash does so in a child: signal_of() and
 *                  exit_of() tell how it ended; signal_here() is for tests of
 *                  the memory of this address space
 * NOT HERE the runner (tests/emu/test_user.py).
 */
#pragma once

#include "kernel/uapi/pagoda.h"
#include "lib/align.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/linux.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"

#define PAGE       4096u
#define FREE_ADDR  ((void *)0x50000000)   /* nothing is ever there           */
#define KERNEL     ((void *)0xc0000000)
#define TOP        ((void *)0xfffff000)

#define SIGILL_NR   4
#define SIGTRAP_NR  5
#define SIGBUS_NR   7
#define SIGFPE_NR   8
#define SIGKILL_NR  9
#define SIGSEGV_NR  11

struct utest {
	const char *name;
	void      (*run)(void);
};

extern const struct utest *const __start_utests[];
extern const struct utest *const __stop_utests[];

static unsigned utest_failures;
static const char *utest_skipped;
static bool utest_quiet;             /* -q: no KTAP, only what fails */

#define UTEST(what)                                                       \
	static void what(void);                                           \
	static const struct utest utest_##what = { #what, what };         \
	static const struct utest *const utest_entry_##what               \
		__section("utests") = &utest_##what;                      \
	static void what(void)

#define EXPECT(cond) utest_expect(cond, #cond, __LINE__)
#define EXPECT_EQ(a, b) \
	utest_equal((long)(a), (long)(b), #a, #b, __LINE__)

/* The rest of the test makes no sense on this machine. */
#define SKIP_IF(cond, reason)                  \
	do {                                   \
		if (cond) {                    \
			utest_skipped = reason; \
			return;                \
		}                              \
	} while (0)

static inline void utest_expect(bool holds, const char *text, int line)
{
	if (holds)
		return;
	utest_failures++;
	printf("    # line %d: not %s\n", line, text);
}

static inline void utest_equal(long a, long b, const char *a_text,
			       const char *b_text, int line)
{
	if (a == b)
		return;
	utest_failures++;
	printf("    # line %d: %s is %ld (0x%lx), not %s = %ld (0x%lx)\n",
	       line, a_text, a, a, b_text, b, b);
}

/* Linux knows none of our calls. */
static inline bool on_linux(void)
{
	return syscall0(PG_YIELD) == -ENOSYS;
}

/*
 * Only the first program has the system and the archive, in places 1 and 2. In
 * a program that the shell starts, there are other handles in these places.
 */
static inline bool has_system(void)
{
	struct pg_mem mem;

	return !syscall1((long)PG_EAX(PG_MEM_INFO, PG_INIT_SYSTEM),
			 (long)&mem);
}

#define NEEDS_SYSTEM() \
	SKIP_IF(!has_system(), "only the first program has the system")

/*
 * If a child or a thread could not be made, nobody would answer: the program
 * ends here instead of waiting for ever.
 */
static inline long utest_started(long id, const char *what)
{
	if (id < 0) {
		printf("    # %s: error %ld: no test can go on\n", what, -id);
		exit(1);
	}
	return id;
}

static inline long utest_fork(void)
{
	return utest_started(linux_fork(), "fork");
}

/* Run fn(arg) in a child. Returns: its wait status. */
static inline int in_child(void (*fn)(long arg), long arg)
{
	int status = -1;
	long child = utest_fork();

	if (!child) {
		utest_failures = 0;
		fn(arg);
		exit(utest_failures ? 99 : 0);
	}
	linux_waitpid((int)child, &status, 0);
	return status & ~0x80;
}

/* The signal that ended the child, or 0; its exit code, or -1. */
static inline int signal_of(void (*fn)(long arg), long arg)
{
	return W_SIGNAL(in_child(fn, arg));
}

/*
 * signal_of() without a fork: the child of a vfork() has this address space. A
 * forked child builds its page tables anew, from the areas: it cannot see what
 * a call has left in our page tables.
 */
static inline int signal_here(void (*fn)(long arg), long arg)
{
	long child = utest_started(syscall0(LINUX_NR_vfork), "vfork");
	int status = -1;

	if (!child) {
		fn(arg);
		exit(0);
	}
	linux_waitpid((int)child, &status, 0);
	return W_SIGNAL(status & ~0x80);
}

static inline int exit_of(void (*fn)(long arg), long arg)
{
	int status = in_child(fn, arg);

	return W_EXITED(status) ? W_STATUS(status) : -1;
}

static inline void *map_flags(uint32_t pages, int prot, int flags)
{
	return linux_mmap(NULL, pages * PAGE, prot, flags | MAP_ANONYMOUS, -1,
			  0);
}

/* `pages` fresh, private, writable pages. */
static inline void *map_pages(uint32_t pages)
{
	return map_flags(pages, PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

static inline void cpuid(uint32_t leaf, uint32_t regs[4])
{
	__asm__ volatile("cpuid" : "=a"(regs[0]), "=b"(regs[1]),
			 "=c"(regs[2]), "=d"(regs[3])
			 : "a"(leaf), "c"(0));
}

static inline bool cpu_has_nx(void)
{
	uint32_t regs[4];

	cpuid(0x80000000, regs);
	if (regs[0] < 0x80000001 || regs[0] > 0x8fffffff)
		return false;
	cpuid(0x80000001, regs);
	return regs[3] & 1u << 20;
}

/* Of leaf 1, EDX: FPU 0, SEP 11, FXSR 24, SSE 25. */
static inline bool cpu_has(unsigned bit)
{
	uint32_t regs[4];

	cpuid(1, regs);
	return regs[3] & 1u << bit;
}

static inline void utest_one(const struct utest *test, unsigned number)
{
	unsigned before = utest_failures;

	utest_skipped = NULL;
	test->run();
	if (utest_quiet)
		return;
	if (utest_failures != before)
		printf("not ok %u %s\n", number, test->name);
	else if (utest_skipped)
		printf("ok %u %s # SKIP %s\n", number, test->name,
		       utest_skipped);
	else
		printf("ok %u %s\n", number, test->name);
}

/* All tests, or those named on the command line. */
static inline bool utest_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

int main(int argc, char **argv, char **envp)
{
	unsigned n = 0;

	utest_quiet = argc > 1 && !strcmp(argv[1], "-q");
	if (!utest_quiet)
		printf("KTAP version 1\n1..%u\n",
		       argc > 1 ? (unsigned)argc - 1
				: (unsigned)(__stop_utests - __start_utests));
	for (const struct utest *const *t = __start_utests; t < __stop_utests;
	     t++)
		if (utest_wanted((*t)->name, argc, argv))
			utest_one(*t, ++n);
	return utest_failures != 0;
}
