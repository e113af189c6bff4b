// SPDX-License-Identifier: MIT
/*
 * mm.h - one user address space, and the calls that shape it
 *
 * WHAT     struct mm is the user half of a task: its page tables, its VMAs and
 *          what it counts. The functions below are Linux's memory calls; each
 *          takes and returns what the call does, negative errno included, so
 *          that kernel/linux/ has nothing to translate.
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
 * INVARIANTS of vm (mm_check() restates them)
 *          V1  VMAs are page-aligned, disjoint, within USER_BASE..USER_END
 *          V2  no two neighbours could be one VMA, unless one is VM_UNJOINED:
 *              growth of a stack, MREMAP_DONTUNMAP and fork join nothing
 *          V3  every present user entry lies in a VMA that is VM_TOUCHED
 *          V4  an entry is writable only where its VMA is, and only when its
 *              page has one reference (or the VMA is shared)
 *          V5  total_vm, locked_vm and committed are the sums over the VMAs,
 *              rss is the number of entries
 *          V6  refs of an anonymous page is the number of entries that map
 *              it, and one more when it belongs to a vm_object (vm_check());
 *              VM_PIN is added for each mm_pin()
 *          V7  an area has only flags that its kind may have (vm_flags.h);
 *              only private ones have a family or a pager
 *          The zero page is neither counted in rss nor by references.
 *
 * LOCKING  mm->lock, a mutex: each function below takes it itself.
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
#define MMAP_BOTTOM    (USER_END / 3)    /* when that is full: up from here  */
#define STACK_LIMIT    (8u << 20)        /* RLIMIT_STACK's default           */
#define STACK_GUARD_GAP  (256 * PAGE_SIZE)  /* unmapped below a stack        */
#define MAX_MAP_COUNT  65530             /* areas in one address space       */
#define VMA_SPARES     3u                /* two cuts and a new area          */
#define VM_UNLIMITED   UINT32_MAX        /* RLIM_INFINITY                    */

/* MAX_MAP_COUNT; tests raise it. */
extern uint32_t vm_max_map_count;

#define AREAS_FREE  UINT32_MAX

/* RLIMIT_STACK, _MEMLOCK and _AS: what this address space may have. */
enum vm_limit_kind {
	VM_LIMIT_STACK,      /* how far an area that grows down may grow      */
	VM_LIMIT_MEMLOCK,    /* locked_vm                                     */
	VM_LIMIT_AS,         /* total_vm                                      */
	VM_NR_LIMITS
};

/* Bytes. The soft one is what counts, the hard one is what that may become. */
struct vm_limit {
	uint32_t soft, hard;
};

/* Protection: I set at creation; l the address space's lock. */
struct mm {
	struct mutex       lock;
	struct upgtable    tables;         /* l                              */
	struct range_tree  vmas;           /* l                              */
	uint32_t           nr_vmas;        /* l                              */
	uint32_t           areas_paid;     /* l  charged: nr_vmas and more;
					    *    AREAS_FREE: nobody pays     */
	struct account    *account;        /* I  referenced; NULL: nobody's  */
	uint32_t           total_vm;       /* l  pages in VMAs               */
	uint32_t           locked_vm;      /* l  pages in VM_LOCKED VMAs     */
	uint32_t           committed;      /* l  pages in VM_ACCOUNT VMAs    */
	uint32_t           rss;            /* l  pages mapped                */
	uint32_t           families;       /* l  the last number given out   */
	struct vma        *spare[VMA_SPARES]; /* l  see vma_reserve()        */
	uint32_t           nr_spares;      /* l                              */
	uaddr_t            brk_start, brk; /* l                              */
	struct vm_limit    limits[VM_NR_LIMITS]; /* l                        */
	uint32_t           refs;           /*    mm_get(), mm_put()          */
	struct list_head   all;            /*    all of them: vm_check()     */
	struct list_head   windows;        /*    map_device.c: windows_lock  */
};

/* Linux's values: they are the ABI. */
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

/* Returns: 0 and a new, empty address space with one reference; -ENOMEM. */
int mm_create(struct mm **mmp) __must_check;

/*
 * A copy of `from`, as fork makes it: private writable pages are shared and
 * write-protected on both sides, shared areas are shared.
 * Returns: 0; -ENOMEM, and nothing is left behind.
 */
int mm_fork(struct mm *from, struct mm **mmp) __must_check;

/*
 * Who pays for areas and page tables: once, while there is neither. An address
 * space that tasks share is the first one's.
 */
void mm_set_account(struct mm *mm, struct account *account);

/* Who is made by `from`, but not as a copy, has its limits all the same. */
void mm_copy_limits(struct mm *mm, struct mm *from);

/*
 * Set a limit (`new` not NULL), and say what it was (`old` not NULL). What the
 * address space has already stays, even if that is more.
 * Returns: 0; -EINVAL (soft above hard), -EPERM (hard above what it was).
 */
int mm_change_limit(struct mm *mm, enum vm_limit_kind kind,
		    const struct vm_limit *new, struct vm_limit *old);

/* The second half of mm_fork(), for a child that is new. Returns: as that. */
int mm_copy_areas(struct mm *child, struct mm *from) __must_check;

/* The last reference unmaps everything and frees the tables. */
void mm_get(struct mm *mm);
void mm_put(struct mm *mm);

/*
 * The memory calls. An address is as user mode gave it. An address
 * that comes back is >= 0 as unsigned; errors are the last 4095 values, as in
 * Linux: IS_ERR_VALUE().
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
 * One byte a page of [addr, addr + length) into vec[]; 1: present. Ends at the
 * end of an area, and after `max` bytes: the call goes on from there.
 * Returns: the bytes written (0 only for length 0); -EINVAL (addr not
 *          aligned); -ENOMEM (no area at addr).
 */
long mm_mincore(struct mm *mm, uaddr_t addr, uint32_t length, uint8_t *vec,
		uint32_t max);

/*
 * Where the kernel itself places things: an image's segment, a stack. `name`
 * must live as long as the kernel, or be NULL.
 * Returns: start; -EINVAL (not pages of user mode), -EEXIST, -ENOMEM.
 */
long mm_map_fixed(struct mm *mm, uaddr_t start, uint32_t length,
		  unsigned vm_flags, const char *name);

/*
 * Map pages of the kernel's that it keeps for good, which lie side by side and
 * have a reference: a private area, read-only or executable. addr 0: anywhere.
 * Returns: the address; -EINVAL, -ENOMEM.
 */
long mm_map_pages(struct mm *mm, uaddr_t addr, struct page *first,
		  uint32_t nr_pages, unsigned rights, const char *name);

/*
 * Frames that are not counted: registers of a device (not cached), or memory
 * that it shares with a program (cached). A private area, read and written,
 * which a fork leaves out and nobody moves, protects or gives away. Whoever
 * maps it takes it back before the frames become something else's. It goes with
 * its address space, which it does not keep.
 */
struct vm_window {
	struct mm       *mm;        /* NULL: not mapped, or not any more     */
	struct list_head link;      /* in mm->windows                        */
	uaddr_t start;
	uint32_t length;
	uint32_t         family;    /* of the area: by it, it is found again */
	bool             cached;    /* RAM: its pages count as promised      */
};

/* Anywhere. Returns: the address, and *window; -EINVAL, -ENOMEM. */
long mm_map_device(struct mm *mm, pfn_t first, uint32_t nr_pages, bool cached,
		   const char *name, struct vm_window *window);

/* What the program has left of it goes. Context: thread, without mm->lock. */
void mm_unmap_device(struct vm_window *window);

/*
 * Pin the pages of a buffer, so that a device may reach them: they stay where
 * they are, whatever becomes of the address space, until mm_unpin(). `write`:
 * the device writes: the pages become the program's own and writable first. A
 * fork that finds a pinned page copies it for the child at once.
 *
 * Returns: 0 and a page for each page that [addr, addr + length) touches;
 *          -EFAULT (not there, or not allowed), -ENOMEM, -EBUSY (pinned too
 *          often): then none is pinned.
 */
int mm_pin(struct mm *mm, uaddr_t addr, uint32_t length, bool write,
	   struct page *pages[]) __must_check;
void mm_unpin(struct page *const pages[], unsigned nr);

/* References of page tables to a page of user mode, without its pins. */
unsigned vm_page_entries(const struct page *page);

/* The heap starts behind the image: once, by the loader. */
void mm_set_brk_start(struct mm *mm, uaddr_t start);

/*
 * Copy between kernel memory and an address space that need not be the current
 * one, faulting pages in as an access by its owner would (`force` ignores
 * read-only rights, for the loader).
 * Returns: 0; -EFAULT: then a part may have been copied.
 */
int mm_write(struct mm *mm, uaddr_t addr, const void *from, uint32_t length,
	     bool force) __must_check;
int mm_read(struct mm *mm, uaddr_t addr, void *to, uint32_t length)
	__must_check;

/* The VMA that contains addr, copied out; false: none. */
struct vma_info {
	uaddr_t start, end;
	unsigned    flags;
	const char *name;
};
bool mm_find_vma(struct mm *mm, uaddr_t addr, struct vma_info *info);

/* The first VMA that ends above addr: to walk over all of them. */
bool mm_next_vma(struct mm *mm, uaddr_t addr, struct vma_info *info);

/* NULL, or the first broken invariant of the address space: all but V6. */
const char *mm_check(struct mm *mm);

/*
 * The same for all address spaces, and V6. Skips V6 when somebody is changing
 * one of them.
 */
const char *vm_check(void);

/* For account_check(): areas and page tables of all address spaces. */
void vm_count_charges(void);

/*
 * Pages that areas have been promised, and how many may be: all RAM, unless a
 * test sets another limit.
 */
extern unsigned long vm_commit_limit;
unsigned long vm_committed(void);

/* Lines of Linux's /proc/PID/maps. */
void mm_maps_dump(struct mm *mm);

/* Once at boot, after slab_init(). */
void mm_init(void);
