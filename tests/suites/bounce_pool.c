// SPDX-License-Identifier: MIT
/*
 * bounce_pool.c (tests) - the pages that are kept for copies
 *
 * WHAT     Which run of the pool a copy gets, against a naive model. The
 *          checker of the pool: each of its laws is broken.
 */
#include "tests/suites/dma_test.h"

SUITE(bounce_pool, dma_check);

static struct fake_device dev;

/* ---- which run of the pool --------------------------------------------- */

#define LINE_PAGES  16u        /* 64 KiB */
#define HELD        24u
#define RUN_MAX     20u        /* more than a line */

static struct {
	struct page *first;
	uint32_t     nr;
	bool         used[256];
} model;

/* The lowest run, found the naive way; model.nr: there is none. */
static uint32_t model_run(uint32_t nr)
{
	for (uint32_t start = 0; start + nr <= model.nr; start++) {
		uint32_t in_line = page_to_pfn(model.first + start).v %
				   LINE_PAGES;
		uint32_t n = 0;

		if (nr <= LINE_PAGES && in_line + nr > LINE_PAGES)
			continue;
		while (n < nr && !model.used[start + n])
			n++;
		if (n == nr)
			return start;
	}
	return model.nr;
}

static void model_mark(const struct bounce *bounce, bool used)
{
	uint32_t start = (uint32_t)(bounce->pages - model.first);

	for (uint32_t i = 0; i < bounce->nr_pages; i++)
		model.used[start + i] = used;
}

/* The pool is all free: so its first page comes first. */
static void model_init(void)
{
	struct bounce_usage usage;
	struct bounce *bounce;

	bounce_pool_usage(&usage);
	if (!usage.nr)
		SKIP("needs a pool");
	REQUIRE(usage.free == usage.nr);
	fake_device_init(&dev, MASK_PCI, false);
	bounce = bounce_take(&dev.dma, 1);
	REQUIRE(bounce && bounce->from_pool);
	memset(&model, 0, sizeof(model));
	model.first = bounce->pages;
	model.nr = usage.nr;
	bounce_give(bounce);
}

static void give_one(struct bounce **bounce)
{
	if (*bounce && (*bounce)->from_pool)
		model_mark(*bounce, false);
	if (*bounce)
		bounce_give(*bounce);
	*bounce = NULL;
}

KTEST(bounce_pool, the_pool_gives_the_lowest_run_that_is_free)
{
	static struct bounce *held[HELD];
	struct bounce_usage usage;
	struct rng rng;

	model_init();
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 600; step++) {
		struct bounce **one = &held[rng_below(&rng, HELD)];
		uint32_t nr = 1 + rng_below(&rng, rng_below(&rng, 4) ? 3 :
							RUN_MAX);
		uint32_t want = model_run(nr);

		if (*one) {
			give_one(one);
			continue;
		}
		*one = bounce_take(&dev.dma, nr);
		if (want == model.nr) {
			EXPECT(!*one || !(*one)->from_pool);
			continue;
		}
		REQUIRE(*one && (*one)->from_pool);
		EXPECT_EQ((*one)->pages - model.first, want);
		model_mark(*one, true);
	}
	for (unsigned i = 0; i < HELD; i++)
		give_one(&held[i]);
	bounce_pool_usage(&usage);
	EXPECT_EQ(usage.free, usage.nr);
	fake_device_end(&dev);
}

KTEST(bounce_pool, all_of_the_pool_may_be_one_run)
{
	struct bounce_usage usage;
	struct bounce *bounce;

	model_init();
	bounce = bounce_take(&dev.dma, model.nr);
	REQUIRE(bounce);
	EXPECT(bounce->from_pool && bounce->pages == model.first);
	bounce_pool_usage(&usage);
	EXPECT_EQ(usage.free, bounce->from_pool ? 0 : usage.nr);
	bounce_give(bounce);
	bounce = bounce_take(&dev.dma, model.nr + 1);
	EXPECT(!bounce || !bounce->from_pool);
	if (bounce)
		bounce_give(bounce);
	fake_device_end(&dev);
}

/* ---- duties ------------------------------------------------------------ */

static void init_twice(void *arg)
{
	bounce_pool_init();
}

static void say_listed(const struct bounce *bounce, bool yes)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);

	bounce_pool_listed(bounce, yes);
	spin_unlock_irqrestore(&dma_lock, flags);
}

static void list_again(void *bounce)
{
	say_listed(bounce, true);
}

static void give_copy(void *bounce)
{
	struct bounce copy = *(struct bounce *)bounce;

	bounce_give(&copy);
}

static void take_too_large(void *arg)
{
	(void)!dma_alloc_lowmem(&dev.dma, GFP_KERNEL, MAX_ORDER + 1);
}

KTEST(bounce_pool, duties_are_checked)
{
	struct bounce *bounce;

	model_init();
	bounce = bounce_take(&dev.dma, 2);
	REQUIRE(bounce && bounce->from_pool);
	EXPECT_PANIC(init_twice, NULL, "call this once");
	EXPECT_PANIC(give_copy, bounce, "give what bounce_take() gave");
	EXPECT_PANIC(take_too_large, NULL, "an order up to MAX_ORDER");
	say_listed(bounce, true);
	EXPECT_PANIC(list_again, bounce, "list a bounce once");
	spin_lock_init(&dma_lock);   /* the panic has left it taken */
	say_listed(bounce, false);
	bounce_give(bounce);
	fake_device_end(&dev);
}

/* ---- the checker of the pool ------------------------------------------ */

static struct bounce *listed;  /* the only one of the tree that is checked */

/* Two pages of the pool, as if a mapping had them. */
static void list_one(void)
{
	fake_device_init(&dev, MASK_PCI, false);
	listed = bounce_take(&dev.dma, 2);
	REQUIRE(listed);
	if (!listed->from_pool) {
		bounce_give(listed);
		fake_device_end(&dev);
		SKIP("needs room in the pool");
	}
	say_listed(listed, true);
}

static void unlist(void)
{
	say_listed(listed, false);
	bounce_give(listed);
	fake_device_end(&dev);
}

static const char *check_listed(void)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct rb_root root = { 0 };
	const char *law;

	rb_link(&listed->rb, NULL, &root.node);
	rb_insert(&root, &listed->rb);
	law = bounce_pool_check(&root);
	spin_unlock_irqrestore(&dma_lock, flags);
	return law;
}

KTEST(bounce_pool, the_checker_of_the_pool_knows_each_law_of_a_bounce)
{
	struct bounce right;
	uint32_t line;

	list_one();
	EXPECT_NULL(check_listed());
	right = *listed;
	line = page_to_pfn(listed->pages).v % LINE_PAGES;
	/* One page fewer: a bit is set for nobody. One more has no bit. */
	listed->nr_pages = 1;
	EXPECT_STREQ(check_listed(),
		     "bounce_pool P1: a bounce has each page whose bit is set");
	listed->nr_pages = 3;
	EXPECT_STREQ(check_listed(),
		     "bounce_pool P1: the bit of a page that a bounce has is set");
	*listed = right;
	listed->pages++;
	EXPECT_LAW(check_listed(), "bounce_pool P2");
	*listed = right;
	listed->nr_pages = LINE_PAGES - line + 1;
	if (listed->nr_pages <= LINE_PAGES)
		EXPECT_LAW(check_listed(), "bounce_pool P4");
	*listed = right;
	listed->pages += LINE_PAGES - line - 1;
	EXPECT_LAW(check_listed(), "bounce_pool P4");
	*listed = right;
	dev.dma.mask = page_to_phys(listed->pages).v + 2 * PAGE_SIZE - 2;
	EXPECT_LAW(check_listed(), "bounce_pool P3");
	dev.dma.mask++;
	EXPECT_NULL(check_listed());
	unlist();
}

/* Its record keeps what it was: only the bits say that it has ended. */
KTEST(bounce_pool, the_checker_of_the_pool_finds_a_bounce_that_was_given_back)
{
	list_one();
	unlist();
	EXPECT_STREQ(check_listed(),
		     "bounce_pool P1: the bit of a page that a bounce has is set");
}
