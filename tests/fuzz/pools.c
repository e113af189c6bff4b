// SPDX-License-Identifier: MIT
/*
 * pools.c - the handles that this process has, by kind
 *
 * ALGORITHM  A pool begins with the handles that were given to the process.
 *          They stay. Behind them is a ring of the handles that it has made. A
 *          closed handle stays in its pool, and may later name something else:
 *          this is to be tested, too.
 */
#include "tests/fuzz/fuzz.h"

static struct pool {
	uint16_t handles[POOL_SIZE];
	uint8_t  n, fixed, next;
} pools[NR_POOLS];

void pool_add(enum handle_kind kind, long handle)
{
	struct pool *pool = &pools[kind];

	if (handle <= 0 || pool->fixed == POOL_SIZE)
		return;
	if (pool->n < POOL_SIZE) {
		pool->handles[pool->n++] = (uint16_t)handle;
		return;
	}
	if (pool->next < pool->fixed || pool->next >= POOL_SIZE)
		pool->next = pool->fixed;
	pool->handles[pool->next++] = (uint16_t)handle;
}

void pool_fix(void)
{
	for (unsigned i = 0; i < NR_POOLS; i++)
		pools[i].fixed = pools[i].n;
}

static uint32_t any_number(struct fuzz *f)
{
	return pick(f, 16) ? 1 + pick(f, 40) : rng_next(&f->rng) & 0xffff;
}

static uint32_t from(struct fuzz *f, enum handle_kind kind)
{
	const struct pool *pool = &pools[kind];

	return pool->n ? pool->handles[pick(f, pool->n)] : any_number(f);
}

/* A handle that this process has made. */
static uint32_t from_loose(struct fuzz *f, enum handle_kind kind)
{
	const struct pool *pool = &pools[kind];
	uint32_t n = pool->n - pool->fixed;

	return n ? pool->handles[pool->fixed + pick(f, n)] :
		20 + pick(f, 40);
}

uint32_t pool_pick(struct fuzz *f, enum handle_kind kind)
{
	bool odd = !pick(f, 16);

	switch (kind) {
	case NONE:
		return odd && !pick(f, 8) ? any_number(f) : 0;
	case ANY:
		return odd ? any_number(f) : from(f, pick(f, NR_POOLS));
	case LOOSE:
		return odd && !pick(f, 4) ? from(f, pick(f, NR_POOLS)) :
			from_loose(f, pick(f, NR_POOLS));
	case VICTIM:
		return odd ? from(f, TASK) : from_loose(f, TASK);
	case REPLY_OR_0:
		return pick(f, 3) ? 0 : from(f, REPLY);
	case TASK_OR_0:
		return pick(f, 3) ? 0 : from(f, TASK);
	default:
		return odd ? any_number(f) : from(f, kind);
	}
}
