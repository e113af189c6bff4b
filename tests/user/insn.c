// SPDX-License-Identifier: MIT
/*
 * insn.c - instructions that ring 3 may not use, and those it may misuse
 *
 * WHAT     Each runs in a child. A signal ends the child; the kernel goes on.
 */
#include "tests/user/utest.h"

/* A function with one piece of code, for a child to run. */
#define CODE(name, text)                                   \
	static void name(long unused)                      \
	{                                                  \
		__asm__ volatile(text : : : "eax", "ecx",  \
				 "edx", "memory", "cc");   \
	}

#define PRIVILEGED(P)                                      \
	P(cli, "cli")                                      \
	P(sti, "sti")                                      \
	P(hlt, "hlt")                                      \
	P(clts, "clts")                                    \
	P(in_al, "inb $0x60, %%al")                        \
	P(in_dx, "movl $0x3f8, %%edx\n\tinb %%dx, %%al")   \
	P(out_al, "outb %%al, $0x80")                      \
	P(out_dx, "movl $0xf4, %%edx\n\toutb %%al, %%dx")  \
	P(out_dword, "movl $0xcf8, %%edx\n\toutl %%eax, %%dx") \
	P(lgdt, "lgdt (%%esp)")                            \
	P(lidt, "lidt (%%esp)")                            \
	P(lldt, "xorl %%eax, %%eax\n\tlldt %%ax")          \
	P(ltr, "movl $0x28, %%eax\n\tltr %%ax")            \
	P(lmsw, "lmsw %%ax")                               \
	P(read_cr0, "movl %%cr0, %%eax")                   \
	P(read_cr2, "movl %%cr2, %%eax")                   \
	P(read_cr3, "movl %%cr3, %%eax")                   \
	P(read_cr4, "movl %%cr4, %%eax")                   \
	P(write_cr0, "movl %%eax, %%cr0")                  \
	P(write_cr3, "xorl %%eax, %%eax\n\tmovl %%eax, %%cr3") \
	P(write_cr4, "xorl %%eax, %%eax\n\tmovl %%eax, %%cr4") \
	P(read_dr7, "movl %%dr7, %%eax")                   \
	P(write_dr0, "movl %%eax, %%dr0")                  \
	P(invlpg, "invlpg (%%esp)")                        \
	P(rdmsr, "movl $0x1b, %%ecx\n\trdmsr")             \
	P(wrmsr, "movl $0x174, %%ecx\n\txorl %%eax, %%eax\n\txorl %%edx, %%edx\n\twrmsr") \
	P(far_call_kernel, "lcall $0x08, $0")              \
	P(far_jump_kernel, "ljmp $0x08, $0xc0100000")      \
	P(far_jump_tss, "ljmp $0x28, $0")

#define P(name, text) CODE(do_##name, text)
PRIVILEGED(P)
#undef P

#define P(name, text)                                             \
	UTEST(name##_is_refused)                                  \
	{                                                         \
		EXPECT_EQ(signal_of(do_##name, 0), SIGSEGV_NR);   \
	}
PRIVILEGED(P)
#undef P

/*
 * Only the CPU says whether ring 3 may do this, and TCG of QEMU 10 forbids
 * neither. That is the emulator's fault; on any other CPU it is a failure.
 */
CODE(do_invd, "invd")
CODE(do_wbinvd, "wbinvd")

static bool emulator_is_tcg(void)
{
	uint32_t regs[4];

	cpuid(0x40000000, regs);
	return !memcmp(&regs[1], "TCGTCGTCGTCG", 12);
}

UTEST(invd_is_refused)
{
	int signal = signal_of(do_invd, 0);

	SKIP_IF(!signal && emulator_is_tcg(),
		"the emulator lets INVD run in ring 3");
	EXPECT_EQ(signal, SIGSEGV_NR);
}

UTEST(wbinvd_is_refused)
{
	int signal = signal_of(do_wbinvd, 0);

	SKIP_IF(!signal && emulator_is_tcg(),
		"the emulator lets WBINVD run in ring 3");
	EXPECT_EQ(signal, SIGSEGV_NR);
}

CODE(do_ud2, "ud2")
CODE(do_int3, "int3")
CODE(do_into, "movb $0x7f, %%al\n\taddb $1, %%al\n\tinto")
CODE(do_bound, "pushl $5\n\tpushl $1\n\tmovl $9, %%eax\n\t"
	       "bound %%eax, (%%esp)\n\taddl $8, %%esp")
CODE(do_trap_flag, "pushfl\n\torl $0x100, (%%esp)\n\tpopfl\n\tnop")
CODE(do_trap_flag_call, "pushfl\n\torl $0x100, (%%esp)\n\tmovl $20, %%eax\n\t"
			"popfl\n\tint $0x80")

UTEST(undefined_instructions_are_sigill)
{
	EXPECT_EQ(signal_of(do_ud2, 0), SIGILL_NR);
}

UTEST(breakpoints_are_sigtrap)
{
	EXPECT_EQ(signal_of(do_int3, 0), SIGTRAP_NR);
}

UTEST(overflow_and_bound_are_sigsegv)
{
	EXPECT_EQ(signal_of(do_into, 0), SIGSEGV_NR);
	EXPECT_EQ(signal_of(do_bound, 0), SIGSEGV_NR);
}

UTEST(single_step_is_sigtrap)
{
	EXPECT_EQ(signal_of(do_trap_flag, 0), SIGTRAP_NR);
	EXPECT_EQ(signal_of(do_trap_flag_call, 0), SIGTRAP_NR);
}

/* Flags that ring 3 cannot change stay as they are. */
UTEST(popf_does_not_change_if_or_iopl)
{
	uint32_t flags;

	__asm__ volatile("pushfl\n\tandl $~0x200, (%%esp)\n\t"
			 "orl $0x3000, (%%esp)\n\tpopfl\n\t"
			 "pushfl\n\tpopl %0" : "=r"(flags) : : "cc");
	EXPECT_EQ(flags & 0x3200, 0x200);
}

UTEST(nested_task_flag_does_no_harm)
{
	long pid = LINUX_NR_getpid;

	__asm__ volatile("pushfl\n\torl $0x4000, (%%esp)\n\tpopfl\n\t"
			 "int $0x80\n\t"
			 "pushfl\n\tandl $~0x4000, (%%esp)\n\tpopfl"
			 : "+a"(pid) : : "memory", "cc");
	EXPECT_EQ(pid, linux_getpid());
}

static void page_fault_with_flags(long flags)
{
	volatile char *p = map_pages(1);

	__asm__ volatile("pushl %0\n\tpopfl\n\tmovb $1, (%1)\n\t"
			 "pushl $0x202\n\tpopfl"
			 : : "r"(flags), "r"(p) : "memory", "cc");
}

UTEST(any_flags_at_a_page_fault)
{
	EXPECT_EQ(signal_of(page_fault_with_flags, 0x4602), 0);
	EXPECT_EQ(signal_of(page_fault_with_flags, 0x0cd7), 0);
	EXPECT_EQ(signal_of(page_fault_with_flags, 0x200202), 0);
	EXPECT_EQ(signal_of(page_fault_with_flags, 0x10202), 0);
}

/* ---- every vector -------------------------------------------------------- */

/* A page of its own gets the code: INT n; RET. */
static void do_int(long n)
{
	char *code = map_flags(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	code[0] = (char)0xcd;
	code[1] = (char)n;
	code[2] = (char)0xc3;
	linux_mprotect(code, PAGE, PROT_READ | PROT_EXEC);
	__asm__ volatile("call *%1" : : "a"(LINUX_NR_getpid), "r"(code)
			 : "memory", "cc");
}

UTEST(int_of_every_vector)
{
	for (long n = 0; n < 256; n++) {
		int expected = n == 0x80 ? 0 : n == 3 ? SIGTRAP_NR
						      : SIGSEGV_NR;

		if (signal_of(do_int, n) != expected) {
			printf("    # vector %ld\n", n);
			EXPECT(false);
		}
	}
}

/* ---- segment registers --------------------------------------------------- */

static void load_ds(long selector)
{
	__asm__ volatile("movw %w0, %%ds\n\tmovl (%%esp), %%eax\n\t"
			 "pushw %%ss\n\tpopw %%ds"
			 : : "r"(selector) : "eax", "memory");
}

static void load_ss(long selector)
{
	__asm__ volatile("movw %w0, %%ss\n\tpushl %%eax\n\tpopl %%eax"
			 : : "r"(selector) : "memory");
}

static void load_gs(long selector)
{
	__asm__ volatile("movw %w0, %%gs" : : "r"(selector));
	linux_sched_yield();
	linux_getpid();
}

static void use_gs(long selector)
{
	__asm__ volatile("movw %w0, %%gs\n\tmovl %%gs:0, %%eax"
			 : : "r"(selector) : "eax");
}

static void far_jump(long selector)
{
	struct {
		uint32_t offset;
		uint16_t selector;
	} target = { 0x08049000, (uint16_t)selector };

	__asm__ volatile("ljmp *%0" : : "m"(target) : "memory");
}

/* The kernel's selectors and all others: none gives more than ring 3 has. To
 * load one ends in a signal, or does nothing. */
UTEST(no_selector_opens_the_kernel)
{
	static void (*const loads[])(long) = { load_ds, load_ss, load_gs };

	for (unsigned i = 0; i < ARRAY_SIZE(loads); i++) {
		for (long selector = 0; selector < 0x200; selector++) {
			int signal = signal_of(loads[i], selector);

			EXPECT(signal == 0 || signal == SIGSEGV_NR ||
			       signal == SIGBUS_NR);
			/* Ring 0's own data segment, with any RPL. */
			if (selector / 4 == 0x10 / 4 && !on_linux())
				EXPECT_EQ(signal, SIGSEGV_NR);
		}
	}
}

UTEST(a_null_selector_can_be_loaded_but_not_used)
{
	EXPECT_EQ(signal_of(load_gs, 0), 0);
	EXPECT_EQ(signal_of(use_gs, 0), SIGSEGV_NR);
	EXPECT_EQ(signal_of(load_ss, 0), SIGSEGV_NR);
}

UTEST(far_jumps_do_not_leave_ring_3)
{
	for (long selector = 0; selector < 0x100; selector++) {
		int signal = selector / 4 == 0x73 / 4 || selector / 4 ==
			     0x23 / 4 || selector / 4 == 0x1b / 4 ||
			     selector / 4 == 0x33 / 4 ? SIGSEGV_NR
				     : signal_of(far_jump, selector);

		EXPECT(signal == SIGSEGV_NR || signal == SIGBUS_NR);
	}
}

static void iret_to(long selector)
{
	__asm__ volatile("pushl %%ss\n\tpushl %%esp\n\tpushfl\n\t"
			 "pushl %0\n\tpushl $0xc0100000\n\tiret"
			 : : "r"(selector) : "memory");
}

UTEST(iret_does_not_leave_ring_3)
{
	EXPECT_EQ(signal_of(iret_to, 0x08), SIGSEGV_NR);
	EXPECT_EQ(signal_of(iret_to, 0x10), SIGSEGV_NR);
	EXPECT_EQ(signal_of(iret_to, 0x60), SIGSEGV_NR);
	EXPECT_EQ(signal_of(iret_to, 0), SIGSEGV_NR);
}

static void iret_to_virtual_8086(long unused)
{
	__asm__ volatile("pushfl\n\torl $0x20000, (%%esp)\n\t"
			 "pushl %%cs\n\tpushl $1f\n\tiret\n1:\tnop"
			 : : : "memory");
}

/* SDM: VM does not change outside ring 0. QEMU 7.2 does not look at the ring:
 * it pops six words more, and then runs, or fails, in 8086 mode. */
UTEST(iret_does_not_enter_virtual_8086_mode)
{
	int signal = signal_of(iret_to_virtual_8086, 0);

	EXPECT(signal == 0 || (signal == SIGSEGV_NR && !on_linux()));
}

/* ---- SYSENTER ------------------------------------------------------------ */

static void sysenter_with_ebp(long ebp)
{
	__asm__ volatile("pushl %%ebp\n\tmovl %0, %%ebp\n\tsysenter\n\t"
			 "popl %%ebp"
			 : : "r"(ebp), "a"(LINUX_NR_getpid)
			 : "ecx", "edx", "memory", "cc");
}

/* Comes back to `eip`, which lies on the stack as abi.h says. */
static void sysenter_back_to(long eip)
{
	__asm__ volatile("pushl %%ebp\n\tpushl %0\n\tmovl %%esp, %%ebp\n\t"
			 "sysenter"
			 : : "r"(eip), "a"(LINUX_NR_getpid)
			 : "ecx", "edx", "memory", "cc");
}

static void sysenter_with_flags(long flags)
{
	__asm__ volatile("pushl %%ebp\n\tpushl $1f\n\tmovl %%esp, %%ebp\n\t"
			 "pushl %0\n\tpopfl\n\tsysenter\n"
			 "1:\taddl $8, %%esp\n\tpushl $0x202\n\tpopfl"
			 : : "r"(flags), "a"(LINUX_NR_getpid)
			 : "ecx", "edx", "memory", "cc");
}

UTEST(sysenter_with_a_bad_frame_is_sigsegv)
{
	SKIP_IF(on_linux(), "SYSENTER is the vDSO's there");
	SKIP_IF(!cpu_has(11), "this CPU has no SYSENTER");
	EXPECT_EQ(signal_of(sysenter_with_ebp, 0), SIGSEGV_NR);
	EXPECT_EQ(signal_of(sysenter_with_ebp, (long)FREE_ADDR), SIGSEGV_NR);
	EXPECT_EQ(signal_of(sysenter_with_ebp, (long)KERNEL), SIGSEGV_NR);
	EXPECT_EQ(signal_of(sysenter_with_ebp, 0xbffffffc), SIGSEGV_NR);
	EXPECT_EQ(signal_of(sysenter_with_ebp, 0xc0100000), SIGSEGV_NR);
	EXPECT_EQ(signal_of(sysenter_with_ebp, 0xfffffffc), SIGSEGV_NR);
}

UTEST(sysenter_does_not_come_back_into_the_kernel)
{
	SKIP_IF(on_linux(), "SYSENTER is the vDSO's there");
	SKIP_IF(!cpu_has(11), "this CPU has no SYSENTER");
	EXPECT_EQ(signal_of(sysenter_back_to, (long)KERNEL), SIGSEGV_NR);
	EXPECT_EQ(signal_of(sysenter_back_to, 0xc0100000), SIGSEGV_NR);
	EXPECT_EQ(signal_of(sysenter_back_to, 0), SIGSEGV_NR);
	EXPECT_EQ(signal_of(sysenter_back_to, 0xffffffff), SIGSEGV_NR);
}

UTEST(sysenter_with_any_flags)
{
	SKIP_IF(on_linux(), "SYSENTER is the vDSO's there");
	SKIP_IF(!cpu_has(11), "this CPU has no SYSENTER");
	EXPECT_EQ(signal_of(sysenter_with_flags, 0x202), 0);
	EXPECT_EQ(signal_of(sysenter_with_flags, 0x602), 0);
	EXPECT_EQ(signal_of(sysenter_with_flags, 0x4202), 0);
	EXPECT_EQ(signal_of(sysenter_with_flags, 0x40202), 0);
}

/* SYSENTER with TF set traps in the kernel's first instruction. */
UTEST(single_step_into_sysenter_does_no_harm)
{
	int signal;

	SKIP_IF(on_linux(), "SYSENTER is the vDSO's there");
	SKIP_IF(!cpu_has(11), "this CPU has no SYSENTER");
	signal = signal_of(sysenter_with_flags, 0x302);
	EXPECT(signal == 0 || signal == SIGTRAP_NR);
}

/* ---- code and stacks at the edges ---------------------------------------- */

static void push_at(long esp)
{
	__asm__ volatile("movl %0, %%esp\n\tpushl $1\n\tud2" : : "r"(esp));
}

static void fault_at(long esp)
{
	__asm__ volatile("movl %0, %%esp\n\tud2" : : "r"(esp));
}

UTEST(any_stack_pointer_at_a_fault)
{
	static const uint32_t where[] = {
		0, 4, 0xc0000000, 0xc0000004, 0xffffffff, 0x50000000,
		0x60000000, 0xfffff004,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(where); i++) {
		int signal = signal_of(push_at, (long)where[i]);

		EXPECT(signal == SIGSEGV_NR || signal == SIGBUS_NR ||
		       where[i] == 0xc0000000);
		EXPECT_EQ(signal_of(fault_at, (long)where[i]), SIGILL_NR);
	}
}
