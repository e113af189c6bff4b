// SPDX-License-Identifier: MIT
/*
 * fpu.c - tests of FPU and SSE registers: each thread has its own
 *
 * ALGORITHM  Threads of ring 3 put numbers of their own into the registers,
 *          give the CPU away by system calls, and check that the numbers are
 *          still there. The kernel itself does not use these registers.
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/kva.h>
#include <arch/syscall.h>

#include "arch/i386/cpu/segments.h"
#include "lib/string.h"
#include "tests/ring3.h"

#define VECTOR_NM  7
#define VECTOR_MF  16
#define VECTOR_XM  19

#define THREADS    4u
#define ROUNDS     50u

SUITE(fpu, sched_check);

static struct ring3 r3[THREADS];

static void yield_call(struct trap_regs *regs)
{
	thread_yield();
}

static void need_fpu(void)
{
	if (!cpu_has(CPU_FPU))
		SKIP("needs an FPU");
}

static void need_sse(void)
{
	need_fpu();
	if (!cpu_has(CPU_SSE))
		SKIP("needs SSE");
}

/* ---- fresh registers ---------------------------------------------------- */

RING3_CODE(look_fresh, "fnstcw 0x20000000; fnstsw 0x20000004;"
		       "fnstenv 0x20000010; ud2");
RING3_CODE(look_fresh_sse, "stmxcsr 0x20000000; movups %xmm7, 0x20000010;"
			   "ud2");
RING3_CODE(leave_traces, "fld1; fldpi; movl $0x5ec7e7, 0x20000000;"
			 "movups 0x20000000, %xmm7; ud2");

KTEST(fpu, a_program_finds_fresh_registers)
{
	need_fpu();
	ring3_init(&r3[0], &look_fresh);
	ring3_run(&r3[0]);
	EXPECT_EQ(r3[0].regs.vector, VECTOR_UD);
	EXPECT_EQ(ring3_data(&r3[0], 0)[0] & 0xffff, 0x37f);
	EXPECT_EQ(ring3_data(&r3[0], 0)[1] & 0xffff, 0);
	EXPECT_EQ(ring3_data(&r3[0], 0)[6] & 0xffff, 0xffff);   /* all empty */
	ring3_destroy(&r3[0]);
}

KTEST(fpu, without_an_fpu_its_instructions_are_a_fault)
{
	if (cpu_has(CPU_FPU))
		SKIP("this CPU has an FPU");
	ring3_init(&r3[0], &look_fresh);
	ring3_run(&r3[0]);
	EXPECT_EQ(r3[0].regs.vector, VECTOR_NM);
	ring3_destroy(&r3[0]);
}

KTEST(fpu, nothing_is_left_of_another_thread)
{
	need_sse();
	ring3_init(&r3[0], &leave_traces);
	ring3_run(&r3[0]);
	EXPECT_EQ(r3[0].regs.vector, VECTOR_UD);
	ring3_destroy(&r3[0]);
	ring3_init(&r3[0], &look_fresh_sse);
	ring3_run(&r3[0]);
	EXPECT_EQ(r3[0].regs.vector, VECTOR_UD);
	EXPECT_EQ(ring3_data(&r3[0], 0)[0], 0x1f80);
	for (unsigned i = 4; i < 8; i++)
		EXPECT_EQ(ring3_data(&r3[0], 0)[i], 0);
	ring3_destroy(&r3[0]);
}

/* ---- many threads ------------------------------------------------------- */

/*
 * The number at 0x20000000 goes into ST or XMM3. Each round makes a call, then
 * compares. ECX counts down from the word at 0x20000004. EBX becomes 1 when a
 * number was wrong.
 */
RING3_CODE(keep_st, "movl 0x20000004, %ecx; fildl 0x20000000;"
		    "1: movl $1, %eax; int $0x80; fistl 0x20000008;"
		    "movl 0x20000008, %eax; cmpl 0x20000000, %eax; jne 2f;"
		    "decl %ecx; jne 1b; ud2; 2: movl $1, %ebx; ud2");

RING3_CODE(keep_xmm, "movl 0x20000004, %ecx; movss 0x20000000, %xmm3;"
		     "1: movl $1, %eax; int $0x80; movss %xmm3, 0x20000008;"
		     "movl 0x20000008, %eax; cmpl 0x20000000, %eax; jne 2f;"
		     "decl %ecx; jne 1b; ud2; 2: movl $1, %ebx; ud2");

static void run_many(const struct ring3_code *code)
{
	syscall_set_hook(yield_call);
	for (unsigned i = 0; i < THREADS; i++) {
		ring3_init(&r3[i], code);
		ring3_data(&r3[i], 0)[0] = 1000 + i;
		ring3_data(&r3[i], 0)[1] = ROUNDS;
	}
	for (unsigned i = 0; i < THREADS; i++)
		ring3_start(&r3[i]);
	for (unsigned i = 0; i < THREADS; i++) {
		ring3_wait(&r3[i]);
		EXPECT_EQ(r3[i].regs.vector, VECTOR_UD);
		EXPECT_EQ(r3[i].regs.ecx, 0);
		EXPECT_EQ(r3[i].regs.ebx, 0);
		EXPECT_EQ(ring3_data(&r3[i], 0)[2], 1000 + i);
	}
	syscall_set_hook(NULL);
	for (unsigned i = 0; i < THREADS; i++)
		ring3_destroy(&r3[i]);
}

KTEST(fpu, each_thread_keeps_its_st)
{
	need_fpu();
	run_many(&keep_st);
}

KTEST(fpu, each_thread_keeps_its_xmm)
{
	need_sse();
	run_many(&keep_xmm);
}

/* Longer than a time slice: the switches come from the timer. */
RING3_CODE(count_up, "fldz; fld1; movl 0x20000004, %ecx;"
		     "1: fadd %st, %st(1); decl %ecx; jne 1b; fstp %st(0);"
		     "fistpl 0x20000008; ud2");

KTEST(fpu, preempted_sums_come_out_right)
{
	need_fpu();
	for (unsigned i = 0; i < THREADS; i++) {
		ring3_init(&r3[i], &count_up);
		ring3_data(&r3[i], 0)[1] = 200000 + i;
		ring3_start(&r3[i]);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		ring3_wait(&r3[i]);
		EXPECT_EQ(r3[i].regs.vector, VECTOR_UD);
		EXPECT_EQ(ring3_data(&r3[i], 0)[2], 200000 + i);
	}
	for (unsigned i = 0; i < THREADS; i++)
		ring3_destroy(&r3[i]);
}

/* ---- fork --------------------------------------------------------------- */

static struct arch_thread child;
static int fork_result;

static void fork_call(struct trap_regs *regs)
{
	fork_result = arch_thread_fork(&child, &current_thread()->arch);
}

RING3_CODE(fork_st, "fildl 0x20000000; int $0x80; fistl 0x20000008; ud2");

KTEST(fpu, a_fork_copies_the_registers)
{
	need_fpu();
	child = (struct arch_thread){ 0 };
	ring3_init(&r3[0], &fork_st);
	ring3_data(&r3[0], 0)[0] = 4711;
	syscall_set_hook(fork_call);
	ring3_run(&r3[0]);
	syscall_set_hook(NULL);
	EXPECT_EQ(fork_result, 0);
	EXPECT_EQ(r3[0].regs.vector, VECTOR_UD);
	EXPECT_EQ(ring3_data(&r3[0], 0)[2], 4711);
	REQUIRE(child.fpu);
	/* 4711 with 80 bits is 0x400b 9338...: the mantissa's top word. */
	if (cpu_has(CPU_FXSR))
		EXPECT_EQ(((uint32_t *)child.fpu)[8 + 1], 4711u << 19);
	arch_thread_release(&child);
	EXPECT(!child.fpu);
	ring3_destroy(&r3[0]);
}

KTEST(fpu, a_thread_without_fpu_forks_none)
{
	struct arch_thread parent = { 0 };

	EXPECT_EQ(arch_thread_fork(&child, &parent), 0);
	EXPECT(!child.fpu);
}

/* ---- errors ------------------------------------------------------------- */

/* Unmask errors, divide by 0: #MF comes at the next FPU instruction. */
RING3_CODE(fpu_error, "movl $0x37b, 0x20000000; fldcw 0x20000000; fld1; fldz;"
		      "fdivrp %st, %st(1); fwait; ud2");
RING3_CODE(sse_error, "movl $0x1d80, 0x20000000; ldmxcsr 0x20000000;"
		      "xorps %xmm0, %xmm0; movl $0x3f800000, 0x20000004;"
		      "movss 0x20000004, %xmm1; divss %xmm0, %xmm1; ud2");

KTEST(fpu, errors_are_the_threads_own)
{
	need_fpu();
	ring3_init(&r3[0], &fpu_error);
	ring3_run(&r3[0]);
	EXPECT(r3[0].regs.vector == VECTOR_MF);
	ring3_destroy(&r3[0]);
	need_sse();
	ring3_init(&r3[0], &sse_error);
	ring3_run(&r3[0]);
	/* QEMU's software FPU for SSE raises no #XM at all. */
	EXPECT(r3[0].regs.vector == VECTOR_XM ||
	       r3[0].regs.vector == VECTOR_UD);
	ring3_destroy(&r3[0]);
}

KTEST(fpu, the_kernel_itself_would_trap)
{
	need_fpu();
	EXPECT(read_cr0() & 0x8);
	EXPECT(read_cr0() & 0x20);
	EXPECT(!(read_cr0() & 0x4));
	EXPECT_EQ(!!(read_cr4() & 0x200), cpu_has(CPU_SSE));
}

/* No thread owns the FPU: all its owners are gone. */
KTEST(fpu, check_finds_what_is_broken)
{
	uint8_t *behind = &main_tss.io_bitmap[IO_BITMAP_BYTES], last = *behind;
	uint16_t base = main_tss.cpu.iomap_base;
	irqflags_t flags = irq_save();
	uint32_t cr0 = read_cr0();

	EXPECT_NULL(arch_thread_check());
	write_cr0(cr0 & ~0x8u);
	if (cpu_has(CPU_FPU))
		EXPECT_LAW(arch_thread_check(), "fpu F1");
	write_cr0(cr0);
	main_tss.cpu.iomap_base = IOMAP_BITMAP;
	*behind = 0x7f;
	EXPECT_LAW(arch_thread_check(), "io_ports O1");
	main_tss.cpu.iomap_base = IOMAP_NONE;
	EXPECT_NULL(arch_thread_check());
	main_tss.cpu.iomap_base = base;
	*behind = last;
	irq_restore(flags);
}

static const char *without_area;

static void hide_area(struct trap_regs *regs)
{
	struct arch_thread *thread = &current_thread()->arch;
	irqflags_t flags = irq_save();
	void *area = thread->fpu;

	thread->fpu = NULL;
	without_area = arch_thread_check();
	thread->fpu = area;
	irq_restore(flags);
}

KTEST(fpu, check_finds_an_owner_without_an_area)
{
	need_fpu();
	without_area = NULL;
	syscall_set_hook(hide_area);
	ring3_init(&r3[0], &keep_st);
	ring3_data(&r3[0], 0)[1] = 1;
	ring3_run(&r3[0]);
	syscall_set_hook(NULL);
	EXPECT_EQ(r3[0].regs.vector, VECTOR_UD);
	EXPECT_LAW(without_area, "fpu F2");
	ring3_destroy(&r3[0]);
}
