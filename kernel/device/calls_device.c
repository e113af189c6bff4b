// SPDX-License-Identifier: MIT
/*
 * calls_device.c - the calls about PCI devices
 *
 * WHAT     DEVICE_*: open a device, learn about it, map its registers, set its
 *          mask, get its interrupt.
 *
 * ALGORITHM  PCI's interrupt lines are levels, and devices may share a line. An
 *          interrupt masks the line. The driver makes its device quiet, and
 *          then acknowledges. Two drivers cannot use one line: the second gets
 *          -EBUSY. INTx is disabled in a device without a driver, or without an
 *          irq object. Otherwise the device could keep the line busy, and
 *          nobody would know how to make it quiet.
 *
 * NOT HERE memory for the device (calls_dma.c), the object (open.c).
 */
#include <arch/iommu.h>
#include <arch/layout.h>

#include "kernel/calls/calls.h"
#include "kernel/device/device_impl.h"
#include "kernel/ipc/notification.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/kva/vmalloc.h"

_Static_assert(PG_NR_BARS == PCI_NR_BARS, "as many as a header has");

long pg_device_open(struct trap_regs *regs, unsigned rights)
{
	struct user_device *dev;
	struct pci_device *pci;
	int err;

	pci = pci_find((uint16_t)(regs->ebx >> 16), (uint16_t)regs->ebx,
		       regs->ecx);
	if (!pci)
		return -ENODEV;
	err = user_device_open(pci, &dev);
	if (err)
		return err;
	return give_handle(&dev->object, RIGHT_TRANSFER | RIGHT_MANAGE);
}

/* ---- what it is ---------------------------------------------------------- */

static void to_pg_stats(struct pg_device *out, const struct user_device *dev)
{
	const struct dma_stats *stats = &dev->dma.stats;
	struct iommu_fault fault;

	out->mapped = stats->mapped;
	out->unmapped = stats->unmapped;
	out->bounced_pages = stats->bounced_pages;
	out->copied_in = stats->copied_in;
	out->copied_out = stats->copied_out;
	out->refused = stats->refused;
	if (!dev->domain)
		return;
	out->blocked = iommu_nr_faults() - dev->faults_before;
	if (out->blocked && iommu_recent_fault(0, &fault) &&
	    fault.source_id == dev->pci->requester) {
		out->blocked_valid = 1;
		out->blocked_bus = fault.bus.v;
	}
}

long pg_device_info(struct trap_regs *regs, struct object *object)
{
	const struct user_device *dev = object_to_device(object);
	const struct pci_device *pci = dev->pci;
	bool master = pci_read16(pci, PCI_COMMAND) & PCI_COMMAND_MASTER;
	struct pg_device out;

	memset(&out, 0, sizeof(out));
	out.vendor = pci->vendor;
	out.device = pci->device;
	out.class = (uint32_t)pci->class << 16 | pci->subclass << 8 |
		    pci->interface;
	out.source_id = pci_source_id(pci);
	out.irq = pci->irq;
	out.flags = (dev->domain ? PG_DEVICE_IOMMU : 0) |
		    (master ? PG_DEVICE_MASTER : 0);
	out.mask = dev->dma.mask;
	for (unsigned i = 0; i < PCI_NR_BARS; i++) {
		const struct pci_bar *bar = &pci->bar[i];

		out.bar[i].start = bar->start.v;
		out.bar[i].size = bar->size;
		out.bar[i].flags = (bar->io ? PG_BAR_IO : 0) |
				   (bar->wide ? PG_BAR_WIDE : 0) |
				   (bar->prefetchable ? PG_BAR_PREFETCH : 0);
	}
	to_pg_stats(&out, dev);
	return copy_to_user(UADDR(regs->ebx), &out, sizeof(out));
}

/* ---- registers ----------------------------------------------------------- */

/* Whole pages only: a part of a page would show a neighbour's registers too. */
static bool can_be_mapped(const struct pci_bar *bar)
{
	const char *objection;

	if (bar->io || !bar->start.v || bar->size < PAGE_SIZE ||
	    bar->size > USER_END)
		return false;
	objection = ioremap_objection(bar->start, (size_t)bar->size);
	if (objection)
		pr_warn_limited("pci: BAR at %pP: %s\n", &bar->start, objection);
	return !objection;
}

long pg_device_map_bar(struct trap_regs *regs, struct object *object)
{
	struct user_device *dev = object_to_device(object);
	struct mm *mm = current_task()->mm;
	const struct pci_bar *bar;
	struct vm_window *window;
	long addr;

	if (regs->ebx >= PCI_NR_BARS)
		return -EINVAL;
	bar = &dev->pci->bar[regs->ebx];
	window = &dev->bars[regs->ebx];
	if (!can_be_mapped(bar))
		return -EINVAL;
	mutex_lock(&dev->lock);
	if (!dev->handles) {
		addr = -EBADF;
	} else if (window->mm == mm) {
		addr = -EBUSY;
	} else {
		/* An earlier driver must not reach the registers now. */
		mm_unmap_device(window);
		addr = mm_map_device(mm, phys_to_pfn(bar->start),
				     (uint32_t)(bar->size >> PAGE_SHIFT),
				     false, "[device]", window);
	}
	mutex_unlock(&dev->lock);
	return addr;
}

/* ---- the bus ------------------------------------------------------------- */

long pg_device_set_mask(struct trap_regs *regs, struct object *object)
{
	uint64_t mask = (uint64_t)regs->ecx << 32 | regs->ebx;
	struct user_device *dev = object_to_device(object);
	int err = user_device_set_mask(dev, mask);

	return err ? err : user_device_start_master(dev);
}

long pg_device_irq(struct trap_regs *regs, struct object *object)
{
	struct user_device *dev = object_to_device(object);
	struct object *notification;
	long result;

	if (dev->pci->irq == 0xff)
		return -ENODEV;
	result = find_object(regs->ebx, OBJECT_NOTIFICATION, RIGHT_SEND,
			     &notification);
	if (result)
		return result;
	mutex_lock(&dev->lock);
	if (dev->handles) {
		result = irq_object_create(dev->pci->irq,
					   object_to_notification(notification),
					   regs->ecx, dev->pci);
	} else {
		object_put(notification);
		result = -EBADF;
	}
	mutex_unlock(&dev->lock);
	return result;
}
