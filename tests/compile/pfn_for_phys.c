// SPDX-License-Identifier: MIT
// A page-frame number where an address is meant: off by 4096.
// REJECT -DTYPE=pfn_t
// ACCEPT -DTYPE=phys_addr_t
// gcc    incompatible type for argument
// clang  to parameter of incompatible type
#include <arch/addr.h>

uint32_t offset_in_page(TYPE where);

uint32_t offset_in_page(TYPE where)
{
	return phys_page_offset(where);
}
