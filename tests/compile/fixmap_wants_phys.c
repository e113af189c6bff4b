// SPDX-License-Identifier: MIT
// A pointer where set_fixmap() wants a physical address.
// REJECT -DWHAT=ptr
// ACCEPT -DWHAT='virt_to_phys(ptr)'
// gcc    incompatible type for argument
// clang  to parameter of incompatible type
#include <arch/fixmap.h>

void map_it(void *ptr);

void map_it(void *ptr)
{
	set_fixmap(FIX_TEST, WHAT, KPROT_RW);
}
