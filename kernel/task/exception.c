// SPDX-License-Identifier: MIT
/*
 * exception.c - what the kernel does when a task's instruction cannot go on
 *
 * WHAT     Page faults of user mode, and of the kernel's copies from and to
 *          user memory, go to the address space. If the address space cannot
 *          resolve a fault, and for every other exception, the kernel asks the
 *          task's exception endpoint. If there is none, the task ends, with a
 *          message that says why.
 *
 * PICTURE    #PF ---> user_fault_handle --> vm_fault --> again
 *                          |  out of memory --> a task is killed --> again
 *                          v
 *            others ---> user_exception --> exception_ask --> goes on
 *                          |
 *                          v
 *                     message, task_exit(signal)
 *
 * ALGORITHM  The signal is the one that Linux would send. It is the task's wait
 *          status.
 * COST     The ordinary fault: a few instructions around vm_fault().
 * SEE      Linux arch/x86/mm/fault.c, arch/x86/kernel/traps.c.
 */
#include <arch/layout.h>
#include <arch/uaccess.h>

#include "kernel/sched/clock.h"
#include "kernel/task/task_impl.h"
#include "kernel/task/upcall.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/vm/fault.h"

#define INSN_BYTES  8

/*   vector     signal    the exceptions that ring 3 can cause */
static const uint8_t signal_of_vector[] = {
	[0]  = SIGFPE,    /* #DE */
	[1]  = SIGTRAP,   /* #DB */
	[3]  = SIGTRAP,   /* #BP */
	[4]  = SIGSEGV,   /* #OF */
	[5]  = SIGSEGV,   /* #BR */
	[6]  = SIGILL,    /* #UD */
	[9]  = SIGFPE,
	[10] = SIGSEGV,   /* #TS */
	[11] = SIGBUS,    /* #NP */
	[12] = SIGBUS,    /* #SS */
	[13] = SIGSEGV,   /* #GP */
	[14] = SIGSEGV,   /* #PF */
	[16] = SIGFPE,    /* #MF */
	[17] = SIGBUS,    /* #AC */
	[19] = SIGFPE,    /* #XM */
};

#define VECTOR_PAGE_FAULT  14

/* ---- resolving ----------------------------------------------------------- */

/* Returns: whether to try again. Not if this thread is to end. */
static bool out_of_memory(struct task *task)
{
	/* Only its own limit forbids the table: killing others is no help. */
	if (task->mm->tables.refused) {
		pr_info_limited("%s[%u]: killed: it needs more page tables than its limit allows\n",
				task->name, task->pid);
		task_kill(task, WAIT_SIGNALED(SIGKILL));
		return false;
	}
	if (wait_killed() || !task_kill_largest())
		return false;
	if (!wait_killed())
		thread_sleep_ns(NS_PER_TICK);
	return !wait_killed();
}

bool user_fault_handle(uaddr_t addr, uint32_t error, struct trap_regs *regs)
{
	struct thread *thread = current_thread();
	struct task *task = thread ? thread->task : NULL;
	unsigned access = error & PF_WRITE ? VM_WRITE :
			  error & PF_FETCH ? VM_EXEC : VM_READ;
	enum vm_fault fault = VM_FAULT_ACCERR;

	if (!task || !task->mm)
		return false;
	/*
	 * Ring 3 ran, and yet the CPU reports an access of its own to a page
	 * that is there (SDM volume 3, 4.6, "implicit supervisor-mode access").
	 * SMAP forbids the access: to try again is no help. QEMU 7.2 does this
	 * for IRET.
	 */
	if (likely((error & (PF_PRESENT | PF_USER)) != PF_PRESENT ||
		   !trap_from_user(regs)))
		fault = vm_fault(task->mm, addr, access);
	if (likely(fault == VM_FAULT_DONE))
		return true;
	thread->fault = fault;
	return fault == VM_FAULT_OOM && out_of_memory(task);
}

/* ---- the message --------------------------------------------------------- */

static void vma_text(struct mm *mm, uaddr_t addr, char *buf, size_t size)
{
	struct vma_info info;
	bool inside = mm_find_vma(mm, addr, &info);

	if (!inside && !mm_next_vma(mm, addr, &info)) {
		scnprintf(buf, size, "no area here or above");
		return;
	}
	scnprintf(buf, size, "%s %08x-%08x %c%c%c%c %s",
		  inside ? "area" : "no area here, the next is", info.start.v,
		  info.end.v, info.flags & VM_READ ? 'r' : '-',
		  info.flags & VM_WRITE ? 'w' : '-',
		  info.flags & VM_EXEC ? 'x' : '-',
		  info.flags & VM_SHARED ? 's' : 'p',
		  info.name ? info.name : "");
}

/* The bytes at EIP that can be read without a fault. */
static void insn_text(struct mm *mm, uaddr_t eip, char *buf, size_t size)
{
	int used = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < INSN_BYTES; i++) {
		uint8_t byte;

		if (mm_read(mm, UADDR(eip.v + i), &byte, 1))
			break;
		used += scnprintf(buf + used, size - (size_t)used, " %02x",
				  byte);
	}
	if (!used)
		scnprintf(buf, size, " cannot be read");
}

static void report_page_fault(const struct task *task,
			      const struct trap_regs *regs)
{
	const char *access = regs->error & PF_FETCH ? "execution of" :
			     regs->error & PF_WRITE ? "write to" : "read from";
	const char *why;
	char area[96];

	if (regs->cr2 >= PAGE_OFFSET)
		why = "this is the kernel's part";
	else if (regs->error & PF_RESERVED)
		why = "a reserved bit is set in the page tables";
	else
		why = vm_fault_text((enum vm_fault)current_thread()->fault);
	vma_text(task->mm, UADDR(regs->cr2), area, sizeof(area));
	pr_info("%s[%u]: %s 0x%08x: %s; %s\n", task->name, task->pid, access,
		regs->cr2, why, area);
}

static void report(const struct task *task, const struct trap_regs *regs,
		   uint32_t signal)
{
	static struct log_limit limit;
	char insn[3 * INSN_BYTES + 1];

	if (!log_limit_allows(&limit, LOG_INFO, "a task is killed by signal"))
		return;
	if (regs->vector == VECTOR_PAGE_FAULT)
		report_page_fault(task, regs);
	insn_text(task->mm, UADDR(regs->eip), insn, sizeof(insn));
	pr_info("%s[%u]: killed by signal %u: %s (%s), error 0x%x, eip 0x%08x, esp 0x%08x, instruction%s\n",
		task->name, task->pid, signal, trap_name(regs->vector),
		trap_mnemonic(regs->vector), regs->error, regs->eip,
		regs->user_esp, insn);
}

/* ---- exceptions ---------------------------------------------------------- */

static uint32_t signal_of(const struct trap_regs *regs)
{
	uint32_t signal = 0;

	if (regs->vector == VECTOR_PAGE_FAULT && regs->cr2 < PAGE_OFFSET &&
	    current_thread()->fault == VM_FAULT_BUS)
		return SIGBUS;
	if (regs->vector < ARRAY_SIZE(signal_of_vector))
		signal = signal_of_vector[regs->vector];
	return signal ? signal : SIGSEGV;
}

void user_exception(struct trap_regs *regs)
{
	uint32_t signal = signal_of(regs);

	if (wait_killed() || exception_ask(regs))
		return;
	report(current_task(), regs, signal);
	task_exit(WAIT_SIGNALED(signal));
}
