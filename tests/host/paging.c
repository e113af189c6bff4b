// SPDX-License-Identifier: MIT
/*
 * paging.c (host suite) - the kernel's tables, built once more
 *
 * WHAT     The boot builds the tables before any test runs. Here they are built
 *          again, beside those in use. The tests compare them with what the log
 *          says of them.
 */
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

/* Build, compare, and go back to the tables in use. */
static void build_again(struct counts *said, struct counts *built)
{
	pdpte_t *pdpt = kernel_pdpt;
	pde_t *pd = kernel_pd;
	pte_t *kmap = pkmap_table, *fixmap = fixmap_table;
	uint32_t cr3 = read_cr3();
	struct image_layout image = kernel_image;
	static char line[256];

	host_log_capture(line, sizeof(line));
	paging_init(&image);
	host_log_capture(NULL, 0);
	EXPECT(kernel_pd != pd && kernel_pdpt != pdpt);
	count_entries(kernel_pd, built);
	expect_no_others(kernel_pd);
	free_tables(kernel_pd);
	free_table(kernel_pdpt);
	kernel_pdpt = pdpt;
	kernel_pd = pd;
	pkmap_table = kmap;
	fixmap_table = fixmap;
	write_cr3(cr3);
	tlb_flush_all();
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
