// SPDX-License-Identifier: MIT
/*
 * slab_texts.c (host suite) - what caches and pools write into the log
 *
 * NOT HERE pictures of slabs that are in use, slabinfo (dumps.c).
 */
#include <stdio.h>

#include "lib/errno.h"
#include "lib/failpoint.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/mempool.h"
#include "mm/slab/slab_impl.h"
#include "tests/host/log_lines.h"

SUITE(slab_texts, slab_check);

static struct kmem_cache *cache;
static void *held[3];

static void set_up(size_t size, unsigned flags)
{
	cache = kmem_cache_create("test-texts", size, 0, flags, NULL);
	REQUIRE(cache);
}

static void alloc_all(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(held); i++) {
		held[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		REQUIRE(held[i]);
	}
}

static void free_all(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(held); i++)
		kmem_cache_free(cache, held[i]);
}

static void tear_down(void)
{
	EXPECT_EQ(kmem_cache_destroy(cache), 0);
}

/* ---- refusals ------------------------------------------------------------ */

KTEST(slab_texts, a_cache_that_cannot_be_made_is_named_with_the_reason)
{
	static const struct {
		const char *name;
		size_t      size, align;
		unsigned    flags;
		const char *words;
	} cases[] = {
		{ NULL, 8, 0, 0, "'': no name" },
		{ "", 8, 0, 0, "'': no name" },
		{ "test", 0, 0, 0, "'test': size out of range" },
		{ "test", SLAB_MAX_SIZE + 1, 0, 0, "'test': size out of range" },
		{ "test", 8, 3, 0,
		  "'test': alignment is no power of two up to a page" },
		{ "test", 8, 2 * PAGE_SIZE, 0,
		  "'test': alignment is no power of two up to a page" },
		{ "test", 8, 0, 0x10, "'test': unknown flag" },
		{ "test", 8, 0, 0, "'test': no memory" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin();
		failpoint_arm(1);   /* only the last one comes so far */
		EXPECT(!kmem_cache_create(cases[i].name, cases[i].size,
					  cases[i].align, cases[i].flags,
					  NULL));
		EXPECT_EQ(failpoint_disarm(), i + 1 == ARRAY_SIZE(cases));
		end();
		EXPECT_STREQ(line_with("slab: cannot create cache ") +
			     strlen("slab: cannot create cache "),
			     cases[i].words);
		EXPECT(!line());
	}
}

/* A line for each object that is held, in any order; then one with the sum. */
static void expect_leaks(const char *behind)
{
	bool seen[ARRAY_SIZE(held)] = { false };

	alloc_all();
	begin();
	EXPECT_EQ(kmem_cache_destroy(cache), -EBUSY);
	end();
	for (unsigned n = 0; n < ARRAY_SIZE(held); n++) {
		unsigned long address;
		const char *l = line();
		int read = 0;

		REQUIRE(l && sscanf(l, "slab: cache 'test-texts': leaked object"
				    " 0x%lx%n", &address, &read) == 1);
		EXPECT(!strncmp(l + read, behind, strlen(behind)));
		EXPECT_EQ(!l[read], !*behind);
		for (unsigned i = 0; i < ARRAY_SIZE(held); i++)
			seen[i] |= (unsigned long)held[i] == address;
	}
	EXPECT(seen[0] && seen[1] && seen[2]);
	EXPECT_STREQ(line(), "slab: cache 'test-texts' not destroyed: 3 objects"
		     " in use");
	EXPECT(!line());
	free_all();
}

KTEST(slab_texts, each_object_that_is_left_has_a_line)
{
	set_up(64, 0);
	expect_leaks(CONFIG_DEBUG ? ", allocated by " : "");
	tear_down();
	set_up(64, SLAB_DEBUG);
	expect_leaks(", allocated by ");
	tear_down();
}

KTEST(slab_texts, a_pool_with_elements_outside_is_named)
{
	struct mempool *pool = mempool_create_kmalloc_pool(2, 100);
	void *element;
	unsigned n = 0;

	REQUIRE(pool);
	element = mempool_alloc(pool, GFP_KERNEL);
	REQUIRE(element);
	begin();
	EXPECT_EQ(mempool_destroy(pool), -EBUSY);
	end();
	REQUIRE(sscanf(line_with("mempool: pool 0x"), "mempool: pool 0x%*x not "
		       "destroyed: %u elements in use", &n) == 1);
	EXPECT_EQ(n, 1);
	mempool_free(pool, element);
	EXPECT_EQ(mempool_destroy(pool), 0);
}

/* ---- what is broken ------------------------------------------------------ */

KTEST(slab_texts, a_broken_cache_is_named_with_the_law)
{
	const char *law;

	set_up(64, 0);
	cache->taken++;
	begin();
	law = slab_check();
	end();
	cache->taken--;
	REQUIRE(law);
	EXPECT_STREQ(line_with("slab: cache 'test-texts' is broken: ") +
		     strlen("slab: cache 'test-texts' is broken: "), law);
	EXPECT(!line());
	tear_down();
}

static void free_and_shrink(void *object)
{
	kmem_cache_free(cache, object);
	(void)kmem_cache_shrink(cache);
}

KTEST(slab_texts, a_bad_free_that_is_found_late_says_so)
{
	if (CONFIG_DEBUG)
		SKIP("a debug build finds it at once");
	set_up(64, 0);
	alloc_all();
	begin();
	EXPECT_PANIC(free_and_shrink, (char *)held[0] + 1, "not the start");
	end();
	EXPECT(line_with("slab: found when a magazine of cache 'test-texts'"));
	free_all();
	tear_down();
}

/* ---- pictures of fresh slabs --------------------------------------------- */

/* A slab of so many bytes for each object; all are free, in order. */
static void set_up_fresh(size_t size)
{
	if (CONFIG_DEBUG)
		SKIP("in a debug build each cache has SLAB_DEBUG");
	set_up(size, 0);
	REQUIRE(slab_grow(cache, GFP_KERNEL));
}

static unsigned count_dots(const char *text)
{
	unsigned n = 0;

	while (text[n] == '.')
		n++;
	return n;
}

/* The numbers from 0 on, as many as there are objects, up to 40. */
KTEST(slab_texts, a_line_shows_forty_objects_and_their_chain)
{
	static const size_t sizes[] = { 8, 64, 2000 };

	for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
		char chain[256] = "", map[64] = "";
		const char *at = chain;
		unsigned shown;

		set_up_fresh(sizes[s]);
		shown = MIN(cache->per_slab, 40);
		begin();
		slab_lines_dump(cache);
		end();
		REQUIRE(sscanf(line_with("slab\t"), "slab\t%*x\t%*u\t"
			       "%255[0-9,]\t%63s", chain, map) == 2);
		EXPECT_EQ(strlen(map), shown);
		EXPECT_EQ(count_dots(map), shown);
		for (unsigned i = 0; i < shown; i++) {
			char *behind;

			EXPECT_EQ(strtoul(at, &behind, 10), i);
			EXPECT_EQ(*behind, i + 1 < shown ? ',' : '\0');
			at = behind + (*behind == ',');
		}
		EXPECT(!line());
		tear_down();
	}
}

/* A hundred of them, and then dots; a slab that is shown whole has its end. */
KTEST(slab_texts, a_picture_says_whether_it_is_whole)
{
	static const size_t sizes[] = { 8, 2000 };

	for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
		unsigned shown, taken, all;
		const char *l;

		set_up_fresh(sizes[s]);
		shown = MIN(cache->per_slab, 100);
		begin();
		kmem_cache_dump(cache);
		end();
		EXPECT(line_with("empty slabs:"));
		l = line();
		REQUIRE(l && sscanf(l, " 0x%*x %u of %u taken", &taken, &all)
			== 2);
		EXPECT(taken == 0 && all == cache->per_slab);
		l = strchr(l, '[');
		REQUIRE(l);
		EXPECT_EQ(count_dots(l + 1), shown == all ? all : shown + 3);
		EXPECT_STREQ(l + 1 + count_dots(l + 1),
			     shown == all ? "]" : "");
		EXPECT(!line());
		tear_down();
	}
}
