// SPDX-License-Identifier: MIT
/*
 * dma_memory.c - memory that a device reaches, as an object
 *
 * WHAT     Either the driver's own pages, pinned and mapped for one transfer
 *          (DMA_MAP). Or memory of the kernel that driver and device both have
 *          as long as they like (DMA_ALLOC).
 *
 * PICTURE    mapping                         coherent
 *            driver's buffer, anywhere       window at the driver, cached
 *              | pinned                        |
 *            pages, HIGHMEM too              lowmem
 *              | dma_map_sg()                  | dma_alloc_coherent()
 *            ranges on the bus               one range on the bus
 *
 * TERMS    finished  the driver has said with DMA_UNMAP that the device is done
 *
 * RULES of dma_object
 *          M1  memory that the device reaches is not freed: the object holds
 *              the pins, or the memory, and a reference to the device
 *          M2  an object that goes without being finished first stops the
 *              device, and then lets its pages go
 *
 * ALGORITHM  With M2 the death of a driver does no harm, also without an IOMMU:
 *          the first handle that is closed stops the device, whichever it is.
 *
 *          Coherent memory is lowmem of the kernel. The caller's account pays
 *          for each page, until the object goes. For a mapping, the account
 *          pays only for the arrays: the pages are the program's.
 *
 * LOCKING  An object is constant after it is made. The device's lock is held
 *          while mappings change: another thread of the driver may set the
 *          mask. It is not held while pages are pinned: that may wait for a
 *          pager.
 * SEE      mm/dma/dma.h, mm/vm/pin.c, mm/vm/map_device.c.
 */
#include <arch/uaccess.h>

#include "kernel/device/device_impl.h"
#include "kernel/uapi/pagoda.h"
#include "lib/align.h"
#include "lib/errno.h"
#include "mm/page/page.h"
#include "mm/slab/kmalloc.h"

_Static_assert(PG_DMA_BOTH == DMA_BIDIRECTIONAL &&
	       PG_DMA_TO_DEVICE == DMA_TO_DEVICE &&
	       PG_DMA_FROM_DEVICE == DMA_FROM_DEVICE,
	       "directions are mm/dma's");

/* The account pays for it. NULL: no memory, or the account's limit. */
static struct dma_object *dma_object_create(struct user_device *dev,
					    struct account *account,
					    enum account_kind kind,
					    unsigned long n)
{
	struct dma_object *dma;

	if (!account_charge(account, kind, n))
		return NULL;
	dma = kzalloc(sizeof(*dma), GFP_KERNEL);
	if (!dma) {
		account_uncharge(account, kind, n);
		return NULL;
	}
	account_get(account);
	dma->device = dev;
	dma->account = account;
	dma->kind = kind;
	dma->charged = n;
	return dma;
}

static void dma_object_free(struct dma_object *dma)
{
	struct account *account = dma->account;

	kfree(dma->pages);
	kfree(dma->sg);
	account_uncharge(account, dma->kind, dma->charged);
	account_put(account);
	kfree(dma);
}

/* From now on it is an object, which keeps the device. */
static void publish(struct dma_object *dma)
{
	object_get(&dma->device->object);
	object_init(&dma->object, OBJECT_DMA);
}

/* ---- a mapping of the driver's pages ------------------------------------- */

static int pin_and_map(struct dma_object *dma, struct mm *mm, uaddr_t addr,
		       uint32_t length)
{
	uint32_t offset = addr.v & ~PAGE_MASK;
	int result = mm_pin(mm, addr, length, dma->dir != DMA_TO_DEVICE,
			    dma->pages);

	if (result)
		return result;
	for (unsigned i = 0; i < dma->nr; i++) {
		dma->sg[i].page = dma->pages[i];
		dma->sg[i].offset = offset;
		dma->sg[i].length = MIN((uint32_t)PAGE_SIZE - offset, length);
		length -= dma->sg[i].length;
		offset = 0;
	}
	mutex_lock(&dma->device->lock);
	result = dma_map_sg(&dma->device->dma, dma->sg, dma->nr, dma->dir);
	mutex_unlock(&dma->device->lock);
	if (result < 0) {
		mm_unpin(dma->pages, dma->nr);
		return result;
	}
	dma->nr_ranges = (unsigned)result;
	return 0;
}

int dma_object_map(struct user_device *dev, struct mm *mm, uaddr_t addr,
		   uint32_t length, enum dma_direction dir,
		   struct dma_object **dmap)
{
	uint32_t nr = DIV_ROUND_UP((addr.v & ~PAGE_MASK) + length, PAGE_SIZE);
	struct dma_object *dma;
	int err = -ENOMEM;

	if (!length || length > PG_DMA_LENGTH_MAX || dir >= DMA_NR_DIRECTIONS)
		return -EINVAL;
	if (!user_range_ok(addr, length))
		return -EFAULT;
	dma = dma_object_create(dev, mm->account, ACCOUNT_ARRAYS,
				nr * (sizeof(*dma->pages) + sizeof(*dma->sg)));
	if (!dma)
		return -ENOMEM;
	dma->dir = dir;
	dma->nr = nr;
	dma->pages = kcalloc(nr, sizeof(*dma->pages), GFP_KERNEL);
	dma->sg = kcalloc(nr, sizeof(*dma->sg), GFP_KERNEL);
	if (dma->pages && dma->sg)
		err = pin_and_map(dma, mm, addr, length);
	if (err) {
		dma_object_free(dma);
		return err;
	}
	publish(dma);
	*dmap = dma;
	return 0;
}

/* Walk over the pages of the earlier ranges, and then of this range. */
bool dma_object_is_bounced(const struct dma_object *dma, unsigned range)
{
	uint32_t left = 0;
	unsigned i = 0;

	if (!dma->nr || dma->device->domain)
		return false;
	for (unsigned r = 0; r <= range; r++) {
		uint64_t bus = dma->sg[r].bus.v;

		for (left = dma->sg[r].bus_length; left; i++) {
			const struct scatterlist *sg = &dma->sg[i];

			if (r == range &&
			    bus != page_to_phys(sg->page).v + sg->offset)
				return true;
			bus += sg->length;
			left -= MIN(left, sg->length);
		}
	}
	return false;
}

/* ---- coherent memory ----------------------------------------------------- */

static void free_memory(struct dma_object *dma)
{
	struct user_device *dev = dma->device;

	mutex_lock(&dev->lock);
	dma_free_coherent(&dev->dma, dma->size, dma->memory, dma->bus);
	mutex_unlock(&dev->lock);
}

int dma_object_alloc(struct user_device *dev, struct mm *mm, uint32_t length,
		     struct dma_object **dmap)
{
	uint32_t nr_pages = DIV_ROUND_UP(length, (uint32_t)PAGE_SIZE);
	struct dma_object *dma;
	long addr;

	if (!length || length > PG_DMA_LENGTH_MAX)
		return -EINVAL;
	dma = dma_object_create(dev, mm->account, ACCOUNT_DMA, nr_pages);
	if (!dma)
		return -ENOMEM;
	dma->size = nr_pages * PAGE_SIZE;
	mutex_lock(&dev->lock);
	dma->memory = dma_alloc_coherent(&dev->dma, dma->size, &dma->bus,
					 GFP_KERNEL);
	mutex_unlock(&dev->lock);
	if (!dma->memory)
		goto free_dma;
	addr = mm_map_device(mm, phys_to_pfn(virt_to_phys(dma->memory)),
			     nr_pages, true, "[dma]", &dma->window);
	if (IS_ERR_VALUE(addr))
		goto free_memory;
	publish(dma);
	*dmap = dma;
	return 0;
free_memory:
	free_memory(dma);
free_dma:
	dma_object_free(dma);
	return -ENOMEM;
}

void dma_object_finish(struct dma_object *dma)
{
	dma->finished = true;
}

/* ---- the end ------------------------------------------------------------- */

static void dma_object_destroy(struct object *object)
{
	struct dma_object *dma = object_to_dma(object);
	struct user_device *dev = dma->device;

	if (!dma->finished)
		user_device_stop(dev);
	if (dma->nr) {
		mutex_lock(&dev->lock);
		dma_unmap_sg(&dev->dma, dma->sg, dma->nr, dma->dir);
		mutex_unlock(&dev->lock);
		mm_unpin(dma->pages, dma->nr);
	} else {
		mm_unmap_device(&dma->window);
		free_memory(dma);
	}
	dma_object_free(dma);
	object_put(&dev->object);
}

void dma_object_init(void)
{
	static const struct object_ops ops = {
		dma_object_destroy, NULL, NULL,
	};

	object_type_init(OBJECT_DMA, &ops);
}
