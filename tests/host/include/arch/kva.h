// SPDX-License-Identifier: MIT
/*
 * kva.h (host) - kernel pointers, and the numbers behind them
 *
 * WHAT     On the host a pointer has 64 bits. The kernel's addresses are those
 *          of an ordinary process plus a constant. A kva_t stays the 32-bit
 *          number that it is in the kernel, so every computation with regions
 *          is the same. Only these two conversions know the bias.
 *
 * PICTURE    kva_t 0xc0000000  <->  pointer HOST_KVA_BIAS + 0xc0000000
 *
 *          The bias keeps clear of the program, its stack and the shadow of
 *          AddressSanitizer (below 0x10007fff8000).
 * SEE      arch/i386/include/arch/kva.h, whose contract this is.
 */
#pragma once

#include <arch/layout.h>

#include "lib/panic.h"

#define HOST_KVA_BIAS   0x200000000000ull
#define HOST_KVA_SPAN   0x100000000ull

/* The kva_t of a pointer of the host program itself: no kernel address. */
#define HOST_KVA_OTHER  0x08000000u

static inline void *kva_to_ptr(kva_t va)
{
	return (void *)(HOST_KVA_BIAS + va);
}

static inline kva_t ptr_to_kva(const void *ptr)
{
	uintptr_t number = (uintptr_t)ptr;

	if (!ptr)
		return 0;
	if (number - HOST_KVA_BIAS >= HOST_KVA_SPAN)
		return HOST_KVA_OTHER | (number & (PAGE_SIZE - 1));
	return (kva_t)(number - HOST_KVA_BIAS);
}

/* Does this address lie in the direct map? */
static inline bool kva_is_lowmem(kva_t va)
{
	return va >= PAGE_OFFSET && va < high_memory;
}

/* Has this physical address a permanent virtual one? */
static inline bool phys_is_lowmem(phys_addr_t pa)
{
	return pa.v < (uint64_t)(high_memory - PAGE_OFFSET);
}

/* Only lowmem has a permanent address; anything else needs kmap(). */
static inline void *phys_to_virt(phys_addr_t pa)
{
	assert(phys_is_lowmem(pa));
	return kva_to_ptr(PAGE_OFFSET + (uint32_t)pa.v);
}

static inline phys_addr_t virt_to_phys(const void *ptr)
{
	assert(kva_is_lowmem(ptr_to_kva(ptr)));
	return PHYS(ptr_to_kva(ptr) - PAGE_OFFSET);
}
