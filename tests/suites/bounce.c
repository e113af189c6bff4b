// SPDX-License-Identifier: MIT
/*
 * bounce.c (tests) - copies for devices whose mask is too short
 *
 * WHAT     In which direction bytes are copied, and when; exactly which pages
 *          are copied; what happens to bytes that the device did not write;
 *          the pool, and what happens when the pool is empty.
 */
#include "tests/suites/dma_test.h"

SUITE(bounce, dma_check);

#define SIZE  1000u
#define AT    0x123u        /* offset of most buffers within their page       */

static struct fake_device dev;
static struct block       far;
static phys_addr_t        far_pa;

/* A buffer beyond the mask of the device, anywhere, filled with 'o'. */
static void set_up(void)
{
	uint64_t mask = short_mask(&far, GFP_HIGHMEM);

	fake_device_init(&dev, mask, false);
	far_pa = block_phys(&far);
	mem_fill(far_pa, 'o', 4 * PAGE_SIZE);
}

static void end(void)
{
	fake_device_end(&dev);
	EXPECT_EQ(dev.beyond, 0);
	give_block(&far);
}

static bus_addr_t map(uint32_t offset, size_t size, enum dma_direction dir)
{
	bus_addr_t bus = dma_map_page(&dev.dma, far.page, offset, size, dir);

	if (dma_mapping_error(bus)) {
		fake_device_end(&dev);
		give_block(&far);
		SKIP("needs bounce buffers in reach");
	}
	EXPECT(dma_check_reach(&dev.dma, bus, size) == 0);
	return bus;
}

static void unmap(bus_addr_t bus, size_t size, enum dma_direction dir)
{
	dma_unmap_page(&dev.dma, bus, size, dir);
}

/* ---- directions ------------------------------------------------------ */

KTEST(bounce, to_device_copies_in_at_map_and_never_out)
{
	bus_addr_t bus;

	set_up();
	mem_fill(phys_add(far_pa, AT), 'd', SIZE);
	bus = map(AT, SIZE, DMA_TO_DEVICE);
	EXPECT(fake_device_sees(&dev, bus, 'd', SIZE));
	/* The device writes, although it should only read: no effect. */
	EXPECT(fake_device_fill(&dev, bus, 'x', SIZE));
	unmap(bus, SIZE, DMA_TO_DEVICE);
	EXPECT(mem_is(phys_add(far_pa, AT), 'd', SIZE));
	EXPECT_EQ(dev.dma.stats.copied_in, SIZE);
	EXPECT_EQ(dev.dma.stats.copied_out, 0);
	EXPECT_EQ(dev.dma.stats.primed, 0);
	end();
}

KTEST(bounce, from_device_copies_out_at_unmap)
{
	bus_addr_t bus;

	set_up();
	bus = map(AT, SIZE, DMA_FROM_DEVICE);
	EXPECT(fake_device_fill(&dev, bus, 'n', SIZE));
	EXPECT(mem_is(far_pa, 'o', PAGE_SIZE));
	unmap(bus, SIZE, DMA_FROM_DEVICE);
	EXPECT(mem_is(phys_add(far_pa, AT), 'n', SIZE));
	EXPECT(mem_is(far_pa, 'o', AT));
	EXPECT(mem_is(phys_add(far_pa, AT + SIZE), 'o', SIZE));
	EXPECT_EQ(dev.dma.stats.copied_in, 0);
	EXPECT_EQ(dev.dma.stats.primed, SIZE);
	EXPECT_EQ(dev.dma.stats.copied_out, SIZE);
	end();
}

/* Without a bounce these bytes stay, too. */
KTEST(bounce, bytes_that_the_device_leaves_alone_survive)
{
	bus_addr_t bus;

	set_up();
	/* First, other bytes go into the pages of the pool. */
	mem_fill(phys_add(far_pa, AT), 's', SIZE);
	bus = map(AT, SIZE, DMA_TO_DEVICE);
	unmap(bus, SIZE, DMA_TO_DEVICE);
	mem_fill(phys_add(far_pa, AT), 'o', SIZE);

	bus = map(AT, SIZE, DMA_FROM_DEVICE);
	EXPECT(fake_device_fill(&dev, BUS(bus.v + 100), 'n', 50));
	unmap(bus, SIZE, DMA_FROM_DEVICE);
	EXPECT(mem_is(phys_add(far_pa, AT), 'o', 100));
	EXPECT(mem_is(phys_add(far_pa, AT + 100), 'n', 50));
	EXPECT(mem_is(phys_add(far_pa, AT + 150), 'o', SIZE - 150));
	end();
}

KTEST(bounce, both_directions_copy_both_ways)
{
	bus_addr_t bus;

	set_up();
	mem_fill(phys_add(far_pa, AT), 'q', SIZE);
	bus = map(AT, SIZE, DMA_BIDIRECTIONAL);
	EXPECT(fake_device_sees(&dev, bus, 'q', SIZE));
	EXPECT(fake_device_fill(&dev, bus, 'a', SIZE / 2));
	unmap(bus, SIZE, DMA_BIDIRECTIONAL);
	EXPECT(mem_is(phys_add(far_pa, AT), 'a', SIZE / 2));
	EXPECT(mem_is(phys_add(far_pa, AT + SIZE / 2), 'q', SIZE / 2));
	EXPECT_EQ(dev.dma.stats.copied_in, SIZE);
	EXPECT_EQ(dev.dma.stats.copied_out, SIZE);
	EXPECT_EQ(dev.dma.stats.primed, 0);
	end();
}

/* ---- sync ------------------------------------------------------------ */

KTEST(bounce, sync_moves_the_part_and_no_more)
{
	bus_addr_t bus;

	set_up();
	bus = map(AT, SIZE, DMA_BIDIRECTIONAL);
	EXPECT(fake_device_fill(&dev, bus, 'n', SIZE));
	dma_sync_single_for_cpu(&dev.dma, BUS(bus.v + 10), 20,
				DMA_FROM_DEVICE);
	EXPECT(mem_is(phys_add(far_pa, AT), 'o', 10));
	EXPECT(mem_is(phys_add(far_pa, AT + 10), 'n', 20));
	EXPECT(mem_is(phys_add(far_pa, AT + 30), 'o', SIZE - 30));

	mem_fill(phys_add(far_pa, AT), 'c', SIZE);
	dma_sync_single_for_device(&dev.dma, BUS(bus.v + 900), 100,
				   DMA_TO_DEVICE);
	EXPECT(fake_device_sees(&dev, bus, 'n', 900));
	EXPECT(fake_device_sees(&dev, BUS(bus.v + 900), 'c', 100));
	EXPECT_EQ(dev.dma.stats.copied_out, 20);
	EXPECT_EQ(dev.dma.stats.copied_in, SIZE + 100);
	unmap(bus, SIZE, DMA_BIDIRECTIONAL);
	end();
}

/* A mapping of another device is neither copied nor given back. */
KTEST(bounce, a_wrong_device_changes_nothing)
{
	struct dma_device other;
	bus_addr_t bus;

	set_up();
	bus = map(AT, SIZE, DMA_FROM_DEVICE);    /* first: it may SKIP */
	REQUIRE(dma_device_init(&other, "other", dev.dma.mask, NULL) == 0);
	EXPECT(fake_device_fill(&dev, bus, 'n', SIZE));
	bounce_sync(&other, bus, SIZE, DMA_FROM_DEVICE, true);
	bounce_unmap(&other, bus, true);
	EXPECT(mem_is(phys_add(far_pa, AT), 'o', SIZE));
	unmap(bus, SIZE, DMA_FROM_DEVICE);
	EXPECT(mem_is(phys_add(far_pa, AT), 'n', SIZE));
	dma_device_destroy(&other);
	end();
}

/* Without debug mode, these addresses mean nothing. */
KTEST(bounce, addresses_beside_and_inside_a_copy_begin_none)
{
	bool debug = debug_mode(false);
	unsigned long in, out;
	bus_addr_t bus;

	set_up();
	bus = dma_map_page(&dev.dma, far.page, AT, SIZE, DMA_BIDIRECTIONAL);
	if (!dma_mapping_error(bus)) {
		EXPECT(fake_device_fill(&dev, bus, 'n', SIZE));
		in = dev.dma.stats.copied_in;
		out = dev.dma.stats.copied_out;
		bounce_sync(&dev.dma, BUS(bus.v + SIZE), 8, DMA_FROM_DEVICE,
			    true);
		bounce_sync(&dev.dma, BUS(bus.v - 8), 8, DMA_FROM_DEVICE, true);
		bounce_sync(&dev.dma, BUS(bus.v + SIZE), 8, DMA_TO_DEVICE,
			    false);
		bounce_unmap(&dev.dma, BUS(bus.v + 8), false);
		bounce_unmap(&dev.dma, BUS(bus.v - 8), false);
		EXPECT_EQ(dma_nr_bounces, 1);
		EXPECT_EQ(dev.dma.stats.copied_in, in);
		EXPECT_EQ(dev.dma.stats.copied_out, out);
		bounce_sync(&dev.dma, BUS(bus.v + SIZE - 1), 8,
			    DMA_FROM_DEVICE, true);
		bounce_sync(&dev.dma, BUS(bus.v - 8), 9, DMA_FROM_DEVICE, true);
		EXPECT_EQ(dev.dma.stats.copied_out, out + 2);
		unmap(bus, SIZE, DMA_BIDIRECTIONAL);
	}
	end();
	debug_mode(debug);
}

KTEST(bounce, sync_against_the_direction_copies_nothing)
{
	bus_addr_t bus;

	set_up();
	bus = map(AT, SIZE, DMA_TO_DEVICE);
	dma_sync_single_for_cpu(&dev.dma, bus, SIZE, DMA_TO_DEVICE);
	unmap(bus, SIZE, DMA_TO_DEVICE);
	EXPECT_EQ(dev.dma.stats.copied_out, 0);

	bus = map(AT, SIZE, DMA_FROM_DEVICE);
	dma_sync_single_for_device(&dev.dma, bus, SIZE, DMA_FROM_DEVICE);
	EXPECT_EQ(dev.dma.stats.copied_in, SIZE);
	dma_sync_single_for_cpu(&dev.dma, bus, SIZE, DMA_FROM_DEVICE);
	EXPECT_EQ(dev.dma.stats.copied_out, SIZE);
	unmap(bus, SIZE, DMA_FROM_DEVICE);
	end();
}

/* ---- which pages ----------------------------------------------------- */

KTEST(bounce, pages_are_counted_to_the_page)
{
	static const struct {
		uint32_t offset, size, pages;
	} cases[] = {
		{ 0, 1, 1 }, { 0, PAGE_SIZE, 1 }, { 4095, 1, 1 },
		{ 4095, 2, 2 }, { 1, PAGE_SIZE, 2 }, { 0, 3 * PAGE_SIZE, 3 },
		{ 100, 2 * PAGE_SIZE, 3 },
	};

	set_up();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned long before = dev.dma.stats.bounced_pages;
		bus_addr_t bus = map(cases[i].offset, cases[i].size,
				     DMA_FROM_DEVICE);

		EXPECT_EQ(dev.dma.stats.bounced_pages - before,
			  cases[i].pages);
		EXPECT_EQ(bus.v % PAGE_SIZE, cases[i].offset);
		EXPECT_NULL(dma_check());
		EXPECT(fake_device_fill(&dev, bus, (int)i, cases[i].size));
		unmap(bus, cases[i].size, DMA_FROM_DEVICE);
		EXPECT(mem_is(phys_add(far_pa, cases[i].offset), (int)i,
			      cases[i].size));
	}
	end();
}

KTEST(bounce, memory_in_reach_is_never_copied)
{
	struct page *page;
	bus_addr_t bus;

	set_up();
	page = dma_alloc_lowmem(&dev.dma, GFP_KERNEL, NEAR_ORDER);
	REQUIRE(page);
	bus = dma_map_page(&dev.dma, page, 5, 100, DMA_BIDIRECTIONAL);
	EXPECT_EQ(bus.v, page_to_phys(page).v + 5);
	unmap(bus, 100, DMA_BIDIRECTIONAL);
	EXPECT_EQ(dev.dma.stats.bounced_pages, 0);
	EXPECT_EQ(dev.dma.stats.copied_in + dev.dma.stats.copied_out +
		  dev.dma.stats.primed, 0);
	free_pages(page, NEAR_ORDER);
	end();
}

/* A mapping is one range on the bus: so the whole buffer is copied. */
KTEST(bounce, a_buffer_across_the_mask_is_copied_whole)
{
	uint64_t edge = (uint64_t)MASK_ISA + 1;
	phys_addr_t pa = PHYS(edge - PAGE_SIZE);
	static char text[2 * PAGE_SIZE];
	bus_addr_t bus;

	if (!zones[ZONE_NORMAL].managed)
		SKIP("needs memory beyond 16 MiB");
	/* The two pages at the border are not ours: only read them. */
	fake_device_init(&dev, MASK_ISA, false);
	bus = dma_map_page(&dev.dma, pfn_to_page(phys_to_pfn(pa)), 0,
			   2 * PAGE_SIZE, DMA_TO_DEVICE);
	REQUIRE(!dma_mapping_error(bus));
	EXPECT_EQ(dev.dma.stats.bounced_pages, 2);
	EXPECT(fake_device_read(&dev, bus, text, sizeof(text)));
	EXPECT(mem_equals(pa, text, sizeof(text)));
	unmap(bus, 2 * PAGE_SIZE, DMA_TO_DEVICE);
	fake_device_end(&dev);
}

KTEST(bounce, pages_above_4_gib_are_reached_by_32_wires)
{
	bus_addr_t bus;

	if (!take_beyond(&far, MASK_PCI, GFP_HIGHMEM))
		SKIP("needs memory above 4 GiB");
	fake_device_init(&dev, MASK_PCI, false);
	far_pa = block_phys(&far);
	mem_fill(far_pa, 'o', 2 * PAGE_SIZE);
	bus = map(AT, PAGE_SIZE, DMA_BIDIRECTIONAL);
	EXPECT(bus.v <= MASK_PCI);
	EXPECT(fake_device_sees(&dev, bus, 'o', PAGE_SIZE));
	EXPECT(fake_device_fill(&dev, bus, 'n', PAGE_SIZE));
	unmap(bus, PAGE_SIZE, DMA_BIDIRECTIONAL);
	EXPECT(mem_is(phys_add(far_pa, AT), 'n', PAGE_SIZE));
	EXPECT_EQ(dev.dma.stats.bounced_pages, 2);
	/* With enough wires there is nothing to copy. */
	fake_device_end(&dev);
	fake_device_init(&dev, MASK_ALL, false);
	bus = map(AT, PAGE_SIZE, DMA_BIDIRECTIONAL);
	EXPECT_EQ(bus.v, far_pa.v + AT);
	unmap(bus, PAGE_SIZE, DMA_BIDIRECTIONAL);
	EXPECT_EQ(dev.dma.stats.bounced_pages, 0);
	end();
}

KTEST(bounce, lowmem_is_bounced_like_any_other)
{
	struct block block;
	uint64_t mask = short_mask(&block, GFP_KERNEL);
	char *text = page_address(block.page);
	bus_addr_t bus;

	fake_device_init(&dev, mask, false);
	memset(text, 'o', PAGE_SIZE);
	bus = dma_map_single(&dev.dma, text + 7, 200, DMA_FROM_DEVICE);
	if (!dma_mapping_error(bus)) {
		EXPECT(fake_device_fill(&dev, bus, 'n', 200));
		dma_unmap_single(&dev.dma, bus, 200, DMA_FROM_DEVICE);
		EXPECT_EQ(text[6], 'o');
		EXPECT_EQ(text[7], 'n');
		EXPECT_EQ(text[206], 'n');
		EXPECT_EQ(text[207], 'o');
	}
	fake_device_end(&dev);
	give_block(&block);
}

/* ---- the pool, and what happens when it is empty --------------------- */

#define MANY  600u          /* more than the largest pool has */

static bus_addr_t many[MANY];

/* Map one page up to MANY times, unmap all. Returns: how often it worked. */
static unsigned map_many(enum dma_direction dir)
{
	unsigned n = 0, i;

	for (; n < MANY; n++) {
		many[n] = dma_map_page(&dev.dma, far.page, 0, PAGE_SIZE, dir);
		if (dma_mapping_error(many[n]))
			break;
		EXPECT(many[n].v + PAGE_SIZE - 1 <= dev.wires);
	}
	EXPECT_NULL(dma_check());
	for (i = 0; i < n; i++)
		unmap(many[i], PAGE_SIZE, dir);
	return n;
}

KTEST(bounce, more_than_the_pool_has_is_had_on_demand)
{
	struct bounce_usage usage;

	set_up();
	bounce_pool_usage(&usage);
	EXPECT(usage.nr <= 256);
	EXPECT_EQ(usage.free, usage.nr);
	EXPECT(map_many(DMA_TO_DEVICE) > usage.nr ||
	       !zones[ZONE_NORMAL].managed);
	bounce_pool_usage(&usage);
	EXPECT_EQ(usage.free, usage.nr);
	end();
}

KTEST(bounce, a_mapping_from_the_pool_needs_no_memory)
{
	bool debug = debug_mode(false);
	struct bounce_usage usage;
	bus_addr_t bus;

	set_up();
	bounce_pool_usage(&usage);
	failpoint_arm(1);
	bus = dma_map_page(&dev.dma, far.page, 0, PAGE_SIZE, DMA_TO_DEVICE);
	if (usage.nr && dev.wires >= MASK_ISA)
		EXPECT(!dma_mapping_error(bus));
	EXPECT(!failpoint_disarm() || dma_mapping_error(bus));
	if (!dma_mapping_error(bus))
		unmap(bus, PAGE_SIZE, DMA_TO_DEVICE);
	end();
	debug_mode(debug);
}

KTEST(bounce, several_pages_come_in_a_row)
{
	struct bounce_usage usage;
	size_t size = 16 * PAGE_SIZE;
	bus_addr_t bus;

	set_up();
	bounce_pool_usage(&usage);
	mem_fill(far_pa, 'r', size);
	bus = map(0, size, DMA_BIDIRECTIONAL);
	EXPECT(fake_device_sees(&dev, bus, 'r', size));
	EXPECT(fake_device_fill(&dev, bus, 'w', size));
	unmap(bus, size, DMA_BIDIRECTIONAL);
	EXPECT(mem_is(far_pa, 'w', size));
	EXPECT_EQ(dev.dma.stats.bounced_pages, 16);
	end();
}

KTEST(bounce, what_nobody_can_serve_is_refused_and_counted)
{
	set_up();
	if (dev.wires < MASK_ISA) {
		end();
		SKIP("needs memory beyond 16 MiB");
	}
	/* Below 64 KiB there are fewer than MANY pages. */
	EXPECT_EQ(dma_set_mask(&dev.dma, DMA_BIT_MASK(16)), 0);
	if (map_many(DMA_TO_DEVICE) < MANY)
		EXPECT_EQ(dev.dma.stats.refused, 1);
	/* More than the largest block. */
	EXPECT(dma_mapping_error(dma_map_page(&dev.dma, far.page, 1,
					      PAGE_SIZE << MAX_ORDER,
					      DMA_TO_DEVICE)));
	EXPECT_EQ(dev.dma.stats.mapped, dev.dma.stats.unmapped);
	end();
}

/* ---- failure --------------------------------------------------------- */

static bool map_all_of_the_pool(void *arg)
{
	unsigned *wanted = arg;

	return map_many(DMA_TO_DEVICE) >= *wanted;
}

KTEST(bounce, failure_of_each_allocation_is_survived)
{
	unsigned long used;
	unsigned wanted;

	set_up();
	wanted = map_many(DMA_TO_DEVICE);
	used = objects_in_use();
	if (wanted > 300)
		wanted = 300;
	/* In turn, one of the first six allocations fails. */
	for (unsigned n = 1; n <= 6; n++) {
		failpoint_arm(n);
		(void)map_all_of_the_pool(&wanted);
		(void)failpoint_disarm();
		EXPECT_NULL(dma_check());
		EXPECT_EQ(dev.dma.stats.mapped, dev.dma.stats.unmapped);
		EXPECT_EQ(objects_in_use(), used);
	}
	end();
}

/* ---- the checker ----------------------------------------------------- */

static struct bounce *bounce_at(bus_addr_t bus)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct bounce *bounce = bounce_find(bus);

	spin_unlock_irqrestore(&dma_lock, flags);
	return bounce;
}

KTEST(bounce, check_finds_each_broken_law)
{
	struct bounce_usage usage;
	struct bounce *bounce;
	struct page *pages;
	bus_addr_t bus;

	set_up();
	bus = map(100, PAGE_SIZE, DMA_TO_DEVICE);
	bounce = bounce_at(bus);
	REQUIRE(bounce);
	dma_nr_bounces++;
	EXPECT_LAW(dma_check(), "bounce B3");
	dma_nr_bounces--;
	bounce->original.v ^= 1;
	EXPECT_LAW(dma_check(), "bounce B2");
	bounce->original.v ^= 1;
	bounce->nr_pages++;
	EXPECT_LAW(dma_check(), "bounce B2");
	bounce->nr_pages--;
	pages = bounce->pages;
	bounce->pages = far.page;   /* beyond the mask */
	EXPECT_LAW(dma_check(), "bounce_pool P3");
	bounce_pool_usage(&usage);
	if (bounce->from_pool && usage.nr > 2) {
		bounce->pages = pages + 1;   /* it has another record */
		EXPECT_LAW(dma_check(), "bounce_pool P2");
	}
	bounce->pages = pages;
	EXPECT_NULL(dma_check());
	unmap(bus, PAGE_SIZE, DMA_TO_DEVICE);
	end();
}

KTEST(bounce, check_finds_copies_that_share_a_page)
{
	struct bounce *low, *high;
	bus_addr_t one, other;
	struct page *pages;

	set_up();
	one = map(0, 8, DMA_TO_DEVICE);
	other = map(PAGE_SIZE, 8, DMA_TO_DEVICE);
	low = bounce_at(BUS(MIN(one.v, other.v)));
	high = bounce_at(BUS(MAX(one.v, other.v)));
	REQUIRE(low && high);
	pages = high->pages;
	high->pages = low->pages;
	EXPECT_LAW(dma_check(), "bounce B1");
	high->pages = pages;
	EXPECT_NULL(dma_check());
	unmap(one, 8, DMA_TO_DEVICE);
	unmap(other, 8, DMA_TO_DEVICE);
	end();
}
