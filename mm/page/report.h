// SPDX-License-Identifier: MIT
/*
 * report.h - what the page allocator says, in words
 *
 * WHAT     The lines in the boot log, the message of a failed allocation, and
 *          the panic of a wrong free. The dumps in the formats of /proc are in
 *          page_alloc.h.
 */
#pragma once

#include "mm/page/gfp.h"
#include "mm/page/page.h"

struct zone;

/* Zones, memory and mem_map at the end of zones_init(), in the boot log. */
void zones_announce(void);

/*
 * A zone's line of /proc/buddyinfo, without the newline. As in Linux, the line
 * ends with a blank. Returns: characters written, as scnprintf().
 */
int buddyinfo_format(char *buf, size_t size, const struct zone *zone);

/* An allocation found no memory: print the request, and the free memory. */
void report_alloc_failure(gfp_t gfp, unsigned order) __cold;

/* free_pages() was given something that is no allocated block of this order. */
void panic_bad_free(const struct page *page, unsigned order)
	__noreturn __cold;
