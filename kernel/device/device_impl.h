// SPDX-License-Identifier: MIT
/*
 * device_impl.h - what the files of kernel/device/ share
 *
 * WHAT     The two objects: a device that a program drives (open.c), and memory
 *          that this device reaches (dma_memory.c).
 */
#pragma once

#include <arch/pci.h>

#include "kernel/object/object.h"
#include "mm/account/account.h"
#include "mm/dma/dma.h"
#include "mm/vm/mm.h"

struct notification;

/*
 * Protection:  I  set before the object is published, then constant
 *              l  the device's lock
 *              o  interrupts off
 * A device with handles == 0 has been closed: nobody gets anything of it any
 * more. References may still keep the object.
 */
struct user_device {
	struct object        object;
	struct pci_device   *pci;                   /* I                      */
	struct iommu_domain *domain;                /* I  NULL: no IOMMU      */
	unsigned long        faults_before;         /* I  of the IOMMU        */
	struct dma_device    dma;                   /* l  to change           */
	char                 name[16];              /* I  "pci 00:04.0"       */
	unsigned             handles;               /* o                      */
	struct mutex         lock;
	struct vm_window     bars[PCI_NR_BARS];     /* l                      */
};

/* Either a mapping of the program's pages, or coherent memory. */
struct dma_object {
	struct object        object;
	struct user_device  *device;        /* I  referenced                  */
	bool                 finished;      /*    see dma_object_finish()     */
	struct account      *account;       /* I  referenced; NULL: nobody's  */
	enum account_kind    kind;          /* I  what the account pays for   */
	unsigned long        charged;       /* I    and how much              */
	enum dma_direction   dir;           /* I                              */
	/* A mapping: */
	unsigned             nr;            /* I  pages; 0: coherent memory   */
	unsigned             nr_ranges;     /* I  as the device sees them     */
	struct page        **pages;         /* I  pinned                      */
	struct scatterlist  *sg;            /* I                              */
	/* Coherent memory: */
	void                *memory;        /* I                              */
	size_t               size;          /* I                              */
	bus_addr_t           bus;           /* I                              */
	struct vm_window     window;        /* I                              */
};

static inline struct user_device *object_to_device(struct object *object)
{
	return container_of(object, struct user_device, object);
}

static inline struct dma_object *object_to_dma(struct object *object)
{
	return container_of(object, struct dma_object, object);
}

/* ---- open.c ------------------------------------------------------------- */

/*
 * Take a device.
 * Returns: 0 and the object; -EBUSY (somebody has the device, or one behind the
 *          same bridge); -ENOMEM; -ENODEV (no IOMMU translates for it); -EPERM
 *          (a bridge).
 */
int user_device_open(struct pci_device *pci, struct user_device **devp)
	__must_check;

/* From now on the device reads and writes no memory, and interrupts nobody. */
void user_device_stop(struct user_device *dev);

/* Set the mask. Returns: 0; -EINVAL; -EBUSY (mappings exist); -ENOMEM. */
int user_device_set_mask(struct user_device *dev, uint64_t mask) __must_check;

/* Let the device use the bus. Returns: 0; -EBADF: it has been closed. */
int user_device_start_master(struct user_device *dev) __must_check;

/* The object of a PCI device; NULL: it is not open. For open.c and tests. */
struct user_device *user_device_find(const struct pci_device *pci);

/* ---- dma_memory.c ------------------------------------------------------- */

/*
 * Pin pages of a program and map them for the device. The caller owns the new
 * object's reference. The object has a reference to the device.
 * Returns: 0; -EINVAL, -EFAULT, -ENOMEM, -EBUSY.
 */
int dma_object_map(struct user_device *dev, struct mm *mm, uaddr_t addr,
		   uint32_t length, enum dma_direction dir,
		   struct dma_object **dmap) __must_check;

/* Coherent memory, mapped in a program too. Returns: 0; -EINVAL, -ENOMEM. */
int dma_object_alloc(struct user_device *dev, struct mm *mm, uint32_t length,
		     struct dma_object **dmap) __must_check;

/* The driver says that the device is done. The caller then puts the object. */
void dma_object_finish(struct dma_object *dma);

/* Does this range of a mapping go through copies, at least in part? */
bool dma_object_is_bounced(const struct dma_object *dma, unsigned range);

void dma_object_init(void);

/* ---- irq_ports.c -------------------------------------------------------- */

/*
 * A handle for an interrupt line. The line sets bits of the notification, whose
 * reference the object takes over, also on failure. A PCI device (or NULL) may
 * use the line until the object goes or is disconnected.
 * Returns: the handle; -EBUSY, -EINVAL, -ENOMEM.
 */
long irq_object_create(unsigned irq, struct notification *notification,
		       uint32_t bits, const struct pci_device *pci);

/* The device is closed: free its line. The handle of the line stays, unused. */
void irq_object_disconnect(const struct pci_device *pci);

void irq_ports_init(void);
