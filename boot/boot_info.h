// SPDX-License-Identifier: MIT
/*
 * boot_info.h - the hand-off from boot/ to the kernel
 *
 * WHAT     Everything that the kernel proper learns from the boot loader.
 *          boot/ fills a boot_info while paging is off. kernel_main() copies
 *          the parts that the kernel keeps. All addresses are physical.
 *
 * INVARIANTS of boot_info (boot_info_check() restates them)
 *          I1  range[0..nr_ranges) is sorted by start and disjoint; none is
 *              empty
 *          I2  no range reaches above the CPU's physical width
 *          I3  modules lie in RAM, outside the kernel, sorted, disjoint
 *          I4  cmdline ends with 0 and has no loader's path in front
 *          I5  the kernel lies in RAM, whatever the loader's map says
 */
#pragma once

#include <arch/addr.h>

#define BOOT_INFO_MAGIC    0x61676f64u   /* "doga" */
#define BOOT_RANGES_MAX    128
#define BOOT_MODULES_MAX   16
#define BOOT_CMDLINE_MAX   2048   /* as Linux on x86 */
#define BOOT_WARNINGS_MAX  512

/*      type            text as in Linux's e820 lines   stricter wins: down  */
#define BOOT_RANGE_TYPES(T)                                                   \
	T(BOOT_RAM,      "usable")                                            \
	T(BOOT_ACPI,     "ACPI data")                                         \
	T(BOOT_NVS,      "ACPI NVS")                                          \
	T(BOOT_RESERVED, "reserved")                                          \
	T(BOOT_BAD,      "unusable")

enum boot_range_type {
#define T(type, text) type,
	BOOT_RANGE_TYPES(T)
#undef T
	BOOT_NR_RANGE_TYPES
};

struct boot_range {
	phys_addr_t          start, end;   /* end is exclusive */
	enum boot_range_type type;
};

struct boot_module {
	phys_addr_t start, end;
	char        args[64];   /* cut when longer */
};

struct boot_info {
	uint32_t           magic;
	uint32_t           nr_ranges, nr_modules;
	uint32_t           phys_bits;
	struct boot_range  range[BOOT_RANGES_MAX];     /* I1, I2 */
	struct boot_module module[BOOT_MODULES_MAX];   /* I3     */
	phys_addr_t        kernel_start, kernel_end;   /* image, with boot/ */
	phys_addr_t        clipped;    /* bytes of RAM above the CPU's width */
	char               loader[64];
	char               cmdline[BOOT_CMDLINE_MAX];  /* I4     */
	char               warnings[BOOT_WARNINGS_MAX]; /* lines, odd input */
};

/* Append a line about odd input to info->warnings, if the line has room. */
void boot_warn(struct boot_info *info, const char *fmt, ...) __printf(2, 3);

/* Is all of [start, end) usable RAM? */
bool boot_range_is_ram(const struct boot_info *info, phys_addr_t start,
		       phys_addr_t end);

/* NULL when I1 to I5 hold. */
const char *boot_info_check(const struct boot_info *info);
