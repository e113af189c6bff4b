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

struct zone;

/* Zones, memory and mem_map at the end of zones_init(), in the boot log. */
void zones_announce(void);

/*
 * A zone's line of /proc/buddyinfo, without the end of the line, which is a
 * blank there too. Returns: characters written, as scnprintf().
 */
int buddyinfo_format(char *buf, size_t size, const struct zone *zone);

/* An allocation found no memory: what was asked for, what there is. */
void report_alloc_failure(gfp_t gfp, unsigned order) __cold;

/* free_pages() was given something that is no allocated block of this order. */
void panic_bad_free(const struct page *page, unsigned order)
	__noreturn __cold;
