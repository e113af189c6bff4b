// SPDX-License-Identifier: MIT
/*
 * dma_pool.c (tests) - small pieces of coherent memory
 *
 * WHAT     Alignment and boundaries of every piece, both of its addresses,
 *          wrong frees, failures, random operations against a list.
 */
#include "lib/align.h"
#include "mm/dma/pool_impl.h"
#include "tests/suites/dma_test.h"

SUITE(dma_pool, dma_check);

#define PIECES_MAX  400u

struct piece {
	uint8_t   *ptr;
	bus_addr_t bus;
};

static struct fake_device dev;
static struct piece       pieces[PIECES_MAX];
static unsigned           nr_pieces;

static struct dma_pool *set_up(size_t size, size_t align, size_t boundary,
			       bool iommu)
{
	struct dma_pool *pool;

	fake_device_init(&dev, DMA_BIT_MASK(28), iommu);
	pool = dma_pool_create("test", &dev.dma, size, align, boundary);
	REQUIRE(pool);
	nr_pieces = 0;
	return pool;
}

static void end(struct dma_pool *pool)
{
	EXPECT_EQ(dma_pool_destroy(pool), 0);
	fake_device_end(&dev);
}

static bool take(struct dma_pool *pool, gfp_t gfp)
{
	struct piece *p = &pieces[nr_pieces];

	p->ptr = dma_pool_alloc(pool, gfp, &p->bus);
	nr_pieces += p->ptr != NULL;
	return p->ptr;
}

static void give(struct dma_pool *pool, unsigned i)
{
	dma_pool_free(pool, pieces[i].ptr, pieces[i].bus);
	pieces[i] = pieces[--nr_pieces];
}

static void give_all(struct dma_pool *pool)
{
	while (nr_pieces)
		give(pool, nr_pieces - 1);
}

/* The CPU writes all pieces, the device reads them: no two share a byte. */
static void expect_apart(size_t size)
{
	for (unsigned i = 0; i < nr_pieces; i++)
		memset(pieces[i].ptr, (int)(uint8_t)i, size);
	for (unsigned i = 0; i < nr_pieces; i++)
		EXPECT(fake_device_sees(&dev, pieces[i].bus, (uint8_t)i, size));
}

static void try_geometry(size_t size, size_t align, size_t boundary,
			 bool iommu)
{
	struct dma_pool *pool = set_up(size, align, boundary, iommu);
	unsigned n = size > PAGE_SIZE ? 4 : MIN(8192 / size + 3, 250);

	for (unsigned i = 0; i < n; i++) {
		struct piece *p = &pieces[i];

		REQUIRE(take(pool, GFP_KERNEL));
		EXPECT(IS_ALIGNED(p->bus.v, align));
		EXPECT(IS_ALIGNED(virt_to_phys(p->ptr).v, align));
		if (boundary)
			EXPECT((p->bus.v & ~(uint64_t)(boundary - 1)) ==
			       ((p->bus.v + size - 1) &
				~(uint64_t)(boundary - 1)));
		EXPECT_EQ(dma_check_reach(&dev.dma, p->bus, size), 0);
	}
	EXPECT_NULL(dma_check());
	expect_apart(size);
	give_all(pool);
	EXPECT_NULL(dma_check());
	end(pool);
}

KTEST(dma_pool, pieces_are_aligned_and_cross_no_boundary)
{
	static const struct {
		uint32_t size, align, boundary;
	} cases[] = {
		{ 16, 16, 0 }, { 24, 8, 64 }, { 64, 64, 4096 }, { 1, 1, 0 },
		{ 1, 1, 1 }, { 48, 1, 64 }, { 48, 16, 4096 }, { 20, 4, 32 },
		{ 100, 256, 128 }, { 3000, 4, 4096 }, { 4096, 4096, 4096 },
		{ 5000, 4, 8192 }, { 5000, 8192, 65536 }, { 40, 8, 1u << 20 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		try_geometry(cases[i].size, cases[i].align, cases[i].boundary,
			     false);
		try_geometry(cases[i].size, cases[i].align, cases[i].boundary,
			     true);
	}
}

KTEST(dma_pool, a_chunk_has_as_many_pieces_as_fit)
{
	static const struct {
		uint32_t size, align, boundary, chunk_size, nr;
	} cases[] = {
		{ 64, 64, 0, 4096, 64 }, { 64, 64, 64, 4096, 64 },
		{ 24, 8, 64, 4096, 128 }, { 48, 16, 4096, 4096, 85 },
		{ 100, 256, 128, 4096, 16 }, { 20, 64, 32, 4096, 64 },
		{ 1, 1, 0, 4096, 4096 }, { 4095, 1, 0, 4096, 1 },
		{ 2048, 2048, 0, 4096, 2 }, { 5000, 4, 8192, 8192, 1 },
		{ 5000, 8192, 65536, 8192, 1 }, { 40, 8, 1u << 20, 4096, 102 },
		{ 33, 32, 64, 4096, 64 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dma_pool *pool = set_up(cases[i].size, cases[i].align,
					       cases[i].boundary, false);

		EXPECT_EQ(pool->chunk_size, cases[i].chunk_size);
		EXPECT_EQ(pool->nr, cases[i].nr);
		end(pool);
	}
}

KTEST(dma_pool, geometries_that_cannot_be_are_refused)
{
	struct dma_device *d = &dev.dma;

	fake_device_init(&dev, MASK_PCI, false);
	EXPECT(!dma_pool_create("bad", d, 0, 1, 0));
	EXPECT(!dma_pool_create("bad", d, 8, 0, 0));
	EXPECT(!dma_pool_create("bad", d, 8, 3, 0));
	EXPECT(!dma_pool_create("bad", d, 8, 8, 100));
	EXPECT(!dma_pool_create("bad", d, 64, 8, 32));
	EXPECT(!dma_pool_create("bad", d, SIZE_MAX, 1, 0));
	EXPECT(!dma_pool_create("bad", d, 8, 1u << 23, 0));
	fake_device_end(&dev);
}

KTEST(dma_pool, zeroed_when_asked_for)
{
	struct dma_pool *pool = set_up(64, 64, 0, false);

	REQUIRE(take(pool, GFP_KERNEL));
	memset(pieces[0].ptr, 0xaa, 64);
	give(pool, 0);
	REQUIRE(take(pool, GFP_KERNEL | GFP_ZERO));
	EXPECT(fake_device_sees(&dev, pieces[0].bus, 0, 64));
	give_all(pool);
	end(pool);
}

KTEST(dma_pool, empty_chunks_go_back_but_for_one)
{
	struct dma_pool *pool = set_up(2048, 2048, 0, false);
	unsigned long free;

	REQUIRE(take(pool, GFP_KERNEL));
	free = nr_free_pages();
	while (nr_pieces < 32)
		REQUIRE(take(pool, GFP_KERNEL));
	EXPECT(nr_free_pages() < free);
	give_all(pool);
	REQUIRE(take(pool, GFP_KERNEL));
	EXPECT(nr_free_pages() + 1 >= free);
	give_all(pool);
	end(pool);
}

/* ---- what is wrong --------------------------------------------------- */

KTEST(dma_pool, wrong_frees_are_reported_and_do_nothing)
{
	struct dma_pool *pool = set_up(24, 8, 64, false);
	unsigned long reports = dma_debug_nr_reports();
	struct piece p;

	for (unsigned i = 0; i < 3; i++)
		REQUIRE(take(pool, GFP_KERNEL));
	p = pieces[0];
	dma_pool_free(pool, p.ptr + 8, BUS(p.bus.v + 8));
	dma_pool_free(pool, p.ptr, BUS(p.bus.v + 24));
	dma_pool_free(pool, NULL, BUS(~0ull));
	/* In the chunk: between two pieces, and a free piece. */
	dma_pool_free(pool, p.ptr + 48, BUS(p.bus.v + 48));
	dma_pool_free(pool, p.ptr + 88, BUS(p.bus.v + 88));
	EXPECT_EQ(dma_debug_nr_reports() - reports, 5);
	EXPECT_NULL(dma_check());
	give_all(pool);
	dma_pool_free(pool, p.ptr, p.bus);
	EXPECT_EQ(dma_debug_nr_reports() - reports, 6);
	EXPECT_NULL(dma_check());
	end(pool);
}

static bool is_out(uint32_t offset, uint8_t *first)
{
	for (unsigned i = 0; i < nr_pieces; i++)
		if (pieces[i].ptr == first + offset)
			return true;
	return false;
}

/* All pieces of the chunk are out: two in each 64 bytes, of 24 bytes each. */
KTEST(dma_pool, no_offset_but_that_of_a_piece_can_be_freed)
{
	struct dma_pool *pool = set_up(24, 8, 64, false);
	unsigned long reports = dma_debug_nr_reports();
	uint32_t wrong = 0;
	struct piece first;

	while (nr_pieces < pool->nr)
		REQUIRE(take(pool, GFP_KERNEL));
	first = pieces[0];
	for (unsigned i = 0; i < nr_pieces; i++)
		if (pieces[i].ptr < first.ptr)
			first = pieces[i];
	for (uint32_t at = 0; at < pool->chunk_size; at += 8) {
		if (is_out(at, first.ptr))
			continue;
		dma_pool_free(pool, first.ptr + at, BUS(first.bus.v + at));
		wrong++;
	}
	EXPECT_EQ(wrong, pool->chunk_size / 8 - pool->nr);
	EXPECT_EQ(dma_debug_nr_reports() - reports, wrong);
	EXPECT_EQ(pool->used, nr_pieces);
	EXPECT_NULL(dma_check());
	give_all(pool);
	end(pool);
}

KTEST(dma_pool, destroy_is_refused_while_pieces_are_out)
{
	struct dma_pool *pool = set_up(32, 32, 0, true);
	unsigned long reports = dma_debug_nr_reports();

	REQUIRE(take(pool, GFP_KERNEL));
	EXPECT_EQ(dma_pool_destroy(pool), -EBUSY);
	EXPECT_EQ(dma_debug_nr_reports() - reports, 1);
	give_all(pool);
	end(pool);
}

/* Which law the checker names while the chunks are in another order. */
static const char *check_with_first_chunk_last(struct dma_pool *pool)
{
	struct list_head *first = pool->chunks.next;
	const char *law;

	list_move_tail(first, &pool->chunks);
	law = dma_check();
	list_move(first, &pool->chunks);
	return law;
}

/* Chunks of two pieces: one has a free piece, the others are full. */
KTEST(dma_pool, check_finds_a_full_chunk_in_front_of_a_free_piece)
{
	struct dma_pool *pool = set_up(2048, 2048, 0, false);

	while (nr_pieces < 3)
		REQUIRE(take(pool, GFP_KERNEL));
	EXPECT_NULL(dma_check());
	EXPECT_LAW(check_with_first_chunk_last(pool), "dma_pool L3");
	REQUIRE(take(pool, GFP_KERNEL));
	EXPECT_NULL(check_with_first_chunk_last(pool));   /* both are full */
	REQUIRE(take(pool, GFP_KERNEL));
	EXPECT_LAW(check_with_first_chunk_last(pool), "dma_pool L3");
	EXPECT_NULL(dma_check());
	give_all(pool);
	end(pool);
}

KTEST(dma_pool, check_finds_each_wrong_number)
{
	struct dma_pool *pool = set_up(64, 64, 0, false);
	struct chunk *chunk;
	char *ptr;

	REQUIRE(take(pool, GFP_KERNEL));
	chunk = list_first_entry(&pool->chunks, struct chunk, link);
	chunk->used++;
	EXPECT_LAW(dma_check(), "dma_pool L1");
	chunk->used--;
	pool->used++;
	EXPECT_LAW(dma_check(), "dma_pool L2");
	pool->used--;
	chunk->bus.v += pool->chunk_size / 2;
	EXPECT_LAW(dma_check(), "dma_pool L4");
	chunk->bus.v -= pool->chunk_size / 2;
	ptr = chunk->ptr;
	chunk->ptr += pool->chunk_size / 2;
	EXPECT_LAW(dma_check(), "dma_pool L4");
	chunk->ptr = ptr;
	EXPECT_NULL(dma_check());
	give_all(pool);
	end(pool);
}

static bool use_pool(void *arg)
{
	struct dma_pool *pool = dma_pool_create("tried", &dev.dma, 64, 64, 0);
	bool taken;

	if (!pool)
		return false;
	taken = take(pool, GFP_KERNEL);
	give_all(pool);
	EXPECT_EQ(dma_pool_destroy(pool), 0);
	EXPECT_NULL(dma_check());
	return taken;
}

KTEST(dma_pool, failure_of_each_allocation_is_survived)
{
	unsigned long used;

	nr_pieces = 0;
	fake_device_init(&dev, DMA_BIT_MASK(28), true);
	used = objects_in_use();
	EXPECT(ktest_each_failure(use_pool, NULL) >= 5);
	EXPECT_EQ(objects_in_use(), used);
	fake_device_end(&dev);
}

KTEST(dma_pool, random_operations_keep_pieces_apart)
{
	struct dma_pool *pool = set_up(72, 8, 256, true);
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 1500; i++) {
		bool more = rng_below(&rng, 100) < (i < 900 ? 65u : 35u);

		if (more && nr_pieces < PIECES_MAX)
			EXPECT(take(pool, GFP_ATOMIC));
		else if (nr_pieces)
			give(pool, rng_below(&rng, nr_pieces));
		if (i % 100 == 0) {
			EXPECT_NULL(dma_check());
			expect_apart(72);
		}
	}
	give_all(pool);
	end(pool);
}
