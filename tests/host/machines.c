// SPDX-License-Identifier: MIT
/*
 * machines.c (host suite) - boot on machines that are rare
 *
 * WHAT     Each test starts this program again, on another machine, with the
 *          suites that look at what boot has made of the memory.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/ktest.h"

SUITE(machines, NULL);

#define OPTIONS_MAX  3

/* Run the suites; true: all passed. Nothing is shown. */
static bool pass_on(const char *const options[OPTIONS_MAX])
{
	char *argv[OPTIONS_MAX + 3] = {
		(char *)"suites",
		(char *)"boot_log,high_tables,mem_map,upgtable,zone"
	};
	char *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	int status = -1, err;
	pid_t child;

	for (unsigned i = 0; i < OPTIONS_MAX && options[i]; i++)
		argv[i + 2] = (char *)options[i];
	posix_spawn_file_actions_init(&actions);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null",
						 O_WRONLY, 0);
	err = posix_spawn(&child, "/proc/self/exe", &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	REQUIRE(!err);
	REQUIRE(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

KTEST(machines, mem_map_has_no_room_for_all_of_it)
{
	EXPECT(pass_on((const char *[OPTIONS_MAX]){
		"--mem=61G", "--hole=200M-217M", "--vmalloc=512M" }));
	EXPECT(pass_on((const char *[OPTIONS_MAX]){
		"--mem=8G", "--below-4g=64M" }));
}

KTEST(machines, mem_map_has_just_enough_room)
{
	EXPECT(pass_on((const char *[OPTIONS_MAX]){
		"--mem=61G", "--hole=200M-217M", "--vmalloc=256M" }));
}

/* The first range of RAM is then the one with the kernel. */
KTEST(machines, there_is_no_ram_below_1_mib)
{
	EXPECT(pass_on((const char *[OPTIONS_MAX]){ "--hole=0-640K" }));
}

/* There are page tables above 2 GiB, and frames on both sides of 4 GiB. */
KTEST(machines, memory_reaches_above_4_gib)
{
	EXPECT(pass_on((const char *[OPTIONS_MAX]){ "--mem=5G" }));
}
