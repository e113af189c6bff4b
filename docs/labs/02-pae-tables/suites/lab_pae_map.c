// SPDX-License-Identifier: MIT
/*
 * lab_pae_map.c - tests of lab 2: direct_map_prot(), map_small_chunk() and
 *                 map_chunk()
 *
 * WHAT     The functions make tables of the test (stage.h), for images that the
 *          test invents. Then every entry is compared with a plain model, which
 *          calls no function of the lab.
 */
#include "docs/labs/02-pae-tables/lab.h"
#include "docs/labs/02-pae-tables/stage.h"

#include <arch/pgtable_check.h>

#include "lib/random.h"
#include "mm/early/memblock.h"

SUITE(lab_pae_map, pgtable_check);

#define ENTRY_BITS(v)  ((unsigned long long)(v))

static enum kprot model_prot(const struct image_layout *image, kva_t va)
{
	uint32_t pa = va - PAGE_OFFSET;

	if (image->text_start <= va && va < image->text_end)
		return KPROT_RX;
	if (image->rodata_start <= va && va < image->rodata_end)
		return KPROT_RO;
	if (pa >= 0xa0000 && pa < 0x100000)
		return KPROT_DEVICE;
	return LAB_PAGE_0_RO && pa < PAGE_SIZE ? KPROT_RO : KPROT_RW;
}

/* How many bytes of [pa, pa + size) are RAM. */
static uint64_t model_ram(uint64_t pa, uint64_t size)
{
	struct memblock_range range;
	uint64_t bytes = 0;

	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		uint64_t start = MAX(range.start.v, pa);
		uint64_t end = MIN(range.end.v, pa + size);

		bytes += start < end ? end - start : 0;
	}
	return bytes;
}

/* The entry of a page of the direct map, if this map ends at `top`. */
static uint64_t model_page(const struct image_layout *image, kva_t va,
			   kva_t top)
{
	uint32_t pa = va - PAGE_OFFSET;

	for (unsigned i = 0; i < image->nr_guards; i++) {
		if (image->guard[i] == va)
			return 0;
	}
	if (va >= top || (!model_ram(pa, PAGE_SIZE) &&
			  (pa < 0xa0000 || pa >= 0x100000)))
		return 0;
	return pa | kprot_bits[model_prot(image, va)].v;
}

/* How many pages of a small chunk are mapped. */
static unsigned model_pages(const struct image_layout *image, kva_t start,
			    kva_t top)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < PTRS_PER_PT; i++)
		nr += model_page(image, start + i * PAGE_SIZE, top) != 0;
	return nr;
}

/* `built` has grown by these numbers, and by nothing else. */
static void expect_built(struct lab_built before, struct lab_built more)
{
	struct lab_built now = lab_built();

	EXPECT_EQ(now.large - before.large, more.large);
	EXPECT_EQ(now.small - before.small, more.small);
	EXPECT_EQ(now.holes - before.holes, more.holes);
	EXPECT_EQ(now.tables - before.tables, more.tables);
}

static void expect_table(const pte_t *table, const struct image_layout *image,
			 kva_t start, kva_t top)
{
	for (unsigned i = 0; i < PTRS_PER_PT; i++) {
		kva_t va = start + i * PAGE_SIZE;
		uint64_t want = model_page(image, va, top);

		if (table[i].v == want)
			continue;
		ktest_fail(__FILE__, __LINE__,
			   "the entry of 0x%08x is 0x%llx, expected 0x%llx",
			   va, ENTRY_BITS(table[i].v), ENTRY_BITS(want));
		return;
	}
}

/* Must this chunk be mapped page by page? */
static bool model_small(const struct image_layout *image, kva_t start,
			kva_t top)
{
	uint32_t pa = start - PAGE_OFFSET;
	kva_t end = start + LARGE_PAGE_SIZE;

	return pa / LARGE_PAGE_SIZE < LAB_SMALL_CHUNKS || end > top ||
	       (image->text_start < end && start < image->data_end) ||
	       model_ram(pa, LARGE_PAGE_SIZE) < LARGE_PAGE_SIZE;
}

/* What the kernel has, while it has another image and another end of lowmem. */
static struct {
	struct image_layout image;
	kva_t               top;
	irqflags_t          flags;
} real;

static void pretend(const struct image_layout *image, kva_t top)
{
	real.flags = irq_save();
	real.image = kernel_image;
	real.top = high_memory;
	kernel_image = *image;
	high_memory = top;
}

static void pretend_no_more(void)
{
	high_memory = real.top;
	kernel_image = real.image;
	irq_restore(real.flags);
}

/* Make the chunk, and look at the directory. */
static void expect_chunk(const struct image_layout *image, kva_t start,
			 kva_t top)
{
	pde_t *pde = &stage.pd[pd_index(start)];
	uint64_t pa = start - PAGE_OFFSET;

	stage_clear();
	stage_enter();
	pretend(image, top);
	bench_map_chunk(pde, start);
	pretend_no_more();
	stage_leave();
	if (start != PAGE_OFFSET && !model_ram(pa, LARGE_PAGE_SIZE))
		EXPECT_EQ(pde->v, 0);
	else if (!model_small(image, start, top))
		EXPECT_EQ(pde->v, pa | PAE_PS | kprot_bits[KPROT_RW].v);
	else if (pde->v != pde_make_table(pde_table_phys(*pde)).v ||
		 !phys_is_lowmem(pde_table_phys(*pde)))
		ktest_fail(__FILE__, __LINE__,
			   "the chunk of 0x%08x needs a table: its PDE is 0x%llx",
			   start, ENTRY_BITS(pde->v));
	else
		expect_table(pde_table(*pde), image, start, top);
	for (unsigned i = 0; i < PTRS_PER_PD; i++)
		EXPECT(i == pd_index(start) || !stage.pd[i].v);
}

/* The same for map_small_chunk(), with a table that is there. */
static void expect_small(const struct image_layout *image, kva_t start,
			 kva_t top)
{
	pte_t *table = window_entry(0);

	window_open();
	pretend(image, top);
	bench_map_small_chunk(table, start);
	pretend_no_more();
	expect_table(table, image, start, top);
}

static unsigned nr_chunks(void)
{
	return (high_memory - PAGE_OFFSET) / LARGE_PAGE_SIZE;
}

static kva_t chunk(unsigned i)
{
	return PAGE_OFFSET + i * LARGE_PAGE_SIZE;
}

/* An image of up to four chunks, in a random place at or above `from`. */
static struct image_layout image_random(struct rng *rng, kva_t from)
{
	struct image_layout image = { .nr_guards = rng_below(rng, 3) };
	kva_t *const edges[] = {
		&image.text_start, &image.text_end, &image.rodata_start,
		&image.rodata_end, &image.data_start, &image.data_end,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(edges); i++) {
		from += rng_below(rng, i % 2 ? 500 : 20) * PAGE_SIZE;
		*edges[i] = from;
	}
	for (unsigned i = 0; i < image.nr_guards; i++)
		image.guard[i] = image.data_start +
				 rng_below(rng, 100) * PAGE_SIZE;
	return image;
}

/* A random image that often has a part in this chunk. */
static struct image_layout image_about(struct rng *rng, kva_t start)
{
	kva_t from = start - rng_below(rng, 1200) * PAGE_SIZE;

	return image_random(rng, from < PAGE_OFFSET + 0x100000 ||
			    from > start ? PAGE_OFFSET + 0x100000 : from);
}

/* An image in the second MiB: text, rodata and data of 16 pages each. */
static const struct image_layout small_image = {
	.text_start   = PAGE_OFFSET + 0x140000,
	.text_end     = PAGE_OFFSET + 0x150000,
	.rodata_start = PAGE_OFFSET + 0x150000,
	.rodata_end   = PAGE_OFFSET + 0x160000,
	.data_start   = PAGE_OFFSET + 0x170000,
	.data_end     = PAGE_OFFSET + 0x180000,
	.guard        = { PAGE_OFFSET + 0x172000 },
	.nr_guards    = 1,
};

KTEST(lab_pae_map, each_part_of_the_image_has_its_protection)
{
	static const struct {
		uint32_t   pa;
		enum kprot prot;
	} rows[] = {
		{ 0x1000, KPROT_RW }, { 0x9f000, KPROT_RW },
		{ 0xa0000, KPROT_DEVICE }, { 0xff000, KPROT_DEVICE },
		{ 0x100000, KPROT_RW }, { 0x13f000, KPROT_RW },
		{ 0x140000, KPROT_RX }, { 0x14f000, KPROT_RX },
		{ 0x150000, KPROT_RO }, { 0x15f000, KPROT_RO },
		{ 0x160000, KPROT_RW }, { 0x170000, KPROT_RW },
		{ 0, LAB_PAGE_0_RO ? KPROT_RO : KPROT_RW },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(direct_map_prot(&small_image,
					  PAGE_OFFSET + rows[i].pa),
			  rows[i].prot);
}

KTEST(lab_pae_map, random_protections_agree_with_a_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 300; round++) {
		struct image_layout image =
			image_random(&rng, PAGE_OFFSET + 0x100000);
		kva_t va = PAGE_OFFSET + rng_below(&rng, 1024) * PAGE_SIZE;

		EXPECT_EQ(direct_map_prot(&image, va), model_prot(&image, va));
	}
}

KTEST(lab_pae_map, the_first_chunk_is_mapped_page_by_page)
{
	stage_create();
	expect_chunk(&small_image, PAGE_OFFSET, high_memory);
	stage_destroy();
}

KTEST(lab_pae_map, a_table_has_the_image_and_no_guard_page)
{
	stage_create();
	expect_small(&small_image, PAGE_OFFSET, high_memory);
	stage_destroy();
}

KTEST(lab_pae_map, a_table_ends_where_lowmem_ends)
{
	stage_create();
	for (unsigned pages = 1; pages <= PTRS_PER_PT; pages += 73)
		expect_small(&small_image, PAGE_OFFSET,
			     PAGE_OFFSET + pages * PAGE_SIZE);
	stage_destroy();
}

KTEST(lab_pae_map, random_tables_agree_with_a_model)
{
	struct rng rng;

	stage_create();
	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 30; round++) {
		unsigned at = rng_below(&rng, nr_chunks());
		struct image_layout image = image_random(&rng,
			MAX(chunk(at), PAGE_OFFSET + 0x100000));

		expect_small(&image, chunk(at), high_memory);
	}
	stage_destroy();
}

/* In each round some pages less of the chunk are lowmem. */
KTEST(lab_pae_map, random_ends_of_lowmem_agree_with_a_model)
{
	struct rng rng;

	stage_create();
	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 30; round++) {
		unsigned at = rng_below(&rng, nr_chunks());
		unsigned pages = 1 + rng_below(&rng, PTRS_PER_PT);

		expect_small(&small_image, chunk(at),
			     MIN(chunk(at) + pages * PAGE_SIZE, high_memory));
	}
	stage_destroy();
}

KTEST(lab_pae_map, low_chunks_are_small_or_large_as_the_lab_asks)
{
	stage_create();
	for (unsigned at = 1; at < MIN(nr_chunks(), 20u); at++)
		expect_chunk(&small_image, chunk(at), high_memory);
	stage_destroy();
}

/*
 * No new table can lie in the last pages of lowmem: boot has taken these pages.
 */
KTEST(lab_pae_map, a_chunk_that_lowmem_cuts_is_small)
{
	unsigned last = (high_memory - 1 - PAGE_OFFSET) / LARGE_PAGE_SIZE;
	kva_t top = high_memory - 3 * PAGE_SIZE;

	if (top <= chunk(last))
		SKIP("the last chunk of lowmem has less than four pages");
	for (kva_t va = top; va < high_memory; va += PAGE_SIZE) {
		if (page_state(PFN((va - PAGE_OFFSET) / PAGE_SIZE)) !=
		    PAGE_RESERVED)
			SKIP("the last pages of lowmem are not taken");
	}
	stage_create();
	expect_chunk(&kernel_image, chunk(last), top);
	stage_destroy();
}

KTEST(lab_pae_map, a_chunk_without_ram_stays_empty)
{
	unsigned at = 1;

	while (at < nr_chunks() &&
	       model_ram(chunk(at) - PAGE_OFFSET, LARGE_PAGE_SIZE))
		at++;
	if (at >= nr_chunks())
		SKIP("every chunk of this machine has RAM");
	stage_create();
	expect_chunk(&kernel_image, chunk(at), high_memory);
	stage_destroy();
}

/* ---- what was built is counted ------------------------------------------- */

/* As expect_small(), but the counts are looked at, and not the table. */
static void expect_small_count(const struct image_layout *image, kva_t start,
			       kva_t top)
{
	struct lab_built before = lab_built();

	window_open();
	pretend(image, top);
	bench_map_small_chunk(window_entry(0), start);
	pretend_no_more();
	expect_built(before, (struct lab_built){
		.small = model_pages(image, start, top) });
}

KTEST(lab_pae_map, each_page_of_a_small_chunk_is_counted)
{
	stage_create();
	expect_small_count(&small_image, PAGE_OFFSET, high_memory);
	expect_small_count(&small_image, PAGE_OFFSET, PAGE_OFFSET + 0x120000);
	expect_small_count(&small_image, chunk(1), high_memory);
	stage_destroy();
}

KTEST(lab_pae_map, random_small_chunks_are_counted_as_by_a_model)
{
	struct rng rng;

	stage_create();
	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 30; round++) {
		unsigned at = rng_below(&rng, nr_chunks());
		unsigned pages = 1 + rng_below(&rng, PTRS_PER_PT);
		struct image_layout image = image_about(&rng, chunk(at));

		expect_small_count(&image, chunk(at), MIN(high_memory,
			chunk(at) + pages * PAGE_SIZE));
	}
	stage_destroy();
}

/* Make one chunk more, and see that it is counted as what it must be. */
static void expect_chunk_count(const struct image_layout *image, kva_t start)
{
	uint64_t ram = model_ram(start - PAGE_OFFSET, LARGE_PAGE_SIZE);
	struct lab_built before = lab_built(), more = { .large = 0 };

	stage_clear();
	stage_enter();
	pretend(image, high_memory);
	bench_map_chunk(&stage.pd[pd_index(start)], start);
	pretend_no_more();
	stage_leave();
	if (start != PAGE_OFFSET && !ram) {
		more.holes = 1;
	} else if (model_small(image, start, high_memory)) {
		more.small = model_pages(image, start, high_memory);
		more.tables = 1;
	} else {
		more.large = 1;
	}
	expect_built(before, more);
}

KTEST(lab_pae_map, each_chunk_is_counted_as_what_it_must_be)
{
	stage_create();
	for (unsigned at = 0; at < nr_chunks(); at++)
		expect_chunk_count(&kernel_image, chunk(at));
	stage_destroy();
}

KTEST(lab_pae_map, random_chunks_are_counted_as_by_a_model)
{
	struct rng rng;

	stage_create();
	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 40; round++) {
		unsigned at = rng_below(&rng, nr_chunks());
		struct image_layout image = image_about(&rng, chunk(at));

		expect_chunk_count(&image, chunk(at));
	}
	stage_destroy();
}

KTEST(lab_pae_map, the_direct_map_is_the_one_that_the_kernel_runs_on)
{
	const uint64_t by_cpu = PAE_A | PAE_D;

	stage_create();
	stage_enter();
	for (kva_t va = PAGE_OFFSET; va < high_memory; va += LARGE_PAGE_SIZE)
		bench_map_chunk(&stage.pd[pd_index(va)], va);
	stage_leave();
	for (unsigned i = 0; i < nr_chunks(); i++) {
		pde_t own = stage.pd[i], live = kernel_pd[i];

		if (!pde_is_table(live) || !pde_is_table(own))
			EXPECT_EQ(own.v & ~by_cpu, live.v & ~by_cpu);
		else
			expect_table(pde_table(own), &kernel_image, chunk(i),
				     high_memory);
	}
	stage_destroy();
}

KTEST(lab_pae_map, random_chunks_agree_with_a_model)
{
	struct rng rng;

	stage_create();
	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 40; round++) {
		unsigned at = rng_below(&rng, nr_chunks());
		struct image_layout image = image_about(&rng, chunk(at));

		expect_chunk(&image, chunk(at), high_memory);
	}
	stage_destroy();
}

KTEST(lab_pae_map, random_low_chunks_agree_with_a_model)
{
	struct rng rng;

	stage_create();
	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 40; round++) {
		struct image_layout image = image_random(&rng, PAGE_OFFSET +
			0x100000 + rng_below(&rng, 4096) * PAGE_SIZE);

		expect_chunk(&image,
			     chunk(rng_below(&rng, MIN(nr_chunks(), 20u))),
			     high_memory);
	}
	stage_destroy();
}
