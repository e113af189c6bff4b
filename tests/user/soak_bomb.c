// SPDX-License-Identifier: MIT
/*
 * soak_bomb.c - a fork bomb, and that life goes on after it
 *
 * WHAT     soak_bomb [ROUNDS]
 *
 *          Every process forks as fast as it can until no process can fork any
 *          more: no memory or no number is left. Then all of them end, and
 *          forking works again.
 *
 * ALGORITHM  A shared page counts processes and refusals, and says when to
 *          stop; each process looks at it and ends. Orphans come to us, the
 *          first program. So when we have no child left, all have ended.
 *          The lack of memory may have killed some; that does not matter.
 */
#include "tests/user/soak.h"

#define REFUSALS  200u

struct shared {
	volatile uint32_t born, refused, stop;
};

static struct shared *shared;

static void __noreturn multiply(void)
{
	while (!shared->stop) {
		long pid = linux_fork();

		if (!pid)
			__atomic_fetch_add(&shared->born, 1, __ATOMIC_RELAXED);
		else if (pid < 0 &&
			 __atomic_add_fetch(&shared->refused, 1,
					    __ATOMIC_RELAXED) >= REFUSALS)
			shared->stop = 1;
	}
	linux_exit_group(0);
}

static bool forking_works(void)
{
	int status = -1;
	long pid = linux_fork();

	if (!pid)
		linux_exit_group(33);
	return pid > 0 && linux_waitpid((int)pid, &status, 0) == pid &&
	       status == 33 << 8;
}

/* Returns: whether forking works again after more than 100 processes. */
static bool explode(uint32_t seconds)
{
	shared->born = shared->refused = shared->stop = 0;
	if (!linux_fork())
		multiply();
	while (!shared->stop && seconds--)
		soak_sleep_ms(1000);
	shared->stop = 1;
	printf("soak_bomb: %u processes, %u refusals, %u waited for\n",
	       shared->born, shared->refused, soak_reap_all());
	return forking_works() && shared->born > 100;
}

int main(int argc, char **argv, char **envp)
{
	uint32_t rounds = soak_number(argc, argv, 1, 3);

	shared = soak_map(PAGE, MAP_SHARED);
	while (rounds--)
		if (!explode(60))
			return 1;
	return 0;
}
