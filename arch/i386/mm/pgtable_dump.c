// SPDX-License-Identifier: MIT
/*
 * pgtable_dump.c - the page tables as text
 *
 * WHAT     pgtable_dump() walks the kernel's quarter and prints the mapped
 *          ranges, for people and for a test. The test compares them with the
 *          ranges that the emulator sees (`info mem`).
 *
 * PICTURE  0xc0000000 - 0xc00a0000  ( 640 kB)  -rw-gc  4 KiB pages
 *                                              |||||+-- c  cached
 *                                              ||||+--- g  global
 *                                              |||+---- x  executable
 *                                              ||+----- w  writable
 *                                              |+------ r  readable: present
 *                                              +------- u  user mode too
 *
 * TERMS    range   neighbouring leaves of one size and one set of flags; in
 *                  the lines for machines also physically contiguous
 *
 * LOCKING  None: see pgtable_check.c.
 * NOT HERE whether a mapping is right (pgtable_check.c).
 * SEE      Linux arch/x86/mm/dump_pagetables.c.
 */
#include <arch/paging.h>
#include <arch/pgtable.h>

#include "lib/log.h"

#define FLAGS_TEXT  7   /* six letters and the end */

struct range {
	kva_t       start, last;   /* last is inclusive: 4 GiB is no kva_t */
	phys_addr_t pa;
	uint64_t    flags;
	uint32_t    page_size;     /* 0: no range yet                     */
};

struct dump {
	bool         lines;        /* for machines                         */
	struct range range;        /* not yet printed                      */
};

/*        letter  bit       shown when the bit is                          */
static const struct {
	char     letter;
	uint64_t bit;
	bool     when;
} flag_letters[FLAGS_TEXT - 1] = {
	{ 'u',    PAE_US,   true  },
	{ 'r',    PAE_P,    true  },
	{ 'w',    PAE_RW,   true  },
	{ 'x',    PAE_XD,   false },
	{ 'g',    PAE_G,    true  },
	{ 'c',    PAE_PCD,  false },
};

#define FLAG_BITS  (PAE_US | PAE_P | PAE_RW | PAE_XD | PAE_G | PAE_PCD)

static void range_print(struct dump *d)
{
	const struct range *r = &d->range;
	char flags[FLAGS_TEXT] = "";

	if (!r->page_size)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(flag_letters); i++) {
		bool set = r->flags & flag_letters[i].bit;

		flags[i] = set == flag_letters[i].when ?
			   flag_letters[i].letter : '-';
	}
	if (d->lines)
		pr_info("ptdump\t%08x\t%08x\t%09llx\t%s\t%u\n", r->start,
			r->last + 1, (unsigned long long)r->pa.v, flags,
			r->page_size >> 10);
	else
		pr_info("    0x%08x - 0x%08x   (%7u kB)  %s  %u KiB pages\n",
			r->start, r->last + 1,
			(r->last - r->start + 1) >> 10, flags,
			r->page_size >> 10);
}

/* Add a leaf to the range, or print the range and begin a new one. */
static void dump_leaf(struct dump *d, kva_t va, uint64_t entry,
		      phys_addr_t pa, uint32_t page_size)
{
	uint64_t flags = entry & FLAG_BITS;
	struct range *r = &d->range;

	if (r->page_size != page_size || r->flags != flags ||
	    r->last + 1 != va ||
	    (d->lines && r->pa.v + (va - r->start) != pa.v)) {
		range_print(d);
		*r = (struct range){
			.start = va, .pa = pa, .flags = flags,
			.page_size = page_size,
		};
	}
	r->last = va + page_size - 1;
}

static void dump_directory(struct dump *d)
{
	for (unsigned i = 0; i < PTRS_PER_PD; i++) {
		kva_t va = PAGE_OFFSET + i * LARGE_PAGE_SIZE;
		pde_t pde = kernel_pd[i];
		const pte_t *table;

		if (pde_present(pde) && pde_large(pde))
			dump_leaf(d, va, pde.v, pde_large_phys(pde),
				  LARGE_PAGE_SIZE);
		if (!pde_is_table(pde))
			continue;
		table = pde_table(pde);
		for (unsigned k = 0; k < PTRS_PER_PT; k++, va += PAGE_SIZE) {
			if (pte_present(table[k]))
				dump_leaf(d, va, table[k].v,
					  pte_phys(table[k]), PAGE_SIZE);
		}
	}
	range_print(d);
}

void pgtable_dump(bool lines)
{
	struct dump people = { .lines = false }, machine = { .lines = true };

	pr_info("kernel page tables (u user, r read, w write, x execute, "
		"g global, c cached):\n");
	dump_directory(&people);
	if (lines)
		dump_directory(&machine);
}
