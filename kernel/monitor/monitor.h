// SPDX-License-Identifier: MIT
/*
 * monitor.h - the prompt inside the kernel
 *
 * WHAT     A shell that needs no user mode. It shows a running kernel, tries
 *          things out by hand, and shows what a panic has left.
 * SEE      docs/monitor.md.
 */
#pragma once

#include "boot/boot_info.h"

#define MONITOR_PROMPT  "pagoda> "

/*
 * boot: what `iomem` shows; it must stay alive. seed: that of `test`.
 * attended: somebody sits at the console.
 */
void monitor_init(const struct boot_info *boot, uint32_t seed, bool attended);

/* From now on a panic opens the prompt, if somebody sits at the console. */
void monitor_catch_panics(void);

/* Read and run commands until `exit`. Context: a thread. */
void monitor_run(void);

/*
 * User mode has ended the session: `exit` of the shell. Opens the prompt, and
 * turns the power off afterwards, or at once if nobody sits at the console.
 */
void monitor_enter(void) __noreturn;
