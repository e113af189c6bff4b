// SPDX-License-Identifier: MIT
/*
 * handle.c - handles, tasks and memory by our own calls, from ring 3
 *
 * HANDLES  1: the system; 2: the boot archive.
 */
#include "tests/user/utest.h"
#include "user/lib/ipc.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux has no handles")

#define SYSTEM   PG_INIT_SYSTEM
#define ARCHIVE  PG_INIT_ARCHIVE

static long close(long handle)
{
	return handle_close((uint32_t)handle);
}

static long call1(unsigned number, long handle, const void *a)
{
	return pg_call(number, (uint32_t)handle, (long)a, 0, 0, 0);
}

UTEST(a_handle_is_good_until_it_is_closed)
{
	long handle;

	PAGODA_ONLY();
	handle = endpoint_create();
	EXPECT(handle > 0);
	EXPECT_EQ(close(handle), 0);
	EXPECT_EQ(close(handle), -EBADF);
}

UTEST(numbers_that_are_no_handles)
{
	PAGODA_ONLY();
	EXPECT_EQ(close(0), -EBADF);
	EXPECT_EQ(close(4095), -EBADF);
	EXPECT_EQ(close(65535), -EBADF);
}

UTEST(a_duplicate_has_no_more_rights_than_asked)
{
	long handle, send;

	PAGODA_ONLY();
	handle = endpoint_create();
	send = handle_dup((uint32_t)handle, RIGHT_SEND, 0);
	EXPECT(send > 0);
	EXPECT_EQ(handle_dup((uint32_t)send, RIGHT_SEND, 0), -EPERM);
	EXPECT_EQ(pg_call(PG_RECEIVE, (uint32_t)send, 0, 0, 0, 0), -EPERM);
	EXPECT_EQ(close(send), 0);
	EXPECT_EQ(close(handle), 0);
}

UTEST(a_duplicate_cannot_have_what_the_first_has_not)
{
	long handle, dup;

	PAGODA_ONLY();
	handle = endpoint_create();
	dup = handle_dup((uint32_t)handle, RIGHT_DUP | RIGHT_SEND, 0);
	EXPECT_EQ(handle_dup((uint32_t)dup, RIGHT_RECEIVE, 0), -EPERM);
	EXPECT_EQ(close(dup), 0);
	EXPECT_EQ(close(handle), 0);
}

UTEST(badges_are_minted_once)
{
	long handle, badged;

	PAGODA_ONLY();
	handle = endpoint_create();
	badged = handle_dup((uint32_t)handle, RIGHT_SEND | RIGHT_DUP, 77);
	EXPECT(badged > 0);
	EXPECT_EQ(handle_dup((uint32_t)badged, RIGHT_SEND, 78), -EPERM);
	EXPECT_EQ(handle_dup((uint32_t)handle, RIGHT_SEND, BADGE_MAX + 1),
		  -EINVAL);
	EXPECT_EQ(close(badged), 0);
	EXPECT_EQ(close(handle), 0);
}

UTEST(a_full_table_says_so_and_recovers)
{
	static long handles[4200];
	unsigned n = 0;

	PAGODA_ONLY();
	while (n < ARRAY_SIZE(handles)) {
		handles[n] = endpoint_create();
		if (handles[n] < 0)
			break;
		n++;
	}
	EXPECT_EQ(handles[n], -ENOSPC);
	EXPECT(n > 4000);
	while (n--)
		EXPECT_EQ(close(handles[n]), 0);
	handles[0] = endpoint_create();
	EXPECT(handles[0] > 0);
	EXPECT_EQ(close(handles[0]), 0);
}

static void use_inherited(long handle)
{
	linux_exit_group(close(handle) == 0);
}

UTEST(a_child_has_what_may_be_duplicated)
{
	long handle, fixed;

	PAGODA_ONLY();
	handle = endpoint_create();
	fixed = handle_dup((uint32_t)handle, RIGHT_SEND, 0);
	EXPECT_EQ(exit_of(use_inherited, handle), 1);
	EXPECT_EQ(exit_of(use_inherited, fixed), 0);
	EXPECT_EQ(close(fixed), 0);
	EXPECT_EQ(close(handle), 0);
}

UTEST(handles_of_another_kind_are_refused)
{
	long endpoint;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	endpoint = endpoint_create();
	EXPECT_EQ(call1(PG_MEMORY_SIZE, endpoint, NULL), -EINVAL);
	EXPECT_EQ(call1(PG_NOTIFICATION_SIGNAL, endpoint, NULL), -EINVAL);
	EXPECT_EQ(call1(PG_TASK_KILL, endpoint, NULL), -EINVAL);
	EXPECT_EQ(call1(PG_MEM_INFO, endpoint, endpoint_create), -EINVAL);
	EXPECT_EQ(pg_call(PG_SEND, ARCHIVE, 0, 0, 0, 0), -EINVAL);
	EXPECT_EQ(close(endpoint), 0);
}

/* ---- memory objects and the system --------------------------------------- */

UTEST(the_archive_can_be_read)
{
	char magic[8] = "";
	long size;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	size = call1(PG_MEMORY_SIZE, ARCHIVE, NULL);
	EXPECT(size > 100000);
	EXPECT_EQ(pg_call(PG_MEMORY_READ, ARCHIVE, 0, (long)magic, 6, 0), 6);
	EXPECT(!strcmp(magic, "070701"));
	EXPECT_EQ(pg_call(PG_MEMORY_READ, ARCHIVE, size - 2, (long)magic, 8,
			  0), 2);
	EXPECT_EQ(pg_call(PG_MEMORY_READ, ARCHIVE, size, (long)magic, 8, 0),
		  0);
	EXPECT_EQ(pg_call(PG_MEMORY_READ, ARCHIVE, 0, (long)KERNEL, 8, 0),
		  -EFAULT);
	EXPECT_EQ(pg_call(PG_MEMORY_READ, ARCHIVE, 0, (long)FREE_ADDR, 8, 0),
		  -EFAULT);
}

static void write_at(long addr)
{
	*(volatile char *)addr = 1;
}

UTEST(the_archive_can_be_mapped_and_not_written)
{
	char *p;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	p = (char *)call1(PG_MEMORY_MAP, ARCHIVE, NULL);
	EXPECT(!IS_ERROR(p));
	EXPECT(!strncmp(p, "070701", 6));
	EXPECT_EQ(signal_here(write_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(linux_mprotect((void *)((uint32_t)p & ~4095u), PAGE,
				 PROT_READ | PROT_WRITE) == 0 &&
		  signal_of(write_at, (long)p) == 0 &&
		  strncmp(p, "070701", 6), 0);
}

UTEST(the_system_tells_its_memory)
{
	struct pg_mem mem;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	EXPECT_EQ(call1(PG_MEM_INFO, SYSTEM, &mem), 0);
	EXPECT_EQ(mem.page_size, PAGE);
	EXPECT(mem.free_pages <= mem.total_pages);
	EXPECT_EQ(mem.lowmem_free_pages + mem.highmem_free_pages,
		  mem.free_pages);
	EXPECT_EQ(call1(PG_MEM_INFO, SYSTEM, KERNEL), -EFAULT);
}

UTEST(pages_that_are_written_are_missing_from_the_free_ones)
{
	struct pg_mem before, after;
	char *p;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	call1(PG_MEM_INFO, SYSTEM, &before);
	p = map_flags(256, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_POPULATE);
	call1(PG_MEM_INFO, SYSTEM, &after);
	EXPECT(before.free_pages - after.free_pages >= 256);
	EXPECT_EQ(linux_munmap(p, 256 * PAGE), 0);
	call1(PG_MEM_INFO, SYSTEM, &after);
	EXPECT(before.free_pages - after.free_pages + 64 < 128);
}

UTEST(the_system_tells_its_tasks)
{
	struct pg_task info;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	EXPECT_EQ(pg_call(PG_TASK_INFO, SYSTEM, 1, (long)&info, 0, 0), 0);
	EXPECT_EQ(info.pid, linux_getpid());
	EXPECT_EQ(info.nr_threads, 1);
	EXPECT(!info.zombie && info.rss_pages > 1);
	EXPECT(!strcmp(info.name, "tests/handle"));
	EXPECT_EQ(pg_call(PG_TASK_INFO, SYSTEM, 32767, (long)&info, 0, 0),
		  -ENOENT);
	EXPECT_EQ(pg_call(PG_TASK_INFO, SYSTEM, 1, (long)KERNEL, 0, 0),
		  -EFAULT);
}

UTEST(the_system_does_nothing_for_who_may_not)
{
	long weak;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	weak = handle_dup(SYSTEM, RIGHT_TRANSFER, 0);
	EXPECT_EQ(call1(PG_POWER_OFF, weak, NULL), -EPERM);
	EXPECT_EQ(call1(PG_MEM_INFO, weak, &weak), -EPERM);
	EXPECT_EQ(pg_call(PG_IO_PORTS_CREATE, (uint32_t)weak, 0x3f8, 8, 0, 0),
		  -EPERM);
	EXPECT_EQ(pg_call(PG_LOG_WRITE, (uint32_t)weak, (long)"x", 1, 0, 0),
		  -EPERM);
	EXPECT_EQ(close(weak), 0);
}

/* ---- tasks --------------------------------------------------------------- */

UTEST(an_empty_task_can_be_given_memory)
{
	uint32_t word = 0x12345678, back = 0;
	struct pg_area area;
	long task, addr;

	PAGODA_ONLY();
	task = call1(PG_TASK_CREATE, 0, "empty");
	EXPECT(task > 0);
	addr = pg_call(PG_VM_MAP, (uint32_t)task, 0x400000, PAGE,
		       PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		       MAP_FIXED);
	EXPECT_EQ(addr, 0x400000);
	EXPECT_EQ(pg_call(PG_TASK_WRITE, (uint32_t)task, addr + 8,
			  (long)&word, 4, 0), 0);
	EXPECT_EQ(pg_call(PG_TASK_READ, (uint32_t)task, addr + 8,
			  (long)&back, 4, 0), 0);
	EXPECT_EQ(back, word);
	EXPECT_EQ(pg_call(PG_TASK_READ, (uint32_t)task, addr + PAGE,
			  (long)&back, 4, 0), -EFAULT);
	EXPECT_EQ(pg_call(PG_TASK_READ, (uint32_t)task, (long)KERNEL,
			  (long)&back, 4, 0), -EFAULT);
	EXPECT_EQ(pg_call(PG_TASK_MAPS, (uint32_t)task, 0, (long)&area, 0, 0),
		  0);
	EXPECT_EQ(area.start, 0x400000);
	EXPECT_EQ(pg_call(PG_VM_UNMAP, (uint32_t)task, addr, PAGE, 0, 0), 0);
	EXPECT_EQ(pg_call(PG_TASK_READ, (uint32_t)task, addr, (long)&back, 4,
			  0), -EFAULT);
	EXPECT_EQ(close(task), 0);
}

UTEST(a_task_can_be_killed_by_its_handle)
{
	struct linux_timespec nap = { 1000, 0 };
	int status = 0;
	long pid, task;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	pid = utest_fork();
	if (!pid) {
		linux_nanosleep(&nap, NULL);
		linux_exit_group(1);
	}
	task = pg_call(PG_TASK_OPEN, SYSTEM, pid, 0, 0, 0);
	EXPECT(task > 0);
	EXPECT_EQ(pg_call(PG_TASK_KILL, (uint32_t)task, SIGKILL_NR, 0, 0, 0),
		  0);
	EXPECT_EQ(linux_waitpid((int)pid, &status, 0), pid);
	EXPECT_EQ(status, SIGKILL_NR);
	EXPECT_EQ(close(task), 0);
	EXPECT_EQ(pg_call(PG_TASK_OPEN, SYSTEM, pid, 0, 0, 0), -ESRCH);
}

UTEST(a_start_that_makes_no_sense_is_refused)
{
	struct task_start how = { .memory = ARCHIVE, .length = 100 };
	long task;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	task = call1(PG_TASK_CREATE, 0, "never");
	EXPECT_EQ(call1(PG_TASK_START, task, &how), -ENOEXEC);
	EXPECT_EQ(call1(PG_TASK_START, task, KERNEL), -EFAULT);
	EXPECT_EQ(call1(PG_TASK_START, task, FREE_ADDR), -EFAULT);
	how.offset = 0xfffffff0;
	EXPECT_EQ(call1(PG_TASK_START, task, &how), -EINVAL);
	how.memory = SYSTEM;
	EXPECT_EQ(call1(PG_TASK_START, task, &how), -EINVAL);
	how = (struct task_start){ .memory = ARCHIVE, .nr_handles = 1000 };
	EXPECT_EQ(call1(PG_TASK_START, task, &how), -E2BIG);
	EXPECT_EQ(call1(PG_TASK_CREATE, 0, KERNEL), -EFAULT);
	EXPECT_EQ(close(task), 0);
}

/* ---- threads ------------------------------------------------------------- */

static volatile uint32_t thread_ran;

static void __noreturn thread_main(void)
{
	thread_ran++;
	syscall0(PG_THREAD_EXIT);
	for (;;)
		;
}

UTEST(threads_share_their_memory)
{
	static char stacks[4][4096] __aligned(16);
	struct linux_timespec nap = { 0, 1000000 };

	PAGODA_ONLY();
	thread_ran = 0;
	for (unsigned i = 0; i < 4; i++)
		EXPECT(pg_call(PG_THREAD_CREATE, 0, (long)thread_main,
			       (long)(stacks[i] + sizeof(stacks[i])), 0, 0) >
		       0);
	for (unsigned i = 0; i < 100 && thread_ran < 4; i++)
		linux_nanosleep(&nap, NULL);
	EXPECT_EQ(thread_ran, 4);
}

static void thread_into_the_kernel(long eip)
{
	struct linux_timespec nap = { 1, 0 };

	pg_call(PG_THREAD_CREATE, 0, eip, 0, 0, 0);
	linux_nanosleep(&nap, NULL);
}

UTEST(a_thread_that_starts_nowhere_ends_its_task)
{
	PAGODA_ONLY();
	EXPECT_EQ(signal_of(thread_into_the_kernel, 0), SIGSEGV_NR);
	EXPECT_EQ(signal_of(thread_into_the_kernel, (long)0xc0100000),
		  SIGSEGV_NR);
}

UTEST(the_clock_has_sixty_four_bits)
{
	uint64_t before, after;
	struct linux_timespec nap = { 0, 20000000 };

	PAGODA_ONLY();
	before = clock_ns();
	linux_nanosleep(&nap, NULL);
	after = clock_ns();
	EXPECT(after - before >= 20000000);
	EXPECT(after - before < 2000000000u);
}

UTEST(page_info_tells_who_shares)
{
	struct pg_page page;
	char *p;

	PAGODA_ONLY();
	p = map_pages(1);
	EXPECT_EQ(pg_call(PG_PAGE_INFO, 0, (long)p, (long)&page, 0, 0), 0);
	EXPECT_EQ(page.present, 0);
	*p = 1;
	EXPECT_EQ(pg_call(PG_PAGE_INFO, 0, (long)p, (long)&page, 0, 0), 0);
	EXPECT(page.present && page.refs == 1 && page.frame);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}
