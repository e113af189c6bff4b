// SPDX-License-Identifier: MIT
/*
 * domain.c - the tables from bus addresses to frames
 *
 * WHAT     Domains: create and destroy them, map and unmap ranges, look an
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
 *          The same table of 512 entries of 8 bytes as the CPU's under PAE,
 *          one level more, and other bits: R and W instead of P, RW, US.
 *
 * TERMS    used     of a table: its entries that are not 0
 *          dead     a table that nothing leads to any more, though a unit may
 *                   still remember the way
 *          forget   have the units flush what they remember of a domain
 *
 * INVARIANTS of domain (iommu_check() restates them, in domain_check.c)
 *          D1  a table's refs is 1 + its used entries
 *          D2  no table but the root is without used entries
 *          D3  nr_tables and nr_mapped are what a walk finds
 *          D4  an entry has a right, and no bits but rights and address
 *          D5  an entry above level 1 leads to a page in state PAGE_TABLE
 *          D6  a domain's id is not 0 and no other's
 *
 * ALGORITHM  map: look whether the range is free; make the tables that are
 *          missing; write the entries. The first two can fail and leave no
 *          entry of the range behind, so a device never sees half a mapping.
 *          unmap: clear the entries, unhook the tables that have become empty,
 *          forget, and free them only then.
 *
 *          A unit walks the tables while we change them. An entry is stored as
 *          the CPU's are: upper half first, cleared lower half first.
 *
 * LOCKING  Interrupts off from the first look to the last store.
 * COST     Instructions: map 870, and 13 for each further page; unmap 550 and
 *          9, and what the unit takes to forget; ranges without tables next to
 *          nothing. One page for each 2 MiB of bus addresses in use, three or
 *          four for a domain's first.
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

/* Protection: interrupts off. */
static bool id_taken[IOMMU_DOMAINS_MAX] = { true };

/* ---- entries and tables -------------------------------------------------- */

static uint64_t domain_end(const struct iommu_domain *domain)
{
	return 1ull << domain->bits;
}

/* First address behind what one entry covers, or `end` if that comes first. */
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

static struct page *table_alloc(struct iommu_domain *domain)
{
	struct page *table = alloc_page(GFP_ATOMIC);

	if (!table)
		return NULL;
	clear_page(page_address(table));
	iommu_units_write_back(page_address(table), PAGE_SIZE);
	page_set_state(table, PAGE_TABLE);
	domain->nr_tables++;
	return table;
}

static void table_free(struct iommu_domain *domain, struct page *table)
{
	assert(!sl_table_used(table));
	page_set_state(table, PAGE_USED);
	free_page(table);
	domain->nr_tables--;
}

/* The level-1 table of an address; NULL: no memory for it. */
static struct page *leaf_get(struct iommu_domain *domain, uint64_t bus)
{
	struct page *table = domain->root;

	for (unsigned level = domain->levels; level > 1; level--) {
		slpte_t *entry = entry_of(table, level, bus);
		struct page *below;

		if (!entry->v) {
			below = table_alloc(domain);
			if (!below)
				return NULL;
			entry_store(entry, page_to_phys(below).v | SL_RIGHTS);
			table->refs++;
			iommu_units_write_back(entry, sizeof(*entry));
		}
		table = sl_table_below(*entry);
	}
	return table;
}

/* ---- ranges: [bus, end) of one table and what is below it ---------------- */

static unsigned nr_pages_of(uint64_t bus, uint64_t end)
{
	return (unsigned)((end - bus) >> PAGE_SHIFT);
}

static bool leaf_is_free(const struct page *leaf, uint64_t bus, uint64_t end)
{
	const slpte_t *entry = entry_of(leaf, 1, bus);

	for (unsigned n = nr_pages_of(bus, end); n > 0; n--, entry++)
		if (entry->v)
			return false;
	return true;
}

/* Entries of one table, as many as lie in [bus, end). */
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

static void leaf_fill(struct iommu_domain *domain, struct page *leaf,
		      uint64_t bus, uint64_t end, uint64_t value)
{
	slpte_t *first = entry_of(leaf, 1, bus);
	unsigned nr = nr_pages_of(bus, end);

	for (unsigned i = 0; i < nr; i++, value += PAGE_SIZE)
		entry_store(&first[i], value);
	iommu_units_write_back(first, nr * sizeof(*first));
	domain->nr_mapped += nr;
	leaf->refs += nr;
}

static bool range_is_free(const struct page *table, unsigned level,
			  uint64_t bus, uint64_t end)
{
	uint64_t next;

	if (level == 1)
		return leaf_is_free(table, bus, end);
	for (; bus < end; bus = next) {
		slpte_t entry = *entry_of(table, level, bus);

		next = entry_end(level, bus, end);
		if (entry.v &&
		    !range_is_free(sl_table_below(entry), level - 1, bus, next))
			return false;
	}
	return true;
}

/* Empty the entries; tables that are then empty are unhooked: dead. */
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
		table_free(domain, table);
	}
}

/* Make the tables. On failure those that were made are gone again. */
static int range_reserve(struct iommu_domain *domain, uint64_t bus,
			 uint64_t end)
{
	for (uint64_t at = bus; at < end; at = entry_end(2, at, end)) {
		if (!leaf_get(domain, at)) {
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
	while (bus < end) {
		uint64_t next = entry_end(2, bus, end);

		leaf_fill(domain, leaf_get(domain, bus), bus, next, value);
		value += next - bus;
		bus = next;
	}
}

/* ---- domains ------------------------------------------------------------- */

bool iommu_id_is_taken(unsigned id)
{
	return id_taken[id];
}

/* Returns: 0 when all are taken. */
static uint16_t id_alloc(void)
{
	for (unsigned id = 1; id < MIN(iommu_nr_ids, IOMMU_DOMAINS_MAX); id++) {
		if (!id_taken[id]) {
			id_taken[id] = true;
			return (uint16_t)id;
		}
	}
	return 0;
}

/* The parts of a new domain that can run out. */
static bool domain_fill(struct iommu_domain *domain)
{
	domain->root = table_alloc(domain);
	if (!domain->root)
		return false;
	domain->id = id_alloc();
	if (domain->id)
		return true;
	table_free(domain, domain->root);
	return false;
}

struct iommu_domain *iommu_domain_create_bits(unsigned bits)
{
	struct iommu_domain *domain = kzalloc(sizeof(*domain), GFP_ATOMIC);
	irqflags_t flags;
	bool filled;

	assert(bits == IOMMU_BITS_SHORT || bits == IOMMU_BITS_LONG);
	if (!domain)
		return NULL;
	domain->bits = (uint8_t)bits;
	domain->levels = (uint8_t)IOMMU_LEVELS(bits);
	flags = irq_save();
	filled = domain_fill(domain);
	if (filled)
		list_add_tail(&domain->link, &iommu_domains);
	irq_restore(flags);
	if (filled)
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
	range_unmap(domain, 0, domain_end(domain));
	table_free(domain, domain->root);
	assert(!domain->nr_tables && !domain->nr_mapped);
	list_del(&domain->link);
	id_taken[domain->id] = false;
	irq_restore(flags);
	kfree(domain);
}

/* ---- map, unmap, lookup -------------------------------------------------- */

static bool range_is_valid(const struct iommu_domain *domain, bus_addr_t bus,
			   uint32_t nr_pages)
{
	uint64_t end = domain_end(domain);

	return (bus.v & (PAGE_SIZE - 1)) == 0 && bus.v <= end &&
	       nr_pages <= (end - bus.v) >> PAGE_SHIFT;
}

/* Frames that an entry can name and the machine can have. */
static bool frames_are_valid(phys_addr_t pa, uint32_t nr_pages)
{
	uint64_t end = 1ull << cpu_phys_bits();

	return phys_page_offset(pa) == 0 && pa.v <= end &&
	       nr_pages <= (end - pa.v) >> PAGE_SHIFT;
}

static int map_irqoff(struct iommu_domain *domain, uint64_t bus, uint64_t end,
		      uint64_t value)
{
	int err;

	assert(irqs_disabled());
	if (!range_is_free(domain->root, domain->levels, bus, end))
		return -EEXIST;
	err = range_reserve(domain, bus, end);
	if (err)
		return err;
	range_fill(domain, bus, end, value);
	iommu_units_learn(domain);
	return 0;
}

int iommu_map(struct iommu_domain *domain, bus_addr_t bus, phys_addr_t pa,
	      uint32_t nr_pages, unsigned prot)
{
	uint64_t end = bus.v + ((uint64_t)nr_pages << PAGE_SHIFT);
	irqflags_t flags;
	int err;

	if (!nr_pages || !range_is_valid(domain, bus, nr_pages) ||
	    !frames_are_valid(pa, nr_pages) || !prot || prot & ~SL_RIGHTS)
		return -EINVAL;
	flags = irq_save();
	err = map_irqoff(domain, bus.v, end, pa.v | prot);
	irq_restore(flags);
	return err;
}

void iommu_unmap(struct iommu_domain *domain, bus_addr_t bus,
		 uint32_t nr_pages)
{
	uint64_t end = bus.v + ((uint64_t)nr_pages << PAGE_SHIFT);
	irqflags_t flags;

	assert(range_is_valid(domain, bus, nr_pages));
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

	while (bus.v < domain_end(domain)) {
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
