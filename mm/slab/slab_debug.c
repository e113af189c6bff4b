// SPDX-License-Identifier: MIT
/*
 * slab_debug.c - who broke the heap, and how
 *
 * WHAT     In a debug cache, red zones lie before and after each object, and
 *          then the code addresses of the last allocation and the last free. A
 *          free object is filled with poison. Each allocation and each free
 *          checks all this, and says what is wrong.
 *
 * PICTURE  A slot; addresses grow to the right:
 *
 *            |<- red_left ->|<-- size -->|<- to a word, + 8 ->|
 *            +-------+------+------------+--------------------+-------+------+
 *            | (pad) | red  |   object   |        red         | owner | (pad)|
 *            +-------+------+------------+--------------------+-------+------+
 *                           ^ what the user has
 *
 *            red zones   bb when free, cc when taken
 *            object      6b 6b ... 6b a5 when free; 5a when just given
 *
 *          red_left is a multiple of the alignment, so the object stays
 *          aligned. An object with a constructor is not poisoned: it must stay
 *          constructed while it is free.
 *
 * INVARIANTS of slab_debug (slab_check() restates them)
 *          D1  the red zones of each object are whole
 *          D2  each free object without constructor is whole poison
 *
 * ALGORITHM  After a use after free, the next allocation of the object finds
 *          damaged poison. After an overrun, the free of the object finds a
 *          damaged red zone. The slab finds a bad free (index, next[]). Each
 *          check panics before anything is changed. A damaged free object is
 *          repaired first, so one bug is reported only once.
 *
 * LOCKING  The object belongs to the caller. Interrupts are off until the
 *          object is marked, so D1 and D2 hold whenever other code can look.
 * COST     Each allocation and each free reads and writes the whole slot.
 * NOT HERE how calls get here past the magazines (magazine.c).
 * SEE      Linux include/linux/poison.h, for the values.
 */
#include "lib/log.h"
#include "lib/string.h"
#include "mm/page/pageblock.h"
#include "mm/slab/slab_impl.h"

#define RED_ZONE      8u      /* at least so many bytes on each side        */
#define RED_FREE      0xbb
#define RED_TAKEN     0xcc
#define POISON_FREE   0x6b
#define POISON_END    0xa5
#define POISON_GIVEN  0x5a

/* Lies at the end of a slot. */
struct slab_owner {
	const void *allocated_by;
	const void *freed_by;
};

/* ---- layout of a slot -------------------------------------------------- */

/* The offset of struct slab_owner from the start of the object. */
static uint32_t owner_offset(const struct kmem_cache *cache)
{
	return ALIGN_UP((uint32_t)cache->size, sizeof(void *)) + RED_ZONE;
}

static struct slab_owner *owner_of(const struct kmem_cache *cache,
				   const void *object)
{
	return (struct slab_owner *)((char *)object + owner_offset(cache));
}

const void *debug_allocated_by(const struct kmem_cache *cache,
			       const void *object)
{
	caller_must(cache_is_debug(cache),
		    "give a debug cache: others have no red zones");
	return owner_of(cache, object)->allocated_by;
}

uint32_t debug_layout(struct kmem_cache *cache)
{
	caller_must(cache_is_debug(cache),
		    "give a debug cache: others have no red zones");
	cache->red_left = ALIGN_UP(RED_ZONE, cache->align);
	return cache->red_left + owner_offset(cache) +
	       sizeof(struct slab_owner);
}

/* ---- filling and checking ---------------------------------------------- */

/* The first byte of a range that is not `value`, or NULL. */
static const uint8_t *find_other(const uint8_t *start, const uint8_t *end,
				 uint8_t value)
{
	for (; start < end; start++)
		if (*start != value)
			return start;
	return NULL;
}

static void fill_red_zones(const struct kmem_cache *cache, void *object,
			   int value)
{
	char *start = object;

	memset(start - RED_ZONE, value, RED_ZONE);
	memset(start + cache->size, value,
	       owner_offset(cache) - cache->size);
}

static void mark_free(const struct kmem_cache *cache, void *object)
{
	char *start = object;

	fill_red_zones(cache, object, RED_FREE);
	if (cache->ctor)
		return;
	memset(start, POISON_FREE, cache->size - 1);
	start[cache->size - 1] = (char)POISON_END;
}

const char *debug_find_damage(const struct kmem_cache *cache,
			      const void *object, bool taken,
			      const uint8_t **where)
{
	uint8_t red = taken ? RED_TAKEN : RED_FREE;
	const uint8_t *start = object;
	const uint8_t *end = start + cache->size;

	caller_must(cache_is_debug(cache),
		    "give a debug cache: others have no red zones");
	*where = find_other(start - RED_ZONE, start, red);
	if (*where)
		return "write before the object";
	*where = find_other(end, start + owner_offset(cache), red);
	if (*where)
		return "write past the end";
	if (taken || cache->ctor)
		return NULL;
	*where = find_other(start, end - 1, POISON_FREE);
	if (!*where)
		*where = find_other(end - 1, end, POISON_END);
	return *where ? "write after free" : NULL;
}

/* ---- reports ----------------------------------------------------------- */

void slab_report_bad_free(const struct kmem_cache *cache, const void *object,
			  const void *caller)
{
	const struct slab_owner *owner;
	const struct page *page;

	if (!caller)
		pr_err("slab: found when a magazine of cache '%s' was drained\n",
		       cache->name);
	if (!kva_is_lowmem(ptr_to_kva(object)))
		panic("slab: free of %p to cache '%s': not an address in lowmem",
		      object, cache->name);
	page = virt_to_page(object);
	if (page_state(page_to_pfn(page)) != PAGE_SLAB)
		panic("slab: free of %p to cache '%s': not in a slab",
		      object, cache->name);
	if (page->slab_cache != cache)
		panic("slab: free of %p to cache '%s': object of cache '%s'",
		      object, cache->name, page->slab_cache->name);
	if (slab_index(cache, page->slab, object) >= cache->per_slab)
		panic("slab: free of %p to cache '%s': not the start of an object",
		      object, cache->name);
	if (!cache_is_debug(cache))
		panic("slab: double free of object %p of cache '%s'",
		      object, cache->name);
	owner = owner_of(cache, object);
	panic("slab: double free of object %p of cache '%s' by %pS; allocated by %pS, freed by %pS",
	      object, cache->name, caller, owner->allocated_by,
	      owner->freed_by);
}

static unsigned long report_leaks_of(const struct kmem_cache *cache,
				     const struct list_head *slabs)
{
	unsigned long leaks = 0;
	const struct slab *slab;

	list_for_each_entry(slab, slabs, list) {
		for (unsigned i = 0; i < cache->per_slab; i++) {
			const void *object = slab_object(cache, slab, i);

			if (slab->next[i] != SLOT_TAKEN)
				continue;
			leaks++;
			if (cache_is_debug(cache))
				pr_err("slab: cache '%s': leaked object %p, allocated by %pS\n",
				       cache->name, object,
				       debug_allocated_by(cache, object));
			else
				pr_err("slab: cache '%s': leaked object %p\n",
				       cache->name, object);
		}
	}
	return leaks;
}

unsigned long slab_report_leaks(struct kmem_cache *cache)
{
	irqflags_t flags = spin_lock_irqsave(&cache->lock);
	unsigned long leaks = report_leaks_of(cache, &cache->full) +
			      report_leaks_of(cache, &cache->partial);

	spin_unlock_irqrestore(&cache->lock, flags);
	return leaks;
}

/* ---- on the way out and in --------------------------------------------- */

void debug_init_object(const struct kmem_cache *cache, void *object)
{
	struct slab_owner *owner = owner_of(cache, object);

	caller_must(cache_is_debug(cache),
		    "give a debug cache: others have no red zones");
	owner->allocated_by = NULL;
	owner->freed_by = NULL;
	mark_free(cache, object);
}

/* Panic if an object, which should be free or taken, is damaged. */
static void must_be_whole(struct kmem_cache *cache, void *object, bool taken)
{
	const struct slab_owner *owner = owner_of(cache, object);
	const uint8_t *where;
	const char *damage = debug_find_damage(cache, object, taken, &where);
	irqflags_t flags;
	unsigned byte, put;

	if (likely(!damage))
		return;
	byte = *where;
	if (!taken) {
		/* Repair the object and put it back: a test may go on. */
		mark_free(cache, object);
		flags = spin_lock_irqsave(&cache->lock);
		put = slab_put_locked(cache, &object, 1);
		spin_unlock_irqrestore(&cache->lock, flags);
		assert(put == 1);
	}
	panic("slab: %s: object %p of cache '%s': byte at offset %ld is 0x%02x; allocated by %pS, freed by %pS",
	      damage, object, cache->name,
	      (long)((const char *)where - (const char *)object), byte,
	      owner->allocated_by, owner->freed_by);
}

void debug_alloc(struct kmem_cache *cache, void *object, const void *caller)
{
	caller_must(cache_is_debug(cache),
		    "give a debug cache: others have no red zones");
	must_be_whole(cache, object, false);
	fill_red_zones(cache, object, RED_TAKEN);
	if (!cache->ctor)
		memset(object, POISON_GIVEN, cache->size);
	owner_of(cache, object)->allocated_by = caller;
}

void debug_free(struct kmem_cache *cache, void *object, const void *caller)
{
	caller_must(cache_is_debug(cache),
		    "give a debug cache: others have no red zones");
	if (!slab_is_taken(cache, object))
		slab_report_bad_free(cache, object, caller);
	must_be_whole(cache, object, true);
	owner_of(cache, object)->freed_by = caller;
	mark_free(cache, object);
}
