// SPDX-License-Identifier: MIT
/*
 * memblock.c (tests) - sorted lists of ranges, and what is free of them
 *
 * The system's lists are alive, so these tests have lists of their own. The
 * naive model is an array of cells, one for each page of a small memory.
 */
#include "lib/align.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/early/memblock_impl.h"
#include "mm/page/page.h"
#include "tests/ktest.h"

SUITE(memblock, memblock_check);

static struct memblock_list memory = { .name = "test memory" };
static struct memblock_list used = { .name = "test reserved" };

static void start_empty(void)
{
	memory.count = 0;
	used.count = 0;
}

static int add(struct memblock_list *list, uint64_t start, uint64_t end)
{
	return memblock_list_add(list, PHYS(start), PHYS(end));
}

static int cut(struct memblock_list *list, uint64_t start, uint64_t end)
{
	return memblock_list_remove(list, PHYS(start), PHYS(end));
}

static bool has(const struct memblock_list *list, unsigned i, uint64_t start,
		uint64_t end)
{
	return i < list->count && list->range[i].start.v == start &&
	       list->range[i].end.v == end;
}

/* ---- one list ----------------------------------------------------------- */

KTEST(memblock, ranges_are_sorted)
{
	start_empty();
	EXPECT_EQ(add(&memory, 0x5000, 0x6000), 0);
	EXPECT_EQ(add(&memory, 0x1000, 0x2000), 0);
	EXPECT_EQ(add(&memory, 0x100000000ull, 0x200000000ull), 0);
	EXPECT_EQ(add(&memory, 0x3000, 0x4000), 0);
	EXPECT_EQ(memory.count, 4);
	EXPECT(has(&memory, 0, 0x1000, 0x2000));
	EXPECT(has(&memory, 1, 0x3000, 0x4000));
	EXPECT(has(&memory, 2, 0x5000, 0x6000));
	EXPECT(has(&memory, 3, 0x100000000ull, 0x200000000ull));
	EXPECT_NULL(memblock_list_check(&memory));
}

KTEST(memblock, ranges_that_touch_or_overlap_become_one)
{
	start_empty();
	EXPECT_EQ(add(&memory, 0x1000, 0x2000), 0);
	EXPECT_EQ(add(&memory, 0x2000, 0x3000), 0);
	EXPECT_EQ(add(&memory, 0x0800, 0x1000), 0);
	EXPECT_EQ(add(&memory, 0x2800, 0x3800), 0);
	EXPECT_EQ(add(&memory, 0x1000, 0x1001), 0);
	EXPECT_EQ(memory.count, 1);
	EXPECT(has(&memory, 0, 0x800, 0x3800));
	EXPECT_NULL(memblock_list_check(&memory));
}

KTEST(memblock, a_large_range_swallows_many)
{
	start_empty();
	for (unsigned i = 0; i < 20; i++)
		EXPECT_EQ(add(&memory, 0x10000 * i, 0x10000 * i + 0x1000), 0);
	EXPECT_EQ(memory.count, 20);
	EXPECT_EQ(add(&memory, 0x20800, 0x100000), 0);
	EXPECT_EQ(memory.count, 6);
	EXPECT(has(&memory, 2, 0x20000, 0x101000));
	EXPECT_NULL(memblock_list_check(&memory));
}

KTEST(memblock, removing_cuts_shortens_and_forgets)
{
	start_empty();
	EXPECT_EQ(add(&memory, 0x1000, 0x9000), 0);
	EXPECT_EQ(cut(&memory, 0x3000, 0x4000), 0);
	EXPECT(has(&memory, 0, 0x1000, 0x3000));
	EXPECT(has(&memory, 1, 0x4000, 0x9000));
	EXPECT_EQ(cut(&memory, 0x2000, 0x5000), 0);
	EXPECT(has(&memory, 0, 0x1000, 0x2000));
	EXPECT(has(&memory, 1, 0x5000, 0x9000));
	EXPECT_EQ(cut(&memory, 0x2000, 0x5000), 0);
	EXPECT_EQ(memory.count, 2);
	EXPECT_EQ(cut(&memory, 0, ~0ull), 0);
	EXPECT_EQ(memory.count, 0);
	EXPECT_EQ(cut(&memory, 0, ~0ull), 0);
}

KTEST(memblock, single_bytes_are_removed_too)
{
	start_empty();
	EXPECT_EQ(add(&memory, 0x1000, 0x2000), 0);
	EXPECT_EQ(cut(&memory, 0x1fff, 0x3000), 0);
	EXPECT(has(&memory, 0, 0x1000, 0x1fff));
	EXPECT_EQ(cut(&memory, 0, 0x1001), 0);
	EXPECT(has(&memory, 0, 0x1001, 0x1fff));
	EXPECT_EQ(cut(&memory, 0x1800, 0x1801), 0);
	EXPECT(has(&memory, 0, 0x1001, 0x1800));
	EXPECT(has(&memory, 1, 0x1801, 0x1fff));
	/* What only touches a range takes nothing of it. */
	EXPECT_EQ(cut(&memory, 0x1800, 0x1801), 0);
	EXPECT_EQ(cut(&memory, 0x1fff, 0x3000), 0);
	EXPECT_EQ(memory.count, 2);
}

KTEST(memblock, empty_and_wrapping_ranges_are_refused)
{
	start_empty();
	EXPECT_EQ(add(&memory, 0x1000, 0x1000), -EINVAL);
	EXPECT_EQ(add(&memory, 0x2000, 0x1000), -EINVAL);
	EXPECT_EQ(add(&memory, ~0ull, 0), -EINVAL);
	EXPECT_EQ(cut(&memory, 0x1000, 0x1000), -EINVAL);
	EXPECT_EQ(memory.count, 0);
	EXPECT_EQ(add(&memory, ~0ull - 1, ~0ull), 0);
	EXPECT_EQ(memory.count, 1);
}

KTEST(memblock, a_full_list_refuses_and_stays_as_it_is)
{
	start_empty();
	for (uint64_t i = 0; i < MEMBLOCK_RANGES_MAX; i++)
		EXPECT_EQ(add(&memory, i << 16, (i << 16) + 0x4000), 0);
	EXPECT_EQ(add(&memory, 0x8000, 0x9000), -ENOSPC);
	EXPECT_EQ(cut(&memory, 0x1000, 0x2000), -ENOSPC);
	EXPECT_EQ(memory.count, MEMBLOCK_RANGES_MAX);
	EXPECT(has(&memory, 0, 0, 0x4000));
	/* Calls that need no further range still succeed. */
	EXPECT_EQ(add(&memory, 0x4000, 0x10000), 0);
	EXPECT_EQ(memory.count, MEMBLOCK_RANGES_MAX - 1);
	EXPECT_EQ(cut(&memory, 0x1000, 0x2000), 0);
	EXPECT_NULL(memblock_list_check(&memory));
}

KTEST(memblock, check_finds_each_broken_law)
{
	start_empty();
	EXPECT_EQ(add(&memory, 0x1000, 0x2000), 0);
	EXPECT_EQ(add(&memory, 0x3000, 0x4000), 0);
	memory.range[1].start.v = 0x2000;
	EXPECT_STREQ(memblock_list_check(&memory),
		     "memblock M2: ranges are sorted, and neither overlap nor touch");
	memory.range[1].start.v = 0x4000;
	EXPECT_STREQ(memblock_list_check(&memory), "memblock M1: no range is empty");
	memory.range[1].start.v = 0x3000;
	memory.range[0].end.v = 0x1000;
	EXPECT_STREQ(memblock_list_check(&memory), "memblock M1: no range is empty");
	memory.range[0].end.v = 0x2000;
	EXPECT_NULL(memblock_list_check(&memory));
	memory.count = MEMBLOCK_RANGES_MAX + 1;
	EXPECT_STREQ(memblock_list_check(&memory),
		     "memblock M3: a list has at most MEMBLOCK_RANGES_MAX ranges");
}

/* ---- the difference ----------------------------------------------------- */

static void expect_free(phys_addr_t *cursor, uint64_t start, uint64_t end)
{
	struct memblock_range range;

	REQUIRE(memblock_list_next_free(&memory, &used, cursor, &range));
	EXPECT_EQ(range.start.v, start);
	EXPECT_EQ(range.end.v, end);
}

KTEST(memblock, free_is_memory_without_reserved)
{
	phys_addr_t cursor = PHYS(0);
	struct memblock_range range;

	start_empty();
	EXPECT_EQ(add(&memory, 0x10000, 0x20000), 0);
	EXPECT_EQ(add(&memory, 0x30000, 0x40000), 0);
	EXPECT_EQ(add(&memory, 0x50000, 0x60000), 0);
	EXPECT_EQ(add(&used, 0x0, 0x11000), 0);        /* begins outside */
	EXPECT_EQ(add(&used, 0x12000, 0x13000), 0);
	EXPECT_EQ(add(&used, 0x1f000, 0x31000), 0);    /* spans a hole   */
	EXPECT_EQ(add(&used, 0x50000, 0x60000), 0);    /* all of it      */
	expect_free(&cursor, 0x11000, 0x12000);
	expect_free(&cursor, 0x13000, 0x1f000);
	expect_free(&cursor, 0x31000, 0x40000);
	EXPECT(!memblock_list_next_free(&memory, &used, &cursor, &range));
}

KTEST(memblock, a_walk_sees_the_first_byte)
{
	phys_addr_t cursor = PHYS(0);
	struct memblock_range range;

	start_empty();
	EXPECT_EQ(add(&memory, 0, 1), 0);
	expect_free(&cursor, 0, 1);
	EXPECT(!memblock_list_next_free(&memory, &used, &cursor, &range));
	EXPECT_EQ(add(&memory, 0, 16), 0);
	EXPECT_EQ(add(&used, 0, 1), 0);
	cursor = PHYS(0);
	expect_free(&cursor, 1, 16);
}

static uint64_t find(uint64_t limit, uint64_t size, uint64_t align)
{
	phys_addr_t found = PHYS(1);

	if (!memblock_list_find(&memory, &used, PHYS(limit), size, align,
				&found))
		return 1;   /* not found: all addresses here are even */
	return found.v;
}

KTEST(memblock, find_takes_the_highest_that_fits)
{
	start_empty();
	EXPECT_EQ(add(&memory, 0x10000, 0x20000), 0);
	EXPECT_EQ(add(&memory, 0x30000, 0x38000), 0);
	EXPECT_EQ(add(&used, 0x36000, 0x37000), 0);
	EXPECT_EQ(find(~0ull, 0x1000, 0x1000), 0x37000);
	EXPECT_EQ(find(~0ull, 0x2000, 0x1000), 0x34000);
	EXPECT_EQ(find(~0ull, 0x2000, 0x8000), 0x30000);
	EXPECT_EQ(find(~0ull, 0x7000, 0x1000), 0x19000);
	EXPECT_EQ(find(~0ull, 0x800, 0x400), 0x37800);
	EXPECT_EQ(find(0x36800, 0x1000, 0x1000), 0x35000);
	EXPECT_EQ(find(0x18000, 0x1000, 0x1000), 0x17000);
	EXPECT_EQ(find(0x10800, 0x1000, 0x1000), 1);
	EXPECT_EQ(find(~0ull, 0x10000, 0x1000), 0x10000);
	EXPECT_EQ(find(~0ull, 0x10001, 0x1000), 1);
	EXPECT_EQ(find(~0ull, 0x1000, 0x100000), 1);
	/* More than lies below the end of any range. */
	EXPECT_EQ(find(~0ull, 0x40000, 0x1000), 1);
	EXPECT_EQ(find(~0ull, 1ull << 40, 0x1000), 1);
}

KTEST(memblock, find_takes_a_range_from_its_first_byte_to_its_last)
{
	start_empty();
	EXPECT_EQ(add(&memory, 0, 0x1000), 0);
	EXPECT_EQ(find(~0ull, 0x1000, 0x1000), 0);
	EXPECT_EQ(find(0x800, 0x800, 0x800), 0);
	EXPECT_EQ(find(0x800, 0x801, 1), 1);
}

static bool take(uint64_t size, uint64_t want)
{
	phys_addr_t found = PHYS(1);

	return memblock_list_take(&memory, &used, PHYS(~0ull), size, 0x1000,
				  &found) && found.v == want;
}

KTEST(memblock, what_is_taken_is_reserved)
{
	start_empty();
	EXPECT_EQ(add(&memory, 0x10000, 0x20000), 0);
	EXPECT(take(0x1000, 0x1f000));
	EXPECT(take(0x1800, 0x1d000));
	EXPECT(has(&used, 0, 0x1d000, 0x1e800));
	EXPECT(has(&used, 1, 0x1f000, 0x20000));
	EXPECT(!take(0xe000, 0x10000));
	EXPECT_EQ(used.count, 2);
	EXPECT(take(0xd000, 0x10000));
	EXPECT(has(&used, 0, 0x10000, 0x1e800));
}

KTEST(memblock, nothing_is_taken_that_cannot_be_reserved)
{
	start_empty();
	EXPECT_EQ(add(&memory, 0x10000, 0x20000), 0);
	for (unsigned i = 0; i < MEMBLOCK_RANGES_MAX; i++)
		EXPECT_EQ(add(&used, 0x18000 + (i << 16),
			      0x18001 + (i << 16)), 0);
	EXPECT(!take(0x1000, 0x1f000));
	EXPECT_EQ(used.count, MEMBLOCK_RANGES_MAX);
	EXPECT(take(0x8000, 0x10000));   /* it touches the first */
	EXPECT(has(&used, 0, 0x10000, 0x18001));
}

/* ---- naive model -------------------------------------------------------- */

#define CELLS  128

static bool model_memory[CELLS], model_used[CELLS];

static bool contains(const struct memblock_list *list, uint64_t at)
{
	for (unsigned i = 0; i < list->count; i++)
		if (at >= list->range[i].start.v && at < list->range[i].end.v)
			return true;
	return false;
}

static void compare_free(void)
{
	bool model_free[CELLS];
	phys_addr_t cursor = PHYS(0);
	struct memblock_range range;

	for (unsigned i = 0; i < CELLS; i++)
		model_free[i] = model_memory[i] && !model_used[i];
	while (memblock_list_next_free(&memory, &used, &cursor, &range))
		for (uint64_t i = range.start.v >> PAGE_SHIFT;
		     i < range.end.v >> PAGE_SHIFT; i++) {
			EXPECT(model_free[i]);
			model_free[i] = false;
		}
	for (unsigned i = 0; i < CELLS; i++)
		EXPECT(!model_free[i]);
}

static void random_step(struct rng *rng)
{
	bool on_memory = rng_below(rng, 2);
	struct memblock_list *list = on_memory ? &memory : &used;
	bool *model = on_memory ? model_memory : model_used;
	unsigned start = rng_below(rng, CELLS);
	unsigned end = start + 1 + rng_below(rng, 12);
	bool set = rng_below(rng, 2);

	end = MIN(end, (unsigned)CELLS);
	EXPECT_EQ((set ? add : cut)(list, (uint64_t)start << PAGE_SHIFT,
				    (uint64_t)end << PAGE_SHIFT), 0);
	for (unsigned i = start; i < end; i++)
		model[i] = set;
}

KTEST(memblock, random_operations_match_a_naive_model)
{
	struct rng rng;

	start_empty();
	rng_init(&rng, ktest_seed());
	memset(model_memory, 0, sizeof(model_memory));
	memset(model_used, 0, sizeof(model_used));
	for (unsigned i = 0; i < 600; i++) {
		random_step(&rng);
		EXPECT_NULL(memblock_list_check(&memory));
		EXPECT_NULL(memblock_list_check(&used));
		if (i % 8)
			continue;
		compare_free();
		for (uint64_t cell = 0; cell < CELLS; cell++)
			EXPECT_EQ(contains(&memory, cell << PAGE_SHIFT),
				  model_memory[cell]);
	}
}

/* ---- the system's lists ------------------------------------------------- */

static bool is_reserved(phys_addr_t pa)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_reserved(i, &range); i++)
		if (pa.v >= range.start.v && pa.v < range.end.v)
			return true;
	return false;
}

KTEST(memblock, a_retired_memblock_gives_nothing)
{
	EXPECT(!memblock_alloc(16, 16));
	EXPECT(!memblock_alloc_raw(PAGE_SIZE, PAGE_SIZE));
}

KTEST(memblock, what_was_allocated_at_boot_is_reserved)
{
	const char *map = (const char *)mem_map;
	const char *last = (const char *)(mem_map + max_pfn.v) - 1;

	EXPECT(is_reserved(virt_to_phys(map)));
	EXPECT(is_reserved(virt_to_phys(last)));
	EXPECT(is_reserved(PHYS(0)));
}

KTEST(memblock, the_end_is_that_of_the_last_ram)
{
	struct memblock_range range = { PHYS(0), PHYS(0) };

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		;
	EXPECT_EQ(memblock_end().v, range.end.v);
	EXPECT_EQ(max_pfn.v, phys_to_pfn(range.end).v);
}
