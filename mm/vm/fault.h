// SPDX-License-Identifier: MIT
/*
 * fault.h - what becomes of a user page that is touched
 *
 * WHAT     Resolves an access to an address space: demand zero, the shared zero
 *          page for reads, copy on write, growth of a stack, a pager's page.
 *          Called by the page-fault entry for user mode, and for the kernel
 *          when it copies from or to user memory.
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
 * Pagers. mm/vm cannot know endpoints, so kernel/ipc/ registers what it needs:
 *   ask  sleeps until the pager has answered with a page, which becomes the
 *        caller's. Nothing is held while it runs (pager.c, A1 to A3).
 *        Returns: a page with one reference, or NULL (refused, the pager is
 *        gone, or mm is not the running thread's).
 *   get, put  take and drop a reference: each VMA with a pager holds one.
 *        Called with mm->lock held: `put` must not come back to this address
 *        space.
 */
struct vm_pager_ops {
	struct page *(*ask)(struct endpoint *pager, struct mm *mm, uaddr_t addr,
			    unsigned access);
	void         (*get)(struct endpoint *pager);
	void         (*put)(struct endpoint *pager);
};

/*
 * Returns: what was there before, for a test to give back; NULL: nothing, then
 *          every pager refuses.
 */
const struct vm_pager_ops *vm_set_pager_ops(const struct vm_pager_ops *ops);

/* Name a pager for [addr, addr + length), which must be whole VMAs' pages. */
long mm_set_pager(struct mm *mm, uaddr_t addr, uint32_t length,
		  struct endpoint *pager);

/*
 * Give pages of one address space to another: `grant` takes them away from the
 * giver, else both have them (shared). A VMA operation, not a copy. The range
 * lies in one area; `rights` (VM_*) are among the area's. to_addr 0: wherever
 * there is room. Whatever the giver does then, the receiver's pages stay.
 * Returns: the address in `to`; -EINVAL (not whole pages), -EFAULT (not in one
 *          area, one with a pager, behind the end of its object), -EPERM
 *          (rights), -EEXIST (not free in `to`), -ENOMEM; then nothing has
 *          changed.
 */
long mm_transfer(struct mm *from, uaddr_t addr, uint32_t length, struct mm *to,
		 uaddr_t to_addr, unsigned rights, bool grant);

/*
 * The same into a window that the receiver has named (not 0): what is there
 * goes, in part or whole, when the transfer succeeds, and stays when it fails.
 */
long mm_transfer_over(struct mm *from, uaddr_t addr, uint32_t length,
		      struct mm *to, uaddr_t window, unsigned rights,
		      bool grant);

/*
 * Take one page out of an address space, for a pager's answer: the page at
 * addr is no longer mapped there, and the caller's with one reference. It is a
 * copy when others have the page too, and a new page when there was none.
 * Returns: NULL: no private area at addr, the page is a pager's that has not
 *          been asked yet, or no memory.
 */
struct page *mm_take_page(struct mm *mm, uaddr_t addr) __must_check;

/* The same without taking it: always a copy. NULL also where addr is not to be
 * read, or its page is a pager's that has not been asked yet. */
struct page *mm_copy_page(struct mm *mm, uaddr_t addr) __must_check;
