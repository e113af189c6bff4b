// SPDX-License-Identifier: MIT
/*
 * cpustate.c - flags, segments and stacks that ring 3 may bring into the kernel
 *
 * WHAT     A table of tricks. Each runs in a child: the kernel survives all of
 *          them, and the child ends as its row says. Where emulators differ
 *          from CPUs, or CPUs from each other, a row names more than one end.
 * NOT HERE forbidden instructions, and tricks that are tried with all values
 *          (insn.c).
 */
#include "tests/user/utest.h"

/* How a child may end: bits. */
#define GOES_ON   (1u << 0)              /* exit code 0 */
#define DIES(nr)  (1u << (nr))
#define ILL       DIES(SIGILL_NR)
#define TRAP      DIES(SIGTRAP_NR)
#define BUS       DIES(SIGBUS_NR)
#define FPE       DIES(SIGFPE_NR)
#define SEGV      DIES(SIGSEGV_NR)

#define FLAG_ON(bit)  "pushfl\n\torl $" bit ", (%%esp)\n\tpopfl\n\t"
#define TF        FLAG_ON("0x100")
#define NT        FLAG_ON("0x4000")
#define AC        FLAG_ON("0x40000")
#define GETPID    "movl $20, %%eax\n\tint $0x80\n\t"
#define YIELD     "movl $158, %%eax\n\tint $0x80\n\t"
#define FRAME     "pushl %%ecx\n\tpushl %%edx\n\tpushl %%ebp\n\tpushl $1f\n\t" \
		  "movl %%esp, %%ebp\n\t"
#define BACK      "1:\taddl $16, %%esp\n\t"
#define SYSENTER  "movl $1075, %%eax\n\t" FRAME "sysenter\n" BACK
#define SYSENTER_EBP(at) "movl $1075, %%eax\n\tmovl $" at ", %%ebp\n\tsysenter"
#define LOAD_SS(sel)  "movl $" sel ", %%ecx\n\tmovl %%ecx, %%ss\n\t"
#define TLS_SEL   "0x33"                 /* entry 6, which the rows load */
#define ZERO_DIVIDE "fninit\n\tpushl $0\n\tfldcw (%%esp)\n\tfldz\n\tfldz\n\t" \
		  "fdivp\n\t"

/* ---- instructions only --------------------------------------------------- */

#define TRICKS(T)                                                             \
	T(step_into_int80, TRAP, TF GETPID "nop\n\tnop")                      \
	T(step_into_int3, TRAP, TF "int3")                                    \
	T(step_into_overflow, TRAP | SEGV,                                    \
	  TF "movb $0x7f, %%al\n\taddb $1, %%al\n\tinto")                     \
	T(step_into_sysenter, TRAP, TF SYSENTER "nop")                        \
	T(step_with_ss_loaded, TRAP, "movl %%ss, %%ecx\n\tmovl $20, %%eax\n\t" \
	  TF "movl %%ecx, %%ss\n\tint $0x80\n\tnop")                          \
	T(step_behind_ss_into_int80, TRAP | GOES_ON,                          \
	  "pushfl\n\torl $0x100, (%%esp)\n\tmovl %%ss, %%ecx\n\t"             \
	  "movl $20, %%eax\n\tpopfl\n\tmovl %%ecx, %%ss\n\tint $0x80")        \
	T(step_behind_ss_into_sysenter, TRAP | GOES_ON,                       \
	  "movl $1075, %%eax\n\t" FRAME "movl %%ss, %%ecx\n\t"                \
	  TF "movl %%ecx, %%ss\n\tsysenter\n" BACK)                           \
	T(breakpoint_behind_ss, TRAP,                                         \
	  "movl %%ss, %%ecx\n\tmovl %%ecx, %%ss\n\tint3")                     \
	T(nested_task_int80, GOES_ON, NT GETPID GETPID)                       \
	T(nested_task_sysenter, GOES_ON, NT SYSENTER)                         \
	T(nested_task_iret, SEGV,                                             \
	  NT "pushfl\n\tpushl %%cs\n\tpushl $1f\n\tiret\n1:\tnop")            \
	T(nested_task_fault, SEGV, NT "movl $0, 0")                           \
	T(nested_task_sleep, GOES_ON, NT YIELD YIELD)                         \
	T(alignment_int80, GOES_ON, AC GETPID)                                \
	T(alignment_sysenter, GOES_ON, AC SYSENTER)                           \
	T(alignment_broken, GOES_ON | BUS,                                    \
	  AC "movl %%esp, %%eax\n\tmovl 1(%%eax), %%ecx")                     \
	T(alignment_and_the_kernels_memory, GOES_ON,                          \
	  AC "movl $4, %%eax\n\tmovl $1, %%ebx\n\tmovl $0xc0100000, %%ecx\n\t" \
	  "movl $16, %%edx\n\tint $0x80")                                     \
	T(alignment_iret, GOES_ON | SEGV,                                     \
	  AC "pushfl\n\tpushl %%cs\n\tpushl $1f\n\tiret\n1:\tnop")            \
	T(direction_calls, GOES_ON, "std\n\t" GETPID SYSENTER "cld")          \
	T(direction_fault, SEGV, "std\n\tmovl $0, 0")                         \
	T(all_flags, TRAP, "pushl $0xffffffff\n\tpopfl\n\tnop\n\tnop")        \
	T(iopl_by_popf, SEGV, FLAG_ON("0x3000") "cli")                        \
	T(iopl_by_iret, SEGV, "pushfl\n\torl $0x3000, (%%esp)\n\t"            \
	  "pushl %%cs\n\tpushl $1f\n\tiret\n1:\tcli")                         \
	T(iret_to_the_kernel, SEGV,                                           \
	  "pushl $0x202\n\tpushl $0x60\n\tpushl $0xc0110000\n\tiret")         \
	T(iret_to_nothing, SEGV, "pushl $0x202\n\tpushl $0\n\tpushl $0\n\tiret") \
	T(iret_to_a_task_segment, SEGV,                                       \
	  "pushl $0x202\n\tpushl $0x80\n\tpushl $0\n\tiret")                  \
	T(far_jump_to_the_kernel, SEGV, "ljmp $0x60, $0xc0110000")            \
	T(far_jump_with_rpl_3, SEGV, "ljmp $0x63, $0xc0110000")               \
	T(far_jump_to_a_task_segment, SEGV, "ljmp $0x80, $0")                 \
	T(far_jump_to_the_double_faults, SEGV, "ljmp $0x88, $0")              \
	T(far_call_to_the_double_faults, SEGV, "lcall $0x8b, $0")             \
	T(far_jump_by_an_ldt, SEGV, "ljmp $0x77, $0")                         \
	T(far_return_to_the_kernel, SEGV,                                     \
	  "pushl $0x60\n\tpushl $0xc0110000\n\tlret")                         \
	T(icebp, TRAP | ILL, ".byte 0xf1")                                    \
	T(sysexit, SEGV,                                                      \
	  "movl %%esp, %%ecx\n\tmovl $0xc0110000, %%edx\n\tsysexit")          \
	T(sysenter_words_in_the_kernel, SEGV, SYSENTER_EBP("0xc0000000"))     \
	T(sysenter_words_at_the_top, SEGV, SYSENTER_EBP("0xfffffffc"))        \
	T(sysenter_words_half_ours, SEGV, SYSENTER_EBP("0xbffffffc"))         \
	T(sysenter_words_nowhere, SEGV, SYSENTER_EBP("0x10"))                 \
	T(sysenter_back_into_the_kernel, SEGV,                                \
	  "movl $1075, %%eax\n\tpushl $0\n\tpushl $0xc0110000\n\t"            \
	  "movl %%esp, %%ebp\n\tsysenter")                                    \
	T(sysenter_without_a_stack, SEGV,                                     \
	  "movl $1075, %%eax\n\tpushl $0\n\tpushl $1f\n\tmovl %%esp, %%ebp\n\t" \
	  "xorl %%esp, %%esp\n\tsysenter\n1:\tnop")                           \
	T(stack_in_the_kernel, SEGV,                                          \
	  "movl $0xc0200000, %%esp\n\t" GETPID "pushl %%eax")                 \
	T(stack_nowhere, SEGV, "xorl %%esp, %%esp\n\tpushl %%eax")            \
	T(stack_in_the_kernel_and_a_fault, FPE,                               \
	  "movl $0xc0200000, %%esp\n\txorl %%eax, %%eax\n\tdivl %%eax")       \
	T(an_instruction_too_long, SEGV | ILL,                                \
	  ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,"     \
	  "0x66,0x66,0x66,0x66,0x90")                                         \
	T(lock_of_nothing, ILL, ".byte 0xf0, 0x90")                           \
	T(out_of_bounds, SEGV,                                                \
	  "pushl $0\n\tpushl $0\n\tmovl $5, %%eax\n\tbound %%eax, (%%esp)")  \
	T(tables_are_told_or_not, GOES_ON | SEGV,                             \
	  "sgdt -64(%%esp)\n\tsidt -64(%%esp)\n\tsldt %%ax\n\tstr %%ax\n\t"   \
	  "smsw %%eax")                                                       \
	T(an_fpu_error_waits_through_calls, GOES_ON,                          \
	  ZERO_DIVIDE YIELD GETPID YIELD)                                     \
	T(an_fpu_error_is_inherited, FPE,                                     \
	  ZERO_DIVIDE "movl $2, %%eax\n\tint $0x80\n\tfwait")

#define FN(name, ends, text)                                             \
	static void name(long unused)                                    \
	{                                                                \
		__asm__ volatile(text : : : "eax", "ebx", "ecx", "edx",  \
				 "esi", "edi", "memory", "cc");          \
	}
TRICKS(FN)
#undef FN

/* ---- with a segment of the child's own ----------------------------------- */

static struct linux_user_desc desc;

static void set_entry(uint32_t base, uint32_t limit, uint32_t flags)
{
	desc = (struct linux_user_desc){ 6, base, limit, flags };
	linux_set_thread_area(&desc);
}

/* A call removes the entry while `load` has put it into segment registers. */
#define CALL_THAT_EMPTIES(load, then)                                      \
	__asm__ volatile("movl $" TLS_SEL ", %%ecx\n\t" load               \
			 "int $0x80\n\t" then                              \
			 : : "a"(LINUX_NR_set_thread_area), "b"(&desc)     \
			 : "ecx", "memory")

static void entry_goes_while_it_is_ss(long unused)
{
	set_entry(0, 0xfffff, 0x51);
	desc = (struct linux_user_desc){ 6, 0, 0, 0x28 };
	CALL_THAT_EMPTIES("movl %%ecx, %%ss\n\t", "nop");
}

static void entry_goes_while_it_is_ds(long unused)
{
	set_entry(0, 0xfffff, 0x51);
	desc = (struct linux_user_desc){ 6, 0, 0, 0x28 };
	CALL_THAT_EMPTIES("movl %%ecx, %%ds\n\tmovl %%ecx, %%es\n\t"
			  "movl %%ecx, %%fs\n\tmovl %%ecx, %%gs\n\t",
			  "movl 0, %%eax");
}

static void entry_is_ss(long unused)
{
	set_entry(0, 0xfffff, 0x51);
	__asm__ volatile(LOAD_SS(TLS_SEL) GETPID "pushl %%eax\n\tpopl %%eax\n\t"
			 SYSENTER : : : "eax", "ecx", "edx", "memory");
}

/* A limit below ESP: CPUs look at limits, emulators do not. */
static void ss_too_small(long unused)
{
	set_entry(0, 0xfff, 0x41);
	__asm__ volatile(LOAD_SS(TLS_SEL) "pushl %%ecx"
			 : : : "ecx", "memory");
	linux_exit_group(0);
}

static void ss_too_small_for_a_call(long unused)
{
	set_entry(0, 0xfff, 0x41);
	__asm__ volatile("movl $20, %%eax\n\t" LOAD_SS(TLS_SEL)
			 "int $0x80\n\tint3" : : : "eax", "ecx", "memory");
}

static void ss_that_grows_down(long unused)
{
	set_entry(0, 0x7ffff, 0x53);
	__asm__ volatile("movl $20, %%eax\n\t" LOAD_SS(TLS_SEL)
			 "int $0x80\n\tpushl %%eax\n\tmovl 0, %%eax"
			 : : : "eax", "ecx", "memory");
}

static void ss_read_only(long unused)
{
	set_entry(0, 0xfffff, 0x59);
	__asm__ volatile(LOAD_SS(TLS_SEL) : : : "ecx", "memory");
}

static void ss_elsewhere(long unused)
{
	set_entry(0x1000, 0xfffff, 0x51);
	__asm__ volatile("movl $20, %%eax\n\t" LOAD_SS(TLS_SEL)
			 "int $0x80\n\tint3" : : : "eax", "ecx", "memory");
}

static void segments_over_the_kernel(long unused)
{
	set_entry(0xc0000000, 0xfffff, 0x51);
	__asm__ volatile("movl $" TLS_SEL ", %%ecx\n\tmovl %%ecx, %%es\n\t"
			 "movl %%ecx, %%fs\n\tmovl %%ecx, %%gs\n\t"
			 "movl %%ecx, %%ds\n\t" GETPID
			 "movl %%ds:0x100000, %%eax"
			 : : : "eax", "ecx", "memory");
}

/* ---- the table ----------------------------------------------------------- */

static const struct {
	const char *name;
	void      (*run)(long unused);
	uint32_t    ends;
} tricks[] = {
#define ROW(name, ends, text) { #name, name, ends },
	TRICKS(ROW)
#undef ROW
	{ "an entry goes while it is SS", entry_goes_while_it_is_ss, SEGV },
	{ "an entry goes while it is DS", entry_goes_while_it_is_ds, SEGV },
	{ "an entry is SS", entry_is_ss, GOES_ON },
	{ "SS too small", ss_too_small, GOES_ON | BUS },
	{ "SS too small for a call", ss_too_small_for_a_call, TRAP | BUS },
	{ "SS that grows down", ss_that_grows_down, SEGV },
	{ "SS read-only", ss_read_only, SEGV },
	{ "SS elsewhere", ss_elsewhere, TRAP },
	{ "segments over the kernel", segments_over_the_kernel, SEGV },
};

UTEST(no_trick_with_the_cpus_state_hurts_the_kernel)
{
	SKIP_IF(on_linux(), "Linux has other selectors");
	SKIP_IF(!cpu_has(11) || !cpu_has(0),
		"this CPU has no SYSENTER or FPU");
	for (unsigned i = 0; i < ARRAY_SIZE(tricks); i++) {
		int status = in_child(tricks[i].run, 0);
		unsigned end = status & 0x7f;

		if (tricks[i].ends & 1u << end && !(status & 0xff00))
			continue;
		utest_failures++;
		printf("    # %s: wait status 0x%x\n", tricks[i].name, status);
	}
}
