// SPDX-License-Identifier: MIT
/*
 * call_rows.c - PAGODA_CALLS as an array
 *
 * ALGORITHM  Each word for what a handle names has three macros. IS_: what the
 *          dispatcher looks for. TAKES_ (calls.h): the argument of the call's
 *          function. GIVES_: how to make this argument from what was found. A
 *          function whose argument is not what its row says does not compile.
 */
#include "kernel/calls/call_rows.h"

#include "kernel/calls/calls.h"
#include "kernel/calls/memory_object.h"
#include "kernel/ipc/notification.h"

/* Type and CALL_*. */
#define IS_NONE          .type = OBJECT_ANY, .flags = CALL_NO_HANDLE
#define IS_ANY           .type = OBJECT_ANY, .flags = 0
#define IS_TASK          .type = OBJECT_TASK, .flags = CALL_OWN
#define IS_SPACE         .type = OBJECT_TASK, .flags = CALL_OWN | CALL_SPACE
#define IS_CALLER        .type = OBJECT_REPLY, .flags = CALL_OWN
#define IS_ENDPOINT      .type = OBJECT_ENDPOINT, .flags = 0
#define IS_REPLY         .type = OBJECT_REPLY, .flags = 0
#define IS_NOTIFICATION  .type = OBJECT_NOTIFICATION, .flags = 0
#define IS_IRQ           .type = OBJECT_IRQ, .flags = 0
#define IS_IO_PORTS      .type = OBJECT_IO_PORTS, .flags = 0
#define IS_MEMORY        .type = OBJECT_MEMORY, .flags = 0
#define IS_SYSTEM        .type = OBJECT_SYSTEM, .flags = 0
#define IS_DEVICE        .type = OBJECT_DEVICE, .flags = 0
#define IS_DMA           .type = OBJECT_DMA, .flags = 0
#define IS_LATE(word)    IS_##word | CALL_LATE

#define GIVES_NONE
#define GIVES_TASK          , object_to_task(subject->entry.object)
#define GIVES_SPACE         , subject->mm
#define GIVES_CALLER        , subject_slot(subject)
#define GIVES_ENDPOINT      , object_to_endpoint(subject->entry.object)
#define GIVES_REPLY         , subject_slot(subject)
#define GIVES_NOTIFICATION  , object_to_notification(subject->entry.object)
#define GIVES_IRQ           , subject->entry.object
#define GIVES_IO_PORTS      , &subject->entry
#define GIVES_MEMORY        , object_to_memory(subject->entry.object)
#define GIVES_SYSTEM        , subject->entry.rights
#define GIVES_DEVICE        , subject->entry.object
#define GIVES_DMA           , subject->entry.object
#define GIVES_LATE(word)

#define C(number, NAME, call, object, right)                            \
	static long do_##NAME(struct trap_regs *regs,                   \
			      const struct subject *subject)            \
	{                                                               \
		return pg_##call(regs GIVES_##object);                  \
	}
PAGODA_CALLS(C)
#undef C

const struct call_row call_rows[NR_CALL_ROWS] = {
#define C(number, NAME, call, object, right)                            \
	[number - PG_CALL_FIRST] = {                                    \
		.function = do_##NAME, .name = #NAME,                   \
		.rights = RIGHT_##right, IS_##object                    \
	},
	PAGODA_CALLS(C)
#undef C
};
