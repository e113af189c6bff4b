// SPDX-License-Identifier: MIT
/*
 * control.c - commands that make the kernel do something
 *
 * WHAT     Faults on purpose, tests, benchmarks, the log, the power.
 * NOT HERE the faults themselves (kernel/trial/crash.c).
 */
#include <arch/fixmap.h>
#include <arch/machine.h>

#include "kernel/diag/log.h"
#include "kernel/monitor/monitor_impl.h"
#include "kernel/task/task.h"
#include "kernel/trial/crash.h"
#include "kernel/trial/selftest.h"
#include "lib/alloc_trace.h"
#include "lib/string.h"

/* ---- fault ----------------------------------------------------------- */

static bool is_offered(const struct crash *crash)
{
	return !crash->early && !crash->ends;
}

/* The i-th kind that is offered. */
static const struct crash *fault_kind(unsigned i)
{
	const struct crash *crash;

	for (unsigned k = 0; (crash = crash_at(k)); k++) {
		if (is_offered(crash) && !i--)
			return crash;
	}
	return NULL;
}

const char *monitor_fault_kind(unsigned i)
{
	const struct crash *crash = fault_kind(i);

	return crash ? crash->name : NULL;
}

int monitor_fault(unsigned argc, char *const argv[])
{
	const struct crash *crash;

	if (argc == 1) {
		for (unsigned i = 0; (crash = fault_kind(i)); i++)
			say("  %-14s %s\n", crash->name, crash->what);
		return 0;
	}
	crash = crash_find(argv[1]);
	if (!crash || !is_offered(crash))
		return complain("%.40s: no such kind; `fault` lists them",
				argv[1]);
	/* What an earlier one has left there. */
	clear_fixmap(FIX_TEST);
	crash->run();
	return 0;
}

/* ---- test, bench ----------------------------------------------------- */

/* Both want a whole kernel, and the log as it is without a monitor. */
static int prepare(void)
{
	if (monitor_after_panic)
		return complain("the kernel has panicked: nothing can be measured any more");
	clear_fixmap(FIX_TEST);
	alloc_trace_stop();
	log_keep_info(true);
	return 0;
}

/* The suites count tasks and threads, use up all memory and kill for it. */
static bool user_mode_is_there(void)
{
	struct task *task = task_find_next(0);

	if (task)
		object_put(&task->object);
	return task;
}

int monitor_test(unsigned argc, char *const argv[])
{
	const char *list = argc > 1 && strcmp(argv[1], "all") ? argv[1] : "";
	const char *order = argc > 2 ? argv[2] : "by-name";

	if (!selftest_has_order(order))
		return complain("%.40s: not by-name, reversed or shuffled",
				order);
	if (user_mode_is_there())
		return complain("the programs of user mode are there, and tests would kill them: test before `exit`");
	if (prepare())
		return -EINVAL;
	selftest_run(list, monitor_seed, order);
	return 0;
}

int monitor_bench(unsigned argc, char *const argv[])
{
	if (prepare())
		return -EINVAL;
	selftest_bench(argc > 1 ? argv[1] : "");
	return 0;
}

/* ---- log ------------------------------------------------------------- */

static void print_record(const struct log_record *record, void *arg)
{
	if (record->level <= *(const unsigned *)arg)
		say("<%u> %s\n", record->level, record->text);
}

int monitor_log(unsigned argc, char *const argv[])
{
	uint64_t level = LOG_DEBUG;
	unsigned most;

	if (argc > 1 && arg_number(argv[1], 0, LOG_DEBUG, &level))
		return -EINVAL;
	most = (unsigned)level;
	log_for_each(print_record, &most);
	return 0;
}

int monitor_loglevel(unsigned argc, char *const argv[])
{
	uint64_t level;

	if (arg_number(argv[1], 0, 8, &level))
		return -EINVAL;
	monitor_console_level = (unsigned)level;
	return 0;
}

/* ---- power ----------------------------------------------------------- */

int monitor_reboot(unsigned argc, char *const argv[])
{
	machine_reboot();
}

int monitor_poweroff(unsigned argc, char *const argv[])
{
	machine_poweroff();
}
