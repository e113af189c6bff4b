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
