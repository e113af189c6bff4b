// SPDX-License-Identifier: MIT
/*
 * md_fork.c - the operations that need another process
 *
 * WHAT     A child touches memory and tells by its wait status whether it was
 *          allowed; what it wrote must not be seen by its parent unless the
 *          area is shared; a sequence may go on in a child.
 */
#include "tests/differential/md.h"

#define FORKS_MAX  2

static long wait_for(long child, int *status)
{
	return linux_waitpid((int)child, status, 0);
}

/* What the child does; it ends with a number that tells what it saw. */
static void __noreturn touch(uint32_t addr, unsigned how)
{
	volatile uint32_t *word = (volatile uint32_t *)addr;
	uint32_t seen = 0;

	if (how == 0) {
		seen = *word;
	} else if (how == 1) {
		*word = 0x8abcdec3;
		seen = *word;
	} else {
		/* Only instructions that we wrote are worth running. */
		if (can_read(addr) && (*word & 0xff) != 0xc3)
			linux_exit_group(77);
		__asm__ volatile("call *%0" : : "r"(addr) : "memory");
	}
	linux_exit_group((int)((seen ^ seen >> 8 ^ seen >> 16) & 0x3f));
}

void op_touch_in_child(void)
{
	static const char *const names[] = { "read", "write", "exec" };
	uint32_t addr = pick_page();
	unsigned how = pick_below(3);
	int status = -1;
	long child = linux_fork();

	if (!child)
		touch(addr, how);
	if (child < 0) {
		log_line("fork = %ld", child);
		return;
	}
	/* What a core dump would be is not part of it. */
	wait_for(child, &status);
	log_line("child %s %s = %x", names[how], place(addr), status & ~0x80);
	log_contents(addr, 1);
}

/*
 * The rest of the sequence happens in the child. Not after an mlock(): Linux
 * does not join the areas of a child that only differed in being locked.
 */
void op_fork_and_go_on(void)
{
	int status = -1;
	long child;

	if (md.forks == FORKS_MAX || md.locked)
		return;
	child = linux_fork();
	if (!child) {
		md.forks++;
		log_line("fork: on in the child");
		return;
	}
	if (child < 0) {
		log_line("fork = %ld", child);
		return;
	}
	wait_for(child, &status);
	linux_exit_group(status & 0x7f ? 0x80 | (status & 0x7f)
				       : status >> 8);
}

/* waitpid() writes the status to a random place. */
void op_wait_status(void)
{
	uint32_t addr = pick_page();
	long child = linux_fork();
	long result;

	if (!child)
		linux_exit_group(7);
	if (child < 0) {
		log_line("fork = %ld", child);
		return;
	}
	result = linux_waitpid((int)child, (int *)addr, 0);
	log_line("wait %s = %s", place(addr),
		 result == child ? "child" : place_or_error(result));
	if (result == child) {
		log_line("  %x", *(volatile uint32_t *)addr);
		fill_page(addr);
	}
}
