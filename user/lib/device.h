// SPDX-License-Identifier: MIT
/*
 * device.h - PCI devices, for drivers
 *
 * WHAT     The calls DEVICE_* and DMA_* of kernel/uapi/pagoda.h as functions.
 *          They return what the kernel returns: a negative errno is an error.
 *
 *            device = device_open(0x1234, 0x11e8, 0);
 *            regs = device_map_bar(device, 0);
 *            device_set_mask(device, MASK_BITS(28));
 *            mapping = dma_map(device, buf, n, PG_DMA_TO_DEVICE, seg, 8, &nr);
 *            ... tell the device seg[i].bus, wait for its interrupt ...
 *            dma_unmap(mapping);
 */
#pragma once

#include "user/lib/ipc.h"

#define MASK_BITS(n)  ((n) == 64 ? ~0ull : (1ull << (n)) - 1)

/*
 * Open the nth device with these ids. The first program has the system handle
 * as its handle 1, and asks the kernel. Any other program asks init.
 * Returns: a handle; -ENODEV, -EBUSY, -EPERM (init does not give this device).
 */
long device_open(uint16_t vendor, uint16_t device, uint32_t nth);

/* Returns: the registers, or an error (see IS_ERROR()). */
static inline volatile void *device_map_bar(uint32_t device, unsigned bar)
{
	return (volatile void *)pg_call(PG_DEVICE_MAP_BAR, device, (long)bar,
					0, 0, 0);
}

static inline long device_info(uint32_t device, struct pg_device *info)
{
	return pg_call(PG_DEVICE_INFO, device, (long)info, 0, 0, 0);
}

static inline long device_set_mask(uint32_t device, uint64_t mask)
{
	return pg_call(PG_DEVICE_SET_MASK, device, (long)(uint32_t)mask,
		       (long)(uint32_t)(mask >> 32), 0, 0);
}

static inline long device_irq(uint32_t device, uint32_t notification,
			      uint32_t bits)
{
	return pg_call(PG_DEVICE_IRQ, device, (long)notification, (long)bits,
		       0, 0);
}

static inline long irq_ack(uint32_t irq)
{
	return pg_call(PG_IRQ_ACK, irq, 0, 0, 0, 0);
}

/* Returns: a handle; *addr is for the program, *bus is for the device. */
long dma_alloc(uint32_t device, uint32_t size, void **addr, uint64_t *bus);

/* Returns: a handle. There are *nr segments; the first `room` are stored. */
long dma_map(uint32_t device, const void *addr, uint32_t length,
	     unsigned direction, struct pg_segment *segments, uint32_t room,
	     uint32_t *nr);

static inline long dma_sync(uint32_t dma, bool for_device)
{
	return pg_call(PG_DMA_SYNC, dma, for_device, 0, 0, 0);
}

static inline long dma_unmap(uint32_t dma)
{
	return pg_call(PG_DMA_UNMAP, dma, 0, 0, 0, 0);
}

/*
 * May the device get this address? Returns: 0; -ERANGE: beyond its mask;
 * -EFAULT: in no mapping (only a kernel that keeps records finds this).
 */
static inline long dma_check(uint32_t device, uint64_t bus, uint32_t length)
{
	return pg_call(PG_DMA_CHECK, device, (long)(uint32_t)bus,
		       (long)(uint32_t)(bus >> 32), (long)length, 0);
}

/* The physical address of a byte of this program; 0: there is no page. */
uint64_t page_phys(const void *addr);
