// SPDX-License-Identifier: MIT
/*
 * ipc.c - messages begin, and a thread's part in them ends
 */
#include "kernel/ipc/ipc.h"

#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/notification.h"
#include "kernel/ipc/parcel.h"
#include "kernel/ipc/reply.h"
#include "kernel/ipc/tenure.h"
#include "kernel/sched/thread.h"
#include "lib/errno.h"

void ipc_thread_exit(struct thread *thread)
{
	reply_slot_fail(&thread->ipc.owes, -EPIPE);
}

void ipc_init(void)
{
	endpoint_init();
	reply_init();
	notification_init();
	tenure_init();
	parcel_init();
}
