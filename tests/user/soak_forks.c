// SPDX-License-Identifier: MIT
/*
 * soak_forks.c - a hundred thousand processes, one after the other and in packs
 *
 * WHAT     soak_forks [COUNT]
 *
 *          Children end at once, write to pages they share with their parent,
 *          crash, or have children of their own.
 */
#include "tests/user/soak.h"

#define PAGES  16u
#define PACK   32u

static char *pages;

static void __noreturn child(uint32_t number)
{
	if (number % 4 == 1)
		for (uint32_t i = 0; i < PAGES; i++)
			pages[i * PAGE] = (char)number;
	if (number % 64 == 2)
		*(volatile int *)0 = 1;
	if (number % 64 == 3 && linux_fork() > 0)
		soak_reap_all();
	if (number % 16 == 4)
		soak_map(64 * PAGE, MAP_PRIVATE | MAP_POPULATE);
	linux_exit_group((int)number & 0x7f);
}

/* Of 1024 children the first PACK run at once, the others one by one. */
static bool run_one(uint32_t number)
{
	int status;
	long pid = linux_fork();

	if (!pid)
		child(number);
	if (pid < 0)
		return false;
	if (number % 1024 >= PACK)
		return linux_waitpid((int)pid, &status, 0) == pid;
	return number % 1024 != PACK - 1 || soak_reap_all() == PACK;
}

int main(int argc, char **argv, char **envp)
{
	uint32_t count = soak_number(argc, argv, 1, 100000);

	pages = soak_map(PAGES * PAGE, MAP_PRIVATE);
	for (uint32_t i = 0; i < PAGES; i++)
		pages[i * PAGE] = 1;
	for (uint32_t i = 0; i < count; i++) {
		if (!run_one(i)) {
			printf("soak_forks: failed at %u\n", i);
			return 1;
		}
	}
	soak_reap_all();
	printf("soak_forks: %u forks and exits\n", count);
	return 0;
}
