// SPDX-License-Identifier: MIT
/*
 * memmap.h - from a firmware's memory map to one that can be trusted
 *
 * WHAT     memmap_add() collects entries, in any order, also wrong ones.
 *          memmap_sanitize() makes the ranges of a boot_info of them; I1 and
 *          I2 hold for these ranges.
 *
 *            struct memmap map;
 *
 *            memmap_init(&map);
 *            memmap_add(&map, info, 0x100000, 0x7f00000, 1);
 *            ...
 *            memmap_sanitize(&map, info);
 */
#pragma once

#include "boot/boot_info.h"

#define MEMMAP_ENTRIES_MAX  256
#define MEMMAP_EDGES_MAX    (2 * MEMMAP_ENTRIES_MAX + 3)

struct memmap_entry {
	uint64_t             start, end;   /* start < end */
	enum boot_range_type type;
};

/* Too big for a stack: 10 KiB. */
struct memmap {
	unsigned            nr;
	struct memmap_entry entry[MEMMAP_ENTRIES_MAX];
	unsigned            nr_edges;                 /* scratch of the sweep */
	uint64_t            edge[MEMMAP_EDGES_MAX];
	uint64_t            repaired;   /* bytes: R5 of memmap.c */
};

/* The map has one entry afterwards: 640 KiB to 1 MiB is never RAM. */
void memmap_init(struct memmap *map);

/*
 * Add one entry as the firmware gave it; `type` is the firmware's number
 * (1 RAM, 2 reserved, 3 ACPI, 4 NVS, 5 bad, anything else: reserved).
 */
void memmap_add(struct memmap *map, struct boot_info *info, uint64_t start,
		uint64_t length, uint32_t type);

/*
 * Fill info->range, nr_ranges and clipped, and map->repaired. info->phys_bits
 * and the kernel's addresses must be set before.
 *
 * Returns: the bytes of RAM in the map, without the repaired bytes.
 */
uint64_t memmap_sanitize(struct memmap *map, struct boot_info *info);

/* First address after the RAM that has a place in the direct map. */
uint32_t memmap_lowmem_end(const struct boot_info *info);
