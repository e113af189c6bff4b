// SPDX-License-Identifier: MIT
/*
 * iommu.c - which device has which domain
 *
 * WHAT     Starts the units, and keeps the list of devices that have a domain.
 *
 * PICTURE    source id 00:03.0 --> domain 1 --> tables    (domain.c)
 *            source id 00:04.0 --> domain 2 --> tables
 *            any other         --> blocked, while translation is on
 *
 * INVARIANTS of iommu (iommu_check() restates them)
 *          A1  a device is in the list once
 *          A2  nr_attached of a domain is the number of its devices
 *
 * LOCKING  Interrupts are off.
 * NOT HERE tables (domain.c), registers and context entries (vtd.c).
 * SEE      <arch/iommu.h>, the contract.
 */
#include <arch/irqflags.h>

#include "lib/errno.h"
#include "lib/panic.h"

#include "arch/i386/iommu/iommu_impl.h"

/* 0: translation is off. */
static unsigned bits_in_use;

/* Protection: interrupts off. The first nr_attached are in use. */
static struct attachment {
	uint16_t             source_id;
	struct iommu_domain *domain;
} attachments[IOMMU_ATTACHED_MAX];
static unsigned nr_attached;

static struct attachment *attachment_find(uint16_t source_id)
{
	for (unsigned i = 0; i < nr_attached; i++)
		if (attachments[i].source_id == source_id)
			return &attachments[i];
	return NULL;
}

void iommu_set_bits(unsigned bits)
{
	bits_in_use = bits;
}

void iommu_init(bool enable)
{
	iommu_set_bits(iommu_units_start(enable));
}

bool iommu_present(void)
{
	return bits_in_use != 0;
}

unsigned iommu_address_bits(void)
{
	return bits_in_use ? bits_in_use : IOMMU_BITS_SHORT;
}

static int attach_irqoff(struct iommu_domain *domain, uint16_t source_id)
{
	int err;

	assert(irqs_disabled());
	if (!bits_in_use || domain->bits != bits_in_use)
		return -ENODEV;
	if (attachment_find(source_id))
		return -EBUSY;
	if (nr_attached == IOMMU_ATTACHED_MAX)
		return -ENOMEM;
	err = iommu_units_attach(domain, source_id);
	if (err)
		return err;
	attachments[nr_attached++] = (struct attachment){ source_id, domain };
	domain->nr_attached++;
	return 0;
}

int iommu_attach(struct iommu_domain *domain, uint16_t source_id)
{
	irqflags_t flags = irq_save();
	int err = attach_irqoff(domain, source_id);

	irq_restore(flags);
	return err;
}

void iommu_detach(struct iommu_domain *domain, uint16_t source_id)
{
	irqflags_t flags = irq_save();
	struct attachment *attachment = attachment_find(source_id);

	assert(attachment && attachment->domain == domain);
	iommu_units_detach(domain, source_id);
	domain->nr_attached--;
	*attachment = attachments[--nr_attached];
	irq_restore(flags);
}

bool iommu_attached(unsigned n, uint16_t *source_id,
		    struct iommu_domain **domain)
{
	irqflags_t flags = irq_save();
	bool found = n < nr_attached;

	if (found) {
		*source_id = attachments[n].source_id;
		*domain = attachments[n].domain;
	}
	irq_restore(flags);
	return found;
}

const char *iommu_attach_check(void)
{
	const struct iommu_domain *domain;

	for (unsigned i = 0; i < nr_attached; i++)
		HOLDS(attachment_find(attachments[i].source_id) ==
		      &attachments[i], "iommu A1: a device is in the list once");
	list_for_each_entry(domain, &iommu_domains, link) {
		unsigned n = 0;

		for (unsigned i = 0; i < nr_attached; i++)
			n += attachments[i].domain == domain;
		HOLDS(n == domain->nr_attached,
		      "iommu A2: nr_attached of a domain is the number of its devices");
	}
	return NULL;
}
