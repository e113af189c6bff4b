// SPDX-License-Identifier: MIT
/*
 * call_trace.c - a ring of calls
 *
 * PICTURE    4711  12.15  VM_MAP h5 20003000 4000 3 12 0 0 = 20003000
 *            |     |      |         |                       |
 *            |     |      name      EBX ECX EDX ESI EDI EBP result; ...: the
 *            |     task.thread                      call is still running
 *            number of the call
 *
 * ALGORITHM  A call takes the next place in the ring when it comes in. When it
 *          goes out, it writes its result there, unless a newer call has taken
 *          the place. Printing goes over the ring twice. The first pass marks
 *          the last few calls of each thread, from the newest to the oldest;
 *          the second pass prints them in the order in which they came in. So
 *          busy threads do not hide a thread that has waited for long.
 *
 * LOCKING  Interrupts off while a call takes a place or writes its result.
 */
#include "kernel/trial/call_trace.h"

#include <arch/irqflags.h>
#include <arch/syscall.h>

#include "kernel/calls/call_rows.h"
#include "kernel/diag/panic.h"
#include "kernel/task/task.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kva/vmalloc.h"

#define NR_CALLS    1024u   /* a power of two                                 */
#define EACH_THREAD 12u     /* printed of each thread                         */
#define NR_THREADS  64u     /* threads of which calls are printed             */

struct traced_call {
	uint32_t nr;                   /* counts from 1; 0: never used        */
	uint32_t eax, words[IPC_NR_WORDS];
	uint32_t result;
	uint32_t pid, tid;
	bool     back, print;
};

static struct traced_call *calls;
static uint32_t nr_calls;

static struct traced_call *note(const struct trap_regs *regs, uint32_t *nr)
{
	irqflags_t flags = irq_save();
	struct traced_call *call = &calls[++nr_calls % NR_CALLS];

	*call = (struct traced_call) {
		.nr = nr_calls, .eax = regs->eax,
		.words = { regs->ebx, regs->ecx, regs->edx, regs->esi,
			   regs->edi, regs->ebp },
		.pid = current_task()->pid, .tid = current_thread()->tid,
	};
	*nr = nr_calls;
	irq_restore(flags);
	return call;
}

static void traced_dispatch(struct trap_regs *regs)
{
	uint32_t nr;
	struct traced_call *call = note(regs, &nr);
	irqflags_t flags;

	syscall_dispatch(regs);
	flags = irq_save();
	if (call->nr == nr) {
		call->result = regs->eax;
		call->back = true;
	}
	irq_restore(flags);
}

/* ---- printing ------------------------------------------------------------ */

/* How many calls of a thread are marked; n is 0 if there is no such thread. */
static struct { uint32_t tid, n; } threads[NR_THREADS];

static void mark(struct traced_call *call)
{
	unsigned i = 0;

	while (i < NR_THREADS && threads[i].n && threads[i].tid != call->tid)
		i++;
	call->print = call->nr && i < NR_THREADS && threads[i].n < EACH_THREAD;
	if (!call->print)
		return;
	threads[i].tid = call->tid;
	threads[i].n++;
}

static void print_call(const struct traced_call *call,
		       void (*out)(const char *line))
{
	const struct call_row *row = call_row(PG_NUMBER(call->eax));
	const uint32_t *w = call->words;
	char line[128], name[40], result[16] = "...";

	if (row)
		snprintf(name, sizeof(name), "%s h%u", row->name,
			 PG_HANDLE(call->eax));
	else
		snprintf(name, sizeof(name), "call %u", call->eax);
	if (call->back)
		snprintf(result, sizeof(result), "%x", call->result);
	snprintf(line, sizeof(line), "%u  %u.%u  %s %x %x %x %x %x %x = %s",
		 call->nr, call->pid, call->tid, name, w[0], w[1], w[2], w[3],
		 w[4], w[5], result);
	out(line);
}

void call_trace_print(void (*out)(const char *line))
{
	if (!calls)
		return;
	out("the last calls of each thread:");
	memset(threads, 0, sizeof(threads));
	for (uint32_t i = 0; i < NR_CALLS; i++)
		mark(&calls[(nr_calls - i) % NR_CALLS]);
	for (uint32_t i = 1; i <= NR_CALLS; i++) {
		const struct traced_call *call =
			&calls[(nr_calls + i) % NR_CALLS];

		if (call->print)
			print_call(call, out);
	}
}

/* ---- start and stop ------------------------------------------------------ */

void call_trace_start(void)
{
	assert(!calls);
	calls = vzalloc(NR_CALLS * sizeof(calls[0]));
	if (!calls) {
		pr_warn("call trace: no memory, there is none\n");
		return;
	}
	syscall_set_hook(traced_dispatch);
	panic_set_annex(call_trace_print);
}

void call_trace_stop(void)
{
	panic_set_annex(NULL);
	syscall_set_hook(NULL);
	vfree(calls);
	calls = NULL;
	nr_calls = 0;
}
