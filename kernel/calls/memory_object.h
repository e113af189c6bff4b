// SPDX-License-Identifier: MIT
/*
 * memory_object.h - bytes that were there at boot, as an object
 */
#pragma once

#include "kernel/object/object.h"

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
 * A memory object: `size` bytes that stay at their kernel address. User mode
 * can map them if the address is page-aligned. NULL: no memory.
 */
struct object *memory_object_create(const void *data, uint32_t size)
	__must_check;

/* Once at boot, by calls_init(). */
void memory_object_init(void);
