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
 *          H1  a number stands for one thing until it is freed, so nothing can
 *              be freed twice by it
 *
 * NOT HERE what is wrong on purpose (`fault`).
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

/* What is held; `kind` NULL: nothing. */
struct held {
	const struct hold_kind *kind;
	void                   *ptr;     /* the block, or its struct page     */
	struct kmem_cache      *cache;   /* of `cache`                        */
	uint64_t                size;    /* bytes                             */
	unsigned                order;   /* of pages                          */
};

struct hold_kind {
	const char *name, *args, *what;
	gfp_t       gfp;
	int       (*take)(struct held *held, const char *arg);
	void      (*give)(struct held *held);
};

static struct held held[HELD_MAX];

/* ---- kinds ----------------------------------------------------------- */

static int no_memory(void)
{
	complain("there is no memory for it");
	return -ENOMEM;
}

static int take_pages(struct held *h, const char *arg)
{
	uint64_t order;

	if (arg_number(arg, 0, MAX_ORDER, &order))
		return -EINVAL;
	h->order = (unsigned)order;
	h->size = (uint64_t)PAGE_SIZE << order;
	h->ptr = alloc_pages(h->kind->gfp, h->order);
	return h->ptr ? 0 : no_memory();
}

static void give_pages(struct held *h)
{
	free_pages(h->ptr, h->order);
}

static int take_kmalloc(struct held *h, const char *arg)
{
	if (arg_size(arg, KMALLOC_MAX_SIZE, &h->size))
		return -EINVAL;
	h->ptr = kmalloc((size_t)h->size, h->kind->gfp);
	return h->ptr ? 0 : no_memory();
}

static void give_kmalloc(struct held *h)
{
	kfree(h->ptr);
}

static int take_vmalloc(struct held *h, const char *arg)
{
	int err;

	if (arg_size(arg, VMALLOC_END - vmalloc_start(), &h->size))
		return -EINVAL;
	err = vmalloc_try((size_t)h->size, &h->ptr);
	return err ? complain("%s", kva_error_text(err)) : 0;
}

static void give_vmalloc(struct held *h)
{
	vfree(h->ptr);
}

static int take_object(struct held *h, const char *arg)
{
	h->cache = kmem_cache_find(arg);
	if (!h->cache)
		return complain("%.40s: no such cache; `slabinfo` lists them",
				arg);
	h->size = kmem_cache_size(h->cache);
	h->ptr = kmem_cache_alloc(h->cache, GFP_KERNEL);
	return h->ptr ? 0 : no_memory();
}

static void give_object(struct held *h)
{
	kmem_cache_free(h->cache, h->ptr);
}

static int take_kmap(struct held *h, const char *arg)
{
	struct page *page;
	pfn_t pfn;

	if (arg_pfn(arg, &pfn))
		return -EINVAL;
	/* Of other frames the entry may not even be written (pageblock.h). */
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

static void give_kmap(struct held *h)
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

static void give_ioremap(struct held *h)
{
	iounmap(h->ptr);
}

/*  name       argument  what it takes                                       */
static const struct hold_kind kinds[] = {
	{ "page",    "ORDER", "2^ORDER pages of lowmem", GFP_KERNEL,
	  take_pages, give_pages },
	{ "highmem", "ORDER", "2^ORDER pages from anywhere, HIGHMEM first",
	  GFP_HIGHUSER, take_pages, give_pages },
	{ "dma",     "ORDER", "2^ORDER pages below 16 MiB",
	  GFP_KERNEL | GFP_DMA, take_pages, give_pages },
	{ "kmalloc", "SIZE",  "SIZE bytes of lowmem", GFP_KERNEL,
	  take_kmalloc, give_kmalloc },
	{ "kmalloc-dma", "SIZE", "SIZE bytes below 16 MiB",
	  GFP_KERNEL | GFP_DMA, take_kmalloc, give_kmalloc },
	{ "vmalloc", "SIZE",  "SIZE bytes, contiguous by addresses only",
	  GFP_KERNEL, take_vmalloc, give_vmalloc },
	{ "cache",   "NAME",  "an object of a cache", GFP_KERNEL,
	  take_object, give_object },
	{ "kmap",    "PFN",   "an address for an allocated frame", GFP_KERNEL,
	  take_kmap, give_kmap },
	{ "ioremap", "PHYS",  "an address for a page of device registers",
	  GFP_KERNEL, take_ioremap, give_ioremap },
};

/* ---- commands -------------------------------------------------------- */

/* Pages have a number, everything else has an address. */
static void format_place(char *buf, size_t size, const struct held *h)
{
	const struct page *page = h->ptr;
	kva_t va = ptr_to_kva(h->ptr);
	pfn_t pfn;

	if (h->kind->give == give_pages) {
		pfn = page_to_pfn(page);
		scnprintf(buf, size, "%pF", &pfn);
		return;
	}
	if (h->kind->give == give_kmap && page_is_highmem(page))
		va = PKMAP_BASE + (page->kmap - 1u) * PAGE_SIZE;
	else if (h->kind->give == give_kmap)
		va = ptr_to_kva(page_address(page));
	scnprintf(buf, size, "0x%08x", va);
}

static void print_held(unsigned number)
{
	const struct held *h = &held[number - 1];
	char place[32];

	format_place(place, sizeof(place), h);
	say("%u: %-11s %-12s %pM\n", number, h->kind->name, place, &h->size);
}

static int list_all(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < HELD_MAX; i++) {
		if (held[i].kind) {
			print_held(i + 1);
			n++;
		}
	}
	if (n)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		say("  alloc %-12s %-6s %s\n", kinds[i].name, kinds[i].args,
		    kinds[i].what);
	return 0;
}

const char *monitor_alloc_kind(unsigned i)
{
	return i < ARRAY_SIZE(kinds) ? kinds[i].name : NULL;
}

static const struct hold_kind *kind_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	}
	return NULL;
}

int monitor_alloc(unsigned argc, char *const argv[])
{
	struct held h = { NULL, NULL, NULL, 0, 0 };
	unsigned i = 0;
	int err;

	if (argc == 1)
		return list_all();
	h.kind = kind_find(argv[1]);
	if (!h.kind)
		return complain("%.40s: no such kind; `help alloc` lists them",
				argv[1]);
	if (argc < 3)
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
	print_held(i + 1);
	return 0;
}

/* The number is free before what it stood for is: H1, also when that panics. */
static void give_back(unsigned i)
{
	struct held h = held[i];

	held[i].kind = NULL;
	h.kind->give(&h);
}

void monitor_free_all(void)
{
	/* The newest first: a frame may be kmapped. */
	for (unsigned i = HELD_MAX; i-- > 0; ) {
		if (held[i].kind && held[i].kind->give == give_kmap)
			give_back(i);
	}
	for (unsigned i = 0; i < HELD_MAX; i++) {
		if (held[i].kind)
			give_back(i);
	}
}

int monitor_free(unsigned argc, char *const argv[])
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
