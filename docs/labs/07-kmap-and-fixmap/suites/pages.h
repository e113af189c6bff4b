// SPDX-License-Identifier: MIT
/*
 * pages.h (lab kmap) - pages of HIGHMEM for a test, and who has which slot
 *
 * WHAT     A test begins with begin() and ends with end(). Between the two it
 *          names its pages by numbers. map() and unmap() count the users of
 *          each page, so end() can give back what the test has left mapped.
 *
 *          The numbers of the lab come from lab.h. So the tests are right for
 *          every student: whichever way a lap goes, however many slots there
 *          are, and however often a lap flushes.
 */
#pragma once

/* Exercise 5 is promoted: the suites call what the kernel calls. */
#undef kmap_page_freed

#include <arch/probe.h>
#include <arch/tlb.h>

#include "docs/labs/07-kmap-and-fixmap/lab.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "tests/ktest.h"

#define PAGES  (LAB_SLOTS + 88)

static struct page *pages[PAGES];     /* NULL: free at the moment            */
static unsigned     users[PAGES];     /* kmap_try() less kunmap()            */
static uint32_t    *address[PAGES];   /* what the last kmap_try() gave       */

static inline struct kmap_usage usage_now(void)
{
	struct kmap_usage usage;

	kmap_usage(&usage);
	return usage;
}

/* Take pages of HIGHMEM. No page has a slot, and all slots are free. */
static inline void begin(void)
{
	unsigned had;

	if (zones[ZONE_HIGHMEM].managed < 2 * PAGES)
		SKIP("needs highmem");
	memset(users, 0, sizeof(users));
	had = alloc_pages_bulk(GFP_HIGHUSER, PAGES, pages);
	REQUIRE(had == PAGES);
	for (unsigned i = 0; i < PAGES; i++)
		if (!page_is_highmem(pages[i])) {
			free_pages_bulk(pages, PAGES);
			SKIP("needs more highmem");
		}
	kmap_flush_unused();
	REQUIRE(usage_now().used == 0);
}

/* Map a page, and write its number into it. Returns: did it get a slot? */
static inline bool try_map(unsigned i)
{
	uint32_t *ptr = kmap_try(pages[i]);

	if (!ptr)
		return false;
	users[i]++;
	address[i] = ptr;
	*ptr = i;
	return true;
}

static inline void map(unsigned i)
{
	REQUIRE(try_map(i));
}

static inline void unmap(unsigned i)
{
	users[i]--;
	kunmap(pages[i]);
}

static inline void map_pages(unsigned start, unsigned end)
{
	for (unsigned i = start; i < end; i++)
		map(i);
}

static inline void unmap_all(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		while (users[i])
			unmap(i);
}

/* Give everything back. Nothing may be left of the test. */
static inline void end(void)
{
	unmap_all();
	EXPECT_EQ(usage_now().used, 0);
	EXPECT_NULL(kmap_check());
	for (unsigned i = 0; i < PAGES; i++)
		if (pages[i])
			free_page(pages[i]);
}

static inline bool readable(const void *ptr)
{
	uint8_t byte;

	return probe_read8(ptr, &byte);
}

static inline unsigned slot_of(const void *ptr)
{
	return (ptr_to_kva(ptr) - PKMAP_BASE) / PAGE_SIZE;
}

/* The slot at a place of the lap: 0 is the first place. */
static inline unsigned slot_at(unsigned place)
{
	return LAB_DOWN ? LAB_SLOTS - 1 - place : place;
}

static inline bool is_at_place(unsigned i, unsigned place)
{
	EXPECT_EQ(slot_of(address[i]), slot_at(place));
	return slot_of(address[i]) == slot_at(place);
}

/* All slots are free, and the next page gets the first slot of a lap. */
static inline void begin_lap(void)
{
	unsigned i = 0;

	do {
		REQUIRE(i < PAGES);
		map(i);
		unmap(i);
	} while (slot_of(address[i++]) != slot_at(LAB_SLOTS - 1));
	kmap_flush_unused();
}

/* Map and unmap pages one after the other. */
static inline void pass_by(unsigned start, unsigned end)
{
	for (unsigned i = start; i < end; i++) {
		map(i % PAGES);
		unmap(i % PAGES);
	}
}

/* How many flushes there were since then, of one page and of everything. */
#define EXPECT_FLUSHES(before, nr_pages, nr_all)                      \
	do {                                                          \
		EXPECT_EQ(tlb_stats.pages - (before).pages, nr_pages); \
		EXPECT_EQ(tlb_stats.all - (before).all, nr_all);      \
	} while (0)

/* Are the contents of a used page still those that map() wrote? */
static inline bool is_mine(unsigned i)
{
	return readable(address[i]) && *address[i] == i;
}
