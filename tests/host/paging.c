// SPDX-License-Identifier: MIT
/*
 * paging.c (host suite) - the kernel's tables, built once more
 *
 * WHAT     The boot builds the tables before any test runs. Here they are built
 *          again, beside those in use. The tests compare them with what the log
 *          says of them.
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/fixmap.h>
#include <arch/paging.h>
#include <arch/pgtable_check.h>
#include <arch/tlb.h>

#include "arch/i386/mm/mm_impl.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "tests/host/host.h"
#include "tests/ktest.h"

SUITE(paging, pgtable_check);

/* What the line in the log counts, from boot on. */
struct counts {
	unsigned long large, small, holes, tables;
};

static unsigned long number_before(const char *text, const char *word)
{
	const char *at = text;
	unsigned long n = 0;

	while (*at && strncmp(at, word, strlen(word)))
		at++;
	REQUIRE(*at);
	while (at > text && at[-1] >= '0' && at[-1] <= '9')
		at--;
	for (; *at >= '0' && *at <= '9'; at++)
		n = 10 * n + (unsigned long)(*at - '0');
	return n;
}

static void free_table(void *table)
{
	struct page *page = virt_to_page(table);

	page_set_state(page, PAGE_USED);
	free_page(page);
}

/* Count the entries of a directory up to high_memory, and all its tables. */
static void count_entries(pde_t *pd, struct counts *counts)
{
	memset(counts, 0, sizeof(*counts));
	for (unsigned i = 0; i < PTRS_PER_PD; i++) {
		if (pde_is_table(pd[i])) {
			pte_t *table = pde_table(pd[i]);

			counts->tables++;
			for (unsigned k = 0; k < PTRS_PER_PT; k++)
				counts->small += pte_present(table[k]);
		} else if (pde_present(pd[i])) {
			counts->large++;
		} else if (PAGE_OFFSET + i * LARGE_PAGE_SIZE < high_memory) {
			counts->holes++;
		}
	}
	counts->tables += 2;   /* the directory and the PDPT */
}

/* Behind the direct map there are two tables, those that boot makes. */
static void expect_no_others(const pde_t *pd)
{
	for (unsigned i = 0; i < PTRS_PER_PD; i++) {
		kva_t va = PAGE_OFFSET + i * LARGE_PAGE_SIZE;

		if (va < high_memory)
			continue;
		EXPECT_EQ(pde_is_table(pd[i]),
			  va == PKMAP_BASE || va == FIXMAP_PT_BASE);
		EXPECT(pde_is_table(pd[i]) || pd[i].v == 0);
	}
}

static void free_tables(pde_t *pd)
{
	for (unsigned i = 0; i < PTRS_PER_PD; i++)
		if (pde_is_table(pd[i]))
			free_table(pde_table(pd[i]));
	free_table(pd);
}

/* What paging_init() replaces. */
struct in_use {
	pdpte_t *pdpt;
	pde_t   *pd;
	pte_t   *kmap, *fixmap;
	uint32_t cr3;
	struct image_layout image;
};

static struct in_use save(void)
{
	return (struct in_use){
		kernel_pdpt, kernel_pd, pkmap_table, fixmap_table, read_cr3(),
		kernel_image
	};
}

/* Go back to the tables in use; the others are freed. */
static void restore(const struct in_use *in_use)
{
	EXPECT(kernel_pd != in_use->pd && kernel_pdpt != in_use->pdpt);
	free_tables(kernel_pd);
	free_table(kernel_pdpt);
	kernel_pdpt = in_use->pdpt;
	kernel_pd = in_use->pd;
	pkmap_table = in_use->kmap;
	fixmap_table = in_use->fixmap;
	kernel_image = in_use->image;
	write_cr3(in_use->cr3);
	tlb_flush_all();
}

/* Build, compare, and go back to the tables in use. */
static void build_again(struct counts *said, struct counts *built)
{
	struct in_use in_use = save();
	static char line[256];

	host_log_capture(line, sizeof(line));
	paging_init(&in_use.image);
	host_log_capture(NULL, 0);
	count_entries(kernel_pd, built);
	expect_no_others(kernel_pd);
	restore(&in_use);
	*said = (struct counts){
		number_before(line, " pages of 2 MiB"),
		number_before(line, " of 4 KiB"),
		number_before(line, " holes"),
		number_before(line, " tables"),
	};
}

KTEST(paging, the_log_counts_what_was_built)
{
	struct counts first, second, built;

	build_again(&first, &built);
	build_again(&second, &built);
	EXPECT_EQ(second.large - first.large, built.large);
	EXPECT_EQ(second.small - first.small, built.small);
	EXPECT_EQ(second.holes - first.holes, built.holes);
	EXPECT_EQ(second.tables - first.tables, built.tables);
}

KTEST(paging, the_switch_turns_on_what_the_tables_need)
{
	uint32_t cr0 = read_cr0(), cr4 = read_cr4(), efer = 0;
	struct counts said, built;
	unsigned long flushes;

	write_cr0(cr0 & ~CR0_WP);
	write_cr4(cr4 & ~CR4_PGE);
	if (cpu_has(CPU_NX)) {
		efer = read_efer();
		write_efer(efer & ~EFER_NXE);
	}
	flushes = tlb_stats.all;
	build_again(&said, &built);
	EXPECT_EQ(tlb_stats.all, flushes + 2);   /* back again, too */
	EXPECT_EQ(read_cr0(), cr0);
	EXPECT_EQ(read_cr4(), cr4);
	if (cpu_has(CPU_NX))
		EXPECT_EQ(read_efer(), efer);
	EXPECT_NULL(pgtable_check());
}

KTEST(paging, check_finds_what_is_turned_off)
{
	uint32_t cr4 = read_cr4(), efer;

	write_cr4(cr4 ^ CR4_PGE);
	EXPECT_LAW(pgtable_check(), "pgtable C2");
	write_cr4(cr4);
	if (cpu_has(CPU_NX)) {
		efer = read_efer();
		write_efer(efer & ~EFER_NXE);
		EXPECT_LAW(pgtable_check(), "pgtable C2");
		write_efer(efer);
	}
	EXPECT_NULL(pgtable_check());
}

static void image_beyond_lowmem(void *arg)
{
	struct image_layout image = kernel_image;

	image.data_end = high_memory + PAGE_SIZE;
	paging_init(&image);
}

/* The ISA hole is not RAM on any PC. */
static void image_in_a_hole(void *arg)
{
	struct image_layout image = kernel_image;

	image.text_start = image.text_end = PAGE_OFFSET + ISA_HOLE_START;
	image.rodata_start = image.rodata_end = image.text_end;
	image.data_start = image.text_end;
	image.data_end = image.text_end + PAGE_SIZE;
	paging_init(&image);
}

KTEST(paging, wrong_images_are_refused_before_the_switch)
{
	struct in_use in_use = save();

	EXPECT_PANIC(image_beyond_lowmem, NULL, "does not fit in lowmem");
	EXPECT(kernel_pd == in_use.pd && kernel_pdpt == in_use.pdpt);
	EXPECT_PANIC(image_in_a_hole, NULL, "page tables: pgtable D3");
	EXPECT_EQ(read_cr3(), in_use.cr3);
	restore(&in_use);
	EXPECT_NULL(pgtable_check());
}

KTEST(paging, the_checker_counts_what_is_there)
{
	struct pgtable_report report;
	struct pgtable_facts facts;
	struct counts counts;

	pgtable_facts_init(&facts);
	EXPECT_NULL(pgtable_check_tables(kernel_pdpt, &facts, &report));
	count_entries(kernel_pd, &counts);
	EXPECT_EQ(report.tables, counts.tables);
	EXPECT_EQ(report.present, counts.small + counts.large);
}

/* The fixmap's entry comes last; no fixed address is used meanwhile. */
KTEST(paging, a_table_of_any_entry_before_is_found)
{
	pde_t *last = &kernel_pd[pd_index(FIXMAP_PT_BASE)], right = *last;
	struct pgtable_report report;
	struct pgtable_facts facts;
	const char *law;

	pgtable_facts_init(&facts);
	for (pde_t *pde = kernel_pd; pde < last; pde++) {
		if (!pde_is_table(*pde))
			continue;
		*last = *pde;
		law = pgtable_check_tables(kernel_pdpt, &facts, &report);
		*last = right;
		EXPECT_LAW(law, "pgtable T4");
		EXPECT_EQ(report.va, FIXMAP_PT_BASE);
	}
	EXPECT_NULL(pgtable_check_tables(kernel_pdpt, &facts, &report));
}
