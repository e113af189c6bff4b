// SPDX-License-Identifier: MIT
/*
 * call_table.h - what each of the kernel's own calls needs, as data
 *
 * WHAT     The rows of PAGODA_CALLS for whoever reads them when the kernel
 *          runs: the dispatcher, the trace of calls, the monitor, the suites.
 * SEE      kernel/uapi/pagoda.h, which explains the words.
 */
#pragma once

#include "kernel/object/object.h"

#define CALL_NO_HANDLE  0x1u    /* NONE                                       */
#define CALL_OWN        0x2u    /* handle 0 is the caller's own               */
#define CALL_SPACE      0x4u    /* not the task, but its memory               */
#define CALL_LATE       0x8u    /* the arguments are looked at first          */

struct call_row {
	const char      *name;         /* "TASK_KILL"                         */
	enum object_type type;         /* OBJECT_ANY: of any type             */
	uint8_t          rights, flags;
};

/* NULL: no call has this number. */
const struct call_row *call_row(uint32_t number);
