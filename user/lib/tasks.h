// SPDX-License-Identifier: MIT
/*
 * tasks.h - starting a program as a task of its own
 */
#pragma once

#include "user/lib/ipc.h"

/* What a program is started with. */
struct program {
	const char *const *argv;     /* ends with NULL; argv[0]: the name  */
	uint32_t        memory;      /* a memory object, and where in it   */
	uint32_t        offset, size; /*   the ELF file lies               */
	const uint32_t *handles;     /* become its handles 1, 2, ...       */
	uint32_t        nr_handles;
	uint32_t        personality; /* 0: none                            */
	uint32_t        priority;    /* 0: that of programs                */
	uint32_t        system;      /* 0; the system: any priority        */
};

/* Returns: a handle of the running task; -ENOEXEC, -ENOMEM, ... */
long program_start_task(const struct program *program);

/* Wait until the task has ended. Returns: 0 and the wait status. */
long task_wait(uint32_t task, uint32_t *status);

/* "exit status 3" or "killed by signal 11". */
void status_text(uint32_t status, char *buf, size_t size);

/* The task with the lowest pid >= this pid. `system` has RIGHT_READ.
 * Returns: 0; -ESRCH: there is none. */
static inline long task_info(uint32_t system, uint32_t pid,
			     struct pg_task *info)
{
	return pg_call(PG_TASK_INFO, system, pid, (long)info, 0, 0);
}
