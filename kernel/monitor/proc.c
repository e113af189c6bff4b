// SPDX-License-Identifier: MIT
/*
 * proc.c - memory and tasks, in the formats of Linux's /proc
 *
 * WHAT     meminfo has the lines that Linux 6.1 prints on a 32-bit machine with
 *          highmem, in the same order: programs that read Linux's file can read
 *          this.
 *
 * TERMS    kB     1024 bytes, as in Linux
 *          0 kB   what we have not: swap, a page cache, huge pages
 *
 * LOCKING  None. Each figure is read by itself, so a sum may be off by what
 *          happens at the same time.
 * NOT HERE buddyinfo, zoneinfo, slabinfo, vmallocinfo: mm/ prints them.
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
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pcp.h"
#include "mm/page/zone.h"
#include "mm/slab/slab.h"

/* ---- meminfo --------------------------------------------------------- */

/* A line for each of the names, which have blanks between them. */
static void kb_lines(const char *names, uint64_t pages)
{
	while (*names) {
		const char *end = strchr(names, ' ');
		size_t len = end ? (size_t)(end - names) : strlen(names);

		say("%-16.*s%8llu kB\n", (int)len, names,
		    (unsigned long long)pages << (PAGE_SHIFT - 10));
		names += len + (end != NULL);
	}
}

/* All in pages. Index 1 is ZONE_HIGHMEM, 0 the other zones. */
struct sums {
	uint64_t managed[2], free[2];
	uint64_t available;             /* free, and above the watermarks     */
	uint64_t rss, locked, tables;   /* of all tasks                       */
};

static void add_task(struct task *task, void *arg)
{
	struct sums *sums = arg;

	if (!task->mm)
		return;
	sums->rss += task->mm->rss;
	sums->locked += task->mm->locked_vm;
	sums->tables += task->mm->tables.nr_tables;
}

static void add_zone(struct sums *sums, unsigned i)
{
	unsigned long there = zones[i].nr_free + pcp_pages(&zones[i]);
	unsigned long kept = zones[i].high +
			     zones[i].lowmem_reserve[ZONE_HIGHMEM];

	sums->managed[i == ZONE_HIGHMEM] += zones[i].managed;
	sums->free[i == ZONE_HIGHMEM] += there;
	sums->available += there > kept ? there - kept : 0;
}

static void print_system(const struct sums *sums)
{
	kb_lines("MemTotal:", sums->managed[0] + sums->managed[1]);
	kb_lines("MemFree:", sums->free[0] + sums->free[1]);
	kb_lines("MemAvailable:", sums->available);
	kb_lines("Buffers: Cached: SwapCached:", 0);
	kb_lines("Active:", sums->rss);
	kb_lines("Inactive:", 0);
	kb_lines("Active(anon):", sums->rss);
	kb_lines("Inactive(anon): Active(file): Inactive(file):", 0);
	kb_lines("Unevictable: Mlocked:", sums->locked);
	kb_lines("HighTotal:", sums->managed[1]);
	kb_lines("HighFree:", sums->free[1]);
	kb_lines("LowTotal:", sums->managed[0]);
	kb_lines("LowFree:", sums->free[0]);
	kb_lines("SwapTotal: SwapFree:", 0);
}

static void print_kernel(const struct sums *sums)
{
	kb_lines("Dirty: Writeback:", 0);
	kb_lines("AnonPages:", sums->rss);
	kb_lines("Mapped: Shmem: KReclaimable:", 0);
	kb_lines("Slab:", slab_nr_pages());
	kb_lines("SReclaimable:", 0);
	kb_lines("SUnreclaim:", slab_nr_pages());
	kb_lines("KernelStack:",
		 sched_nr_threads() * (KERNEL_STACK_SIZE / PAGE_SIZE));
	kb_lines("PageTables:", sums->tables + kpt_tables);
	kb_lines("SecPageTables: NFS_Unstable: Bounce: WritebackTmp:", 0);
	kb_lines("CommitLimit:", MIN(vm_commit_limit, nr_free_pages() +
				     vm_committed()));
	kb_lines("Committed_AS:", vm_committed());
	kb_lines("VmallocTotal:", (VMALLOC_END - vmalloc_start()) / PAGE_SIZE);
	kb_lines("VmallocUsed:", vmalloc_nr_pages());
	kb_lines("VmallocChunk: Percpu:", 0);
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
	say("HugePages_Total:   %5u\nHugePages_Free:    %5u\n", 0, 0);
	say("HugePages_Rsvd:    %5u\nHugePages_Surp:    %5u\n", 0, 0);
	kb_lines("Hugepagesize:", LARGE_PAGE_SIZE / PAGE_SIZE);
	kb_lines("Hugetlb:", 0);
	kb_lines("DirectMap4k:", small >> PAGE_SHIFT);
	kb_lines("DirectMap2M:", large >> PAGE_SHIFT);
}

void monitor_meminfo(void)
{
	struct sums sums = { .rss = 0 };

	task_for_each(add_task, &sums);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		add_zone(&sums, i);
	print_system(&sums);
	print_kernel(&sums);
	print_direct_map();
}

/* ---- maps, ps -------------------------------------------------------- */

int monitor_maps(char *const argv[])
{
	struct task *task;

	if (arg_task(argv[1] ? argv[1] : "1", &task))
		return -EINVAL;
	mm_maps_dump(task->mm);
	object_put(&task->object);
	return 0;
}

static void print_thread(const struct thread *thread, void *arg)
{
	static const char letters[] = {
		[THREAD_READY] = 'R', [THREAD_RUNNING] = 'R',
		[THREAD_BLOCKED] = 'S', [THREAD_DEAD] = 'X',
	};

	if (thread->task)
		return;
	say("%5u %5u %c %3u %7u %7u %7u %8u [%s]\n", thread->tid, 0,
	    letters[thread->state], thread->priority, 0, 0, 0,
	    (unsigned)div_u64(thread->ran_ns, 1000000), thread->name);
}

void monitor_ps(void)
{
	struct task *task;

	say("%5s %5s %c %3s %7s %7s %7s %8s %s\n", "PID", "PPID", 'S', "PRI",
	    "RSS kB", "VSZ kB", "KERN kB", "TIME ms", "NAME");
	sched_for_each(print_thread, NULL);
	for (uint32_t pid = 1; (task = task_find_next(pid)); ) {
		struct pg_task stats;

		task_get_stats(task, &stats);
		say("%5u %5u %c %3s %7u %7u %7u %8u %s\n", stats.pid,
		    stats.parent, stats.state, "-",
		    stats.rss_pages * (PAGE_SIZE / 1024),
		    stats.total_pages * (PAGE_SIZE / 1024), stats.kernel_kib,
		    (unsigned)div_u64(stats.ran_ns, 1000000), stats.name);
		pid = stats.pid + 1;
		object_put(&task->object);
	}
}

/* ---- check ----------------------------------------------------------- */

void monitor_check(void)
{
	unsigned i = 0, broken = 0;
	const struct laws *row;

	for (; (row = laws_row(i)); i++) {
		const char *law = laws_check(row);

		say("  %-11s %s\n", row->name, law ? law : "ok");
		broken += law != NULL;
	}
	say("%u of %u groups of invariants hold\n", i - broken, i);
}
