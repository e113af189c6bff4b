// SPDX-License-Identifier: MIT
/*
 * program.c - start the first program and wait for its end
 *
 * WHAT     The only place where the kernel makes a task by itself. The thread
 *          of kernel_main() waits.
 *
 * ALGORITHM  The first program has pid 1 and no parent: the kernel keeps a
 *          reference, and waits for its end. A task that loses its parent
 *          becomes a child of this program.
 * SEE      kernel/uapi/pagoda.h PG_INIT_*: the handles that init finds.
 */
#include "kernel/start/program.h"

#include <arch/machine.h>

#include "kernel/diag/console.h"
#include "kernel/calls/calls.h"
#include "kernel/calls/memory_object.h"
#include "kernel/loader/archive.h"
#include "kernel/sched/clock.h"
#include "kernel/task/task.h"
#include "kernel/trial/accounts.h"
#include "kernel/trial/call_trace.h"
#include "kernel/trial/laws.h"
#include "kernel/trial/watch.h"
#include "kernel/uapi/pagoda.h"
#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"

/* "NAME,ARG,..." of the program that runs. */
static char words[512];

/* ---- words of the command line ------------------------------------------- */

/* In place: the text only becomes shorter. */
static bool unescape(char *text)
{
	for (char *to = text; (*to = *text); to++, text++) {
		unsigned high, low;

		if (*text != '%')
			continue;
		high = digit_value(text[1]);
		low = high < 16 ? digit_value(text[2]) : 16;
		if (low >= 16)
			return false;
		*to = (char)(high << 4 | low);
		text += 2;
	}
	return true;
}

unsigned program_split(char *text, const char *argv[PROGRAM_ARGS_MAX])
{
	unsigned argc = 0;

	while (text) {
		char *comma = strchr(text, ',');

		if (comma)
			*comma = '\0';
		if (argc == PROGRAM_ARGS_MAX - 1 || !unescape(text))
			return 0;
		argv[argc++] = text;
		text = comma ? comma + 1 : NULL;
	}
	argv[argc] = NULL;
	return argv[0][0] ? argc : 0;
}

/* ---- start --------------------------------------------------------------- */

/* Takes the reference. NULL: there was no memory for the object. */
static int add_handle(struct task *task, struct object *object)
{
	int handle;

	if (!object)
		return -ENOMEM;
	handle = handle_add(&task->handles, object, RIGHTS_ALL);
	object_put(object);
	return MIN(handle, 0);
}

/* The order of PG_INIT_*: so the handles get these numbers. */
static int give_init_handles(struct task *task)
{
	uint32_t size;
	const void *data = archive_data(&size);
	int err = add_handle(task, system_object());

	return err ? err : add_handle(task, memory_object_create(data, size));
}

/* Returns: 0, and the task runs; -ENOENT, -ENOMEM, -ENOEXEC, ... */
static int start(const char *const argv[], struct task **taskp)
{
	struct cpio_file file;
	struct thread *thread;
	int err;

	if (!archive_find(argv[0], &file))
		return -ENOENT;
	err = task_create(argv[0], NULL, taskp);
	if (err)
		return err;
	err = task_load(*taskp, file.data, file.size, argv, &thread);
	if (err)
		goto put_task;
	err = give_init_handles(*taskp);
	if (err) {
		task_thread_destroy(thread);
		goto put_task;
	}
	task_set_init(*taskp);
	err = task_start(*taskp, thread);
	if (!err)
		return 0;
	task_set_init(NULL);
put_task:
	object_put(&(*taskp)->object);
	return err;
}

/* Drops the reference. Returns: the wait status. */
static uint32_t wait_for_end(struct task *task)
{
	uint32_t wait_status = 0;
	int err = task_wait_for(task, WAIT_FOREVER, &wait_status);

	assert(!err);
	task_set_init(NULL);
	object_put(&task->object);
	return wait_status;
}

/* ---- program= ------------------------------------------------------------ */

static __noreturn void fail(const char *what, const char *name)
{
	console_printf("# pagoda: program: %s: %s\n", what, name);
	machine_exit(EXIT_TEST_FAILED);
}

/* The program and all its children must leave nothing behind. */
static void check_what_is_left(const struct accounts *before)
{
	const char *law = laws_check_all();
	struct accounts after;

	if (law)
		fail("broken", law);
	accounts_take(&after);
	accounts_print(before, &after);
	if (accounts_lost(before, &after))
		fail("broken", "something was not given back");
}

void program_main(const struct kernel_options *options)
{
	const char *argv[PROGRAM_ARGS_MAX];
	struct accounts before;
	struct task *task;
	uint32_t wait_status;
	int err;

	if (strscpy(words, options->program, sizeof(words)) < 0 ||
	    !program_split(words, argv))
		fail("cannot be read", options->program);
	if (options->watch)
		call_trace_start();
	accounts_take(&before);
	err = start(argv, &task);
	if (err) {
		console_printf("# pagoda: program: %s cannot start: error %d\n",
			       argv[0], -err);
		machine_exit(EXIT_TEST_FAILED);
	}
	watch_start(options->watch);
	if (options->failures)
		failpoint_arm_random(options->seed, options->failures);
	wait_status = wait_for_end(task);
	/* Tasks may live longer than the program. */
	while (task_kill_all(WAIT_SIGNALED(SIGKILL)))
		thread_sleep_ns(NS_PER_TICK);
	(void)failpoint_disarm();
	watch_stop();
	log_limits_flush();
	check_what_is_left(&before);
	if (wait_status & 0x7f)
		console_printf("# pagoda: program: %s killed by signal %u\n",
			       argv[0], wait_status & 0x7f);
	else
		console_printf("# pagoda: program: %s exited with %u\n",
			       argv[0], wait_status >> 8 & 0xff);
	machine_exit(wait_status ? EXIT_TEST_FAILED : EXIT_OK);
}

/* ---- init ---------------------------------------------------------------- */

bool program_run_init(const char *args)
{
	const char *argv[PROGRAM_ARGS_MAX];
	struct cpio_file file;
	struct task *task;
	uint32_t wait_status;
	int err;

	if (!archive_find("init", &file))
		return false;
	snprintf(words, sizeof(words), "init%s%s", *args ? "," : "", args);
	if (!program_split(words, argv)) {
		pr_warn("init=%s: cannot be read, left out\n", args);
		argv[0] = "init";
		argv[1] = NULL;
	}
	err = start(argv, &task);
	if (err) {
		pr_err("init cannot start: error %d\n", -err);
		return true;
	}
	wait_status = wait_for_end(task);
	pr_info("init has ended, wait status 0x%x\n", wait_status);
	return true;
}
