// SPDX-License-Identifier: MIT
/*
 * slab_test.h - a cache, and objects of it, for the tests of slabs
 *
 * WHAT     What tests/suites/slab.c and slab_check.c share.
 */
#pragma once

#include "mm/slab/slab.h"
#include "tests/ktest.h"

#define HELD_MAX  600

static struct kmem_cache *cache;
static void *held[HELD_MAX];

static inline void set_up(size_t size)
{
	cache = kmem_cache_create("test-slab", size, 0, 0, NULL);
	REQUIRE(cache);
}

static inline void tear_down(void)
{
	EXPECT_EQ(kmem_cache_destroy(cache), 0);
}

static inline void alloc_many(unsigned n)
{
	REQUIRE(n <= HELD_MAX);
	for (unsigned i = 0; i < n; i++) {
		held[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(held[i]);
	}
}

static inline void free_many(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		kmem_cache_free(cache, held[i]);
}
