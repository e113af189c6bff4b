// SPDX-License-Identifier: MIT
/*
 * find.c - what is this address?
 *
 * WHAT     Everything that the kernel knows of an address: its region; symbol,
 *          stack, cache and object, area, slot or VMA; the page frame.
 *
 * PICTURE    kernel: region --+-- direct map: image? stack? frame, object
 *                             +-- vmalloc: area, its caller; stack?
 *                             +-- kmap, fixmap: slot and frame
 *            user mode: a task's VMA, and the frame there
 *
 * LOCKING  Each module takes its own lock while it answers.
 */
#include <arch/fixmap.h>
#include <arch/kva.h>
#include <arch/paging.h>
#include <arch/sections.h>
#include <arch/stack.h>

#include "kernel/diag/symbols.h"
#include "kernel/monitor/monitor_impl.h"
#include "kernel/task/task.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/zone.h"
#include "mm/slab/slab.h"

static const struct {
	const char *start, *end, *what;
} sections[] = {
	{ text_start,   text_end,   "code" },
	{ rodata_start, rodata_end, "constants" },
	{ data_start,   data_end,   "data" },
	{ bss_start,    bss_end,    "data that is zero at first" },
};

static const char *const object_states[] = {
	[SLAB_OBJECT_FREE] = "free",
	[SLAB_OBJECT_TAKEN] = "allocated",
	[SLAB_OBJECT_IN_MAGAZINE] = "free, kept at hand in a magazine",
};

/* ---- kernel ---------------------------------------------------------- */

static void find_frame(pfn_t pfn)
{
	if (pfn_valid(pfn))
		say("  frame   0x%x, zone %s: %s\n", pfn.v,
		    pfn_zone(pfn)->name, monitor_page_states[page_state(pfn)]);
	else
		say("  frame   0x%x: above all memory\n", pfn.v);
}

static void find_in_image(kva_t va)
{
	uintptr_t start;

	for (unsigned i = 0; i < ARRAY_SIZE(sections); i++) {
		if (va >= ptr_to_kva(sections[i].start) &&
		    va < ptr_to_kva(sections[i].end))
			say("  image   %s of the kernel\n", sections[i].what);
	}
	if (symbol_find(va, &start))
		say("  symbol  %pS\n", kva_to_ptr(va));
}

static void find_object(kva_t va)
{
	struct slab_object_info info;

	if (!slab_find_object(kva_to_ptr(va), &info))
		return;
	if (!info.object) {
		say("  cache   %s: between its objects\n", info.cache);
		return;
	}
	say("  cache   %s\n", info.cache);
	say("  object  %p, number %u of its slab, %zu bytes, byte %ld: %s\n",
	    info.object, info.index, info.size,
	    (long)(va - ptr_to_kva(info.object)), object_states[info.state]);
	if (info.allocated_by)
		say("  owner   allocated by %pS\n", info.allocated_by);
}

static void find_area(kva_t va)
{
	struct vm_area_info info;

	if (vmalloc_find(va, &info))
		say("  area    0x%08x - 0x%08x, %s, made by %pS%s\n",
		    info.start, info.end - 1, vm_kind_name[info.kind],
		    info.caller, info.guard ? ": its guard page" : "");
	else
		say("  area    none\n");
}

static void find_kernel(kva_t va)
{
	enum kva_region region = kva_region_of(va);
	const struct kernel_stack *stack = stack_find(va);
	kva_t start, end;
	pfn_t pfn;

	kva_region_bounds(region, &start, &end);
	say("  region  %s, 0x%08x - 0x%08x\n", kva_region_name(region), start,
	    end - 1);
	if (region == KVA_LOWMEM) {
		find_in_image(va);
		find_frame(phys_to_pfn(virt_to_phys(kva_to_ptr(va))));
		find_object(va);
	}
	if (!stack)
		stack = stack_find_guard(va);
	if (stack)
		say("  stack   %s%s, 0x%08x - 0x%08x\n",
		    va < stack->base ? "guard page of the " : "", stack->name,
		    stack->base, stack->top - 1);
	if (region == KVA_VMALLOC)
		find_area(va);
	if (region == KVA_PKMAP)
		say("  slot    %u of kmap\n", (va - PKMAP_BASE) / PAGE_SIZE);
	else if (region == KVA_FIXMAP && kva_is_kmap_local(va))
		say("  slot    of kmap_local\n");
	else if (region == KVA_FIXMAP)
		say("  slot    %u of the fixmap\n",
		    (FIXADDR_TOP - 1 - va) / PAGE_SIZE);
	if (region == KVA_LOWMEM)
		return;
	if (kpt_lookup(va, &pfn))
		find_frame(pfn);
	else
		say("  frame   none: nothing is mapped there\n");
}

/* ---- user mode ------------------------------------------------------- */

static void find_in_task(uaddr_t va, struct task *task)
{
	struct upt_entry entry;
	struct vma_info vma;

	if (!mm_find_vma(task->mm, va, &vma)) {
		say("  VMA     none in task %u, '%s'\n", task->pid, task->name);
		return;
	}
	say("  VMA     0x%08x - 0x%08x %c%c%c%c %s, of task %u, '%s'\n",
	    vma.start.v, vma.end.v - 1, vma.flags & VM_READ ? 'r' : '-',
	    vma.flags & VM_WRITE ? 'w' : '-', vma.flags & VM_EXEC ? 'x' : '-',
	    vma.flags & VM_SHARED ? 's' : 'p', vma.name ? vma.name : "",
	    task->pid, task->name);
	mutex_lock(&task->mm->lock);
	entry = upt_lookup(&task->mm->tables, UADDR(va.v & PAGE_MASK));
	mutex_unlock(&task->mm->lock);
	if (entry.present)
		find_frame(entry.pfn);
	else
		say("  frame   none yet: nobody has touched it\n");
}

int monitor_find(char *const argv[])
{
	struct task *task = NULL;
	uint32_t va;

	if (arg_address(argv[1], &va))
		return -EINVAL;
	say("0x%08x\n", va);
	if (va >= PAGE_OFFSET) {
		find_kernel(va);
		return 0;
	}
	say("  region  %s\n", va < USER_BASE ?
	    "never mapped: null pointers fault" : "user mode");
	if (arg_task(argv[2], &task))
		return -EINVAL;
	if (!task) {
		say("  name a task, by its PID, to know more\n");
		return 0;
	}
	find_in_task(UADDR(va), task);
	object_put(&task->object);
	return 0;
}

/* ---- slab ------------------------------------------------------------ */

const char *monitor_cache_name(unsigned i)
{
	const struct kmem_cache *cache = kmem_cache_at(i);

	return cache ? kmem_cache_name(cache) : NULL;
}

int monitor_slab(char *const argv[])
{
	struct kmem_cache *cache;

	if (arg_cache(argv[1], &cache))
		return -EINVAL;
	kmem_cache_dump(cache);
	return 0;
}
