// SPDX-License-Identifier: MIT
/*
 * host.c - `--exercise=` and `--promote=` of the host program
 *
 * WHAT     Stands before main() of tests/host/main.c: the linker leads its
 *          caller here (--wrap). Takes our words out of the arguments. A test
 *          that has used up its CPU time says in which function it was: the
 *          limit of a test is `--test-seconds=`, that of all is the grader's.
 */
#define _GNU_SOURCE
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tools/lab/runtime/lab.h"

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

enum { EXIT_USAGE = 2, EXIT_HANG = 40 };

/* Does the argument begin with `name`? Then the switches are set. */
static bool take(const char *arg, const char *name, enum lab_place place,
		 const char **wrong)
{
	size_t len = strlen(name);

	if (strncmp(arg, name, len))
		return false;
	*wrong = lab_choose(place, arg + len);
	return true;
}

static int test_seconds;    /* 0: no limit */

static bool take_limit(const char *arg)
{
	static const char name[] = "--test-seconds=";

	if (strncmp(arg, name, sizeof(name) - 1))
		return false;
	test_seconds = atoi(arg + sizeof(name) - 1);
	return true;
}

void lab_test_begins(void)
{
	struct itimerval limit = { .it_value.tv_sec = test_seconds };

	setitimer(ITIMER_PROF, &limit, NULL);
}

/*
 * The trace takes each address for the one behind a call. That is not so where
 * a signal came: a loop that begins its function would be said of the function
 * in front of it.
 */
static void print_place(const ucontext_t *context)
{
	char *pc = (char *)context->uc_mcontext.gregs[REG_RIP];
	static char line[512];

	__sanitizer_symbolize_pc(pc + 1, "    #0 %p %F %L", line,
				 sizeof(line));
	fprintf(stderr, "%s\n", line);
}

static void out_of_time(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	print_place(context);
	__sanitizer_print_stack_trace();
	_exit(EXIT_HANG);
}

int __wrap_main(int argc, char **argv)
{
	const struct sigaction limit = {
		.sa_sigaction = out_of_time, .sa_flags = SA_SIGINFO,
	};
	const char *wrong = NULL;
	int kept = 1;

	sigaction(SIGXCPU, &limit, NULL);
	sigaction(SIGPROF, &limit, NULL);
	for (int i = 1; i < argc; i++) {
		if (!take(argv[i], "--exercise=", LAB_BENCH, &wrong) &&
		    !take(argv[i], "--promote=", LAB_KERNEL, &wrong) &&
		    !take(argv[i], "--last_seed=", LAB_LAST_SEED, &wrong) &&
		    !take_limit(argv[i]))
			argv[kept++] = argv[i];
		if (wrong) {
			fprintf(stderr, "suites: %s: there is no %s in lab %s\n",
				argv[i], wrong, lab_name);
			return EXIT_USAGE;
		}
	}
	argv[kept] = NULL;
	return __real_main(kept, argv);
}
