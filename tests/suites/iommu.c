// SPDX-License-Identifier: MIT
/*
 * iommu.c (suite) - domains: what is mapped is reached, and nothing else
 */
#include <arch/cpu.h>

#include "arch/i386/iommu/iommu_impl.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

SUITE(iommu, iommu_check);

#define R   IOMMU_READ
#define W   IOMMU_WRITE
#define RW  (IOMMU_READ | IOMMU_WRITE)

#define TABLE_SPAN  0x200000ull      /* of a level-1 table                   */
#define FRAMES      PHYS(0x7000000)  /* no test reads or writes them         */

static const unsigned widths[] = { IOMMU_BITS_SHORT, IOMMU_BITS_LONG };

#define for_each_width(i)  for (unsigned i = 0; i < ARRAY_SIZE(widths); i++)

static struct iommu_domain *create(unsigned bits)
{
	struct iommu_domain *domain = iommu_domain_create_bits(bits);

	REQUIRE(domain);
	return domain;
}

static void destroy(struct iommu_domain *domain)
{
	EXPECT_NULL(iommu_check());
	iommu_domain_destroy(domain);
}

static bus_addr_t bus_at(uint64_t start, uint64_t page)
{
	return (bus_addr_t){ start + page * PAGE_SIZE };
}

static bool leads_to(const struct iommu_domain *domain, bus_addr_t bus,
		     phys_addr_t pa, unsigned prot)
{
	phys_addr_t found;
	unsigned rights;

	return iommu_lookup(domain, bus, &found, &rights) &&
	       phys_eq(found, pa) && rights == prot;
}

static bool leads_nowhere(const struct iommu_domain *domain, bus_addr_t bus)
{
	phys_addr_t found;
	unsigned rights;

	return !iommu_lookup(domain, bus, &found, &rights);
}

KTEST(iommu, a_new_domain_reaches_nothing)
{
	for_each_width(i) {
		struct iommu_domain *domain = create(widths[i]);

		EXPECT_EQ(iommu_nr_mapped(domain), 0);
		EXPECT_EQ(domain->nr_tables, 1);
		EXPECT(iommu_domain_id(domain) > 0);
		EXPECT(leads_nowhere(domain, bus_at(0, 0)));
		EXPECT(leads_nowhere(domain, bus_at(TABLE_SPAN, 7)));
		destroy(domain);
	}
}

KTEST(iommu, width_without_hardware_is_39)
{
	struct iommu_domain *domain = iommu_domain_create();

	REQUIRE(domain);
	EXPECT_EQ(domain->bits, iommu_address_bits());
	if (!iommu_present())
		EXPECT_EQ(domain->bits, 39);
	destroy(domain);
}

/* Map seven pages: three before a border of the tables, four behind. */
static void map_over(struct iommu_domain *domain, uint64_t border)
{
	bus_addr_t bus = { border - 3 * PAGE_SIZE };

	EXPECT_EQ(iommu_map(domain, bus, FRAMES, 7, RW), 0);
	EXPECT_EQ(iommu_nr_mapped(domain), 7);
	for (unsigned i = 0; i < 7; i++)
		EXPECT(leads_to(domain, bus_at(bus.v, i),
				phys_add(FRAMES, i * PAGE_SIZE), RW));
	EXPECT(leads_nowhere(domain, bus_at(bus.v, -1ull)));
	EXPECT(leads_nowhere(domain, bus_at(bus.v, 7)));
	EXPECT_NULL(iommu_check());
	iommu_unmap(domain, bus, 7);
	EXPECT_EQ(iommu_nr_mapped(domain), 0);
	for (unsigned i = 0; i < 7; i++)
		EXPECT(leads_nowhere(domain, bus_at(bus.v, i)));
}

KTEST(iommu, pages_lead_to_their_frames_over_every_border)
{
	for_each_width(i) {
		struct iommu_domain *domain = create(widths[i]);

		map_over(domain, 5 * TABLE_SPAN);
		map_over(domain, 3ull << 30);
		map_over(domain, 1ull << (widths[i] - 1));
		destroy(domain);
	}
}

KTEST(iommu, offset_within_the_page_is_kept)
{
	struct iommu_domain *domain = create(39);

	REQUIRE(iommu_map(domain, bus_at(0, 5), FRAMES, 1, R) == 0);
	EXPECT(leads_to(domain, (bus_addr_t){ 5 * PAGE_SIZE + 0xabc },
			phys_add(FRAMES, 0xabc), R));
	destroy(domain);
}

KTEST(iommu, rights_are_those_asked_for)
{
	struct iommu_domain *domain = create(48);

	for (unsigned prot = R; prot <= RW; prot++) {
		REQUIRE(iommu_map(domain, bus_at(0, prot), FRAMES, 1,
				  prot) == 0);
		EXPECT(leads_to(domain, bus_at(0, prot), FRAMES, prot));
	}
	destroy(domain);
}

KTEST(iommu, frames_above_4g_are_reached)
{
	struct iommu_domain *domain;
	phys_addr_t high = PHYS(0x987654000ull);

	if (cpu_phys_bits() < 36)
		SKIP("needs 36 address bits");
	domain = create(39);
	REQUIRE(iommu_map(domain, bus_at(0, 1), high, 2, RW) == 0);
	EXPECT(leads_to(domain, bus_at(0, 2), phys_add(high, PAGE_SIZE), RW));
	destroy(domain);
}

KTEST(iommu, space_ends_with_the_width)
{
	for_each_width(i) {
		struct iommu_domain *domain = create(widths[i]);
		bus_addr_t last = { (1ull << widths[i]) - PAGE_SIZE };

		EXPECT_EQ(iommu_map(domain, last, FRAMES, 1, RW), 0);
		EXPECT(leads_to(domain, last, FRAMES, RW));
		EXPECT_EQ(iommu_map(domain, bus_at(last.v, -1ull), FRAMES, 3,
				    RW), -EINVAL);
		EXPECT_EQ(iommu_map(domain, bus_at(last.v, 1), FRAMES, 1, RW),
			  -EINVAL);
		EXPECT(leads_nowhere(domain, bus_at(last.v, 1)));
		EXPECT(leads_nowhere(domain, (bus_addr_t){ ~0ull }));
		destroy(domain);
	}
}

KTEST(iommu, senseless_requests_are_refused)
{
	struct iommu_domain *domain = create(39);
	bus_addr_t bus = bus_at(0, 16), odd = { 16 * PAGE_SIZE + 8 };
	uint64_t too_high = 1ull << cpu_phys_bits();

	EXPECT_EQ(iommu_map(domain, bus, FRAMES, 0, RW), -EINVAL);
	EXPECT_EQ(iommu_map(domain, odd, FRAMES, 1, RW), -EINVAL);
	EXPECT_EQ(iommu_map(domain, bus, phys_add(FRAMES, 1), 1, RW), -EINVAL);
	EXPECT_EQ(iommu_map(domain, bus, FRAMES, 1, 0), -EINVAL);
	EXPECT_EQ(iommu_map(domain, bus, FRAMES, 1, RW | 4), -EINVAL);
	EXPECT_EQ(iommu_map(domain, bus, PHYS(too_high), 1, RW), -EINVAL);
	EXPECT_EQ(iommu_map(domain, bus, PHYS(too_high - PAGE_SIZE), 2, RW),
		  -EINVAL);
	EXPECT_EQ(iommu_map(domain, bus, FRAMES, UINT32_MAX, RW), -EINVAL);
	EXPECT_EQ(iommu_nr_mapped(domain), 0);
	EXPECT_EQ(domain->nr_tables, 1);
	destroy(domain);
}

KTEST(iommu, nothing_is_mapped_over)
{
	struct iommu_domain *domain = create(39);
	bus_addr_t bus = bus_at(TABLE_SPAN, -2ull);
	unsigned long tables;

	REQUIRE(iommu_map(domain, bus_at(TABLE_SPAN, 3), FRAMES, 1, R) == 0);
	tables = domain->nr_tables;
	EXPECT_EQ(iommu_map(domain, bus, PHYS(0), 6, RW), -EEXIST);
	EXPECT_EQ(iommu_nr_mapped(domain), 1);
	EXPECT_EQ(domain->nr_tables, tables);
	EXPECT(leads_to(domain, bus_at(TABLE_SPAN, 3), FRAMES, R));
	for (unsigned i = 0; i < 5; i++)
		EXPECT(leads_nowhere(domain, bus_at(bus.v, i)));
	EXPECT_EQ(iommu_map(domain, bus, PHYS(0), 5, RW), 0);
	destroy(domain);
}

KTEST(iommu, unmap_passes_over_what_is_not_mapped)
{
	struct iommu_domain *domain = create(48);

	REQUIRE(iommu_map(domain, bus_at(0, 1), FRAMES, 1, RW) == 0);
	REQUIRE(iommu_map(domain, bus_at(TABLE_SPAN, 5), FRAMES, 2, RW) == 0);
	REQUIRE(iommu_map(domain, bus_at(1ull << 40, 0), FRAMES, 1, RW) == 0);
	iommu_unmap(domain, bus_at(0, 0), 0);
	EXPECT_EQ(iommu_nr_mapped(domain), 4);
	iommu_unmap(domain, bus_at(0, 0), TABLE_SPAN / PAGE_SIZE + 6);
	EXPECT_EQ(iommu_nr_mapped(domain), 2);
	EXPECT(leads_to(domain, bus_at(TABLE_SPAN, 6),
			phys_add(FRAMES, PAGE_SIZE), RW));
	/* 16 TiB, most of it without tables. */
	iommu_unmap(domain, bus_at(0, 0), UINT32_MAX);
	EXPECT_EQ(iommu_nr_mapped(domain), 0);
	destroy(domain);
}

KTEST(iommu, empty_tables_are_given_back)
{
	for_each_width(i) {
		struct iommu_domain *domain = create(widths[i]);
		unsigned long free = nr_free_pages();

		REQUIRE(iommu_map(domain, bus_at(TABLE_SPAN, -1ull), FRAMES,
				  1026, RW) == 0);
		EXPECT_EQ(domain->nr_tables, IOMMU_LEVELS(widths[i]) + 3);
		iommu_unmap(domain, bus_at(TABLE_SPAN, 0), 512);
		EXPECT_EQ(domain->nr_tables, IOMMU_LEVELS(widths[i]) + 2);
		iommu_unmap(domain, bus_at(0, 0), 2048);
		EXPECT_EQ(domain->nr_tables, 1);
		EXPECT_EQ(nr_free_pages(), free);
		destroy(domain);
	}
}

KTEST(iommu, destroy_forgets_what_is_mapped)
{
	for_each_width(i) {
		struct iommu_domain *domain = create(widths[i]);

		for (unsigned n = 0; n < 20; n++)
			REQUIRE(iommu_map(domain, bus_at(n * 0x40000000ull, n),
					  FRAMES, n + 1, RW) == 0);
		destroy(domain);
	}
}

KTEST(iommu, domains_do_not_see_each_other)
{
	struct iommu_domain *a = create(39), *b = create(39);

	EXPECT(iommu_domain_id(a) != iommu_domain_id(b));
	REQUIRE(iommu_map(a, bus_at(0, 9), FRAMES, 1, RW) == 0);
	EXPECT(leads_nowhere(b, bus_at(0, 9)));
	REQUIRE(iommu_map(b, bus_at(0, 9), PHYS(0x5000), 1, R) == 0);
	iommu_unmap(b, bus_at(0, 9), 1);
	EXPECT(leads_to(a, bus_at(0, 9), FRAMES, RW));
	destroy(a);
	destroy(b);
}

KTEST(iommu, walk_shows_each_level)
{
	for_each_width(i) {
		struct iommu_domain *domain = create(widths[i]);
		uint64_t entry[IOMMU_LEVELS_MAX];
		unsigned levels = IOMMU_LEVELS(widths[i]);

		EXPECT_EQ(iommu_walk(domain, bus_at(0, 3), entry), 1);
		EXPECT_EQ(entry[0], 0);
		REQUIRE(iommu_map(domain, bus_at(0, 3), FRAMES, 1, W) == 0);
		EXPECT_EQ(iommu_walk(domain, bus_at(0, 3), entry), levels);
		EXPECT_EQ(entry[levels - 1], FRAMES.v | W);
		EXPECT_EQ(iommu_walk(domain, bus_at(0, 4), entry), levels);
		EXPECT_EQ(entry[levels - 1], 0);
		EXPECT_EQ(iommu_walk(domain, (bus_addr_t){ 1ull << widths[i] },
				     entry), 0);
		destroy(domain);
	}
}

/* ---- failure ------------------------------------------------------------- */

static bool map_once(void *arg)
{
	struct iommu_domain *domain = arg;
	bus_addr_t bus = bus_at(1ull << 30, -520ull);
	unsigned long free = nr_free_pages(), tables = domain->nr_tables;
	int err = iommu_map(domain, bus, FRAMES, 1100, RW);

	if (err) {
		EXPECT_EQ(err, -ENOMEM);
		EXPECT_EQ(nr_free_pages(), free);
		EXPECT_EQ(domain->nr_tables, tables);
		EXPECT_EQ(iommu_nr_mapped(domain), 1);
		EXPECT_NULL(iommu_check());
		return false;
	}
	iommu_unmap(domain, bus, 1100);
	return true;
}

KTEST(iommu, a_mapping_that_fails_leaves_nothing)
{
	for_each_width(i) {
		struct iommu_domain *domain = create(widths[i]);

		/* A neighbour in the first table stays what it is. */
		REQUIRE(iommu_map(domain, bus_at(1ull << 30, -521ull), FRAMES,
				  1, R) == 0);
		/* It needs three more tables of level 1, and one of level 2. */
		EXPECT_EQ(ktest_each_failure(map_once, domain), 4);
		EXPECT(leads_to(domain, bus_at(1ull << 30, -521ull), FRAMES,
				R));
		destroy(domain);
	}
}

static bool create_once(void *arg)
{
	struct iommu_domain *domain = iommu_domain_create_bits(39);

	if (domain)
		iommu_domain_destroy(domain);
	return domain != NULL;
}

KTEST(iommu, a_domain_that_cannot_be_made_leaves_nothing)
{
	EXPECT(ktest_each_failure(create_once, NULL) >= 2);
	EXPECT_NULL(iommu_check());
}

KTEST_KEEPS(iommu, ids_run_out_and_come_back)
{
	static struct iommu_domain *all[IOMMU_DOMAINS_MAX];
	unsigned n = 0;

	while (n < IOMMU_DOMAINS_MAX && (all[n] = iommu_domain_create()))
		n++;
	EXPECT(n > 0 && n < IOMMU_DOMAINS_MAX);
	EXPECT_NULL(iommu_check());
	iommu_domain_destroy(all[n / 2]);
	all[n / 2] = iommu_domain_create();
	REQUIRE(all[n / 2]);
	while (n > 0)
		iommu_domain_destroy(all[--n]);
}

static void unmap_misaligned(void *domain)
{
	iommu_unmap(domain, (bus_addr_t){ 0x1008 }, 1);
}

static void unmap_beyond(void *domain)
{
	iommu_unmap(domain, (bus_addr_t){ (1ull << 39) - PAGE_SIZE }, 2);
}

static void create_of_odd_width(void *arg)
{
	struct iommu_domain *domain = iommu_domain_create_bits(42);

	EXPECT(!domain);
}

static void detach_stranger(void *domain)
{
	iommu_detach(domain, 0xfffe);
}

KTEST_KEEPS(iommu, misuse_is_caught)
{
	struct iommu_domain *domain = create(39);

	EXPECT_PANIC(unmap_misaligned, domain, "range_is_valid");
	EXPECT_PANIC(unmap_beyond, domain, "range_is_valid");
	EXPECT_PANIC(create_of_odd_width, NULL, "bits ==");
	EXPECT_PANIC(detach_stranger, domain, "attachment");
	destroy(domain);
}

KTEST(iommu, no_device_without_hardware)
{
	struct iommu_domain *domain;

	if (iommu_present())
		SKIP("needs a machine without IOMMU");
	domain = create(39);
	EXPECT_EQ(iommu_attach(domain, 0x18), -ENODEV);
	destroy(domain);
}

/* ---- the checker --------------------------------------------------------- */

KTEST(iommu, check_finds_what_is_broken)
{
	struct iommu_domain *domain = create(39), *other = create(39);
	slpte_t *root = page_address(domain->root);
	uint64_t entry;
	uint16_t id;

	REQUIRE(iommu_map(domain, bus_at(0, 0), FRAMES, 2, RW) == 0);
	entry = root[0].v;
	domain->root->refs++;
	EXPECT_LAW(iommu_check(), "domain D1");
	domain->root->refs--;
	domain->nr_mapped++;
	EXPECT_LAW(iommu_check(), "domain D3");
	domain->nr_mapped--;
	domain->nr_tables++;
	EXPECT_LAW(iommu_check(), "domain D3");
	domain->nr_tables--;
	id = domain->id;
	domain->id = 0;
	EXPECT_LAW(iommu_check(), "domain D6");
	domain->id = other->id;
	EXPECT_LAW(iommu_check(), "domain D6");
	domain->id = id;
	root[0].v = entry | 0x80;
	EXPECT_LAW(iommu_check(), "domain D4");
	root[0].v = entry & ~RW;
	EXPECT_LAW(iommu_check(), "domain D4");
	root[0].v = (entry & ~SL_ADDR_MASK) | 0x1000;
	EXPECT_LAW(iommu_check(), "domain D5");
	root[0].v = entry;
	EXPECT_NULL(iommu_check());
	destroy(other);
	destroy(domain);
}

/* ---- at random ----------------------------------------------------------- */

#define WINDOW  96u
#define STEPS   3000u

/* What should be mapped: 0 or frame address | rights. */
static uint64_t model[WINDOW];

static uint64_t model_start(unsigned bits)
{
	/* The window's middle is a border of every level. */
	return (1ull << (bits - 1)) - WINDOW / 2 * PAGE_SIZE;
}

static unsigned model_mapped(unsigned first, unsigned nr)
{
	unsigned n = 0;

	for (unsigned i = first; i < first + nr; i++)
		n += model[i] != 0;
	return n;
}

static void random_map(struct iommu_domain *domain, struct rng *rng,
		       uint64_t start)
{
	unsigned first = rng_below(rng, WINDOW);
	unsigned nr = 1 + rng_below(rng, MIN(WINDOW - first, 12u));
	uint64_t frame = (uint64_t)rng_below(rng, 0xf0000) << PAGE_SHIFT;
	unsigned prot = 1 + rng_below(rng, RW);
	int err = iommu_map(domain, bus_at(start, first), PHYS(frame), nr,
			    prot);

	EXPECT_EQ(err, model_mapped(first, nr) ? -EEXIST : 0);
	for (unsigned i = 0; !err && i < nr; i++)
		model[first + i] = (frame + i * PAGE_SIZE) | prot;
}

static void random_unmap(struct iommu_domain *domain, struct rng *rng,
			 uint64_t start)
{
	unsigned first = rng_below(rng, WINDOW);
	unsigned nr = 1 + rng_below(rng, MIN(WINDOW - first, 24u));

	iommu_unmap(domain, bus_at(start, first), nr);
	memset(&model[first], 0, nr * sizeof(model[0]));
}

static void compare_one(const struct iommu_domain *domain, uint64_t start,
			unsigned i)
{
	bus_addr_t bus = bus_at(start, i);

	if (model[i])
		EXPECT(leads_to(domain, bus, PHYS(model[i] & SL_ADDR_MASK),
				(unsigned)(model[i] & RW)));
	else
		EXPECT(leads_nowhere(domain, bus));
}

static void random_steps(unsigned bits)
{
	struct iommu_domain *domain = create(bits);
	uint64_t start = model_start(bits);
	struct rng rng;

	rng_init(&rng, ktest_seed());
	memset(model, 0, sizeof(model));
	for (unsigned step = 0; step < STEPS; step++) {
		if (rng_below(&rng, 2))
			random_map(domain, &rng, start);
		else
			random_unmap(domain, &rng, start);
		compare_one(domain, start, rng_below(&rng, WINDOW));
		EXPECT_EQ(iommu_nr_mapped(domain), model_mapped(0, WINDOW));
		if (step % 64 == 0)
			EXPECT_NULL(iommu_check());
	}
	for (unsigned i = 0; i < WINDOW; i++)
		compare_one(domain, start, i);
	destroy(domain);
}

KTEST(iommu, random_operations_agree_with_a_model)
{
	for_each_width(i)
		random_steps(widths[i]);
}

KTEST(iommu, reasons_have_words)
{
	EXPECT_STREQ(iommu_reason_name(5), "not mapped for writing");
	EXPECT_STREQ(iommu_reason_name(6), "not mapped for reading");
	EXPECT_STREQ(iommu_reason_name(0), "unknown reason");
	EXPECT_STREQ(iommu_reason_name(255), "unknown reason");
}
