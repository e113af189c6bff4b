// SPDX-License-Identifier: MIT
/*
 * upgtable_space.h - an address space for the tests of user page tables
 *
 * WHAT     What tests/suites/upgtable.c and upgtable_rules.c share: a space and
 *          a window of addresses in it, half in one page table and half in the
 *          next, and a few pages with a mark in the first word.
 *
 * ALGORITHM  Accesses go through the MMU (on the host, a program). SMAP and
 *          SMEP are off, because here the kernel touches user pages.
 */
#pragma once

#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/kva.h>
#include <arch/pgtable_bits.h>
#include <arch/probe.h>
#include <arch/upgtable.h>

#include "arch/i386/mm/upgtable_impl.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

#define CR4_SMEP  0x00100000u
#define CR4_SMAP  0x00200000u

#define R   UPT_READ
#define W   UPT_WRITE
#define X   UPT_EXEC
#define RW  (UPT_READ | UPT_WRITE)

#define PAGES   12u
#define WINDOW  96u
#define BASE    (0x40200000u - WINDOW / 2 * PAGE_SIZE)

/* In the high half of an entry: the first bit that no address has. */
#define FIRST_RESERVED  (1u << (cpu_phys_bits() - 32))

static struct upgtable space;
static struct page *pages[PAGES];
static uint32_t saved_cr4;

static inline uint32_t at(unsigned i)
{
	return BASE + i * PAGE_SIZE;
}

static inline void *ptr(unsigned i)
{
	return kva_to_ptr(at(i));
}

static inline pfn_t frame(unsigned page)
{
	return page_to_pfn(pages[page]);
}

static inline void mark(unsigned page, uint32_t word)
{
	uint32_t *words = kmap_local(pages[page]);

	words[0] = word;
	kunmap_local(words);
}

/* Make an empty address space, and load it. */
static inline void setup(void)
{
	REQUIRE(upt_create(&space) == 0);
	for (unsigned i = 0; i < PAGES; i++) {
		pages[i] = alloc_page(GFP_HIGHUSER | GFP_ZERO);
		REQUIRE(pages[i]);
		mark(i, 0xc3000000u | i);
	}
	saved_cr4 = read_cr4();
	write_cr4(saved_cr4 & ~(CR4_SMEP | CR4_SMAP));
	upt_switch(&space);
}

static inline void ignore_pages(struct page *const array[], unsigned nr,
				void *arg)
{
}

static inline void teardown(void)
{
	EXPECT_NULL(upt_check(&space));
	upt_unmap_range(&space, UADDR(USER_BASE), UADDR(PAGE_OFFSET),
			ignore_pages, NULL);
	EXPECT_NULL(upt_check(&space));
	upt_switch(NULL);
	write_cr4(saved_cr4);
	upt_destroy(&space);
	for (unsigned i = 0; i < PAGES; i++)
		free_page(pages[i]);
}

static inline void map(unsigned i, unsigned page, unsigned rights)
{
	REQUIRE(upt_map(&space, UADDR(at(i)), frame(page), rights) == 0);
}

/* Does the MMU show this page at the address? */
static inline bool shows(unsigned i, unsigned page)
{
	uint32_t word;

	return probe_read32(ptr(i), &word) && word == (0xc3000000u | page);
}

static inline bool shows_nothing(unsigned i)
{
	uint32_t word;

	return !probe_read32(ptr(i), &word);
}

/* Does the entry have this page and these rights? */
static inline bool entry_is(const struct upgtable *upt, unsigned i,
			    unsigned page, unsigned rights)
{
	struct upt_entry entry = upt_lookup(upt, UADDR(at(i)));

	return entry.present && pfn_eq(entry.pfn, frame(page)) &&
	       entry.rights == rights;
}

static inline bool entry_is_empty(const struct upgtable *upt, unsigned i)
{
	return !upt_lookup(upt, UADDR(at(i))).present;
}

struct got {
	unsigned     nr;
	struct page *page[WINDOW];
};

static inline void collect(struct page *const array[], unsigned nr, void *arg)
{
	struct got *got = arg;

	for (unsigned i = 0; i < nr && got->nr < WINDOW; i++)
		got->page[got->nr++] = array[i];
}

static inline bool odd_pages(struct page *page)
{
	for (unsigned i = 0; i < PAGES; i++) {
		if (pages[i] == page)
			return i % 2;
	}
	return false;
}
