// SPDX-License-Identifier: MIT
/*
 * iommu.h - devices see addresses of their own
 *
 * WHAT     A domain is a set of page tables that lead from bus addresses to
 *          frames. A device that is attached to a domain reaches only the
 *          frames that are mapped in the domain. The tables also work without
 *          hardware: tests and the monitor walk them with iommu_lookup().
 *
 * PICTURE    device --bus address--> IOMMU --domain's tables--> frame
 *            device without a domain: bus address = physical address
 *
 * TERMS    source id  see <arch/pci.h>
 *
 * LOCKING  A domain is changed with interrupts off, by its own functions.
 * SEE      Intel VT-d specification, chapters 3 and 9 (legacy mode);
 *          Linux include/linux/iommu.h.
 */
#pragma once

#include <arch/addr.h>

#define IOMMU_READ   1u    /* the device may read                            */
#define IOMMU_WRITE  2u

#define IOMMU_LEVELS_MAX    4    /* of a domain's tables: 3 for 39 bits       */
#define IOMMU_ATTACHED_MAX  64   /* devices that have a domain                */

struct iommu_domain;

/*
 * Find the units that ACPI names, and turn translation on. From then on a
 * device without a domain reaches nothing. With `enable` false (noiommu)
 * translation stays off.
 *
 * Context: boot, after acpi_init(), pci_init() and the allocators.
 */
void iommu_init(bool enable);

/* Is translation on? */
bool iommu_present(void);

/* Bits of a bus address: 39 or 48; 39 for tables without hardware. */
unsigned iommu_address_bits(void);

/* Returns: an empty domain, or NULL when there is no memory. */
struct iommu_domain *iommu_domain_create(void) __must_check;

/* No device may be attached. Mappings that are left go away. */
void iommu_domain_destroy(struct iommu_domain *domain);

/*
 * Give the device this domain. source_id is the `requester` of <arch/pci.h>:
 * the id in the device's requests. Two devices behind one bridge have the same
 * id.
 * Returns: 0; -ENODEV (no unit translates for it); -EBUSY (it has a domain);
 *          -ENOMEM. Detaching cannot fail.
 */
int  iommu_attach(struct iommu_domain *domain, uint16_t source_id) __must_check;
void iommu_detach(struct iommu_domain *domain, uint16_t source_id);

/*
 * Map nr_pages frames, from `pa` on, at bus addresses from `bus` on. Both are
 * page-aligned. prot: IOMMU_READ, IOMMU_WRITE.
 *
 * Context: any; allocates tables with GFP_ATOMIC.
 * Returns: 0; -ENOMEM, -EEXIST (one is mapped already), -EINVAL (above the
 *          address bits, not aligned, empty): then nothing has changed.
 */
int iommu_map(struct iommu_domain *domain, bus_addr_t bus, phys_addr_t pa,
	      uint32_t nr_pages, unsigned prot) __must_check;

/*
 * Unmap. Pages that are not mapped are skipped. After the return no device of
 * the domain can reach the pages: the IOTLB has been flushed.
 */
void iommu_unmap(struct iommu_domain *domain, bus_addr_t bus,
		 uint32_t nr_pages);

/* The frame that a device would reach. Returns: false if it were blocked. */
bool iommu_lookup(const struct iommu_domain *domain, bus_addr_t bus,
		  phys_addr_t *pa, unsigned *prot);

/* Frames mapped in the domain. */
unsigned long iommu_nr_mapped(const struct iommu_domain *domain);

/* An access that a unit has blocked. */
struct iommu_fault {
	uint16_t   source_id;
	bus_addr_t bus;             /* the page: units do not tell the offset */
	bool       write;
	uint8_t    reason;          /* VT-d specification, "fault reasons"    */
};

/* How many faults units have reported since boot. */
unsigned long iommu_nr_faults(void);

/* A recent fault; 0 is the last one. false: no such fault, or forgotten. */
bool iommu_recent_fault(unsigned n, struct iommu_fault *fault);

/*
 * Ask the units for faults. Called at each clock tick; the functions above call
 * it too. Context: any.
 */
void iommu_poll(void);

/* A reason in words. */
const char *iommu_reason_name(uint8_t reason);

/* ---- for the monitor and for tests --------------------------------------- */

struct iommu_unit {
	phys_addr_t   registers;
	unsigned      major, minor;     /* version of the architecture        */
	unsigned      nr_domains;       /* at most, by number, in its caches  */
	bool          coherent;         /* it sees what is in the CPU's cache */
	bool          on;               /* it translates                      */
	unsigned long lost;             /* times it could not record a fault  */
};

/* The n-th unit of the machine; false: there is no such unit. */
bool iommu_unit(unsigned n, struct iommu_unit *unit);

/* The number of the domain in the units' caches; begins at 1. */
unsigned iommu_domain_id(const struct iommu_domain *domain);

/* The n-th device with a domain, and the domain; false: no such device. */
bool iommu_attached(unsigned n, uint16_t *source_id,
		    struct iommu_domain **domain);

/*
 * The entries that translate the address, from the top level down. The last
 * entry is 0, or has the frame.
 * Returns: how many entries; 0 if the address has too many bits.
 */
unsigned iommu_walk(const struct iommu_domain *domain, bus_addr_t bus,
		    uint64_t entry[IOMMU_LEVELS_MAX]);

/* NULL, or the broken invariant of any domain. */
const char *iommu_check(void);
