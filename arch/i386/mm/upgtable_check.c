// SPDX-License-Identifier: MIT
/*
 * upgtable_check.c - the rules of user page tables, and where tables may lie
 *
 * WHAT     upt_check() holds every entry against the rules; upt_init() finds
 *          out at boot whether this machine walks a table above 4 GiB.
 *
 * INVARIANTS  The rules:
 *          U1  the last PDPTE is the kernel's directory, the others have P and
 *              an address only
 *          U2  a PDE allows everything, to user mode too: the entry decides
 *          U3  a table's frame is RAM, marked as a table, below 4 GiB where it
 *              must be
 *          U4  the list and nr_tables are the tables that the walk meets
 *          U5  refs of a table is 1 + its entries that are not empty
 *          U6  what is not present is empty, or kept without any right
 *          U7  user mode may use what is present; it is not global
 *          U8  a frame has no bits above the physical address width
 *          U9  XD is set exactly where execution is not allowed and the CPU
 *              has NX
 *          U10 nothing is mapped below USER_BASE
 *          U11 CR3 holds these tables exactly when they are the loaded ones
 *          U12 a directory is lowmem
 *
 * ALGORITHM  The trial: a page table above 4 GiB that maps one page, for
 *          supervisor mode, at USER_BASE; load it, read the page. Where the
 *          read faults, the machine looks for the table elsewhere:
 *          qemu-system-i386 7.2 cuts the address of a table to 32 bits, though
 *          not that of a page.
 *
 * COST     The trial: some allocations, where there is RAM above 4 GiB.
 * SEE      SDM volume 3, 4.4.2, tables 4-8 to 4-11.
 */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/page_ops.h>
#include <arch/probe.h>

#include "lib/log.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/slab.h"

#include "arch/i386/mm/mm_impl.h"
#include "arch/i386/mm/upgtable_impl.h"

#define PDPT_SIZE     32
#define TRIAL_WORD    0x7ab1e4c6u
#define TRIAL_BLOCKS  1024u        /* of 4 MiB: all RAM below 4 GiB          */

#define ALLOWED_PTE   ((uint32_t)(PAE_P | PAE_RW | PAE_US | PAE_A | PAE_D) | \
		       UPTE_NO_EXEC)
#define ALLOWED_KEPT  ((uint32_t)(PAE_A | PAE_D) | UPTE_KEPT | UPTE_NO_EXEC)

/* ---- rules --------------------------------------------------------------- */

struct walk {
	const struct upgtable *upt;
	unsigned long          tables;   /* met so far */
};

static const char *check_frame(pfn_t pfn)
{
	const struct page *page;

	HOLDS(pfn_valid(pfn) && (upt_tables_above_4g || pfn.v < PFN_4G),
	      "U3: a table's frame is RAM, where tables may be");
	page = pfn_to_page(pfn);
	HOLDS(page->state == PAGE_TABLE, "U3: a table's frame is marked so");
	return NULL;
}

static const char *check_present(uint32_t va, struct entry_halves entry)
{
	uint32_t flags = entry.low & (PAGE_SIZE - 1);
	bool xd = entry.high >> 31;
	uint32_t high = entry.high & ~(uint32_t)(PAE_XD >> 32);

	HOLDS(va >= USER_BASE, "U10: nothing is mapped below USER_BASE");
	HOLDS(flags & PAE_US && !(flags & ~ALLOWED_PTE),
	      "U7: user mode may use what is present; it is not global");
	HOLDS(!((uint64_t)high >> (cpu_phys_bits() - 32)),
	      "U8: a frame has no bits above the physical address width");
	HOLDS(xd == (cpu_has(CPU_NX) && flags & UPTE_NO_EXEC),
	      "U9: XD is set exactly where execution is not allowed");
	return NULL;
}

static const char *check_entry(uint32_t va, struct entry_halves entry)
{
	uint32_t flags = entry.low & (PAGE_SIZE - 1);

	if (entry.low & PAE_P)
		return check_present(va, entry);
	HOLDS((!entry.low && !entry.high) ||
	      (flags & UPTE_KEPT && !(flags & ~ALLOWED_KEPT)),
	      "U6: what is not present is empty, or kept without any right");
	return NULL;
}

static const char *check_table(const struct page *pt, uint32_t va,
			       const struct entry_halves *entries)
{
	unsigned used = 0;

	for (unsigned i = 0; i < PTRS_PER_PT; i++) {
		const char *law = check_entry(va + i * PAGE_SIZE, entries[i]);

		if (law)
			return law;
		used += entries[i].low != 0;
	}
	HOLDS(used == table_used(pt),
	      "U5: refs of a table is 1 + its entries that are not empty");
	return NULL;
}

static const char *check_pde(struct walk *w, uint32_t va,
			     struct entry_halves pde)
{
	struct entry_halves *entries;
	const char *law;
	struct page *pt;

	HOLDS((pde.low & (PAGE_SIZE - 1)) == UPT_PDE_BITS &&
	      !(pde.high >> 31), "U2: a PDE allows everything");
	law = check_frame(upte_pfn(pde.low, pde.high));
	if (law)
		return law;
	pt = table_page(&pde);
	w->tables++;
	entries = kmap_local(pt);
	law = check_table(pt, va, entries);
	kunmap_local(entries);
	return law;
}

static const char *check_directory(struct walk *w, uint32_t start,
				   const struct page *pd,
				   const struct entry_halves *entries)
{
	unsigned used = 0;

	for (unsigned i = 0; i < PTRS_PER_PD; i++) {
		const char *law;

		if (!entries[i].low)
			continue;
		used++;
		law = check_pde(w, start + i * PT_SPAN, entries[i]);
		if (law)
			return law;
	}
	HOLDS(used == table_used(pd),
	      "U5: refs of a table is 1 + its entries that are not empty");
	return NULL;
}

static const char *check_pdpte(struct walk *w, unsigned index)
{
	const struct entry_halves *pdpte = &upt_pdpt(w->upt)[index];
	struct entry_halves *pd;
	const char *law;

	if (!pdpte->low && !pdpte->high)
		return NULL;
	/* A is reserved, but QEMU's software MMU sets it. */
	HOLDS((pdpte->low & (PAGE_SIZE - 1) & ~PAE_A) == PAE_P &&
	      !(pdpte->high >> 31),
	      "U1: a PDPTE has P and an address only");
	HOLDS(phys_is_lowmem(pfn_to_phys(upte_pfn(pdpte->low, pdpte->high))),
	      "U12: a directory is lowmem");
	law = check_frame(upte_pfn(pdpte->low, pdpte->high));
	if (law)
		return law;
	w->tables++;
	pd = upt_directory(pdpte);
	return check_directory(w, index << 30, virt_to_page(pd), pd);
}

static unsigned long list_length(const struct list_head *list)
{
	const struct list_head *node;
	unsigned long n = 0;

	for (node = list->next; node != list; node = node->next)
		n++;
	return n;
}

const char *upt_check(const struct upgtable *upt)
{
	const pdpte_t *pdpt = upt->pdpt;
	struct walk w = { .upt = upt };

	HOLDS((pdpt[PTRS_PER_PDPT - 1].v & ~PAE_A) ==
	      pdpte_make(virt_to_phys(kernel_pd)).v,
	      "U1: the last PDPTE is the kernel's directory");
	for (unsigned i = 0; i < PTRS_PER_PDPT - 1; i++) {
		const char *law = check_pdpte(&w, i);

		if (law)
			return law;
	}
	HOLDS(w.tables == upt->nr_tables &&
	      list_length(&upt->tables) == upt->nr_tables,
	      "U4: the list and nr_tables are the tables that the walk meets");
	HOLDS(upt_is_loaded(upt) == (read_cr3() == upt->root.v),
	      "U11: CR3 holds these tables exactly when they are loaded");
	return NULL;
}

/* ---- the trial ----------------------------------------------------------- */

/* Take blocks until one lies above 4 GiB. They are linked in *taken. */
static struct page *find_high_block(struct list_head *taken)
{
	for (unsigned i = 0; i < TRIAL_BLOCKS; i++) {
		struct page *block = alloc_pages(GFP_HIGHMEM | GFP_NOWARN,
						 MAX_ORDER);

		if (!block)
			return NULL;
		list_add(&block->list, taken);
		if (page_to_pfn(block).v >= PFN_4G)
			return block;
	}
	return NULL;
}

static void free_blocks(struct list_head *taken)
{
	struct page *block, *next;

	list_for_each_entry_safe(block, next, taken, list)
		free_pages(block, MAX_ORDER);
}

/* Can the page be read through these tables? */
static bool trial_read(const struct upgtable *upt)
{
	uint32_t word = 0;
	bool ok;

	upt_switch(upt);
	ok = probe_read32(kva_to_ptr(USER_BASE), &word) && word == TRIAL_WORD;
	upt_switch(NULL);
	return ok;
}

/*
 * By hand, because the table shall be this page, and the entry one that
 * supervisor mode may read with SMAP on.
 */
static bool trial_with(struct upgtable *upt, struct page *pt,
		       struct page *data)
{
	struct entry_halves *pd = upt_get_directory(upt, USER_BASE), *entries;
	pfn_t pfn = page_to_pfn(pt);

	if (!pd)
		return false;
	entries = kmap_local(pt);
	clear_page(entries);
	pte_set((pte_t *)&entries[pt_index(USER_BASE)],
		(pte_t){ page_to_phys(data).v | PAE_P | PAE_A });
	kunmap_local(entries);
	upte_store(&pd[pd_index(USER_BASE)], pfn.v << 12 | UPT_PDE_BITS,
		   pfn.v >> 20);
	return trial_read(upt);
}

static bool trial(struct page *pt)
{
	struct page *data = alloc_page(GFP_KERNEL);
	struct upgtable upt;
	bool ok = false;

	if (!data)
		return false;
	*(uint32_t *)page_address(data) = TRIAL_WORD;
	if (!upt_create(&upt)) {
		ok = trial_with(&upt, pt, data);
		upt_destroy(&upt);
	}
	free_page(data);
	return ok;
}

static void try_tables_above_4g(void)
{
	struct list_head taken = LIST_HEAD_INIT(taken);
	struct page *high = find_high_block(&taken);

	if (high) {
		upt_tables_above_4g = trial(high);
		pr_info("upgtable: page tables above 4 GiB: %s\n",
			upt_tables_above_4g ?
			"this machine walks them" :
			"this machine cannot walk them, so they stay below");
	}
	free_blocks(&taken);
}

static void bits_init(void)
{
	uint32_t xd = cpu_has(CPU_NX) ? (uint32_t)(PAE_XD >> 32) : 0;

	upt_bits[0] = (struct entry_halves){ .low = UPTE_KEPT };
	for (unsigned rights = 1; rights <= UPT_RIGHTS; rights++) {
		struct entry_halves bits = { .low = PAE_P | PAE_US };

		if (rights & UPT_WRITE)
			bits.low |= (uint32_t)PAE_RW;
		if (!(rights & UPT_EXEC)) {
			bits.low |= UPTE_NO_EXEC;
			bits.high = xd;
		}
		upt_bits[rights] = bits;
	}
}

void upt_init(void)
{
	bits_init();
	upt_pdpt_cache = kmem_cache_create("pdpt", PDPT_SIZE, PDPT_SIZE,
					   SLAB_PANIC, NULL);
	if (max_pfn.v > PFN_4G)
		try_tables_above_4g();
}
