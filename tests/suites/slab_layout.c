// SPDX-License-Identifier: MIT
/*
 * slab_layout.c (suite) - how objects lie in their slabs
 *
 * WHAT     Index arithmetic for every stride, waste for every size, colours.
 */
#include "mm/page/page_alloc.h"
#include "mm/slab/slab_impl.h"
#include "tests/ktest.h"

SUITE(slab_layout, slab_check);

KTEST(slab_layout, index_of_each_object_is_found_without_division)
{
	char *start = get_free_pages(GFP_KERNEL, SLAB_ORDER_MAX);
	struct slab slab = { .objects = start };
	struct kmem_cache geometry = { 0 };
	uint32_t block = PAGE_SIZE << SLAB_ORDER_MAX;

	REQUIRE(start);
	for (uint32_t stride = 8; stride <= block; stride += 8) {
		uint32_t n = block / stride;
		const uint32_t some[] = { 0, 1 % n, n / 2, n - 1 };

		slab_set_stride(&geometry, stride);
		geometry.per_slab = n;
		for (unsigned i = 0; i < ARRAY_SIZE(some); i++) {
			char *at = start + some[i] * stride;

			EXPECT_EQ(slab_index(&geometry, &slab, at), some[i]);
			EXPECT(slab_index(&geometry, &slab, at + 1) >= n);
			EXPECT(slab_index(&geometry, &slab, at - 1) >= n);
			EXPECT(slab_index(&geometry, &slab, at + 4) >= n);
		}
		EXPECT(slab_index(&geometry, &slab, start + n * stride) >= n);
		EXPECT(slab_index(&geometry, &slab, start - stride) >= n);
	}
	put_free_pages(start, SLAB_ORDER_MAX);
}

/* Slabs that are in use fill up. The empty ones can go back. */
KTEST(slab_layout, an_object_comes_from_a_slab_in_use)
{
	struct kmem_cache *cache =
		kmem_cache_create("test-layout", 64, 0, 0, NULL);
	struct slab *slab;
	char *held, *next;

	REQUIRE(cache);
	held = kmem_cache_alloc(cache, GFP_KERNEL);
	REQUIRE(held);
	for (unsigned empty = 0; empty < 2; empty++) {
		/* Nothing is in the magazine. */
		(void)kmem_cache_shrink(cache);
		slab = slab_find(cache, held);
		REQUIRE(slab && slab->inuse == 1 && cache->nr_slabs == 1);
		REQUIRE(!empty || slab_grow(cache, GFP_KERNEL));
		next = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(next);
		EXPECT(slab->inuse > 1);
		kmem_cache_free(cache, next);
	}
	kmem_cache_free(cache, held);
	EXPECT_EQ(kmem_cache_destroy(cache), 0);
}

KTEST(slab_layout, nothing_but_objects_has_an_index)
{
	static const uint16_t strides[] = { 8, 24, 64, 96, 192, 704, 4096 };
	char *start = get_free_pages(GFP_KERNEL, SLAB_ORDER_MAX);
	struct slab slab = { .objects = start };
	struct kmem_cache geometry = { 0 };
	uint32_t block = PAGE_SIZE << SLAB_ORDER_MAX;

	REQUIRE(start);
	for (unsigned i = 0; i < ARRAY_SIZE(strides); i++) {
		slab_set_stride(&geometry, strides[i]);
		geometry.per_slab = block / strides[i];
		for (uint32_t offset = 0; offset < block; offset++) {
			bool object = offset % strides[i] == 0 && offset <
				geometry.per_slab * strides[i];
			unsigned index = slab_index(&geometry, &slab,
						    start + offset);

			if ((index < geometry.per_slab) != object)
				ktest_fail(__FILE__, __LINE__,
					   "stride %u, offset %u: index %u",
					   strides[i], offset, index);
		}
	}
	put_free_pages(start, SLAB_ORDER_MAX);
}

/* The objects fit, with every colour, and little of the slab is wasted. */
static void expect_good_layout(size_t size)
{
	struct kmem_cache geometry = { .size = size, .align = 8 };
	uint32_t block, used;

	if (!slab_layout(&geometry)) {
		ktest_fail(__FILE__, __LINE__, "no layout for %zu", size);
		return;
	}
	block = PAGE_SIZE << geometry.order;
	used = geometry.first + geometry.span;
	if (used > block || geometry.first + geometry.span +
	    (geometry.colours - 1) * geometry.colour_step > block)
		ktest_fail(__FILE__, __LINE__, "size %zu overflows", size);
	/* Some sizes above 4096 cannot: of 6553 bytes, 4 fit eight pages. */
	if (size <= 4096 && (block - used) * 8 >= block)
		ktest_fail(__FILE__, __LINE__, "size %zu wastes %u of %u",
			   size, block - used, block);
	if (used + geometry.colours * geometry.colour_step <= block)
		ktest_fail(__FILE__, __LINE__, "size %zu: room for a colour",
			   size);
	EXPECT_EQ(geometry.off_slab, geometry.stride >= SLAB_OFF_MIN);
}

KTEST(slab_layout, slabs_waste_less_than_an_eighth)
{
	for (size_t size = 1; size <= SLAB_MAX_SIZE; size += 3)
		expect_good_layout(size);
	expect_good_layout(4096);
	expect_good_layout(8192);
}

/* With red zones and the largest alignment. */
KTEST(slab_layout, the_largest_object_fits)
{
	struct kmem_cache geometry = {
		.size = SLAB_MAX_SIZE, .align = PAGE_SIZE, .flags = SLAB_DEBUG
	};

	EXPECT(slab_layout(&geometry));
	EXPECT(geometry.per_slab >= 1);
}

/*
 * The smallest order that wastes less than an eighth; 512 bytes of a page are
 * too much. For 6600 and 7000 bytes all orders from 1 on waste the same part,
 * and more than that: the smallest of them is taken.
 */
KTEST(slab_layout, the_order_is_the_smallest_good_one)
{
	static const struct {
		uint16_t size, order;
	} cases[] = {
		{ 512, 0 }, { 888, 1 }, { 896, 1 }, { 904, 0 }, { 1792, 2 },
		{ 3584, 3 }, { 4096, 0 }, { 6600, 1 }, { 7000, 1 }, { 8192, 1 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kmem_cache geometry = {
			.size = cases[i].size, .align = 8
		};

		REQUIRE(slab_layout(&geometry));
		EXPECT_EQ(geometry.order, cases[i].order);
	}
}

/* The size of a slab's descriptor and of the n objects behind it. */
static uint32_t bytes_needed(const struct kmem_cache *geometry, uint32_t n)
{
	uint32_t header = geometry->off_slab ? 0 :
			  sizeof(struct slab) + n * sizeof(uint16_t);

	return ALIGN_UP(header, geometry->align) + n * geometry->stride;
}

static void expect_full_slab(unsigned size, unsigned align, unsigned flags)
{
	struct kmem_cache geometry = {
		.size = size, .align = align, .flags = flags
	};
	uint32_t block, n;

	REQUIRE(slab_layout(&geometry));
	block = PAGE_SIZE << geometry.order;
	n = geometry.per_slab;
	if (bytes_needed(&geometry, n) > block ||
	    bytes_needed(&geometry, n + 1) <= block)
		ktest_fail(__FILE__, __LINE__, "size %u, align %u: %u objects",
			   size, align, n);
}

KTEST(slab_layout, as_many_objects_as_fit_at_each_alignment)
{
	for (unsigned align = 8; align <= 256; align *= 2)
		for (unsigned size = 8; size <= 1024; size += 8) {
			expect_full_slab(size, align, 0);
			expect_full_slab(size, align, SLAB_DEBUG);
		}
}

KTEST(slab_layout, page_sized_objects_fill_their_pages)
{
	struct kmem_cache geometry = { .size = 4096, .align = 4096 };

	EXPECT(slab_layout(&geometry));
	EXPECT_EQ(geometry.order, 0);
	EXPECT_EQ(geometry.first, 0);
	geometry.size = 8192;
	EXPECT(slab_layout(&geometry));
	EXPECT_EQ(geometry.order, 1);
	EXPECT_EQ(geometry.per_slab, 1);
}

static unsigned colour_of(const struct kmem_cache *cache,
			  const struct slab *slab)
{
	const char *start = page_address(slab->page);

	return (unsigned)(slab->objects - start) - cache->first;
}

/* Find a size that leaves room for a second colour. */
static size_t size_with_colours(void)
{
	struct kmem_cache geometry = { .size = 96, .align = 8 };

	do {
		geometry.size += 8;
		geometry.flags = CONFIG_DEBUG ? SLAB_DEBUG : 0;
		REQUIRE(slab_layout(&geometry));
	} while (geometry.colours < 2);
	return geometry.size;
}

KTEST(slab_layout, neighbouring_slabs_have_different_colours)
{
	static void *held[100];
	struct kmem_cache *cache = kmem_cache_create(
		"test-colours", size_with_colours(), 0, 0, NULL);
	const struct slab *last = NULL;
	unsigned n, slabs = 0;

	REQUIRE(cache);
	/* Each new slab takes the next colour. */
	for (n = 0; n < ARRAY_SIZE(held); n++) {
		const struct slab *slab;

		held[n] = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(held[n]);
		slab = slab_find(cache, held[n]);
		REQUIRE(slab);
		if (slab == last)
			continue;
		EXPECT_EQ(colour_of(cache, slab),
			  slabs % cache->colours * SLAB_CACHE_LINE);
		last = slab;
		slabs++;
	}
	EXPECT(slabs >= 3);
	for (n = 0; n < ARRAY_SIZE(held); n++)
		kmem_cache_free(cache, held[n]);
	EXPECT_EQ(kmem_cache_destroy(cache), 0);
}
