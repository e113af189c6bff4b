// SPDX-License-Identifier: MIT
/*
 * hog.c - take all of one kind that a program can get, and keep it
 *
 * WHAT     hog KIND
 *
 *          The program ends when it can get no more. Its children hold what was
 *          taken, and live on: every program that works now works beside them.
 *
 * ALGORITHM  An eater may be refused for another reason than the kind's limit
 *          (areas of one address space). So there is a next eater, until one
 *          gets next to nothing. A task that wants one page table too many is
 *          ended. So an eater is told how many it may take: up to the reserve
 *          of the accounts above.
 */
#include "lib/string.h"
#include "tests/user/eaters.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"

#define NOTHING   16u        /* to get so few is to get none              */
#define MARGIN    64u        /* page tables that are left                 */

struct shared {
	volatile long     result;
	volatile uint32_t room, taken, done;
};

static struct shared *shared;

static const char *const names[] = {
#define K(name, limit, room, end, one) [name] = #name,
	KINDS(K)
#undef K
};

/* How many one eater may take. What our children have counts as ours. */
static uint32_t room_for(const struct kind *kind)
{
	struct usage usage = usage_of(0, kind->limit);
	uint32_t kept = usage.used + usage.limit / 8 + MARGIN;

	if (kind->end != KILLED)
		return UINT32_MAX;
	return kept < usage.limit ? MIN(usage.limit - kept, ROOM_SIZE / SPAN)
				  : 0;
}

static void __noreturn eat(const struct kind *kind)
{
	long result = 0;
	uint32_t n = 0;

	make_room();
	while (result >= 0 && n < shared->room) {
		result = kind->one(n++);
		shared->taken = n;
	}
	shared->result = result;
	shared->done = 1;
	sleeper();
}

/* Returns: how many it got; or an error. */
static long start_eater(const struct kind *kind)
{
	int status;
	long child;

	shared->taken = shared->done = 0;
	shared->result = 0;
	shared->room = room_for(kind);
	child = linux_fork();
	if (!child)
		eat(kind);
	while (child > 0 && !shared->done) {
		if (linux_waitpid((int)child, &status, WNOHANG) == child)
			return -ESRCH;
		sleep_ms(1);
	}
	return child < 0 ? child : (long)shared->taken;
}

static int run(const char *name, const struct kind *kind)
{
	uint32_t taken = 0;
	long more, result = 0;

	do {
		more = start_eater(kind);
		taken += more > 0 ? (uint32_t)more : 0;
		result = more < 0 ? more : shared->result;
	} while (more > (long)NOTHING);
	printf("hog: %u %s taken, then %ld\n", taken, name, result);
	return 0;
}

int main(int argc, char **argv, char **envp)
{
	shared = linux_mmap(NULL, EATEN, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (unsigned i = 0; argc == 2 && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(argv[1], names[i]))
			return run(names[i], &kinds[i]);
	printf("usage: hog KIND\n");
	return 1;
}
