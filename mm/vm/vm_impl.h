// SPDX-License-Identifier: MIT
/*
 * vm_impl.h - functions that the files of mm/vm/ and their tests share
 *
 * LOCKING  The caller holds mm->lock, unless a comment says "takes mm->lock".
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

/* Is it one or more whole pages of user mode? */
static inline bool is_user_range(uaddr_t start, uaddr_t end)
{
	return page_aligned(start.v | end.v) && start.v < end.v &&
	       end.v <= USER_END;
}

/* ---- vma.c: the areas --------------------------------------------------- */

/* The area that contains addr; the lowest area that ends above it; or NULL. */
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

/* The area in front of `vma`, which vma_find_first() gave; NULL: the last. */
struct vma *vma_before(const struct mm *mm, const struct vma *vma)
	MUST_HOLD(&mm->lock);

/* Could the two be one area? `low` lies below `high`. */
bool vma_joinable(const struct vma *low, const struct vma *high);

/* May there be `more` areas more? Linux's sysctl_max_map_count. */
static inline bool vma_may_add(const struct mm *mm, unsigned more)
	MUST_HOLD(&mm->lock)
{
	debug_assert_mutex_held(&mm->lock);
	return mm->nr_vmas + more <= vm_max_map_count;
}

/*
 * Add an area like `new`, or join it with its neighbours. Counts its pages, and
 * takes references of its own.
 * Returns: 0 or -ENOMEM.
 */
int vma_add(struct mm *mm, const struct vma *new)
	MUST_HOLD(&mm->lock) __must_check;

/* The same, if the caller knows the first area behind it (NULL: none). */
int vma_add_before(struct mm *mm, const struct vma *new, struct vma *high)
	MUST_HOLD(&mm->lock) __must_check;

/*
 * Get `nr` areas (at most VMA_SPARES) in advance: the next cuts and additions
 * cannot fail then. vma_unreserve() gives back what was not needed.
 * Returns: 0 or -ENOMEM.
 */
int vma_reserve(struct mm *mm, unsigned nr) MUST_HOLD(&mm->lock) __must_check;
void vma_unreserve(struct mm *mm) MUST_HOLD(&mm->lock);

/* Add an area behind all others, and do not join it: for fork. */
int vma_append(struct mm *mm, const struct vma *new)
	MUST_HOLD(&mm->lock) __must_check;

/* Take an area out and free it. The caller cares for its pages. */
void vma_remove(struct mm *mm, struct vma *vma) MUST_HOLD(&mm->lock);

/* Change where an area ends or begins, and count the difference. */
void vma_set_end(struct mm *mm, struct vma *vma, uaddr_t end)
	MUST_HOLD(&mm->lock);
void vma_set_start(struct mm *mm, struct vma *vma, uaddr_t start)
	MUST_HOLD(&mm->lock);

/* Cut in two; `vma` stays the lower part. Returns: 0 or -ENOMEM. */
int vma_split(struct mm *mm, struct vma *vma, uaddr_t at)
	MUST_HOLD(&mm->lock) __must_check;

/* How many cuts make [start, end) an area of its own? */
static inline unsigned vma_cuts(const struct vma *vma, uaddr_t start,
				uaddr_t end)
{
	return (start.v > vma_start(vma).v) + (end.v < vma_end(vma).v);
}

/*
 * Make [start, end) an area of its own.
 * Returns: this area; NULL: no memory or too many areas; nothing has changed.
 */
struct vma *vma_isolate(struct mm *mm, struct vma *vma, uaddr_t start,
			uaddr_t end) MUST_HOLD(&mm->lock) __must_check;

/* Join an area with its neighbours. Returns: the area that contains it now. */
struct vma *vma_merge(struct mm *mm, struct vma *vma) MUST_HOLD(&mm->lock);

/* Give [start, end) of the area other flags. Returns: as vma_isolate(). */
struct vma *vma_set_flags(struct mm *mm, struct vma *vma, uaddr_t start,
			  uaddr_t end, unsigned flags)
	MUST_HOLD(&mm->lock) __must_check;

/* For an address space that ends: free all areas; give back the charge. */
void vma_free_all(struct mm *mm);
void vma_unpay_all(struct mm *mm);

/* The rights of an entry that allows what the area allows. */
static inline unsigned vma_rights(const struct vma *vma)
{
	unsigned rights = vma->flags & VM_RIGHTS;

	/* On i386 an entry that can be written or executed can also be read. */
	return rights ? rights | UPT_READ : 0;
}

_Static_assert(VM_READ == UPT_READ && VM_WRITE == UPT_WRITE &&
	       VM_EXEC == UPT_EXEC, "rights of areas are those of entries");

void vma_init(void);

/* ---- mmap.c, mprotect.c: for other calls -------------------------------- */

/* Unmap [start, end), aligned and of user mode. Returns: 0 or -ENOMEM. */
int mm_unmap_locked(struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock) __must_check;

/* How many areas this adds for a moment: 1 if it makes a hole in an area. */
unsigned mm_unmap_adds(const struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock);

/*
 * Cut all areas in [start, end). The entries are gone, and mm_unmap_adds()
 * areas are in reserve. Cannot fail.
 */
void mm_cut_locked(struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock);

/* Empty the entries of [start, end), where an area could not be made. */
void mm_clear_hole(struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock);

/* ---- new_area.c: how an area comes to be -------------------------------- */

/*
 * Give a shared area its object, or promise the pages of a private one.
 * Returns: 0 or -ENOMEM.
 */
int vma_back(const struct mm *mm, struct vma *vma) __must_check;

/*
 * Make an area with the range, flags and name of `new`. With `replace`, it
 * replaces what is there; without, `next` is the first area behind it or NULL.
 * Returns: 0; -ENOMEM: nothing has changed.
 */
int vma_make(struct mm *mm, struct vma *new, bool replace, struct vma *next)
	MUST_HOLD(&mm->lock) __must_check;

/*
 * Make an area with the flags and name of `new`, at addr or elsewhere, in a
 * family of its own. map() makes its entries. `new` becomes what was added.
 * Returns: its start; -ENOMEM: nothing has changed.
 */
typedef int (*vma_map_fn)(struct mm *mm, const struct vma *vma, void *arg);
long vma_make_mapped(struct mm *mm, uaddr_t addr, uint32_t nr_pages,
		     struct vma *new, vma_map_fn map, void *arg)
	MUST_HOLD(&mm->lock) __must_check;

/* ---- place.c: where an area goes ---------------------------------------- */

/*
 * Find `length` free bytes: at addr if they are free (0: anywhere), if not, as
 * high as possible. With `fixed`: addr itself, free or not; only then it may be
 * no address of a page.
 * Returns: the address; -ENOMEM, -EINVAL, -EPERM.
 */
long mm_place(struct mm *mm, uaddr_t addr, uint32_t length, bool fixed)
	MUST_HOLD(&mm->lock);

/* The same. *nextp: the first area behind, or NULL. Not set with `fixed`. */
long mm_place_before(struct mm *mm, uaddr_t addr, uint32_t length,
		     bool fixed, struct vma **nextp) MUST_HOLD(&mm->lock);

/* From here to the area's start all must stay free: Linux's vm_start_gap(). */
uaddr_t vma_guard_start(const struct vma *vma);

/* ---- vm_object.c: anonymous pages that several address spaces share ----- */

/*
 * Make an object. Returns: NULL: no memory, above the account's limit, or (if
 * `accounted`) above what may be promised.
 */
struct vm_object *vm_object_create(uint32_t nr_pages, bool accounted,
				   struct account *account) __must_check;
void vm_object_get(struct vm_object *object);
void vm_object_put(struct vm_object *object);

/* Does it have these pages? */
bool vm_object_has(const struct vm_object *object, uint32_t index,
		   uint32_t nr_pages);

/*
 * Promise its pages, if they are not promised yet (MAP_NORESERVE): the receiver
 * of a map can touch them all. Returns: false: above the limit.
 */
bool vm_object_promise(struct vm_object *object) __must_check;

/*
 * Get the page at an index, with one reference more. Makes it if needed.
 * Returns: 0; -EFAULT: behind the end of the object; -ENOMEM.
 */
int vm_object_page(struct vm_object *object, uint32_t index,
		   struct page **pagep) __must_check;

/* Put a page in; its one reference becomes the object's. 0 or -ENOMEM. */
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

/* May the areas have `pages` more pages? RLIMIT_AS. */
static always_inline bool vm_has_room(const struct mm *mm, uint32_t pages)
	MUST_HOLD(&mm->lock)
{
	debug_assert_mutex_held(&mm->lock);
	return likely(mm->total_vm + pages <=
		      mm->limits[VM_LIMIT_AS].soft >> PAGE_SHIFT);
}

/* May [start, end) become an area, in place of what is there? */
bool vm_has_room_within(const struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock);

/* May `pages` more pages be locked? RLIMIT_MEMLOCK. */
bool vm_may_lock(const struct mm *mm, uint32_t pages) MUST_HOLD(&mm->lock);

/* The same for the pages of a range; some may be locked already. */
bool vm_may_lock_within(const struct mm *mm, uaddr_t start, uint32_t length)
	MUST_HOLD(&mm->lock);

/* ---- commit.c: what has been promised ----------------------------------- */

extern unsigned long vm_nr_committed;    /* atomic */

/* The slow half of commit_charge(): `all` is the sum with these pages. */
bool commit_beyond_half(const struct account *account, uint32_t pages,
			unsigned long all) __must_check;

/*
 * commit_charge() promises pages to an account (NULL: the kernel), if the limit
 * and the share of its family allow this. commit_add() promises in any case.
 * commit_release() takes back.
 */
static always_inline bool __must_check
commit_charge(const struct account *account, uint32_t pages)
{
	unsigned long all = __atomic_add_fetch(&vm_nr_committed, pages,
					       __ATOMIC_RELAXED);

	/* If less than a half is promised, no family is above its share. */
	if (likely(all + all <= vm_commit_limit))
		return true;
	return commit_beyond_half(account, pages, all);
}

void commit_add(uint32_t pages);
void commit_release(uint32_t pages);
void commit_init(void);

/* Take back the promise of pages of the area, if it had one. */
static inline void vma_uncommit(const struct vma *vma, uint32_t pages)
{
	if (vma->flags & VM_ACCOUNT)
		commit_release(pages);
}

/* Do the pages of a private area with these flags count? */
static inline bool vm_flags_count(unsigned flags)
{
	return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* ---- upages.c: pages of user mode, and who has them --------------------- */

/* It is mapped for reading where nothing was written yet. */
extern struct page *vm_zero_page;

static inline void vm_page_get(struct page *page)
{
	debug_caller_must(page->refs > 0, "have a reference to the page");
	__atomic_fetch_add(&page->refs, 1, __ATOMIC_RELAXED);
}

/* Dropping the last reference frees the page. */
void vm_page_put(struct page *page);

/*
 * A pin counts VM_PIN references, so that the other references can still be
 * counted (Linux: GUP_PIN_COUNTING_BIAS). There are fewer address spaces than
 * VM_PIN, and each maps a private page once at most. A shared page may be
 * mapped more often; then it seems pinned, and this does no harm. Entries may
 * use three quarters of the count. They cannot overflow it: their page tables
 * would need 24 GiB.
 */
#define VM_PIN       0x100000u
#define VM_PINS_MAX  (UINT32_MAX / 4 / VM_PIN)

/* The number of pins. If there are none, fork need not look for them. */
extern unsigned long vm_nr_pins;

static inline bool vm_page_is_pinned(const struct page *page)
{
	return READ_ONCE(page->refs) >= VM_PIN;
}

/* Does only one entry map it? Then this entry may become writable. */
bool vm_page_is_only(struct page *page);

/* A new page, with the contents of another one or zeros. NULL: no memory. */
struct page *vm_page_copy(struct page *page) __must_check;
struct page *vm_page_zeroed(void) __must_check;

/* For upt_unmap_range() and upt_copy_range(); `arg` is the address space. */
void vm_pages_unmapped(struct page *const pages[], unsigned nr, void *arg);
void vm_pages_mapped(struct page *const pages[], unsigned nr, void *arg);
void upages_init(void);

/* ---- fault.c: touch pages ----------------------------------------------- */

/* What a call returns after such a touch: 0, -ENOMEM or -EFAULT. */
int vm_fault_errno(enum vm_fault fault);

/*
 * As vm_fault(), for the running thread's own address space: asks a pager if
 * there is one. `force`: write also to a read-only area. Takes mm->lock.
 */
enum vm_fault vm_touch(struct mm *mm, uaddr_t addr, unsigned access,
		       bool force);

/* The same for any address space. Asks no pager: VM_FAULT_PAGER. */
enum vm_fault vm_touch_locked(struct mm *mm, uaddr_t addr, unsigned access,
			      bool force) MUST_HOLD(&mm->lock);

/*
 * Touch the pages of [start, end), so that they are there. access 0: as the
 * areas allow. If an area refuses, `stop` ends the call; without it, the area
 * is left out. Takes mm->lock.
 * Returns: 0; -EINTR: killed; -EFAULT (only with `stop`), -ENOMEM.
 */
int mm_populate(struct mm *mm, uaddr_t start, uaddr_t end, unsigned access,
		bool stop);

/* ---- transfer.c --------------------------------------------------------- */

/* Take or release both locks. All threads take them in the same order. */
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
 * Give the child copies of pinned pages in [start, end), after fork has copied
 * the entries. Returns: 0 or -ENOMEM.
 */
int vm_copy_pinned(struct mm *child, uaddr_t start, uaddr_t end)
	MUST_HOLD(&child->lock) __must_check;

/* Add a pin to a page that has a reference. Returns: false: too many pins. */
bool vm_page_pin(struct page *page) __must_check;
void vm_page_unpin(struct page *page);

/* ---- map_device.c ------------------------------------------------------- */

/* The address space ends: mark its windows as not mapped. */
void vm_forget_windows(struct mm *mm);

/*
 * Does a device's area lie within a window of the address space? For checks:
 * mm->lock is held, or nobody can take it.
 */
bool vm_has_window(const struct mm *mm, const struct vma *vma);

/* ---- vm_check.c --------------------------------------------------------- */

/* Pages promised to private areas of the account and all accounts below it. */
unsigned long vm_promised_below(const struct account *account);

/* Tell vm_check() which address spaces there are. */
void check_add_mm(struct mm *mm);
void check_remove_mm(struct mm *mm);
