// SPDX-License-Identifier: MIT
/*
 * dma_texts.c (host suite) - what reports about devices say, and the dump
 *
 * NOT HERE which mistakes are reported (tests/suites/dma_debug.c).
 */
#include <stdio.h>

#include "lib/printf.h"
#include "tests/fake_device.h"
#include "tests/host/log_lines.h"
#include "tests/suites/dma_test.h"

SUITE(dma_texts, dma_check);

static struct fake_device dev, other;
static char *memory;
static bool  mode_before;
static bus_addr_t bus;

static void set_up(void)
{
	mode_before = debug_mode(true);
	fake_device_init(&dev, DMA_BIT_MASK(32), false);
	memory = get_free_pages(GFP_KERNEL, 0);
	REQUIRE(memory);
}

static void tear_down(void)
{
	fake_device_end(&dev);
	put_free_pages(memory, 0);
	debug_mode(mode_before);
}

/* The next report is not left out by the limiter. */
static void begin_report(void)
{
	host_log_now += 1000000000000;
	begin();
}

/* The report: the device, the address, then words, and words at its end. */
static void expect_report(const char *first, const char *second)
{
	char head[64];
	const char *l;

	end();
	snprintf(head, sizeof(head), "dma: %s: %pB", dev.dma.name, &bus);
	l = line_with(head) + strlen(head);
	EXPECT(!strncmp(l, first, strlen(first)));
	EXPECT(strlen(l) >= strlen(second));
	EXPECT_STREQ(l + strlen(l) - strlen(second), second);
}

static void map(enum dma_direction dir)
{
	bus = dma_map_single(&dev.dma, memory, 512, dir);
	REQUIRE(!dma_mapping_error(bus));
	begin_report();
}

KTEST(dma_texts, a_wrong_unmap_is_named_with_both_sides)
{
	struct scatterlist sg = { .length = 512, .bus_length = 512 };

	set_up();
	map(DMA_FROM_DEVICE);
	dma_unmap_single(&dev.dma, bus, 512, DMA_TO_DEVICE);
	expect_report(" mapped from device by ", ", unmapped to device");
	map(DMA_TO_DEVICE);
	dma_unmap_single(&dev.dma, bus, 512, DMA_BIDIRECTIONAL);
	expect_report(" mapped to device by ", ", unmapped both");
	map(DMA_BIDIRECTIONAL);
	dma_unmap_single(&dev.dma, bus, 512, DMA_NR_DIRECTIONS);
	expect_report(" mapped both by ", ", unmapped no direction");
	map(DMA_FROM_DEVICE);
	dma_unmap_single(&dev.dma, bus, 100, DMA_FROM_DEVICE);
	expect_report(" mapped with 512 bytes by ", ", unmapped with 100");
	map(DMA_FROM_DEVICE);
	sg.page = virt_to_page(memory);
	sg.bus = bus;
	dma_unmap_sg(&dev.dma, &sg, 1, DMA_FROM_DEVICE);
	expect_report(" mapped as one buffer by ",
		      ", unmapped as a list of pieces");
	EXPECT_EQ(dma_map_sg(&dev.dma, &sg, 1, DMA_FROM_DEVICE), 1);
	begin_report();
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	expect_report(" mapped as a list of pieces by ",
		      ", unmapped as one buffer");
	tear_down();
}

KTEST(dma_texts, a_wrong_sync_is_named)
{
	set_up();
	map(DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(&dev.dma, bus, 513, DMA_FROM_DEVICE);
	expect_report(" synced with 513 bytes by ", ", beyond its end");
	begin_report();
	dma_sync_single_for_device(&dev.dma, bus, 512, DMA_TO_DEVICE);
	expect_report(" mapped from device by ", ", synced to device");
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	begin_report();
	dma_sync_single_for_cpu(&dev.dma, bus, 1, DMA_FROM_DEVICE);
	expect_report(" is not mapped, but synced by ", "");
	tear_down();
}

KTEST(dma_texts, what_is_left_is_named)
{
	set_up();
	map(DMA_FROM_DEVICE);
	dma_device_destroy(&dev.dma);
	expect_report(", 512 bytes, never unmapped; mapped by ", "");
	dev.live = false;
	fake_device_init(&dev, DMA_BIT_MASK(32), false);
	REQUIRE(dma_alloc_coherent(&dev.dma, 100, &bus, GFP_KERNEL));
	begin_report();
	dma_device_destroy(&dev.dma);
	expect_report(", 100 bytes of coherent memory, never freed; allocated"
		      " by ", "");
	dev.live = false;
	fake_device_init(&dev, DMA_BIT_MASK(32), false);
	tear_down();
}

static noinline void free_wrongly(struct dma_pool *pool)
{
	dma_pool_free(pool, memory, bus);
	barrier();   /* no tail call: the return address must be ours */
}

KTEST(dma_texts, who_frees_wrongly_into_a_pool_is_named)
{
	uintptr_t function = (uintptr_t)free_wrongly, caller;
	struct dma_pool *pool;
	const char *at;
	char want[96];

	set_up();
	pool = dma_pool_create("texts", &dev.dma, 64, 64, 0);
	REQUIRE(pool);
	bus = BUS(virt_to_phys(memory).v);
	begin_report();
	free_wrongly(pool);
	snprintf(want, sizeof(want), ": pool texts: %pB at %p is no piece in"
		 " use, freed by 0x", &bus, (void *)memory);
	end();
	at = strstr(line_with("dma: "), want);
	REQUIRE(at);
	caller = strtoul(at + strlen(want), NULL, 16);
	EXPECT(caller > function && caller < function + 512);
	EXPECT_EQ(dma_pool_destroy(pool), 0);
	tear_down();
}

/* So many other mappings end between two unmaps of the first. */
static void unmap_again_after(unsigned others, const char *words)
{
	set_up();
	fake_device_init(&other, DMA_BIT_MASK(32), false);
	map(DMA_FROM_DEVICE);
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	for (unsigned i = 0; i < others; i++)
		dma_unmap_single(&other.dma,
				 dma_map_single(&other.dma, memory, 8,
						DMA_TO_DEVICE),
				 8, DMA_TO_DEVICE);
	begin_report();
	dma_unmap_single(&dev.dma, bus, 512, DMA_FROM_DEVICE);
	expect_report(words, "");
	fake_device_end(&other);
	tear_down();
}

KTEST(dma_texts, the_last_32_unmaps_are_remembered)
{
	unmap_again_after(0, " unmapped twice, by ");
	unmap_again_after(1, " unmapped twice, by ");
	unmap_again_after(31, " unmapped twice, by ");
	unmap_again_after(32, " is not mapped, but unmapped by ");
}

KTEST(dma_texts, the_dump_has_a_line_for_each_device)
{
	struct bounce_usage usage;
	unsigned long long mask;
	unsigned long n[7];
	unsigned pages, free, used;
	char kind[8];
	struct dma_stats *s = &dev.dma.stats;

	for (unsigned iommu = 0; iommu < 2; iommu++) {
		fake_device_init(&dev, DMA_BIT_MASK(28), iommu);
		*s = (struct dma_stats){ 11, 11, 12, 13, 14, 15, 16 };
		begin();
		dma_dump();
		end();
		bounce_pool_usage(&usage);
		REQUIRE(sscanf(line(), "bounce pool: %u pages, %u free; %u "
			       "buffers in use", &pages, &free, &used) == 3);
		EXPECT(pages == usage.nr && free == usage.free);
		EXPECT_EQ(used, dma_nr_bounces);
		REQUIRE(sscanf(line_with(dev.dma.name), "%*s mask 0x%llx %7s "
			       "mapped %lu unmapped %lu bounced pages %lu "
			       "copied in %lu primed %lu out %lu refused %lu",
			       &mask, kind, &n[0], &n[1], &n[2], &n[3], &n[4],
			       &n[5], &n[6]) == 9);
		EXPECT_EQ(mask, dev.dma.mask);
		EXPECT_STREQ(kind, iommu ? "iommu" : "direct");
		EXPECT(n[0] == s->mapped && n[1] == s->unmapped);
		EXPECT(n[2] == s->bounced_pages && n[3] == s->copied_in);
		EXPECT(n[4] == s->primed && n[5] == s->copied_out);
		EXPECT_EQ(n[6], s->refused);
		fake_device_end(&dev);
	}
}
