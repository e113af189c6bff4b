// SPDX-License-Identifier: MIT
/*
 * upgtable_impl.h - functions that the files upgtable*.c share
 *
 * WHAT     Entries of user page tables, and the tables as pages. Only these
 *          files and their tests include this header.
 */
#pragma once

#include <arch/fixmap.h>
#include <arch/pgtable.h>
#include <arch/tlb.h>
#include <arch/upgtable.h>

#include "lib/preempt.h"
#include "mm/kva/kmap.h"
#include "mm/page/page.h"

/*
 * The CPU ignores three bits of an entry; software may use them. A CPU without
 * NX has no XD, so the second bit remembers it. The third is Linux's
 * pte_special().
 */
#define UPTE_KEPT     0x200u   /* P is clear, but there is a page: no rights */
#define UPTE_NO_EXEC  0x400u
#define UPTE_DEVICE   0x800u   /* the frame has no struct page, or no count  */
#define UPTE_UNCACHED ((uint32_t)(PAE_PCD | PAE_PWT))

/* The bits of the rights; XD, in the upper half, comes in addition. */
#define UPTE_RIGHTS   ((uint32_t)(PAE_P | PAE_RW | PAE_US) | UPTE_KEPT | \
		       UPTE_NO_EXEC)
#define UPTE_HIGH_XD  ((uint32_t)(PAE_XD >> 32))

#define UPT_PDE_BITS  ((uint32_t)(PAE_P | PAE_RW | PAE_US | PAE_A))

#define UPT_RIGHTS    (UPT_READ | UPT_WRITE | UPT_EXEC)

#define PD_SPAN       0x40000000u   /* reach of a page directory, 1 GiB      */
#define PFN_4G        (1u << (32 - PAGE_SHIFT))

/* May a table lie above 4 GiB? See upt_try_high_tables(). */
extern bool upt_tables_above_4g;

extern struct kmem_cache *upt_pdpt_cache;

/* The bits of an entry with these rights, without the frame. */
extern pte_t upt_bits[UPT_RIGHTS + 1];

static inline pfn_t upte_pfn(uint32_t low, uint32_t high)
{
	return PFN(high << 20 | low >> 12);
}

static inline unsigned upte_rights(uint32_t low)
{
	unsigned rights = UPT_READ;

	if (!(low & PAE_P))
		return 0;
	if (low & PAE_RW)
		rights |= UPT_WRITE;
	if (!(low & UPTE_NO_EXEC))
		rights |= UPT_EXEC;
	return rights;
}

static inline struct upt_entry upte_decode(uint32_t low, uint32_t high)
{
	return (struct upt_entry){
		.pfn = upte_pfn(low, high),
		.rights = upte_rights(low),
		.present = low != 0,
		.dirty = low & PAE_D,
		.accessed = low & PAE_A,
		.device = low & UPTE_DEVICE,
	};
}

/* Write an entry with this frame and these rights. It must not be present. */
static always_inline void upte_set(pte_t *entry, pfn_t pfn, unsigned rights,
				   uint32_t more)
{
	const pte_t *bits = &upt_bits[rights];

	entry_store_halves(entry, pfn.v << 12 | bits->low | more,
			   pfn.v >> 20 | bits->high);
}

/* The page that an entry of a page directory leads to. */
static inline struct page *table_page(const pde_t *entry)
{
	return pfn_to_page(upte_pfn(entry->low, entry->high));
}

/*
 * Two fixmap slots map page tables. A slot keeps its table until another table
 * is wanted: many faults come in the same 2 MiB. Preemption is off from
 * table_map() to table_unmap().
 */
enum { UPT_SLOT, UPT_SLOT_OTHER, UPT_NR_SLOTS };

_Static_assert(NR_CPUS == 1, "the slots are one CPU's");

extern uint32_t upt_slot_pfn[UPT_NR_SLOTS];

void upt_slot_load(unsigned slot, uint32_t pfn);

static always_inline pte_t *table_map(const struct page *pt, unsigned slot)
{
	uint32_t pfn = page_to_pfn(pt).v;

	preempt_disable();
	if (unlikely(upt_slot_pfn[slot] != pfn))
		upt_slot_load(slot, pfn);
	return kva_to_ptr(fixmap_slot_kva(FIX_UPT + slot));
}

static always_inline void table_unmap(void)
{
	preempt_enable();
}

static inline pdpte_t *upt_pdpt(const struct upgtable *upt)
{
	return upt->pdpt;
}

/* Entries of a table that are not empty. */
static inline unsigned table_used(const struct page *table)
{
	return table->refs - 1;
}

/*
 * The page table that has the entry of va. upt_find_table(): NULL if there is
 * no table. The second function makes the table; NULL: no memory.
 */
struct page *upt_find_table(const struct upgtable *upt, uaddr_t va);
struct page *upt_get_table(struct upgtable *upt, uaddr_t va);

/* The directory that an entry of the PDPT leads to: lowmem. */
static inline pde_t *upt_directory(const pdpte_t *pdpte)
{
	return kva_to_ptr(PAGE_OFFSET + (pdpte->low & PAGE_MASK));
}

/*
 * The first page table that has entries of [*va, end). *va becomes the address
 * of its first entry. NULL: there is no such table.
 */
struct page *upt_next_table(const struct upgtable *upt, uaddr_t *va,
			    uaddr_t end);

/* Are these the tables that this CPU has loaded? */
bool upt_is_loaded(const struct upgtable *upt);

/* The first address after va's page table, or end, the lower of the two. */
static inline uaddr_t run_end(uaddr_t va, uaddr_t end)
{
	uaddr_t next = UADDR((va.v | (PT_SPAN - 1)) + 1);

	return uaddr_min(next, end);
}
