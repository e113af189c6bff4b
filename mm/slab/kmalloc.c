// SPDX-License-Identifier: MIT
/*
 * kmalloc.c - memory by size
 *
 * WHAT     Finds the cache for a size, and the cache of an address. A request
 *          that is larger than the objects of every cache gets whole pages.
 *
 * PICTURE  kfree() has only an address. The frame's entry in mem_map knows:
 *
 *            ptr --> page --state PAGE_SLAB--> page->slab_cache
 *                        \-state PAGE_USED, marked as ours: free_pages()
 *                         \ anything else: panic, in words
 *
 * TERMS    class    one of the sizes in KMALLOC_CLASSES
 *          large    above KMALLOC_CACHE_MAX: 2^order pages
 *
 * ALGORITHM  If the compiler knows the size, the header computes the class. If
 *          not, a size up to 192 is an index into a table of 24 bytes, in steps
 *          of 8: 96 and 192 are not powers of two. For a larger size the class
 *          is a logarithm.
 *
 *          The first page of a large block has a mark in its list member. So
 *          kfree() finds a block that came from alloc_pages(), and panics.
 *
 * LOCKING  The locks of the caches.
 * COST     kmalloc_* in tests/bench/bounds.tsv.
 * NOT HERE the caches themselves (cache.c), their front (magazine.c).
 * SEE      Linux 6.1 mm/slab_common.c, kmalloc_info[].
 */
#include "mm/slab/kmalloc.h"

#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/slab/magazine.h"

/* The table has the classes of sizes up to this. */
#define TABLE_MAX   192u
#define TABLE_STEP  8u

struct kmem_cache *kmalloc_caches[2][KMALLOC_NR_CLASSES];

static const uint16_t class_size[KMALLOC_NR_CLASSES] = {
#define C(size) size,
	KMALLOC_CLASSES(C)
#undef C
};

static const char *const class_name[2][KMALLOC_NR_CLASSES] = {
	{
#define C(size) "kmalloc-" #size,
	KMALLOC_CLASSES(C)
#undef C
	}, {
#define C(size) "dma-kmalloc-" #size,
	KMALLOC_CLASSES(C)
#undef C
	},
};

/* Bytes of lowmem: one comparison finds a pointer that has no page. */
static kva_t lowmem_span;

/* class_table[(size - 1) / 8]; filled from class_size[] at boot. */
static uint8_t class_table[TABLE_MAX / TABLE_STEP];

/* The mark: page->list.next of a large block's first page points to it. */
static struct list_head large_mark;

/* ---- which class ------------------------------------------------------- */

_Static_assert(KMALLOC_8192 - KMALLOC_256 == 5,
	       "above the table each class is a power of two");

static always_inline unsigned class_by_size(size_t size)
{
	debug_assert(size > 0 && size <= KMALLOC_CACHE_MAX);
	if (likely(size <= TABLE_MAX))
		return class_table[(size - 1) / TABLE_STEP];
	return KMALLOC_256 + ilog2(size - 1) - ilog2(TABLE_MAX);
}

/* ---- whole pages ------------------------------------------------------- */

static bool page_is_large(const struct page *page, const void *ptr)
{
	return page_state(page_to_pfn(page)) == PAGE_USED &&
	       page->list.next == &large_mark && page_address(page) == ptr;
}

static noinline void *kmalloc_large(size_t size, gfp_t gfp)
{
	struct page *page;

	if (size == 0 || size > KMALLOC_MAX_SIZE || should_fail())
		return NULL;
	caller_must(!(gfp & GFP_HIGHMEM),
		    "not ask for HIGHMEM: kmalloc() returns an address");
	page = alloc_pages(gfp, ilog2_up(DIV_ROUND_UP(size, PAGE_SIZE)));
	if (!page)
		return NULL;
	page->list.next = &large_mark;
	return page_address(page);
}

/* Free something that is not an object: NULL, whole pages, or a mistake. */
static noinline void kfree_slow(const void *ptr)
{
	struct page *page;

	if (!ptr)
		return;
	if (!kva_is_lowmem(ptr_to_kva(ptr)))
		panic("kfree: %p is not an address in lowmem", ptr);
	page = virt_to_page(ptr);
	if (!page_is_large(page, ptr))
		panic("kfree: %p was not given by kmalloc(), or freed before",
		      ptr);
	debug_assert(page->order <= MAX_ORDER);
	page->list.next = NULL;
	free_pages(page, page->order);
}

/* ---- public ------------------------------------------------------------ */

void *kmalloc_by_size(size_t size, gfp_t gfp)
{
	/* size - 1: a size of 0 becomes very large. */
	if (unlikely(size - 1 >= KMALLOC_CACHE_MAX))
		return kmalloc_large(size, gfp);
	return cache_alloc(kmalloc_caches[gfp & GFP_DMA][class_by_size(size)],
			   gfp);
}

void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kzalloc(bytes, gfp);
}

void *krealloc(void *ptr, size_t size, gfp_t gfp)
{
	size_t old_size;
	void *moved;

	if (!ptr)
		return kmalloc(size, gfp);
	if (!size) {
		kfree(ptr);
		return NULL;
	}
	old_size = ksize(ptr);
	if (size <= old_size)
		return ptr;
	moved = kmalloc(size, gfp);
	if (!moved)
		return NULL;
	memcpy(moved, ptr, old_size);
	kfree(ptr);
	return moved;
}

void kfree(const void *ptr)
{
	kva_t offset = ptr_to_kva(ptr) - PAGE_OFFSET;
	struct page *page;

	if (unlikely(offset >= lowmem_span)) {
		kfree_slow(ptr);
		return;
	}
	page = &mem_map[offset >> PAGE_SHIFT];
	/* The entry of a frame that was never used may hold garbage. */
	if (unlikely((CONFIG_DEBUG && !pageblock_is_live(page_to_pfn(page))) ||
		     page->state != PAGE_SLAB)) {
		kfree_slow(ptr);
		return;
	}
	cache_free(page->slab_cache, (void *)ptr);
}

size_t ksize(const void *ptr)
{
	const struct page *page;

	if (!kva_is_lowmem(ptr_to_kva(ptr)))
		panic("ksize: %p is not an address in lowmem", ptr);
	page = virt_to_page(ptr);
	if (page_state(page_to_pfn(page)) == PAGE_SLAB)
		return page->slab_cache->size;
	if (!page_is_large(page, ptr))
		panic("ksize: %p was not given by kmalloc()", ptr);
	return (size_t)PAGE_SIZE << page->order;
}

/* ---- init -------------------------------------------------------------- */

void kmalloc_init(void)
{
	unsigned class = 0;

	lowmem_span = high_memory - PAGE_OFFSET;
	for (unsigned i = 0; i < ARRAY_SIZE(class_table); i++) {
		if ((i + 1) * TABLE_STEP > class_size[class])
			class++;
		class_table[i] = (uint8_t)class;
	}
	for (unsigned dma = 0; dma < 2; dma++) {
		for (unsigned i = 0; i < KMALLOC_NR_CLASSES; i++) {
			size_t size = class_size[i];
			/* The largest power of two that divides the size. */
			size_t align = MIN(size & -size, (size_t)PAGE_SIZE);

			kmalloc_caches[dma][i] = kmem_cache_create(
				class_name[dma][i], size, align,
				SLAB_PANIC | (dma ? SLAB_DMA : 0), NULL);
		}
	}
}
