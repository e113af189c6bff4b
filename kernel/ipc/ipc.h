// SPDX-License-Identifier: MIT
/*
 * ipc.h - what the rest of the kernel knows of messages
 *
 * WHAT     The kernel as a client of user mode's servers: pagers, exceptions,
 *          personalities. And what must happen to messages when a thread ends.
 * SEE      kernel/ipc/endpoint.h; kernel/uapi/pagoda.h KMSG_*.
 */
#pragma once

#include "kernel/object/object.h"

struct endpoint;
struct thread;
struct trap_regs;

/* Once at boot, after slab_init(): object types, the pager's function. */
void ipc_init(void);

/*
 * The running thread is about to end: nobody gets an answer from it any more,
 * its queues forget it. Called once, by thread_exit(), interrupts on.
 */
void ipc_thread_exit(struct thread *thread);

/*
 * Ask the task's exception endpoint what to do about registers whose exception
 * nobody has resolved. Context: user_exception().
 *
 * Returns: true: go on with *regs, which may have changed; false: there is no
 *          such endpoint, it refused or it is gone: the task is to be killed.
 */
bool exception_ask(struct trap_regs *regs);

/*
 * Send an unknown call to the personality of the running task.
 * Returns: the call's result; -ENOSYS (no personality).
 */
long personality_call(unsigned number, struct trap_regs *regs);

/* References to endpoints that fields of tasks and VMAs hold. NULL allowed. */
void endpoint_get(struct endpoint *endpoint);
void endpoint_put(struct endpoint *endpoint);

/*
 * A memory object: `size` bytes at a kernel address that stays, page-aligned
 * when user mode shall be able to map it. NULL: no memory.
 */
struct object *memory_object_create(const void *data, uint32_t size)
	__must_check;

/* The one object that stands for the machine, with a reference: for init. */
struct object *system_object(void);
