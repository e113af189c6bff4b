// SPDX-License-Identifier: MIT
/*
 * memmap_full.c - tests of boot/memmap.c: which entries and ranges are left out
 *                 where there are too many, and what is said about it
 *
 * SEE      boot/memmap.c, R4; memmap.c (tests), for all other maps.
 */
#include "boot/memmap.h"

#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define K  1024ull
#define M  (1024 * K)

/* The firmware's numbers. */
#define RAM  1
#define RSV  2

#define ENTRIES  (MEMMAP_ENTRIES_MAX - 1)   /* without that of the BIOS hole */

static struct memmap map;
static struct boot_info info;

static void start(void)
{
	memset(&info, 0, sizeof(info));
	memset(info.module, 0xa5, sizeof(info.module));
	info.magic = BOOT_INFO_MAGIC;
	info.phys_bits = 32;
	memmap_init(&map);
}

static void add(uint64_t from, uint64_t length, uint32_t type)
{
	memmap_add(&map, &info, from, length, type);
}

/* A place of its own, with room for 2 MiB, for each entry. */
static uint64_t place(unsigned i)
{
	return (2 + 2 * i) * M;
}

/* Nothing behind the ranges has been written. */
static void finish(void)
{
	const uint8_t *behind = (const uint8_t *)info.module;

	memmap_sanitize(&map, &info);
	EXPECT_NULL(boot_info_check(&info));
	for (unsigned i = 0; i < sizeof(info.module); i++)
		EXPECT_EQ(behind[i], 0xa5);
}

/* ---- entries ------------------------------------------------------------- */

static bool has_entry(uint64_t from)
{
	for (unsigned i = 0; i < map.nr; i++)
		if (map.entry[i].start == from)
			return true;
	return false;
}

KTEST(memmap_full, the_last_entry_that_has_room_is_warned_about)
{
	start();
	for (unsigned i = 0; i < ENTRIES; i++) {
		EXPECT_EQ(info.warnings[0], 0);
		add(place(i), 4 * K, RAM);
	}
	EXPECT_EQ(map.nr, MEMMAP_ENTRIES_MAX);
	EXPECT_STREQ(info.warnings, "memory map: 256 entries or more, some RAM "
		     "may be left out\n");
}

KTEST(memmap_full, empty_entries_take_no_room)
{
	start();
	for (unsigned i = 0; i < 2 * ENTRIES; i++)
		add(place(i), 0, RAM);
	EXPECT_EQ(map.nr, 1);
	EXPECT_EQ(info.warnings[0], 0);
}

/* Sizes of 2, 4, ... 510 KiB, in no order. */
static uint64_t entry_size(unsigned i)
{
	return (1 + (i + 1) * 37 % ENTRIES) * 2 * K;
}

static unsigned entry_of_size(uint64_t size)
{
	unsigned i = 0;

	while (entry_size(i) != size)
		i++;
	return i;
}

KTEST(memmap_full, the_smallest_ram_makes_room)
{
	start();
	for (unsigned i = 0; i < ENTRIES; i++)
		add(place(i), entry_size(i), RAM);
	/* RAM that is no larger than the smallest is left out itself. */
	add(place(300), 2 * K - 1, RAM);
	add(place(301), 2 * K, RAM);
	EXPECT(!has_entry(place(300)) && !has_entry(place(301)));
	EXPECT(has_entry(place(entry_of_size(2 * K))));
	add(place(302), 3 * K, RAM);
	EXPECT(has_entry(place(302)));
	EXPECT(!has_entry(place(entry_of_size(2 * K))));
	/* A reservation is never left out, however small. */
	add(place(303), 1, RSV);
	EXPECT(has_entry(place(303)) && !has_entry(place(302)));
	EXPECT(has_entry(place(entry_of_size(4 * K))));
	add(place(304), 1, RSV);
	EXPECT(has_entry(place(304)) && has_entry(place(303)));
	EXPECT(!has_entry(place(entry_of_size(4 * K))));
	EXPECT(has_entry(640 * K));   /* the BIOS hole */
	EXPECT_EQ(map.nr, MEMMAP_ENTRIES_MAX);
}

KTEST(memmap_full, of_equal_ram_the_first_makes_room)
{
	start();
	for (unsigned i = 0; i < ENTRIES; i++)
		add(place(i), 4 * K, RAM);
	add(place(300), 4 * K, RSV);
	EXPECT(!has_entry(place(0)));
	for (unsigned i = 1; i < ENTRIES; i++)
		EXPECT(has_entry(place(i)));
}

/* ---- ranges -------------------------------------------------------------- */

KTEST(memmap_full, of_equal_ranges_the_lower_stay)
{
	start();
	for (unsigned i = 0; i < 200; i++)
		add(place(i), 1 * M, RAM);
	finish();
	EXPECT_EQ(info.nr_ranges, BOOT_RANGES_MAX);
	for (unsigned i = 0; i < info.nr_ranges; i++)
		EXPECT_EQ(info.range[i].start.v, place(i));
}

/* The BIOS hole and the reservation touch the image, but are not the image. */
KTEST(memmap_full, neighbours_of_the_image_are_left_out)
{
	start();
	info.kernel_start = PHYS(1 * M);
	info.kernel_end = PHYS(1 * M + 4 * K);
	add(1 * M, 4 * K, RAM);
	add(1 * M + 4 * K, 4 * K, RSV);
	for (unsigned i = 0; i < 200; i++)
		add(place(i), 1 * M, RAM);
	finish();
	EXPECT_EQ(info.nr_ranges, BOOT_RANGES_MAX);
	EXPECT_EQ(info.range[0].start.v, 1 * M);
	for (unsigned i = 0; i < info.nr_ranges; i++)
		EXPECT_EQ(info.range[i].type, BOOT_RAM);
}

/* ---- random ranges against a naive model --------------------------------- */

struct candidate {
	uint64_t from, size;
	bool     ram;
};

static struct candidate candidates[ENTRIES + 1];

static bool is_image(const struct candidate *c)
{
	return c->from == info.kernel_start.v;
}

static bool more_useful(const struct candidate *a,
			const struct candidate *b)
{
	if (is_image(a) || is_image(b))
		return is_image(a);
	return a->ram != b->ram ? a->ram : a->size > b->size;
}

/* All sizes differ. The first candidate is the BIOS hole. */
static unsigned random_candidates(struct rng *rng)
{
	unsigned nr = BOOT_RANGES_MAX - 4 + rng_below(rng, 128);
	unsigned image = 1 + rng_below(rng, nr - 1);
	unsigned shift = rng_below(rng, 500);

	candidates[0] = (struct candidate){ 640 * K, 384 * K, false };
	for (unsigned i = 1; i < nr; i++) {
		struct candidate *c = &candidates[i];

		c->from = place(i);
		c->size = (1 + (i + shift) * 211 % 503) * 2 * K + 1;
		c->ram = i == image || rng_below(rng, 4);
		add(c->from, c->size, c->ram ? RAM : RSV);
	}
	info.kernel_start = PHYS(candidates[image].from);
	info.kernel_end = phys_add(info.kernel_start, candidates[image].size);
	return nr;
}

KTEST(memmap_full, random_ranges_keep_the_most_useful_of_a_naive_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 40; round++) {
		unsigned nr, kept = 0;

		start();
		nr = random_candidates(&rng);
		finish();
		for (unsigned i = 0; i < nr; i++) {
			const struct candidate *c = &candidates[i];
			const struct boot_range *r = &info.range[kept];
			unsigned better = 0;

			for (unsigned k = 0; k < nr; k++)
				better += more_useful(&candidates[k], c);
			if (better >= BOOT_RANGES_MAX)
				continue;
			EXPECT_EQ(r->start.v, c->from);
			EXPECT_EQ(r->end.v, c->from + c->size);
			EXPECT_EQ(r->type == BOOT_RAM, c->ram);
			kept++;
		}
		EXPECT_EQ(info.nr_ranges, kept);
	}
}

/* ---- what is said -------------------------------------------------------- */

KTEST(memmap_full, an_entry_that_wraps_is_named)
{
	start();
	add(8 * M, 0ull - 4 * M, RAM);
	EXPECT_STREQ(info.warnings,
		     "memory map: an entry at 0x800000 wraps\n");
}

KTEST(memmap_full, what_is_clipped_is_not_called_left_out)
{
	start();
	add(1ull << 32, 1 * M, RAM);
	finish();
	EXPECT_EQ(info.clipped.v, 1 * M);
	EXPECT_EQ(info.warnings[0], 0);
}

static const char *memmap_full_suite_check(void)
{
	return boot_info_check(&info);
}

SUITE(memmap_full, memmap_full_suite_check);
