// SPDX-License-Identifier: MIT
/*
 * segments.h - our descriptors, for C and assembly
 *
 * WHAT     Selectors of the GDT, and the task-state segment.
 * SEE      SDM volume 3, 3.4.2 "Segment selectors", 7.2.1 "TSS".
 */
#pragma once

/*
 * A selector is 8 * index in the GDT + privilege level. The indexes are those
 * of Linux i386, which programs know: TLS at 6..8, user segments at 14 and 15.
 * For SYSENTER and SYSEXIT, kernel code, kernel data, user code and user data
 * must follow each other.
 */
#define KERNEL_CS         0x60
#define KERNEL_DS         0x68
#define USER_CS           0x73
#define USER_DS           0x7b
#define MAIN_TSS          0x80   /* the CPU as it runs normally              */
#define DOUBLE_FAULT_TSS  0x88   /* the task that diagnoses double faults    */
#define GDT_SIZE          18

#ifndef __ASSEMBLER__

#include <arch/addr.h>

/* A descriptor's fields lie scattered: the 80286 had only 24 address bits. */
#define DESCRIPTOR(base, limit, access, flags)                              \
	((uint64_t)((limit) & 0xffff) |                                     \
	 (uint64_t)((base) & 0xffffff) << 16 |                              \
	 (uint64_t)(access) << 40 |                                         \
	 (uint64_t)((limit) >> 16 & 0xf) << 48 |                            \
	 (uint64_t)(flags) << 52 |                                          \
	 (uint64_t)((base) >> 24 & 0xff) << 56)

/* What LGDT and LIDT read. */
struct table_pointer {
	uint16_t    limit;
	const void *base;
} __packed;

struct tss {
	uint32_t link;
	uint32_t esp0, ss0, esp1, ss1, esp2, ss2;
	uint32_t cr3;
	uint32_t eip, eflags;
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t es, cs, ss, ds, fs, gs;
	uint32_t ldt;
	uint16_t trap, iomap_base;
};

_Static_assert(sizeof(struct tss) == 104, "as the CPU reads it");

/* One bit for each port; 1 forbids. The CPU reads one byte beyond the last. */
#define IO_BITMAP_BYTES  (65536 / 8)

struct main_tss {
	struct tss cpu;
	uint8_t    io_bitmap[IO_BITMAP_BYTES + 1];
};

extern struct main_tss main_tss;
extern struct tss double_fault_tss;

/* Values of tss.iomap_base: the bitmap, or none (beyond the limit). */
#define IOMAP_BITMAP  sizeof(struct tss)
#define IOMAP_NONE    sizeof(struct main_tss)

/* Load the GDT and the segment registers; run as the main task from now on. */
void gdt_init(void);

/*
 * Become the main task without a task switch: the CPU goes on where it is. The
 * double-fault task calls this; it never returns to the interrupted code.
 */
void gdt_become_main_task(void);

/* Put a thread's TLS descriptors into the GDT. */
void gdt_load_tls(const uint64_t *tls);

/* Fill the IDT and load it. */
void idt_init(void);

/* Make the double-fault task ready; it begins with ESP = stack_top. */
void double_fault_init(kva_t stack_top);

#endif
