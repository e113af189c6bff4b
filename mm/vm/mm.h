// SPDX-License-Identifier: MIT
/*
 * mm.h - one user address space, and the calls that change it
 *
 * WHAT     struct mm is the user half of a task: page tables, areas (VMAs), and
 *          sums over them. Most functions below are Linux's memory calls. They
 *          take and return what the call takes and returns, with negative errno
 *          values: kernel/linux/ has nothing to translate.
 *
 * PICTURE    0x00010000   image: text, data, bss
 *                         [heap] brk ->
 *                         ...
 *                         <- mmap, highest gap first
 *            0xb8000000   mmap begins here, downwards
 *            0xbf800000   (limit of the stack's growth)
 *                         [stack], grows down
 *            0xc0000000   the kernel
 *
 * INVARIANTS of vm (mm_check() checks them)
 *          V1  areas are page-aligned, disjoint, within USER_BASE..USER_END
 *          V2  no two neighbours could be one area, unless one of them is
 *              VM_UNJOINED: growth of a stack, MREMAP_DONTUNMAP and fork do
 *              not join
 *          V3  each present user entry lies in an area that is VM_TOUCHED
 *          V4  an entry is writable only if its area is writable, and if its
 *              page has one reference or the area is shared
 *          V5  total_vm, locked_vm and committed are the sums over the areas,
 *              rss is the number of entries
 *          V6  refs of an anonymous page is the number of entries that map it,
 *              one more if the page belongs to a vm_object, and VM_PIN more
 *              for each mm_pin() (vm_check())
 *          V7  an area has only flags that its kind may have (vm_flags.h);
 *              only private areas have a family or a pager
 *          The zero page does not count, neither in rss nor in refs.
 *
 * LOCKING  mm->lock, a mutex. Each function below takes it.
 * SEE      Linux mm/mmap.c, mm/mprotect.c, mm/mremap.c, mm/madvise.c.
 */
#pragma once

#include <arch/upgtable.h>

#include "lib/wait.h"
#include "mm/vm/vma.h"

struct account;
struct page;

#define USER_END       PAGE_OFFSET
#define MMAP_BASE      (USER_END - (128u << 20))  /* mmap goes down from here */
#define MMAP_BOTTOM    (USER_END / 3)    /* then, if full: up from here      */
#define STACK_LIMIT    (8u << 20)        /* RLIMIT_STACK's default           */
#define STACK_GUARD_GAP  (256 * PAGE_SIZE)  /* unmapped below a stack        */
#define MAX_MAP_COUNT  65530             /* areas in one address space       */
#define VMA_SPARES     3u                /* two cuts and a new area          */
#define VM_UNLIMITED   UINT32_MAX        /* RLIM_INFINITY                    */

/* MAX_MAP_COUNT; tests raise it. */
extern uint32_t vm_max_map_count;

#define AREAS_FREE  UINT32_MAX

/* RLIMIT_STACK, RLIMIT_MEMLOCK and RLIMIT_AS. */
enum vm_limit_kind {
	VM_LIMIT_STACK,      /* how far an area that grows down may grow      */
	VM_LIMIT_MEMLOCK,    /* locked_vm                                     */
	VM_LIMIT_AS,         /* total_vm                                      */
	VM_NR_LIMITS
};

/* In bytes. The soft limit counts; it may be raised up to the hard one. */
struct vm_limit {
	uint32_t soft, hard;
};

/* Protection: I set at creation; l the address space's lock. */
struct mm {
	struct mutex       lock;
	struct upgtable    tables;         /* l                              */
	struct range_tree  vmas;           /* l                              */
	uint32_t           nr_vmas;        /* l                              */
	uint32_t           areas_paid;     /* l  charged: nr_vmas or more.
					    *    AREAS_FREE: nobody pays     */
	struct account    *account;        /* I  a reference, or NULL        */
	uint32_t           total_vm;       /* l  pages in VMAs               */
	uint32_t           locked_vm;      /* l  pages in VM_LOCKED VMAs     */
	uint32_t           committed;      /* l  pages in VM_ACCOUNT VMAs    */
	uint32_t           rss;            /* l  pages mapped                */
	uint32_t           families;       /* l  number of the last family   */
	struct vma        *spare[VMA_SPARES]; /* l  see vma_reserve()        */
	uint32_t           nr_spares;      /* l                              */
	uaddr_t            brk_start, brk; /* l                              */
	struct vm_limit    limits[VM_NR_LIMITS]; /* l                        */
	uint32_t           refs;           /*    mm_get(), mm_put()          */
	struct list_head   all;            /*    vm_check.c: all_lock        */
	struct list_head   windows;        /*    map_device.c: windows_lock  */
};

/* The values are Linux's: programs use them. */
#define PROT_NONE              0x0
#define PROT_READ              0x1
#define PROT_WRITE             0x2
#define PROT_EXEC              0x4
#define PROT_GROWSDOWN         0x01000000
#define PROT_GROWSUP           0x02000000
#define MAP_SHARED             0x01
#define MAP_PRIVATE            0x02
#define MAP_SHARED_VALIDATE    0x03
#define MAP_TYPE               0x0f
#define MAP_FIXED              0x10
#define MAP_ANONYMOUS          0x20
#define MAP_GROWSDOWN          0x0100
#define MAP_LOCKED             0x2000
#define MAP_NORESERVE          0x4000
#define MAP_POPULATE           0x8000
#define MAP_NONBLOCK           0x10000
#define MAP_STACK              0x20000
#define MAP_HUGETLB            0x40000
#define MAP_FIXED_NOREPLACE    0x100000
#define MREMAP_MAYMOVE         1
#define MREMAP_FIXED           2
#define MREMAP_DONTUNMAP       4
#define MADV_NORMAL            0
#define MADV_RANDOM            1
#define MADV_SEQUENTIAL        2
#define MADV_WILLNEED          3
#define MADV_DONTNEED          4
#define MADV_FREE              8
#define MADV_DONTFORK          10
#define MADV_DOFORK            11
#define MADV_DONTDUMP          16
#define MADV_DODUMP            17
#define MADV_WIPEONFORK        18
#define MADV_KEEPONFORK        19
#define MADV_COLD              20
#define MADV_PAGEOUT           21
#define MADV_POPULATE_READ     22
#define MADV_POPULATE_WRITE    23
#define MADV_DONTNEED_LOCKED   24

/* Returns: 0, and an empty address space with one reference; -ENOMEM. */
int mm_create(struct mm **mmp) __must_check;

/*
 * Make a copy, as fork() does. The two share private writable pages, and both
 * lose the right to write to them. They also share the shared areas.
 * Returns: 0; -EINTR (killed), -ENOMEM: then nothing is left behind.
 */
int mm_fork(struct mm *from, struct mm **mmp) __must_check;

/*
 * Name the account that pays for areas and page tables. Call it once, before
 * there are any. If tasks share an address space, the first task's account
 * pays.
 */
void mm_set_account(struct mm *mm, struct account *account);

/* Copy the limits: also a task that is not a copy has its parent's limits. */
void mm_copy_limits(struct mm *mm, struct mm *from);

/*
 * Set a limit if `new` is not NULL, and return the old one if `old` is not
 * NULL. The address space keeps what it has, even if this is more.
 * Returns: 0; -EINVAL (soft above hard), -EPERM (hard above the old hard).
 */
int mm_change_limit(struct mm *mm, enum vm_limit_kind kind,
		    const struct vm_limit *new, struct vm_limit *old);

/* The second half of mm_fork(), for a new child. Returns: as mm_fork(). */
int mm_copy_areas(struct mm *child, struct mm *from) __must_check;

/* mm_put() of the last reference unmaps all pages and frees all tables. */
void mm_get(struct mm *mm);
void mm_put(struct mm *mm);

/*
 * The memory calls. Addresses and lengths may be anything: they come from user
 * mode. A returned address is a number without a sign; the last 4095 numbers
 * are errors, as in Linux (IS_ERR_VALUE()).
 */
long mm_mmap(struct mm *mm, uaddr_t addr, uint32_t length, unsigned prot,
	     unsigned flags);
long mm_munmap(struct mm *mm, uaddr_t addr, uint32_t length);
long mm_mprotect(struct mm *mm, uaddr_t addr, uint32_t length, unsigned prot);
long mm_mremap(struct mm *mm, uaddr_t addr, uint32_t old_length,
	       uint32_t new_length, unsigned flags, uaddr_t new_addr);
long mm_brk(struct mm *mm, uaddr_t brk);
long mm_madvise(struct mm *mm, uaddr_t addr, uint32_t length, int advice);
long mm_mlock(struct mm *mm, uaddr_t addr, uint32_t length);
long mm_munlock(struct mm *mm, uaddr_t addr, uint32_t length);

/*
 * Write one byte for each page of [addr, addr + length) into vec[]: 1 if the
 * page is present. Ends at the end of the area and after `max` bytes: call
 * again for the rest.
 * Returns: the number of bytes (0 only for length 0); -EINVAL (addr is not
 *          aligned); -ENOMEM (no area at addr).
 */
long mm_mincore(struct mm *mm, uaddr_t addr, uint32_t length, uint8_t *vec,
		uint32_t max);

/*
 * Make a private area at a place that the kernel chooses: a segment of an
 * image, a stack. `name` lives as long as the kernel, or is NULL.
 * Returns: start; -EINVAL (no pages of user mode), -EEXIST, -ENOMEM.
 */
long mm_map_fixed(struct mm *mm, uaddr_t start, uint32_t length,
		  unsigned vm_flags, const char *name);

/*
 * Map pages that the kernel never frees, and that lie side by side. The area is
 * private, and may be read or executed. addr 0: anywhere.
 * Returns: the address; -EINVAL, -ENOMEM.
 */
long mm_map_pages(struct mm *mm, uaddr_t addr, struct page *first,
		  uint32_t nr_pages, unsigned rights, const char *name);

/*
 * A window: frames without a count in an address space. They are registers of a
 * device (not cached), or memory that a device and a program share (cached).
 * The area is private and writable. Fork leaves it out; nobody can move,
 * protect or give it away. Unmap the window before the frames get another use.
 * It disappears with its address space. It holds no reference to it.
 */
struct vm_window {
	struct mm       *mm;        /* NULL: not mapped                      */
	struct list_head link;      /* in mm->windows                        */
	uaddr_t          start;
	uint32_t         length;
	uint32_t         family;    /* of the area: no other area has it     */
	bool             cached;    /* RAM: the pages count as promised      */
};

/* Map frames anywhere. Returns: the address, and *window; -EINVAL, -ENOMEM. */
long mm_map_device(struct mm *mm, pfn_t first, uint32_t nr_pages, bool cached,
		   const char *name, struct vm_window *window);

/* Unmap what the program has left of it. Context: thread, without mm->lock. */
void mm_unmap_device(struct vm_window *window);

/*
 * Pin the pages of a buffer for a device. They stay where they are until
 * mm_unpin(), whatever happens to the address space. `write`: the device
 * writes, so each page first becomes the program's own, and writable. A fork
 * copies a pinned page for the child at once.
 *
 * Returns: 0, and a page for each page that [addr, addr + length) touches;
 *          -EFAULT (no page, or no right), -ENOMEM, -EBUSY (pinned too often):
 *          then no page is pinned.
 */
int mm_pin(struct mm *mm, uaddr_t addr, uint32_t length, bool write,
	   struct page *pages[]) __must_check;
void mm_unpin(struct page *const pages[], unsigned nr);

/* The number of references to a page of user mode, without its pins. */
unsigned vm_page_entries(const struct page *page);

/* Say where the heap begins: behind the image. The loader calls it once. */
void mm_set_brk_start(struct mm *mm, uaddr_t start);

/*
 * Copy between kernel memory and any address space. Pages are touched as the
 * owner would touch them; `force` (for the loader) also writes to read-only
 * areas.
 * Returns: 0; -EFAULT, -ENOMEM, -EINTR (killed): a part may have been copied.
 */
int mm_write(struct mm *mm, uaddr_t addr, const void *from, uint32_t length,
	     bool force) __must_check;
int mm_read(struct mm *mm, uaddr_t addr, void *to, uint32_t length)
	__must_check;

/* Describe the area that contains addr. Returns: false: there is none. */
struct vma_info {
	uaddr_t start, end;
	unsigned    flags;
	const char *name;
};
bool mm_find_vma(struct mm *mm, uaddr_t addr, struct vma_info *info);

/* The same for the first area that ends above addr: to walk over all areas. */
bool mm_next_vma(struct mm *mm, uaddr_t addr, struct vma_info *info);

/* Returns: NULL, or the first law that the address space breaks (not V6). */
const char *mm_check(struct mm *mm);

/*
 * The same for all address spaces, with V6. Checks nothing if some thread is
 * changing one of them.
 */
const char *vm_check(void);

/* For account_check(): counts areas and page tables of all address spaces. */
void vm_count_charges(void);

/* How many pages may be promised: all RAM, or what a test sets. */
extern unsigned long vm_commit_limit;

/* How many pages are promised. */
unsigned long vm_committed(void);

/* Log the areas in the format of Linux's /proc/PID/maps. */
void mm_maps_dump(struct mm *mm);

/* Once at boot, after slab_init(). */
void mm_init(void);
