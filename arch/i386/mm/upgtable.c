// SPDX-License-Identifier: MIT
/*
 * upgtable.c - page tables of user address spaces: tables and single entries
 *
 * WHAT     Makes and frees the tables of <arch/upgtable.h>, loads them, and
 *          changes one entry at a time.
 *
 * PICTURE  a table is a page of its own, known by its struct page:
 *
 *            upgtable.pdpt      [0] [1] [2] [3] --> kernel_pd
 *                                |
 *            directory, lowmem   +-> [ 512 PDEs ]      refs = 1 + tables below
 *                                       |
 *            page table, highmem        +-> [ 512 PTEs ]  refs = 1 + entries
 *
 *            upgtable.tables: the list of all of them
 *
 * TERMS    empty    an entry of 0
 *          kept     P clear, the frame in place and UPTE_KEPT set: a page that
 *                   nobody may touch (PROT_NONE)
 *          used     of a table: its entries that are not empty, refs - 1
 *          loaded   CR3 holds this PDPT
 *
 * INVARIANTS of upgtable: upgtable_check.c
 *
 * ALGORITHM  Page tables come from highmem, a page for each 2 MiB in use. Two
 *          fixmap slots map them, and keep mapping the last tables. Most often
 *          the next fault is in the same table, and then nothing has to be
 *          mapped. (kmap_local() would map and unmap each time.) There are at
 *          most three directories; they are lowmem, as in Linux.
 *
 *          Each table counts its used entries. So a table can be freed when its
 *          last entry goes, without a look at the other 511. The list of all
 *          tables frees them all without a look at any entry.
 *
 *          The CPU copies the four PDPTEs into registers when CR3 is loaded. So
 *          after a new directory, CR3 must be loaded again. A new page table or
 *          a new entry needs no flush, because the CPU does not cache entries
 *          that are not present. If a present entry changes, and the tables are
 *          loaded, the translation is flushed.
 *
 *          Some emulators cannot walk a table above 4 GiB (see
 *          upgtable_check.c). On these a page above 4 GiB is given back, and
 *          the table comes from lowmem.
 *
 * LOCKING  The owner's lock. `loaded` and CR3: interrupts off. The slots:
 *          preemption off; no interrupt handler touches user page tables.
 * COST     lookup, map: upt_* in tests/bench/bounds.tsv.
 * NOT HERE ranges (upgtable_range.c), rules and the boot-time trial
 *          (upgtable_check.c).
 * SEE      SDM volume 3, 4.4.1 "PDPTE registers", 4.10.4; Linux mm/memory.c
 *          pte_alloc_map(), arch/x86/mm/pgtable.c.
 */
#include <arch/irqflags.h>
#include <arch/page_ops.h>

#include "lib/errno.h"
#include "mm/account/account.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/slab.h"

#include "arch/i386/mm/mm_impl.h"
#include "arch/i386/mm/upgtable_impl.h"

#define NO_PFN  UINT32_MAX

pte_t upt_bits[UPT_RIGHTS + 1];

bool upt_tables_above_4g = true;
struct kmem_cache *upt_pdpt_cache;

static const struct upgtable *loaded;

/* Protection: preemption off. */
uint32_t upt_slot_pfn[UPT_NR_SLOTS] = { NO_PFN, NO_PFN };

static bool is_user_page(uaddr_t va)
{
	return va.v < PAGE_OFFSET && (va.v & ~PAGE_MASK) == 0;
}

bool upt_is_loaded(const struct upgtable *upt)
{
	return upt == loaded;
}

phys_addr_t upt_loaded_root(void)
{
	return loaded ? loaded->root : virt_to_phys(kernel_pdpt);
}

/* ---- tables -------------------------------------------------------------- */

static struct page *highmem_alloc(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (page && !upt_tables_above_4g && page_to_pfn(page).v >= PFN_4G) {
		free_page(page);
		page = alloc_page(GFP_KERNEL);
	}
	return page;
}

/* Make an empty table, in the list of the address space. NULL: no memory. */
static struct page *table_alloc(struct upgtable *upt, bool high)
{
	struct page *page;
	void *table;

	upt->refused = !account_charge(upt->account, ACCOUNT_TABLES, 1);
	if (upt->refused)
		return NULL;
	page = high ? highmem_alloc() : alloc_page(GFP_KERNEL);
	if (!page) {
		account_uncharge(upt->account, ACCOUNT_TABLES, 1);
		return NULL;
	}
	table = kmap_local(page);
	clear_page(table);
	kunmap_local(table);
	page_set_state(page, PAGE_TABLE);
	list_add(&page->list, &upt->tables);
	upt->nr_tables++;
	return page;
}

/* Empty a slot that maps this page: the page is about to be freed. */
static void slots_forget(uint32_t pfn)
{
	for (unsigned slot = 0; slot < UPT_NR_SLOTS; slot++) {
		if (upt_slot_pfn[slot] != pfn)
			continue;
		fixmap_unmap(FIX_UPT + slot);
		upt_slot_pfn[slot] = NO_PFN;
	}
}

void upt_slot_load(unsigned slot, uint32_t pfn)
{
	if (upt_slot_pfn[slot] != NO_PFN)
		fixmap_unmap(FIX_UPT + slot);
	fixmap_map(FIX_UPT + slot, PFN(pfn), KPROT_RW);
	upt_slot_pfn[slot] = pfn;
}

static void table_free(struct upgtable *upt, struct page *table)
{
	preempt_disable();
	slots_forget(page_to_pfn(table).v);
	preempt_enable();
	list_del(&table->list);
	upt->nr_tables--;
	page_set_state(table, PAGE_USED);
	free_page(table);
	account_uncharge(upt->account, ACCOUNT_TABLES, 1);
}

/* The CPU has its own copy of the PDPTEs. */
static void reload_pdptes(const struct upgtable *upt)
{
	irqflags_t flags = irq_save();

	if (upt_is_loaded(upt))
		write_cr3((uint32_t)upt->root.v);
	irq_restore(flags);
}

static pde_t *directory_get(struct upgtable *upt, uaddr_t va)
{
	pdpte_t *pdpte = &upt_pdpt(upt)[pdpt_index(va.v)];
	struct page *page;

	if (pdpte->low)
		return upt_directory(pdpte);
	page = table_alloc(upt, false);
	if (!page)
		return NULL;
	pdpte_set(pdpte, pdpte_make(page_to_phys(page)));
	reload_pdptes(upt);
	return upt_directory(pdpte);
}

/* The slow part of upt_get_table(). */
static noinline struct page *table_add(struct upgtable *upt, uaddr_t va)
{
	pde_t *pd = directory_get(upt, va);
	struct page *page;
	pfn_t pfn;

	if (!pd)
		return NULL;
	page = table_alloc(upt, true);
	if (!page)
		return NULL;
	pfn = page_to_pfn(page);
	entry_store_halves(&pd[pd_index(va.v)], pfn.v << 12 | UPT_PDE_BITS,
			   pfn.v >> 20);
	virt_to_page(pd)->refs++;
	return page;
}

static always_inline struct page *find_table(const struct upgtable *upt,
					     uaddr_t va)
{
	const pdpte_t *pdpte = &upt_pdpt(upt)[pdpt_index(va.v)];
	const pde_t *pde;

	if (unlikely(!pdpte->low))
		return NULL;
	pde = &upt_directory(pdpte)[pd_index(va.v)];
	return likely(pde->low) ? table_page(pde) : NULL;
}

struct page *upt_find_table(const struct upgtable *upt, uaddr_t va)
{
	return find_table(upt, va);
}

struct page *upt_get_table(struct upgtable *upt, uaddr_t va)
{
	struct page *pt = find_table(upt, va);

	return pt ? pt : table_add(upt, va);
}

int upt_reserve(struct upgtable *upt, uaddr_t va)
{
	return upt_get_table(upt, va) ? 0 : -ENOMEM;
}

/* The first table of one directory that has entries of [*va, end). */
static struct page *next_in_directory(const pde_t *pd, uaddr_t *va,
				      uaddr_t end)
{
	do {
		const pde_t *pde = &pd[pd_index(va->v)];

		if (pde->low)
			return table_page(pde);
		*va = run_end(*va, end);
	} while (va->v < end.v && pd_index(va->v));
	return NULL;
}

struct page *upt_next_table(const struct upgtable *upt, uaddr_t *va,
			    uaddr_t end)
{
	while (va->v < end.v) {
		const pdpte_t *pdpte = &upt_pdpt(upt)[pdpt_index(va->v)];
		struct page *pt;

		if (!pdpte->low) {
			va->v = (va->v | (PD_SPAN - 1)) + 1;
			continue;
		}
		pt = next_in_directory(upt_directory(pdpte), va, end);
		if (pt)
			return pt;
	}
	return NULL;
}

static void table_remove(struct upgtable *upt, uaddr_t va, struct page *pt)
{
	pde_t *pd = upt_directory(&upt_pdpt(upt)[pdpt_index(va.v)]);

	entry_clear(&pd[pd_index(va.v)]);
	virt_to_page(pd)->refs--;
	/* The CPU may have cached the PDE; any INVLPG flushes it. */
	if (upt_is_loaded(upt))
		tlb_flush_page(va.v);
	table_free(upt, pt);
}

void upt_free_empty(struct upgtable *upt, uaddr_t start, uaddr_t end)
{
	uaddr_t va = UADDR((start.v + PT_SPAN - 1) & ~(PT_SPAN - 1));
	struct page *pt;

	end.v &= ~(PT_SPAN - 1);
	while ((pt = upt_next_table(upt, &va, end))) {
		if (!table_used(pt))
			table_remove(upt, va, pt);
		va.v += PT_SPAN;
	}
}

/* ---- address spaces ------------------------------------------------------ */

int upt_create(struct upgtable *upt)
{
	pdpte_t *pdpt = kmem_cache_alloc(upt_pdpt_cache, GFP_KERNEL);

	if (!pdpt)
		return -ENOMEM;
	for (unsigned i = 0; i < PTRS_PER_PDPT - 1; i++)
		pdpt[i].v = 0;
	pdpt[PTRS_PER_PDPT - 1] = pdpte_make(virt_to_phys(kernel_pd));
	upt->pdpt = pdpt;
	upt->root = virt_to_phys(pdpt);
	upt->nr_tables = 0;
	upt->account = NULL;
	upt->refused = false;
	list_init(&upt->tables);
	return 0;
}

void upt_destroy(struct upgtable *upt)
{
	struct page *table, *next;

	assert(!upt_is_loaded(upt));
	list_for_each_entry_safe(table, next, &upt->tables, list)
		table_free(upt, table);
	assert(!upt->nr_tables);
	kmem_cache_free(upt_pdpt_cache, upt->pdpt);
	upt->pdpt = NULL;
}

void upt_switch(const struct upgtable *upt)
{
	irqflags_t flags;

	if (upt_is_loaded(upt))
		return;
	flags = irq_save();
	loaded = upt;
	write_cr3((uint32_t)upt_loaded_root().v);
	irq_restore(flags);
}

/* ---- single entries ------------------------------------------------------ */

struct upt_entry upt_lookup(const struct upgtable *upt, uaddr_t va)
{
	pte_t *entries, entry;
	struct page *pt;

	assert(is_user_page(va));
	pt = find_table(upt, va);
	if (!pt)
		return (struct upt_entry){ .present = false };
	entries = table_map(pt, UPT_SLOT);
	entry = entries[pt_index(va.v)];
	table_unmap();
	return upte_decode(entry.low, entry.high);
}

/* `more`: bits in addition to those of the rights; a constant in callers. */
static always_inline int map_one(struct upgtable *upt, uaddr_t va, pfn_t pfn,
				 unsigned rights, uint32_t more)
{
	pte_t *entries, *entry;
	struct page *pt;
	uint32_t old;

	assert(is_user_page(va) && rights <= UPT_RIGHTS);
	pt = find_table(upt, va);
	if (unlikely(!pt)) {
		pt = table_add(upt, va);
		if (!pt)
			return -ENOMEM;
	}
	entries = table_map(pt, UPT_SLOT);
	entry = &entries[pt_index(va.v)];
	old = entry->low;
	if (!old)
		pt->refs++;
	else
		WRITE_ONCE(entry->low, 0);
	upte_set(entry, pfn, rights, more);
	table_unmap();
	if (old & PAE_P && upt_is_loaded(upt))
		tlb_flush_page(va.v);
	return 0;
}

int upt_map(struct upgtable *upt, uaddr_t va, pfn_t pfn, unsigned rights)
{
	return map_one(upt, va, pfn, rights, 0);
}

int upt_map_device(struct upgtable *upt, uaddr_t va, pfn_t pfn, bool cached)
{
	return map_one(upt, va, pfn, UPT_READ | UPT_WRITE,
		       UPTE_DEVICE | (cached ? 0 : UPTE_UNCACHED));
}

struct upt_entry upt_unmap(struct upgtable *upt, uaddr_t va)
{
	pte_t *entries, entry;
	struct page *pt;

	assert(is_user_page(va));
	pt = find_table(upt, va);
	if (!pt)
		return (struct upt_entry){ .present = false };
	entries = table_map(pt, UPT_SLOT);
	entry = entries[pt_index(va.v)];
	entry_clear(&entries[pt_index(va.v)]);
	table_unmap();
	if (entry.low)
		pt->refs--;
	if (entry.low & PAE_P && upt_is_loaded(upt))
		tlb_flush_page(va.v);
	return upte_decode(entry.low, entry.high);
}
