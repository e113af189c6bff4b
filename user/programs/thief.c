// SPDX-License-Identifier: MIT
/*
 * thief.c - tries to take what is not its own, and to make servers wait
 *
 * WHAT     An ordinary program asks for the names of servers, the boot archive,
 *          a server's priority, I/O ports, the machine's power, and the choice
 *          of the task that ^C kills. It also makes calls of Linux with memory
 *          that its pager, the program itself, never gives. It counts what is
 *          refused: all must be refused.
 * USAGE    thief          all of this
 *          thief console  only the task that ^C kills; then it waits for ^C
 *          thief read     leaves many children that read the console
 *          thief write    leaves many children that write to the console
 * SEE      badclient.c, which sends random messages.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/console.h"
#include "user/lib/files.h"
#include "user/lib/linux.h"
#include "user/lib/names.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"
#include "user/lib/tasks.h"

#define PAGE             4096u
#define PRIORITY_SERVER  16
#define COM1             0x3f8
#define HANDLES_MAX      16u
#define CROWD            100u

static unsigned tried, refused;

static void expect(const char *what, long result, long error)
{
	tried++;
	refused += result == error;
	if (result != error)
		printf("thief: %s: %ld\n", what, result);
}

static void take_names(void)
{
	static const char *const servers[] = {
		"console", "files", "pager", "linux", "init",
	};
	uint32_t endpoint = (uint32_t)endpoint_create();

	for (unsigned i = 0; i < ARRAY_SIZE(servers); i++)
		expect(servers[i], names_register(servers[i], endpoint),
		       -EEXIST);
	handle_close(endpoint);
}

static void take_archive(void)
{
	uint32_t memory = 0, offset, size;

	files_connect();
	expect("archive", file_image("hello", &memory, &offset, &size),
	       -EPERM);
	expect("memory object", memory, 0);
}

static void take_priority(void)
{
	const char *const argv[] = { "thief", NULL };
	const struct program program = {
		.argv = argv, .priority = PRIORITY_SERVER,
	};

	expect("priority", program_start_task(&program), -EPERM);
}

static void take_power(void)
{
	struct words words = { { INIT_POWER_OFF } };
	long init = names_lookup("init");

	expect("init", ipc_call((uint32_t)init, &words), 0);
	expect("power off", (int32_t)words.w[0], -EPERM);
	handle_close((uint32_t)init);
}

/* Ask that ^C kills no task, then that it kills another task. */
static void take_foreground(void)
{
	long other = pg_call(PG_TASK_CREATE, 0, (long)"other", 0, 0, 0);

	expect("foreground", console_foreground(0), -EPERM);
	expect("foreground of another", console_foreground((uint32_t)other),
	       -EPERM);
	handle_close((uint32_t)other);
}

/* Try each handle of this program: none is the system. */
static void take_ports(void)
{
	for (uint32_t handle = 1; handle < HANDLES_MAX; handle++) {
		long ports = pg_call(PG_IO_PORTS_CREATE, handle, COM1, 8, 0,
				     0);

		expect("ports", ports == -EBADF ? -EINVAL : ports, -EINVAL);
	}
}

/* For each of these calls the personality server reads or writes `page`. */
static void keep_waiting(void)
{
	char *page = pages_alloc(PAGE);
	uint32_t pager = (uint32_t)endpoint_create();
	struct linux_iovec part = { page, 1 };
	int folder = (int)linux_open("/", O_RDONLY | O_DIRECTORY);

	expect("pager", pg_call(PG_VM_SET_PAGER, 0, (long)page, PAGE,
				pager, 0), 0);
	expect("write", linux_write(1, page, 1), -EFAULT);
	expect("writev", linux_writev(1, &part, 1), -EFAULT);
	expect("writev's list", linux_writev(1, (void *)page, 1), -EFAULT);
	expect("open", linux_open(page, O_RDONLY), -EFAULT);
	expect("stat64's path", syscall2(LINUX_NR_stat64, (long)page,
					 (long)&part), -EFAULT);
	expect("stat64", syscall2(LINUX_NR_stat64, (long)"/", (long)page),
	       -EFAULT);
	expect("fstat64", syscall2(LINUX_NR_fstat64, folder, (long)page),
	       -EFAULT);
	expect("getdents64", syscall3(LINUX_NR_getdents64, folder,
				      (long)page, PAGE), -EFAULT);
	expect("getcwd", syscall2(LINUX_NR_getcwd, (long)page, PAGE),
	       -EFAULT);
	pages_free(page, PAGE);
	handle_close(pager);
	linux_close(folder);
}

/* ^C ends this. */
static void wait_for_the_end(void)
{
	flush();
	for (;;)
		linux_sched_yield();
}

/* What each child of `thief read` does, without an end. */
static void read_lines(void)
{
	char byte;

	while (console_read(&byte, 1) >= 0)
		;
}

/* What each child of `thief write` does; the console may be slow. */
static void write_lines(void)
{
	static const char line[] = "12345678901234567\n";

	for (int i = 0; i < 20; i++)
		console_write(line, sizeof(line) - 1);
}

/* The children go on when this program has ended. */
static void crowd(void (*child)(void))
{
	for (int i = 0; i < (int)CROWD; i++) {
		if (linux_fork())
			continue;
		ipc_init();
		child();
		linux_exit_group(0);
	}
	printf("thief: there are %u\n", CROWD);
}

int main(int argc, char **argv, char **envp)
{
	console_connect();
	if (argc > 1 && !strcmp(argv[1], "read")) {
		crowd(read_lines);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "write")) {
		crowd(write_lines);
		return 0;
	}
	if (argc > 1) {
		take_foreground();
		printf("thief: %u of %u as it should be\n", refused, tried);
		wait_for_the_end();
	}
	take_foreground();
	take_names();
	take_archive();
	take_priority();
	take_ports();
	take_power();
	keep_waiting();
	printf("thief: %u of %u as it should be\n", refused, tried);
	return refused != tried;
}
