// SPDX-License-Identifier: MIT
/*
 * memmap.c - from a firmware's memory map to one that can be trusted
 *
 * WHAT     Firmware and loaders give us bad maps. Entries overlap, are not
 *          sorted, are empty, or wrap around 2^64. Some lie where the CPU has
 *          no address lines; some call video memory RAM. This code turns them
 *          into sorted, disjoint ranges. If two entries disagree about an
 *          address, the stricter type wins.
 *
 * PICTURE  entries     RAM       [---------------------)
 *                      reserved          [-----)
 *                      RAM                        [------------)
 *                      ACPI                              [--)
 *
 *          edges       |         |       |     |  |    | |  |  |
 *
 *          ranges                [ RAM   )[rsvd)[ RAM    )[A )[)
 *
 * TERMS    edge      an address where some entry begins or ends
 *          stripe    the addresses between two neighbouring edges: an entry
 *                    covers a stripe completely or not at all
 *          stricter  the greater enum boot_range_type
 *          hole      addresses that no entry covers; they belong to no range
 *
 * INVARIANTS of memmap (of the result, as boot_info I1 and I2: its suite
 *          checks them)
 *          R2  640 KiB to 1 MiB is never RAM
 *          R3  ranges of equal type never touch
 * RULES of memmap
 *          R1  an address has the strictest type of the entries that cover it;
 *              if no entry covers the address, it is in no range
 *          R4  if there are more ranges than boot_info has room for, ranges are
 *              left out; no range is made larger. First the smallest ranges
 *              that are not RAM are left out, then the smallest RAM. The kernel
 *              sees holes there.
 *          R5  the memory of the kernel's image is RAM, also if R1 says
 *              something different, and is never left out: the image runs there
 *
 * ALGORITHM  Sort the edges. Give each stripe its type. Join neighbouring
 *          stripes of equal type. This makes R1 true without a further check.
 *          (To cut each pair of entries against each other would not.)
 *
 *          Ranges above the CPU's physical width are dropped. `clipped` counts
 *          the RAM that is dropped (QEMU's CPU qemu32 has 32 bits, but QEMU's
 *          map goes on above 4 GiB).
 *
 *          When there are too many entries, an entry of RAM is dropped. This
 *          only wastes the RAM. Without an entry for reserved memory, the
 *          kernel would use the memory of a device.
 *
 * COST     O(edges * entries), 1/8 of a million steps for 256 entries; a PC has
 *          about six.
 * NOT HERE where the entries come from (multiboot.c), page granularity (early
 *          allocator), modules, which lie in RAM; whether there is memory at
 *          all where the image lies (boot_main.c).
 * SEE      Linux arch/x86/kernel/e820.c, e820__update_table().
 */
#include "boot/memmap.h"

#include <arch/layout.h>

#include "lib/string.h"

/* The firmware's numbers: ACPI 6.4, table 15.4. */
static const enum boot_range_type firmware_type[] = {
	[0] = BOOT_RESERVED,
	[1] = BOOT_RAM,
	[2] = BOOT_RESERVED,
	[3] = BOOT_ACPI,
	[4] = BOOT_NVS,
	[5] = BOOT_BAD,
};

static uint64_t entry_size(const struct memmap_entry *e)
{
	return e->end - e->start;
}

static uint64_t range_size(const struct boot_range *r)
{
	return r->end.v - r->start.v;
}

/*
 * A place for one more entry in a full table: that of the smallest RAM, which
 * is dropped. NULL means that `add` is RAM and may be dropped, or that no RAM
 * is left, so a reservation has nothing to protect.
 */
static struct memmap_entry *make_room(struct memmap *map,
				      const struct memmap_entry *add)
{
	struct memmap_entry *least = NULL;

	for (unsigned i = 0; i < map->nr; i++) {
		struct memmap_entry *e = &map->entry[i];

		if (e->type == BOOT_RAM &&
		    (!least || entry_size(e) < entry_size(least)))
			least = e;
	}
	if (least && add->type == BOOT_RAM &&
	    entry_size(add) <= entry_size(least))
		return NULL;
	return least;
}

/* Sort the edges of all entries, of the image and of what the CPU reaches. */
static void edges_collect(struct memmap *map, const struct boot_info *info,
			  uint64_t limit)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < map->nr; i++) {
		map->edge[nr++] = map->entry[i].start;
		map->edge[nr++] = map->entry[i].end;
	}
	map->edge[nr++] = info->kernel_start.v;
	map->edge[nr++] = info->kernel_end.v;
	map->edge[nr++] = limit;
	map->nr_edges = nr;

	for (unsigned i = 1; i < nr; i++) {
		uint64_t edge = map->edge[i];
		unsigned j = i;

		for (; j > 0 && map->edge[j - 1] > edge; j--)
			map->edge[j] = map->edge[j - 1];
		map->edge[j] = edge;
	}
}

/*
 * The strictest type of the entries that cover a stripe, but the image is
 * always RAM (R5). Returns: false for a hole.
 */
static bool stripe_type(struct memmap *map, const struct boot_info *info,
			uint64_t start, uint64_t end,
			enum boot_range_type *type)
{
	bool covered = false;

	for (unsigned i = 0; i < map->nr; i++) {
		const struct memmap_entry *e = &map->entry[i];

		if (start < e->start || start >= e->end)
			continue;
		*type = covered ? MAX(*type, e->type) : e->type;
		covered = true;
	}
	if (start < info->kernel_start.v || start >= info->kernel_end.v)
		return covered;
	if (!covered || *type != BOOT_RAM)
		map->repaired += end - start;
	*type = BOOT_RAM;
	return true;
}

static bool has_image(const struct boot_info *info, const struct boot_range *r)
{
	return r->start.v < info->kernel_end.v &&
	       info->kernel_start.v < r->end.v;
}

/* Is `a` of less use to the kernel than `b`? */
static bool less_useful(const struct boot_info *info,
			const struct boot_range *a, const struct boot_range *b)
{
	if (has_image(info, a) != has_image(info, b))
		return has_image(info, b);
	if ((a->type == BOOT_RAM) != (b->type == BOOT_RAM))
		return a->type != BOOT_RAM;
	return range_size(a) < range_size(b);
}

/*
 * Append a range. When the table is full, the least useful range is left out
 * (R4). What lies above the limit is left out, and counted if it is RAM.
 */
static void range_emit(struct boot_info *info, const struct boot_range *add,
		       uint64_t limit)
{
	unsigned nr = info->nr_ranges, least = 0;

	if (add->start.v >= limit) {
		if (add->type == BOOT_RAM)
			info->clipped.v += range_size(add);
		return;
	}
	if (nr < BOOT_RANGES_MAX) {
		info->range[info->nr_ranges++] = *add;
		return;
	}
	for (unsigned i = 1; i < nr; i++)
		if (less_useful(info, &info->range[i], &info->range[least]))
			least = i;
	if (!less_useful(info, &info->range[least], add))
		return;
	memmove(&info->range[least], &info->range[least + 1],
		(nr - least - 1) * sizeof(info->range[0]));
	info->range[nr - 1] = *add;
}

/*
 * Walk the stripes in order; `open` is the range that still grows.
 *
 * Returns: the number of ranges, also of those for which there was no room.
 */
static unsigned sweep(struct memmap *map, struct boot_info *info,
		      uint64_t limit)
{
	struct boot_range open = { PHYS(0), PHYS(0), BOOT_RESERVED };
	enum boot_range_type type = BOOT_RESERVED;
	unsigned found = 0;

	for (unsigned i = 0; i + 1 < map->nr_edges; i++) {
		uint64_t start = map->edge[i], end = map->edge[i + 1];

		if (start == end ||
		    !stripe_type(map, info, start, end, &type))
			continue;
		if (range_size(&open) && open.end.v == start &&
		    open.type == type && start != limit) {
			open.end.v = end;
			continue;
		}
		if (range_size(&open))
			range_emit(info, &open, limit);
		open = (struct boot_range){ PHYS(start), PHYS(end), type };
		found += start < limit;
	}
	if (range_size(&open))
		range_emit(info, &open, limit);
	return found;
}

void memmap_init(struct memmap *map)
{
	map->nr = 1;
	map->entry[0] = (struct memmap_entry){
		ISA_HOLE_START, ISA_HOLE_END, BOOT_RESERVED
	};
}

void memmap_add(struct memmap *map, struct boot_info *info, uint64_t start,
		uint64_t length, uint32_t type)
{
	struct memmap_entry add = { start, start + length, BOOT_RESERVED };
	struct memmap_entry *place = &map->entry[map->nr];

	if (!length)
		return;
	if (type < ARRAY_SIZE(firmware_type))
		add.type = firmware_type[type];
	if (add.end < start) {
		boot_warn(info, "memory map: an entry at 0x%llx wraps",
			  (unsigned long long)start);
		if (add.type == BOOT_RAM)
			return;   /* a wrong length: trust nothing of it */
		add.end = UINT64_MAX;
	}
	if (map->nr == MEMMAP_ENTRIES_MAX) {
		place = make_room(map, &add);
		if (!place)
			return;
	} else if (++map->nr == MEMMAP_ENTRIES_MAX) {
		boot_warn(info, "memory map: %u entries or more, some RAM may "
			  "be left out", map->nr);
	}
	*place = add;
}

uint64_t memmap_sanitize(struct memmap *map, struct boot_info *info)
{
	uint64_t limit = 1ull << info->phys_bits, ram = 0;
	unsigned found;

	info->nr_ranges = 0;
	info->clipped = PHYS(0);
	map->repaired = 0;
	edges_collect(map, info, limit);
	found = sweep(map, info, limit);
	if (found > info->nr_ranges)
		boot_warn(info, "memory map: %u ranges, the smallest %u left "
			  "out", found, found - info->nr_ranges);
	for (unsigned i = 0; i < info->nr_ranges; i++)
		if (info->range[i].type == BOOT_RAM)
			ram += range_size(&info->range[i]);
	return ram - map->repaired;
}

uint32_t memmap_lowmem_end(const struct boot_info *info)
{
	uint32_t end = 0;

	for (unsigned i = 0; i < info->nr_ranges; i++) {
		const struct boot_range *r = &info->range[i];

		if (r->type == BOOT_RAM && r->start.v < LOWMEM_MAX)
			end = (uint32_t)MIN(r->end.v, (uint64_t)LOWMEM_MAX);
	}
	return end;
}
