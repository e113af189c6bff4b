// SPDX-License-Identifier: MIT
/*
 * slab_debug.c (suite) - what a debug cache catches, and what it says
 */
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/slab_impl.h"
#include "tests/ktest.h"

#define SIZE     61     /* a prime number */
#define OBJECTS  200

SUITE(slab_debug, slab_check);

static struct kmem_cache *cache;

static void set_up(void)
{
	cache = kmem_cache_create("test-debug", SIZE, 0, SLAB_DEBUG, NULL);
	REQUIRE(cache);
}

static void tear_down(void)
{
	EXPECT_EQ(kmem_cache_destroy(cache), 0);
}

static uint8_t *get_object(void)
{
	uint8_t *object = kmem_cache_alloc(cache, GFP_KERNEL);

	REQUIRE(object);
	return object;
}

static void free_object(void *object)
{
	kmem_cache_free(cache, object);
}

static void alloc_and_free(void *arg)
{
	kmem_cache_free(cache, kmem_cache_alloc(cache, GFP_KERNEL));
}

/* ---- contents ---------------------------------------------------------- */

KTEST(slab_debug, new_object_is_filled_with_5a)
{
	uint8_t *object;

	set_up();
	object = get_object();
	for (unsigned i = 0; i < SIZE; i++)
		EXPECT_EQ(object[i], 0x5a);
	kmem_cache_free(cache, object);
	tear_down();
}

KTEST(slab_debug, free_object_is_poison)
{
	uint8_t *object;

	set_up();
	object = get_object();
	kmem_cache_free(cache, object);
	for (unsigned i = 0; i < SIZE - 1; i++)
		EXPECT_EQ(object[i], 0x6b);
	EXPECT_EQ(object[SIZE - 1], 0xa5);
	tear_down();
}

KTEST(slab_debug, red_zones_stand_on_both_sides)
{
	uint8_t *object;

	set_up();
	object = get_object();
	EXPECT_EQ(object[-1], 0xcc);
	EXPECT_EQ(object[-8], 0xcc);
	EXPECT_EQ(object[SIZE], 0xcc);
	EXPECT_EQ(object[SIZE + 7], 0xcc);
	kmem_cache_free(cache, object);
	EXPECT_EQ(object[-1], 0xbb);
	EXPECT_EQ(object[SIZE], 0xbb);
	tear_down();
}

KTEST(slab_debug, zeroed_object_is_zero)
{
	uint8_t *object;

	set_up();
	object = kmem_cache_alloc(cache, GFP_KERNEL | GFP_ZERO);
	REQUIRE(object);
	for (unsigned i = 0; i < SIZE; i++)
		EXPECT_EQ(object[i], 0);
	kmem_cache_free(cache, object);
	tear_down();
}

KTEST(slab_debug, whole_object_may_be_written)
{
	uint8_t *object;

	set_up();
	object = get_object();
	memset(object, 0xff, SIZE);
	EXPECT_NULL(slab_check());
	kmem_cache_free(cache, object);
	tear_down();
}

KTEST(slab_debug, alignment_is_kept)
{
	for (unsigned align = 8; align <= PAGE_SIZE; align *= 2) {
		struct kmem_cache *aligned = kmem_cache_create(
			"test-aligned", 40, align, SLAB_DEBUG, NULL);
		void *a, *b;

		REQUIRE(aligned);
		a = kmem_cache_alloc(aligned, GFP_KERNEL);
		b = kmem_cache_alloc(aligned, GFP_KERNEL);
		EXPECT(a && b && a != b);
		EXPECT(IS_ALIGNED((uintptr_t)a, align));
		EXPECT(IS_ALIGNED((uintptr_t)b, align));
		kmem_cache_free(aligned, a);
		kmem_cache_free(aligned, b);
		EXPECT_EQ(kmem_cache_destroy(aligned), 0);
	}
}

KTEST(slab_debug, largest_objects_have_room_for_it)
{
	struct kmem_cache *large = kmem_cache_create(
		"test-large", SLAB_MAX_SIZE, PAGE_SIZE, SLAB_DEBUG, NULL);
	uint8_t *object;

	REQUIRE(large);
	object = kmem_cache_alloc(large, GFP_KERNEL);
	REQUIRE(object);
	EXPECT(IS_ALIGNED((uintptr_t)object, PAGE_SIZE));
	memset(object, 1, SLAB_MAX_SIZE);
	kmem_cache_free(large, object);
	EXPECT_EQ(kmem_cache_destroy(large), 0);
}

static void construct(void *object)
{
	memset(object, 0x77, SIZE);
}

KTEST(slab_debug, constructed_object_is_not_poisoned)
{
	struct kmem_cache *constructed = kmem_cache_create(
		"test-constructed", SIZE, 0, SLAB_DEBUG, construct);
	uint8_t *object;

	REQUIRE(constructed);
	for (unsigned round = 0; round < 3; round++) {
		object = kmem_cache_alloc(constructed, GFP_KERNEL);
		REQUIRE(object);
		EXPECT_EQ(object[0], 0x77);
		EXPECT_EQ(object[SIZE - 1], 0x77);
		kmem_cache_free(constructed, object);
	}
	EXPECT_EQ(kmem_cache_destroy(constructed), 0);
}

/* ---- misuse ------------------------------------------------------------ */

/*
 * Write one byte at an offset. Freeing must report it in these words. Then put
 * the old byte back.
 */
static void expect_caught_at_free(int offset, const char *words)
{
	uint8_t *object, was;

	set_up();
	object = get_object();
	was = object[offset];
	object[offset] = 0x41;
	EXPECT_PANIC(free_object, object, words);
	EXPECT_PANIC(free_object, object, "cache 'test-debug'");
	EXPECT_PANIC(free_object, object, "is 0x41; allocated by");
	object[offset] = was;
	kmem_cache_free(cache, object);
	tear_down();
}

KTEST(slab_debug, write_one_past_the_end_is_caught)
{
	expect_caught_at_free(SIZE, "write past the end");
}

KTEST(slab_debug, write_further_past_the_end_is_caught)
{
	expect_caught_at_free(SIZE + 7, "byte at offset 68 is");
}

KTEST(slab_debug, write_before_the_object_is_caught)
{
	expect_caught_at_free(-1, "write before the object");
}

KTEST(slab_debug, offset_before_the_object_is_said)
{
	expect_caught_at_free(-8, "byte at offset -8 is");
}

KTEST(slab_debug, write_after_free_is_caught_and_healed)
{
	uint8_t *object;

	set_up();
	object = get_object();
	kmem_cache_free(cache, object);
	object[3] = 0x42;
	EXPECT_PANIC(alloc_and_free, NULL, "write after free");
	/* One bug, one report. */
	EXPECT_NULL(slab_check());
	alloc_and_free(NULL);
	object[SIZE - 1] = 0;
	EXPECT_PANIC(alloc_and_free, NULL, "byte at offset 60 is 0x00");
	tear_down();
}

KTEST(slab_debug, double_free_is_caught_at_once)
{
	uint8_t *object;

	set_up();
	object = get_object();
	kmem_cache_free(cache, object);
	EXPECT_PANIC(free_object, object, "double free of object");
	EXPECT_PANIC(free_object, object, "freed by");
	EXPECT_EQ(kmem_cache_used(cache), 0);
	tear_down();
}

KTEST(slab_debug, free_inside_an_object_is_caught_at_once)
{
	uint8_t *object;

	set_up();
	object = get_object();
	EXPECT_PANIC(free_object, object + 8, "not the start of an object");
	EXPECT_PANIC(free_object, object - 8, "not the start of an object");
	kmem_cache_free(cache, object);
	tear_down();
}

KTEST(slab_debug, object_of_another_cache_is_caught_at_once)
{
	struct kmem_cache *other;
	void *object;

	set_up();
	other = kmem_cache_create("test-other", SIZE, 0, SLAB_DEBUG, NULL);
	REQUIRE(other);
	object = kmem_cache_alloc(other, GFP_KERNEL);
	EXPECT_PANIC(free_object, object, "object of cache 'test-other'");
	kmem_cache_free(other, object);
	EXPECT_EQ(kmem_cache_destroy(other), 0);
	tear_down();
}

KTEST(slab_debug, page_that_is_no_slab_is_caught_at_once)
{
	void *page = get_free_pages(GFP_KERNEL, 0);

	REQUIRE(page);
	set_up();
	EXPECT_PANIC(free_object, page, "not in a slab");
	EXPECT_PANIC(free_object, NULL, "not an address in lowmem");
	tear_down();
	put_free_pages(page, 0);
}

/* ---- owners ------------------------------------------------------------ */

static noinline void *allocate_here(void)
{
	void *object = kmem_cache_alloc(cache, GFP_KERNEL);

	barrier();   /* no tail call: the return address must be ours */
	return object;
}

KTEST(slab_debug, owner_is_who_allocated)
{
	uintptr_t function = (uintptr_t)allocate_here;
	uintptr_t owner;
	void *object;

	set_up();
	object = allocate_here();
	REQUIRE(object);
	owner = (uintptr_t)debug_allocated_by(cache, object);
	EXPECT(owner > function && owner < function + 256);
	kmem_cache_free(cache, object);
	tear_down();
}

KTEST(slab_debug, each_leaked_object_is_reported)
{
	uint8_t *objects[3];

	set_up();
	for (unsigned i = 0; i < 3; i++)
		objects[i] = get_object();
	EXPECT_EQ(slab_report_leaks(cache), 3);
	kmem_cache_free(cache, objects[1]);
	EXPECT_EQ(slab_report_leaks(cache), 2);
	EXPECT(kmem_cache_destroy(cache) != 0);
	kmem_cache_free(cache, objects[0]);
	kmem_cache_free(cache, objects[2]);
	tear_down();
}

/* The first slab gets a page that is full of other bytes. */
KTEST(slab_debug, an_object_that_nobody_had_has_no_owner)
{
	void *page = get_free_pages(GFP_KERNEL, 0), *object, *next;
	const void *const *owners;

	REQUIRE(page);
	set_up();
	memset(page, 0xff, PAGE_SIZE);
	put_free_pages(page, 0);
	object = get_object();
	next = (char *)object + cache->stride;
	/* Behind 61 bytes, up to the next pointer, and the red zone. */
	owners = (const void *const *)((char *)next + 64 + 8);
	EXPECT(debug_allocated_by(cache, next) == NULL);
	EXPECT(owners[0] == NULL && owners[1] == NULL);
	owners = (const void *const *)((char *)object + 64 + 8);
	EXPECT(owners[0] == debug_allocated_by(cache, object));
	EXPECT(owners[0] != NULL && owners[1] == NULL);
	kmem_cache_free(cache, object);
	EXPECT(owners[1] != NULL);
	tear_down();
}

/* A cache without SLAB_DEBUG, and an object that is none. */
static struct kmem_cache plain = { .size = 8, .align = 8 };
static const uint8_t *where;

static void lay_out_plain(void *object)
{
	(void)debug_layout(&plain);
}

static void init_plain(void *object)
{
	debug_init_object(&plain, object);
}

static void alloc_plain(void *object)
{
	debug_alloc(&plain, object, NULL);
}

static void free_plain(void *object)
{
	debug_free(&plain, object, NULL);
}

static void look_at_plain(void *object)
{
	(void)debug_find_damage(&plain, object, true, &where);
}

KTEST(slab_debug, other_caches_have_no_red_zones)
{
	static void (*const functions[])(void *) = {
		lay_out_plain, init_plain, alloc_plain, free_plain,
		look_at_plain,
	};
	static uint64_t memory[16];

	for (unsigned i = 0; i < ARRAY_SIZE(functions); i++)
		EXPECT_PANIC(functions[i], &memory[8], "give a debug cache");
}

/* ---- check, failure, random -------------------------------------------- */

KTEST(slab_debug, check_finds_damage)
{
	uint8_t *object;

	set_up();
	object = get_object();
	object[SIZE] ^= 1;
	EXPECT_STREQ(slab_check(), "slab_debug D1: red zones are whole");
	object[SIZE] ^= 1;
	object[-1] ^= 1;
	EXPECT_STREQ(slab_check(), "slab_debug D1: red zones are whole");
	object[-1] ^= 1;
	EXPECT_NULL(slab_check());
	kmem_cache_free(cache, object);
	object[0] ^= 1;
	EXPECT_STREQ(slab_check(), "slab_debug D2: a free object is whole poison");
	object[0] ^= 1;
	object[SIZE - 1] ^= 1;
	EXPECT_STREQ(slab_check(), "slab_debug D2: a free object is whole poison");
	object[SIZE - 1] ^= 1;
	EXPECT_NULL(slab_check());
	tear_down();
}

static bool try_all(void *arg)
{
	struct kmem_cache *tried = kmem_cache_create("test-tried", 600, 0,
						     SLAB_DEBUG, NULL);
	void *object;

	if (!tried)
		return false;
	object = kmem_cache_alloc(tried, GFP_KERNEL);
	if (object)
		kmem_cache_free(tried, object);
	return !kmem_cache_destroy(tried) && object;
}

KTEST(slab_debug, failure_of_each_allocation_is_survived)
{
	EXPECT(ktest_each_failure(try_all, NULL) >= 3);
}

KTEST(slab_debug, random_operations_leave_no_damage)
{
	static uint8_t *objects[OBJECTS];
	struct rng rng;

	set_up();
	rng_init(&rng, ktest_seed());
	memset(objects, 0, sizeof(objects));
	for (unsigned i = 0; i < 3000; i++) {
		unsigned slot = rng_below(&rng, OBJECTS);

		if (objects[slot]) {
			EXPECT_EQ(objects[slot][0], slot);
			EXPECT_EQ(objects[slot][SIZE - 1], slot);
			kmem_cache_free(cache, objects[slot]);
			objects[slot] = NULL;
		} else {
			objects[slot] = get_object();
			memset(objects[slot], (int)slot, SIZE);
		}
		if (i % 500 == 0)
			EXPECT_NULL(slab_check());
	}
	for (unsigned i = 0; i < OBJECTS; i++)
		if (objects[i])
			kmem_cache_free(cache, objects[i]);
	tear_down();
}
