// SPDX-License-Identifier: MIT
/*
 * slab.c (suite) - caches of equal objects
 *
 * WHAT     What kmem_cache_create() and its relatives promise, misuse of
 *          ordinary caches, shrinking, and what the check finds. How objects
 *          lie in slabs: slab_layout.c.
 */
#include "lib/align.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"
#include "mm/slab/magazine.h"
#include "tests/suites/slab_test.h"

SUITE(slab, slab_check);

/* ---- create ------------------------------------------------------------ */

KTEST(slab, objects_do_not_overlap)
{
	set_up(100);
	alloc_many(200);
	for (unsigned i = 0; i < 200; i++)
		memset(held[i], (int)i, 100);
	for (unsigned i = 0; i < 200; i++) {
		const uint8_t *object = held[i];

		EXPECT_EQ(object[0], i);
		EXPECT_EQ(object[99], i);
	}
	free_many(200);
	tear_down();
}

KTEST(slab, cache_knows_its_name_and_size)
{
	set_up(100);
	EXPECT_STREQ(kmem_cache_name(cache), "test-slab");
	EXPECT_EQ(kmem_cache_size(cache), 100);
	tear_down();
}

KTEST(slab, each_alignment_is_kept)
{
	for (unsigned align = 1; align <= PAGE_SIZE; align *= 2) {
		cache = kmem_cache_create("test-aligned", 24, align, 0, NULL);
		REQUIRE(cache);
		alloc_many(20);
		for (unsigned i = 0; i < 20; i++)
			EXPECT(IS_ALIGNED((uintptr_t)held[i], align));
		free_many(20);
		tear_down();
	}
}

KTEST(slab, alignment_zero_suits_any_type)
{
	set_up(13);
	alloc_many(20);
	for (unsigned i = 0; i < 20; i++)
		EXPECT(IS_ALIGNED((uintptr_t)held[i], sizeof(uint64_t)));
	free_many(20);
	tear_down();
}

KTEST(slab, cache_line_alignment_shares_lines_evenly)
{
	static const struct {
		uint16_t size, align;
	} cases[] = {
		{ 1, 8 }, { 8, 8 }, { 9, 16 }, { 13, 16 }, { 16, 16 },
		{ 17, 32 }, { 32, 32 }, { 33, 64 }, { 64, 64 }, { 100, 64 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		cache = kmem_cache_create("test-line", cases[i].size, 0,
					  SLAB_HWCACHE_ALIGN, NULL);
		REQUIRE(cache);
		EXPECT_EQ(cache->align, cases[i].align);
		tear_down();
	}
}

KTEST(slab, more_than_a_cache_line_of_alignment_is_kept)
{
	cache = kmem_cache_create("test-line", 8, 128, SLAB_HWCACHE_ALIGN,
				  NULL);
	REQUIRE(cache);
	EXPECT_EQ(cache->align, 128);
	tear_down();
}

/* The second cache gets the memory of the first one. */
KTEST(slab, nothing_of_an_earlier_cache_is_left)
{
	struct kmem_cache *before;

	cache = kmem_cache_create("test-before", 3000, 0,
				  SLAB_DEBUG | SLAB_DMA, NULL);
	REQUIRE(cache);
	before = cache;
	alloc_many(1);
	free_many(1);
	cache->colour = 7;
	tear_down();
	set_up(64);
	EXPECT(cache == before || CONFIG_DEBUG);
	EXPECT_EQ(cache->colour, 0);
	EXPECT(cache_is_debug(cache) || cache->red_left == 0);
	EXPECT(!(cache->flags & SLAB_DMA) && !cache->off_slab);
	tear_down();
}

KTEST(slab, bad_arguments_are_refused)
{
	EXPECT(!kmem_cache_create("test", 0, 0, 0, NULL));
	EXPECT(!kmem_cache_create("test", SLAB_MAX_SIZE + 1, 0, 0, NULL));
	EXPECT(!kmem_cache_create("test", (size_t)-1, 0, 0, NULL));
	EXPECT(!kmem_cache_create("test", 8, 3, 0, NULL));
	EXPECT(!kmem_cache_create("test", 8, 2 * PAGE_SIZE, 0, NULL));
	EXPECT(!kmem_cache_create("test", 8, 0, 0x8000, NULL));
	EXPECT(!kmem_cache_create(NULL, 8, 0, 0, NULL));
	EXPECT(!kmem_cache_create("", 8, 0, 0, NULL));
}

static void create_or_panic(void *size)
{
	cache = kmem_cache_create("test-panic", (size_t)size, 0, SLAB_PANIC,
				  NULL);
}

KTEST(slab, slab_panic_panics_instead)
{
	EXPECT_PANIC(create_or_panic, (void *)0,
		     "cannot create cache 'test-panic': size out of range");
}

KTEST(slab, dma_objects_lie_below_16_mib)
{
	cache = kmem_cache_create("test-dma", 100, 0, SLAB_DMA, NULL);
	REQUIRE(cache);
	alloc_many(50);
	for (unsigned i = 0; i < 50; i++)
		EXPECT(virt_to_phys(held[i]).v < ZONE_DMA_END);
	free_many(50);
	tear_down();
}

KTEST(slab, zeroed_object_is_zero_also_when_used_before)
{
	uint8_t *object;

	set_up(100);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	memset(object, 0xff, 100);
	kmem_cache_free(cache, object);
	object = kmem_cache_alloc(cache, GFP_KERNEL | GFP_ZERO);
	REQUIRE(object);
	for (unsigned i = 0; i < 100; i++)
		EXPECT_EQ(object[i], 0);
	kmem_cache_free(cache, object);
	tear_down();
}

/* ---- constructors ------------------------------------------------------ */

static unsigned constructed;

static void construct(void *object)
{
	*(uint32_t *)object = 0xc0de;
	constructed++;
}

KTEST(slab, constructor_runs_once_for_each_object_of_a_slab)
{
	unsigned before;

	constructed = 0;
	cache = kmem_cache_create("test-ctor", 64, 0, 0, construct);
	REQUIRE(cache);
	EXPECT_EQ(constructed, 0);
	alloc_many(100);
	before = constructed;
	EXPECT_EQ(before, cache->nr_slabs * cache->per_slab);
	/* No slab becomes empty here, so no new slab is made. */
	for (unsigned i = 0; i < 500; i++) {
		kmem_cache_free(cache, held[i % 100]);
		held[i % 100] = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(held[i % 100]);
	}
	EXPECT_EQ(constructed, before);
	free_many(100);
	tear_down();
}

KTEST(slab, free_objects_stay_constructed)
{
	cache = kmem_cache_create("test-ctor", 64, 0, 0, construct);
	REQUIRE(cache);
	for (unsigned round = 0; round < 3; round++) {
		alloc_many(300);
		for (unsigned i = 0; i < 300; i++)
			EXPECT_EQ(*(uint32_t *)held[i], 0xc0de);
		free_many(300);
	}
	tear_down();
}

/* ---- destroy, shrink --------------------------------------------------- */

KTEST(slab, used_objects_are_counted)
{
	set_up(50);
	EXPECT_EQ(kmem_cache_used(cache), 0);
	alloc_many(77);
	EXPECT_EQ(kmem_cache_used(cache), 77);
	free_many(70);
	EXPECT_EQ(kmem_cache_used(cache), 7);
	for (unsigned i = 70; i < 77; i++)
		kmem_cache_free(cache, held[i]);
	EXPECT_EQ(kmem_cache_used(cache), 0);
	tear_down();
}

KTEST(slab, destroy_refuses_while_objects_are_in_use)
{
	set_up(64);
	alloc_many(3);
	EXPECT_EQ(kmem_cache_destroy(cache), -EBUSY);
	/* The cache stays usable: the leaked objects can still be freed. */
	EXPECT_NULL(slab_check());
	EXPECT_EQ(kmem_cache_used(cache), 3);
	kmem_cache_free(cache, held[0]);
	EXPECT_EQ(kmem_cache_destroy(cache), -EBUSY);
	kmem_cache_free(cache, held[1]);
	kmem_cache_free(cache, held[2]);
	tear_down();
}

KTEST(slab, each_leaked_object_is_reported)
{
	set_up(64);
	alloc_many(5);
	(void)kmem_cache_shrink(cache);
	EXPECT_EQ(slab_report_leaks(cache), 5);
	free_many(5);
	tear_down();
}

KTEST(slab, shrink_gives_empty_slabs_back)
{
	unsigned long before, pages;

	set_up(256);
	alloc_many(300);
	free_many(300);
	before = nr_free_pages();
	pages = kmem_cache_shrink(cache);
	EXPECT(pages > 0);
	EXPECT_EQ(nr_free_pages(), before + pages);
	EXPECT_EQ(cache->nr_slabs, 0);
	EXPECT_EQ(kmem_cache_shrink(cache), 0);
	tear_down();
}

KTEST(slab, shrink_leaves_slabs_in_use)
{
	set_up(256);
	alloc_many(300);
	for (unsigned i = 1; i < 300; i++)
		kmem_cache_free(cache, held[i]);
	(void)kmem_cache_shrink(cache);
	EXPECT_EQ(cache->nr_slabs, 1);
	EXPECT_EQ(kmem_cache_used(cache), 1);
	kmem_cache_free(cache, held[0]);
	tear_down();
}

KTEST(slab, few_empty_slabs_are_kept)
{
	set_up(256);
	alloc_many(HELD_MAX);
	free_many(HELD_MAX);
	EXPECT(cache->nr_empty <= SLAB_EMPTY_KEEP);
	EXPECT_NULL(slab_check());
	tear_down();
}

KTEST(slab, shrinkers_reach_every_cache)
{
	set_up(512);
	alloc_many(100);
	free_many(100);
	EXPECT(cache->nr_slabs > 0);
	EXPECT(shrink_all() > 0);
	EXPECT_EQ(cache->nr_slabs, 0);
	tear_down();
}

/* Take all pages of ZONE_DMA; page->list links them, newest first. */
static void take_all_dma(struct list_head *pages)
{
	struct page *page;

	while ((page = alloc_pages(GFP_KERNEL | GFP_DMA | GFP_NOWARN, 0)))
		list_add(&page->list, pages);
}

KTEST(slab, pages_of_empty_slabs_come_back_when_memory_is_short)
{
	LIST_HEAD(pages);
	struct page *page, *next;

	cache = kmem_cache_create("test-dma", 256, 0, SLAB_DMA, NULL);
	REQUIRE(cache);
	alloc_many(100);
	free_many(100);
	EXPECT(cache->nr_slabs > 0);
	take_all_dma(&pages);
	EXPECT_EQ(cache->nr_slabs, 0);
	EXPECT(!kmem_cache_alloc(cache, GFP_KERNEL | GFP_NOWARN));
	list_for_each_entry_safe(page, next, &pages, list)
		free_page(page);
	alloc_many(1);
	free_many(1);
	tear_down();
}

/* ---- misuse ------------------------------------------------------------ */

/* In an ordinary cache a bad free shows when its magazine is flushed. */
static void free_and_shrink(void *object)
{
	kmem_cache_free(cache, object);
	(void)kmem_cache_shrink(cache);
}

static void free_and_destroy(void *object)
{
	kmem_cache_free(cache, object);
	(void)!kmem_cache_destroy(cache);
}

static void grow_under_its_lock(void *arg)
{
	spin_lock(&cache->lock);
	EXPECT(slab_grow(cache, GFP_KERNEL));
	spin_unlock(&cache->lock);
}

static void destroy_list_under_its_lock(void *arg)
{
	LIST_HEAD(none);

	spin_lock(&cache->lock);
	slab_destroy_list(cache, &none);
	spin_unlock(&cache->lock);
}

static void take_from_highmem(void *arg)
{
	held[0] = cache_alloc_slow(cache, GFP_KERNEL | GFP_HIGHMEM, NULL);
}

KTEST(slab, duties_inside_are_checked_too)
{
	set_up(64);
	EXPECT_PANIC(grow_under_its_lock, NULL, "not hold the lock");
	spin_lock_init(&cache->lock);
	EXPECT_PANIC(destroy_list_under_its_lock, NULL, "not hold the lock");
	spin_lock_init(&cache->lock);
	EXPECT_PANIC(take_from_highmem, NULL, "objects need an address");
	tear_down();
}

KTEST(slab, double_free_is_caught)
{
	set_up(64);
	alloc_many(2);
	kmem_cache_free(cache, held[0]);
	EXPECT_PANIC(free_and_shrink, held[0], "double free of object");
	EXPECT_NULL(slab_check());
	EXPECT_EQ(kmem_cache_used(cache), 1);
	kmem_cache_free(cache, held[1]);
	tear_down();
}

KTEST(slab, object_of_another_cache_is_caught)
{
	struct kmem_cache *other = kmem_cache_create("test-other", 64, 0, 0,
						     NULL);
	void *object;

	REQUIRE(other);
	object = kmem_cache_alloc(other, GFP_KERNEL);
	set_up(64);
	EXPECT_PANIC(free_and_shrink, object, "object of cache 'test-other'");
	kmem_cache_free(other, object);
	EXPECT_EQ(kmem_cache_destroy(other), 0);
	tear_down();
}

KTEST(slab, pointer_into_an_object_is_caught)
{
	set_up(64);
	alloc_many(1);
	EXPECT_PANIC(free_and_shrink, (char *)held[0] + 16,
		     "not the start of an object");
	EXPECT_PANIC(free_and_destroy, (char *)held[0] + 16,
		     "not the start of an object");
	free_many(1);
	tear_down();
}

KTEST(slab, page_that_is_no_slab_is_caught)
{
	void *page = get_free_pages(GFP_KERNEL, 0);

	REQUIRE(page);
	set_up(64);
	EXPECT_PANIC(free_and_shrink, page, "not in a slab");
	EXPECT_PANIC(free_and_shrink, NULL, "not an address in lowmem");
	tear_down();
	put_free_pages(page, 0);
}

KTEST(slab, cache_goes_on_after_a_bad_free)
{
	set_up(64);
	alloc_many(100);
	EXPECT_PANIC(free_and_shrink, (char *)held[0] + 1, "not the start");
	free_many(100);
	alloc_many(100);
	for (unsigned i = 0; i < 100; i++)
		for (unsigned j = 0; j < i; j++)
			EXPECT(held[i] != held[j]);
	free_many(100);
	tear_down();
}

KTEST(slab, write_after_free_cannot_break_the_chain)
{
	if (CONFIG_DEBUG)
		SKIP("a debug build reports it");
	set_up(64);
	alloc_many(100);
	free_many(100);
	(void)kmem_cache_shrink(cache);
	alloc_many(30);
	for (unsigned i = 1; i < 30; i++)
		kmem_cache_free(cache, held[i]);
	for (unsigned i = 1; i < 30; i++)
		memset(held[i], 0xff, 64);
	EXPECT_NULL(slab_check());
	kmem_cache_free(cache, held[0]);
	tear_down();
}

/* ---- check ------------------------------------------------------------- */

static void expect_sums(unsigned long *count)
{
	(*count)++;
	EXPECT_STREQ(slab_check(),
		     "slab S6: nr_slabs, nr_empty and taken are the sums over the lists");
	(*count)--;
}

/* held[0] is the only object of the slab. */
static void expect_chain(struct slab *slab)
{
	uint16_t next;
	uint32_t taken;

	next = slab->next[slab->free];
	slab->next[slab->free] = slab->free;
	EXPECT_STREQ(slab_check(),
		     "slab S2: the chain ends after the free objects");
	slab->next[slab->free] = next;

	next = slab->free;
	slab->free = (uint16_t)cache->per_slab;
	EXPECT_STREQ(slab_check(),
		     "slab S2: the chain names free objects of the slab");
	slab->free = SLOT_TAKEN;
	EXPECT_STREQ(slab_check(),
		     "slab S2: the chain names free objects of the slab");
	slab->free = next;

	taken = (uint32_t)((char *)held[0] - slab->objects) / cache->stride;
	slab->next[taken] = SLOT_END;
	EXPECT_LAW(slab_check(), "slab S3");
	slab->next[taken] = SLOT_TAKEN;
}

KTEST(slab, check_finds_each_broken_law)
{
	struct slab *slab;
	char *objects;

	set_up(200);
	alloc_many(1);
	(void)kmem_cache_shrink(cache);
	slab = slab_find(cache, held[0]);
	REQUIRE(slab && cache->per_slab > 3);

	slab->inuse = 0;
	EXPECT_STREQ(slab_check(),
		     "slab S1: a slab is on the list that its inuse says");
	slab->inuse = 2;
	EXPECT_STREQ(slab_check(),
		     "slab S2: the chain ends after the free objects");
	slab->inuse = 1;

	expect_chain(slab);

	objects = slab->objects;
	slab->objects += PAGE_SIZE;
	EXPECT_STREQ(slab_check(), "slab S5: objects end within the block");
	slab->objects = objects + 1;
	EXPECT_STREQ(slab_check(),
		     "slab S5: objects begin behind the descriptor, aligned");
	slab->objects = objects - cache->first;
	EXPECT_STREQ(slab_check(),
		     "slab S5: objects begin behind the descriptor, aligned");
	slab->objects = objects;

	expect_sums(&cache->taken);
	expect_sums(&cache->nr_slabs);
	expect_sums(&cache->nr_empty);
	cache->span--;
	EXPECT_STREQ(slab_check(),
		     "cache C2: a cache's geometry is what fits its block");
	cache->span++;
	EXPECT_NULL(slab_check());
	free_many(1);
	tear_down();
}

KTEST(slab, dump_survives)
{
	slabinfo_dump();
}

/* ---- failure, random --------------------------------------------------- */

static bool try_all(void *size)
{
	struct kmem_cache *tried = kmem_cache_create("test-tried",
						     (size_t)size, 0, 0, NULL);
	void *object;

	if (!tried)
		return false;
	object = kmem_cache_alloc(tried, GFP_KERNEL);
	if (object)
		kmem_cache_free(tried, object);
	EXPECT_EQ(kmem_cache_destroy(tried), 0);
	return object != NULL;
}

KTEST(slab, failure_of_each_allocation_is_survived)
{
	/* With the descriptor on the slab, and off the slab. */
	EXPECT(ktest_each_failure(try_all, (void *)100) >= 3);
	EXPECT(ktest_each_failure(try_all, (void *)2000) >= 4);
	EXPECT_NULL(slab_check());
}

#define CACHES  5

/* An object, and the byte that fills it. */
struct model {
	uint8_t *object;
	uint8_t  pattern;
	uint8_t  which;
};

static const uint16_t random_sizes[CACHES] = { 8, 61, 192, 700, 4096 };

static bool pattern_holds(const struct model *m)
{
	for (unsigned i = 0; i < random_sizes[m->which]; i++)
		if (m->object[i] != m->pattern)
			return false;
	return true;
}

static void random_step(struct rng *rng, struct kmem_cache *const caches[],
			struct model *m)
{
	if (m->object) {
		EXPECT(pattern_holds(m));
		kmem_cache_free(caches[m->which], m->object);
		m->object = NULL;
		return;
	}
	/* Small sizes are chosen more often. */
	m->which = (uint8_t)MIN(rng_below(rng, CACHES),
				rng_below(rng, CACHES));
	m->pattern = (uint8_t)rng_next(rng);
	m->object = kmem_cache_alloc(caches[m->which], GFP_KERNEL);
	REQUIRE(m->object);
	memset(m->object, m->pattern, random_sizes[m->which]);
}

KTEST(slab, random_operations_match_a_naive_model)
{
	static struct model models[300];
	struct kmem_cache *caches[CACHES];
	struct rng rng;

	rng_init(&rng, ktest_seed());
	memset(models, 0, sizeof(models));
	for (unsigned i = 0; i < CACHES; i++) {
		caches[i] = kmem_cache_create("test-random", random_sizes[i],
					      0, 0, NULL);
		REQUIRE(caches[i]);
	}
	for (unsigned i = 0; i < 5000; i++) {
		random_step(&rng, caches,
			    &models[rng_below(&rng, ARRAY_SIZE(models))]);
		if (i % 500 == 0)
			EXPECT_NULL(slab_check());
		if (i % 700 == 0)
			(void)kmem_cache_shrink(caches[i % CACHES]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(models); i++)
		if (models[i].object)
			random_step(&rng, caches, &models[i]);
	for (unsigned i = 0; i < CACHES; i++)
		EXPECT_EQ(kmem_cache_destroy(caches[i]), 0);
}
