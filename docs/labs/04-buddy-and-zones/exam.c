// SPDX-License-Identifier: MIT
/*
 * exam.c - the exam of the lab: data of a random run
 *
 * WHAT     Runs several hundred random operations and prints what came out, as
 *          lines of words with tabs. It gives no verdict. exam.py, in the
 *          process of the grader, computes the same lines from the same seed.
 *
 * PICTURE    exam  n  take     order frame      nr_free free_orders
 *            exam  n  give     order frame      nr_free free_orders
 *            exam  n  run      order frame cut  nr_free free_orders
 *            exam  n  list     order frame ...  (first 12 of a free list)
 *            exam  n  refill   order floor count frame ...
 *            exam  n  half     nr_free free_orders count frame ...
 *            exam  n  drain    nr_free free_orders count
 *            exam  n  ask      gfp order frame  nr_free of the three zones
 *            exam  n  marks    min low high of each zone, three reserves
 *            exam  n  lists    zones of each list, zones of the fast path
 *
 *          A frame is a number in the block of 4 MiB; -1 means none.
 */
#include "mm/page/watermark.h"

#include "docs/labs/04-buddy-and-zones/suites/model.h"
#include "kernel/diag/console.h"
#include "lib/printf.h"

SUITE(exam_buddy, NULL);

#define HELD_MAX  120
#define NR        MAX_NR_ZONES

static struct rng rng;
static unsigned line;
static char text[400];
static size_t text_len;

/* ---- lines -------------------------------------------------------------- */

static void text_add(int number)
{
	text_len += (size_t)scnprintf(text + text_len, sizeof(text) - text_len,
				      "\t%d", number);
}

static void text_print(const char *what)
{
	console_printf("exam\t%u\t%s%s\n", line++, what, text);
	text_len = 0;
	text[0] = '\0';
}

static void text_add_zone(void)
{
	text_add((int)zone.nr_free);
	text_add((int)zone.free_orders);
}

static void print_list(unsigned order)
{
	struct list_head *link = zone.free[order].next;

	text_add((int)order);
	for (unsigned i = 0; i < 12 && link != &zone.free[order]; i++) {
		text_add(frame_of(list_entry(link, struct page, list)));
		link = link->next;
	}
	text_print("list");
}

static void add_blocks(const struct pcp_list *pcp)
{
	text_add((int)pcp->count);
	for (unsigned i = 0; i < pcp->count && i < 64; i++)
		text_add(frame_of(pcp->blocks[i]));
}

/* ---- splitting and merging ---------------------------------------------- */

static struct { int frame; unsigned order; } held[HELD_MAX];
static unsigned nr_held;

static int exam_take(unsigned order)
{
	struct page *page;

	spin_lock(&zone.lock);
	page = buddy_alloc_locked(&zone, order);
	spin_unlock(&zone.lock);
	if (page)
		page->state_order = STATE_ORDER(PAGE_USED, order);
	return frame_of(page);
}

static void exam_run(unsigned frame, unsigned nr)
{
	spin_lock(&zone.lock);
	buddy_free_run_locked(&zone, &block[frame], nr);
	spin_unlock(&zone.lock);
}

static void step_take(void)
{
	unsigned limit = rng_below(&rng, 8) + 1;
	unsigned order = rng_below(&rng, limit);
	int frame = exam_take(order);

	if (frame != NONE) {
		held[nr_held].frame = frame;
		held[nr_held++].order = order;
	}
	text_add((int)order);
	text_add(frame);
	text_add_zone();
	text_print("take");
}

static void step_give(void)
{
	unsigned i = rng_below(&rng, nr_held);
	unsigned order = held[i].order;
	int frame = held[i].frame;

	spin_lock(&zone.lock);
	buddy_free_locked(&zone, &block[frame], order);
	spin_unlock(&zone.lock);
	held[i] = held[--nr_held];
	text_add((int)order);
	text_add(frame);
	text_add_zone();
	text_print("give");
}

/* Take a block, and give it back as two runs, the upper one first. */
static void step_run(void)
{
	unsigned order = 2 + rng_below(&rng, 5);
	unsigned cut = 1 + rng_below(&rng, (1u << order) - 1);
	int frame = exam_take(order);

	if (frame != NONE) {
		block[frame].state_order = STATE_ORDER(PAGE_TAIL, 0);
		exam_run((unsigned)frame + cut, (1u << order) - cut);
		exam_run((unsigned)frame, cut);
	}
	text_add((int)order);
	text_add(frame);
	text_add((int)cut);
	text_add_zone();
	text_print("run");
}

static void part_buddy(void)
{
	unsigned start = rng_below(&rng, 64);
	unsigned end = FRAMES - rng_below(&rng, 64);

	zone_open_empty();
	zone.start = pfn_add(page_to_pfn(block), start);
	zone.end = pfn_add(page_to_pfn(block), end);
	exam_run(start, end - start);
	nr_held = 0;
	for (unsigned i = 0; i < 300; i++) {
		unsigned what = rng_below(&rng, 8);

		if (what == 0)
			step_run();
		else if (nr_held == HELD_MAX || (nr_held > 0 && what < 4))
			step_give();
		else
			step_take();
		for (unsigned order = 0; i % 30 == 29 && order <= MAX_ORDER;
		     order++)
			print_list(order);
	}
	zone_close();
}

/* ---- lists of one CPU --------------------------------------------------- */

static struct page *rooms[NR][PCP_ORDERS][65];

static void lists_init(struct zone *of, unsigned number, unsigned batch)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++)
		*zone_pcp(of, order) = (struct pcp_list){
			.high = 64, .batch = batch,
			.blocks = rooms[number][order],
		};
}

static void step_refill(unsigned order)
{
	unsigned long floor = 0;
	irqflags_t flags;

	if (rng_below(&rng, 2))
		floor = rng_below(&rng, FRAMES);
	flags = irq_save();
	(void)pcp_refill(&zone, order, floor);
	irq_restore(flags);
	text_add((int)order);
	text_add((int)floor);
	add_blocks(zone_pcp(&zone, order));
	text_print("refill");
}

/* The list is full: half of it goes back, then all. */
static void step_drain(unsigned order)
{
	struct pcp_list *pcp = zone_pcp(&zone, order);
	irqflags_t flags;

	pcp->high = MAX(pcp->count, 1);
	flags = irq_save();
	pcp_make_room(&zone, order);
	irq_restore(flags);
	text_add_zone();
	add_blocks(pcp);
	text_print("half");
	flags = irq_save();
	(void)pcp_drain_zone(&zone);
	irq_restore(flags);
	text_add_zone();
	text_add((int)pcp->count);
	text_print("drain");
}

static void part_lists(void)
{
	for (unsigned i = 0; i < 40; i++) {
		unsigned holes = rng_below(&rng, 200);
		unsigned order, batch;

		zone_open_random(&rng, holes);
		order = rng_below(&rng, PCP_ORDERS);
		batch = 1 + rng_below(&rng, 64);
		lists_init(&zone, 0, batch);
		step_refill(order);
		step_drain(order);
		zone_close();
	}
}

/* ---- which zone serves -------------------------------------------------- */

static struct zone fake[NR];

static const struct { unsigned start, end; } spans[NR] = {
	{ 768, 900 }, { 512, 700 }, { 0, 400 },
};

static const gfp_t zone_gfp[NR] = { GFP_DMA, 0, GFP_HIGHMEM };

static void fake_init(unsigned i)
{
	struct zone *f = &fake[i];

	memset(f, 0, sizeof(*f));
	kernel_buddy_init(f);
	f->name = "exam";
	f->type = (enum zone_type)i;
	f->start = pfn_add(page_to_pfn(block), spans[i].start);
	f->end = pfn_add(page_to_pfn(block), spans[i].end);
	lists_init(f, i, 4);
	spin_lock(&f->lock);
	kernel_free_run(f, &block[spans[i].start],
			spans[i].end - spans[i].start);
	spin_unlock(&f->lock);
	f->min = rng_below(&rng, 60);
	f->low = f->min + rng_below(&rng, 20);
	f->high = f->low;
	for (unsigned j = i + 1; j < NR; j++)
		f->lowmem_reserve[j] = rng_below(&rng, 50);
}

static struct page *exam_ask(gfp_t gfp, unsigned order)
{
	static struct zone *lists[GFP_ZONES + 1][NR + 1];
	static struct zone *fast[GFP_FAST + 1];
	irqflags_t flags = irq_save();
	struct page *page;

	memcpy(lists, zonelists, sizeof(lists));
	memcpy(fast, fast_zones, sizeof(fast));
	for (gfp_t g = 0; g <= GFP_FAST; g++) {
		struct zone **next = zonelists[g & GFP_ZONES];

		for (int i = gfp_zone(g); i >= 0; i--)
			*next++ = &fake[i];
		*next = NULL;
		if (!(g & GFP_ZERO))
			fast_zones[g] = &fake[gfp_zone(g)];
	}
	page = alloc_pages(gfp | GFP_NOWARN, order);
	memcpy(zonelists, lists, sizeof(lists));
	memcpy(fast_zones, fast, sizeof(fast));
	irq_restore(flags);
	return page;
}

static void step_ask(void)
{
	gfp_t gfp = zone_gfp[rng_below(&rng, NR)];
	unsigned order;

	if (rng_below(&rng, 4) == 0)
		gfp |= GFP_HIGH;
	order = rng_below(&rng, 6);
	text_add((int)gfp);
	text_add((int)order);
	text_add(frame_of(exam_ask(gfp, order)));
	for (unsigned i = 0; i < NR; i++)
		text_add((int)fake[i].nr_free);
	text_print("ask");
}

static void part_zones(void)
{
	for (unsigned round = 0; round < 4; round++) {
		zone_open_empty();
		for (unsigned i = 0; i < NR; i++)
			fake_init(i);
		for (unsigned i = 0; i < 40; i++)
			step_ask();
		zone_close();
	}
}

/* ---- marks, reserves, lists of zones ------------------------------------ */

static void add_number_of(const struct zone *z)
{
	text_add(z >= zones && z < zones + NR ? (int)(z - zones) : NONE);
}

/* The result goes into the text; the kernel's own values are put back. */
static void exam_update(const unsigned long pages[NR], bool lists)
{
	static struct zone *old_lists[GFP_ZONES + 1][NR + 1];
	static struct zone *old_fast[GFP_FAST + 1];
	static struct {
		unsigned long managed, min, low, high, reserve[NR];
	} old[NR];
	irqflags_t flags = irq_save();

	memcpy(old_lists, zonelists, sizeof(old_lists));
	memcpy(old_fast, fast_zones, sizeof(old_fast));
	for (unsigned i = 0; i < NR; i++) {
		old[i].managed = zones[i].managed;
		old[i].min = zones[i].min;
		old[i].low = zones[i].low;
		old[i].high = zones[i].high;
		memcpy(old[i].reserve, zones[i].lowmem_reserve,
		       sizeof(old[i].reserve));
		zones[i].managed = pages[i];
		zones[i].min = zones[i].low = zones[i].high = 0;
	}
	watermarks_update();
	for (unsigned i = 0; !lists && i < NR; i++) {
		text_add((int)zones[i].min);
		text_add((int)zones[i].low);
		text_add((int)zones[i].high);
		for (unsigned j = i + 1; j < NR; j++)
			text_add((int)zones[i].lowmem_reserve[j]);
	}
	for (unsigned g = 0; lists && g <= GFP_ZONES; g++)
		for (unsigned n = 0; n <= NR; n++) {
			add_number_of(zonelists[g][n]);
			if (!zonelists[g][n])
				break;
		}
	for (unsigned g = 0; lists && g <= GFP_FAST; g++)
		add_number_of(fast_zones[g]);
	memcpy(zonelists, old_lists, sizeof(old_lists));
	memcpy(fast_zones, old_fast, sizeof(old_fast));
	for (unsigned i = 0; i < NR; i++) {
		zones[i].managed = old[i].managed;
		zones[i].min = old[i].min;
		zones[i].low = old[i].low;
		zones[i].high = old[i].high;
		memcpy(zones[i].lowmem_reserve, old[i].reserve,
		       sizeof(old[i].reserve));
	}
	irq_restore(flags);
}

static void part_marks(void)
{
	for (unsigned i = 0; i < 40; i++) {
		unsigned long pages[NR];

		pages[ZONE_DMA] = 1 + rng_below(&rng, 4096);
		pages[ZONE_NORMAL] = 0;
		pages[ZONE_HIGHMEM] = 0;
		if (rng_below(&rng, 4))
			pages[ZONE_NORMAL] = rng_below(&rng, 240000);
		if (rng_below(&rng, 3))
			pages[ZONE_HIGHMEM] = rng_below(&rng, 1000000);
		exam_update(pages, false);
		text_print("marks");
		exam_update(pages, true);
		text_print("lists");
	}
}

KTEST(exam_buddy, run)
{
	line = 0;
	text_len = 0;
	text[0] = '\0';
	rng_init(&rng, ktest_seed());
	part_buddy();
	part_lists();
	part_zones();
	part_marks();
}
