// SPDX-License-Identifier: MIT
/*
 * memmap.c - tests of boot/memmap.c: hostile maps and what becomes of them
 *
 * WHAT     A table of maps like those of firmware and loaders, each with the
 *          ranges that must come out. Then the cases that need more entries
 *          than a table has room for. Then random maps, compared with a model
 *          that asks every entry about every page.
 *
 *          To add a case, add a row: name, physical width, RAM above it,
 *          entries, ranges.
 * SEE      boot/memmap.c, R1 to R5; boot/boot_info.h, I1, I2 and I5.
 */
#include "boot/memmap.h"

#include <arch/layout.h>

#include "lib/panic.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define K  1024ull
#define M  (1024 * K)
#define G  (1024 * M)

/* The firmware's numbers. */
#define RAM   1
#define RSV   2
#define ACPI  3
#define NVS   4
#define BAD   5

#define IN_MAX   8
#define OUT_MAX  8

struct raw_entry {
	uint64_t start, length;
	uint32_t type;
};

struct want_range {
	uint64_t             start, end;
	enum boot_range_type type;
};

struct map_case {
	const char       *name;
	unsigned          phys_bits;
	uint64_t          clipped;
	struct raw_entry  in[IN_MAX];     /* ends with type 0, or is full   */
	struct want_range out[OUT_MAX];   /* ends with end 0                */
};

/* boot/memmap.c adds this range itself: R2. */
#define HOLE  { 640 * K, 1 * M, BOOT_RESERVED }

static const struct map_case cases[] = {
	{ "no entries at all", 36, 0,
	  { { 0 } },
	  { HOLE } },

	{ "a plain PC, as QEMU reports 128 MiB", 32, 0,
	  { { 0, 639 * K, RAM }, { 639 * K, 1 * K, RSV },
	    { 960 * K, 64 * K, RSV }, { 1 * M, 126 * M, RAM },
	    { 127 * M, 1 * M, RSV }, { 4 * G - 256 * K, 256 * K, RSV } },
	  { { 0, 639 * K, BOOT_RAM }, { 639 * K, 1 * M, BOOT_RESERVED },
	    { 1 * M, 127 * M, BOOT_RAM },
	    { 127 * M, 128 * M, BOOT_RESERVED },
	    { 4 * G - 256 * K, 4 * G, BOOT_RESERVED } } },

	{ "the BIOS hole reported as RAM, as v86 does", 32, 0,
	  { { 0, 640 * K, RAM }, { 768 * K, 127 * M + 256 * K, RAM } },
	  { { 0, 640 * K, BOOT_RAM }, HOLE, { 1 * M, 128 * M, BOOT_RAM } } },

	{ "one entry over everything, the BIOS hole included", 32, 0,
	  { { 0, 64 * M, RAM } },
	  { { 0, 640 * K, BOOT_RAM }, HOLE, { 1 * M, 64 * M, BOOT_RAM } } },

	{ "RAM that begins inside the BIOS hole", 32, 0,
	  { { 700 * K, 2 * M, RAM } },
	  { HOLE, { 1 * M, 2 * M + 700 * K, BOOT_RAM } } },

	{ "bad RAM in the BIOS hole stays bad: stricter than reserved", 32, 0,
	  { { 704 * K, 64 * K, BAD } },
	  { { 640 * K, 704 * K, BOOT_RESERVED },
	    { 704 * K, 768 * K, BOOT_BAD },
	    { 768 * K, 1 * M, BOOT_RESERVED } } },

	{ "unsorted", 32, 0,
	  { { 8 * M, 8 * M, RAM }, { 0, 512 * K, RAM },
	    { 20 * M, 1 * M, ACPI }, { 2 * M, 2 * M, RAM } },
	  { { 0, 512 * K, BOOT_RAM }, HOLE, { 2 * M, 4 * M, BOOT_RAM },
	    { 8 * M, 16 * M, BOOT_RAM }, { 20 * M, 21 * M, BOOT_ACPI } } },

	{ "empty entries", 32, 0,
	  { { 2 * M, 0, RAM }, { 4 * M, 4 * M, RAM }, { 5 * M, 0, RSV },
	    { 0, 0, BAD } },
	  { HOLE, { 4 * M, 8 * M, BOOT_RAM } } },

	{ "the same entry twice", 32, 0,
	  { { 2 * M, 2 * M, RAM }, { 2 * M, 2 * M, RAM } },
	  { HOLE, { 2 * M, 4 * M, BOOT_RAM } } },

	{ "RAM over RAM, overlapping", 32, 0,
	  { { 2 * M, 4 * M, RAM }, { 4 * M, 4 * M, RAM } },
	  { HOLE, { 2 * M, 8 * M, BOOT_RAM } } },

	{ "RAM beside RAM, touching", 32, 0,
	  { { 4 * M, 2 * M, RAM }, { 2 * M, 2 * M, RAM } },
	  { HOLE, { 2 * M, 6 * M, BOOT_RAM } } },

	{ "a byte between two entries is a hole", 32, 0,
	  { { 2 * M, 1 * M, RAM }, { 3 * M + 1, 1 * M, RAM } },
	  { HOLE, { 2 * M, 3 * M, BOOT_RAM },
	    { 3 * M + 1, 4 * M + 1, BOOT_RAM } } },

	{ "a reservation in the middle of RAM", 32, 0,
	  { { 2 * M, 6 * M, RAM }, { 4 * M, 1 * M, RSV } },
	  { HOLE, { 2 * M, 4 * M, BOOT_RAM },
	    { 4 * M, 5 * M, BOOT_RESERVED }, { 5 * M, 8 * M, BOOT_RAM } } },

	{ "the same, the reservation first", 32, 0,
	  { { 4 * M, 1 * M, RSV }, { 2 * M, 6 * M, RAM } },
	  { HOLE, { 2 * M, 4 * M, BOOT_RAM },
	    { 4 * M, 5 * M, BOOT_RESERVED }, { 5 * M, 8 * M, BOOT_RAM } } },

	{ "a reservation over all of the RAM", 32, 0,
	  { { 2 * M, 2 * M, RAM }, { 1 * M, 16 * M, RSV } },
	  { { 640 * K, 17 * M, BOOT_RESERVED } } },

	{ "a reservation over the end of RAM", 32, 0,
	  { { 2 * M, 4 * M, RAM }, { 5 * M, 4 * M, RSV } },
	  { HOLE, { 2 * M, 5 * M, BOOT_RAM },
	    { 5 * M, 9 * M, BOOT_RESERVED } } },

	{ "every type over the same RAM: stairs of strictness", 32, 0,
	  { { 2 * M, 10 * M, RAM }, { 3 * M, 8 * M, ACPI },
	    { 4 * M, 6 * M, NVS }, { 5 * M, 4 * M, RSV },
	    { 6 * M, 6 * M, BAD } },
	  { HOLE, { 2 * M, 3 * M, BOOT_RAM }, { 3 * M, 4 * M, BOOT_ACPI },
	    { 4 * M, 5 * M, BOOT_NVS }, { 5 * M, 6 * M, BOOT_RESERVED },
	    { 6 * M, 12 * M, BOOT_BAD } } },

	{ "ACPI data against NVS: both keep what is theirs alone", 32, 0,
	  { { 2 * M, 2 * M, ACPI }, { 3 * M, 2 * M, NVS } },
	  { HOLE, { 2 * M, 3 * M, BOOT_ACPI }, { 3 * M, 5 * M, BOOT_NVS } } },

	{ "types that no standard knows are reserved", 32, 0,
	  { { 2 * M, 6 * M, RAM }, { 3 * M, 1 * M, 7 },
	    { 5 * M, 1 * M, 0xffffffff } },
	  { HOLE, { 2 * M, 3 * M, BOOT_RAM },
	    { 3 * M, 4 * M, BOOT_RESERVED }, { 4 * M, 5 * M, BOOT_RAM },
	    { 5 * M, 6 * M, BOOT_RESERVED }, { 6 * M, 8 * M, BOOT_RAM } } },

	{ "RAM that wraps around 2^64 is not believed", 36, 0,
	  { { 2 * M, 2 * M, RAM }, { 8 * M, 0ull - 4 * M, RAM } },
	  { HOLE, { 2 * M, 4 * M, BOOT_RAM } } },

	{ "a reservation that wraps reserves all that follows", 32, 0,
	  { { 2 * M, 6 * M, RAM }, { 4 * M, 0ull - 1 * M, RSV } },
	  { HOLE, { 2 * M, 4 * M, BOOT_RAM },
	    { 4 * M, 4 * G, BOOT_RESERVED } } },

	{ "length of all ones from 0", 36, ~0ull - 64 * G,
	  { { 0, ~0ull, RAM } },
	  { { 0, 640 * K, BOOT_RAM }, HOLE, { 1 * M, 64 * G, BOOT_RAM } } },

	{ "an entry in the last page of 2^64", 36, 4 * K - 1,
	  { { 2 * M, 2 * M, RAM }, { 0ull - 4 * K, 4 * K - 1, RAM } },
	  { HOLE, { 2 * M, 4 * M, BOOT_RAM } } },

	{ "an entry that ends exactly at 2^64 wraps to 0", 36, 0,
	  { { 2 * M, 2 * M, RAM }, { 0ull - 4 * K, 4 * K, RSV } },
	  { HOLE, { 2 * M, 4 * M, BOOT_RAM } } },

	{ "RAM above 4 GiB on a CPU with 36 bits", 36, 0,
	  { { 1 * M, 3 * G - 1 * M, RAM }, { 4 * G, 1 * G, RAM } },
	  { HOLE, { 1 * M, 3 * G, BOOT_RAM }, { 4 * G, 5 * G, BOOT_RAM } } },

	{ "the same RAM on a CPU with 32 bits is clipped", 32, 1 * G,
	  { { 1 * M, 3 * G - 1 * M, RAM }, { 4 * G, 1 * G, RAM } },
	  { HOLE, { 1 * M, 3 * G, BOOT_RAM } } },

	{ "RAM across the physical width is cut there", 32, 1 * G,
	  { { 3 * G, 2 * G, RAM } },
	  { HOLE, { 3 * G, 4 * G, BOOT_RAM } } },

	{ "RAM at the top of 36 bits, and one page beyond", 36, 4 * K,
	  { { 60 * G, 4 * G + 4 * K, RAM } },
	  { HOLE, { 60 * G, 64 * G, BOOT_RAM } } },

	{ "what is clipped counts once, however often it is listed", 32, 3 * G,
	  { { 4 * G, 2 * G, RAM }, { 5 * G, 2 * G, RAM },
	    { 4 * G, 1 * G, RAM } },
	  { HOLE } },

	{ "clipped RAM that is also reserved does not count", 32, 1 * G,
	  { { 4 * G, 2 * G, RAM }, { 5 * G, 4 * G, RSV } },
	  { HOLE } },

	{ "40 bits, RAM at 512 GiB", 40, 0,
	  { { 512 * G, 1 * G, RAM } },
	  { HOLE, { 512 * G, 513 * G, BOOT_RAM } } },

	{ "52 bits, the most that PAE can have", 52, 4 * K,
	  { { (1ull << 52) - 4 * K, 8 * K, RAM } },
	  { HOLE, { (1ull << 52) - 4 * K, 1ull << 52, BOOT_RAM } } },

	{ "ends that are not page-aligned are kept to the byte", 32, 0,
	  { { 2 * M + 1, 4097, RAM }, { 2 * M + 4000, 3, RSV } },
	  { HOLE, { 2 * M + 1, 2 * M + 4000, BOOT_RAM },
	    { 2 * M + 4000, 2 * M + 4003, BOOT_RESERVED },
	    { 2 * M + 4003, 2 * M + 4098, BOOT_RAM } } },

	{ "RAM cut out with GRUB's cutmem: the gap is a hole", 32, 0,
	  { { 1 * M, 15 * M, RAM }, { 17 * M, 15 * M, RAM } },
	  { HOLE, { 1 * M, 16 * M, BOOT_RAM }, { 17 * M, 32 * M, BOOT_RAM } } },

	{ "only the two sizes: mem_lower and mem_upper", 32, 0,
	  { { 0, 639 * K, RAM }, { 1 * M, 31 * M, RAM } },
	  { { 0, 639 * K, BOOT_RAM }, HOLE, { 1 * M, 32 * M, BOOT_RAM } } },

	{ "mem_lower that is too large", 32, 0,
	  { { 0, 1024 * K, RAM }, { 1 * M, 31 * M, RAM } },
	  { { 0, 640 * K, BOOT_RAM }, HOLE, { 1 * M, 32 * M, BOOT_RAM } } },
};

/* Static: the two are too big for a stack. */
static struct memmap map;
static struct boot_info info;

static void start(unsigned phys_bits)
{
	memset(&info, 0, sizeof(info));
	info.magic = BOOT_INFO_MAGIC;
	info.phys_bits = phys_bits;
	memmap_init(&map);
}

static void add(uint64_t from, uint64_t length, uint32_t type)
{
	memmap_add(&map, &info, from, length, type);
}

/* R2 and R3: boot_info_check() does not check them. */
static const char *result_check(void)
{
	const struct boot_range *r = info.range;

	for (unsigned i = 0; i < info.nr_ranges; i++) {
		HOLDS(r[i].type != BOOT_RAM || r[i].start.v >= ISA_HOLE_END ||
		      r[i].end.v <= ISA_HOLE_START,
		      "memmap R2: 640 KiB to 1 MiB is never RAM");
		HOLDS(i == 0 || r[i - 1].type != r[i].type ||
		      r[i - 1].end.v != r[i].start.v,
		      "memmap R3: ranges of equal type never touch");
	}
	return NULL;
}

static uint64_t ram_in_ranges(void)
{
	uint64_t ram = 0;

	for (unsigned i = 0; i < info.nr_ranges; i++)
		if (info.range[i].type == BOOT_RAM)
			ram += info.range[i].end.v - info.range[i].start.v;
	return ram;
}

/* Sanitize, and check the laws that hold for every map. */
static void finish(void)
{
	uint64_t ram = memmap_sanitize(&map, &info);

	EXPECT_EQ(ram + map.repaired, ram_in_ranges());
	EXPECT_NULL(boot_info_check(&info));
	EXPECT_NULL(result_check());
}

static bool range_is(const struct boot_range *r, const struct want_range *w)
{
	return r->start.v == w->start && r->end.v == w->end &&
	       r->type == w->type;
}

static void expect_ranges(const char *name, const struct want_range *want)
{
	unsigned n = 0;

	for (; n < OUT_MAX && want[n].end; n++) {
		const struct boot_range *r = &info.range[n];

		if (n >= info.nr_ranges || range_is(r, &want[n]))
			continue;
		ktest_fail(__FILE__, __LINE__,
			   "%s: range %u is 0x%llx-0x%llx type %u", name, n,
			   (unsigned long long)r->start.v,
			   (unsigned long long)r->end.v, (unsigned)r->type);
	}
	if (info.nr_ranges != n)
		ktest_fail(__FILE__, __LINE__, "%s: %u ranges, not %u", name,
			   (unsigned)info.nr_ranges, n);
}

static void run_case(const struct map_case *c)
{
	start(c->phys_bits);
	for (unsigned i = 0; i < IN_MAX && c->in[i].type; i++)
		add(c->in[i].start, c->in[i].length, c->in[i].type);
	finish();
	finish();   /* nothing is left of the first time */

	expect_ranges(c->name, c->out);
	if (info.clipped.v != c->clipped)
		ktest_fail(__FILE__, __LINE__, "%s: clipped is 0x%llx",
			   c->name, (unsigned long long)info.clipped.v);
}

KTEST(memmap, every_hostile_map_gives_the_ranges_of_the_table)
{
	_Static_assert(ARRAY_SIZE(cases) >= 25, "a table worth its name");
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		run_case(&cases[i]);
}

/* ---- R5: the image is RAM ---- */

static void start_with_image(uint64_t from, uint64_t to)
{
	start(32);
	info.kernel_start = PHYS(from);
	info.kernel_end = PHYS(to);
}

/* An image at 1 to 5 MiB. In most of these maps, a part of it is not RAM. */
static const struct {
	const char       *name;
	struct raw_entry  in[IN_MAX];
	uint64_t          repaired;
	struct want_range out[OUT_MAX];
} image_cases[] = {
	{ "an image in RAM: nothing to repair",
	  { { 1 * M, 31 * M, RAM } }, 0,
	  { HOLE, { 1 * M, 32 * M, BOOT_RAM } } },

	{ "no RAM where the image is",
	  { { 0, 639 * K, RAM }, { 16 * M, 112 * M, RAM } }, 4 * M,
	  { { 0, 639 * K, BOOT_RAM }, HOLE, { 1 * M, 5 * M, BOOT_RAM },
	    { 16 * M, 128 * M, BOOT_RAM } } },

	{ "GRUB's cutmem 0x200000 0x400000",
	  { { 1 * M, 1 * M, RAM }, { 4 * M, 28 * M, RAM } }, 2 * M,
	  { HOLE, { 1 * M, 32 * M, BOOT_RAM } } },

	{ "GRUB's badram 0x00200000,0xffe00000",
	  { { 1 * M, 1 * M, RAM }, { 2 * M, 2 * M, BAD },
	    { 4 * M, 28 * M, RAM } }, 2 * M,
	  { HOLE, { 1 * M, 32 * M, BOOT_RAM } } },

	{ "a reservation across the end of the image: what is outside stays",
	  { { 1 * M, 31 * M, RAM }, { 4 * M, 2 * M, RSV } }, 1 * M,
	  { HOLE, { 1 * M, 5 * M, BOOT_RAM }, { 5 * M, 6 * M, BOOT_RESERVED },
	    { 6 * M, 32 * M, BOOT_RAM } } },

	{ "all is reserved",
	  { { 0, 4 * G, RSV } }, 4 * M,
	  { { 0, 1 * M, BOOT_RESERVED }, { 1 * M, 5 * M, BOOT_RAM },
	    { 5 * M, 4 * G, BOOT_RESERVED } } },
};

KTEST(memmap, the_image_is_ram_whatever_the_map_says)
{
	for (unsigned i = 0; i < ARRAY_SIZE(image_cases); i++) {
		start_with_image(1 * M, 5 * M);
		for (unsigned n = 0; n < IN_MAX && image_cases[i].in[n].type;
		     n++)
			add(image_cases[i].in[n].start,
			    image_cases[i].in[n].length,
			    image_cases[i].in[n].type);
		finish();
		expect_ranges(image_cases[i].name, image_cases[i].out);
		EXPECT_EQ(map.repaired, image_cases[i].repaired);
	}
}

/* Its two ends cut what is there, and no other byte is RAM. */
KTEST(memmap, an_image_anywhere_is_cut_out_to_the_byte)
{
	static const struct want_range reserved[] = {
		{ 0, 3 * M + 1, BOOT_RESERVED },
		{ 3 * M + 1, 5 * M - 1, BOOT_RAM },
		{ 5 * M - 1, 4 * G, BOOT_RESERVED }, { 0 },
	};
	static const struct want_range hole[] = {
		HOLE, { 3 * M + 1, 5 * M - 1, BOOT_RAM }, { 0 },
	};

	start_with_image(3 * M + 1, 5 * M - 1);
	add(0, 4 * G, RSV);
	finish();
	expect_ranges("all is reserved", reserved);
	EXPECT_EQ(map.repaired, 2 * M - 2);
	start_with_image(3 * M + 1, 5 * M - 1);
	finish();
	expect_ranges("no entries at all", hole);
	EXPECT_EQ(map.repaired, 2 * M - 2);
}

KTEST(memmap, the_image_is_no_range_that_is_left_out)
{
	start_with_image(1 * M, 1 * M + 4 * K);
	add(1 * M, 4 * K, RAM);
	for (unsigned i = 0; i < 200; i++)
		add((2 + 2 * i) * M, 1 * M, RAM);
	finish();   /* checks I5, too */
	EXPECT_EQ(info.nr_ranges, BOOT_RANGES_MAX);
}

static bool same_ranges(const struct boot_info *a, const struct boot_info *b)
{
	if (a->nr_ranges != b->nr_ranges)
		return false;
	for (unsigned i = 0; i < a->nr_ranges; i++)
		if (!phys_eq(a->range[i].start, b->range[i].start) ||
		    !phys_eq(a->range[i].end, b->range[i].end) ||
		    a->range[i].type != b->range[i].type)
			return false;
	return true;
}

KTEST(memmap, order_of_the_entries_does_not_matter)
{
	static struct boot_info first;
	unsigned step[] = { 3, 5, 7 };

	for (unsigned s = 0; s < ARRAY_SIZE(step); s++) {
		start(32);
		for (unsigned i = 0; i < 8; i++) {
			unsigned n = i * step[s] % 8;

			add(n * M, (n + 2) * M, n % 6 + 1);
		}
		finish();
		if (s == 0)
			first = info;
		EXPECT(same_ranges(&first, &info));
	}
}

KTEST(memmap, hundred_entries_are_kept_when_there_is_room)
{
	start(32);
	for (unsigned i = 0; i < 100; i++)
		add((2 + 2 * i) * M, 1 * M, RAM);
	finish();
	EXPECT_EQ(info.nr_ranges, 101);   /* with the BIOS hole */
	EXPECT_EQ(ram_in_ranges(), 100 * M);
	EXPECT_EQ(info.warnings[0], 0);
}

KTEST(memmap, too_many_ranges_lose_the_smallest_ram_and_warn)
{
	start(32);
	for (unsigned i = 0; i < 200; i++)   /* sizes 1, 2, ... 200 KiB */
		add((2 + i) * M, (i + 1) * K, RAM);
	finish();
	EXPECT_EQ(info.nr_ranges, BOOT_RANGES_MAX);
	/* All places go to RAM: 200, 199, ... 73 KiB. */
	EXPECT_EQ(ram_in_ranges(), (200 + 73) * BOOT_RANGES_MAX / 2 * K);
	EXPECT_EQ(info.range[0].start.v, (2 + 72) * M);
	EXPECT(info.warnings[0] != 0);
}

KTEST(memmap, a_range_as_large_as_the_smallest_gets_no_place)
{
	start(32);
	for (unsigned i = 0; i < 200; i++)
		add((2 + 2 * i) * M, 1 * M, RAM);
	finish();
	EXPECT_EQ(info.nr_ranges, BOOT_RANGES_MAX);
	for (unsigned i = 0; i < info.nr_ranges; i++)
		EXPECT_EQ(info.range[i].start.v, (2 + 2 * i) * M);
}

KTEST(memmap, too_many_ranges_lose_what_is_not_ram_first)
{
	start(32);
	for (unsigned i = 0; i < 100; i++) {
		add((2 + i) * M, 4 * K, RAM);
		add((2 + i) * M + 512 * K, 256 * K, RSV);
	}
	finish();
	EXPECT_EQ(info.nr_ranges, BOOT_RANGES_MAX);
	EXPECT_EQ(ram_in_ranges(), 100 * 4 * K);
}

KTEST(memmap, one_range_too_many_is_warned_about)
{
	start(32);
	add(0, 4 * K, RSV);   /* like the empty range of sweep() */
	for (unsigned i = 0; i < BOOT_RANGES_MAX - 1; i++)
		add((2 + 2 * i) * M, 1 * M, RAM);
	finish();
	EXPECT_EQ(info.nr_ranges, BOOT_RANGES_MAX);
	EXPECT_STREQ(info.warnings,
		     "memory map: 129 ranges, the smallest 1 left out\n");
}

KTEST(memmap, range_without_a_place_becomes_a_hole_not_ram)
{
	start(32);
	add(2 * M, 400 * M, RAM);
	for (unsigned i = 0; i < 120; i++)   /* cuts the RAM into 121 parts */
		add((4 + 2 * i) * M, 64 * K, RSV);
	finish();
	EXPECT_EQ(info.nr_ranges, BOOT_RANGES_MAX);
	EXPECT_EQ(ram_in_ranges(), 400 * M - 120 * 64 * K);
}

KTEST(memmap, too_many_entries_lose_ram_never_a_reservation)
{
	start(32);
	for (unsigned i = 0; i < 2 * MEMMAP_ENTRIES_MAX; i++)
		add(2 * M + i * 8 * K, 4 * K, RAM);
	add(1 * G, 1 * G, RAM);
	add(1 * G + 64 * M, 4 * K, RSV);
	finish();
	EXPECT(info.warnings[0] != 0);
	for (unsigned i = 0; i < info.nr_ranges; i++)
		EXPECT(info.range[i].type != BOOT_RAM ||
		       info.range[i].end.v <= 1 * G + 64 * M ||
		       info.range[i].start.v >= 1 * G + 64 * M + 4 * K);
	EXPECT(ram_in_ranges() >= 1 * G - 4 * K);
}

KTEST(memmap, full_table_of_reservations_takes_no_more_and_survives)
{
	start(32);
	for (unsigned i = 0; i < 2 * MEMMAP_ENTRIES_MAX; i++)
		add(2 * M + i * 8 * K, 4 * K, RSV);
	add(0, 1 * G, RAM);
	finish();
	EXPECT_EQ(ram_in_ranges(), 0);
}

KTEST(memmap, lowmem_ends_with_the_last_ram_below_896_mib)
{
	start(36);
	add(1 * M, 99 * M, RAM);
	add(200 * M, 20 * M, RSV);
	add(4 * G, 1 * G, RAM);
	finish();
	EXPECT_EQ(memmap_lowmem_end(&info), 100 * M);

	start(36);
	add(1 * M, 2 * G, RAM);
	finish();
	EXPECT_EQ(memmap_lowmem_end(&info), 896 * M);

	start(36);
	EXPECT_EQ(memmap_lowmem_end(&info), 0);
	add(0, 512 * K, RAM);
	add(896 * M, 1 * M, RAM);
	finish();
	EXPECT_EQ(memmap_lowmem_end(&info), 512 * K);
}

/* ---- the model: ask every entry about every page ---- */

#define MODEL_UNIT   (32 * K)
#define MODEL_UNITS  128u    /* 4 MiB; the CPU reaches the first half */
#define MODEL_BITS   21
#define MODEL_HOLE   BOOT_NR_RANGE_TYPES
#define MODEL_MAX    24u

static const enum boot_range_type model_type[] = {
	BOOT_RESERVED, BOOT_RAM, BOOT_RESERVED, BOOT_ACPI, BOOT_NVS, BOOT_BAD,
};

struct model {
	unsigned nr;
	struct {
		unsigned             start, end;   /* units */
		enum boot_range_type type;
	} entry[MODEL_MAX];
};

static unsigned model_lookup(const struct model *m, unsigned unit)
{
	uint64_t at = unit * MODEL_UNIT;
	unsigned type = MODEL_HOLE;

	if (at >= info.kernel_start.v && at < info.kernel_end.v)
		return BOOT_RAM;
	if (at >= 640 * K && at < 1 * M)
		type = BOOT_RESERVED;
	for (unsigned i = 0; i < m->nr; i++)
		if (unit >= m->entry[i].start && unit < m->entry[i].end &&
		    (type == MODEL_HOLE || m->entry[i].type > type))
			type = m->entry[i].type;
	return type;
}

static unsigned range_lookup(uint64_t at)
{
	for (unsigned i = 0; i < info.nr_ranges; i++)
		if (at >= info.range[i].start.v && at < info.range[i].end.v)
			return info.range[i].type;
	return MODEL_HOLE;
}

static void model_fill(struct model *m, struct rng *rng)
{
	m->nr = rng_below(rng, MODEL_MAX + 1);
	for (unsigned i = 0; i < m->nr; i++) {
		unsigned from = rng_below(rng, MODEL_UNITS);
		unsigned units = rng_below(rng, MODEL_UNITS - from + 1);
		uint32_t number = rng_below(rng, ARRAY_SIZE(model_type));

		m->entry[i].start = from;
		m->entry[i].end = from + units;
		m->entry[i].type = model_type[number];
		add(from * MODEL_UNIT, units * MODEL_UNIT, number);
	}
}

static void model_compare(const struct model *m)
{
	unsigned clipped = 0;

	for (unsigned unit = 0; unit < MODEL_UNITS; unit++) {
		unsigned want = model_lookup(m, unit);
		bool above = unit * MODEL_UNIT >= 1ull << MODEL_BITS;

		clipped += above && want == BOOT_RAM;
		if (range_lookup(unit * MODEL_UNIT) !=
		    (above ? MODEL_HOLE : want))
			ktest_fail(__FILE__, __LINE__,
				   "unit %u is not what the model says", unit);
	}
	EXPECT_EQ(info.clipped.v, clipped * MODEL_UNIT);
}

KTEST(memmap, random_maps_agree_with_a_model_that_asks_page_by_page)
{
	struct model model;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 100; round++) {
		start(MODEL_BITS);
		info.kernel_start = PHYS(1 * M +
					 rng_below(&rng, 25) * MODEL_UNIT);
		/* Empty in even rounds. */
		info.kernel_end = phys_add(info.kernel_start,
					   round % 2 * 256 * K);
		model_fill(&model, &rng);
		finish();
		model_compare(&model);
	}
}

static const char *memmap_suite_check(void)
{
	return boot_info_check(&info);
}

SUITE(memmap, memmap_suite_check);
