// SPDX-License-Identifier: MIT
/*
 * kmalloc.h - memory by size
 *
 * WHAT     kmalloc() takes an object of the smallest size class that is large
 *          enough. Above the largest class it takes whole pages. The memory is
 *          physically contiguous and in lowmem, so virt_to_phys() works for all
 *          of it.
 *
 *          classes  8 16 32 64 96 128 192 256 512 1024 2048 4096 8192 bytes;
 *                   GFP_DMA requests have their own caches, below 16 MiB
 * TERMS    ksize    the bytes that the class gives; all of them may be used
 * SEE      Linux include/linux/slab.h.
 */
#pragma once

#include "mm/slab/slab.h"

#define KMALLOC_CACHE_MAX   8192u       /* larger requests take whole pages  */
#define KMALLOC_MAX_SIZE    (4u << 20)  /* 2^MAX_ORDER pages                 */

/*
 * Allocate `size` bytes, aligned to 8. If the size is a power of two, they are
 * aligned to the size (up to PAGE_SIZE).
 *
 * Returns: NULL when size is 0 or above KMALLOC_MAX_SIZE, or when there is no
 *          memory.
 * Owns:    the caller, until kfree(). GFP_HIGHMEM is not allowed.
 */
static void *kmalloc(size_t size, gfp_t gfp) __must_check;
static void *kzalloc(size_t size, gfp_t gfp) __must_check;

/* n * size bytes, zeroed; NULL also when the product overflows. */
void *kcalloc(size_t n, size_t size, gfp_t gfp) __must_check;

/*
 * Change the size of a block; the block may move. The contents stay, up to the
 * smaller of the two sizes. NULL ptr: kmalloc(). size 0: kfree(), returns NULL.
 *
 * Fails:   NULL, and ptr is still valid.
 */
void *krealloc(void *ptr, size_t size, gfp_t gfp) __must_check;

/*
 * ptr may be NULL, a block of kmalloc(), or an object of any cache. Any other
 * pointer panics. A pointer to memory in no slab panics at once. A pointer into
 * the middle of an object, and an object that is freed twice, panic when the
 * magazine is flushed; in a debug cache they panic at once.
 */
void kfree(const void *ptr);

/* How many bytes at ptr the caller may use. */
size_t ksize(const void *ptr);

/* Called once, at boot, by slab_init(). */
void kmalloc_init(void);

/* ---- from size to cache; for a constant size at compile time ---------- */

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

/* The class of a constant size; 0 < size <= KMALLOC_CACHE_MAX. */
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
