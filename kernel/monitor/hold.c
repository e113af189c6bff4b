// SPDX-License-Identifier: MIT
/*
 * hold.c - allocate and free by hand
 *
 * WHAT     `alloc KIND ...` takes memory from one of the allocators and keeps
 *          it under a number; `free NUMBER` gives it back.
 *
 * PICTURE    pagoda> alloc vmalloc 64K
 *            3: vmalloc   0xf8801000  64 KiB
 *            pagoda> free 3
 *
 * RULES of hold
 *          H1  a number stands for one thing until that thing is freed, so a
 *              number cannot free anything twice
 *
 * NOT HERE mistakes on purpose (`fault`).
 */
#include <arch/kva.h>

#include "kernel/monitor/monitor_impl.h"
#include "lib/align.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/slab/kmalloc.h"

#define HELD_MAX  32

/* One thing that is held; `kind` NULL: the number is free. */
struct held {
	const struct hold_kind *kind;
	void                   *ptr;     /* the block, or its struct page     */
	struct kmem_cache      *cache;   /* of `cache`                        */
	uint64_t                size;    /* bytes                             */
	unsigned                order;   /* of pages                          */
};

struct hold_kind {
	const char *name, *args;
	gfp_t       gfp;
	int       (*take)(struct held *held, const char *arg);
	void      (*free)(const void *ptr);   /* by ptr alone; or NULL, and   */
	void      (*give)(const struct held *held);
	const char *what;
};

static struct held held[HELD_MAX];

/* ---- kinds ----------------------------------------------------------- */

/* The result of a take() function. */
static int taken(const struct held *h)
{
	return h->ptr ? 0 : complain("there is no memory for it");
}

static int take_pages(struct held *h, const char *arg)
{
	uint64_t order;

	if (arg_number(arg, 0, MAX_ORDER, &order))
		return -EINVAL;
	h->order = (unsigned)order;
	h->size = (uint64_t)PAGE_SIZE << order;
	h->ptr = alloc_pages(h->kind->gfp, h->order);
	return taken(h);
}

static void give_pages(const struct held *h)
{
	free_pages(h->ptr, h->order);
}

static int take_kmalloc(struct held *h, const char *arg)
{
	if (arg_size(arg, KMALLOC_MAX_SIZE, &h->size))
		return -EINVAL;
	h->ptr = kmalloc((size_t)h->size, h->kind->gfp);
	return taken(h);
}

static int take_vmalloc(struct held *h, const char *arg)
{
	int err;

	if (arg_size(arg, VMALLOC_END - vmalloc_start(), &h->size))
		return -EINVAL;
	err = vmalloc_try((size_t)h->size, &h->ptr);
	return err ? complain("%s", kva_error_text(err)) : 0;
}

static int take_object(struct held *h, const char *arg)
{
	if (arg_cache(arg, &h->cache))
		return -EINVAL;
	h->size = kmem_cache_size(h->cache);
	h->ptr = kmem_cache_alloc(h->cache, GFP_KERNEL);
	return taken(h);
}

static void give_object(const struct held *h)
{
	kmem_cache_free(h->cache, h->ptr);
}

static int take_kmap(struct held *h, const char *arg)
{
	struct page *page;
	pfn_t pfn;

	if (arg_pfn(arg, &pfn))
		return -EINVAL;
	/* The entries of other frames may not be written yet (pageblock.h). */
	if (page_state(pfn) != PAGE_USED)
		return complain("frame 0x%x is not allocated: `alloc highmem 0` gives one",
				pfn.v);
	page = pfn_to_page(pfn);
	if (!kmap_try(page))
		return complain("all slots are in use");
	h->ptr = page;
	h->size = PAGE_SIZE;
	return 0;
}

static void give_kmap(const struct held *h)
{
	kunmap(h->ptr);
}

static int take_ioremap(struct held *h, const char *arg)
{
	const char *objection;
	uint64_t pa;

	if (arg_number(arg, 0, UINT64_MAX, &pa))
		return -EINVAL;
	objection = ioremap_objection(PHYS(pa), PAGE_SIZE);
	if (objection)
		return complain("refused: %s", objection);
	h->size = PAGE_SIZE;
	h->ptr = ioremap(PHYS(pa), PAGE_SIZE);
	return h->ptr ? 0 : complain("no place for it: the log says why");
}

static const struct hold_kind kinds[] = {
	{ "page", "ORDER", GFP_KERNEL, take_pages, NULL, give_pages,
	  "2^ORDER pages of lowmem" },
	{ "highmem", "ORDER", GFP_HIGHUSER, take_pages, NULL, give_pages,
	  "2^ORDER pages from anywhere, HIGHMEM first" },
	{ "dma", "ORDER", GFP_KERNEL | GFP_DMA, take_pages, NULL, give_pages,
	  "2^ORDER pages below 16 MiB" },
	{ "kmalloc", "SIZE", GFP_KERNEL, take_kmalloc, kfree, NULL,
	  "SIZE bytes of lowmem" },
	{ "kmalloc-dma", "SIZE", GFP_KERNEL | GFP_DMA, take_kmalloc, kfree,
	  NULL, "SIZE bytes below 16 MiB" },
	{ "vmalloc", "SIZE", GFP_KERNEL, take_vmalloc, vfree, NULL,
	  "SIZE bytes, contiguous by addresses only" },
	{ "cache", "NAME", GFP_KERNEL, take_object, NULL, give_object,
	  "an object of a cache" },
	{ "kmap", "PFN", GFP_KERNEL, take_kmap, NULL, give_kmap,
	  "an address for an allocated frame" },
	{ "ioremap", "PHYS", GFP_KERNEL, take_ioremap, iounmap, NULL,
	  "an address for a page of device registers" },
};

/* ---- commands -------------------------------------------------------- */

static void print_held(unsigned i)
{
	const struct held *h = &held[i];
	const struct page *page = h->ptr;
	kva_t va = ptr_to_kva(h->ptr);
	char place[32];
	pfn_t pfn;

	if (h->kind->give == give_kmap && page_is_highmem(page))
		va = PKMAP_BASE + (page->kmap - 1u) * PAGE_SIZE;
	else if (h->kind->give == give_kmap)
		va = ptr_to_kva(page_address(page));
	snprintf(place, sizeof(place), "0x%08x", va);
	if (h->kind->give == give_pages) {
		pfn = page_to_pfn(page);
		snprintf(place, sizeof(place), "%pF", &pfn);
	}
	say("%u: %-11s %-12s %pM\n", i + 1, h->kind->name, place, &h->size);
}

/* What is held; if nothing is held, what can be. */
static int list_all(void)
{
	bool any = false;

	for (unsigned i = 0; i < HELD_MAX; i++) {
		if (held[i].kind) {
			print_held(i);
			any = true;
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(kinds) && !any; i++)
		say("  alloc %-12s %-6s %s\n", kinds[i].name, kinds[i].args,
		    kinds[i].what);
	return 0;
}

const char *monitor_alloc_kind(unsigned i)
{
	return i < ARRAY_SIZE(kinds) ? kinds[i].name : NULL;
}

int monitor_alloc(char *const argv[])
{
	struct held h = { .kind = NULL };
	unsigned i = 0;
	int err;

	if (!argv[1])
		return list_all();
	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (!strcmp(kinds[k].name, argv[1]))
			h.kind = &kinds[k];
	}
	if (!h.kind)
		return complain("%.40s: no such kind; `help alloc` lists them",
				argv[1]);
	if (!argv[2])
		return complain("alloc %s: %s is missing", h.kind->name,
				h.kind->args);
	while (i < HELD_MAX && held[i].kind)
		i++;
	if (i == HELD_MAX)
		return complain("%u things are held: free some first",
				HELD_MAX);
	err = h.kind->take(&h, argv[2]);
	if (err)
		return err;
	held[i] = h;
	print_held(i);
	return 0;
}

/* First the number is free, then the memory: H1 holds if free() panics. */
static void give_back(unsigned i)
{
	struct held h = held[i];

	held[i].kind = NULL;
	if (h.kind->free)
		h.kind->free(h.ptr);
	else
		h.kind->give(&h);
}

void monitor_free_all(void)
{
	/* First those of kmap: the page itself may be held, too. */
	for (unsigned i = HELD_MAX; i-- > 0; ) {
		if (held[i].kind && held[i].kind->give == give_kmap)
			give_back(i);
	}
	for (unsigned i = 0; i < HELD_MAX; i++) {
		if (held[i].kind)
			give_back(i);
	}
}

int monitor_free(char *const argv[])
{
	uint64_t number;

	if (!strcmp(argv[1], "all")) {
		monitor_free_all();
		return 0;
	}
	if (arg_number(argv[1], 1, HELD_MAX, &number))
		return -EINVAL;
	if (!held[number - 1].kind)
		return complain("nothing is held under %u; `alloc` lists what is",
				(unsigned)number);
	give_back((unsigned)number - 1);
	return 0;
}
