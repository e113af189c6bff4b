// SPDX-License-Identifier: MIT
/*
 * rangetree.c - ranges and gaps against an array of bytes
 *
 * ALGORITHM  The model is one byte for each number of a small address space:
 *          0 is free, any other value is the index of the range plus one.
 *          Each answer of the tree is compared with a walk over the bytes.
 */
#include "lib/rangetree.h"

#include "lib/align.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define MODEL_LO     0x1000u
#define MODEL_SIZE   1024u
#define MODEL_HI     (MODEL_LO + MODEL_SIZE)
#define MODEL_NODES  64u
#define MANY_NODES   512u

static struct range_tree tree;
static struct range_node nodes[MANY_NODES];
static uint8_t model[MODEL_SIZE];
static bool in_tree[MODEL_NODES];

static const char *suite_check(void)
{
	return range_tree_check(&tree);
}

SUITE(rangetree, suite_check);

static int insert(unsigned i, uint32_t start, uint32_t end)
{
	nodes[i].start = start;
	nodes[i].end = end;
	return range_insert(&tree, &nodes[i]);
}

static void init(uint32_t lo, uint32_t hi)
{
	range_tree_init(&tree, lo, hi);
}

KTEST(rangetree, an_empty_tree_is_one_gap)
{
	uint32_t start;

	init(100, 200);
	EXPECT(range_tree_empty(&tree));
	EXPECT(!range_first(&tree) && !range_last(&tree));
	EXPECT(!range_find(&tree, 150) && !range_find_first(&tree, 0));
	EXPECT(range_gap_first(&tree, 100, 1, 0, &start) && start == 100);
	EXPECT(range_gap_last(&tree, 10, ~0u, &start) && start == 190);
	EXPECT(!range_gap_first(&tree, 101, 1, 0, &start));
	EXPECT_NULL(range_tree_check(&tree));
}

KTEST(rangetree, find_knows_both_ends_of_a_range)
{
	init(0, 1000);
	EXPECT_EQ(insert(0, 100, 200), 0);
	EXPECT_EQ(insert(1, 200, 300), 0);
	EXPECT(!range_find(&tree, 99));
	EXPECT(range_find(&tree, 100) == &nodes[0]);
	EXPECT(range_find(&tree, 199) == &nodes[0]);
	EXPECT(range_find(&tree, 200) == &nodes[1]);
	EXPECT(!range_find(&tree, 300));
	EXPECT(range_find_first(&tree, 0) == &nodes[0]);
	EXPECT(range_find_first(&tree, 200) == &nodes[1]);
	EXPECT(!range_find_first(&tree, 300));
}

KTEST(rangetree, overlap_is_refused_and_changes_nothing)
{
	init(0, 1000);
	EXPECT_EQ(insert(0, 100, 200), 0);
	EXPECT_EQ(insert(1, 50, 101), -EEXIST);
	EXPECT_EQ(insert(1, 199, 201), -EEXIST);
	EXPECT_EQ(insert(1, 120, 130), -EEXIST);
	EXPECT_EQ(insert(1, 50, 300), -EEXIST);
	EXPECT_EQ(insert(1, 100, 200), -EEXIST);
	EXPECT_EQ(insert(1, 50, 100), 0);
	EXPECT_EQ(insert(2, 200, 201), 0);
	EXPECT_NULL(range_tree_check(&tree));
}

KTEST(rangetree, ranges_outside_the_bounds_are_refused)
{
	init(100, 200);
	EXPECT_EQ(insert(0, 99, 120), -EINVAL);
	EXPECT_EQ(insert(0, 190, 201), -EINVAL);
	EXPECT_EQ(insert(0, 150, 150), -EINVAL);
	EXPECT_EQ(insert(0, 160, 150), -EINVAL);
	EXPECT_EQ(insert(0, 0, 50), -EINVAL);
	EXPECT_EQ(insert(0, 300, 400), -EINVAL);
	EXPECT_EQ(insert(0, 100, 200), 0);
	EXPECT_NULL(range_tree_check(&tree));
}

KTEST(rangetree, works_up_to_the_last_number)
{
	uint32_t start;

	init(0, 0xffffffffu);
	EXPECT(range_gap_first(&tree, 0xffffffffu, 1, 0, &start) && !start);
	EXPECT_EQ(insert(0, 0xfffff000u, 0xffffffffu), 0);
	EXPECT(range_find(&tree, 0xfffffffeu) == &nodes[0]);
	EXPECT(!range_find(&tree, 0xffffffffu));
	EXPECT(range_gap_last(&tree, 0x1000, 0xffffffffu, &start));
	EXPECT_EQ(start, 0xffffe000u);
	EXPECT(!range_gap_first(&tree, 1, 1, 0xfffff000u, &start));
	EXPECT(!range_gap_first(&tree, 1, 1, 0xffffffffu, &start));
	EXPECT(!range_gap_first(&tree, 0x1000, 1u << 31, 0x80000001u, &start));
	EXPECT(range_gap_first(&tree, 0x1000, 1u << 31, 1, &start));
	EXPECT_EQ(start, 0x80000000u);
	EXPECT_NULL(range_tree_check(&tree));
}

KTEST(rangetree, alignment_skips_a_gap_that_is_large_enough)
{
	uint32_t start;

	init(0, 1000);
	EXPECT_EQ(insert(0, 0, 10), 0);
	EXPECT_EQ(insert(1, 30, 40), 0);     /* 20 free, but 14 if aligned */
	EXPECT_EQ(insert(2, 100, 110), 0);
	EXPECT(range_gap_first(&tree, 16, 16, 0, &start));
	EXPECT_EQ(start, 48);
	EXPECT(range_gap_first(&tree, 14, 16, 0, &start));
	EXPECT_EQ(start, 16);
}

KTEST(rangetree, resize_keeps_ranges_apart)
{
	uint32_t start;

	init(100, 1000);
	EXPECT_EQ(insert(0, 200, 300), 0);
	EXPECT_EQ(insert(1, 400, 500), 0);
	EXPECT_EQ(range_resize(&tree, &nodes[0], 200, 401), -EEXIST);
	EXPECT_EQ(range_resize(&tree, &nodes[1], 299, 500), -EEXIST);
	EXPECT_EQ(range_resize(&tree, &nodes[0], 99, 300), -EINVAL);
	EXPECT_EQ(range_resize(&tree, &nodes[1], 450, 450), -EINVAL);
	EXPECT_EQ(range_resize(&tree, &nodes[1], 450, 1001), -EINVAL);
	EXPECT_NULL(range_tree_check(&tree));
	EXPECT_EQ(range_resize(&tree, &nodes[0], 100, 400), 0);
	EXPECT_EQ(range_resize(&tree, &nodes[1], 450, 1000), 0);
	EXPECT_NULL(range_tree_check(&tree));
	EXPECT(range_gap_first(&tree, 50, 1, 0, &start) && start == 400);
	EXPECT(!range_gap_first(&tree, 51, 1, 0, &start));
}

KTEST(rangetree, the_hint_survives_the_removal_of_its_node)
{
	uint32_t start;

	init(0, 1000);
	EXPECT_EQ(insert(0, 100, 200), 0);
	EXPECT_EQ(insert(1, 300, 400), 0);
	EXPECT(range_gap_first(&tree, 100, 1, 150, &start) && start == 200);
	range_remove(&tree, &nodes[1]);      /* the gap found was below it */
	EXPECT_NULL(range_tree_check(&tree));
	EXPECT_EQ(insert(2, start, 250), 0);
	EXPECT_NULL(range_tree_check(&tree));
}

#define ORDER     "rangetree R1: ranges are in order, disjoint and within the bounds"
#define NOT_EMPTY "rangetree R1: a range is not empty"
#define GAP       "rangetree R2: gap is the distance from the node before"
#define MAX_GAP   "rangetree R3: max_gap is the largest gap in the subtree"
#define SAME      "rangetree R4: tree and ring hold the same nodes in order"
#define TOP       "rangetree R5: top is empty, and after all nodes of the tree"

static void expect_broken(const char *law)
{
	EXPECT_STREQ(range_tree_check(&tree), law);
}

KTEST(rangetree, the_check_names_each_broken_law)
{
	struct range_node *next;
	struct rb_node *root;

	init(50, 1000);
	EXPECT_EQ(insert(0, 100, 200), 0);
	EXPECT_EQ(insert(1, 300, 400), 0);
	EXPECT_NULL(range_tree_check(&tree));
	root = tree.root.node;

	nodes[0].start = nodes[0].end;
	expect_broken(NOT_EMPTY);
	nodes[0].start = 100;
	nodes[0].end = 301;
	expect_broken(ORDER);
	nodes[0].end = 200;
	nodes[1].gap++;
	EXPECT(range_tree_check(&tree));
	nodes[1].gap--;
	nodes[0].end = 201;            /* now node 1 has a wrong gap */
	expect_broken(GAP);
	nodes[0].end = 200;
	nodes[1].max_gap ^= 1;
	EXPECT_STREQ(range_tree_check(&tree), MAX_GAP);
	nodes[1].max_gap ^= 1;
	next = nodes[0].next;
	nodes[0].next = nodes[1].next;
	expect_broken(SAME);
	nodes[0].next = next;
	nodes[1].prev = &tree.top;
	expect_broken(SAME);
	nodes[1].prev = &nodes[0];
	tree.root.node = NULL;         /* no node is in the tree any more */
	expect_broken(TOP);
	tree.root.node = root;
	tree.top.end++;
	expect_broken(TOP);
	tree.top.end--;
	tree.top.gap++;
	expect_broken(GAP);
	tree.top.gap--;
	EXPECT_NULL(range_tree_check(&tree));
}

KTEST(rangetree, the_check_finds_a_hint_that_is_not_there)
{
	init(0, 1000);
	EXPECT_EQ(insert(0, 100, 200), 0);
	tree.hint = &nodes[5];
	EXPECT_STREQ(range_tree_check(&tree),
		     "rangetree R6: the hint is a node of the ring");
	tree.hint = &tree.top;
	EXPECT_NULL(range_tree_check(&tree));
}

static void init_upside_down(void *arg)
{
	init(200, 100);
}

static void look_for_nothing(void *arg)
{
	uint32_t start;

	EXPECT(!range_gap_first(&tree, 0, 1, 0, &start));
}

static void look_with_odd_alignment(void *arg)
{
	uint32_t start;

	EXPECT(!range_gap_first(&tree, 1, 3, 0, &start));
}

static void remove_the_top(void *arg)
{
	range_remove(&tree, &tree.top);
}

KTEST(rangetree, misuse_is_caught)
{
	init(0, 1000);
	EXPECT_PANIC(init_upside_down, NULL, "lo < hi");
	EXPECT_PANIC(look_for_nothing, NULL, "size");
	EXPECT_PANIC(look_with_odd_alignment, NULL, "is_pow2");
	EXPECT_PANIC(remove_the_top, NULL, "top");
	EXPECT_NULL(range_tree_check(&tree));
}

/* ---- random operations against the bytes ---- */

static bool model_free(uint32_t start, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (model[start - MODEL_LO + i])
			return false;
	}
	return true;
}

static void model_set(uint32_t start, uint32_t end, uint8_t value)
{
	memset(&model[start - MODEL_LO], value, end - start);
}

static bool model_gap_first(uint32_t size, uint32_t align, uint32_t from,
			    uint32_t *start)
{
	uint32_t at = ALIGN_UP(MAX(from, MODEL_LO), align);

	for (; at + size <= MODEL_HI; at += align) {
		if (model_free(at, size)) {
			*start = at;
			return true;
		}
	}
	return false;
}

static bool model_gap_last(uint32_t size, uint32_t limit, uint32_t *start)
{
	uint32_t end = MIN(limit, MODEL_HI);

	for (; end >= MODEL_LO + size; end--) {
		if (model_free(end - size, size)) {
			*start = end - size;
			return true;
		}
	}
	return false;
}

static void try_insert(struct rng *rng, unsigned i)
{
	uint32_t start = MODEL_LO + rng_below(rng, MODEL_SIZE);
	uint32_t size = 1 + rng_below(rng, 24);
	int expected = 0;

	if (start + size > MODEL_HI)
		expected = -EINVAL;
	else if (!model_free(start, size))
		expected = -EEXIST;
	EXPECT_EQ(insert(i, start, start + size), expected);
	if (expected)
		return;
	in_tree[i] = true;
	model_set(start, start + size, (uint8_t)(i + 1));
}

/* Look for a gap, from either end, and use it. */
static void try_gap(struct rng *rng, unsigned i)
{
	uint32_t size = 1 + rng_below(rng, 40);
	uint32_t align = 1u << rng_below(rng, 6);
	uint32_t at = MODEL_LO - 50 + rng_below(rng, MODEL_SIZE + 100);
	uint32_t start = 0, expected = 0;
	bool found, wanted;

	if (rng_below(rng, 2)) {
		wanted = model_gap_first(size, align, at, &expected);
		found = range_gap_first(&tree, size, align, at, &start);
	} else {
		wanted = model_gap_last(size, at, &expected);
		found = range_gap_last(&tree, size, at, &start);
	}
	EXPECT_EQ(found, wanted);
	EXPECT_EQ(start, expected);
	if (!found || !wanted)
		return;
	EXPECT_EQ(insert(i, start, start + size), 0);
	in_tree[i] = true;
	model_set(start, start + size, (uint8_t)(i + 1));
}

static void try_resize(struct rng *rng, unsigned i)
{
	struct range_node *node = &nodes[i];
	uint32_t start = node->start - 8 + rng_below(rng, 16);
	uint32_t end = node->end - 8 + rng_below(rng, 16);
	int expected = 0;

	model_set(node->start, node->end, 0);
	if (start < MODEL_LO || start >= end || end > MODEL_HI)
		expected = -EINVAL;
	else if (!model_free(MIN(start, node->start),
			     MAX(end, node->end) - MIN(start, node->start)))
		expected = -EEXIST;
	EXPECT_EQ(range_resize(&tree, node, start, end), expected);
	model_set(node->start, node->end, (uint8_t)(i + 1));
}

static void compare_lookups(uint32_t addr)
{
	uint32_t i = addr - MODEL_LO;
	struct range_node *found = range_find(&tree, addr);

	EXPECT(found == (model[i] ? &nodes[model[i] - 1] : NULL));
	while (i < MODEL_SIZE && !model[i])
		i++;
	found = range_find_first(&tree, addr);
	EXPECT(found == (i < MODEL_SIZE ? &nodes[model[i] - 1] : NULL));
}

static void random_step(struct rng *rng)
{
	unsigned i = rng_below(rng, MODEL_NODES);

	if (!in_tree[i]) {
		if (rng_below(rng, 3))
			try_gap(rng, i);
		else
			try_insert(rng, i);
	} else if (rng_below(rng, 2)) {
		try_resize(rng, i);
	} else {
		range_remove(&tree, &nodes[i]);
		model_set(nodes[i].start, nodes[i].end, 0);
		in_tree[i] = false;
	}
	compare_lookups(MODEL_LO + rng_below(rng, MODEL_SIZE));
}

KTEST(rangetree, random_operations_agree_with_an_array_of_bytes)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	init(MODEL_LO, MODEL_HI);
	memset(model, 0, sizeof(model));
	memset(in_tree, 0, sizeof(in_tree));
	for (unsigned step = 0; step < 1000; step++) {
		const char *broken;

		random_step(&rng);
		broken = range_tree_check(&tree);
		EXPECT_NULL(broken);
		if (broken)
			return;
	}
}

KTEST(rangetree, a_full_tree_is_emptied_in_any_order)
{
	struct rng rng;
	uint32_t start;

	rng_init(&rng, ktest_seed());
	init(0, MANY_NODES * 16);
	for (unsigned i = 0; i < MANY_NODES; i++) {
		REQUIRE(range_insert_first(&tree, &nodes[i], 16, 16, 0));
		EXPECT_EQ(nodes[i].start, i * 16);
		EXPECT_EQ(nodes[i].end, i * 16 + 16);
	}
	EXPECT(!range_insert_first(&tree, &nodes[0], 1, 1, 0));
	EXPECT(!range_gap_first(&tree, 1, 1, 0, &start));
	EXPECT_NULL(range_tree_check(&tree));
	for (unsigned left = MANY_NODES; left; left--) {
		uint32_t addr = rng_below(&rng, MANY_NODES * 16);
		struct range_node *node = range_find_first(&tree, addr);

		if (!node)
			node = range_last(&tree);
		REQUIRE(node);
		range_remove(&tree, node);
		EXPECT(!range_find(&tree, node->start));
		if (left % 16 == 0)
			EXPECT_NULL(range_tree_check(&tree));
	}
	EXPECT(range_tree_empty(&tree));
	EXPECT_NULL(range_tree_check(&tree));
}
