// SPDX-License-Identifier: MIT
/*
 * isa_dma.c - tests of the 8237: its rules and its registers
 *
 * WHAT     No device uses the channels that are programmed here: so nothing
 *          moves, and the registers can be read back. Channel 2 belongs to the
 *          floppy's own suite.
 */
#include <arch/isa_dma.h>

#include <arch/io.h>
#include <arch/irqflags.h>
#include <arch/isa_dma_regs.h>

#include "lib/errno.h"
#include "lib/random.h"
#include "tests/ktest.h"

SUITE(isa_dma, isa_dma_verify);

#define KIB     1024u
#define MIB     (1024u * KIB)
#define BUS(x)  ((bus_addr_t){ (x) })

/* ---- rules -------------------------------------------------------------- */

static const struct rule {
	unsigned channel;
	uint64_t bus;
	uint32_t size;
	int      result;
} rules[] = {
	/* channel, bus, size, result */
	{ 2, 0,                 1,             0 },
	{ 2, 0,                 64 * KIB,      0 },
	{ 2, 0,                 64 * KIB + 1,  -ERANGE },
	{ 2, 1,                 64 * KIB,      -ERANGE },
	{ 2, 64 * KIB - 512,    512,           0 },
	{ 2, 64 * KIB - 511,    512,           -ERANGE },
	{ 2, 64 * KIB - 1,      2,             -ERANGE },
	{ 2, 64 * KIB,          512,           0 },
	{ 0, 16 * MIB - 512,    512,           0 },
	{ 1, 16 * MIB - 511,    512,           -ERANGE },
	{ 3, 16 * MIB,          1,             -ERANGE },
	{ 3, 1ull << 32,        512,           -ERANGE },
	{ 2, ~0ull,             2,             -ERANGE },
	{ 2, 0x123456,          0xffffffffu,   -ERANGE },
	{ 2, 0x10000,           0,             -EINVAL },
	{ 4, 0x10000,           512,           -EINVAL },
	{ 8, 0x10000,           512,           -EINVAL },
	{ ~0u, 0x10000,         512,           -EINVAL },
	{ 5, 0,                 128 * KIB,     0 },
	{ 5, 0,                 128 * KIB + 2, -ERANGE },
	{ 5, 64 * KIB - 2,      4,             0 },
	{ 6, 128 * KIB - 2,     4,             -ERANGE },
	{ 7, 16 * MIB - 2,      2,             0 },
	{ 7, 16 * MIB - 2,      4,             -ERANGE },
	{ 5, 0x10001,           512,           -EINVAL },
	{ 5, 0x10000,           511,           -EINVAL },
	{ 6, 1ull << 32,        512,           -ERANGE },
};

KTEST(isa_dma, rules_of_16_mib_and_of_lines)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *r = &rules[i];

		if (isa_dma_check(r->channel, BUS(r->bus), r->size) !=
		    r->result)
			ktest_fail(__FILE__, __LINE__,
				   "row %u: channel %u, %u bytes at 0x%llx: not %d",
				   i, r->channel, r->size,
				   (unsigned long long)r->bus, r->result);
	}
}

/* Is each byte on the page of the first one, and below 16 MiB? */
static int naive_check(unsigned channel, uint64_t bus, uint32_t size)
{
	uint64_t line = channel < 4 ? 64 * KIB : 128 * KIB;

	for (uint32_t i = 0; i < size; i++) {
		if (bus + i >= 16 * MIB || ((bus + i) ^ bus) & ~(line - 1ull))
			return -ERANGE;
	}
	return 0;
}

KTEST(isa_dma, rules_agree_with_a_byte_by_byte_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 300; i++) {
		unsigned channel = rng_below(&rng, 2) ? 1 : 7;
		uint32_t bus = rng_below(&rng, 257) * 64 * KIB;
		uint32_t size = 2 + 2 * rng_below(&rng, 1024);

		bus += 2 * rng_below(&rng, 2 * KIB);
		bus -= MIN(bus, 2 * KIB);
		EXPECT_EQ(isa_dma_check(channel, BUS(bus), size),
			  naive_check(channel, bus, size));
	}
}

/* ---- registers ---------------------------------------------------------- */

static const unsigned free_channels[] = { 1, 3, 5, 6, 7 };

static uint32_t read_register(unsigned channel, uint16_t port)
{
	irqflags_t flags = irq_save();
	uint32_t value;

	outb(channel < 4 ? ISA_DMA_REG_FLIP_FLOP :
	     ISA_DMA_CHIP2 + 2 * ISA_DMA_REG_FLIP_FLOP, 0);
	value = inb(port);
	value |= (uint32_t)inb(port) << 8;
	irq_restore(flags);
	return value;
}

/* Address and page register together: the address on the bus. */
static uint32_t address_on_bus(unsigned channel)
{
	uint32_t low = read_register(channel, isa_dma_address_port(channel));
	uint32_t page = inb(isa_dma_page_port(channel));

	return page << 16 | low << (channel >= 4);
}

static uint32_t bytes_to_go(unsigned channel)
{
	uint32_t count = read_register(channel, isa_dma_count_port(channel));

	return (count + 1) << (channel >= 4);
}

static void expect_programmed(unsigned channel, uint32_t bus, uint32_t size)
{
	REQUIRE(isa_dma_start(channel, BUS(bus), size, true) == 0);
	EXPECT_EQ(address_on_bus(channel), bus);
	EXPECT_EQ(bytes_to_go(channel), size);
	EXPECT_NULL(isa_dma_verify());
	/* No device has asked for a byte. */
	EXPECT_EQ(isa_dma_stop(channel), size);
}

KTEST(isa_dma, address_and_count_reach_the_chip)
{
	for (unsigned i = 0; i < ARRAY_SIZE(free_channels); i++) {
		unsigned channel = free_channels[i];

		expect_programmed(channel, 0x123456, 512);
		expect_programmed(channel, 0xfffe00, 512);
		expect_programmed(channel, 0x0, 2);
		expect_programmed(channel, 0x1fffe, 2);
	}
}

KTEST(isa_dma, a_whole_page_is_not_taken_for_nothing)
{
	expect_programmed(1, 0x30000, 64 * KIB);
	expect_programmed(5, 0x40000, 128 * KIB);
}

KTEST(isa_dma, a_flip_flop_left_turned_does_not_matter)
{
	irqflags_t flags = irq_save();

	inb(isa_dma_count_port(1));
	inb(isa_dma_count_port(5));
	irq_restore(flags);
	expect_programmed(1, 0x5a1234, 0x777);
	expect_programmed(5, 0x5a1234, 0x776);
}

KTEST(isa_dma, random_transfers_reach_the_chip)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 100; i++) {
		unsigned channel = free_channels[
			rng_below(&rng, ARRAY_SIZE(free_channels))];
		uint32_t bus = 2 * rng_below(&rng, 8 * MIB);
		uint32_t size = 2 + 2 * rng_below(&rng, 32 * KIB);

		if (isa_dma_check(channel, BUS(bus), size) == 0)
			expect_programmed(channel, bus, size);
	}
}

KTEST(isa_dma, a_refused_transfer_leaves_the_channel_masked)
{
	REQUIRE(isa_dma_start(1, BUS(0x20000), 512, false) == 0);
	EXPECT_EQ(isa_dma_start(1, BUS(0x2ff00), 512, false), -ERANGE);
	/* Stopped: nothing is left to move. */
	EXPECT_EQ(isa_dma_stop(1), 0);
	EXPECT_EQ(isa_dma_start(1, BUS(16 * MIB), 512, false), -ERANGE);
	EXPECT_EQ(isa_dma_start(5, BUS(0x1ff00), 512, false), -ERANGE);
	EXPECT_EQ(isa_dma_start(5, BUS(0x1ff01), 512, false), -EINVAL);
	EXPECT_EQ(isa_dma_start(4, BUS(0x10000), 512, false), -EINVAL);
}

KTEST(isa_dma, stopping_twice_is_harmless)
{
	REQUIRE(isa_dma_start(3, BUS(0x20000), 512, true) == 0);
	EXPECT_EQ(isa_dma_stop(3), 512);
	EXPECT_EQ(isa_dma_stop(3), 0);
}

static void stop_cascade(void *arg)
{
	(void)isa_dma_stop(ISA_DMA_CASCADE);
}

KTEST(isa_dma, the_cascade_is_not_for_stopping)
{
	EXPECT_PANIC(stop_cascade, NULL, "ISA_DMA_CASCADE");
}

KTEST(isa_dma, a_changed_page_register_is_noticed)
{
	REQUIRE(isa_dma_start(3, BUS(0x420000), 512, true) == 0);
	outb(isa_dma_page_port(3), 0x43);
	EXPECT(isa_dma_verify() != NULL);
	outb(isa_dma_page_port(3), 0x42);
	EXPECT_NULL(isa_dma_verify());
	EXPECT_EQ(isa_dma_stop(3), 512);
}
