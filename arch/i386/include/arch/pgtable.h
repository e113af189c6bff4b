// SPDX-License-Identifier: MIT
/*
 * pgtable.h - entries of the page tables, level by level
 *
 * WHAT     Make, read and store the entries of one level. Only arch/i386/ uses
 *          these functions; portable code uses <arch/kpgtable.h>.
 *
 * PICTURE    CR3 -> kernel_pdpt[4] -> kernel_pd[512] -> page table[512]
 *                   [0] empty          one PDE: 2 MiB    one PTE: 4 KiB
 *                   [1] empty
 *                   [2] empty
 *                   [3] -------------> the kernel's quarter
 *
 * TERMS    kernel_pd  the ONE page directory of the kernel's quarter.
 *                     PDPT[3] of every task points to it. So all tasks see a
 *                     new mapping of the kernel at once.
 *
 * SEE      <arch/pgtable_bits.h> for the types, the bits and the stores.
 */
#pragma once

#include <arch/kva.h>
#include <arch/pgtable_bits.h>

extern pdpte_t *kernel_pdpt;
extern pde_t   *kernel_pd;

static inline void pdpte_set(pdpte_t *entry, pdpte_t value)
{
	entry_store(entry, value.v);
}

static inline void pde_set(pde_t *entry, pde_t value)
{
	entry_store(entry, value.v);
}

static inline void pte_set(pte_t *entry, pte_t value)
{
	entry_store(entry, value.v);
}

static inline bool pdpte_present(pdpte_t entry)
{
	return entry.v & PAE_P;
}

static inline bool pde_present(pde_t entry)
{
	return entry.v & PAE_P;
}

static inline bool pte_present(pte_t entry)
{
	return entry.v & PAE_P;
}

/* Does this present PDE map 2 MiB itself? */
static inline bool pde_large(pde_t entry)
{
	return entry.v & PAE_PS;
}

/* Does this PDE lead to a page table? */
static inline bool pde_is_table(pde_t entry)
{
	return (entry.low & (PAE_P | PAE_PS)) == PAE_P;
}

static inline phys_addr_t pdpte_phys(pdpte_t entry)
{
	return PHYS(entry.v & PAE_ADDR_MASK);
}

static inline phys_addr_t pde_table_phys(pde_t entry)
{
	return PHYS(entry.v & PAE_ADDR_MASK);
}

static inline phys_addr_t pde_large_phys(pde_t entry)
{
	return PHYS(entry.v & PAE_LARGE_MASK);
}

static inline phys_addr_t pte_phys(pte_t entry)
{
	return PHYS(entry.v & PAE_ADDR_MASK);
}

static inline pfn_t pte_pfn(pte_t entry)
{
	return phys_to_pfn(pte_phys(entry));
}

/* The directory or table that an entry leads to; kernel tables are lowmem. */
static inline pde_t *pdpte_table(pdpte_t entry)
{
	return phys_to_virt(pdpte_phys(entry));
}

static inline pte_t *pde_table(pde_t entry)
{
	return phys_to_virt(pde_table_phys(entry));
}

/*
 * An entry that leads to a table allows everything; the entries of the table
 * decide. A is set in advance, so the CPU does not have to set it.
 */
#define PDE_TABLE_BITS  (PAE_P | PAE_RW | PAE_A)

static inline pde_t pde_make_table(phys_addr_t table)
{
	return (pde_t){ table.v | PDE_TABLE_BITS };
}

static inline pdpte_t pdpte_make(phys_addr_t directory)
{
	return (pdpte_t){ directory.v | PAE_P };
}
