// SPDX-License-Identifier: MIT
/*
 * parcel.h - handles and pages on their way in a message
 *
 * WHAT     What a message carries besides words, taken out of the sender's
 *          struct ipc_extras and not yet the receiver's.
 *
 * PICTURE    sender's ipc_msg.out --parcel_pack()--> parcel
 *                                  --parcel_unpack()--> receiver's ipc_msg.in
 *
 * SEE      kernel/ipc/parcel.c; kernel/uapi/pagoda.h struct ipc_extras.
 */
#pragma once

#include <arch/addr.h>

#include "kernel/ipc/ipc_thread.h"
#include "kernel/object/handle.h"
#include "kernel/uapi/pagoda.h"

struct mm;
struct page;
struct task;

struct ipc_parcel {
	struct handle_entry handles[IPC_MAX_HANDLES];  /* opened, referenced  */
	unsigned            nr_handles;
	struct mm          *mm;         /* whose the pages are, referenced;
					   NULL: none, or moved already       */
	uaddr_t addr;
	uint32_t length, prot;
	bool                grant;
	bool                arrived;    /* the pages are the receiver's: addr */
	struct page        *page;       /* for the kernel: answer of a pager  */
	struct reply_slot   slot;       /* a sender that waits until the
					   pages have been taken              */
};

/*
 * Take what *extras names out of the running thread's task: checks handles and
 * rights. Handles that are to be moved are still there (parcel_moved()).
 * Returns: 0, *parcelp NULL when there is nothing to carry; -EBADF, -EPERM,
 *          -EINVAL, -ENOMEM.
 */
int parcel_pack(const struct ipc_extras *extras, struct ipc_parcel **parcelp)
	__must_check;

/* The message was taken: close the handles that were to be moved. */
void parcel_moved(const struct ipc_extras *extras);

/*
 * Give a parcel to the running thread's task, and tell in ipc_msg.in. A thread
 * without a buffer loses what came. Frees the parcel.
 * Returns: 0; -EFAULT: `in` could not be written.
 */
int parcel_unpack(struct ipc_parcel *parcel);

/*
 * Before a reply: move the pages into the caller's task now, by the thread that
 * has them, so that the caller finds them there. For a fault's caller, the
 * kernel, one page is taken out instead.
 */
void parcel_prepare_reply(struct ipc_parcel *parcel, struct reply_slot *slot);

/* What was not given to anybody is dropped. NULL is allowed. */
void parcel_free(struct ipc_parcel *parcel);

/* Where a sender waits until its pages have been taken; NULL: it need not. */
static inline struct reply_slot *parcel_slot(struct ipc_parcel *parcel)
{
	return parcel->mm ? &parcel->slot : NULL;
}

void parcel_init(void);
