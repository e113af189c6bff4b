// SPDX-License-Identifier: MIT
/*
 * calls_ipc.c - the calls that send and receive, signal and wait
 *
 * WHAT     From registers and the thread's struct ipc_msg to operations on
 *          endpoints, reply slots and notifications, and back.
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
#include "kernel/calls/calls.h"
#include "kernel/ipc/notification.h"
#include "kernel/ipc/parcel.h"
#include "kernel/ipc/rendezvous.h"
#include "lib/errno.h"
#include "lib/string.h"

/* One call that sends or receives. */
struct message {
	struct ipc_op     op;
	struct ipc_extras extras;      /* _MSG: what is to be sent            */
	struct subject    subject;
};

_Static_assert(offsetof(struct ipc_msg, in) ==
	       sizeof(struct ipc_extras) + 2 * sizeof(uint32_t),
	       "`out` and the window are read as one");
_Static_assert(PG_REPLY_RECEIVE_MSG - PG_SEND_MSG == 4,
	       "the calls that end in _MSG stand in a row");

/* Read `out` and the window of the thread's buffer. */
static int read_buffer(struct ipc_thread *ipc, struct ipc_extras *out)
{
	struct {
		struct ipc_extras out;
		uint32_t          window, window_length;
	} head;

	if (!ipc->buffer.v)
		return -EINVAL;
	if (copy_from_user(&head, ipc->buffer, offsetof(struct ipc_msg, in)))
		return -EFAULT;
	if ((head.window | head.window_length) & ~PAGE_MASK)
		return -EINVAL;
	ipc->window = (struct ipc_window){
		UADDR(head.window), head.window_length,
	};
	*out = head.out;
	return 0;
}

/* Returns: 0, and put_subject() is to follow; or an error. */
static int begin(struct message *message, struct trap_regs *regs)
{
	struct ipc_extras *out = &message->extras;
	uint32_t number = PG_NUMBER(regs->eax);
	int err = 0;

	memset(message, 0, sizeof(*message));
	message->op.regs = message_regs(regs);
	message->op.deadline = WAIT_FOREVER;
	if (number >= PG_SEND_MSG && number <= PG_REPLY_RECEIVE_MSG)
		err = read_buffer(&current_thread()->ipc, out);
	message->op.nonblock = out->flags & IPC_NONBLOCK;
	if (out->flags & IPC_DEADLINE)
		message->op.deadline = out->deadline;
	return err ? err : find_subject(regs, &message->subject);
}

/* Unpack what came, drop what was not sent. */
static long finish(struct message *message, long result)
{
	struct ipc_op *op = &message->op;

	if (op->taken)
		parcel_moved(&message->extras);
	if (op->parcel && result > 0 && result & IPC_EXTRAS)
		return parcel_unpack(op->parcel, result);
	parcel_free(op->parcel);
	return result;
}

/* ---- messages ----------------------------------------------------------- */

static long send_message(struct trap_regs *regs, bool calls)
{
	struct message message;
	const struct handle_entry *entry = &message.subject.entry;
	long result = begin(&message, regs);

	if (result)
		return result;
	message.op.label = entry->badge;
	message.op.calls = calls;
	result = parcel_pack(&message.extras, &message.op.parcel);
	if (!result)
		result = endpoint_send(object_to_endpoint(entry->object),
				       &message.op);
	put_subject(&message.subject);
	return finish(&message, result);
}

long pg_send(struct trap_regs *regs)
{
	return send_message(regs, false);
}

long pg_call_slowly(struct trap_regs *regs)
{
	return send_message(regs, true);
}

/* Send words and extras to the caller that waits at the slot. */
static long reply_to(struct reply_slot *slot, struct message *message)
{
	long result = parcel_pack(&message->extras, &message->op.parcel);

	if (!result) {
		parcel_prepare_reply(message->op.parcel, slot);
		result = endpoint_reply(slot, &message->op);
	}
	return finish(message, result);
}

/* `replies`: first reply to the caller to which this thread owes a reply. */
static long receive_message(struct trap_regs *regs, bool replies)
{
	struct reply_slot *owes = &current_thread()->ipc.owes;
	struct message message;
	long result = begin(&message, regs);

	if (result)
		return result;
	if (replies && owes->caller)
		result = reply_to(owes, &message);
	message.op.parcel = NULL;
	message.op.taken = false;
	/* -ESRCH: the caller gave up meanwhile. The server made no mistake. */
	if (!result || result == -ESRCH)
		result = endpoint_receive(
			object_to_endpoint(message.subject.entry.object),
			&message.op);
	put_subject(&message.subject);
	message.extras.flags = 0;
	return finish(&message, result);
}

long pg_receive(struct trap_regs *regs)
{
	return receive_message(regs, false);
}

long pg_reply_receive_slowly(struct trap_regs *regs)
{
	return receive_message(regs, true);
}

long pg_reply(struct trap_regs *regs)
{
	uint32_t handle = call_handle(regs);
	struct message message;
	long result = begin(&message, regs);

	if (result)
		return result;
	result = reply_to(subject_slot(&message.subject), &message);
	put_subject(&message.subject);
	/* A reply handle is for one answer. */
	if (handle && (!result || result == -ESRCH))
		handle_remove(&current_task()->handles, handle);
	return result;
}

long pg_reply_save(struct trap_regs *regs)
{
	struct reply_slot *owes = &current_thread()->ipc.owes;

	if (!owes->caller)
		return -ESRCH;
	return give_handle(reply_create(owes), RIGHT_SEND | RIGHT_TRANSFER);
}

/* A caller can end or give up, and its server is not told. */
long pg_reply_check(struct trap_regs *regs, struct reply_slot *slot)
{
	return READ_ONCE(slot->caller) ? 0 : -ESRCH;
}

long pg_ipc_buffer(struct trap_regs *regs)
{
	struct ipc_thread *ipc = &current_thread()->ipc;
	uaddr_t buffer = UADDR(regs->ebx);
	struct ipc_extras out;

	if (buffer.v & 3 || !user_range_ok(buffer, sizeof(struct ipc_msg)))
		return -EFAULT;
	ipc->buffer = buffer;
	ipc->window = (struct ipc_window){ .length = 0 };
	return buffer.v ? read_buffer(ipc, &out) : 0;
}

/* ---- endpoints and handles ---------------------------------------------- */

long pg_endpoint_create(struct trap_regs *regs)
{
	struct endpoint *endpoint = endpoint_create();

	return give_handle(endpoint ? &endpoint->object : NULL,
			   RIGHT_DUP | RIGHT_TRANSFER | RIGHT_SEND |
			   RIGHT_RECEIVE | RIGHT_MINT);
}

/* A message would also find out, but a receiver might get it. */
long pg_endpoint_check_alive(struct trap_regs *regs, struct endpoint *endpoint)
{
	return READ_ONCE(endpoint->dead) ? -EPIPE : 0;
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

/* ---- notifications ------------------------------------------------------ */

long pg_notification_create(struct trap_regs *regs)
{
	struct notification *notification = notification_create();

	return give_handle(notification ? &notification->object : NULL,
			   RIGHT_DUP | RIGHT_TRANSFER | RIGHT_SEND |
			   RIGHT_RECEIVE);
}

long pg_notification_signal(struct trap_regs *regs,
			    struct notification *notification)
{
	notification_signal(notification, regs->ebx);
	return 0;
}

long pg_notification_wait(struct trap_regs *regs,
			  struct notification *notification)
{
	uint32_t bits;
	int err = notification_wait(notification, regs->ebx,
				    call_deadline(regs->ecx, regs->edx),
				    &bits);

	if (!err)
		regs->ebx = bits;
	return err;
}

long pg_notification_poll(struct trap_regs *regs,
			  struct notification *notification)
{
	regs->ebx = notification_poll(notification, regs->ebx);
	return 0;
}

long pg_notification_bind(struct trap_regs *regs,
			  struct notification *notification)
{
	struct endpoint *endpoint;
	int err = find_endpoint_or_none(regs->ebx, RIGHT_RECEIVE, &endpoint);

	if (!err) {
		err = notification_bind(notification, endpoint);
		endpoint_put(endpoint);
	}
	return err;
}
