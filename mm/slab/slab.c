// SPDX-License-Identifier: MIT
/*
 * slab.c - the slabs of one cache
 *
 * WHAT     Makes slabs out of blocks of pages, takes objects out of them and
 *          puts objects back. The picture of a slab is in slab_impl.h.
 *
 * TERMS    chain    free objects of one slab, linked through next[]
 *          run      neighbours in a magazine that lie in the same slab
 *          colour   extra offset of object 0; it differs from slab to slab
 *
 * INVARIANTS of slab (slab_check() restates them)
 *          S1  a slab is on the list that its inuse says
 *          S2  the chain holds per_slab - inuse objects, none twice, and ends
 *          S3  all other objects are marked taken
 *          S4  each page of the block is PAGE_SLAB and names cache and slab
 *          S5  all objects lie within the block, aligned
 *          S6  nr_slabs, nr_empty and taken are the sums over the lists
 *
 * ALGORITHM  The chain of free objects is made of 16-bit indices in next[],
 *          beside the objects and not inside them. So a free object stays
 *          constructed, and a write after free cannot break the chain. Each
 *          double free is found, because next[i] == SLOT_TAKEN says whether an
 *          object is taken. Take and put work on runs, and change the lists
 *          once for each run. Partial slabs are used before empty slabs, so
 *          empty slabs can be given back.
 *
 *          The order is the smallest order that wastes less than an eighth of
 *          the block. The wasted bytes are used for the colours.
 *
 * LOCKING  cache->lock for functions named _locked.
 * COST     take, put, and the making of a slab: O(1) for each object.
 * NOT HERE the per-CPU front (magazine.c), checks of contents (slab_debug.c).
 * SEE      Bonwick, "The Slab Allocator", 1994; Linux 6.1 mm/slab.c.
 */
#include "mm/page/page_alloc.h"
#include "mm/slab/slab_impl.h"

/* ---- layout ------------------------------------------------------------ */

/*
 * How many objects fit into a block of `block` bytes. Block and stride are
 * multiples of the alignment, so there is room to align the first slot.
 */
static uint32_t slab_capacity(const struct kmem_cache *cache, uint32_t block)
{
	return cache->off_slab ? block / cache->stride :
	       (block - sizeof(struct slab)) /
	       (cache->stride + sizeof(uint16_t));
}

/*
 * The smallest order that wastes less than an eighth. If there is none, the
 * order that wastes the smallest part.
 */
static unsigned slab_choose_order(const struct kmem_cache *cache)
{
	uint32_t least = UINT32_MAX;
	unsigned best = 0;

	for (unsigned order = 0; order <= SLAB_ORDER_MAX; order++) {
		uint32_t block = PAGE_SIZE << order;
		uint32_t n = slab_capacity(cache, block);
		uint32_t waste = block - slab_header_size(cache, n) -
				 n * cache->stride;

		/* Scale to the largest order, to compare parts. */
		waste <<= SLAB_ORDER_MAX - order;
		if (waste < least) {
			least = waste;
			best = order;
		}
		if (waste < (PAGE_SIZE << SLAB_ORDER_MAX) / 8)
			break;
	}
	return best;
}

void slab_set_stride(struct kmem_cache *cache, uint32_t stride)
{
	uint32_t odd;

	caller_must(stride > 0, "give objects a size");
	cache->stride = stride;
	cache->shift = (uint32_t)__builtin_ctz(stride);
	odd = stride >> cache->shift;
	/* Newton: odd is its own inverse in 3 bits; a step doubles the bits. */
	cache->inverse = odd;
	for (unsigned bits = 3; bits < 32; bits *= 2)
		cache->inverse *= 2 - odd * cache->inverse;
}

bool slab_layout(struct kmem_cache *cache)
{
	uint32_t slot = (uint32_t)cache->size;
	uint32_t block, start;

	caller_must(cache->size > 0, "give objects a size");
	caller_must(is_pow2(cache->align),
		    "give an alignment that is a power of two");
	if (cache_is_debug(cache))
		slot = debug_layout(cache);
	slab_set_stride(cache, ALIGN_UP(slot, cache->align));
	cache->off_slab = cache->stride >= SLAB_OFF_MIN;
	cache->order = slab_choose_order(cache);

	block = PAGE_SIZE << cache->order;
	cache->per_slab = slab_capacity(cache, block);
	if (!cache->per_slab)
		return false;
	assert(!cache->off_slab || cache->per_slab <= SLAB_OFF_OBJECTS);
	cache->span = cache->per_slab * cache->stride;
	start = ALIGN_UP(slab_header_size(cache, cache->per_slab),
			 cache->align);
	cache->first = start + cache->red_left;
	cache->colour_step = MAX(cache->align, SLAB_CACHE_LINE);
	cache->colours = (block - start - cache->span) / cache->colour_step + 1;
	return true;
}

/* ---- making and destroying --------------------------------------------- */

/* Chain all objects as free: 0 -> 1 -> ... -> END. Construct each object. */
static void slab_init_objects(const struct kmem_cache *cache,
			      struct slab *slab)
{
	unsigned last = cache->per_slab - 1;

	for (unsigned i = 0; i < last; i++)
		slab->next[i] = (uint16_t)(i + 1);
	slab->next[last] = SLOT_END;
	slab->free = 0;
	slab->inuse = 0;
	if (!cache->ctor && !cache_is_debug(cache))
		return;
	for (unsigned i = 0; i < cache->per_slab; i++) {
		void *object = slab_object(cache, slab, i);

		if (cache->ctor)
			cache->ctor(object);
		if (cache_is_debug(cache))
			debug_init_object(cache, object);
	}
}

static uint32_t slab_next_colour(struct kmem_cache *cache)
{
	irqflags_t flags = spin_lock_irqsave(&cache->lock);
	unsigned colour = cache->colour;

	cache->colour = colour + 1 < cache->colours ? colour + 1 : 0;
	spin_unlock_irqrestore(&cache->lock, flags);
	return colour * cache->colour_step;
}

bool slab_grow(struct kmem_cache *cache, gfp_t gfp)
{
	struct page *page;
	struct slab *slab;
	irqflags_t flags;
	char *start;

	caller_must(!spin_is_held(&cache->lock),
		    "not hold the lock of the cache: the page allocator may need it");
	gfp &= ~(GFP_ZONES | GFP_ZERO);
	page = alloc_pages(cache->flags & SLAB_DMA ? gfp | GFP_DMA : gfp,
			   cache->order);
	if (!page)
		return false;
	start = page_address(page);
	slab = (struct slab *)start;
	if (cache->off_slab)
		slab = kmem_cache_alloc(&slab_descriptors, gfp);
	if (!slab) {
		free_pages(page, cache->order);
		return false;
	}
	slab->page = page;
	slab->objects = start + cache->first + slab_next_colour(cache);
	for (unsigned i = 0; i < 1u << cache->order; i++) {
		page[i].slab_cache = cache;
		page[i].slab = slab;
		page_set_state(&page[i], PAGE_SLAB);
	}
	slab_init_objects(cache, slab);

	flags = spin_lock_irqsave(&cache->lock);
	list_add(&slab->list, &cache->empty);
	cache->nr_slabs++;
	cache->nr_empty++;
	spin_unlock_irqrestore(&cache->lock, flags);
	return true;
}

static void slab_destroy(struct kmem_cache *cache, struct slab *slab)
{
	struct page *page = slab->page;

	assert(slab->inuse == 0);
	assert(page->state == PAGE_SLAB && page->slab_cache == cache);
	if (cache->off_slab)
		kmem_cache_free(&slab_descriptors, slab);
	page_set_state(page, PAGE_USED);
	for (unsigned i = 1; i < 1u << cache->order; i++)
		page_set_state(&page[i], PAGE_TAIL);
	free_pages(page, cache->order);
}

void slab_destroy_list(struct kmem_cache *cache, struct list_head *slabs)
{
	struct slab *slab, *next;

	caller_must(!spin_is_held(&cache->lock),
		    "not hold the lock of the cache: the page allocator may need it");
	list_for_each_entry_safe(slab, next, slabs, list)
		slab_destroy(cache, slab);
}

/* ---- lists ------------------------------------------------------------- */

void slab_detach_empty_locked(struct kmem_cache *cache, unsigned long keep,
			      struct list_head *to)
{
	assert_held(&cache->lock);
	while (cache->nr_empty > keep) {
		assert(!list_empty(&cache->empty));
		list_move(cache->empty.prev, to);
		cache->nr_empty--;
		cache->nr_slabs--;
	}
}

static struct slab *slab_with_free(struct kmem_cache *cache)
{
	if (!list_empty(&cache->partial))
		return list_first_entry(&cache->partial, struct slab, list);
	if (!list_empty(&cache->empty))
		return list_first_entry(&cache->empty, struct slab, list);
	return NULL;
}

/* inuse was `before` and has changed: move the slab to its list (S1). */
static void slab_relist(struct kmem_cache *cache, struct slab *slab,
			unsigned before)
{
	debug_assert(slab->inuse <= cache->per_slab);
	debug_assert(before != 0 || cache->nr_empty > 0);
	if (before == 0)
		cache->nr_empty--;
	if (slab->inuse == 0) {
		list_move(&slab->list, &cache->empty);
		cache->nr_empty++;
	} else if (slab->inuse == cache->per_slab) {
		list_move(&slab->list, &cache->full);
	} else if (before == 0 || before == cache->per_slab) {
		list_move(&slab->list, &cache->partial);
	}
}

/* ---- taking and putting ------------------------------------------------ */

/*
 * Take n objects off the chain of one slab, which has so many. The loop uses
 * local variables: the compiler must assume that a store to objects[] changes
 * the cache.
 */
static always_inline void slab_take_run(const struct kmem_cache *cache,
					struct slab *slab, void *objects[],
					unsigned n)
{
	char *base = slab->objects;
	uint32_t stride = cache->stride;
	unsigned free = slab->free;
	void **end = objects + n;

	debug_assert(n > 0 && n <= cache->per_slab);
	do {
		unsigned taken = free;

		debug_assert(taken < cache->per_slab);
		*objects++ = base + taken * stride;
		free = slab->next[taken];
		slab->next[taken] = SLOT_TAKEN;
	} while (objects < end);
	slab->free = (uint16_t)free;
}

unsigned slab_take_locked(struct kmem_cache *cache, void *objects[],
			  unsigned n)
{
	unsigned done = 0;

	assert_held(&cache->lock);
	while (done < n) {
		struct slab *slab = slab_with_free(cache);
		unsigned before, run;

		if (!slab)
			break;
		before = slab->inuse;
		run = MIN(n - done, cache->per_slab - before);
		slab_take_run(cache, slab, objects + done, run);
		slab->inuse = (uint16_t)(before + run);
		slab_relist(cache, slab, before);
		done += run;
	}
	cache->taken += done;
	return done;
}

/*
 * Put objects back up to `end`, or up to the first pointer that is not a taken
 * object of this slab. At least one object is a taken object of this slab.
 *
 * Returns: where it stopped.
 */
static noinline void *const *slab_put_run(const struct kmem_cache *cache,
					  struct slab *slab,
					  void *const *object,
					  void *const *end)
{
	debug_assert(object < end);
	do {
		unsigned index = slab_index(cache, slab, *object);

		if (index >= cache->per_slab ||
		    slab->next[index] != SLOT_TAKEN)
			break;
		slab->next[index] = slab->free;
		slab->free = (uint16_t)index;
	} while (++object != end);
	return object;
}

unsigned slab_put_locked(struct kmem_cache *cache, void *const objects[],
			 unsigned n)
{
	void *const *object = objects;
	void *const *end = objects + n;

	assert_held(&cache->lock);
	while (object != end) {
		struct slab *slab = slab_find(cache, *object);
		void *const *stop;
		unsigned before;

		if (!slab)
			break;
		stop = slab_put_run(cache, slab, object, end);
		if (stop == object)
			break;
		before = slab->inuse;
		slab->inuse = (uint16_t)(before - (unsigned)(stop - object));
		slab_relist(cache, slab, before);
		object = stop;
	}
	cache->taken -= (unsigned)(object - objects);
	return (unsigned)(object - objects);
}

bool slab_is_taken(const struct kmem_cache *cache, const void *ptr)
{
	const struct slab *slab = slab_find(cache, ptr);
	unsigned index = slab ? slab_index(cache, slab, ptr) : UINT32_MAX;

	return index < cache->per_slab && slab->next[index] == SLOT_TAKEN;
}
