// SPDX-License-Identifier: MIT
/*
 * fixmap.c - slots with addresses known at compile time
 */
#include <arch/cpu.h>
#include <arch/fixmap.h>
#include <arch/paging.h>
#include <arch/pgtable_check.h>
#include <arch/probe.h>

#include "lib/random.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

SUITE(fixmap, pgtable_check);

/* A lowmem page whose first word is `mark`. */
static struct page *marked_page(uint32_t mark)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	*(uint32_t *)page_address(page) = mark;
	return page;
}

KTEST(fixmap, slots_count_down_from_the_top)
{
	EXPECT_EQ(fixmap_slot_kva(0), FIXADDR_TOP - PAGE_SIZE);
	EXPECT_EQ(ptr_to_kva(fix_to_virt(FIX_TEST)),
		  FIXADDR_TOP - (FIX_TEST + 1) * PAGE_SIZE);
	EXPECT_EQ(fixmap_slot_kva(FIXMAP_NR_SLOTS - 1), FIXADDR_START);
	for (unsigned i = 0; i < FIXMAP_NR_SLOTS; i++)
		EXPECT(kva_region_of(fixmap_slot_kva(i)) == KVA_FIXMAP);
}

KTEST(fixmap, a_slot_maps_what_it_was_set_to)
{
	struct page *page = marked_page(0x11111111);
	uint32_t value = 0;

	EXPECT(!probe_read32(fix_to_virt(FIX_TEST), &value));
	set_fixmap(FIX_TEST, page_to_phys(page), KPROT_RW);
	EXPECT(probe_read32(fix_to_virt(FIX_TEST), &value));
	EXPECT_EQ(value, 0x11111111);
	*(uint32_t *)fix_to_virt(FIX_TEST) = 0x22222222;
	EXPECT_EQ(*(uint32_t *)page_address(page), 0x22222222);
	clear_fixmap(FIX_TEST);
	EXPECT(!probe_read32(fix_to_virt(FIX_TEST), &value));
	free_page(page);
}

KTEST(fixmap, an_address_within_the_frame_maps_the_frame)
{
	struct page *page = marked_page(0x33333333);

	set_fixmap(FIX_TEST, phys_add(page_to_phys(page), 123), KPROT_RO);
	EXPECT_EQ(*(uint32_t *)fix_to_virt(FIX_TEST), 0x33333333);
	clear_fixmap(FIX_TEST);
	free_page(page);
}

KTEST(fixmap, replacing_needs_no_clear)
{
	struct page *a = marked_page(0xaaaaaaaa), *b = marked_page(0xbbbbbbbb);

	for (unsigned i = 0; i < 8; i++) {
		set_fixmap(FIX_TEST, page_to_phys(i & 1 ? b : a), KPROT_RW);
		EXPECT_EQ(*(uint32_t *)fix_to_virt(FIX_TEST),
			  i & 1 ? 0xbbbbbbbb : 0xaaaaaaaa);
	}
	clear_fixmap(FIX_TEST);
	free_page(a);
	free_page(b);
}

KTEST(fixmap, protections_hold)
{
	struct page *page = marked_page(0);
	uint8_t value;

	*(uint8_t *)page_address(page) = 0xc3;   /* ret */
	set_fixmap(FIX_TEST, page_to_phys(page), KPROT_RO);
	EXPECT(probe_read8(fix_to_virt(FIX_TEST), &value));
	EXPECT(!probe_write(fix_to_virt(FIX_TEST)));
	EXPECT(probe_execute(fix_to_virt(FIX_TEST)) == !cpu_has(CPU_NX));
	set_fixmap(FIX_TEST, page_to_phys(page), KPROT_RW);
	EXPECT(probe_write(fix_to_virt(FIX_TEST)));
	EXPECT(probe_execute(fix_to_virt(FIX_TEST)) == !cpu_has(CPU_NX));
	set_fixmap(FIX_TEST, page_to_phys(page), KPROT_RX);
	EXPECT(!probe_write(fix_to_virt(FIX_TEST)));
	EXPECT(probe_execute(fix_to_virt(FIX_TEST)));
	clear_fixmap(FIX_TEST);
	free_page(page);
}

KTEST(fixmap, registers_are_uncached)
{
	set_fixmap(FIX_TEST, PHYS(0xfee00000), KPROT_DEVICE);
	EXPECT_EQ(fixmap_entry(FIX_TEST)->low & (PAE_PCD | PAE_PWT),
		  PAE_PCD | PAE_PWT);
	EXPECT_EQ(fixmap_entry(FIX_TEST)->low & PAGE_MASK, 0xfee00000);
	clear_fixmap(FIX_TEST);
}

/* The frame is never touched: so it need not be there. */
KTEST(fixmap, frames_above_4_gib_use_the_upper_half)
{
	fixmap_map(FIX_TEST, PFN(0x00abcdef), KPROT_RW);
	EXPECT_EQ(fixmap_entry(FIX_TEST)->high & ~(PAE_XD >> 32), 0xa);
	EXPECT_EQ(fixmap_entry(FIX_TEST)->low & PAGE_MASK, 0xbcdef000);
	fixmap_unmap(FIX_TEST);
	EXPECT_EQ(fixmap_entry(FIX_TEST)->high, 0);
	EXPECT_EQ(fixmap_entry(FIX_TEST)->low, 0);
}

KTEST(fixmap, protection_bits_follow_the_cpu)
{
	for (unsigned i = 0; i < KPROT_NR; i++) {
		bool xd = kprot_bits[i].high & PAE_XD >> 32;

		EXPECT(kprot_bits[i].low & PAE_P);
		EXPECT(!(kprot_bits[i].low & PAE_US));
		EXPECT_EQ(!!(kprot_bits[i].low & PAE_G), cpu_has(CPU_PGE));
		EXPECT_EQ(xd, cpu_has(CPU_NX) && i != KPROT_RX);
	}
}

KTEST(fixmap, only_a_clear_flushes_and_only_one_page)
{
	struct page *page = marked_page(0);
	struct tlb_stats before = tlb_stats;

	set_fixmap(FIX_TEST, page_to_phys(page), KPROT_RW);
	EXPECT_EQ(tlb_stats.pages, before.pages);
	clear_fixmap(FIX_TEST);
	EXPECT_EQ(tlb_stats.pages, before.pages + 1);
	EXPECT_EQ(tlb_stats.all, before.all);
	free_page(page);
}

#define MODEL_PAGES  4u

/* One slot against a variable that says which page it maps. */
KTEST(fixmap, random_operations_agree_with_a_model)
{
	struct page *pages[MODEL_PAGES];
	unsigned mapped = MODEL_PAGES;   /* none */
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < MODEL_PAGES; i++)
		pages[i] = marked_page(i);
	for (unsigned step = 0; step < 500; step++) {
		uint32_t value, op = rng_below(&rng, MODEL_PAGES + 2);

		if (op < MODEL_PAGES) {
			set_fixmap(FIX_TEST, page_to_phys(pages[op]),
				   KPROT_RW);
			mapped = op;
		} else if (op == MODEL_PAGES) {
			clear_fixmap(FIX_TEST);
			mapped = MODEL_PAGES;
		}
		EXPECT_EQ(probe_read32(fix_to_virt(FIX_TEST), &value),
			  mapped < MODEL_PAGES);
		if (mapped < MODEL_PAGES)
			EXPECT_EQ(value, mapped);
	}
	clear_fixmap(FIX_TEST);
	for (unsigned i = 0; i < MODEL_PAGES; i++)
		free_page(pages[i]);
}
