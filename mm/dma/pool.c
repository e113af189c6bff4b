// SPDX-License-Identifier: MIT
/*
 * pool.c - small pieces of coherent memory
 *
 * WHAT     A driver may need hundreds of descriptors of 16 or 64 bytes. So a
 *          page of coherent memory is cut into pieces of one size. No piece
 *          crosses a line that the device cannot cross.
 *
 * PICTURE  size 24, align 8, boundary 64; a chunk of a page:
 *
 *            0       24      48      64      88     112     128
 *            | piece | piece |       | piece | piece |       | ...
 *            |<------- segment ----->|
 *
 * TERMS    chunk    coherent memory of a power of two of pages
 *          segment  the chunk's pieces between two boundaries. If there is no
 *                   boundary, or if it is longer than the chunk, the segment is
 *                   the whole chunk: a chunk is aligned to its size, so it does
 *                   not cross a longer line
 *          stride   from one piece to the next: the size, rounded up to align
 *
 * INVARIANTS of dma_pool (dma_pools_check() restates them)
 *          L1  `used` of a chunk counts the bits of its map
 *          L2  `used` of a pool is the sum over its chunks
 *          L3  chunks with free pieces come before those without
 *          L4  both addresses of a chunk are multiples of its size
 *
 * ALGORITHM  A bitmap outside the pieces says which pieces are free. (Linux
 *          keeps this in the pieces, and the device can overwrite it.) By L3
 *          the first chunk has a free piece, or no chunk has one. An empty
 *          chunk is given back, unless it is the only chunk. A free of an
 *          address that is not a piece in use is reported, and does nothing.
 *
 * LOCKING  dma_lock; chunks are made and given back without it.
 * COST     alloc: a search of one bitmap; free: of the list of chunks.
 * SEE      Linux mm/dmapool.c.
 */
#include "lib/align.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/dma/pool_impl.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/kmalloc.h"

static LIST_HEAD(pools);   /* dma_lock */

/* ---- geometry -------------------------------------------------------- */

static uint32_t piece_offset(const struct dma_pool *pool, uint32_t index)
{
	debug_assert(index < pool->nr);
	return index / pool->per_segment * pool->segment +
	       index % pool->per_segment * pool->stride;
}

/* The piece that begins at an offset; pool->nr: there is none. */
static uint32_t piece_at(const struct dma_pool *pool, uint32_t offset)
{
	uint32_t within = offset % pool->segment;
	uint32_t index = within / pool->stride;

	if (within % pool->stride || index >= pool->per_segment)
		return pool->nr;
	return offset / pool->segment * pool->per_segment + index;
}

static void set_geometry(struct dma_pool *pool, uint32_t size, uint32_t align,
			 uint32_t boundary)
{
	assert(is_pow2(align) && size > 0);
	pool->size = size;
	pool->stride = ALIGN_UP(size, align);
	pool->chunk_size = 1u << ilog2_up(MAX(pool->stride, PAGE_SIZE));
	pool->segment = pool->chunk_size;
	/* If the stride is longer, each piece begins at a boundary. */
	if (boundary && boundary >= pool->stride)
		pool->segment = MIN(boundary, pool->chunk_size);
	pool->per_segment = (pool->segment - size) / pool->stride + 1;
	pool->nr = pool->chunk_size / pool->segment * pool->per_segment;
}

/* ---- chunks ---------------------------------------------------------- */

static struct chunk *chunk_create(struct dma_pool *pool, gfp_t gfp)
{
	struct chunk *chunk = kzalloc(sizeof(*chunk) +
				      BITMAP_WORDS(pool->nr) * sizeof(uint32_t),
				      gfp);

	if (!chunk)
		return NULL;
	chunk->ptr = dma_alloc_coherent(pool->dev, pool->chunk_size,
					&chunk->bus, gfp);
	if (chunk->ptr)
		return chunk;
	kfree(chunk);
	return NULL;
}

static void chunk_destroy(struct dma_pool *pool, struct chunk *chunk)
{
	debug_assert(!chunk->used);
	dma_free_coherent(pool->dev, pool->chunk_size, chunk->ptr, chunk->bus);
	kfree(chunk);
}

static bool is_full(const struct dma_pool *pool, const struct chunk *chunk)
{
	return chunk->used == pool->nr;
}

static struct chunk *find_chunk(const struct dma_pool *pool, bus_addr_t bus)
{
	struct chunk *chunk;

	list_for_each_entry(chunk, &pool->chunks, link)
		if (bus.v - chunk->bus.v < pool->chunk_size)
			return chunk;
	return NULL;
}

/*
 * Take a piece of the first chunk. A `fresh` chunk becomes the first before.
 * Returns: NULL: no chunk has a free piece.
 */
static void *take_piece(struct dma_pool *pool, struct chunk *fresh,
			bus_addr_t *bus)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct chunk *chunk;
	char *ptr = NULL;

	if (fresh)
		list_add(&fresh->link, &pool->chunks);
	chunk = list_first_entry(&pool->chunks, struct chunk, link);
	if (!list_empty(&pool->chunks) && !is_full(pool, chunk)) {
		uint32_t index = bitmap_find_first_zero(chunk->map, pool->nr);
		uint32_t offset = piece_offset(pool, index);

		bitmap_set(chunk->map, index);
		pool->used++;
		if (++chunk->used == pool->nr)
			list_move_tail(&chunk->link, &pool->chunks);
		*bus = BUS(chunk->bus.v + offset);
		ptr = chunk->ptr + offset;
	}
	spin_unlock_irqrestore(&dma_lock, flags);
	return ptr;
}

/*
 * Returns: false when there is no such piece in use. *empty: a chunk that the
 * caller must destroy.
 */
static bool give_piece(struct dma_pool *pool, const void *ptr, bus_addr_t bus,
		       struct chunk **empty) MUST_HOLD(&dma_lock)
{
	struct chunk *chunk = find_chunk(pool, bus);
	uint32_t offset, index;

	debug_assert_held(&dma_lock);
	if (!chunk)
		return false;
	offset = (uint32_t)(bus.v - chunk->bus.v);
	index = piece_at(pool, offset);
	if (index == pool->nr || chunk->ptr + offset != ptr ||
	    !bitmap_test(chunk->map, index))
		return false;
	bitmap_clear(chunk->map, index);
	pool->used--;
	chunk->used--;
	list_move(&chunk->link, &pool->chunks);
	if (chunk->used == 0 && chunk->link.next != &pool->chunks) {
		list_del(&chunk->link);
		*empty = chunk;
	}
	return true;
}

/* ---- interface ------------------------------------------------------- */

struct dma_pool *dma_pool_create(const char *name, struct dma_device *dev,
				 size_t size, size_t align, size_t boundary)
{
	struct dma_pool *pool;
	irqflags_t flags;

	caller_must(name && *name, "give the pool a name: reports need one");
	if (!size || size > PAGE_SIZE << MAX_ORDER || !is_pow2(align) ||
	    align > PAGE_SIZE << MAX_ORDER)
		return NULL;
	if (boundary && (!is_pow2(boundary) || boundary < size))
		return NULL;
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return NULL;
	pool->name = name;
	pool->dev = dev;
	set_geometry(pool, (uint32_t)size, (uint32_t)align,
		     (uint32_t)MIN(boundary, PAGE_SIZE << MAX_ORDER));
	list_init(&pool->chunks);
	flags = spin_lock_irqsave(&dma_lock);
	list_add(&pool->link, &pools);
	spin_unlock_irqrestore(&dma_lock, flags);
	return pool;
}

void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, bus_addr_t *bus)
{
	void *ptr;

	caller_must(bus, "say where the bus address goes");
	ptr = take_piece(pool, NULL, bus);
	if (!ptr) {
		struct chunk *fresh = chunk_create(pool, gfp);

		if (!fresh)
			return NULL;
		ptr = take_piece(pool, fresh, bus);
		assert(ptr);   /* a new chunk has a free piece */
	}
	if (gfp & GFP_ZERO)
		memset(ptr, 0, pool->size);
	return ptr;
}

void dma_pool_free(struct dma_pool *pool, void *ptr, bus_addr_t bus)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct chunk *empty = NULL;
	bool given = give_piece(pool, ptr, bus, &empty);

	spin_unlock_irqrestore(&dma_lock, flags);
	if (!given)
		dma_report(pool->dev, "pool %s: %pB at %p is no piece in use, freed by %pS",
			   pool->name, &bus, ptr, __builtin_return_address(0));
	if (empty)
		chunk_destroy(pool, empty);
}

int dma_pool_destroy(struct dma_pool *pool)
{
	struct chunk *chunk, *next;
	irqflags_t flags;

	if (pool->used) {
		dma_report(pool->dev, "pool %s not destroyed: %lu pieces in use",
			   pool->name, pool->used);
		return -EBUSY;
	}
	flags = spin_lock_irqsave(&dma_lock);
	list_del(&pool->link);
	spin_unlock_irqrestore(&dma_lock, flags);
	list_for_each_entry_safe(chunk, next, &pool->chunks, link)
		chunk_destroy(pool, chunk);
	kfree(pool);
	return 0;
}

/* ---- check ----------------------------------------------------------- */

static const char *check_pool(const struct dma_pool *pool)
{
	const struct chunk *chunk;
	unsigned long used = 0;
	bool full = false;

	list_for_each_entry(chunk, &pool->chunks, link) {
		HOLDS(chunk->used == bitmap_weight(chunk->map, pool->nr),
		      "dma_pool L1: used counts the bits of a chunk's map");
		HOLDS(!full || is_full(pool, chunk),
		      "dma_pool L3: chunks with free pieces come first");
		HOLDS(IS_ALIGNED(chunk->bus.v, pool->chunk_size) &&
		      IS_ALIGNED(virt_to_phys(chunk->ptr).v, pool->chunk_size),
		      "dma_pool L4: a chunk is aligned to its size");
		full = is_full(pool, chunk);
		used += chunk->used;
	}
	HOLDS(used == pool->used, "dma_pool L2: used of a pool sums up its chunks");
	return NULL;
}

const char *dma_pools_check(void)
{
	const struct dma_pool *pool;

	assert_held(&dma_lock);
	list_for_each_entry(pool, &pools, link) {
		const char *law = check_pool(pool);

		if (law)
			return law;
	}
	return NULL;
}
