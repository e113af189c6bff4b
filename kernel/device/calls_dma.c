// SPDX-License-Identifier: MIT
/*
 * calls_dma.c - the calls about memory that a device reaches
 *
 * WHAT     DMA_*: checks arguments. dma_memory.c and mm/dma/ do the work.
 * NOT HERE the device itself (calls_device.c).
 */
#include "kernel/calls/calls.h"
#include "kernel/device/device_impl.h"
#include "lib/errno.h"

/* The device has not been told the address yet: it need not be stopped. */
static void take_back(struct dma_object *dma)
{
	dma_object_finish(dma);
	object_put(&dma->object);
}

/* As give_handle(), but a failure does not stop the device. */
static long give_dma_handle(struct dma_object *dma)
{
	struct task *self = current_task();
	int handle = object_charge(&dma->object, self->account);

	if (!handle)
		handle = handle_add(&self->handles, &dma->object, RIGHT_MANAGE);
	if (handle < 0)
		take_back(dma);
	else
		object_put(&dma->object);
	return handle;
}

long pg_dma_alloc(struct trap_regs *regs, struct object *object)
{
	struct dma_object *dma;
	bus_addr_t bus;
	uaddr_t addr;
	long result = dma_object_alloc(object_to_device(object),
				       current_task()->mm, regs->ebx, &dma);

	if (result)
		return result;
	addr = dma->window.start;
	bus = dma->bus;
	result = give_dma_handle(dma);
	if (result > 0) {
		regs->ebx = addr.v;
		regs->ecx = (uint32_t)bus.v;
		regs->edx = (uint32_t)(bus.v >> 32);
	}
	return result;
}

static int copy_segments(const struct dma_object *dma, uaddr_t to,
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

		err = copy_to_user(to, &segment, sizeof(segment));
		to.v += sizeof(segment);
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
	result = copy_segments(dma, UADDR(regs->esi), regs->edi);
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

/* Coherent memory has no ranges, and needs no sync. */
long pg_dma_sync(struct trap_regs *regs, struct object *object)
{
	struct dma_object *dma = object_to_dma(object);
	struct dma_device *dev = &dma->device->dma;

	if (regs->ebx > 1)
		return -EINVAL;
	for (unsigned i = 0; i < dma->nr_ranges; i++) {
		const struct scatterlist *sg = &dma->sg[i];

		if (regs->ebx)
			dma_sync_single_for_device(dev, sg->bus, sg->bus_length,
						   dma->dir);
		else
			dma_sync_single_for_cpu(dev, sg->bus, sg->bus_length,
						dma->dir);
	}
	return 0;
}

/* If another thread is using the object, the object goes after that. */
long pg_dma_unmap(struct trap_regs *regs, struct object *object)
{
	dma_object_finish(object_to_dma(object));
	return handle_remove(&current_task()->handles, call_handle(regs));
}

long pg_dma_check(struct trap_regs *regs, struct object *object)
{
	uint64_t bus = (uint64_t)regs->ecx << 32 | regs->ebx;
	struct user_device *dev = object_to_device(object);

	if (!regs->edx)
		return -EINVAL;
	return dma_check_reach(&dev->dma, BUS(bus), regs->edx);
}
