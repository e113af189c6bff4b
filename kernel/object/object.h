// SPDX-License-Identifier: MIT
/*
 * object.h - what a handle can name
 *
 * WHAT     Each kernel object that user mode may hold contains a struct object:
 *          its type and the number of references to it. The last object_put()
 *          calls the destroy function of the type.
 *
 *            struct endpoint { struct object object; ... };
 *            endpoint = container_of(object, struct endpoint, object);
 *
 * TERMS    opened, closed  a handle with these rights now exists, or is gone.
 *                          Handles and references are not the same: an endpoint
 *                          without a handle to receive is dead, although
 *                          threads that wait there still have references.
 *
 * LOCKING  The count is atomic. object_get(): any context. object_put(): may
 *          sleep, so threads only, without a spinlock.
 * SEE      kernel/object/handle.h; kernel/uapi/pagoda.h for the rights.
 */
#pragma once

#include "lib/panic.h"

/*      type                 name            what it stands for               */
#define OBJECT_TYPES(T)                                                       \
	T(OBJECT_TASK,         "task",         "address space and threads")   \
	T(OBJECT_ENDPOINT,     "endpoint",     "where messages meet")         \
	T(OBJECT_REPLY,        "reply",        "an answer that is owed")      \
	T(OBJECT_NOTIFICATION, "notification", "a word of bits")              \
	T(OBJECT_IRQ,          "irq",          "a device's interrupt line")   \
	T(OBJECT_IO_PORTS,     "io_ports",     "a range of I/O ports")        \
	T(OBJECT_MEMORY,       "memory",       "bytes given at boot")         \
	T(OBJECT_DEVICE,       "device",       "a PCI device and its driver") \
	T(OBJECT_DMA,          "dma",          "memory that a device reaches") \
	T(OBJECT_SYSTEM,       "system",       "the machine as a whole")     \
	T(OBJECT_TEST,         "test",         "one of a suite")

enum object_type {
	OBJECT_ANY,                     /* no type: for handle_lookup()       */
#define T(type, name, what) type,
	OBJECT_TYPES(T)
#undef T
	OBJECT_NR_TYPES
};

struct account;

struct object {
	enum object_type type;
	unsigned         refs;          /* atomic                             */
	struct account  *account;       /* pays, referenced; NULL: none does  */
};

struct object_ops {
	void (*destroy)(struct object *object);
	void (*opened)(struct object *object, unsigned rights);  /* or NULL   */
	void (*closed)(struct object *object, unsigned rights);  /* or NULL   */
};

/* Once for each type, at boot, before the first object of it. */
void object_type_init(enum object_type type, const struct object_ops *ops);

const char *object_type_name(enum object_type type);

/* A new object has one reference, its maker's. */
void object_init(struct object *object, enum object_type type);

static inline void object_get(struct object *object)
{
	unsigned before = __atomic_fetch_add(&object->refs, 1,
					     __ATOMIC_RELAXED);

	assert(before > 0);
}

/*
 * From now on this account pays for the object. No account did before.
 * Returns: 0; -ENOMEM: the account's limit.
 */
int object_charge(struct object *object, struct account *account) __must_check;

/* Drop a reference; the last one destroys. NULL is allowed. */
void object_put(struct object *object);

/* A handle appears in a table or in a message, or disappears from there. */
void object_opened(struct object *object, unsigned rights);
void object_closed(struct object *object, unsigned rights);

/* Objects that exist now, for leak tests: of one type, or of OBJECT_ANY. */
unsigned long object_count(enum object_type type);

/* NULL, or the first broken invariant (O1, O2 in object.c). */
const char *object_check(void);
