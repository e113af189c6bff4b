// SPDX-License-Identifier: MIT
/*
 * memory_init.h - bring up memory management from what boot/ handed over
 *
 * WHAT     The order in which the memory model starts, from the memory map to
 *          the last allocator. Everything here runs once.
 */
#pragma once

#include "boot/boot_info.h"
#include "kernel/start/cmdline.h"

/* The map as Linux prints it: one line a range. */
void memory_map_dump(const struct boot_info *boot);

/*
 * Start all of memory management: early allocator, lowmem's size, final page
 * tables, zones, slabs, address space. Panics when there is not enough RAM.
 */
void memory_init(const struct boot_info *boot,
		 const struct kernel_options *options);

/* Give the memory of boot/ and of what it handed over to the zones. */
void memory_release_boot(const struct boot_info *boot);
