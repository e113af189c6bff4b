// SPDX-License-Identifier: MIT
/*
 * slab_check.c (suite) - the checker of caches and slabs
 *
 * WHAT     One member at a time is changed to a wrong value. The checker must
 *          name the law.
 * NOT HERE the chain of a slab, sums (slab.c); magazines (magazine.c).
 */
#include "mm/page/page_alloc.h"
#include "mm/slab/slab_impl.h"
#include "tests/suites/slab_test.h"

SUITE(slab_check, slab_check);

/* Change one member, expect the law, and put the member back. */
#define EXPECT_LAW_WITH(member, value, law)                               \
	do {                                                              \
		__typeof__(member) right_ = (member);                     \
									  \
		(member) = (value);                                       \
		EXPECT_LAW(slab_check(), law);                            \
		(member) = right_;                                        \
	} while (0)

KTEST(slab_check, each_page_of_a_slab_is_looked_at)
{
	struct slab *slab;

	set_up(5000);
	alloc_many(1);
	slab = slab_find(cache, held[0]);
	REQUIRE(slab && cache->order > 0);
	for (unsigned i = 0; i < 1u << cache->order; i++) {
		struct page *page = slab->page + i;

		page->slab_cache = NULL;
		EXPECT_STREQ(slab_check(),
			     "slab S4: each page of a slab names its cache and slab");
		page->slab_cache = cache;
		EXPECT_LAW_WITH(page->slab, NULL, "slab S4");
		EXPECT_LAW_WITH(page->slab_cache, &slab_descriptors, "slab S4");
		EXPECT_LAW_WITH(page->state, PAGE_USED, "slab S4");
	}
	EXPECT_NULL(slab_check());
	free_many(1);
	tear_down();
}

KTEST(slab_check, a_slab_is_on_the_list_of_its_inuse)
{
	struct slab *slab;
	unsigned n;

	set_up(200);
	n = cache->per_slab;
	alloc_many(n);
	(void)kmem_cache_shrink(cache);
	slab = slab_find(cache, held[0]);
	REQUIRE(slab && slab->inuse == n && n > 2);           /* full */
	EXPECT_LAW_WITH(slab->inuse, (uint16_t)(n - 1), "slab S1");
	EXPECT_LAW_WITH(slab->inuse, (uint16_t)(n + 1), "slab S1");
	kmem_cache_free(cache, held[--n]);
	(void)kmem_cache_shrink(cache);
	EXPECT_EQ(slab->inuse, n);                            /* partial */
	EXPECT_NULL(slab_check());
	EXPECT_LAW_WITH(slab->inuse, (uint16_t)(n + 1), "slab S1");
	EXPECT_LAW_WITH(slab->inuse, 0, "slab S1");
	free_many(n);
	REQUIRE(slab_grow(cache, GFP_KERNEL));
	slab = list_first_entry(&cache->empty, struct slab, list);
	EXPECT_LAW_WITH(slab->inuse, 1, "slab S1");           /* empty */
	tear_down();
}

KTEST(slab_check, the_geometry_fits_the_block)
{
	set_up(200);
	EXPECT_LAW_WITH(cache->size, cache->stride + 1, "cache C2");
	EXPECT_LAW_WITH(cache->first, cache->first + PAGE_SIZE, "cache C2");
	EXPECT_LAW_WITH(cache->stride, cache->stride - 1, "cache C2");
	EXPECT_LAW_WITH(cache->per_slab, cache->per_slab + 1, "cache C2");
	cache->span = 0;
	EXPECT_LAW_WITH(cache->per_slab, 0, "cache C2");
	cache->span = cache->per_slab * cache->stride;
	EXPECT_NULL(slab_check());
	tear_down();
}
