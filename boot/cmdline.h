// SPDX-License-Identifier: MIT
/*
 * cmdline.h - the kernel's words out of what a loader calls a command line
 */
#pragma once

#include "boot/boot_info.h"

/* Longest text that is looked at; a loader's string may lack its end. */
#define CMDLINE_RAW_MAX  4096u

/*
 * Set info->cmdline from the loader's text (NULL: none). info->loader is set
 * already: it says whether a path comes first. A text that is too long is cut
 * between two words, with a warning.
 */
void boot_cmdline_set(struct boot_info *info, const char *raw);
