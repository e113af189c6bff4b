// SPDX-License-Identifier: MIT
/*
 * modules.h - files that the loader put beside the kernel
 */
#pragma once

#include "boot/boot_info.h"

/*
 * Add one module. The module is dropped, with a warning, if it is empty, lies
 * outside RAM, overlaps the kernel or another module, or is one too many.
 * info->range must be complete before. args may be NULL.
 *
 * Returns: whether it was added.
 */
bool module_add(struct boot_info *info, phys_addr_t start, phys_addr_t end,
		const char *args);
