// SPDX-License-Identifier: MIT
/*
 * iommu_impl.h - for the files of arch/i386/iommu/ and their tests only
 *
 * WHAT     The tables of a domain and their entries (domain.c), the book of
 *          faults (blocked.c), and the functions that both call in the units:
 *          vtd.c has them for the machine, tests/host/iommu.c for the simulated
 *          machine.
 */
#pragma once

#include <arch/iommu.h>
#include <arch/pgtable.h>

#include "lib/list.h"
#include "mm/page/page.h"

/* An entry of a second-level table. VT-d specification, 9.8. */
typedef struct { uint64_t v; } slpte_t;

#define SL_READ       0x1ull                /* as IOMMU_READ                 */
#define SL_WRITE      0x2ull
#define SL_RIGHTS     (SL_READ | SL_WRITE)
#define SL_ADDR_MASK  0x000ffffffffff000ull /* bits 12..51                   */

_Static_assert(SL_READ == IOMMU_READ && SL_WRITE == IOMMU_WRITE,
	       "rights go into an entry as they are");

#define SL_LEVEL_BITS  9u
#define SL_ENTRIES     (1u << SL_LEVEL_BITS)

/* The two forms of a domain's tables; level 1 holds the frames. */
#define IOMMU_BITS_SHORT  39u
#define IOMMU_BITS_LONG   48u

#define IOMMU_LEVELS(bits)  (((bits) - PAGE_SHIFT) / SL_LEVEL_BITS)

_Static_assert(IOMMU_LEVELS(IOMMU_BITS_SHORT) == 3 &&
	       IOMMU_LEVELS(IOMMU_BITS_LONG) == IOMMU_LEVELS_MAX,
	       "three levels and four");

/* A unit's caches know a domain by its id. No domain has the id 0. */
#define IOMMU_DOMAINS_MAX  256u

/*
 * Protection:  I  set before the domain is published, then constant
 *              o  interrupts off
 */
struct iommu_domain {
	struct list_head link;          /* o  in iommu_domains                */
	uint16_t         id;            /* I                                  */
	uint8_t          bits, levels;  /* I                                  */
	struct page     *root;          /* I  the table at the top            */
	unsigned long    nr_tables;     /* o  root included                   */
	unsigned long    nr_mapped;     /* o                                  */
	unsigned         nr_attached;   /* o                                  */
};

extern struct list_head iommu_domains;
extern bool iommu_id_taken[IOMMU_DOMAINS_MAX];   /* o */

/* Domains have ids below this; constant after iommu_units_start(). */
extern unsigned iommu_nr_ids;

/* As iommu_domain_create(), for a width of the caller's choice. */
struct iommu_domain *iommu_domain_create_bits(unsigned bits) __must_check;

/*
 * A page of lowmem as an empty table, which the units see; NULL: no memory. No
 * entry of a table may be in use when it is freed.
 */
struct page *iommu_table_alloc(void) __must_check;
void         iommu_table_free(struct page *table);

/* The index of a bus address in its table of this level. */
static inline unsigned sl_index(unsigned level, uint64_t bus)
{
	return (unsigned)(bus >> (PAGE_SHIFT + SL_LEVEL_BITS * (level - 1))) &
	       (SL_ENTRIES - 1);
}

static inline phys_addr_t slpte_phys(slpte_t entry)
{
	return PHYS(entry.v & SL_ADDR_MASK);
}

/* The table that an entry above level 1 leads to. */
static inline struct page *sl_table_below(slpte_t entry)
{
	return pfn_to_page(phys_to_pfn(slpte_phys(entry)));
}

/* How many entries of a table are not empty: see upgtable_impl.h. */
static inline unsigned sl_table_used(const struct page *table)
{
	return table->refs - 1;
}

/* ---- iommu.c ------------------------------------------------------------- */

/* From now on the units translate addresses of so many bits; 0: no units do. */
void iommu_set_bits(unsigned bits);

/* NULL, or the broken invariant; iommu_check() calls it. */
const char *iommu_attach_check(void);

/* ---- blocked.c ----------------------------------------------------------- */

/* Write a fault into the book, and into the log, limited. */
void iommu_fault_note(const struct iommu_fault *fault);

/* ---- the units: vtd.c, tests/host/iommu.c --------------------------------
 *
 * Interrupts are off in all of these functions.
 */

/* Returns: the bits of a bus address; 0: no unit, or `enable` is false. */
unsigned iommu_units_start(bool enable);

/* Entries in memory have changed: also a unit that does not snoop sees them. */
void iommu_units_write_back(const void *ptr, size_t size);

/* Entries of the domain that were empty have been filled. */
void iommu_units_learn(const struct iommu_domain *domain);

/* After the return, no unit remembers anything of the domain's tables. */
void iommu_units_forget(const struct iommu_domain *domain);

/*
 * Lead the device to the domain's tables; lead it to nothing.
 * Returns: 0; -ENODEV: no unit translates for the device; -ENOMEM.
 */
int  iommu_units_attach(const struct iommu_domain *domain, uint16_t source_id)
	__must_check;
void iommu_units_detach(const struct iommu_domain *domain, uint16_t source_id);

/* Take the faults out of the units and note them. */
void iommu_units_poll(void);

const char *iommu_units_check(void);
