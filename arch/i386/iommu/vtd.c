// SPDX-License-Identifier: MIT
/*
 * vtd.c - the units: none is driven
 *
 * WHAT     What domain.c and iommu.c want of the units, on a machine without.
 */
#include "lib/errno.h"

#include "arch/i386/iommu/iommu_impl.h"

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
}

int iommu_units_attach(const struct iommu_domain *domain, uint16_t source_id)
{
	return -ENODEV;
}

void iommu_units_detach(const struct iommu_domain *domain, uint16_t source_id)
{
}

void iommu_units_poll(void)
{
}

const char *iommu_units_check(void)
{
	return NULL;
}
