// SPDX-License-Identifier: MIT
/*
 * device.c - PCI devices, for drivers
 *
 * WHAT     The calls that return more than one register, and the request to
 *          init for a device.
 */
#include "user/lib/device.h"

#include "lib/errno.h"
#include "user/lib/names.h"

static long ask_init(uint32_t ids, uint32_t nth)
{
	struct words words = { { INIT_DEVICE, ids, nth } };
	long init = names_lookup("init");
	long received;

	if (init < 0)
		return init;
	received = ipc_call((uint32_t)init, &words);
	handle_close((uint32_t)init);
	if (received < 0)
		return received;
	if ((long)words.w[0] < 0)
		return (long)words.w[0];
	return (long)ipc_take_handle(received);
}

long device_open(uint16_t vendor, uint16_t device, uint32_t nth)
{
	uint32_t ids = (uint32_t)vendor << 16 | device;
	long handle = pg_call(PG_DEVICE_OPEN, PG_INIT_SYSTEM, (long)ids,
			      (long)nth, 0, 0);

	return handle == -EINVAL ? ask_init(ids, nth) : handle;
}

long dma_alloc(uint32_t device, uint32_t size, void **addr, uint64_t *bus)
{
	struct words words = { { size } };
	long handle = message_int(PG_EAX(PG_DMA_ALLOC, device), &words);

	if (handle < 0)
		return handle;
	*addr = (void *)words.w[0];
	*bus = (uint64_t)words.w[2] << 32 | words.w[1];
	return handle;
}

long dma_map(uint32_t device, const void *addr, uint32_t length,
	     unsigned direction, struct pg_segment *segments, uint32_t room,
	     uint32_t *nr)
{
	struct words words = { {
		(uint32_t)addr, length, direction, (uint32_t)segments, room,
	} };
	long handle = message_int(PG_EAX(PG_DMA_MAP, device), &words);

	if (handle >= 0)
		*nr = words.w[0];
	return handle;
}

uint64_t page_phys(const void *addr)
{
	struct pg_page page = { 0 };
	uint32_t va = (uint32_t)addr & ~4095u;

	if (pg_call(PG_PAGE_INFO, 0, (long)va, (long)&page, 0, 0) ||
	    !page.present)
		return 0;
	return (uint64_t)page.frame << 12 | ((uint32_t)addr & 4095);
}
