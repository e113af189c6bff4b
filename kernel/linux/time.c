// SPDX-License-Identifier: MIT
/*
 * time.c - clocks, sleeping, giving way
 *
 * WHAT     There is one clock, which starts at boot; every clock of Linux that
 *          tells the time reads it. The others tell how long a thread or a
 *          process has had the CPU.
 *
 * PICTURE    clock number  >= 0   clocks[]
 *                          < 0    ~pid << 3 | 4 (a thread) | kind 0, 1, 2
 *
 * ALGORITHM  CPU time is counted in ticks, by whom the tick finds running. A
 *          thread that asks for its own also gets the part of the tick that
 *          has passed: it runs, so the tick will be its own. Should it not,
 *          what was told once is told again until the ticks are ahead: no clock
 *          goes back. Ring 3's and the kernel's share are not told apart.
 *
 *          Signals do not exist yet, so a sleep always lasts.
 * NOT HERE exactness: kernel/sched/sleep.c.
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

#define TIMER_ABSTIME  1u

enum clock_kind {
	CLOCK_NONE,
	CLOCK_WALL,          /* tells the time, can be slept by               */
	CLOCK_LOOK,          /* tells the time only                           */
	CLOCK_ALARM,         /* of a machine's alarm clock, which is not here */
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

/* Of a number below 0: what it counts, and of whom. */
#define CPU_CLOCK_KIND(clock)    ((clock) & 3u)
#define CPU_CLOCK_KINDS          3u
#define CPU_CLOCK_SCHED          2u
#define CPU_CLOCK_OF_THREAD      4u
#define CPU_CLOCK_OWN_THREAD     (~0u << 3 | CPU_CLOCK_OF_THREAD)
#define IS_CLOCK_BY_FD(clock)    (((clock) & 7u) == 3)   /* there are none */
#define CPU_CLOCK_NUMBER(clock)  ((uint32_t)~((int32_t)(clock) >> 3))

struct timespec32 {
	int32_t  sec;
	int32_t  nsec;
};

struct timespec64 {
	int64_t  sec;
	int32_t  nsec, unused;
};

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

static long put_time32(uaddr_t addr, uint64_t ns)
{
	uint32_t nsec;
	struct timespec32 time = {
		.sec = (int32_t)div_u64_rem(ns, (uint32_t)NS_PER_SEC, &nsec),
	};

	time.nsec = (int32_t)nsec;
	return copy_to_user(addr, &time, sizeof(time));
}

static long put_time64(uaddr_t addr, uint64_t ns)
{
	uint32_t nsec;
	struct timespec64 time = {
		.sec = (int64_t)div_u64_rem(ns, (uint32_t)NS_PER_SEC, &nsec),
	};

	time.nsec = (int32_t)nsec;
	return copy_to_user(addr, &time, sizeof(time));
}

long linux_clock_gettime(struct trap_regs *regs)
{
	uint64_t ns;
	long err = clock_read(regs->ebx, &ns);

	return err ? err : put_time32(UADDR(regs->ecx), ns);
}

long linux_clock_gettime64(struct trap_regs *regs)
{
	uint64_t ns;
	long err = clock_read(regs->ebx, &ns);

	return err ? err : put_time64(UADDR(regs->ecx), ns);
}

/* Of CPU clocks, the two kinds that Linux counts in ticks say so. */
static long resolution(uint32_t clock, uint64_t *ns)
{
	uint64_t now;
	long err = clock_read(clock, &now);

	if (err)
		return err;
	if (!is_cpu_clock(clock))
		*ns = clocks[clock].resolution;
	else
		*ns = CPU_CLOCK_KIND(clock) == CPU_CLOCK_SCHED ? 1
							       : NS_PER_TICK;
	return 0;
}

long linux_clock_getres(struct trap_regs *regs)
{
	uint64_t ns;
	long err = resolution(regs->ebx, &ns);

	return err || !regs->ecx ? err : put_time32(UADDR(regs->ecx), ns);
}

long linux_clock_getres64(struct trap_regs *regs)
{
	uint64_t ns;
	long err = resolution(regs->ebx, &ns);

	return err || !regs->ecx ? err : put_time64(UADDR(regs->ecx), ns);
}

/* ---- sleeping ------------------------------------------------------------ */

/* What does not fit is for ever. */
static long to_ns(int64_t sec, int32_t nsec, uint64_t *ns)
{
	if (sec < 0 || (uint32_t)nsec >= NS_PER_SEC)
		return -EINVAL;
	*ns = UINT64_MAX;
	if ((uint64_t)sec < UINT32_MAX)
		*ns = (uint64_t)sec * NS_PER_SEC + (uint32_t)nsec;
	return 0;
}

static long get_time32(uaddr_t addr, uint64_t *ns)
{
	struct timespec32 time;

	if (copy_from_user(&time, addr, sizeof(time)))
		return -EFAULT;
	return to_ns(time.sec, time.nsec, ns);
}

static long get_time64(uaddr_t addr, uint64_t *ns)
{
	struct timespec64 time;

	if (copy_from_user(&time, addr, sizeof(time)))
		return -EFAULT;
	return to_ns(time.sec, time.nsec, ns);
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a < UINT64_MAX - b ? a + b : UINT64_MAX;
}

/*
 * Until a process has had that much of the CPU. It cannot get there sooner than
 * when it runs all the time: the sleep looks again then.
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

/* Can it be slept by? As Linux checks: the clock before the time. */
static long sleep_check(uint32_t clock)
{
	enum clock_kind kind = kind_of(clock);

	if (is_cpu_clock(clock) || kind == CLOCK_WALL || kind == CLOCK_PROCESS)
		return 0;
	if ((int32_t)clock >= 0 && kind == CLOCK_NONE)
		return -EINVAL;
	return -EOPNOTSUPP;
}

static bool is_own_thread(uint32_t clock)
{
	uint32_t number = CPU_CLOCK_NUMBER(clock);

	return clock & CPU_CLOCK_OF_THREAD &&
	       (!number || number == current_thread()->tid);
}

static long clock_sleep(uint32_t clock, uint32_t flags, uint64_t ns)
{
	bool absolute = flags & TIMER_ABSTIME;

	if (is_cpu_clock(clock) && is_own_thread(clock))
		return -EINVAL;
	if (is_cpu_clock(clock) || kind_of(clock) == CLOCK_PROCESS)
		return cpu_sleep(clock, ns, absolute);
	thread_sleep_until(absolute ? ns : plus(clock_ns(), ns));
	return 0;
}

long linux_nanosleep(struct trap_regs *regs)
{
	uint64_t ns;
	long err = get_time32(UADDR(regs->ebx), &ns);

	if (!err)
		thread_sleep_until(plus(clock_ns(), ns));
	return err;
}

long linux_clock_nanosleep(struct trap_regs *regs)
{
	uint64_t ns;
	long err = sleep_check(regs->ebx);

	if (!err)
		err = get_time32(UADDR(regs->edx), &ns);
	return err ? err : clock_sleep(regs->ebx, regs->ecx, ns);
}

long linux_clock_nanosleep64(struct trap_regs *regs)
{
	uint64_t ns;
	long err = sleep_check(regs->ebx);

	if (!err)
		err = get_time64(UADDR(regs->edx), &ns);
	return err ? err : clock_sleep(regs->ebx, regs->ecx, ns);
}

long linux_sched_yield(struct trap_regs *regs)
{
	thread_yield();
	return 0;
}
