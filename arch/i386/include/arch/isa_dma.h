// SPDX-License-Identifier: MIT
/*
 * isa_dma.h - the 8237: DMA for devices that cannot make addresses themselves
 *
 * WHAT     Programs a channel for one transfer between memory and an ISA
 *          device. The controller counts in 16 bits, and its page register has
 *          8 bits: the controller reaches 16 MiB. A transfer must not cross a
 *          line of 64 KiB (128 KiB on the 16-bit channels 5 to 7).
 *
 * SEE      Intel 8237A data sheet; Linux asm/dma.h.
 */
#pragma once

#include <arch/addr.h>

#define ISA_DMA_FLOPPY  2

/*
 * Program and unmask a channel (0..3, 5..7). to_memory: the device writes.
 *
 * Returns: 0; -EINVAL (channel, empty, odd on a 16-bit channel);
 *          -ERANGE (above 16 MiB, or across a line): with a line in the log,
 *          and the channel stays masked.
 */
int isa_dma_start(unsigned channel, bus_addr_t bus, uint32_t size,
		  bool to_memory) __must_check;

/* Mask the channel. Returns: bytes that were not transferred. */
uint32_t isa_dma_stop(unsigned channel);

/* The result that isa_dma_start() would give; prints nothing. */
int isa_dma_check(unsigned channel, bus_addr_t bus, uint32_t size)
	__must_check;

/* NULL, or the invariant of isa_dma.c that is broken. */
const char *isa_dma_verify(void);
