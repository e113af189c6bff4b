// SPDX-License-Identifier: MIT
/*
 * addr.h - addresses of different worlds are different types
 *
 * WHAT     A physical address, a bus address, a page-frame number and a user
 *          address are one-member structs, so that mixing them is a compile
 *          error. Only the functions below convert one type into another.
 *
 * PICTURE    kernel pointer --virt_to_phys()--> phys_addr_t --> pfn_t
 *                  |                                 ^            |
 *              ptr_to_kva()                      pfn_to_phys()    |
 *                  v                                 +------------+
 *                kva_t    (a number to compute with, see <arch/kva.h>)
 *
 * TERMS    phys_addr_t  what a page-table entry holds; up to 36 bits and more
 *                       under PAE, so it does not fit a pointer
 *          bus_addr_t   what a device is told; equals the physical address if
 *                       no IOMMU translates
 *          pfn_t        phys_addr_t >> PAGE_SHIFT; 32 bits reach 2^44 bytes
 *          uaddr_t      an address of user mode: never a pointer
 *          kva_t        a kernel virtual address as a number, for regions
 *
 * COST     None: with -freg-struct-return a one-member struct travels in
 *          registers exactly as its member would.
 * SEE      Linux phys_addr_t, dma_addr_t; docs/glossary.md.
 */
#pragma once

#include "lib/compiler.h"

#define PAGE_SHIFT  12
#define PAGE_SIZE   4096u
#define PAGE_MASK   (~(PAGE_SIZE - 1))

typedef struct { uint64_t v; } phys_addr_t;
typedef struct { uint64_t v; } bus_addr_t;
typedef struct { uint32_t v; } pfn_t;
typedef struct { uint32_t v; } uaddr_t;
typedef uint32_t kva_t;

/* Constructors, for plain numbers: constants, firmware tables. */
#define PHYS(x)  ((phys_addr_t){ (x) })
#define PFN(x)   ((pfn_t){ (x) })
#define UADDR(x) ((uaddr_t){ (x) })

static inline phys_addr_t phys_add(phys_addr_t pa, uint64_t bytes)
{
	return PHYS(pa.v + bytes);
}

static inline bool phys_eq(phys_addr_t a, phys_addr_t b)
{
	return a.v == b.v;
}

static inline bool phys_lt(phys_addr_t a, phys_addr_t b)
{
	return a.v < b.v;
}

static inline uint32_t phys_page_offset(phys_addr_t pa)
{
	return (uint32_t)pa.v & (PAGE_SIZE - 1);
}

static inline phys_addr_t pfn_to_phys(pfn_t pfn)
{
	return PHYS((uint64_t)pfn.v << PAGE_SHIFT);
}

/* The frame that contains the address. */
static inline pfn_t phys_to_pfn(phys_addr_t pa)
{
	return PFN((uint32_t)(pa.v >> PAGE_SHIFT));
}

/* The first frame that begins at or after the address. */
static inline pfn_t phys_to_pfn_up(phys_addr_t pa)
{
	return PFN((uint32_t)((pa.v + PAGE_SIZE - 1) >> PAGE_SHIFT));
}

static inline pfn_t pfn_add(pfn_t pfn, uint32_t pages)
{
	return PFN(pfn.v + pages);
}

static inline bool pfn_eq(pfn_t a, pfn_t b)
{
	return a.v == b.v;
}

static inline bool pfn_lt(pfn_t a, pfn_t b)
{
	return a.v < b.v;
}

static inline pfn_t pfn_min(pfn_t a, pfn_t b)
{
	return a.v < b.v ? a : b;
}

static inline pfn_t pfn_max(pfn_t a, pfn_t b)
{
	return a.v > b.v ? a : b;
}

static inline uaddr_t uaddr_add(uaddr_t addr, uint32_t bytes)
{
	return UADDR(addr.v + bytes);
}

static inline uaddr_t uaddr_min(uaddr_t a, uaddr_t b)
{
	return a.v < b.v ? a : b;
}

static inline uaddr_t uaddr_max(uaddr_t a, uaddr_t b)
{
	return a.v > b.v ? a : b;
}
