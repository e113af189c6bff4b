// SPDX-License-Identifier: MIT
// A slot number computed wrong.
// REJECT -DSLOT=-1
// ACCEPT -DSLOT=0
// gcc    not a fixmap slot
// clang  not a fixmap slot
#include <arch/fixmap.h>

void map_it(phys_addr_t pa);

void map_it(phys_addr_t pa)
{
	set_fixmap(SLOT, pa, KPROT_RW);
}
