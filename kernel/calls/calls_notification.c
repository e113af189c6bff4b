// SPDX-License-Identifier: MIT
/*
 * calls_notification.c - the calls that signal and wait for bits
 *
 * NOT HERE what they do (notification.c).
 */
#include "kernel/ipc/notification.h"

#include "kernel/calls/calls.h"

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
	uint32_t bits = 0;
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

	if (err)
		return err;
	err = notification_bind(notification, endpoint);
	if (endpoint)
		object_put(&endpoint->object);
	return err;
}
