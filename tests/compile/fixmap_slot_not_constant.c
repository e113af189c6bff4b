// SPDX-License-Identifier: MIT
// A slot that is known only at run time: fixmap_map() is for that.
// REJECT -DSLOT=slot
// ACCEPT -DSLOT=FIX_TEST
// gcc    is not constant
// clang  not an integral constant expression
#include <arch/fixmap.h>

void empty_it(int slot);

void empty_it(int slot)
{
	clear_fixmap(SLOT);
}
