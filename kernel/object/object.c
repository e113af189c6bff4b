// SPDX-License-Identifier: MIT
/*
 * object.c - references to kernel objects, and their end
 *
 * PICTURE    handle table --+
 *            handle table --+--> object { type, refs 4 } --> object_ops[type]
 *            message -------+                                  destroy, ...
 *            thread that is using it
 *
 * INVARIANTS of object (object_check() restates them)
 *          O1  a type whose objects exist has a destroy function
 *          O2  no type has had more objects destroyed than made
 *
 * LOCKING  Counts are atomic. A destroy function runs without locks, in the
 *          thread that dropped the last reference.
 * SEE      kernel/object/handle.c; Linux lib/kref.c, Zircon's dispatchers.
 */
#include "kernel/object/object.h"
#include "lib/compiler.h"
#include "lib/errno.h"
#include "mm/account/account.h"

static const char *const type_names[OBJECT_NR_TYPES] = {
	[OBJECT_ANY] = "any",
#define T(type, name, what) [type] = name,
	OBJECT_TYPES(T)
#undef T
};

static const struct object_ops *object_ops[OBJECT_NR_TYPES];
static long object_counts[OBJECT_NR_TYPES];

void object_type_init(enum object_type type, const struct object_ops *ops)
{
	assert(type > OBJECT_ANY && type < OBJECT_NR_TYPES && ops->destroy);
	object_ops[type] = ops;
}

const char *object_type_name(enum object_type type)
{
	assert(type < OBJECT_NR_TYPES);
	return type_names[type];
}

void object_init(struct object *object, enum object_type type)
{
	assert(type < OBJECT_NR_TYPES && object_ops[type]);
	object->type = type;
	object->refs = 1;
	object->account = NULL;
	__atomic_fetch_add(&object_counts[type], 1, __ATOMIC_RELAXED);
}

int object_charge(struct object *object, struct account *account)
{
	assert(!object->account);
	if (!account_charge(account, ACCOUNT_OBJECTS, 1))
		return -ENOMEM;
	account_get(account);
	object->account = account;
	return 0;
}

void object_put(struct object *object)
{
	struct account *account;
	unsigned before;

	if (!object)
		return;
	before = __atomic_fetch_sub(&object->refs, 1, __ATOMIC_ACQ_REL);
	assert(before > 0);
	if (before > 1)
		return;
	account = object->account;
	__atomic_fetch_sub(&object_counts[object->type], 1, __ATOMIC_RELAXED);
	object_ops[object->type]->destroy(object);
	account_uncharge(account, ACCOUNT_OBJECTS, 1);
	account_put(account);
}

void object_opened(struct object *object, unsigned rights)
{
	if (object_ops[object->type]->opened)
		object_ops[object->type]->opened(object, rights);
}

void object_closed(struct object *object, unsigned rights)
{
	if (object_ops[object->type]->closed)
		object_ops[object->type]->closed(object, rights);
}

unsigned long object_count(enum object_type type)
{
	unsigned long all = 0;

	if (type != OBJECT_ANY)
		return (unsigned long)object_counts[type];
	for (unsigned i = OBJECT_ANY + 1; i < OBJECT_NR_TYPES; i++)
		all += (unsigned long)object_counts[i];
	return all;
}

const char *object_check(void)
{
	for (unsigned i = OBJECT_ANY + 1; i < OBJECT_NR_TYPES; i++) {
		HOLDS(object_counts[i] == 0 || object_ops[i],
		      "object O1: a type whose objects exist has a destroy function");
		HOLDS(object_counts[i] >= 0,
		      "object O2: no more objects were destroyed than made");
	}
	return NULL;
}
