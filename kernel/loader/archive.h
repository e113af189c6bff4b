// SPDX-License-Identifier: MIT
/*
 * archive.h - the boot archive in memory
 *
 * WHAT     Finds the archive among the multiboot modules and gives an address
 *          to its bytes, which stay where the boot loader put them.
 */
#pragma once

#include "boot/boot_info.h"
#include "kernel/loader/cpio.h"

/* Once at boot, after memory_init(). Says in the log what it has found. */
void archive_init(const struct boot_info *boot);

/* The whole archive, page-aligned; NULL and size 0: there is none. */
const void *archive_data(uint32_t *size);

/* A regular file by name. Returns: false: no such file, or no archive. */
bool archive_find(const char *name, struct cpio_file *file);
