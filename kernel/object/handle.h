// SPDX-License-Identifier: MIT
/*
 * handle.h - the numbers by which a task names kernel objects
 *
 * WHAT     Each task has a table. An entry is an object, the rights of the
 *          handle, and a badge that tells a server which client calls. A handle
 *          is the index of its entry, from 1 on; 0 is no handle.
 *
 * PICTURE    table   [0] never   [1] endpoint, SEND, badge 7   [2] free ...
 *
 * LOCKING  table->lock, interrupts off. Objects are put without the lock.
 * COST     O(1); a full table is copied to one twice as large.
 * SEE      kernel/object/object.h; kernel/uapi/pagoda.h for the rights.
 */
#pragma once

#include "kernel/object/object.h"
#include "lib/spinlock.h"

#define HANDLE_MAX     4095     /* largest number; a table is 48 KiB then     */

struct handle_entry {
	struct object *object;  /* NULL: free                                 */
	uint32_t       rights;  /* of a free entry: the next free one         */
	uint32_t       badge;
};

/* Protection: all fields by lock. */
struct handle_table {
	struct spinlock      lock;
	struct handle_entry *entries;
	uint32_t             size;       /* of entries[]                      */
	uint32_t             used;
	uint32_t             first_free; /* 0: none                           */
	struct account      *account;    /* I  pays for entries[], or NULL    */
};

/*
 * An empty table has no memory. The account, or NULL, pays for its memory, and
 * lives as long as the table.
 */
void handle_table_init(struct handle_table *table, struct account *account);

/* Drop all handles and the memory; the table is empty afterwards. */
void handle_table_destroy(struct handle_table *table);

/*
 * Make a handle, with a badge or without. The number is not always the lowest
 * free one. The table takes a reference of its own.
 *
 * Returns: the handle, > 0; -ENOMEM (the account's limit, too); -ENOSPC
 *          (HANDLE_MAX are in use).
 */
int handle_add(struct handle_table *table, struct object *object,
	       unsigned rights) __must_check;
int handle_add_badged(struct handle_table *table, struct object *object,
		      unsigned rights, uint32_t badge) __must_check;

/*
 * The object of a handle, if the object is of this type (or OBJECT_ANY) and the
 * handle has these rights. With a reference that the caller puts.
 *
 * Returns: 0; -EBADF (no such handle); -EINVAL (another type); -EPERM.
 */
int handle_lookup(struct handle_table *table, uint32_t handle,
		  enum object_type type, unsigned rights,
		  struct object **objectp) __must_check;

/* The same, but gives the whole entry. */
int handle_lookup_entry(struct handle_table *table, uint32_t handle,
			enum object_type type, unsigned rights,
			struct handle_entry *entry) __must_check;

/* Returns: 0; -EBADF. */
int handle_remove(struct handle_table *table, uint32_t handle);

/*
 * A second handle to the same object with `rights`. The first handle must have
 * these rights and RIGHT_DUP. badge 0: the badge of the first handle. Another
 * badge needs RIGHT_MINT, and the first handle must have no badge.
 *
 * Returns: the handle; -EBADF, -EPERM, -EINVAL (badge), -ENOMEM, -ENOSPC.
 */
int handle_dup(struct handle_table *table, uint32_t handle, unsigned rights,
	       uint32_t badge) __must_check;

/*
 * For fork: copy all handles with RIGHT_DUP into an empty table, under the same
 * numbers. Returns: 0; -ENOMEM, and the table is still empty.
 */
int handle_table_copy(struct handle_table *to, struct handle_table *from)
	__must_check;

/* NULL, or the first broken invariant (H1 ... in handle.c). */
const char *handle_table_check(struct handle_table *table);
