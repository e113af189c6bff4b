// SPDX-License-Identifier: MIT
/*
 * multiboot.c - turn the structures of a multiboot loader into one boot_info
 *
 * WHAT     The only code that knows the loader's structures. A field is
 *          used only if a flag says that the loader has filled the field. Each
 *          module is checked, and the good modules are sorted (I3).
 *
 * RULES of multiboot
 *          M1  every loop ends, for all values of lengths and counts
 *          M2  the loader's structures are never written, and no pointer to
 *              them is kept: the kernel may give this memory to other code
 *
 * ALGORITHM  Each step needs the step before: the loader's name (does this
 *          loader's command line begin with a path?), the command line, the
 *          memory map, the modules (are they in RAM?).
 * SEE      Multiboot Specification 0.6.96, 3.3; memmap.c, cmdline.c.
 */
#include "boot/multiboot.h"

#include "boot/cmdline.h"
#include "boot/memmap.h"
#include "lib/errno.h"
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

static bool overlap(phys_addr_t a_start, phys_addr_t a_end,
		    phys_addr_t b_start, phys_addr_t b_end)
{
	return phys_lt(a_start, b_end) && phys_lt(b_start, a_end);
}

/*
 * NULL, or why [start, end) cannot be a module. The memory of the boot world
 * is in the bss of the image, so no module overlaps this memory.
 */
static const char *objection(const struct boot_info *info, phys_addr_t start,
			     phys_addr_t end)
{
	if (!phys_lt(start, end))
		return "it is empty";
	if (info->nr_modules == BOOT_MODULES_MAX)
		return "there are too many";
	if (!boot_range_is_ram(info, start, end))
		return "it is not in RAM";
	if (overlap(start, end, info->kernel_start, info->kernel_end))
		return "it overlaps the kernel";
	for (unsigned i = 0; i < info->nr_modules; i++)
		if (overlap(start, end, info->module[i].start,
			    info->module[i].end))
			return "it overlaps another";
	return NULL;
}

bool module_add(struct boot_info *info, phys_addr_t start, phys_addr_t end,
		const char *args)
{
	const char *why = objection(info, start, end);
	struct boot_module *m = &info->module[info->nr_modules];

	if (why) {
		boot_warn(info, "module at %pP dropped: %s", &start, why);
		return false;
	}
	/* The array is sorted: open a gap for the new module. */
	for (; m > info->module && phys_lt(start, m[-1].start); m--)
		m[0] = m[-1];
	info->nr_modules++;
	m->start = start;
	m->end = end;
	if (strscpy(m->args, args ? args : "", sizeof(m->args)) == -E2BIG)
		boot_warn(info, "module at %pP: its text was cut", &start);
	return true;
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
	const struct multiboot_module *m;
	uint32_t nr;

	read_texts(mb, info);
	if (!read_mmap(mb, info) && !read_mem_sizes(mb, info))
		return "the loader names no RAM at all";
	if (memmap.repaired)   /* R5 of memmap.c */
		boot_warn(info, "memory map: %u KiB of the kernel are no RAM "
			  "in it, but are there: taken for RAM",
			  (unsigned)(memmap.repaired >> 10));
	if (!(mb->flags & MULTIBOOT_HAS_MODULES))
		return NULL;
	m = at(mb->mods_addr);
	nr = MIN(mb->mods_count, MODULES_READ_MAX);
	for (uint32_t i = 0; i < nr; i++)
		module_add(info, PHYS(m[i].start), PHYS(m[i].end),
			   text_at(m[i].args));
	return NULL;
}
