// SPDX-License-Identifier: MIT
/*
 * boot_info.c - warnings and the check of the hand-off
 *
 * WHAT     Functions that every part of boot/ uses when it fills a boot_info.
 *          They touch no hardware, so they run in the boot world, in the
 *          kernel's tests and on the host.
 */
#include "boot/boot_info.h"

#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"

void boot_warn(struct boot_info *info, const char *fmt, ...)
{
	size_t used = strnlen(info->warnings, sizeof(info->warnings));
	size_t room = sizeof(info->warnings) - used;
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(info->warnings + used, room, fmt, args);
	va_end(args);

	/* Append only whole lines: half of a number would be a wrong number. */
	if (length + 1 >= (int)room) {
		info->warnings[used] = '\0';
		return;
	}
	info->warnings[used + length] = '\n';
	info->warnings[used + length + 1] = '\0';
}

bool boot_range_is_ram(const struct boot_info *info, phys_addr_t start,
		       phys_addr_t end)
{
	for (unsigned i = 0; i < info->nr_ranges; i++) {
		const struct boot_range *r = &info->range[i];

		if (r->type == BOOT_RAM && !phys_lt(start, r->start) &&
		    !phys_lt(r->end, end))
			return true;
	}
	return false;
}

const char *boot_info_check(const struct boot_info *info)
{
	const struct boot_range *r = info->range;
	const struct boot_module *m = info->module;

	HOLDS(info->magic == BOOT_INFO_MAGIC, "this is not a boot_info");
	HOLDS(info->nr_ranges <= BOOT_RANGES_MAX, "boot_info I1: too many ranges");
	for (unsigned i = 0; i < info->nr_ranges; i++) {
		HOLDS(phys_lt(r[i].start, r[i].end), "boot_info I1: no range is empty");
		HOLDS(i == 0 || !phys_lt(r[i].start, r[i - 1].end),
		      "boot_info I1: ranges are sorted and disjoint");
		HOLDS((r[i].end.v - 1) >> info->phys_bits == 0,
		      "boot_info I2: no range reaches above the physical width");
	}
	HOLDS(info->nr_modules <= BOOT_MODULES_MAX, "boot_info I3: too many modules");
	for (unsigned i = 0; i < info->nr_modules; i++) {
		HOLDS(boot_range_is_ram(info, m[i].start, m[i].end),
		      "boot_info I3: modules lie in RAM");
		HOLDS(!phys_lt(m[i].start, info->kernel_end) ||
		      !phys_lt(info->kernel_start, m[i].end),
		      "boot_info I3: modules lie outside the kernel");
		HOLDS(i == 0 || !phys_lt(m[i].start, m[i - 1].end),
		      "boot_info I3: modules are sorted and disjoint");
	}
	HOLDS(phys_eq(info->kernel_start, info->kernel_end) ||
	      boot_range_is_ram(info, info->kernel_start, info->kernel_end),
	      "boot_info I5: the kernel lies in RAM");
	HOLDS(strnlen(info->cmdline, BOOT_CMDLINE_MAX) < BOOT_CMDLINE_MAX,
	      "boot_info I4: the command line ends");
	return NULL;
}
