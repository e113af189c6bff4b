// SPDX-License-Identifier: MIT
/*
 * malloc.c - one list of free blocks, sorted by address
 *
 * WHAT     A small allocator that uses freed memory again and merges free
 *          blocks. Programs here are small, so it is simple rather than fast.
 *          The kernel's slab allocator shows how to be fast.
 *
 * PICTURE    arena (mmap)
 *            +------+---------+------+------+------------------+
 *            | size | in use  | size | next |  free            |
 *            +------+---------+------+------+------------------+
 *
 * INVARIANTS of malloc (malloc_check() restates them)
 *          M1  free blocks are sorted by address and do not overlap
 *          M2  no two free blocks touch: they would be one
 *          M3  every block is a multiple of 16 bytes long
 *
 * ALGORITHM  malloc: cut the end off the first block that is large enough.
 *          free: find the neighbours in the list, merge the block with them.
 * COST     O(free blocks) each. A block has a header of 16 bytes.
 * SEE      Kernighan, Ritchie: The C Programming Language, 8.7.
 */
#include "user/lib/malloc.h"

#include "lib/align.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "user/lib/linux.h"

#define UNIT   16u           /* alignment, and the size of a header      */
#define ARENA  (256u << 10)  /* the least that is mapped at once         */

struct block {
	size_t        size;      /* header included */
	struct block *next;      /* free blocks only */
	size_t        unused[2];
};
_Static_assert(sizeof(struct block) == UNIT || sizeof(void *) == 8,
	       "what follows the header is aligned");

static struct block *free_list;

static struct block *block_end(const struct block *b)
{
	return (struct block *)((char *)b + b->size);
}

static void insert(struct block *b)
{
	struct block *before = NULL;
	struct block *after = free_list;

	while (after && after < b) {
		before = after;
		after = after->next;
	}
	b->next = after;
	if (after && block_end(b) == after) {
		b->size += after->size;
		b->next = after->next;
	}
	if (!before) {
		free_list = b;
	} else if (block_end(before) == b) {
		before->size += b->size;
		before->next = b->next;
	} else {
		before->next = b;
	}
}

static bool grow(size_t size)
{
	size_t length = MAX(ALIGN_UP(size, 4096u), ARENA);
	void *arena = linux_mmap(NULL, length, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct block *b = arena;

	if (IS_ERROR(arena))
		return false;
	b->size = length;
	insert(b);
	return true;
}

/* The end of the first block that is large enough. NULL: none is. */
static struct block *take(size_t size)
{
	struct block **link = &free_list;
	struct block *b;

	while (*link && (*link)->size < size)
		link = &(*link)->next;
	b = *link;
	if (!b)
		return NULL;
	if (b->size == size) {
		*link = b->next;
		return b;
	}
	b->size -= size;
	b = block_end(b);
	b->size = size;
	return b;
}

void *malloc(size_t size)
{
	struct block *b;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = ALIGN_UP(size + sizeof(*b), UNIT);
	b = take(size);
	if (!b && grow(size))
		b = take(size);
	return b ? b + 1 : NULL;
}

void *calloc(size_t n, size_t size)
{
	void *p;

	if (size && n > SIZE_MAX / size)
		return NULL;
	p = malloc(n * size);
	if (p)
		memset(p, 0, n * size);
	return p;
}

void free(void *p)
{
	if (p)
		insert((struct block *)p - 1);
}

const char *malloc_check(void)
{
	for (const struct block *b = free_list; b; b = b->next) {
		HOLDS(!b->next || block_end(b) <= b->next,
		      "malloc M1: free blocks are sorted and disjoint");
		HOLDS(!b->next || block_end(b) != b->next,
		      "malloc M2: no two free blocks touch");
		HOLDS(b->size % UNIT == 0, "malloc M3: sizes are multiples of 16");
	}
	return NULL;
}
