// SPDX-License-Identifier: MIT
/*
 * upgtable.h - page tables of user address spaces
 *
 * WHAT     Each address space has a PDPT. Its last entry leads to the kernel's
 *          page directory, the same in all PDPTs. The other three entries lead
 *          to page directories in lowmem. A page directory leads to page tables
 *          in HIGHMEM, if the machine can walk tables there. A page table in
 *          HIGHMEM is mapped only while the kernel looks at it.
 *
 * PICTURE    PDPT (32 bytes, below 4 GiB, in lowmem)
 *            [0] [1] [2] --> page directory --> page table --> page
 *            [3] ----------> kernel_pd, shared by all
 *
 * TERMS    entry    what one user page maps to: a frame and its rights
 *          rights   UPT_READ | UPT_WRITE | UPT_EXEC; any right includes
 *                   UPT_READ. A page without rights stays in the tables, but
 *                   nobody can touch it (PROT_NONE)
 *
 * LOCKING  The owner's lock (mm->lock). Entries of the tables that are loaded
 *          on this CPU are flushed here, in batches: no caller flushes.
 * COST     lookup, map: upt_* in tests/bench/bounds.tsv; more if the table is
 *          not the table of the last call. Ranges: 2 MiB or 1 GiB without
 *          tables are skipped in one step.
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
	bool     present;    /* false: nothing is here; do not use pfn       */
	bool     dirty, accessed;
	bool     device;     /* see upt_map_device()                         */
};

struct upgtable {
	void          *pdpt;       /* 4 entries, from a slab cache           */
	phys_addr_t    root;       /* of pdpt: the value for CR3             */
	unsigned long  nr_tables;  /* page directories and page tables       */
	struct list_head tables;   /* the struct pages of all tables         */
	struct account *account;   /* pays for the tables; NULL: nobody      */
	bool           refused;    /* a table was refused: over the limit    */
};

/* Returns: 0 and empty tables (the kernel's quarter in place); -ENOMEM. */
int upt_create(struct upgtable *upt) __must_check;

/* Free all tables. All entries must be empty, and the tables not loaded. */
void upt_destroy(struct upgtable *upt);

/* Load these tables. NULL: load the kernel's own, without a user half. */
void upt_switch(const struct upgtable *upt);

/* The entry of the page at `va` (page-aligned, below PAGE_OFFSET). */
struct upt_entry upt_lookup(const struct upgtable *upt, uaddr_t va);

/*
 * Map one page. It replaces the page that was there.
 * Returns: 0; -ENOMEM when there is no memory for a table: then nothing has
 *          changed.
 */
int upt_map(struct upgtable *upt, uaddr_t va, pfn_t pfn, unsigned rights)
	__must_check;

/*
 * The same for a frame that is not counted and need not be RAM: a device's
 * registers (uncached), or memory that a device shares. Never executable.
 * upt_pages_fn does not get such entries, and a fork must leave them out.
 */
int upt_map_device(struct upgtable *upt, uaddr_t va, pfn_t pfn, bool cached)
	__must_check;

/* Empty one entry; flushes. Returns: what was there. */
struct upt_entry upt_unmap(struct upgtable *upt, uaddr_t va);

/*
 * Empty every entry of [start, end), in batches. For each batch the TLB is
 * flushed; then `fn` gets the pages that were mapped. A table that is empty
 * afterwards and lies wholly inside the range is freed.
 */
typedef void (*upt_pages_fn)(struct page *const pages[], unsigned nr,
			     void *arg);
void upt_unmap_range(struct upgtable *upt, uaddr_t start, uaddr_t end,
		     upt_pages_fn fn, void *arg);

/* The same, but all tables stay: so the promise of upt_reserve() holds. */
void upt_clear_range(struct upgtable *upt, uaddr_t start, uaddr_t end,
		     upt_pages_fn fn, void *arg);

/* Afterwards upt_map() of this page cannot fail. Returns: 0 or -ENOMEM. */
int upt_reserve(struct upgtable *upt, uaddr_t va) __must_check;

/* Free the page tables that are empty and lie wholly in [start, end). */
void upt_free_empty(struct upgtable *upt, uaddr_t start, uaddr_t end);

/*
 * Give every present entry of the range new rights. If `rights` has UPT_WRITE,
 * may_write() decides for each page whether it becomes writable (copy on
 * write). NULL: all pages become writable.
 */
void upt_protect_range(struct upgtable *upt, uaddr_t start, uaddr_t end,
		       unsigned rights, bool (*may_write)(struct page *page));

/*
 * Visit every present entry of the range in address order.
 * Returns: 0, or the first result of fn that is not 0: it ends the walk.
 */
typedef int (*upt_visit_fn)(uaddr_t va, struct upt_entry entry, void *arg);
int upt_for_each(const struct upgtable *upt, uaddr_t start, uaddr_t end,
		 upt_visit_fn fn, void *arg);

/*
 * Copy all present entries of [start, end) from one space into another. The
 * range must be empty there. With `write_protect` both lose UPT_WRITE. `fn`
 * gets each page once, in batches, and counts the new references.
 * Returns: 0; -ENOMEM: the caller must unmap the copied pages, which are those
 *          that `fn` got.
 */
int upt_copy_range(struct upgtable *to, struct upgtable *from, uaddr_t start,
		   uaddr_t end, bool write_protect, upt_pages_fn fn,
		   void *arg) __must_check;

/*
 * Move all entries of [from, from + size) to another place of the same space.
 * Returns: 0; -ENOMEM: nothing was moved.
 */
int upt_move_range(struct upgtable *upt, uaddr_t from, uaddr_t to,
		   uint32_t size) __must_check;

/* NULL, or the first broken rule of these tables (see pgtable_check). */
const char *upt_check(const struct upgtable *upt);

/*
 * Called once, at boot, between paging_init() and zones_init(). Tries whether
 * this machine can walk a page table above 4 GiB, and writes the result into
 * the log.
 */
void upt_try_high_tables(void);

/* Make the cache of PDPTs. Called once, at boot, after slab_init(). */
void upt_init(void);
