// SPDX-License-Identifier: MIT
/*
 * layout.c - the virtual map at run time
 *
 * WHAT     Sets high_memory: it says how much memory has a permanent address.
 *          All other addresses of the map are constants. The map is also a
 *          table here, to print it and to find the region of an address.
 *
 * PICTURE    vmalloc=SIZE                            4 GiB
 *            PAGE_OFFSET |---- lowmem ----|---- SIZE ----|
 *                                         ^ limit
 *            RAM         [=====] [====]   |  [======]
 *                                     ^ high_memory    ^ highmem, if any
 *
 * RULES
 *          high_memory is page-aligned, above PAGE_OFFSET, and at most
 *          PAGE_OFFSET + LOWMEM_MAX; it never changes after lowmem_init()
 *
 * SEE      <arch/layout.h>; Linux arch/x86/mm/init_32.c, "vmalloc=".
 */
#include <arch/fixmap.h>
#include <arch/paging.h>

#include "lib/align.h"
#include "lib/log.h"
#include "mm/early/memblock.h"

/* The largest value until lowmem_init(): what boot/ has made is lowmem then. */
kva_t high_memory = PAGE_OFFSET + LOWMEM_MAX;

#define VMALLOC_ALIGN   (4u << 20)
#define KERNEL_QUARTER  (1ull << 30)
#define VMALLOC_MAX     (KERNEL_QUARTER - LOWMEM_MIN)

/* ---- how much is lowmem ---------------------------------------------- */

int lowmem_limit(uint64_t size, uint64_t *limit)
{
	*limit = LOWMEM_MAX;
	if (size < VMALLOC_DEFAULT || size > VMALLOC_MAX) {
		uint64_t min = VMALLOC_DEFAULT, max = VMALLOC_MAX;

		pr_warn("vmalloc=%pM is not between %pM and %pM: ignored\n",
			&size, &min, &max);
		return -EINVAL;
	}
	*limit = KERNEL_QUARTER - ALIGN_UP(size, VMALLOC_ALIGN);
	return 0;
}

void lowmem_init(uint64_t limit)
{
	struct memblock_range range;
	uint64_t end = 0;

	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		if (range.start.v < limit)
			end = MIN(range.end.v, limit);
	}
	end = ALIGN_DOWN(end, PAGE_SIZE);
	if (!end)
		panic("no RAM below %u MiB", (unsigned)(limit >> 20));
	high_memory = PAGE_OFFSET + (uint32_t)end;
}

/* ---- the map as a table ---------------------------------------------- */

const char *kva_region_name(enum kva_region region)
{
	static const char *const names[KVA_NR_REGIONS] = {
#define R(name, start, end, what) [KVA_##name] = what,
		KVA_REGIONS(R)
#undef R
	};

	return names[region];
}

void kva_region_bounds(enum kva_region region, kva_t *start, kva_t *end)
{
	switch (region) {
#define R(name, first, last, what)      \
	case KVA_##name:                \
		*start = (first);       \
		*end = (last);          \
		return;
	KVA_REGIONS(R)
#undef R
	case KVA_NR_REGIONS:
		break;
	}
	panic("no such region: %u", region);
}

enum kva_region kva_region_of(kva_t va)
{
	assert(va >= PAGE_OFFSET);
	for (unsigned i = 0; i < KVA_NR_REGIONS; i++) {
		kva_t start, end;

		kva_region_bounds(i, &start, &end);
		/* The last region ends at 4 GiB, which is 0 here. */
		if (va >= start && va <= end - 1)
			return i;
	}
	panic("the regions leave a hole at 0x%08x", va);
}

/* One line of the map. 8 MiB and more are shown in MB. */
static void layout_line(const char *name, kva_t start, kva_t end)
{
	uint32_t kib = (end - start) >> 10;
	bool mib = kib >= 8 * 1024;

	if (start == end)
		return;
	pr_info("    %7s : 0x%08x - 0x%08x   (%4u %s)\n", name, start, end,
		mib ? kib >> 10 : kib, mib ? "MB" : "kB");
}

void layout_dump(void)
{
	const struct image_layout *image = &kernel_image;

	pr_info("virtual kernel memory layout:\n");
	layout_line("fixmap ", FIXADDR_START, FIXADDR_TOP);
	layout_line("pkmap  ", PKMAP_BASE, PKMAP_END);
	layout_line("vmalloc", vmalloc_start(), VMALLOC_END);
	layout_line("lowmem ", PAGE_OFFSET, high_memory);
	layout_line(".init", image->init_start, image->init_end);
	layout_line(".data", image->data_start, image->data_end);
	layout_line(".rodata", image->rodata_start, image->rodata_end);
	layout_line(".text", image->text_start, image->text_end);
}
