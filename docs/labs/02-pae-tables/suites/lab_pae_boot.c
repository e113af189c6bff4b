// SPDX-License-Identifier: MIT
/*
 * lab_pae_boot.c - tests of lab 2: paging_build() and lint_pde()
 *
 * WHAT     Each entry is compared with a plain model. The model knows the
 *          numbers of the manual, and calls no function of the lab.
 */
#include "docs/labs/02-pae-tables/lab.h"

#include <arch/layout.h>

#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define ENTRY_BITS(v)  ((unsigned long long)(v))
#define LARGE_BITS  0x83u   /* P, RW, PS */

static struct boot_tables tables;

static struct boot_paging boot_random(struct rng *rng)
{
	return (struct boot_paging){
		.tables_phys = 0x100000 + rng_below(rng, 64) * PAGE_SIZE,
		.lowmem_end = LARGE_PAGE_SIZE +
			      rng_below(rng, LOWMEM_MAX - LARGE_PAGE_SIZE + 1),
		.phys_bits = 32 + rng_below(rng, 21),
	};
}

static void boot_build(const struct boot_paging *what)
{
	memset(&tables, 0, sizeof(tables));
	paging_build(&tables, what);
}

static void expect_boot_tables(const struct boot_paging *what)
{
	uint32_t directory = what->tables_phys + PAGE_SIZE;

	for (unsigned i = 0; i < PTRS_PER_PDPT; i++)
		EXPECT_EQ(tables.pdpt[i].v,
			  i == 0 || i == 3 ? directory | 1u : 0);
	for (unsigned i = 0; i < PTRS_PER_PD; i++) {
		uint64_t pa = (uint64_t)i << 21;
		uint64_t want = pa < what->lowmem_end ? pa | LARGE_BITS : 0;

		if (tables.pd[i].v == want)
			continue;
		ktest_fail(__FILE__, __LINE__,
			   "lowmem ends at 0x%x: PD[%u] is 0x%llx, expected 0x%llx",
			   what->lowmem_end, i, ENTRY_BITS(tables.pd[i].v),
			   ENTRY_BITS(want));
		return;
	}
}

KTEST(lab_pae_boot, first_tables_end_where_lowmem_ends)
{
	static const uint32_t ends[] = {
		0x200000, 0x200001, 0x3fffff, 0x400000, 0x37ffffff, LOWMEM_MAX,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		struct boot_paging what = {
			.tables_phys = 0x123000, .lowmem_end = ends[i],
		};

		boot_build(&what);
		expect_boot_tables(&what);
	}
}

KTEST(lab_pae_boot, random_first_tables_agree_with_a_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 50; round++) {
		struct boot_paging what = boot_random(&rng);

		boot_build(&what);
		expect_boot_tables(&what);
	}
}

/* What the CPU does with an address, while the first tables are loaded. */
static uint64_t boot_walk(uint32_t va, const struct boot_paging *what)
{
	uint64_t pdpte = tables.pdpt[va >> 30].v, pde;

	if (!(pdpte & 1) || pdpte >> 12 != what->tables_phys / PAGE_SIZE + 1)
		return 0;
	pde = tables.pd[va >> 21 & 511].v;
	return pde & 1 ? (pde & ~0x1fffffull) + (va & 0x1fffff) : 0;
}

KTEST(lab_pae_boot, random_addresses_are_the_same_from_both_views)
{
	struct boot_paging what;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 200; round++) {
		uint32_t pa;

		what = boot_random(&rng);
		boot_build(&what);
		pa = 1 + rng_below(&rng, what.lowmem_end - 1);
		EXPECT_EQ(boot_walk(pa, &what), pa);
		EXPECT_EQ(boot_walk(PAGE_OFFSET + pa, &what), pa);
	}
}

/* A law, and how an entry breaks it: the bits of `mask` are not `right`. */
struct boot_rule {
	const char *law;
	uint64_t    mask, right;
};

/* Returns: the law that lint_pde() must find, or NULL. */
static const char *boot_model(uint64_t entry, unsigned i,
			      const struct boot_paging *what)
{
	const struct boot_rule rules[] = {
		{ "boot_paging P4", 1ull << 63, 0 },
		{ "boot_paging P5", 0x80, 0x80 },
		{ "boot_paging P4", 0x1fe000, 0 },
		{ "boot_paging P4", (1ull << 52) - (1ull << what->phys_bits), 0 },
		{ "boot_paging P5", 0x04, 0 },
		{ "boot_paging P5", 0x02, 0x02 },
		{ "boot_paging P6", (1ull << 52) - (1ull << 21),
		  (uint64_t)i << 21 },
	};
	bool in_use = (uint64_t)i << 21 < what->lowmem_end;

	if (!in_use || !(entry & 1))
		return in_use == (entry & 1) ? NULL : "boot_paging P7";
	for (unsigned rule = 0; rule < ARRAY_SIZE(rules); rule++) {
		if ((entry & rules[rule].mask) != rules[rule].right)
			return rules[rule].law;
	}
	return NULL;
}

static void expect_lint(uint64_t entry, unsigned i,
			const struct boot_paging *what)
{
	const char *want = boot_model(entry, i, what);
	const char *is = bench_lint_pde((pde_t){ entry }, i, what);

	if (want ? !ktest_is_law(is, want) : is != NULL)
		ktest_fail(__FILE__, __LINE__,
			   "PD[%u] = 0x%llx, lowmem ends at 0x%x, %u bits: \"%s\", expected %s",
			   i, ENTRY_BITS(entry), what->lowmem_end,
			   what->phys_bits, is ? is : "no law",
			   want ? want : "no law");
}

KTEST(lab_pae_boot, the_first_law_that_is_broken_is_named)
{
	const struct boot_paging what = {
		.lowmem_end = 0x2000000, .phys_bits = 36,
	};
	/* Each has a defect more than the one before. */
	static const uint64_t defects[] = {
		0x200000, 0x2, 0x4, 1ull << 40, 1u << 16, 0x80, 1ull << 63, 1,
	};
	uint64_t entry = 5u << 21 | LARGE_BITS;

	expect_lint(entry, 5, &what);
	for (unsigned i = 0; i < ARRAY_SIZE(defects); i++) {
		entry ^= defects[i];
		expect_lint(entry, 5, &what);
		expect_lint(entry, 16, &what);
	}
}

KTEST(lab_pae_boot, random_flipped_bits_agree_with_a_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 2000; round++) {
		struct boot_paging what = boot_random(&rng);
		unsigned i = rng_below(&rng, PTRS_PER_PD);
		uint64_t entry = (uint64_t)i << 21 | LARGE_BITS;

		for (unsigned n = rng_below(&rng, 3); n > 0; n--)
			entry ^= 1ull << rng_below(&rng, 64);
		expect_lint(entry, i, &what);
	}
}

/* Around the end of lowmem, and with the addresses of other entries. */
KTEST(lab_pae_boot, random_places_agree_with_a_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 2000; round++) {
		struct boot_paging what = boot_random(&rng);
		unsigned end = what.lowmem_end >> 21;
		unsigned i = end - 1 + rng_below(&rng, 3);
		uint64_t frame = (uint64_t)rng_below(&rng, 2) << 32 |
				 (i + rng_below(&rng, 2)) << 21;

		expect_lint(rng_below(&rng, 4) ? frame | LARGE_BITS : 0, i,
			    &what);
	}
}

static const char *boot_check(void)
{
	struct boot_paging what = {
		.tables_phys = 0x100000, .lowmem_end = LOWMEM_MAX,
		.phys_bits = 36,
	};

	boot_build(&what);
	return paging_lint(&tables, &what).law;
}

SUITE(lab_pae_boot, boot_check);
