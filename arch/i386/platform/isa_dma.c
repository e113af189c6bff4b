// SPDX-License-Identifier: MIT
/*
 * isa_dma.c - the 8237: DMA for devices that cannot do it themselves
 *
 * WHAT     Two chips of four channels each. A channel gets address, length and
 *          direction. Then the device pulls its request wire for every byte or
 *          word that it wants to move.
 *
 * PICTURE    bits of the bus address that a channel puts on its 24 wires
 *
 *             23        16 15                        0
 *            +------------+---------------------------+
 *            | page reg.  | address, counts up        |  channels 0..3: bytes
 *            +------------+---------------------------+
 *             23      17 16                        1
 *            +----------+---------------------------+-+
 *            | page reg.| address, counts up        |0|  channels 5..7: words
 *            +----------+---------------------------+-+
 *
 *            The page register is outside the chip and does not count: at the
 *            end of its page, a transfer would go on at the start of the page.
 *            So no transfer may cross a line of 64 or 128 KiB.
 *
 * TERMS    flip-flop  16-bit registers are written in two halves through one
 *                     8-bit port; this bit says which half is next
 *          TC         terminal count: everything has been moved
 *          cascade    channel 4 passes the requests of the first chip on
 *
 * INVARIANTS of isa_dma (isa_dma_verify() restates them)
 *          D1  address and size of a running channel keep the rules of
 *              isa_dma_check()
 *          D2  the page register of a running channel has not changed
 *
 * ALGORITHM  The channel is masked, programmed through a cleared flip-flop, and
 *          unmasked. The count register holds one less than the rest, so 0xffff
 *          means "nothing" or "everything": the TC bit decides. A read of the
 *          TC bits clears all four, so they are collected here.
 * LOCKING  Interrupts off: a handler between two halves would turn the
 *          flip-flop.
 * COST     A dozen port accesses a transfer, about 10 us on a real ISA bus.
 * NOT HERE whether the device owns the memory: mm/dma/dma.h.
 * SEE      Intel 8237A data sheet; IBM AT technical reference, "page
 *          registers"; Linux asm/dma.h.
 */
#include <arch/io.h>
#include <arch/irqflags.h>
#include <arch/isa_dma.h>
#include <arch/isa_dma_regs.h>

#include "lib/errno.h"
#include "lib/log.h"
#include "lib/panic.h"

/* Protection: interrupts off. size 0: the channel is masked. */
static struct {
	bus_addr_t bus;
	uint32_t   size;
} running[ISA_DMA_CHANNELS];

/* TC bits that were read, of transfers that were not stopped yet. */
static uint8_t seen_tc[2];

static bool is_wide(unsigned channel)
{
	return channel >= 4;
}

static bool is_too_high(bus_addr_t bus, uint32_t size)
{
	/* In this order: for a large bus address the sum could wrap. */
	return bus.v >= ISA_DMA_LIMIT || bus.v + size > ISA_DMA_LIMIT;
}

/* A register of the chip that the channel is on. */
static uint16_t chip_reg(unsigned channel, unsigned reg)
{
	return (uint16_t)(is_wide(channel) ? ISA_DMA_CHIP2 + 2 * reg : reg);
}

/* After this, the next half is the low one. */
static void clear_flip_flop(unsigned channel)
{
	outb(chip_reg(channel, ISA_DMA_REG_FLIP_FLOP), 0);
}

static void write16(unsigned channel, uint16_t port, uint32_t value)
{
	clear_flip_flop(channel);
	outb(port, value & 0xff);
	outb(port, value >> 8 & 0xff);
}

static uint32_t read16(unsigned channel, uint16_t port)
{
	uint32_t low;

	clear_flip_flop(channel);
	low = inb(port);
	return low | (uint32_t)inb(port) << 8;
}

static void mask(unsigned channel)
{
	outb(chip_reg(channel, ISA_DMA_REG_MASK),
	     (uint8_t)(ISA_DMA_MASK_SET | channel % 4));
	running[channel].size = 0;
}

static void unmask(unsigned channel)
{
	outb(chip_reg(channel, ISA_DMA_REG_MASK), (uint8_t)(channel % 4));
}

/* Has the channel moved everything? The question clears it. */
static bool take_tc(unsigned channel)
{
	uint8_t bit = (uint8_t)(1u << channel % 4);
	uint8_t *seen = &seen_tc[is_wide(channel)];
	bool tc;

	*seen |= inb(chip_reg(channel, ISA_DMA_REG_STATUS)) & 0x0f;
	tc = *seen & bit;
	*seen &= (uint8_t)~bit;
	return tc;
}

static void program(unsigned channel, bus_addr_t bus, uint32_t size,
		    bool to_memory)
{
	unsigned shift = is_wide(channel);
	uint8_t mode = to_memory ? ISA_DMA_MODE_TO_MEMORY :
				   ISA_DMA_MODE_FROM_MEMORY;

	/* Usually the firmware has let the first chip's requests through. */
	if (!is_wide(channel)) {
		outb(chip_reg(ISA_DMA_CASCADE, ISA_DMA_REG_MODE),
		     ISA_DMA_MODE_CASCADE);
		unmask(ISA_DMA_CASCADE);
	}
	take_tc(channel);
	outb(chip_reg(channel, ISA_DMA_REG_MODE),
	     (uint8_t)(ISA_DMA_MODE_SINGLE | mode | channel % 4));
	write16(channel, isa_dma_address_port(channel),
		(uint32_t)bus.v >> shift);
	write16(channel, isa_dma_count_port(channel), (size >> shift) - 1);
	outb(isa_dma_page_port(channel), isa_dma_page(channel, bus));
	running[channel].bus = bus;
	running[channel].size = size;
	unmask(channel);
}

/* -ERANGE in words. */
static const char *why_not(unsigned channel, bus_addr_t bus, uint32_t size)
{
	if (is_too_high(bus, size))
		return "lie above 16 MiB";
	return is_wide(channel) ? "cross a line of 128 KiB" :
				  "cross a line of 64 KiB";
}

int isa_dma_start(unsigned channel, bus_addr_t bus, uint32_t size,
		  bool to_memory)
{
	int err = isa_dma_check(channel, bus, size);
	irqflags_t flags;

	if (err == -EINVAL)
		return err;
	flags = irq_save();
	mask(channel);
	if (!err)
		program(channel, bus, size, to_memory);
	irq_restore(flags);
	if (err)
		pr_warn_limited("isa_dma: channel %u: %u bytes at %pB %s: refused\n",
			channel, size, &bus, why_not(channel, bus, size));
	return err;
}

uint32_t isa_dma_stop(unsigned channel)
{
	irqflags_t flags;
	uint32_t left;

	assert(channel < ISA_DMA_CHANNELS && channel != ISA_DMA_CASCADE);
	flags = irq_save();
	left = running[channel].size;
	mask(channel);
	if (left) {
		uint32_t count = read16(channel, isa_dma_count_port(channel));

		/* Before TC, the register holds one less than the rest. */
		left = take_tc(channel) ? 0 : count + 1;
	}
	irq_restore(flags);
	return left << is_wide(channel);
}

int isa_dma_check(unsigned channel, bus_addr_t bus, uint32_t size)
{
	uint64_t line = is_wide(channel) ? 2 * ISA_DMA_LINE : ISA_DMA_LINE;

	if (channel >= ISA_DMA_CHANNELS || channel == ISA_DMA_CASCADE || !size)
		return -EINVAL;
	if (is_wide(channel) && (bus.v | size) & 1)
		return -EINVAL;
	if (is_too_high(bus, size))
		return -ERANGE;
	if ((bus.v ^ (bus.v + size - 1)) & ~(line - 1))
		return -ERANGE;
	return 0;
}

const char *isa_dma_verify(void)
{
	irqflags_t flags = irq_save();
	bool rules = true, pages = true;

	for (unsigned i = 0; i < ISA_DMA_CHANNELS; i++) {
		if (!running[i].size)
			continue;
		rules &= !isa_dma_check(i, running[i].bus, running[i].size);
		pages &= inb(isa_dma_page_port(i)) ==
			 isa_dma_page(i, running[i].bus);
	}
	irq_restore(flags);
	HOLDS(rules, "isa_dma D1: a running channel keeps the rules");
	HOLDS(pages, "isa_dma D2: a running channel's page register is as it was told");
	return NULL;
}
