// SPDX-License-Identifier: MIT
/*
 * trap_dump.c - registers in readable form
 *
 * WHAT     The lines that a panic prints about interrupted code.
 * SEE      SDM volume 1, 3.4.3 "EFLAGS"; volume 3, 2.5 "Control registers".
 */
#include <arch/cr.h>
#include <arch/kva.h>
#include <arch/probe.h>
#include <arch/stack.h>
#include <arch/trap.h>

#include "lib/printf.h"

#define CODE_BYTES  12

static const struct bit_name eflags_names[] = {
	{ 1u << 0, "CF" },  { 1u << 2, "PF" },  { 1u << 4, "AF" },
	{ 1u << 6, "ZF" },  { 1u << 7, "SF" },  { 1u << 8, "TF" },
	{ 1u << 9, "IF" },  { 1u << 10, "DF" }, { 1u << 11, "OF" },
	{ 1u << 14, "NT" }, { 1u << 16, "RF" }, { 1u << 17, "VM" },
	{ 1u << 18, "AC" },
};

static void dump_registers(const struct trap_regs *regs, line_fn out)
{
	line_printf(out, "  eax %08x  ebx %08x  ecx %08x  edx %08x",
		    regs->eax, regs->ebx, regs->ecx, regs->edx);
	line_printf(out, "  esi %08x  edi %08x  ebp %08x  esp %08x",
		    regs->esi, regs->edi, regs->ebp, trap_esp(regs));
	line_printf(out, "  cr0 %08x  cr2 %08x  cr3 %08x  cr4 %08x",
		    read_cr0(), regs->cr2, read_cr3(), read_cr4());
	line_printf(out, "  cs %04x  ds %04x  es %04x  fs %04x  gs %04x",
		    regs->cs & 0xffff, regs->ds & 0xffff, regs->es & 0xffff,
		    regs->fs & 0xffff, regs->gs & 0xffff);
}

/* How full the stack of the interrupted code is, if the stack is registered. */
static void dump_stack_use(const struct trap_regs *regs, line_fn out)
{
	kva_t esp = trap_esp(regs);
	const struct kernel_stack *stack = stack_find(esp);

	if (!stack)
		stack = stack_find_guard(esp);
	if (!stack)
		out("  esp is in no stack we know");
	else
		line_printf(out, "  %s 0x%08x-0x%08x, %u of %u bytes used",
			    stack->name, stack->base, stack->top - 1,
			    stack->top - esp, stack->top - stack->base);
}

/* The bytes from EIP on: a disassembler can read them. */
static void dump_code(const struct trap_regs *regs, line_fn out)
{
	const uint8_t *code = kva_to_ptr(regs->eip);
	char text[CODE_BYTES * 3 + sizeof(" (unmapped)")];
	uint8_t byte;
	int len = 0;

	for (unsigned i = 0; i < CODE_BYTES; i++) {
		size_t room = sizeof(text) - (size_t)len;

		if (!probe_read8(&code[i], &byte)) {
			scnprintf(text + len, room, " (unmapped)");
			break;
		}
		len += scnprintf(text + len, room, " %02x", byte);
	}
	line_printf(out, "  code at eip:%s", text);
}

void trap_dump(const struct trap_regs *regs, line_fn out)
{
	char flags[48];

	line_printf(out, "registers at %s (%s), error code 0x%x:",
		    trap_name(regs->vector), trap_mnemonic(regs->vector),
		    regs->error);
	bits_format(flags, sizeof(flags), regs->eflags, eflags_names,
		    ARRAY_SIZE(eflags_names));
	line_printf(out, "  eip %08x  eflags %08x%s", regs->eip, regs->eflags,
		    flags);
	dump_registers(regs, out);
	dump_stack_use(regs, out);
	dump_code(regs, out);
}
