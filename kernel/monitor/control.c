// SPDX-License-Identifier: MIT
/*
 * control.c - commands that make the kernel do something
 *
 * WHAT     Faults on purpose, tests, benchmarks, the log.
 * NOT HERE the faults themselves (kernel/trial/crash.c).
 */
#include <arch/fixmap.h>

#include "kernel/diag/log.h"
#include "kernel/monitor/monitor_impl.h"
#include "kernel/task/task.h"
#include "kernel/trial/crash.h"
#include "kernel/trial/selftest.h"
#include "lib/alloc_trace.h"
#include "lib/string.h"

/* ---- fault ----------------------------------------------------------- */

/* The i-th kind of which the monitor can come back. */
static const struct crash *fault_kind(unsigned i)
{
	const struct crash *crash;

	for (unsigned k = 0; (crash = crash_at(k)); k++) {
		if (!crash->early && !crash->ends && !i--)
			return crash;
	}
	return NULL;
}

const char *monitor_fault_kind(unsigned i)
{
	const struct crash *crash = fault_kind(i);

	return crash ? crash->name : NULL;
}

int monitor_fault(char *const argv[])
{
	const struct crash *crash;

	for (unsigned i = 0; (crash = fault_kind(i)); i++) {
		if (!argv[1])
			say("  %-14s %s\n", crash->name, crash->what);
		else if (!strcmp(crash->name, argv[1]))
			break;
	}
	if (!argv[1])
		return 0;
	if (!crash)
		return complain("%.40s: no such kind; `fault` lists them",
				argv[1]);
	/* An earlier fault may have left an entry there. */
	clear_fixmap(FIX_TEST);
	crash->run();
	return 0;
}

/* ---- test, bench ----------------------------------------------------- */

/* Tests need a kernel that has not panicked, and a log that keeps all lines. */
static int prepare(void)
{
	if (monitor_after_panic)
		return complain("the kernel has panicked: nothing can be measured any more");
	clear_fixmap(FIX_TEST);
	alloc_trace_stop();
	log_keep_info(true);
	return 0;
}

int monitor_test(char *const argv[])
{
	const char *list = argv[1] && strcmp(argv[1], "all") ? argv[1] : "";
	const char *order = argv[2] ? argv[2] : "by-name";
	struct task *task;

	if (!selftest_has_order(order))
		return complain("%.40s: not by-name, reversed or shuffled",
				order);
	/* Suites count tasks and threads, and use up all memory. */
	task = task_find_next(0);
	if (task) {
		object_put(&task->object);
		return complain("the programs of user mode are there, and tests would kill them: test before `exit`");
	}
	if (prepare())
		return -EINVAL;
	selftest_run(list, monitor_seed, order);
	return 0;
}

int monitor_bench(char *const argv[])
{
	if (prepare())
		return -EINVAL;
	selftest_bench(argv[1] ? argv[1] : "");
	return 0;
}

/* ---- log ------------------------------------------------------------- */

static void print_record(const struct log_record *record, void *arg)
{
	if (record->level <= *(const uint64_t *)arg)
		say("<%u> %s\n", record->level, record->text);
}

int monitor_log(char *const argv[])
{
	uint64_t level = LOG_DEBUG;

	if (arg_number(argv[1], 0, LOG_DEBUG, &level))
		return -EINVAL;
	log_for_each(print_record, &level);
	return 0;
}

int monitor_loglevel(char *const argv[])
{
	uint64_t level;

	if (arg_number(argv[1], 0, 8, &level))
		return -EINVAL;
	monitor_console_level = (unsigned)level;
	return 0;
}
