// SPDX-License-Identifier: MIT
/*
 * dump_pictures.c - the word `dump`: what tools/pictures draws
 *
 * WHAT     Uses some memory, so that there is something to see. Prints the
 *          virtual map, the page tables, all blocks of all zones and the slabs
 *          of one cache as lines with tabs, and leaves with success. Under
 *          -icount each line is the same in each run.
 *
 * ALGORITHM  Pages: blocks of all sizes from each zone; about every second one
 *          is freed again, so some buddies merge and some do not. All zones but
 *          ZONE_DMA then have pages in the per-CPU lists. Objects: more than
 *          three slabs; some go back to their slabs, a few stay in the
 *          magazine.
 *
 * LOCKING  None: nothing else runs.
 * NOT HERE what the lines mean (mm/page/page_alloc.h, mm/slab/slab.h,
 *          arch/i386/mm/pgtable_dump.c); the drawing (tools/pictures).
 */
#include <arch/fixmap.h>
#include <arch/machine.h>
#include <arch/paging.h>

#include "kernel/diag/console.h"
#include "kernel/trial/selftest.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/random.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/slab.h"

#define BLOCKS        48     /* allocated from each zone                      */
#define ORDERS        8
#define OBJECT_SIZE   320    /* a slab has 12, and room for four colours      */
#define OBJECTS       43
#define KMAPS         5

/* ---- use --------------------------------------------------------------- */

static void use_zone(struct rng *rng, gfp_t gfp)
{
	struct page *pages[BLOCKS];
	unsigned orders[BLOCKS];

	for (unsigned i = 0; i < BLOCKS; i++) {
		/* Small orders are more frequent than large ones. */
		orders[i] = rng_below(rng, 1 + rng_below(rng, ORDERS));
		pages[i] = alloc_pages(gfp, orders[i]);
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		if (pages[i] && rng_below(rng, 2))
			free_pages(pages[i], orders[i]);
	}
}

/* n of the objects that are still there, at random. */
static void free_some(struct rng *rng, struct kmem_cache *cache,
		      void *objects[], unsigned n)
{
	while (n) {
		unsigned i = rng_below(rng, OBJECTS);

		if (!objects[i])
			continue;
		kmem_cache_free(cache, objects[i]);
		objects[i] = NULL;
		n--;
	}
}

static struct kmem_cache *use_objects(struct rng *rng)
{
	struct kmem_cache *cache = kmem_cache_create("example", OBJECT_SIZE, 0,
						     SLAB_PANIC, NULL);
	void *objects[OBJECTS];

	for (unsigned i = 0; i < OBJECTS; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!objects[i])
			panic("dump: no memory for %u objects", OBJECTS);
	}
	kmem_cache_shrink(cache);       /* the magazine is empty now */
	free_some(rng, cache, objects, 11);
	kmem_cache_shrink(cache);
	free_some(rng, cache, objects, 4);
	return cache;
}

/* One mapping of each kind, if there is memory for it. */
static void use_addresses(void)
{
	struct page *page = NULL;

	for (unsigned i = 0; i < KMAPS; i++) {
		page = alloc_page(GFP_HIGHUSER | GFP_NOWARN);
		if (!page || !kmap_try(page))
			break;
	}
	if (page)
		set_fixmap(FIX_TEST, page_to_phys(page), KPROT_RO);
	for (unsigned i = 1; i < 4; i++) {
		if (!vmalloc(i * 256 * 1024))
			break;
	}
}

/* ---- lines ------------------------------------------------------------- */

static void region_line(const char *kind, const char *name, kva_t start,
			kva_t end, const char *what)
{
	pr_info("%s\t%s\t%08x\t%08x\t%s\n", kind, name, start, end, what);
}

static void layout_lines(void)
{
	const struct image_layout *image = &kernel_image;

	region_line("region", "USER", USER_BASE, PAGE_OFFSET, "user mode");
#define R(name, start, end, what)                                \
	region_line("region", #name, start, end, what);
	KVA_REGIONS(R)
#undef R
	region_line("image", ".text", image->text_start, image->text_end,
		    "code");
	region_line("image", ".rodata", image->rodata_start,
		    image->rodata_end, "constants");
	region_line("image", ".data", image->data_start, image->data_end,
		    "variables");
}

void dump_main(uint32_t seed)
{
	struct kmem_cache *cache;
	struct rng rng;

	rng_init(&rng, seed);
	cache = use_objects(&rng);
	use_addresses();
	use_zone(&rng, GFP_DMA | GFP_NOWARN);
	drain_local_pages();
	use_zone(&rng, GFP_KERNEL | GFP_NOWARN);
	use_zone(&rng, GFP_HIGHUSER | GFP_NOWARN);
	layout_lines();
	pgtable_dump(true);
	vmallocinfo_dump();
	page_lines_dump();
	slab_lines_dump(cache);
	console_printf("# pagoda: dump: done\n");
	machine_exit(EXIT_OK);
}
