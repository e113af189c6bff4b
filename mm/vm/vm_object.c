// SPDX-License-Identifier: MIT
/*
 * vm_object.c - anonymous pages that several areas share
 *
 * WHAT     MAP_SHARED | MAP_ANONYMOUS: the pages belong to an object. An area
 *          names the object and an offset. A fork or mremap() makes more areas
 *          of the object. When the last area goes, the object and its pages are
 *          freed.
 *
 * PICTURE    object ---> leaves[0] ---> [page][    ][page] ...  1024 pages
 *                        leaves[1] ---> NULL: none was touched
 *                        leaves[2] ---> [page]                  the rest
 *
 * TERMS    leaf   an array of pages for 4 MiB, made at the first touch
 *          index  number of a page in the object; an area starts at `offset`
 *
 * RULES of vm_object
 *          O1  the object holds one reference to each of its pages, beside the
 *              references of the entries that map the page
 *          O2  the object never grows: behind its end a longer area faults
 *
 * LOCKING  object->lock, inside mm->lock: two address spaces may touch the same
 *          page at the same time.
 * COST     O(1) for each page.
 * SEE      Linux mm/shmem.c, which does this with a file.
 */
#include "lib/align.h"
#include "lib/errno.h"
#include "mm/account/account.h"
#include "mm/slab/kmalloc.h"
#include "mm/vm/vm_impl.h"

#define LEAF_PAGES  1024u

/* Protection: I set at creation; o the object's lock. */
struct vm_object {
	struct mutex   lock;
	uint32_t       refs;        /*    atomic                       */
	uint32_t       nr_pages;    /* I                               */
	bool           accounted;   /* o  nr_pages are promised        */
	struct account *account;    /* I  a reference: pays for arrays */
	struct page  **leaves[];    /* o                               */
};

static uint32_t nr_leaves(uint32_t nr_pages)
{
	return DIV_ROUND_UP(nr_pages, LEAF_PAGES);
}

/* The last leaf is only as long as needed: most objects are small. */
static uint32_t leaf_pages(const struct vm_object *object, uint32_t leaf)
{
	debug_assert(leaf < nr_leaves(object->nr_pages));
	return MIN(LEAF_PAGES, object->nr_pages - leaf * LEAF_PAGES);
}

/* All arrays, with those of a later touch: a touch cannot refuse a charge. */
static size_t array_bytes(uint32_t nr_pages)
{
	return sizeof(struct vm_object) + nr_pages * sizeof(struct page *) +
	       nr_leaves(nr_pages) * sizeof(struct page **);
}

struct vm_object *vm_object_create(uint32_t nr_pages, bool accounted,
				   struct account *account)
{
	size_t leaves = nr_leaves(nr_pages);
	struct vm_object *object;

	caller_must(nr_pages > 0, "ask for a page at least");
	if (!account_charge(account, ACCOUNT_ARRAYS, array_bytes(nr_pages)))
		return NULL;
	if (accounted && !commit_charge(account, nr_pages))
		goto uncharge;
	object = kzalloc(sizeof(*object) + leaves * sizeof(object->leaves[0]),
			 GFP_KERNEL);
	if (!object)
		goto uncommit;
	account_get(account);
	object->account = account;
	mutex_init(&object->lock);
	object->refs = 1;
	object->nr_pages = nr_pages;
	object->accounted = accounted;
	if (accounted)
		account_promised(account, nr_pages);
	return object;
uncommit:
	if (accounted)
		commit_release(nr_pages);
uncharge:
	account_uncharge(account, ACCOUNT_ARRAYS, array_bytes(nr_pages));
	return NULL;
}

bool vm_object_promise(struct vm_object *object)
{
	bool promised;

	mutex_lock(&object->lock);
	promised = object->accounted;
	if (!promised && commit_charge(object->account, object->nr_pages)) {
		account_promised(object->account, object->nr_pages);
		promised = object->accounted = true;
	}
	mutex_unlock(&object->lock);
	return promised;
}

bool vm_object_has(const struct vm_object *object, uint32_t index,
		   uint32_t nr_pages)
{
	return index <= object->nr_pages &&
	       nr_pages <= object->nr_pages - index;
}

void vm_object_get(struct vm_object *object)
{
	caller_must(object->refs > 0, "have a reference");
	__atomic_fetch_add(&object->refs, 1, __ATOMIC_RELAXED);
}

void vm_object_put(struct vm_object *object)
{
	caller_must(object->refs > 0, "have a reference");
	if (__atomic_sub_fetch(&object->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (uint32_t leaf = 0; leaf < nr_leaves(object->nr_pages); leaf++) {
		struct page **pages = object->leaves[leaf];

		for (uint32_t i = 0; pages && i < leaf_pages(object, leaf); i++)
			if (pages[i])
				vm_page_put(pages[i]);
		kfree(pages);
	}
	if (object->accounted) {
		commit_release(object->nr_pages);
		account_promised(object->account, 0u - object->nr_pages);
	}
	account_uncharge(object->account, ACCOUNT_ARRAYS,
			 array_bytes(object->nr_pages));
	account_put(object->account);
	kfree(object);
}

/* The place of a page in its leaf. NULL: no memory for the leaf. */
static struct page **slot_of(struct vm_object *object, uint32_t index)
	MUST_HOLD(&object->lock)
{
	uint32_t leaf = index / LEAF_PAGES;

	assert_mutex_held(&object->lock);
	debug_assert(index < object->nr_pages);
	if (!object->leaves[leaf])
		object->leaves[leaf] = kcalloc(leaf_pages(object, leaf),
					       sizeof(struct page *),
					       GFP_KERNEL);
	if (!object->leaves[leaf])
		return NULL;
	return &object->leaves[leaf][index % LEAF_PAGES];
}

int vm_object_page(struct vm_object *object, uint32_t index,
		   struct page **pagep)
{
	struct page **slot;
	int err = -ENOMEM;

	if (index >= object->nr_pages)
		return -EFAULT;
	mutex_lock(&object->lock);
	slot = slot_of(object, index);
	if (slot && !*slot)
		*slot = vm_page_zeroed();
	if (slot && *slot) {
		vm_page_get(*slot);
		*pagep = *slot;
		err = 0;
	}
	mutex_unlock(&object->lock);
	return err;
}

int vm_object_set(struct vm_object *object, uint32_t index, struct page *page)
{
	struct page **slot;

	caller_must(index < object->nr_pages,
		    "give an index within the object");
	caller_must(page->refs > 0, "have a reference to the page");
	mutex_lock(&object->lock);
	slot = slot_of(object, index);
	if (slot) {
		assert(!*slot);
		*slot = page;
	}
	mutex_unlock(&object->lock);
	return slot ? 0 : -ENOMEM;
}

struct page *vm_object_find(struct vm_object *object, uint32_t index)
{
	struct page **leaf;

	if (index >= object->nr_pages)
		return NULL;
	leaf = READ_ONCE(object->leaves[index / LEAF_PAGES]);
	return leaf ? READ_ONCE(leaf[index % LEAF_PAGES]) : NULL;
}
