// SPDX-License-Identifier: MIT
/*
 * memory_init.c - bring up memory management, in one visible order
 *
 * WHAT     From boot_info to kmalloc(), vmalloc() and kmap().
 *
 * PICTURE    boot_info --> memblock --> page tables --> mem_map, zones
 *                                                          |
 *                         kmap <-- vmalloc <-- slabs <-----+
 *
 * RULES of memory
 *          M1  the RAM of memblock is the usable ranges below mem= and below
 *              RAM_MAX, the kernel image and the modules, and nothing else
 *          M2  the kernel image, page 0 and every module are reserved before
 *              the first allocation
 *          M3  an allocator starts after the allocators below it
 *
 * SEE      Linux setup_arch(), mm_core_init().
 */
#include "kernel/start/memory_init.h"

#include <arch/paging.h>
#include <arch/sections.h>
#include <arch/stack.h>
#include <arch/trap.h>
#include <arch/upgtable.h>

#include "kernel/diag/log.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "mm/account/account.h"
#include "mm/dma/dma.h"
#include "mm/early/memblock.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "mm/slab/slab.h"
#include "mm/vm/mm.h"

/* 36 address bits. For more RAM, the mem_map would fill all of lowmem. */
#define RAM_MAX  (64ull << 30)

static const char *const range_type_text[] = {
#define T(type, text) [type] = text,
	BOOT_RANGE_TYPES(T)
#undef T
};

void memory_map_dump(const struct boot_info *boot)
{
	pr_info("BIOS-provided physical RAM map:\n");
	for (unsigned i = 0; i < boot->nr_ranges; i++) {
		const struct boot_range *range = &boot->range[i];
		phys_addr_t last = PHYS(range->end.v - 1);

		pr_info("BIOS-e820: [mem %pP-%pP] %s\n", &range->start, &last,
			range_type_text[range->type]);
	}
	if (boot->clipped.v)
		pr_warn("%pM of RAM lie above the CPU's %u address bits: not used\n",
			&boot->clipped.v, boot->phys_bits);
	for (unsigned i = 0; i < boot->nr_modules; i++) {
		const struct boot_module *module = &boot->module[i];
		phys_addr_t last = PHYS(module->end.v - 1);

		pr_info("module %u: [mem %pP-%pP] %s\n", i, &module->start,
			&last, module->args);
	}
}

/* boot/ has checked the range, so it fits the lists of memblock. */
static void must_take(int (*take)(phys_addr_t start, phys_addr_t end),
		      phys_addr_t start, phys_addr_t end)
{
	int err = take(start, end);

	assert(!err);
}

/*
 * The kernel and its modules are RAM, also above mem=. Before add_ram(), so
 * that all of them have a place in the list.
 */
static void add_what_is_in_use(const struct boot_info *boot)
{
	must_take(memblock_add, boot->kernel_start, boot->kernel_end);
	for (unsigned i = 0; i < boot->nr_modules; i++)
		must_take(memblock_add, boot->module[i].start,
			  boot->module[i].end);
}

static void add_ram(const struct boot_info *boot, uint64_t mem)
{
	uint64_t limit = mem ? MIN(mem, RAM_MAX) : RAM_MAX, too_high = 0;

	for (unsigned i = 0; i < boot->nr_ranges; i++) {
		const struct boot_range *range = &boot->range[i];
		phys_addr_t end = PHYS(MIN(range->end.v, limit));

		if (range->type != BOOT_RAM)
			continue;
		if (phys_lt(range->start, end) &&
		    memblock_add(range->start, end))
			pr_warn("memory map: [mem %pP-%pP] does not fit the list, ignored\n",
				&range->start, &end);
		if (range->end.v > RAM_MAX)
			too_high += range->end.v - MAX(range->start.v, RAM_MAX);
	}
	if (too_high)
		pr_warn("%pM of RAM lie above 64 GiB: not used\n", &too_high);
}

/* M2. Page 0 has vectors and data of the BIOS. */
static void reserve_what_is_in_use(const struct boot_info *boot)
{
	must_take(memblock_reserve, PHYS(0), PHYS(PAGE_SIZE));
	must_take(memblock_reserve, boot->kernel_start, boot->kernel_end);
	for (unsigned i = 0; i < boot->nr_modules; i++)
		must_take(memblock_reserve, boot->module[i].start,
			  boot->module[i].end);
}

/* If lowmem_limit() refuses vmalloc=SIZE, it also says so in the log. */
static void lowmem_setup(uint64_t vmalloc_size)
{
	uint64_t limit = LOWMEM_MAX;

	if (vmalloc_size && lowmem_limit(vmalloc_size, &limit))
		pr_warn("vmalloc: the default is used\n");
	lowmem_init(limit);
}

/* The linker's addresses of the image, and the guard pages of its stacks. */
static struct image_layout image_from_linker(void)
{
	const struct kernel_stack *stack;
	struct image_layout image = {
		.text_start = ptr_to_kva(text_start),
		.text_end = ptr_to_kva(text_end),
		.rodata_start = ptr_to_kva(rodata_start),
		.rodata_end = ptr_to_kva(rodata_end),
		.data_start = ptr_to_kva(data_start),
		.data_end = ptr_to_kva(bss_end),
		.init_start = PAGE_OFFSET + (uint32_t)boot_start,
		.init_end = PAGE_OFFSET + (uint32_t)boot_end,
	};

	for_each_kernel_stack(stack) {
		assert(image.nr_guards < IMAGE_GUARDS_MAX);
		image.guard[image.nr_guards++] = stack->guard;
	}
	return image;
}

void memory_init(const struct boot_info *boot,
		 const struct kernel_options *options)
{
	struct image_layout image = image_from_linker();

	add_what_is_in_use(boot);
	add_ram(boot, options->mem);
	reserve_what_is_in_use(boot);
	lowmem_setup(options->vmalloc);
	paging_init(&image);
	traps_use_current_cr3();
	upt_try_high_tables();
	zones_init();
	slab_init();
	account_init();
	vmalloc_init();
	kmap_init();
	upt_init();
	mm_init();
	dma_init();
	layout_dump();
}

void memory_release_boot(const struct boot_info *boot)
{
	phys_addr_t start = PHYS((uintptr_t)boot_start);
	phys_addr_t end = PHYS((uintptr_t)boot_end);
	uint64_t size = end.v - start.v;

	free_reserved_range(start, end);
	pr_info("Freeing unused boot memory: %pM\n", &size);
}
