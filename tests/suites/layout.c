// SPDX-License-Identifier: MIT
/*
 * layout.c - the virtual map: its arithmetic, and what the CPU allows
 */
#include <arch/cpu.h>
#include <arch/fixmap.h>
#include <arch/irqflags.h>
#include <arch/kpgtable.h>
#include <arch/paging.h>
#include <arch/pgtable_check.h>
#include <arch/probe.h>

#include "lib/align.h"
#include "lib/random.h"
#include "mm/early/memblock.h"
#include "tests/ktest.h"

#define MIB(n)  ((uint64_t)(n) << 20)

static const char *layout_check(void)
{
	HOLDS(high_memory > PAGE_OFFSET &&
	      high_memory <= PAGE_OFFSET + LOWMEM_MAX &&
	      high_memory % PAGE_SIZE == 0,
	      "high_memory is page-aligned and within bounds");
	return NULL;
}

SUITE(layout, layout_check);

static bool can_read(kva_t va)
{
	uint8_t value;

	return probe_read8(kva_to_ptr(va), &value);
}

KTEST(layout, regions_cover_the_quarter_without_overlap)
{
	kva_t expect = PAGE_OFFSET, start, end;

	for (unsigned i = 0; i < KVA_NR_REGIONS; i++) {
		kva_region_bounds(i, &start, &end);
		EXPECT_EQ(start, expect);
		EXPECT(end == 0 || end > start);
		EXPECT(kva_region_of(start) == i);
		EXPECT(kva_region_of(end - 1) == i);
		expect = end;
	}
	EXPECT_EQ(expect, 0);
}

KTEST(layout, every_address_has_one_region)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned n = 0; n < 2000; n++) {
		kva_t va = PAGE_OFFSET + (rng_next(&rng) >> 2), start, end;
		unsigned hits = 0;

		for (unsigned i = 0; i < KVA_NR_REGIONS; i++) {
			kva_region_bounds(i, &start, &end);
			if (va >= start && va <= end - 1)
				hits++;
		}
		EXPECT_EQ(hits, 1);
		EXPECT_EQ(kva_region_of(va) == KVA_LOWMEM, kva_is_lowmem(va));
	}
}

KTEST(layout, gaps_cannot_be_read)
{
	static const enum kva_region gaps[] = {
		KVA_GAP_LOW, KVA_GAP_PKMAP, KVA_GAP_FIX, KVA_GAP_TOP,
	};
	kva_t start, end;

	for (unsigned i = 0; i < ARRAY_SIZE(gaps); i++) {
		kva_region_bounds(gaps[i], &start, &end);
		EXPECT(!can_read(start));
		EXPECT(!can_read(end - 1));
	}
}

KTEST(layout, null_pointers_fault)
{
	EXPECT(!can_read(0));
	EXPECT(!can_read(4));
	EXPECT(!can_read(USER_BASE - 1));
	EXPECT(!can_read(MIB(1)));   /* the identity map is gone */
}

KTEST(layout, lowmem_can_be_read_from_end_to_end)
{
	EXPECT(can_read(PAGE_OFFSET));
	EXPECT(can_read(high_memory - 1));
}

KTEST(layout, lowmem_maps_itself)
{
	struct memblock_range range;
	pfn_t pfn;

	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		if (!phys_is_lowmem(range.start))
			break;
		EXPECT(kpt_lookup(PAGE_OFFSET + (uint32_t)range.start.v,
				  &pfn));
		EXPECT_EQ(pfn.v, phys_to_pfn(range.start).v);
	}
}

/* ---- vmalloc=SIZE -------------------------------------------------------- */

KTEST(layout, the_default_leaves_896_mib)
{
	uint64_t limit = 0;

	EXPECT_EQ(lowmem_limit(VMALLOC_DEFAULT, &limit), 0);
	EXPECT_EQ(limit, LOWMEM_MAX);
}

KTEST(layout, vmalloc_moves_the_limit_down_in_steps_of_4_mib)
{
	uint64_t limit = 0;

	EXPECT_EQ(lowmem_limit(MIB(256), &limit), 0);
	EXPECT_EQ(limit, MIB(768));
	EXPECT_EQ(lowmem_limit(MIB(256) + 1, &limit), 0);
	EXPECT_EQ(limit, MIB(764));
	EXPECT_EQ(lowmem_limit(MIB(1024) - LOWMEM_MIN, &limit), 0);
	EXPECT_EQ(limit, LOWMEM_MIN);
}

KTEST(layout, a_vmalloc_size_out_of_bounds_is_refused)
{
	static const uint64_t sizes[] = {
		0, 1, MIB(128) - 1, MIB(1024) - LOWMEM_MIN + 1, MIB(1024),
		1ull << 32, 1ull << 40, ~0ull,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t limit = 0;

		EXPECT(lowmem_limit(sizes[i], &limit) == -EINVAL);
		EXPECT_EQ(limit, LOWMEM_MAX);
	}
}

/* ---- where lowmem ends --------------------------------------------------- */

/* The end of the last RAM below the limit, the naive way. */
static uint64_t naive_end(uint64_t limit)
{
	struct memblock_range range;
	uint64_t end = 0;

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		if (range.start.v < limit)
			end = range.end.v < limit ? range.end.v : limit;
	return ALIGN_DOWN(end, PAGE_SIZE);
}

static void expect_end(uint64_t limit)
{
	irqflags_t flags;
	kva_t real, end;

	if (limit > LOWMEM_MAX || !naive_end(limit))
		return;
	flags = irq_save();
	real = high_memory;
	lowmem_init(limit);
	end = high_memory;
	high_memory = real;
	irq_restore(flags);
	EXPECT_EQ(end, PAGE_OFFSET + naive_end(limit));
}

static void no_lowmem(void *arg)
{
	lowmem_init(PAGE_SIZE - 1);
}

KTEST(layout, lowmem_ends_with_the_last_ram_below_the_limit)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		expect_end(range.start.v);
		expect_end(range.start.v + 1);
		expect_end(range.start.v + PAGE_SIZE);
		expect_end(range.end.v - 1);
		expect_end(range.end.v);
		expect_end(range.end.v + 1);
	}
	expect_end(LOWMEM_MAX);
	EXPECT_PANIC(no_lowmem, NULL, "no RAM below 0 MiB");
}

/* ---- what each part of the image allows ---------------------------------- */

/* Skip unless this code lies in the text that paging_init() has mapped. */
static void need_own_image(void)
{
	kva_t here = ptr_to_kva((const void *)need_own_image);

	if (here < kernel_image.text_start || here >= kernel_image.text_end)
		SKIP("the image is a simulated one");
}

static uint32_t some_data = 1;
static const uint32_t some_constant = 2;

KTEST(layout, text_and_constants_cannot_be_written)
{
	need_own_image();
	EXPECT(!probe_write((void *)need_own_image));
	EXPECT(!probe_write((void *)&some_constant));
	EXPECT(probe_write(&some_data));
	EXPECT(!probe_write(kva_to_ptr(kernel_image.text_end - 1)));
	EXPECT(!probe_write(kva_to_ptr(kernel_image.rodata_end - 1)));
}

KTEST(layout, data_cannot_be_executed)
{
	static uint8_t code[16] = { 0xc3 };   /* ret */

	need_own_image();
	if (!cpu_has(CPU_NX))
		SKIP("needs NX");
	EXPECT(!probe_execute(code));
	EXPECT(!probe_execute(&some_constant));
}

KTEST(layout, guard_pages_of_stacks_are_not_mapped)
{
	need_own_image();
	EXPECT(kernel_image.nr_guards > 0);
	for (unsigned i = 0; i < kernel_image.nr_guards; i++) {
		EXPECT(!can_read(kernel_image.guard[i]));
		EXPECT(!can_read(kernel_image.guard[i] + PAGE_SIZE - 1));
		EXPECT(can_read(kernel_image.guard[i] + PAGE_SIZE));
	}
}
