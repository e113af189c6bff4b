// SPDX-License-Identifier: MIT
/*
 * machines.c (host suite) - boot on machines that are rare
 *
 * WHAT     Each test starts this program again, on another machine, with the
 *          suites that look at what boot has made of the memory.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/ktest.h"

SUITE(machines, NULL);

#define OPTIONS_MAX  4

/* Run these suites. Returns: the exit status. What they say goes to a file. */
static int run(const char *suites, const char *const options[OPTIONS_MAX],
	       int file)
{
	char *argv[OPTIONS_MAX + 3] = { (char *)"suites", (char *)suites };
	char *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	int status = -1, err;
	pid_t child;

	for (unsigned i = 0; i < OPTIONS_MAX && options[i]; i++)
		argv[i + 2] = (char *)options[i];
	posix_spawn_file_actions_init(&actions);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_adddup2(&actions, file, fd);
	err = posix_spawn(&child, "/proc/self/exe", &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	REQUIRE(!err);
	REQUIRE(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Do all tests of these suites pass? Nothing is shown. */
static bool pass_suites(const char *suites,
			const char *const options[OPTIONS_MAX])
{
	int null = open("/dev/null", O_WRONLY);
	int status = run(suites, options, null);

	close(null);
	return status == 0;
}

static bool pass_on(const char *const options[OPTIONS_MAX])
{
	return pass_suites("boot_log,high_tables,mem_map,upgtable,zone",
			   options);
}

/* Does this machine end its boot with a panic of these words? */
static bool panics_on(const char *const options[OPTIONS_MAX], const char *words)
{
	static char said[4096];
	int file = memfd_create("said", MFD_CLOEXEC);
	int status = run("zone", options, file);
	ssize_t size = pread(file, said, sizeof(said) - 1, 0);

	close(file);
	said[MAX(size, 0)] = '\0';
	return status > 0 && strstr(said, words);
}

KTEST(machines, mem_map_has_no_room_for_all_of_it)
{
	EXPECT(pass_on((const char *[OPTIONS_MAX]){
		"--mem=61G", "--hole=200M-217M", "--vmalloc=512M" }));
	EXPECT(pass_on((const char *[OPTIONS_MAX]){
		"--mem=8G", "--below-4g=64M" }));
}

/* The first has room for all 1983 blocks, the second for 1982. */
KTEST(machines, one_page_of_lowmem_decides_about_a_block_at_the_top)
{
	EXPECT(pass_on((const char *[OPTIONS_MAX]){
		"--mem=3900M", "--below-4g=64M", "--hole=65532K-64M" }));
	EXPECT(pass_on((const char *[OPTIONS_MAX]){
		"--mem=3900M", "--below-4g=64M", "--hole=65528K-64M" }));
}

/* Lowmem is 64 MiB with a hole: 524 KiB and 480 KiB are left. */
KTEST(machines, mem_map_has_room_for_lowmem_only)
{
	EXPECT(pass_suites("boot_log,zone",
			   (const char *[OPTIONS_MAX]){
		"--mem=8G", "--below-4g=64M", "--hole=0-640K",
		"--hole=2572K-65056K" }));
}

/* Lowmem is 64 MiB with a hole: two ranges of 512 KiB are left. */
KTEST(machines, mem_map_has_no_room_even_for_lowmem)
{
	EXPECT(panics_on((const char *[OPTIONS_MAX]){
		"--mem=8G", "--below-4g=64M", "--hole=0-640K",
		"--hole=2560K-65024K" },
		"no room in lowmem for mem_map"));
}

/* Nor does its RAM end with a block of 4 MiB, but one page behind it. */
KTEST(machines, there_is_no_highmem)
{
	EXPECT(pass_suites("boot_log,dumps,log_texts,page,pcp,watermark,zone",
			   (const char *[OPTIONS_MAX]){ "--mem=77828K" }));
}

KTEST(machines, lowmem_ends_before_dma_does)
{
	EXPECT(pass_suites("boot_log,zone", (const char *[OPTIONS_MAX]){
		"--mem=8M" }));
}

KTEST(machines, highmem_is_one_page)
{
	EXPECT(pass_suites("boot_log,dumps,log_texts,page,pcp,watermark",
			   (const char *[OPTIONS_MAX]){ "--mem=917508K" }));
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
