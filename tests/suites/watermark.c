// SPDX-License-Identifier: MIT
/*
 * watermark.c (tests) - the numbers of watermark.c, for zones of any size
 *
 * ALGORITHM  A test writes the sizes of a machine that it invents into the live
 *            zones, computes the marks, and copies them. Then all is put back.
 *            Interrupts are off meanwhile: no allocation sees these numbers.
 */
#include <arch/irqflags.h>

#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/watermark.h"
#include "tests/ktest.h"

SUITE(watermark, zones_check);

struct marks {
	unsigned long min, low, high;
	unsigned long reserve[MAX_NR_ZONES];
};

/* What a machine with these zones would have. */
static struct marks marks[MAX_NR_ZONES];
static struct zone *lists[GFP_ZONES + 1][MAX_NR_ZONES + 1];
static struct zone *fast[GFP_FAST + 1];

static void read_marks(struct marks of[MAX_NR_ZONES])
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];

		of[i].min = zone->min;
		of[i].low = zone->low;
		of[i].high = zone->high;
		memcpy(of[i].reserve, zone->lowmem_reserve,
		       sizeof(of[i].reserve));
	}
}

static void write_marks(const struct marks of[MAX_NR_ZONES])
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &zones[i];

		zone->min = of[i].min;
		zone->low = of[i].low;
		zone->high = of[i].high;
		memcpy(zone->lowmem_reserve, of[i].reserve,
		       sizeof(of[i].reserve));
	}
}

static void swap_pages(unsigned long pages[MAX_NR_ZONES])
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		unsigned long managed = zones[i].managed;

		zones[i].managed = pages[i];
		pages[i] = managed;
	}
}

/* Compute the marks for zones of so many managed pages. */
static void invent(unsigned long dma, unsigned long normal, unsigned long high)
{
	static const struct marks none[MAX_NR_ZONES];
	unsigned long pages[MAX_NR_ZONES] = { dma, normal, high };
	struct marks real[MAX_NR_ZONES];
	irqflags_t flags = irq_save();

	read_marks(real);
	write_marks(none);
	swap_pages(pages);
	watermarks_update();
	read_marks(marks);
	memcpy(lists, zonelists, sizeof(lists));
	memcpy(fast, fast_zones, sizeof(fast));
	swap_pages(pages);
	watermarks_update();   /* the lists, as they were */
	write_marks(real);
	irq_restore(flags);
}

/* ---- marks --------------------------------------------------------------- */

/* Pages; the sums are those of min_free_kbytes in Linux. */
static const struct {
	unsigned long dma, normal, min_kbytes;
} machines[] = {
	{ 256, 0, 128 },        /* 1 MiB: the least that is kept */
	{ 2048, 0, 362 },       /* 8 MiB      */
	{ 4096, 0, 512 },       /* 16 MiB     */
	{ 4096, 12288, 1024 },  /* 64 MiB     */
	{ 4096, 61440, 2048 },  /* 256 MiB    */
	{ 4096, 225280, 3831 }, /* 896 MiB    */
	/* The root of 2^32 - 64; no machine has so much lowmem. */
	{ 0, (1ul << 26) - 1, 65535 },
};

KTEST(watermark, lowmem_keeps_the_square_root_of_sixteen_times_its_kbytes)
{
	for (unsigned i = 0; i < ARRAY_SIZE(machines); i++) {
		unsigned long keep = machines[i].min_kbytes / 4, min;

		invent(machines[i].dma, machines[i].normal, 0);
		min = marks[ZONE_DMA].min + marks[ZONE_NORMAL].min;
		/* Each zone's share is rounded down. */
		EXPECT(min <= keep && min + 1 >= keep);
	}
}

KTEST(watermark, a_small_machine_keeps_128_KiB)
{
	invent(64, 0, 0);
	EXPECT_EQ(marks[ZONE_DMA].min, 32);
	invent(255, 0, 0);
	EXPECT_EQ(marks[ZONE_DMA].min, 32);
	invent(300, 0, 0);
	EXPECT_EQ(marks[ZONE_DMA].min, 138 / 4);
}

KTEST(watermark, lowmem_zones_share_by_their_sizes)
{
	invent(4096, 4096, 0);      /* 32 MiB: 724 KiB */
	EXPECT_EQ(marks[ZONE_DMA].min, 90);
	EXPECT_EQ(marks[ZONE_NORMAL].min, 90);
	invent(4096, 12288, 0);     /* 64 MiB: 256 pages */
	EXPECT_EQ(marks[ZONE_DMA].min, 64);
	EXPECT_EQ(marks[ZONE_NORMAL].min, 192);
}

KTEST(watermark, highmem_keeps_32_to_128_pages)
{
	static const struct { unsigned long high, min; } cases[] = {
		{ 1, 32 }, { 32 * 1024, 32 }, { 33 * 1024 - 1, 32 },
		{ 33 * 1024, 33 }, { 100 * 1024 + 5, 100 },
		{ 128 * 1024 - 1, 127 }, { 128 * 1024, 128 },
		{ 129 * 1024, 128 }, { 15ul << 20, 128 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		invent(4096, 61440, cases[i].high);
		EXPECT_EQ(marks[ZONE_HIGHMEM].min, cases[i].min);
		EXPECT_EQ(marks[ZONE_DMA].min + marks[ZONE_NORMAL].min, 512);
	}
}

/* From mark to mark: min / 4, or 0.1 % of the zone, the larger of the two. */
KTEST(watermark, steps_between_marks_grow_with_min_or_with_the_zone)
{
	invent(4096, 12288, 1000000);
	EXPECT_EQ(marks[ZONE_DMA].low, 64 + 16);
	EXPECT_EQ(marks[ZONE_DMA].high, 64 + 32);
	EXPECT_EQ(marks[ZONE_NORMAL].low, 192 + 48);
	EXPECT_EQ(marks[ZONE_HIGHMEM].low, 128 + 1000);
	EXPECT_EQ(marks[ZONE_HIGHMEM].high, 128 + 2000);
	invent(4096, 0, 0);
	EXPECT_EQ(marks[ZONE_DMA].low - marks[ZONE_DMA].min, 32);
}

/* Only a zone with managed pages gets marks. */
KTEST(watermark, a_zone_without_pages_has_no_marks)
{
	invent(4096, 0, 0);
	EXPECT_EQ(marks[ZONE_DMA].min, 128);
	EXPECT_EQ(marks[ZONE_NORMAL].high, 0);
	EXPECT_EQ(marks[ZONE_HIGHMEM].high, 0);
}

/* Sizes of a machine, small and large. */
static void random_machine(struct rng *rng, unsigned long pages[MAX_NR_ZONES])
{
	pages[ZONE_DMA] = 1 + rng_below(rng, 4096);
	pages[ZONE_NORMAL] = rng_next(rng) % 225281 >> rng_below(rng, 18);
	pages[ZONE_HIGHMEM] = rng_next(rng) % (15u << 20) >> rng_below(rng, 24);
}

/* min_free_kbytes by trial, in pages. */
static unsigned long naive_keep(unsigned long lowmem)
{
	unsigned long kbytes = 0;

	while ((kbytes + 1) * (kbytes + 1) <= lowmem * 4 * 16)
		kbytes++;
	return (kbytes < 128 ? 128 : kbytes) / 4;
}

KTEST(watermark, random_machines_have_the_marks_of_a_naive_model)
{
	unsigned long pages[MAX_NR_ZONES];
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 200; step++) {
		unsigned long lowmem, keep;

		random_machine(&rng, pages);
		lowmem = pages[ZONE_DMA] + pages[ZONE_NORMAL];
		keep = naive_keep(lowmem);
		invent(pages[0], pages[1], pages[2]);
		for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
			unsigned long min, step_up;

			if (!pages[i])
				continue;
			if (i == ZONE_HIGHMEM)
				min = MIN(MAX(pages[i] / 1024, 32ul), 128ul);
			else
				min = keep * pages[i] / lowmem;
			step_up = MAX(min / 4, pages[i] / 1000);
			EXPECT_EQ(marks[i].min, min);
			EXPECT_EQ(marks[i].low, min + step_up);
			EXPECT_EQ(marks[i].high, min + 2 * step_up);
		}
	}
}

/* More memory in one zone: no other promise becomes smaller. */
KTEST(watermark, random_growth_keeps_more_lowmem_free)
{
	unsigned long pages[MAX_NR_ZONES];
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 200; step++) {
		unsigned long kept, more = 1 + rng_below(&rng, 100000);

		random_machine(&rng, pages);
		invent(pages[0], pages[1], pages[2]);
		kept = marks[ZONE_DMA].min + marks[ZONE_NORMAL].min;
		EXPECT(kept + 1 >= naive_keep(pages[0] + pages[1]));
		EXPECT(kept <= naive_keep(pages[0] + pages[1]));
		invent(pages[0], pages[1] + more, pages[2]);
		EXPECT(marks[ZONE_DMA].min + marks[ZONE_NORMAL].min + 1 >=
		       kept);
		EXPECT(marks[ZONE_NORMAL].high >= marks[ZONE_NORMAL].low);
		EXPECT(marks[ZONE_NORMAL].low - marks[ZONE_NORMAL].min >=
		       (pages[1] + more) / 1000);
	}
}

/* ---- lowmem_reserve ------------------------------------------------------ */

KTEST(watermark, dma_keeps_one_page_for_256_pages_above)
{
	invent(4096, 25600, 0);
	EXPECT_EQ(marks[ZONE_DMA].reserve[ZONE_NORMAL], 100);
	EXPECT_EQ(marks[ZONE_DMA].reserve[ZONE_HIGHMEM], 100);
	invent(4096, 25600, 256000);
	EXPECT_EQ(marks[ZONE_DMA].reserve[ZONE_NORMAL], 100);
	EXPECT_EQ(marks[ZONE_DMA].reserve[ZONE_HIGHMEM], 1100);
}

KTEST(watermark, normal_keeps_one_page_for_32_pages_of_highmem)
{
	invent(4096, 25600, 3200);
	EXPECT_EQ(marks[ZONE_NORMAL].reserve[ZONE_HIGHMEM], 100);
	invent(4096, 0, 3200);
	EXPECT_EQ(marks[ZONE_NORMAL].reserve[ZONE_HIGHMEM], 100);
}

KTEST(watermark, a_reserve_is_rounded_down)
{
	invent(4096, 255, 31);
	EXPECT_EQ(marks[ZONE_DMA].reserve[ZONE_NORMAL], 0);
	EXPECT_EQ(marks[ZONE_DMA].reserve[ZONE_HIGHMEM], 1);
	EXPECT_EQ(marks[ZONE_NORMAL].reserve[ZONE_HIGHMEM], 0);
	invent(4096, 256, 32);
	EXPECT_EQ(marks[ZONE_DMA].reserve[ZONE_NORMAL], 1);
	EXPECT_EQ(marks[ZONE_NORMAL].reserve[ZONE_HIGHMEM], 1);
}

KTEST(watermark, nothing_is_kept_from_requests_for_the_zone_or_a_lower_one)
{
	invent(4096, 225280, 1000000);
	for (unsigned zone = 0; zone < MAX_NR_ZONES; zone++)
		for (unsigned first = 0; first < MAX_NR_ZONES; first++)
			EXPECT_EQ(marks[zone].reserve[first] > 0, zone < first);
}

KTEST(watermark, random_machines_reserve_what_a_naive_model_reserves)
{
	static const unsigned ratio[] = { 256, 32, 1 };
	unsigned long pages[MAX_NR_ZONES];
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 200; step++) {
		random_machine(&rng, pages);
		invent(pages[0], pages[1], pages[2]);
		for (unsigned i = 0; i < MAX_NR_ZONES; i++)
			for (unsigned j = 0; j < MAX_NR_ZONES; j++) {
				unsigned long above = 0;

				for (unsigned k = i + 1; k <= j; k++)
					above += pages[k];
				EXPECT_EQ(marks[i].reserve[j],
					  above / ratio[i]);
			}
	}
}

/* A zone that grows by the ratio makes each zone below keep one page more. */
KTEST(watermark, random_growth_is_reserved_page_by_page)
{
	unsigned long pages[MAX_NR_ZONES];
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 200; step++) {
		unsigned long dma, normal, n = 1 + rng_below(&rng, 50);

		random_machine(&rng, pages);
		invent(pages[0], pages[1], pages[2]);
		dma = marks[ZONE_DMA].reserve[ZONE_HIGHMEM];
		normal = marks[ZONE_NORMAL].reserve[ZONE_HIGHMEM];
		invent(pages[0], pages[1], pages[2] + 256 * n);
		EXPECT_EQ(marks[ZONE_DMA].reserve[ZONE_HIGHMEM], dma + n);
		EXPECT_EQ(marks[ZONE_NORMAL].reserve[ZONE_HIGHMEM],
			  normal + 8 * n);
	}
}

/* ---- the order of the zones ---------------------------------------------- */

/* A zonelist as a number: 21 is NORMAL, then DMA; each digit is zone + 1. */
static unsigned list_of(gfp_t gfp)
{
	unsigned digits = 0;

	for (struct zone **zone = lists[gfp & GFP_ZONES]; *zone; zone++)
		digits = digits * 10 + (unsigned)(*zone - zones) + 1;
	return digits;
}

KTEST(watermark, zones_without_pages_are_left_out_of_the_zonelists)
{
	static const struct {
		unsigned long pages[MAX_NR_ZONES];
		unsigned dma, normal, high;
	} cases[] = {
		{ { 4096, 4096, 4096 }, 1, 21, 321 },
		{ { 4096, 4096, 0 },    1, 21, 21 },
		{ { 4096, 0, 4096 },    1, 1, 31 },
		{ { 4096, 0, 0 },       1, 1, 1 },
		{ { 0, 4096, 4096 },    0, 2, 32 },
		{ { 1, 1, 1 },          1, 21, 321 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const unsigned long *pages = cases[i].pages;

		invent(pages[0], pages[1], pages[2]);
		EXPECT_EQ(list_of(GFP_DMA), cases[i].dma);
		EXPECT_EQ(list_of(GFP_DMA | GFP_HIGHMEM), cases[i].dma);
		EXPECT_EQ(list_of(GFP_KERNEL), cases[i].normal);
		EXPECT_EQ(list_of(GFP_HIGHUSER), cases[i].high);
	}
}

KTEST(watermark, the_fast_path_knows_each_request)
{
	static const unsigned long cases[][MAX_NR_ZONES] = {
		{ 4096, 0, 0 }, { 0, 4096, 4096 }, { 1, 1, 1 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		invent(cases[i][0], cases[i][1], cases[i][2]);
		for (gfp_t gfp = 0; gfp <= GFP_FAST; gfp++) {
			struct zone *first = lists[gfp & GFP_ZONES][0];

			if (!first || gfp & GFP_ZERO)
				first = fast[GFP_ZERO];   /* without pages */
			EXPECT(fast[gfp] == first);
		}
	}
}

KTEST(watermark, the_fast_path_uses_the_first_zone_or_none)
{
	invent(0, 4096, 4096);
	EXPECT(fast[GFP_KERNEL] == &zones[ZONE_NORMAL]);
	EXPECT(fast[GFP_HIGHUSER] == &zones[ZONE_HIGHMEM]);
	EXPECT_EQ(fast[GFP_DMA]->pcp[0][0].count, 0);
	EXPECT(fast[GFP_DMA] == fast[GFP_KERNEL | GFP_ZERO]);
	EXPECT(fast[GFP_DMA] == fast[GFP_HIGHUSER | GFP_ZERO]);
	EXPECT_EQ(list_of(GFP_KERNEL), 2);
}

/* ---- the checker --------------------------------------------------------- */

/* Interrupts are off: no allocation sees what is broken. */
KTEST(watermark, check_finds_wrong_marks_of_each_zone)
{
	static const struct { unsigned min, low, high; bool right; } cases[] = {
		{ 5, 5, 5, true }, { 5, 6, 7, true },
		{ 6, 5, 7, false }, { 5, 7, 6, false },
	};
	struct marks real[MAX_NR_ZONES];
	irqflags_t flags = irq_save();

	read_marks(real);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		for (unsigned k = 0; k < ARRAY_SIZE(cases); k++) {
			zones[i].min = cases[k].min;
			zones[i].low = cases[k].low;
			zones[i].high = cases[k].high;
			if (cases[k].right)
				EXPECT_NULL(watermarks_check());
			else
				EXPECT_LAW(watermarks_check(), "watermark W1");
		}
		write_marks(real);
		zones[i].lowmem_reserve[i] = 1;
		EXPECT_LAW(watermarks_check(), "watermark W2");
		write_marks(real);
	}
	EXPECT_NULL(watermarks_check());
	irq_restore(flags);
}

KTEST(watermark, check_finds_a_wrong_zone_in_each_zonelist)
{
	static struct zone odd = { .name = "odd" };
	irqflags_t flags = irq_save();

	for (gfp_t gfp = 0; gfp <= GFP_ZONES; gfp++) {
		struct zone **list = zonelists[gfp];
		struct zone *first = list[0], *second = list[1];

		list[0] = &odd;
		list[1] = NULL;
		odd.type = gfp_zone(gfp);
		odd.managed = 1;
		EXPECT_NULL(watermarks_check());
		odd.managed = 0;
		EXPECT_LAW(watermarks_check(), "watermark W3");
		odd.managed = 1;
		odd.type++;
		EXPECT_LAW(watermarks_check(), "watermark W3");
		list[0] = first;
		list[1] = second;
	}
	EXPECT_NULL(watermarks_check());
	irq_restore(flags);
}
