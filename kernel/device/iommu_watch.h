// SPDX-License-Identifier: MIT
/*
 * iommu_watch.h - blocked accesses are noticed though nobody asks
 */
#pragma once

/* Once at boot, after clock_init(). Without IOMMU there is nothing to watch. */
void iommu_watch_init(void);
