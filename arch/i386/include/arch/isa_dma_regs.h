// SPDX-License-Identifier: MIT
/*
 * isa_dma_regs.h - ports and bits of the two 8237 and their page registers
 *
 * WHAT     isa_dma.c and its tests share this file; the tests read the
 *          registers back. In the first chip, a register's port is the
 *          register's number. In the second chip, it is ISA_DMA_CHIP2 + twice
 *          the number.
 * SEE      Intel 8237A data sheet; IBM AT technical reference.
 */
#pragma once

#include <arch/addr.h>

#define ISA_DMA_CHANNELS  8
#define ISA_DMA_CASCADE   4
#define ISA_DMA_LIMIT     (16ull << 20)
#define ISA_DMA_LINE      (64ull << 10)

#define ISA_DMA_CHIP2     0xc0u

/*      register                number                                       */
#define ISA_DMA_REG_STATUS      0x08u   /* read: TC bits, then requests       */
#define ISA_DMA_REG_MASK        0x0au   /* write: bit 2 set or clear, channel */
#define ISA_DMA_REG_MODE        0x0bu
#define ISA_DMA_REG_FLIP_FLOP   0x0cu   /* any write clears it                */

#define ISA_DMA_MASK_SET          0x04u
#define ISA_DMA_MODE_TO_MEMORY    0x04u
#define ISA_DMA_MODE_FROM_MEMORY  0x08u
#define ISA_DMA_MODE_SINGLE       0x40u   /* free the bus after each byte     */
#define ISA_DMA_MODE_CASCADE      0xc0u

static inline uint16_t isa_dma_address_port(unsigned channel)
{
	return (uint16_t)(channel < 4 ? 2 * channel :
			  ISA_DMA_CHIP2 + 4 * (channel - 4));
}

static inline uint16_t isa_dma_count_port(unsigned channel)
{
	return (uint16_t)(isa_dma_address_port(channel) +
			  (channel < 4 ? 1 : 2));
}

static inline uint16_t isa_dma_page_port(unsigned channel)
{
	/* IBM chose these ports; there is no rule. */
	static const uint8_t ports[ISA_DMA_CHANNELS] = {
		0x87, 0x83, 0x81, 0x82, 0x8f, 0x8b, 0x89, 0x8a,
	};

	return ports[channel];
}

/* The value of a channel's page register for this address. */
static inline uint8_t isa_dma_page(unsigned channel, bus_addr_t bus)
{
	return (uint8_t)(bus.v >> 16 & (channel < 4 ? 0xff : 0xfe));
}
