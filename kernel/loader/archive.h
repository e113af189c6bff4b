// SPDX-License-Identifier: MIT
/*
 * archive.h - the boot archive in memory
 *
 * WHAT     Finds the archive among the multiboot modules. The bytes stay where
 *          the boot loader put them, and get a kernel address.
 */
#pragma once

#include "boot/boot_info.h"
#include "kernel/loader/cpio.h"

/* Called once, at boot, after memory_init(). Writes the result into the log. */
void archive_init(const struct boot_info *boot);

/* The whole archive, page-aligned. NULL and size 0: there is no archive. */
const void *archive_data(uint32_t *size);

/* Find a regular file. Returns: false: no such file, or no archive. */
bool archive_find(const char *name, struct cpio_file *file);
