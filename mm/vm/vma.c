// SPDX-License-Identifier: MIT
/*
 * vma.c - the areas of an address space: find, add, cut, join
 *
 * WHAT     The set of areas, without their pages: which area lies where, which
 *          neighbours are one area, and how to cut an area so that a part of it
 *          can be changed.
 *
 * PICTURE  mprotect() of the middle of an area, and back again:
 *
 *            [rw-             ]     isolate cuts twice
 *            [rw- ][rw- ][rw- ]     the middle gets other flags
 *            [rw- ][r-- ][rw- ]     ... and later the old ones: merge joins
 *            [rw-             ]
 *
 * TERMS    joinable   neighbours with the same flags, source, name and family
 *                     (family.h), and with offsets that go on
 *
 * INVARIANTS of vm: V1, V2 and V5 of mm.h
 *
 * ALGORITHM  The areas are in a tree of lib/rangetree.c. If a new area is next
 *          to a joinable one, the old area becomes longer, and nothing is
 *          allocated. This is the usual case for a heap and for mmap(). What
 *          can fail (a new struct vma) comes before the first change.
 *
 * LOCKING  mm->lock.
 * COST     O(log n) for each function.
 * NOT HERE page tables and pages; what all address spaces together are promised
 *          (commit.c).
 * SEE      Linux mm/vma.c vma_merge_new_range(), is_mergeable_anon_vma().
 */
#include "lib/errno.h"
#include "mm/account/account.h"
#include "mm/slab/slab.h"
#include "mm/vm/family.h"
#include "mm/vm/vm_impl.h"

/* The account pays for so many areas at once: most calls then pay nothing. */
#define AREAS_AT_ONCE  32u

static struct kmem_cache *vma_cache;

uint32_t vm_max_map_count = MAX_MAP_COUNT;

/* ---- predicates --------------------------------------------------------- */

static noinline bool are_alike(const struct vma *low, const struct vma *high)
{
	return vma_goes_on(low, high, vm_flags_of[VM_JOINS]) &&
	       same_family(low, high);
}

/* The cheap test first: most neighbours have a hole between them. */
static always_inline bool joinable(const struct vma *low,
				   const struct vma *high)
{
	return vma_end(low).v == vma_start(high).v && are_alike(low, high);
}

bool vma_joinable(const struct vma *low, const struct vma *high)
{
	return joinable(low, high);
}

/* ---- one area ----------------------------------------------------------- */

/* Pay for more areas. Returns: false: over the account's limit. */
static noinline bool pay_areas(struct mm *mm) MUST_HOLD(&mm->lock)
{
	debug_assert_mutex_held(&mm->lock);
	if (!account_charge(mm->account, ACCOUNT_AREAS, AREAS_AT_ONCE))
		return false;
	mm->areas_paid += AREAS_AT_ONCE;
	return true;
}

/* Give back the charge for areas, if far too many are paid for. */
static noinline void unpay_areas(struct mm *mm) MUST_HOLD(&mm->lock)
{
	uint32_t n = mm->areas_paid - mm->nr_vmas - AREAS_AT_ONCE;

	debug_assert_mutex_held(&mm->lock);
	/* Signed: the number is negative if nobody pays. */
	if ((int32_t)n <= (int32_t)(2 * AREAS_AT_ONCE))
		return;
	mm->areas_paid -= n;
	account_uncharge(mm->account, ACCOUNT_AREAS, n);
}

void vma_unpay_all(struct mm *mm)
{
	caller_must(!mm->refs, "give an address space without references");
	account_uncharge(mm->account, ACCOUNT_AREAS, mm->areas_paid);
}

/* `spares` areas are allocated, but not in the tree yet. */
static always_inline struct vma *vma_new(struct mm *mm, uint32_t spares)
	MUST_HOLD(&mm->lock)
{
	debug_assert_mutex_held(&mm->lock);
	if (unlikely(mm->nr_vmas + spares >= mm->areas_paid) &&
	    !pay_areas(mm))
		return NULL;
	return kmem_cache_alloc(vma_cache, GFP_KERNEL);
}

static struct vma *vma_dup(struct mm *mm, const struct vma *from)
	MUST_HOLD(&mm->lock)
{
	struct vma *vma;

	debug_assert_mutex_held(&mm->lock);
	if (likely(!mm->nr_spares))
		vma = vma_new(mm, 0);
	else
		vma = mm->spare[--mm->nr_spares];
	if (!vma)
		return NULL;
	*vma = *from;
	if (vma->object)
		vm_object_get(vma->object);
	if (vma->pager)
		vma_pager_get(vma->pager);
	return vma;
}

static void vma_free(struct vma *vma)
{
	if (vma->object)
		vm_object_put(vma->object);
	if (vma->pager)
		vma_pager_put(vma->pager);
	kmem_cache_free(vma_cache, vma);
}

/* Count more pages in areas with these flags (or fewer: `pages` wraps). */
static void count_pages(struct mm *mm, unsigned flags, uint32_t pages)
	MUST_HOLD(&mm->lock)
{
	debug_assert_mutex_held(&mm->lock);
	mm->total_vm += pages;
	if (flags & VM_LOCKED)
		mm->locked_vm += pages;
	if (flags & VM_ACCOUNT)
		mm->committed += pages;
}

static void uncount_pages(struct mm *mm, unsigned flags, uint32_t pages)
	MUST_HOLD(&mm->lock)
{
	debug_assert(mm->total_vm >= pages);
	debug_assert_mutex_held(&mm->lock);
	count_pages(mm, flags, 0u - pages);
}

/* ---- the set ------------------------------------------------------------ */

static void link_vma(struct mm *mm, struct vma *vma) MUST_HOLD(&mm->lock)
{
	int err = range_insert(&mm->vmas, &vma->range);

	debug_assert_mutex_held(&mm->lock);
	assert(!err);
	mm->nr_vmas++;
}

static void drop_vma(struct mm *mm, struct vma *vma) MUST_HOLD(&mm->lock)
{
	debug_assert(mm->nr_vmas > 0);
	debug_assert_mutex_held(&mm->lock);
	range_remove(&mm->vmas, &vma->range);
	mm->nr_vmas--;
	vma_free(vma);
	if (unlikely(!(mm->nr_vmas % AREAS_AT_ONCE)))
		unpay_areas(mm);
}

static void resize_vma(struct mm *mm, struct vma *vma, uaddr_t start,
		       uaddr_t end) MUST_HOLD(&mm->lock)
{
	int err = range_resize(&mm->vmas, &vma->range, start.v, end.v);

	debug_assert_mutex_held(&mm->lock);
	assert(!err);
}

struct vma *vma_find(const struct mm *mm, uaddr_t addr)
{
	struct range_node *node = range_find(&mm->vmas, addr.v);

	debug_assert_mutex_held(&mm->lock);
	return node ? range_to_vma(node) : NULL;
}

struct vma *vma_find_first(const struct mm *mm, uaddr_t addr)
{
	struct range_node *node = range_find_first(&mm->vmas, addr.v);

	debug_assert_mutex_held(&mm->lock);
	return node ? range_to_vma(node) : NULL;
}

struct vma *vma_before(const struct mm *mm, const struct vma *vma)
{
	struct range_node *node = vma ? range_prev(&mm->vmas, &vma->range)
				      : range_last(&mm->vmas);

	debug_assert_mutex_held(&mm->lock);
	return node ? range_to_vma(node) : NULL;
}

/*
 * `low` becomes both areas. If one of them was VM_UNJOINED, look again: the
 * joined area has other neighbours.
 */
static void absorb(struct mm *mm, struct vma *low, struct vma *high)
	MUST_HOLD(&mm->lock)
{
	unsigned flags = low->flags | high->flags;
	uaddr_t end = vma_end(high);

	debug_assert_mutex_held(&mm->lock);
	debug_assert(vma_end(low).v == vma_start(high).v);
	take_family(low, high);
	drop_vma(mm, high);
	resize_vma(mm, low, vma_start(low), end);
	if (unlikely(flags & VM_UNJOINED)) {
		low->flags &= ~VM_UNJOINED;
		vma_leave_unjoined(mm, low);
	}
}

int vma_add_before(struct mm *mm, const struct vma *new, struct vma *high)
{
	struct vma *low = vma_before(mm, high);
	struct vma *vma;

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(is_user_range(vma_start(new), vma_end(new)),
			  "give whole pages of user mode, and at least one");
	debug_caller_must(!high || vma_end(new).v <= vma_start(high).v,
			  "give the first area behind the new one");
	if (low && !joinable(low, new))
		low = NULL;
	if (high && (!joinable(new, high) ||
		     (low && !same_family(low, high))))
		high = NULL;

	if (low) {
		resize_vma(mm, low, vma_start(low), vma_end(new));
		take_family(low, new);
		if (high)
			absorb(mm, low, high);
	} else if (high) {
		resize_vma(mm, high, vma_start(new), vma_end(high));
		high->offset = new->offset;
		take_family(high, new);
	} else {
		vma = vma_dup(mm, new);
		if (!vma)
			return -ENOMEM;
		link_vma(mm, vma);
	}
	count_pages(mm, new->flags, vma_pages(new));
	return 0;
}

int vma_add(struct mm *mm, const struct vma *new)
{
	debug_assert_mutex_held(&mm->lock);
	return vma_add_before(mm, new, vma_find_first(mm, vma_start(new)));
}

int vma_append(struct mm *mm, const struct vma *new)
{
	struct vma *vma;

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(!vma_find_first(mm, vma_start(new)),
			  "give an area behind all others");
	vma = vma_dup(mm, new);
	if (!vma)
		return -ENOMEM;
	link_vma(mm, vma);
	count_pages(mm, new->flags, vma_pages(new));
	return 0;
}

int vma_reserve(struct mm *mm, unsigned nr)
{
	struct vma *vma;

	debug_assert_mutex_held(&mm->lock);
	caller_must(!mm->nr_spares, "use up, or give back, what is in reserve");
	caller_must(nr <= VMA_SPARES, "reserve at most VMA_SPARES areas");
	while (mm->nr_spares < nr) {
		vma = vma_new(mm, mm->nr_spares);
		if (!vma) {
			vma_unreserve(mm);
			return -ENOMEM;
		}
		mm->spare[mm->nr_spares++] = vma;
	}
	return 0;
}

void vma_unreserve(struct mm *mm)
{
	debug_assert_mutex_held(&mm->lock);
	while (mm->nr_spares)
		kmem_cache_free(vma_cache, mm->spare[--mm->nr_spares]);
}

void vma_remove(struct mm *mm, struct vma *vma)
{
	debug_assert_mutex_held(&mm->lock);
	uncount_pages(mm, vma->flags, vma_pages(vma));
	drop_vma(mm, vma);
}

void vma_set_end(struct mm *mm, struct vma *vma, uaddr_t end)
{
	uint32_t pages = vma_pages(vma);

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(page_aligned(end.v) && end.v > vma_start(vma).v,
			  "leave the area a page: vma_remove() takes all of it");
	resize_vma(mm, vma, vma_start(vma), end);
	count_pages(mm, vma->flags, vma_pages(vma) - pages);
}

void vma_set_start(struct mm *mm, struct vma *vma, uaddr_t start)
{
	uint32_t pages = vma_pages(vma);

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(page_aligned(start.v) && start.v < vma_end(vma).v,
			  "leave the area a page: vma_remove() takes all of it");
	resize_vma(mm, vma, start, vma_end(vma));
	vma->offset += pages - vma_pages(vma);
	count_pages(mm, vma->flags, vma_pages(vma) - pages);
}

int vma_split(struct mm *mm, struct vma *vma, uaddr_t at)
{
	struct vma *high;

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(page_aligned(at.v) && at.v > vma_start(vma).v &&
			  at.v < vma_end(vma).v,
			  "cut inside of the area, at a page");
	high = vma_dup(mm, vma);
	if (!high)
		return -ENOMEM;
	high->range.start = at.v;
	high->offset = vma_index(vma, at);
	resize_vma(mm, vma, vma_start(vma), at);
	link_vma(mm, high);
	return 0;
}

struct vma *vma_merge(struct mm *mm, struct vma *vma)
{
	struct vma *low = vma_prev(mm, vma);
	struct vma *high = vma_next(mm, vma);

	debug_assert_mutex_held(&mm->lock);
	if (low && joinable(low, vma)) {
		absorb(mm, low, vma);
		vma = low;
	}
	if (high && joinable(vma, high))
		absorb(mm, vma, high);
	return vma;
}

struct vma *vma_isolate(struct mm *mm, struct vma *vma, uaddr_t start,
			uaddr_t end)
{
	unsigned cuts = vma_cuts(vma, start, end);

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(start.v >= vma_start(vma).v && start.v < end.v &&
			  end.v <= vma_end(vma).v,
			  "give a part of the area");
	if (cuts && !vma_may_add(mm, cuts))
		return NULL;
	/* Get both first: to undo one cut could join an unjoined area too. */
	if (cuts > 1 && !mm->nr_spares && vma_reserve(mm, cuts))
		return NULL;
	if (end.v < vma_end(vma).v && vma_split(mm, vma, end))
		return NULL;
	if (start.v == vma_start(vma).v)
		return vma;
	return vma_split(mm, vma, start) ? NULL : vma_next(mm, vma);
}

struct vma *vma_set_flags(struct mm *mm, struct vma *vma, uaddr_t start,
			  uaddr_t end, unsigned flags)
{
	debug_caller_must(!(flags & ~vma_may_have(vma)),
			  "give flags that the kind of area may have");
	debug_assert_mutex_held(&mm->lock);
	if (vma->flags == flags)
		return vma;
	if (start.v != vma_start(vma).v || end.v != vma_end(vma).v)
		vma = vma_isolate(mm, vma, start, end);
	if (!vma)
		return NULL;
	uncount_pages(mm, vma->flags, vma_pages(vma));
	count_pages(mm, flags, vma_pages(vma));
	vma->flags = flags & ~VM_UNJOINED;
	return vma_merge(mm, vma);
}

void vma_free_all(struct mm *mm)
{
	struct range_node *node = range_first(&mm->vmas), *next;

	caller_must(!mm->refs, "give an address space without references");
	/* The tree is not repaired: nobody will look into it again. */
	for (; node; node = next) {
		next = range_next(&mm->vmas, node);
		vma_free(range_to_vma(node));
	}
}

void vma_init(void)
{
	vma_cache = kmem_cache_create("vma", sizeof(struct vma), 0,
				      SLAB_PANIC, NULL);
}
