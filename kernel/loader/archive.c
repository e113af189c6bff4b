// SPDX-License-Identifier: MIT
/*
 * archive.c - find the boot archive among the modules
 *
 * WHAT     The archive is the first module that begins like a cpio archive. Its
 *          pages were reserved before the first allocation, and stay reserved:
 *          so the archive is used in place. In highmem, it is mapped.
 * SEE      kernel/start/memory_init.c:reserve_what_is_in_use().
 */
#include "kernel/loader/archive.h"

#include <arch/kva.h>

#include "lib/align.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page.h"
#include "mm/slab/kmalloc.h"

#define MAGIC_TEXT  "070701"

static const void *archive;
static uint32_t archive_size;

static const void *map_highmem(const struct boot_module *module,
			       uint32_t size)
{
	uint32_t nr = DIV_ROUND_UP(size, PAGE_SIZE);
	pfn_t first = phys_to_pfn(module->start);
	struct page **pages = kmalloc(nr * sizeof(pages[0]), GFP_KERNEL);
	const uint8_t *area;

	if (!pages)
		return NULL;
	for (uint32_t i = 0; i < nr; i++)
		pages[i] = pfn_to_page(pfn_add(first, i));
	area = vmap(pages, nr, KPROT_RO);
	kfree(pages);
	return area ? area + phys_page_offset(module->start) : NULL;
}

static void archive_log(void)
{
	struct cpio cpio;
	struct cpio_file file;
	unsigned nr = 0;
	uint64_t size = archive_size;

	cpio_open(&cpio, archive, archive_size);
	while (cpio_next(&cpio, &file))
		nr++;
	pr_info("Boot archive: %u files, %pM\n", nr, &size);
	if (cpio.broken)
		pr_warn("Boot archive: %s\n", cpio.broken);
}

void archive_init(const struct boot_info *boot)
{
	for (unsigned i = 0; i < boot->nr_modules && !archive; i++) {
		const struct boot_module *module = &boot->module[i];
		uint64_t size = module->end.v - module->start.v;
		const void *data = NULL;

		assert(size);
		if (phys_is_lowmem(PHYS(module->end.v - 1)))
			data = phys_to_virt(module->start);
		else if (size <= UINT32_MAX)
			data = map_highmem(module, (uint32_t)size);
		if (!data) {
			pr_warn("module %u: no address for it\n", i);
		} else if (size > strlen(MAGIC_TEXT) &&
			   !memcmp(data, MAGIC_TEXT, strlen(MAGIC_TEXT))) {
			archive = data;
			archive_size = (uint32_t)size;
		} else {
			pr_info("module %u: not a boot archive\n", i);
		}
	}
	if (archive)
		archive_log();
}

const void *archive_data(uint32_t *size)
{
	*size = archive_size;
	return archive;
}

bool archive_find(const char *name, struct cpio_file *file)
{
	return archive && cpio_find(archive, archive_size, name, file);
}
