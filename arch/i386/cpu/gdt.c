// SPDX-License-Identifier: MIT
/*
 * gdt.c - flat segments, and the two hardware tasks
 *
 * WHAT     The global descriptor table. All segments are flat, 0 to 4 GiB: the
 *          page tables do all protection.
 *
 * PICTURE    index   6 .. 8    12     13     14     15     16     17
 *                    TLS, by   code   data   code   data   main   double-
 *                    thread    ring 0        ring 3        TSS    fault TSS
 *
 *          The other entries are null: to load such a selector is a #GP.
 *
 * TERMS    TSS   task-state segment: a task switch by hardware stores the
 *                registers of the old task in its TSS, and loads those of the
 *                new task from its TSS
 *          busy  a bit of the TSS's descriptor: this task is running, or a
 *                nested task has interrupted it. A switch to a busy task is
 *                #GP.
 *          TR    the register that names the running task's TSS
 *
 * SEE      SDM volume 3, 3.4.5 "Segment descriptors", 7.2 "Task management
 *          data structures".
 */
#include <arch/thread.h>

#include "arch/i386/cpu/segments.h"

/* Access bytes: present, level in bits 5-6, and what kind of segment. */
#define ACCESS_CODE(level)  (0x9b | (level) << 5)   /* readable, accessed    */
#define ACCESS_DATA(level)  (0x93 | (level) << 5)   /* writable, accessed    */
#define ACCESS_TSS          0x89                    /* 32 bits, not busy     */
#define FLAT_FLAGS          0xc                     /* 32 bits, 4 KiB units  */

#define EFLAGS_NT           0x4000u                 /* inside a nested task  */

#define FLAT(access)  DESCRIPTOR(0u, 0xfffffu, access, FLAT_FLAGS)

_Static_assert(KERNEL_DS == KERNEL_CS + 8 && USER_CS == KERNEL_CS + 19 &&
	       USER_DS == KERNEL_CS + 27, "the order that SYSENTER assumes");
_Static_assert(FLAT(ACCESS_CODE(0)) == 0x00cf9b000000ffffull,
	       "the descriptor that every tutorial shows");

struct main_tss main_tss = { .cpu.iomap_base = IOMAP_NONE };

static uint64_t gdt[GDT_SIZE] __aligned(8) = {
	[KERNEL_CS / 8] = FLAT(ACCESS_CODE(0)),
	[KERNEL_DS / 8] = FLAT(ACCESS_DATA(0)),
	[USER_CS / 8]   = FLAT(ACCESS_CODE(3)),
	[USER_DS / 8]   = FLAT(ACCESS_DATA(3)),
};

/* A descriptor for a TSS that is not busy. */
static uint64_t tss_descriptor(const struct tss *tss, uint32_t size)
{
	return DESCRIPTOR((uint32_t)tss, size - 1, ACCESS_TSS, 0u);
}

void gdt_init(void)
{
	struct table_pointer pointer = { sizeof(gdt) - 1, gdt };

	main_tss.cpu.ss0 = KERNEL_DS;
	__asm__ volatile("lgdt %0" : : "m"(pointer));
	__asm__ volatile("ljmp %0, $1f\n"
			 "1: mov %1, %%ds\n"
			 "   mov %1, %%es\n"
			 "   mov %1, %%fs\n"
			 "   mov %1, %%gs\n"
			 "   mov %1, %%ss\n"
			 : : "i"(KERNEL_CS), "r"(KERNEL_DS) : "memory");
	/*
	 * After a reset LDTR is valid: 64 KiB at address 0. A wrong selector
	 * would read there.
	 */
	__asm__ volatile("lldt %w0" : : "r"(0));
	gdt_become_main_task();
}

void gdt_become_main_task(void)
{
	uint32_t eflags;

	/* Fresh descriptors, because a task switch has left both busy. */
	gdt[MAIN_TSS / 8] = tss_descriptor(&main_tss.cpu, sizeof(main_tss));
	gdt[DOUBLE_FAULT_TSS / 8] = tss_descriptor(&double_fault_tss,
						   sizeof(double_fault_tss));
	__asm__ volatile("ltr %w0" : : "r"(MAIN_TSS) : "memory");

	/* An IRET with NT set would switch back to the interrupted task. */
	__asm__ volatile("pushf; pop %0" : "=r"(eflags));
	__asm__ volatile("push %0; popf" : : "r"(eflags & ~EFLAGS_NT)
			 : "memory", "cc");
	/* The task switch has also set CR0.TS. It may be set: see fpu.c. */
}

void gdt_load_tls(const uint64_t *tls)
{
	for (unsigned i = 0; i < TLS_ENTRIES; i++)
		gdt[TLS_ENTRY_MIN + i] = tls[i];
}
