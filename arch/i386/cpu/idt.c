// SPDX-License-Identifier: MIT
/*
 * idt.c - the entry point of each vector
 *
 * WHAT     The interrupt descriptor table: an interrupt gate to its entry
 *          point in trap_entry.S for each vector, a task gate for the double
 *          fault. A vector without a gate is a #GP; its error code names the
 *          vector.
 *
 * TERMS    interrupt gate  clears EFLAGS.IF on the way in (a trap gate does
 *                          not): a handler is not interrupted until it turns
 *                          interrupts on
 *          trap gate       does not clear IF: system calls begin with
 *                          interrupts on, as ring 3 had them
 *          task gate       switches to a task with its own stack: the only gate
 *                          that works when ESP is wrong
 *          DPL             the highest ring that may use INT n for this vector;
 *                          the CPU's own exceptions do not check it
 *
 * SEE      SDM volume 3, 6.11 "IDT descriptors".
 */
#include "arch/i386/cpu/segments.h"
#include "arch/i386/cpu/traps_impl.h"
#include "arch/i386/cpu/vectors.h"
#include "lib/compiler.h"

#define GATE_INTERRUPT(dpl)  (0x8e00u | (dpl) << 13)
#define GATE_TRAP(dpl)       (0x8f00u | (dpl) << 13)
#define GATE_TASK            0x8500u

#define IDT_SIZE             (VECTOR_SYSCALL + 1)

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t type;
	uint16_t offset_high;
};

/* A gate that is all 0 is not present. */
static struct gate idt[IDT_SIZE] __aligned(8);

/* trap_entry.S: the address of each vector's entry point. */
extern const uint32_t trap_entry_points[NR_VECTORS];

static void set_gate(unsigned vector, uint32_t entry, unsigned type)
{
	idt[vector] = (struct gate){
		.offset_low  = (uint16_t)entry,
		.selector    = KERNEL_CS,
		.type        = (uint16_t)type,
		.offset_high = (uint16_t)(entry >> 16),
	};
}

void idt_init(void)
{
	struct table_pointer pointer = { sizeof(idt) - 1, idt };

	for (unsigned vector = 0; vector < NR_VECTORS; vector++)
		set_gate(vector, trap_entry_points[vector], GATE_INTERRUPT(0u));
	/* Ring 3 may use INT3 and INTO; any other INT n in ring 3 is a #GP. */
	set_gate(VECTOR_BP, trap_entry_points[VECTOR_BP], GATE_INTERRUPT(3u));
	set_gate(VECTOR_OF, trap_entry_points[VECTOR_OF], GATE_INTERRUPT(3u));
	set_gate(VECTOR_SYSCALL, (uint32_t)syscall_entry, GATE_TRAP(3u));
	idt[VECTOR_DF] = (struct gate){
		.selector = DOUBLE_FAULT_TSS,
		.type     = GATE_TASK,
	};
	__asm__ volatile("lidt %0" : : "m"(pointer));
}
