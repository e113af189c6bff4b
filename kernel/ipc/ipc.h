// SPDX-License-Identifier: MIT
/*
 * ipc.h - what the rest of the kernel knows of messages
 *
 * WHAT     The start, and the end of a thread.
 * SEE      kernel/ipc/endpoint.h for messages; kernel/task/upcall.h for those
 *          that the kernel itself sends.
 */
#pragma once

struct thread;

/* Once at boot, after slab_init(): the types of objects. */
void ipc_init(void);

/*
 * The running thread is about to end: nobody gets an answer from it any more,
 * its queues forget it. Called once, by thread_exit(), interrupts on.
 */
void ipc_thread_exit(struct thread *thread);
