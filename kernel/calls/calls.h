// SPDX-License-Identifier: MIT
/*
 * calls.h - the functions behind the kernel's own calls
 *
 * WHAT     Declares pg_NAME() for each call of kernel/uapi/pagoda.h, and what
 *          the files calls_*.c share. Arguments are registers of user mode:
 *          nothing about them is true before it is checked.
 */
#pragma once

#include <arch/uaccess.h>

#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/ipc_thread.h"
#include "kernel/task/task.h"
#include "kernel/uapi/pagoda.h"

struct trap_regs;
struct notification;
struct pci_device;

#define C(number, NAME, name) long pg_##name(struct trap_regs *regs);
PAGODA_CALLS(C)
#undef C

_Static_assert(offsetof(struct trap_regs, esi) -
	       offsetof(struct trap_regs, edi) ==
	       offsetof(struct ipc_regs, esi), "words lie as saved: ESI");
_Static_assert(offsetof(struct trap_regs, ebp) -
	       offsetof(struct trap_regs, edi) ==
	       offsetof(struct ipc_regs, ebp), "words lie as saved: EBP");
_Static_assert(offsetof(struct trap_regs, ebx) -
	       offsetof(struct trap_regs, edi) ==
	       offsetof(struct ipc_regs, ebx), "words lie as saved: EBX");
_Static_assert(offsetof(struct trap_regs, edx) -
	       offsetof(struct trap_regs, edi) ==
	       offsetof(struct ipc_regs, edx), "words lie as saved: EDX");
_Static_assert(offsetof(struct trap_regs, ecx) -
	       offsetof(struct trap_regs, edi) ==
	       offsetof(struct ipc_regs, ecx), "words lie as saved: ECX");
_Static_assert(offsetof(struct trap_regs, eax) -
	       offsetof(struct trap_regs, edi) ==
	       offsetof(struct ipc_regs, eax), "words lie as saved: EAX");

/* The words of a message among the registers that a trap has saved. */
static inline struct ipc_regs *message_regs(struct trap_regs *regs)
{
	return (struct ipc_regs *)&regs->edi;
}

/* The handle that a call is about. */
static inline uint32_t call_handle(const struct trap_regs *regs)
{
	return PG_HANDLE(regs->eax);
}

/* Two registers as a time; both all ones: for ever. */
static inline uint64_t call_deadline(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

/* handle_lookup() in the table of the running task. */
int find_object(uint32_t handle, enum object_type type, unsigned rights,
		struct object **objectp) __must_check;

/* Is the handle of the call one to the system, with these rights? 0 or why. */
int check_system(const struct trap_regs *regs, unsigned rights) __must_check;

/* find_object() for endpoints; handle 0 gives NULL. */
int find_endpoint_or_none(uint32_t handle, unsigned rights,
			  struct endpoint **endpointp) __must_check;

/* A task; 0 is the running one, with all rights. Referenced. */
int find_task(uint32_t handle, unsigned rights, struct task **taskp)
	__must_check;

/* Its address space, referenced; NULL: the task has ended. */
struct mm *task_get_mm(struct task *task);

/* A task's address space by a handle to the task; -ESRCH: it has ended. */
int find_mm(uint32_t handle, unsigned rights, struct mm **mmp) __must_check;

/*
 * A handle for an object of which the caller gives its reference away; the
 * running task pays for a new one. The object may be NULL: -ENOMEM.
 */
long give_handle(struct object *object, unsigned rights);

/*
 * Copy between an address space and the running thread's, through the kernel.
 * Returns: 0 or -EFAULT: then a part may have been copied; -ENOMEM.
 */
long mm_copy_out(struct mm *mm, uint32_t addr, uint32_t to, uint32_t length);
long mm_copy_in(struct mm *mm, uint32_t addr, uint32_t from, uint32_t length);

/* Bytes at a kernel address that stay there. */
struct memory_object {
	struct object object;
	const char   *data;
	uint32_t      size;
};

static inline struct memory_object *object_to_memory(struct object *object)
{
	return container_of(object, struct memory_object, object);
}

/*
 * A handle for an interrupt line, which sets bits of the notification. Takes
 * over the reference to it. A PCI device (or NULL) may use the line from then
 * on, until the object goes or is disconnected.
 * Returns: the handle; -EBUSY, -EINVAL, -ENOMEM.
 */
long irq_object_create(unsigned irq, struct notification *notification,
		       uint32_t bits, const struct pci_device *pci);

/* The device is closed: its line is free; the handle is good for nothing. */
void irq_object_disconnect(const struct pci_device *pci);

void memory_object_init(void);
void system_object_init(void);
void reply_init(void);
void device_init(void);
