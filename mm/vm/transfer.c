// SPDX-License-Identifier: MIT
/*
 * transfer.c - pages go from one address space to another
 *
 * WHAT     What a message does with a range: map it at the receiver too, or
 *          grant it. No byte is copied, unless the giver shares a page with a
 *          child of its own.
 *
 * PICTURE  map                              grant of a private area
 *            giver    [S]--+                  giver    [P]     [ ]
 *                          +--> object                      \
 *            receiver [S]--+                  receiver [ ]     [P]
 *
 * RULES
 *          the receiver can rely on what it gets: each page is there or
 *          promised, the object is as long as the range, and no later call of
 *          the giver takes anything away (vm_object_promise(); no VM_NORESERVE:
 *          vm_flags.h)
 *
 * TERMS    map     both have the pages from now on: the giver's range becomes a
 *                  shared area, if it is not one yet, and the receiver gets
 *                  another area of the same object
 *          grant   the receiver has the pages, the giver has them no longer: a
 *                  private area stays private. It is done like a fork of the
 *                  range, and then the parent's side is unmapped
 *
 * ALGORITHM  Check, prepare, commit. Preparing gets all that needs memory:
 *          areas in reserve for both, and an object with the pages, or the
 *          receiver's page tables and copies of pinned pages. If it fails, no
 *          area has changed. Areas are added only at the end: an area that was
 *          added may be one with its neighbours, so nobody could remove it.
 *          If a page is pinned, the receiver gets a copy: with the page itself,
 *          the giver's device would reach what is the receiver's (pin.c, N2).
 *
 * LOCKING  Both mm->lock, the one at the lower address first.
 * NOT HERE messages (kernel/ipc/).
 */
#include "lib/align.h"
#include "lib/errno.h"
#include "mm/page/page_alloc.h"
#include "mm/vm/family.h"
#include "mm/vm/vm_impl.h"

#define ENTRY_BATCH  32

struct transfer {
	struct mm  *from, *to;
	struct vma *vma;             /* of the giver                     */
	uaddr_t     start, end;      /* at the giver                     */
	bool        grant;
	bool        over;            /* replaces what the receiver has   */
	struct vma  new;             /* the receiver's area              */
	struct list_head copies;     /* of the giver's pinned pages      */
};

void mm_lock_both(struct mm *a, struct mm *b)
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	if (a != b)
		mutex_lock(a < b ? &b->lock : &a->lock);
}

void mm_unlock_both(struct mm *a, struct mm *b)
{
	mutex_unlock(&a->lock);
	if (a != b)
		mutex_unlock(&b->lock);
}

/* ---- entries in batches ------------------------------------------------- */

struct entry_batch {
	unsigned nr;
	uaddr_t  va[ENTRY_BATCH];
	pfn_t    pfn[ENTRY_BATCH];
};

static int note_entry(uaddr_t va, struct upt_entry entry, void *arg)
{
	struct entry_batch *batch = arg;

	if (pfn_to_page(entry.pfn) == vm_zero_page)
		return 0;
	batch->va[batch->nr] = va;
	batch->pfn[batch->nr] = entry.pfn;
	return ++batch->nr == ENTRY_BATCH;
}

/*
 * Call fn() for each page in the giver's range but the zero page. It may change
 * tables, so upt_for_each() cannot call it.
 */
static int for_each_page(struct transfer *t,
			 int (*fn)(struct transfer *t, uaddr_t va,
				   struct page *page)) MUST_HOLD(&t->from->lock)
{
	struct entry_batch batch;
	uaddr_t at = t->start;
	int full = 1, err = 0;

	assert_mutex_held(&t->from->lock);
	while (full && !err) {
		batch.nr = 0;
		full = upt_for_each(&t->from->tables, at, t->end, note_entry,
				    &batch);
		for (unsigned i = 0; i < batch.nr && !err; i++) {
			err = fn(t, batch.va[i], pfn_to_page(batch.pfn[i]));
			at = uaddr_add(batch.va[i], PAGE_SIZE);
		}
	}
	return err;
}

/* ---- map: the giver's range becomes an object --------------------------- */

/* Give a page to the object. If a child has it too, the object gets a copy. */
static int share_page(struct transfer *t, uaddr_t va, struct page *page)
{
	int err;

	if (vm_page_is_only(page))
		vm_page_get(page);
	else
		page = vm_page_copy(page);
	if (!page)
		return -ENOMEM;
	err = vm_object_set(t->new.object, pages_between(t->start, va), page);
	if (err)
		vm_page_put(page);
	return err;
}

/* Make an object with the pages of the range. The giver still maps them. */
static int share_pages(struct transfer *t) MUST_HOLD(&t->from->lock)
{
	int err;

	assert_mutex_held(&t->from->lock);
	t->new.flags |= VM_SHARED;
	t->new.offset = 0;
	err = vma_back(t->from, &t->new);
	if (err)
		return err;
	err = for_each_page(t, share_page);
	if (err)
		vm_object_put(t->new.object);
	return err;
}

/*
 * Make the isolated private area an area of the object. Its entries go: some
 * map the zero page, or a page that a child has too. Faults bring the object's
 * pages.
 */
static void become_shared(struct transfer *t, struct vma *vma)
	MUST_HOLD(&t->from->lock)
{
	assert_mutex_held(&t->from->lock);
	upt_unmap_range(&t->from->tables, t->start, t->end, vm_pages_unmapped,
			t->from);
	/* The object counts its pages itself. */
	if (vma->flags & VM_ACCOUNT) {
		commit_release(vma_pages(vma));
		t->from->committed -= vma_pages(vma);
	}
	vma->flags = (vma->flags & vm_flags_of[VM_KEPT_BY_SHARE]) | VM_SHARED;
	vma->family = 0;
	vma->offset = 0;
	vma->object = t->new.object;
	vm_object_get(vma->object);
}

/* ---- grant -------------------------------------------------------------- */

static uaddr_t receivers_va(const struct transfer *t, uaddr_t va)
{
	debug_assert(va.v >= t->start.v && va.v < t->end.v);
	return uaddr_add(vma_start(&t->new), va.v - t->start.v);
}

/*
 * Get what the receiver's entry will need: a table, and a copy of a pinned
 * page, in the list of copies. One more pin keeps the page pinned to the end:
 * so the copies in the list are those of the pinned pages, in the same order.
 */
static int prepare_page(struct transfer *t, uaddr_t va, struct page *page)
	MUST_HOLD(&t->to->lock)
{
	struct page *copy;

	assert_mutex_held(&t->to->lock);
	if (upt_reserve(&t->to->tables, receivers_va(t, va)))
		return -ENOMEM;
	if (!vm_page_is_pinned(page))
		return 0;
	if (!vm_page_pin(page))
		return -ENOMEM;
	copy = vm_page_copy(page);
	if (!copy) {
		vm_page_unpin(page);
		return -ENOMEM;
	}
	list_add_tail(&copy->list, &t->copies);
	return 0;
}

/* The copy of a pinned page; NULL: it is not pinned, or no copy was made. */
static struct page *take_copy(struct transfer *t, struct page *page)
{
	struct page *copy;

	if (!vm_page_is_pinned(page) || list_empty(&t->copies))
		return NULL;
	copy = list_first_entry(&t->copies, struct page, list);
	list_del(&copy->list);
	vm_page_unpin(page);
	return copy;
}

static int drop_copy(struct transfer *t, uaddr_t va, struct page *page)
{
	struct page *copy = take_copy(t, page);

	if (copy)
		vm_page_put(copy);
	return 0;
}

/* Make the receiver's entry. The giver's entry soon goes. */
static int hand_over_page(struct transfer *t, uaddr_t va, struct page *page)
	MUST_HOLD(&t->to->lock)
{
	struct page *copy = take_copy(t, page);
	int err;

	assert_mutex_held(&t->to->lock);
	if (!copy)
		vm_page_get(page);
	err = upt_map(&t->to->tables, receivers_va(t, va),
		      page_to_pfn(copy ? copy : page),
		      vma_rights(&t->new) & ~UPT_WRITE);
	assert(!err);
	t->to->rss++;
	return 0;
}

/* Free tables that were made for entries, but have none. */
static void free_empty_tables(struct transfer *t) MUST_HOLD(&t->to->lock)
{
	uint32_t start = ALIGN_DOWN(vma_start(&t->new).v, PT_SPAN);
	uint32_t end = ALIGN_UP(vma_end(&t->new).v, PT_SPAN);

	assert_mutex_held(&t->to->lock);
	upt_free_empty(&t->to->tables, UADDR(start), UADDR(end));
}

/* Get what the receiver's entries and its area need. */
static int prepare_grant(struct transfer *t) MUST_HOLD(&t->from->lock)
	MUST_HOLD(&t->to->lock)
{
	int err;

	assert_mutex_held(&t->to->lock);
	assert_mutex_held(&t->from->lock);
	/* As after a fork, relatives of the giver may have the pages too. */
	vma_new_family(t->to, &t->new);
	t->new.flags |= VM_FORKED | VM_TOUCHED;
	err = vma_back(t->to, &t->new);
	if (err)
		return err;
	err = for_each_page(t, prepare_page);
	if (err) {
		for_each_page(t, drop_copy);
		free_empty_tables(t);
		vma_uncommit(&t->new, vma_pages(&t->new));
	}
	return err;
}

/* ---- check -------------------------------------------------------------- */

/* Check the giver's range, and set flags and source of the receiver's area. */
static int check_giver(struct transfer *t, unsigned rights)
	MUST_HOLD(&t->from->lock)
{
	assert_mutex_held(&t->from->lock);
	t->vma = vma_find(t->from, t->start);
	if (!t->vma || t->end.v > vma_end(t->vma).v || t->vma->pager ||
	    t->vma->flags & VM_DEVICE)
		return -EFAULT;
	if (rights & ~(t->vma->flags & VM_RIGHTS))
		return -EPERM;
	/* An area may be longer than its object. */
	if (t->vma->object &&
	    !vm_object_has(t->vma->object, vma_index(t->vma, t->start),
			   pages_between(t->start, t->end)))
		return -EFAULT;
	t->new.flags = rights | (t->vma->flags &
				 vm_flags_of[t->grant ? VM_KEPT_BY_GRANT
						      : VM_KEPT_BY_MAP]);
	t->new.object = t->vma->object;
	t->new.offset = vma_index(t->vma, t->start);
	return 0;
}

static int check_receiver(struct transfer *t, uaddr_t addr)
	MUST_HOLD(&t->to->lock)
{
	uint32_t length = t->end.v - t->start.v;
	const struct vma *there;
	long place;

	assert_mutex_held(&t->to->lock);
	if (!vma_may_add(t->to, 1))
		return -ENOMEM;
	place = mm_place(t->to, addr, length, addr.v);
	if (IS_ERR_VALUE(place))
		return (int)place;
	t->new.range.start = (uint32_t)place;
	t->new.range.end = (uint32_t)place + length;
	if (!vm_has_room_within(t->to, vma_start(&t->new), vma_end(&t->new)))
		return -ENOMEM;
	there = vma_find_first(t->to, vma_start(&t->new));
	if (t->over)
		return 0;
	return there && vma_start(there).v < vma_end(&t->new).v ? -EEXIST : 0;
}

/* ---- prepare, commit ---------------------------------------------------- */

/* Get all that needs memory. If this fails, no area has changed. */
static int prepare(struct transfer *t) MUST_HOLD(&t->from->lock)
	MUST_HOLD(&t->to->lock)
{
	unsigned more = 0;

	assert_mutex_held(&t->to->lock);
	assert_mutex_held(&t->from->lock);
	/* The areas that the giver has more of for a moment. */
	if (t->grant)
		more = mm_unmap_adds(t->from, t->start, t->end);
	else if (!t->vma->object)
		more = vma_cuts(t->vma, t->start, t->end);
	if (more && !vma_may_add(t->from, more))
		return -ENOMEM;
	if (vma_reserve(t->from, more) ||
	    vma_reserve(t->to, 1 + mm_unmap_adds(t->to, vma_start(&t->new),
						 vma_end(&t->new))))
		return -ENOMEM;
	if (t->vma->object)
		return vm_object_promise(t->vma->object) ? 0 : -ENOMEM;
	return t->grant ? prepare_grant(t) : share_pages(t);
}

/* Nothing in here can fail. What is in the receiver's window goes. */
static void commit(struct transfer *t) MUST_HOLD(&t->from->lock)
	MUST_HOLD(&t->to->lock)
{
	uaddr_t start = vma_start(&t->new), end = vma_end(&t->new);
	bool shares = !t->grant && !t->vma->object;
	int err = 0;

	assert_mutex_held(&t->to->lock);
	assert_mutex_held(&t->from->lock);
	if (t->grant && !t->vma->object) {
		upt_clear_range(&t->to->tables, start, end, vm_pages_unmapped,
				t->to);
		mm_cut_locked(t->to, start, end);
		for_each_page(t, hand_over_page);
		free_empty_tables(t);
	} else {
		err = mm_unmap_locked(t->to, start, end);
	}
	if (!err)
		err = vma_add(t->to, &t->new);
	if (!err && t->grant)
		err = mm_unmap_locked(t->from, t->start, t->end);
	assert(!err);
	if (!shares)
		return;
	t->vma = vma_isolate(t->from, t->vma, t->start, t->end);
	assert(t->vma);
	become_shared(t, t->vma);
	/* The two areas have their own references. */
	vm_object_put(t->new.object);
}

static long transfer(struct mm *from, uaddr_t addr, uint32_t length,
		     struct mm *to, uaddr_t to_addr, unsigned rights,
		     bool grant, bool over)
{
	struct transfer t = {
		.from = from, .to = to, .start = addr,
		.end = uaddr_add(addr, length), .grant = grant, .over = over,
	};
	int err;

	if (!length || !page_aligned(addr.v | length | to_addr.v) ||
	    !in_user_mode(addr, length) || from == to || rights & ~VM_RIGHTS)
		return -EINVAL;
	list_init(&t.copies);
	mm_lock_both(t.from, t.to);
	err = check_giver(&t, rights);
	if (!err)
		err = check_receiver(&t, to_addr);
	if (!err)
		err = prepare(&t);
	if (!err)
		commit(&t);
	vma_unreserve(t.from);
	vma_unreserve(t.to);
	mm_unlock_both(t.from, t.to);
	return err ? err : (long)vma_start(&t.new).v;
}

long mm_transfer(struct mm *from, uaddr_t addr, uint32_t length, struct mm *to,
		 uaddr_t to_addr, unsigned rights, bool grant)
{
	return transfer(from, addr, length, to, to_addr, rights, grant,
			false);
}

long mm_transfer_over(struct mm *from, uaddr_t addr, uint32_t length,
		      struct mm *to, uaddr_t window, unsigned rights,
		      bool grant)
{
	return transfer(from, addr, length, to, window, rights, grant,
			true);
}

/* ---- one page ----------------------------------------------------------- */

static struct page *take_locked(struct mm *mm, uaddr_t addr)
	MUST_HOLD(&mm->lock)
{
	const struct vma *vma = vma_find(mm, addr);
	struct upt_entry entry;
	struct page *page;

	assert_mutex_held(&mm->lock);
	if (!vma || vma->object || vma->flags & VM_DEVICE)
		return NULL;
	entry = upt_lookup(&mm->tables, addr);
	if (!entry.present)
		return vma->pager ? NULL : vm_page_zeroed();
	page = pfn_to_page(entry.pfn);
	if (!vm_page_is_only(page) || vm_page_is_pinned(page))
		return vm_page_copy(page);
	/* The entry's reference becomes the caller's. */
	upt_unmap(&mm->tables, addr);
	mm->rss--;
	return page;
}

struct page *mm_take_page(struct mm *mm, uaddr_t addr)
{
	struct page *page;

	mutex_lock(&mm->lock);
	page = take_locked(mm, UADDR(addr.v & PAGE_MASK));
	mutex_unlock(&mm->lock);
	return page;
}
