// SPDX-License-Identifier: MIT
/*
 * run.c - a program of the boot archive, as a task of its own
 *
 * WHAT     The file server tells where in the archive the program lies, and
 *          gives a handle to that memory, to the shell only. The kernel loads
 *          the program from there. The new task gets the name server, and the
 *          personality server for the calls of Linux that the kernel does not
 *          do.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/console.h"
#include "user/lib/files.h"
#include "user/lib/linux.h"
#include "user/lib/names.h"
#include "user/lib/stdio.h"
#include "user/lib/tasks.h"
#include "user/shell/run.h"
#include "user/shell/shell.h"

/* For the name server the program, and all that it starts, is one client. */
static long names_for_program(void)
{
	static uint32_t badge = NAMES_PROGRAM;
	long names = handle_dup(HANDLE_NAMES, RIGHT_SEND | RIGHT_DUP |
				RIGHT_TRANSFER, badge);

	badge = badge == BADGE_MAX ? NAMES_PROGRAM : badge + 1;
	return names;
}

static long start(char **argv, uint32_t names, uint32_t more,
		  uint32_t personality)
{
	const uint32_t handles[] = { names, more };
	struct program program = {
		.argv = (const char *const *)argv,
		.handles = handles,
		.nr_handles = ARRAY_SIZE(handles),
		.personality = personality,
	};
	long task = file_image(argv[0], &program.memory, &program.offset,
			       &program.size);

	if (task < 0)
		return task;
	task = program_start_task(&program);
	handle_close(program.memory);
	return task;
}

long start_program(char **argv, uint32_t more, uint32_t personality)
{
	long names = names_for_program();
	long task = names < 0 ? names : start(argv, (uint32_t)names, more,
					      personality);

	if (names > 0)
		handle_close((uint32_t)names);
	return task;
}

int wait_program(const char *name, uint32_t task)
{
	char text[40];
	uint32_t status = 0;
	int end;

	task_wait(task, &status);
	handle_close(task);
	while (linux_waitpid(-1, &end, WNOHANG) > 0)
		;
	if (!status)
		return 0;
	status_text(status, text, sizeof(text));
	printf("%s: %s\n", name, text);
	return 1;
}

int run_program(int argc, char **argv)
{
	static long personality;
	long task;
	int err;

	if (personality <= 0)
		personality = names_lookup("linux");
	task = start_program(argv, 0,
			     personality > 0 ? (uint32_t)personality : 0);
	if (task == -ENOENT) {
		printf("%s: no such command; try help\n", argv[0]);
		return 1;
	}
	if (task < 0) {
		printf("%s: cannot be started: error %ld\n", argv[0], -task);
		return 1;
	}
	console_foreground((uint32_t)task);
	err = wait_program(argv[0], (uint32_t)task);
	console_foreground(0);
	return err;
}
