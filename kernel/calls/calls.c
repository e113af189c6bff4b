// SPDX-License-Identifier: MIT
/*
 * calls.c - what the calls have in common: finding objects, copying memory
 *
 * RULES
 *          a copy between two address spaces goes through a page of the
 *          kernel's: while one side faults, the other side is not touched.
 *          A few such pages are kept aside: a server copies from its client and
 *          back to do its work, and must answer even if memory is used up.
 */
#include "kernel/calls/calls.h"

#include <arch/irqflags.h>

#include "lib/errno.h"
#include "mm/slab/mempool.h"

#define COPIES  2u   /* these go on when memory is used up */

static struct mempool *copy_buffers;   /* constant after mm_copy_init() */

int find_object(uint32_t handle, enum object_type type, unsigned rights,
		struct object **objectp)
{
	return handle_lookup(&current_task()->handles, handle, type, rights,
			     objectp);
}

int find_endpoint_or_none(uint32_t handle, unsigned rights,
			  struct endpoint **endpointp)
{
	struct object *object;
	int err;

	*endpointp = NULL;
	if (!handle)
		return 0;
	err = find_object(handle, OBJECT_ENDPOINT, rights, &object);
	if (!err)
		*endpointp = object_to_endpoint(object);
	return err;
}

int find_task(uint32_t handle, unsigned rights, struct task **taskp)
{
	struct object *object;
	int err;

	if (!handle) {
		*taskp = current_task();
		object_get(&(*taskp)->object);
		return 0;
	}
	err = find_object(handle, OBJECT_TASK, rights, &object);
	if (!err)
		*taskp = object_to_task(object);
	return err;
}

/* From a task to its address space. */
static int enter_space(struct subject *subject)
{
	struct object *object = subject->entry.object;
	irqflags_t flags = irq_save();
	struct mm *mm = object_to_task(object)->mm;

	if (mm)
		mm_get(mm);
	irq_restore(flags);
	object_put(object);
	subject->entry.object = NULL;
	subject->mm = mm;
	return mm ? 0 : -ESRCH;
}

int find_subject(const struct trap_regs *regs, struct subject *subject)
{
	const struct call_row *row = call_row(PG_NUMBER(regs->eax));
	struct task *self = current_task();
	int err = 0;

	*subject = (struct subject){ .entry = { NULL, RIGHTS_ALL, 0 } };
	if (call_handle(regs) || !(row->flags & CALL_OWN)) {
		err = handle_lookup_entry(&self->handles, call_handle(regs),
					  row->type, row->rights,
					  &subject->entry);
	} else if (row->type == OBJECT_TASK) {
		object_get(&self->object);
		subject->entry.object = &self->object;
	}
	if (!err && row->flags & CALL_SPACE)
		err = enter_space(subject);
	return err;
}

void put_subject(const struct subject *subject)
{
	if (subject->mm)
		mm_put(subject->mm);
	object_put(subject->entry.object);
}

struct reply_slot *subject_slot(const struct subject *subject)
{
	struct object *object = subject->entry.object;

	return object ? object_to_slot(object) : &current_thread()->ipc.owes;
}

long give_handle(struct object *object, unsigned rights)
{
	int handle = 0;

	if (!object)
		return -ENOMEM;
	/* A task pays for itself, and the machine was there before. */
	if (!object->account && object->type != OBJECT_TASK &&
	    object->type != OBJECT_SYSTEM)
		handle = object_charge(object, current_task()->account);
	if (!handle)
		handle = handle_add(&current_task()->handles, object, rights);
	object_put(object);
	return handle;
}

/* One page at a time. */
static long copy_pages(struct mm *mm, uaddr_t theirs, uaddr_t ours,
		       uint32_t length, void *bounce, bool in)
{
	while (length) {
		uint32_t n = MIN(length, (uint32_t)PAGE_SIZE);
		int err = in ? copy_from_user(bounce, ours, n)
			     : mm_read(mm, theirs, bounce, n);

		if (!err)
			err = in ? mm_write(mm, theirs, bounce, n, false)
				 : copy_to_user(ours, bounce, n);
		if (err)
			return err;
		if (wait_killed())
			return -EINTR;
		theirs.v += n;
		ours.v += n;
		length -= n;
	}
	return 0;
}

long mm_copy_user(struct mm *mm, uaddr_t theirs, uaddr_t ours, uint32_t length,
		  bool in)
{
	void *bounce;
	long result;

	if (!user_range_ok(theirs, length) || !user_range_ok(ours, length))
		return -EFAULT;
	bounce = mempool_alloc(copy_buffers, GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	result = copy_pages(mm, theirs, ours, length, bounce, in);
	mempool_free(copy_buffers, bounce);
	return result;
}

void mm_copy_init(void)
{
	copy_buffers = mempool_create_kmalloc_pool(COPIES, PAGE_SIZE);
	if (!copy_buffers)
		panic("calls: no memory for two pages at boot");
}

const char *mm_copy_check(void)
{
	return mempool_check(copy_buffers);
}
