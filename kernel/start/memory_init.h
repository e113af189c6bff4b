// SPDX-License-Identifier: MIT
/*
 * memory_init.h - start memory management with what boot/ handed over
 *
 * WHAT     From the memory map to the last allocator. All of it runs once.
 */
#pragma once

#include "boot/boot_info.h"
#include "kernel/start/cmdline.h"

/* Print the memory map as Linux does: one line for each range. */
void memory_map_dump(const struct boot_info *boot);

/*
 * Start all of memory management: the early allocator, the size of lowmem, the
 * final page tables, zones, slabs, address spaces. Panics if RAM is too small.
 */
void memory_init(const struct boot_info *boot,
		 const struct kernel_options *options);

/* Give the memory of boot/ and of its boot_info to the zones. */
void memory_release_boot(const struct boot_info *boot);
