// SPDX-License-Identifier: MIT
/*
 * kmalloc.h - memory by size
 *
 * WHAT     kmalloc() takes the smallest of the named size classes that fits,
 *          and above the largest whole pages. Physically contiguous, in
 *          lowmem, so virt_to_phys() holds for all of it.
 *
 *          classes  8 16 32 64 96 128 192 256 512 1024 2048 4096 8192 bytes;
 *                   GFP_DMA requests have a set of their own below 16 MiB
 * TERMS    ksize    what the class really gives; all of it may be used
 * SEE      Linux include/linux/slab.h.
 */
#pragma once

#include "mm/slab/slab.h"

#define KMALLOC_CACHE_MAX   8192u       /* larger requests take whole pages  */
#define KMALLOC_MAX_SIZE    (4u << 20)  /* 2^MAX_ORDER pages                 */

/*
 * `size` bytes, aligned to 8, or to the size when that is a power of two (up
 * to PAGE_SIZE).
 *
 * Returns: NULL when size is 0 or above KMALLOC_MAX_SIZE, or no memory.
 * Owns:    the caller, until kfree(). GFP_HIGHMEM is not allowed.
 */
static void *kmalloc(size_t size, gfp_t gfp) __must_check;
static void *kzalloc(size_t size, gfp_t gfp) __must_check;

/* n * size bytes, zeroed; NULL also when the product overflows. */
void *kcalloc(size_t n, size_t size, gfp_t gfp) __must_check;

/*
 * Make it larger or smaller, perhaps elsewhere; contents are kept up to the
 * smaller size. NULL ptr: kmalloc(). size 0: kfree(), returns NULL.
 *
 * Fails:   NULL, and ptr is still valid.
 */
void *krealloc(void *ptr, size_t size, gfp_t gfp) __must_check;

/*
 * NULL is allowed, and so is an object of any cache. Anything else panics: what
 * lies in no slab at once; a pointer into an object, or one freed twice, when
 * its magazine is flushed, in a debug cache at once.
 */
void kfree(const void *ptr);

/* Bytes usable at ptr. */
size_t ksize(const void *ptr);

/* Once at boot, by slab_init(). */
void kmalloc_init(void);

/* ---- how the size becomes a cache; constant sizes cost nothing -------- */

/*      size   name                                                          */
#define KMALLOC_CLASSES(C)                                                    \
	C(8) C(16) C(32) C(64) C(96) C(128) C(192) C(256) C(512)              \
	C(1024) C(2048) C(4096) C(8192)

enum kmalloc_class {
#define C(size) KMALLOC_##size,
	KMALLOC_CLASSES(C)
#undef C
	KMALLOC_NR_CLASSES
};

/* [0]: lowmem, [1]: GFP_DMA */
extern struct kmem_cache *kmalloc_caches[2][KMALLOC_NR_CLASSES];

void *kmalloc_by_size(size_t size, gfp_t gfp) __must_check;

/* The class of a size known when compiled; 0 < size <= KMALLOC_CACHE_MAX. */
static always_inline enum kmalloc_class kmalloc_class_of(size_t size)
{
#define C(limit) if (size <= (limit)) return KMALLOC_##limit;
	KMALLOC_CLASSES(C)
#undef C
	__builtin_unreachable();
}

static always_inline void *kmalloc(size_t size, gfp_t gfp)
{
	if (__builtin_constant_p(size) && size > 0 &&
	    size <= KMALLOC_CACHE_MAX)
		return kmem_cache_alloc(
			kmalloc_caches[gfp & GFP_DMA][kmalloc_class_of(size)],
			gfp);
	return kmalloc_by_size(size, gfp);
}

static always_inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | GFP_ZERO);
}
