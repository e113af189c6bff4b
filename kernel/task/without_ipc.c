// SPDX-License-Identifier: MIT
/*
 * without_ipc.c - what tasks need of messages where there are none
 *
 * WHAT     Weak definitions of kernel/ipc/ipc.h's functions.
 */
#include "kernel/ipc/ipc.h"
#include "lib/errno.h"

#define WEAK __attribute__((weak))

WEAK void ipc_thread_exit(struct thread *thread)
{
}

WEAK bool exception_ask(struct trap_regs *regs)
{
	return false;
}

WEAK long personality_call(unsigned number, struct trap_regs *regs)
{
	return -ENOSYS;
}

WEAK void endpoint_get(struct endpoint *endpoint)
{
}

WEAK void endpoint_put(struct endpoint *endpoint)
{
}
WEAK struct object *memory_object_create(const void *data, uint32_t size)
{
	return NULL;
}

WEAK struct object *system_object(void)
{
	return NULL;
}
