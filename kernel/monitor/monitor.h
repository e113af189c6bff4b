// SPDX-License-Identifier: MIT
/*
 * monitor.h - the prompt inside the kernel
 *
 * WHAT     A shell that needs nothing of user mode: for looking at a running
 *          kernel, for trying things out by hand, and for what is left of one
 *          that has panicked.
 * SEE      docs/monitor.md.
 */
#pragma once

#include "boot/boot_info.h"

#define MONITOR_PROMPT  "pagoda> "

/*
 * What `iomem` shows, which must stay alive; the seed of `test`; and whether
 * somebody sits at the console.
 */
void monitor_init(const struct boot_info *boot, uint32_t seed, bool attended);

/* From now on a panic opens the prompt, where somebody sits at the console. */
void monitor_catch_panics(void);

/* Read and run commands until `exit`. Context: a thread. */
void monitor_run(void);

/*
 * User mode has ended the session: `exit` of the shell. Opens the prompt and
 * never returns; where nobody sits at the console it turns the power off.
 */
void monitor_enter(void) __noreturn;
