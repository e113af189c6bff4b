// SPDX-License-Identifier: MIT
/*
 * soak_log.c - a program that tries to write the log
 *
 * WHAT     soak_log [CALLS]
 *
 *          Each way for a program to cause a line of the kernel's log: unknown
 *          calls, clones that ask for too much, images that are refused,
 *          children that crash. Their names look like a verdict of the
 *          self-tests, or clear the screen.
 *
 * NOT HERE what must be on the console then (tests/emu/test_log.py).
 */
#include "tests/user/soak.h"
#include "user/lib/ipc.h"

#define CLONE_NEWUSER  0x10000000u
#define NR_CLONE       120
#define NR_UNKNOWN     1000u
#define CRASHES        100u

/* The start fails: the archive begins with no ELF header. */
static void start_as(const char *name)
{
	struct task_start how = { .memory = PG_INIT_ARCHIVE, .length = 5000 };
	long task = pg_call(PG_TASK_CREATE, 0, (long)name, 0, 0, 0);

	for (unsigned i = 0; i < CRASHES; i++)
		pg_call(PG_TASK_START, (uint32_t)task, (long)&how, 0, 0, 0);
	handle_close((uint32_t)task);
}

static void crash(void)
{
	long pid = linux_fork();
	int status;

	if (!pid)
		__asm__ volatile("ud2");
	linux_waitpid((int)pid, &status, 0);
}

int main(int argc, char **argv, char **envp)
{
	uint32_t calls = soak_number(argc, argv, 1, 3000);

	for (uint32_t i = 0; i < calls; i++) {
		syscall5(NR_CLONE, CLONE_NEWUSER, 0, 0, 0, 0);
		syscall5(NR_UNKNOWN, 0, 0, 0, 0, 0);
	}
	start_as("\n# pagoda: panic: all is lost");
	start_as("\033[2J\033[31mred");
	for (unsigned i = 0; i < CRASHES; i++)
		crash();
	printf("%u calls\n", calls);
	return 0;
}
