// SPDX-License-Identifier: MIT
/*
 * main.c - processes that fuzz, and one that keeps them going
 *
 * WHAT     soak_fuzz [OPS] [SEED]          runs until OPS ops have been made
 *          soak_fuzz replay SEED STREAM FIRST COUNT
 *                                          shows and makes ops of one stream,
 *                                          in a process of its own
 *          soak_fuzz x SEED STREAM         what a fuzzer starts as a program
 *
 * ALGORITHM  main() kills a worker that makes no progress, and starts it anew:
 *          it waits for ever. From time to time main() kills every task that is
 *          no worker: orphans, and tasks that were started.
 *
 * RULES    A worker can read the system and do no more with it. With more it
 *          would switch the system off.
 * SEE      docs/fuzzing.md
 */
#include "lib/string.h"
#include "tests/fuzz/fuzz.h"
#include "tests/user/soak.h"
#include "user/lib/archive.h"

#define LOOK_MS      20
#define PATIENCE     15u      /* looks without progress                       */
#define REPLAY_LOOKS 100u     /* before a replay is stopped                   */
#define GIVE_UP      1000u    /* ... of any worker                            */
#define STRAYS_MS    2000u    /* between two hunts for stray tasks            */
#define SIGKILL      9
#define EDU          0x123411e8

/* A worker's first thread. */
static struct fuzz first;
static uint32_t restarts, crashes, killed;

/* ---- what all workers have ----------------------------------------------- */

/* Our own image, for TASK_START. */
static void find_image(const char *name)
{
	struct archive archive;
	struct archive_file file;

	if (!archive_open(&archive, PG_INIT_ARCHIVE) &&
	    archive_find(&archive, name, &file))
		value_set_image(file.offset, file.size);
	linux_munmap((void *)archive.data, archive.size);
}

/* Handles that all workers have, under the same numbers. */
static void make_handles(void)
{
	pool_add(MEMORY, PG_INIT_ARCHIVE);
	for (uint32_t i = 0; i < WORKERS; i++) {
		pool_add(ENDPOINT, endpoint_create());
		pool_add(NOTIFICATION, notification_create());
	}
	pool_add(SYSTEM, handle_dup(PG_INIT_SYSTEM, RIGHT_READ | RIGHT_DUP |
				    RIGHT_TRANSFER, 0));
}

static void map_arenas(void)
{
	linux_mmap((void *)ARENA, ARENA_PAGES * PAGE, RW,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	linux_mmap((void *)WINDOW, WINDOW_PAGES * PAGE, RW,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* ---- workers ------------------------------------------------------------- */

static long pids[WORKERS];

/* Called before a worker's fork: it inherits handles of the others' tasks. */
static void open_others(uint32_t handles[WORKERS])
{
	for (uint32_t i = 0; i < WORKERS; i++) {
		long task = pids[i] ? pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM,
					      pids[i], 0, 0, 0) : 0;

		handles[i] = task > 0 ? (uint32_t)task : 0;
	}
}

static void __noreturn worker_main(uint32_t i, const uint32_t others[WORKERS])
{
	worker = i;
	/* A child does not inherit the handle of a device. */
	if (!i)
		pool_add(DEVICE, pg_call(PG_DEVICE_OPEN, PG_INIT_SYSTEM, EDU,
					 0, 0, 0));
	handle_close(PG_INIT_SYSTEM);
	for (uint32_t k = 0; k < WORKERS; k++)
		pool_add(TASK, (long)others[k]);
	pool_fix();
	first.slot = SLOTS;
	fuzz_begin(&first, OPS_MAX);
	rng_init(&first.rng, fuzz_seed);
	map_arenas();
	for (uint32_t k = 1; k < THREADS; k++)
		thread_begin(&first);
	fuzz_run(&first);
	linux_exit_group(0);
}

static void start_worker(uint32_t i)
{
	uint32_t others[WORKERS];

	open_others(others);
	pids[i] = linux_fork();
	if (!pids[i])
		worker_main(i, others);
	restarts++;
	if (pids[i] < 0)
		pids[i] = 0;
	for (uint32_t k = 0; k < WORKERS; k++)
		if (others[k])
			handle_close(others[k]);
}

/* ---- keeping them going -------------------------------------------------- */

static void kill_pid(long pid)
{
	long handle = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, pid, 0, 0, 0);

	if (handle < 0)
		return;
	pg_call(PG_TASK_KILL, (uint32_t)handle, SIGKILL, 0, 0, 0);
	handle_close((uint32_t)handle);
}

static bool is_worker(uint32_t pid)
{
	bool is = false;

	for (uint32_t i = 0; i < WORKERS; i++)
		is |= (uint32_t)pids[i] == pid;
	return is;
}

/* Returns: how many strays there were. */
static uint32_t kill_strays(void)
{
	struct pg_task task;
	uint32_t n = 0;

	for (uint32_t pid = (uint32_t)linux_getpid() + 1;
	     !pg_call(PG_TASK_INFO, PG_INIT_SYSTEM, pid, (long)&task, 0, 0);
	     pid = task.pid + 1) {
		if (is_worker(task.pid))
			continue;
		kill_pid((long)task.pid);
		n++;
	}
	return n;
}

static void reap(void)
{
	int status;
	long pid;

	while ((pid = linux_waitpid(-1, &status, WNOHANG)) > 0) {
		for (uint32_t i = 0; i < WORKERS; i++) {
			if (pids[i] != pid)
				continue;
			pids[i] = 0;
			crashes += W_SIGNAL(status) &&
				   W_SIGNAL(status) != SIGKILL;
		}
	}
}

static void look_after(uint32_t i)
{
	static uint32_t seen[WORKERS], still[WORKERS];

	if (!pids[i])
		start_worker(i);
	if (shared->beat[i] != seen[i]) {
		seen[i] = shared->beat[i];
		still[i] = 0;
	} else if (++still[i] > PATIENCE && pids[i]) {
		kill_pid(pids[i]);
		killed++;
		still[i] = 0;
	}
}

static void tell_progress(void)
{
	static struct pg_mem mem;

	pg_call(PG_MEM_INFO, PG_INIT_SYSTEM, (long)&mem, 0, 0, 0);
	printf("soak_fuzz: %u ms, %u ops, %u streams, %u workers, %u crashed, %u killed; %u pages free, %u objects\n",
	       (uint32_t)(clock_ns() >> 20), shared->ops,
	       shared->next_stream, restarts, crashes, killed,
	       mem.free_pages, mem.nr_objects);
	flush();
}

/* Returns: whether `ops` ops were made. If not, the workers are stuck. */
static bool keep_going(uint32_t ops)
{
	uint64_t strays = clock_ns(), told = strays;
	uint32_t seen = 0, still = 0;

	while (shared->ops < ops) {
		still = shared->ops == seen ? still + 1 : 0;
		seen = shared->ops;
		if (still > GIVE_UP)
			return false;
		for (uint32_t i = 0; i < WORKERS; i++)
			look_after(i);
		soak_sleep_ms(LOOK_MS);
		reap();
		if (clock_ns() - strays > STRAYS_MS * MS) {
			strays = clock_ns();
			kill_strays();
		}
		if (clock_ns() - told > 10000 * MS) {
			told = clock_ns();
			tell_progress();
		}
	}
	return true;
}

static void end_all(void)
{
	shared->stop = 1;
	for (uint32_t i = 0; i < WORKERS; i++) {
		if (pids[i])
			kill_pid(pids[i]);
		pids[i] = 0;
	}
	while (kill_strays()) {
		soak_sleep_ms(LOOK_MS);
		reap();
	}
}

/* ---- main ---------------------------------------------------------------- */

static void prepare(const char *name)
{
	shared = soak_map(PAGE, MAP_SHARED);
	find_image(name);
	make_handles();
}

static void __noreturn replay_main(uint32_t stream, uint32_t op,
				   uint32_t count)
{
	pool_fix();
	map_arenas();
	fuzz_begin(&first, 0);
	first.stream = stream;
	first.op = op;
	first.budget = op + count;
	first.slot = SLOTS;
	fuzz_tells = true;
	fuzz_run(&first);
	linux_exit_group(0);
}

/* The ops run in a child: without others, an op may wait for ever. */
static int replay(int argc, char **argv)
{
	uint32_t stream = soak_number(argc, argv, 3, 1);
	unsigned looks = 0;

	fuzz_seed = soak_number(argc, argv, 2, 1);
	shared->next_stream = stream + 1;
	pids[0] = linux_fork();
	if (!pids[0])
		replay_main(stream, soak_number(argc, argv, 4, 0),
			    soak_number(argc, argv, 5, 16));
	while (pids[0] > 0 && looks++ < REPLAY_LOOKS) {
		soak_sleep_ms(LOOK_MS);
		reap();
	}
	end_all();
	return 0;
}

/* A fuzzer's TASK_START started us, with any handles that it chose. */
static int made(int argc, char **argv)
{
	shared = soak_map(PAGE, MAP_SHARED);
	fuzz_seed = soak_number(argc, argv, 2, 1);
	shared->next_stream = soak_number(argc, argv, 3, 1);
	for (long handle = 1; handle <= 8; handle++)
		pool_add(handle % 2 ? ENDPOINT : NOTIFICATION, handle);
	map_arenas();
	first.slot = SLOTS;
	fuzz_begin(&first, 60);
	fuzz_run(&first);
	return 0;
}

int main(int argc, char **argv, char **envp)
{
	uint32_t ops;
	bool done;

	if (linux_getpid() != 1)
		return made(argc, argv);
	prepare(argv[0]);
	if (argc > 1 && !strcmp(argv[1], "replay"))
		return replay(argc, argv);
	ops = soak_number(argc, argv, 1, 1000000);
	fuzz_seed = soak_number(argc, argv, 2, 1);
	printf("soak_fuzz: %u ops, seed %u\n", ops, fuzz_seed);
	done = keep_going(ops);
	end_all();
	fuzz_tell_failed();
	tell_progress();
	return done ? 0 : 1;
}
