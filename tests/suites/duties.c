// SPDX-License-Identifier: MIT
/*
 * duties.c (tests) - what the callers of mm/ must do, and what they are told
 *
 * Each row breaks one duty of a public function. The function must panic before
 * anything changes, and its message must name the duty. Only a debug kernel
 * checks duties on hot paths. An ordinary kernel leaves these rows out, because
 * there the call would do harm.
 */
#include "lib/string.h"
#include "mm/account/account.h"
#include "mm/dma/dma.h"
#include "mm/early/memblock.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vm_area.h"
#include "mm/page/buddy.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/pcp.h"
#include "mm/page/shrinker.h"
#include "mm/slab/kmalloc.h"
#include "mm/slab/mempool.h"
#include "mm/slab/slab_impl.h"
#include "mm/vm/vm_impl.h"
#include "tests/ktest.h"

SUITE(duties, page_alloc_check);

static struct mm *mm;
static struct zone *zone;
static void *got;
static int   result;

static void choose_zone(void)
{
	zone = &zones[ZONE_NORMAL];
	if (!zone->present)
		zone = &zones[ZONE_DMA];
}

/* ---- locks ------------------------------------------------------------- */

static void find_area(void *arg)
{
	got = vma_find(mm, UADDR(USER_BASE));
}

static void unmap_area(void *arg)
{
	result = mm_unmap_locked(mm, UADDR(USER_BASE), UADDR(USER_BASE +
							     PAGE_SIZE));
}

static void take_block(void *arg)
{
	got = buddy_alloc_locked(zone, 0);
}

static void give_block(void *arg)
{
	buddy_free_locked(zone, mem_map, 0);
}

/* ---- pages ------------------------------------------------------------- */

static void take_too_large(void *arg)
{
	irqflags_t flags = spin_lock_irqsave(&zone->lock);

	got = buddy_alloc_locked(zone, MAX_ORDER + 1);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void address_of_highmem(void *arg)
{
	got = get_free_pages(GFP_HIGHUSER, 0);
}

static void unknown_flag(void *arg)
{
	got = alloc_pages(GFP_ALL + 1, MAX_ORDER);
}

static void free_odd_address(void *arg)
{
	put_free_pages((char *)page_address(pfn_to_page(PFN(1))) + 8, 0);
}

static void range_backwards(void *arg)
{
	free_reserved_range(PHYS(2 * PAGE_SIZE), PHYS(PAGE_SIZE));
}

static void refill_with_interrupts(void *arg)
{
	(void)pcp_refill(zone, 0, 0);
}

static void state_beyond_mem_map(void *arg)
{
	(void)page_state(max_pfn);
}

static void shrinker_without_function(void *arg)
{
	static struct shrinker shrinker = { .name = "test" };

	register_shrinker(&shrinker);
}

static void reserve_too_late(void *arg)
{
	result = memblock_reserve(PHYS(0), PHYS(PAGE_SIZE));
}

/* ---- objects ----------------------------------------------------------- */

static void object_in_highmem(void *arg)
{
	got = kmalloc_by_size(KMALLOC_CACHE_MAX + 1, GFP_HIGHUSER);
}

static void pool_without_functions(void *arg)
{
	got = mempool_create(1, NULL, NULL, NULL);
}

static void pool_of_huge_pages(void *arg)
{
	got = mempool_create_page_pool(1, MAX_ORDER + 1);
}

static void destroy_the_descriptors(void *arg)
{
	result = kmem_cache_destroy(&slab_descriptors);
}

static void init_slab_twice(void *arg)
{
	slab_init();
}

/* ---- addresses, devices, accounts --------------------------------------- */

static void vmap_of_nothing(void *arg)
{
	got = vmap(NULL, 1, KPROT_RW);
}

static void init_vmalloc_twice(void *arg)
{
	vmalloc_init();
}

static void device_without_name(void *arg)
{
	static struct dma_device device;

	result = dma_device_init(&device, NULL, DMA_BIT_MASK(32), NULL);
}

static void kind_that_is_none(void *arg)
{
	(void)account_kind_bytes(ACCOUNT_NR_KINDS);
}

static void limit_of_the_kernel(void *arg)
{
	account_set_limit(NULL, ACCOUNT_AREAS, 1);
}

/* ---- address spaces ----------------------------------------------------- */

static void limit_that_is_none(void *arg)
{
	struct vm_limit old;

	(void)mm_change_limit(mm, VM_NR_LIMITS, NULL, &old);
}

static void limits_of_itself(void *arg)
{
	mm_copy_limits(mm, mm);
}

static void child_of_itself(void *arg)
{
	result = mm_copy_areas(mm, mm);
}

static void object_without_pages(void *arg)
{
	got = vm_object_create(0, false, NULL);
}

static void pages_without_references(void *arg)
{
	static struct page pages[2] = { { .refs = 1 }, { .refs = 0 } };

	(void)mm_map_pages(mm, UADDR(USER_BASE), &pages[1], 1, VM_READ, NULL);
}

static void free_areas_in_use(void *arg)
{
	vma_free_all(mm);
}

static void cut_nothing(void *arg)
{
	mutex_lock(&mm->lock);
	result = mm_unmap_locked(mm, UADDR(USER_BASE), UADDR(USER_BASE));
}

static void touch_in_two_ways(void *arg)
{
	(void)vm_touch(mm, UADDR(USER_BASE), VM_READ | VM_WRITE, false);
}

/*  the duty that is broken          its words                debug only */
static const struct duty {
	void      (*breaks)(void *arg);
	const char *words;
	bool        debug;
} duties[] = {
	{ find_area,                 "hold &mm->lock",               true  },
	{ unmap_area,                "hold &mm->lock",               true  },
	{ take_block,                "hold &zone->lock",             false },
	{ give_block,                "hold &zone->lock",             false },
	{ take_too_large,            "an order up to MAX_ORDER",     false },
	{ address_of_highmem,        "not ask for HIGHMEM",          false },
	{ unknown_flag,              "the flags of mm/page/gfp.h",   false },
	{ free_odd_address,          "that get_free_pages() gave",   false },
	{ range_backwards,           "not below its start",          false },
	{ refill_with_interrupts,    "turn interrupts off",          true  },
	{ state_beyond_mem_map,      "a frame that mem_map has",     true  },
	{ shrinker_without_function, "a name and a function",        false },
	{ reserve_too_late,          "before memblock_retire()",     false },
	{ object_in_highmem,         "not ask for HIGHMEM",          false },
	{ pool_without_functions,    "a function that allocates",    false },
	{ pool_of_huge_pages,        "an order up to MAX_ORDER",     false },
	{ destroy_the_descriptors,   "all others are made of",       false },
	{ init_slab_twice,           "call this once",               false },
	{ vmap_of_nothing,           "give the pages to map",        false },
	{ init_vmalloc_twice,        "call this once",               false },
	{ device_without_name,       "give the device a name",       false },
	{ kind_that_is_none,         "one of the kinds",             false },
	{ limit_of_the_kernel,       "the kernel has no limits",     false },
	{ limit_that_is_none,        "one of enum vm_limit_kind",    false },
	{ limits_of_itself,          "give two address spaces",      false },
	{ child_of_itself,           "give two address spaces",      false },
	{ object_without_pages,      "ask for a page at least",      false },
	{ pages_without_references,  "a reference to each page",     false },
	{ free_areas_in_use,         "without references",           false },
	{ cut_nothing,               "whole pages of user mode",     true  },
	{ touch_in_two_ways,         "give one way of access",       true  },
};

KTEST(duties, a_caller_that_breaks_one_is_told_which)
{
	choose_zone();
	REQUIRE(!mm_create(&mm));
	for (unsigned i = 0; i < ARRAY_SIZE(duties); i++) {
		const struct duty *duty = &duties[i];

		if (duty->debug && !CONFIG_DEBUG)
			continue;
		EXPECT_PANIC(duty->breaks, NULL, duty->words);
		if (mm->lock.locked)
			mutex_unlock(&mm->lock);
		/* The panic has left the lock taken. */
		spin_lock_init(&zone->lock);
	}
	EXPECT(!mm_check(mm));
	mm_put(mm);
}
