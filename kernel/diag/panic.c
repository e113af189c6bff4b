// SPDX-License-Identifier: MIT
/*
 * panic.c - the end, in words
 *
 * WHAT     Says why the kernel cannot go on, prints what helps to find the
 *          cause, and leaves the machine.
 *
 * PICTURE  what is printed, in this order:
 *
 *            PANIC: the reason                            why
 *            registers at page fault (#PF) ...            of the exception
 *            backtrace, innermost first:                  who called whom
 *            page tables:                                 the walk
 *            the last calls of each thread:               if they are traced
 *            # pagoda: panic: the reason                  for scripts: last
 *
 * TERMS    trap     here: a test, or a command of the monitor, that goes on
 *                   after this panic, see kernel/diag/panic.h
 *          hook     what follows the report: the monitor, with `monitor`
 *
 * RULES of panic
 *          N1  a panic during a report prints both reasons and leaves; a third
 *              panic just leaves: so the machine always comes to an end
 *          N2  the hook runs on a stack of its own: the monitor can still look
 *              at the stack of the panic, and the stack for double faults is
 *              free for the next one
 *
 * LOCKING  Takes no lock; frees that of the log.
 * NOT HERE the reason of an exception (arch/i386/cpu/traps.c).
 * SEE      Linux kernel/panic.c.
 */
#include "kernel/diag/panic.h"

#include <arch/fault_words.h>
#include <arch/irqflags.h>
#include <arch/machine.h>
#include <arch/stack.h>
#include <arch/trap.h>

#include "kernel/diag/backtrace.h"
#include "kernel/diag/console.h"
#include "kernel/diag/log.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"

#define RULER  "--------------------------------------------------------"

static struct panic_trap *armed;
static unsigned depth;            /* panics that are being reported      */
static char first_reason[PANIC_MESSAGE_MAX];
static void (*annex)(void (*out)(const char *line));
static void (*end_hook)(void);

static void say(const char *line)
{
	pr_emerg("%s\n", line);
}

/* If an exception is the cause, registers and callers are those of it. */
static void report(const char *reason, const void *frame)
{
	const struct trap_regs *regs = trap_fatal();
	struct fault fault;

	say(RULER);
	pr_emerg("PANIC: %s\n", reason);
	if (regs)
		trap_dump(regs, say);
	say("backtrace, innermost first:");
	if (regs)
		backtrace_regs(regs, say);
	else
		backtrace_frame(frame, say);
	if (regs && trap_is_page_fault(regs)) {
		fault = trap_page_fault(regs);
		say("page tables:");
		fault_explain(&fault, say);
	}
	if (annex)
		annex(say);
	say(RULER);
}

/* Go on at the trap. */
static __noreturn void deliver(const char *reason, const void *frame)
{
	struct panic_trap *trap = armed;

	armed = NULL;
	if (trap->report)
		report(reason, frame);
	trap_forgive();
	strscpy(trap->message, reason, sizeof(trap->message));
	trap->caught = true;
	kernel_longjmp(&trap->env, 1);
}

/* N2 */
static void go_on(void)
{
	end_hook();
	machine_exit(EXIT_PANIC);
}

static __noreturn void die(const char *reason, const void *frame)
{
	switch (++depth) {
	case 1:
		strscpy(first_reason, reason, sizeof(first_reason));
		report(reason, frame);
		console_printf("# pagoda: panic: %s\n", reason);
		if (end_hook)
			stack_leave_for(&panic_stack, go_on);
		break;
	case 2:
		/* In one call: the console may be what panics. Both fit. */
		console_printf("PANIC while reporting a panic: %.200s\n"
			       "# pagoda: panic: %.200s\n", reason,
			       first_reason);
		break;
	}
	machine_exit(EXIT_PANIC);
}

void panic(const char *fmt, ...)
{
	char reason[PANIC_MESSAGE_MAX];
	va_list args;

	(void)irq_save();
	log_break_lock();
	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	if (armed && (!armed->is_ours || armed->is_ours()))
		deliver(reason, __builtin_frame_address(0));
	die(reason, __builtin_frame_address(0));
}

void assert_failed(const char *expr, const char *file, int line,
		   const char *func)
{
	panic("assertion failed: %s, in %s() at %s:%d", expr, func, file, line);
}

void caller_failed(const char *func, const char *duty, const char *expr,
		   const char *file, int line)
{
	panic("%s(): the caller must %s: %s is false at %s:%d", func, duty,
	      expr, file, line);
}

void panic_trap_set(struct panic_trap *trap)
{
	if (trap)
		trap->caught = false;
	armed = trap;
}

void panic_set_annex(void (*fn)(void (*out)(const char *line)))
{
	annex = fn;
}

void panic_set_hook(void (*hook)(void))
{
	end_hook = hook;
}
