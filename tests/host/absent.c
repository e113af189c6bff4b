// SPDX-License-Identifier: MIT
/*
 * absent.c (host) - stands in for modules that have not landed
 *
 * WHAT     Weak definitions: the real module replaces them by being linked.
 */
#include <stdio.h>
#include <stdlib.h>

#include <arch/kva.h>
#include <arch/paging.h>

#include "lib/printf.h"
#include "lib/string.h"
#include "mm/early/memblock.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"
#include "mm/page/zone.h"
#include "mm/slab/slab.h"

#define WEAK __attribute__((weak))

WEAK struct page *mem_map;
WEAK pfn_t max_pfn, max_low_pfn;
WEAK void paging_init(const struct image_layout *image) {}
WEAK void zones_init(void) {}
WEAK void slab_init(void) {}
WEAK void vmalloc_init(void) {}
WEAK void kmap_init(void) {}
WEAK struct page *alloc_pages(gfp_t gfp, unsigned order) { return NULL; }
WEAK void free_pages(struct page *page, unsigned order) {}
WEAK unsigned long nr_free_pages(void) { return 0; }
WEAK unsigned long shrink_all(void) { return 0; }
