// SPDX-License-Identifier: MIT
/*
 * account_limits.h - how much the kernel holds for a program
 *
 * SEE      kernel/calls/account_limits.c; mm/account/account.h.
 */
#pragma once

/* Once at boot, after memory_init(): the defaults, by what the machine has. */
void limits_init(void);
