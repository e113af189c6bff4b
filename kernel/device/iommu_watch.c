// SPDX-License-Identifier: MIT
/*
 * iommu_watch.c - blocked accesses are noticed without a question
 *
 * WHAT     Looks at the IOMMU's fault records at each tick. So a wrong address
 *          of a driver is in the log a hundredth of a second later.
 *
 * ALGORITHM  A unit can also send an interrupt, as a message to a local APIC.
 *          But not each of our machines has its local APIC on. A unit keeps a
 *          record until we take it. So a late look loses only the faults for
 *          which the unit has no room.
 *
 * LOCKING  In the timer interrupt.
 * COST     A read of one register for each unit and tick.
 * NOT HERE what a fault means (arch/i386/iommu/blocked.c).
 */
#include <arch/iommu.h>

#include "kernel/device/device.h"
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
