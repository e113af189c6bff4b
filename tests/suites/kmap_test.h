// SPDX-License-Identifier: MIT
/*
 * kmap_test.h - pages of HIGHMEM, and slots, for the suites of kmap.c
 */
#pragma once

#include <arch/probe.h>
#include <arch/tlb.h>

#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "tests/ktest.h"

#define PAGES_MAX  (PKMAP_SLOTS + 88)

static struct page *pages[PAGES_MAX];

/* Take nr pages of HIGHMEM without slots. Each slot is then free or used. */
static inline void take_highmem(unsigned nr)
{
	unsigned had;

	if (zones[ZONE_HIGHMEM].managed < 2 * nr)
		SKIP("needs highmem");
	had = alloc_pages_bulk(GFP_HIGHUSER, nr, pages);
	REQUIRE(had == nr);
	for (unsigned i = 0; i < nr; i++)
		if (!page_is_highmem(pages[i])) {
			free_pages_bulk(pages, nr);
			SKIP("needs more highmem");
		}
	kmap_flush_unused();
}

static inline void give_highmem(unsigned nr)
{
	free_pages_bulk(pages, nr);
}

static inline struct kmap_usage usage_now(void)
{
	struct kmap_usage usage;

	kmap_usage(&usage);
	return usage;
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

/* Free all slots. The next search begins at `slot`. */
static inline void move_cursor(unsigned slot)
{
	unsigned i = 0;
	void *ptr;

	kmap_flush_unused();
	do {
		ptr = kmap_try(pages[i]);
		REQUIRE(ptr);
		kunmap(pages[i++]);
	} while ((slot_of(ptr) + 1) % PKMAP_SLOTS != slot);
	kmap_flush_unused();
}
