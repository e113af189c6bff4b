// SPDX-License-Identifier: MIT
/*
 * iommu_watch.c - blocked accesses are noticed though nobody asks
 *
 * WHAT     Looks at the IOMMU's fault records at each tick, so that a driver's
 *          wrong address is in the log a hundredth of a second later.
 *
 * ALGORITHM  A unit can also send an interrupt, as a message to a local APIC,
 *          which not every machine of ours has on. A record is kept until it is
 *          taken, so nothing is lost by coming late but what does not fit.
 *
 * LOCKING  In the timer interrupt.
 * COST     A read of one register a tick and unit.
 * NOT HERE what a fault means (arch/i386/iommu/blocked.c).
 */
#include "kernel/device/iommu_watch.h"

#include <arch/iommu.h>

#include "kernel/sched/clock.h"

static struct timer watch;

static void look(struct timer *timer)
{
	iommu_poll();
	timer_arm(timer, clock_ns() + NS_PER_TICK / 2, look);
}

void iommu_watch_init(void)
{
	if (iommu_present())
		look(&watch);
}
