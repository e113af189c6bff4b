// SPDX-License-Identifier: MIT
/*
 * cmdline.h - the kernel's words out of what a loader calls a command line
 */
#pragma once

#include "boot/boot_info.h"

/* We read at most so many bytes: a loader's string may have no end. */
#define CMDLINE_RAW_MAX  4096u

/*
 * Set info->cmdline from the loader's text (NULL: there is none). info->loader
 * must be set before: it says whether the text begins with a path. A text that
 * is too long is cut between two words, with a warning.
 */
void boot_cmdline_set(struct boot_info *info, const char *raw);
