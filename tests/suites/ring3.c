// SPDX-License-Identifier: MIT
/*
 * ring3.c (suite) - what ring 3 cannot do, and what it finds
 *
 * ALGORITHM  Each test runs a few instructions in ring 3. In every case they
 *          end in an exception of their own thread, and the kernel goes on.
 * NOT HERE instructions that are forbidden in ring 3: ring3_forbidden.c.
 */
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/kva.h>
#include <arch/sections.h>
#include <arch/syscall.h>

#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/page_alloc.h"
#include "tests/ring3.h"

#define EFLAGS_TF    0x00000100u
#define EFLAGS_IOPL  0x00003000u
#define EFLAGS_NT    0x00004000u
#define EFLAGS_VM    0x00020000u
#define EFLAGS_AC    0x00040000u

/* Selectors as Linux i386 has them. */
#define LINUX_USER_CS  0x73
#define LINUX_USER_DS  0x7b
#define LINUX_TLS      0x33

SUITE(ring3, sched_check);

static struct ring3 r3;

static unsigned run(const struct ring3_code *code)
{
	return ring3_try(&r3, code);
}

/* ---- registers ---------------------------------------------------------- */

RING3_CODE(just_stop, "ud2");

KTEST(ring3, a_program_begins_with_clean_registers)
{
	EXPECT_EQ(run(&just_stop), VECTOR_UD);
	EXPECT_EQ(r3.regs.eip, RING3_CODE_VA);
	EXPECT_EQ(r3.regs.user_esp, RING3_STACK_TOP);
	EXPECT_EQ(r3.regs.eax | r3.regs.ebx | r3.regs.ecx | r3.regs.edx, 0);
	EXPECT_EQ(r3.regs.esi | r3.regs.edi | r3.regs.ebp, 0);
	EXPECT_EQ(r3.regs.cs, LINUX_USER_CS);
	EXPECT_EQ(r3.regs.user_ss, LINUX_USER_DS);
	EXPECT_EQ(r3.regs.ds & 0xffff, LINUX_USER_DS);
	EXPECT_EQ(r3.regs.es & 0xffff, LINUX_USER_DS);
	EXPECT_EQ((r3.regs.fs | r3.regs.gs) & 0xffff, 0);
	EXPECT_EQ(r3.regs.eflags & ~0x10000u, 0x202);   /* #UD sets RF */
}

RING3_CODE(fill, "movl $1, %eax; movl $2, %ebx; movl $3, %ecx;"
		 "movl $4, %edx; movl $5, %esi; movl $6, %edi; movl $7, %ebp;"
		 "pushl $8; popl 0x20000000; pushl $9; ud2");

KTEST(ring3, an_exception_has_its_registers)
{
	ring3_init(&r3, &fill);
	ring3_run(&r3);
	EXPECT_EQ(r3.regs.eax, 1);
	EXPECT_EQ(r3.regs.ebx, 2);
	EXPECT_EQ(r3.regs.ecx, 3);
	EXPECT_EQ(r3.regs.edx, 4);
	EXPECT_EQ(r3.regs.esi, 5);
	EXPECT_EQ(r3.regs.edi, 6);
	EXPECT_EQ(r3.regs.ebp, 7);
	EXPECT_EQ(r3.regs.user_esp, RING3_STACK_TOP - 4);
	EXPECT_EQ(ring3_data(&r3, 0)[0], 8);
	EXPECT_EQ(ring3_data(&r3, 1)[PAGE_SIZE / 4 - 1], 9);
	ring3_destroy(&r3);
}

/* ---- exceptions --------------------------------------------------------- */

RING3_CODE(divide, "divl %ecx");
RING3_CODE(break_point, "int3");
RING3_CODE(overflow, "int $4");
RING3_CODE(step, "pushf; orl $0x100, (%esp); popf; nop; nop");
RING3_CODE(read_null, "movl 0, %eax");
RING3_CODE(write_kernel, "movl %eax, 0xc0100000");
RING3_CODE(read_kernel, "movl 0xc0100000, %eax");
RING3_CODE(read_top, "movl 0xfffffffc, %eax");
RING3_CODE(write_code, "movl %eax, 0x10000000");
RING3_CODE(run_data, "movl $0xc3, 0x20000000; movl $0x20000000, %eax;"
		     "call *%eax; ud2");
RING3_CODE(run_kernel, "movl $0xc0100000, %eax; jmp *%eax");

KTEST(ring3, exceptions_are_its_own)
{
	EXPECT_EQ(run(&divide), VECTOR_DE);
	EXPECT_EQ(run(&break_point), VECTOR_BP);
	EXPECT_EQ(run(&overflow), VECTOR_OF);
}

KTEST(ring3, single_step_stops_behind_one_instruction)
{
	EXPECT_EQ(run(&step), VECTOR_DB);
	EXPECT_EQ(r3.regs.eip, RING3_CODE_VA + 10);
}

KTEST(ring3, page_faults_tell_address_and_access)
{
	EXPECT_EQ(run(&read_null), VECTOR_PF);
	EXPECT_EQ(r3.regs.cr2, 0);
	EXPECT_EQ(r3.regs.error, PF_USER);
	EXPECT_EQ(run(&write_code), VECTOR_PF);
	EXPECT_EQ(r3.regs.cr2, RING3_CODE_VA);
	EXPECT_EQ(r3.regs.error, PF_USER | PF_WRITE | PF_PRESENT);
}

KTEST(ring3, the_kernel_can_be_neither_read_nor_written_nor_run)
{
	EXPECT_EQ(run(&read_kernel), VECTOR_PF);
	EXPECT_EQ(r3.regs.error, PF_USER | PF_PRESENT);
	EXPECT_EQ(run(&write_kernel), VECTOR_PF);
	EXPECT_EQ(run(&read_top), VECTOR_PF);
	EXPECT_EQ(r3.regs.cr2, 0xfffffffc);
	EXPECT_EQ(run(&run_kernel), VECTOR_PF);
	EXPECT_EQ(r3.regs.eip, 0xc0100000);
}

KTEST(ring3, data_does_not_run)
{
	EXPECT_EQ(run(&run_data), cpu_has(CPU_NX) ? VECTOR_PF : VECTOR_UD);
	if (!cpu_has(CPU_NX))
		return;
	EXPECT_EQ(r3.regs.cr2, RING3_DATA_VA);
	EXPECT_EQ(r3.regs.error, PF_USER | PF_PRESENT | PF_FETCH);
}

/* ---- TLS, and selectors that become bad --------------------------------- */

static void set_tls(struct trap_regs *regs)
{
	(void)arch_set_tls(&current_thread()->arch, 6, RING3_DATA_VA + 4096,
			   0xfffff, 0x51);
	regs->eax = 0;
}

static void clear_tls(struct trap_regs *regs)
{
	(void)arch_set_tls(&current_thread()->arch, 6, 0, 0, 0x28);
}

KTEST(ring3, set_thread_area_gives_linuxs_selector)
{
	struct arch_thread t = { 0 };

	EXPECT_EQ(arch_set_tls(&t, -1, 0x1000, 0xfffff, 0x51), 6);
	EXPECT_EQ(arch_set_tls(&t, -1, 0x1000, 0xfffff, 0x51), 7);
	EXPECT_EQ(arch_set_tls(&t, -1, 0x1000, 0xfffff, 0x51), 8);
	EXPECT_EQ(arch_set_tls(&t, -1, 0x1000, 0xfffff, 0x51), -ESRCH);
	EXPECT_EQ(arch_set_tls(&t, 7, 0, 0, 0x28), 7);
	EXPECT_EQ(t.tls[1], 0);
	EXPECT_EQ(arch_set_tls(&t, -1, 0, 0, 0x51), 7);
	EXPECT_EQ(t.tls[0], 0x00dff3000000ffffull | 0x10000000ull);
	EXPECT_EQ(arch_set_tls(&t, 5, 0, 0, 0x51), -EINVAL);
	EXPECT_EQ(arch_set_tls(&t, 9, 0, 0, 0x51), -EINVAL);
	EXPECT_EQ(arch_set_tls(&t, 6, 0, 1, 0x50), -EINVAL);   /* 16 bits */
	EXPECT_EQ(arch_set_tls(&t, 6, 0, 1, 0x55), -EINVAL);   /* code */
	EXPECT_EQ(arch_set_tls(&t, 6, 0, 1, 0x71), -EINVAL);   /* absent */
}

RING3_CODE(tls_user, "int $0x80; movl $0x33, %eax; movl %eax, %gs;"
		     "movl %gs:4, %ebx; ud2");

KTEST(ring3, tls_is_reached_through_gs)
{
	ring3_init(&r3, &tls_user);
	ring3_data(&r3, 1)[1] = 4711;
	syscall_set_hook(set_tls);
	ring3_run(&r3);
	syscall_set_hook(NULL);
	EXPECT_EQ(r3.regs.vector, VECTOR_UD);
	EXPECT_EQ(r3.regs.ebx, 4711);
	EXPECT_EQ(r3.regs.gs & 0xffff, LINUX_TLS);
	ring3_destroy(&r3);
}

static unsigned tls_calls;

static void set_then_clear(struct trap_regs *regs)
{
	if (tls_calls++ == 0)
		set_tls(regs);
	else
		clear_tls(regs);
}

RING3_CODE(gs_vanishes, "int $0x80; movl $0x33, %eax; movl %eax, %gs;"
			"int $0x80; movl %gs, %ebx; movl %gs:4, %ecx");

KTEST(ring3, a_selector_that_became_bad_is_null_on_return)
{
	ring3_init(&r3, &gs_vanishes);
	tls_calls = 0;
	syscall_set_hook(set_then_clear);
	ring3_run(&r3);
	syscall_set_hook(NULL);
	EXPECT_EQ(r3.regs.ebx, 0);
	/* A null selector gives #GP; in QEMU it is a segment at 0. */
	EXPECT(r3.regs.vector == VECTOR_GP ||
	       (r3.regs.vector == VECTOR_PF && r3.regs.cr2 == 4));
	ring3_destroy(&r3);
}

RING3_CODE(ss_vanishes, "int $0x80; movl $0x33, %eax; movl %eax, %ss;"
			"int $0x80; nop");

KTEST(ring3, a_stack_segment_that_became_bad_is_ring_3s_fault)
{
	ring3_init(&r3, &ss_vanishes);
	tls_calls = 0;
	syscall_set_hook(set_then_clear);
	ring3_run(&r3);
	syscall_set_hook(NULL);
	EXPECT_EQ(r3.regs.vector, VECTOR_GP);
	EXPECT_EQ(r3.regs.eip, RING3_CODE_VA + 11);
	ring3_destroy(&r3);
}

static void odd_registers(struct trap_regs *regs)
{
	regs->eflags = 0xffffffff;
	regs->cs = 0x60;
	regs->user_ss = 0x68;
	regs->ds = 0x68;
	regs->es = 0x80;
	regs->fs = 0xffff;
	regs->gs = 3;
	arch_user_regs_sanitize(regs);
	regs->eflags &= ~EFLAGS_TF;
}

RING3_CODE(call_once, "int $0x80; ud2");

KTEST(ring3, sanitized_registers_are_harmless)
{
	ring3_init(&r3, &call_once);
	syscall_set_hook(odd_registers);
	ring3_run(&r3);
	syscall_set_hook(NULL);
	EXPECT_EQ(r3.regs.vector, VECTOR_UD);
	EXPECT_EQ(r3.regs.cs, LINUX_USER_CS);
	EXPECT_EQ(r3.regs.user_ss, LINUX_USER_DS);
	EXPECT_EQ((r3.regs.ds | r3.regs.es | r3.regs.fs | r3.regs.gs) & 0xffff,
		  0);
	EXPECT_EQ(r3.regs.eflags & (EFLAGS_IOPL | EFLAGS_VM | EFLAGS_NT), 0);
	ring3_destroy(&r3);
}

/* ---- system calls ------------------------------------------------------- */

static struct trap_regs call_regs;
static unsigned nr_calls;
static uint32_t call_flags;

static void note_call(struct trap_regs *regs)
{
	__asm__ volatile("pushf; pop %0" : "=r"(call_flags));
	call_regs = *regs;
	nr_calls++;
	regs->eax = 99;
}

static void run_calls(const struct ring3_code *code)
{
	nr_calls = 0;
	memset(&call_regs, 0, sizeof(call_regs));
	syscall_set_hook(note_call);
	ring3_init(&r3, code);
	ring3_run(&r3);
	syscall_set_hook(NULL);
	ring3_destroy(&r3);
}

RING3_CODE(call_int, "movl $20, %eax; movl $1, %ebx; movl $2, %ecx;"
		     "movl $3, %edx; movl $4, %esi; movl $5, %edi;"
		     "movl $6, %ebp; stc; std; int $0x80; ud2");

KTEST(ring3, int_80_keeps_all_but_eax)
{
	run_calls(&call_int);
	EXPECT_EQ(nr_calls, 1);
	EXPECT_EQ(call_regs.vector, VECTOR_SYSCALL);
	EXPECT_EQ(call_regs.eax, 20);
	EXPECT_EQ(call_regs.error, 20);
	EXPECT(!(call_flags & 0x400) && call_flags & 0x200);
	EXPECT_EQ(r3.regs.eax, 99);
	EXPECT_EQ(r3.regs.ebx, 1);
	EXPECT_EQ(r3.regs.ecx, 2);
	EXPECT_EQ(r3.regs.edx, 3);
	EXPECT_EQ(r3.regs.esi, 4);
	EXPECT_EQ(r3.regs.edi, 5);
	EXPECT_EQ(r3.regs.ebp, 6);
	EXPECT_EQ(r3.regs.user_esp, RING3_STACK_TOP);
	EXPECT(r3.regs.eflags & 0x400 && r3.regs.eflags & 1);
}

RING3_CODE(odd_state, "pushl $0x44ed7; popfl; xorl %eax, %eax;"
		      "movl %eax, %ds; movl %eax, %es; int $0x80; ud2");

KTEST(ring3, odd_flags_and_segments_do_not_reach_the_kernel)
{
	run_calls(&odd_state);
	EXPECT_EQ(nr_calls, 1);
	EXPECT(call_regs.eflags & EFLAGS_AC);
	EXPECT_EQ(call_flags & (EFLAGS_AC | EFLAGS_NT | 0x400), 0);
	EXPECT_EQ((call_regs.ds | call_regs.es) & 0xffff, 0);
	EXPECT_EQ(r3.regs.vector, VECTOR_UD);
	EXPECT_EQ((r3.regs.ds | r3.regs.es) & 0xffff, 0);
}

/* As in kernel/uapi/abi.h; relative, because the code may lie anywhere. */
#define SYSENTER_CALL                                                      \
	"pushl %ecx; pushl %edx; pushl %ebp; call 1f; 1: "                 \
	"addl $(2f - 1b), (%esp); movl %esp, %ebp; sysenter;"              \
	"2: addl $8, %esp; popl %edx; popl %ecx;"

RING3_CODE(call_sysenter, "movl $1024, %eax; movl $1, %ebx; movl $2, %ecx;"
			  "movl $3, %edx; movl $4, %esi; movl $5, %edi;"
			  "movl $6, %ebp; std;" SYSENTER_CALL "ud2");

static void need_sysenter(void)
{
	if (!cpu_has(CPU_SEP))
		SKIP("needs SYSENTER");
}

KTEST(ring3, sysenter_is_int_80_in_fewer_cycles)
{
	need_sysenter();
	run_calls(&call_sysenter);
	EXPECT_EQ(r3.regs.vector, VECTOR_UD);
	EXPECT_EQ(nr_calls, 1);
	EXPECT_EQ(call_regs.vector, VECTOR_SYSENTER);
	EXPECT_EQ(call_regs.eax, 1024);
	EXPECT_EQ(call_regs.ebx, 1);
	EXPECT_EQ(call_regs.ecx, 2);
	EXPECT_EQ(call_regs.edx, 3);
	EXPECT_EQ(call_regs.esi, 4);
	EXPECT_EQ(call_regs.edi, 5);
	EXPECT_EQ(call_regs.ebp, 6);
	EXPECT_EQ(call_regs.user_esp, RING3_STACK_TOP - 16);
	EXPECT(!(call_flags & 0x400) && call_flags & 0x200);
	EXPECT_EQ(r3.regs.eax, 99);
	EXPECT_EQ(r3.regs.ebx, 1);
	EXPECT_EQ(r3.regs.ecx, 2);
	EXPECT_EQ(r3.regs.edx, 3);
	EXPECT_EQ(r3.regs.esi, 4);
	EXPECT_EQ(r3.regs.edi, 5);
	EXPECT_EQ(r3.regs.ebp, 6);
	EXPECT_EQ(r3.regs.user_esp, RING3_STACK_TOP);
	EXPECT_EQ(r3.regs.cs, LINUX_USER_CS);
	EXPECT_EQ(r3.regs.user_ss, LINUX_USER_DS);
}

/* A call that gives results in ECX and EDX. */
static void give_results(struct trap_regs *regs)
{
	regs->ecx = 0x0c0c0c0c;
	regs->edx = 0x0d0d0d0d;
	regs->ebp = 0x0b0b0b0b;
}

RING3_CODE(sysenter_results, "call 1f; 1: addl $(2f - 1b), (%esp);"
			     "movl %esp, %ebp; sysenter; 2: ud2");

KTEST(ring3, results_in_ecx_and_edx_arrive)
{
	need_sysenter();
	ring3_init(&r3, &sysenter_results);
	syscall_set_hook(give_results);
	/* The call reads 4(%ebp), which must not lie above the stack. */
	r3.regs.user_esp -= 4;
	ring3_run(&r3);
	syscall_set_hook(NULL);
	EXPECT_EQ(r3.regs.vector, VECTOR_UD);
	EXPECT_EQ(r3.regs.ecx, 0x0c0c0c0c);
	EXPECT_EQ(r3.regs.edx, 0x0d0d0d0d);
	EXPECT_EQ(r3.regs.ebp, 0x0b0b0b0b);
	EXPECT_EQ(r3.regs.user_esp, RING3_STACK_TOP - 8);
	ring3_destroy(&r3);
}

RING3_CODE(sysenter_flags, "pushl $0x44fd7; popfl;" SYSENTER_CALL "ud2");

KTEST(ring3, sysenter_with_odd_flags_is_harmless)
{
	need_sysenter();
	/* TF is set: the step ends before SYSENTER, or in its entry. */
	run_calls(&sysenter_flags);
	EXPECT(r3.regs.vector == VECTOR_DB || r3.regs.vector == VECTOR_UD);
}

/* TF is set by the last instruction before SYSENTER. */
RING3_CODE(step_into, "call 1f; 1: addl $(2f - 1b), (%esp);"
		      "movl %esp, %ebp; pushl $0x302; popfl; sysenter; 2: ud2");

KTEST(ring3, a_step_into_sysenter_goes_on_behind_it)
{
	need_sysenter();
	ring3_init(&r3, &step_into);
	nr_calls = 0;
	syscall_set_hook(note_call);
	r3.regs.user_esp -= 4;
	ring3_run(&r3);
	syscall_set_hook(NULL);
	EXPECT_EQ(r3.regs.vector, VECTOR_UD);
	EXPECT_EQ(nr_calls, 1);
	EXPECT_EQ(call_flags & EFLAGS_TF, 0);
	ring3_destroy(&r3);
}

RING3_CODE(sysenter_null, "xorl %ebp, %ebp; sysenter");
RING3_CODE(sysenter_hole, "movl $0x30000000, %ebp; sysenter");
RING3_CODE(sysenter_kernel, "movl $0xc0100000, %ebp; sysenter");
RING3_CODE(sysenter_line, "movl $0xbffffffc, %ebp; sysenter");
RING3_CODE(sysenter_wrap, "movl $0xfffffffc, %ebp; sysenter");
RING3_CODE(sysenter_half, "call 1f; 1: popl %eax; addl $(2f - 1b), %eax;"
			  "movl $0x20001ffc, %ebp; movl %eax, (%ebp);"
			  "sysenter; 2: ud2");

KTEST(ring3, sysenter_without_its_words_is_a_page_fault)
{
	static const struct {
		const struct ring3_code *code;
		uint32_t                 ebp;
	} cases[] = {
		{ &sysenter_null, 0 }, { &sysenter_hole, 0x30000000 },
		{ &sysenter_kernel, 0xc0100000 },
		{ &sysenter_line, 0xbffffffc }, { &sysenter_wrap, 0xfffffffc },
	};

	need_sysenter();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		run_calls(cases[i].code);
		EXPECT_EQ(nr_calls, 0);
		EXPECT_EQ(r3.regs.vector, VECTOR_PF);
		EXPECT_EQ(r3.regs.cr2, cases[i].ebp);
		EXPECT_EQ(r3.regs.eip, 0);
		EXPECT(r3.regs.error & PF_USER);
	}
}

/* The first word, where to go on, can be read: so -EFAULT can be returned. */
KTEST(ring3, sysenter_with_one_of_its_words_fails)
{
	need_sysenter();
	run_calls(&sysenter_half);
	EXPECT_EQ(nr_calls, 0);
	EXPECT_EQ(r3.regs.vector, VECTOR_UD);
	EXPECT_EQ((int)r3.regs.eax, -EFAULT);
	EXPECT_EQ(r3.regs.ebp, 0x20001ffc);
	EXPECT_EQ(r3.regs.user_esp, 0x20001ffc);
}

/* ---- the way back ------------------------------------------------------- */

RING3_CODE(spin, "1: incl 0x20000000; cmpl $0, 0x20000004; je 1b; ud2");

KTEST(ring3, it_is_preempted)
{
	volatile uint32_t *words;

	ring3_init(&r3, &spin);
	words = ring3_data(&r3, 0);
	ring3_start(&r3);
	/* The thread never waits, but the test runs again. */
	EXPECT(WAIT_UNTIL(words[0] > 0));
	words[1] = 1;
	ring3_wait(&r3);
	EXPECT_EQ(r3.regs.vector, VECTOR_UD);
	ring3_destroy(&r3);
}

/* ---- a fuzzer ----------------------------------------------------------- */

#define FUZZ_RUNS  300

static void ignore_call(struct trap_regs *regs)
{
	regs->eax = (uint32_t)-ENOSYS;
}

RING3_CODE(to_be_random, "ud2");

static void fuzz_one(struct rng *rng)
{
	uint32_t *code, *words = (uint32_t *)&r3.regs;

	ring3_init(&r3, &to_be_random);
	code = page_address(r3.code);
	for (unsigned i = 0; i < 64; i++)
		code[i] = rng_next(rng);
	/* The general registers; the segment registers are sanitized. */
	for (unsigned i = 1; i < 9; i++)
		words[i] = rng_next(rng);
	r3.regs.ds = rng_below(rng, 0x100);
	r3.regs.fs = rng_next(rng);
	r3.regs.eflags = rng_next(rng);
	arch_user_regs_sanitize(&r3.regs);
	ring3_start(&r3);
	thread_yield();
	for (unsigned i = 0; i < 10 && !r3.ended; i++)
		thread_sleep_ns(NS_PER_TICK);
	/* Random code may loop: now it finds only UD2. */
	memset(code, 0x0f, PAGE_SIZE);
	for (unsigned i = 0; i < PAGE_SIZE / 2; i++)
		((uint16_t *)code)[i] = 0x0b0f;   /* UD2 */
	ring3_wait(&r3);
	ring3_destroy(&r3);
}

KTEST(ring3, random_code_harms_only_itself)
{
	unsigned threads = sched_nr_threads();
	struct rng rng;

	rng_init(&rng, ktest_seed());
	syscall_set_hook(ignore_call);
	for (unsigned i = 0; i < FUZZ_RUNS; i++)
		fuzz_one(&rng);
	syscall_set_hook(NULL);
	EXPECT_EQ(sched_nr_threads(), threads);
}
