// SPDX-License-Identifier: MIT
/*
 * lab_marks.c - tests of the lab: marks, reserves, zonelists (exercises 5, 6)
 *
 * WHAT     Each test writes other numbers of pages into zones[], calls
 *          watermarks_update(), reads the result, and puts everything back.
 *          Interrupts are off meanwhile. set_marks() is seen through
 *          watermarks_update().
 */
#include "docs/labs/04-buddy-and-zones/lab.h"
#include "lib/div64.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/watermark.h"
#include "tests/ktest.h"

SUITE(lab_marks, watermarks_check);

#define NONE  (-1)
#define NR    MAX_NR_ZONES

/* The managed pages of the three zones. */
struct machine {
	unsigned long pages[NR];
};

struct result {
	unsigned long min[NR], low[NR], high[NR];
	unsigned long reserve[NR][NR];
	struct zone  *lists[GFP_ZONES + 1][NR + 1];
	struct zone  *fast[GFP_FAST + 1];
};

static struct result got;

static void read_all(struct result *to)
{
	for (unsigned i = 0; i < NR; i++) {
		to->min[i] = zones[i].min;
		to->low[i] = zones[i].low;
		to->high[i] = zones[i].high;
		memcpy(to->reserve[i], zones[i].lowmem_reserve,
		       sizeof(to->reserve[i]));
	}
	memcpy(to->lists, zonelists, sizeof(to->lists));
	memcpy(to->fast, fast_zones, sizeof(to->fast));
}

static void write_all(const struct result *from)
{
	for (unsigned i = 0; i < NR; i++) {
		zones[i].min = from->min[i];
		zones[i].low = from->low[i];
		zones[i].high = from->high[i];
		memcpy(zones[i].lowmem_reserve, from->reserve[i],
		       sizeof(from->reserve[i]));
	}
	memcpy(zonelists, from->lists, sizeof(from->lists));
	memcpy(fast_zones, from->fast, sizeof(from->fast));
}

/* All that watermarks_update() has to write is something else before. */
static void spoil(unsigned long old)
{
	for (unsigned i = 0; i < NR; i++) {
		zones[i].min = zones[i].low = zones[i].high = old;
		for (unsigned j = i + 1; j < NR; j++)
			zones[i].lowmem_reserve[j] = old;
	}
	for (unsigned gfp = 0; gfp <= GFP_ZONES; gfp++)
		for (unsigned n = 0; n <= NR; n++)
			zonelists[gfp][n] = &zones[gfp % NR];
	for (unsigned gfp = 0; gfp <= GFP_FAST; gfp++)
		fast_zones[gfp] = &zones[gfp % NR];
}

/* What watermarks_update() makes of a machine; marks were `old` before. */
static void update(struct machine machine, unsigned long old)
{
	static struct result before;
	unsigned long managed[NR];
	irqflags_t flags = irq_save();

	read_all(&before);
	spoil(old);
	for (unsigned i = 0; i < NR; i++) {
		managed[i] = zones[i].managed;
		zones[i].managed = machine.pages[i];
	}
	watermarks_update();
	read_all(&got);
	for (unsigned i = 0; i < NR; i++)
		zones[i].managed = managed[i];
	write_all(&before);
	irq_restore(flags);
}

/* The number of a zone of the kernel; NONE for any other pointer. */
static int number_of(const struct zone *zone)
{
	return zone >= zones && zone < zones + NR ? (int)(zone - zones) : NONE;
}

/* ---- exercise 5: set_marks() -------------------------------------------- */

static const struct {
	struct machine machine;
	unsigned long  min[NR];
} known[] = {
	/* pages: DMA, NORMAL, HIGHMEM       min */
	{ { { 3976, 221184, 32768 } },    { 16, 932, 32 } },
	{ { { 3976, 221184, 40000 } },    { 16, 932, 39 } },
	{ { { 3976, 221184, 15990784 } }, { 16, 932, 128 } },
	{ { { 3500, 60000, 500000 } },    { 27, 475, 128 } },
	{ { { 3976, 12000, 0 } },         { 62, 189, 0 } },
	{ { { 4000, 1000, 100 } },        { 112, 28, 32 } },
	{ { { 900, 0, 0 } },              { 60, 0, 0 } },
	{ { { 100, 0, 0 } },              { 32, 0, 0 } },
	{ { { 20, 30, 0 } },              { 12, 19, 0 } },
};

static unsigned long step_of(unsigned long min, unsigned long pages)
{
	return MAX(min / LAB_STEP_DIVISOR, pages / 1000);
}

static void expect_marks(unsigned type, unsigned long pages, unsigned long min)
{
	unsigned long step = step_of(min, pages);

	EXPECT_EQ(got.min[type], min);
	EXPECT_EQ(got.low[type], min + step);
	EXPECT_EQ(got.high[type], min + 2 * step);
}

KTEST(lab_marks, marks_of_known_machines)
{
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		update(known[i].machine, 7);
		for (unsigned type = 0; type < NR; type++)
			if (known[i].machine.pages[type] > 0)
				expect_marks(type, known[i].machine.pages[type],
					     known[i].min[type]);
	}
}

KTEST(lab_marks, a_small_machine_keeps_128_kib)
{
	for (unsigned long pages = 64; pages <= 256; pages += 64) {
		update((struct machine){ { pages, 0, 0 } }, 7);
		EXPECT_EQ(got.min[ZONE_DMA], 128 / 4);
		update((struct machine){ { pages / 2, pages / 2, 0 } }, 7);
		EXPECT_EQ(got.min[ZONE_DMA], 128 / 4 / 2);
		EXPECT_EQ(got.min[ZONE_NORMAL], 128 / 4 / 2);
	}
}

KTEST(lab_marks, highmem_keeps_32_to_128_pages)
{
	static const struct { unsigned long pages, min; } rows[] = {
		{ 1, 32 }, { 32767, 32 }, { 33 * 1024, 33 }, { 70000, 68 },
		{ 128 * 1024, 128 }, { 15000000, 128 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		update((struct machine){ { 4000, 200000, rows[i].pages } }, 7);
		expect_marks(ZONE_HIGHMEM, rows[i].pages, rows[i].min);
	}
}

KTEST(lab_marks, the_zones_of_lowmem_share_by_their_sizes)
{
	/* 1 GiB of lowmem keeps 4096 KiB, these are 1024 pages. */
	for (unsigned long dma = 1024; dma <= 4096; dma += 1024) {
		unsigned long all = 256 * 1024;

		update((struct machine){ { dma, all - dma, 0 } }, 7);
		EXPECT_EQ(got.min[ZONE_DMA], dma / 256);
		EXPECT_EQ(got.min[ZONE_NORMAL], 1024 - dma / 256);
	}
}

KTEST(lab_marks, a_step_is_the_larger_of_two)
{
	/* 0.1 % of the first machine's zones; a part of min in the second. */
	update((struct machine){ { 250000, 750000, 4000000 } }, 7);
	EXPECT_EQ(got.low[ZONE_HIGHMEM] - got.min[ZONE_HIGHMEM], 4000);
	EXPECT_EQ(got.high[ZONE_HIGHMEM] - got.low[ZONE_HIGHMEM], 4000);
	EXPECT_EQ(got.low[ZONE_NORMAL] - got.min[ZONE_NORMAL],
		  step_of(got.min[ZONE_NORMAL], 750000));
	update((struct machine){ { 1024, 0, 0 } }, 7);   /* min is 64 pages */
	EXPECT_EQ(got.low[ZONE_DMA], 64 + 64 / LAB_STEP_DIVISOR);
	EXPECT_EQ(got.high[ZONE_DMA], 64 + 2 * (64 / LAB_STEP_DIVISOR));
}

KTEST(lab_marks, old_marks_do_not_matter)
{
	static const unsigned long old[] = { 0, 1, 1000000, ~0ul };

	for (unsigned i = 0; i < ARRAY_SIZE(old); i++) {
		update((struct machine){ { 3976, 221184, 40000 } }, old[i]);
		expect_marks(ZONE_DMA, 3976, 16);
		expect_marks(ZONE_NORMAL, 221184, 932);
		expect_marks(ZONE_HIGHMEM, 40000, 39);
	}
}

KTEST(lab_marks, four_times_the_lowmem_keeps_twice_as_much)
{
	for (unsigned long kib = 1024; kib <= 16384; kib *= 4) {
		update((struct machine){ { kib / 4, 0, 0 } }, 7);
		EXPECT_EQ(got.min[ZONE_DMA] * got.min[ZONE_DMA], kib);
	}
}

/* ---- exercise 5, random machines ---------------------------------------- */

static struct machine random_machine(struct rng *rng)
{
	struct machine machine = { {
		1 + rng_below(rng, 4096),
	} };

	if (rng_below(rng, 3))
		machine.pages[ZONE_NORMAL] =
			rng_below(rng, 1u << rng_below(rng, 19));
	if (rng_below(rng, 3))
		machine.pages[ZONE_HIGHMEM] =
			rng_below(rng, 1u << rng_below(rng, 24));
	return machine;
}

/* The largest number whose square is not larger, by trying. */
static unsigned long naive_sqrt(unsigned long x)
{
	unsigned long root = 0;

	while ((root + 1) * (root + 1) <= x)
		root++;
	return root;
}

static unsigned long naive_min(struct machine machine, unsigned type)
{
	unsigned long lowmem = machine.pages[0] + machine.pages[1];
	unsigned long kib = naive_sqrt(16 * 4 * lowmem), most;

	if (type == ZONE_HIGHMEM) {
		most = MIN(machine.pages[type] / 1024, 128);
		return MAX(most, 32);
	}
	kib = MAX(kib, 128);   /* the upper bound is above all these machines */
	return (unsigned long)div_u64((uint64_t)(kib / 4) *
				      machine.pages[type], (uint32_t)lowmem);
}

KTEST(lab_marks, random_machines_have_the_marks_of_a_naive_formula)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 60; i++) {
		struct machine machine = random_machine(&rng);

		update(machine, rng_below(&rng, 1000));
		for (unsigned type = 0; type < NR; type++)
			if (machine.pages[type] > 0)
				expect_marks(type, machine.pages[type],
					     naive_min(machine, type));
	}
}

KTEST(lab_marks, random_zones_that_grow_keep_more)
{
	struct rng rng;

	rng_init(&rng, ktest_seed() + 1);
	for (unsigned i = 0; i < 20; i++) {
		unsigned long last = 0;

		for (unsigned long pages = 500 + rng_below(&rng, 500);
		     pages < 200000; pages += pages / 2 + rng_below(&rng, 99)) {
			update((struct machine){ { pages, 0, pages } }, ~0ul);
			EXPECT(got.min[ZONE_DMA] > last);
			EXPECT(got.min[ZONE_DMA] < pages);
			EXPECT(got.low[ZONE_DMA] > got.min[ZONE_DMA]);
			EXPECT(got.high[ZONE_HIGHMEM] > got.low[ZONE_HIGHMEM]);
			last = got.min[ZONE_DMA];
		}
	}
}

/* ---- exercise 6: watermarks_update() ------------------------------------ */

static unsigned long naive_reserve(struct machine machine, unsigned of,
				   unsigned against)
{
	static const unsigned ratio[NR] = { 256, 32, 1 };
	unsigned long above = 0;

	for (unsigned i = of + 1; i <= against; i++)
		above += machine.pages[i];
	return above / ratio[of];   /* 0 for the zone itself, and below */
}

static void expect_reserves(struct machine machine)
{
	for (unsigned of = 0; of < NR; of++)
		for (unsigned against = 0; against < NR; against++)
			EXPECT_EQ(got.reserve[of][against],
				  naive_reserve(machine, of, against));
}

/* The zones with pages, from `best` down; then the end. */
static void expect_list(struct machine machine, unsigned gfp, int best)
{
	unsigned n = 0;

	for (int type = best; type >= 0; type--)
		if (machine.pages[type] > 0)
			EXPECT_EQ(number_of(got.lists[gfp][n++]), type);
	EXPECT(!got.lists[gfp][n]);
}

static void expect_lists(struct machine machine)
{
	expect_list(machine, 0, ZONE_NORMAL);
	expect_list(machine, GFP_DMA, ZONE_DMA);
	expect_list(machine, GFP_HIGHMEM, ZONE_HIGHMEM);
	expect_list(machine, GFP_DMA | GFP_HIGHMEM, ZONE_DMA);
}

/* For GFP_ZERO, and where no zone has pages, there is a zone without pages. */
static void expect_fast(void)
{
	for (unsigned gfp = 0; gfp <= GFP_FAST; gfp++) {
		const struct zone *first = got.lists[gfp & GFP_ZONES][0];

		EXPECT(got.fast[gfp]);
		if (gfp & GFP_ZERO || !first)
			EXPECT_EQ(number_of(got.fast[gfp]), NONE);
		else
			EXPECT_EQ(number_of(got.fast[gfp]), number_of(first));
	}
}

KTEST(lab_marks, reserves_of_known_machines)
{
	update((struct machine){ { 3976, 221184, 32768 } }, 7);
	EXPECT_EQ(got.reserve[ZONE_DMA][ZONE_NORMAL], 864);
	EXPECT_EQ(got.reserve[ZONE_DMA][ZONE_HIGHMEM], 992);
	EXPECT_EQ(got.reserve[ZONE_NORMAL][ZONE_HIGHMEM], 1024);
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		update(known[i].machine, 7);
		expect_reserves(known[i].machine);
	}
}

KTEST(lab_marks, nothing_is_kept_from_requests_of_the_own_zone)
{
	update((struct machine){ { 4000, 220000, 500000 } }, 7);
	for (unsigned of = 0; of < NR; of++)
		for (unsigned against = 0; against <= of; against++)
			EXPECT_EQ(got.reserve[of][against], 0);
	EXPECT(got.reserve[ZONE_DMA][ZONE_NORMAL] > 7);
}

KTEST(lab_marks, zonelists_hold_only_zones_with_pages)
{
	for (unsigned zones_full = 1; zones_full < 1u << NR; zones_full++) {
		struct machine machine;

		for (unsigned i = 0; i < NR; i++)
			machine.pages[i] = zones_full >> i & 1 ? 5000 : 0;
		if (machine.pages[ZONE_DMA] + machine.pages[ZONE_NORMAL] == 0)
			continue;   /* there is always some lowmem */
		update(machine, 7);
		expect_lists(machine);
	}
}

KTEST(lab_marks, a_zonelist_goes_down_and_ends)
{
	update((struct machine){ { 4000, 220000, 500000 } }, 7);
	EXPECT_EQ(number_of(got.lists[GFP_HIGHMEM][0]), ZONE_HIGHMEM);
	EXPECT_EQ(number_of(got.lists[GFP_HIGHMEM][1]), ZONE_NORMAL);
	EXPECT_EQ(number_of(got.lists[GFP_HIGHMEM][2]), ZONE_DMA);
	EXPECT(!got.lists[GFP_HIGHMEM][3]);
	EXPECT_EQ(number_of(got.lists[0][0]), ZONE_NORMAL);
	EXPECT_EQ(number_of(got.lists[0][1]), ZONE_DMA);
	EXPECT(!got.lists[0][2]);
	EXPECT_EQ(number_of(got.lists[GFP_DMA][0]), ZONE_DMA);
	EXPECT(!got.lists[GFP_DMA][1]);
}

KTEST(lab_marks, the_fast_path_has_the_first_zone)
{
	update((struct machine){ { 4000, 220000, 500000 } }, 7);
	expect_fast();
	EXPECT_EQ(number_of(got.fast[GFP_KERNEL]), ZONE_NORMAL);
	EXPECT_EQ(number_of(got.fast[GFP_KERNEL | GFP_ZERO]), NONE);
	update((struct machine){ { 4000, 0, 0 } }, 7);
	expect_fast();
	EXPECT_EQ(number_of(got.fast[GFP_HIGHUSER]), ZONE_DMA);
	update((struct machine){ { 0, 220000, 0 } }, 7);
	expect_fast();   /* no zone serves GFP_DMA */
}

KTEST(lab_marks, a_zone_without_pages_has_reserves)
{
	struct machine machine = { { 4000, 0, 500000 } };

	update(machine, 7);
	expect_reserves(machine);
	EXPECT_EQ(got.reserve[ZONE_NORMAL][ZONE_HIGHMEM], 500000 / 32);
	machine = (struct machine){ { 0, 220000, 0 } };
	update(machine, 7);
	expect_reserves(machine);
	EXPECT_EQ(got.reserve[ZONE_DMA][ZONE_NORMAL], 220000 / 256);
}

KTEST(lab_marks, only_a_zone_with_pages_gets_marks)
{
	update((struct machine){ { 0, 65536, 0 } }, 7);
	EXPECT_EQ(got.min[ZONE_DMA], 7);
	EXPECT_EQ(got.low[ZONE_HIGHMEM], 7);
	EXPECT_EQ(got.min[ZONE_NORMAL], 512);
	update((struct machine){ { 65536, 0, 65536 } }, 7);
	EXPECT_EQ(got.min[ZONE_DMA], 512);
	EXPECT_EQ(got.high[ZONE_NORMAL], 7);
	EXPECT_EQ(got.min[ZONE_HIGHMEM], 64);
}

KTEST(lab_marks, random_machines_have_the_reserves_of_a_naive_sum)
{
	struct rng rng;

	rng_init(&rng, ktest_seed() + 2);
	for (unsigned i = 0; i < 100; i++) {
		struct machine machine = random_machine(&rng);

		update(machine, rng_next(&rng));
		expect_reserves(machine);
	}
}

KTEST(lab_marks, random_machines_have_the_lists_of_a_naive_search)
{
	struct rng rng;

	rng_init(&rng, ktest_seed() + 3);
	for (unsigned i = 0; i < 100; i++) {
		struct machine machine = random_machine(&rng);

		if (rng_below(&rng, 4) == 0) {
			machine.pages[ZONE_DMA] = 0;
			machine.pages[ZONE_NORMAL]++;
		}
		update(machine, 7);
		expect_lists(machine);
		expect_fast();
	}
}
