// SPDX-License-Identifier: MIT
/*
 * fault.c - what happens when a user page is touched
 *
 * WHAT     All pages of user mode come from here: a fault, a copy by the kernel
 *          and mm_populate() all touch a page through these functions.
 *
 * PICTURE                      entry present?
 *                      no /                      \ yes
 *            shared: the object's page    write to a read-only entry?
 *            pager:  ask it                 no: nothing to do
 *            read:   the zero page          page with one entry: allow writing
 *            write:  a new page of zeros    else: copy the page
 *
 * TERMS    touch    one access to one page
 *          force    the loader writes where the program may only read. The page
 *                   must be the program's own; the entry stays read-only
 *
 * INVARIANTS of vm: V4 and V6 of mm.h
 *
 * ALGORITHM  First find the area. An area that grows down grows, unless it
 *          would break its limit or come too near to a neighbour. If a message
 *          has made its pages shared, a new area grows below it. Then check the
 *          rights. Then change the entry, as in the picture.
 *          A pager is asked without mm->lock. So when its page has come,
 *          everything is looked up again (pager.c says who may ask).
 *
 * LOCKING  mm->lock; an object's lock inside it.
 * COST     Find the area, look up the entry, write the entry; and clear or copy
 *          a page.
 * NOT HERE what the task hears if the access fails (kernel/).
 * SEE      Linux mm/memory.c handle_mm_fault(), mm/mmap.c expand_downwards().
 */
#include "lib/errno.h"
#include "mm/page/page_alloc.h"
#include "mm/vm/family.h"
#include "mm/vm/vm_impl.h"

struct touch {
	struct mm  *mm;
	struct vma *vma;
	uaddr_t     addr;      /* page-aligned             */
	unsigned    access;    /* VM_READ, _WRITE, _EXEC   */
	bool        force;
};

static const char *const fault_text[VM_NR_FAULTS] = {
#define F(result, what) [result] = what,
	VM_FAULTS(F)
#undef F
};

const char *vm_fault_text(enum vm_fault fault)
{
	return fault < VM_NR_FAULTS ? fault_text[fault] : "?";
}

/* ---- growing stacks ----------------------------------------------------- */

/* May the area, or one in front of it, begin at addr? */
static bool limits_allow(const struct mm *mm, const struct vma *vma,
			 uaddr_t addr) MUST_HOLD(&mm->lock)
{
	uint32_t pages = pages_between(addr, vma_start(vma));

	debug_assert_mutex_held(&mm->lock);
	return vma_end(vma).v - addr.v <= mm->limits[VM_LIMIT_STACK].soft &&
	       vm_has_room(mm, pages) &&
	       (!(vma->flags & VM_LOCKED) || vm_may_lock(mm, pages));
}

/*
 * Put a private area below the pages of an object, which has no pages in front
 * of its first page. From then on the new area grows.
 */
static enum vm_fault grow_below_shared(struct mm *mm, struct vma *vma,
				       uaddr_t addr) MUST_HOLD(&mm->lock)
{
	struct vma new = {
		.range = { .start = addr.v, .end = vma_start(vma).v },
		.flags = vma->flags & vm_flags_of[VM_OF_PRIVATE] &
			 ~(VM_TOUCHED | VM_UNJOINED),
		.name = vma->name,
	};

	debug_assert_mutex_held(&mm->lock);
	if (!limits_allow(mm, vma, addr) || !vma_may_add(mm, 1) ||
	    vma_back(mm, &new))
		return VM_FAULT_STACK;
	if (!vma_add_before(mm, &new, vma))
		return VM_FAULT_DONE;
	vma_uncommit(&new, vma_pages(&new));
	return VM_FAULT_OOM;
}

static enum vm_fault grow_down(struct mm *mm, struct vma *vma, uaddr_t addr)
	MUST_HOLD(&mm->lock)
{
	uint32_t pages = pages_between(addr, vma_start(vma));
	const struct vma *low = vma_prev(mm, vma);

	debug_assert_mutex_held(&mm->lock);
	if (addr.v < USER_BASE)
		return VM_FAULT_MAPERR;
	/* A neighbour that nobody may touch serves as a gap. */
	if (low && !(low->flags & VM_GROWSDOWN) && low->flags & VM_RIGHTS &&
	    addr.v - vma_end(low).v < STACK_GUARD_GAP)
		return VM_FAULT_STACK;
	if (vma->object)
		return grow_below_shared(mm, vma, addr);
	vma_need_family(mm, vma);
	if (pages > vma->offset || !limits_allow(mm, vma, addr))
		return VM_FAULT_STACK;
	if (vma->flags & VM_ACCOUNT && !commit_charge(mm->account, pages))
		return VM_FAULT_STACK;
	vma_set_start(mm, vma, addr);
	vma_leave_unjoined(mm, vma);
	return VM_FAULT_DONE;
}

static enum vm_fault find_area(struct touch *t) MUST_HOLD(&t->mm->lock)
{
	struct vma *vma = vma_find_first(t->mm, t->addr);
	enum vm_fault result;

	debug_assert_mutex_held(&t->mm->lock);
	t->vma = vma;
	if (vma && vma_start(vma).v <= t->addr.v)
		return VM_FAULT_DONE;
	if (!vma || !(vma->flags & VM_GROWSDOWN))
		return VM_FAULT_MAPERR;
	result = grow_down(t->mm, vma, t->addr);
	t->vma = vma_find(t->mm, t->addr);
	return result;
}

static bool is_allowed(const struct touch *t)
{
	unsigned flags = t->vma->flags;

	if (t->access == VM_READ)
		return flags & VM_RIGHTS;
	if (t->force && !(flags & VM_SHARED))
		return true;
	return flags & t->access;
}

/* ---- what an entry becomes ---------------------------------------------- */

/* Map a page where nothing is. Its one reference becomes the entry's. */
static enum vm_fault map_page(const struct touch *t, struct page *page,
			      unsigned rights) MUST_HOLD(&t->mm->lock)
{
	debug_assert(page_aligned(t->addr.v));
	debug_assert(page->refs > 0);
	debug_assert_mutex_held(&t->mm->lock);
	if (upt_map(&t->mm->tables, t->addr, page_to_pfn(page), rights)) {
		vm_page_put(page);
		return VM_FAULT_OOM;
	}
	t->vma->flags |= VM_TOUCHED;
	t->mm->rss += page != vm_zero_page;
	return VM_FAULT_DONE;
}

static enum vm_fault map_own_page(const struct touch *t, struct page *page)
	MUST_HOLD(&t->mm->lock)
{
	debug_assert_mutex_held(&t->mm->lock);
	if (!page)
		return VM_FAULT_OOM;
	vma_need_family(t->mm, t->vma);
	return map_page(t, page, vma_rights(t->vma));
}

static enum vm_fault map_shared(const struct touch *t) MUST_HOLD(&t->mm->lock)
{
	struct page *page;
	int err = vm_object_page(t->vma->object, vma_index(t->vma, t->addr),
				 &page);

	debug_assert_mutex_held(&t->mm->lock);
	if (err)
		return err == -EFAULT ? VM_FAULT_BUS : VM_FAULT_OOM;
	return map_page(t, page, vma_rights(t->vma));
}

/* Copy on write: the entry is there, but does not allow the write. */
static enum vm_fault make_writable(const struct touch *t,
				   struct upt_entry entry)
	MUST_HOLD(&t->mm->lock)
{
	struct page *old = pfn_to_page(entry.pfn);
	struct page *page = old;
	int err;

	debug_assert_mutex_held(&t->mm->lock);
	if (!vm_page_is_only(old)) {
		page = vm_page_copy(old);
		if (!page)
			return VM_FAULT_OOM;
		vma_need_family(t->mm, t->vma);
	}
	/* The entry is there, and so is its table: nothing can fail. */
	err = upt_map(&t->mm->tables, t->addr, page_to_pfn(page),
		      vma_rights(t->vma));
	assert(!err);
	if (page != old) {
		t->mm->rss += old == vm_zero_page;
		vm_page_put(old);
	}
	return VM_FAULT_DONE;
}

/* ---- the touch ---------------------------------------------------------- */

/* *pager: if it is set, the caller asks it, and drops the reference. */
static enum vm_fault touch_locked(struct touch *t, struct endpoint **pager)
	MUST_HOLD(&t->mm->lock)
{
	enum vm_fault result = find_area(t);
	struct upt_entry entry;

	debug_assert_mutex_held(&t->mm->lock);
	if (result != VM_FAULT_DONE)
		return result;
	if (!is_allowed(t))
		return VM_FAULT_ACCERR;
	/* All frames of a device are mapped already, with all rights. */
	if (unlikely(t->vma->flags & VM_DEVICE))
		return VM_FAULT_BUS;
	entry = upt_lookup(&t->mm->tables, t->addr);
	if (entry.present) {
		if (t->access != VM_WRITE || entry.rights & UPT_WRITE)
			return VM_FAULT_DONE;
		return make_writable(t, entry);
	}
	if (t->vma->object)
		return map_shared(t);
	if (t->vma->pager) {
		if (pager) {
			*pager = t->vma->pager;
			vma_pager_get(*pager);
		}
		return VM_FAULT_PAGER;
	}
	if (t->access == VM_WRITE)
		return map_own_page(t, vm_page_zeroed());
	return map_page(t, vm_zero_page, vma_rights(t->vma) & ~UPT_WRITE);
}

/* Map the pager's page (or NULL), if the area still wants one from it. */
static enum vm_fault page_came(struct touch *t, struct endpoint *pager,
			       struct page *page) MUST_HOLD(&t->mm->lock)
{
	debug_assert_mutex_held(&t->mm->lock);
	if (!page)
		return VM_FAULT_PAGER;
	t->vma = vma_find(t->mm, t->addr);
	if (t->vma && t->vma->pager == pager &&
	    !upt_lookup(&t->mm->tables, t->addr).present)
		return map_own_page(t, page);
	/* The program tries the access again. */
	vm_page_put(page);
	return VM_FAULT_DONE;
}

static always_inline struct touch touch_of(struct mm *mm, uaddr_t addr,
					   unsigned access, bool force)
{
	debug_caller_must(access == VM_READ || access == VM_WRITE ||
			  access == VM_EXEC,
			  "give one way of access: VM_READ, VM_WRITE or VM_EXEC");
	return (struct touch){
		.mm = mm, .addr = UADDR(addr.v & PAGE_MASK),
		.access = access, .force = force,
	};
}

enum vm_fault vm_touch_locked(struct mm *mm, uaddr_t addr, unsigned access,
			      bool force)
{
	struct touch t = touch_of(mm, addr, access, force);

	debug_assert_mutex_held(&mm->lock);
	mutex_known_held(&t.mm->lock);
	return touch_locked(&t, NULL);
}

enum vm_fault vm_touch(struct mm *mm, uaddr_t addr, unsigned access,
		       bool force)
{
	struct touch t = touch_of(mm, addr, access, force);
	struct endpoint *pager = NULL;
	enum vm_fault result;
	struct page *page;

	mutex_lock(&t.mm->lock);
	result = touch_locked(&t, &pager);
	if (unlikely(pager)) {
		mutex_unlock(&t.mm->lock);
		page = vma_pager_ask(pager, mm, t.addr, access);
		mutex_lock(&t.mm->lock);
		result = page_came(&t, pager, page);
	}
	mutex_unlock(&t.mm->lock);
	if (unlikely(pager))
		vma_pager_put(pager);
	return result;
}

enum vm_fault vm_fault(struct mm *mm, uaddr_t addr, unsigned access)
{
	return vm_touch(mm, addr, access, false);
}

/* ---- touching on behalf of a call --------------------------------------- */

int vm_fault_errno(enum vm_fault fault)
{
	if (fault == VM_FAULT_DONE)
		return 0;
	return fault == VM_FAULT_OOM ? -ENOMEM : -EFAULT;
}

int mm_populate(struct mm *mm, uaddr_t start, uaddr_t end, unsigned access,
		bool stop)
{
	struct vma_info info;
	unsigned how;
	int err;

	debug_caller_must(page_aligned(start.v), "begin at a page");
	while (start.v < end.v && mm_next_vma(mm, start, &info) &&
	       info.start.v < end.v) {
		if (wait_killed())
			return -EINTR;
		start = uaddr_max(start, info.start);
		/* All pages of a device are there from the beginning. */
		if (!access && info.flags & VM_DEVICE) {
			start = info.end;
			continue;
		}
		how = access;
		if (!how && info.flags & VM_RIGHTS)
			how = (info.flags & (VM_WRITE | VM_SHARED)) == VM_WRITE
				? VM_WRITE : VM_READ;
		err = -EFAULT;
		if (how)
			err = vm_fault_errno(vm_touch(mm, start, how, false));
		if (err && (stop || err == -ENOMEM))
			return err;
		start = err ? info.end : uaddr_add(start, PAGE_SIZE);
	}
	return 0;
}
