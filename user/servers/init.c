// SPDX-License-Identifier: MIT
/*
 * init.c - the first program: starts the servers and gives them handles
 *
 * WHAT     The kernel gives init everything: the system and the boot archive.
 *          init gives each server only what the server needs: handles, which
 *          the new task has under the numbers 1, 2, ... Then init waits for
 *          requests, and prints a line when one of its children has ended.
 *
 * PICTURE    system, archive
 *               |
 *             init --+-- names
 *                    +-- console   ports of COM1, IRQ 4
 *                    +-- files     archive
 *                    +-- pager
 *                    +-- linux
 *                    +-- sh        system, to read; files, to start programs;
 *                                  init, to power off; console, as leader
 *
 * ALGORITHM  init makes each server's endpoint and registers its name before
 *          the server runs. So a call waits until the server receives it. When
 *          the server is dead, its name is still init's: no other program can
 *          take the name.
 *
 * HANDLES  1: the system; 2: the boot archive.
 * NOT HERE starting a server again: its clients have handles of the dead one.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/archive.h"
#include "user/lib/linux.h"
#include "user/lib/names.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"
#include "user/lib/tasks.h"

#define COM1        0x3f8
#define COM1_PORTS  8
#define COM1_IRQ    4

#define EDU_IDS     0x123411e8   /* QEMU's device for teaching */

#define PRIORITY_SERVER  16    /* as in kernel/sched/thread.h */

#define HANDLES_MAX  5
#define ARGS_MAX     16

#define CLIENT_RIGHTS  (RIGHT_SEND | RIGHT_DUP | RIGHT_TRANSFER)

static struct archive archive;
static uint32_t system_to_read;
static uint32_t names_for_all;      /* as names_server, without NAMES_OWNER   */
static uint32_t names_to_mint;      /* for the shell: may make badges         */
static uint32_t files_to_start;     /* for the shell: with FILES_STARTER      */
static uint32_t init_to_end;        /* for the shell: with INIT_OPERATOR      */
static uint32_t console_to_lead;    /* for the shell: with CONSOLE_LEADER     */
static char reaper_stack[4096] __aligned(16);

/* ---- starting --------------------------------------------------------- */

/* Returns: the task's handle, or an error, which is printed here. */
static long start(const char *const *argv, const uint32_t *handles,
		  uint32_t nr_handles, uint32_t priority)
{
	struct archive_file file;
	struct program program = {
		.argv = argv,
		.memory = PG_INIT_ARCHIVE,
		.handles = handles,
		.nr_handles = nr_handles,
		.priority = priority,
		.system = PG_INIT_SYSTEM,
	};
	long task = -ENOENT;

	if (archive_find(&archive, argv[0], &file)) {
		program.offset = file.offset;
		program.size = file.size;
		task = program_start_task(&program);
	}
	if (task < 0)
		printf("init: cannot start %s: error %ld\n", argv[0], -task);
	return task;
}

static uint32_t client_of(uint32_t endpoint, uint32_t badge)
{
	return (uint32_t)handle_dup(endpoint, CLIENT_RIGHTS, badge);
}

/* Make an endpoint and register it under a name. Returns: it, or 0. */
static uint32_t make_name(const char *name)
{
	uint32_t endpoint = (uint32_t)endpoint_create();
	long err = names_register(name, endpoint);

	if (!err)
		return endpoint;
	printf("init: the name %s: error %ld\n", name, -err);
	handle_close(endpoint);
	return 0;
}

/*
 * `endpoint` is closed here. Then only the server can receive, so its clients
 * get an error when the server dies.
 */
static void start_server(const char *name, uint32_t endpoint, uint32_t first,
			 uint32_t second, uint32_t third)
{
	const char *argv[] = { name, NULL };
	uint32_t handles[HANDLES_MAX] = {
		names_for_all, endpoint, first, second, third,
	};

	start(argv, handles, HANDLES_MAX, PRIORITY_SERVER);
	handle_close(endpoint);
}

static void start_names(void)
{
	const char *argv[] = { "names", NULL };
	uint32_t endpoint = (uint32_t)endpoint_create();

	names_server = client_of(endpoint, NAMES_OWNER);
	names_for_all = client_of(endpoint, 0);
	names_to_mint = (uint32_t)handle_dup(endpoint, CLIENT_RIGHTS |
					     RIGHT_MINT, 0);
	start(argv, &endpoint, 1, PRIORITY_SERVER);
	handle_close(endpoint);
}

static void start_files(void)
{
	uint32_t endpoint = make_name("files");

	files_to_start = client_of(endpoint, FILES_STARTER);
	start_server("files", endpoint, PG_INIT_ARCHIVE, 0, 0);
}

/* These handles allow the console server to drive COM1 and no other device. */
static void start_console(void)
{
	long notification = notification_create();
	long ports = pg_call(PG_IO_PORTS_CREATE, PG_INIT_SYSTEM, COM1,
			     COM1_PORTS, 0, 0);
	long irq = pg_call(PG_IRQ_CREATE, PG_INIT_SYSTEM, COM1_IRQ,
			   notification, 1, 0);
	uint32_t endpoint;

	if (notification < 0 || ports < 0 || irq < 0) {
		printf("init: COM1: notification %ld, ports %ld, irq %ld\n",
		       notification, ports, irq);
		return;
	}
	endpoint = make_name("console");
	console_to_lead = client_of(endpoint, CONSOLE_LEADER);
	start_server("console", endpoint, (uint32_t)ports,
		     (uint32_t)notification, (uint32_t)irq);
	handle_close((uint32_t)ports);
	handle_close((uint32_t)notification);
	handle_close((uint32_t)irq);
}

/* The shell gets init's own arguments. Returns: its task, or an error. */
static long start_shell(int argc, char **argv)
{
	const char *shell_argv[ARGS_MAX + 2] = { "sh" };
	uint32_t handles[] = {
		names_to_mint, system_to_read, files_to_start, init_to_end,
		console_to_lead,
	};

	for (int i = 1; i < argc && i <= ARGS_MAX; i++)
		shell_argv[i] = argv[i];
	return start(shell_argv, handles, ARRAY_SIZE(handles), 0);
}

/* ---- afterwards ------------------------------------------------------- */

/* This is a thread of its own, so it can wait. It has no buffer for messages.
 * It does not use printf(), because printf()'s buffer is the other thread's. */
static void reaper(void)
{
	for (;;) {
		char text[96], how[40];
		int status = 0;
		long pid = linux_waitpid(-1, &status, 0);

		if (pid < 0) {
			struct linux_timespec second = { .seconds = 1 };

			linux_nanosleep(&second, NULL);
			continue;
		}
		status_text((uint32_t)status, how, sizeof(how));
		linux_write(1, text, (size_t)scnprintf(text, sizeof(text),
			    "init: task %ld has ended, %s\n", pid, how));
	}
}

static void start_reaper(void)
{
	uint32_t *stack = (uint32_t *)(reaper_stack + sizeof(reaper_stack));

	/* As after a call: above the return address ESP was 16-byte aligned. */
	pg_call(PG_THREAD_CREATE, 0, (long)reaper, (long)(stack - 1), 0, 0);
}

static void power_off(uint32_t how)
{
	pg_call(PG_POWER_OFF, PG_INIT_SYSTEM, (long)how, 0, 0, 0);
}

/* Returns: not at all; -EPERM: the caller may not do this. */
static long may_power_off(long received, uint32_t how)
{
	if ((received & BADGE_MAX) == INIT_OPERATOR)
		power_off(how);
	return -EPERM;
}

/*
 * Any program may have the edu device, because nothing depends on it. Then the
 * program has the only handle: the device stops when the program ends.
 */
static void give_device(const struct words *request)
{
	struct words answer = { { (uint32_t)-EPERM } };
	long device = -EPERM;

	if (request->w[1] == EDU_IDS)
		device = pg_call(PG_DEVICE_OPEN, PG_INIT_SYSTEM, EDU_IDS,
				 (long)request->w[2], 0, 0);
	answer.w[0] = device < 0 ? (uint32_t)device : 0;
	if (device > 0)
		ipc_attach_handle((uint32_t)device, 0);
	ipc_reply_msg(0, &answer);
	if (device > 0)
		handle_close((uint32_t)device);
}

static void serve(uint32_t endpoint)
{
	struct words words;
	long received = ipc_receive(endpoint, &words);

	while (received >= 0) {
		ipc_drop(received);
		if (words.w[0] == INIT_DEVICE) {
			give_device(&words);
			received = ipc_receive(endpoint, &words);
			continue;
		}
		words.w[0] = (uint32_t)(words.w[0] == INIT_POWER_OFF ?
			may_power_off(received, words.w[1]) : -ENOSYS);
		received = ipc_reply_receive(endpoint, &words);
	}
}

int main(int argc, char **argv, char **envp)
{
	long err = archive_open(&archive, PG_INIT_ARCHIVE);
	uint32_t endpoint;

	if (err < 0) {
		printf("init: no boot archive: error %ld\n", -err);
		return 1;
	}
	system_to_read = (uint32_t)handle_dup(PG_INIT_SYSTEM,
					      RIGHT_READ | RIGHT_DUP |
					      RIGHT_TRANSFER, 0);
	start_names();
	start_console();
	start_files();
	start_server("pager", make_name("pager"), 0, 0, 0);
	start_server("linux", make_name("linux"), 0, 0, 0);
	endpoint = make_name("init");
	init_to_end = client_of(endpoint, INIT_OPERATOR);
	start_reaper();
	if (start_shell(argc, argv) < 0)
		power_off(1);
	serve(endpoint);
	return 1;
}
