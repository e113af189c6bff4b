// SPDX-License-Identifier: MIT
/*
 * time.c - clocks, sleeping, giving way
 *
 * WHAT     There is one clock, which starts at boot; every clock of Linux reads
 *          it, but those of a thread's own CPU time. Signals do not exist yet,
 *          so a sleep always lasts.
 * SEE      clock_gettime(2), nanosleep(2), sched_yield(2).
 */
#include <arch/uaccess.h>

#include "kernel/linux/linux_impl.h"
#include "kernel/sched/clock.h"
#include "kernel/task/task.h"
#include "lib/div64.h"
#include "lib/errno.h"

/*      clock                     nr                                          */
enum linux_clock {
	CLOCK_REALTIME           = 0,
	CLOCK_MONOTONIC          = 1,
	CLOCK_PROCESS_CPUTIME_ID = 2,
	CLOCK_THREAD_CPUTIME_ID  = 3,
	CLOCK_BOOTTIME           = 7,
};

struct timespec32 {
	int32_t  sec;
	int32_t  nsec;
};

struct timespec64 {
	int64_t  sec;
	int32_t  nsec, unused;
};

static uint64_t process_ns(void)
{
	struct task_stats stats;

	task_get_stats(current_task(), &stats);
	return stats.ran_ns;
}

/* Returns: 0 and the time; -EINVAL: no such clock. */
static long clock_read(uint32_t clock, uint64_t *ns)
{
	if (clock == CLOCK_PROCESS_CPUTIME_ID)
		*ns = process_ns();
	else if (clock == CLOCK_THREAD_CPUTIME_ID)
		*ns = current_thread()->ran_ns;
	else if (clock <= CLOCK_BOOTTIME)
		*ns = clock_ns();
	else
		return -EINVAL;
	return 0;
}

long linux_clock_gettime(struct trap_regs *regs)
{
	struct timespec32 time;
	uint32_t nsec;
	uint64_t ns;
	long err = clock_read(regs->ebx, &ns);

	if (err)
		return err;
	time.sec = (int32_t)div_u64_rem(ns, (uint32_t)NS_PER_SEC, &nsec);
	time.nsec = (int32_t)nsec;
	return copy_to_user(UADDR(regs->ecx), &time, sizeof(time));
}

long linux_clock_gettime64(struct trap_regs *regs)
{
	struct timespec64 time = { 0 };
	uint32_t nsec;
	uint64_t ns;
	long err = clock_read(regs->ebx, &ns);

	if (err)
		return err;
	time.sec = (int64_t)div_u64_rem(ns, (uint32_t)NS_PER_SEC, &nsec);
	time.nsec = (int32_t)nsec;
	return copy_to_user(UADDR(regs->ecx), &time, sizeof(time));
}

long linux_nanosleep(struct trap_regs *regs)
{
	struct timespec32 time;

	if (copy_from_user(&time, UADDR(regs->ebx), sizeof(time)))
		return -EFAULT;
	if (time.sec < 0 || (uint32_t)time.nsec >= NS_PER_SEC)
		return -EINVAL;
	thread_sleep_ns((uint64_t)(uint32_t)time.sec * NS_PER_SEC +
			(uint32_t)time.nsec);
	return 0;
}

long linux_sched_yield(struct trap_regs *regs)
{
	thread_yield();
	return 0;
}
