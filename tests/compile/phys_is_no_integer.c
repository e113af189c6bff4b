// SPDX-License-Identifier: MIT
// A physical address kept in an integer: 32 bits would cut it.
// REJECT -DMEMBER=
// ACCEPT -DMEMBER=.v
// gcc    incompatible types when initializing
// clang  initializing 'uint32_t'
#include <arch/addr.h>

uint32_t low_half(phys_addr_t pa);

uint32_t low_half(phys_addr_t pa)
{
	uint32_t low = pa MEMBER;

	return low;
}
