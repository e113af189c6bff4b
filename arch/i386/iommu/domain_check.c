// SPDX-License-Identifier: MIT
/*
 * domain_check.c - are the IOMMU's domains what they should be?
 *
 * WHAT     Walks all tables of all domains, and calls the checks of the other
 *          files.
 *
 * INVARIANTS of domain: domain.c. iommu_check() asks iommu.c and vtd.c, too.
 *
 * LOCKING  Interrupts are off. A domain of many tables takes a while.
 * COST     A step for each entry of each table.
 */
#include <arch/irqflags.h>

#include "lib/panic.h"

#include "arch/i386/iommu/iommu_impl.h"

struct census {
	unsigned long tables, mapped;
};

static const char *table_check(const struct page *table, unsigned level,
			       struct census *census)
{
	const slpte_t *entries = page_address(table);
	unsigned used = 0;

	census->tables++;
	for (unsigned i = 0; i < SL_ENTRIES; i++) {
		uint64_t v = entries[i].v;
		pfn_t pfn = phys_to_pfn(slpte_phys(entries[i]));
		const struct page *below;
		const char *law;

		if (!v)
			continue;
		used++;
		HOLDS(v & SL_RIGHTS && !(v & ~(SL_RIGHTS | SL_ADDR_MASK)),
		      "domain D4: an entry has a right, and no bits but rights and address");
		if (level == 1)
			continue;
		HOLDS(pfn_lt(pfn, max_low_pfn) &&
		      pfn_to_page(pfn)->state == PAGE_TABLE,
		      "domain D5: an entry above level 1 leads to a page table");
		below = sl_table_below(entries[i]);
		law = table_check(below, level - 1, census);
		if (law)
			return law;
		HOLDS(sl_table_used(below),
		      "domain D2: no table but the root is without used entries");
	}
	census->mapped += level == 1 ? used : 0;
	HOLDS(used == sl_table_used(table),
	      "domain D1: a table's refs is 1 + its used entries");
	return NULL;
}

static const char *domains_check(void)
{
	static bool seen[IOMMU_DOMAINS_MAX];
	const struct iommu_domain *domain;

	for (unsigned id = 0; id < IOMMU_DOMAINS_MAX; id++)
		seen[id] = id == 0;
	list_for_each_entry(domain, &iommu_domains, link) {
		struct census census = { 0 };
		const char *law = table_check(domain->root, domain->levels,
					      &census);

		if (law)
			return law;
		HOLDS(census.tables == domain->nr_tables &&
		      census.mapped == domain->nr_mapped,
		      "domain D3: nr_tables and nr_mapped are what a walk finds");
		HOLDS(iommu_id_taken[domain->id] && !seen[domain->id],
		      "domain D6: a domain's id is not 0 and no other's");
		seen[domain->id] = true;
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
