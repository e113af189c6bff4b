// SPDX-License-Identifier: MIT
/*
 * kpgtable.c - map and unmap single pages in the kernel's quarter
 *
 * WHAT     Implements <arch/kpgtable.h> on the page tables below kernel_pd,
 *          and owns the meaning of the protections (KPROT_*) on this CPU.
 *
 * PICTURE  A range of pages consists of runs. A run lies in one page table:
 *
 *            va                                           va + nr pages
 *            |---- run ----|--------- run ---------|-- run --|
 *            ...  table n  |       table n + 1     |  table n + 2 ...
 *
 * TERMS    run      consecutive pages whose entries lie in one page table
 *          empty    an entry of 0: maps nothing, remembers nothing
 *          retired  P clear, the rest as it was: see <arch/kpgtable.h>
 *
 * RULES    pgtable_check() sees a breach as pgtable T3 or N1:
 *          a page table, once there, stays; its frame is in state PAGE_TABLE
 *          or was taken from memblock; every entry that is not present is
 *          empty or retired
 *
 * ALGORITHM  Find the table once for each run, then walk its entries with a
 *          pointer. Each page costs only two stores, and the arithmetic between
 *          a struct page and its frame number.
 *
 * LOCKING  populate_lock protects the step of a PDE from empty to table. The
 *          entries of a table belong to the owner of the addresses. The lock is
 *          not held while a page is allocated.
 * NOT HERE which addresses are free (mm/kva/), flushing (tlb.c), the first
 *          contents of the tables (paging.c).
 * SEE      Linux mm/vmalloc.c vmap_pages_pte_range(), vunmap_pte_range().
 */
#include <arch/cpu.h>
#include <arch/fixmap.h>
#include <arch/kpgtable.h>
#include <arch/pgtable.h>

#include "lib/errno.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "mm/early/memblock.h"
#include "mm/page/page_alloc.h"

#include "arch/i386/mm/mm_impl.h"

pdpte_t *kernel_pdpt;
pde_t   *kernel_pd;

pte_t kprot_bits[KPROT_NR];
unsigned long kpt_tables;   /* under populate_lock */

static struct spinlock populate_lock = SPINLOCK_INIT;

const uint64_t kprot_sdm_bits[KPROT_NR] = {
#define K(name, bits) [name] = (bits),
	KPROTS(K)
#undef K
};

void kprot_init(void)
{
	for (unsigned i = 0; i < KPROT_NR; i++) {
		uint64_t bits = kprot_sdm_bits[i] | PAE_P | PAE_A;

		/* Set D too: then the CPU does not have to write the entry. */
		if (bits & PAE_RW)
			bits |= PAE_D;
		if (cpu_has(CPU_PGE))
			bits |= PAE_G;
		if (!cpu_has(CPU_NX))
			bits &= ~PAE_XD;
		kprot_bits[i].v = bits;
	}
}

/* May the caller map this range? It lies above lowmem, in the kernel's part. */
static bool kpt_owns(kva_t va, unsigned nr)
{
	return va >= vmalloc_start() && (va & (PAGE_SIZE - 1)) == 0 &&
	       nr <= (FIXADDR_TOP - va) / PAGE_SIZE;
}

/*
 * The entry of a page whose table exists. Tables have permanent addresses, so
 * the lower half of the PDE is enough.
 */
static inline pte_t *kpt_entry(kva_t va)
{
	pde_t pde = kernel_pd[pd_index(va)];
	pte_t *table = kva_to_ptr(PAGE_OFFSET + (pde.low & PAGE_MASK));

	assert(pde_is_table(pde));
	return &table[pt_index(va)];
}

/* How many pages from va on lie in one table; at most nr. */
static unsigned kpt_run(kva_t va, unsigned nr)
{
	return MIN(nr, PTRS_PER_PT - pt_index(va));
}

/* ---- tables ---------------------------------------------------------- */

void *kpt_alloc_table(void)
{
	struct page *page;

	if (!mem_map)
		return memblock_alloc(PAGE_SIZE, PAGE_SIZE);
	page = alloc_page(GFP_KERNEL | GFP_ZERO);
	if (!page)
		return NULL;
	page_set_state(page, PAGE_TABLE);
	return page_address(page);
}

static int kpt_populate_one(unsigned index)
{
	irqflags_t flags;
	void *table;
	bool first;

	if (pde_present(kernel_pd[index]))
		return 0;
	table = kpt_alloc_table();
	if (!table)
		return -ENOMEM;
	flags = spin_lock_irqsave(&populate_lock);
	first = !pde_present(kernel_pd[index]);
	if (first) {
		pde_set(&kernel_pd[index],
			pde_make_table(virt_to_phys(table)));
		kpt_tables++;
	}
	spin_unlock_irqrestore(&populate_lock, flags);
	if (!first) {   /* another thread has added a table meanwhile */
		page_set_state(virt_to_page(table), PAGE_USED);
		free_page(virt_to_page(table));
	}
	return 0;
}

/* ---- public ---------------------------------------------------------- */

int kpt_populate(kva_t va, unsigned nr)
{
	assert(kpt_owns(va, nr));
	if (!nr)
		return 0;

	unsigned last = pd_index(va + (nr - 1) * PAGE_SIZE);

	for (unsigned index = pd_index(va); index <= last; index++) {
		int err = kpt_populate_one(index);

		if (err)
			return err;
	}
	return 0;
}

/*
 * The loops over one run. Each is a function: so its few variables fit into the
 * six registers of an i386.
 */
static noinline void run_map_pages(pte_t *entry,
				   struct page *const *pages, unsigned nr,
				   enum kprot prot)
{
#pragma GCC unroll 4
	for (unsigned i = 0; i < nr; i++)
		kpte_set(&entry[i], page_to_pfn(pages[i]), prot);
}

static noinline void run_map_range(pte_t *entry, pfn_t first,
				   unsigned nr, enum kprot prot)
{
	for (unsigned i = 0; i < nr; i++)
		kpte_set(&entry[i], pfn_add(first, i), prot);
}

static void run_retire(pte_t *entry, pte_t *end)
{
#pragma GCC unroll 4
	for (; entry < end; entry++)
		entry->low &= ~(uint32_t)PAE_P;
}

/* Returns: the place in the array for the next page. */
static noinline struct page **run_reap(pte_t *entry,
				       pte_t *end,
				       struct page **pages)
{
	for (; entry < end; entry++) {
		uint32_t low = READ_ONCE(entry->low);

		/* Every entry that we make has A, so only empty ones are 0. */
		if (!low)
			continue;
		assert(!(low & (uint32_t)PAE_P));
		/* The cast to 32 bits also removes XD, bit 63. */
		*pages++ = pfn_to_page(PFN((uint32_t)(entry->v >> PAGE_SHIFT)));
		entry_clear(entry);
	}
	return pages;
}

void kpt_map_pages(kva_t va, struct page *const pages[], unsigned nr,
		   enum kprot prot)
{
	while (nr) {
		unsigned run = kpt_run(va, nr);

		run_map_pages(kpt_entry(va), pages, run, prot);
		va += run * PAGE_SIZE;
		pages += run;
		nr -= run;
	}
}

void kpt_map_range(kva_t va, pfn_t first, unsigned nr, enum kprot prot)
{
	while (nr) {
		unsigned run = kpt_run(va, nr);

		run_map_range(kpt_entry(va), first, run, prot);
		va += run * PAGE_SIZE;
		first = pfn_add(first, run);
		nr -= run;
	}
}

void kpt_unmap(kva_t va, unsigned nr)
{
	while (nr) {
		unsigned run = kpt_run(va, nr);
		pte_t *entry = kpt_entry(va);

		for (unsigned i = 0; i < run; i++)
			entry_clear(&entry[i]);
		va += run * PAGE_SIZE;
		nr -= run;
	}
}

void kpt_retire(kva_t va, unsigned nr)
{
	while (nr) {
		unsigned run = kpt_run(va, nr);
		pte_t *entry = kpt_entry(va);

		run_retire(entry, entry + run);
		va += run * PAGE_SIZE;
		nr -= run;
	}
}

unsigned kpt_reap(kva_t va, unsigned nr, struct page *pages[])
{
	struct page **next = pages;

	while (nr) {
		unsigned run = kpt_run(va, nr);
		pte_t *entry = kpt_entry(va);

		next = run_reap(entry, entry + run, next);
		va += run * PAGE_SIZE;
		nr -= run;
	}
	return (unsigned)(next - pages);
}

bool kpt_lookup(kva_t va, pfn_t *pfn)
{
	pde_t pde = kernel_pd[pd_index(va)];
	pte_t pte;

	if (va < PAGE_OFFSET || !pde_present(pde))
		return false;
	if (pde_large(pde)) {
		*pfn = pfn_add(phys_to_pfn(pde_large_phys(pde)), pt_index(va));
		return true;
	}
	pte = pde_table(pde)[pt_index(va)];
	if (!pte_present(pte))
		return false;
	*pfn = pte_pfn(pte);
	return true;
}
