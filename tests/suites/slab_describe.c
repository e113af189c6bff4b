// SPDX-License-Identifier: MIT
/*
 * slab_describe.c (suite) - what can be asked of caches and of an address
 *
 * SEE      slab.c (suite) for what caches do; tests/host/dumps.c for pictures.
 */
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/slab_impl.h"
#include "tests/ktest.h"

SUITE(slab_describe, slab_check);

#define SIZE  300u

static struct kmem_cache *cache;

static void set_up(unsigned flags)
{
	cache = kmem_cache_create("test-describe", SIZE, 0, flags, NULL);
	REQUIRE(cache);
}

static void tear_down(void)
{
	EXPECT_EQ(kmem_cache_destroy(cache), 0);
}

static void needs_fast_caches(void)
{
	if (CONFIG_DEBUG)
		SKIP("in a debug build each cache has SLAB_DEBUG");
}

KTEST(slab_describe, caches_are_found_by_number_and_by_name)
{
	unsigned n = 0;

	EXPECT(!kmem_cache_find("test-describe"));
	set_up(0);
	while (kmem_cache_at(n))
		n++;
	REQUIRE(n > 1);
	EXPECT(kmem_cache_at(n - 1) == cache);   /* the youngest is the last */
	EXPECT(kmem_cache_at(n - 2) != cache);
	EXPECT(!kmem_cache_at(n + 1));
	EXPECT(kmem_cache_find("test-describe") == cache);
	EXPECT(!kmem_cache_find("test-describ"));
	tear_down();
	EXPECT(!kmem_cache_find("test-describe"));
}

KTEST(slab_describe, the_pages_of_all_caches_are_counted)
{
	void *object[3];
	unsigned long before;

	needs_fast_caches();
	cache = kmem_cache_create("test-describe", 700, 0, 0, NULL);
	REQUIRE(cache && cache->order);
	before = slab_nr_pages();
	for (unsigned i = 0; i < 3; i++) {
		object[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(object[i]);
	}
	/* Descriptors off the slab may need one page more. */
	EXPECT(slab_nr_pages() - before >= cache->nr_slabs << cache->order);
	EXPECT(slab_nr_pages() - before <=
	       (cache->nr_slabs << cache->order) + 1);
	for (unsigned i = 0; i < 3; i++)
		kmem_cache_free(cache, object[i]);
	tear_down();
}

static enum slab_object_state state_at(const void *ptr)
{
	struct slab_object_info info;

	REQUIRE(slab_find_object(ptr, &info) && info.object);
	return info.state;
}

/* The address of each byte of an object leads to this object. */
KTEST(slab_describe, an_address_leads_to_its_object)
{
	struct slab_object_info info;
	char *object[3];

	needs_fast_caches();
	set_up(0);
	for (unsigned i = 0; i < 3; i++) {
		object[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(object[i]);
	}
	for (unsigned i = 0; i < 3; i++)
		for (unsigned byte = 0; byte < SIZE; byte++) {
			REQUIRE(slab_find_object(object[i] + byte, &info));
			EXPECT(info.object == object[i]);
			EXPECT_STREQ(info.cache, "test-describe");
			EXPECT_EQ(info.size, SIZE);
			EXPECT_EQ(info.state, SLAB_OBJECT_TAKEN);
			EXPECT(!info.allocated_by);
		}
	kmem_cache_free(cache, object[0]);
	kmem_cache_free(cache, object[1]);
	EXPECT_EQ(state_at(object[0]), SLAB_OBJECT_IN_MAGAZINE);
	EXPECT_EQ(state_at(object[1]), SLAB_OBJECT_IN_MAGAZINE);
	EXPECT_EQ(state_at(object[2]), SLAB_OBJECT_TAKEN);
	kmem_cache_shrink(cache);
	EXPECT_EQ(state_at(object[0]), SLAB_OBJECT_FREE);
	kmem_cache_free(cache, object[2]);
	tear_down();
}

KTEST(slab_describe, a_debug_cache_knows_who_allocated)
{
	struct slab_object_info info;
	void *object;

	set_up(SLAB_DEBUG);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	REQUIRE(slab_find_object(object, &info));
	EXPECT(info.object == object);
	EXPECT_EQ(info.state, SLAB_OBJECT_TAKEN);
	EXPECT(info.allocated_by);
	kmem_cache_free(cache, object);
	REQUIRE(slab_find_object(object, &info));
	EXPECT_EQ(info.state, SLAB_OBJECT_FREE);
	EXPECT(!info.allocated_by);
	tear_down();
}

KTEST(slab_describe, what_is_no_object_has_none)
{
	struct slab_object_info info;
	const struct slab *slab;
	struct page *page;
	char *object;

	needs_fast_caches();
	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	EXPECT(!slab_find_object(page_address(page), &info));
	EXPECT(!slab_find_object(NULL, &info));
	free_page(page);
	set_up(0);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(object);
	slab = virt_to_page(object)->slab;
	/* In front of the first object lies the descriptor: no object. */
	REQUIRE(slab_find_object(slab, &info));
	EXPECT(!info.object);
	REQUIRE(slab_find_object(slab->objects - 1, &info));
	EXPECT(!info.object);
	REQUIRE(slab_find_object(slab->objects + cache->span - 1, &info));
	EXPECT_EQ(info.index, cache->per_slab - 1);
	/* Behind the last object, too, if the slab does not end there. */
	if (cache->first + cache->span < PAGE_SIZE << cache->order) {
		REQUIRE(slab_find_object(slab->objects + cache->span, &info));
		EXPECT(!info.object);
	}
	kmem_cache_free(cache, object);
	tear_down();
}

/* Red zones belong to their object. */
KTEST(slab_describe, an_address_in_a_slot_leads_to_its_object)
{
	struct slab_object_info info;
	char *object[2];

	set_up(SLAB_DEBUG);
	for (unsigned i = 0; i < 2; i++) {
		object[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(object[i]);
	}
	for (unsigned i = 0; i < 2; i++)
		for (uint32_t at = 0; at < cache->stride; at++) {
			REQUIRE(slab_find_object(object[i] - cache->red_left +
						 at, &info));
			EXPECT(info.object == object[i]);
		}
	for (unsigned i = 0; i < 2; i++)
		kmem_cache_free(cache, object[i]);
	tear_down();
}
