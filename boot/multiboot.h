// SPDX-License-Identifier: MIT
/*
 * multiboot.h - what a multiboot 1 loader hands over
 *
 * WHAT     The structures of the Multiboot Specification 0.6.96, as far as we
 *          read them. Nobody outside boot/ includes this file: the kernel
 *          knows boot_info.h only.
 *
 * PICTURE   the loader leaves EAX = magic, EBX = address of
 *
 *             struct multiboot_info --mmap_addr--> entry, entry, ...
 *                                   --mods_addr--> module, module, ...
 *                                   --cmdline----> text, ends with 0
 *
 *           all of it below 4 GiB, somewhere in memory that the map calls
 *           usable: it must be copied before the first allocation.
 */
#pragma once

#define MULTIBOOT_HEADER_MAGIC  0x1badb002
#define MULTIBOOT_LOADER_MAGIC  0x2badb002

#define MULTIBOOT_PAGE_ALIGN    0x1   /* header: modules on page boundaries */
#define MULTIBOOT_MEMORY_INFO   0x2   /* header: we want mem_* and the map  */

#ifndef __ASSEMBLER__
#include "boot/boot_info.h"

/* Bits of multiboot_info.flags: which fields the loader filled. */
#define MULTIBOOT_HAS_MEM       0x001u
#define MULTIBOOT_HAS_CMDLINE   0x004u
#define MULTIBOOT_HAS_MODULES   0x008u
#define MULTIBOOT_HAS_MMAP      0x040u
#define MULTIBOOT_HAS_LOADER    0x200u

struct multiboot_info {
	uint32_t flags;
	uint32_t mem_lower;      /* KiB from 0                             */
	uint32_t mem_upper;      /* KiB from 1 MiB to the first hole       */
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count;
	uint32_t mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length;    /* bytes                                  */
	uint32_t mmap_addr;
	uint32_t drives_length;
	uint32_t drives_addr;
	uint32_t config_table;
	uint32_t loader_name;
};

struct multiboot_module {
	uint32_t start, end;     /* end is exclusive                       */
	uint32_t args;           /* address of a text, or 0                */
	uint32_t reserved;
};

/* The next entry begins `size` bytes after the field `base`. */
struct multiboot_mmap_entry {
	uint32_t size;
	uint64_t base;
	uint64_t length;
	uint32_t type;
} __packed;

/*
 * Copy one entry of a memory map of `length` bytes at `mmap`, and advance
 * *offset to the next entry. A walk ends for every input: an entry whose size
 * is too small for its fields ends the map.
 *
 * Returns: false at the end of the map.
 */
bool multiboot_mmap_next(const void *mmap, uint32_t length, uint32_t *offset,
			 struct multiboot_mmap_entry *entry);

/*
 * Add one module. The module is dropped, with a warning, if it is empty, lies
 * outside RAM, overlaps the kernel or another module, or is one too many.
 * info->range must be complete before. args may be NULL.
 *
 * Returns: whether it was added.
 */
bool module_add(struct boot_info *info, phys_addr_t start, phys_addr_t end,
		const char *args);

/*
 * Fill `info` from the loader's structures: loader, command line, ranges,
 * modules. info->phys_bits, kernel_start and kernel_end must be set before.
 *
 * Returns: NULL, or why this machine cannot be booted.
 */
const char *multiboot_read(const struct multiboot_info *mb,
			   struct boot_info *info);
#endif
