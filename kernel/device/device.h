// SPDX-License-Identifier: MIT
/*
 * device.h - PCI devices whose drivers are programs
 *
 * WHAT     A program opens a device through the system handle and has from then
 *          on its registers, its interrupt, and memory that it reaches; all
 *          that goes when its last handle does.
 * SEE      kernel/uapi/pagoda.h DEVICE_*, DMA_*; docs/bus-addresses.md.
 */
#pragma once

#include "lib/compiler.h"

/* Once at boot, after ipc_init(): the types of objects. */
void user_device_init(void);

/* NULL, or the broken invariant of open.c. */
const char *user_device_check(void);
