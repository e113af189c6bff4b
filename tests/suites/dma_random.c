// SPDX-License-Identifier: MIT
/*
 * dma_random.c (tests) - random transfers against plain arrays of bytes
 *
 * WHAT     Buffers are mapped, written by the device and by the CPU, synced in
 *          parts and unmapped in random order. An array for each buffer has the
 *          bytes that the buffer must have: without copies, with copies, and
 *          with an IOMMU.
 *
 * TERMS    slot    a buffer of its own of some pages, and its array
 *          range   where a part of the mapped bytes lies on the bus
 */
#include <arch/iommu.h>

#include "tests/suites/dma_test.h"

SUITE(dma_random, dma_check);

#define SLOTS        6u
#define SLOT_PAGES   3u
#define SLOT_BYTES   (SLOT_PAGES * PAGE_SIZE)
#define OPERATIONS   300u

struct slot {
	phys_addr_t        pa;                  /* of the buffer              */
	uint8_t            bytes[SLOT_BYTES];   /* what it must hold          */
	bool               mapped, scattered;
	uint32_t           offset, size;        /* what of it is mapped       */
	enum dma_direction dir;
	unsigned           nr;                  /* pieces                     */
	struct scatterlist sg[SLOT_PAGES];      /* ranges: bus, bus_length    */
};

static struct fake_device dev;
static struct slot        slots[SLOTS];
static struct rng         rng;

static phys_addr_t at(const struct slot *s, uint32_t offset)
{
	return phys_add(s->pa, s->offset + offset);
}

/* ---- mapping --------------------------------------------------------- */

static void map_whole(struct slot *s)
{
	struct page *page = pfn_to_page(phys_to_pfn(s->pa));
	bus_addr_t bus = dma_map_page(&dev.dma, page, s->offset, s->size,
				      s->dir);

	s->mapped = !dma_mapping_error(bus);
	s->sg[0].bus = bus;
	s->sg[0].bus_length = s->size;
	s->nr = 1;
}

static void map_scattered(struct slot *s)
{
	uint32_t done = 0;

	for (s->nr = 0; done < s->size; s->nr++) {
		phys_addr_t pa = at(s, done);
		uint32_t n = MIN(PAGE_SIZE - phys_page_offset(pa),
				 s->size - done);

		s->sg[s->nr] = (struct scatterlist){
			.page = pfn_to_page(phys_to_pfn(pa)),
			.offset = phys_page_offset(pa), .length = n
		};
		done += n;
	}
	s->mapped = dma_map_sg(&dev.dma, s->sg, s->nr, s->dir) > 0;
}

static void slot_map(struct slot *s)
{
	s->offset = rng_below(&rng, SLOT_BYTES);
	s->size = 1 + rng_below(&rng, SLOT_BYTES - s->offset);
	s->dir = rng_below(&rng, DMA_NR_DIRECTIONS);
	s->scattered = rng_below(&rng, 2);
	if (s->scattered)
		map_scattered(s);
	else
		map_whole(s);
}

/* The buffer around the mapped part must not have changed either. */
static void slot_unmap(struct slot *s)
{
	if (s->scattered)
		dma_unmap_sg(&dev.dma, s->sg, s->nr, s->dir);
	else
		dma_unmap_page(&dev.dma, s->sg[0].bus, s->size, s->dir);
	s->mapped = false;
	EXPECT(mem_equals(s->pa, s->bytes, SLOT_BYTES));
}

/* ---- both sides ------------------------------------------------------ */

/* Where a mapped byte lies on the bus; *n bytes from there are in a row. */
static bus_addr_t bus_at(const struct slot *s, uint32_t offset, uint32_t *n)
{
	unsigned i = 0;

	for (; offset >= s->sg[i].bus_length; i++)
		offset -= s->sg[i].bus_length;
	*n = s->sg[i].bus_length - offset;
	return BUS(s->sg[i].bus.v + offset);
}

/* A part of the mapped bytes that lies in a row on the bus. */
static uint32_t random_part(const struct slot *s, uint32_t *offset,
			    bus_addr_t *bus)
{
	uint32_t n;

	*offset = rng_below(&rng, s->size);
	*bus = bus_at(s, *offset, &n);
	return 1 + rng_below(&rng, MIN(n, 600));
}

static void new_bytes(struct slot *s, uint32_t offset, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		s->bytes[s->offset + offset + i] = (uint8_t)rng_next(&rng);
}

static void device_writes(struct slot *s)
{
	uint32_t offset, n;
	bus_addr_t bus;

	n = random_part(s, &offset, &bus);
	new_bytes(s, offset, n);
	EXPECT(fake_device_write(&dev, bus, &s->bytes[s->offset + offset], n));
	if (rng_below(&rng, 2))
		return;
	dma_sync_single_for_cpu(&dev.dma, bus, n, s->dir);
	EXPECT(mem_equals(at(s, offset), &s->bytes[s->offset + offset], n));
	dma_sync_single_for_device(&dev.dma, bus, n, s->dir);
}

static void cpu_writes(struct slot *s)
{
	static uint8_t seen[SLOT_BYTES];
	uint32_t offset, n;
	bus_addr_t bus;

	n = random_part(s, &offset, &bus);
	dma_sync_single_for_cpu(&dev.dma, bus, n, s->dir);
	new_bytes(s, offset, n);
	mem_write(at(s, offset), &s->bytes[s->offset + offset], n);
	dma_sync_single_for_device(&dev.dma, bus, n, s->dir);
	EXPECT(fake_device_read(&dev, bus, seen, n));
	EXPECT(!memcmp(seen, &s->bytes[s->offset + offset], n));
}

static void operate(struct slot *s)
{
	unsigned what = rng_below(&rng, 8);

	if (!s->mapped)
		slot_map(s);
	else if (what == 0)
		slot_unmap(s);
	else if (what < 4 && dma_dir_writes(s->dir))
		device_writes(s);
	else if (dma_dir_reads(s->dir))
		cpu_writes(s);
}

/* ---- one machine after the other ------------------------------------- */

/* Slots with even numbers are beyond the short mask, the others in reach. */
static void fill_slots(struct block block[2])
{
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *s = &slots[i];

		s->pa = phys_add(block_phys(&block[i % 2]),
				 i / 2 * SLOT_BYTES);
		s->mapped = false;
		for (unsigned j = 0; j < SLOT_BYTES; j++)
			s->bytes[j] = (uint8_t)(i + j * 7);
		mem_write(s->pa, s->bytes, SLOT_BYTES);
	}
}

static void run(uint64_t mask, bool iommu, struct block block[2])
{
	fake_device_init(&dev, mask, iommu);
	fill_slots(block);
	for (unsigned i = 0; i < OPERATIONS; i++) {
		operate(&slots[rng_below(&rng, SLOTS)]);
		if (i % 16 == 0)
			EXPECT_NULL(dma_check());
	}
	for (unsigned i = 0; i < SLOTS; i++)
		if (slots[i].mapped)
			slot_unmap(&slots[i]);
	EXPECT_EQ(dev.beyond + dev.blocked, 0);
	EXPECT_EQ(dma_nr_bounces, 0);
	if (iommu)
		EXPECT_EQ(dev.dma.stats.bounced_pages, 0);
	fake_device_end(&dev);
}

static void run_all(void)
{
	struct block block[2];
	uint64_t mask = short_mask(&block[0], GFP_HIGHMEM);

	block[1].order = NEAR_ORDER;
	block[1].page = alloc_pages(GFP_DMA, NEAR_ORDER);
	REQUIRE(block[1].page);
	rng_init(&rng, ktest_seed());
	run(mask, false, block);
	run(MASK_PCI, false, block);
	run(MASK_ALL, false, block);
	run(DMA_BIT_MASK(20), true, block);
	give_block(&block[0]);
	give_block(&block[1]);
}

KTEST(dma_random, transfers_keep_every_byte)
{
	bool debug = debug_mode(false);

	run_all();
	debug_mode(debug);
}

KTEST(dma_random, transfers_are_not_reported_in_debug_mode)
{
	bool debug = debug_mode(true);
	unsigned long reports = dma_debug_nr_reports();

	run_all();
	EXPECT_EQ(dma_debug_nr_reports(), reports);
	debug_mode(debug);
}
