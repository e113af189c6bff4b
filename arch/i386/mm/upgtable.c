// SPDX-License-Identifier: MIT
/*
 * upgtable.c - page tables of user address spaces: tables and single entries
 *
 * WHAT     Makes and frees the tables of <arch/upgtable.h>, loads them, and
 *          changes one entry at a time.
 *
 * PICTURE  a table is a page of its own, known by its struct page:
 *
 *            upgtable.pdpt   [0] [1] [2] [3] --> kernel_pd
 *                             |
 *            directory        +-> [ 512 PDEs ]      refs = 1 + tables below
 *                                    |
 *            page table              +-> [ 512 PTEs ]  refs = 1 + entries
 *
 *            upgtable.tables: the list of all of them
 *
 * TERMS    empty    an entry of 0
 *          kept     P clear, the frame in place and UPTE_KEPT set: a page that
 *                   nobody may touch (PROT_NONE)
 *          used     of a table: its entries that are not empty, refs - 1
 *          loaded   CR3 holds this PDPT
 *
 * INVARIANTS (upt_check() restates them, in upgtable_check.c)
 *
 * ALGORITHM  Two tables lie on the way to an entry, each mapped by kmap_local()
 *          for a few instructions, one after the other. A used count lets a
 *          table go when its last entry has gone, without looking at the other
 *          511; the list lets all go without looking at any.
 *
 *          The CPU keeps the four PDPTEs in registers, from the load of CR3
 *          on: a new directory needs CR3 loaded again. A new page table or
 *          entry needs nothing, because what is not present is not cached.
 *          What was present and changes is flushed, if the tables are loaded.
 *
 *          Some emulators cannot walk a table above 4 GiB (see
 *          upgtable_check.c): then one that comes from there is given back,
 *          and lowmem has to do.
 *
 * LOCKING  The owner's lock. `loaded` and CR3: interrupts off.
 * COST     Instructions with highmem tables: lookup 74, map 93.
 * NOT HERE ranges (upgtable_range.c), rules and the boot-time trial
 *          (upgtable_check.c).
 * SEE      SDM volume 3, 4.4.1 "PDPTE registers", 4.10.4; Linux mm/memory.c
 *          pte_alloc_map(), arch/x86/mm/pgtable.c.
 */
#include <arch/irqflags.h>
#include <arch/page_ops.h>

#include "lib/errno.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/slab.h"

#include "arch/i386/mm/mm_impl.h"
#include "arch/i386/mm/upgtable_impl.h"

struct entry_halves upt_bits[UPT_RIGHTS + 1];

bool upt_tables_above_4g = true;
struct kmem_cache *upt_pdpt_cache;

static const struct upgtable *loaded;

static bool is_user_page(uint32_t va)
{
	return va < PAGE_OFFSET && (va & ~PAGE_MASK) == 0;
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

static struct page *table_page_alloc(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (page && !upt_tables_above_4g && page_to_pfn(page).v >= PFN_4G) {
		free_page(page);
		page = alloc_page(GFP_KERNEL);
	}
	return page;
}

/* An empty table, in the list of the address space. NULL: no memory. */
static struct page *table_alloc(struct upgtable *upt)
{
	struct page *page = table_page_alloc();
	void *table;

	if (!page)
		return NULL;
	table = kmap_local(page);
	clear_page(table);
	kunmap_local(table);
	page_set_state(page, PAGE_TABLE);
	list_add(&page->list, &upt->tables);
	upt->nr_tables++;
	return page;
}

static void table_free(struct upgtable *upt, struct page *table)
{
	list_del(&table->list);
	upt->nr_tables--;
	table->refs = 1;
	page_set_state(table, PAGE_USED);
	free_page(table);
}

/* The CPU has its own copy of the PDPTEs. */
static void reload_pdptes(const struct upgtable *upt)
{
	irqflags_t flags = irq_save();

	if (upt_is_loaded(upt))
		write_cr3((uint32_t)upt->root.v);
	irq_restore(flags);
}

struct page *upt_get_directory(struct upgtable *upt, uint32_t va)
{
	struct entry_halves *pdpte = &upt_pdpt(upt)[pdpt_index(va)];
	struct page *pd;
	pfn_t pfn;

	if (pdpte->low)
		return table_page(pdpte);
	pd = table_alloc(upt);
	if (!pd)
		return NULL;
	pfn = page_to_pfn(pd);
	upte_store(pdpte, pfn.v << 12 | (uint32_t)PAE_P, pfn.v >> 20);
	reload_pdptes(upt);
	return pd;
}

/* The slow half of upt_get_table(). */
static noinline struct page *table_add(struct upgtable *upt, uint32_t va)
{
	struct page *pd = upt_get_directory(upt, va), *pt;
	struct entry_halves *entries;
	pfn_t pfn;

	if (!pd)
		return NULL;
	pt = table_alloc(upt);
	if (!pt)
		return NULL;
	pfn = page_to_pfn(pt);
	entries = kmap_local(pd);
	upte_store(&entries[pd_index(va)], pfn.v << 12 | UPT_PDE_BITS,
		   pfn.v >> 20);
	kunmap_local(entries);
	pd->refs++;
	return pt;
}

static always_inline struct page *find_table(const struct upgtable *upt,
					     uint32_t va)
{
	const struct entry_halves *pdpte = &upt_pdpt(upt)[pdpt_index(va)];
	struct entry_halves *entries, pde;

	if (!pdpte->low)
		return NULL;
	entries = kmap_local(table_page(pdpte));
	pde = entries[pd_index(va)];
	kunmap_local(entries);
	return pde.low ? table_page(&pde) : NULL;
}

struct page *upt_find_table(const struct upgtable *upt, uint32_t va)
{
	return find_table(upt, va);
}

struct page *upt_get_table(struct upgtable *upt, uint32_t va)
{
	struct page *pt = find_table(upt, va);

	return pt ? pt : table_add(upt, va);
}

/* The first table of one directory that has entries of [*va, end). */
static struct page *next_in_directory(struct page *pd, uint32_t *va,
				      uint32_t end)
{
	struct entry_halves *entries = kmap_local(pd);
	struct page *pt = NULL;
	uint32_t at = *va;

	do {
		struct entry_halves *pde = &entries[pd_index(at)];

		if (pde->low) {
			pt = table_page(pde);
			break;
		}
		at = run_end(at, end);
	} while (at < end && pd_index(at));
	kunmap_local(entries);
	*va = at;
	return pt;
}

struct page *upt_next_table(const struct upgtable *upt, uint32_t *va,
			    uint32_t end)
{
	while (*va < end) {
		const struct entry_halves *pdpte =
			&upt_pdpt(upt)[pdpt_index(*va)];
		struct page *pt;

		if (!pdpte->low) {
			*va = (*va | (PD_SPAN - 1)) + 1;
			continue;
		}
		pt = next_in_directory(table_page(pdpte), va, end);
		if (pt)
			return pt;
	}
	return NULL;
}

static void table_remove(struct upgtable *upt, uint32_t va, struct page *pt)
{
	struct page *pd = table_page(&upt_pdpt(upt)[pdpt_index(va)]);
	struct entry_halves *entries = kmap_local(pd);

	entry_clear(&entries[pd_index(va)]);
	kunmap_local(entries);
	pd->refs--;
	/* The CPU may still know the PDE; any INVLPG makes it forget. */
	if (upt_is_loaded(upt))
		tlb_flush_page(va);
	table_free(upt, pt);
}

void upt_free_empty(struct upgtable *upt, uint32_t start, uint32_t end)
{
	uint32_t va = (start + PT_SPAN - 1) & ~(PT_SPAN - 1);
	struct page *pt;

	end &= ~(PT_SPAN - 1);
	while ((pt = upt_next_table(upt, &va, end))) {
		if (!table_used(pt))
			table_remove(upt, va, pt);
		va += PT_SPAN;
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

struct upt_entry upt_lookup(const struct upgtable *upt, uint32_t va)
{
	struct entry_halves *entries, entry;
	struct page *pt;

	assert(is_user_page(va));
	pt = find_table(upt, va);
	if (!pt)
		return (struct upt_entry){ .present = false };
	entries = kmap_local(pt);
	entry = entries[pt_index(va)];
	kunmap_local(entries);
	return upte_decode(entry.low, entry.high);
}

int upt_map(struct upgtable *upt, uint32_t va, pfn_t pfn, unsigned rights)
{
	struct entry_halves *entries, *entry;
	struct page *pt;
	uint32_t old;

	assert(is_user_page(va) && rights <= UPT_RIGHTS);
	pt = find_table(upt, va);
	if (unlikely(!pt)) {
		pt = table_add(upt, va);
		if (!pt)
			return -ENOMEM;
	}
	entries = kmap_local(pt);
	entry = &entries[pt_index(va)];
	old = entry->low;
	if (!old)
		pt->refs++;
	else
		WRITE_ONCE(entry->low, 0);
	upte_set(entry, pfn, rights, 0);
	kunmap_local(entries);
	if (old & PAE_P && upt_is_loaded(upt))
		tlb_flush_page(va);
	return 0;
}

struct upt_entry upt_unmap(struct upgtable *upt, uint32_t va)
{
	struct entry_halves *entries, entry;
	struct page *pt;

	assert(is_user_page(va));
	pt = find_table(upt, va);
	if (!pt)
		return (struct upt_entry){ .present = false };
	entries = kmap_local(pt);
	entry = entries[pt_index(va)];
	entry_clear(&entries[pt_index(va)]);
	kunmap_local(entries);
	if (entry.low)
		pt->refs--;
	if (entry.low & PAE_P && upt_is_loaded(upt))
		tlb_flush_page(va);
	return upte_decode(entry.low, entry.high);
}
