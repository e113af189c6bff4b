// SPDX-License-Identifier: MIT
/*
 * proc.c - memory and tasks, in the formats of Linux's /proc
 *
 * WHAT     Most of them are dumps of mm/ under the names that they have there;
 *          meminfo is put together here, line by line as Linux 6.1 prints it
 *          on a 32-bit machine with highmem, so that programs which read that
 *          can read this.
 *
 * TERMS    kB     1024 bytes, as in Linux
 *          0 kB   what we have not: swap, a page cache, huge pages
 *
 * LOCKING  Each figure is taken by itself: sums may be off by what happens
 *          meanwhile.
 * SEE      Linux fs/proc/meminfo.c meminfo_proc_show().
 */
#include <arch/fault_words.h>
#include <arch/kva.h>
#include <arch/pgtable_bits.h>
#include <arch/cr.h>

#include "kernel/monitor/monitor_impl.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"
#include "kernel/trial/laws.h"
#include "lib/div64.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pcp.h"
#include "mm/page/zone.h"
#include "mm/slab/slab.h"

/* ---- meminfo --------------------------------------------------------- */

static void kb_line(const char *name, uint64_t pages)
{
	say("%-16s%8llu kB\n", name,
	    (unsigned long long)pages << (PAGE_SHIFT - 10));
}

/* What user mode has, over all tasks, in pages. */
struct user_sums {
	uint64_t rss, locked, tables;
};

static void add_task(struct task *task, void *arg)
{
	struct user_sums *sums = arg;

	if (!task->mm)
		return;
	sums->rss += task->mm->rss;
	sums->locked += task->mm->locked_vm;
	sums->tables += task->mm->tables.nr_tables;
}

static unsigned long zone_managed(bool highmem)
{
	unsigned long pages = 0;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		pages += (i == ZONE_HIGHMEM) == highmem ? zones[i].managed : 0;
	return pages;
}

static unsigned long zone_free(bool highmem)
{
	unsigned long pages = 0;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		if ((i == ZONE_HIGHMEM) == highmem)
			pages += zones[i].nr_free + pcp_pages(&zones[i]);
	}
	return pages;
}

/* Free pages that an ordinary request may have: above the watermarks. */
static unsigned long available(void)
{
	unsigned long pages = 0;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		unsigned long there = zones[i].nr_free + pcp_pages(&zones[i]);
		unsigned long kept = zones[i].high +
				     zones[i].lowmem_reserve[ZONE_HIGHMEM];

		pages += there > kept ? there - kept : 0;
	}
	return pages;
}

static void print_system(const struct user_sums *user)
{
	kb_line("MemTotal:", zone_managed(false) + zone_managed(true));
	kb_line("MemFree:", zone_free(false) + zone_free(true));
	kb_line("MemAvailable:", available());
	kb_line("Buffers:", 0);
	kb_line("Cached:", 0);
	kb_line("SwapCached:", 0);
	kb_line("Active:", user->rss);
	kb_line("Inactive:", 0);
	kb_line("Active(anon):", user->rss);
	kb_line("Inactive(anon):", 0);
	kb_line("Active(file):", 0);
	kb_line("Inactive(file):", 0);
	kb_line("Unevictable:", user->locked);
	kb_line("Mlocked:", user->locked);
	kb_line("HighTotal:", zone_managed(true));
	kb_line("HighFree:", zone_free(true));
	kb_line("LowTotal:", zone_managed(false));
	kb_line("LowFree:", zone_free(false));
	kb_line("SwapTotal:", 0);
	kb_line("SwapFree:", 0);
}

static void print_kernel(const struct user_sums *user)
{
	kb_line("Dirty:", 0);
	kb_line("Writeback:", 0);
	kb_line("AnonPages:", user->rss);
	kb_line("Mapped:", 0);
	kb_line("Shmem:", 0);
	kb_line("KReclaimable:", 0);
	kb_line("Slab:", slab_nr_pages());
	kb_line("SReclaimable:", 0);
	kb_line("SUnreclaim:", slab_nr_pages());
	kb_line("KernelStack:",
		sched_nr_threads() * (KERNEL_STACK_SIZE / PAGE_SIZE));
	kb_line("PageTables:", user->tables + kpt_tables);
	kb_line("SecPageTables:", 0);
	kb_line("NFS_Unstable:", 0);
	kb_line("Bounce:", 0);
	kb_line("WritebackTmp:", 0);
	kb_line("CommitLimit:", MIN(vm_commit_limit, nr_free_pages() +
				    vm_committed()));
	kb_line("Committed_AS:", vm_committed());
	kb_line("VmallocTotal:",
		(VMALLOC_END - vmalloc_start()) / PAGE_SIZE);
	kb_line("VmallocUsed:", vmalloc_nr_pages());
	kb_line("VmallocChunk:", 0);
	kb_line("Percpu:", 0);
}

/* Lowmem by the size of its pages: 2 MiB where one entry maps them. */
static void print_direct_map(void)
{
	uint64_t small = 0, large = 0;

	for (kva_t va = PAGE_OFFSET; va < high_memory;
	     va += LARGE_PAGE_SIZE) {
		struct fault_walk walk;

		fault_walk(read_cr3(), va, &walk);
		if (walk.levels == FAULT_NR_LEVELS)
			small += MIN(LARGE_PAGE_SIZE, high_memory - va);
		else
			large += LARGE_PAGE_SIZE;
	}
	say("HugePages_Total:   %5u\n", 0);
	say("HugePages_Free:    %5u\n", 0);
	say("HugePages_Rsvd:    %5u\n", 0);
	say("HugePages_Surp:    %5u\n", 0);
	kb_line("Hugepagesize:", LARGE_PAGE_SIZE / PAGE_SIZE);
	kb_line("Hugetlb:", 0);
	kb_line("DirectMap4k:", small >> PAGE_SHIFT);
	kb_line("DirectMap2M:", large >> PAGE_SHIFT);
}

int monitor_meminfo(unsigned argc, char *const argv[])
{
	struct user_sums user = { 0, 0, 0 };

	task_for_each(add_task, &user);
	print_system(&user);
	print_kernel(&user);
	print_direct_map();
	return 0;
}

/* ---- dumps of mm/ ---------------------------------------------------- */

int monitor_buddyinfo(unsigned argc, char *const argv[])
{
	buddyinfo_dump();
	return 0;
}

int monitor_zoneinfo(unsigned argc, char *const argv[])
{
	zoneinfo_dump();
	return 0;
}

int monitor_slabinfo(unsigned argc, char *const argv[])
{
	slabinfo_dump();
	return 0;
}

int monitor_vmallocinfo(unsigned argc, char *const argv[])
{
	vmallocinfo_dump();
	return 0;
}

int monitor_maps(unsigned argc, char *const argv[])
{
	struct task *task;

	if (arg_task(argc > 1 ? argv[1] : "1", &task))
		return -EINVAL;
	mm_maps_dump(task->mm);
	object_put(&task->object);
	return 0;
}

/* ---- ps -------------------------------------------------------------- */

static void print_thread(const struct thread *thread, void *arg)
{
	static const char letters[] = {
		[THREAD_READY] = 'R', [THREAD_RUNNING] = 'R',
		[THREAD_BLOCKED] = 'S', [THREAD_DEAD] = 'X',
	};
	unsigned ms = (unsigned)div_u64(thread->ran_ns, 1000000);

	if (thread->task)
		return;
	say("%5u %5u %c %3u %7u %7u %7u %8u [%s]\n", thread->tid, 0,
	    letters[thread->state], thread->priority, 0, 0, 0, ms,
	    thread->name);
}

static void print_task(const struct pg_task *stats)
{
	say("%5u %5u %c %3s %7u %7u %7u %8u %s\n", stats->pid, stats->parent,
	    stats->state, "-", stats->rss_pages * (PAGE_SIZE / 1024),
	    stats->total_pages * (PAGE_SIZE / 1024), stats->kernel_kib,
	    (unsigned)div_u64(stats->ran_ns, 1000000), stats->name);
}

int monitor_ps(unsigned argc, char *const argv[])
{
	struct task *task;

	say("%5s %5s %c %3s %7s %7s %7s %8s %s\n", "PID", "PPID", 'S', "PRI",
	    "RSS kB", "VSZ kB", "KERN kB", "TIME ms", "NAME");
	sched_for_each(print_thread, NULL);
	for (uint32_t pid = 1; (task = task_find_next(pid)); ) {
		struct pg_task stats;

		task_get_stats(task, &stats);
		print_task(&stats);
		pid = stats.pid + 1;
		object_put(&task->object);
	}
	return 0;
}

/* ---- check ----------------------------------------------------------- */

int monitor_check(unsigned argc, char *const argv[])
{
	unsigned i = 0, broken = 0;
	const struct laws *row;

	for (; (row = laws_row(i)); i++) {
		const char *law = laws_check(row);

		say("  %-11s %s\n", row->name, law ? law : "ok");
		broken += law != NULL;
	}
	say("%u of %u groups of invariants hold\n", i - broken, i);
	return 0;
}
