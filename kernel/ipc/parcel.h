// SPDX-License-Identifier: MIT
/*
 * parcel.h - handles and pages on their way in a message
 *
 * WHAT     What a message carries besides words. It has left the sender's
 *          struct ipc_extras, and is not yet the receiver's.
 *
 * PICTURE    sender's ipc_msg.out --parcel_pack()--> parcel
 *                                  --parcel_unpack()--> receiver's ipc_msg.in
 *
 * SEE      kernel/ipc/parcel.c; kernel/uapi/pagoda.h struct ipc_extras.
 */
#pragma once

#include "kernel/ipc/ipc_thread.h"
#include "kernel/object/handle.h"
#include "kernel/uapi/pagoda.h"

struct mm;
struct page;

struct ipc_parcel {
	struct handle_entry handles[IPC_MAX_HANDLES];  /* opened, referenced  */
	unsigned            nr_handles;
	struct mm          *mm;         /* of the pages, referenced; NULL: no
					   pages, or moved already            */
	uaddr_t             addr;
	uint32_t            length, prot;
	bool                grant;
	bool                arrived;    /* the pages are the receiver's: addr */
	struct page        *page;       /* for the kernel: answer of a pager  */
	struct reply_slot   slot;       /* the sender waits here until the
					   pages have been taken              */
};

/*
 * Take what *extras names out of the running thread's task. Handles and rights
 * are checked. Handles that are to be moved are still there (parcel_moved()).
 * Returns: 0, and *parcelp is NULL if there is nothing to carry; -EBADF,
 *          -EPERM, -EINVAL, -ENOMEM.
 */
int parcel_pack(const struct ipc_extras *extras, struct ipc_parcel **parcelp)
	__must_check;

/* The message was taken: close the handles that were to be moved. */
void parcel_moved(const struct ipc_extras *extras);

/*
 * Give a parcel to the running thread's task, and describe it in ipc_msg.in. A
 * thread without a buffer loses the parcel. Frees the parcel.
 * Returns: `result` for EAX, without IPC_EXTRAS if `in` cannot be written.
 */
long parcel_unpack(struct ipc_parcel *parcel, long result);

/*
 * Before a reply: the replier moves its pages into the caller's task, so that
 * the caller finds them there. If the caller is the kernel, with a fault, one
 * page is taken out instead.
 */
void parcel_prepare_reply(struct ipc_parcel *parcel, struct reply_slot *slot);

/* Drop the parcel and what is still in it. NULL is allowed. */
void parcel_free(struct ipc_parcel *parcel);

void parcel_init(void);
