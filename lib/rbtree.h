// SPDX-License-Identifier: MIT
/*
 * rbtree.h - red-black trees, links inside the members
 *
 * WHAT     A sorted binary tree. Its longest path is at most twice as long as
 *          its shortest path, so find, insert and erase take O(log n) steps.
 *          The tree knows no keys; the caller compares its own members:
 *
 *            struct rb_node **link = &root->node, *parent = NULL;
 *
 *            while (*link) {
 *                    parent = *link;
 *                    link = &parent->child[key_of(parent) < key];
 *            }
 *            rb_link(node, parent, link);
 *            rb_insert(root, node);
 *
 * TERMS    side     RB_LEFT or RB_RIGHT, an index into child[]. The other side
 *                   is !side, so one piece of code does both mirrored cases
 * LOCKING  None here: the owner of the tree says which lock.
 * NOT HERE trees whose nodes hold a value of their subtree
 *          (lib/rbtree_augmented.h), sets of ranges (lib/rangetree.h).
 * SEE      Linux include/linux/rbtree.h; Cormen et al., "Introduction to
 *          Algorithms", chapter 13, whose cases these are.
 */
#pragma once

#include "lib/compiler.h"

enum rb_side { RB_LEFT = 0, RB_RIGHT = 1 };

struct rb_node {
	struct rb_node *parent;     /* NULL: the root                      */
	struct rb_node *child[2];   /* smaller ones left, larger ones right */
	bool            red;
};

struct rb_root {
	struct rb_node *node;   /* NULL: the tree is empty */
};

#define rb_entry(ptr, type, member)  container_of(ptr, type, member)

/* Hang a node on an empty link of `parent`; rb_insert() must follow. */
static inline void rb_link(struct rb_node *node, struct rb_node *parent,
			   struct rb_node **link)
{
	node->parent = parent;
	node->child[RB_LEFT] = NULL;
	node->child[RB_RIGHT] = NULL;
	node->red = true;
	*link = node;
}

/* Restore the balance after rb_link(). */
void rb_insert(struct rb_root *root, struct rb_node *node);

/* Take a node out. Its own links are left as they were. */
void rb_erase(struct rb_root *root, struct rb_node *node);

/* The outermost node on one side of a subtree; NULL for an empty subtree. */
static inline struct rb_node *rb_outermost(struct rb_node *node,
					   enum rb_side side)
{
	while (node && node->child[side])
		node = node->child[side];
	return node;
}

/* The neighbour in sorted order; NULL at the end. */
struct rb_node *rb_neighbour(const struct rb_node *node, enum rb_side side);

static inline struct rb_node *rb_first(const struct rb_root *root)
{
	return rb_outermost(root->node, RB_LEFT);
}

static inline struct rb_node *rb_last(const struct rb_root *root)
{
	return rb_outermost(root->node, RB_RIGHT);
}

static inline struct rb_node *rb_next(const struct rb_node *node)
{
	return rb_neighbour(node, RB_RIGHT);
}

static inline struct rb_node *rb_prev(const struct rb_node *node)
{
	return rb_neighbour(node, RB_LEFT);
}

/* Search, link and insert in one; equal members keep their order of arrival. */
static always_inline void rb_add(struct rb_root *root, struct rb_node *node,
				 bool (*less)(const struct rb_node *,
					      const struct rb_node *))
{
	struct rb_node **link = &root->node;
	struct rb_node *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->child[less(node, parent) ? RB_LEFT : RB_RIGHT];
	}
	rb_link(node, parent, link);
	rb_insert(root, node);
}

/*
 * NULL, or the first broken law of rbtree.c. `less` is the order of the
 * members; NULL leaves the order unchecked.
 */
const char *rb_check(const struct rb_root *root,
		     bool (*less)(const struct rb_node *,
				  const struct rb_node *));
