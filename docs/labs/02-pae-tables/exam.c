// SPDX-License-Identifier: MIT
/*
 * exam.c (lab pae) - a run of random operations that somebody else marks
 *
 * WHAT     Prints what happens, and no verdict. exam.py knows what must happen.
 *
 *            exam  NUMBER  FUNCTION  ...
 *
 *          in one line, with a tab between two fields. NUMBER counts the lines.
 *
 *          FUNCTION          the other fields
 *          paging_build      four PDPT entries, and a sum of the directory
 *          lint_pde          the law, or -
 *          direct_map_prot   RW, RO, RX or DEVICE
 *          map_small_chunk   a sum of the table
 *          map_chunk         "large" and its kind, or "table" and a sum
 *          kpt_entry         number of the entry in the window
 *          kpt_populate_one  result; own, rival or -; allocations
 *          kpt_populate      result, and which of the 60 PDEs have a table
 *          kpt_map_range     a sum of the window
 *          kpt_unmap         the same
 *          kpt_lookup        the frame, or -
 *
 * TERMS    kind   of a protection: 1 RW, 2 RO or RX, 3 DEVICE, 0 nothing, 9 no
 *                 protection at all. RO and RX differ only on a CPU with NX
 *          sum    a hash (FNV-1a on words)
 *
 * RULES    The machine has RAM from 1 MiB to 40 MiB, and up to the page 0x9e.
 */
#include "docs/labs/02-pae-tables/lab.h"
#include "docs/labs/02-pae-tables/stage.h"

#include "kernel/diag/console.h"
#include "lib/alloc_trace.h"
#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/random.h"

SUITE(exam_pae, NULL);

#define FIRST_VA   0xf8800000u
#define FIRST_PDE  pd_index(FIRST_VA)
#define LARGE_VA   (WINDOW_BASE + 8 * PT_SPAN)
#define EBDA_PAGE  0x9fu   /* RAM or not: that depends on the machine */

static struct rng rng;
static unsigned   number;

static uint32_t below(uint32_t n)
{
	return rng_below(&rng, n);
}

/* ---- sums ---------------------------------------------------------------- */

static uint32_t sum_of(uint32_t sum, uint32_t value)
{
	return (sum ^ value) * 16777619u;
}

static unsigned kind_of(uint64_t bits)
{
	if (!bits)
		return 0;
	if (bits == kprot_bits[KPROT_RW].v)
		return 1;
	if (bits == kprot_bits[KPROT_RO].v || bits == kprot_bits[KPROT_RX].v)
		return 2;
	return bits == kprot_bits[KPROT_DEVICE].v ? 3 : 9;
}

static uint32_t sum_of_chunk(const pte_t *table)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < PTRS_PER_PT; i++) {
		uint64_t entry = table[i].v;

		if (entry)
			entry -= i * PAGE_SIZE;
		if (i != EBDA_PAGE)
			sum = sum_of(sum, kind_of(entry));
	}
	return sum;
}

static uint32_t sum_of_window(void)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < WINDOW_PAGES; i++) {
		uint64_t entry = window_entry(i)->v;
		uint32_t frame = (uint32_t)((entry & PAE_ADDR_MASK) >> 12);

		sum = sum_of(sum, frame << 4 | kind_of(entry & ~PAE_ADDR_MASK));
	}
	return sum;
}

/* ---- boot/paging.c ------------------------------------------------------- */

static struct boot_tables tables;
static struct boot_paging what;

static void draw_boot(void)
{
	what.tables_phys = (0x100 + below(64)) * PAGE_SIZE;
	what.lowmem_end = LARGE_PAGE_SIZE + below(LOWMEM_MAX - LARGE_PAGE_SIZE);
	what.phys_bits = 32 + below(21);
}

static void ask_paging_build(void)
{
	uint32_t sum = 0;

	draw_boot();
	memset(&tables, 0, sizeof(tables));
	paging_build(&tables, &what);
	for (unsigned i = 0; i < PTRS_PER_PD; i++)
		sum = sum_of(sum_of(sum, tables.pd[i].low), tables.pd[i].high);
	console_printf("exam\t%u\tpaging_build\t%llx\t%llx\t%llx\t%llx\t%x\n",
		       ++number, (unsigned long long)tables.pdpt[0].v,
		       (unsigned long long)tables.pdpt[1].v,
		       (unsigned long long)tables.pdpt[2].v,
		       (unsigned long long)tables.pdpt[3].v, sum);
}

/* Near the end of lowmem, with up to three bits flipped. */
static void ask_lint_pde(void)
{
	unsigned i, flips;
	uint64_t entry;
	const char *law;

	draw_boot();
	i = what.lowmem_end / LARGE_PAGE_SIZE;
	i = below(4) ? below(i + 1) : i + below(3);
	entry = (uint64_t)i * LARGE_PAGE_SIZE | PAE_P | PAE_RW | PAE_PS;
	flips = below(4);
	while (flips-- > 0)
		entry ^= 1ull << below(64);
	law = bench_lint_pde((pde_t){ entry }, i, &what);
	console_printf("exam\t%u\tlint_pde\t%.14s\n", ++number,
		       law ? law : "-");
}

/* ---- arch/i386/mm/paging.c ----------------------------------------------- */

static kva_t page_va(unsigned page)
{
	return PAGE_OFFSET + page * PAGE_SIZE;
}

static struct image_layout draw_image(unsigned page)
{
	struct image_layout image = { .nr_guards = 0 };
	kva_t *const edges[] = {
		&image.text_start, &image.text_end, &image.rodata_start,
		&image.rodata_end, &image.data_start, &image.data_end,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(edges); i++) {
		page += below(i % 2 ? 300 : 10);
		*edges[i] = page_va(page);
	}
	image.nr_guards = below(3);
	for (unsigned i = 0; i < image.nr_guards; i++)
		image.guard[i] = image.data_start + below(100) * PAGE_SIZE;
	return image;
}

static void ask_direct_map_prot(void)
{
	static const char *const names[KPROT_NR] = {
		[KPROT_RW] = "RW", [KPROT_RO] = "RO", [KPROT_RX] = "RX",
		[KPROT_DEVICE] = "DEVICE",
	};
	struct image_layout image = draw_image(0x100);
	enum kprot prot = direct_map_prot(&image, page_va(below(0x400)));

	console_printf("exam\t%u\tdirect_map_prot\t%s\n", ++number,
		       prot < KPROT_NR ? names[prot] : "none");
}

/* The first chunk, with another image and another end of lowmem. */
static void ask_map_small_chunk(void)
{
	struct image_layout live = kernel_image, image = draw_image(0x100);
	unsigned pages = 1 + below(PTRS_PER_PT);
	kva_t top = high_memory;
	irqflags_t flags;

	window_open();
	flags = irq_save();
	kernel_image = image;
	high_memory = page_va(pages);
	bench_map_small_chunk(window_entry(0), PAGE_OFFSET);
	high_memory = top;
	kernel_image = live;
	irq_restore(flags);
	console_printf("exam\t%u\tmap_small_chunk\t%x\n", ++number,
		       sum_of_chunk(window_entry(0)));
}

static void ask_map_chunk(void)
{
	struct image_layout live = kernel_image;
	struct image_layout image = draw_image(0x100 + below(0x2000));
	kva_t start = PAGE_OFFSET + (1 + below(19)) * LARGE_PAGE_SIZE;
	uint64_t pa = start - PAGE_OFFSET;
	uint32_t sum = 0;
	pde_t pde;

	stage_clear();
	stage_enter();
	kernel_image = image;
	bench_map_chunk(&stage.pd[pd_index(start)], start);
	kernel_image = live;
	stage_leave();
	pde = stage.pd[pd_index(start)];
	for (unsigned i = 0; pde_is_table(pde) && i < PTRS_PER_PT; i++) {
		uint64_t entry = pde_table(pde)[i].v;

		if (entry)
			entry -= pa + i * PAGE_SIZE;
		sum = sum_of(sum, kind_of(entry));
	}
	if (pde_is_table(pde))
		console_printf("exam\t%u\tmap_chunk\ttable\t%x\n", ++number,
			       sum);
	else
		console_printf("exam\t%u\tmap_chunk\tlarge\t%u\n", ++number,
			       kind_of(pde.v - pa - PAE_PS));
}

/* ---- arch/i386/mm/kpgtable.c: tables ------------------------------------- */

static pde_t   *race_pde;      /* the other thread sets this entry */
static uint64_t race_value;
static unsigned allocations;

static void note_allocation(const void *page, enum alloc_kind kind)
{
	allocations++;
	if (race_pde)
		race_pde->v = race_value;
}

static void ask_kpt_populate_one(void)
{
	unsigned index = FIRST_PDE + below(60), trouble = below(4);
	const char *owner = "own";
	int err;

	allocations = 0;
	race_pde = trouble == 1 ? &stage.pd[index] : NULL;
	race_value = pde_make_table(virt_to_phys(stage.block)).v;
	stage_enter();
	alloc_trace_start(note_allocation);
	if (trouble == 0)
		failpoint_arm(1);
	err = bench_kpt_populate_one(index);
	alloc_trace_stop();
	stage_leave();
	if (stage.pd[index].v == race_value)
		owner = "rival";
	else if (!pde_is_table(stage.pd[index]))
		owner = "-";
	console_printf("exam\t%u\tkpt_populate_one\t%d\t%s\t%u\n", ++number,
		       err, owner, allocations);
}

static void ask_kpt_populate(void)
{
	const unsigned pages = (FIXADDR_TOP - FIRST_VA) / PAGE_SIZE;
	unsigned first = below(pages), nr = below(pages - first + 1);
	unsigned fail = below(6);
	uint64_t bits = 0;
	int err;

	nr %= 4000;
	stage_enter();
	if (fail)
		failpoint_arm(fail);
	err = kpt_populate(FIRST_VA + first * PAGE_SIZE, nr);
	(void)failpoint_disarm();
	stage_leave();
	for (unsigned i = 0; i < 60; i++)
		bits |= (uint64_t)pde_is_table(stage.pd[FIRST_PDE + i]) << i;
	console_printf("exam\t%u\tkpt_populate\t%d\t%llx\n", ++number, err,
		       (unsigned long long)bits);
}

/* ---- arch/i386/mm/kpgtable.c: pages -------------------------------------- */

static void ask_kpt_entry(void)
{
	unsigned i = below(WINDOW_PAGES), found = 0;
	const pte_t *entry;

	stage_enter();
	entry = bench_kpt_entry(window_va(i));
	stage_leave();
	while (found < WINDOW_PAGES && window_entry(found) != entry)
		found++;
	console_printf("exam\t%u\tkpt_entry\t%u\n", ++number, found);
}

/* A short range in two cases out of three, else one of any length. */
static unsigned draw_length(unsigned first)
{
	unsigned nr = below(WINDOW_PAGES - first + 1);

	return below(3) ? nr % 20 : nr;
}

static void ask_kpt_map_range(void)
{
	unsigned first = below(WINDOW_PAGES), nr = draw_length(first);
	uint32_t frame = below(1u << 24);
	enum kprot prot = below(KPROT_NR);

	stage_enter();
	kpt_map_range(window_va(first), PFN(frame), nr, prot);
	stage_leave();
	console_printf("exam\t%u\tkpt_map_range\t%x\n", ++number,
		       sum_of_window());
}

static void ask_kpt_unmap(void)
{
	unsigned first = below(WINDOW_PAGES), nr = draw_length(first);

	stage_enter();
	kpt_unmap(window_va(first), nr);
	stage_leave();
	console_printf("exam\t%u\tkpt_unmap\t%x\n", ++number, sum_of_window());
}

static void ask_kpt_lookup(void)
{
	kva_t va = WINDOW_BASE + below(WINDOW_PAGES * PAGE_SIZE);
	unsigned where = below(6);
	bool found;
	pfn_t pfn;

	if (where == 0)
		va -= 1u << 30;
	if (where == 1)
		va = LARGE_VA + va % PT_SPAN;
	stage_enter();
	found = kpt_lookup(va, &pfn);
	stage_leave();
	if (found)
		console_printf("exam\t%u\tkpt_lookup\t%x\n", ++number, pfn.v);
	else
		console_printf("exam\t%u\tkpt_lookup\t-\n", ++number);
}

KTEST(exam_pae, run)
{
	number = 0;
	rng_init(&rng, ktest_seed());
	stage_create();
	for (unsigned i = 0; i < 30; i++)
		ask_paging_build();
	for (unsigned i = 0; i < 80; i++)
		ask_lint_pde();
	for (unsigned i = 0; i < 80; i++)
		ask_direct_map_prot();
	for (unsigned i = 0; i < 20; i++)
		ask_map_small_chunk();
	for (unsigned i = 0; i < 40; i++)
		ask_map_chunk();
	stage_clear();
	for (unsigned i = 0; i < 60; i++)
		ask_kpt_populate_one();
	for (unsigned i = 0; i < 60; i++) {
		if (i % 10 == 0)
			stage_clear();
		ask_kpt_populate();
	}
	stage_clear();
	window_open();
	stage.pd[pd_index(LARGE_VA)].v = 0x880000000ull | PAE_PS |
					 kprot_bits[KPROT_RW].v;
	for (unsigned i = 0; i < 60; i++) {
		ask_kpt_entry();
		ask_kpt_map_range();
		ask_kpt_lookup();
		ask_kpt_lookup();
		if (i % 2)
			ask_kpt_unmap();
	}
	stage_destroy();
}
