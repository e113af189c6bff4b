// SPDX-License-Identifier: MIT
/*
 * duties.c (tests) - what the callers of mm/ must do, and what they are told
 *
 * WHAT     Each row breaks one duty of a public function: of pages, objects,
 *          kernel addresses, devices and accounts (duties.h says more).
 * NOT HERE address spaces (duties_vm.c).
 */
#include <arch/irqflags.h>

#include "lib/align.h"
#include "lib/string.h"
#include "mm/account/account.h"
#include "mm/dma/dma_impl.h"
#include "mm/early/memblock_impl.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vm_area.h"
#include "mm/page/buddy.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/pcp.h"
#include "mm/page/shrinker.h"
#include "mm/slab/kmalloc.h"
#include "mm/slab/magazine.h"
#include "mm/slab/mempool.h"
#include "mm/slab/slab_impl.h"
#include "tests/suites/duties.h"

SUITE(duties, page_alloc_check);

static struct zone *zone;
static void *got;
static int   result;
static bus_addr_t bus;

static void choose_zone(void)
{
	zone = &zones[ZONE_NORMAL];
	if (!zone->present)
		zone = &zones[ZONE_DMA];
}

/* ---- locks ------------------------------------------------------------- */

static void take_block(void *arg)
{
	got = buddy_alloc_locked(zone, 0);
}

static void give_block(void *arg)
{
	buddy_free_locked(zone, mem_map, 0);
}

static void give_virgin_block(void *arg)
{
	buddy_add_virgin_locked(zone, PFN(0));
}

/* ---- pages ------------------------------------------------------------- */

static void take_too_large(void *arg)
{
	irqflags_t flags = spin_lock_irqsave(&zone->lock);

	got = buddy_alloc_locked(zone, MAX_ORDER + 1);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void give_too_large(void *arg)
{
	irqflags_t flags = spin_lock_irqsave(&zone->lock);

	buddy_free_locked(zone, mem_map, MAX_ORDER + 1);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void give_odd_block(void *arg)
{
	irqflags_t flags = spin_lock_irqsave(&zone->lock);

	buddy_free_locked(zone, mem_map + 1, 1);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void give_block_of_no_zone(void *arg)
{
	irqflags_t flags = spin_lock_irqsave(&zone->lock);

	buddy_free_locked(zone, pfn_to_page(max_pfn), 0);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void give_run_of_no_zone(void *arg)
{
	irqflags_t flags = spin_lock_irqsave(&zone->lock);

	buddy_free_run_locked(zone, pfn_to_page(PFN(zone->end.v - 1)), 2);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void give_odd_virgin(void *arg)
{
	irqflags_t flags = spin_lock_irqsave(&zone->lock);

	buddy_add_virgin_locked(zone, PFN(1));
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void give_virgin_of_no_zone(void *arg)
{
	irqflags_t flags = spin_lock_irqsave(&zone->lock);

	buddy_add_virgin_locked(zone, PFN(ALIGN_UP(max_pfn.v,
						   PAGEBLOCK_PAGES)));
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void bulk_without_array(void *arg)
{
	result = (int)alloc_pages_bulk(GFP_KERNEL, 2, NULL);
}

static void address_of_highmem_page(void *arg)
{
	got = page_address(pfn_to_page(max_low_pfn));
}

static void page_of_no_lowmem(void *arg)
{
	got = virt_to_page(kva_to_ptr(high_memory));
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

static void refill_in_use(void *arg)
{
	static struct zone in_use;

	in_use.pcp[0][0].count = 1;
	irq_disable();
	(void)pcp_refill(&in_use, 0, 0);
}

static void list_of_an_order_without(void *arg)
{
	got = zone_pcp(zone, PCP_ORDERS);
}

static void pop_from_nothing(void *arg)
{
	struct pcp_list empty = { .count = 0 };

	irq_disable();
	got = pcp_pop(&empty);
}

static void push_without_room(void *arg)
{
	struct pcp_list full = { .count = 1, .high = 1 };

	irq_disable();
	pcp_push(&full, mem_map);
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

static void add_too_late(void *arg)
{
	result = memblock_add(PHYS(0), PHYS(PAGE_SIZE));
}

static void release_too_late(void *arg)
{
	result = memblock_release(PHYS(0), PHYS(PAGE_SIZE));
}

static void cap_too_late(void *arg)
{
	memblock_cap(PHYS(PAGE_SIZE));
}

static void early_nothing(void *arg)
{
	got = memblock_alloc(0, 1);
}

static void early_odd_alignment(void *arg)
{
	got = memblock_alloc(1, 3);
}

static void look_for_nothing(void *arg)
{
	static const struct memblock_list none;
	phys_addr_t found;

	(void)memblock_list_find(&none, &none, PHYS(0), 0, 1, &found);
}

static void look_for_odd_alignment(void *arg)
{
	static const struct memblock_list none;
	phys_addr_t found;

	(void)memblock_list_find(&none, &none, PHYS(0), 1, 3, &found);
}

/* ---- objects ----------------------------------------------------------- */

/* A cache that nobody knows. */
static struct kmem_cache cache;

static void nothing(void *object)
{
}

static void stride_of_nothing(void *arg)
{
	slab_set_stride(&cache, 0);
}

static void objects_of_nothing(void *arg)
{
	cache = (struct kmem_cache){ .size = 0, .align = 8 };
	result = slab_layout(&cache);
}

static void objects_of_odd_alignment(void *arg)
{
	cache = (struct kmem_cache){ .size = 8, .align = 3 };
	result = slab_layout(&cache);
}

static void clear_constructed(void *arg)
{
	cache = (struct kmem_cache){ .ctor = nothing };
	got = cache_alloc_slow(&cache, GFP_KERNEL | GFP_ZERO, NULL);
}

static void shrink_under_its_lock(void *arg)
{
	cache = (struct kmem_cache){ .size = 8 };
	spin_lock(&cache.lock);
	(void)kmem_cache_shrink(&cache);
	spin_unlock(&cache.lock);
}

static void owner_of_no_debug_object(void *arg)
{
	cache = (struct kmem_cache){ .size = 8 };
	got = (void *)debug_allocated_by(&cache, mem_map);
}

static void pool_without_cache(void *arg)
{
	got = mempool_create_slab_pool(1, NULL);
}

static void pool_of_huge_elements(void *arg)
{
	got = mempool_create_kmalloc_pool(1, KMALLOC_MAX_SIZE + 1);
}

static void element_of_zeros(void *arg)
{
	got = mempool_alloc(NULL, GFP_KERNEL | GFP_ZERO);
}

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

static void vmalloc_to_nowhere(void *arg)
{
	result = vmalloc_try(1, NULL);
}

static void unmap_unclaimed(void *arg)
{
	struct vm_area area = { .state = AREA_LIVE, .kind = VM_MAP };

	vm_area_unmap(&area);
}

static void unmap_vmalloc(void *arg)
{
	struct vm_area area = { .state = AREA_BUSY, .kind = VM_ALLOC };

	vm_area_unmap(&area);
}

static void retire_mapped_pages(void *arg)
{
	struct vm_area area = { .state = AREA_BUSY, .kind = VM_MAP };

	vm_area_retire(&area);
}

static void retire_unclaimed(void *arg)
{
	struct vm_area area = { .state = AREA_LIVE, .kind = VM_ALLOC };

	vm_area_retire(&area);
}

static void publish_twice(void *arg)
{
	struct vm_area area = { .state = AREA_LIVE };

	vm_area_publish(&area);
}

static void kmap_of_no_page(void *arg)
{
	got = kmap_try(pfn_to_page(max_pfn));
}

static void kmap_local_of_no_page(void *arg)
{
	got = kmap_local(pfn_to_page(max_pfn));
}

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

/* Devices that nobody knows: one without and one behind an IOMMU. */
static struct dma_device direct = { .name = "direct" };
static struct dma_device behind = {
	.name = "behind", .domain = (void *)1, .iova = (void *)1
};

static void coherent_to_nowhere(void *arg)
{
	got = dma_alloc_coherent(&direct, 1, NULL, GFP_KERNEL);
}

static void pool_without_name(void *arg)
{
	got = dma_pool_create("", &direct, 1, 1, 0);
}

static void piece_to_nowhere(void *arg)
{
	got = dma_pool_alloc(NULL, GFP_KERNEL, NULL);
}

static void bounce_of_nothing(void *arg)
{
	got = bounce_take(&direct, 0);
}

static void bounce_no_byte(void *arg)
{
	bus = bounce_map(&direct, PHYS(0), 0, DMA_TO_DEVICE);
}

static void bounce_nowhere(void *arg)
{
	bus = bounce_map(&direct, PHYS(0), 1, DMA_NR_DIRECTIONS);
}

static void bounce_behind_iommu(void *arg)
{
	bus = bounce_map(&behind, PHYS(0), 1, DMA_TO_DEVICE);
}

static void iova_of_direct(void *arg)
{
	got = iova_take(&direct, 1, 1);
}

static void iova_back_to_direct(void *arg)
{
	iova_give(&direct, NULL);
}

static void space_of_direct(void *arg)
{
	result = iova_create(&direct);
}

static void no_space_of_direct(void *arg)
{
	iova_destroy(&direct);
}

static void iova_of_nothing(void *arg)
{
	got = iova_take(&behind, 0, 1);
}

static void iova_of_odd_alignment(void *arg)
{
	got = iova_take(&behind, 1, 3);
}

static void iova_no_byte(void *arg)
{
	bus = iova_map(&behind, PHYS(0), 0, DMA_TO_DEVICE, 1);
}

static void iova_nowhere(void *arg)
{
	bus = iova_map(&behind, PHYS(0), 1, DMA_NR_DIRECTIONS, 1);
}

/* An account that has ended. */
static struct account ended_account;

static void get_ended_account(void *arg)
{
	account_get(&ended_account);
}

static void put_ended_account(void *arg)
{
	account_put(&ended_account);
}

static void check_without_count(void *arg)
{
	(void)account_check(NULL);
}

static void init_accounts_twice(void *arg)
{
	account_init();
}

static void kind_that_is_none(void *arg)
{
	(void)account_kind_bytes(ACCOUNT_NR_KINDS);
}

static void name_of_no_kind(void *arg)
{
	got = (void *)account_kind_name(ACCOUNT_NR_KINDS);
}

static void limit_of_no_kind(void *arg)
{
	account_set_limit(&ended_account, ACCOUNT_NR_KINDS, 1);
}

static void change_limit_of_no_kind(void *arg)
{
	result = account_change_limit(&ended_account, ACCOUNT_NR_KINDS, 1, 1);
}

static void charge_of_no_kind(void *arg)
{
	result = account_charge(&ended_account, ACCOUNT_NR_KINDS, 1);
}

static void uncharge_of_no_kind(void *arg)
{
	account_uncharge(&ended_account, ACCOUNT_NR_KINDS, 1);
}

static void see_no_kind(void *arg)
{
	account_seen(&ended_account, ACCOUNT_NR_KINDS, 1);
}

static void change_limit_of_the_kernel(void *arg)
{
	result = account_change_limit(NULL, ACCOUNT_AREAS, 1, 1);
}

static void limit_of_the_kernel(void *arg)
{
	account_set_limit(NULL, ACCOUNT_AREAS, 1);
}

/*  the duty that is broken          its words                debug only */
static const struct duty duties[] = {
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
	{ give_virgin_block,          "hold &zone->lock",            false },
	{ give_too_large,             "an order up to MAX_ORDER",    false },
	{ give_odd_block,             "aligned to its order",        true  },
	{ give_block_of_no_zone,      "a block of this zone",        true  },
	{ give_run_of_no_zone,        "pages of this zone",          true  },
	{ give_odd_virgin,            "first frame of a 4 MiB block", false },
	{ give_virgin_of_no_zone,     "a block of this zone",        false },
	{ bulk_without_array,         "an array for the pages",      true  },
	{ address_of_highmem_page,    "kmap() a page of HIGHMEM",    true  },
	{ page_of_no_lowmem,          "an address of lowmem",        true  },
	{ refill_in_use,              "a list that is empty",        false },
	{ list_of_an_order_without,   "has a per-CPU list",          true  },
	{ pop_from_nothing,           "whether the list has a block", true  },
	{ push_without_room,          "make room in the list",       true  },
	{ add_too_late,               "before memblock_retire()",    false },
	{ release_too_late,           "before memblock_retire()",    false },
	{ cap_too_late,               "before memblock_retire()",    false },
	{ early_nothing,              "ask for at least a byte",     false },
	{ early_odd_alignment,        "a power of two",              false },
	{ look_for_nothing,           "look for at least a byte",    false },
	{ look_for_odd_alignment,     "a power of two",              false },
	{ stride_of_nothing,          "give objects a size",         false },
	{ objects_of_nothing,         "give objects a size",         false },
	{ objects_of_odd_alignment,   "a power of two",              false },
	{ clear_constructed,          "leave GFP_ZERO out",          false },
	{ shrink_under_its_lock,      "not hold the lock of the cache", false },
	{ owner_of_no_debug_object,   "give a debug cache",          false },
	{ pool_without_cache,         "give a cache",                false },
	{ pool_of_huge_elements,      "that kmalloc() can give",     false },
	{ element_of_zeros,           "does not know its size",      false },
	{ vmalloc_to_nowhere,         "where the address goes",      false },
	{ unmap_unclaimed,            "claim the area first",        false },
	{ unmap_vmalloc,              "its pages go too",            false },
	{ retire_mapped_pages,        "vmalloc()'s own",             false },
	{ retire_unclaimed,           "claim the area first",        true  },
	{ publish_twice,              "publish an area once",        true  },
	{ kmap_of_no_page,            "a page of mem_map",           true  },
	{ kmap_local_of_no_page,      "a page of mem_map",           true  },
	{ coherent_to_nowhere,        "where the bus address goes",  false },
	{ pool_without_name,          "give the pool a name",        false },
	{ piece_to_nowhere,           "where the bus address goes",  false },
	{ bounce_of_nothing,          "ask for a page",              false },
	{ bounce_no_byte,             "map at least a byte",         false },
	{ bounce_nowhere,             "one of the directions",       false },
	{ bounce_behind_iommu,        "to iova_map()",               false },
	{ iova_of_direct,             "behind an IOMMU",             false },
	{ iova_back_to_direct,        "behind an IOMMU",             false },
	{ space_of_direct,            "behind an IOMMU",             false },
	{ no_space_of_direct,         "behind an IOMMU",             false },
	{ iova_of_nothing,            "ask for a page",              false },
	{ iova_of_odd_alignment,      "a power of two",              false },
	{ iova_no_byte,               "map at least a byte",         false },
	{ iova_nowhere,               "one of the directions",       false },
	{ get_ended_account,          "a reference already",         false },
	{ put_ended_account,          "the reference that it puts",  false },
	{ check_without_count,        "counts all things",           false },
	{ init_accounts_twice,        "call this once",              false },
	{ name_of_no_kind,            "one of the kinds",            false },
	{ limit_of_no_kind,           "one of the kinds",            false },
	{ change_limit_of_no_kind,    "one of the kinds",            false },
	{ charge_of_no_kind,          "one of the kinds",            true  },
	{ uncharge_of_no_kind,        "one of the kinds",            true  },
	{ see_no_kind,                "one of the kinds",            true  },
	{ change_limit_of_the_kernel, "the kernel has no limits",    false },
};

KTEST(duties, a_caller_that_breaks_one_is_told_which)
{
	choose_zone();
	for (unsigned i = 0; i < ARRAY_SIZE(duties); i++) {
		duty_break(&duties[i]);
		/* The panic has left the lock taken. */
		spin_lock_init(&zone->lock);
	}
}
