// SPDX-License-Identifier: MIT
/*
 * kmalloc.c (suite) - memory by size
 */
#include "lib/align.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/slab/kmalloc.h"
#include "mm/slab/slab_impl.h"
#include "tests/ktest.h"

SUITE(kmalloc, slab_check);

static const uint16_t classes[] = {
#define C(size) size,
	KMALLOC_CLASSES(C)
#undef C
};

/* kmalloc() as it is when the compiler does not know the size. */
static void *alloc_by_size(size_t size, gfp_t gfp)
{
	return kmalloc_by_size(size, gfp);
}

/* ---- sizes ------------------------------------------------------------- */

static size_t smallest_class(size_t size)
{
	unsigned i = 0;

	while (classes[i] < size)
		i++;
	return classes[i];
}

KTEST(kmalloc, each_size_takes_the_smallest_class)
{
	for (size_t size = 1; size <= KMALLOC_CACHE_MAX;
	     size += size < 300 ? 1 : 61) {
		void *ptr = alloc_by_size(size, GFP_KERNEL);

		REQUIRE(ptr);
		EXPECT_EQ(ksize(ptr), smallest_class(size));
		kfree(ptr);
	}
}

KTEST(kmalloc, class_limits_are_exact)
{
	for (unsigned i = 0; i + 1 < ARRAY_SIZE(classes); i++) {
		void *at = alloc_by_size(classes[i], GFP_KERNEL);
		void *above = alloc_by_size(classes[i] + 1u, GFP_KERNEL);

		REQUIRE(at && above);
		EXPECT_EQ(ksize(at), classes[i]);
		EXPECT_EQ(ksize(above), classes[i + 1]);
		kfree(at);
		kfree(above);
	}
}

KTEST(kmalloc, constant_and_variable_sizes_agree)
{
#define C(size)                                                           \
	do {                                                              \
		void *a = kmalloc((size), GFP_KERNEL);                    \
		void *b = alloc_by_size((size), GFP_KERNEL);              \
									  \
		EXPECT(a && b);                                           \
		EXPECT_EQ(ksize(a), (size));                              \
		EXPECT(virt_to_page(a)->slab_cache ==                     \
		       virt_to_page(b)->slab_cache);                      \
		kfree(a);                                                 \
		kfree(b);                                                 \
	} while (0);
	KMALLOC_CLASSES(C)
#undef C
}

KTEST(kmalloc, powers_of_two_are_aligned_to_their_size)
{
	for (size_t size = 8; size <= 2 * KMALLOC_CACHE_MAX; size *= 2) {
		size_t align = MIN(size, (size_t)PAGE_SIZE);
		void *ptr[10];

		for (unsigned i = 0; i < ARRAY_SIZE(ptr); i++) {
			ptr[i] = alloc_by_size(size, GFP_KERNEL);
			REQUIRE(ptr[i]);
			EXPECT(IS_ALIGNED((uintptr_t)ptr[i], align));
		}
		for (unsigned i = 0; i < ARRAY_SIZE(ptr); i++)
			kfree(ptr[i]);
	}
}

KTEST(kmalloc, every_size_is_aligned_to_8)
{
	for (size_t size = 1; size <= 256; size++) {
		void *ptr = alloc_by_size(size, GFP_KERNEL);

		EXPECT(ptr && IS_ALIGNED((uintptr_t)ptr, 8));
		kfree(ptr);
	}
}

KTEST(kmalloc, size_zero_gives_null)
{
	EXPECT(!alloc_by_size(0, GFP_KERNEL));
	EXPECT(!kmalloc(0, GFP_KERNEL));
	EXPECT(!kzalloc(0, GFP_KERNEL));
}

KTEST(kmalloc, too_large_gives_null)
{
	EXPECT(!alloc_by_size(KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	EXPECT(!alloc_by_size((size_t)-1, GFP_KERNEL));
	EXPECT(!alloc_by_size((size_t)-4096, GFP_KERNEL));
}

KTEST(kmalloc, large_requests_take_whole_pages)
{
	static const struct {
		size_t size, gives;
	} cases[] = {
		{ KMALLOC_CACHE_MAX + 1, 16384 },
		{ 16384, 16384 },
		{ 16385, 32768 },
		{ 100000, 131072 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned long before = nr_free_pages();
		uint8_t *ptr = alloc_by_size(cases[i].size, GFP_KERNEL);

		REQUIRE(ptr);
		EXPECT_EQ(ksize(ptr), cases[i].gives);
		EXPECT_EQ(before - nr_free_pages(),
			  cases[i].gives / PAGE_SIZE);
		ptr[0] = 1;
		ptr[cases[i].gives - 1] = 1;
		kfree(ptr);
		EXPECT_EQ(nr_free_pages(), before);
	}
}

KTEST(kmalloc, largest_size_is_four_mib)
{
	void *ptr = alloc_by_size(KMALLOC_MAX_SIZE, GFP_KERNEL | GFP_NOWARN);

	if (!ptr)
		SKIP("no free block of 4 MiB");
	EXPECT_EQ(ksize(ptr), KMALLOC_MAX_SIZE);
	kfree(ptr);
}

KTEST(kmalloc, memory_is_physically_contiguous)
{
	size_t size = 50000;
	char *ptr = alloc_by_size(size, GFP_KERNEL);

	REQUIRE(ptr);
	for (size_t i = 0; i < size; i += 1000)
		EXPECT(phys_eq(virt_to_phys(ptr + i),
			       phys_add(virt_to_phys(ptr), i)));
	kfree(ptr);
}

KTEST(kmalloc, dma_memory_lies_below_16_mib)
{
	for (size_t size = 8; size <= 32768; size *= 2) {
		void *ptr = alloc_by_size(size, GFP_KERNEL | GFP_DMA);

		REQUIRE(ptr);
		EXPECT(virt_to_phys(ptr).v + size <= ZONE_DMA_END);
		kfree(ptr);
	}
	void *ptr = kmalloc(100, GFP_KERNEL | GFP_DMA);

	EXPECT(ptr && virt_to_phys(ptr).v < ZONE_DMA_END);
	kfree(ptr);
}

/* ---- zeroed ------------------------------------------------------------ */

static bool is_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

KTEST(kmalloc, kzalloc_clears_all_that_may_be_used)
{
	static const uint16_t sizes[] = { 1, 8, 63, 200, 5000, 9000 };

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint8_t *ptr = alloc_by_size(sizes[i], GFP_KERNEL);

		REQUIRE(ptr);
		memset(ptr, 0xff, ksize(ptr));
		kfree(ptr);
		ptr = kzalloc(sizes[i], GFP_KERNEL);
		REQUIRE(ptr);
		EXPECT(is_zero(ptr, ksize(ptr)));
		kfree(ptr);
	}
}

KTEST(kmalloc, kcalloc_multiplies_and_clears)
{
	uint8_t *ptr = kcalloc(7, 9, GFP_KERNEL);

	REQUIRE(ptr);
	EXPECT_EQ(ksize(ptr), 64);
	EXPECT(is_zero(ptr, 63));
	kfree(ptr);
}

KTEST(kmalloc, kcalloc_refuses_overflow)
{
	size_t half = (size_t)1 << (4 * sizeof(size_t));

	EXPECT(!kcalloc(half, half, GFP_KERNEL));
	EXPECT(!kcalloc((size_t)-1, 2, GFP_KERNEL));
	EXPECT(!kcalloc(0, 10, GFP_KERNEL));
	EXPECT(!kcalloc(10, 0, GFP_KERNEL));
}

/* ---- krealloc ---------------------------------------------------------- */

KTEST(kmalloc, krealloc_stays_while_there_is_room)
{
	void *ptr = alloc_by_size(65, GFP_KERNEL);

	REQUIRE(ptr);
	EXPECT(krealloc(ptr, 96, GFP_KERNEL) == ptr);
	EXPECT(krealloc(ptr, 1, GFP_KERNEL) == ptr);
	kfree(ptr);
}

KTEST(kmalloc, krealloc_keeps_the_contents_when_it_moves)
{
	size_t size = 8;
	uint8_t *ptr = alloc_by_size(size, GFP_KERNEL);

	REQUIRE(ptr);
	memset(ptr, 0xa7, size);
	for (; size < 40000; size *= 2) {
		ptr = krealloc(ptr, 2 * size, GFP_KERNEL);
		REQUIRE(ptr);
		for (size_t i = 0; i < size; i++)
			REQUIRE(ptr[i] == 0xa7);
		memset(ptr, 0xa7, 2 * size);
	}
	kfree(ptr);
}

KTEST(kmalloc, krealloc_of_null_allocates)
{
	void *ptr = krealloc(NULL, 100, GFP_KERNEL);

	EXPECT(ptr && ksize(ptr) == 128);
	kfree(ptr);
}

KTEST(kmalloc, krealloc_to_zero_frees)
{
	struct kmem_cache *cache;
	unsigned long used;
	void *ptr = alloc_by_size(96, GFP_KERNEL);

	REQUIRE(ptr);
	cache = virt_to_page(ptr)->slab_cache;
	used = kmem_cache_used(cache);
	EXPECT(!krealloc(ptr, 0, GFP_KERNEL));
	EXPECT_EQ(kmem_cache_used(cache), used - 1);
}

KTEST(kmalloc, failed_krealloc_keeps_the_old_memory)
{
	uint8_t *ptr = alloc_by_size(64, GFP_KERNEL);

	REQUIRE(ptr);
	ptr[63] = 9;
	failpoint_arm(1);
	EXPECT(!krealloc(ptr, 1000, GFP_KERNEL));
	EXPECT(failpoint_disarm());
	EXPECT_EQ(ptr[63], 9);
	EXPECT(!krealloc(ptr, KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	kfree(ptr);
}

/* ---- misuse ------------------------------------------------------------ */

static void free_it(void *ptr)
{
	kfree(ptr);
}

static void ask_size(void *ptr)
{
	(void)ksize(ptr);
}

KTEST(kmalloc, null_may_be_freed)
{
	kfree(NULL);
}

KTEST(kmalloc, pages_of_the_page_allocator_are_caught)
{
	void *page = get_free_pages(GFP_KERNEL, 1);

	REQUIRE(page);
	EXPECT_PANIC(free_it, page, "was not given by kmalloc()");
	EXPECT_PANIC(ask_size, page, "was not given by kmalloc()");
	put_free_pages(page, 1);
}

KTEST(kmalloc, large_block_freed_twice_is_caught)
{
	void *ptr = alloc_by_size(20000, GFP_KERNEL);

	REQUIRE(ptr);
	kfree(ptr);
	EXPECT_PANIC(free_it, ptr, "or freed before");
}

/* The page allocator gives the block of a kmalloc() to somebody else. */
KTEST(kmalloc, a_block_that_has_another_owner_now_is_caught)
{
	void *ptr = alloc_by_size(4 * PAGE_SIZE, GFP_KERNEL);
	struct page *page;

	REQUIRE(ptr);
	kfree(ptr);
	page = alloc_pages(GFP_KERNEL, 2);
	REQUIRE(page);
	if (page_address(page) == ptr)
		EXPECT_PANIC(free_it, ptr, "was not given by kmalloc()");
	free_pages(page, 2);
}

KTEST(kmalloc, pointer_into_a_large_block_is_caught)
{
	char *ptr = alloc_by_size(20000, GFP_KERNEL);

	REQUIRE(ptr);
	EXPECT_PANIC(free_it, ptr + 8, "was not given by kmalloc()");
	EXPECT_PANIC(free_it, ptr + PAGE_SIZE, "was not given by kmalloc()");
	kfree(ptr);
}

KTEST(kmalloc, address_outside_lowmem_is_caught)
{
	EXPECT_PANIC(free_it, kva_to_ptr(VMALLOC_END - PAGE_SIZE),
		     "is not an address in lowmem");
	EXPECT_PANIC(free_it, kva_to_ptr(USER_BASE),
		     "is not an address in lowmem");
	EXPECT_PANIC(ask_size, NULL, "is not an address in lowmem");
}

/* A frame of lowmem in a block that was never used; not its first frame. */
static struct page *find_virgin(void)
{
	for (pfn_t pfn = PFN(0); pfn.v < max_low_pfn.v;
	     pfn = pageblock_next(pfn))
		if (pageblock_state(pfn) == PAGEBLOCK_VIRGIN)
			return pfn_to_page(pfn_add(pfn, 5));
	return NULL;
}

/* The entry of such a frame may hold anything. Here it looks like a slab's. */
KTEST(kmalloc, pointer_into_memory_that_nobody_had_is_caught)
{
	static const char text[] = "was not given by kmalloc()";
	struct page *page = find_virgin();
	void *object = alloc_by_size(64, GFP_KERNEL);
	struct slab_object_info info;

	REQUIRE(object);
	if (!page) {
		kfree(object);
		SKIP("needs a 4 MiB block that nobody used yet");
	}
	*page = *virt_to_page(object);
	EXPECT_PANIC(ask_size, page_address(page), text);
	EXPECT(!slab_find_object(page_address(page), &info));
	/* In a release kernel kfree() does not look at the block. */
	if (CONFIG_DEBUG)
		EXPECT_PANIC(free_it, page_address(page), text);
	page->state = PAGE_TAIL;
	EXPECT_PANIC(free_it, page_address(page), text);
	kfree(object);
}

/* kfree() may find the mistake, or the flush of the magazine. */
static void free_and_shrink(void *ptr)
{
	struct kmem_cache *cache = virt_to_page(ptr)->slab_cache;

	kfree(ptr);
	(void)kmem_cache_shrink(cache);
}

KTEST(kmalloc, object_freed_twice_is_caught)
{
	void *keep = kmalloc(40, GFP_KERNEL);
	void *ptr = kmalloc(40, GFP_KERNEL);

	REQUIRE(keep && ptr);
	kfree(ptr);
	EXPECT_PANIC(free_and_shrink, ptr, "double free of object");
	kfree(keep);
	EXPECT_NULL(slab_check());
}

KTEST(kmalloc, pointer_into_an_object_is_caught)
{
	char *ptr = kmalloc(40, GFP_KERNEL);

	REQUIRE(ptr);
	EXPECT_PANIC(free_and_shrink, ptr + 8, "not the start of an object");
	kfree(ptr);
}

/* ---- failure, random --------------------------------------------------- */

static bool try_kmalloc(void *size)
{
	void *ptr = kmalloc((size_t)size, GFP_KERNEL);

	kfree(ptr);
	return ptr != NULL;
}

static bool try_krealloc(void *arg)
{
	void *ptr = kmalloc(100, GFP_KERNEL);
	void *moved;

	if (!ptr)
		return false;
	moved = krealloc(ptr, 10000, GFP_KERNEL);
	kfree(moved ? moved : ptr);
	return moved != NULL;
}

KTEST(kmalloc, failure_of_each_allocation_is_survived)
{
	EXPECT(ktest_each_failure(try_kmalloc, (void *)64) >= 1);
	EXPECT(ktest_each_failure(try_kmalloc, (void *)2048) >= 1);
	EXPECT(ktest_each_failure(try_kmalloc, (void *)20000) >= 2);
	EXPECT(ktest_each_failure(try_krealloc, NULL) >= 2);
	EXPECT_NULL(slab_check());
}

/* One allocation, and what was written to all of it. */
struct model {
	uint8_t *ptr;
	size_t   size;
	uint8_t  pattern;
};

/* Most are small; a few are pages. */
static size_t random_size(struct rng *rng)
{
	return 1 + rng_below(rng, 1u << (3 + rng_below(rng, 12)));
}

static bool pattern_holds(const struct model *m)
{
	for (size_t i = 0; i < m->size; i++)
		if (m->ptr[i] != m->pattern)
			return false;
	return true;
}

static void random_step(struct rng *rng, struct model *m)
{
	if (m->ptr && rng_below(rng, 4)) {
		EXPECT(pattern_holds(m));
		kfree(m->ptr);
		m->ptr = NULL;
		return;
	}
	if (m->ptr) {
		size_t size = random_size(rng);

		m->ptr = krealloc(m->ptr, size, GFP_KERNEL);
		REQUIRE(m->ptr);
		m->size = MIN(m->size, size);
		EXPECT(pattern_holds(m));
		return;
	}
	m->size = random_size(rng);
	m->pattern = (uint8_t)rng_next(rng);
	m->ptr = alloc_by_size(m->size, GFP_KERNEL);
	REQUIRE(m->ptr);
	EXPECT(ksize(m->ptr) >= m->size);
	memset(m->ptr, m->pattern, m->size);
}

KTEST(kmalloc, random_operations_match_a_naive_model)
{
	static struct model models[200];
	struct rng rng;

	rng_init(&rng, ktest_seed());
	memset(models, 0, sizeof(models));
	for (unsigned i = 0; i < 4000; i++) {
		random_step(&rng,
			    &models[rng_below(&rng, ARRAY_SIZE(models))]);
		if (i % 500 == 0)
			EXPECT_NULL(slab_check());
	}
	for (unsigned i = 0; i < ARRAY_SIZE(models); i++) {
		if (models[i].ptr)
			EXPECT(pattern_holds(&models[i]));
		kfree(models[i].ptr);
	}
}
