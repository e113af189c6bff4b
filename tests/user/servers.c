// SPDX-License-Identifier: MIT
/*
 * servers.c - what the name server and the file server must survive
 *
 * WHAT     We are init. We start the real servers out of the archive, with the
 *          handles that init gives them. Then we are their worst client.
 * SEE      user/programs/badclient.c, which sends them noise.
 */
#include "tests/user/utest.h"
#include "user/lib/archive.h"
#include "user/lib/files.h"
#include "user/lib/names.h"
#include "user/lib/tasks.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux has no servers of ours")

#define CLIENT  (RIGHT_SEND | RIGHT_DUP | RIGHT_TRANSFER)
_Static_assert(CLIENT == 7, "the lowest three bits");

static uint32_t owner, anybody;      /* handles of the name server            */
static uint32_t hostile, honest;     /* of two programs, for the same server  */
static uint32_t files, starter;      /* of the file server                    */
static uint32_t tasks[2];

static long start_server(const char *name, const uint32_t *handles,
			 uint32_t nr_handles)
{
	static struct archive archive;
	const char *argv[] = { name, NULL };
	struct archive_file file;
	struct program program = {
		.argv = argv, .memory = PG_INIT_ARCHIVE, .handles = handles,
		.nr_handles = nr_handles, .priority = 16,
		.system = PG_INIT_SYSTEM,
	};

	if (!archive.data && archive_open(&archive, PG_INIT_ARCHIVE))
		return -ENOENT;
	if (!archive_find(&archive, name, &file))
		return -ENOENT;
	program.offset = file.offset;
	program.size = file.size;
	return program_start_task(&program);
}

static void start_names(void)
{
	uint32_t endpoint = (uint32_t)endpoint_create();

	ipc_init();
	owner = (uint32_t)handle_dup(endpoint, CLIENT, NAMES_OWNER);
	anybody = (uint32_t)handle_dup(endpoint, CLIENT, 0);
	hostile = (uint32_t)handle_dup(endpoint, CLIENT, NAMES_PROGRAM);
	honest = (uint32_t)handle_dup(endpoint, CLIENT, NAMES_PROGRAM + 1);
	tasks[0] = (uint32_t)start_server("names", &endpoint, 1);
	EXPECT((int32_t)tasks[0] > 0);
	handle_close(endpoint);
	names_server = anybody;
}

static void start_files(void)
{
	uint32_t endpoint = (uint32_t)endpoint_create();
	uint32_t handles[] = { anybody, endpoint, PG_INIT_ARCHIVE };

	files = (uint32_t)handle_dup(endpoint, CLIENT, 0);
	starter = (uint32_t)handle_dup(endpoint, CLIENT, FILES_STARTER);
	tasks[1] = (uint32_t)start_server("files", handles, 3);
	EXPECT((int32_t)tasks[1] > 0);
	handle_close(endpoint);
	files_use(files);
}

/* Each of them must be there, so that it can be ended. */
static void end_servers(unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		uint32_t status = 0;

		EXPECT_EQ(pg_call(PG_TASK_KILL, tasks[i], SIGKILL_NR, 0, 0,
				  0), 0);
		EXPECT_EQ(task_wait(tasks[i], &status), 0);
		EXPECT_EQ(status, SIGKILL_NR);
		handle_close(tasks[i]);
	}
	handle_close(owner);
	handle_close(anybody);
	handle_close(hostile);
	handle_close(honest);
	handle_close(files);
	handle_close(starter);
}

static long register_as(uint32_t names, const char *name, uint32_t endpoint)
{
	long err;

	names_server = names;
	err = names_register(name, endpoint);
	names_server = anybody;
	return err;
}

/* Can the name be found? Its handle is closed. */
static bool is_found(const char *name)
{
	long handle = names_try(name);

	if (handle > 0)
		handle_close((uint32_t)handle);
	return handle > 0;
}

/* ---- names -------------------------------------------------------------- */

UTEST(the_name_of_a_dead_server_is_its_owners_to_give)
{
	uint32_t first, second, evil;
	char name[WORDS_TEXT_MAX + 1];

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	start_names();
	first = (uint32_t)endpoint_create();
	second = (uint32_t)endpoint_create();
	evil = (uint32_t)endpoint_create();
	EXPECT_EQ(register_as(owner, "files", first), 0);
	EXPECT_EQ(register_as(anybody, "files", evil), -EEXIST);
	EXPECT_EQ(register_as(owner, "files", evil), -EEXIST);
	EXPECT(is_found("files"));
	handle_close(first);
	EXPECT(!is_found("files"));
	EXPECT_EQ(names_list(0, name), -ENOENT);
	EXPECT_EQ(register_as(anybody, "files", evil), -EEXIST);
	EXPECT(!is_found("files"));
	EXPECT_EQ(register_as(owner, "files", second), 0);
	EXPECT(is_found("files"));
	EXPECT_EQ(register_as(anybody, "files", evil), -EEXIST);
	/* A name with no owner is free again. */
	EXPECT_EQ(register_as(anybody, "pong", evil), 0);
	handle_close(evil);
	EXPECT_EQ(register_as(anybody, "pong", second), 0);
	EXPECT(is_found("pong"));
	handle_close(second);
	end_servers(1);
}

UTEST(a_name_is_for_an_endpoint_that_can_be_passed_on)
{
	uint32_t endpoint, notification, task;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	start_names();
	endpoint = (uint32_t)endpoint_create();
	notification = (uint32_t)notification_create();
	task = (uint32_t)pg_call(PG_TASK_CREATE, 0, (long)"x", 0, 0, 0);
	EXPECT_EQ(register_as(anybody, "bell", notification), -EINVAL);
	EXPECT_EQ(register_as(anybody, "task", task), -EINVAL);
	for (uint32_t rights = 1; rights < 16; rights++) {
		struct words words = { { NAMES_REGISTER } };
		/* CLIENT is all three rights; after it the name is taken. */
		int want = rights < CLIENT ? -EINVAL :
			rights == CLIENT ? 0 : -EEXIST;

		memcpy(words_text(&words), "x", 2);
		ipc_attach_handle(endpoint, rights);
		EXPECT(ipc_call_msg(anybody, &words) >= 0);
		EXPECT_EQ((int32_t)words.w[0], want);
	}
	EXPECT(is_found("x"));
	EXPECT(!is_found("bell") && !is_found("task"));
	handle_close(endpoint);
	handle_close(notification);
	handle_close(task);
	end_servers(1);
}

/* ---- one client and the others ------------------------------------------ */

#define MANY  70u

enum lookup_end { FOUND = 1, REFUSED, FAILED };

/* A child that waits for a name. */
static long look_up(uint32_t names, const char *name)
{
	long child = utest_fork(), handle;

	if (child)
		return child;
	ipc_init();
	names_server = names;
	handle = names_lookup(name);
	linux_exit_group(handle > 0 ? FOUND :
			 handle == -EAGAIN ? REFUSED : FAILED);
}

static void let_others_run(void)
{
	struct linux_timespec nap = { 0, 50000000 };

	linux_nanosleep(&nap, NULL);
}

static void expect_end(long child, enum lookup_end end)
{
	int status = -1;

	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, end << 8);
}

static void end_child(long pid)
{
	long task = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, pid, 0, 0, 0);

	pg_call(PG_TASK_KILL, (uint32_t)task, SIGKILL_NR, 0, 0, 0);
	linux_waitpid((int)pid, NULL, 0);
	handle_close((uint32_t)task);
}

/* Waits for `nr` children to end. Each must have been refused. They leave the
 * `of` pids. */
static void expect_refusals(long pids[], unsigned of, unsigned nr)
{
	while (nr--) {
		int status = 0;
		long pid = linux_waitpid(-1, &status, 0);
		unsigned i = 0;

		EXPECT_EQ(status, REFUSED << 8);
		while (i < of - 1 && pids[i] != pid)
			i++;
		EXPECT_EQ(pids[i], pid);
		pids[i] = pids[--of];
	}
}

UTEST(waiting_for_names_that_never_come_keeps_nobody_else_from_waiting)
{
	uint32_t endpoint;
	unsigned waiting = WAITERS_EACH;
	long pids[MANY], one;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	start_names();
	endpoint = (uint32_t)endpoint_create();
	for (unsigned i = 0; i < MANY; i++)
		pids[i] = look_up(hostile, "never");
	expect_refusals(pids, MANY, MANY - waiting);
	one = look_up(honest, "later");
	let_others_run();
	EXPECT_EQ(register_as(anybody, "later", endpoint), 0);
	expect_end(one, FOUND);
	/* All the others still wait. */
	expect_end(look_up(hostile, "never"), REFUSED);
	for (unsigned i = 0; i < waiting; i++)
		EXPECT_EQ(linux_waitpid((int)pids[i], NULL, WNOHANG), 0);
	/* A waiter that ended makes room for one of two. */
	end_child(pids[--waiting]);
	pids[waiting] = look_up(hostile, "never");
	pids[waiting + 1] = look_up(hostile, "never");
	expect_refusals(pids, waiting + 2, 1);
	for (unsigned i = 0; i <= waiting; i++)
		end_child(pids[i]);
	handle_close(endpoint);
	end_servers(1);
}

/* Takes names until one is refused. Returns: how many it got. */
static unsigned take_names(uint32_t names, uint32_t endpoint)
{
	long err = 0;
	unsigned n = 0;

	while (n < MANY) {
		char name[8];

		snprintf(name, sizeof(name), "x%u", n);
		err = register_as(names, name, endpoint);
		if (err)
			break;
		n++;
	}
	EXPECT_EQ(err, -ENOSPC);
	return n;
}

UTEST(one_client_does_not_take_all_names)
{
	uint32_t evil, good;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	start_names();
	evil = (uint32_t)endpoint_create();
	good = (uint32_t)endpoint_create();
	EXPECT_EQ(take_names(hostile, evil), NAMES_EACH);
	EXPECT_EQ(register_as(honest, "pong", good), 0);
	EXPECT(is_found("pong"));
	/* init gets as many names as it wants. */
	for (unsigned i = 0; i < MANY; i++) {
		char name[8];

		snprintf(name, sizeof(name), "i%u", i);
		EXPECT_EQ(register_as(owner, name, good), 0);
	}
	handle_close(evil);
	evil = (uint32_t)endpoint_create();
	EXPECT_EQ(take_names(hostile, evil), NAMES_EACH);
	handle_close(evil);
	handle_close(good);
	end_servers(1);
}

/* ---- files -------------------------------------------------------------- */

UTEST(the_archive_is_not_for_everybody)
{
	uint32_t memory = 0, offset, size;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	start_names();
	start_files();
	EXPECT_EQ(file_image("names", &memory, &offset, &size), -EPERM);
	EXPECT_EQ(memory, 0);
	files_use(starter);
	EXPECT_EQ(file_image("names", &memory, &offset, &size), 0);
	EXPECT(memory != 0 && size != 0);
	handle_close(memory);
	end_servers(2);
}

/* A path in pages that were never there, cannot be read, or are too many. */
static long open_in(void *pages, size_t length, unsigned prot, bool grant)
{
	struct words words = { { FILES_OPEN } };
	long err;

	ipc_attach_pages(pages, length, prot, grant);
	err = ipc_call_msg(files, &words);
	return err < 0 ? err : (int32_t)words.w[0];
}

static char *grown_shared(uint32_t pages, uint32_t object_pages)
{
	char *area = map_flags(object_pages, PROT_READ | PROT_WRITE,
			       MAP_SHARED);

	return linux_mremap(area, object_pages * PAGE, pages * PAGE,
			    MREMAP_MAYMOVE, 0);
}

static void expect_alive(void)
{
	struct file_info info;

	EXPECT_EQ(file_open("names", &info), 0);
}

UTEST(pages_that_cannot_be_read_do_not_hurt_the_server)
{
	static char path[3 * PAGE] __aligned(PAGE);
	char *area;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	start_names();
	start_files();
	area = grown_shared(2, 1);
	EXPECT(open_in(area + PAGE, PAGE, PROT_READ, false) < 0);
	expect_alive();
	EXPECT(open_in(area + PAGE, PAGE, PROT_READ, true) < 0);
	expect_alive();
	EXPECT_EQ(open_in(path, PAGE, 0, false), -EINVAL);
	EXPECT_EQ(open_in(path, PAGE, PROT_WRITE, false), -EINVAL);
	expect_alive();
	/* The server takes no more than a path needs. */
	EXPECT_EQ(open_in(path, 2 * PAGE, PROT_READ, false), -EINVAL);
	expect_alive();
	memset(path, 'a', PAGE);
	EXPECT_EQ(open_in(path, PAGE, PROT_READ, false), -ENOENT);
	memcpy(path, "names", 6);
	EXPECT_EQ(open_in(path, PAGE, PROT_READ, false), 0);
	/* The page goes away while the server may still look. */
	linux_munmap(path, PAGE);
	expect_alive();
	linux_munmap(area, 2 * PAGE);
	end_servers(2);
}

static uint32_t size_of_server(void)
{
	uint32_t pid = 0;
	struct pg_task info;

	while (!task_info(PG_INIT_SYSTEM, pid, &info)) {
		if (!strcmp(info.name, "files") && !info.zombie)
			return info.total_pages;
		pid = info.pid + 1;
	}
	return 0;
}

/* Answers go as pages; a client that takes none leaves none behind. */
UTEST(answers_that_are_not_taken_stay_with_nobody)
{
	struct file_info info;
	uint32_t before;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	start_names();
	start_files();
	EXPECT_EQ(file_open("names", &info), 0);
	before = size_of_server();
	EXPECT(before != 0);
	ipc_accept_pages(0);
	for (unsigned i = 0; i < 200; i++) {
		char byte;

		EXPECT_EQ(file_read(info.number, 0, &byte, 1), -EIO);
	}
	EXPECT_EQ(size_of_server(), before);
	ipc_accept_pages(FILES_READ_MAX);
	expect_alive();
	end_servers(2);
}
