// SPDX-License-Identifier: MIT
/*
 * vectors.h - the exceptions of the CPU, one row each
 *
 * WHAT     One table. trap_entry.S makes its entry points from it, and traps.c
 *          the names of the exceptions.
 *
 * TERMS    kind   see <arch/trap.h>: FAULT, TRAP, ABORT; INTERRUPT for NMI
 *          error  the error code that the CPU pushes. NONE: the entry point
 *                 pushes 0. CODE: a code of this exception. SELECTOR: the
 *                 selector that caused it. PAGE: the bits of a page fault
 *
 * SEE      SDM volume 3, table 6-1 "Protected-Mode Exceptions and Interrupts".
 */
#pragma once

#define NR_EXCEPTIONS  32   /* of the CPU; IRQs follow                       */
#define NR_VECTORS     64   /* 16 lines, then 16 of the local APIC's own     */

#define VECTOR_DB      1
#define VECTOR_NMI     2
#define VECTOR_BP      3
#define VECTOR_OF      4
#define VECTOR_NM      7
#define VECTOR_DF      8
#define VECTOR_GP      13
#define VECTOR_PF      14
#define VECTOR_MC      18

/*        nr  mnemonic name                            kind       error      */
#define TRAP_VECTORS(V)                                                       \
	V( 0, "#DE",  "divide error",                FAULT,     NONE)         \
	V( 1, "#DB",  "debug exception",             TRAP,      NONE)         \
	V( 2, "NMI",  "non-maskable interrupt",      INTERRUPT, NONE)         \
	V( 3, "#BP",  "breakpoint",                  TRAP,      NONE)         \
	V( 4, "#OF",  "overflow",                    TRAP,      NONE)         \
	V( 5, "#BR",  "bound range exceeded",        FAULT,     NONE)         \
	V( 6, "#UD",  "invalid opcode",              FAULT,     NONE)         \
	V( 7, "#NM",  "no coprocessor",              FAULT,     NONE)         \
	V( 8, "#DF",  "double fault",                ABORT,     CODE)         \
	V( 9, "#CSO", "coprocessor segment overrun", FAULT,     NONE)         \
	V(10, "#TS",  "invalid task-state segment",  FAULT,     SELECTOR)     \
	V(11, "#NP",  "segment not present",         FAULT,     SELECTOR)     \
	V(12, "#SS",  "stack segment fault",         FAULT,     SELECTOR)     \
	V(13, "#GP",  "general protection fault",    FAULT,     SELECTOR)     \
	V(14, "#PF",  "page fault",                  FAULT,     PAGE)         \
	V(15, "#15",  "reserved exception 15",       FAULT,     NONE)         \
	V(16, "#MF",  "floating-point error",        FAULT,     NONE)         \
	V(17, "#AC",  "alignment check",             FAULT,     CODE)         \
	V(18, "#MC",  "machine check",               ABORT,     NONE)         \
	V(19, "#XM",  "SIMD floating-point error",   FAULT,     NONE)         \
	V(20, "#VE",  "virtualization exception",    FAULT,     NONE)         \
	V(21, "#CP",  "control protection",          FAULT,     CODE)         \
	V(22, "#22",  "reserved exception 22",       FAULT,     NONE)         \
	V(23, "#23",  "reserved exception 23",       FAULT,     NONE)         \
	V(24, "#24",  "reserved exception 24",       FAULT,     NONE)         \
	V(25, "#25",  "reserved exception 25",       FAULT,     NONE)         \
	V(26, "#26",  "reserved exception 26",       FAULT,     NONE)         \
	V(27, "#27",  "reserved exception 27",       FAULT,     NONE)         \
	V(28, "#HV",  "hypervisor injection",        FAULT,     NONE)         \
	V(29, "#VC",  "VMM communication",           FAULT,     CODE)         \
	V(30, "#SX",  "security exception",          FAULT,     CODE)         \
	V(31, "#31",  "reserved exception 31",       FAULT,     NONE)
