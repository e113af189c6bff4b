// SPDX-License-Identifier: MIT
/*
 * cpu_gate.h - may this CPU enter?
 */
#pragma once

#include "lib/compiler.h"

struct cpu_facts {
	unsigned phys_bits;   /* width of a physical address              */
	uint32_t cr4_bits;    /* what paging needs: PAE, PSE if there     */
};

/*
 * Find out what the first page tables must know of the CPU.
 *
 * Context: when the CPU lacks a needed feature, this prints the feature's name
 *          and does not return.
 */
void cpu_gate(struct cpu_facts *facts);
