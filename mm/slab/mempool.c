// SPDX-License-Identifier: MIT
/*
 * mempool.c - allocations that must not fail
 *
 * WHAT     When a pool is made, it puts min_nr elements aside; at that time a
 *          failure is still allowed. An allocation first asks the allocator
 *          behind the pool. Only if the allocator has nothing, the pool gives
 *          one of its own elements.
 *
 * PICTURE    mempool_alloc()                      mempool_free()
 *              |                                    |
 *              |-> alloc(), without a warning       |-> reserve, while it is
 *              |                                    |   not full
 *              '-> if that failed: the reserve      '-> else free()
 *
 * TERMS    element  what the pool gives: an object, some bytes, pages
 *          reserve  elements[0 .. nr - 1]
 *          out      elements that users hold
 *
 * INVARIANTS of mempool (mempool_check() restates them)
 *          L1  the reserve holds at most min_nr elements
 *          L2  none of them is NULL, none is there twice
 *          L3  reserve and elements out are at least min_nr together
 *
 * ALGORITHM  L3 is the promise: while fewer than min_nr elements are out, the
 *          reserve is not empty. An allocation from the reserve does not change
 *          the sum. A free that finds the reserve full may free the element:
 *          L3 holds without it. mempool_resize() first allocates what it needs;
 *          after that nothing can fail.
 *
 * LOCKING  pool->lock, interrupts off. The lock is never held while the
 *          allocator behind the pool is called.
 * COST     One lock in addition to those of the allocator.
 * SEE      Linux mm/mempool.c. Linux can wait there for a free element; our
 *          mempool_alloc() never waits.
 */
#include "mm/slab/mempool.h"

#include "lib/errno.h"
#include "lib/log.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/kmalloc.h"

/*
 * Protection:  I  set by mempool_create(), then constant
 *              l  lock
 */
struct mempool {
	struct spinlock   lock;
	unsigned          min_nr;      /* l  size of the full reserve        */
	unsigned          nr;          /* l  elements in the reserve         */
	unsigned          out;         /* l  elements at users               */
	void            **elements;    /* l  array of min_nr                 */
	mempool_alloc_fn  alloc;       /* I                                  */
	mempool_free_fn   free;        /* I                                  */
	void             *pool_data;   /* I  for alloc and free              */
};

/* ---- arrays of elements ------------------------------------------------ */

static void free_elements(const struct mempool *pool, void *elements[],
			  unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		pool->free(elements[i], pool->pool_data);
}

/* Make n elements. Returns: false when memory is short; then none is kept. */
static bool alloc_elements(const struct mempool *pool, void *elements[],
			   unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		elements[i] = pool->alloc(GFP_KERNEL, pool->pool_data);
		if (!elements[i]) {
			free_elements(pool, elements, i);
			return false;
		}
	}
	return true;
}

/* ---- making and destroying --------------------------------------------- */

struct mempool *mempool_create(unsigned min_nr, mempool_alloc_fn alloc,
			       mempool_free_fn free, void *pool_data)
{
	struct mempool *pool;

	caller_must(alloc && free,
		    "give a function that allocates and one that frees");
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return NULL;
	spin_lock_init(&pool->lock);
	pool->min_nr = min_nr;
	pool->nr = min_nr;
	pool->alloc = alloc;
	pool->free = free;
	pool->pool_data = pool_data;
	pool->elements = kcalloc(min_nr, sizeof(void *), GFP_KERNEL);
	if (pool->elements && alloc_elements(pool, pool->elements, min_nr))
		return pool;
	kfree(pool->elements);
	kfree(pool);
	return NULL;
}

int mempool_destroy(struct mempool *pool)
{
	if (pool->out) {
		pr_err("mempool: pool %p not destroyed: %u elements in use\n",
		       (void *)pool, pool->out);
		return -EBUSY;
	}
	free_elements(pool, pool->elements, pool->nr);
	kfree(pool->elements);
	kfree(pool);
	return 0;
}

/* ---- three kinds of pool ----------------------------------------------- */

static void *slab_pool_alloc(gfp_t gfp, void *cache)
{
	return kmem_cache_alloc(cache, gfp);
}

static void slab_pool_free(void *element, void *cache)
{
	kmem_cache_free(cache, element);
}

struct mempool *mempool_create_slab_pool(unsigned min_nr,
					 struct kmem_cache *cache)
{
	caller_must(cache, "give a cache");
	return mempool_create(min_nr, slab_pool_alloc, slab_pool_free, cache);
}

/* pool_data is a number here. */
static void *kmalloc_pool_alloc(gfp_t gfp, void *size)
{
	return kmalloc((size_t)size, gfp);
}

static void kmalloc_pool_free(void *element, void *size)
{
	kfree(element);
}

struct mempool *mempool_create_kmalloc_pool(unsigned min_nr, size_t size)
{
	caller_must(size <= KMALLOC_MAX_SIZE,
		    "ask for elements that kmalloc() can give");
	return mempool_create(min_nr, kmalloc_pool_alloc, kmalloc_pool_free,
			      (void *)size);
}

static void *page_pool_alloc(gfp_t gfp, void *order)
{
	return alloc_pages(gfp, (unsigned)(uintptr_t)order);
}

static void page_pool_free(void *element, void *order)
{
	free_pages(element, (unsigned)(uintptr_t)order);
}

struct mempool *mempool_create_page_pool(unsigned min_nr, unsigned order)
{
	caller_must(order <= MAX_ORDER, "ask for an order up to MAX_ORDER");
	return mempool_create(min_nr, page_pool_alloc, page_pool_free,
			      (void *)(uintptr_t)order);
}

/* ---- elements ---------------------------------------------------------- */

void *mempool_alloc(struct mempool *pool, gfp_t gfp)
{
	irqflags_t flags;
	void *element;

	caller_must(!(gfp & GFP_ZERO),
		    "clear the element: the pool does not know its size");
	element = pool->alloc(gfp | GFP_NOWARN, pool->pool_data);
	flags = spin_lock_irqsave(&pool->lock);
	if (!element && pool->nr)
		element = pool->elements[--pool->nr];
	pool->out += element != NULL;
	spin_unlock_irqrestore(&pool->lock, flags);
	return element;
}

void mempool_free(struct mempool *pool, void *element)
{
	irqflags_t flags;

	if (!element)
		return;
	flags = spin_lock_irqsave(&pool->lock);
	if (unlikely(!pool->out)) {
		spin_unlock_irqrestore(&pool->lock, flags);
		panic("mempool: %p freed to pool %p, which has no element out",
		      element, (void *)pool);
	}
	debug_assert(pool->nr <= pool->min_nr);
	pool->out--;
	if (pool->nr < pool->min_nr) {
		pool->elements[pool->nr++] = element;
		element = NULL;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	if (element)
		pool->free(element, pool->pool_data);
}

/* ---- resizing ---------------------------------------------------------- */

int mempool_resize(struct mempool *pool, unsigned min_nr)
{
	unsigned fresh, keep, surplus;
	void **array, **old;
	irqflags_t flags;

	if (!min_nr)
		return -EINVAL;
	fresh = min_nr > pool->min_nr ? min_nr - pool->min_nr : 0;
	array = kcalloc(min_nr, sizeof(void *), GFP_KERNEL);
	if (!array || !alloc_elements(pool, array, fresh)) {
		kfree(array);
		return -ENOMEM;
	}
	/* From here on nothing can fail. The surplus stays in the old array. */
	flags = spin_lock_irqsave(&pool->lock);
	assert(fresh <= min_nr);
	old = pool->elements;
	keep = MIN(pool->nr, min_nr - fresh);
	surplus = pool->nr - keep;
	memcpy(array + fresh, old + surplus, keep * sizeof(void *));
	pool->elements = array;
	pool->nr = fresh + keep;
	pool->min_nr = min_nr;
	spin_unlock_irqrestore(&pool->lock, flags);
	free_elements(pool, old, surplus);
	kfree(old);
	return 0;
}

/* ---- check ------------------------------------------------------------- */

const char *mempool_check(const struct mempool *pool)
{
	HOLDS(pool->nr <= pool->min_nr,
	      "mempool L1: the reserve holds at most min_nr elements");
	for (unsigned i = 0; i < pool->nr; i++) {
		HOLDS(pool->elements[i], "mempool L2: no element of the reserve is NULL");
		for (unsigned j = 0; j < i; j++)
			HOLDS(pool->elements[i] != pool->elements[j],
			      "mempool L2: no element is in the reserve twice");
	}
	HOLDS(pool->nr + pool->out >= pool->min_nr,
	      "mempool L3: reserve and elements out are at least min_nr together");
	return NULL;
}
