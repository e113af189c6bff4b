// SPDX-License-Identifier: MIT
/*
 * time.c - clocks, sleeping, giving way
 *
 * WHAT     There is one clock, which starts at boot. Every clock of Linux that
 *          tells the time reads it. The other clocks tell how long a thread or
 *          a process has had the CPU.
 *
 * PICTURE    clock number  >= 0   clocks[]
 *                          < 0    ~pid << 3 | 4 (a thread) | kind 0, 1, 2
 *
 * ALGORITHM  CPU time is counted in ticks: a tick counts for the thread that it
 *          finds running. A thread that asks for its own CPU time also gets the
 *          part of the tick that has passed: it runs, so the tick will be its
 *          own. If the tick finds another thread, the clock repeats its last
 *          answer until the ticks are ahead: no clock goes back. The clock does
 *          not separate time in ring 3 from time in the kernel.
 *
 *          There are no signals yet, so no sleep ends early.
 * NOT HERE how exact a sleep is: kernel/sched/sleep.c.
 * SEE      clock_gettime(2), clock_nanosleep(2), sched_yield(2); Linux
 *          kernel/time/posix-timers.c, posix-cpu-timers.c.
 */
#include <arch/irqflags.h>
#include <arch/uaccess.h>

#include "kernel/linux/linux_impl.h"
#include "kernel/sched/clock.h"
#include "kernel/task/task.h"
#include "lib/div64.h"
#include "lib/errno.h"

#define TIMER_ABSTIME     1u
#define CLOCK_CALLS_WIDE  403u   /* from clock_gettime64 on */

enum clock_kind {
	CLOCK_NONE,
	CLOCK_WALL,          /* tells the time, can be slept by               */
	CLOCK_LOOK,          /* tells the time only                           */
	CLOCK_ALARM,         /* of an alarm clock, which the kernel has not   */
	CLOCK_PROCESS,       /* CPU time                                      */
	CLOCK_THREAD,
};

static const struct {
	uint8_t  kind;       /* enum clock_kind */
	uint32_t resolution; /* ns              */
} clocks[] = {
	[0]  = { CLOCK_WALL,    1 },                 /* REALTIME         */
	[1]  = { CLOCK_WALL,    1 },                 /* MONOTONIC        */
	[2]  = { CLOCK_PROCESS, 1 },                 /* PROCESS_CPUTIME  */
	[3]  = { CLOCK_THREAD,  1 },                 /* THREAD_CPUTIME   */
	[4]  = { CLOCK_LOOK,    1 },                 /* MONOTONIC_RAW    */
	[5]  = { CLOCK_LOOK,    NS_PER_TICK },       /* REALTIME_COARSE  */
	[6]  = { CLOCK_LOOK,    NS_PER_TICK },       /* MONOTONIC_COARSE */
	[7]  = { CLOCK_WALL,    1 },                 /* BOOTTIME         */
	[8]  = { CLOCK_ALARM,   0 },                 /* REALTIME_ALARM   */
	[9]  = { CLOCK_ALARM,   0 },                 /* BOOTTIME_ALARM   */
	[11] = { CLOCK_WALL,    1 },                 /* TAI              */
};

/* The parts of a number below 0. */
#define CPU_CLOCK_KIND(clock)    ((clock) & 3u)
#define CPU_CLOCK_KINDS          3u
#define CPU_CLOCK_SCHED          2u
#define CPU_CLOCK_OF_THREAD      4u
#define CPU_CLOCK_OWN_THREAD     (~0u << 3 | CPU_CLOCK_OF_THREAD)
#define IS_CLOCK_BY_FD(clock)    (((clock) & 7u) == 3)   /* there are none */
#define CPU_CLOCK_NUMBER(clock)  ((uint32_t)~((int32_t)(clock) >> 3))

struct timespec32 {
	int32_t sec, nsec;
};

struct timespec64 {
	int64_t sec;
	int32_t nsec, unused;
};

/* Does the call have struct timespec64? */
static bool is_wide(const struct trap_regs *regs)
{
	return regs->eax >= CLOCK_CALLS_WIDE;
}

static enum clock_kind kind_of(uint32_t clock)
{
	return clock < ARRAY_SIZE(clocks) ? clocks[clock].kind : CLOCK_NONE;
}

static bool is_cpu_clock(uint32_t clock)
{
	return (int32_t)clock < 0 && !IS_CLOCK_BY_FD(clock);
}

/* ---- reading ------------------------------------------------------------- */

/* A clock of a pid that is a process's; `number` 0: the caller's. */
static long process_ns(uint32_t number, uint64_t *ns)
{
	struct task *task;

	if (!number || number == current_thread()->tid) {
		*ns = task_cpu_ns(current_task());
		return 0;
	}
	task = task_find(number);
	if (!task)
		return -EINVAL;
	*ns = task_cpu_ns(task);
	object_put(&task->object);
	return 0;
}

static long cpu_clock_read(uint32_t clock, uint64_t *ns)
{
	uint32_t number = CPU_CLOCK_NUMBER(clock);

	if (CPU_CLOCK_KIND(clock) >= CPU_CLOCK_KINDS)
		return -EINVAL;
	if (!(clock & CPU_CLOCK_OF_THREAD))
		return process_ns(number, ns);
	if (!number)
		number = current_thread()->tid;
	return task_thread_cpu_ns(current_task(), number, ns) ? 0 : -EINVAL;
}

/* Returns: 0 and the time; -EINVAL: no such clock. */
static long clock_read(uint32_t clock, uint64_t *ns)
{
	if (is_cpu_clock(clock))
		return cpu_clock_read(clock, ns);
	switch (kind_of(clock)) {
	case CLOCK_WALL:
	case CLOCK_LOOK:
		*ns = clock_ns();
		return 0;
	case CLOCK_PROCESS:
		return process_ns(0, ns);
	case CLOCK_THREAD:
		return cpu_clock_read(CPU_CLOCK_OWN_THREAD, ns);
	default:
		return -EINVAL;
	}
}

static long put_time(const struct trap_regs *regs, uint64_t ns)
{
	uint32_t nsec;
	uint64_t sec = div_u64_rem(ns, (uint32_t)NS_PER_SEC, &nsec);
	struct timespec32 narrow = { (int32_t)sec, (int32_t)nsec };
	struct timespec64 wide = { (int64_t)sec, (int32_t)nsec, 0 };

	if (is_wide(regs))
		return copy_to_user(UADDR(regs->ecx), &wide, sizeof(wide));
	return copy_to_user(UADDR(regs->ecx), &narrow, sizeof(narrow));
}

long linux_clock_gettime(struct trap_regs *regs)
{
	uint64_t ns;
	long err = clock_read(regs->ebx, &ns);

	return err ? err : put_time(regs, ns);
}

/* Of CPU clocks, the two kinds that Linux counts in ticks say so. */
long linux_clock_getres(struct trap_regs *regs)
{
	uint32_t clock = regs->ebx;
	uint64_t ns;
	long err = clock_read(clock, &ns);

	if (err || !regs->ecx)
		return err;
	if (!is_cpu_clock(clock))
		ns = clocks[clock].resolution;
	else
		ns = CPU_CLOCK_KIND(clock) == CPU_CLOCK_SCHED ? 1 : NS_PER_TICK;
	return put_time(regs, ns);
}

/* ---- sleeping ------------------------------------------------------------ */

/* A time that does not fit is for ever. */
static long get_time(const struct trap_regs *regs, uaddr_t addr, uint64_t *ns)
{
	struct timespec32 narrow;
	struct timespec64 wide;

	if (is_wide(regs)) {
		if (copy_from_user(&wide, addr, sizeof(wide)))
			return -EFAULT;
	} else {
		if (copy_from_user(&narrow, addr, sizeof(narrow)))
			return -EFAULT;
		wide = (struct timespec64){ narrow.sec, narrow.nsec, 0 };
	}
	if (wide.sec < 0 || (uint32_t)wide.nsec >= NS_PER_SEC)
		return -EINVAL;
	*ns = UINT64_MAX;
	if ((uint64_t)wide.sec < UINT32_MAX)
		*ns = (uint64_t)wide.sec * NS_PER_SEC + (uint32_t)wide.nsec;
	return 0;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a < UINT64_MAX - b ? a + b : UINT64_MAX;
}

/*
 * Sleep until a process has had that much of the CPU. That is not sooner than
 * if the process ran all the time: the sleep looks at the clock again then.
 */
static long cpu_sleep(uint32_t clock, uint64_t ns, bool absolute)
{
	uint64_t now, until;
	long err = clock_read(clock, &now);

	if (err)
		return err;
	until = absolute ? ns : plus(now, ns);
	while (now < until && !wait_killed()) {
		thread_sleep_ns(until - now);
		err = clock_read(clock, &now);
		if (err)
			return err;
	}
	return 0;
}

/* Can a thread sleep by this clock? As on Linux, before the time is checked. */
static long sleep_check(uint32_t clock)
{
	enum clock_kind kind = kind_of(clock);

	if (is_cpu_clock(clock) || kind == CLOCK_WALL || kind == CLOCK_PROCESS)
		return 0;
	if ((int32_t)clock >= 0 && kind == CLOCK_NONE)
		return -EINVAL;
	return -EOPNOTSUPP;
}

long linux_nanosleep(struct trap_regs *regs)
{
	uint64_t ns;
	long err = get_time(regs, UADDR(regs->ebx), &ns);

	if (!err)
		thread_sleep_until(plus(clock_ns(), ns));
	return err;
}

long linux_clock_nanosleep(struct trap_regs *regs)
{
	uint32_t clock = regs->ebx, number = CPU_CLOCK_NUMBER(clock);
	bool absolute = regs->ecx & TIMER_ABSTIME;
	uint64_t ns;
	long err = sleep_check(clock);

	if (!err)
		err = get_time(regs, UADDR(regs->edx), &ns);
	if (err)
		return err;
	/* A thread cannot sleep by its own CPU time. */
	if (is_cpu_clock(clock) && clock & CPU_CLOCK_OF_THREAD &&
	    (!number || number == current_thread()->tid))
		return -EINVAL;
	if (is_cpu_clock(clock) || kind_of(clock) == CLOCK_PROCESS)
		return cpu_sleep(clock, ns, absolute);
	thread_sleep_until(absolute ? ns : plus(clock_ns(), ns));
	return 0;
}

long linux_sched_yield(struct trap_regs *regs)
{
	thread_yield();
	return 0;
}
