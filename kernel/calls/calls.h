// SPDX-License-Identifier: MIT
/*
 * calls.h - the functions behind the kernel's own calls
 *
 * WHAT     Declares pg_NAME() for each call of kernel/uapi/pagoda.h, and what
 *          the files calls_*.c share. Arguments are registers of user mode:
 *          nothing about them is true before it is checked.
 *
 *          The dispatcher has found what the handle of the call names: its type
 *          and the handle's rights are what the table says, and the function
 *          borrows it. Only a function whose row says LATE calls find_subject()
 *          itself.
 */
#pragma once

#include <arch/uaccess.h>

#include "kernel/calls/call_rows.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/task/task.h"

struct memory_object;
struct notification;

/* What a call's function takes, by the word for what its handle names. */
#define TAKES_NONE
#define TAKES_TASK          , struct task *task
#define TAKES_SPACE         , struct mm *mm
#define TAKES_CALLER        , struct reply_slot *slot
#define TAKES_ENDPOINT      , struct endpoint *endpoint
#define TAKES_REPLY         , struct reply_slot *slot
#define TAKES_NOTIFICATION  , struct notification *notification
#define TAKES_IRQ           , struct object *object
#define TAKES_IO_PORTS      , const struct handle_entry *entry
#define TAKES_MEMORY        , const struct memory_object *memory
#define TAKES_SYSTEM        , unsigned rights
#define TAKES_DEVICE        , struct object *object
#define TAKES_DMA           , struct object *object
#define TAKES_LATE(word)

#define C(number, NAME, call, object, right) \
	long pg_##call(struct trap_regs *regs TAKES_##object);
PAGODA_CALLS(C)
#undef C

/* The handle that a call is about. */
static inline uint32_t call_handle(const struct trap_regs *regs)
{
	return PG_HANDLE(regs->eax);
}

/* Two registers as a time. Both all ones: for ever. */
static inline uint64_t call_deadline(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

/* handle_lookup() in the table of the running task: the object, referenced. */
int find_object(uint32_t handle, enum object_type type, unsigned rights,
		struct object **objectp) __must_check;

/* The same for an endpoint. Handle 0 gives NULL. */
int find_endpoint_or_none(uint32_t handle, unsigned rights,
			  struct endpoint **endpointp) __must_check;

/* The same for a task. Handle 0 gives the running one, with all rights. */
int find_task(uint32_t handle, unsigned rights, struct task **taskp)
	__must_check;

/*
 * What the handle of a call names, by the call's row. Returns: 0, and
 * put_subject() gives the references back; -EBADF, -EINVAL, -EPERM, -ESRCH.
 */
int find_subject(const struct trap_regs *regs, struct subject *subject)
	__must_check;
void put_subject(const struct subject *subject);

/* Of a CALLER: the slot of the reply handle, or the thread's own debt. */
struct reply_slot *subject_slot(const struct subject *subject);

/*
 * A handle for an object. The caller's reference is gone afterwards. The
 * running task pays for a new object. Returns: the handle; -ENOMEM (NULL is
 * allowed: there was no memory for the object), -ENOSPC.
 */
long give_handle(struct object *object, unsigned rights);

/*
 * Copy between an address space and the running thread's; `in`: into mm.
 * Returns: 0; -EFAULT, -EINTR (killed): a part may have been copied; -ENOMEM.
 */
long mm_copy_user(struct mm *mm, uaddr_t theirs, uaddr_t ours, uint32_t length,
		  bool in);

/* Before the first copy. Check: NULL, or what is wrong with the spare pages. */
void mm_copy_init(void);
const char *mm_copy_check(void);

/* The one object that stands for the machine, with a reference: for init. */
struct object *system_object(void);

/* Once at boot, after memory_init(): the default limits of accounts. */
void limits_init(void);

/*
 * Once at boot: the types of objects that calls make. session_ends() is what
 * POWER_OFF with EBX 1 does: the user has left the shell. It does not return.
 */
void calls_init(void (*session_ends)(void));
