// SPDX-License-Identifier: MIT
/*
 * open.c - a PCI device and the program that drives it
 *
 * WHAT     Makes the object that stands for a device, and ends it.
 *
 * PICTURE    driver --handle--> user_device --> pci_device
 *                                 |   |  \
 *                                 |   |   +--> windows: BARs at the driver
 *                                 |   +------> dma_device: mask, mappings
 *                                 +----------> domain, where there is an IOMMU
 *            driver --handle--> dma_object ----^
 *
 * TERMS    owner    the object of a device; a device has one owner at a time
 *          stopped  bus mastering and the interrupt line of the device are off
 *
 * INVARIANTS of user_device (user_device_check() restates them)
 *          D1  a device has at most one object, which is in the device's slot
 *          D3  an object has a domain exactly when the IOMMU is on
 * RULES of user_device
 *          D2  a device without a handle is no bus master, has no line and no
 *              window. This also holds if a call is running when the last
 *              handle goes
 *          D4  devices behind one bridge are one device to the IOMMU. At most
 *              one of them is open; the others are no bus masters
 *
 * ALGORITHM  When the last handle is closed, the device stops at once. The
 *          object goes when the last DMA object has gone, too. Then the IOMMU
 *          forgets the device, and another program may open it. So a driver
 *          that dies leaves a device that reaches nothing, and only then is
 *          memory freed.
 *
 *          Nobody opens a bridge: without bus mastering in a bridge, no device
 *          behind it reaches memory.
 *
 * LOCKING  owners[] and handle counts: interrupts off. dev->lock, a mutex: the
 *          windows, the line, the mask, and what is mapped.
 * NOT HERE the calls (calls_device.c), its memory (dma_memory.c). A program may
 *          open a device if it has the system handle with RIGHT_MANAGE.
 * SEE      Linux drivers/vfio/pci/.
 */
#include <arch/iommu.h>
#include <arch/irqflags.h>

#include "kernel/device/device.h"
#include "kernel/device/device_impl.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab/kmalloc.h"

/* The mask until DEVICE_SET_MASK, as on Linux. */
#define DEFAULT_MASK      DMA_BIT_MASK(32)

#define PCI_CLASS_BRIDGE  0x06

/* Of pci_devices[]. Protection: interrupts off. */
static struct user_device *owners[PCI_DEVICES_MAX];

static struct user_device **slot_of(const struct pci_device *pci)
{
	return &owners[pci - pci_devices];
}

struct user_device *user_device_find(const struct pci_device *pci)
{
	return *slot_of(pci);
}

void user_device_stop(struct user_device *dev)
{
	pci_set_command(dev->pci, PCI_COMMAND_INTX_OFF, PCI_COMMAND_MASTER);
}

int user_device_start_master(struct user_device *dev)
{
	irqflags_t flags = irq_save();
	int err = dev->handles ? 0 : -EBADF;

	if (!err)
		pci_set_command(dev->pci, PCI_COMMAND_MASTER, 0);
	irq_restore(flags);
	return err;
}

/* Stop the device; take its line and its windows back (D2). */
static void shut(struct user_device *dev)
{
	user_device_stop(dev);
	mutex_lock(&dev->lock);
	irq_object_disconnect(dev->pci);
	for (unsigned i = 0; i < PCI_NR_BARS; i++)
		mm_unmap_device(&dev->bars[i]);
	mutex_unlock(&dev->lock);
}

/* ---- the domain ---------------------------------------------------------- */

static bool is_bridge(const struct pci_device *pci)
{
	return pci->header_type || pci->class == PCI_CLASS_BRIDGE;
}

/* D4: these have no driver, but the firmware may have made them masters. */
static void stop_neighbours(const struct pci_device *pci)
{
	for (unsigned i = 0; i < nr_pci_devices; i++) {
		struct pci_device *other = &pci_devices[i];

		if (other != pci && other->requester == pci->requester &&
		    !is_bridge(other) && !user_device_find(other))
			pci_set_command(other, 0, PCI_COMMAND_MASTER);
	}
}

static int attach(struct user_device *dev)
{
	unsigned id = dev->pci->requester;
	int err;

	if (!iommu_present())
		return 0;
	dev->faults_before = iommu_nr_faults();
	dev->domain = iommu_domain_create();
	if (!dev->domain)
		return -ENOMEM;
	stop_neighbours(dev->pci);
	err = iommu_attach(dev->domain, dev->pci->requester);
	if (!err)
		return 0;
	if (err == -EBUSY)
		pr_warn_limited("%s: refused: behind its bridge it is %02x:%02x.%x to the IOMMU, as is a device that has a driver\n",
				dev->name, id >> 8, id >> 3 & 31, id & 7);
	iommu_domain_destroy(dev->domain);
	dev->domain = NULL;
	return err;
}

static void detach(struct user_device *dev)
{
	if (!dev->domain)
		return;
	iommu_detach(dev->domain, dev->pci->requester);
	iommu_domain_destroy(dev->domain);
}

/* Under the lock nobody maps into the space that goes. */
int user_device_set_mask(struct user_device *dev, uint64_t mask)
{
	int err = 0;

	mutex_lock(&dev->lock);
	if (mask != dev->dma.mask)
		err = dma_set_mask(&dev->dma, mask);
	mutex_unlock(&dev->lock);
	return err;
}

/* ---- the object ---------------------------------------------------------- */

int user_device_open(struct pci_device *pci, struct user_device **devp)
{
	struct user_device **slot = slot_of(pci);
	struct user_device *dev;
	irqflags_t flags;
	int err = -EBUSY;

	if (is_bridge(pci))
		return -EPERM;
	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;
	dev->pci = pci;
	mutex_init(&dev->lock);
	snprintf(dev->name, sizeof(dev->name), "pci %02x:%02x.%x", pci->bus,
		 pci->slot, pci->function);
	flags = irq_save();
	if (!*slot) {
		*slot = dev;
		err = 0;
	}
	irq_restore(flags);
	if (err)
		goto free_dev;
	err = attach(dev);
	if (err)
		goto release;
	err = dma_device_init(&dev->dma, dev->name, DEFAULT_MASK, dev->domain);
	if (err)
		goto detach;
	user_device_stop(dev);
	pci_set_command(pci, PCI_COMMAND_MEMORY, 0);
	object_init(&dev->object, OBJECT_DEVICE);
	*devp = dev;
	return 0;
detach:
	detach(dev);
release:
	*slot = NULL;
free_dev:
	kfree(dev);
	return err;
}

static void device_opened(struct object *object, unsigned rights)
{
	struct user_device *dev = object_to_device(object);
	irqflags_t flags = irq_save();

	dev->handles++;
	irq_restore(flags);
}

static void device_closed(struct object *object, unsigned rights)
{
	struct user_device *dev = object_to_device(object);
	irqflags_t flags = irq_save();
	bool last = !--dev->handles;

	irq_restore(flags);
	if (last)
		shut(dev);
}

/* No mapping is left: each of them had a reference. */
static void device_destroy(struct object *object)
{
	struct user_device *dev = object_to_device(object);

	shut(dev);
	dma_device_destroy(&dev->dma);
	detach(dev);
	*slot_of(dev->pci) = NULL;
	kfree(dev);
}

/* ---- init and check ------------------------------------------------------ */

void user_device_init(void)
{
	static const struct object_ops ops = {
		device_destroy, device_opened, device_closed,
	};

	object_type_init(OBJECT_DEVICE, &ops);
	dma_object_init();
	irq_ports_init();
}

const char *user_device_check(void)
{
	for (unsigned i = 0; i < PCI_DEVICES_MAX; i++) {
		const struct user_device *dev = owners[i];

		/* It is in its slot before it is an object, and after. */
		if (!dev || !dev->object.refs)
			continue;
		HOLDS(dev->pci == &pci_devices[i],
		      "user_device D1: the object of a device is in its slot");
		HOLDS(!dev->domain == !iommu_present(),
		      "user_device D3: an object has a domain where there is an IOMMU");
		HOLDS(dev->dma.domain == dev->domain,
		      "user_device D3: its DMA goes through its domain");
	}
	return NULL;
}
