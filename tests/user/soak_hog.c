// SPDX-License-Identifier: MIT
/*
 * soak_hog.c - take all memory there is, and more
 *
 * WHAT     soak_hog [ROUNDS]
 *
 *          Hogs write to pages that were not promised to them (MAP_NORESERVE)
 *          until the kernel has none left. The kernel must end a hog, not a
 *          bystander. The next hog must find the memory free again.
 */
#include "tests/user/soak.h"

#define CHUNK    (64u << 20)
#define SIGKILL  9

static void __noreturn eat(void)
{
	for (;;) {
		char *p = soak_map(CHUNK, MAP_PRIVATE | MAP_NORESERVE);

		if (IS_ERROR(p))
			linux_exit_group(1);    /* no addresses left */
		for (uint32_t i = 0; i < CHUNK; i += PAGE)
			p[i] = 1;
	}
}

/* Keeps a little memory, and must not be ended. */
static void __noreturn stand_by(volatile uint32_t *stop)
{
	char *p = soak_map(64 * PAGE, MAP_PRIVATE);

	while (!*stop) {
		for (uint32_t i = 0; i < 64; i++)
			p[i * PAGE]++;
		soak_sleep_ms(20);
	}
	linux_exit_group(0);
}

/* So many hogs at once. Returns: whether each was killed, and nothing else. */
static bool run_hogs(unsigned nr, volatile uint32_t *stop)
{
	int status;
	long pid, bystander;

	*stop = 0;
	bystander = linux_fork();
	if (!bystander)
		stand_by(stop);
	for (unsigned i = 0; i < nr; i++)
		if (!linux_fork())
			eat();
	for (unsigned i = 0; i < nr; i++) {
		pid = linux_waitpid(-1, &status, 0);
		printf("soak_hog: %ld ended with 0x%x\n", pid, status);
		if (pid <= 0 || pid == bystander || status != SIGKILL)
			return false;
	}
	*stop = 1;
	return linux_waitpid((int)bystander, &status, 0) == bystander &&
	       !status;
}

int main(int argc, char **argv, char **envp)
{
	uint32_t rounds = soak_number(argc, argv, 1, 4);
	volatile uint32_t *stop = soak_map(PAGE, MAP_SHARED);

	for (uint32_t i = 0; i < rounds; i++)
		if (!run_hogs(1 + i % 3, stop))
			return 1;
	return 0;
}
