// SPDX-License-Identifier: MIT
/*
 * soak_fuzz.c - system calls with random numbers, registers and pointers
 *
 * WHAT     soak_fuzz [CALLS] [SEED]
 *
 *          Children make random calls, Linux's and our own, by INT and by
 *          SYSENTER, until all together have made CALLS. They crash and hang
 *          a lot; the kernel must not care.
 *
 * ALGORITHM  A child begins from its seed and counts its calls in a shared
 *          page. Its parent looks at the count: a child that makes no progress
 *          sleeps for ever in some call, and is killed.
 *          What would only cost time is thinned out: long texts on the console,
 *          long sleeps, calls that wait.
 *
 * INVARIANTS  a child has no handle to the system, or it would switch it off.
 */
#include "kernel/uapi/pagoda.h"
#include "tests/user/soak.h"
#include "user/lib/ipc.h"

#define ROUND      2000u        /* calls of one child, if it lives so long */
#define PATIENCE   3u           /* looks without progress */
#define LOOK_MS    10
#define ARENA      0x20000000u
#define ARENA_SIZE (64 * PAGE)
#define SIGKILL    9

static volatile uint32_t *made;
static struct rng rng;

static uint32_t pick(uint32_t n)
{
	return (rng_next(&rng) >> 8) % n;
}

/* ---- one random call ----------------------------------------------------- */

static uint32_t random_value(void)
{
	static const uint32_t edges[] = {
		0, 1, 2, 3, 4, 7, 8, 12, 16, 22, 0x32, 0x1000, 0x1001, 0x7fff,
		0x10000, 0x100000, 0x7fffffff, 0x80000000, 0xbffff000,
		0xbfffffff, 0xc0000000, 0xc0100000, 0xe0800000, 0xffbfe000,
		0xffe00000, 0xfffff000, 0xfffffffc, 0xffffffff, 0x08048000,
		0xfffffffe, 0xffffff00, 0x50000000,
	};

	switch (pick(8)) {
	case 0:
	case 1:
		return edges[pick(ARRAY_SIZE(edges))];
	case 2:
	case 3:
		return ARENA + pick(64) * PAGE;
	case 4:
		return ARENA + pick(ARENA_SIZE);
	case 5:
		return pick(64);
	case 6:
		return (1 + pick(16)) * PAGE;
	default:
		return rng_next(&rng);
	}
}

static uint32_t random_number(void)
{
	static const uint16_t own_linux[] = {
		4, 7, 20, 45, 64, 91, 114, 122, 125, 146, 150, 151, 158, 162,
		163, 175, 192, 192, 192, 218, 219, 224, 243, 258, 265, 311,
		403,
	};

	switch (pick(8)) {
	case 0:
	case 1:
	case 2:
		return own_linux[pick(ARRAY_SIZE(own_linux))];
	case 3:
	case 4:
	case 5:
		return PG_EAX(PG_CALL_FIRST + pick(PG_CALL_END -
						   PG_CALL_FIRST),
			      pick(12));
	case 6:
		return pick(512);
	default:
		return rng_next(&rng);
	}
}

static bool waits(uint32_t number)
{
	switch (PG_NUMBER(number)) {
	case PG_SEND:
	case PG_RECEIVE:
	case PG_CALL:
	case PG_REPLY_RECEIVE:
	case PG_SEND_MSG:
	case PG_RECEIVE_MSG:
	case PG_CALL_MSG:
	case PG_REPLY_RECEIVE_MSG:
	case PG_NOTIFICATION_WAIT:
	case PG_TASK_WAIT:
	case LINUX_NR_nanosleep:
		return true;
	default:
		return false;
	}
}

/* Not made at all, or only now and then. */
static bool is_wasteful(uint32_t number, const uint32_t *args)
{
	bool prints = number == LINUX_NR_write || number == LINUX_NR_writev;

	if (number == LINUX_NR_exit || number == LINUX_NR_exit_group ||
	    PG_NUMBER(number) == PG_THREAD_EXIT)
		return pick(16);
	if (prints && (args[0] == 1 || args[0] == 2))
		return args[2] > 8 || pick(64);
	return waits(number) && pick(100);
}

/* All six arguments; EBP too, so nothing may be addressed by it. */
static uint32_t call_int(uint32_t number, uint32_t *args)
{
	uint32_t result;

	__asm__ volatile("pushl %%ebp\n\t"
			 "movl 0(%%edi), %%ebx\n\tmovl 4(%%edi), %%ecx\n\t"
			 "movl 8(%%edi), %%edx\n\tmovl 12(%%edi), %%esi\n\t"
			 "movl 20(%%edi), %%ebp\n\tmovl 16(%%edi), %%edi\n\t"
			 "int $0x80\n\t"
			 "popl %%ebp"
			 : "=a"(result), "+D"(args)
			 : "0"(number)
			 : "ebx", "ecx", "edx", "esi", "memory", "cc");
	return result;
}

static void one_call(uint32_t self)
{
	uint32_t args[6];
	uint32_t number = random_number();

	for (unsigned i = 0; i < ARRAY_SIZE(args); i++)
		args[i] = random_value();
	if (is_wasteful(number, args))
		return;
	if (cpu_has_sysenter() && number >= PG_CALL_FIRST && pick(2)) {
		struct words words;

		for (unsigned i = 0; i < IPC_NR_WORDS; i++)
			words.w[i] = args[i];
		message_sysenter(number, &words);
	} else {
		call_int(number, args);
	}
	/* A child of ours: one fuzzer is enough. */
	if ((uint32_t)linux_getpid() != self)
		linux_exit_group(0);
}

/* ---- children ------------------------------------------------------------ */

static void __noreturn child(uint32_t seed)
{
	uint32_t self = (uint32_t)linux_getpid();

	rng_init(&rng, seed * 2654435761u + 1);
	for (uint32_t handle = 1; handle < 32; handle++)
		handle_close(handle);
	linux_mmap((void *)ARENA, ARENA_SIZE, RW,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	for (uint32_t i = 0; i < ROUND; i++) {
		one_call(self);
		++*made;
	}
	linux_exit_group(0);
}

static void kill_child(long pid)
{
	long handle = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, pid, 0, 0, 0);

	if (handle < 0)
		return;
	pg_call(PG_TASK_KILL, (uint32_t)handle, SIGKILL, 0, 0, 0);
	handle_close((uint32_t)handle);
}

/* Returns: the child's end, brought about if need be. */
static int wait_for_child(long pid, uint32_t *killed)
{
	uint32_t seen = *made, patience = PATIENCE;
	int status = 0;

	while (linux_waitpid((int)pid, &status, WNOHANG) != pid) {
		soak_sleep_ms(LOOK_MS);
		if (*made != seen) {
			seen = *made;
			patience = PATIENCE;
		} else if (!--patience) {
			kill_child(pid);
			++*killed;
			patience = PATIENCE;
		}
	}
	return status;
}

int main(int argc, char **argv, char **envp)
{
	uint32_t calls = soak_number(argc, argv, 1, 1000000);
	uint32_t seed = soak_number(argc, argv, 2, 1);
	uint32_t children = 0, killed = 0, crashed = 0;

	made = soak_map(PAGE, MAP_SHARED);
	while (*made < calls) {
		long pid = linux_fork();
		int status;

		if (!pid)
			child(seed + children);
		if (pid < 0) {
			printf("soak_fuzz: fork: %ld\n", pid);
			return 1;
		}
		status = wait_for_child(pid, &killed);
		crashed += W_SIGNAL(status) && W_SIGNAL(status) != SIGKILL;
		children++;
	}
	printf("\nsoak_fuzz: %u calls, %u children, %u crashed, %u killed\n",
	       *made, children, crashed, killed);
	return 0;
}
