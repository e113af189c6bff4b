// SPDX-License-Identifier: MIT
/*
 * upgtable.h - page tables of user address spaces
 *
 * WHAT     A PDPT for each address space. Its last entry is the kernel's page
 *          directory, the same in all; the other three lead to page directories
 *          in lowmem, and these to page tables that come from HIGHMEM, where
 *          the machine can walk tables there, and are mapped only while they
 *          are looked at.
 *
 * PICTURE    PDPT (32 bytes, below 4 GiB, in lowmem)
 *            [0] [1] [2] --> page directory --> page table --> page
 *            [3] ----------> kernel_pd, shared by all
 *
 * TERMS    entry    what one user page maps to: a frame and its rights
 *          rights   UPT_READ | UPT_WRITE | UPT_EXEC; any implies UPT_READ. No
 *                   right at all is a page that is kept but cannot be touched
 *                   (PROT_NONE)
 *
 * LOCKING  The owner's lock (mm->lock). Entries of the tables that are loaded
 *          on this CPU are flushed here, in batches: no caller flushes.
 * COST     lookup, map: about 60 instructions, 20 more where the table is not
 *          that of the last time. Ranges: 2 MiB or 1 GiB without tables are
 *          passed over at once.
 * NOT HERE what is mapped and why (mm/vm/).
 * SEE      Linux include/linux/pgtable.h, arch/x86/mm/pgtable.c.
 */
#pragma once

#include <arch/addr.h>

#include "lib/list.h"

struct account;
struct page;

#define UPT_READ    0x1u
#define UPT_WRITE   0x2u
#define UPT_EXEC    0x4u

struct upt_entry {
	pfn_t    pfn;
	unsigned rights;     /* 0: kept, but no access                       */
	bool     present;    /* false: nothing here, pfn means nothing       */
	bool     dirty, accessed;
	bool     device;     /* see upt_map_device()                         */
};

struct upgtable {
	void          *pdpt;       /* 4 entries, from a slab cache           */
	phys_addr_t    root;       /* of pdpt: what CR3 is loaded with       */
	unsigned long  nr_tables;  /* page directories and page tables       */
	struct list_head tables;   /* their struct pages                     */
	struct account *account;   /* pays for them; NULL: nobody            */
	bool           refused;    /* the last one wanted was over its limit */
};

/* Returns: 0 and empty tables (the kernel's quarter in place); -ENOMEM. */
int upt_create(struct upgtable *upt) __must_check;

/* Free all tables. No entry is present any more. Not the loaded one. */
void upt_destroy(struct upgtable *upt);

/* Make these the tables of this CPU. NULL: the kernel's own, no user half. */
void upt_switch(const struct upgtable *upt);

/* The entry of the page at `va` (page-aligned, below PAGE_OFFSET). */
struct upt_entry upt_lookup(const struct upgtable *upt, uint32_t va);

/*
 * Map one page, in place of whatever is there.
 * Returns: 0; -ENOMEM when a table is missing and cannot be had: unchanged.
 */
int upt_map(struct upgtable *upt, uint32_t va, pfn_t pfn, unsigned rights)
	__must_check;

/*
 * The same for a frame that is not counted and need not be RAM: a device's
 * registers (uncached), or memory that a device shares. Never executable. Such
 * entries are not told to upt_pages_fn, and a fork must leave them out.
 */
int upt_map_device(struct upgtable *upt, uint32_t va, pfn_t pfn, bool cached)
	__must_check;

/* Empty one entry; flushes. Returns: what was there. */
struct upt_entry upt_unmap(struct upgtable *upt, uint32_t va);

/*
 * Empty every entry of [start, end), in batches: for each batch the TLB is
 * flushed, then `fn` gets the pages that were mapped. Tables that become empty
 * and lie wholly inside are freed.
 */
typedef void (*upt_pages_fn)(struct page *const pages[], unsigned nr,
			     void *arg);
void upt_unmap_range(struct upgtable *upt, uint32_t start, uint32_t end,
		     upt_pages_fn fn, void *arg);

/* The same, and all tables stay: what upt_reserve() has promised holds. */
void upt_clear_range(struct upgtable *upt, uint32_t start, uint32_t end,
		     upt_pages_fn fn, void *arg);

/* See to it that upt_map() of this page cannot fail. Returns: 0 or -ENOMEM. */
int upt_reserve(struct upgtable *upt, uint32_t va) __must_check;

/* Free the page tables that are empty and lie wholly in [start, end). */
void upt_free_empty(struct upgtable *upt, uint32_t start, uint32_t end);

/*
 * Give every present entry of the range new rights; `may_write` decides for
 * each page whether it really becomes writable when `rights` has UPT_WRITE
 * (copy on write). NULL: all of them.
 */
void upt_protect_range(struct upgtable *upt, uint32_t start, uint32_t end,
		       unsigned rights, bool (*may_write)(struct page *page));

/*
 * Visit every present entry of the range in address order.
 * Returns: 0, or the first non-zero result of fn, which ended the walk.
 */
typedef int (*upt_visit_fn)(uint32_t va, struct upt_entry entry, void *arg);
int upt_for_each(const struct upgtable *upt, uint32_t start, uint32_t end,
		 upt_visit_fn fn, void *arg);

/*
 * Copy all present entries of [start, end) from one space into another, whose
 * range is empty. With `write_protect` both lose UPT_WRITE. `fn` is told each
 * page once, in batches, to count the new references.
 * Returns: 0; -ENOMEM: the caller unmaps what was copied, which is what `fn`
 *          was told.
 */
int upt_copy_range(struct upgtable *to, struct upgtable *from, uint32_t start,
		   uint32_t end, bool write_protect, upt_pages_fn fn,
		   void *arg) __must_check;

/*
 * Move all entries of [from, from + size) to another place of the same space.
 * Returns: 0; -ENOMEM: nothing was moved.
 */
int upt_move_range(struct upgtable *upt, uint32_t from, uint32_t to,
		   uint32_t size) __must_check;

/* NULL, or the first broken rule of these tables (see pgtable_check). */
const char *upt_check(const struct upgtable *upt);

/*
 * Once at boot, between paging_init() and zones_init(): can this machine walk a
 * page table above 4 GiB? It is tried out, and said in the log.
 */
void upt_try_high_tables(void);

/* Once at boot, after slab_init(): the cache of PDPTs. */
void upt_init(void);
