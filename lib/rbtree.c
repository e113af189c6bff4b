// SPDX-License-Identifier: MIT
/*
 * rbtree.c - red-black trees
 *
 * WHAT     Insert, erase, neighbours and the check of plain trees. The code
 *          that balances is in rbtree_augmented.h. Nodes of plain trees have
 *          no value of their subtree to keep.
 *
 * PICTURE  (5) is red; each path from the root to a missing child passes two
 *          black nodes:
 *
 *                      8
 *                   /     \
 *                (5)       12
 *                /  \        \
 *               2    6       (15)
 *
 * INVARIANTS of rbtree (rb_check() restates them)
 *          T1  the root is black and has no parent
 *          T2  a child's parent link names its parent
 *          T3  a red node has no red child
 *          T4  all paths from a node down have equally many black nodes
 *          T5  the members are in order from left to right
 *
 * ALGORITHM  By T3 at least every second node of a path is black. By T4 all
 *          paths have the same number of black nodes. So the longest path is
 *          at most twice as long as the shortest.
 *          insert: a new leaf is red. This can break only T3. There are two
 *          cases. If the uncle is red, change the colours of parent, uncle and
 *          grandparent, and go on two levels up. If not, one or two rotations
 *          repair T3, and the work is done.
 *          erase: a node with two children is first replaced by the next node
 *          in order, so the place to unhook has at most one child. If a black
 *          node leaves its place, the paths there have one black node too few
 *          (T4). Either the sibling is made short too, and the work goes on
 *          one level up, or at most three rotations repair T4.
 *
 * COST     O(log n); insert and erase rotate at most three times.
 * SEE      lib/rbtree.h.
 */
#include "lib/rbtree.h"

#include "lib/panic.h"
#include "lib/rbtree_augmented.h"

/* While the invariants hold, no tree of 2^32 nodes is deeper than this. */
#define DEPTH_MAX  64

static always_inline bool update_nothing(struct rb_node *node)
{
	return false;
}

static always_inline void copy_nothing(struct rb_node *to,
				       const struct rb_node *from)
{
}

static const struct rb_augment plain = { update_nothing, copy_nothing };

void rb_insert(struct rb_root *root, struct rb_node *node)
{
	rb_balance_insert(root, node, &plain);
}

void rb_erase(struct rb_root *root, struct rb_node *node)
{
	rb_erase_augmented(root, node, &plain);
}

struct rb_node *rb_neighbour(const struct rb_node *node, enum rb_side side)
{
	const struct rb_node *parent;

	if (node->child[side])
		return rb_outermost(node->child[side], !side);
	for (; (parent = node->parent); node = parent) {
		if (node == parent->child[!side])
			break;
	}
	return (struct rb_node *)parent;
}

/* Checks a subtree; *blacks is the number of black nodes on each path. */
static const char *check_subtree(const struct rb_node *node, unsigned depth,
				 unsigned *blacks)
{
	unsigned below[2] = { 0, 0 };

	HOLDS(depth < DEPTH_MAX, "rbtree T4: the tree is too deep");
	for (int side = RB_LEFT; side <= RB_RIGHT; side++) {
		const struct rb_node *child = node->child[side];
		const char *broken;

		if (!child)
			continue;
		HOLDS(child->parent == node,
		      "rbtree T2: a child's parent link names its parent");
		HOLDS(!node->red || !child->red,
		      "rbtree T3: a red node has no red child");
		broken = check_subtree(child, depth + 1, &below[side]);
		if (broken)
			return broken;
	}
	HOLDS(below[RB_LEFT] == below[RB_RIGHT],
	      "rbtree T4: all paths down have equally many black nodes");
	*blacks = below[RB_LEFT] + !node->red;
	return NULL;
}

const char *rb_check(const struct rb_root *root,
		     bool (*less)(const struct rb_node *,
				  const struct rb_node *))
{
	const struct rb_node *node, *next;
	const char *broken;
	unsigned blacks;

	if (!root->node)
		return NULL;
	HOLDS(!root->node->red && !root->node->parent,
	      "rbtree T1: the root is black and has no parent");
	broken = check_subtree(root->node, 0, &blacks);
	if (broken || !less)
		return broken;
	for (node = rb_first(root); (next = rb_next(node)); node = next) {
		HOLDS(!less(next, node),
		      "rbtree T5: the members are in order from left to right");
	}
	return NULL;
}
