// SPDX-License-Identifier: MIT
/*
 * page.h - struct page: what the kernel remembers of each page frame
 *
 * WHAT     mem_map[] has one entry of 16 bytes for each frame, from frame 0 to
 *          the last frame of RAM. This file has the entry. It also converts
 *          between an entry, its frame number and its address.
 *
 * PICTURE    bytes  0        4        8     9       10      12         16
 *                   +--------+--------+-----+-------+-------+----------+
 *                   | list (or slab)  |state| order | kmap  |   refs   |
 *                   +--------+--------+-----+-------+-------+----------+
 *
 * TERMS    head     first page of a block of 2^order pages; state and order
 *                   are those of the block. The other pages are PAGE_TAIL.
 *          virgin   a frame whose whole 4 MiB block (2^MAX_ORDER pages) was
 *                   never given out. Its entry in mem_map may hold garbage;
 *                   only the entry of the block's head is valid. See
 *                   mm/page/pageblock.h, which knows the virgin blocks.
 *
 * INVARIANTS of page
 *          P1  sizeof(struct page) is 16 bytes on i386
 * RULES of page
 *          P2  state says who owns the entry, and which union member is valid
 *
 * NOT HERE the lists of free pages (mm/page/buddy.h), allocation
 *          (mm/page/page_alloc.h).
 * SEE      Linux struct page: the same ideas in 40 bytes.
 */
#pragma once

#include <arch/kva.h>

#include "lib/list.h"

#define MAX_ORDER  10   /* largest block: 2^10 pages, 4 MiB                  */

/*      name           letter  meaning, and which union member it uses       */
#define PAGE_STATES(S)                                                        \
	S(PAGE_RESERVED, 'r', "hole, firmware, kernel image: never given out") \
	S(PAGE_FREE,     'f', "head of a free block on a buddy list: list")   \
	S(PAGE_PCP,      'p', "head of a free block in a per-CPU list")       \
	S(PAGE_USED,     'u', "head of an allocated block: its owner's list") \
	S(PAGE_SLAB,     's', "page of a slab: slab_cache, slab")             \
	S(PAGE_TABLE,    't', "page table of the kernel or a user mode")      \
	S(PAGE_TAIL,     '.', "inside a block: look at its head")

enum page_state {
#define S(state, letter, what) state,
	PAGE_STATES(S)
#undef S
	PAGE_NR_STATES
};

struct kmem_cache;
struct slab;

struct page {
	union {
		struct list_head list;
		struct {
			struct kmem_cache *slab_cache;
			struct slab       *slab;
		};
	};
	union {
		struct {
			union {
				struct {
					uint8_t state;  /* enum page_state    */
					uint8_t order;  /* of its block */
				};
				uint16_t state_order;   /* both at once       */
			};
			uint16_t kmap;    /* kmap slot + 1, 0: none           */
		};
		uint32_t state_order_kmap;      /* all, for one comparison    */
	};
	uint32_t refs;                   /* owner's reference count       */
};

_Static_assert(sizeof(struct page) == 2 * sizeof(void *) + 8,
	       "page P1: 16 bytes on i386 (24 on the 64-bit host)");

/* state and order as they stand in state_order (little-endian). */
#define STATE_ORDER(state, order)  ((uint16_t)((state) | (order) << 8))

extern struct page *mem_map;
extern pfn_t max_pfn;     /* first frame after the last RAM; mem_map's size  */
extern pfn_t max_low_pfn; /* first frame without a permanent address         */

/* Is it an entry of mem_map? */
static inline bool page_is_valid(const struct page *page)
{
	return page >= mem_map && page < mem_map + max_pfn.v;
}

static inline struct page *pfn_to_page(pfn_t pfn)
{
	return &mem_map[pfn.v];
}

static inline pfn_t page_to_pfn(const struct page *page)
{
	return PFN((uint32_t)(page - mem_map));
}

static inline phys_addr_t page_to_phys(const struct page *page)
{
	return pfn_to_phys(page_to_pfn(page));
}

/* Does mem_map have an entry for this frame? The frame may be in a hole. */
static inline bool pfn_valid(pfn_t pfn)
{
	return pfn.v < max_pfn.v;
}

/* Has the page no permanent address? Then the caller needs kmap(). */
static inline bool page_is_highmem(const struct page *page)
{
	return page >= mem_map + max_low_pfn.v;
}

/* The permanent address of a lowmem page. */
static inline void *page_address(const struct page *page)
{
	debug_caller_must(!page_is_highmem(page),
			  "kmap() a page of HIGHMEM: it has no address");
	return phys_to_virt(page_to_phys(page));
}

/* The page that contains a lowmem address. */
static inline struct page *virt_to_page(const void *ptr)
{
	debug_caller_must(kva_is_lowmem(ptr_to_kva(ptr)),
			  "give an address of lowmem: no other has a page of its own");
	return &mem_map[(ptr_to_kva(ptr) - PAGE_OFFSET) >> PAGE_SHIFT];
}
