// SPDX-License-Identifier: MIT
/*
 * checkers.c (tests) - a check that fails means that something is broken
 *
 * WHAT     Threads work in every allocator. The tick stops them anywhere in
 *          the middle of an operation; then all checkers run. The state in the
 *          middle is no fault, and a checker that reports a fault fails here.
 *          Some of these states are also built by hand: an area that is being
 *          filled, a bounce that is being copied.
 */
#include "kernel/trial/laws.h"
#include "lib/align.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/suites/dma_test.h"
#include "tests/suites/vm_test.h"
#include "tests/threads.h"

#include <arch/pgtable_check.h>

#include "mm/account/account.h"
#include "mm/kva/vm_area.h"
#include "mm/page/shrinker.h"
#include "mm/slab/kmalloc.h"

SUITE(checkers, laws_check_all);

#define CHECKS          50u
#define PRIORITY_WORK   PRIORITY_SERVER   /* below the thread that checks */
#define DEVICE          PHYS(0xfec00000)  /* never RAM on a PC            */
#define HELD            8u

static bool stop;
static unsigned before;

/* ---- what the threads do ------------------------------------------------- */

static void work_vmalloc(struct rng *rng)
{
	size_t size = (1 + rng_below(rng, 300)) * PAGE_SIZE;
	char *ptr = vmalloc(size);

	if (!ptr)
		return;
	ptr[size - 1] = 1;
	vfree(ptr);
	if (rng_below(rng, 8) == 0)
		vmalloc_purge();
}

static void work_ioremap(struct rng *rng)
{
	void *ptr = ioremap(DEVICE, (1 + rng_below(rng, 20)) * PAGE_SIZE);

	iounmap(ptr);
}

static void work_slab(struct rng *rng)
{
	void *held[HELD];

	for (unsigned i = 0; i < HELD; i++)
		held[i] = kmalloc(8 + rng_below(rng, 5000), GFP_KERNEL);
	for (unsigned i = 0; i < HELD; i++)
		kfree(held[i]);
	if (rng_below(rng, 64) == 0)
		shrink_all();
}

static void work_cache(struct rng *rng)
{
	struct kmem_cache *cache = kmem_cache_create("short-lived", 40, 0, 0,
						     NULL);
	void *object = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;

	if (object)
		kmem_cache_free(cache, object);
	if (cache)
		EXPECT_EQ(kmem_cache_destroy(cache), 0);
}

static void work_pages(struct rng *rng)
{
	struct page *held[HELD];
	unsigned order[HELD];

	for (unsigned i = 0; i < HELD; i++) {
		order[i] = rng_below(rng, 5);
		held[i] = alloc_pages(rng_below(rng, 2) ? GFP_KERNEL
							: GFP_HIGHUSER,
				      order[i]);
	}
	for (unsigned i = 0; i < HELD; i++)
		if (held[i])
			free_pages(held[i], order[i]);
}

static void work_kmap(struct rng *rng)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (!page)
		return;
	*(char *)kmap(page) = 1;
	kunmap(page);
	free_page(page);
}

static struct fake_device device;

static void work_bounce(struct rng *rng)
{
	size_t size = (1 + rng_below(rng, 16)) * PAGE_SIZE - 77;
	unsigned order = ilog2_up(dma_nr_pages(0, size));
	struct page *page = alloc_pages(GFP_HIGHUSER, order);
	bus_addr_t bus;

	if (!page)
		return;
	bus = dma_map_page(&device.dma, page, 0, size, DMA_BIDIRECTIONAL);
	if (!dma_mapping_error(bus))
		dma_unmap_page(&device.dma, bus, size, DMA_BIDIRECTIONAL);
	free_pages(page, order);
}

static struct fake_device translated;

static void work_iommu(struct rng *rng)
{
	size_t size = (1 + rng_below(rng, 16)) * PAGE_SIZE;
	unsigned order = ilog2_up(dma_nr_pages(0, size));
	struct page *page = alloc_pages(GFP_HIGHUSER, order);
	bus_addr_t bus;

	if (!page)
		return;
	bus = dma_map_page(&translated.dma, page, 0, size, DMA_BIDIRECTIONAL);
	if (!dma_mapping_error(bus))
		dma_unmap_page(&translated.dma, bus, size, DMA_BIDIRECTIONAL);
	free_pages(page, order);
}

static void work_areas(struct rng *rng)
{
	struct mm *mm, *child;

	if (mm_create(&mm))
		return;
	mm_mmap(mm, UADDR(AT(0)), PAGES(100), PROT_RW, ANON_FIXED);
	mm_mmap(mm, UADDR(AT(200)), PAGES(50), PROT_RW, SHARED_FIXED);
	for (unsigned i = 0; i < 40; i++) {
		touch(mm, AT(rng_below(rng, 100)), VM_WRITE);
		touch(mm, AT(200 + rng_below(rng, 50)), VM_WRITE);
	}
	if (!mm_fork(mm, &child)) {
		touch(child, AT(rng_below(rng, 100)), VM_WRITE);
		mm_mprotect(mm, UADDR(AT(10)), PAGES(20), PROT_READ);
		mm_put(child);
	}
	mm_mremap(mm, UADDR(AT(5)), PAGES(50), PAGES(60), MREMAP_MAYMOVE,
		  UADDR(0));
	mm_put(mm);
}

/* A child shares many pages with its parent: so its end takes long. */
static void work_ends(struct rng *rng)
{
	struct mm *mm, *child;

	if (mm_create(&mm))
		return;
	mm_mmap(mm, UADDR(AT(0)), PAGES(1000), PROT_RW,
		ANON_FIXED | MAP_POPULATE);
	for (unsigned i = 0; i < 20; i++)
		if (!mm_fork(mm, &child))
			mm_put(child);
	mm_put(mm);
}

/* The limit of the top refuses some charges: they are taken back below. */
static void work_charges(struct rng *rng)
{
	struct account *top = account_create(NULL);
	struct account *middle = top ? account_create(top) : NULL;
	struct account *low = middle ? account_create(middle) : NULL;

	if (top)
		account_set_limit(top, ACCOUNT_ARRAYS, 1000);
	for (unsigned i = 0; low && i < 1000; i++)
		if (account_charge(low, ACCOUNT_ARRAYS, 800 + i % 100))
			account_uncharge(low, ACCOUNT_ARRAYS, 800 + i % 100);
	account_put(low);
	account_put(middle);
	account_put(top);
}

static void nothing(void *arg)
{
}

static void work_threads(struct rng *rng)
{
	for (unsigned i = 0; i < HELD; i++)
		if (!thread_create("short-lived", PRIORITY_WORK, nothing,
				   NULL))
			break;
	thread_yield();
}

static unsigned nr_wrong;
static const char *law_broken;

/* One run of the checkers may be stopped in the middle of another. */
static void work_check(struct rng *rng)
{
	const char *law = laws_check_all();

	if (law) {
		law_broken = law;
		nr_wrong++;
	}
}

struct work {
	const char *name;
	void      (*once)(struct rng *rng);
	unsigned    times;
};

static struct work works[] = {
	{ "vmalloc", work_vmalloc, 0 }, { "ioremap", work_ioremap, 0 },
	{ "slab", work_slab, 0 },       { "cache", work_cache, 0 },
	{ "pages", work_pages, 0 },     { "kmap", work_kmap, 0 },
	{ "bounce", work_bounce, 0 },   { "iommu", work_iommu, 0 },
	{ "areas", work_areas, 0 },
	{ "ends", work_ends, 0 },       { "charges", work_charges, 0 },
	{ "threads", work_threads, 0 }, { "checks", work_check, 0 },
};

static void work(void *arg)
{
	struct work *work = arg;
	struct rng rng;

	rng_init(&rng, ktest_seed() + (uint32_t)(work - works));
	while (!READ_ONCE(stop)) {
		work->once(&rng);
		work->times++;
	}
}

/* ---- while others work --------------------------------------------------- */

static void start_works(void)
{
	fake_device_init(&device, MASK_ISA, false);
	fake_device_init(&translated, MASK_PCI, true);
	before = sched_nr_threads();
	nr_wrong = 0;
	law_broken = NULL;
	stop = false;
	for (unsigned i = 0; i < ARRAY_SIZE(works); i++) {
		works[i].times = 0;
		start(works[i].name, PRIORITY_WORK, work, &works[i]);
	}
}

static void end_works(void)
{
	WRITE_ONCE(stop, true);
	all_gone(before);
	fake_device_end(&device);
	fake_device_end(&translated);
}

static bool all_have_run(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(works); i++)
		if (!works[i].times)
			return false;
	return true;
}

static bool is_enough(unsigned checks)
{
	return nr_wrong || checks >= PATIENCE_TICKS ||
	       (checks >= CHECKS && all_have_run());
}

/* At each tick, this thread stops all others, wherever they are. */
KTEST_KEEPS(checkers, they_are_true_while_others_are_in_the_middle)
{
	start_works();
	for (unsigned i = 0; !is_enough(i); i++) {
		thread_sleep_ns(NS_PER_TICK);
		work_check(NULL);
	}
	end_works();
	EXPECT(nr_wrong || all_have_run());
	EXPECT_NULL(law_broken);
}

/* ---- what a row stops ---------------------------------------------------- */

#define LOOKED_AROUND  "what a row says is handed on"

static uint32_t depth_inside;
static bool irqs_inside;

static const char *look_around(void)
{
	depth_inside = preempt_depth();
	irqs_inside = !irqs_disabled();
	return LOOKED_AROUND;
}

KTEST(checkers, what_a_row_stops_goes_on_behind_it)
{
	struct laws row = { "test", look_around, STOPS_ITSELF };
	uint32_t depth = preempt_depth();

	EXPECT_STREQ(laws_check(&row), LOOKED_AROUND);
	EXPECT(depth_inside == depth && irqs_inside);
	row.stops = STOPS_THREADS;
	EXPECT_STREQ(laws_check(&row), LOOKED_AROUND);
	EXPECT(depth_inside > depth && preempt_depth() == depth);
	EXPECT(irqs_inside);
	row.stops = STOPS_INTERRUPTS;
	EXPECT_STREQ(laws_check(&row), LOOKED_AROUND);
	EXPECT(!irqs_inside && !irqs_disabled());
}

/* ---- by hand ------------------------------------------------------------- */

KTEST_KEEPS(checkers, an_area_that_is_being_filled_is_no_fault)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	struct vm_area *area;
	int err;

	REQUIRE(page);
	area = vm_area_create(4, VM_MAP, NULL, &err);
	REQUIRE(area);
	kpt_map_pages(vm_area_start(area), &page, 1, KPROT_RW);
	EXPECT_NULL(laws_check_all());
	kpt_retire(vm_area_start(area), 1);
	EXPECT_NULL(laws_check_all());
	/* A mapped guard page is a fault even now. */
	kpt_map_pages(vm_area_guard(area), &page, 1, KPROT_RW);
	EXPECT(pgtable_check() != NULL);
	kpt_unmap(vm_area_guard(area), 1);
	vm_area_unmap(area);
	free_page(page);
}

static void say_listed(const struct bounce *bounce, bool listed)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);

	bounce_pool_listed(bounce, listed);
	spin_unlock_irqrestore(&dma_lock, flags);
}

KTEST(checkers, a_bounce_that_is_being_copied_is_no_fault)
{
	struct bounce *bounce;

	fake_device_init(&device, MASK_ISA, false);
	bounce = bounce_take(&device.dma, 2);
	REQUIRE(bounce);
	if (!bounce->from_pool) {
		bounce_give(bounce);
		fake_device_end(&device);
		SKIP("needs room in the pool");
	}
	EXPECT_NULL(laws_check_all());
	/* Bits of the pool are set, but no bounce has them: a fault. */
	say_listed(bounce, true);
	EXPECT(dma_check() != NULL);
	say_listed(bounce, false);
	bounce_give(bounce);
	EXPECT_NULL(dma_check());
	fake_device_end(&device);
}
