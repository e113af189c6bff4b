// SPDX-License-Identifier: MIT
/*
 * backtrace.c - who called whom
 *
 * PICTURE    a frame, as every function makes it (push %ebp; mov %esp, %ebp):
 *
 *              EBP --> [ caller's EBP   ] --> [ its caller's EBP ] --> ... 0
 *                      [ return address ]     [ return address   ]
 *
 *            an exception, where the return address is trap_return_address:
 *
 *              EBP --> [ EBP of the interrupted code ]
 *                      [ trap_return_address         ]
 *                      [ struct trap_regs ...        ]  EIP is the next line
 *
 * TERMS    return address  of the instruction after a call. If the callee
 *                          never returns, the next function may begin there: so
 *                          the symbol is that of the byte before
 *
 * RULES of backtrace
 *          B1  every word of the chain is read with probe_read32()
 *          B2  the walk ends: each frame lies above the one before it, except
 *              at an exception, and the walk follows at most TRAPS_MAX of these
 * SEE      System V ABI for i386, "The stack frame".
 */
#include "kernel/diag/backtrace.h"

#include <arch/kva.h>
#include <arch/probe.h>
#include <arch/trap.h>

#include "kernel/diag/symbols.h"
#include "lib/printf.h"
#include "lib/string.h"

#define LINES_MAX  24
#define TRAPS_MAX  8
#define SCAN_WORDS 32      /* of the stack, for the caller of a leaf         */
#define LINE_MAX   96

struct walk {
	void   (*out)(const char *line);
	uint32_t ebp;
	unsigned frames;   /* so far                             */
	unsigned traps;
	uint32_t last;     /* the return address printed last    */
	unsigned repeats;  /* how often it has come again since  */
};

static __printf(2, 3)
void print_line(struct walk *walk, const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list args;

	if (walk->frames > LINES_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	walk->out(line);
}

/* Recursion: a call site that comes again and again is one line. */
static void print_repeats(struct walk *walk)
{
	if (walk->repeats)
		print_line(walk, "            ... and %u times more",
			   walk->repeats);
	walk->repeats = 0;
}

/*
 * One code address; `back` is 1 for a return address, 0 for another one. `mark`
 * stands before a doubtful one.
 */
static void print_code(struct walk *walk, uint32_t addr, unsigned back,
		       const char *mark)
{
	uintptr_t start;
	const char *name = symbol_find(addr - back, &start);

	if (walk->frames && addr == walk->last) {
		walk->repeats++;
		return;
	}
	print_repeats(walk);
	walk->last = addr;
	walk->frames++;
	if (name)
		print_line(walk, "  %08x  %s%s+0x%lx", addr, mark, name,
			   (unsigned long)(addr - start));
	else
		print_line(walk, "  %08x  (no function of the kernel)", addr);
}

/* Does a call instruction of the kernel stand before this address? */
static bool is_return_address(uint32_t addr)
{
	static const uint8_t indirect_lengths[] = { 2, 3, 4, 6, 7 };
	const uint8_t *code = kva_to_ptr(addr);
	uintptr_t start;

	if (!symbol_find(addr - 1, &start) || addr - start < 7)
		return false;
	if (code[-5] == 0xe8)   /* call, relative */
		return true;
	for (unsigned i = 0; i < ARRAY_SIZE(indirect_lengths); i++) {
		const uint8_t *insn = code - indirect_lengths[i];

		if (insn[0] == 0xff && (insn[1] >> 3 & 7) == 2)
			return true;   /* call through register or memory */
	}
	return false;
}

/*
 * Code has no frame of its own if it is a leaf, or at its first instruction, or
 * no code at all. Then its caller is not in the chain. The first return address
 * on the stack is probably that of the caller, hence the '?'.
 */
static void print_hidden_caller(struct walk *walk, const struct trap_regs *regs)
{
	const uint32_t *stack = kva_to_ptr(trap_esp(regs));
	uint32_t word;

	for (unsigned i = 0; i < SCAN_WORDS; i++) {
		if (ptr_to_kva(&stack[i]) == regs->ebp ||
		    !probe_read32(&stack[i], &word))
			return;
		if (is_return_address(word)) {
			print_code(walk, word, 1, "? ");
			return;
		}
	}
}

/* Print where the code was interrupted. Returns: can the walk go on there? */
static bool step_into_regs(struct walk *walk, const struct trap_regs *regs)
{
	/* push %ebp; mov %esp, %ebp */
	static const uint8_t prologue[] = { 0x55, 0x89, 0xe5 };
	uintptr_t start;

	print_code(walk, regs->eip, 0, "");
	if (trap_from_user(regs))
		return false;
	if (!symbol_find(regs->eip, &start) ||
	    regs->eip < start + sizeof(prologue) ||
	    memcmp(kva_to_ptr(start), prologue, sizeof(prologue)))
		print_hidden_caller(walk, regs);
	walk->ebp = regs->ebp;
	return true;
}

static bool step_trap(struct walk *walk)
{
	const struct trap_regs *regs = kva_to_ptr(walk->ebp + 8);
	uint32_t vector;

	if (walk->traps++ == TRAPS_MAX ||
	    !probe_read32(&regs->vector, &vector) ||
	    !probe_read32(&regs->user_ss, &(uint32_t){ 0 }))
		return false;
	print_line(walk, "  --- %s (%s), which interrupted:",
		   trap_name(vector), trap_mnemonic(vector));
	return step_into_regs(walk, regs);
}

/* To the caller's frame. Returns: false at the end of the chain. */
static bool step(struct walk *walk)
{
	uint32_t caller_ebp, return_address;

	if (!walk->ebp)
		return false;
	if (walk->ebp % 4 ||
	    !probe_read32(kva_to_ptr(walk->ebp), &caller_ebp) ||
	    !probe_read32(kva_to_ptr(walk->ebp + 4), &return_address)) {
		print_repeats(walk);
		print_line(walk, "  (the chain of frames is broken: EBP %08x)",
			   walk->ebp);
		return false;
	}
	if (return_address == ptr_to_kva(trap_return_address))
		return step_trap(walk);
	if (!return_address)
		return false;
	print_code(walk, return_address, 1, "");
	if (caller_ebp && caller_ebp <= walk->ebp) {
		print_line(walk, "  (the chain of frames turns back: EBP %08x)",
			   caller_ebp);
		return false;
	}
	walk->ebp = caller_ebp;
	return true;
}

static void walk_to_end(struct walk *walk)
{
	while (step(walk))
		;
	print_repeats(walk);
	if (walk->frames > LINES_MAX) {
		unsigned more = walk->frames - LINES_MAX;

		walk->frames = 0;
		print_line(walk, "  ... and %u callers more", more);
	}
}

void backtrace_frame(const void *frame, void (*out)(const char *line))
{
	struct walk walk = { .out = out, .ebp = ptr_to_kva(frame) };

	walk_to_end(&walk);
}

void backtrace_regs(const struct trap_regs *regs,
		    void (*out)(const char *line))
{
	struct walk walk = { .out = out };

	if (step_into_regs(&walk, regs))
		walk_to_end(&walk);
}
