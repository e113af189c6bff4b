// SPDX-License-Identifier: MIT
/*
 * ioremap.c - addresses for device registers
 *
 * WHAT     Maps a range of physical addresses that is not RAM, uncached. If it
 *          refuses a range, it says why.
 *
 * PICTURE  Registers need not begin or end on a page; the pointer keeps the
 *          offset:
 *
 *            physical   |....[registers]....|.....    frames 0xfec00, ...
 *                            ^ pa
 *            virtual    |....[registers]....|guard|
 *                            ^ what ioremap() returns
 *
 * TERMS    RAM       frames with at least one byte of RAM in the sanitized
 *                    memory map. The direct map has these frames, cached. A
 *                    frame that is only partly RAM is never given out.
 *
 * INVARIANTS of vmalloc: area.c, above all V7
 *
 * ALGORITHM  ioremap_objection() refuses a range that must be a mistake. RAM
 *          has a cached mapping, and two mappings with different cache types
 *          are undefined (SDM volume 3, 11.12.4).
 *
 * LOCKING  None of its own.
 * COST     One entry for each page, one comparison for each range of RAM.
 * NOT HERE address space (area.c); device memory known at compile time
 *          (<arch/fixmap.h>).
 * SEE      Linux arch/x86/mm/ioremap.c.
 */
#include <arch/cpu.h>

#include "lib/log.h"
#include "mm/early/memblock.h"
#include "mm/kva/vm_area.h"

/* A pfn_t has 32 bits; a CPU may promise 52 bits of address. */
#define PFN_PHYS_BITS  (32u + PAGE_SHIFT)

/* Is any frame of [first, end) a frame of RAM? */
static bool frames_have_ram(pfn_t first, pfn_t end)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		pfn_t ram = phys_to_pfn(range.start);
		pfn_t ram_end = phys_to_pfn_up(range.end);

		if (pfn_lt(pfn_max(first, ram), pfn_min(end, ram_end)))
			return true;
	}
	return false;
}

const char *ioremap_objection(phys_addr_t pa, size_t size)
{
	phys_addr_t last = phys_add(pa, size - 1);

	if (size == 0)
		return "it is empty";
	if (phys_lt(last, pa))
		return "it wraps";
	if (last.v >> MIN(cpu_phys_bits(), PFN_PHYS_BITS))
		return "it lies above the CPU's physical width";
	if (frames_have_ram(phys_to_pfn(pa), pfn_add(phys_to_pfn(last), 1)))
		return "it contains RAM";
	return NULL;
}

static void *refuse(phys_addr_t pa, size_t size, const char *objection)
{
	pr_warn_limited("ioremap: refused %zu bytes at %pP: %s\n", size, &pa,
			objection);
	return NULL;
}

void *ioremap(phys_addr_t pa, size_t size)
{
	const char *objection = ioremap_objection(pa, size);
	pfn_t first = phys_to_pfn(pa);
	struct vm_area *area;
	unsigned nr;
	int err;

	if (objection)
		return refuse(pa, size, objection);
	nr = phys_to_pfn(phys_add(pa, size - 1)).v - first.v + 1;
	area = vm_area_create(nr, VM_IOREMAP, __builtin_return_address(0),
			      &err);
	if (!area)
		return refuse(pa, size, kva_error_text(err));
	area->phys = pa;
	kpt_map_range(vm_area_start(area), first, nr, KPROT_DEVICE);
	vm_area_publish(area);
	return kva_to_ptr(vm_area_start(area) + phys_page_offset(pa));
}

void iounmap(const void *ptr)
{
	if (ptr)
		vm_area_unmap(vm_area_claim(ptr_to_kva(ptr) & PAGE_MASK,
					    VM_IOREMAP, "iounmap"));
}
