// SPDX-License-Identifier: MIT
/*
 * call_rows.h - what each of the kernel's own calls needs, as data
 *
 * WHAT     The rows of PAGODA_CALLS for those that read them while the kernel
 *          runs: the dispatcher, the trace of calls, the monitor, the suites.
 * SEE      kernel/uapi/pagoda.h, which explains the words.
 */
#pragma once

#include "kernel/object/handle.h"
#include "kernel/uapi/pagoda.h"

struct mm;
struct trap_regs;

#define CALL_NO_HANDLE  0x1u    /* NONE                                       */
#define CALL_OWN        0x2u    /* handle 0 names the caller's own            */
#define CALL_SPACE      0x4u    /* the memory of the task, not the task       */
#define CALL_LATE       0x8u    /* the function finds the object itself       */

/*
 * What the handle of a call names, referenced: an object, with the rest of the
 * handle's entry; or an address space, and no object. If the row says CALLER
 * and the handle is 0, there is neither.
 */
struct subject {
	struct handle_entry entry;
	struct mm          *mm;
};

struct call_row {
	/* The subject is NULL if the call has no handle, or is late. */
	long           (*function)(struct trap_regs *regs,
				   const struct subject *subject);
	const char      *name;         /* "TASK_KILL"                         */
	enum object_type type;         /* OBJECT_ANY: of any type             */
	uint8_t          rights, flags;
};

#define NR_CALL_ROWS  (PG_CALL_END - PG_CALL_FIRST)

extern const struct call_row call_rows[NR_CALL_ROWS];

/* NULL: no call has this number. */
static inline const struct call_row *call_row(uint32_t number)
{
	uint32_t i = number - PG_CALL_FIRST;

	return i < NR_CALL_ROWS ? &call_rows[i] : NULL;
}
