// SPDX-License-Identifier: MIT
/*
 * calls_dma.c - the calls about memory that a device reaches
 *
 * WHAT     DMA_*: thin; what they do is dma_memory.c's and mm/dma/'s.
 * NOT HERE the device itself (calls_device.c).
 */
#include "kernel/calls/calls.h"
#include "kernel/device/device_impl.h"
#include "lib/errno.h"

/* Nothing was told to the device yet: it need not be stopped. */
static void take_back(struct dma_object *dma)
{
	dma_object_finish(dma);
	object_put(&dma->object);
}

/* As give_handle(), which would stop the device where there is no room. */
static long give_dma_handle(struct dma_object *dma)
{
	struct task *self = current_task();
	int handle = object_charge(&dma->object, self->account);

	if (!handle)
		handle = handle_add(&self->handles, &dma->object,
				    RIGHT_MANAGE);
	if (handle < 0)
		take_back(dma);
	else
		object_put(&dma->object);
	return handle;
}

long pg_dma_alloc(struct trap_regs *regs, struct object *object)
{
	uint32_t addr;
	struct dma_object *dma;
	bus_addr_t bus;
	long result = dma_object_alloc(object_to_device(object),
				       current_task()->mm, regs->ebx, &dma);

	if (result)
		return result;
	addr = dma->window.start.v;
	bus = dma->bus;
	result = give_dma_handle(dma);
	if (result > 0) {
		regs->ebx = addr;
		regs->ecx = (uint32_t)bus.v;
		regs->edx = (uint32_t)(bus.v >> 32);
	}
	return result;
}

static int copy_segments(const struct dma_object *dma, uint32_t to,
			 uint32_t room)
{
	int err = dma->nr_ranges > room ? -E2BIG : 0;

	for (unsigned i = 0; i < dma->nr_ranges && !err; i++) {
		struct pg_segment segment = {
			.bus = dma->sg[i].bus.v,
			.length = dma->sg[i].bus_length,
			.flags = dma_object_is_bounced(dma, i) ?
				 PG_SEGMENT_BOUNCED : 0,
		};

		err = copy_to_user(UADDR(to + i * (uint32_t)sizeof(segment)),
				   &segment, sizeof(segment));
	}
	return err;
}

long pg_dma_map(struct trap_regs *regs, struct object *object)
{
	struct dma_object *dma;
	unsigned nr_ranges;
	long result;

	if (regs->edx >= DMA_NR_DIRECTIONS)
		return -EINVAL;
	result = dma_object_map(object_to_device(object), current_task()->mm,
				UADDR(regs->ebx), regs->ecx,
				(enum dma_direction)regs->edx, &dma);
	if (result)
		return result;
	result = copy_segments(dma, regs->esi, regs->edi);
	if (result) {
		take_back(dma);
		return result;
	}
	nr_ranges = dma->nr_ranges;
	result = give_dma_handle(dma);
	if (result > 0)
		regs->ebx = nr_ranges;
	return result;
}

/* Coherent memory needs none. */
static void sync(struct dma_object *dma, bool for_device)
{
	for (unsigned i = 0; i < dma->nr_ranges; i++) {
		const struct scatterlist *sg = &dma->sg[i];

		if (for_device)
			dma_sync_single_for_device(&dma->device->dma, sg->bus,
						   sg->bus_length, dma->dir);
		else
			dma_sync_single_for_cpu(&dma->device->dma, sg->bus,
						sg->bus_length, dma->dir);
	}
}

long pg_dma_sync(struct trap_regs *regs, struct object *object)
{
	if (regs->ebx > 1)
		return -EINVAL;
	sync(object_to_dma(object), regs->ebx);
	return 0;
}

/* Another thread that has the object now uses it to the end. */
long pg_dma_unmap(struct trap_regs *regs, struct object *object)
{
	dma_object_finish(object_to_dma(object));
	return handle_remove(&current_task()->handles, call_handle(regs));
}

long pg_dma_check(struct trap_regs *regs, struct object *object)
{
	uint64_t bus = (uint64_t)regs->ecx << 32 | regs->ebx;
	struct user_device *dev = object_to_device(object);

	return regs->edx ? dma_check_reach(&dev->dma, BUS(bus), regs->edx)
			 : -EINVAL;
}
