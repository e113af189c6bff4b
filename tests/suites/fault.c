// SPDX-License-Identifier: MIT
/*
 * fault.c - the explanation of a page fault names the broken rule
 *
 * ALGORITHM  The faults are made up: an address, an error code, the entries,
 *          and facts about the address. The last tests walk real tables.
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/fault_words.h>
#include <arch/fixmap.h>
#include <arch/pgtable_check.h>

#include "lib/printf.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/vmalloc.h"
#include "tests/ktest.h"

static const char *fault_check(void)
{
	for (unsigned i = 0; i < FAULT_NR_CAUSES; i++)
		HOLDS(fault_cause_text(i), "every cause has a text");
	return NULL;
}

SUITE(fault, fault_check);

#define TABLE   (0x00100000ull | PAE_P | PAE_RW | PAE_A)
#define ROOT    (0x00101000ull | PAE_P)
#define PAGE    (0x00200000ull | PAE_P | PAE_A)
#define LARGE   (PAGE | PAE_PS)

#define R  0u
#define W  PF_WRITE
#define X  PF_FETCH
#define U  PF_USER
#define P  PF_PRESENT
#define RS PF_RESERVED

/* Places whose addresses depend on the machine: case_va() knows them. */
#define IN_VMALLOC  1u
#define IN_LOWMEM   2u
#define IN_GAP      3u

static const struct vm_area_info guard_info = {
	.start = 0xf9000000, .end = 0xf9002000, .guard = true,
};
static const struct vm_area_info area_info = {
	.start = 0xf9000000, .end = 0xf9002000,
};

#define CASE(c, address, code, ...)                                 \
	{ .cause = (c), .va = (address), .error = (code), .walk = __VA_ARGS__ }

static const struct {
	enum fault_cause  cause;
	kva_t             va;
	uint32_t          error;
	struct fault_walk walk;
	bool              no_nx;
	const char       *stack;
	const struct vm_area_info *area;
} cases[] = {
	CASE(FAULT_NULL, 0, R, { 1, { 0 } }),
	CASE(FAULT_NULL, 0xfffc, W, { 1, { 0 } }),
	CASE(FAULT_USER_ADDRESS, 0x10000, R, { 1, { 0 } }),
	CASE(FAULT_USER_ADDRESS, 0xbfffffff, W, { 2, { ROOT, 0 } }),
	CASE(FAULT_USER_UNMAPPED, 0x10000, U, { 1, { 0 } }),
	CASE(FAULT_READ_ONLY, IN_LOWMEM, P | W, { 3, { ROOT, TABLE, PAGE } }),
	CASE(FAULT_READ_ONLY, IN_LOWMEM, P | W, { 2, { ROOT, LARGE } }),
	CASE(FAULT_READ_ONLY, IN_LOWMEM, P | W,
	     { 3, { ROOT, TABLE & ~PAE_RW, PAGE | PAE_RW } }),
	CASE(FAULT_NX, IN_LOWMEM, P | X,
	     { 3, { ROOT, TABLE, PAGE | PAE_RW | PAE_XD } }),
	CASE(FAULT_NX, IN_LOWMEM, P | X, { 2, { ROOT, LARGE | PAE_XD } }),
	CASE(FAULT_NX, IN_VMALLOC, P | X,
	     { 3, { ROOT, TABLE | PAE_XD, PAGE } }),
	CASE(FAULT_NX_RESERVED, IN_LOWMEM, P | RS,
	     { 3, { ROOT, TABLE, PAGE | PAE_XD } }, .no_nx = true),
	CASE(FAULT_NX_RESERVED, IN_LOWMEM, RS,   /* as QEMU has it: without P */
	     { 3, { ROOT, TABLE, PAGE | PAE_XD } }, .no_nx = true),
	CASE(FAULT_TOO_WIDE, IN_VMALLOC, P | RS,
	     { 3, { ROOT, TABLE, PAGE | 1ull << 36 } }),
	CASE(FAULT_TOO_WIDE, IN_VMALLOC, RS | W,
	     { 2, { ROOT, LARGE | 1ull << 51 } }),
	CASE(FAULT_RESERVED, IN_LOWMEM, P | RS,
	     { 2, { ROOT, LARGE | 1 << 13 } }),
	CASE(FAULT_KERNEL_PAGE, IN_LOWMEM, P | U,
	     { 3, { ROOT, TABLE, PAGE | PAE_RW } }),
	CASE(FAULT_KERNEL_PAGE, IN_LOWMEM, P | U | W,
	     { 3, { ROOT, TABLE, PAGE } }),
	CASE(FAULT_SMEP, 0x20000, P | X,
	     { 3, { ROOT, TABLE | PAE_US, PAGE | PAE_US } }),
	CASE(FAULT_SMAP, 0x20000, P,
	     { 3, { ROOT, TABLE | PAE_US, PAGE | PAE_US } }),
	CASE(FAULT_STALE, IN_VMALLOC, R,
	     { 3, { ROOT, TABLE, PAGE | PAE_RW } }),
	CASE(FAULT_STALE, IN_VMALLOC, P | W,
	     { 3, { ROOT, TABLE, PAGE | PAE_RW } }),
	CASE(FAULT_GONE, IN_VMALLOC, P | W, { 3, { ROOT, TABLE, 0 } }),
	CASE(FAULT_STACK_GUARD, IN_LOWMEM, W, { 3, { ROOT, TABLE, 0 } },
	     .stack = "boot"),
	CASE(FAULT_NO_RAM, IN_LOWMEM, R, { 2, { ROOT, 0 } }),
	CASE(FAULT_AREA_GUARD, IN_VMALLOC, W, { 3, { ROOT, TABLE, 0 } },
	     .area = &guard_info),
	CASE(FAULT_AREA_HOLE, IN_VMALLOC, R, { 3, { ROOT, TABLE, 0 } },
	     .area = &area_info),
	CASE(FAULT_FREED, IN_VMALLOC, R,
	     { 3, { ROOT, TABLE, PAGE & ~PAE_P } }),
	CASE(FAULT_NO_AREA, IN_VMALLOC, R, { 3, { ROOT, TABLE, 0 } }),
	CASE(FAULT_NO_AREA, IN_VMALLOC, R, { 2, { ROOT, 0 } }),
	CASE(FAULT_KMAP_SLOT, PKMAP_BASE + 0x5000, R,
	     { 3, { ROOT, TABLE, 0 } }),
	CASE(FAULT_FIXMAP_SLOT, FIXADDR_START, W, { 3, { ROOT, TABLE, 0 } }),
	CASE(FAULT_GAP, IN_GAP, R, { 2, { ROOT, 0 } }),
	CASE(FAULT_GAP, 0xffffffff, R, { 3, { ROOT, TABLE, 0 } }),
	CASE(FAULT_GAP, FIXADDR_TOP, W, { 3, { ROOT, TABLE, 0 } }),
};

static kva_t case_va(kva_t va)
{
	switch (va) {
	case IN_VMALLOC:
		return vmalloc_start();
	case IN_LOWMEM:
		return high_memory - 4;
	case IN_GAP:
		return high_memory;
	default:
		return va;
	}
}

static void case_make(unsigned i, struct fault *fault,
		      struct fault_facts *facts)
{
	*fault = (struct fault){ case_va(cases[i].va), cases[i].error, 0 };
	*facts = (struct fault_facts){
		.phys_bits = 36, .nx = !cases[i].no_nx,
		.stack = cases[i].stack, .area = cases[i].area,
	};
}

/* ---- the text, collected ------------------------------------------------ */

static char text[2048];
static unsigned lines;

static void collect(const char *line)
{
	size_t len = strlen(text);

	scnprintf(text + len, sizeof(text) - len, "%s\n", line);
	lines++;
}

static void collect_reset(void)
{
	text[0] = '\0';
	lines = 0;
}

static bool text_has(const char *what)
{
	for (const char *p = text; *p; p++) {
		if (!strncmp(p, what, strlen(what)))
			return true;
	}
	return false;
}

/* ---- tests -------------------------------------------------------------- */

KTEST(fault, each_cause_is_told_from_the_others)
{
	bool seen[FAULT_NR_CAUSES] = { false };

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fault_facts facts;
		struct fault fault;
		enum fault_cause cause;

		case_make(i, &fault, &facts);
		cause = fault_classify(&fault, &cases[i].walk, &facts);
		if (cause != cases[i].cause)
			ktest_fail(__FILE__, __LINE__,
				   "case %u: \"%s\" instead of \"%s\"", i,
				   fault_cause_text(cause),
				   fault_cause_text(cases[i].cause));
		seen[cause] = true;
	}
	for (unsigned i = 0; i < FAULT_NR_CAUSES; i++)
		EXPECT(seen[i]);
}

KTEST(fault, the_description_names_rule_and_entries)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fault_facts facts;
		struct fault fault;

		collect_reset();
		case_make(i, &fault, &facts);
		fault_describe(&fault, &cases[i].walk, &facts, collect);
		EXPECT(text_has(fault_cause_text(cases[i].cause)));
		EXPECT(text_has("region: "));
		EXPECT(text_has("PDPTE["));
		EXPECT_EQ(text_has("PTE["), true);
		EXPECT(lines >= 3 + cases[i].walk.levels);
		/* The other causes are a wrong bit of an entry. */
		EXPECT_EQ(text_has("  <-- "),
			  cases[i].cause != FAULT_RESERVED &&
			  cases[i].cause != FAULT_STALE);
	}
}

KTEST(fault, the_description_names_access_and_region)
{
	static const char never[] =
		"  region: never mapped, 0x00000000 - 0x0000ffff\n";
	static const char user[] =
		"  region: user mode, 0x00010000 - 0xbfffffff\n";
	const struct {
		struct fault fault;
		const char  *access, *region;
	} told[] = {
		{ { 4, R, 0 }, "  read of 0x00000004 by kernel mode, error 0x0",
		  never },
		{ { 0xffff, W | U, 0 },
		  "  write to 0x0000ffff by user mode, error 0x6", never },
		{ { 0x10000, X | U, 0 },
		  "  fetch from 0x00010000 by user mode, error 0x14", user },
		{ { 0xbfffffff, R, 1 },
		  "  read of 0xbfffffff by kernel mode at 0x00000001 ", user },
		/* Without NX, no bit says that it was a fetch. */
		{ { 0x20000, R, 0x20000 },
		  "  fetch from 0x00020000 by kernel mode at 0x00020000 ",
		  user },
	};
	struct fault_walk walk = { 1, { 0 } };
	struct fault_facts facts = { .phys_bits = 36, .nx = true };
	struct fault fault = { PAGE_OFFSET, R, 0 };
	char region[80];

	for (unsigned i = 0; i < ARRAY_SIZE(told); i++) {
		collect_reset();
		fault_describe(&told[i].fault, &walk, &facts, collect);
		EXPECT(text_has(told[i].access));
		EXPECT(text_has(told[i].region));
	}
	scnprintf(region, sizeof(region), "  region: %s, 0x%08x - 0x%08x\n",
		  kva_region_name(KVA_LOWMEM), PAGE_OFFSET, high_memory - 1);
	collect_reset();
	fault_describe(&fault, &walk, &facts, collect);
	EXPECT(text_has(region));
}

KTEST(fault, the_guilty_entry_is_marked)
{
	struct fault fault = { 0xc0105010, P | W, 0 };
	struct fault_walk walk = {
		3, { ROOT, TABLE, 0x8000000000105121ull },
	};
	struct fault_facts facts = { .phys_bits = 36, .nx = true };

	collect_reset();
	fault_describe(&fault, &walk, &facts, collect);
	EXPECT(text_has("write to a read-only page\n"));
	EXPECT(text_has("write to 0xc0105010 by kernel mode, error 0x3\n"));
	EXPECT(text_has("PTE[261] 0x8000000000105121  P A G XD"
			"  <-- RW is clear\n"));
	EXPECT(text_has("  PDE[  0] 0x0000000000100023  P RW A\n"));
	EXPECT(text_has("PDPTE[  3] 0x0000000000101001  P\n"));
}

KTEST(fault, stacks_and_areas_are_named)
{
	struct fault fault = { high_memory - 4, W, 0 };
	struct fault_walk walk = { 3, { ROOT, TABLE, 0 } };
	struct fault_facts facts = {
		.phys_bits = 36, .nx = true, .stack = "double fault",
	};

	collect_reset();
	fault_describe(&fault, &walk, &facts, collect);
	EXPECT(text_has("guard page of stack \"double fault\""));

	collect_reset();
	facts = (struct fault_facts){ .phys_bits = 36, .area = &guard_info };
	fault.va = vmalloc_start();
	fault_describe(&fault, &walk, &facts, collect);
	EXPECT(text_has("area 0xf9000000 - 0xf9002000, made by"));
	collect_reset();
	facts.area = &area_info;
	fault_describe(&fault, &walk, &facts, collect);
	EXPECT(text_has("area 0xf9000000 - 0xf9002000, made by"));
	/* A page is there: the area says nothing. */
	collect_reset();
	walk.entry[FAULT_PTE] = PAGE | PAE_RW;
	fault_describe(&fault, &walk, &facts, collect);
	EXPECT(text_has("a TLB flush is missing") && !text_has("made by"));
	walk.entry[FAULT_PTE] = 0;

	facts = (struct fault_facts){ .phys_bits = 36 };
	for (unsigned at = 0; at < PAGE_SIZE; at += PAGE_SIZE / 2 - 1) {
		collect_reset();
		fault.va = PKMAP_BASE + 5 * PAGE_SIZE + at;
		fault_describe(&fault, &walk, &facts, collect);
		EXPECT(text_has("kmap slot 5\n"));
		collect_reset();
		fault.va = fixmap_slot_kva(FIX_TEST) + at;
		fault_describe(&fault, &walk, &facts, collect);
		EXPECT(text_has("fixmap slot 6\n"));
	}
	collect_reset();
	fault.va = fixmap_slot_kva(FIX_TEST) + PAGE_SIZE - 1;
	fault_describe(&fault, &walk, &facts, collect);
	EXPECT(text_has("fixmap slot 6\n"));
	_Static_assert(FIX_TEST == 6, "the line above");
}

/* Anything may stand in broken tables. */
KTEST(fault, random_faults_always_have_an_explanation)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned n = 0; n < 300; n++) {
		struct fault fault = { rng_next(&rng), rng_below(&rng, 32),
				       0 };
		struct fault_facts facts = {
			.phys_bits = 32 + rng_below(&rng, 21),
			.nx = rng_below(&rng, 2),
		};
		struct fault_walk walk = { rng_below(&rng, 4), { 0 } };

		for (unsigned i = 0; i < walk.levels; i++)
			walk.entry[i] = (uint64_t)rng_next(&rng) << 32 |
					rng_next(&rng);
		collect_reset();
		fault_describe(&fault, &walk, &facts, collect);
		EXPECT(lines >= 3 + walk.levels);
	}
}

/* ---- the tables in use -------------------------------------------------- */

KTEST(fault, the_walk_reads_the_tables_in_use)
{
	struct fault_walk walk;
	kva_t top = high_memory - 1;

	fault_walk(read_cr3(), PAGE_OFFSET, &walk);
	EXPECT_EQ(walk.levels, 3);
	EXPECT_EQ(walk.entry[FAULT_PDE], kernel_pd[0].v);
	EXPECT_EQ(walk.entry[FAULT_PTE], pde_table(kernel_pd[0])[0].v);
	fault_walk(read_cr3(), top, &walk);
	EXPECT_EQ(walk.entry[FAULT_PDE], kernel_pd[pd_index(top)].v);
	fault_walk(read_cr3(), 0, &walk);
	EXPECT_EQ(walk.levels, 1);
	EXPECT_EQ(walk.entry[FAULT_PDPTE], 0);
	fault_walk(read_cr3(), high_memory + PT_SPAN, &walk);
	EXPECT_EQ(walk.levels, 2);
	EXPECT_EQ(walk.entry[FAULT_PDE], 0);
}

KTEST(fault, the_walk_does_not_follow_nonsense)
{
	struct fault_walk walk;

	/* These page tables cannot be read. */
	fault_walk(0xfffff000, PAGE_OFFSET, &walk);
	EXPECT_EQ(walk.levels, 0);
	fault_walk(ISA_HOLE_START, PAGE_OFFSET, &walk);
	EXPECT_EQ(walk.levels, 0);
}

/* Keeps: the first area may need a page table. */
KTEST_KEEPS(fault, a_guard_page_of_vmalloc_is_recognised)
{
	void *area = vmalloc(2 * PAGE_SIZE);
	struct fault fault = { .error = W };

	REQUIRE(area);
	fault.va = ptr_to_kva(area) + 2 * PAGE_SIZE + 8;
	collect_reset();
	fault_explain(&fault, collect);
	EXPECT(text_has("guard page of a vmalloc area"));
	EXPECT(text_has("made by"));
	collect_reset();
	EXPECT_STREQ(fault_explain(&fault, NULL),
		     "guard page of a vmalloc area");
	EXPECT_EQ(lines, 0);
	vfree(area);

	fault.va = ptr_to_kva(area) + 8;
	collect_reset();
	fault_explain(&fault, collect);
	EXPECT(text_has("vmalloc area that was freed") ||
	       text_has("no vmalloc area here"));
}
