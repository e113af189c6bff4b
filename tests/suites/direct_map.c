// SPDX-License-Identifier: MIT
/*
 * direct_map.c (tests) - how paging.c maps RAM, chunk by chunk
 *
 * WHAT     The tests build single chunks of the direct map once more, in a
 *          table or an entry of their own, for images that the tests invent. A
 *          naive model says what each entry must be.
 *
 * PICTURE  pages of a chunk   0 ... | text | rodata | data |g| data | ... 511
 *
 * ALGORITHM  While a chunk is built, kernel_image and high_memory are those of
 *          the test. Interrupts are off meanwhile.
 * NOT HERE the other laws of the checker (pgtable_check.c).
 */
#include <arch/fixmap.h>
#include <arch/irqflags.h>
#include <arch/pgtable_check.h>

#include "arch/i386/mm/mm_impl.h"
#include "lib/align.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/early/memblock.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

SUITE(direct_map, pgtable_check_kernel);

static pte_t table[PTRS_PER_PT];
static pde_t pde;
static struct image_layout image;   /* the image that a test invents */

/* ---- the naive model ----------------------------------------------------- */

/* How many bytes of [start, start + size) are RAM. */
static uint64_t naive_ram(kva_t va, uint64_t size)
{
	uint64_t start = va - PAGE_OFFSET, end = start + size, bytes = 0;
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		if (range.start.v < end && start < range.end.v)
			bytes += MIN(end, range.end.v) -
				 MAX(start, range.start.v);
	return bytes;
}

static bool naive_is_isa(kva_t va)
{
	return va - PAGE_OFFSET >= 0xa0000 && va - PAGE_OFFSET < 0x100000;
}

static bool naive_has_page(kva_t va)
{
	for (unsigned i = 0; i < image.nr_guards; i++)
		if (image.guard[i] == va)
			return false;
	return naive_is_isa(va) || naive_ram(va, PAGE_SIZE) > 0;
}

static enum kprot naive_prot(kva_t va)
{
	enum kprot prot = naive_is_isa(va) ? KPROT_DEVICE : KPROT_RW;

	if (va >= image.rodata_start && va < image.rodata_end)
		prot = KPROT_RO;
	if (va >= image.text_start && va < image.text_end)
		prot = KPROT_RX;
	return prot;
}

static uint64_t naive_entry(kva_t va, kva_t high)
{
	if (va >= high || !naive_has_page(va))
		return 0;
	return (uint64_t)(va - PAGE_OFFSET) | kprot_bits[naive_prot(va)].v;
}

static bool naive_is_small(kva_t start, kva_t high)
{
	kva_t end = start + LARGE_PAGE_SIZE;

	if (start == PAGE_OFFSET || end > high)
		return true;
	for (kva_t va = start; va < end; va += PAGE_SIZE)
		if (va >= image.text_start && va < image.data_end)
			return true;
	return naive_ram(start, LARGE_PAGE_SIZE) < LARGE_PAGE_SIZE;
}

/* ---- building ------------------------------------------------------------ */

/* An image without pages, above everything. */
static void no_image(void)
{
	memset(&image, 0, sizeof(image));
	image.text_start = image.text_end = FIXADDR_TOP;
	image.rodata_start = image.rodata_end = FIXADDR_TOP;
	image.data_start = image.data_end = FIXADDR_TOP;
}

/* Text, rodata and data, each of so many pages, from an address on. */
static void set_image(kva_t start, unsigned text, unsigned rodata,
		      unsigned data)
{
	memset(&image, 0, sizeof(image));
	image.text_start = start;
	image.text_end = image.text_start + text * PAGE_SIZE;
	image.rodata_start = image.text_end;
	image.rodata_end = image.rodata_start + rodata * PAGE_SIZE;
	image.data_start = image.rodata_end;
	image.data_end = image.data_start + data * PAGE_SIZE;
}

/* Build with the test's image and high_memory: a table, or an entry. */
static void build(bool small, kva_t start, kva_t high)
{
	irqflags_t flags = irq_save();
	struct image_layout real_image = kernel_image;
	kva_t real_high = high_memory;

	memset(table, 0, sizeof(table));
	pde.v = 0;
	kernel_image = image;
	high_memory = high;
	if (small)
		map_small_chunk(table, start);
	else
		map_chunk(&pde, start);
	high_memory = real_high;
	kernel_image = real_image;
	irq_restore(flags);
}

/* The first entry that is not as in the model fails the test. */
static void expect_entries(const pte_t *entries, kva_t start, kva_t high)
{
	for (unsigned i = 0; i < PTRS_PER_PT; i++) {
		uint64_t want = naive_entry(start + i * PAGE_SIZE, high);

		if (entries[i].v == want)
			continue;
		ktest_fail(__FILE__, __LINE__,
			   "page %u of chunk 0x%08x: 0x%llx instead of 0x%llx",
			   i, start, (unsigned long long)entries[i].v,
			   (unsigned long long)want);
		return;
	}
}

static void expect_small(kva_t start, kva_t high)
{
	build(true, start, high);
	expect_entries(table, start, high);
}

static void drop_table(void)
{
	struct page *page = virt_to_page(pde_table(pde));

	page_set_state(page, PAGE_USED);
	free_page(page);
}

/* Build a chunk; its entry, its table and the memory for it must be right. */
static void expect_chunk(kva_t start, kva_t high)
{
	bool empty = start != PAGE_OFFSET && !naive_ram(start, LARGE_PAGE_SIZE);
	unsigned long free = nr_free_pages();

	build(false, start, high);
	if (empty) {
		EXPECT_EQ(pde.v, 0);
	} else if (!naive_is_small(start, high)) {
		EXPECT_EQ(pde.v, (start - PAGE_OFFSET) | PAE_PS |
				 kprot_bits[KPROT_RW].v);
	} else if (!pde_is_table(pde)) {
		ktest_fail(__FILE__, __LINE__, "chunk 0x%08x has no table",
			   start);
	} else {
		EXPECT_EQ(pde.v & ~PAE_ADDR_MASK, PDE_TABLE_BITS);
		EXPECT_EQ(free - nr_free_pages(), 1);
		expect_entries(pde_table(pde), start, high);
	}
	if (pde_is_table(pde))
		drop_table();
	EXPECT_EQ(nr_free_pages(), free);
}

/* The last chunk of lowmem that is RAM and not the first. */
static kva_t ram_chunk(void)
{
	kva_t start = ALIGN_DOWN(high_memory, LARGE_PAGE_SIZE);

	start -= LARGE_PAGE_SIZE;
	while (start > PAGE_OFFSET &&
	       naive_ram(start, LARGE_PAGE_SIZE) < LARGE_PAGE_SIZE)
		start -= LARGE_PAGE_SIZE;
	if (start <= PAGE_OFFSET)
		SKIP("needs 2 MiB of RAM in one piece");
	return start;
}

/*
 * Free a page that lies below an address: the next table will be this page.
 * Returns: false when no such page was found.
 */
static bool next_table_below(kva_t limit)
{
	struct page *pages[32], *below = NULL;
	unsigned nr = 0;

	while (nr < ARRAY_SIZE(pages) && !below) {
		pages[nr] = alloc_page(GFP_KERNEL | GFP_NOWARN);
		if (!pages[nr])
			break;
		if (ptr_to_kva(page_address(pages[nr])) < limit)
			below = pages[nr];
		else
			nr++;
	}
	while (nr > 0)
		free_page(pages[--nr]);
	if (below)
		free_page(below);
	return below;
}

/* ---- direct_map_prot(), direct_map_has_page() ---------------------------- */

static enum kprot prot_at(unsigned page)
{
	return direct_map_prot(&image, PAGE_OFFSET + page * PAGE_SIZE);
}

KTEST(direct_map, text_is_executable_from_its_first_to_its_last_page)
{
	set_image(PAGE_OFFSET + 0x400 * PAGE_SIZE, 4, 0, 4);
	EXPECT_EQ(prot_at(0x3ff), KPROT_RW);
	EXPECT_EQ(prot_at(0x400), KPROT_RX);
	EXPECT_EQ(prot_at(0x403), KPROT_RX);
	EXPECT_EQ(prot_at(0x404), KPROT_RW);
}

KTEST(direct_map, rodata_is_read_only_from_its_first_to_its_last_page)
{
	set_image(PAGE_OFFSET + 0x400 * PAGE_SIZE, 4, 3, 4);
	EXPECT_EQ(prot_at(0x403), KPROT_RX);
	EXPECT_EQ(prot_at(0x404), KPROT_RO);
	EXPECT_EQ(prot_at(0x406), KPROT_RO);
	EXPECT_EQ(prot_at(0x407), KPROT_RW);
}

KTEST(direct_map, a_gap_between_text_and_rodata_is_data)
{
	set_image(PAGE_OFFSET + 0x400 * PAGE_SIZE, 4, 3, 4);
	image.text_end -= 2 * PAGE_SIZE;
	EXPECT_EQ(prot_at(0x401), KPROT_RX);
	EXPECT_EQ(prot_at(0x402), KPROT_RW);
	EXPECT_EQ(prot_at(0x403), KPROT_RW);
	EXPECT_EQ(prot_at(0x404), KPROT_RO);
}

KTEST(direct_map, the_isa_hole_is_a_device_from_640_KiB_to_1_MiB)
{
	no_image();
	EXPECT_EQ(prot_at(0x9f), KPROT_RW);
	EXPECT_EQ(prot_at(0xa0), KPROT_DEVICE);
	EXPECT_EQ(prot_at(0xff), KPROT_DEVICE);
	EXPECT_EQ(prot_at(0x100), KPROT_RW);
	EXPECT_EQ(prot_at(0x1a0), KPROT_RW);
}

KTEST(direct_map, random_images_have_the_protections_of_a_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 3000; step++) {
		kva_t va = PAGE_OFFSET + rng_below(&rng, 64) * PAGE_SIZE;

		set_image(PAGE_OFFSET + rng_below(&rng, 40) * PAGE_SIZE,
			  rng_below(&rng, 12), rng_below(&rng, 12), 12);
		EXPECT_EQ(direct_map_prot(&image, va), naive_prot(va));
	}
}

/* Pages whose entry is in use, one level or the other. */
KTEST(direct_map, random_pages_in_use_have_their_protection)
{
	const uint64_t bits = PAE_RW | PAE_PCD | PAE_PWT | PAE_XD;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 3000; step++) {
		/* Half of them in the first 4 MiB: there is the image. */
		uint32_t span = step % 2 ? high_memory - PAGE_OFFSET : 4u << 20;
		kva_t va = PAGE_OFFSET +
			   (rng_next(&rng) % span & (uint32_t)PAGE_MASK);
		pde_t where = kernel_pd[pd_index(va)];
		uint64_t entry = where.v;

		if (pde_is_table(where))
			entry = pde_table(where)[pt_index(va)].v;
		if (!(entry & PAE_P))
			continue;
		EXPECT_EQ(entry & bits,
			  kprot_bits[direct_map_prot(&kernel_image, va)].v &
			  bits);
	}
}

/* The pages at both ends of each range of RAM, and of the ISA hole. */
KTEST(direct_map, a_page_is_mapped_if_one_byte_of_it_is_ram)
{
	struct memblock_range range;

	no_image();
	for (unsigned i = 0; memblock_memory(i, &range); i++)
		for (int n = -2; n <= 2; n++) {
			uint64_t ends[] = { range.start.v, range.end.v };

			for (unsigned e = 0; e < ARRAY_SIZE(ends); e++) {
				uint64_t pa = ALIGN_DOWN(ends[e], PAGE_SIZE) +
					      (uint64_t)n * PAGE_SIZE;
				kva_t va = PAGE_OFFSET + (kva_t)pa;

				if (pa >= 1u << 30)
					continue;
				EXPECT_EQ(direct_map_has_page(&image, va),
					  naive_has_page(va));
			}
		}
	for (unsigned page = 0x9c; page < 0x104; page++)
		EXPECT_EQ(direct_map_has_page(&image, PAGE_OFFSET +
						      page * PAGE_SIZE),
			  naive_has_page(PAGE_OFFSET + page * PAGE_SIZE));
}

/* ---- map_small_chunk() --------------------------------------------------- */

KTEST(direct_map, each_page_of_ram_maps_its_own_frame)
{
	kva_t start = ram_chunk();

	no_image();
	expect_small(start, high_memory);
	EXPECT_EQ(table[0].v, (start - PAGE_OFFSET) | kprot_bits[KPROT_RW].v);
	EXPECT_EQ(table[511].v, table[0].v + 511 * PAGE_SIZE);
}

KTEST(direct_map, parts_of_the_image_get_their_protection)
{
	kva_t start = ram_chunk();

	set_image(start + 3 * PAGE_SIZE, 5, 4, 6);
	expect_small(start, high_memory);
	EXPECT_EQ(table[3].v & (PAE_RW | PAE_P), PAE_P);
	EXPECT_EQ(table[11].v & (PAE_RW | PAE_P), PAE_P);
	EXPECT_EQ(table[12].v & (PAE_RW | PAE_P), PAE_RW | PAE_P);
}

KTEST(direct_map, guard_pages_are_left_out)
{
	kva_t start = ram_chunk();

	set_image(start, 2, 2, 508);
	image.nr_guards = 3;
	image.guard[0] = start + 4 * PAGE_SIZE;
	image.guard[1] = start + 200 * PAGE_SIZE;
	image.guard[2] = start + 511 * PAGE_SIZE;
	expect_small(start, high_memory);
	EXPECT_EQ(table[4].v | table[200].v | table[511].v, 0);
	EXPECT(pte_present(table[5]) && pte_present(table[510]));
}

KTEST(direct_map, no_page_is_mapped_from_high_memory_on)
{
	static const unsigned pages[] = { 1, 2, 255, 511, 512 };
	kva_t start = ram_chunk();

	no_image();
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
		expect_small(start, start + pages[i] * PAGE_SIZE);
		EXPECT(pte_present(table[pages[i] - 1]));
	}
}

KTEST(direct_map, the_first_chunk_has_the_isa_hole_but_not_the_firmware)
{
	no_image();
	expect_small(PAGE_OFFSET, high_memory);
	EXPECT_EQ(table[0xb8].v, 0xb8000 | kprot_bits[KPROT_DEVICE].v);
}

/* A random image: anywhere about the chunk, with up to four guard pages. */
static void random_image(struct rng *rng, kva_t start)
{
	unsigned data = 8 + rng_below(rng, 300);

	set_image(start - 100 * PAGE_SIZE + rng_below(rng, 700) * PAGE_SIZE,
		  1 + rng_below(rng, 200), 1 + rng_below(rng, 200), data);
	image.nr_guards = rng_below(rng, IMAGE_GUARDS_MAX + 1);
	for (unsigned i = 0; i < image.nr_guards; i++)
		image.guard[i] = image.data_start +
				 rng_below(rng, data) * PAGE_SIZE;
}

KTEST(direct_map, random_images_in_a_chunk_match_a_model)
{
	kva_t start = ram_chunk();
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 100; step++) {
		random_image(&rng, start);
		expect_small(start, high_memory);
	}
}

static kva_t random_chunk(struct rng *rng)
{
	return PAGE_OFFSET +
	       (rng_next(rng) % (high_memory - PAGE_OFFSET) &
		~(LARGE_PAGE_SIZE - 1));
}

KTEST(direct_map, random_ends_of_memory_match_a_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	no_image();
	for (unsigned step = 0; step < 100; step++) {
		kva_t start = random_chunk(&rng);

		expect_small(start, start + (1 + rng_below(&rng, PTRS_PER_PT)) *
					    PAGE_SIZE);
	}
}

/* ---- map_chunk() --------------------------------------------------------- */

KTEST(direct_map, a_chunk_of_ram_is_one_large_page)
{
	kva_t start = ram_chunk();
	unsigned long free = nr_free_pages();

	no_image();
	build(false, start, high_memory);
	EXPECT_EQ(pde.v, (start - PAGE_OFFSET) | PAE_PS |
			 kprot_bits[KPROT_RW].v);
	EXPECT_EQ(nr_free_pages(), free);
}

/* First page and end of the image, counted from the chunk's first page. */
static const struct { int first, end; bool small; } places[] = {
	{ -6, 0, false },   { -6, 1, true },    { 0, 4, true },
	{ 100, 300, true }, { 508, 512, true }, { 511, 520, true },
	{ 512, 520, false }, { -6, 520, true },
};

KTEST(direct_map, a_chunk_with_a_page_of_the_image_gets_a_table)
{
	kva_t start = ram_chunk();

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		int pages = places[i].end - places[i].first;

		set_image(start + (uint32_t)places[i].first * PAGE_SIZE, 1, 1,
			  (unsigned)pages - 2);
		expect_chunk(start, high_memory);
		EXPECT_EQ(!(pde.v & PAE_PS), places[i].small);
	}
}

KTEST(direct_map, the_first_chunk_gets_a_table)
{
	no_image();
	expect_chunk(PAGE_OFFSET, high_memory);
}

KTEST(direct_map, the_last_chunk_ends_at_high_memory)
{
	static const unsigned pages[] = { 1, 100, 511 };
	kva_t start = ram_chunk();

	no_image();
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
		if (!next_table_below(start))
			SKIP("needs a free page below the last chunk");
		expect_chunk(start, start + pages[i] * PAGE_SIZE);
	}
	expect_chunk(start, start + LARGE_PAGE_SIZE);
}

KTEST(direct_map, every_chunk_of_this_machine_matches_a_model)
{
	image = kernel_image;
	for (kva_t va = PAGE_OFFSET; va < high_memory; va += LARGE_PAGE_SIZE)
		expect_chunk(va, high_memory);
}

KTEST(direct_map, random_images_about_a_chunk_match_a_model)
{
	kva_t start = ram_chunk();
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 100; step++) {
		random_image(&rng, start);
		expect_chunk(start, high_memory);
	}
}

KTEST(direct_map, random_chunks_with_random_ends_match_a_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 60; step++) {
		kva_t start = random_chunk(&rng);

		random_image(&rng, random_chunk(&rng));
		if (next_table_below(start))
			expect_chunk(start, start + PAGE_SIZE *
					    (1 + rng_below(&rng, 600)));
	}
	no_image();
	expect_chunk(PAGE_OFFSET, high_memory);
}

static void map_first_chunk(void *arg)
{
	map_chunk(&pde, PAGE_OFFSET);
}

KTEST(direct_map, a_chunk_without_memory_for_its_table_panics)
{
	failpoint_arm(1);
	EXPECT_PANIC(map_first_chunk, NULL, "no memory for the kernel's page");
	EXPECT(failpoint_disarm());
}

/* ---- the checker --------------------------------------------------------- */

static void *table_create(const void *like)
{
	struct page *page = alloc_page(GFP_KERNEL | GFP_ZERO);

	REQUIRE(page);
	page_set_state(page, PAGE_TABLE);
	if (like)
		memcpy(page_address(page), like, PAGE_SIZE);
	return page_address(page);
}

static void table_free(void *ptr)
{
	page_set_state(virt_to_page(ptr), PAGE_USED);
	free_page(virt_to_page(ptr));
}

static kva_t chunk_without_ram(void)
{
	kva_t start = PAGE_OFFSET + LARGE_PAGE_SIZE;

	while (start < high_memory && naive_ram(start, LARGE_PAGE_SIZE))
		start += LARGE_PAGE_SIZE;
	if (start >= high_memory)
		SKIP("needs a hole of 2 MiB in lowmem");
	return start;
}

KTEST(direct_map, check_finds_what_maps_a_chunk_without_ram)
{
	kva_t start = chunk_without_ram();
	pdpte_t *pdpt = table_create(NULL);
	pde_t *pd = table_create(kernel_pd);
	pte_t *empty = table_create(NULL);
	struct pgtable_report report;
	struct pgtable_facts facts;

	pdpt[pdpt_index(PAGE_OFFSET)] = pdpte_make(virt_to_phys(pd));
	pgtable_facts_init(&facts);
	EXPECT_NULL(pgtable_check_tables(pdpt, &facts, &report));
	pd[pd_index(start)] = pde_make_table(virt_to_phys(empty));
	EXPECT_LAW(pgtable_check_tables(pdpt, &facts, &report), "pgtable D3");
	EXPECT_EQ(report.va, start);
	pd[pd_index(start)].v = (start - PAGE_OFFSET) | PAE_PS |
				kprot_bits[KPROT_RW].v;
	EXPECT_LAW(pgtable_check_tables(pdpt, &facts, &report), "pgtable D9");
	EXPECT_EQ(report.va, start);
	table_free(pdpt);
	table_free(pd);
	table_free(empty);
}
