// SPDX-License-Identifier: MIT
/*
 * report.h - what the page allocator says, in words
 *
 * WHAT     The boot log's lines, the message of a failed allocation, the last
 *          words of a wrong free. The /proc-like dumps are in page_alloc.h.
 */
#pragma once

#include "mm/page/gfp.h"
#include "mm/page/page.h"

/* Zones, memory and mem_map at the end of zones_init(), in the boot log. */
void zones_announce(void);

/* An allocation found no memory: what was asked for, what there is. */
void report_alloc_failure(gfp_t gfp, unsigned order) __cold;

/* free_pages() was given something that is no allocated block of this order. */
void panic_bad_free(const struct page *page, unsigned order)
	__noreturn __cold;
