// SPDX-License-Identifier: MIT
/*
 * page_alloc.c (tests) - what alloc_pages() and free_pages() promise
 *
 * The tests use the live zones. For zones that run dry see page_pressure.c, for
 * wrong frees bad_free.c.
 */
#include <arch/irqflags.h>

#include "lib/align.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/pcp.h"
#include "mm/page/watermark.h"
#include "mm/page/zone.h"
#include "tests/ktest.h"

SUITE(page_alloc, page_alloc_check);

/* For each zone, the flags that get pages of it. */
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

KTEST(page_alloc, a_largest_block_that_is_free_is_given)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];
		struct page *page;

		if (!zone->blocks[MAX_ORDER] ||
		    zone->nr_free < (1ul << MAX_ORDER) +
				    zone_floor(zone, zone_gfp[i], MARK_LOW))
			continue;
		page = alloc_pages(zone_gfp[i] | GFP_NOWARN, MAX_ORDER);
		REQUIRE(page);
		EXPECT(page_zone(page) == zone);
		free_pages(page, MAX_ORDER);
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
	uint32_t *zeroed = get_free_pages(GFP_KERNEL | GFP_ZERO, 0);
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

#define BULK  128u

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

/* Two neighbours that are freed alone. */
static struct page *alloc_pair(gfp_t gfp)
{
	struct page *pair = alloc_pages(gfp, 1);

	REQUIRE(pair);
	for (unsigned i = 0; i < 2; i++) {
		pair[i].state_order = STATE_ORDER(PAGE_USED, 0);
		pair[i].refs = 1;
	}
	return pair;
}

/* Neither the page behind one of its pages, nor one more of the array. */
KTEST(page_alloc, bulk_zeroes_no_page_of_others)
{
	struct page *pair = alloc_pair(GFP_KERNEL);

	fill(pair, 1, 0x77);
	free_page(&pair[0]);
	bulk[2] = &pair[1];
	REQUIRE(alloc_pages_bulk(GFP_KERNEL | GFP_ZERO, 2, bulk) == 2);
	EXPECT(is_filled(&pair[1], 0, 0x77777777));
	free_pages_bulk(bulk, 3);
}

#define BLOCKS_MAX  512u   /* tried before take_first_page() gives up */

/* The first page of the zone, or NULL. Its block was cut into single pages. */
static struct page *take_first_page(const struct zone *zone)
{
	struct page *first = pfn_to_page(zone->start), *found = NULL;
	struct page *page, *next;
	LIST_HEAD(others);

	for (unsigned i = 0; !found && i < BLOCKS_MAX; i++) {
		page = alloc_pages(zone_gfp[zone->type] | GFP_NOWARN,
				   MAX_ORDER);
		if (!page)
			break;
		if (page == first)
			found = page;
		else
			list_add(&page->list, &others);
		if (page_zone(page) != zone)
			break;
	}
	list_for_each_entry_safe(page, next, &others, list)
		free_pages(page, MAX_ORDER);
	for (unsigned i = 0; found && i < 1u << MAX_ORDER; i++)
		found[i].state_order = STATE_ORDER(PAGE_USED, 0);
	for (unsigned i = 1; found && i < 1u << MAX_ORDER; i++)
		free_page(&found[i]);
	return found;
}

/* The last page of a zone and the first of the next one lie side by side. */
KTEST(page_alloc, bulk_gives_each_page_back_to_its_zone)
{
	unsigned tried = 0;

	for (unsigned i = ZONE_NORMAL; i < MAX_NR_ZONES; i++) {
		struct pcp_list *pcp = zone_pcp(&zones[i], 0);
		struct page *first = zones[i].managed
				   ? take_first_page(&zones[i]) : NULL;

		if (!first)
			continue;
		bulk[0] = alloc_page(zone_gfp[i - 1]);
		REQUIRE(bulk[0]);
		if (page_zone(bulk[0]) != &zones[i - 1]) {
			free_page(bulk[0]);
			free_page(first);
			continue;
		}
		bulk[1] = first;
		bulk[2] = alloc_page(zone_gfp[i - 1]);
		REQUIRE(bulk[2]);
		drain_local_pages();
		free_pages_bulk(bulk, 3);
		EXPECT_EQ(pcp->count, 1);
		EXPECT(pcp->blocks[0] == first);
		EXPECT_NULL(page_alloc_check());
		drain_local_pages();
		EXPECT_NULL(page_alloc_check());
		tried++;
	}
	if (!tried)
		SKIP("needs a zone that begins with a free block of 4 MiB");
}

/* ---- kmap slots --------------------------------------------------------- */

/* One by free_page(), one by free_pages_bulk(). */
KTEST(page_alloc, a_free_keeps_the_kmap_slots_of_others)
{
	for (unsigned by_bulk = 0; by_bulk < 2; by_bulk++) {
		struct page *pair = alloc_pair(GFP_HIGHUSER), *first = pair;

		if (!page_is_highmem(pair)) {
			free_page(&pair[0]);
			free_page(&pair[1]);
			SKIP("needs highmem");
		}
		for (unsigned i = 0; i < 2; i++)
			EXPECT(kmap_try(&pair[i]) != NULL);
		kunmap(&pair[0]);   /* it has a slot, which is not in use */
		if (by_bulk)
			free_pages_bulk(&first, 1);
		else
			free_page(first);
		EXPECT_EQ(pair[0].kmap, 0);
		EXPECT(pair[1].kmap != 0);
		kunmap(&pair[1]);
		free_page(&pair[1]);
	}
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
	void *ptr = get_free_pages(GFP_KERNEL | GFP_ZERO, 0);

	put_free_pages(ptr, 0);
	return ptr != NULL;
}

static bool bulk_and_free(void *arg)
{
	unsigned n = alloc_pages_bulk(GFP_KERNEL, 10, bulk);

	free_pages_bulk(bulk, n);
	EXPECT(n == 10 || n == 5);   /* it fails in the middle */
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
	failpoint_arm(1);
	EXPECT_EQ(alloc_pages_bulk(GFP_KERNEL, 10, bulk), 5);
	EXPECT(failpoint_disarm());
	free_pages_bulk(bulk, 5);
	EXPECT_EQ(nr_free_pages(), free);
}

/* ---- the checker -------------------------------------------------------- */

KTEST(page_alloc, check_finds_each_broken_law)
{
	/* A block of the largest order has no buddy that could be free. */
	struct page *page = alloc_pages(GFP_HIGHUSER | GFP_NOWARN, MAX_ORDER);
	struct zone *zone;
	uint8_t *state;

	if (!page)
		SKIP("needs a free block of 4 MiB");
	zone = page_zone(page);
	page->state = PAGE_TAIL;
	EXPECT_STREQ(page_alloc_check(),
		     "census A1: from head to head there are only heads");
	page->state = PAGE_FREE;
	EXPECT_STREQ(page_alloc_check(),
		     "census A2: the free heads are those of the lists");
	page->state = PAGE_PCP;
	EXPECT_STREQ(page_alloc_check(),
		     "census A3: the per-CPU heads are those of the lists");
	page->state = PAGE_USED;
	zone->managed--;
	EXPECT_STREQ(page_alloc_check(),
		     "census A4: managed = free + per-CPU + used");
	zone->managed++;
	state = &pageblock_states[page_to_pfn(page).v >> MAX_ORDER];
	*state = PAGEBLOCK_VIRGIN;
	EXPECT_STREQ(page_alloc_check(),
		     "pageblock V1: a virgin block is one free block");
	*state = PAGEBLOCK_LIVE;
	free_pages(page, MAX_ORDER);
	EXPECT_NULL(page_alloc_check());
}

/* In each zone, and in each of the three parts of the check. */
KTEST(page_alloc, check_looks_at_each_zone)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		struct page *page = alloc_page(zone_gfp[i]);
		struct zone *zone = &zones[i];
		irqflags_t flags;

		REQUIRE(page);
		if (page_zone(page) != zone) {
			free_page(page);
			continue;
		}
		flags = irq_save();
		free_page(page);   /* its list is not empty now */
		zone->nr_free++;
		EXPECT_LAW(page_alloc_check(), "buddy B5");
		zone->nr_free--;
		page->state = PAGE_USED;
		EXPECT_LAW(page_alloc_check(), "pcp L2");
		page->state = PAGE_PCP;
		zone->managed--;
		EXPECT_LAW(page_alloc_check(), "census A4");
		zone->managed++;
		irq_restore(flags);
		EXPECT_NULL(page_alloc_check());
	}
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
