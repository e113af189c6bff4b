// SPDX-License-Identifier: MIT
// A length where mm/vm/ wants an address of user mode: the two are swapped.
// REJECT -D'RANGE=length, addr'
// ACCEPT -D'RANGE=addr, length'
// gcc    incompatible type for argument
// clang  to parameter of incompatible type
#include "mm/vm/mm.h"

long unmap(struct mm *mm, uaddr_t addr, uint32_t length);

long unmap(struct mm *mm, uaddr_t addr, uint32_t length)
{
	return mm_munmap(mm, RANGE);
}
