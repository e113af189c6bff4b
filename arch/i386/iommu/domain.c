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
 * INVARIANTS (iommu_check() restates them)
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
 * COST     A step for each page, 512 for each table that a range has part in;
 *          whole ranges without tables cost nothing. One page for each 2 MiB
 *          of bus addresses in use, three or four for a domain's first.
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

static struct page *table_below(slpte_t entry)
{
	return pfn_to_page(phys_to_pfn(slpte_phys(entry)));
}

static void entry_fill(struct page *table, slpte_t *entry, uint64_t value)
{
	entry_store(entry, value);
	table->refs++;
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
			entry_fill(table, entry,
				   page_to_phys(below).v | SL_RIGHTS);
			iommu_units_write_back(entry, sizeof(*entry));
		}
		table = table_below(*entry);
	}
	return table;
}

/* ---- ranges: [bus, end) of one table and what is below it ---------------- */

static bool range_is_free(const struct page *table, unsigned level,
			  uint64_t bus, uint64_t end)
{
	uint64_t next;

	for (; bus < end; bus = next) {
		slpte_t entry = *entry_of(table, level, bus);

		next = entry_end(level, bus, end);
		if (!entry.v)
			continue;
		if (level == 1 ||
		    !range_is_free(table_below(entry), level - 1, bus, next))
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

	for (; bus < end; bus = next) {
		slpte_t *entry = entry_of(table, level, bus);

		next = entry_end(level, bus, end);
		if (!entry->v)
			continue;
		if (level > 1) {
			struct page *below = table_below(*entry);

			range_clear(domain, below, level - 1, bus, next, dead);
			if (sl_table_used(below))
				continue;
			list_add(&below->list, dead);
		} else {
			domain->nr_mapped--;
		}
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
		struct page *leaf = leaf_get(domain, bus);
		uint64_t run_end = entry_end(2, bus, end);
		slpte_t *first = entry_of(leaf, 1, bus), *entry = first;

		for (; bus < run_end; bus += PAGE_SIZE, value += PAGE_SIZE)
			entry_fill(leaf, entry++, value);
		domain->nr_mapped += (unsigned long)(entry - first);
		iommu_units_write_back(first, (size_t)((char *)entry -
						       (char *)first));
	}
}

/* ---- domains ------------------------------------------------------------- */

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

static int map_locked(struct iommu_domain *domain, uint64_t bus, uint64_t end,
		      uint64_t value)
{
	int err;

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
	err = map_locked(domain, bus.v, end, pa.v | prot);
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
		table = table_below(found);
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

/* ---- check --------------------------------------------------------------- */

struct census {
	unsigned long tables, mapped;
};

static const char *entry_check(slpte_t entry, unsigned level)
{
	pfn_t pfn = phys_to_pfn(slpte_phys(entry));

	HOLDS(entry.v & SL_RIGHTS && !(entry.v & ~(SL_RIGHTS | SL_ADDR_MASK)),
	      "D4: an entry has a right, and no bits but rights and address");
	HOLDS(level == 1 || (pfn_lt(pfn, max_low_pfn) &&
			     pfn_to_page(pfn)->state == PAGE_TABLE),
	      "D5: an entry above level 1 leads to a page table");
	return NULL;
}

static const char *table_check(const struct page *table, unsigned level,
			       struct census *census)
{
	const slpte_t *entries = page_address(table);
	unsigned used = 0;

	census->tables++;
	for (unsigned i = 0; i < SL_ENTRIES; i++) {
		const char *law;

		if (!entries[i].v)
			continue;
		used++;
		law = entry_check(entries[i], level);
		if (!law && level > 1)
			law = table_check(table_below(entries[i]), level - 1,
					  census);
		if (law)
			return law;
	}
	census->mapped += level == 1 ? used : 0;
	HOLDS(used == sl_table_used(table),
	      "D1: a table's refs is 1 + its used entries");
	return NULL;
}

/* D2 below the root; what a table leads to has been checked by then. */
static bool no_table_is_empty(const struct page *table, unsigned level)
{
	const slpte_t *entries = page_address(table);

	for (unsigned i = 0; level > 1 && i < SL_ENTRIES; i++) {
		if (entries[i].v &&
		    (!sl_table_used(table_below(entries[i])) ||
		     !no_table_is_empty(table_below(entries[i]), level - 1)))
			return false;
	}
	return true;
}

static const char *domain_check(const struct iommu_domain *domain)
{
	struct census census = { 0 };
	const char *law = table_check(domain->root, domain->levels, &census);

	if (law)
		return law;
	HOLDS(no_table_is_empty(domain->root, domain->levels),
	      "D2: no table but the root is without used entries");
	HOLDS(census.tables == domain->nr_tables &&
	      census.mapped == domain->nr_mapped,
	      "D3: nr_tables and nr_mapped are what a walk finds");
	return NULL;
}

static const char *domains_check(void)
{
	static bool seen[IOMMU_DOMAINS_MAX];
	const struct iommu_domain *domain;

	for (unsigned id = 0; id < IOMMU_DOMAINS_MAX; id++)
		seen[id] = id == 0;
	list_for_each_entry(domain, &iommu_domains, link) {
		const char *law;

		HOLDS(id_taken[domain->id] && !seen[domain->id],
		      "D6: a domain's id is not 0 and no other's");
		seen[domain->id] = true;
		law = domain_check(domain);
		if (law)
			return law;
	}
	return NULL;
}

const char *iommu_check(void)
{
	static const char *(*const checks[])(void) = {
		domains_check, iommu_attach_check, iommu_fault_check,
		iommu_units_check,
	};
	irqflags_t flags = irq_save();
	const char *law = NULL;

	for (size_t i = 0; !law && i < ARRAY_SIZE(checks); i++)
		law = checks[i]();
	irq_restore(flags);
	return law;
}
