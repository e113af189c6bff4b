// SPDX-License-Identifier: MIT
/*
 * rangetree.h - a sorted set of disjoint address ranges, and the gaps in it
 *
 * WHAT     Ranges [start, end) of 32-bit numbers within the bounds [lo, hi) of
 *          the tree. The tree finds the range at an address, and the lowest or
 *          highest gap of a size. The node lives inside the caller's structure;
 *          the tree allocates nothing. vmalloc keeps its areas in such a tree,
 *          and an address space keeps its VMAs in one.
 *
 * TERMS    end      first number after the range. end <= hi <= 0xffffffff, so
 *                   no sum and no end wraps
 *          gap      free numbers directly below a node, down to the end of the
 *                   node before it, or to lo
 *
 * LOCKING  None here: the owner of the tree says which lock. range_gap_*()
 *          write to the tree too (the hint).
 * COST     O(log n) each; range_next() and range_prev() O(1).
 * SEE      Linux struct vmap_area, and the VMA tree of Linux before 6.1.
 */
#pragma once

#include "lib/rbtree.h"

struct range_node {
	struct rb_node     rb;
	struct range_node *prev, *next;   /* in address order, a ring    */
	uint32_t           start, end;
	uint32_t           gap;           /* free space below this node  */
	uint32_t           max_gap;       /* largest gap in its subtree  */
};

/* Do not move it after range_tree_init(): members point into it. */
struct range_tree {
	struct rb_root     root;
	uint32_t           lo;
	struct range_node  top;    /* [hi, hi): owns the gap above the last */
	struct range_node *hint;   /* where the last search or change was   */
};

/* An empty tree for ranges within [lo, hi). lo < hi. */
void range_tree_init(struct range_tree *tree, uint32_t lo, uint32_t hi);

static inline bool range_tree_empty(const struct range_tree *tree)
{
	return tree->top.next == &tree->top;
}

/* The node whose range contains addr, or NULL. */
struct range_node *range_find(const struct range_tree *tree, uint32_t addr);

/* The lowest node with end > addr: the node at addr, or the next node above
 * addr, or NULL. */
struct range_node *range_find_first(const struct range_tree *tree,
				    uint32_t addr);

/*
 * Put node->start to node->end into the set.
 *
 * Returns: 0, -EEXIST (overlaps a range of the set), -EINVAL (empty, or not
 *          within the tree's bounds); then nothing has changed.
 */
int range_insert(struct range_tree *tree, struct range_node *node)
	__must_check;

/* Take a member out of the set. Its start and end stay as they were. */
void range_remove(struct range_tree *tree, struct range_node *node);

/*
 * Give a member other bounds. It must stay between its neighbours.
 *
 * Returns: 0, -EEXIST (would overlap a neighbour), -EINVAL as range_insert().
 */
int range_resize(struct range_tree *tree, struct range_node *node,
		 uint32_t start, uint32_t end) __must_check;

/*
 * Find the LOWEST start >= from with `size` free numbers from start on. start
 * is a multiple of align, a power of two; size > 0. A range_insert() at this
 * start is then cheap.
 *
 * Cost: O(log n), plus O(log n) for each gap that is large enough but has no
 *       room because of the alignment. There is no such gap when all ranges
 *       and bounds are multiples of align.
 * Returns: whether there is such a start, and *start.
 */
bool range_gap_first(struct range_tree *tree, uint32_t size, uint32_t align,
		     uint32_t from, uint32_t *start) __must_check;

/*
 * range_gap_first() and range_insert() in one call, which is cheaper. Sets the
 * start and the end of the node. Returns: false when there is no such gap.
 */
bool range_insert_first(struct range_tree *tree, struct range_node *node,
			uint32_t size, uint32_t align, uint32_t from)
	__must_check;

/* The HIGHEST start with `size` free numbers that end at limit or below. */
bool range_gap_last(struct range_tree *tree, uint32_t size, uint32_t limit,
		    uint32_t *start) __must_check;

/* The neighbours of a member, and the members at both ends; or NULL. */
static inline struct range_node *range_next(const struct range_tree *tree,
					    const struct range_node *node)
{
	return node->next == &tree->top ? NULL : node->next;
}

static inline struct range_node *range_prev(const struct range_tree *tree,
					    const struct range_node *node)
{
	return node->prev == &tree->top ? NULL : node->prev;
}

static inline struct range_node *range_first(const struct range_tree *tree)
{
	return range_next(tree, &tree->top);
}

static inline struct range_node *range_last(const struct range_tree *tree)
{
	return range_prev(tree, &tree->top);
}

/* In address order. The body may not remove `node`. */
#define range_for_each(node, tree)                            \
	for (node = (tree)->top.next; node != &(tree)->top;   \
	     node = node->next)

/* NULL, or the first broken law of rangetree.c. */
const char *range_tree_check(const struct range_tree *tree);
