// SPDX-License-Identifier: MIT
/*
 * rbtree_augmented.h - red-black trees whose nodes sum up their subtree
 *
 * WHAT     The code that balances. Each kind of tree compiles its own copy:
 *          struct rb_augment is constant at every call, so the compiler calls
 *          its functions directly and not through a pointer. Only rbtree.c and
 *          modules with augmented trees include this file.
 *
 * TERMS    update   computes a node's value of its subtree again, from the node
 *                   and its two children; returns whether the value changed
 *          copy     used when a node takes another node's place: the subtree
 *                   has the same members as before, so it has the same value
 *          rotation  turns an edge; keeps the order and changes two subtrees:
 *
 *                  top                       rises
 *                 /   \    rotate to the    /     \
 *             rises    C   ------------->  A       top
 *             /   \            right              /   \
 *            A     moves                      moves    C
 *
 *          short    a subtree is short when each of its paths has one black
 *                   node less than each path beside it
 *
 * INVARIANTS of rbtree: rbtree.c, with rb_check() and the cases
 * SEE      Linux include/linux/rbtree_augmented.h.
 */
#pragma once

#include "lib/rbtree.h"

struct rb_augment {
	bool (*update)(struct rb_node *node);
	void (*copy)(struct rb_node *to, const struct rb_node *from);
};

static always_inline bool rb_is_red(const struct rb_node *node)
{
	return node && node->red;
}

/* Which child of `parent` is `node`? With NULL: which child is missing? */
static always_inline enum rb_side rb_side_of(const struct rb_node *node,
					     const struct rb_node *parent)
{
	return node == parent->child[RB_RIGHT] ? RB_RIGHT : RB_LEFT;
}

/* Let the link that points down to `node` point to `by` (may be NULL). */
static always_inline void rb_replace_child(struct rb_root *root,
					   struct rb_node *parent,
					   const struct rb_node *node,
					   struct rb_node *by)
{
	if (parent)
		parent->child[rb_side_of(node, parent)] = by;
	else
		root->node = by;
	if (by)
		by->parent = parent;
}

/* `top` sinks to `side`; its child on the other side takes its place. */
static always_inline void rb_rotate(struct rb_root *root, struct rb_node *top,
				    enum rb_side side,
				    const struct rb_augment *augment)
{
	struct rb_node *rises = top->child[!side];
	struct rb_node *moves = rises->child[side];

	rb_replace_child(root, top->parent, top, rises);
	rises->child[side] = top;
	top->parent = rises;
	top->child[!side] = moves;
	if (moves)
		moves->parent = top;
	augment->copy(rises, top);
	augment->update(top);
}

/*
 * Something changed at `node`: update `node` and the nodes above it. All nodes
 * up to `last` are updated. Above `last`, the first node that does not change
 * ends the walk.
 */
static always_inline void rb_update_up(struct rb_node *node,
				       const struct rb_node *last,
				       const struct rb_augment *augment)
{
	for (; node != last; node = node->parent)
		augment->update(node);
	for (; node; node = node->parent) {
		if (!augment->update(node))
			break;
	}
}

/*
 * `node` is red and new. Every law holds, except perhaps "a red node has no red
 * child". The values of `node` and of the nodes above it are up to date.
 */
static always_inline void rb_balance_insert(struct rb_root *root,
					    struct rb_node *node,
					    const struct rb_augment *augment)
{
	struct rb_node *parent;

	while ((parent = node->parent) && parent->red) {
		/* A red node is not the root: a black grandparent exists. */
		struct rb_node *grand = parent->parent;
		enum rb_side side = rb_side_of(parent, grand);
		struct rb_node *uncle = grand->child[!side];

		if (rb_is_red(uncle)) {
			/* Move the grandparent's black down; go on there. */
			parent->red = false;
			uncle->red = false;
			grand->red = true;
			node = grand;
			continue;
		}
		if (node == parent->child[!side]) {
			/* An inner grandchild: make it an outer one. */
			rb_rotate(root, parent, side, augment);
			parent = node;
		}
		rb_rotate(root, grand, !side, augment);
		parent->red = false;
		grand->red = true;
		break;
	}
	root->node->red = false;
}

/*
 * The subtree `node` (maybe empty) of `parent` is short: repair it.
 */
static always_inline void rb_balance_erase(struct rb_root *root,
					   struct rb_node *node,
					   struct rb_node *parent,
					   const struct rb_augment *augment)
{
	while (parent && !rb_is_red(node)) {
		enum rb_side side = rb_side_of(node, parent);
		/* The other side has one black node more: a sibling exists. */
		struct rb_node *sibling = parent->child[!side];

		if (sibling->red) {
			rb_rotate(root, parent, side, augment);
			sibling->red = false;
			parent->red = true;
			sibling = parent->child[!side];
		}
		if (!rb_is_red(sibling->child[RB_LEFT]) &&
		    !rb_is_red(sibling->child[RB_RIGHT])) {
			/* Make the sibling short: the parent is short now. */
			sibling->red = true;
			node = parent;
			parent = node->parent;
			continue;
		}
		if (!rb_is_red(sibling->child[!side])) {
			/* The sibling's red child is inside: turn it out. */
			struct rb_node *inner = sibling->child[side];

			rb_rotate(root, sibling, !side, augment);
			inner->red = false;
			sibling->red = true;
			sibling = inner;
		}
		rb_rotate(root, parent, side, augment);
		sibling->red = parent->red;
		parent->red = false;
		sibling->child[!side]->red = false;
		return;
	}
	if (node)
		node->red = false;
}

/*
 * The next node in order is the leftmost node of the right subtree. Put this
 * node into the place of `node`, with the colour of `node`.
 * Returns: the lowest node whose subtree changed.
 */
static always_inline struct rb_node *rb_swap_in_next(struct rb_root *root,
						     struct rb_node *node,
						     struct rb_node *next)
{
	struct rb_node *below = next->parent;

	if (below == node) {
		below = next;
	} else {
		rb_replace_child(root, below, next, next->child[RB_RIGHT]);
		next->child[RB_RIGHT] = node->child[RB_RIGHT];
		next->child[RB_RIGHT]->parent = next;
	}
	next->child[RB_LEFT] = node->child[RB_LEFT];
	next->child[RB_LEFT]->parent = next;
	next->red = node->red;
	rb_replace_child(root, node->parent, node, next);
	return below;
}

static always_inline void rb_erase_augmented(struct rb_root *root,
					     struct rb_node *node,
					     const struct rb_augment *augment)
{
	struct rb_node *left = node->child[RB_LEFT];
	struct rb_node *right = node->child[RB_RIGHT];
	struct rb_node *child, *parent;
	bool was_red;

	if (left && right) {
		struct rb_node *next = rb_outermost(right, RB_LEFT);

		was_red = next->red;
		child = next->child[RB_RIGHT];
		parent = rb_swap_in_next(root, node, next);
		augment->copy(next, node);
		rb_update_up(parent, next, augment);
	} else {
		was_red = node->red;
		child = left ? left : right;
		parent = node->parent;
		rb_replace_child(root, parent, node, child);
		rb_update_up(parent, parent, augment);
	}
	if (!was_red)
		rb_balance_erase(root, child, parent, augment);
}
