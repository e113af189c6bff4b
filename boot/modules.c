// SPDX-License-Identifier: MIT
/*
 * modules.c - files that the loader put beside the kernel
 *
 * WHAT     Checks what the loader says about each module. Keeps the good
 *          modules sorted (I3).
 *
 *          The memory of the boot world never overlaps a module: its tables,
 *          stack and boot_info are in the bss of the image, and a loader puts
 *          modules outside the image.
 */
#include "boot/modules.h"

#include "lib/errno.h"
#include "lib/string.h"

static bool overlap(phys_addr_t a_start, phys_addr_t a_end,
		    phys_addr_t b_start, phys_addr_t b_end)
{
	return phys_lt(a_start, b_end) && phys_lt(b_start, a_end);
}

static bool hits_module(const struct boot_info *info, phys_addr_t start,
			phys_addr_t end)
{
	for (unsigned i = 0; i < info->nr_modules; i++)
		if (overlap(start, end, info->module[i].start,
			    info->module[i].end))
			return true;
	return false;
}

/* NULL, or why [start, end) cannot be a module. */
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
	if (hits_module(info, start, end))
		return "it overlaps another";
	return NULL;
}

/* Open a gap in the sorted array for a module that begins at `start`. */
static struct boot_module *slot_for(struct boot_info *info, phys_addr_t start)
{
	unsigned i = info->nr_modules++;

	for (; i > 0 && phys_lt(start, info->module[i - 1].start); i--)
		info->module[i] = info->module[i - 1];
	return &info->module[i];
}

bool module_add(struct boot_info *info, phys_addr_t start, phys_addr_t end,
		const char *args)
{
	const char *why = objection(info, start, end);
	struct boot_module *m;

	if (why) {
		boot_warn(info, "module at %pP dropped: %s", &start, why);
		return false;
	}
	m = slot_for(info, start);
	m->start = start;
	m->end = end;
	if (strscpy(m->args, args ? args : "", sizeof(m->args)) == -E2BIG)
		boot_warn(info, "module at %pP: its text was cut", &start);
	return true;
}
