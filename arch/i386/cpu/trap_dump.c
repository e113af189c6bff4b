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

#define LINE_MAX    96
#define CODE_BYTES  12

struct bit_name {
	uint32_t    bit;
	const char *name;
};

static const struct bit_name eflags_names[] = {
	{ 1u << 0, "CF" },  { 1u << 2, "PF" },  { 1u << 4, "AF" },
	{ 1u << 6, "ZF" },  { 1u << 7, "SF" },  { 1u << 8, "TF" },
	{ 1u << 9, "IF" },  { 1u << 10, "DF" }, { 1u << 11, "OF" },
	{ 1u << 14, "NT" }, { 1u << 16, "RF" }, { 1u << 17, "VM" },
	{ 1u << 18, "AC" },
};

/* " ZF PF": the flags that are set. */
static void format_eflags(char *buf, size_t size, uint32_t eflags)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < ARRAY_SIZE(eflags_names); i++) {
		if (eflags & eflags_names[i].bit)
			len += (size_t)scnprintf(buf + len, size - len, " %s",
						 eflags_names[i].name);
	}
}

static void dump_general(const struct trap_regs *regs,
			 void (*out)(const char *line))
{
	char line[LINE_MAX];

	scnprintf(line, sizeof(line),
		  "  eax %08x  ebx %08x  ecx %08x  edx %08x",
		  regs->eax, regs->ebx, regs->ecx, regs->edx);
	out(line);
	scnprintf(line, sizeof(line),
		  "  esi %08x  edi %08x  ebp %08x  esp %08x",
		  regs->esi, regs->edi, regs->ebp, trap_esp(regs));
	out(line);
}

static void dump_control(const struct trap_regs *regs,
			 void (*out)(const char *line))
{
	char line[LINE_MAX];

	scnprintf(line, sizeof(line),
		  "  cr0 %08x  cr2 %08x  cr3 %08x  cr4 %08x",
		  read_cr0(), regs->cr2, read_cr3(), read_cr4());
	out(line);
	scnprintf(line, sizeof(line),
		  "  cs %04x  ds %04x  es %04x  fs %04x  gs %04x",
		  regs->cs & 0xffff, regs->ds & 0xffff, regs->es & 0xffff,
		  regs->fs & 0xffff, regs->gs & 0xffff);
	out(line);
}

/* How full the interrupted code's stack is, if the stack is registered. */
static void dump_stack_use(const struct trap_regs *regs,
			   void (*out)(const char *line))
{
	kva_t esp = trap_esp(regs);
	const struct kernel_stack *stack = stack_find(esp);
	char line[LINE_MAX];

	if (!stack)
		stack = stack_find_guard(esp);
	if (!stack)
		scnprintf(line, sizeof(line), "  esp is in no stack we know");
	else
		scnprintf(line, sizeof(line),
			  "  %s 0x%08x-0x%08x, %u of %u bytes used",
			  stack->name, stack->base, stack->top - 1,
			  stack->top - esp, stack->top - stack->base);
	out(line);
}

/* The instruction that EIP points at, and what follows, for a disassembler. */
static void dump_code(const struct trap_regs *regs,
		      void (*out)(const char *line))
{
	const uint8_t *code = kva_to_ptr(regs->eip);
	char line[LINE_MAX];
	uint8_t byte;
	size_t len;

	len = (size_t)scnprintf(line, sizeof(line), "  code at eip:");
	for (unsigned i = 0; i < CODE_BYTES; i++) {
		if (!probe_read8(&code[i], &byte)) {
			scnprintf(line + len, sizeof(line) - len,
				  " (unmapped)");
			break;
		}
		len += (size_t)scnprintf(line + len, sizeof(line) - len,
					 " %02x", byte);
	}
	out(line);
}

void trap_dump(const struct trap_regs *regs, void (*out)(const char *line))
{
	char line[LINE_MAX], flags[48];

	scnprintf(line, sizeof(line), "registers at %s (%s), error code 0x%x:",
		  trap_name(regs->vector), trap_mnemonic(regs->vector),
		  regs->error);
	out(line);
	format_eflags(flags, sizeof(flags), regs->eflags);
	scnprintf(line, sizeof(line), "  eip %08x  eflags %08x%s",
		  regs->eip, regs->eflags, flags);
	out(line);
	dump_general(regs, out);
	dump_control(regs, out);
	dump_stack_use(regs, out);
	dump_code(regs, out);
}
