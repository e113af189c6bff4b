// SPDX-License-Identifier: MIT
/*
 * domain.c - the tables from bus addresses to frames
 *
 * WHAT     Creates and destroys domains, maps and unmaps ranges, and looks an
 *          address up as a unit would.
 *
 * PICTURE  bus address  47 .. 39 | 38 .. 30 | 29 .. 21 | 20 .. 12 | 11 .. 0
 *                       level 4    level 3    level 2    level 1    offset
 *                       (48 bits)
 *
 *            root, level 3     [ 512 entries ]           refs = 1 + used
 *                                 |
 *            level 2              +-> [ 512 entries ]
 *                                        |
 *            level 1                     +-> [ 512 entries ] --> frames
 *
 *          These are the CPU's tables of 512 entries under PAE, with one level
 *          more, and with other bits: R and W instead of P, RW, US.
 *
 * TERMS    used     of a table: its entries that are not 0
 *          leaf     a table of level 1
 *          dead     a table that no entry leads to any more. A unit may still
 *                   remember the way
 *          forget   the units flush what they remember of a domain
 *
 * INVARIANTS of domain (iommu_check() restates them, in domain_check.c)
 *          D1  a table's refs is 1 + its used entries
 *          D2  no table but the root is without used entries
 *          D3  nr_tables and nr_mapped are what a walk finds
 *          D4  an entry has a right, and no bits but rights and address
 *          D5  an entry above level 1 leads to a page in state PAGE_TABLE
 *          D6  a domain's id is not 0, and no other domain has it
 *
 * ALGORITHM  map: check that the range is free, make the missing tables, write
 *          the entries. The first two steps can fail. They leave no entry of
 *          the range behind, so a device never sees half a mapping.
 *          unmap: clear the entries, unhook the tables that are empty now,
 *          forget. Only then free these tables.
 *
 *          A unit walks the tables while we change them. So an entry is stored
 *          like the CPU's entries: the upper half first. It is cleared with the
 *          lower half first.
 *
 * LOCKING  Interrupts are off from the first look to the last store.
 * COST     One page for each 2 MiB of bus addresses in use; three or four for a
 *          domain with one page mapped.
 * NOT HERE which device has which domain, and the units (iommu.c, vtd.c);
 *          which bus addresses are free (mm/dma/). Large pages are not used.
 * SEE      VT-d specification 3.7 and 9.8; upgtable.c, the CPU's side of it.
 */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/page_ops.h>

#include "lib/errno.h"
#include "lib/panic.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/kmalloc.h"

#include "arch/i386/iommu/iommu_impl.h"

LIST_HEAD(iommu_domains);
unsigned iommu_nr_ids = IOMMU_DOMAINS_MAX;

bool iommu_id_taken[IOMMU_DOMAINS_MAX] = { true };

/* ---- entries and tables -------------------------------------------------- */

/* The end of what one entry covers, or `end` if that comes first. */
static uint64_t entry_end(unsigned level, uint64_t bus, uint64_t end)
{
	unsigned shift = PAGE_SHIFT + SL_LEVEL_BITS * (level - 1);
	uint64_t next = (bus >> shift << shift) + (1ull << shift);

	return MIN(next, end);
}

static slpte_t *entry_of(const struct page *table, unsigned level,
			 uint64_t bus)
{
	return (slpte_t *)page_address(table) + sl_index(level, bus);
}

struct page *iommu_table_alloc(void)
{
	struct page *table = alloc_page(GFP_ATOMIC);

	if (!table)
		return NULL;
	clear_page(page_address(table));
	iommu_units_write_back(page_address(table), PAGE_SIZE);
	page_set_state(table, PAGE_TABLE);
	return table;
}

void iommu_table_free(struct page *table)
{
	assert(!sl_table_used(table));
	page_set_state(table, PAGE_USED);
	free_page(table);
}

/* The leaf of an address. `make` it if there is none; NULL: no memory. */
static struct page *leaf_get(struct iommu_domain *domain, uint64_t bus,
			     bool make)
{
	struct page *table = domain->root;

	for (unsigned level = domain->levels; level > 1; level--) {
		slpte_t *entry = entry_of(table, level, bus);

		if (!entry->v) {
			struct page *below = make ? iommu_table_alloc() : NULL;

			if (!below)
				return NULL;
			domain->nr_tables++;
			entry_store(entry, page_to_phys(below).v | SL_RIGHTS);
			table->refs++;
			iommu_units_write_back(entry, sizeof(*entry));
		}
		table = sl_table_below(*entry);
	}
	return table;
}

/* ---- ranges: [bus, end) -------------------------------------------------- */

static unsigned nr_pages_of(uint64_t bus, uint64_t end)
{
	return (unsigned)((end - bus) >> PAGE_SHIFT);
}

static bool range_is_free(struct iommu_domain *domain, uint64_t bus,
			  uint64_t end)
{
	for (uint64_t next; bus < end; bus = next) {
		const struct page *leaf = leaf_get(domain, bus, false);
		const slpte_t *entry = leaf ? entry_of(leaf, 1, bus) : NULL;

		next = entry_end(2, bus, end);
		for (unsigned i = nr_pages_of(bus, next); leaf && i > 0; i--)
			if (entry++->v)
				return false;
	}
	return true;
}

/* Empty the entries of a leaf. */
static void leaf_clear(struct iommu_domain *domain, struct page *leaf,
		       uint64_t bus, uint64_t end)
{
	slpte_t *first = entry_of(leaf, 1, bus);
	unsigned nr = nr_pages_of(bus, end), cleared = 0;

	for (slpte_t *entry = first; entry < first + nr; entry++) {
		if (!entry->v)
			continue;
		entry_clear(entry);
		cleared++;
	}
	if (cleared)
		iommu_units_write_back(first, nr * sizeof(*first));
	domain->nr_mapped -= cleared;
	leaf->refs -= cleared;
}

/* Empty the entries. Unhook tables that are empty then: they are dead. */
static void range_clear(struct iommu_domain *domain, struct page *table,
			unsigned level, uint64_t bus, uint64_t end,
			struct list_head *dead)
{
	uint64_t next;

	if (level == 1) {
		leaf_clear(domain, table, bus, end);
		return;
	}
	for (; bus < end; bus = next) {
		slpte_t *entry = entry_of(table, level, bus);
		struct page *below;

		next = entry_end(level, bus, end);
		if (!entry->v)
			continue;
		below = sl_table_below(*entry);
		range_clear(domain, below, level - 1, bus, next, dead);
		if (sl_table_used(below))
			continue;
		list_add(&below->list, dead);
		entry_clear(entry);
		iommu_units_write_back(entry, sizeof(*entry));
		table->refs--;
	}
}

static void range_unmap(struct iommu_domain *domain, uint64_t bus,
			uint64_t end)
{
	LIST_HEAD(dead);

	range_clear(domain, domain->root, domain->levels, bus, end, &dead);
	iommu_units_forget(domain);
	while (!list_empty(&dead)) {
		struct page *table = list_first_entry(&dead, struct page, list);

		list_del(&table->list);
		iommu_table_free(table);
		domain->nr_tables--;
	}
}

/* Make the tables. On failure the new tables are gone again. */
static int range_reserve(struct iommu_domain *domain, uint64_t bus,
			 uint64_t end)
{
	for (uint64_t at = bus; at < end; at = entry_end(2, at, end)) {
		if (!leaf_get(domain, at, true)) {
			range_unmap(domain, bus, end);
			return -ENOMEM;
		}
	}
	return 0;
}

/* The tables are there. */
static void range_fill(struct iommu_domain *domain, uint64_t bus, uint64_t end,
		       uint64_t value)
{
	for (uint64_t next; bus < end; bus = next) {
		struct page *leaf = leaf_get(domain, bus, false);
		slpte_t *first = entry_of(leaf, 1, bus);
		unsigned nr;

		next = entry_end(2, bus, end);
		nr = nr_pages_of(bus, next);
		for (unsigned i = 0; i < nr; i++, value += PAGE_SIZE)
			entry_store(&first[i], value);
		iommu_units_write_back(first, nr * sizeof(*first));
		domain->nr_mapped += nr;
		leaf->refs += nr;
	}
}

/* ---- domains ------------------------------------------------------------- */

/* Returns: 0 when all are taken. */
static uint16_t id_alloc(void)
{
	for (unsigned id = 1; id < MIN(iommu_nr_ids, IOMMU_DOMAINS_MAX); id++) {
		if (!iommu_id_taken[id]) {
			iommu_id_taken[id] = true;
			return (uint16_t)id;
		}
	}
	return 0;
}

struct iommu_domain *iommu_domain_create_bits(unsigned bits)
{
	struct iommu_domain *domain = kzalloc(sizeof(*domain), GFP_ATOMIC);
	irqflags_t flags;

	assert(bits == IOMMU_BITS_SHORT || bits == IOMMU_BITS_LONG);
	if (!domain)
		return NULL;
	domain->bits = (uint8_t)bits;
	domain->levels = (uint8_t)IOMMU_LEVELS(bits);
	domain->nr_tables = 1;
	flags = irq_save();
	domain->root = iommu_table_alloc();
	domain->id = domain->root ? id_alloc() : 0;
	if (domain->id)
		list_add_tail(&domain->link, &iommu_domains);
	else if (domain->root)
		iommu_table_free(domain->root);
	irq_restore(flags);
	if (domain->id)
		return domain;
	kfree(domain);
	return NULL;
}

struct iommu_domain *iommu_domain_create(void)
{
	return iommu_domain_create_bits(iommu_address_bits());
}

void iommu_domain_destroy(struct iommu_domain *domain)
{
	irqflags_t flags = irq_save();

	assert(domain->nr_attached == 0);
	range_unmap(domain, 0, 1ull << domain->bits);
	iommu_table_free(domain->root);
	assert(domain->nr_tables == 1 && !domain->nr_mapped);
	list_del(&domain->link);
	iommu_id_taken[domain->id] = false;
	irq_restore(flags);
	kfree(domain);
}

/* ---- map, unmap, lookup -------------------------------------------------- */

/* Are these whole pages, and all of them below 2^bits? */
static bool range_is_valid(unsigned bits, uint64_t address, uint32_t nr_pages)
{
	uint64_t end = 1ull << bits;

	return (address & (PAGE_SIZE - 1)) == 0 && address <= end &&
	       nr_pages <= (end - address) >> PAGE_SHIFT;
}

int iommu_map(struct iommu_domain *domain, bus_addr_t bus, phys_addr_t pa,
	      uint32_t nr_pages, unsigned prot)
{
	uint64_t end = bus.v + ((uint64_t)nr_pages << PAGE_SHIFT);
	irqflags_t flags;
	int err = -EEXIST;

	if (!nr_pages || !range_is_valid(domain->bits, bus.v, nr_pages) ||
	    !range_is_valid(cpu_phys_bits(), pa.v, nr_pages) || !prot ||
	    prot & ~SL_RIGHTS)
		return -EINVAL;
	flags = irq_save();
	if (range_is_free(domain, bus.v, end))
		err = range_reserve(domain, bus.v, end);
	if (!err) {
		range_fill(domain, bus.v, end, pa.v | prot);
		iommu_units_learn(domain);
	}
	irq_restore(flags);
	return err;
}

void iommu_unmap(struct iommu_domain *domain, bus_addr_t bus,
		 uint32_t nr_pages)
{
	uint64_t end = bus.v + ((uint64_t)nr_pages << PAGE_SHIFT);
	irqflags_t flags;

	assert(range_is_valid(domain->bits, bus.v, nr_pages));
	flags = irq_save();
	range_unmap(domain, bus.v, end);
	irq_restore(flags);
}

unsigned iommu_walk(const struct iommu_domain *domain, bus_addr_t bus,
		    uint64_t entry[IOMMU_LEVELS_MAX])
{
	irqflags_t flags = irq_save();
	const struct page *table = domain->root;
	unsigned level = domain->levels, n = 0;

	while (!(bus.v >> domain->bits)) {
		slpte_t found = *entry_of(table, level, bus.v);

		entry[n++] = found.v;
		if (!found.v || level-- == 1)
			break;
		table = sl_table_below(found);
	}
	irq_restore(flags);
	return n;
}

bool iommu_lookup(const struct iommu_domain *domain, bus_addr_t bus,
		  phys_addr_t *pa, unsigned *prot)
{
	uint64_t entry[IOMMU_LEVELS_MAX];
	unsigned n = iommu_walk(domain, bus, entry);
	slpte_t leaf;

	if (!n || n != domain->levels || !entry[n - 1])
		return false;
	leaf.v = entry[n - 1];
	*pa = phys_add(slpte_phys(leaf), bus.v & (PAGE_SIZE - 1));
	*prot = (unsigned)(leaf.v & SL_RIGHTS);
	return true;
}

unsigned long iommu_nr_mapped(const struct iommu_domain *domain)
{
	return domain->nr_mapped;
}

unsigned iommu_domain_id(const struct iommu_domain *domain)
{
	return domain->id;
}
