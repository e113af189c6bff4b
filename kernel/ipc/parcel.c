// SPDX-License-Identifier: MIT
/*
 * parcel.c - handles and pages go from task to task
 *
 * WHAT     Packs what a sender names, gives it to the receiver's task, and
 *          describes it in the receiver's own memory.
 *
 * PICTURE    this runs   this happens                  this may make it fail
 *            sender      pack: look handles up         the sender
 *            -           the message is taken          nothing
 *            receiver    unpack: add handles, move     the receiver
 *                        pages, write ipc_msg.in
 *            sender      close handles that moved      nothing
 *
 * TERMS    in flight  a handle in a parcel. It counts as open: an endpoint is
 *                     not dead while its only handle to receive is in a message
 *
 * RULES
 *          no task waits while another task's memory is touched, except the
 *          sender of pages, until the receiver has taken them: a thread copies
 *          here only from or to its own user memory
 *          a reply never waits: the replier moves its pages into the window
 *          that the caller named before the call
 *          nothing is mapped that the receiver has not asked for: at most the
 *          length of its window, 0 if it has named none
 *
 * LOCKING  No lock is held across anything here; mm_transfer() takes both
 *          mm->lock.
 * SEE      mm/vm/transfer.c; kernel/ipc/endpoint.c slot_for().
 */
#include "kernel/ipc/parcel.h"

#include <arch/irqflags.h>
#include <arch/uaccess.h>

#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/rendezvous.h"
#include "kernel/task/task.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/slab.h"
#include "mm/vm/fault.h"

#define PROT_RIGHTS  (PROT_READ | PROT_WRITE | PROT_EXEC)

_Static_assert(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE &&
	       PROT_EXEC == VM_EXEC, "PROT_* are rights of areas");

static struct kmem_cache *parcel_cache;

void parcel_free(struct ipc_parcel *parcel)
{
	if (!parcel)
		return;
	reply_slot_fail(&parcel->slot, -EPIPE);
	for (unsigned i = 0; i < parcel->nr_handles; i++) {
		object_closed(parcel->handles[i].object,
			      parcel->handles[i].rights);
		object_put(parcel->handles[i].object);
	}
	if (parcel->mm)
		mm_put(parcel->mm);
	if (parcel->page)
		free_page(parcel->page);
	kmem_cache_free(parcel_cache, parcel);
}

/* ---- pack --------------------------------------------------------------- */

static int pack_handle(struct ipc_parcel *parcel, const struct ipc_handle *out)
{
	struct handle_entry *entry = &parcel->handles[parcel->nr_handles];
	int err = handle_lookup_entry(&current_task()->handles, out->handle,
				      OBJECT_ANY, RIGHT_TRANSFER | out->rights,
				      entry);

	if (err)
		return err;
	if (out->rights)
		entry->rights = out->rights;
	object_opened(entry->object, entry->rights);
	parcel->nr_handles++;
	return 0;
}

static int pack_pages(struct ipc_parcel *parcel, const struct ipc_extras *out)
{
	/* Pages that cannot be read are of no use. */
	if ((out->page_addr | out->page_length) & ~PAGE_MASK ||
	    !out->page_length || out->page_prot & ~PROT_RIGHTS ||
	    !(out->page_prot & PROT_READ))
		return -EINVAL;
	parcel->addr = UADDR(out->page_addr);
	parcel->length = out->page_length;
	parcel->prot = out->page_prot;
	parcel->grant = out->flags & IPC_PAGES_GRANT;
	parcel->mm = current_task()->mm;
	mm_get(parcel->mm);
	return 0;
}

int parcel_pack(const struct ipc_extras *extras, struct ipc_parcel **parcelp)
{
	struct ipc_parcel *parcel;
	int err = 0;

	*parcelp = NULL;
	if (extras->nr_handles > IPC_MAX_HANDLES)
		return -EINVAL;
	if (!extras->nr_handles && !(extras->flags & IPC_PAGES))
		return 0;
	parcel = kmem_cache_alloc(parcel_cache, GFP_KERNEL | GFP_ZERO);
	if (!parcel)
		return -ENOMEM;
	for (unsigned i = 0; i < extras->nr_handles && !err; i++)
		err = pack_handle(parcel, &extras->handles[i]);
	if (!err && extras->flags & IPC_PAGES)
		err = pack_pages(parcel, extras);
	if (err)
		parcel_free(parcel);
	else
		*parcelp = parcel;
	return err;
}

void parcel_moved(const struct ipc_extras *extras)
{
	if (!(extras->flags & IPC_MOVE))
		return;
	for (unsigned i = 0; i < extras->nr_handles; i++)
		handle_remove(&current_task()->handles,
			      extras->handles[i].handle);
}

/* ---- pages -------------------------------------------------------------- */

/*
 * Move the pages into `mm`, in place of what is in the window. If that fails,
 * the window is as it was.
 * Returns: 0; -E2BIG: more pages than the receiver wants; as mm_transfer().
 */
static int move_pages(struct ipc_parcel *parcel, struct mm *mm,
		      const struct ipc_window *window)
{
	long addr;

	if (parcel->length > window->length)
		return -E2BIG;
	if (window->addr.v)
		addr = mm_transfer_over(parcel->mm, parcel->addr,
					parcel->length, mm, window->addr,
					parcel->prot, parcel->grant);
	else
		addr = mm_transfer(parcel->mm, parcel->addr, parcel->length, mm,
				   UADDR(0), parcel->prot, parcel->grant);
	if (IS_ERR_VALUE(addr))
		return (int)addr;
	parcel->arrived = true;
	parcel->addr = UADDR((uint32_t)addr);
	return 0;
}

/* The sender need not wait for its pages any more. */
static void done_with_pages(struct ipc_parcel *parcel, int result)
{
	mm_put(parcel->mm);
	parcel->mm = NULL;
	reply_slot_fail(&parcel->slot, result);
}

/*
 * The caller's address space, referenced, and its window. NULL: no caller
 * waits, or the kernel is the caller. *fault: the kernel waits for a page.
 */
static struct mm *caller_mm(struct reply_slot *slot, struct ipc_window *window,
			    bool *fault)
{
	irqflags_t flags = irq_save();
	const struct thread *caller = slot->caller;
	uint32_t label = caller ? caller->ipc.label : IPC_KERNEL;
	struct mm *mm = NULL;

	*fault = caller && (label & IPC_KERNEL) &&
		 KMSG_KIND(label) == KMSG_FAULT;
	if (!(label & IPC_KERNEL) && caller->task) {
		mm = caller->task->mm;
		mm_get(mm);
		*window = caller->ipc.window;
	}
	irq_restore(flags);
	return mm;
}

void parcel_prepare_reply(struct ipc_parcel *parcel, struct reply_slot *slot)
{
	struct ipc_window window;
	struct mm *mm;
	bool fault;

	if (!parcel || !parcel->mm)
		return;
	mm = caller_mm(slot, &window, &fault);
	if (fault && parcel->grant)
		parcel->page = mm_take_page(parcel->mm, parcel->addr);
	else if (fault)
		parcel->page = mm_copy_page(parcel->mm, parcel->addr);
	if (mm) {
		(void)move_pages(parcel, mm, &window);
		mm_put(mm);
	}
	/*
	 * The server loses what its reply grants, even if the caller has not
	 * taken the pages: the server cannot learn of that in another way, and
	 * would keep the pages for ever.
	 */
	if (parcel->grant && !parcel->arrived)
		(void)mm_munmap(parcel->mm, parcel->addr, parcel->length);
	done_with_pages(parcel, 0);
}

/* ---- unpack ------------------------------------------------------------- */

/* The parcel's handles for the receiver. Handle 0: its table had no room. */
static void unpack_handles(const struct ipc_parcel *parcel,
			   struct ipc_extras *in)
{
	in->nr_handles = parcel->nr_handles;
	for (unsigned i = 0; i < parcel->nr_handles; i++) {
		const struct handle_entry *entry = &parcel->handles[i];
		int handle = handle_add_badged(&current_task()->handles,
					       entry->object, entry->rights,
					       entry->badge);

		if (handle < 0)
			continue;
		in->handles[i].handle = (uint32_t)handle;
		in->handles[i].rights = entry->rights;
	}
}

static void unpack_pages(struct ipc_parcel *parcel, struct ipc_extras *in)
{
	if (parcel->mm)
		done_with_pages(parcel,
				move_pages(parcel, current_task()->mm,
					   &current_thread()->ipc.window));
	if (!parcel->arrived)
		return;
	in->flags = IPC_PAGES | (parcel->grant ? IPC_PAGES_GRANT : 0);
	in->page_addr = parcel->addr.v;
	in->page_length = parcel->length;
	in->page_prot = parcel->prot;
}

long parcel_unpack(struct ipc_parcel *parcel, long result)
{
	uaddr_t buffer = current_thread()->ipc.buffer;
	struct ipc_extras in;
	int err = -EFAULT;

	memset(&in, 0, sizeof(in));
	if (buffer.v) {
		unpack_handles(parcel, &in);
		unpack_pages(parcel, &in);
		buffer.v += offsetof(struct ipc_msg, in);
		err = copy_to_user(buffer, &in, sizeof(in));
	}
	parcel_free(parcel);
	return err ? result & ~(long)IPC_EXTRAS : result;
}

void parcel_init(void)
{
	parcel_cache = kmem_cache_create("ipc_parcel",
					 sizeof(struct ipc_parcel), 0,
					 SLAB_PANIC, NULL);
}
