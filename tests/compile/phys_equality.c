// SPDX-License-Identifier: MIT
// Two addresses compared with ==: phys_eq() does it.
// REJECT -D'SAME(a,b)=((a)==(b))'
// ACCEPT -D'SAME(a,b)=phys_eq(a,b)'
// gcc    invalid operands to binary ==
// clang  invalid operands to binary expression
#include <arch/addr.h>

bool is_same(phys_addr_t a, phys_addr_t b);

bool is_same(phys_addr_t a, phys_addr_t b)
{
	return SAME(a, b);
}
