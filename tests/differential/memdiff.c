// SPDX-License-Identifier: MIT
/*
 * memdiff.c - random memory calls, and what came of them
 *
 * WHAT     memdiff SEED COUNT [full|steps=N]
 *
 *          runs the sequences SEED, SEED + 1, ... of random memory calls, each
 *          in a child of its own, and prints a digest of each one's log, or
 *          with `full` the log itself:
 *
 *            ~seq 17                         ~seq 17 4c1e8f0a33b2d9e7
 *            ~mmap2 A+3 0x2000 3 22 = A+3
 *            ~end 17 4c1e8f0a33b2d9e7
 *
 *          It runs under Linux and under Pagoda as it is; tests/differential/
 *          compare.py compares.
 *
 * ALGORITHM  At the end of a sequence all pages where it was active are looked
 *          at: first which are in memory, then what they hold.
 * NOT HERE the operations: md_ops.c, md_fork.c.
 */
#include "lib/string.h"
#include "tests/differential/md.h"
#include "user/lib/start.h"

#define STEPS  40u

struct md md;

static uint32_t number(const char *text)
{
	uint32_t n = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (uint32_t)(*text - '0');
	return n;
}

static void begin_sequence(uint32_t seed)
{
	long fence;

	memset(&md, 0, sizeof(md));
	rng_init(&md.rng, seed * 2654435761u + 0x9e3779b9u);
	for (int i = 0; i < 8; i++)
		rng_next(&md.rng);
	md.heap = (uint32_t)linux_brk(NULL);
	/* Nothing grows into what lies above: under Linux that is its vDSO. */
	fence = syscall6(LINUX_NR_mmap2, 0, PAGE, PROT_NONE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	md.top = (uint32_t)fence;
}

static void end_sequence(void)
{
	log_mincore(A_BASE, 64);
	log_mincore(A_BASE + A_PAGES * PAGE, 16);
	log_mincore(md.heap, 32);
	log_mincore(md.top - 64 * PAGE, 64);
	log_contents(A_BASE, A_PAGES);
	log_contents(A_BASE + A_PAGES * PAGE, 16);
	log_contents(md.heap, B_PAGES);
	log_contents(md.top - 48 * PAGE, 48);
}

static void __noreturn run_sequence(uint32_t seed, unsigned steps,
				    bool full)
{
	begin_sequence(seed);
	log_begin(full);
	if (full)
		say("seq %u", seed);
	for (unsigned i = 0; i < 4; i++)
		op_fresh();
	for (unsigned i = 0; i < steps; i++)
		random_operation();
	end_sequence();
	say("%s %u %016llx", full ? "end" : "seq", seed,
	    (unsigned long long)log_digest());
	linux_exit_group(0);
}

int main(int argc, char **argv, char **envp)
{
	uint32_t seed = argc > 1 ? number(argv[1]) : 1;
	uint32_t count = argc > 2 ? number(argv[2]) : 1;
	unsigned steps = STEPS;
	bool full = false;

	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "full"))
			full = true;
		else if (!strncmp(argv[i], "steps=", 6))
			steps = number(argv[i] + 6);
	}
	for (uint32_t i = 0; i < count; i++) {
		int status = -1;
		long child = linux_fork();

		if (!child)
			run_sequence(seed + i, steps, full);
		if (child < 0) {
			say("seq %u fork %ld", seed + i, child);
			return 1;
		}
		linux_waitpid((int)child, &status, 0);
		if (status)
			say("seq %u died %x", seed + i, status & ~0x80);
	}
	say("done %u", count);
	return 0;
}
