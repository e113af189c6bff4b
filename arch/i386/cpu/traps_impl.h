// SPDX-License-Identifier: MIT
/*
 * traps_impl.h - what traps.c, double_fault.c and trap_entry.S share
 */
#pragma once

#include <arch/trap.h>

/* Called by trap_entry.S. */
void trap_dispatch(struct trap_regs *regs);
void double_fault_handle(void) __noreturn;

/* This is what the panic that follows is about. */
void trap_set_fatal(const struct trap_regs *regs);
