// SPDX-License-Identifier: MIT
// A slot that kmap_local() owns, or that does not exist.
// REJECT -DSLOT=FIX_KMAP_LOCAL_FIRST
// ACCEPT -DSLOT=FIX_TEST
// gcc    not a fixmap slot
// clang  not a fixmap slot
#include <arch/fixmap.h>

void *slot_address(void);

void *slot_address(void)
{
	return fix_to_virt(SLOT);
}
