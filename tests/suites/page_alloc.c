// SPDX-License-Identifier: MIT
/*
 * page_alloc.c (tests) - what alloc_pages() and free_pages() promise
 *
 * On the live zones. Tests that run a zone dry take the largest blocks first,
 * so that their cost does not grow with each page of the machine.
 */
#include <arch/irqflags.h>

#include "lib/align.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pcp.h"
#include "mm/page/shrinker.h"
#include "mm/page/watermark.h"
#include "tests/ktest.h"

SUITE(page_alloc, page_alloc_check);

/* The request that gets pages of each zone. */
static const gfp_t zone_gfp[MAX_NR_ZONES] = {
	[ZONE_DMA]     = GFP_KERNEL | GFP_DMA,
	[ZONE_NORMAL]  = GFP_KERNEL,
	[ZONE_HIGHMEM] = GFP_HIGHUSER,
};

static void fill(struct page *page, unsigned order, int byte)
{
	for (unsigned i = 0; i < 1u << order; i++) {
		void *ptr = kmap_local(&page[i]);

		memset(ptr, byte, PAGE_SIZE);
		kunmap_local(ptr);
	}
}

static bool is_filled(struct page *page, unsigned order, uint32_t word)
{
	bool same = true;

	for (unsigned i = 0; i < 1u << order; i++) {
		uint32_t *ptr = kmap_local(&page[i]);

		for (unsigned j = 0; j < PAGE_SIZE / sizeof(*ptr); j++)
			same = same && ptr[j] == word;
		kunmap_local(ptr);
	}
	return same;
}

/* ---- what a block is ---------------------------------------------------- */

KTEST(page_alloc, each_order_is_aligned_marked_and_counted)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		unsigned long free = nr_free_pages();
		struct page *page = alloc_pages(GFP_HIGHUSER | GFP_NOWARN,
						order);

		if (!page)
			SKIP("no free block of order %u", order);
		EXPECT(IS_ALIGNED(page_to_pfn(page).v, 1u << order));
		EXPECT_EQ(page->state_order, STATE_ORDER(PAGE_USED, order));
		EXPECT_EQ(page->refs, 1);
		EXPECT_EQ(nr_free_pages(), free - (1ul << order));
		free_pages(page, order);
		EXPECT_EQ(nr_free_pages(), free);
	}
}

KTEST(page_alloc, an_order_above_the_largest_is_refused)
{
	EXPECT(!alloc_pages(GFP_KERNEL | GFP_NOWARN, MAX_ORDER + 1));
	EXPECT(!alloc_pages(GFP_KERNEL | GFP_NOWARN, 32));
	EXPECT(!alloc_pages(GFP_KERNEL | GFP_NOWARN, ~0u));
	EXPECT(!get_free_pages(GFP_KERNEL | GFP_NOWARN, MAX_ORDER + 1));
}

KTEST(page_alloc, a_zone_modifier_is_honoured)
{
	struct page *dma = alloc_pages(GFP_KERNEL | GFP_DMA, 1);
	struct page *normal = alloc_pages(GFP_KERNEL, 1);
	struct page *both = alloc_page(GFP_DMA | GFP_HIGHMEM);

	REQUIRE(dma && normal && both);
	EXPECT(page_to_phys(dma).v + 2 * PAGE_SIZE <= ZONE_DMA_END);
	EXPECT(page_to_phys(both).v + PAGE_SIZE <= ZONE_DMA_END);
	EXPECT(!page_is_highmem(normal) && !page_is_highmem(normal + 1));
	free_pages(dma, 1);
	free_pages(normal, 1);
	free_page(both);
}

KTEST(page_alloc, highmem_is_used_first_where_it_may_be)
{
	struct page *page;

	if (zones[ZONE_HIGHMEM].managed == 0 ||
	    zones[ZONE_HIGHMEM].nr_free < 2 * zones[ZONE_HIGHMEM].high)
		SKIP("needs free highmem");
	page = alloc_page(GFP_HIGHUSER);
	REQUIRE(page);
	EXPECT(page_is_highmem(page));
	free_page(page);
	page = alloc_pages(GFP_HIGHUSER, 4);
	REQUIRE(page);
	EXPECT(page_is_highmem(page));
	free_pages(page, 4);
}

KTEST(page_alloc, zeroed_pages_are_zero_in_each_zone)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		for (unsigned order = 0; order <= 4; order += 2) {
			struct page *page = alloc_pages(zone_gfp[i], order);

			REQUIRE(page);
			fill(page, order, 0xa5);
			free_pages(page, order);
			page = alloc_pages(zone_gfp[i] | GFP_ZERO, order);
			REQUIRE(page);
			EXPECT(is_filled(page, order, 0));
			free_pages(page, order);
		}
}

KTEST(page_alloc, pages_by_address)
{
	char *ptr = get_free_pages(GFP_KERNEL, 2);
	uint32_t *zeroed = get_zeroed_page(GFP_KERNEL);
	char *dma = get_free_pages(GFP_KERNEL | GFP_DMA, 0);

	REQUIRE(ptr && zeroed && dma);
	EXPECT(IS_ALIGNED(ptr_to_kva(ptr), 4 * PAGE_SIZE));
	EXPECT(kva_is_lowmem(ptr_to_kva(ptr)));
	EXPECT(virt_to_phys(dma).v < ZONE_DMA_END);
	EXPECT(is_filled(virt_to_page(zeroed), 0, 0));
	memset(ptr, 0x5a, 4 * PAGE_SIZE);
	put_free_pages(ptr, 2);
	put_free_pages(zeroed, 0);
	put_free_pages(dma, 0);
	put_free_pages(NULL, 3);
}

KTEST(page_alloc, interrupts_are_as_before)
{
	irqflags_t flags = irq_save();
	struct page *page = alloc_page(GFP_ATOMIC);
	struct page *large = alloc_pages(GFP_ATOMIC, 5);

	EXPECT(page && large);
	EXPECT(irqs_disabled());
	free_page(page);
	free_pages(large, 5);
	EXPECT(irqs_disabled());
	irq_restore(flags);
}

/* ---- bulk --------------------------------------------------------------- */

#define BULK  200

static struct page *bulk[BULK];

KTEST(page_alloc, bulk_gives_distinct_pages)
{
	unsigned long free = nr_free_pages();

	REQUIRE(alloc_pages_bulk(GFP_KERNEL, BULK, bulk) == BULK);
	EXPECT_EQ(nr_free_pages(), free - BULK);
	for (unsigned i = 0; i < BULK; i++) {
		EXPECT_EQ(bulk[i]->state_order, STATE_ORDER(PAGE_USED, 0));
		EXPECT_EQ(bulk[i]->refs, 1);
		bulk[i]->refs = i;
	}
	for (unsigned i = 0; i < BULK; i++)
		EXPECT_EQ(bulk[i]->refs, i);
	free_pages_bulk(bulk, BULK);
	EXPECT_EQ(nr_free_pages(), free);
	EXPECT_EQ(alloc_pages_bulk(GFP_KERNEL, 0, bulk), 0);
	free_pages_bulk(bulk, 0);
}

KTEST(page_alloc, bulk_can_zero)
{
	REQUIRE(alloc_pages_bulk(GFP_HIGHUSER, 4, bulk) == 4);
	for (unsigned i = 0; i < 4; i++)
		fill(bulk[i], 0, 0x77);
	free_pages_bulk(bulk, 4);
	REQUIRE(alloc_pages_bulk(GFP_HIGHUSER | GFP_ZERO, 4, bulk) == 4);
	for (unsigned i = 0; i < 4; i++)
		EXPECT(is_filled(bulk[i], 0, 0));
	free_pages_bulk(bulk, 4);
}

/* ---- wrong frees -------------------------------------------------------- */

struct wrong_free {
	struct page *page;
	unsigned     order;
};

static void free_it(void *arg)
{
	struct wrong_free *wrong = arg;

	free_pages(wrong->page, wrong->order);
}

static void free_by_bulk(void *arg)
{
	struct wrong_free *wrong = arg;

	free_pages_bulk(&wrong->page, 1);
}

static void expect_refused(struct page *page, unsigned order, const char *why)
{
	struct wrong_free wrong = { page, order };

	EXPECT_PANIC(free_it, &wrong, why);
}

KTEST(page_alloc, double_free_is_caught)
{
	for (unsigned order = 0; order <= 6; order += 2) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		REQUIRE(page);
		free_pages(page, order);
		expect_refused(page, order, "double free of pfn");
		drain_local_pages();
		expect_refused(page, order, "double free of pfn");
		expect_refused(page, (order + 1) % 7, "double free of pfn");
	}
}

KTEST(page_alloc, double_free_by_bulk_is_caught)
{
	struct wrong_free wrong = { alloc_page(GFP_KERNEL), 0 };

	REQUIRE(wrong.page);
	free_page(wrong.page);
	EXPECT_PANIC(free_by_bulk, &wrong, "double free of pfn");
	EXPECT(!irqs_disabled());
}

KTEST(page_alloc, wrong_order_is_caught)
{
	for (unsigned order = 1; order <= 5; order += 2) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		REQUIRE(page);
		expect_refused(page, order - 1, "wrong order");
		expect_refused(page, order + 1, "wrong order");
		expect_refused(page, 0, "wrong order");
		expect_refused(page, MAX_ORDER, "wrong order");
		expect_refused(page, order + 256, "wrong order");
		expect_refused(page, order | 1u << 24, "wrong order");
		free_pages(page, order);
	}
}

KTEST(page_alloc, free_from_the_middle_is_caught)
{
	for (unsigned order = 1; order <= 5; order += 2) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		REQUIRE(page);
		expect_refused(page + 1, 0, "in the middle of a block");
		expect_refused(page + (1u << (order - 1)), order - 1,
			       "in the middle of a block");
		free_pages(page, order);
	}
}

KTEST(page_alloc, free_of_what_was_never_given_out_is_caught)
{
	expect_refused(pfn_to_page(PFN(0)), 0, "reserved");
	expect_refused(virt_to_page(mem_map), 0, "reserved");
	expect_refused(pfn_to_page(max_pfn) + 5, 0, "not in mem_map");
}

KTEST(page_alloc, free_of_a_page_in_other_use_is_caught)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	page_set_state(page, PAGE_SLAB);
	expect_refused(page, 0, "still a page of a slab");
	page_set_state(page, PAGE_TABLE);
	expect_refused(page, 0, "still a page table");
	page_set_state(page, PAGE_USED);
	free_page(page);
}

KTEST(page_alloc, free_of_a_kmapped_page_is_caught)
{
	struct page *page = alloc_pages(GFP_HIGHUSER, 1);
	struct page *high;

	REQUIRE(page);
	high = page_is_highmem(page) ? page : NULL;
	for (unsigned i = 0; high && i < 2; i++) {
		EXPECT(kmap_try(&page[i]) != NULL);
		expect_refused(page, 1, "while kmapped");
		kunmap(&page[i]);
	}
	free_pages(page, 1);
	if (!high)
		SKIP("needs highmem");
	EXPECT_EQ(page[0].kmap, 0);
	EXPECT_EQ(page[1].kmap, 0);
}

/* ---- failure ------------------------------------------------------------ */

static bool alloc_and_free(void *arg)
{
	unsigned order = *(unsigned *)arg;
	struct page *page = alloc_pages(GFP_KERNEL, order);

	if (page)
		free_pages(page, order);
	return page != NULL;
}

static bool alloc_one_and_free(void *arg)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (page)
		free_page(page);
	return page != NULL;
}

static bool get_zeroed_and_put(void *arg)
{
	void *ptr = get_zeroed_page(GFP_KERNEL);

	put_free_pages(ptr, 0);
	return ptr != NULL;
}

static bool bulk_and_free(void *arg)
{
	unsigned n = alloc_pages_bulk(GFP_KERNEL, 10, bulk);

	free_pages_bulk(bulk, n);
	return n == 10;
}

KTEST(page_alloc, each_entry_can_be_made_to_fail)
{
	unsigned long free = nr_free_pages();

	for (unsigned order = 0; order <= 5; order++)
		EXPECT_EQ(ktest_each_failure(alloc_and_free, &order), 1);
	EXPECT_EQ(ktest_each_failure(alloc_one_and_free, NULL), 1);
	EXPECT_EQ(ktest_each_failure(get_zeroed_and_put, NULL), 1);
	EXPECT_EQ(ktest_each_failure(bulk_and_free, NULL), 1);
	EXPECT_EQ(nr_free_pages(), free);
}

/* ---- running a zone dry ------------------------------------------------- */

/* Blocks held by a test, linked through page->list, which is the owner's. */
static LIST_HEAD(hoard);

/* Take all that these flags give, largest blocks first. Returns: pages. */
static unsigned long take_everything(gfp_t gfp)
{
	unsigned long pages = 0;

	for (int order = MAX_ORDER; order >= 0; order--) {
		struct page *page;

		while ((page = alloc_pages(gfp | GFP_NOWARN, order))) {
			list_add(&page->list, &hoard);
			pages += 1ul << order;
		}
	}
	return pages;
}

static void give_everything_back(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &hoard, list)
		free_pages(page, page->order);
	list_init(&hoard);
	drain_local_pages();
}

/* At most so many pages are taken one after the other. */
#define DRY_MAX  (256ul << (20 - PAGE_SHIFT))

static void want_small(const struct zone *zone)
{
	if (zone->managed == 0)
		SKIP("needs zone %s", zone->name);
	if (zone->managed > 4 * DRY_MAX)
		SKIP("zone %s is too large", zone->name);
}

KTEST(page_alloc, a_dry_zone_keeps_its_reserve)
{
	struct zone *dma = &zones[ZONE_DMA];
	unsigned long free;

	drain_local_pages();
	free = nr_free_pages();
	take_everything(GFP_DMA);
	EXPECT(dma->nr_free >= dma->min);
	EXPECT(dma->nr_free < dma->min + PCP_LIST_MAX);
	EXPECT(!alloc_page(GFP_DMA | GFP_NOWARN));
	/* Whoever must not wait may have half of what is left. */
	EXPECT(take_everything(GFP_DMA | GFP_HIGH) >= dma->min / 2 - 1);
	EXPECT(dma->nr_free >= dma->min / 2);
	EXPECT(!alloc_page(GFP_DMA | GFP_HIGH | GFP_NOWARN));
	EXPECT_NULL(page_alloc_check());
	give_everything_back();
	EXPECT_EQ(nr_free_pages(), free);
}

KTEST(page_alloc, a_refusal_is_counted_and_said)
{
	struct zone *dma = &zones[ZONE_DMA];
	unsigned long failures;

	take_everything(GFP_DMA);
	failures = dma->failures;
	EXPECT(!alloc_pages(GFP_DMA, 2));   /* the one message of this suite */
	EXPECT_EQ(dma->failures, failures + 1);
	give_everything_back();
}

KTEST(page_alloc, a_dry_normal_zone_falls_back_on_dma)
{
	struct zone *dma = &zones[ZONE_DMA], *normal = &zones[ZONE_NORMAL];
	unsigned long free, reserve = dma->lowmem_reserve[ZONE_NORMAL];
	struct page *page;

	want_small(normal);
	drain_local_pages();
	free = nr_free_pages();
	take_everything(GFP_KERNEL & ~GFP_RECLAIM);
	EXPECT(normal->nr_free < normal->min + PCP_LIST_MAX);
	/* DMA was taken too, but for what it keeps from such requests. */
	EXPECT(dma->nr_free >= dma->min + reserve);
	EXPECT(dma->nr_free < dma->min + reserve + PCP_LIST_MAX);
	page = alloc_page(GFP_DMA | GFP_NOWARN);
	EXPECT((page != NULL) == (dma->nr_free + pcp_pages(dma) > dma->min));
	if (page)
		free_page(page);
	EXPECT_NULL(page_alloc_check());
	give_everything_back();
	EXPECT_EQ(nr_free_pages(), free);
}

KTEST(page_alloc, a_dry_highmem_zone_falls_back_on_lowmem)
{
	struct zone *high = &zones[ZONE_HIGHMEM];
	struct zone *normal = &zones[ZONE_NORMAL];
	unsigned long free;

	want_small(high);
	want_small(normal);
	drain_local_pages();
	free = nr_free_pages();
	take_everything(GFP_HIGHMEM);
	EXPECT(high->nr_free < high->min + PCP_LIST_MAX);
	EXPECT(normal->nr_free >=
	       normal->min + normal->lowmem_reserve[ZONE_HIGHMEM]);
	EXPECT_NULL(page_alloc_check());
	give_everything_back();
	EXPECT_EQ(nr_free_pages(), free);
}

/* ---- shrinkers ---------------------------------------------------------- */

static unsigned shrink_calls;
static struct page *given_on_shrink;

static unsigned long count_and_give(void)
{
	shrink_calls++;
	if (!given_on_shrink)
		return 0;
	free_pages(given_on_shrink, 2);
	given_on_shrink = NULL;
	return 4;
}

static struct shrinker test_shrinker = {
	.name = "page_alloc suite",
	.shrink = count_and_give,
};

/* There is no way back: the shrinker stays, and does nothing. */
static void register_once(void)
{
	static bool registered;

	if (!registered)
		register_shrinker(&test_shrinker);
	registered = true;
}

KTEST(page_alloc, shrinkers_run_before_a_request_fails)
{
	struct page *page;

	register_once();
	given_on_shrink = alloc_pages(GFP_DMA, 2);
	REQUIRE(given_on_shrink);
	take_everything(GFP_DMA);
	shrink_calls = 0;
	/* Cannot wait: not called. */
	EXPECT(!alloc_pages(GFP_DMA | GFP_NOWARN, 2));
	EXPECT_EQ(shrink_calls, 0);
	/* May wait, and gets what the shrinker gives. */
	page = alloc_pages(GFP_KERNEL | GFP_DMA | GFP_NOWARN, 2);
	EXPECT_EQ(shrink_calls, 1);
	EXPECT(page != NULL);
	EXPECT(!given_on_shrink);
	if (page)
		free_pages(page, 2);
	give_everything_back();
}

KTEST(page_alloc, shrinking_drains_the_per_cpu_lists)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	free_page(page);
	EXPECT(pcp_pages(page_zone(page)) > 0);
	EXPECT(shrink_all() > 0);
	EXPECT_EQ(pcp_pages(page_zone(page)), 0);
}

/* ---- the checker -------------------------------------------------------- */

KTEST(page_alloc, check_finds_each_broken_law)
{
	/* The largest: it has no buddy, which could be free. */
	struct page *page = alloc_pages(GFP_HIGHUSER | GFP_NOWARN, MAX_ORDER);
	struct zone *zone;

	if (!page)
		SKIP("needs a free block of 4 MiB");
	zone = page_zone(page);
	page_set_state(page, PAGE_TAIL);
	EXPECT_STREQ(page_alloc_check(),
		     "A1: from head to head there are only heads");
	page_set_state(page, PAGE_FREE);
	EXPECT_STREQ(page_alloc_check(),
		     "A2: the free heads are those of the lists");
	page_set_state(page, PAGE_PCP);
	EXPECT_STREQ(page_alloc_check(),
		     "A3: the per-CPU heads are those of the lists");
	page_set_state(page, PAGE_USED);
	zone->managed--;
	EXPECT_STREQ(page_alloc_check(),
		     "A4: managed = free + per-CPU + used");
	zone->managed++;
	free_pages(page, MAX_ORDER);
	EXPECT_NULL(page_alloc_check());
}

/* ---- naive model -------------------------------------------------------- */

#define HELD_MAX  64

static struct {
	struct page *page;
	unsigned     order;
	uint32_t     tag;
} held[HELD_MAX];

/* Each page of a block carries its owner's tag in its first and last word. */
static void tag_block(struct page *page, unsigned order, uint32_t tag)
{
	for (unsigned i = 0; i < 1u << order; i++) {
		uint32_t *ptr = kmap_local(&page[i]);

		ptr[0] = tag + i;
		ptr[PAGE_SIZE / sizeof(*ptr) - 1] = ~(tag + i);
		kunmap_local(ptr);
	}
}

static bool has_tag(struct page *page, unsigned order, uint32_t tag)
{
	bool same = true;

	for (unsigned i = 0; i < 1u << order; i++) {
		uint32_t *ptr = kmap_local(&page[i]);

		same = same && ptr[0] == tag + i &&
		       ptr[PAGE_SIZE / sizeof(*ptr) - 1] == ~(tag + i);
		kunmap_local(ptr);
	}
	return same;
}

static unsigned long hold(unsigned slot, struct rng *rng)
{
	unsigned order = rng_below(rng, rng_below(rng, 7) + 1);
	gfp_t gfp = zone_gfp[rng_below(rng, MAX_NR_ZONES)] | GFP_NOWARN;
	struct page *page;

	if (rng_below(rng, 8) == 0)
		gfp |= GFP_ZERO;
	page = alloc_pages(gfp, order);
	if (!page)
		return 0;
	if (gfp & GFP_ZERO)
		EXPECT(is_filled(page, order, 0));
	held[slot].page = page;
	held[slot].order = order;
	held[slot].tag = rng_next(rng);
	tag_block(page, order, held[slot].tag);
	return 1ul << order;
}

static unsigned long release(unsigned slot)
{
	unsigned order = held[slot].order;

	EXPECT(has_tag(held[slot].page, order, held[slot].tag));
	free_pages(held[slot].page, order);
	held[slot].page = NULL;
	return 1ul << order;
}

KTEST(page_alloc, random_operations_keep_contents_and_counts)
{
	unsigned long free = nr_free_pages(), taken = 0;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	memset(held, 0, sizeof(held));
	for (unsigned i = 0; i < 2000; i++) {
		unsigned slot = rng_below(&rng, HELD_MAX);

		if (held[slot].page)
			taken -= release(slot);
		else
			taken += hold(slot, &rng);
		EXPECT_EQ(nr_free_pages(), free - taken);
		if (i % 200 == 0)
			EXPECT_NULL(page_alloc_check());
	}
	for (unsigned slot = 0; slot < HELD_MAX; slot++)
		if (held[slot].page)
			release(slot);
	EXPECT_EQ(nr_free_pages(), free);
}
