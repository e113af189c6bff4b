// SPDX-License-Identifier: MIT
/*
 * upgtable_check.c - the laws of user page tables, and where tables may lie
 *
 * WHAT     upt_check() checks every entry against the laws.
 *          upt_try_high_tables() finds out at boot whether this machine can
 *          walk a table above 4 GiB.
 *
 * INVARIANTS of upgtable
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
 *          U13 only a device's entry is uncached, and it is not executable
 *          U14 a device's entry is uncached exactly where there is no RAM
 *
 * ALGORITHM  The trial: a page table above 4 GiB maps one page, for supervisor
 *          mode, at USER_BASE. Load the tables and read the page. If the read
 *          faults, the machine cannot find the table: qemu-system-i386 7.2 cuts
 *          the address of a table to 32 bits, but not the address of a page.
 *          The trial runs before the zones get the memory: so it can take any
 *          frame above 4 GiB.
 *
 * SEE      SDM volume 3, 4.4.2, tables 4-8 to 4-11.
 */
#include <arch/cpu.h>
#include <arch/page_ops.h>
#include <arch/probe.h>

#include "lib/log.h"
#include "mm/early/memblock.h"
#include "mm/slab/slab.h"

#include "arch/i386/mm/mm_impl.h"
#include "arch/i386/mm/upgtable_impl.h"

#define PDPT_SIZE     32
#define TRIAL_WORD    0x7ab1e4c6u   /* P is clear */

#define ALLOWED_PTE   ((uint32_t)(PAE_P | PAE_RW | PAE_US | PAE_A | PAE_D) | \
		       UPTE_NO_EXEC | UPTE_DEVICE | UPTE_UNCACHED)
#define ALLOWED_KEPT  ((uint32_t)(PAE_A | PAE_D) | UPTE_KEPT | UPTE_NO_EXEC)

/* ---- rules --------------------------------------------------------------- */

struct walk {
	const struct upgtable *upt;
	unsigned long          tables;   /* found so far */
};

/* All higher bits of an entry are reserved, but for XD. */
static bool within_physical_width(uint32_t high)
{
	return !((uint64_t)high >> (cpu_phys_bits() - 32));
}

static const char *check_frame(pfn_t pfn)
{
	const struct page *page;

	HOLDS(pfn_valid(pfn) && (upt_tables_above_4g || pfn.v < PFN_4G),
	      "upgtable U3: a table's frame is RAM, where tables may be");
	page = pfn_to_page(pfn);
	HOLDS(page->state == PAGE_TABLE, "upgtable U3: a table's frame is marked so");
	return NULL;
}

static bool frame_is_ram(pte_t entry)
{
	phys_addr_t pa = pfn_to_phys(upte_pfn(entry.low, entry.high));

	return phys_range_has_ram(pa, phys_add(pa, PAGE_SIZE));
}

static const char *check_present(uaddr_t va, pte_t entry)
{
	uint32_t flags = entry.low & (PAGE_SIZE - 1);
	bool xd = entry.high >> 31;
	uint32_t high = entry.high & ~(uint32_t)(PAE_XD >> 32);

	HOLDS(va.v >= USER_BASE,
	      "upgtable U10: nothing is mapped below USER_BASE");
	HOLDS(flags & PAE_US && !(flags & ~ALLOWED_PTE),
	      "upgtable U7: user mode may use what is present; it is not global");
	HOLDS(flags & UPTE_DEVICE ? flags & UPTE_NO_EXEC :
	      !(flags & UPTE_UNCACHED),
	      "upgtable U13: only a device's entry is uncached, none is executable");
	HOLDS(!(flags & UPTE_DEVICE) ||
	      !(flags & UPTE_UNCACHED) == frame_is_ram(entry),
	      "upgtable U14: a device's entry is uncached exactly where no RAM is");
	HOLDS(within_physical_width(high),
	      "upgtable U8: a frame has no bits above the physical address width");
	HOLDS(xd == (cpu_has(CPU_NX) && flags & UPTE_NO_EXEC),
	      "upgtable U9: XD is set exactly where execution is not allowed");
	return NULL;
}

static const char *check_entry(uaddr_t va, pte_t entry)
{
	uint32_t flags = entry.low & (PAGE_SIZE - 1);

	if (entry.low & PAE_P)
		return check_present(va, entry);
	HOLDS((!entry.low && !entry.high) ||
	      (flags & UPTE_KEPT && !(flags & ~ALLOWED_KEPT)),
	      "upgtable U6: what is not present is empty, or kept without any right");
	return NULL;
}

static const char *check_table(const struct page *pt, uaddr_t va,
			       const pte_t *entries)
{
	unsigned used = 0;

	for (unsigned i = 0; i < PTRS_PER_PT; i++) {
		const char *law = check_entry(uaddr_add(va, i * PAGE_SIZE),
					      entries[i]);

		if (law)
			return law;
		used += entries[i].low != 0;
	}
	HOLDS(used == table_used(pt),
	      "upgtable U5: refs of a table is 1 + its entries that are not empty");
	return NULL;
}

static const char *check_pde(struct walk *w, uaddr_t va, pde_t pde)
{
	pte_t *entries;
	const char *law;
	struct page *pt;

	HOLDS((pde.low & (PAGE_SIZE - 1)) == UPT_PDE_BITS &&
	      within_physical_width(pde.high),
	      "upgtable U2: a PDE allows everything");
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

static const char *check_directory(struct walk *w, uaddr_t start,
				   const struct page *pd, const pde_t *entries)
{
	unsigned used = 0;

	for (unsigned i = 0; i < PTRS_PER_PD; i++) {
		const char *law;

		if (!entries[i].low)
			continue;
		used++;
		law = check_pde(w, uaddr_add(start, i * PT_SPAN), entries[i]);
		if (law)
			return law;
	}
	HOLDS(used == table_used(pd),
	      "upgtable U5: refs of a table is 1 + its entries that are not empty");
	return NULL;
}

static const char *check_pdpte(struct walk *w, unsigned index)
{
	const pdpte_t *pdpte = &upt_pdpt(w->upt)[index];
	pde_t *pd;
	const char *law;

	if (!pdpte->low && !pdpte->high)
		return NULL;
	/* A is reserved, but QEMU's software MMU sets it. */
	HOLDS((pdpte->low & (PAGE_SIZE - 1) & ~PAE_A) == PAE_P &&
	      within_physical_width(pdpte->high),
	      "upgtable U1: a PDPTE has P and an address only");
	HOLDS(phys_is_lowmem(pfn_to_phys(upte_pfn(pdpte->low, pdpte->high))),
	      "upgtable U12: a directory is lowmem");
	law = check_frame(upte_pfn(pdpte->low, pdpte->high));
	if (law)
		return law;
	w->tables++;
	pd = upt_directory(pdpte);
	return check_directory(w, UADDR(index << 30), virt_to_page(pd), pd);
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
	      "upgtable U1: the last PDPTE is the kernel's directory");
	for (unsigned i = 0; i < PTRS_PER_PDPT - 1; i++) {
		const char *law = check_pdpte(&w, i);

		if (law)
			return law;
	}
	HOLDS(w.tables == upt->nr_tables &&
	      list_length(&upt->tables) == upt->nr_tables,
	      "upgtable U4: the list and nr_tables are the tables that the walk meets");
	HOLDS(upt_is_loaded(upt) == (read_cr3() == upt->root.v),
	      "upgtable U11: CR3 holds these tables exactly when they are loaded");
	return NULL;
}

/* ---- the trial ----------------------------------------------------------- */

/* The first free frame above 4 GiB. Returns: false if there is none. */
static bool find_high_frame(phys_addr_t *pa)
{
	struct memblock_range range;
	phys_addr_t cursor = PHYS(0);

	while (memblock_next_free(&cursor, &range)) {
		*pa = pfn_to_phys(pfn_max(phys_to_pfn_up(range.start),
					  PFN(PFN_4G)));
		if (!phys_lt(range.end, phys_add(*pa, PAGE_SIZE)))
			return true;
	}
	return false;
}

/*
 * The table maps the directory itself at USER_BASE, so no other page is needed.
 * The trial reads the directory's last entry, which is not present.
 */
static void fill_tables(phys_addr_t table, pde_t *directory)
{
	pte_t *entries = fix_to_virt(FIX_UPT);

	set_fixmap(FIX_UPT, table, KPROT_RW);
	clear_page(entries);
	pte_set(&entries[pt_index(USER_BASE)],
		(pte_t){ virt_to_phys(directory).v | PAE_P | PAE_A });
	clear_fixmap(FIX_UPT);
	directory[PTRS_PER_PD - 1].v = TRIAL_WORD;
	pde_set(&directory[pd_index(USER_BASE)], pde_make_table(table));
}

/* Put a directory into the kernel's own PDPT, for one read. */
static bool read_through(pde_t *directory)
{
	uint32_t cr3 = read_cr3(), word = 0;
	const pde_t *mapped = kva_to_ptr(USER_BASE);
	bool ok;

	pdpte_set(&kernel_pdpt[0], pdpte_make(virt_to_phys(directory)));
	write_cr3(cr3);
	ok = probe_read32(&mapped[PTRS_PER_PD - 1], &word) &&
	     word == TRIAL_WORD;
	entry_clear(&kernel_pdpt[0]);
	write_cr3(cr3);
	return ok;
}

void upt_try_high_tables(void)
{
	phys_addr_t table, pa;
	pde_t *directory;
	int err;

	if (!find_high_frame(&table))
		return;
	directory = memblock_alloc(PAGE_SIZE, PAGE_SIZE);
	if (!directory)
		panic("no memory to try out page tables above 4 GiB");
	fill_tables(table, directory);
	upt_tables_above_4g = read_through(directory);
	pr_info("upgtable: page tables above 4 GiB: %s\n",
		upt_tables_above_4g ? "this machine walks them" :
		"this machine cannot walk them, so they stay below");
	pa = virt_to_phys(directory);
	err = memblock_release(pa, phys_add(pa, PAGE_SIZE));
	assert(!err);
}

static void bits_init(void)
{
	uint32_t xd = cpu_has(CPU_NX) ? (uint32_t)(PAE_XD >> 32) : 0;

	upt_bits[0] = (pte_t){ .low = UPTE_KEPT };
	for (unsigned rights = 1; rights <= UPT_RIGHTS; rights++) {
		pte_t bits = { .low = PAE_P | PAE_US };

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
}
