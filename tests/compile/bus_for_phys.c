// SPDX-License-Identifier: MIT
// A bus address where a physical one is meant: they differ behind an IOMMU.
// REJECT -DTYPE=bus_addr_t
// ACCEPT -DTYPE=phys_addr_t
// gcc    incompatible type for argument
// clang  to parameter of incompatible type
#include <arch/kva.h>

void *address_of(TYPE where);

void *address_of(TYPE where)
{
	return phys_to_virt(where);
}
