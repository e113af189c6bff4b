// SPDX-License-Identifier: MIT
/*
 * handle.c - one task's table of handles
 *
 * WHAT     An array of entries, indexed by handle. The free entries are a list.
 *
 * PICTURE    index    0      1        2       3        4
 *            object   NULL   task     NULL    endpt    NULL
 *            rights   -      rights   4       rights   0
 *                            used     free    used     free, the last
 *            first_free = 2
 *
 * INVARIANTS of handle (handle_table_check() restates them)
 *          H1  entry 0 is never used
 *          H2  the list of free entries has each entry without an object once,
 *              but not entry 0
 *          H3  used is the number of entries with an object
 *          H4  each entry with an object holds one reference to it
 *
 * ALGORITHM  If no entry is free, the table doubles. The larger array is
 *          allocated without the lock, and freed if another thread was faster.
 * LOCKING  table->lock, interrupts off, and no other lock inside. Objects are
 *          told of closed handles, and are put, without the lock.
 * COST     12 bytes for each entry.
 * NOT HERE what the rights mean (kernel/uapi/pagoda.h).
 * SEE      Linux fs/file.c; Zircon handle_table.cc.
 */
#include "kernel/object/handle.h"

#include "kernel/uapi/pagoda.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/account/account.h"
#include "mm/slab/kmalloc.h"

#define FIRST_SIZE  16u

_Static_assert(((HANDLE_MAX + 1) & HANDLE_MAX) == 0, "sizes are powers of two");

static struct handle_entry *find_entry(struct handle_table *table,
				       uint32_t handle)
{
	if (handle >= table->size || !table->entries[handle].object)
		return NULL;
	return &table->entries[handle];
}

/* Put the entries [from, size) on the free list, the lowest first. */
static void add_free_entries(struct handle_table *table, uint32_t from)
{
	for (uint32_t i = table->size; i-- > from; ) {
		if (i == 0 || table->entries[i].object)
			continue;
		table->entries[i].rights = table->first_free;
		table->first_free = i;
	}
}

/* n entries, charged. NULL: no memory, or the account's limit. */
static struct handle_entry *entries_alloc(struct account *account, uint32_t n)
{
	struct handle_entry *entries;

	if (!account_charge(account, ACCOUNT_HANDLES, n))
		return NULL;
	entries = kcalloc(n, sizeof(*entries), GFP_KERNEL);
	if (!entries)
		account_uncharge(account, ACCOUNT_HANDLES, n);
	return entries;
}

static void entries_free(struct account *account, struct handle_entry *entries,
			 uint32_t n)
{
	kfree(entries);
	account_uncharge(account, ACCOUNT_HANDLES, n);
}

/* Returns: 0: there may be a free entry now; -ENOMEM; -ENOSPC. */
static int grow(struct handle_table *table)
{
	uint32_t size = READ_ONCE(table->size);
	uint32_t new_size = size ? size * 2 : FIRST_SIZE;
	uint32_t unused_size = new_size;
	struct handle_entry *entries, *unused;
	irqflags_t flags;

	if (new_size > HANDLE_MAX + 1)
		return -ENOSPC;
	entries = entries_alloc(table->account, new_size);
	if (!entries)
		return -ENOMEM;
	unused = entries;
	flags = spin_lock_irqsave(&table->lock);
	if (table->size == size) {
		unused = table->entries;
		unused_size = size;
		if (unused)
			memcpy(entries, unused, size * sizeof(*entries));
		table->entries = entries;
		table->size = new_size;
		add_free_entries(table, size);
	}
	spin_unlock_irqrestore(&table->lock, flags);
	entries_free(table->account, unused, unused_size);
	return 0;
}

/* Returns: the handle, or 0: no entry is free. */
static uint32_t add_locked(struct handle_table *table,
			   const struct handle_entry *new)
	MUST_HOLD(&table->lock)
{
	uint32_t handle = table->first_free;

	assert_held(&table->lock);
	if (handle) {
		table->first_free = table->entries[handle].rights;
		table->entries[handle] = *new;
		table->used++;
	}
	return handle;
}

static struct handle_entry remove_locked(struct handle_table *table,
					 uint32_t handle)
	MUST_HOLD(&table->lock)
{
	struct handle_entry old = table->entries[handle];

	assert_held(&table->lock);
	table->entries[handle] = (struct handle_entry){
		.rights = table->first_free,
	};
	table->first_free = handle;
	table->used--;
	return old;
}

static void drop_entry(const struct handle_entry *entry)
{
	object_closed(entry->object, entry->rights);
	object_put(entry->object);
}

void handle_table_init(struct handle_table *table, struct account *account)
{
	memset(table, 0, sizeof(*table));
	table->account = account;
	spin_lock_init(&table->lock);
}

void handle_table_destroy(struct handle_table *table)
{
	irqflags_t flags = spin_lock_irqsave(&table->lock);
	struct handle_entry *entries = table->entries;
	uint32_t size = table->size;

	table->entries = NULL;
	table->size = 0;
	table->used = 0;
	table->first_free = 0;
	spin_unlock_irqrestore(&table->lock, flags);
	for (uint32_t i = 0; i < size; i++)
		if (entries[i].object)
			drop_entry(&entries[i]);
	entries_free(table->account, entries, size);
}

int handle_add_badged(struct handle_table *table, struct object *object,
		      unsigned rights, uint32_t badge)
{
	const struct handle_entry new = { object, rights, badge };
	uint32_t handle = 0;
	int err = 0;

	object_get(object);
	object_opened(object, rights);
	while (!handle && !err) {
		irqflags_t flags = spin_lock_irqsave(&table->lock);

		handle = add_locked(table, &new);
		spin_unlock_irqrestore(&table->lock, flags);
		if (!handle)
			err = grow(table);
	}
	if (err)
		drop_entry(&new);
	return err ? err : (int)handle;
}

int handle_add(struct handle_table *table, struct object *object,
	       unsigned rights)
{
	return handle_add_badged(table, object, rights, 0);
}

int handle_lookup_entry(struct handle_table *table, uint32_t handle,
			enum object_type type, unsigned rights,
			struct handle_entry *found)
{
	irqflags_t flags = spin_lock_irqsave(&table->lock);
	const struct handle_entry *entry = find_entry(table, handle);
	int err = 0;

	if (!entry) {
		err = -EBADF;
	} else if (type != OBJECT_ANY && entry->object->type != type) {
		err = -EINVAL;
	} else if ((entry->rights & rights) != rights) {
		err = -EPERM;
	} else {
		*found = *entry;
		object_get(entry->object);
	}
	spin_unlock_irqrestore(&table->lock, flags);
	return err;
}

int handle_lookup(struct handle_table *table, uint32_t handle,
		  enum object_type type, unsigned rights,
		  struct object **objectp)
{
	struct handle_entry entry;
	int err = handle_lookup_entry(table, handle, type, rights, &entry);

	if (!err)
		*objectp = entry.object;
	return err;
}

int handle_remove(struct handle_table *table, uint32_t handle)
{
	irqflags_t flags = spin_lock_irqsave(&table->lock);
	struct handle_entry old = { NULL, 0, 0 };

	if (find_entry(table, handle))
		old = remove_locked(table, handle);
	spin_unlock_irqrestore(&table->lock, flags);
	if (!old.object)
		return -EBADF;
	drop_entry(&old);
	return 0;
}

int handle_dup(struct handle_table *table, uint32_t handle, unsigned rights,
	       uint32_t badge)
{
	unsigned needed = rights | RIGHT_DUP | (badge ? RIGHT_MINT : 0);
	struct handle_entry entry;
	int result;

	if (badge > BADGE_MAX)
		return -EINVAL;
	result = handle_lookup_entry(table, handle, OBJECT_ANY, needed, &entry);
	if (result)
		return result;
	result = -EINVAL;
	if (!badge || !entry.badge)
		result = handle_add_badged(table, entry.object, rights,
					   badge ? badge : entry.badge);
	object_put(entry.object);
	return result;
}

/* Both tables have the same size. */
static void copy_entries(struct handle_table *to,
			 const struct handle_table *from)
{
	for (uint32_t i = 1; i < from->size; i++) {
		if (!from->entries[i].object ||
		    !(from->entries[i].rights & RIGHT_DUP))
			continue;
		to->entries[i] = from->entries[i];
		object_get(to->entries[i].object);
		to->used++;
	}
	add_free_entries(to, 0);
}

int handle_table_copy(struct handle_table *to, struct handle_table *from)
{
	bool copied = false;

	assert(!to->entries);
	while (!copied && READ_ONCE(from->size) > 0) {
		irqflags_t flags;

		to->size = READ_ONCE(from->size);
		to->entries = entries_alloc(to->account, to->size);
		if (!to->entries) {
			to->size = 0;
			return -ENOMEM;
		}
		flags = spin_lock_irqsave(&from->lock);
		copied = to->size == from->size;
		if (copied)
			copy_entries(to, from);
		spin_unlock_irqrestore(&from->lock, flags);
		if (!copied) {
			entries_free(to->account, to->entries, to->size);
			handle_table_init(to, to->account);
		}
	}
	for (uint32_t i = 1; copied && i < to->size; i++)
		if (to->entries[i].object)
			object_opened(to->entries[i].object,
				      to->entries[i].rights);
	return 0;
}

static const char *check_locked(const struct handle_table *table)
	MUST_HOLD(&table->lock)
{
	uint32_t used = 0, free = 0;

	assert_held(&table->lock);
	HOLDS(!table->size || !table->entries[0].object,
	      "handle H1: entry 0 is never used");
	for (uint32_t i = 1; i < table->size; i++) {
		const struct object *object = table->entries[i].object;

		used += object != NULL;
		HOLDS(!object || object->refs > 0,
		      "handle H4: each entry holds a reference to its object");
	}
	for (uint32_t i = table->first_free; i; free++) {
		HOLDS(i < table->size && free < table->size &&
		      !table->entries[i].object,
		      "handle H2: the free list has each free entry once");
		i = table->entries[i].rights;
	}
	HOLDS(used == table->used, "handle H3: used counts the entries");
	HOLDS(!table->size || used + free == table->size - 1,
	      "handle H2: the free list has each free entry once");
	return NULL;
}

const char *handle_table_check(struct handle_table *table)
{
	irqflags_t flags = spin_lock_irqsave(&table->lock);
	const char *broken = check_locked(table);

	spin_unlock_irqrestore(&table->lock, flags);
	return broken;
}
