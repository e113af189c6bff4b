// SPDX-License-Identifier: MIT
/*
 * bench_slab.c - what objects cost
 *
 * WHAT     kmalloc() and kmem_cache_alloc(), in pairs and in batches.
 */
#include "mm/slab/kmalloc.h"
#include "tests/bench.h"

#define BATCH_MAX  1024

static void *held[BATCH_MAX];

/* Macros, so that the size is a constant where kmalloc() is inlined. */
#define OBJECT_PAIRS(alloc, free)                             \
	while (bench_next(b)) {                               \
		void *object = (alloc);                       \
							      \
		if (!object)                                  \
			return bench_skip(b, "no memory");    \
		free(object);                                 \
	}

#define KMALLOC_PAIRS(name, size, gfp) \
	BENCH(name, 2000) { OBJECT_PAIRS(kmalloc(size, gfp), kfree) }

KMALLOC_PAIRS(kmalloc_8_pair, 8, GFP_KERNEL)
KMALLOC_PAIRS(kmalloc_32_pair, 32, GFP_KERNEL)
KMALLOC_PAIRS(kmalloc_64_pair, 64, GFP_KERNEL)
KMALLOC_PAIRS(kmalloc_128_pair, 128, GFP_KERNEL)
KMALLOC_PAIRS(kmalloc_256_pair, 256, GFP_KERNEL)
KMALLOC_PAIRS(kmalloc_1024_pair, 1024, GFP_KERNEL)
KMALLOC_PAIRS(kmalloc_4096_pair, 4096, GFP_KERNEL)
KMALLOC_PAIRS(kmalloc_8192_pair, 8192, GFP_KERNEL)
KMALLOC_PAIRS(kmalloc_64_atomic_pair, 64, GFP_ATOMIC)
KMALLOC_PAIRS(kzalloc_64_pair, 64, GFP_KERNEL | GFP_ZERO)

/* The size is read from memory, so that the class is found at run time. */
BENCH(kmalloc_var64_pair, 2000)
{
	volatile size_t size = 64;

	OBJECT_PAIRS(kmalloc(size, GFP_KERNEL), kfree)
}

/* Allocate b->iterations objects, then free them; time one of the halves. */
#define OBJECT_BATCH(alloc, free, time_alloc)                 \
	while (bench_batch(b)) {                              \
		unsigned n, i;                                \
							      \
		if (time_alloc)                               \
			bench_start(b);                       \
		for (n = 0; n < b->iterations; n++) {         \
			held[n] = (alloc);                    \
			if (!held[n])                         \
				break;                        \
		}                                             \
		if (time_alloc)                               \
			bench_stop(b);                        \
		if (n < b->iterations)                        \
			bench_skip(b, "no memory");           \
		if (!(time_alloc))                            \
			bench_start(b);                       \
		for (i = 0; i < n; i++)                       \
			free;                                 \
		if (!(time_alloc))                            \
			bench_stop(b);                        \
	}

#define KMALLOC_BATCHES(size)                                         \
	BENCH(kmalloc_##size##_batch1024_alloc, 1024)                 \
	{                                                             \
		OBJECT_BATCH(kmalloc(size, GFP_KERNEL), kfree(held[i]), \
			     true)                                    \
	}                                                             \
	BENCH(kmalloc_##size##_batch1024_free, 1024)                  \
	{                                                             \
		OBJECT_BATCH(kmalloc(size, GFP_KERNEL), kfree(held[i]), \
			     false)                                   \
	}

KMALLOC_BATCHES(8)
KMALLOC_BATCHES(64)
KMALLOC_BATCHES(256)
KMALLOC_BATCHES(1024)

static struct kmem_cache *cache_192_create(struct bench *b)
{
	struct kmem_cache *cache = kmem_cache_create("bench-192", 192, 0, 0,
						     NULL);

	if (!cache)
		bench_skip(b, "no memory for the cache");
	return cache;
}

static void cache_192_destroy(struct bench *b, struct kmem_cache *cache)
{
	if (kmem_cache_destroy(cache))
		bench_skip(b, "the cache leaks");
}

BENCH(kmem_cache_192_pair, 2000)
{
	struct kmem_cache *cache = cache_192_create(b);

	if (!cache)
		return;
	while (bench_next(b)) {
		void *object = kmem_cache_alloc(cache, GFP_KERNEL);

		if (!object) {
			bench_skip(b, "no memory");
			break;
		}
		kmem_cache_free(cache, object);
	}
	cache_192_destroy(b, cache);
}

static void cache_192_batch(struct bench *b, bool time_alloc)
{
	struct kmem_cache *cache = cache_192_create(b);

	if (!cache)
		return;
	OBJECT_BATCH(kmem_cache_alloc(cache, GFP_KERNEL),
		     kmem_cache_free(cache, held[i]), time_alloc)
	cache_192_destroy(b, cache);
}

BENCH(kmem_cache_192_batch1024_alloc, 1024) { cache_192_batch(b, true); }
BENCH(kmem_cache_192_batch1024_free, 1024) { cache_192_batch(b, false); }
