// SPDX-License-Identifier: MIT
/*
 * paging.c - the first page tables, and the linter that reads them before the
 *            CPU does
 *
 * WHAT     These tables are just enough to reach kernel_main() at its high
 *          address. They map lowmem in 2 MiB pages, writable and executable,
 *          without NX and without global pages. The kernel replaces them with
 *          its final tables.
 *
 * PICTURE    CR3 --> PDPT                    PD
 *                    0: ----------------+--> 0: physical 0        2 MiB
 *                    1: not present     |    1: physical 2 MiB    2 MiB
 *                    2: not present     |    ...
 *                    3: ----------------+    n: not present
 *
 *          One directory, entered twice. PDPT[3] is the direct map at
 *          PAGE_OFFSET. PDPT[0] makes virtual equal physical, for the few
 *          instructions between CR0.PG and the jump to the kernel.
 *
 * INVARIANTS of boot_paging (paging_lint() restates them)
 *          P1  CR3 is a multiple of 32, the directory of 4096
 *          P2  a PDPT entry has no bit set but P, PWT, PCD and its address
 *          P3  PDPT[0] and PDPT[3] are this directory, PDPT[1] and [2] nothing
 *          P4  a directory entry that is present has no reserved bit set:
 *              13..20 in a 2 MiB page, those above the physical width, and
 *              bit 63, which is reserved until EFER.NXE is on
 *          P5  a directory entry is a 2 MiB page of the kernel, writable
 *          P6  PD[i] maps physical i * 2 MiB
 *          P7  exactly 0 .. lowmem_end is mapped, and the image lies in it
 *
 * ALGORITHM  A mistake here would be a triple fault: the machine resets and
 *          prints nothing. So the linter reads the finished tables by the rules
 *          of the manual, while the console still works.
 * COST     515 entries, read once.
 * NOT HERE turning it on (entry.S); the tables of the running kernel
 *          (arch/i386/mm/).
 * SEE      SDM volume 3, 4.4, tables 4-7 to 4-9.
 */
#include "boot/paging.h"

#include <arch/layout.h>

#define DIRECT_MAP   (PAGE_OFFSET >> 30)   /* PDPT index, here and below */
#define IDENTITY     0u

#define LARGE_ENTRY  (PAE_P | PAE_RW | PAE_PS)

_Static_assert(PAGE_OFFSET % (1u << 30) == 0,
	       "the direct map begins with a PDPT entry: one directory serves "
	       "both views");
_Static_assert(LOWMEM_MAX % LARGE_PAGE_SIZE == 0 && LOWMEM_MAX <= 1u << 30,
	       "lowmem is whole large pages and fits one directory");

static uint32_t directory_phys(const struct boot_paging *what)
{
	return what->tables_phys + (uint32_t)offsetof(struct boot_tables, pd);
}

/* Number of directory entries in use. */
static unsigned nr_large_pages(const struct boot_paging *what)
{
	return (what->lowmem_end + LARGE_PAGE_SIZE - 1) / LARGE_PAGE_SIZE;
}

static uint64_t above_width(const struct boot_paging *what)
{
	return PAE_ADDR_MASK & ~((1ull << what->phys_bits) - 1);
}

/* The law that a PDPT entry breaks, or NULL. */
static const char *lint_pdpte(pdpte_t entry, unsigned i,
			      const struct boot_paging *what)
{
	bool in_use = i == IDENTITY || i == DIRECT_MAP;

	if (!(entry.v & PAE_P))
		return in_use ? "boot_paging P3: not present, but the kernel needs it" :
				NULL;
	if (entry.v & (PDPTE_RSVD | PAE_XD))
		return "boot_paging P2: a bit that is reserved in a PDPT entry is set";
	if (entry.v & above_width(what))
		return "boot_paging P2: address above the CPU's physical width";
	if (!in_use)
		return "boot_paging P3: present, but nothing belongs there";
	if ((entry.v & PAE_ADDR_MASK) != directory_phys(what))
		return "boot_paging P3: does not point at the page directory";
	return NULL;
}

/* The law that an entry of the directory breaks, or NULL. */
static const char *lint_pde(pde_t entry, unsigned i,
			    const struct boot_paging *what)
{
	bool wanted = i < nr_large_pages(what);

	if (!(entry.v & PAE_P))
		return wanted ? "boot_paging P7: not present, but lowmem goes on" : NULL;
	if (!wanted)
		return "boot_paging P7: present, but lowmem has ended";
	if (entry.v & PAE_XD)
		return "boot_paging P4: bit 63 (XD) is set while EFER.NXE is clear";
	if (!(entry.v & PAE_PS))
		return "boot_paging P5: points at a page table, a 2 MiB page is meant";
	if (entry.v & PAE_LARGE_RSVD)
		return "boot_paging P4: one of the reserved bits 13 to 20 is set";
	if (entry.v & above_width(what))
		return "boot_paging P4: address above the CPU's physical width";
	if (entry.v & PAE_US)
		return "boot_paging P5: user mode could use it";
	if (!(entry.v & PAE_RW))
		return "boot_paging P5: read-only, but the kernel's data is there";
	if ((entry.v & PAE_LARGE_MASK) != (uint64_t)i * LARGE_PAGE_SIZE)
		return "boot_paging P6: maps another address than its own";
	return NULL;
}

/* P1, and the part of P7 that is about the tables as a whole. */
static const char *lint_whole(const struct boot_paging *what)
{
	if (what->tables_phys % 32)
		return "boot_paging P1: CR3 is not a multiple of 32";
	if (directory_phys(what) % PAGE_SIZE)
		return "boot_paging P1: the page directory is not page-aligned";
	if (what->image_end > what->lowmem_end)
		return "boot_paging P7: the kernel image ends above lowmem";
	if (what->lowmem_end > LOWMEM_MAX)
		return "boot_paging P7: lowmem is larger than its region";
	return NULL;
}

void paging_build(struct boot_tables *t, const struct boot_paging *what)
{
	for (unsigned i = 0; i < nr_large_pages(what); i++)
		t->pd[i].v = (uint64_t)i * LARGE_PAGE_SIZE | LARGE_ENTRY;
	t->pdpt[IDENTITY].v = directory_phys(what) | PAE_P;
	t->pdpt[DIRECT_MAP].v = directory_phys(what) | PAE_P;
}

struct paging_defect paging_lint(const struct boot_tables *t,
				 const struct boot_paging *what)
{
	struct paging_defect d = { lint_whole(what), "CR3", 0,
				   what->tables_phys };

	for (unsigned i = 0; !d.law && i < PTRS_PER_PDPT; i++)
		d = (struct paging_defect){ lint_pdpte(t->pdpt[i], i, what),
					    "PDPT", i, t->pdpt[i].v };
	for (unsigned i = 0; !d.law && i < PTRS_PER_PD; i++)
		d = (struct paging_defect){ lint_pde(t->pd[i], i, what),
					    "PD", i, t->pd[i].v };
	return d;
}
