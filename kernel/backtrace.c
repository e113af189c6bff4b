// SPDX-License-Identifier: MIT
/*
 * backtrace.c - who called whom
 *
 * WHAT     Follows the chain of frame pointers and names what it finds.
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
 * TERMS    return address  of the instruction after a call. Where the callee
 *                          never returns, that may be the next function: so
 *                          the byte before it is what is looked up.
 *
 * INVARIANTS
 *          B1  every word of the chain is read with probe_read32()
 *          B2  the chain rises in memory, but for exceptions, of which
 *              at most TRAPS_MAX are followed: so the walk ends
 *
 * COST     O(depth); the first LINES_MAX frames are printed.
 * SEE      System V ABI for i386, "The stack frame".
 */
#include "kernel/backtrace.h"

#include <arch/kva.h>
#include <arch/probe.h>
#include <arch/trap.h>

#include "kernel/symbols.h"
#include "lib/printf.h"

#define LINES_MAX  24      /* what one looks at                              */
#define TRAPS_MAX  8
#define LINE_MAX   96

struct walk {
	void   (*out)(const char *line);
	uint32_t ebp;
	unsigned frames;   /* met so far                     */
	unsigned traps;
	uint32_t last;     /* return address printed last    */
	unsigned repeats;  /* how often it has come again    */
};

static void print_line(struct walk *walk, const char *fmt, ...) __printf(2, 3);

static void print_line(struct walk *walk, const char *fmt, ...)
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

/* Recursion: the same call site again and again is one line. */
static void print_repeats(struct walk *walk)
{
	if (walk->repeats)
		print_line(walk, "            ... and %u times more",
			   walk->repeats);
	walk->repeats = 0;
}

/* One code address; `back` is 1 for return addresses, else 0. */
static void print_code(struct walk *walk, uint32_t addr, unsigned back)
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
		print_line(walk, "  %08x  %s+0x%lx", addr, name,
			   (unsigned long)(addr - start));
	else
		print_line(walk, "  %08x  (no function of the kernel)", addr);
}

/* Print where the code was interrupted. Returns: can the walk go on there? */
static bool step_into_regs(struct walk *walk, const struct trap_regs *regs)
{
	uint32_t caller;

	print_code(walk, regs->eip, 0);
	if (trap_from_user(regs))
		return false;
	/* A call to nowhere has made no frame, but pushed where it came from. */
	if (!symbol_find(regs->eip, &(uintptr_t){ 0 }) &&
	    probe_read32(kva_to_ptr(trap_esp(regs)), &caller) &&
	    symbol_find(caller - 1, &(uintptr_t){ 0 }))
		print_code(walk, caller, 1);
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
	print_code(walk, return_address, 1);
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

noinline void backtrace_here(void (*out)(const char *line))
{
	struct walk walk = {
		.out = out,
		.ebp = ptr_to_kva(__builtin_frame_address(0)),
	};

	walk_to_end(&walk);
}

void backtrace_regs(const struct trap_regs *regs,
		    void (*out)(const char *line))
{
	struct walk walk = { .out = out };

	if (step_into_regs(&walk, regs))
		walk_to_end(&walk);
}
