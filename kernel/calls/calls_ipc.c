// SPDX-License-Identifier: MIT
/*
 * calls_ipc.c - the calls that send and receive
 *
 * WHAT     From registers and the thread's struct ipc_msg to operations on
 *          endpoints and reply slots, and back.
 *
 * PICTURE    _MSG only: read ipc_msg.out and the window
 *            find the endpoint or the slot
 *            pack extras ------------------+ errors end here: nothing was done
 *            send, call, receive, reply    |
 *            close handles that were moved +
 *            unpack what came, into ipc_msg.in
 *
 * NOT HERE the usual case of CALL and REPLY_RECEIVE (fastpath.c).
 * SEE      kernel/uapi/pagoda.h, MESSAGES.
 */
#include "kernel/calls/calls_ipc.h"

#include "kernel/calls/calls.h"
#include "kernel/ipc/parcel.h"
#include "kernel/ipc/rendezvous.h"
#include "kernel/ipc/reply.h"
#include "kernel/sched/thread.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "lib/wait.h"

/* A call in the making. */
struct message {
	struct ipc_op     op;
	struct ipc_extras extras;      /* _MSG: what is to be sent            */
};

_Static_assert(offsetof(struct ipc_msg, in) ==
	       sizeof(struct ipc_extras) + 2 * sizeof(uint32_t),
	       "`out` and the window are read as one");

/* Read `out` and the window of the thread's buffer. */
static int read_buffer(struct thread *self, struct ipc_extras *out)
{
	struct {
		struct ipc_extras out;
		uint32_t          window, window_length;
	} head;

	if (!self->ipc.buffer)
		return -EINVAL;
	if (copy_from_user(&head, UADDR(self->ipc.buffer),
			   offsetof(struct ipc_msg, in)))
		return -EFAULT;
	if ((head.window | head.window_length) & ~PAGE_MASK)
		return -EINVAL;
	self->ipc.window = head.window;
	self->ipc.window_length = head.window_length;
	*out = head.out;
	return 0;
}

/* `msg`: the call's name ends in _MSG. */
static int begin(struct message *message, struct trap_regs *regs, bool msg)
{
	struct ipc_extras *out = &message->extras;
	int err = 0;

	memset(message, 0, sizeof(*message));
	message->op.regs = message_regs(regs);
	message->op.deadline = WAIT_FOREVER;
	if (msg)
		err = read_buffer(current_thread(), out);
	message->op.nonblock = out->flags & IPC_NONBLOCK;
	if (out->flags & IPC_DEADLINE)
		message->op.deadline = out->deadline;
	return err;
}

/* What came is unpacked; what was not sent is dropped. */
static long finish(struct message *message, long result)
{
	struct ipc_op *op = &message->op;

	if (op->taken)
		parcel_moved(&message->extras);
	if (op->parcel && result > 0 && result & IPC_EXTRAS) {
		if (parcel_unpack(op->parcel))
			result &= ~(long)IPC_EXTRAS;
	} else {
		parcel_free(op->parcel);
	}
	return result;
}

long receive_parcel(struct thread *self, long result)
{
	struct ipc_parcel *parcel = self->ipc.parcel;

	self->ipc.parcel = NULL;
	return parcel_unpack(parcel) ? result & ~(long)IPC_EXTRAS : result;
}

/* ---- send, call --------------------------------------------------------- */

static long send_message(struct trap_regs *regs, bool calls, bool msg)
{
	struct subject subject;
	struct message message;
	struct endpoint *endpoint;
	long result = begin(&message, regs, msg);

	if (!result)
		result = find_subject(regs, &subject);
	if (result)
		return result;
	endpoint = object_to_endpoint(subject.entry.object);
	message.op.label = subject.entry.badge;
	result = parcel_pack(&message.extras, &message.op.parcel);
	if (!result)
		result = calls ? endpoint_call(endpoint, &message.op) :
			 endpoint_send(endpoint, &message.op);
	put_subject(&subject);
	return finish(&message, result);
}

long pg_send(struct trap_regs *regs)
{
	return send_message(regs, false, false);
}

long pg_send_msg(struct trap_regs *regs)
{
	return send_message(regs, false, true);
}

long call_slowly(struct trap_regs *regs)
{
	return send_message(regs, true, false);
}

long pg_call_msg(struct trap_regs *regs)
{
	return send_message(regs, true, true);
}

/* ---- reply, receive ----------------------------------------------------- */

/* Send the words in *op, and what `out` says, to whoever waits at the slot. */
static long reply_to(struct reply_slot *slot, struct message *message)
{
	long result = parcel_pack(&message->extras, &message->op.parcel);

	if (result)
		return result;
	parcel_prepare_reply(message->op.parcel, slot);
	return endpoint_reply(slot, &message->op);
}

/* `replies`: first to the caller that is owed a reply, if there is one. */
static long receive_message(struct trap_regs *regs, bool replies, bool msg)
{
	struct reply_slot *owes = &current_thread()->ipc.owes;
	struct subject subject;
	struct message message;
	struct endpoint *endpoint;
	long result = begin(&message, regs, msg);

	if (!result)
		result = find_subject(regs, &subject);
	if (result)
		return result;
	endpoint = object_to_endpoint(subject.entry.object);
	if (replies && owes->caller)
		result = finish(&message, reply_to(owes, &message));
	message.op.parcel = NULL;
	message.op.taken = false;
	/* -ESRCH: the caller gave up meanwhile; that is no error of ours. */
	if (!result || result == -ESRCH)
		result = endpoint_receive(endpoint, &message.op);
	put_subject(&subject);
	message.extras.flags = 0;
	return finish(&message, result);
}

long pg_receive(struct trap_regs *regs)
{
	return receive_message(regs, false, false);
}

long pg_receive_msg(struct trap_regs *regs)
{
	return receive_message(regs, false, true);
}

long reply_receive_slowly(struct trap_regs *regs)
{
	return receive_message(regs, true, false);
}

long pg_reply_receive_msg(struct trap_regs *regs)
{
	return receive_message(regs, true, true);
}

static long reply_message(struct trap_regs *regs, bool msg)
{
	uint32_t handle = call_handle(regs);
	struct subject subject;
	struct message message;
	long result = begin(&message, regs, msg);

	if (!result)
		result = find_subject(regs, &subject);
	if (result)
		return result;
	result = finish(&message, reply_to(subject_slot(&subject), &message));
	put_subject(&subject);
	/* One answer is all that a reply handle is for. */
	if (handle && (!result || result == -ESRCH))
		handle_remove(&current_task()->handles, handle);
	return result;
}

long pg_reply(struct trap_regs *regs)
{
	return reply_message(regs, false);
}

long pg_reply_msg(struct trap_regs *regs)
{
	return reply_message(regs, true);
}

/* A message to it would tell too, but somebody may be there to receive it. */
long pg_endpoint_check_alive(struct trap_regs *regs, struct endpoint *endpoint)
{
	return endpoint_is_dead(endpoint) ? -EPIPE : 0;
}

long pg_reply_save(struct trap_regs *regs)
{
	struct reply_slot *owes = &current_thread()->ipc.owes;
	struct object *object;

	if (!owes->caller)
		return -ESRCH;
	object = reply_create(owes);
	return give_handle(object, RIGHT_SEND | RIGHT_TRANSFER);
}

/* A caller can end, or give up, without a word to who owes the reply. */
long pg_reply_check(struct trap_regs *regs, struct reply_slot *slot)
{
	return READ_ONCE(slot->caller) ? 0 : -ESRCH;
}

/* ---- endpoints and buffers ---------------------------------------------- */

long pg_endpoint_create(struct trap_regs *regs)
{
	struct endpoint *endpoint = endpoint_create();

	return give_handle(endpoint ? &endpoint->object : NULL,
			   RIGHT_DUP | RIGHT_TRANSFER | RIGHT_SEND |
			   RIGHT_RECEIVE | RIGHT_MINT);
}

long pg_ipc_buffer(struct trap_regs *regs)
{
	struct thread *self = current_thread();
	struct ipc_extras out;

	if (regs->ebx & 3 ||
	    !user_range_ok(UADDR(regs->ebx), sizeof(struct ipc_msg)))
		return -EFAULT;
	self->ipc.buffer = regs->ebx;
	self->ipc.window = 0;
	self->ipc.window_length = 0;
	return regs->ebx ? read_buffer(self, &out) : 0;
}

long pg_handle_close(struct trap_regs *regs)
{
	return handle_remove(&current_task()->handles, call_handle(regs));
}

long pg_handle_dup(struct trap_regs *regs)
{
	if (regs->ebx & ~RIGHTS_ALL)
		return -EINVAL;
	return handle_dup(&current_task()->handles, call_handle(regs),
			  regs->ebx, regs->ecx);
}
