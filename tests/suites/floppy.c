// SPDX-License-Identifier: MIT
/*
 * floppy.c - tests of the floppy driver: every byte, wherever the buffer lies
 *
 * WHAT     Needs a drive with the disk that tests/emu/test_floppy.py makes:
 *          word i of sector n is a function of n and i. Without a drive, or
 *          with another disk, the tests are skipped.
 */
#include "kernel/device/floppy.h"

#include <arch/isa_dma.h>
#include <arch/kva.h>

#include "kernel/device/fdc.h"
#include "lib/align.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/dma/dma.h"
#include "mm/page/page_alloc.h"
#include "tests/threads.h"

#define LINE          (64u << 10)            /* of the 8237: not crossed */
#define BLOCK_ORDER   5u                     /* 128 KiB: a line inside    */
#define BLOCK_SIZE    (PAGE_SIZE << BLOCK_ORDER)
#define CYLINDER      36u                    /* sectors */
#define SECTOR_WORDS  (FLOPPY_SECTOR / sizeof(uint32_t))
#define CANARY        0x5a
#define MARGIN        16u                    /* bytes looked at on each side */

/* Far more than a slow machine needs to notice that there is no disk. */
#define PATIENCE_NS   (25 * NS_PER_SEC)

SUITE(floppy, floppy_check);

/* The same as floppy_pattern() in tests/emu/conftest.py. */
static uint32_t word_of(uint32_t lba, uint32_t i)
{
	return lba << 16 ^ i * 0x9e3779b1u;
}

/* Buffers need not be aligned. */
static bool is_sector(const uint8_t *ptr, uint32_t lba)
{
	for (uint32_t i = 0; i < SECTOR_WORDS; i++) {
		uint32_t word;

		memcpy(&word, ptr + i * sizeof(word), sizeof(word));
		if (word != word_of(lba, i))
			return false;
	}
	return true;
}

static bool are_sectors(const uint8_t *ptr, uint32_t lba, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		if (!is_sector(ptr + i * FLOPPY_SECTOR, lba + i))
			return false;
	}
	return true;
}

static bool is_canary(const uint8_t *ptr, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (ptr[i] != CANARY)
			return false;
	}
	return true;
}

/* Leave the test unless the right disk is in a drive. */
static void needs_disk(void)
{
	uint8_t *buffer = get_free_pages(GFP_KERNEL | GFP_DMA, 0);
	bool right;
	int err;

	REQUIRE(buffer);
	err = floppy_read(0, 1, buffer, NULL);
	right = !err && is_sector(buffer, 0);
	put_free_pages(buffer, 0);
	if (err == -ENODEV)
		SKIP("needs a floppy drive");
	if (err == -ENOMEDIUM)
		SKIP("needs a floppy disk");
	if (!right)
		SKIP("needs the tests' floppy disk");
}

/* ---- with or without a disk --------------------------------------------- */

KTEST(floppy, sectors_behind_the_end_are_refused)
{
	static const struct {
		uint32_t lba, nr;
	} bad[] = {
		{ FLOPPY_SECTORS, 1 }, { FLOPPY_SECTORS - 1, 2 }, { 0, 0 },
		{ 0, FLOPPY_READ_MAX + 1 }, { UINT32_MAX, 1 },
		{ UINT32_MAX, UINT32_MAX }, { 1, UINT32_MAX },
	};
	uint8_t byte = CANARY;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(floppy_read(bad[i].lba, bad[i].nr, &byte, NULL),
			  -EINVAL);
	EXPECT_EQ(byte, CANARY);
}

KTEST(floppy, what_is_not_there_is_an_error_in_time)
{
	uint8_t *buffer = get_free_pages(GFP_KERNEL | GFP_DMA, 0);
	uint64_t begun = clock_ns();
	int err;

	REQUIRE(buffer);
	err = floppy_read(FLOPPY_SECTORS - 1, 1, buffer, NULL);
	EXPECT(err == 0 || err == -ENODEV || err == -ENOMEDIUM ||
	       err == -EIO || err == -ETIMEDOUT);
	EXPECT(clock_ns() - begun < PATIENCE_NS);
	EXPECT_NULL(floppy_check());
	put_free_pages(buffer, 0);
}

/* ---- every sector ------------------------------------------------------- */

KTEST(floppy, every_sector_is_as_it_was_written)
{
	unsigned order = 3;   /* 32 KiB: a cylinder has 18 KiB */
	uint8_t *buffer;

	needs_disk();
	buffer = get_free_pages(GFP_KERNEL | GFP_DMA, order);
	REQUIRE(buffer);
	for (uint32_t lba = 0; lba < FLOPPY_SECTORS; lba += CYLINDER) {
		memset(buffer, CANARY, PAGE_SIZE << order);
		EXPECT_EQ(floppy_read(lba, CYLINDER, buffer, NULL), 0);
		EXPECT(are_sectors(buffer, lba, CYLINDER));
		EXPECT(is_canary(buffer + CYLINDER * FLOPPY_SECTOR,
				 (PAGE_SIZE << order) -
				 CYLINDER * FLOPPY_SECTOR));
	}
	put_free_pages(buffer, order);
}

KTEST(floppy, random_reads_give_what_was_asked)
{
	uint8_t *buffer;
	struct rng rng;

	needs_disk();
	buffer = get_free_pages(GFP_KERNEL | GFP_DMA, 4);
	REQUIRE(buffer);
	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 25; i++) {
		uint32_t lba = rng_below(&rng, FLOPPY_SECTORS);
		uint32_t nr = 1 + rng_below(&rng, MIN(FLOPPY_SECTORS - lba,
						      40u));

		EXPECT_EQ(floppy_read(lba, nr, buffer, NULL), 0);
		EXPECT(are_sectors(buffer, lba, nr));
		EXPECT_NULL(floppy_check());
	}
	put_free_pages(buffer, 4);
}

KTEST(floppy, the_longest_read_fills_a_page_of_the_8237)
{
	uint8_t *buffer;
	bus_addr_t bus;

	needs_disk();
	buffer = get_free_pages(GFP_KERNEL | GFP_DMA, 4);
	REQUIRE(buffer);
	EXPECT_EQ(floppy_read(11, FLOPPY_READ_MAX, buffer, &bus), 0);
	EXPECT(are_sectors(buffer, 11, FLOPPY_READ_MAX));
	EXPECT_EQ(bus.v, virt_to_phys(buffer).v);
	put_free_pages(buffer, 4);
}

/* ---- wherever the buffer lies ------------------------------------------- */

/* Read to an address within a block; nothing beside it may change. */
static void read_to(uint8_t *block, size_t offset, uint32_t lba, uint32_t nr)
{
	size_t size = nr * FLOPPY_SECTOR;
	bus_addr_t own = { virt_to_phys(block + offset).v };
	int expected = isa_dma_check(ISA_DMA_FLOPPY, own, (uint32_t)size);
	bus_addr_t bus;

	memset(block + offset - MARGIN, CANARY, size + 2 * MARGIN);
	EXPECT_EQ(floppy_read(lba, nr, block + offset, &bus), expected);
	EXPECT_EQ(bus.v, own.v);
	if (expected)
		EXPECT(is_canary(block + offset, size));
	else
		EXPECT(are_sectors(block + offset, lba, nr));
	EXPECT(is_canary(block + offset - MARGIN, MARGIN));
	EXPECT(is_canary(block + offset + size, MARGIN));
}

KTEST(floppy, a_buffer_across_a_line_is_refused)
{
	static const struct {
		int32_t  from_line;   /* bytes */
		uint32_t nr;
	} places[] = {
		{ -512, 1 }, { -511, 1 }, { -1, 1 }, { 0, 1 }, { 1, 1 },
		{ -256, 1 }, { -512, 2 }, { -1024, 2 }, { -9216, 18 },
		{ -9215, 18 }, { -18432, 36 }, { -18000, 36 },
	};
	uint8_t *block;

	needs_disk();
	block = get_free_pages(GFP_KERNEL | GFP_DMA, BLOCK_ORDER);
	REQUIRE(block);
	REQUIRE(IS_ALIGNED(virt_to_phys(block).v, BLOCK_SIZE));
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
		read_to(block, (size_t)((int32_t)LINE + places[i].from_line),
			100 + i, places[i].nr);
	put_free_pages(block, BLOCK_ORDER);
}

KTEST(floppy, a_buffer_anywhere_in_the_lowest_zone_works_or_is_refused)
{
	uint8_t *block;
	struct rng rng;

	needs_disk();
	block = get_free_pages(GFP_KERNEL | GFP_DMA, BLOCK_ORDER);
	REQUIRE(block);
	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 20; i++) {
		uint32_t nr = 1 + rng_below(&rng, 36);
		uint32_t room = BLOCK_SIZE - nr * FLOPPY_SECTOR - 2 * MARGIN;

		read_to(block, MARGIN + rng_below(&rng, room),
			rng_below(&rng, FLOPPY_SECTORS - nr), nr);
	}
	put_free_pages(block, BLOCK_ORDER);
}

/* A block of lowmem that the 8237 does not reach; NULL: there is none. */
static uint8_t *high_block(unsigned order)
{
	uint8_t *block = get_free_pages(GFP_KERNEL | GFP_NOWARN, order);

	if (block && virt_to_phys(block).v < 16u << 20) {
		put_free_pages(block, order);
		block = NULL;
	}
	return block;
}

static void read_above_16_mib(uint8_t *block, size_t offset, uint32_t nr)
{
	size_t size = nr * FLOPPY_SECTOR;
	bus_addr_t bus = DMA_MAPPING_ERROR;

	memset(block, CANARY, BLOCK_SIZE);
	EXPECT_EQ(floppy_read(1234, nr, block + offset, &bus), 0);
	EXPECT(are_sectors(block + offset, 1234, nr));
	EXPECT_EQ(isa_dma_check(ISA_DMA_FLOPPY, bus, (uint32_t)size), 0);
	EXPECT(is_canary(block, offset));
	EXPECT(is_canary(block + offset + size, BLOCK_SIZE - offset - size));
}

KTEST(floppy, a_buffer_above_16_mib_is_reached_by_a_copy)
{
	uint8_t *block;

	needs_disk();
	block = high_block(BLOCK_ORDER);
	if (!block)
		SKIP("needs RAM above 16 MiB");
	read_above_16_mib(block, 0, 1);
	read_above_16_mib(block, 3, 1);
	read_above_16_mib(block, PAGE_SIZE - 100, 1);
	read_above_16_mib(block, 2 * PAGE_SIZE + 5, 18);
	/* Only a bus address must not cross a line: that of the copy. */
	read_above_16_mib(block, LINE - 700, 3);
	put_free_pages(block, BLOCK_ORDER);
}

/*
 * A copy must not cross a line, either. Another device takes one page more each
 * time, so that our copy moves through a whole page of the 8237.
 */
KTEST(floppy, a_copy_crosses_no_line_either)
{
	bus_addr_t taken[LINE / PAGE_SIZE];
	struct dma_device other;
	uint8_t *block;

	needs_disk();
	block = high_block(BLOCK_ORDER);
	if (!block)
		SKIP("needs RAM above 16 MiB");
	REQUIRE(dma_device_init(&other, "other", DMA_BIT_MASK(24), NULL) == 0);
	for (unsigned i = 0; i < ARRAY_SIZE(taken); i++) {
		uint8_t *ours = block + LINE;

		EXPECT_EQ(floppy_read(1224, 18, ours, NULL), 0);
		EXPECT(are_sectors(ours, 1224, 18));
		memset(ours, CANARY, 18 * FLOPPY_SECTOR);
		taken[i] = dma_map_single(&other, block + i * PAGE_SIZE,
					  PAGE_SIZE, DMA_TO_DEVICE);
		REQUIRE(!dma_mapping_error(taken[i]));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(taken); i++)
		dma_unmap_single(&other, taken[i], PAGE_SIZE, DMA_TO_DEVICE);
	dma_device_destroy(&other);
	put_free_pages(block, BLOCK_ORDER);
}

/* ---- failures, and others ----------------------------------------------- */

static bool read_high(void *arg)
{
	return floppy_read(77, 2, arg, NULL) == 0;
}

KTEST(floppy, no_memory_for_a_mapping_is_an_error)
{
	uint8_t *block;

	needs_disk();
	block = high_block(0);
	if (!block)
		SKIP("needs RAM above 16 MiB");
	ktest_each_failure(read_high, block);
	EXPECT_EQ(floppy_read(77, 2, block, NULL), 0);
	EXPECT(are_sectors(block, 77, 2));
	put_free_pages(block, 0);
}

KTEST(floppy, the_motor_stops_by_itself)
{
	needs_disk();
	EXPECT(fdc_motor_is_on());
	EXPECT_NULL(floppy_check());
	EXPECT(WAIT_UNTIL(!fdc_motor_is_on()));
}

static struct reader {
	uint8_t *buffer;
	uint32_t lba;
	int      err;
} readers[3];

static void read_some(void *arg)
{
	struct reader *reader = arg;

	reader->err = floppy_read(reader->lba, 4, reader->buffer, NULL);
}

static void readers_begin(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++) {
		readers[i].buffer = get_free_pages(GFP_KERNEL | GFP_DMA, 0);
		REQUIRE(readers[i].buffer);
		readers[i].lba = 700 * i;
		readers[i].err = -ENOSYS;
	}
}

static void readers_end(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++)
		put_free_pages(readers[i].buffer, 0);
}

KTEST(floppy, several_threads_read_one_after_the_other)
{
	unsigned before = sched_nr_threads();

	needs_disk();
	readers_begin();
	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++)
		start("reader", PRIORITY_TEST, read_some, &readers[i]);
	all_gone(before);
	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++) {
		EXPECT_EQ(readers[i].err, 0);
		EXPECT(are_sectors(readers[i].buffer, readers[i].lba, 4));
	}
	readers_end();
}

/* The kill comes while the motor starts: this wait is never short. */
KTEST(floppy, a_killed_reader_leaves_a_drive_that_works)
{
	unsigned before = sched_nr_threads();
	uint8_t *buffer;

	needs_disk();
	readers_begin();
	buffer = readers[0].buffer;
	EXPECT(WAIT_UNTIL(!fdc_motor_is_on()));
	/* Its priority is above ours: it runs until it waits. */
	readers[1].lba = 2000;
	thread_kill(start("reader", PRIORITY_TEST + 1, read_some,
			  &readers[1]));
	all_gone(before);
	EXPECT_EQ(readers[1].err, -EINTR);
	memset(readers[1].buffer, CANARY, PAGE_SIZE);
	EXPECT_NULL(floppy_check());
	EXPECT_EQ(floppy_read(5, 4, buffer, NULL), 0);
	EXPECT(are_sectors(buffer, 5, 4));
	EXPECT(is_canary(readers[1].buffer, PAGE_SIZE));
	readers_end();
}
