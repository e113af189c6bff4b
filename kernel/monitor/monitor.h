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
#include "kernel/start/cmdline.h"

#define MONITOR_PROMPT  "pagoda> "

/*
 * Note what `iomem` shows, and whether somebody sits at the console. With the
 * word `monitor` a panic opens the prompt from now on. Both must stay alive.
 */
void monitor_init(const struct boot_info *boot,
		  const struct kernel_options *options);

/* Read and run commands until `exit`. Context: a thread. */
void monitor_run(void);

/*
 * User mode has ended the session: `exit` of the shell. Opens the prompt and
 * never returns; where nobody sits at the console it turns the power off.
 */
void monitor_enter(void) __noreturn;
