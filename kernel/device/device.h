// SPDX-License-Identifier: MIT
/*
 * device.h - PCI devices whose drivers are programs
 *
 * WHAT     A program opens a device through the system handle. Then it has the
 *          registers and the interrupt of the device, and memory that the
 *          device reaches. When the last handle goes, all of this goes.
 * SEE      kernel/uapi/pagoda.h DEVICE_*, DMA_*; docs/bus-addresses.md.
 */
#pragma once

#include "lib/compiler.h"

/* Once at boot, after ipc_init(): the types of objects. */
void user_device_init(void);

/* NULL, or the broken invariant of open.c. */
const char *user_device_check(void);

/*
 * Look for blocked accesses at each tick (iommu_watch.c). Once at boot, after
 * clock_init(). Without an IOMMU there is nothing to watch.
 */
void iommu_watch_init(void);
