// SPDX-License-Identifier: MIT
/*
 * mempool.c (suite) - a pool gives what it has promised
 */
#include "lib/errno.h"
#include "lib/random.h"
#include "lib/failpoint.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/kmalloc.h"
#include "mm/slab/mempool.h"
#include "tests/ktest.h"
#include "tests/suites/objects.h"

#define RESERVE  8u
#define MANY     64u

/* An allocator that counts, and fails while `empty` is set. */
static struct {
	bool     empty;
	unsigned allocated, freed;
} source;

static void *held[MANY];

static void *source_alloc(gfp_t gfp, void *data)
{
	void *element;

	if (source.empty)
		return NULL;
	element = kmalloc(32, gfp);
	source.allocated += element != NULL;
	return element;
}

static void source_free(void *element, void *data)
{
	source.freed++;
	kfree(element);
}

SUITE(mempool, slab_check);

static struct mempool *create(unsigned n)
{
	struct mempool *pool;

	source.empty = false;
	source.allocated = 0;
	source.freed = 0;
	pool = mempool_create(n, source_alloc, source_free, NULL);
	REQUIRE(pool);
	return pool;
}

static void destroy(struct mempool *pool)
{
	EXPECT_NULL(mempool_check(pool));
	EXPECT_EQ(mempool_destroy(pool), 0);
	EXPECT_EQ(source.allocated, source.freed);
}

static void alloc_many(struct mempool *pool, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		held[i] = mempool_alloc(pool, GFP_ATOMIC);
		REQUIRE(held[i]);
	}
}

static void free_many(struct mempool *pool, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		mempool_free(pool, held[i]);
}

KTEST(mempool, reserve_is_filled_when_made)
{
	struct mempool *pool = create(RESERVE);

	EXPECT_EQ(source.allocated, RESERVE);
	destroy(pool);
}

KTEST(mempool, allocator_is_asked_first)
{
	struct mempool *pool = create(RESERVE);

	alloc_many(pool, 1);
	EXPECT_EQ(source.allocated, RESERVE + 1);
	free_many(pool, 1);
	EXPECT_EQ(source.freed, 1);
	destroy(pool);
}

KTEST(mempool, reserve_is_given_when_the_allocator_has_nothing)
{
	struct mempool *pool = create(RESERVE);

	source.empty = true;
	alloc_many(pool, RESERVE);
	for (unsigned i = 0; i < RESERVE; i++)
		for (unsigned j = 0; j < i; j++)
			EXPECT(held[i] != held[j]);
	EXPECT(!mempool_alloc(pool, GFP_ATOMIC));
	EXPECT_NULL(mempool_check(pool));
	free_many(pool, RESERVE);
	destroy(pool);
}

KTEST(mempool, frees_fill_the_reserve_first)
{
	struct mempool *pool = create(RESERVE);

	source.empty = true;
	alloc_many(pool, RESERVE);
	source.empty = false;
	mempool_free(pool, held[0]);
	EXPECT_EQ(source.freed, 0);
	source.empty = true;
	held[0] = mempool_alloc(pool, GFP_ATOMIC);
	EXPECT(held[0]);
	free_many(pool, RESERVE);
	EXPECT_EQ(source.freed, 0);
	destroy(pool);
}

KTEST(mempool, null_may_be_freed)
{
	struct mempool *pool = create(1);

	mempool_free(pool, NULL);
	destroy(pool);
}

static void free_to(void *pool)
{
	mempool_free(pool, &source);
}

KTEST(mempool, free_without_alloc_is_caught)
{
	struct mempool *pool = create(2);

	EXPECT_PANIC(free_to, pool, "has no element out");
	destroy(pool);
}

KTEST(mempool, destroy_is_refused_while_elements_are_out)
{
	struct mempool *pool = create(2);

	alloc_many(pool, 1);
	EXPECT_EQ(mempool_destroy(pool), -EBUSY);
	free_many(pool, 1);
	destroy(pool);
}

KTEST(mempool, empty_pool_cannot_be_made)
{
	EXPECT(!mempool_create(0, source_alloc, source_free, NULL));
}

/* ---- the three kinds --------------------------------------------------- */

/* Every allocation fails: the elements come from the reserve. */
static void expect_reserve(struct mempool *pool, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		failpoint_arm(1);
		held[i] = mempool_alloc(pool, GFP_ATOMIC);
		EXPECT(failpoint_disarm());
		EXPECT(held[i]);
	}
	failpoint_arm(1);
	EXPECT(!mempool_alloc(pool, GFP_ATOMIC));
	(void)failpoint_disarm();
	free_many(pool, n);
	EXPECT_NULL(mempool_check(pool));
	EXPECT_EQ(mempool_destroy(pool), 0);
}

KTEST(mempool, kmalloc_pool_has_a_reserve)
{
	struct mempool *pool = mempool_create_kmalloc_pool(5, 100);

	REQUIRE(pool);
	expect_reserve(pool, 5);
}

KTEST(mempool, kmalloc_pool_gives_the_size)
{
	struct mempool *pool = mempool_create_kmalloc_pool(1, 1000);
	void *element;

	REQUIRE(pool);
	element = mempool_alloc(pool, GFP_KERNEL);
	EXPECT(element && ksize(element) >= 1000);
	mempool_free(pool, element);
	EXPECT_EQ(mempool_destroy(pool), 0);
}

KTEST(mempool, slab_pool_has_a_reserve)
{
	struct kmem_cache *cache = kmem_cache_create("test-pool", 48, 0, 0,
						     NULL);
	struct mempool *pool;

	REQUIRE(cache);
	pool = mempool_create_slab_pool(4, cache);
	REQUIRE(pool);
	EXPECT_EQ(kmem_cache_used(cache), 4);
	expect_reserve(pool, 4);
	EXPECT_EQ(kmem_cache_destroy(cache), 0);
}

KTEST(mempool, page_pool_has_a_reserve)
{
	struct mempool *pool = mempool_create_page_pool(3, 1);

	REQUIRE(pool);
	expect_reserve(pool, 3);
}

KTEST(mempool, page_pool_gives_blocks_of_the_order)
{
	struct mempool *pool = mempool_create_page_pool(1, 2);
	struct page *page;

	REQUIRE(pool);
	page = mempool_alloc(pool, GFP_KERNEL);
	REQUIRE(page);
	EXPECT_EQ(page->order, 2);
	mempool_free(pool, page);
	EXPECT_EQ(mempool_destroy(pool), 0);
}

/* ---- resize ------------------------------------------------------------ */

KTEST(mempool, grown_pool_promises_more)
{
	struct mempool *pool = create(2);

	EXPECT_EQ(mempool_resize(pool, RESERVE), 0);
	source.empty = true;
	alloc_many(pool, RESERVE);
	EXPECT(!mempool_alloc(pool, GFP_ATOMIC));
	free_many(pool, RESERVE);
	destroy(pool);
}

KTEST(mempool, shrunk_pool_gives_elements_back)
{
	struct mempool *pool = create(RESERVE);

	EXPECT_EQ(mempool_resize(pool, 3), 0);
	EXPECT_EQ(source.freed, RESERVE - 3);
	source.empty = true;
	alloc_many(pool, 3);
	EXPECT(!mempool_alloc(pool, GFP_ATOMIC));
	free_many(pool, 3);
	destroy(pool);
}

KTEST(mempool, resize_while_elements_are_out)
{
	struct mempool *pool = create(RESERVE);

	source.empty = true;
	alloc_many(pool, 6);
	source.empty = false;
	EXPECT_EQ(mempool_resize(pool, 4), 0);
	EXPECT_NULL(mempool_check(pool));
	EXPECT_EQ(mempool_resize(pool, 12), 0);
	EXPECT_NULL(mempool_check(pool));
	free_many(pool, 6);
	destroy(pool);
}

KTEST(mempool, nothing_is_left_of_a_pool)
{
	unsigned long used = objects_in_use();
	struct mempool *pool = create(RESERVE);

	EXPECT_EQ(mempool_resize(pool, 3), 0);
	EXPECT_EQ(mempool_resize(pool, 100), 0);
	destroy(pool);
	EXPECT_EQ(objects_in_use(), used);
}

KTEST(mempool, resize_to_nothing_is_refused)
{
	struct mempool *pool = create(2);

	EXPECT_EQ(mempool_resize(pool, 0), -EINVAL);
	destroy(pool);
}

KTEST(mempool, failed_resize_changes_nothing)
{
	struct mempool *pool = create(2);

	source.empty = true;
	EXPECT_EQ(mempool_resize(pool, 5), -ENOMEM);
	EXPECT_NULL(mempool_check(pool));
	alloc_many(pool, 2);
	EXPECT(!mempool_alloc(pool, GFP_ATOMIC));
	free_many(pool, 2);
	destroy(pool);
}

/* ---- failure, random --------------------------------------------------- */

static bool try_pool(void *arg)
{
	struct mempool *pool = mempool_create_kmalloc_pool(3, 200);
	bool resized;

	if (!pool)
		return false;
	resized = mempool_resize(pool, 5) == 0;
	EXPECT_NULL(mempool_check(pool));
	EXPECT_EQ(mempool_destroy(pool), 0);
	return resized;
}

KTEST(mempool, failure_of_each_allocation_is_survived)
{
	unsigned long used = objects_in_use();

	/* Create: pool, array, 3 elements. Resize: array, 2 elements. */
	EXPECT(ktest_each_failure(try_pool, NULL) >= 8);
	EXPECT_EQ(objects_in_use(), used);
}

/* The allocator took the element back, and gave it again. */
KTEST(mempool, check_finds_an_element_that_is_there_twice)
{
	struct mempool *pool = create(3);

	source.empty = true;
	alloc_many(pool, 3);
	mempool_free(pool, held[0]);
	mempool_free(pool, held[1]);
	EXPECT_NULL(mempool_check(pool));
	mempool_free(pool, held[1]);
	EXPECT_STREQ(mempool_check(pool),
		     "mempool L2: no element is in the reserve twice");
	EXPECT(mempool_alloc(pool, GFP_ATOMIC) == held[1]);
	mempool_free(pool, held[2]);
	destroy(pool);
}

KTEST(mempool, random_operations_keep_the_promise)
{
	struct mempool *pool = create(RESERVE);
	unsigned out = 0, promised = RESERVE;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 3000; i++) {
		unsigned what = rng_below(&rng, 16);

		source.empty = rng_below(&rng, 2);
		if (what == 0) {
			unsigned n = 1 + rng_below(&rng, 2 * RESERVE);

			if (mempool_resize(pool, n) == 0)
				promised = n;
		} else if (what < 9 && out < MANY) {
			held[out] = mempool_alloc(pool, GFP_ATOMIC);
			EXPECT(held[out] || out >= promised);
			out += held[out] != NULL;
		} else if (out) {
			mempool_free(pool, held[--out]);
		}
		EXPECT_NULL(mempool_check(pool));
	}
	free_many(pool, out);
	destroy(pool);
}
