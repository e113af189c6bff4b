// SPDX-License-Identifier: MIT
/*
 * memblock.c - memory before there is an allocator
 *
 * WHAT     Keeps two sorted lists of ranges: RAM, and memory in use. Gives out
 *          memory that is in the first list and not in the second, the highest
 *          address first.
 *
 * PICTURE    memory    [==========]   [=========================]
 *            reserved  [==]  [=]                           [====]
 *            free          ^^   ^^     ^^^^^^^^^^^^^^^^^^^^
 *                                              <-- taken from this end
 *
 * TERMS    range    [start, end), end exclusive, in bytes: boot structures need
 *                   not begin or end at a page
 *          touch    one range ends where the next one starts
 *
 * INVARIANTS of memblock (memblock_check() restates them)
 *          M1  no range is empty
 *          M2  ranges are sorted, and neither overlap nor touch
 *          M3  a list has at most MEMBLOCK_RANGES_MAX ranges
 *
 * ALGORITHM  add: find the first range that ends at or after the new start.
 *          From there on, take all ranges that start at or before the new end,
 *          and put one range into their place. remove: the parts of a range on
 *          the left and on the right of the hole stay. Because of M2, each
 *          needs only one walk, and one walk over both lists finds what is
 *          free.
 *
 * LOCKING  Boot only, one CPU, no interrupts. After memblock_retire() the
 *          lists are constant, and all code may read them.
 * COST     O(ranges) for each call; a PC has about ten ranges. The two arrays
 *          are the only memory.
 * NOT HERE which ranges there are (boot/), what happens with the free memory
 *          afterwards (mm/page/zone.c).
 * SEE      Linux mm/memblock.c.
 */
#include "mm/early/memblock_impl.h"

#include "lib/align.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"

static struct memblock_list memory = { .name = "memory" };
static struct memblock_list reserved = { .name = "reserved" };
static bool retired;

/* ---- one list ---------------------------------------------------------- */

static bool range_is_valid(phys_addr_t start, phys_addr_t end)
{
	return start.v < end.v;   /* false for empty or wrapping ranges */
}

/* Index of the first range that ends at or after pa; count if there is none. */
static unsigned list_position(const struct memblock_list *list, phys_addr_t pa)
{
	unsigned i = 0;

	while (i < list->count && list->range[i].end.v < pa.v)
		i++;
	return i;
}

/*
 * Replace `old` ranges from index i on by the ranges by[0..new). The warning of
 * a full list names [start, end). Returns: 0; -ENOSPC, and nothing has changed.
 */
static int list_replace(struct memblock_list *list, unsigned i, unsigned old,
			const struct memblock_range by[], unsigned new,
			phys_addr_t start, phys_addr_t end)
{
	assert(i + old <= list->count);
	if (list->count - old + new > MEMBLOCK_RANGES_MAX) {
		pr_warn("memblock: the %s list is full, %pP - %pP ignored\n",
			list->name, &start, &end);
		return -ENOSPC;
	}
	memmove(&list->range[i + new], &list->range[i + old],
		(list->count - i - old) * sizeof(list->range[0]));
	memcpy(&list->range[i], by, new * sizeof(list->range[0]));
	list->count += new - old;
	return 0;
}

int memblock_list_add(struct memblock_list *list, phys_addr_t start,
		      phys_addr_t end)
{
	unsigned i = list_position(list, start);
	const struct memblock_range *at = &list->range[i];
	struct memblock_range joined = { start, end };
	unsigned old = 0;

	if (!range_is_valid(start, end))
		return -EINVAL;
	while (i + old < list->count && at[old].start.v <= end.v)
		old++;
	if (old > 0) {
		joined.start.v = MIN(start.v, at->start.v);
		joined.end.v = MAX(end.v, at[old - 1].end.v);
	}
	return list_replace(list, i, old, &joined, 1, start, end);
}

int memblock_list_remove(struct memblock_list *list, phys_addr_t start,
			 phys_addr_t end)
{
	unsigned i = list_position(list, phys_add(start, 1));
	const struct memblock_range *at = &list->range[i];
	struct memblock_range rest[2];
	unsigned old = 0, new = 0;

	if (!range_is_valid(start, end))
		return -EINVAL;
	while (i + old < list->count && at[old].start.v < end.v)
		old++;
	if (old == 0)
		return 0;
	if (range_is_valid(at->start, start))
		rest[new++] = (struct memblock_range){ at->start, start };
	if (range_is_valid(end, at[old - 1].end))
		rest[new++] = (struct memblock_range){ end, at[old - 1].end };
	return list_replace(list, i, old, rest, new, start, end);
}

const char *memblock_list_check(const struct memblock_list *list)
{
	HOLDS(list->count <= MEMBLOCK_RANGES_MAX,
	      "memblock M3: a list has at most MEMBLOCK_RANGES_MAX ranges");
	for (unsigned i = 0; i < list->count; i++) {
		const struct memblock_range *range = &list->range[i];

		HOLDS(range_is_valid(range->start, range->end),
		      "memblock M1: no range is empty");
		HOLDS(i == 0 || range[-1].end.v < range->start.v,
		      "memblock M2: ranges are sorted, and neither overlap nor touch");
	}
	return NULL;
}

/* ---- the difference of two lists ---------------------------------------- */

bool memblock_list_next_free(const struct memblock_list *mem,
			     const struct memblock_list *used,
			     phys_addr_t *cursor, struct memblock_range *range)
{
	phys_addr_t start = *cursor;
	unsigned m = list_position(mem, phys_add(start, 1));
	unsigned u = list_position(used, phys_add(start, 1));

	for (; m < mem->count; m++) {
		const struct memblock_range *ram = &mem->range[m];

		start.v = MAX(start.v, ram->start.v);
		/* Skip memory in use at `start`. */
		while (u < used->count && used->range[u].start.v <= start.v) {
			start.v = MAX(start.v, used->range[u].end.v);
			u++;
		}
		if (start.v >= ram->end.v)
			continue;
		range->start = start;
		range->end = ram->end;
		if (u < used->count && used->range[u].start.v < ram->end.v)
			range->end = used->range[u].start;
		*cursor = range->end;
		return true;
	}
	return false;
}

bool memblock_list_find(const struct memblock_list *mem,
			const struct memblock_list *used, phys_addr_t limit,
			uint64_t size, uint64_t align, phys_addr_t *found)
{
	struct memblock_range range;
	phys_addr_t cursor = PHYS(0);
	bool any = false;

	caller_must(size > 0, "look for at least a byte");
	caller_must(is_pow2((size_t)align),
		    "give an alignment that is a power of two");
	while (memblock_list_next_free(mem, used, &cursor, &range) &&
	       range.start.v < limit.v) {
		uint64_t end = MIN(range.end.v, limit.v);
		uint64_t start = ALIGN_DOWN(end - size, align);

		if (end - range.start.v < size || start < range.start.v)
			continue;
		*found = PHYS(start);   /* the last one found is the highest */
		any = true;
	}
	return any;
}

bool memblock_list_take(const struct memblock_list *mem,
			struct memblock_list *used, phys_addr_t limit,
			uint64_t size, uint64_t align, phys_addr_t *found)
{
	return memblock_list_find(mem, used, limit, size, align, found) &&
	       memblock_list_add(used, *found, phys_add(*found, size)) == 0;
}

/* ---- the two lists ------------------------------------------------------ */

int memblock_add(phys_addr_t start, phys_addr_t end)
{
	caller_must(!retired, "call this before memblock_retire()");
	return memblock_list_add(&memory, start, end);
}

int memblock_reserve(phys_addr_t start, phys_addr_t end)
{
	caller_must(!retired, "call this before memblock_retire()");
	return memblock_list_add(&reserved, start, end);
}

int memblock_release(phys_addr_t start, phys_addr_t end)
{
	caller_must(!retired, "call this before memblock_retire()");
	return memblock_list_remove(&reserved, start, end);
}

void *memblock_alloc_raw(size_t size, size_t align)
{
	phys_addr_t limit = PHYS(high_memory - PAGE_OFFSET);
	phys_addr_t pa;

	caller_must(size > 0, "ask for at least a byte");
	caller_must(is_pow2(align), "give an alignment that is a power of two");
	if (retired ||
	    !memblock_list_take(&memory, &reserved, limit, size, align, &pa))
		return NULL;
	return phys_to_virt(pa);
}

void *memblock_alloc(size_t size, size_t align)
{
	void *ptr = memblock_alloc_raw(size, align);

	if (ptr)
		memset(ptr, 0, size);
	return ptr;
}

static bool list_get(const struct memblock_list *list, unsigned i,
		     struct memblock_range *range)
{
	if (i >= list->count)
		return false;
	*range = list->range[i];
	return true;
}

bool memblock_memory(unsigned i, struct memblock_range *range)
{
	return list_get(&memory, i, range);
}

bool memblock_reserved(unsigned i, struct memblock_range *range)
{
	return list_get(&reserved, i, range);
}

bool memblock_next_free(phys_addr_t *cursor, struct memblock_range *range)
{
	return memblock_list_next_free(&memory, &reserved, cursor, range);
}

phys_addr_t memblock_end(void)
{
	return memory.count ? memory.range[memory.count - 1].end : PHYS(0);
}

void memblock_cap(phys_addr_t end)
{
	int err;

	caller_must(!retired, "call this before memblock_retire()");
	/* Only the end of a range is cut, so no range needs a new place. */
	err = memblock_list_remove(&memory, end, PHYS(UINT64_MAX));
	assert(!err);
	err = memblock_list_remove(&reserved, end, PHYS(UINT64_MAX));
	assert(!err);
}

void memblock_retire(void)
{
	retired = true;
}

const char *memblock_check(void)
{
	const char *broken = memblock_list_check(&memory);

	return broken ? broken : memblock_list_check(&reserved);
}
