// SPDX-License-Identifier: MIT
/*
 * iommu.c (host) - an IOMMU, and devices behind it
 *
 * WHAT     A unit that walks a domain's tables in the simulated memory, as the
 *          hardware does, and remembers what it has found until it is told to
 *          forget. Tests play the devices: they ask for an access to a bus
 *          address and get the memory or a fault.
 *
 * TERMS    IOTLB   remembered translations of all domains together
 *
 * ALGORITHM  A change of tables leaves the IOTLB as it is. After a forgotten
 *          flush an access goes where it went before, and the test sees it.
 * SEE      arch/i386/iommu/iommu_impl.h, whose units this is; tlb.c.
 */
#include "arch/i386/iommu/iommu_impl.h"
#include "lib/errno.h"
#include "tests/host/host.h"

#define IOTLB_ENTRIES  64u

enum { NO_DOMAIN = 2, TOO_WIDE = 4, NO_WRITE = 5, NO_READ = 6 };

static struct translation {
	unsigned domain_id;       /* 0: empty */
	uint64_t page;
	slpte_t  leaf;
} iotlb[IOTLB_ENTRIES];
static unsigned next_victim;

static struct device {
	uint16_t                   source_id;
	const struct iommu_domain *domain;
} devices[IOMMU_ATTACHED_MAX];

/* The device, if it is attached; or a free place for a device. */
static struct device *device_find(uint16_t source_id, bool attached)
{
	for (unsigned i = 0; i < IOMMU_ATTACHED_MAX; i++) {
		struct device *device = &devices[i];

		if (attached ? device->domain && device->source_id == source_id
			     : !device->domain)
			return device;
	}
	return NULL;
}

void host_iommu_set(unsigned bits)
{
	iommu_set_bits(bits);
}

/* ---- what domain.c and iommu.c want of a unit ---------------------------- */

unsigned iommu_units_start(bool enable)
{
	return 0;
}

void iommu_units_write_back(const void *ptr, size_t size)
{
}

void iommu_units_learn(const struct iommu_domain *domain)
{
}

void iommu_units_forget(const struct iommu_domain *domain)
{
	for (unsigned i = 0; i < IOTLB_ENTRIES; i++)
		if (iotlb[i].domain_id == domain->id)
			iotlb[i].domain_id = 0;
}

int iommu_units_attach(const struct iommu_domain *domain, uint16_t source_id)
{
	struct device *device = device_find(source_id, false);

	if (!device || source_id == HOST_IOMMU_STRANGER)
		return -ENODEV;
	*device = (struct device){ source_id, domain };
	return 0;
}

void iommu_units_detach(const struct iommu_domain *domain, uint16_t source_id)
{
	device_find(source_id, true)->domain = NULL;
	iommu_units_forget(domain);
}

void iommu_units_poll(void)
{
}

const char *iommu_units_check(void)
{
	return NULL;
}

/* ---- an access ----------------------------------------------------------- */

static slpte_t table_walk(const struct iommu_domain *domain, uint64_t bus)
{
	phys_addr_t table = page_to_phys(domain->root);
	slpte_t entry = { 0 };

	for (unsigned level = domain->levels; level > 0; level--) {
		const slpte_t *entries = host_ram(table);

		entry = entries[sl_index(level, bus)];
		if (!entry.v)
			break;
		table = slpte_phys(entry);
	}
	return entry;
}

static slpte_t translate(const struct iommu_domain *domain, uint64_t bus)
{
	struct translation *t;
	slpte_t leaf;

	for (t = iotlb; t < iotlb + IOTLB_ENTRIES; t++)
		if (t->domain_id == domain->id &&
		    t->page == bus >> PAGE_SHIFT)
			return t->leaf;
	leaf = table_walk(domain, bus);
	if (leaf.v)
		iotlb[next_victim++ % IOTLB_ENTRIES] = (struct translation){
			domain->id, bus >> PAGE_SHIFT, leaf };
	return leaf;
}

static uint8_t access_reason(const struct device *device, bus_addr_t bus,
			     bool write, phys_addr_t *pa)
{
	slpte_t leaf;

	if (!device)
		return NO_DOMAIN;
	if (bus.v >> device->domain->bits)
		return TOO_WIDE;
	leaf = translate(device->domain, bus.v);
	if (!(leaf.v & (write ? SL_WRITE : SL_READ)))
		return write ? NO_WRITE : NO_READ;
	*pa = phys_add(slpte_phys(leaf), bus.v & (PAGE_SIZE - 1));
	return 0;
}

bool host_iommu_access(uint16_t source_id, bus_addr_t bus, bool write,
		       phys_addr_t *pa)
{
	uint8_t reason;

	if (!iommu_present()) {
		*pa = PHYS(bus.v);
		return true;
	}
	reason = access_reason(device_find(source_id, true), bus, write, pa);
	if (!reason)
		return true;
	iommu_fault_note(&(struct iommu_fault){
		.source_id = source_id, .bus = bus, .write = write,
		.reason = reason });
	return false;
}
