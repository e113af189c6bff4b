// SPDX-License-Identifier: MIT
/*
 * dma_debug.c (tests) - mistakes of drivers are reported
 *
 * WHAT     A driver forgets to unmap, unmaps twice, unmaps with another size or
 *          direction, or unmaps what it never mapped: each mistake is one
 *          report and does no harm. Debug mode may be turned on late, or off
 *          early.
 */
#include <arch/iommu.h>

#include "tests/suites/dma_test.h"

SUITE(dma_debug, dma_check);

static struct fake_device dev;
static char              *text;
static bool               mode_before;
static unsigned long      reports_before;

static void set_up(bool iommu)
{
	mode_before = debug_mode(true);
	fake_device_init(&dev, MASK_ALL, iommu);
	text = get_free_pages(GFP_KERNEL, 1);
	REQUIRE(text);
	reports_before = dma_debug_nr_reports();
}

static void end(void)
{
	fake_device_end(&dev);
	put_free_pages(text, 1);
	debug_mode(mode_before);
}

/* The number of reports since the last call. */
static unsigned long reports(void)
{
	unsigned long now = dma_debug_nr_reports(), n = now - reports_before;

	reports_before = now;
	return n;
}

static bus_addr_t map(void)
{
	bus_addr_t bus = dma_map_single(&dev.dma, text, 512, DMA_FROM_DEVICE);

	EXPECT(!dma_mapping_error(bus));
	return bus;
}

static void try_right_use(bool iommu)
{
	struct scatterlist sg[2];
	bus_addr_t bus;

	set_up(iommu);
	bus = map();
	EXPECT_EQ(dma_check_reach(&dev.dma, bus, 512), 0);
	dma_sync_single_for_cpu(&dev.dma, BUS(bus.v + 5), 507,
				DMA_FROM_DEVICE);
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	for (unsigned i = 0; i < 2; i++)
		sg[i] = (struct scatterlist){
			.page = virt_to_page(text) + i, .length = 100
		};
	EXPECT_EQ(dma_map_sg(&dev.dma, sg, 2, DMA_TO_DEVICE), 2);
	dma_unmap_sg(&dev.dma, sg, 2, DMA_TO_DEVICE);
	EXPECT_EQ(reports(), 0);
	end();
}

KTEST(dma_debug, right_use_is_not_reported)
{
	try_right_use(false);
	try_right_use(true);
}

KTEST(dma_debug, unmapping_twice_is_reported_and_harmless)
{
	for (int iommu = 0; iommu < 2; iommu++) {
		bus_addr_t bus;

		set_up(iommu);
		bus = map();
		dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
		EXPECT_EQ(reports(), 0);
		dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
		EXPECT_EQ(reports(), 1);
		EXPECT_EQ(dev.dma.stats.unmapped, 1);
		end();
	}
}

/* Also without debug mode: bus pages must not be given back twice. */
KTEST(dma_debug, unmapping_twice_behind_an_iommu_is_always_noticed)
{
	bus_addr_t bus;

	set_up(true);
	dma_debug_enable(false);
	bus = map();
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 1);
	EXPECT_EQ(dev.dma.stats.unmapped, 1);
	end();
}

KTEST(dma_debug, what_was_never_mapped_is_reported)
{
	set_up(false);
	dma_unmap_single(&dev.dma, BUS(0x1234), 1, DMA_TO_DEVICE);
	EXPECT_EQ(reports(), 1);
	EXPECT_EQ(dev.dma.stats.unmapped, 0);
	dma_sync_single_for_cpu(&dev.dma, BUS(0x1234), 1, DMA_TO_DEVICE);
	EXPECT_EQ(reports(), 1);
	end();
}

/* Two devices may have mappings at the same bus address. */
KTEST(dma_debug, a_mapping_of_another_device_is_not_found)
{
	static struct fake_device other;
	struct dma_lookup found;
	bus_addr_t bus;

	set_up(false);
	fake_device_init(&other, MASK_ALL, false);
	bus = map();
	EXPECT(dma_find(&dev.dma, bus, &found));
	EXPECT(!dma_find(&other.dma, bus, &found));
	EXPECT_EQ(dma_check_reach(&other.dma, bus, 1), -EFAULT);
	EXPECT_EQ(reports(), 1);
	dma_unmap_single(&other.dma, bus, 512, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 1);
	/* Both devices have a mapping there: each unmaps its own. */
	EXPECT_EQ(dma_map_single(&other.dma, text, 512, DMA_FROM_DEVICE).v,
		  bus.v);
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	EXPECT(!dma_find(&dev.dma, bus, &found));
	EXPECT(dma_find(&other.dma, bus, &found));
	dma_unmap_single(&other.dma, bus, 512, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 0);
	fake_device_end(&other);
	end();
}

KTEST(dma_debug, wrong_size_direction_and_kind_are_reported)
{
	struct scatterlist sg = { .length = 512 };
	bus_addr_t bus;

	set_up(false);
	dma_unmap_single(&dev.dma, map(), 256, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 1);
	dma_unmap_single(&dev.dma, map(), 512, DMA_TO_DEVICE);
	EXPECT_EQ(reports(), 1);
	dma_unmap_single(&dev.dma, map(), 1, DMA_BIDIRECTIONAL);
	EXPECT_EQ(reports(), 2);
	bus = map();
	sg.page = virt_to_page(text);
	sg.bus = bus;
	sg.bus_length = 512;
	dma_unmap_sg(&dev.dma, &sg, 1, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 1);
	EXPECT_EQ(dev.dma.stats.unmapped, 4);
	end();
}

/* The whole copy goes back, in the direction of the mapping. */
KTEST(dma_debug, a_wrong_unmap_is_undone_as_it_was_mapped)
{
	struct block far;
	uint64_t mask = short_mask(&far, GFP_HIGHMEM);
	bus_addr_t bus;

	set_up(false);
	EXPECT_EQ(dma_set_mask(&dev.dma, mask), 0);
	mem_fill(block_phys(&far), 'o', PAGE_SIZE);
	bus = dma_map_page(&dev.dma, far.page, 0, 1000, DMA_FROM_DEVICE);
	if (!dma_mapping_error(bus)) {
		EXPECT(fake_device_fill(&dev, bus, 'n', 1000));
		dma_unmap_page(&dev.dma, bus, 10, DMA_TO_DEVICE);
		EXPECT_EQ(reports(), 2);
		EXPECT(mem_is(block_phys(&far), 'n', 1000));
		EXPECT_EQ(dma_nr_bounces, 0);
	}
	end();
	give_block(&far);
}

KTEST(dma_debug, syncs_that_do_not_agree_are_reported)
{
	bus_addr_t bus;

	set_up(false);
	bus = map();
	dma_sync_single_for_cpu(&dev.dma, bus, 513, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 1);
	dma_sync_single_for_device(&dev.dma, bus, 512, DMA_TO_DEVICE);
	EXPECT_EQ(reports(), 1);
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	end();
}

/* Each unmap finds the mapping that agrees with it in everything. */
KTEST(dma_debug, mappings_of_one_address_are_told_apart)
{
	static const struct {
		size_t             size;
		enum dma_direction dir;
	} maps[] = {
		{ 512, DMA_FROM_DEVICE }, { 256, DMA_FROM_DEVICE },
		{ 512, DMA_TO_DEVICE }, { 256, DMA_BIDIRECTIONAL },
	};
	struct scatterlist sg = { .length = 512 };

	set_up(false);
	sg.page = virt_to_page(text);
	for (unsigned first = 0; first < ARRAY_SIZE(maps); first++) {
		bus_addr_t bus = BUS(virt_to_phys(text).v);

		for (unsigned i = 0; i < ARRAY_SIZE(maps); i++)
			EXPECT(bus_eq(dma_map_single(&dev.dma, text,
						     maps[i].size,
						     maps[i].dir), bus));
		EXPECT_EQ(dma_map_sg(&dev.dma, &sg, 1, DMA_FROM_DEVICE), 1);
		for (unsigned n = 0; n < ARRAY_SIZE(maps); n++) {
			unsigned i = (first + n) % ARRAY_SIZE(maps);

			dma_unmap_single(&dev.dma, bus, maps[i].size,
					 maps[i].dir);
			if (n == 1)
				dma_unmap_sg(&dev.dma, &sg, 1, DMA_FROM_DEVICE);
		}
		EXPECT_EQ(reports(), 0);
		EXPECT(list_empty(&dev.dma.mappings));
	}
	end();
}

/* A part of one mapping may be another mapping. */
KTEST(dma_debug, a_part_is_found_in_the_mapping_that_has_all_of_it)
{
	bus_addr_t bus, part;

	set_up(false);
	for (unsigned i = 0; i < 2; i++) {
		if (i == 0)
			bus = map();
		part = dma_map_single(&dev.dma, text + 8, 8, DMA_FROM_DEVICE);
		if (i == 1)
			bus = map();
		EXPECT_EQ(dma_check_reach(&dev.dma, part, 100), 0);
		dma_sync_single_for_cpu(&dev.dma, part, 100, DMA_FROM_DEVICE);
		EXPECT_EQ(reports(), 0);
		dma_unmap_single(&dev.dma, part, 8, DMA_FROM_DEVICE);
		dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	}
	end();
}

static void try_leak(bool iommu, bool debug, unsigned expected)
{
	bus_addr_t bus;
	struct iommu_domain *domain;
	struct scatterlist sg = { .length = 10 };

	set_up(iommu);
	dma_debug_enable(debug);
	domain = dev.dma.domain;
	(void)map();
	sg.page = virt_to_page(text);
	EXPECT_EQ(dma_map_sg(&dev.dma, &sg, 1, DMA_TO_DEVICE), 1);
	EXPECT(dma_alloc_coherent(&dev.dma, 100, &bus, GFP_KERNEL));
	dma_device_destroy(&dev.dma);
	dev.live = false;
	EXPECT_EQ(reports(), expected);
	if (domain) {
		EXPECT_EQ(iommu_nr_mapped(domain), 0);
		iommu_domain_destroy(domain);
	}
	EXPECT_NULL(dma_check());
	put_free_pages(text, 1);
	debug_mode(mode_before);
}

/* The leak is undone: the runner counts pages, try_leak() counts entries. */
KTEST(dma_debug, what_was_never_unmapped_is_reported_and_undone)
{
	try_leak(false, true, 3);
	try_leak(true, true, 3);
	/* Without records only the number of leaks is known. */
	try_leak(false, false, 2);
	try_leak(true, false, 2);
}

KTEST(dma_debug, leaked_copies_go_back_to_the_pool)
{
	struct block far;
	uint64_t mask = short_mask(&far, GFP_HIGHMEM);
	struct bounce_usage before, after;

	set_up(false);
	bounce_pool_usage(&before);
	EXPECT_EQ(dma_set_mask(&dev.dma, mask), 0);
	for (unsigned i = 0; i < 5; i++)
		(void)!dma_map_page(&dev.dma, far.page, i * 100, 50,
				    DMA_FROM_DEVICE).v;
	mem_fill(block_phys(&far), 'o', PAGE_SIZE);
	dma_device_destroy(&dev.dma);
	dev.live = false;
	/* Not copied out: the owner of the buffer may be gone. */
	EXPECT(mem_is(block_phys(&far), 'o', PAGE_SIZE));
	bounce_pool_usage(&after);
	EXPECT_EQ(after.free, before.free);
	EXPECT_EQ(dma_nr_bounces, 0);
	put_free_pages(text, 1);
	debug_mode(mode_before);
	give_block(&far);
}

KTEST(dma_debug, wrong_frees_of_coherent_memory_are_reported)
{
	bus_addr_t bus = BUS(0);
	void *ptr;

	set_up(true);
	ptr = dma_alloc_coherent(&dev.dma, 5000, &bus, GFP_KERNEL);
	REQUIRE(ptr);
	dma_free_coherent(&dev.dma, 5000, ptr, BUS(bus.v + PAGE_SIZE));
	EXPECT_EQ(reports(), 1);
	/* Coherent memory is no streaming mapping. */
	dma_unmap_single(&dev.dma, bus, 5000, DMA_BIDIRECTIONAL);
	EXPECT_EQ(reports(), 1);
	dma_free_coherent(&dev.dma, 100, ptr, bus);
	EXPECT_EQ(reports(), 1);
	dma_free_coherent(&dev.dma, 5000, ptr, bus);
	EXPECT_EQ(reports(), 1);
	end();
}

KTEST(dma_debug, coherent_memory_is_freed_where_it_is)
{
	bus_addr_t bus = BUS(0);
	char *ptr;

	for (int by = -1; by <= 1; by++) {
		set_up(true);
		ptr = dma_alloc_coherent(&dev.dma, 100, &bus, GFP_KERNEL);
		REQUIRE(ptr);
		dma_free_coherent(&dev.dma, 100, ptr + by, bus);
		EXPECT_EQ(reports(), by != 0);
		/* It went back all the same. */
		dma_free_coherent(&dev.dma, 100, ptr, bus);
		EXPECT_EQ(reports(), 1);
		end();
	}
}

/* ---- checks before an address is given to a device ------------------- */

KTEST(dma_debug, addresses_in_no_mapping_are_stopped)
{
	bus_addr_t bus;

	set_up(false);
	bus = map();
	EXPECT_EQ(dma_check_reach(&dev.dma, bus, 512), 0);
	EXPECT_EQ(dma_check_reach(&dev.dma, BUS(bus.v + 511), 1), 0);
	EXPECT_EQ(dma_check_reach(&dev.dma, bus, 513), -EFAULT);
	EXPECT_EQ(dma_check_reach(&dev.dma, BUS(bus.v + 512), 1), -EFAULT);
	EXPECT_EQ(reports(), 2);
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	EXPECT_EQ(dma_check_reach(&dev.dma, bus, 1), -EFAULT);
	end();
}

KTEST(dma_debug, find_knows_all_three_addresses)
{
	struct dma_lookup found;
	struct block far;
	bus_addr_t bus;
	uint64_t mask;

	set_up(true);
	bus = map();
	EXPECT(dma_find(&dev.dma, BUS(bus.v + 7), &found));
	EXPECT_EQ(found.pa.v, virt_to_phys(text).v + 7);
	EXPECT(!found.bounced);
	EXPECT(!dma_find(&dev.dma, BUS(bus.v + 512), &found));
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	EXPECT(!dma_find(&dev.dma, bus, &found));
	end();

	mask = short_mask(&far, GFP_HIGHMEM);
	set_up(false);
	EXPECT_EQ(dma_set_mask(&dev.dma, mask), 0);
	bus = dma_map_page(&dev.dma, far.page, 9, 20, DMA_TO_DEVICE);
	if (!dma_mapping_error(bus)) {
		EXPECT(dma_find(&dev.dma, BUS(bus.v + 2), &found));
		EXPECT(found.bounced);
		EXPECT_EQ(found.pa.v, bus.v + 2);
		EXPECT_EQ(found.original.v, block_phys(&far).v + 11);
		EXPECT(dma_find(&dev.dma, BUS(bus.v + 19), &found));
		EXPECT(found.bounced);
		EXPECT(!dma_find(&dev.dma, BUS(bus.v + 20), &found));
		EXPECT(!found.bounced && found.original.v == bus.v + 20);
		dma_unmap_page(&dev.dma, bus, 20, DMA_TO_DEVICE);
	}
	end();
	give_block(&far);
}

/* ---- on and off ------------------------------------------------------ */

KTEST(dma_debug, what_came_before_debug_mode_is_believed)
{
	bus_addr_t early, late;

	set_up(false);
	dma_debug_enable(false);
	early = map();
	dma_debug_enable(true);
	EXPECT_EQ(dma_check_reach(&dev.dma, early, 512), 0);
	dma_sync_single_for_cpu(&dev.dma, early, 512, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 0);
	/* Coherent memory always has a record. */
	dma_free_coherent(&dev.dma, 8, text, early);
	EXPECT_EQ(reports(), 1);
	EXPECT_EQ(dev.dma.untracked, 1);
	late = dma_map_single(&dev.dma, text + PAGE_SIZE, 8, DMA_TO_DEVICE);
	dma_unmap_single(&dev.dma, late, 8, DMA_TO_DEVICE);
	dma_unmap_single(&dev.dma, early, 512, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 0);
	/* No mapping is left from the time before debug mode. */
	dma_unmap_single(&dev.dma, early, 512, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 1);
	end();
}

KTEST(dma_debug, what_came_before_debug_mode_and_stays_is_counted)
{
	set_up(false);
	dma_debug_enable(false);
	(void)map();
	dma_debug_enable(true);
	dma_device_destroy(&dev.dma);
	dev.live = false;
	EXPECT_EQ(reports(), 1);
	put_free_pages(text, 1);
	debug_mode(mode_before);
}

KTEST(dma_debug, a_mapping_for_both_directions_is_synced_for_each)
{
	bus_addr_t bus;

	set_up(false);
	bus = dma_map_single(&dev.dma, text, 512, DMA_BIDIRECTIONAL);
	dma_sync_single_for_cpu(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	dma_sync_single_for_device(&dev.dma, bus, 512, DMA_TO_DEVICE);
	dma_unmap_single(&dev.dma, bus, 512, DMA_BIDIRECTIONAL);
	EXPECT_EQ(reports(), 0);
	end();
}

KTEST(dma_debug, turning_it_off_forgets_without_a_word)
{
	bus_addr_t bus;

	set_up(false);
	bus = map();
	dma_debug_enable(false);
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 0);
	dma_debug_enable(true);
	EXPECT_EQ(dev.dma.untracked, 0);
	end();
}

KTEST(dma_debug, turning_it_on_again_keeps_what_is_known)
{
	bus_addr_t bus;

	set_up(false);
	bus = map();
	dma_debug_enable(true);
	EXPECT_EQ(dev.dma.untracked, 0);
	EXPECT(!list_empty(&dev.dma.mappings));
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 0);
	end();
}

static bool map_with_record(void *arg)
{
	bus_addr_t bus = dma_map_single(&dev.dma, text, 1, DMA_TO_DEVICE);

	if (dma_mapping_error(bus))
		return false;
	dma_unmap_single(&dev.dma, bus, 1, DMA_TO_DEVICE);
	return true;
}

KTEST(dma_debug, a_mapping_without_room_for_its_record_is_refused)
{
	set_up(false);
	EXPECT(ktest_each_failure(map_with_record, NULL) >= 1);
	EXPECT(dev.dma.stats.refused >= 1);
	EXPECT_EQ(reports(), 0);
	end();
}

/* ---- the checker -------------------------------------------------------- */

/* Without an IOMMU the same bytes have the same bus address twice. */
KTEST(dma_debug, memory_that_is_mapped_twice_is_no_fault)
{
	bus_addr_t first, second;

	set_up(false);
	first = map();
	second = map();
	EXPECT(bus_eq(first, second));
	EXPECT_NULL(dma_check());
	dma_unmap_single(&dev.dma, first, 512, DMA_FROM_DEVICE);
	dma_unmap_single(&dev.dma, second, 512, DMA_FROM_DEVICE);
	EXPECT_EQ(reports(), 0);
	end();
}

static struct dma_record *first_record(void)
{
	return list_first_entry(&dev.dma.mappings, struct dma_record, link);
}

KTEST(dma_debug, check_finds_records_that_overlap)
{
	bus_addr_t one, other, real;
	struct dma_record *record;

	set_up(true);
	one = map();
	other = map();
	record = first_record();
	real = record->bus;
	record->bus = bus_eq(real, one) ? other : one;
	EXPECT_LAW(dma_check(), "dma_debug R1");
	record->bus.v += 511;
	EXPECT_LAW(dma_check(), "dma_debug R1");
	record->bus.v -= 2 * 511;
	EXPECT_LAW(dma_check(), "dma_debug R1");
	record->bus.v--;
	EXPECT_NULL(dma_check());   /* side by side */
	record->bus.v += 2 * 512;
	EXPECT_NULL(dma_check());
	record->bus = real;
	dma_unmap_single(&dev.dma, one, 512, DMA_FROM_DEVICE);
	dma_unmap_single(&dev.dma, other, 512, DMA_FROM_DEVICE);
	end();
}

KTEST(dma_debug, check_finds_a_record_beyond_the_mask)
{
	struct dma_record *record;
	bus_addr_t bus;

	set_up(false);
	bus = map();
	record = first_record();
	dev.dma.mask = MASK_PCI;
	record->bus.v = (1ull << 32) - 512;
	EXPECT_NULL(dma_check());
	record->bus.v++;
	EXPECT_LAW(dma_check(), "dma_debug R2");
	record->bus = bus;
	dev.dma.mask = MASK_ALL;
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	end();
}
