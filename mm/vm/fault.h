// SPDX-License-Identifier: MIT
/*
 * fault.h - what happens when a user page is touched
 *
 * WHAT     vm_fault() resolves an access to an address space: it maps a page of
 *          zeros, the shared zero page for reads, or a pager's page; it copies
 *          on write; it makes a stack longer. The page-fault entry calls it for
 *          user mode, and for the kernel when it copies from or to user memory.
 * SEE      Linux mm/memory.c handle_mm_fault().
 */
#pragma once

#include "mm/vm/mm.h"

/*      result              what to tell the task                             */
#define VM_FAULTS(F)                                                          \
	F(VM_FAULT_DONE,    "resolved: run the instruction again")            \
	F(VM_FAULT_MAPERR,  "no area at this address")                        \
	F(VM_FAULT_ACCERR,  "the area does not allow this access")            \
	F(VM_FAULT_STACK,   "below the stack's limit or its guard gap")       \
	F(VM_FAULT_OOM,     "out of memory")                                  \
	F(VM_FAULT_PAGER,   "the pager refused or is gone")                   \
	F(VM_FAULT_BUS,     "beyond the end of the shared object")

enum vm_fault {
#define F(result, what) result,
	VM_FAULTS(F)
#undef F
	VM_NR_FAULTS
};

/*
 * `access` is one of VM_READ, VM_WRITE, VM_EXEC. As in Linux since 5.0, a stack
 * grows wherever the stack pointer points.
 *
 * Context: a thread; may sleep (pager, memory). Takes mm->lock.
 */
enum vm_fault vm_fault(struct mm *mm, uaddr_t addr, unsigned access);

const char *vm_fault_text(enum vm_fault fault);

/*
 * Pagers. mm/vm does not know endpoints, so kernel/ipc/ registers functions:
 *   ask  sleeps until the pager has answered with a page, which becomes the
 *        caller's. The caller holds nothing (pager.c, A1 to A3).
 *        Returns: a page with one reference, or NULL: the pager refused or is
 *        gone, or mm is not the running thread's.
 *   get, put  take and drop a reference: each area with a pager holds one.
 *        mm->lock is held: `put` must not come back to this address space.
 */
struct vm_pager_ops {
	struct page *(*ask)(struct endpoint *pager, struct mm *mm, uaddr_t addr,
			    unsigned access);
	void         (*get)(struct endpoint *pager);
	void         (*put)(struct endpoint *pager);
};

/*
 * Register them. NULL: every pager refuses from now on.
 * Returns: those from before, so that a test can give them back.
 */
const struct vm_pager_ops *vm_set_pager_ops(const struct vm_pager_ops *ops);

/*
 * Name a pager for [addr, addr + length): whole pages of private areas.
 * Returns: 0; -EINVAL (no pages of user mode), -EFAULT (not all in private
 *          areas), -ENOMEM.
 */
long mm_set_pager(struct mm *mm, uaddr_t addr, uint32_t length,
		  struct endpoint *pager);

/*
 * Give pages to another address space. `grant`: the giver loses them; without
 * it, both have them (shared). Areas change, no byte is copied. The range lies
 * in one area; `rights` (VM_*) are among the area's. to_addr 0: anywhere.
 * Whatever the giver does later, the receiver keeps the pages.
 * Returns: the address in `to`; -EINVAL (not whole pages), -EFAULT (not in one
 *          area, an area with a pager, behind the end of its object), -EPERM
 *          (rights), -EEXIST (not free in `to`), -ENOMEM; then nothing has
 *          changed.
 */
long mm_transfer(struct mm *from, uaddr_t addr, uint32_t length, struct mm *to,
		 uaddr_t to_addr, unsigned rights, bool grant);

/*
 * The same into a window (not 0) that the receiver has named. If the transfer
 * succeeds, it replaces what is in the window; if it fails, all of it stays.
 */
long mm_transfer_over(struct mm *from, uaddr_t addr, uint32_t length,
		      struct mm *to, uaddr_t window, unsigned rights,
		      bool grant);

/*
 * Take one page out of an address space, for a pager's answer. The page at addr
 * is unmapped, and becomes the caller's with one reference. The caller gets a
 * copy if others have the page too, and a new page if there was none.
 * Returns: NULL: no private area at addr, no memory, or a page that the area's
 *          pager has not given yet.
 */
struct page *mm_take_page(struct mm *mm, uaddr_t addr) __must_check;

/*
 * Copy the page at addr. Returns: a page with one reference; NULL: addr cannot
 * be read, no memory, or a page that the area's pager has not given yet.
 */
struct page *mm_copy_page(struct mm *mm, uaddr_t addr) __must_check;
