// SPDX-License-Identifier: MIT
/*
 * boot_tables.c - tests of boot/paging.c: the linter finds planted defects
 *
 * WHAT     Builds the first page tables for several sizes: the linter must
 *          find no fault. Then breaks one entry at a time: the linter must
 *          name this entry and the law.
 */
#include "boot/paging.h"

#include <arch/layout.h>

#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define M  0x100000u

static struct boot_tables tables;

static struct boot_paging what = {
	.tables_phys = 0x00104000, .image_end = 0x00180000, .phys_bits = 36,
};

static void build(uint32_t lowmem_end)
{
	memset(&tables, 0, sizeof(tables));
	what.lowmem_end = lowmem_end;
	paging_build(&tables, &what);
}

/* The law that the linter reports, or NULL. */
static const char *lint(void)
{
	return paging_lint(&tables, &what).law;
}

static void expect_law(const char *defect, const char *label)
{
	const char *found = lint();

	if (!ktest_is_law(found, label))
		ktest_fail(__FILE__, __LINE__, "%s: the linter says %s", defect,
			   found ? found : "nothing");
}

static const struct {
	const char *name;
	unsigned    index;
	uint64_t    clear, set;
	const char *law;
} pd_defects[] = {
	{ "not present",              0, PAE_P,  0,            "boot_paging P7" },
	{ "not present, in the middle", 17, PAE_P, 0,          "boot_paging P7" },
	{ "present behind the end",  32, 0, PAE_P | PAE_RW | PAE_PS, "boot_paging P7" },
	{ "present, the very last", 511, 0, PAE_P,             "boot_paging P7" },
	{ "XD while NXE is clear",    5, 0, PAE_XD,            "boot_paging P4" },
	{ "reserved bit 13",          6, 0, 1ull << 13,        "boot_paging P4" },
	{ "reserved bit 20",          7, 0, 1ull << 20,        "boot_paging P4" },
	{ "bit 36 on 36 bits",        8, 0, 1ull << 36,        "boot_paging P4" },
	{ "bit 51 on 36 bits",        9, 0, 1ull << 51,        "boot_paging P4" },
	{ "no large page",           10, PAE_PS, 0,            "boot_paging P5" },
	{ "user mode",               11, 0, PAE_US,            "boot_paging P5" },
	{ "read-only",               12, PAE_RW, 0,            "boot_paging P5" },
	{ "its neighbour's frame",   13, 0, 1ull << 22,        "boot_paging P6" },
	{ "aliased above 4 GiB",     14, 0, 1ull << 32,        "boot_paging P6" },
};

static const struct {
	const char *name;
	unsigned    index;
	uint64_t    clear, set;
	const char *law;
} pdpt_defects[] = {
	{ "no identity",       0, PAE_P, 0,          "boot_paging P3" },
	{ "no direct map",     3, PAE_P, 0,          "boot_paging P3" },
	{ "RW set",            3, 0, PAE_RW,         "boot_paging P2" },
	{ "US set",            0, 0, PAE_US,         "boot_paging P2" },
	{ "G set",             3, 0, PAE_G,          "boot_paging P2" },
	{ "XD set",            3, 0, PAE_XD,         "boot_paging P2" },
	{ "above the width",   3, 0, 1ull << 40,     "boot_paging P2" },
	{ "another directory", 3, 0, 1ull << 24,     "boot_paging P3" },
	{ "one too many",      1, 0, PAE_P,          "boot_paging P3" },
	{ "the directory, once more", 1, 0, 0x00105000 | PAE_P, "boot_paging P3" },
	{ "the directory, once more", 2, 0, 0x00105000 | PAE_P, "boot_paging P3" },
};

KTEST(boot_tables, tables_for_every_size_are_without_defect)
{
	static const uint32_t sizes[] = {
		2 * M, 16 * M, 64 * M, 894 * M, LOWMEM_MAX,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		build(sizes[i]);
		EXPECT_NULL(lint());
	}
}

KTEST(boot_tables, same_physical_address_from_both_views)
{
	build(64 * M);
	for (uint32_t pa = 0; pa < 64 * M; pa += LARGE_PAGE_SIZE) {
		uint32_t va = PAGE_OFFSET + pa;

		EXPECT_EQ(tables.pdpt[pdpt_index(pa)].v,
			  tables.pdpt[pdpt_index(va)].v);
		EXPECT_EQ(pd_index(pa), pd_index(va));
		EXPECT_EQ(tables.pd[pd_index(va)].v & PAE_LARGE_MASK, pa);
	}
}

KTEST(boot_tables, linter_finds_each_planted_directory_entry)
{
	for (unsigned i = 0; i < ARRAY_SIZE(pd_defects); i++) {
		unsigned index = pd_defects[i].index;
		struct paging_defect d;

		build(64 * M);
		tables.pd[index].v &= ~pd_defects[i].clear;
		tables.pd[index].v |= pd_defects[i].set;
		expect_law(pd_defects[i].name, pd_defects[i].law);

		d = paging_lint(&tables, &what);
		EXPECT_EQ(d.index, index);
		EXPECT_EQ(d.entry, tables.pd[index].v);
		EXPECT_STREQ(d.table, "PD");
	}
}

KTEST(boot_tables, linter_finds_each_planted_pdpt_entry)
{
	for (unsigned i = 0; i < ARRAY_SIZE(pdpt_defects); i++) {
		unsigned index = pdpt_defects[i].index;
		struct paging_defect d;

		build(64 * M);
		tables.pdpt[index].v &= ~pdpt_defects[i].clear;
		tables.pdpt[index].v |= pdpt_defects[i].set;
		expect_law(pdpt_defects[i].name, pdpt_defects[i].law);

		d = paging_lint(&tables, &what);
		EXPECT_EQ(d.index, index);
		EXPECT_STREQ(d.table, "PDPT");
	}
}

KTEST(boot_tables, linter_reports_the_first_of_two_defects)
{
	build(64 * M);
	tables.pd[20].v = 0;
	tables.pd[3].v |= PAE_US;
	EXPECT_EQ(paging_lint(&tables, &what).index, 3);
}

KTEST(boot_tables, address_above_32_bits_is_a_defect_on_a_32_bit_cpu)
{
	build(64 * M);
	tables.pd[1].v |= 1ull << 32;
	what.phys_bits = 32;
	expect_law("bit 32 on 32 bits", "boot_paging P4");
	what.phys_bits = 36;
}

KTEST(boot_tables, misplaced_tables_and_images_are_found)
{
	struct boot_paging good = what;
	struct paging_defect d;

	build(64 * M);
	what.tables_phys = good.tables_phys + 16;
	d = paging_lint(&tables, &what);
	EXPECT_STREQ(d.law, "boot_paging P1: CR3 is not a multiple of 32");
	EXPECT_STREQ(d.table, "CR3");
	EXPECT_EQ(d.index, 0);
	EXPECT_EQ(d.entry, what.tables_phys);
	what.tables_phys = good.tables_phys + 32;
	expect_law("directory not page-aligned", "boot_paging P1");
	what = good;
	what.lowmem_end = 64 * M;
	what.image_end = 64 * M;
	EXPECT_NULL(lint());
	what.image_end++;
	expect_law("image above lowmem", "boot_paging P7");
	what = good;
	what.lowmem_end = LOWMEM_MAX + 1;
	EXPECT_STREQ(lint(), "boot_paging P7: lowmem is larger than its region");
	what = good;
}

KTEST(boot_tables, bit_flipped_anywhere_is_noticed)
{
	/* PWT, PCD, A, D, G and the bits for software are free to differ. */
	const uint64_t free_bits = PAE_PWT | PAE_PCD | PAE_A | PAE_D | PAE_G |
				   0xe00 | 0x7ffull << 52 | 1ull << 12;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 300; round++) {
		uint64_t flip = 1ull << rng_below(&rng, 64);
		unsigned index = rng_below(&rng, 32);

		build(64 * M);
		tables.pd[index].v ^= flip;
		if (flip & free_bits)
			continue;
		if (!lint())
			ktest_fail(__FILE__, __LINE__, "PD[%u] ^ 0x%llx passes",
				   index, (unsigned long long)flip);
	}
}

/* ---- every size of lowmem ------------------------------------------------ */

/* Lowmem that ends inside a 2 MiB page uses this page, too. */
KTEST(boot_tables, each_entry_maps_its_own_2_MiB_up_to_the_end_of_lowmem)
{
	static const struct { uint32_t end; unsigned pages; } sizes[] = {
		{ 2 * M, 1 }, { 2 * M + 4096, 2 }, { 4 * M - 4096, 2 },
		{ 4 * M, 2 }, { 64 * M + 1, 33 }, { 895 * M, 448 },
		{ LOWMEM_MAX, 448 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		build(sizes[i].end);
		for (unsigned n = 0; n < PTRS_PER_PD; n++)
			EXPECT_EQ(tables.pd[n].v, n < sizes[i].pages ?
				  n * 0x200000ull + 0x83 : 0);
		EXPECT_NULL(lint());
	}
}

KTEST(boot_tables, both_views_enter_the_directory_wherever_it_lies)
{
	static const uint32_t places[] = { 0x00104000, 0x00200000, 0x37fff000 };

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		uint32_t pd = places[i] + offsetof(struct boot_tables, pd);
		struct boot_paging good = what;

		what.tables_phys = places[i];
		build(64 * M);
		EXPECT_EQ(tables.pdpt[0].v, pd + 1);
		EXPECT_EQ(tables.pdpt[3].v, pd + 1);
		EXPECT_EQ(tables.pdpt[1].v | tables.pdpt[2].v, 0);
		EXPECT_NULL(lint());
		what = good;
	}
}

/* A size of lowmem, in bytes; half of them end inside a 2 MiB page. */
static uint32_t random_size(struct rng *rng)
{
	uint32_t size = 2 * M + rng_next(rng) % (LOWMEM_MAX - 2 * M + 1);

	return rng_below(rng, 2) ? size : size & ~(2 * M - 1);
}

KTEST(boot_tables, random_sizes_map_each_byte_of_lowmem_and_no_chunk_more)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 60; round++) {
		uint32_t size = random_size(&rng), mapped = 0;

		build(size);
		for (unsigned n = 0; n < PTRS_PER_PD; n++) {
			if (!(tables.pd[n].v & PAE_P))
				continue;
			EXPECT_EQ(tables.pd[n].v >> 21, n);
			EXPECT_EQ(n, mapped / (2 * M));
			mapped += 2 * M;
		}
		EXPECT(mapped >= size && mapped - size < 2 * M);
		EXPECT_NULL(lint());
	}
}

KTEST(boot_tables, random_addresses_are_those_of_a_walk_by_hand)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 300; round++) {
		uint32_t size = random_size(&rng);
		uint32_t pa = rng_next(&rng) % size;
		uint32_t va = pa + (rng_below(&rng, 2) ? PAGE_OFFSET : 0);
		uint64_t pdpte, pde;

		build(size);
		pdpte = tables.pdpt[va >> 30].v;
		EXPECT_EQ(pdpte, what.tables_phys +
			  offsetof(struct boot_tables, pd) + 1);
		pde = tables.pd[va >> 21 & 511].v;
		EXPECT_EQ(pde & 0x83, 0x83);
		EXPECT_EQ((pde & 0xffe00000) + (va & 0x1fffff), pa);
	}
}

/* ---- the linter ---------------------------------------------------------- */

KTEST(boot_tables, the_linter_knows_where_lowmem_ends)
{
	for (unsigned pages = 1; pages <= LOWMEM_MAX / (2 * M); pages++) {
		pde_t last;

		build(pages * 2 * M);
		last = tables.pd[pages - 1];
		tables.pd[pages - 1].v = 0;
		expect_law("the last one is missing", "boot_paging P7");
		tables.pd[pages - 1] = last;
		tables.pd[pages].v = last.v + 2 * M;
		expect_law("one more", "boot_paging P7");
	}
}

/* The bits of an address that a CPU has: 32 to 52. */
KTEST(boot_tables, the_linter_knows_the_width_of_an_address)
{
	for (unsigned width = 32; width <= 52; width++)
		for (unsigned bit = 32; bit < 52; bit++) {
			what.phys_bits = width;
			build(64 * M);
			tables.pd[7].v |= 1ull << bit;
			expect_law("a bit of the address", bit < width ?
				   "boot_paging P6" : "boot_paging P4");
		}
	what.phys_bits = 36;
}

KTEST(boot_tables, an_entry_for_another_address_is_found_in_each_place)
{
	build(LOWMEM_MAX);
	for (unsigned n = 0; n < LOWMEM_MAX / (2 * M); n++) {
		pde_t good = tables.pd[n];

		tables.pd[n].v = good.v ^ (n % 2 ? 2 * M : 512 * M);
		expect_law("another address", "boot_paging P6");
		EXPECT_EQ(paging_lint(&tables, &what).index, n);
		tables.pd[n] = good;
	}
	EXPECT_NULL(lint());
}

/* May the entry stand at this index? By the manual, bit by bit. */
static bool naive_entry_is_right(uint64_t entry, unsigned index)
{
	if (!(entry & 1))
		return index >= 32;
	if (index >= 32 || (entry & 6) != 2 || !(entry & 0x80))
		return false;
	for (unsigned bit = 13; bit < 64; bit++) {
		bool set = entry >> bit & 1;
		bool wanted = bit >= 21 && (uint64_t)index << 21 >> bit & 1;

		if (bit >= 52 && bit < 63)
			continue;   /* ignored by the CPU */
		if (set != wanted)
			return false;
	}
	return true;
}

KTEST(boot_tables, random_entries_are_judged_as_by_a_naive_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	build(64 * M);
	for (unsigned round = 0; round < 3000; round++) {
		unsigned index = rng_below(&rng, 34);
		pde_t good = tables.pd[index];

		/* A right entry of any place, with up to three bits wrong. */
		tables.pd[index].v = (uint64_t)rng_below(&rng, 34) << 21 | 0x83;
		if (rng_below(&rng, 2))
			tables.pd[index] = good;
		for (unsigned n = rng_below(&rng, 4); n > 0; n--)
			tables.pd[index].v ^= 1ull << rng_below(&rng, 64);
		if (!lint() != naive_entry_is_right(tables.pd[index].v, index))
			ktest_fail(__FILE__, __LINE__, "PD[%u] = 0x%llx", index,
				   (unsigned long long)tables.pd[index].v);
		tables.pd[index] = good;
	}
}

static const char *boot_tables_suite_check(void)
{
	build(64 * M);
	return lint();
}

SUITE(boot_tables, boot_tables_suite_check);
