// SPDX-License-Identifier: MIT
/*
 * slab_impl.h - caches, slabs and magazines, for the files of mm/slab/
 *
 * WHAT     The structures, and the arithmetic between an object's address and
 *          its index. Only mm/slab/ and its tests include this file.
 *
 * PICTURE  A slab with its descriptor inside, objects of 64 bytes:
 *
 *            page ->  +-------------+--------+-----+-----+     +-----+
 *                     | struct slab | colour | ob0 | ob1 | ... | obn |
 *                     | and next[]  |        |     |     |     |     |
 *                     +-------------+--------+-----+-----+     +-----+
 *                     |<-- cache->first ---->|<----- cache->span --->|
 *
 *          (`first` is the offset for colour 0). From a stride of SLAB_OFF_MIN
 *          bytes on, the descriptor lies outside the slab, and object 0 is at
 *          the start of the page. So an object of 4096 bytes is page-aligned.
 *
 *          next[] says which objects are free; the objects do not:
 *
 *            free = 3    next[]:  taken  END  taken  5  taken  1
 *            the chain 3 -> 5 -> 1 -> END; objects 0, 2 and 4 are taken
 *
 * TERMS    slot     one object, with everything that a debug cache adds to it
 *          stride   bytes from one slot to the next
 *          taken    out of its slab: a user has the object, or a magazine
 *          magazine a few taken objects that one CPU keeps for the next request
 *
 * SEE      mm/slab/slab.c for the chain, magazine.c for the magazines,
 *          slab_debug.c for the slot of a debug cache, slabinfo.c for the
 *          numbered invariants.
 */
#pragma once

#include <arch/percpu.h>

#include "lib/align.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "mm/page/page.h"
#include "mm/slab/slab.h"

#define SLAB_MIN_ALIGN     8u      /* enough for any C type                  */
#define SLAB_MAX_SIZE      8192u   /* for larger ones, pages waste less      */
#define SLAB_ORDER_MAX     3u      /* Linux's PAGE_ALLOC_COSTLY_ORDER        */
#define SLAB_OFF_MIN       512u    /* this stride: descriptor off the slab   */
#define SLAB_EMPTY_KEEP    2u      /* empty slabs a cache keeps for itself   */
#define SLAB_CACHE_LINE    64u     /* bytes of a cache line, and of a colour */

/*
 * A slab whose descriptor lies outside has at most so many objects. A larger
 * order is tried only if the smaller order, of 2^k pages, wastes an eighth.
 * Then the stride is above 512 * 2^k, and twice as many pages hold at most 15.
 */
#define SLAB_OFF_OBJECTS   16u

/* Special values in next[]: */
#define SLOT_TAKEN         0xfffeu
#define SLOT_END           0xffffu

/*
 * One block of pages, cut into objects.
 *
 * Protection:  I  set when it is made, then constant
 *              l  cache->lock
 */
struct slab {
	struct list_head list;      /* l  cache->full, partial or empty      */
	struct page     *page;      /* I  first page of the block            */
	char            *objects;   /* I  object 0, as the user sees it      */
	uint16_t         free;      /* l  first free object, or SLOT_END     */
	uint16_t         inuse;     /* l  objects taken                      */
	uint16_t         next[];    /* l  next free object, or SLOT_TAKEN    */
};

/* Slots of the largest magazine; magazine.c decides which caches get it. */
#define MAGAZINE_MAX  128u

/*
 * Protection:  c  its CPU, interrupts off
 *              I  constant
 */
struct magazine {
	irqflags_t flags;                   /* c  saved by the fast path     */
	unsigned   count;                   /* c  objects in it              */
	unsigned   capacity;                /* I  0 in debug caches          */
	void      *objects[MAGAZINE_MAX];   /* c  the newest is the last     */
};

/*
 * Protection:  I  set by kmem_cache_create(), then constant
 *              c  its CPU, interrupts off
 *              l  lock, interrupts off
 *              g  cache_list_lock
 */
struct kmem_cache {
	struct magazine  magazine[NR_CPUS];  /* c  first: no offset to add   */

	const char      *name;               /* I                            */
	size_t           size;               /* I  bytes that a user may use */
	uint32_t         align;              /* I  of each object            */
	unsigned         flags;              /* I  SLAB_...                  */
	void           (*ctor)(void *);      /* I                            */

	uint32_t         stride;             /* I  see TERMS                 */
	uint32_t         inverse;            /* I  see slab_index()          */
	uint32_t         shift;              /* I  see slab_index()          */
	uint32_t         span;               /* I  stride * per_slab         */
	uint32_t         first;              /* I  object 0 in its block     */
	uint32_t         red_left;           /* I  bytes before it in slot  */
	uint32_t         colour_step;        /* I                            */
	unsigned         colours;            /* I  1: always colour 0        */
	unsigned         per_slab;           /* I  objects in each           */
	unsigned         order;              /* I  of its blocks             */
	bool             off_slab;           /* I  descriptors lie outside   */

	struct spinlock  lock;
	struct list_head full;               /* l  inuse == per_slab         */
	struct list_head partial;            /* l  all other slabs           */
	struct list_head empty;              /* l  inuse == 0                */
	unsigned long    nr_slabs;           /* l                            */
	unsigned long    nr_empty;           /* l  length of empty           */
	unsigned long    taken;              /* l  sum of inuse              */
	unsigned         colour;             /* l  of the next slab          */

	struct list_head list;               /* g  all caches                */
};

extern struct list_head cache_list;          /* in order of creation         */
extern struct spinlock cache_list_lock;
extern struct kmem_cache slab_descriptors;   /* struct slab, off-slab        */

/* ---- an object's index in its slab, without a division ----------------- */

/*
 * Let stride = d * 2^s with d odd, and i the number with d * i = 1 modulo 2^32.
 * For a multiple of the stride, offset * i rotated right by s is the quotient.
 * For any other offset the rotated number is larger than 2^32 / stride: the
 * small numbers all belong to multiples of the stride, or low bits that are not
 * 0 have moved to the top. So one comparison with per_slab says both: the
 * address is in bounds, and it is the start of an object.
 * Granlund, Montgomery, "Division by invariant integers", 1994, section 9.
 *
 * Returns: the index; per_slab or more if the address is not that of an object
 *          of the slab.
 */
static inline unsigned slab_index(const struct kmem_cache *cache,
				  const struct slab *slab, const void *object)
{
	kva_t offset = ptr_to_kva(object) - ptr_to_kva(slab->objects);
	uint32_t product = offset * cache->inverse;

	return product >> cache->shift | product << (-cache->shift & 31);
}

static inline void *slab_object(const struct kmem_cache *cache,
				const struct slab *slab, unsigned index)
{
	debug_caller_must(index < cache->per_slab,
			  "give the index of an object of the slab");
	return slab->objects + index * cache->stride;
}

static inline bool cache_is_debug(const struct kmem_cache *cache)
{
	return cache->flags & SLAB_DEBUG;
}

/* ---- slab.c: the slabs of one cache ------------------------------------ */

/* Bytes of the descriptor of n objects at the start of their block. */
static inline uint32_t slab_header_size(const struct kmem_cache *cache,
					uint32_t n)
{
	return cache->off_slab ? 0 : sizeof(struct slab) + n * sizeof(uint16_t);
}

/* Set stride, inverse and shift. */
void slab_set_stride(struct kmem_cache *cache, uint32_t stride);

/*
 * Choose the layout of the objects in a block, from size, align and flags.
 *
 * Returns: false when no order up to SLAB_ORDER_MAX holds an object.
 */
bool slab_layout(struct kmem_cache *cache) __must_check;

/*
 * Make a slab, and add it to the cache. All its objects are free and
 * constructed.
 *
 * Context: without cache->lock; with GFP_RECLAIM it may run shrinkers.
 * Returns: false when there is no memory.
 */
bool slab_grow(struct kmem_cache *cache, gfp_t gfp) __must_check;

/* Give back the pages of empty slabs that are on this list only. */
void slab_destroy_list(struct kmem_cache *cache, struct list_head *slabs);

/* Keep `keep` empty slabs; move the others to a list to destroy them. */
void slab_detach_empty_locked(struct kmem_cache *cache, unsigned long keep,
			      struct list_head *to) MUST_HOLD(&cache->lock);

/*
 * Take up to n free objects out of the slabs.
 *
 * Returns: how many; below n when the cache needs a new slab.
 */
unsigned slab_take_locked(struct kmem_cache *cache, void *objects[],
			  unsigned n) MUST_HOLD(&cache->lock);

/*
 * Put n taken objects back.
 *
 * Returns: how many objects, k. If k < n, objects[k] is not a taken object of
 *          this cache, and nothing was done with it.
 */
unsigned slab_put_locked(struct kmem_cache *cache, void *const objects[],
			 unsigned n) MUST_HOLD(&cache->lock);

/* The slab of this cache that contains ptr, or NULL. */
static inline struct slab *slab_find(const struct kmem_cache *cache,
				     const void *ptr)
{
	const struct page *page;

	if (unlikely(!kva_is_lowmem(ptr_to_kva(ptr))))
		return NULL;
	page = virt_to_page(ptr);
	if (unlikely(page->state != PAGE_SLAB || page->slab_cache != cache))
		return NULL;
	return page->slab;
}

/* Is this the address of a taken object of the cache? */
bool slab_is_taken(const struct kmem_cache *cache, const void *ptr);

/* ---- magazine.c: see magazine.h ---------------------------------------- */

/* How many slots a magazine of this cache has. */
unsigned magazine_capacity(const struct kmem_cache *cache);

/*
 * Put all objects of this CPU's magazine back into their slabs.
 *
 * Returns: false when *bad was freed to this cache by mistake: the caller calls
 *          slab_report_bad_free(). The magazine is empty in this case too.
 */
bool magazine_drain(struct kmem_cache *cache, const void **bad) __must_check;

/* ---- slab_debug.c: red zones, poison, owners --------------------------- */

/* Set red_left of a debug cache. Returns: bytes of a slot. */
uint32_t debug_layout(struct kmem_cache *cache);

/* Mark an object of a new slab as free. */
void debug_init_object(const struct kmem_cache *cache, void *object);

/*
 * Called when a user gets an object of a debug cache, and when the user frees
 * it. They panic if the object was written while it was free, if bytes outside
 * its bounds were written, or if it is not taken.
 */
void debug_alloc(struct kmem_cache *cache, void *object, const void *caller);
void debug_free(struct kmem_cache *cache, void *object, const void *caller);

/* The code address that has allocated a taken object of a debug cache. */
const void *debug_allocated_by(const struct kmem_cache *cache,
			       const void *object);

/*
 * Is an object, which should be free or taken, damaged?
 *
 * Returns: NULL, or a text; then *where is the first wrong byte.
 */
const char *debug_find_damage(const struct kmem_cache *cache,
			      const void *object, bool taken,
			      const uint8_t **where);

/*
 * Panic, and say why `object` cannot be freed to this cache. caller: the code
 * that tried to free it; NULL if the object has been in a magazine since then.
 */
void slab_report_bad_free(const struct kmem_cache *cache, const void *object,
			  const void *caller) __noreturn __cold;

/* Write a line for each taken object into the log. Returns: how many. */
unsigned long slab_report_leaks(struct kmem_cache *cache);
