// SPDX-License-Identifier: MIT
/*
 * kva.h - kernel pointers, and the numbers behind them
 *
 * WHAT     The way from a kernel pointer to a number and back, and between a
 *          lowmem pointer and its physical address: a difference of 3 GiB.
 *          On the host, where a pointer has 64 bits, tests/host/ has another
 *          version of this file; nothing else needs to differ.
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
