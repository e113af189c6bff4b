// SPDX-License-Identifier: MIT
/*
 * rangetree.c - a sorted set of disjoint address ranges, and the gaps in it
 *
 * PICTURE  Bounds 0 to 100, three ranges and the node `top` at the end; each
 *          node owns the gap below it. Beside each node: gap / max_gap.
 *
 *            0    10      20       40   50           80     90  100
 *            |    [###A###)        [#B##)            [##C###)    |top
 *            |gap |       |  gap   |    |    gap     |      |gap |
 *
 *            the tree:      B 20/30          the ring:
 *                         /         \          top - A - B - C - top
 *                   A 10/10         C 30/30
 *
 * TERMS    reach    the free space [start - gap, start) below a node
 *
 * INVARIANTS of rangetree (range_tree_check() restates them, and those of
 *          rbtree.c)
 *          R1  ranges are not empty, in order, disjoint, and within [lo, hi)
 *          R2  gap is the distance from the node before, or from lo
 *          R3  max_gap is the largest gap in the node's subtree
 *          R4  the tree and the ring hold the same nodes in the same order
 *          R5  `top` is at [hi, hi), in the ring but not in the tree
 *          R6  hint is a node of the ring
 *
 * ALGORITHM  By R5 every gap has a node directly above it. So each new node is
 *          inserted directly below a node that is already there, N: the new
 *          node becomes the left child of N, or the right child of the node
 *          before N. The new node takes its part of N's gap.
 *          Gap search: max_gap says whether a subtree has room; there is no
 *          need to look into the subtree. To find the lowest gap, take the
 *          first of these that has room: the left subtree, the node's own gap,
 *          the right subtree. The search for the highest gap is the mirror
 *          image, so the side is an argument of the search.
 *          When a set grows upwards, each new range is cut from the gap of
 *          `top`. `top` is not in the tree, so no max_gap changes for it.
 *          hint: after a search for a gap, the next insertion is probably
 *          there. After an insertion, the next search is probably there. After
 *          a removal, the hole is probably filled soon. If a number lies in the
 *          hinted node or in its gap, no search from the root is needed.
 *
 * COST     O(log n). A changed gap is carried up only as long as it is the
 *          largest gap of the subtree.
 * NOT HERE alignment to pages, guard pages, locks: the owner of the tree.
 * SEE      lib/rangetree.h; Linux mm/vmalloc.c subtree_max_size.
 */
#include "lib/rangetree.h"

#include "lib/align.h"
#include "lib/errno.h"
#include "lib/panic.h"
#include "lib/rbtree_augmented.h"

static always_inline struct range_node *to_range(const struct rb_node *rb)
{
	return rb_entry(rb, struct range_node, rb);
}

static always_inline bool has_room(const struct rb_node *rb, uint32_t size)
{
	return rb && to_range(rb)->max_gap >= size;
}

/* First number of the free space below the node. */
static always_inline uint32_t reach_start(const struct range_node *node)
{
	return node->start - node->gap;
}

static always_inline uint32_t max_gap_of(const struct range_node *node)
{
	const struct rb_node *left = node->rb.child[RB_LEFT];
	const struct rb_node *right = node->rb.child[RB_RIGHT];
	uint32_t max = node->gap;

	if (left && to_range(left)->max_gap > max)
		max = to_range(left)->max_gap;
	if (right && to_range(right)->max_gap > max)
		max = to_range(right)->max_gap;
	return max;
}

static always_inline bool update_max_gap(struct rb_node *rb)
{
	struct range_node *node = to_range(rb);
	uint32_t max = max_gap_of(node);
	bool changed = max != node->max_gap;

	node->max_gap = max;
	return changed;
}

static always_inline void copy_max_gap(struct rb_node *to,
				       const struct rb_node *from)
{
	to_range(to)->max_gap = to_range(from)->max_gap;
}

static const struct rb_augment largest_gap = { update_max_gap, copy_max_gap };

/* The gap of a node in the tree has become larger. */
static always_inline void gap_grew(struct range_node *node)
{
	struct rb_node *rb = &node->rb;

	for (; rb && to_range(rb)->max_gap < node->gap; rb = rb->parent)
		to_range(rb)->max_gap = node->gap;
}

/* The same, for a gap that may be smaller now. */
static always_inline void gap_changed(struct range_node *node)
{
	rb_update_up(&node->rb, &node->rb, &largest_gap);
}

/* The lowest node, `top` included, with end > addr; `top` if there is none. */
static always_inline struct range_node *
find_from(const struct range_tree *tree, uint32_t addr)
{
	const struct range_node *best = &tree->top;
	const struct rb_node *rb = tree->root.node;

	while (rb) {
		const struct range_node *node = to_range(rb);

		if (node->end > addr) {
			best = node;
			rb = rb->child[RB_LEFT];
		} else {
			rb = rb->child[RB_RIGHT];
		}
	}
	return (struct range_node *)best;
}

/* As above, but without a search when the hinted node is the result. */
static always_inline struct range_node *
find_hinted(const struct range_tree *tree, uint32_t addr)
{
	struct range_node *hint = tree->hint;

	if (addr >= reach_start(hint) && addr < hint->end)
		return hint;
	return find_from(tree, addr);
}

/* Add the node as a leaf. Returns: whether the leaf is a child of `above`. */
static always_inline bool link_below(struct range_tree *tree,
				     struct range_node *node,
				     struct range_node *above)
{
	struct rb_node *parent = &above->prev->rb;

	if (above != &tree->top && !above->rb.child[RB_LEFT]) {
		rb_link(&node->rb, &above->rb, &above->rb.child[RB_LEFT]);
		return true;
	}
	/* The node before is the last of the left subtree, or of the tree. */
	if (above->prev == &tree->top)
		rb_link(&node->rb, NULL, &tree->root.node);
	else
		rb_link(&node->rb, parent, &parent->child[RB_RIGHT]);
	return above != &tree->top;
}

/* `node` lies in the reach of `above`: put it there. */
static void insert_below(struct range_tree *tree, struct range_node *node,
			 struct range_node *above)
{
	bool is_below = link_below(tree, node, above);

	node->gap = node->start - reach_start(above);
	node->max_gap = 0;
	above->gap = above->start - node->end;
	node->prev = above->prev;
	node->next = above;
	above->prev->next = node;
	above->prev = node;

	/* The new node's gap is smaller than the gap of `above` was. */
	gap_grew(node);
	if (is_below)
		gap_changed(above);
	rb_balance_insert(&tree->root, &node->rb, &largest_gap);
}

static bool within_bounds(const struct range_tree *tree, uint32_t start,
			  uint32_t end)
{
	return start >= tree->lo && start < end && end <= tree->top.end;
}

/* The first node, seen from `side`, whose reach has room for `size`. */
static always_inline struct range_node *
first_room(const struct rb_node *rb, uint32_t size, enum rb_side side)
{
	for (;;) {
		if (has_room(rb->child[side], size))
			rb = rb->child[side];
		else if (to_range(rb)->gap >= size)
			return to_range(rb);
		else
			rb = rb->child[!side];
	}
}

/* The next such node after `node`, going away from `side`; or NULL. */
static struct range_node *
next_room(const struct range_node *node, uint32_t size, enum rb_side side)
{
	const struct rb_node *rb = &node->rb;
	const struct rb_node *from;

	if (has_room(rb->child[!side], size))
		return first_room(rb->child[!side], size, side);
	for (from = rb, rb = rb->parent; rb; from = rb, rb = rb->parent) {
		if (from == rb->child[!side])
			continue;
		if (to_range(rb)->gap >= size)
			return to_range(rb);
		if (has_room(rb->child[!side], size))
			return first_room(rb->child[!side], size, side);
	}
	return NULL;
}

/* Does an aligned piece fit at `from` or later into the node's reach? */
static always_inline bool fits_from(const struct range_node *node,
				    uint32_t size, uint32_t align,
				    uint32_t from, uint32_t *start)
{
	uint32_t first = MAX(reach_start(node), from);
	uint32_t at = ALIGN_UP(first, align);

	if (at < first || at > node->start || node->start - at < size)
		return false;
	*start = at;
	return true;
}

/* The node in whose reach range_gap_first() finds its gap, or NULL. */
static always_inline struct range_node *
lowest_gap(struct range_tree *tree, uint32_t size, uint32_t align,
	   uint32_t from, uint32_t *start)
{
	struct range_node *node = &tree->top;

	assert(size && is_pow2(align));
	if (from > tree->lo)
		node = find_from(tree, from);
	else if (has_room(tree->root.node, size))
		node = first_room(tree->root.node, size, RB_LEFT);
	while (!fits_from(node, size, align, from, start)) {
		if (node == &tree->top)
			return NULL;
		node = next_room(node, size, RB_LEFT);
		if (!node)
			node = &tree->top;
	}
	return node;
}

void range_tree_init(struct range_tree *tree, uint32_t lo, uint32_t hi)
{
	struct range_node *top = &tree->top;

	assert(lo < hi);
	tree->root.node = NULL;
	tree->lo = lo;
	tree->hint = top;
	*top = (struct range_node){
		.prev = top, .next = top,
		.start = hi, .end = hi, .gap = hi - lo,
	};
}

struct range_node *range_find(const struct range_tree *tree, uint32_t addr)
{
	struct range_node *node = find_hinted(tree, addr);

	/* `top` has no numbers; otherwise addr is in the node or in its gap. */
	return node->start <= addr && node != &tree->top ? node : NULL;
}

struct range_node *range_find_first(const struct range_tree *tree,
				    uint32_t addr)
{
	struct range_node *node = find_hinted(tree, addr);

	return node != &tree->top ? node : NULL;
}

int range_insert(struct range_tree *tree, struct range_node *node)
{
	struct range_node *above;

	if (!within_bounds(tree, node->start, node->end))
		return -EINVAL;
	above = find_hinted(tree, node->start);
	if (above->start < node->end)
		return -EEXIST;
	insert_below(tree, node, above);
	tree->hint = node;
	return 0;
}

void range_remove(struct range_tree *tree, struct range_node *node)
{
	struct range_node *above = node->next;

	assert(node != &tree->top);
	above->gap = above->start - reach_start(node);
	if (above != &tree->top)
		gap_grew(above);
	rb_erase_augmented(&tree->root, &node->rb, &largest_gap);
	node->prev->next = above;
	above->prev = node->prev;
	tree->hint = above;
}

int range_resize(struct range_tree *tree, struct range_node *node,
		 uint32_t start, uint32_t end)
{
	struct range_node *above = node->next;
	uint32_t from = reach_start(node);

	if (!within_bounds(tree, start, end))
		return -EINVAL;
	if (start < from || end > above->start)
		return -EEXIST;
	node->start = start;
	node->end = end;
	node->gap = start - from;
	gap_changed(node);
	above->gap = above->start - end;
	if (above != &tree->top)
		gap_changed(above);
	return 0;
}

bool range_gap_first(struct range_tree *tree, uint32_t size, uint32_t align,
		     uint32_t from, uint32_t *start)
{
	struct range_node *above = lowest_gap(tree, size, align, from, start);

	if (!above)
		return false;
	tree->hint = above;
	return true;
}

bool range_insert_first(struct range_tree *tree, struct range_node *node,
			uint32_t size, uint32_t align, uint32_t from)
{
	struct range_node *above =
		lowest_gap(tree, size, align, from, &node->start);

	if (!above)
		return false;
	node->end = node->start + size;
	insert_below(tree, node, above);
	return true;
}

bool range_gap_last(struct range_tree *tree, uint32_t size, uint32_t limit,
		    uint32_t *start)
{
	struct range_node *node = find_from(tree, limit);

	assert(size);
	while (node) {
		uint32_t from = reach_start(node);
		uint32_t end = MIN(node->start, limit);

		if (end >= from && end - from >= size) {
			*start = end - size;
			tree->hint = node;
			return true;
		}
		if (node != &tree->top)
			node = next_room(node, size, RB_RIGHT);
		else if (has_room(tree->root.node, size))
			node = first_room(tree->root.node, size, RB_RIGHT);
		else
			node = NULL;
	}
	return false;
}

/* R1 and R2 of one node or of `top`; *at is the end of the node before. */
static const char *check_gap(const struct range_node *node, uint32_t *at)
{
	HOLDS(node->start >= *at,
	      "rangetree R1: ranges are in order, disjoint and within the bounds");
	HOLDS(node->gap == node->start - *at,
	      "rangetree R2: gap is the distance from the node before");
	*at = node->end;
	return NULL;
}

const char *range_tree_check(const struct range_tree *tree)
{
	const struct range_node *node = tree->top.next;
	const char *broken = rb_check(&tree->root, NULL);
	bool hint_found = tree->hint == &tree->top;
	const struct rb_node *rb;
	uint32_t at = tree->lo;

	for (rb = rb_first(&tree->root); rb && !broken; rb = rb_next(rb)) {
		HOLDS(rb == &node->rb && node->next->prev == node,
		      "rangetree R4: tree and ring hold the same nodes in order");
		HOLDS(node->start < node->end, "rangetree R1: a range is not empty");
		HOLDS(node->max_gap == max_gap_of(node),
		      "rangetree R3: max_gap is the largest gap in the subtree");
		hint_found |= node == tree->hint;
		broken = check_gap(node, &at);
		node = node->next;
	}
	if (broken)
		return broken;
	HOLDS(node == &tree->top && node->start == node->end,
	      "rangetree R5: top is empty, and after all nodes of the tree");
	HOLDS(hint_found, "rangetree R6: the hint is a node of the ring");
	return check_gap(node, &at);
}
