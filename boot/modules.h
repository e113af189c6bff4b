// SPDX-License-Identifier: MIT
/*
 * modules.h - files that the loader put beside the kernel
 */
#pragma once

#include "boot/boot_info.h"

/*
 * Add one module. It is dropped, with a warning, where it cannot be what the
 * loader says: empty, outside RAM, in the kernel's or another module's way, or
 * one too many. info->range is final already. args may be NULL.
 *
 * Returns: whether it was added.
 */
bool module_add(struct boot_info *info, phys_addr_t start, phys_addr_t end,
		const char *args);
