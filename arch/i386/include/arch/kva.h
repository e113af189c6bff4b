// SPDX-License-Identifier: MIT
/*
 * kva.h - kernel pointers, and the numbers behind them
 *
 * WHAT     Converts a kernel pointer to a number and back. Converts a lowmem
 *          pointer to its physical address and back: the difference is 3 GiB.
 *          The host has its own version, because its pointers have 64 bits.
 */
#pragma once

#include <arch/layout.h>

#include "lib/panic.h"

static inline void *kva_to_ptr(kva_t va)
{
	return (void *)va;
}

static inline kva_t ptr_to_kva(const void *ptr)
{
	return (kva_t)ptr;
}

/* Does this address lie in the direct map? */
static inline bool kva_is_lowmem(kva_t va)
{
	return va >= PAGE_OFFSET && va < high_memory;
}

/* Does this physical address have a permanent virtual address? */
static inline bool phys_is_lowmem(phys_addr_t pa)
{
	return pa.v < (uint64_t)(high_memory - PAGE_OFFSET);
}

/* Only lowmem has a permanent address; other memory needs kmap(). */
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
