// SPDX-License-Identifier: MIT
/*
 * tasks.c - from a file in memory to a running task
 */
#include "user/lib/tasks.h"

#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "user/lib/linux.h"

/* Copy the arguments, one behind the other. Returns: bytes; -E2BIG. */
static long join(const char *const *argv, char *out, size_t size)
{
	size_t used = 0;

	for (; *argv; argv++) {
		size_t length = strlen(*argv) + 1;

		if (length > size - used)
			return -E2BIG;
		memcpy(out + used, *argv, length);
		used += length;
	}
	return (long)used;
}

static long start(uint32_t task, const struct program *program)
{
	static char args[TASK_START_ARGS];
	long length = join(program->argv, args, sizeof(args));
	struct task_start how = {
		.memory = program->memory,
		.offset = program->offset,
		.length = program->size,
		.args = (uint32_t)(uintptr_t)args,
		.args_length = (uint32_t)length,
		.handles = (uint32_t)(uintptr_t)program->handles,
		.nr_handles = program->nr_handles,
		.priority = program->priority,
		.system = program->system,
	};
	long err = 0;

	if (length < 0)
		return length;
	if (program->personality)
		err = pg_call(PG_TASK_SET_PERSONALITY, task,
			      program->personality, 0, 0, 0);
	if (err < 0)
		return err;
	return pg_call(PG_TASK_START, task, (long)&how, 0, 0, 0);
}

long program_start_task(const struct program *program)
{
	long task = pg_call(PG_TASK_CREATE, 0, (long)program->argv[0], 0, 0,
			    0);
	long err;

	if (task < 0)
		return task;
	err = start((uint32_t)task, program);
	if (err < 0) {
		handle_close((uint32_t)task);
		return err;
	}
	return task;
}

long task_wait(uint32_t task, uint32_t *status)
{
	struct words words = { { (uint32_t)NO_DEADLINE,
				 (uint32_t)(NO_DEADLINE >> 32) } };
	long err = message_int(PG_EAX(PG_TASK_WAIT, task), &words);

	*status = words.w[0];
	return err;
}

void status_text(uint32_t status, char *buf, size_t size)
{
	if (W_EXITED(status))
		snprintf(buf, size, "exit status %u", W_STATUS(status));
	else
		snprintf(buf, size, "killed by signal %u", W_SIGNAL(status));
}
