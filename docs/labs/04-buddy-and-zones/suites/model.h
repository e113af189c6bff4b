// SPDX-License-Identifier: MIT
/*
 * model.h - a zone of the tests' own, and a naive model of its free frames
 *
 * WHAT     The tests allocate one block of 4 MiB and give some of its frames to
 *          a private zone. The lists of the machine are not touched. The other
 *          frames of the block are tails, so nothing merges with them.
 *
 * TERMS    frame    0 .. FRAMES - 1, inside the block
 *          kernel_  the kernel's own function: setting up a test must not
 *                   depend on the function under test
 *
 * ALGORITHM  The model knows of each frame only whether it is free. Two free
 *          buddies are always merged. So a free block is the largest aligned
 *          block of free frames that begins at its first frame: the model finds
 *          it by looking at the frames one by one. `since` says when a free
 *          block came into being: this gives the order of a list.
 */
#pragma once

#include "docs/labs/04-buddy-and-zones/lab.h"
#include "lib/align.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/buddy.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/pcp.h"
#include "tests/ktest.h"

#define FRAMES  (1u << MAX_ORDER)
#define NONE    (-1)

/* The suites of a lab are compiled with other names; a text stays as it is. */
#define OF_KERNEL(name)  __asm__(#name)

struct page *kernel_alloc_pages(gfp_t gfp, unsigned order)
	OF_KERNEL(alloc_pages);
void kernel_free_pages(struct page *page, unsigned order)
	OF_KERNEL(free_pages);
void kernel_buddy_init(struct zone *zone) OF_KERNEL(buddy_init);
void kernel_free_run(struct zone *zone, struct page *page, unsigned long nr)
	OF_KERNEL(buddy_free_run_locked);
void kernel_add_virgin(struct zone *zone, pfn_t first)
	OF_KERNEL(buddy_add_virgin_locked);
void kernel_free_block(struct zone *zone, struct page *page, unsigned order)
	OF_KERNEL(buddy_free_locked);
const char *kernel_buddy_check(const struct zone *zone)
	OF_KERNEL(buddy_check);

static struct zone zone;
static struct page *block;   /* frame 0 */

/* ---- the model ---------------------------------------------------------- */

static bool     model_free[FRAMES];
static uint8_t  model_held[FRAMES];    /* order + 1 of a block in use; or 0 */
static int      model_order[FRAMES];   /* of the free block that begins here */
static uint32_t model_since[FRAMES];
static uint32_t model_clock;

static inline bool model_all_free(unsigned start, unsigned nr)
{
	for (unsigned i = start; i < start + nr; i++)
		if (i >= FRAMES || !model_free[i])
			return false;
	return true;
}

/* The order of the largest free block that begins at this frame, or NONE. */
static inline int model_largest(unsigned start)
{
	int order = NONE;

	while (order < MAX_ORDER && IS_ALIGNED(start, 1u << (order + 1)) &&
	       model_all_free(start, 1u << (order + 1)))
		order++;
	return order;
}

/* Find all free blocks again. A block that was not there before is new. */
static inline void model_update(void)
{
	for (unsigned start = 0, next; start < FRAMES; start = next) {
		int order = model_largest(start);

		next = start + (order == NONE ? 1 : 1u << order);
		if (order != NONE && model_order[start] != order)
			model_since[start] = ++model_clock;
		model_order[start] = order;
		for (unsigned i = start + 1; i < next; i++)
			model_order[i] = NONE;
	}
}

static inline void model_set(unsigned start, unsigned nr, bool is_free)
{
	for (unsigned i = start; i < start + nr; i++) {
		model_free[i] = is_free;
		model_held[i] = 0;
	}
	model_update();
}

static inline void model_hold(unsigned start, unsigned order)
{
	model_set(start, 1u << order, false);
	model_held[start] = (uint8_t)(order + 1);
}

static inline unsigned long model_nr_free(void)
{
	unsigned long nr = 0;

	for (unsigned i = 0; i < FRAMES; i++)
		nr += model_free[i];
	return nr;
}

/* Does a block come before another one, when one is taken off a list? */
static inline bool model_is_first(unsigned a, int b)
{
	if (b == NONE)
		return true;
	if (model_order[a] != model_order[b])
		return model_order[a] < model_order[b];
	return LAB_TAKE_OLDEST ? model_since[a] < model_since[b]
			       : model_since[a] > model_since[b];
}

/* The free block that a request for this order must take or cut, or NONE. */
static inline int model_choice(unsigned order)
{
	int best = NONE;

	for (unsigned i = 0; i < FRAMES; i++)
		if (model_order[i] >= (int)order && model_is_first(i, best))
			best = (int)i;
	return best;
}

/* The frame that a request for this order must get, or NONE. */
static inline int model_pick(unsigned order)
{
	int best = model_choice(order);

	if (best == NONE || !LAB_KEEP_UPPER)
		return best;
	return best + (1 << model_order[best]) - (1 << order);
}

/* ---- the zone ----------------------------------------------------------- */

static inline void pageblock_set(enum pageblock_state state)
{
	pageblock_states[page_to_pfn(block).v >> MAX_ORDER] = (uint8_t)state;
}

/* Begin again: the zone has the frames [start, end), and no frame is free. */
static inline void zone_clear(unsigned start, unsigned end)
{
	pfn_t first = page_to_pfn(block);

	pageblock_set(PAGEBLOCK_LIVE);
	for (unsigned i = 0; i < FRAMES; i++)
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	memset(&zone, 0, sizeof(zone));
	kernel_buddy_init(&zone);
	zone.name = "test";
	zone.start = pfn_add(first, start);
	zone.end = pfn_add(first, end);
	model_clock = 0;
	model_set(0, FRAMES, false);
}

/* Make frames free, as the kernel does this at boot. */
static inline void zone_add(unsigned start, unsigned nr)
{
	spin_lock(&zone.lock);
	kernel_free_run(&zone, &block[start], nr);
	spin_unlock(&zone.lock);
	model_set(start, nr, true);
}

/* A private zone of frames [start, end), all free. */
static inline void zone_open(unsigned start, unsigned end)
{
	if (!block)   /* a test that failed may have left it */
		block = kernel_alloc_pages(GFP_HIGHUSER | GFP_NOWARN,
					   MAX_ORDER);
	if (!block)
		SKIP("needs a free block of 4 MiB");
	zone_clear(start, end);
	if (start < end)
		zone_add(start, end - start);
}

/* A private zone of all frames, none of them free. */
static inline void zone_open_empty(void)
{
	zone_open(0, 0);
	zone.end = pfn_add(zone.start, FRAMES);
}

static inline void zone_close(void)
{
	pageblock_set(PAGEBLOCK_LIVE);
	for (unsigned i = 1; i < FRAMES; i++)
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	block->state_order = STATE_ORDER(PAGE_USED, MAX_ORDER);
	kernel_free_pages(block, MAX_ORDER);
	block = NULL;
}

/* The check of a suite: first, what a failed test has left is put back. */
static inline const char *zone_suite_check(void)
{
	if (block)
		zone_close();
	return page_alloc_check();
}

/* ---- operations, with what must hold ------------------------------------ */

/* The frame of a page, which must be one of the zone's. */
static inline int frame_of(const struct page *page)
{
	if (!page)
		return NONE;
	if (page < block || page >= block + FRAMES) {
		ktest_fail(__FILE__, __LINE__,
			   "the page is not one of the zone: pfn %u",
			   page_to_pfn(page).v);
		ktest_abort();
	}
	return (int)(page - block);
}

/* A block was given out: its frames were free, and it is aligned. */
static inline void hold(int frame, unsigned order)
{
	if (!IS_ALIGNED((unsigned)frame, 1u << order) ||
	    !model_all_free((unsigned)frame, 1u << order)) {
		ktest_fail(__FILE__, __LINE__,
			   "frames %d to %d were not all free, or not aligned",
			   frame, frame + (1 << order) - 1);
		ktest_abort();
	}
	model_hold((unsigned)frame, order);
}

/* Take a block: its frame, or NONE. */
static inline int take(unsigned order)
{
	struct page *page;
	int frame;

	spin_lock(&zone.lock);
	page = buddy_alloc_locked(&zone, order);
	spin_unlock(&zone.lock);
	frame = frame_of(page);
	if (frame == NONE)
		return NONE;
	EXPECT_EQ(page->state_order, STATE_ORDER(PAGE_TAIL, 0));
	hold(frame, order);
	page->state_order = STATE_ORDER(PAGE_USED, order);
	return frame;
}

/* For the setup of a test: the frames are in use, as one block. */
static inline void use(unsigned frame, unsigned order)
{
	model_hold(frame, order);
	block[frame].state_order = STATE_ORDER(PAGE_USED, order);
}

static inline void give(int frame, unsigned order)
{
	spin_lock(&zone.lock);
	buddy_free_locked(&zone, &block[frame], order);
	spin_unlock(&zone.lock);
	model_set((unsigned)frame, 1u << order, true);
}

static inline void give_run(unsigned frame, unsigned nr)
{
	for (unsigned i = frame; i < frame + nr; i++)
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	spin_lock(&zone.lock);
	buddy_free_run_locked(&zone, &block[frame], nr);
	spin_unlock(&zone.lock);
	model_set(frame, nr, true);
}

/* ---- what the entries and the lists must say ---------------------------- */

static inline uint16_t expected_entry(unsigned frame)
{
	if (model_order[frame] != NONE)
		return STATE_ORDER(PAGE_FREE, (unsigned)model_order[frame]);
	if (model_held[frame])
		return STATE_ORDER(PAGE_USED, model_held[frame] - 1u);
	return STATE_ORDER(PAGE_TAIL, 0);
}

static inline const char *state_name(uint16_t entry)
{
	static const char *const names[] = {
#define S(state, letter, what) [state] = #state,
		PAGE_STATES(S)
#undef S
	};

	return (entry & 0xff) < PAGE_NR_STATES ? names[entry & 0xff] : "?";
}

/* All entries and counts are those of the model; the lists obey their laws. */
#define EXPECT_MODEL()  expect_model(__FILE__, __LINE__)

static inline void expect_model(const char *file, int line)
{
	const char *law = NULL;
	unsigned wrong = 0;

	for (unsigned i = 0; i < FRAMES; i++) {
		uint16_t is = block[i].state_order;
		uint16_t must = expected_entry(i);

		if (is != must && wrong++ == 0)
			ktest_fail(file, line,
				   "the entry of frame %u says %s of order %u, expected %s of order %u",
				   i, state_name(is), is >> 8,
				   state_name(must), must >> 8);
	}
	if (zone.nr_free != model_nr_free())
		ktest_fail(file, line, "nr_free is %lu, expected %lu",
			   zone.nr_free, model_nr_free());
	if (wrong == 0)   /* or the lists may lead anywhere */
		law = kernel_buddy_check(&zone);
	if (law)
		ktest_fail(file, line, "%s", law);
}

/* ---- cost: which entries were written ----------------------------------- */

#define OLD_LINK  ((struct list_head *)(uintptr_t)0x5a5a5a5au)

static bool link_is_old[FRAMES];

/* Mark the links of all entries that are on no list. */
static inline void mark_links(void)
{
	for (unsigned i = 0; i < FRAMES; i++) {
		link_is_old[i] = model_order[i] == NONE;
		if (link_is_old[i])
			block[i].list.next = OLD_LINK;
	}
}

/* How many of these entries have been on a list since? */
static inline unsigned links_written(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FRAMES; i++)
		n += link_is_old[i] && block[i].list.next != OLD_LINK;
	return n;
}

/* ---- random frames ------------------------------------------------------ */

/* A zone with holes: blocks of random orders are in use. */
static inline void zone_open_random(struct rng *rng, unsigned blocks)
{
	zone_open_empty();
	for (unsigned i = 0; i < FRAMES; i++)
		model_free[i] = true;
	for (unsigned i = 0; i < blocks; i++) {
		unsigned order = rng_below(rng, 5);
		unsigned frame = ALIGN_DOWN(rng_below(rng, FRAMES),
					    1u << order);

		for (unsigned j = 0; j < 1u << order; j++)
			model_free[frame + j] = false;
	}
	for (unsigned i = 0, end; i < FRAMES; i = end) {
		for (end = i; end < FRAMES && model_free[end]; )
			end++;
		if (end > i) {
			spin_lock(&zone.lock);
			kernel_free_run(&zone, &block[i], end - i);
			spin_unlock(&zone.lock);
		}
		end += end == i;
	}
	model_update();
}
