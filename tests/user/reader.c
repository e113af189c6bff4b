// SPDX-License-Identifier: MIT
/*
 * reader.c - programs read the console while others do other things
 *
 * USAGE    reader one|others|dead|three|parts; tests/emu/test_files.py types
 */
#include "lib/string.h"
#include "user/lib/linux.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"

#define CLONE_THREAD_FLAGS  0x00010f00   /* VM FS FILES SIGHAND THREAD */
#define LINE  200

static char line[LINE];

/* Waits until all others have had time to get into their calls. */
static void settle(void)
{
	struct linux_timespec nap = { 0, 100000000 };

	linux_nanosleep(&nap, NULL);
}

static void read_and_tell(const char *who)
{
	long n = linux_read(0, line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = '\0';
	printf("%s: %ld bytes: %s%s", who, n, line, n > 0 ? "" : "\n");
	flush();
}

static void wait_all(void)
{
	int status;

	while (linux_waitpid(-1, &status, 0) > 0)
		;
}

static long child_reads(const char *who)
{
	long child = linux_fork();

	if (!child) {
		read_and_tell(who);
		linux_exit_group(0);
	}
	return child;
}

static void others(void)
{
	unsigned good = 0;
	char c;

	child_reads("reader");
	settle();
	for (unsigned i = 0; i < 50; i++) {
		long fd = linux_open("welcome", 0);

		good += linux_read((int)fd, &c, 1) == 1;
		linux_close((int)fd);
	}
	printf("served %u calls meanwhile\n", good);
	flush();
	wait_all();
}

static void read_for_ever(void)
{
	for (;;)
		linux_read(0, line, sizeof(line));
}

/* A thread waits in a read; then its process ends. */
static void die_reading(void)
{
	static uint32_t stack[1024];
	long thread;

	__asm__ volatile("int $0x80\n\t"
			 "testl %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "call *%%esi\n"
			 "1:"
			 : "=a"(thread)
			 : "0"(LINUX_NR_clone), "b"(CLONE_THREAD_FLAGS),
			   "c"(stack + 1000), "d"(0), "S"(read_for_ever),
			   "D"(0)
			 : "memory", "cc");
	settle();
	linux_exit_group(0);
}

static void dead(void)
{
	if (!linux_fork())
		die_reading();
	wait_all();
	child_reads("reader");
	settle();
	printf("the reader has died\n");
	flush();
	wait_all();
}

static void three(void)
{
	static const char *const names[] = {
		"reader 0", "reader 1", "reader 2",
	};

	for (unsigned i = 0; i < 3; i++) {
		child_reads(names[i]);
		settle();
	}
	printf("three wait\n");
	flush();
	wait_all();
}

static void parts(void)
{
	char a[4] = "", b[8] = "";
	struct linux_iovec iov[] = { { a, 3 }, { NULL, 0 }, { b, 7 } };

	printf("in parts\n");
	flush();
	syscall3(LINUX_NR_readv, 0, (long)iov, 3);
	printf("parts: %s/%s/\n", a, b);
}

static void one(void)
{
	printf("one waits\n");
	flush();
	read_for_ever();
}

int main(int argc, char **argv, char **envp)
{
	static const struct {
		const char *name;
		void      (*run)(void);
	} ways[] = {
		{ "one", one }, { "others", others }, { "dead", dead },
		{ "three", three }, { "parts", parts },
	};

	for (unsigned i = 0; argc > 1 && i < ARRAY_SIZE(ways); i++)
		if (!strcmp(argv[1], ways[i].name))
			ways[i].run();
	return 0;
}
