// SPDX-License-Identifier: MIT
/*
 * cr.h (host) - the control registers of the simulated processor
 *
 * WHAT     The same functions as in the kernel's version. tests/host/cpu.c has
 *          the registers. What a write does to the TLB and to the PDPTE
 *          registers happens there, too.
 * SEE      arch/i386/include/arch/cr.h.
 */
#pragma once

#include "lib/compiler.h"

#define CR0_WP    0x00010000u
#define CR0_PG    0x80000000u
#define CR4_PSE   0x00000010u
#define CR4_PAE   0x00000020u
#define CR4_PGE   0x00000080u
#define MSR_EFER  0xc0000080u
#define EFER_NXE  0x00000800u

uint32_t read_cr0(void);
void     write_cr0(uint32_t value);
uint32_t read_cr3(void);
void     write_cr3(uint32_t value);
uint32_t read_cr4(void);
void     write_cr4(uint32_t value);
uint32_t read_efer(void);
void     write_efer(uint32_t value);
void     invlpg(uint32_t va);
