// SPDX-License-Identifier: MIT
/*
 * look.c - files, tasks, memory
 *
 * WHAT     ls and cat ask the file server, names asks the name server. ps, free
 *          and maps ask the kernel, by the handle to the system that init gave
 *          to the shell.
 */
#include "lib/div64.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/files.h"
#include "user/lib/linux.h"
#include "user/lib/names.h"
#include "user/lib/stdio.h"
#include "user/lib/tasks.h"
#include "user/shell/shell.h"

#define PAGE_KIB  4u

static int failed(const char *what, long err)
{
	printf("%s: error %ld%s\n", what, -err,
	       err == -ENOENT ? ", no such thing" : "");
	return 1;
}

static int cat_one(const char *path)
{
	static char part[4096];
	struct file_info info;
	uint32_t offset = 0;
	long n = file_open(path, &info);

	if (n < 0)
		return failed(path, n);
	while ((n = file_read(info.number, offset, part, sizeof(part))) > 0) {
		for (long i = 0; i < n; i++)
			putchar(part[i]);
		offset += (uint32_t)n;
	}
	flush();
	return n < 0 ? failed(path, n) : 0;
}

/* Then print what the build has left out of the archive. */
int cmd_ls(int argc, char **argv)
{
	struct file_info *list;
	size_t length;
	struct file_info left_out;
	long n = file_list(&list, &length);

	if (n < 0)
		return failed("ls", n);
	for (long i = 0; i < n; i++)
		printf("%c%s %8u  %s\n",
		       (list[i].mode & MODE_TYPE) == MODE_FOLDER ? 'd' : '-',
		       list[i].mode & 0111 ? "r-x" : "r--", list[i].size,
		       list[i].name);
	pages_free(list, length);
	if (!file_open("left-out", &left_out))
		return cat_one("left-out");
	return 0;
}

int cmd_cat(int argc, char **argv)
{
	int err = 0;

	for (int i = 1; i < argc; i++)
		err |= cat_one(argv[i]);
	return err;
}

int cmd_ps(int argc, char **argv)
{
	struct pg_task task;
	uint32_t pid = 1;

	printf("  PID  PPID S THREADS HANDLES RSS(KiB) SIZE(KiB) KERNEL(KiB)  TIME(ms) NAME\n");
	for (; task_info(SHELL_SYSTEM, pid, &task) >= 0; pid = task.pid + 1)
		printf("%5u %5u %c %7u %7u %8u %9u %11u %9u %s\n", task.pid,
		       task.parent, (char)task.state, task.nr_threads,
		       task.nr_handles, task.rss_pages * PAGE_KIB,
		       task.total_pages * PAGE_KIB, task.kernel_kib,
		       (unsigned)div_u64(task.ran_ns, 1000000), task.name);
	return 0;
}

static void free_line(const char *what, uint32_t total, uint32_t unused)
{
	printf("%-10s %10u %10u %10u\n", what, total * PAGE_KIB,
	       (total - unused) * PAGE_KIB, unused * PAGE_KIB);
}

int cmd_free(int argc, char **argv)
{
	struct pg_mem mem;
	long err = pg_call(PG_MEM_INFO, SHELL_SYSTEM, (long)&mem, 0, 0, 0);

	if (err < 0)
		return failed("free", err);
	printf("KiB             total       used       free\n");
	free_line("memory", mem.total_pages, mem.free_pages);
	printf("%-10s %32u\n", "  lowmem", mem.lowmem_free_pages * PAGE_KIB);
	printf("%-10s %32u\n", "  highmem", mem.highmem_free_pages * PAGE_KIB);
	printf("kernel objects: %u\n", mem.nr_objects);
	return 0;
}

/* A line as in /proc/PID/maps; the numbers about a file are always 0. */
static void print_area(const struct pg_area *area)
{
	printf("%08x-%08x %c%c%c%c 00000000 00:00 0    %s\n", area->start,
	       area->end, area->prot & PROT_READ ? 'r' : '-',
	       area->prot & PROT_WRITE ? 'w' : '-',
	       area->prot & PROT_EXEC ? 'x' : '-',
	       area->flags & MAP_SHARED ? 's' : 'p', area->name);
}

int cmd_maps(int argc, char **argv)
{
	struct pg_area area = { .end = 0 };
	uint64_t pid = 0;
	long task = 0;

	if (argc > 1 && parse_u64(argv[1], &pid))
		return failed("maps: not a number", -EINVAL);
	if (pid)
		task = pg_call(PG_TASK_OPEN, SHELL_SYSTEM, (long)pid, 0, 0, 0);
	if (task < 0)
		return failed("maps", task);
	while (pg_call(PG_TASK_MAPS, (uint32_t)task, (long)area.end,
		       (long)&area, 0, 0) >= 0)
		print_area(&area);
	if (task)
		handle_close((uint32_t)task);
	return 0;
}

int cmd_names(int argc, char **argv)
{
	char name[WORDS_TEXT_MAX + 1];

	for (uint32_t i = 0; names_list(i, name) >= 0; i++)
		printf("%s\n", name);
	return 0;
}
