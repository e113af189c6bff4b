// SPDX-License-Identifier: MIT
/*
 * rbtree.c - red-black trees against an array of bools
 */
#include "lib/rbtree.h"

#include "lib/align.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define ITEMS  256u

struct item {
	unsigned       key;
	unsigned       arrival;
	struct rb_node node;
};

static struct rb_root root;
static struct item items[ITEMS];

static const struct item *to_item(const struct rb_node *node)
{
	return rb_entry(node, const struct item, node);
}

static bool less(const struct rb_node *a, const struct rb_node *b)
{
	return to_item(a)->key < to_item(b)->key;
}

static const char *suite_check(void)
{
	return rb_check(&root, less);
}

SUITE(rbtree, suite_check);

static void init(void)
{
	root.node = NULL;
	memset(items, 0, sizeof(items));
	for (unsigned i = 0; i < ITEMS; i++)
		items[i].key = i;
}

static unsigned depth_of(const struct rb_node *node)
{
	unsigned depth = 0;

	for (; node; node = node->parent)
		depth++;
	return depth;
}

KTEST(rbtree, an_empty_tree_has_no_ends)
{
	init();
	EXPECT(!rb_first(&root) && !rb_last(&root));
	EXPECT_NULL(rb_check(&root, less));
}

KTEST(rbtree, sorted_insertion_stays_balanced)
{
	unsigned deepest = 0;

	init();
	for (unsigned i = 0; i < ITEMS; i++) {
		rb_add(&root, &items[i].node, less);
		EXPECT_NULL(rb_check(&root, less));
	}
	for (unsigned i = 0; i < ITEMS; i++)
		deepest = MAX(deepest, depth_of(&items[i].node));
	EXPECT(deepest <= 2 * ilog2(ITEMS + 1));
}

KTEST(rbtree, neighbours_are_those_in_order)
{
	const struct rb_node *node;
	unsigned n = 0;

	init();
	for (unsigned i = 0; i < ITEMS; i++)
		rb_add(&root, &items[i * 37 % ITEMS].node, less);
	for (node = rb_first(&root); node; node = rb_next(node))
		EXPECT_EQ(to_item(node)->key, n++);
	EXPECT_EQ(n, ITEMS);
	for (node = rb_last(&root); node; node = rb_prev(node))
		EXPECT_EQ(to_item(node)->key, --n);
	EXPECT_EQ(n, 0);
}

KTEST(rbtree, equal_members_keep_their_order_of_arrival)
{
	const struct rb_node *node, *next;

	init();
	for (unsigned i = 0; i < ITEMS; i++) {
		items[i].key = i * 7 % 5;
		items[i].arrival = i;
		rb_add(&root, &items[i].node, less);
	}
	EXPECT_NULL(rb_check(&root, less));
	for (node = rb_first(&root); (next = rb_next(node)); node = next) {
		if (to_item(node)->key == to_item(next)->key)
			EXPECT(to_item(node)->arrival < to_item(next)->arrival);
	}
}

KTEST(rbtree, random_operations_agree_with_an_array)
{
	bool in_tree[ITEMS] = { false };
	const struct rb_node *node;
	struct rng rng;
	unsigned n = 0;

	init();
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 1000; step++) {
		unsigned i = rng_below(&rng, ITEMS);

		if (in_tree[i])
			rb_erase(&root, &items[i].node);
		else
			rb_add(&root, &items[i].node, less);
		in_tree[i] = !in_tree[i];
		EXPECT_NULL(rb_check(&root, less));
	}
	for (node = rb_first(&root); node; node = rb_next(node), n++) {
		while (n < ITEMS && !in_tree[n])
			n++;
		REQUIRE(n < ITEMS);
		EXPECT_EQ(to_item(node)->key, n);
	}
}

KTEST(rbtree, a_full_tree_is_emptied_from_both_ends)
{
	init();
	for (unsigned i = 0; i < ITEMS; i++)
		rb_add(&root, &items[i].node, less);
	for (unsigned i = 0; i < ITEMS / 2; i++) {
		rb_erase(&root, rb_first(&root));
		rb_erase(&root, rb_last(&root));
		EXPECT_NULL(rb_check(&root, less));
	}
	EXPECT(!root.node);
}

#define ORDER  "rbtree T5: the members are in order from left to right"
#define TOP    "rbtree T1: the root is black and has no parent"
#define LINK   "rbtree T2: a child's parent link names its parent"
#define REDS   "rbtree T3: a red node has no red child"
#define PATHS  "rbtree T4: all paths down have equally many black nodes"
#define DEEP   "rbtree T4: the tree is too deep"

static void expect_broken(const char *law)
{
	EXPECT_STREQ(rb_check(&root, less), law);
}

/* 1 has the children 0 and 2. These three are black. 2 has the red child 3. */
KTEST(rbtree, the_check_names_each_broken_law)
{
	struct rb_node *zero = &items[0].node, *two = &items[2].node;
	struct rb_node *three = &items[3].node;

	init();
	for (unsigned i = 0; i < 4; i++)
		rb_add(&root, &items[i].node, less);
	REQUIRE(root.node == &items[1].node && three->parent == two);
	EXPECT_NULL(rb_check(&root, less));

	root.node->red = true;
	expect_broken(TOP);
	root.node->red = false;
	root.node->parent = zero;
	expect_broken(TOP);
	root.node->parent = NULL;
	for (unsigned i = 0; i < 4; i += 2) {
		items[i].node.parent = three;
		expect_broken(LINK);
		items[i].node.parent = root.node;
	}
	zero->red = two->red = true;   /* the paths stay equal */
	expect_broken(REDS);
	zero->red = two->red = false;
	three->red = false;
	expect_broken(PATHS);
	three->red = true;
	zero->red = true;
	expect_broken(PATHS);
	zero->red = false;
	items[2].key = 4;
	expect_broken(ORDER);
	EXPECT_NULL(rb_check(&root, NULL));
	items[2].key = 2;
	items[0].key = 1;              /* equal members are in order */
	EXPECT_NULL(rb_check(&root, less));
	items[0].key = 0;
	EXPECT_NULL(rb_check(&root, less));
}

/* A loop of children would have no end: the check stops at a depth. */
KTEST(rbtree, the_check_ends_in_a_tree_that_is_too_deep)
{
	init();
	for (unsigned i = 0; i < ITEMS; i++) {
		items[i].node.child[RB_RIGHT] = &items[i + 1].node;
		items[i + 1].node.parent = &items[i].node;
		if (i == 100)
			break;
	}
	for (unsigned i = 1; i < 100; i += 2)
		items[i].node.red = true;
	root.node = &items[0].node;
	expect_broken(DEEP);
	init();
}
