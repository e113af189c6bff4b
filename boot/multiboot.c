// SPDX-License-Identifier: MIT
/*
 * multiboot.c - turn the structures of a multiboot loader into one boot_info
 *
 * WHAT     The only code that knows the loader's structures. A field is read
 *          only if a flag says that the loader has filled the field.
 *
 * RULES of multiboot
 *          M1  every loop ends, for all values of lengths and counts
 *          M2  the loader's structures are never written, and no pointer to
 *              them is kept: the kernel may give this memory to other code
 *
 * ALGORITHM  Each step needs the step before: the loader's name (does this
 *          loader's command line begin with a path?), the command line, the
 *          memory map, the modules (are they in RAM?).
 * SEE      Multiboot Specification 0.6.96, 3.3; memmap.c, cmdline.c, modules.c.
 */
#include "boot/multiboot.h"

#include "boot/boot_info.h"
#include "boot/cmdline.h"
#include "boot/memmap.h"
#include "boot/modules.h"
#include "lib/string.h"

/* `size` counts the bytes of an entry that follow the field `size`. */
#define MMAP_ENTRY_MIN \
	(sizeof(struct multiboot_mmap_entry) - sizeof(uint32_t))

/* Longer maps and lists are nonsense, and might never end: M1. */
#define MMAP_LENGTH_MAX   65536u
#define MODULES_READ_MAX  256u

#define FIRMWARE_RAM      1u

static struct memmap memmap;

/* A structure of the loader. In boot/ a physical address is a pointer. */
static const void *at(uint32_t pa)
{
	return (const void *)(uintptr_t)pa;
}

static const char *text_at(uint32_t pa)
{
	return pa ? at(pa) : NULL;
}

static void read_texts(const struct multiboot_info *mb, struct boot_info *info)
{
	const char *loader = NULL, *cmdline = NULL;

	if (mb->flags & MULTIBOOT_HAS_LOADER)
		loader = text_at(mb->loader_name);
	if (mb->flags & MULTIBOOT_HAS_CMDLINE)
		cmdline = text_at(mb->cmdline);
	/* If the loader's name is cut, it is still a name. */
	(void)strscpy(info->loader, loader ? loader : "", sizeof(info->loader));
	boot_cmdline_set(info, cmdline);
}

static uint64_t read_mmap(const struct multiboot_info *mb,
			  struct boot_info *info)
{
	uint32_t length = MIN(mb->mmap_length, MMAP_LENGTH_MAX);
	struct multiboot_mmap_entry e;
	uint32_t offset = 0;

	memmap_init(&memmap);
	if (!(mb->flags & MULTIBOOT_HAS_MMAP))
		return 0;
	while (multiboot_mmap_next(at(mb->mmap_addr), length, &offset, &e))
		memmap_add(&memmap, info, e.base, e.length, e.type);
	return memmap_sanitize(&memmap, info);
}

/* If there is no map: the two ranges of RAM that every PC has. */
static uint64_t read_mem_sizes(const struct multiboot_info *mb,
			       struct boot_info *info)
{
	memmap_init(&memmap);
	if (!(mb->flags & MULTIBOOT_HAS_MEM))
		return 0;
	boot_warn(info, "memory map: none with RAM in it, taking the loader's "
		  "two sizes");
	memmap_add(&memmap, info, 0, (uint64_t)mb->mem_lower << 10,
		   FIRMWARE_RAM);
	memmap_add(&memmap, info, 1 << 20, (uint64_t)mb->mem_upper << 10,
		   FIRMWARE_RAM);
	return memmap_sanitize(&memmap, info);
}

bool multiboot_mmap_next(const void *mmap, uint32_t length, uint32_t *offset,
			 struct multiboot_mmap_entry *entry)
{
	uint32_t left = length - *offset;

	if (*offset >= length || left < sizeof(*entry))
		return false;
	memcpy(entry, (const char *)mmap + *offset, sizeof(*entry));
	if (entry->size < MMAP_ENTRY_MIN)
		return false;
	/* An entry may be longer than our struct; the map may end here. */
	*offset += MIN(entry->size, left - (uint32_t)sizeof(entry->size)) +
		   (uint32_t)sizeof(entry->size);
	return true;
}

const char *multiboot_read(const struct multiboot_info *mb,
			   struct boot_info *info)
{
	const struct multiboot_module *m = at(mb->mods_addr);
	uint32_t nr = MIN(mb->mods_count, MODULES_READ_MAX);

	read_texts(mb, info);
	if (!read_mmap(mb, info) && !read_mem_sizes(mb, info))
		return "the loader names no RAM at all";
	if (memmap.repaired)   /* R5 of memmap.c */
		boot_warn(info, "memory map: %u KiB of the kernel are no RAM "
			  "in it, but are there: taken for RAM",
			  (unsigned)(memmap.repaired >> 10));
	if (!(mb->flags & MULTIBOOT_HAS_MODULES))
		nr = 0;
	for (uint32_t i = 0; i < nr; i++)
		module_add(info, PHYS(m[i].start), PHYS(m[i].end),
			   text_at(m[i].args));
	return NULL;
}
