// SPDX-License-Identifier: MIT
/*
 * call_table.c - PAGODA_CALLS as an array
 */
#include "kernel/calls/call_table.h"

#include "kernel/uapi/pagoda.h"

/* The words for what a handle names: a type and CALL_*. */
#define IS_NONE          OBJECT_ANY, CALL_NO_HANDLE
#define IS_ANY           OBJECT_ANY, 0
#define IS_TASK          OBJECT_TASK, CALL_OWN
#define IS_SPACE         OBJECT_TASK, CALL_OWN | CALL_SPACE
#define IS_CALLER        OBJECT_REPLY, CALL_OWN
#define IS_ENDPOINT      OBJECT_ENDPOINT, 0
#define IS_REPLY         OBJECT_REPLY, 0
#define IS_NOTIFICATION  OBJECT_NOTIFICATION, 0
#define IS_IRQ           OBJECT_IRQ, 0
#define IS_IO_PORTS      OBJECT_IO_PORTS, 0
#define IS_MEMORY        OBJECT_MEMORY, 0
#define IS_SYSTEM        OBJECT_SYSTEM, 0
#define IS_DEVICE        OBJECT_DEVICE, 0
#define IS_DMA           OBJECT_DMA, 0
#define IS_LATE(word)    IS_##word | CALL_LATE

#define ROW(name, rights, type, flags)  { name, type, rights, flags }
#define FILL(...)                       ROW(__VA_ARGS__)

static const struct call_row rows[] = {
#define C(number, NAME, name, object, right) \
	[number - PG_CALL_FIRST] = FILL(#NAME, RIGHT_##right, IS_##object),
	PAGODA_CALLS(C)
#undef C
};

const struct call_row *call_row(uint32_t number)
{
	if (number < PG_CALL_FIRST || number >= PG_CALL_END)
		return NULL;
	return &rows[number - PG_CALL_FIRST];
}
