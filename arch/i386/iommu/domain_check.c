// SPDX-License-Identifier: MIT
/*
 * domain_check.c - are the IOMMU's domains what they should be?
 *
 * WHAT     Walks all tables of all domains, and asks the other files' checks.
 *
 * INVARIANTS of domain: domain.c. iommu_check() asks iommu.c and vtd.c, too.
 *
 * LOCKING  Interrupts off: a domain of many tables takes a while.
 * COST     A step for each entry of each table.
 */
#include <arch/irqflags.h>

#include "lib/panic.h"

#include "arch/i386/iommu/iommu_impl.h"

struct census {
	unsigned long tables, mapped;
};

static const char *entry_check(slpte_t entry, unsigned level)
{
	pfn_t pfn = phys_to_pfn(slpte_phys(entry));

	HOLDS(entry.v & SL_RIGHTS && !(entry.v & ~(SL_RIGHTS | SL_ADDR_MASK)),
	      "domain D4: an entry has a right, and no bits but rights and address");
	HOLDS(level == 1 || (pfn_lt(pfn, max_low_pfn) &&
			     pfn_to_page(pfn)->state == PAGE_TABLE),
	      "domain D5: an entry above level 1 leads to a page table");
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
			law = table_check(sl_table_below(entries[i]), level - 1,
					  census);
		if (law)
			return law;
	}
	census->mapped += level == 1 ? used : 0;
	HOLDS(used == sl_table_used(table),
	      "domain D1: a table's refs is 1 + its used entries");
	return NULL;
}

/* D2 below the root; what a table leads to has been checked by then. */
static bool no_table_is_empty(const struct page *table, unsigned level)
{
	const slpte_t *entries = page_address(table);

	for (unsigned i = 0; level > 1 && i < SL_ENTRIES; i++) {
		if (entries[i].v &&
		    (!sl_table_used(sl_table_below(entries[i])) ||
		     !no_table_is_empty(sl_table_below(entries[i]), level - 1)))
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
	      "domain D2: no table but the root is without used entries");
	HOLDS(census.tables == domain->nr_tables &&
	      census.mapped == domain->nr_mapped,
	      "domain D3: nr_tables and nr_mapped are what a walk finds");
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

		HOLDS(iommu_id_is_taken(domain->id) && !seen[domain->id],
		      "domain D6: a domain's id is not 0 and no other's");
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
		domains_check, iommu_attach_check, iommu_units_check,
	};
	irqflags_t flags = irq_save();
	const char *law = NULL;

	for (size_t i = 0; !law && i < ARRAY_SIZE(checks); i++)
		law = checks[i]();
	irq_restore(flags);
	return law;
}
