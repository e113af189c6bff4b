// SPDX-License-Identifier: MIT
/*
 * ring3_forbidden.c (suite) - instructions that are forbidden in ring 3
 *
 * ALGORITHM  Each runs in ring 3 and ends in an exception of its own thread.
 * NOT HERE   exceptions, calls and what ring 3 finds: ring3.c.
 */
#include <arch/irq.h>
#include <arch/syscall.h>

#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "tests/ring3.h"

#define EFLAGS_IOPL  0x00003000u
#define EFLAGS_VM    0x00020000u

SUITE(ring3_forbidden, sched_check);

static struct ring3 r3;

static unsigned run(const struct ring3_code *code)
{
	return ring3_try(&r3, code);
}

#define FORBIDDEN(F)                                                         \
	F(cli_, "cli") F(sti_, "sti") F(hlt_, "hlt")                         \
	F(in_, "inb $0x40, %al") F(out_, "outb %al, $0x64")                  \
	F(ins_, "movw $0x60, %dx; insb") F(cr0_, "movl %cr0, %eax")          \
	F(cr3_, "movl %eax, %cr3") F(dr7_, "movl %eax, %dr7")                \
	F(clts_, "clts") F(invlpg_, "invlpg (%esp)") F(lgdt_, "lgdt (%esp)") \
	F(lidt_, "lidt (%esp)") F(ltr_, "movw $0x80, %ax; ltr %ax")          \
	F(rdmsr_, "movl $0x174, %ecx; rdmsr") F(wrmsr_, "wrmsr")             \
	F(sysexit_, "sysexit")                                               \
	F(kernel_ds, "movl $0x68, %eax; movl %eax, %ds")                     \
	F(kernel_ss, "movl $0x68, %eax; movl %eax, %ss")                     \
	F(null_ss, "xorl %eax, %eax; movl %eax, %ss")                        \
	F(tss_ds, "movl $0x83, %eax; movl %eax, %es")                        \
	F(ldt_ds, "movl $0x7, %eax; movl %eax, %ds")                         \
	F(far_kernel, "ljmp $0x60, $0xc0100000")                             \
	F(far_tss, "lcall $0x80, $0") F(far_df, "ljmp $0x88, $0")            \
	F(int_8, "int $8") F(int_14, "int $14") F(int_32, "int $32")         \
	F(int_129, "int $0x81") F(int_255, "int $255") F(int_2, "int $2")    \
	F(iret_cs, "pushfl; pushl $0x60; pushl $0x10000000; iret")           \
	F(iret_nt, "pushfl; orl $0x4000, (%esp); popfl; iret")

#define F(name, text) RING3_CODE(name, text);
FORBIDDEN(F)
#undef F

KTEST(ring3_forbidden, what_is_forbidden_is_a_fault)
{
	static const struct {
		const char              *text;
		const struct ring3_code *code;
	} codes[] = {
#define F(name, what) { what, &name },
		FORBIDDEN(F)
#undef F
	};

	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		unsigned vector = run(codes[i].code);

		/*
		 * IRET with NT set looks for the previous task: #TS. QEMU
		 * reads the stack of an IRET as the kernel: #PF by SMAP.
		 */
		if (vector != VECTOR_GP && vector != VECTOR_TS &&
		    !(vector == VECTOR_PF && codes[i].code == &iret_cs))
			ktest_fail(__FILE__, __LINE__, "%s: vector %u, EIP 0x%x, CR2 0x%x",
				   codes[i].text, vector, r3.regs.eip,
				   r3.regs.cr2);
	}
}

/*
 * Only the CPU can forbid WBINVD and INVD in ring 3. The TCG of QEMU 10 allows
 * both. This is an error of the emulator, and the test is skipped. On any other
 * CPU it is a failure.
 */
RING3_CODE(wbinvd_, "wbinvd; ud2");
RING3_CODE(invd_, "invd; ud2");
RING3_CODE(who_emulates, "movl $0x40000000, %eax; cpuid; ud2");

#define INSN_BYTES  2u   /* length of WBINVD and of INVD */

static bool emulator_is_tcg(void)
{
	return run(&who_emulates) == VECTOR_UD &&
	       !memcmp(&r3.regs.ebx, "TCGT", 4) &&
	       !memcmp(&r3.regs.ecx, "CGTC", 4) &&
	       !memcmp(&r3.regs.edx, "GTCG", 4);
}

static void is_forbidden(const char *text, const struct ring3_code *code)
{
	unsigned vector = run(code);
	uint32_t eip = r3.regs.eip;

	if (vector == VECTOR_UD && eip == RING3_CODE_VA + INSN_BYTES &&
	    emulator_is_tcg())
		SKIP("the emulator lets %s run in ring 3", text);
	EXPECT_EQ(vector, VECTOR_GP);
	EXPECT_EQ(eip, RING3_CODE_VA);
}

KTEST(ring3_forbidden, wbinvd_is_a_fault)
{
	is_forbidden("WBINVD", &wbinvd_);
}

KTEST(ring3_forbidden, invd_is_a_fault)
{
	is_forbidden("INVD", &invd_);
}

/* The test writes each n into the code. */
RING3_CODE(int_n, "int $0; ud2");

KTEST(ring3_forbidden, int_n_is_a_fault_but_for_three)
{
	for (unsigned n = 0; n < 256; n++) {
		uint8_t *code;

		if (n == VECTOR_BP || n == VECTOR_OF || n == VECTOR_SYSCALL)
			continue;
		ring3_init(&r3, &int_n);
		code = page_address(r3.code);
		code[1] = (uint8_t)n;
		ring3_run(&r3);
		EXPECT_EQ(r3.regs.vector, VECTOR_GP);
		EXPECT_EQ(r3.regs.error, n * 8 + 2);
		ring3_destroy(&r3);
	}
}

/* POPF sets all flags: those that ring 3 may not change stay as they are. */
RING3_CODE(popf_all, "pushl $0x003fffd7; popfl; pushfl; popl %eax;"
		     "pushl $2; popfl; ud2");

KTEST(ring3_forbidden, popf_changes_nothing_of_the_kernels)
{
	EXPECT_EQ(run(&popf_all), VECTOR_DB);   /* TF was set, too */
	EXPECT_EQ(r3.regs.eflags & (EFLAGS_IOPL | EFLAGS_VM), 0);
	EXPECT(r3.regs.eflags & 0x200);
}

RING3_CODE(ports, "int $0x80; inb $0x61, %al; movl $1, %ebx;"
		  "movw $0x4e0, %dx; inb %dx, %al; movl $2, %ebx;"
		  "inb $0x60, %al");

static uint8_t port_bitmap[65536 / 8];

/* Runs in the thread: a switch to it loads the ports of its task, of none. */
static void allow_ports(struct trap_regs *regs)
{
	arch_set_io_ports(port_bitmap);
}

static void forbid_ports(struct trap_regs *regs)
{
	arch_set_io_ports(NULL);
}

KTEST(ring3_forbidden, ports_of_the_bitmap_are_allowed)
{
	memset(port_bitmap, 0, sizeof(port_bitmap));
	port_bitmap[0x61 / 8] |= 1u << 0x61 % 8;
	port_bitmap[0x4e0 / 8] |= 1u << 0x4e0 % 8;
	arch_io_ports_changed(port_bitmap);
	syscall_set_hook(allow_ports);
	EXPECT_EQ(run(&ports), VECTOR_GP);
	EXPECT_EQ(r3.regs.ebx, 2);
	syscall_set_hook(forbid_ports);
	EXPECT_EQ(run(&ports), VECTOR_GP);
	EXPECT_EQ(r3.regs.ebx, 0);
	syscall_set_hook(NULL);
	arch_io_ports_changed(port_bitmap);
}
