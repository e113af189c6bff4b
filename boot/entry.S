// SPDX-License-Identifier: MIT
/*
 * entry.S - the first and the last instructions of the boot world
 *
 * WHAT     The multiboot header. _start: the loader jumps there. After
 *          boot_main() has made the first page tables: the step to paging, and
 *          to kernel_main() at its high address.
 *
 * PICTURE    loader --> _start --> boot_main() --> CR0.PG --> kernel_main()
 *                       physical addresses       |  both   |  virtual
 *
 *          After CR0.PG is set, the next instruction is still fetched from a
 *          low address. So the first tables map lowmem twice: at 0 and at
 *          PAGE_OFFSET.
 *
 * RULES of boot_entry
 *          E1  the code relies only on what multiboot promises: flat segments,
 *              interrupts off, EAX, EBX. There is no GDT and no stack.
 *          E2  control registers are changed bit by bit, never loaded with a
 *              constant: loaders leave different values (CR0 0x11 in QEMU,
 *              0x60000011 with caches off in Bochs)
 *          E3  until boot_main() has found PAE, all instructions here run on an
 *              i486
 *
 * SEE      linker.ld; Multiboot Specification 0.6.96, 3.1.1 and 3.2; SDM
 *          volume 3, 9.9 "Mode switching", 4.1.2.1 "Determination of paging
 *          modes".
 */
#include <arch/stack.h>

#include "boot/multiboot.h"

#define HEADER_FLAGS    (MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO)

#define CR0_WP          0x00010000
#define CR0_NW          0x20000000
#define CR0_CD          0x40000000
#define CR0_PG          0x80000000

#define BOOT_CS         0x08
#define BOOT_DS         0x10
#define BOOT_STACK_SIZE 8192

	.section .text.start, "ax"

	.balign 4
	.long	MULTIBOOT_HEADER_MAGIC
	.long	HEADER_FLAGS
	.long	-(MULTIBOOT_HEADER_MAGIC + HEADER_FLAGS)

	.globl	_start
	.type	_start, @function
_start:
	cli
	cld
	movl	%eax, %ebp		/* magic; EBX is the info's address */

	/* Loaders should clear bss. We clear it again, to be sure. */
	xorl	%eax, %eax
	movl	$boot_bss_start, %edi
	movl	$boot_bss_end, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	rep stosl
	movl	$kernel_bss_phys, %edi
	movl	$kernel_bss_size, %ecx
	shrl	$2, %ecx
	rep stosl

	movl	$stack_end, %esp
	pushl	$0
	popfl				/* no NT, no AC, no IOPL */

	lgdt	gdt_pointer
	ljmp	$BOOT_CS, $1f
1:	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss

	/* After reset the LDT is 64 KiB at 0: a wrong selector would use it. */
	xorl	%eax, %eax
	lldt	%ax

	movl	%ebp, %eax		/* regparm: EAX, EDX */
	movl	%ebx, %edx
	xorl	%ebp, %ebp		/* where backtraces end */
	call	boot_main		/* EAX = address of boot_info */

	movl	%cr4, %ecx
	orl	boot_cr4_bits, %ecx	/* PAE, and PSE where there is one */
	movl	%ecx, %cr4
	movl	$boot_tables, %ecx	/* its PDPT comes first */
	movl	%ecx, %cr3
	movl	%cr0, %ecx
	andl	$~(CR0_CD | CR0_NW), %ecx
	orl	$(CR0_PG | CR0_WP), %ecx
	movl	%ecx, %cr0		/* paging is on; EIP is still low */

	/* Use the GDT at its high address: the low map will go away. */
	addl	$page_offset, gdt_pointer + 2
	lgdt	gdt_pointer

	movl	$(boot_stack + BOOT_STACK_TOP_OFFSET), %esp
	pushl	$0			/* return address of kernel_main() */
	movl	$kernel_main, %ecx
	jmp	*%ecx
	.size	_start, . - _start

	.data
	.balign 8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* BOOT_CS: code, 0..4 GiB, accessed */
	.quad	0x00cf93000000ffff	/* BOOT_DS: data, 0..4 GiB, accessed */
gdt_end:

	.balign 4
	.word	0			/* so that the base is aligned */
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt

	.bss
	.balign 16
	.skip	BOOT_STACK_SIZE
stack_end:

	.section .note.GNU-stack, "", @progbits
