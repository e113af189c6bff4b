// SPDX-License-Identifier: MIT
/*
 * magazine.c (suite) - the per-CPU front of a cache
 *
 * WHAT     Order, refill, flush and drain; pointers that should not be there;
 *          what the check finds. A debug build has no magazines, so most tests
 *          skip there.
 */
#include "lib/random.h"
#include "mm/slab/magazine.h"
#include "tests/ktest.h"

#define OBJECTS_MAX  (2 * MAGAZINE_MAX)

SUITE(magazine, slab_check);

static struct kmem_cache *cache;
static struct magazine *magazine;
static const void *bad;   /* set by magazine_drain() */
static void *held[OBJECTS_MAX];

/* Make a cache of 64-byte objects. Its magazine is empty. */
static void set_up(void)
{
	if (CONFIG_DEBUG)
		SKIP("a debug build has no magazines");
	cache = kmem_cache_create("test-magazine", 64, 0, 0, NULL);
	REQUIRE(cache);
	magazine = this_cpu(cache->magazine);
}

static void alloc_many(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		held[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(held[i]);
	}
}

static void free_many(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		kmem_cache_free(cache, held[i]);
}

static void tear_down(void)
{
	EXPECT_EQ(kmem_cache_destroy(cache), 0);
}

KTEST(magazine, new_cache_has_an_empty_magazine)
{
	set_up();
	EXPECT_EQ(magazine->count, 0);
	EXPECT_EQ(magazine->capacity, MAGAZINE_MAX);
	tear_down();
}

KTEST(magazine, larger_objects_have_smaller_magazines)
{
	static const uint16_t sizes[] = { 8, 256, 1024, 4096, 8192 };
	unsigned last = UINT32_MAX;

	if (CONFIG_DEBUG)
		SKIP("a debug build has no magazines");
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *sized = kmem_cache_create(
			"test-sized", sizes[i], 0, 0, NULL);
		unsigned capacity;

		REQUIRE(sized);
		capacity = sized->magazine[0].capacity;
		EXPECT(capacity >= 2 && capacity <= last);
		EXPECT(capacity * sizes[i] <= 96 * 1024);
		EXPECT_EQ(capacity % 4, 0);
		last = capacity;
		EXPECT_EQ(kmem_cache_destroy(sized), 0);
	}
}

KTEST(magazine, the_stride_decides_how_large_it_is)
{
	static const struct {
		uint32_t stride;
		unsigned capacity;
	} cases[] = {
		{ 1, 128 }, { 256, 128 }, { 257, 52 }, { 1024, 52 },
		{ 1025, 24 }, { 4096, 24 }, { 4097, 8 }, { UINT32_MAX, 8 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kmem_cache sized = { .stride = cases[i].stride };

		EXPECT_EQ(magazine_capacity(&sized), cases[i].capacity);
	}
}

KTEST(magazine, debug_cache_has_none)
{
	struct kmem_cache *debug = kmem_cache_create("test-debug", 64, 0,
						     SLAB_DEBUG, NULL);
	void *object;

	REQUIRE(debug);
	EXPECT_EQ(debug->magazine[0].capacity, 0);
	object = kmem_cache_alloc(debug, GFP_KERNEL);
	EXPECT(object);
	EXPECT_EQ(debug->magazine[0].count, 0);
	kmem_cache_free(debug, object);
	EXPECT_EQ(debug->magazine[0].count, 0);
	EXPECT_EQ(kmem_cache_destroy(debug), 0);
}

KTEST(magazine, object_freed_last_is_given_first)
{
	set_up();
	alloc_many(3);
	free_many(3);
	EXPECT(kmem_cache_alloc(cache, GFP_KERNEL) == held[2]);
	EXPECT(kmem_cache_alloc(cache, GFP_KERNEL) == held[1]);
	EXPECT(kmem_cache_alloc(cache, GFP_KERNEL) == held[0]);
	free_many(3);
	tear_down();
}

KTEST(magazine, refill_brings_half_a_magazine)
{
	set_up();
	alloc_many(1);
	/* The first slab may hold less than half a magazine. */
	EXPECT_EQ(magazine->count + 1,
		  MIN(magazine->capacity / 2, cache->per_slab));
	free_many(1);
	/* The slabs that are kept have more free objects than that. */
	alloc_many(OBJECTS_MAX);
	free_many(OBJECTS_MAX);
	EXPECT(magazine_drain(cache, &bad));
	REQUIRE(cache->nr_slabs * cache->per_slab > magazine->capacity / 2);
	alloc_many(1);
	EXPECT_EQ(magazine->count + 1, magazine->capacity / 2);
	free_many(1);
	tear_down();
}

KTEST(magazine, full_magazine_gives_back_its_oldest_three_quarters)
{
	unsigned capacity, left, n;

	set_up();
	capacity = magazine->capacity;
	left = capacity / 4 + 1;
	alloc_many(capacity + 1);
	EXPECT(magazine_drain(cache, &bad));
	free_many(capacity);
	EXPECT_EQ(magazine->count, capacity);
	EXPECT_EQ(cache->taken, capacity + 1);
	EXPECT_NULL(slab_check());
	kmem_cache_free(cache, held[capacity]);
	EXPECT_EQ(magazine->count, left);
	EXPECT_EQ(cache->taken, left);
	/* The youngest objects stay, in their order. */
	for (n = 0; n < magazine->count; n++)
		EXPECT(magazine->objects[n] == held[capacity + 1 - left + n]);
	EXPECT_NULL(slab_check());
	tear_down();
}

KTEST(magazine, alternating_at_the_edge_stays_in_the_magazine)
{
	unsigned long taken;

	set_up();
	alloc_many(magazine->capacity + 1);
	EXPECT(magazine_drain(cache, &bad));
	free_many(magazine->capacity + 1);
	taken = cache->taken;
	for (unsigned i = 0; i < 20; i++) {
		alloc_many(10);
		free_many(10);
	}
	EXPECT_EQ(cache->taken, taken);
	tear_down();
}

KTEST(magazine, drain_puts_everything_into_the_slabs)
{
	set_up();
	alloc_many(50);
	free_many(50);
	EXPECT(magazine->count >= 50);
	EXPECT(magazine_drain(cache, &bad));
	EXPECT_EQ(magazine->count, 0);
	EXPECT_EQ(cache->taken, 0);
	tear_down();
}

KTEST(magazine, objects_in_a_magazine_do_not_count_as_used)
{
	set_up();
	alloc_many(7);
	EXPECT_EQ(kmem_cache_used(cache), 7);
	EXPECT(cache->taken > 7);
	free_many(7);
	EXPECT_EQ(kmem_cache_used(cache), 0);
	tear_down();
}

KTEST(magazine, interrupts_stay_as_they_were)
{
	bool before = irqs_disabled();
	irqflags_t flags;

	set_up();
	alloc_many(2);
	EXPECT_EQ(irqs_disabled(), before);
	free_many(2);
	EXPECT_EQ(irqs_disabled(), before);
	flags = irq_save();
	alloc_many(OBJECTS_MAX);
	EXPECT(irqs_disabled());
	free_many(OBJECTS_MAX);
	EXPECT(irqs_disabled());
	irq_restore(flags);
	EXPECT_EQ(irqs_disabled(), before);
	tear_down();
}

/* ---- pointers that should not be there --------------------------------- */

static void free_and_drain(void *object)
{
	kmem_cache_free(cache, object);
	if (!magazine_drain(cache, &bad))
		slab_report_bad_free(cache, bad, NULL);
}

KTEST(magazine, bad_pointer_leaves_before_it_is_reported)
{
	set_up();
	alloc_many(2);
	EXPECT_PANIC(free_and_drain, (char *)held[0] + 8,
		     "not the start of an object");
	EXPECT_EQ(magazine->count, 0);
	EXPECT_NULL(slab_check());
	free_many(2);
	EXPECT_EQ(kmem_cache_used(cache), 0);
	tear_down();
}

/* The oldest object is freed twice. The last free flushes the full magazine. */
static void flush_with_double_free(void *arg)
{
	kmem_cache_free(cache, held[0]);
	for (unsigned i = 0; i < magazine->capacity; i++)
		kmem_cache_free(cache, held[i]);
}

KTEST(magazine, double_free_is_found_when_the_magazine_overflows)
{
	set_up();
	alloc_many(magazine->capacity);
	EXPECT(magazine_drain(cache, &bad));
	EXPECT_PANIC(flush_with_double_free, NULL, "double free of object");
	/* The call that found the double free has freed its own object. */
	EXPECT_EQ(kmem_cache_used(cache), 0);
	EXPECT_NULL(slab_check());
	tear_down();
}

KTEST(magazine, check_finds_each_broken_law)
{
	void *object;

	set_up();
	alloc_many(2);
	free_many(2);
	object = magazine->objects[0];

	magazine->capacity = 1;
	EXPECT_STREQ(slab_check(),
		     "magazine M1: a magazine holds no more than its capacity");
	magazine->capacity = MAGAZINE_MAX;

	magazine->objects[0] = (char *)object + 1;
	EXPECT_STREQ(slab_check(),
		     "magazine M2: a magazine holds taken objects of its cache");
	magazine->objects[0] = magazine->objects[1];
	EXPECT_STREQ(slab_check(), "magazine M3: no object is in a magazine twice");
	magazine->objects[0] = object;
	EXPECT_NULL(slab_check());
	tear_down();
}

/* ---- random ------------------------------------------------------------ */

KTEST(magazine, random_operations_keep_count)
{
	struct rng rng;
	unsigned n = 0;

	set_up();
	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 6000; i++) {
		/* Mostly up, then mostly down: magazines fill and empty. */
		bool up = (i / 256) % 2 ? rng_below(&rng, 4) == 0 :
					  rng_below(&rng, 4) != 0;

		if (up && n < OBJECTS_MAX) {
			held[n] = kmem_cache_alloc(cache, GFP_KERNEL);
			REQUIRE(held[n]);
			n++;
		} else if (!up && n) {
			kmem_cache_free(cache, held[--n]);
		}
		EXPECT_EQ(kmem_cache_used(cache), n);
		if (i % 1000 == 0)
			EXPECT_NULL(slab_check());
	}
	free_many(n);
	tear_down();
}
