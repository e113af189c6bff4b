// SPDX-License-Identifier: MIT
/*
 * memory_object.c - bytes that were there at boot, for reading
 *
 * WHAT     The boot archive as an object: a server reads it or maps it.
 *
 * RULES
 *          the pages stay the kernel's: each page has a reference that is never
 *          put, so that unmapping never frees a page. The object may end
 */
#include "kernel/calls/memory_object.h"

#include <arch/irqflags.h>
#include <arch/kva.h>

#include "kernel/calls/calls.h"
#include "lib/align.h"
#include "lib/errno.h"
#include "lib/wait.h"
#include "mm/page/page.h"
#include "mm/slab/kmalloc.h"
#include "mm/vm/mm.h"

static struct kmem_cache *memory_cache;

struct object *memory_object_create(const void *data, uint32_t size)
{
	struct memory_object *memory = kmem_cache_alloc(memory_cache,
							GFP_KERNEL);

	if (!memory)
		return NULL;
	object_init(&memory->object, OBJECT_MEMORY);
	memory->data = data;
	memory->size = size;
	return &memory->object;
}

static void memory_destroy(struct object *object)
{
	kmem_cache_free(memory_cache, object_to_memory(object));
}

void memory_object_init(void)
{
	static const struct object_ops ops = { memory_destroy, NULL, NULL };

	memory_cache = kmem_cache_create("memory_object",
					 sizeof(struct memory_object), 0,
					 SLAB_PANIC, NULL);
	object_type_init(OBJECT_MEMORY, &ops);
}

long pg_memory_size(struct trap_regs *regs, const struct memory_object *memory)
{
	return (long)memory->size;
}

/* A page at a time: a kill ends the call soon. */
long pg_memory_read(struct trap_regs *regs, const struct memory_object *memory)
{
	uint32_t offset = MIN(regs->ebx, memory->size);
	uint32_t length = MIN(regs->edx, memory->size - offset);

	for (uint32_t done = 0, n; done < length; done += n) {
		n = MIN(length - done, (uint32_t)PAGE_SIZE);
		if (copy_to_user(UADDR(regs->ecx + done),
				 memory->data + offset + done, n))
			return -EFAULT;
		if (wait_killed())
			return -EINTR;
	}
	return (long)length;
}

long pg_memory_map(struct trap_regs *regs, const struct memory_object *memory)
{
	uint32_t nr_pages = DIV_ROUND_UP(memory->size, (uint32_t)PAGE_SIZE);
	struct page *first;
	irqflags_t flags;

	if (!memory->size || !IS_ALIGNED(ptr_to_kva(memory->data), PAGE_SIZE) ||
	    !kva_is_lowmem(ptr_to_kva(memory->data)))
		return -EINVAL;
	first = virt_to_page(memory->data);
	/* A page that was never allocated has no reference yet. */
	flags = irq_save();
	for (uint32_t i = 0; i < nr_pages; i++)
		if (!first[i].refs)
			first[i].refs = 1;
	irq_restore(flags);
	return mm_map_pages(current_task()->mm, UADDR(regs->ebx), first,
			    nr_pages, VM_READ, "[archive]");
}
