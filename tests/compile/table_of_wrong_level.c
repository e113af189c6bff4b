// SPDX-License-Identifier: MIT
// A page directory's entry where a page table's is meant.
// REJECT -DTYPE=pde_t
// ACCEPT -DTYPE=pte_t
// gcc    incompatible type for argument
// clang  to parameter of incompatible type
#include <arch/pgtable.h>

bool is_there(TYPE entry);

bool is_there(TYPE entry)
{
	return pte_present(entry);
}
