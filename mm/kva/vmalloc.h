// SPDX-License-Identifier: MIT
/*
 * vmalloc.h - memory that is contiguous in virtual addresses only
 *
 * WHAT     vmalloc() finds a free range of the vmalloc region, takes pages from
 *          anywhere (HIGHMEM first) and maps them there. vmap() maps pages of
 *          the caller, and ioremap() maps device registers. One unmapped guard
 *          page follows every area.
 * COST     O(log n) in the number of areas to allocate, free and find.
 * SEE      Linux mm/vmalloc.c, include/linux/vmalloc.h.
 */
#pragma once

#include <arch/kpgtable.h>

#include "mm/page/gfp.h"

struct page;

/*
 * Allocate `size` bytes, rounded up to pages, page-aligned.
 *
 * Context: may allocate (GFP_KERNEL); not in interrupt handlers.
 * Returns: NULL when size is 0 or too large, or when there is not enough memory
 *          or address space. Then everything has been given back. If address
 *          space was missing, the log says so, and says how to get more.
 */
void *vmalloc(size_t size) __must_check;
void *vzalloc(size_t size) __must_check;

/*
 * The same, but the result says what was missing. *ptr: the memory.
 * Returns: 0; -EINVAL (size 0); -ENOMEM; -ENOSPC: no gap of addresses is large
 *          enough. kva_error_text() puts the error into words.
 */
int vmalloc_try(size_t size, void **ptr) __must_check;
const char *kva_error_text(int err);

/* NULL is allowed; an address that is not the start of a vmalloc() panics. */
void vfree(const void *ptr);

/* Map nr pages; the caller still owns them. NULL: as for vmalloc(). */
void *vmap(struct page *const pages[], unsigned nr, enum kprot prot)
	__must_check;
void  vunmap(const void *ptr);

/*
 * Map device registers, uncached: `size` bytes at the physical address `pa`.
 * `pa` need not be page-aligned.
 *
 * Returns: NULL when the range is empty, wraps, lies above the CPU's physical
 *          width or contains RAM, or when there is not enough memory or address
 *          space. The log has the reason.
 */
void *ioremap(phys_addr_t pa, size_t size) __must_check;
void  iounmap(const void *ptr);

/* Why a range cannot be mapped as registers. Returns: NULL when it can. */
const char *ioremap_objection(phys_addr_t pa, size_t size);

/*      kind         what the area holds                                     */
#define VM_KINDS(K)                                                           \
	K(VM_ALLOC,   "vmalloc")                                              \
	K(VM_MAP,     "vmap")                                                 \
	K(VM_IOREMAP, "ioremap")

enum vm_kind {
#define K(kind, text) kind,
	VM_KINDS(K)
#undef K
	VM_NR_KINDS
};

/* Their texts. */
extern const char *const vm_kind_name[VM_NR_KINDS];

/* What is known of the area that contains an address. */
struct vm_area_info {
	kva_t         start, end;   /* end is exclusive, without guard page   */
	enum vm_kind  kind;
	const void   *caller;       /* code address that asked for it         */
	bool          guard;        /* the address is in its guard page       */
	bool          busy;         /* a thread fills it or takes it down     */
};

/* Returns: false when no live area contains the address. */
bool vmalloc_find(kva_t va, struct vm_area_info *info);

/* The same for live and busy areas: every area that may map something. */
bool vmalloc_find_used(kva_t va, struct vm_area_info *info);

/*
 * Flush the TLB, and give back everything that vfree() has retired.
 * Returns: pages freed. Also registered as a shrinker.
 */
unsigned long vmalloc_purge(void);

/* Called once, at boot, after slab_init(). */
void vmalloc_init(void);

const char *vmalloc_check(void);

/* Pages mapped by all live areas, guard pages not counted. */
unsigned long vmalloc_nr_pages(void);

/* Print Linux's /proc/vmallocinfo. */
void vmallocinfo_dump(void);
