// SPDX-License-Identifier: MIT
/*
 * vm_impl.h - what the files of mm/vm/ and their tests share
 *
 * WHAT     Areas and how they are joined and cut (vma.c), shared objects
 *          (vm_object.c), accounting (commit.c), placement (place.c), touching
 *          pages on behalf of a call (fault.c).
 *
 * LOCKING  mm->lock is held by the caller, except where it says "takes".
 */
#pragma once

#include <arch/layout.h>

#include "mm/page/page.h"
#include "mm/vm/fault.h"
#include "mm/vm/mm.h"
#include "mm/vm/vm_flags.h"

#define PAGE_ALIGN(x)  (((x) + PAGE_SIZE - 1) & PAGE_MASK)

static inline bool page_aligned(uint32_t addr)
{
	return !(addr & ~PAGE_MASK);
}

/* Do all these bytes belong to user mode? */
static inline bool in_user_mode(uaddr_t addr, uint32_t length)
{
	return addr.v <= USER_END && length <= USER_END - addr.v;
}

static inline uint32_t pages_between(uaddr_t start, uaddr_t end)
{
	return (end.v - start.v) >> PAGE_SHIFT;
}

/* Pages of user mode, and at least one? */
static inline bool is_user_range(uaddr_t start, uaddr_t end)
{
	return page_aligned(start.v | end.v) && start.v < end.v &&
	       end.v <= USER_END;
}

/* ---- vma.c: the areas --------------------------------------------------- */

/* The area that contains addr; the lowest one that ends above it; or NULL. */
struct vma *vma_find(const struct mm *mm, uaddr_t addr) MUST_HOLD(&mm->lock);
struct vma *vma_find_first(const struct mm *mm, uaddr_t addr)
	MUST_HOLD(&mm->lock);

static inline struct vma *vma_next(const struct mm *mm, const struct vma *vma)
	MUST_HOLD(&mm->lock)
{
	struct range_node *node = range_next(&mm->vmas, &vma->range);

	debug_assert_mutex_held(&mm->lock);
	return node ? range_to_vma(node) : NULL;
}

static inline struct vma *vma_prev(const struct mm *mm, const struct vma *vma)
	MUST_HOLD(&mm->lock)
{
	struct range_node *node = range_prev(&mm->vmas, &vma->range);

	debug_assert_mutex_held(&mm->lock);
	return node ? range_to_vma(node) : NULL;
}

/* The area before the one that vma_find_first() gave, which may be NULL. */
struct vma *vma_before(const struct mm *mm, const struct vma *vma)
	MUST_HOLD(&mm->lock);

/* Could the two, which lie in this order, be one area? */
bool vma_joinable(const struct vma *low, const struct vma *high);

/* May there be so many areas more? Linux's sysctl_max_map_count. */
static inline bool vma_may_add(const struct mm *mm, unsigned more)
	MUST_HOLD(&mm->lock)
{
	debug_assert_mutex_held(&mm->lock);
	return mm->nr_vmas + more <= vm_max_map_count;
}

/*
 * Add an area that is `new` in all but its links, joined with neighbours where
 * that is possible. Counts its pages; takes its own references.
 * Returns: 0 or -ENOMEM.
 */
int vma_add(struct mm *mm, const struct vma *new)
	MUST_HOLD(&mm->lock) __must_check;

/* The same, when the first area behind it is known; NULL: there is none. */
int vma_add_before(struct mm *mm, const struct vma *new, struct vma *high)
	MUST_HOLD(&mm->lock) __must_check;

/*
 * See to it that the next `nr` areas (at most VMA_SPARES) can be had: for cuts
 * and additions that are part of a whole. The other gives back what was not
 * needed. Returns: 0 or -ENOMEM.
 */
int vma_reserve(struct mm *mm, unsigned nr) MUST_HOLD(&mm->lock) __must_check;
void vma_unreserve(struct mm *mm) MUST_HOLD(&mm->lock);

/* The same behind all others, and never joined: for fork. */
int vma_append(struct mm *mm, const struct vma *new)
	MUST_HOLD(&mm->lock) __must_check;

/* Take an area out and free it. Its pages are the caller's business. */
void vma_remove(struct mm *mm, struct vma *vma) MUST_HOLD(&mm->lock);

/* Let an area end or begin elsewhere; counts the difference. */
void vma_set_end(struct mm *mm, struct vma *vma, uaddr_t end)
	MUST_HOLD(&mm->lock);
void vma_set_start(struct mm *mm, struct vma *vma, uaddr_t start)
	MUST_HOLD(&mm->lock);

/* Cut in two; `vma` stays the lower part. Returns: 0 or -ENOMEM. */
int vma_split(struct mm *mm, struct vma *vma, uaddr_t at)
	MUST_HOLD(&mm->lock) __must_check;

/* How many cuts make [start, end) of the area one of its own? */
static inline unsigned vma_cuts(const struct vma *vma, uaddr_t start,
				uaddr_t end)
{
	return (start.v > vma_start(vma).v) + (end.v < vma_end(vma).v);
}

/*
 * Make [start, end) of the area one of its own.
 * Returns: it; NULL: no memory or too many areas, and nothing has changed.
 */
struct vma *vma_isolate(struct mm *mm, struct vma *vma, uaddr_t start,
			uaddr_t end) MUST_HOLD(&mm->lock) __must_check;

/* Join an area with its neighbours. Returns: the area that it is now in. */
struct vma *vma_merge(struct mm *mm, struct vma *vma) MUST_HOLD(&mm->lock);

/* Other flags for [start, end) of the area. Returns: as vma_isolate(). */
struct vma *vma_set_flags(struct mm *mm, struct vma *vma, uaddr_t start,
			  uaddr_t end, unsigned flags)
	MUST_HOLD(&mm->lock) __must_check;

/* Free all areas of an address space that nobody uses any more. */
void vma_free_all(struct mm *mm);
void vma_unpay_all(struct mm *mm);

/* Rights of an entry that may do all that the area allows. */
static inline unsigned vma_rights(const struct vma *vma)
{
	unsigned rights = vma->flags & VM_RIGHTS;

	/* i386 has no entries that are writable or executable but not read. */
	return rights ? rights | UPT_READ : 0;
}

_Static_assert(VM_READ == UPT_READ && VM_WRITE == UPT_WRITE &&
	       VM_EXEC == UPT_EXEC, "rights of areas are those of entries");

void vma_init(void);

/* ---- mmap.c, mprotect.c: for other calls -------------------------------- */

/* Unmap [start, end), aligned and of user mode. Returns: 0 or -ENOMEM. */
int mm_unmap_locked(struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock) __must_check;

/* Areas that this adds, for a moment: 1 if a hole in one makes it two. */
unsigned mm_unmap_adds(const struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock);

/*
 * Cut all areas in [start, end), as many as mm_unmap_adds() are in reserve. The
 * entries have gone before. Cannot fail.
 */
void mm_cut_locked(struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock);

/*
 * Empty the entries of [start, end), where no area is: what was to be one has
 * failed half-way.
 */
void mm_clear_hole(struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock);

/* ---- new_area.c: how an area comes to be -------------------------------- */

/*
 * Give a shared area its object, or promise the pages of a private one.
 * Returns: 0 or -ENOMEM.
 */
int vma_back(const struct mm *mm, struct vma *vma) __must_check;

/*
 * Make an area with the range, flags and name of `new`, in place of what is
 * there, if `replace`; otherwise `next` is the first area behind it, or NULL.
 * Returns: 0; -ENOMEM: nothing has changed.
 */
int vma_make(struct mm *mm, struct vma *new, bool replace, struct vma *next)
	MUST_HOLD(&mm->lock) __must_check;

/*
 * Make an area with the flags and name of `new` whose entries map() makes, at
 * addr or elsewhere, of a family of its own. `new` is then what was added.
 * Returns: its start; -ENOMEM: nothing has changed.
 */
typedef int (*vma_map_fn)(struct mm *mm, const struct vma *vma, void *arg);
long vma_make_mapped(struct mm *mm, uaddr_t addr, uint32_t nr_pages,
		     struct vma *new, vma_map_fn map, void *arg)
	MUST_HOLD(&mm->lock) __must_check;

/* ---- place.c: where an area goes ---------------------------------------- */

/*
 * The start of `length` free bytes: at addr when that is free (0: anywhere),
 * else as high as possible. With `fixed` addr itself, free or not.
 * Returns: the address; -ENOMEM, -EINVAL, -EPERM.
 */
long mm_place(struct mm *mm, uaddr_t addr, uint32_t length, bool fixed)
	MUST_HOLD(&mm->lock);

/* The same; *nextp: the first area behind, or NULL. Not set with `fixed`. */
long mm_place_before(struct mm *mm, uaddr_t addr, uint32_t length,
		     bool fixed, struct vma **nextp) MUST_HOLD(&mm->lock);

/* The first address that must stay free below the area: Linux vm_start_gap. */
uaddr_t vma_guard_start(const struct vma *vma);

/* ---- vm_object.c: anonymous pages that several address spaces share ----- */

/*
 * Returns: NULL: no memory, beyond the account's limit, or (when `accounted`)
 * beyond what may be promised.
 */
struct vm_object *vm_object_create(uint32_t nr_pages, bool accounted,
				   struct account *account) __must_check;
void vm_object_get(struct vm_object *object);
void vm_object_put(struct vm_object *object);

/* Is it so long? */
bool vm_object_has(const struct vm_object *object, uint32_t index,
		   uint32_t nr_pages);

/*
 * See to it that its pages are promised, also those of a MAP_NORESERVE: who is
 * given them can touch them all. Returns: false: beyond the commit limit.
 */
bool vm_object_promise(struct vm_object *object) __must_check;

/*
 * The page at an index, made when there is none; with one reference more.
 * Returns: 0; -EFAULT: the object is not so long; -ENOMEM.
 */
int vm_object_page(struct vm_object *object, uint32_t index,
		   struct page **pagep) __must_check;

/* Put a page in, whose one reference becomes the object's. 0 or -ENOMEM. */
int vm_object_set(struct vm_object *object, uint32_t index, struct page *page)
	__must_check;

/* The page at an index, or NULL. */
struct page *vm_object_find(struct vm_object *object, uint32_t index);

static inline uint32_t vma_index(const struct vma *vma, uaddr_t addr)
{
	debug_caller_must(addr.v >= vma->range.start,
			  "give an address of the area");
	return vma->offset + ((addr.v - vma->range.start) >> PAGE_SHIFT);
}

/* ---- limits.c ----------------------------------------------------------- */

/* May there be so many pages more in areas? RLIMIT_AS. */
static always_inline bool vm_has_room(const struct mm *mm, uint32_t pages)
	MUST_HOLD(&mm->lock)
{
	debug_assert_mutex_held(&mm->lock);
	return likely(mm->total_vm + pages <=
		      mm->limits[VM_LIMIT_AS].soft >> PAGE_SHIFT);
}

/* The same, in place of what is in [start, end). */
bool vm_has_room_within(const struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock);

/* May so many pages more be locked? RLIMIT_MEMLOCK. */
bool vm_may_lock(const struct mm *mm, uint32_t pages) MUST_HOLD(&mm->lock);

/* The same for a range, of which some may be locked already. */
bool vm_may_lock_within(const struct mm *mm, uaddr_t start, uint32_t length)
	MUST_HOLD(&mm->lock);

/* ---- commit.c: what has been promised ----------------------------------- */

extern unsigned long vm_nr_committed;    /* atomic */

/* The rest of commit_charge(): `all` is the sum with these pages. */
bool commit_beyond_half(const struct account *account, uint32_t pages,
			unsigned long all) __must_check;

/*
 * Promise pages to somebody (NULL: the kernel), if the limit and the share of
 * his family allow; promise them anyway; take back.
 */
static always_inline bool __must_check
commit_charge(const struct account *account, uint32_t pages)
{
	unsigned long all = __atomic_add_fetch(&vm_nr_committed, pages,
					       __ATOMIC_RELAXED);

	/* Who has less than a half has less than his share. */
	if (likely(all + all <= vm_commit_limit))
		return true;
	return commit_beyond_half(account, pages, all);
}

void commit_add(uint32_t pages);
void commit_release(uint32_t pages);
void commit_init(void);

/* So many pages of the area are promised no longer, if they were. */
static inline void vma_uncommit(const struct vma *vma, uint32_t pages)
{
	if (vma->flags & VM_ACCOUNT)
		commit_release(pages);
}

/* Does a private area with these flags count? */
static inline bool vm_flags_count(unsigned flags)
{
	return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* ---- upages.c: pages of user mode, and who has them --------------------- */

/* Mapped for reading wherever nothing was written yet. */
extern struct page *vm_zero_page;

static inline void vm_page_get(struct page *page)
{
	debug_caller_must(page->refs > 0, "have a reference to the page");
	__atomic_fetch_add(&page->refs, 1, __ATOMIC_RELAXED);
}

/* The last reference frees the page. */
void vm_page_put(struct page *page);

/*
 * A pin is a reference that is worth VM_PIN, so that the others can still be
 * counted: Linux's GUP_PIN_COUNTING_BIAS. A private page has one entry in an
 * address space at the most, and there are fewer of these. A shared one may
 * have more: then it seems pinned, which matters to nobody. Three quarters of
 * the count are the entries', so that no number of them makes it 0 again:
 * their page tables alone would be 24 GiB.
 */
#define VM_PIN       0x100000u
#define VM_PINS_MAX  (UINT32_MAX / 4 / VM_PIN)

/* Pins that exist; where there are none, fork need not look for them. */
extern unsigned long vm_nr_pins;

static inline bool vm_page_is_pinned(const struct page *page)
{
	return READ_ONCE(page->refs) >= VM_PIN;
}

/* Has the one entry that maps it no other beside it? Then it may be written. */
bool vm_page_is_only(struct page *page);

/* A new page with the contents of another; NULL: no memory. */
struct page *vm_page_copy(struct page *page) __must_check;
struct page *vm_page_zeroed(void) __must_check;

/* For upt_unmap_range() and upt_copy_range(): `arg` is the address space. */
void vm_pages_unmapped(struct page *const pages[], unsigned nr, void *arg);
void vm_pages_mapped(struct page *const pages[], unsigned nr, void *arg);
void upages_init(void);

/* ---- fault.c: touch pages ----------------------------------------------- */

/* What a call answers when a touch ended so: 0, -ENOMEM or -EFAULT. */
int vm_fault_errno(enum vm_fault fault);

/*
 * As vm_fault(); `force` writes where only reading is allowed. Takes lock.
 * The running thread's own address space: a pager may be asked.
 */
enum vm_fault vm_touch(struct mm *mm, uaddr_t addr, unsigned access,
		       bool force);

/* The same for anybody's: asks no pager, VM_FAULT_PAGER instead. */
enum vm_fault vm_touch_locked(struct mm *mm, uaddr_t addr, unsigned access,
			      bool force) MUST_HOLD(&mm->lock);

/*
 * Touch the pages of [start, end) so that they are there; access 0: as the
 * areas allow. Takes mm->lock.
 * Returns: 0; -EINTR: killed; -EFAULT, -ENOMEM: as a touch was refused; with
 *          `stop` at the first such, else areas that refuse are left out.
 */
int mm_populate(struct mm *mm, uaddr_t start, uaddr_t end, unsigned access,
		bool stop);

/* ---- transfer.c --------------------------------------------------------- */

/* Both locks, in the order that all take them in. */
void mm_lock_both(struct mm *a, struct mm *b)
	ACQUIRES(&a->lock) ACQUIRES(&b->lock) NO_LOCK_CHECK;
void mm_unlock_both(struct mm *a, struct mm *b)
	RELEASES(&a->lock) RELEASES(&b->lock) NO_LOCK_CHECK;

/* ---- pager.c ------------------------------------------------------------ */

void vma_pager_get(struct endpoint *pager);
void vma_pager_put(struct endpoint *pager);
struct page *vma_pager_ask(struct endpoint *pager, struct mm *mm, uaddr_t addr,
			   unsigned access);

/* ---- pin.c -------------------------------------------------------------- */

/*
 * After a fork has copied the entries of [start, end): pinned pages stay the
 * parent's alone. Returns: 0 or -ENOMEM.
 */
int vm_copy_pinned(struct mm *child, uaddr_t start, uaddr_t end)
	MUST_HOLD(&child->lock) __must_check;

/* Pin a page that has a pin: it stays pinned. False: pinned too often. */
bool vm_page_pin(struct page *page) __must_check;
void vm_page_unpin(struct page *page);

/* ---- map_device.c ------------------------------------------------------- */

/* The address space ends: whoever has a window there finds it unmapped. */
void vm_forget_windows(struct mm *mm);

/*
 * Does a device's area lie within a window of the address space? For checks:
 * mm->lock is held, or nobody holds it and nobody can take it meanwhile.
 */
bool vm_has_window(const struct mm *mm, const struct vma *vma);

/* ---- vm_check.c: pages promised to the private areas of a family -------- */

unsigned long vm_promised_below(const struct account *account);

/* ---- vm_check.c --------------------------------------------------------- */

/* Address spaces come and go: for vm_check(). */
void check_add_mm(struct mm *mm);
void check_remove_mm(struct mm *mm);
