// SPDX-License-Identifier: MIT
/*
 * traps.c - tests of exceptions, fix-ups, guard pages and the double fault
 */
#include <arch/cpu.h>
#include <arch/fixmap.h>
#include <arch/kva.h>
#include <arch/irq.h>
#include <arch/probe.h>
#include <arch/sections.h>
#include <arch/stack.h>
#include <arch/trap.h>

#include "lib/string.h"
#include "tests/ktest.h"

#define EFLAGS_TF  0x100u
#define EFLAGS_DF  0x400u

static const char *traps_check(void)
{
	const char *law = trap_check();

	return law ? law : stack_check();
}

SUITE(traps, traps_check);

/* ---- hooks ---- */

static struct trap_regs seen;
static unsigned nr_seen;

static bool note(struct trap_regs *regs)
{
	seen = *regs;
	nr_seen++;
	return true;
}

/* All the faulting instructions below are two bytes long. */
static bool note_and_skip(struct trap_regs *regs)
{
	regs->eip += 2;
	return note(regs);
}

static void hook(unsigned vector, trap_hook_fn fn)
{
	nr_seen = 0;
	memset(&seen, 0, sizeof(seen));
	trap_set_hook(vector, fn);
}

KTEST(traps, each_exception_has_a_name)
{
	for (unsigned a = 0; a < 32; a++) {
		EXPECT(*trap_name(a) && *trap_mnemonic(a));
		for (unsigned b = a + 1; b < 32; b++)
			EXPECT(strcmp(trap_name(a), trap_name(b)) != 0 &&
			       strcmp(trap_mnemonic(a), trap_mnemonic(b)) != 0);
	}
	EXPECT_STREQ(trap_name(14), "page fault");
	EXPECT_STREQ(trap_mnemonic(13), "#GP");
	EXPECT_STREQ(trap_name(32), "interrupt");
}

KTEST(traps, breakpoint_goes_on_behind_it)
{
	hook(3, note);
	__asm__ volatile("int3");
	trap_set_hook(3, NULL);
	EXPECT_EQ(nr_seen, 1);
	EXPECT_EQ(seen.vector, 3);
	EXPECT_EQ(*(uint8_t *)kva_to_ptr(seen.eip - 1), 0xcc);
}

KTEST(traps, handler_sees_the_interrupted_registers)
{
	uint32_t b = 0x22222222;

	hook(3, note);
	__asm__ volatile("int3" : "+b"(b)
			 : "a"(0x11111111), "c"(0x33333333), "d"(0x44444444),
			   "S"(0x55555555), "D"(0x66666666));
	trap_set_hook(3, NULL);
	EXPECT_EQ(seen.eax, 0x11111111);
	EXPECT_EQ(seen.ebx, 0x22222222);
	EXPECT_EQ(seen.ecx, 0x33333333);
	EXPECT_EQ(seen.edx, 0x44444444);
	EXPECT_EQ(seen.esi, 0x55555555);
	EXPECT_EQ(seen.edi, 0x66666666);
	EXPECT_EQ(seen.ebp, (uintptr_t)__builtin_frame_address(0));
	EXPECT_EQ(b, 0x22222222);
}

static bool change_registers(struct trap_regs *regs)
{
	regs->eax++;
	regs->edi--;
	return note(regs);
}

KTEST(traps, handler_may_change_the_registers)
{
	uint32_t a = 41, di = 43;

	hook(3, change_registers);
	__asm__ volatile("int3" : "+a"(a), "+D"(di));
	trap_set_hook(3, NULL);
	EXPECT_EQ(a, 42);
	EXPECT_EQ(di, 42);
}

static uint32_t flags_in_handler;

static bool note_flags(struct trap_regs *regs)
{
	__asm__ volatile("pushf; pop %0" : "=r"(flags_in_handler));
	return note(regs);
}

KTEST(traps, handler_runs_with_clean_flags)
{
	hook(3, note_flags);
	__asm__ volatile("std; int3; cld" : : : "cc");
	trap_set_hook(3, NULL);
	EXPECT(seen.eflags & EFLAGS_DF);
	EXPECT(!(flags_in_handler & EFLAGS_DF));
}

KTEST(traps, divide_error_points_at_the_instruction)
{
	uint32_t low = 1, high = 0;

	hook(0, note_and_skip);
	__asm__ volatile("divl %2" : "+a"(low), "+d"(high) : "c"(0));
	trap_set_hook(0, NULL);
	EXPECT_EQ(nr_seen, 1);
	EXPECT_EQ(seen.error, 0);
	EXPECT_EQ(*(uint8_t *)kva_to_ptr(seen.eip - 2), 0xf7);
}

KTEST(traps, invalid_opcode)
{
	hook(6, note_and_skip);
	__asm__ volatile("ud2");
	trap_set_hook(6, NULL);
	EXPECT_EQ(nr_seen, 1);
}

KTEST(traps, general_protection_names_the_selector)
{
	hook(13, note_and_skip);
	__asm__ volatile("mov %0, %%fs" : : "a"(0x50));
	trap_set_hook(13, NULL);
	EXPECT_EQ(nr_seen, 1);
	EXPECT_EQ(seen.error, 0x50);
}

KTEST(traps, a_vector_without_gate_is_a_general_protection_fault)
{
	hook(13, note_and_skip);
	__asm__ volatile("int $200");
	trap_set_hook(13, NULL);
	EXPECT_EQ(nr_seen, 1);
	EXPECT_EQ(seen.error, 200 * 8 + 2);
}

static bool stop_stepping(struct trap_regs *regs)
{
	regs->eflags &= ~EFLAGS_TF;
	return note(regs);
}

KTEST(traps, single_step_stops_after_one_instruction)
{
	uint32_t count = 0;

	hook(1, stop_stepping);
	__asm__ volatile("pushf\n"
			 "orl %1, (%%esp)\n"
			 "popf\n"
			 "incl %0\n"          /* the trap comes after this */
			 "incl %0\n"
			 : "+b"(count) : "i"(EFLAGS_TF) : "cc");
	trap_set_hook(1, NULL);
	EXPECT_EQ(nr_seen, 1);
	EXPECT_EQ(seen.ebx, 1);
	EXPECT_EQ(count, 2);
}

KTEST(traps, a_spurious_interrupt_is_counted_and_forgotten)
{
	unsigned long before = irq_spurious_count();

	__asm__ volatile("int %0" : : "i"(IRQ_VECTOR_BASE + 7));
	__asm__ volatile("int %0" : : "i"(IRQ_VECTOR_BASE + 15));
	EXPECT_EQ(irq_spurious_count(), before + 2);
}

/* ---- the panic that an exception becomes ---- */

static void do_read(void *address)
{
	(void)*(volatile uint32_t *)address;
}

static void do_write(void *address)
{
	*(volatile uint32_t *)address = 0;
}

static void do_call(void *address)
{
	void (*function)(void) = (void (*)(void))(uintptr_t)address;

	function();
}

static void do_ud(void *arg)
{
	__asm__ volatile("ud2");
}

static void do_bad_selector(void *arg)
{
	__asm__ volatile("mov %0, %%fs" : : "a"(0x50));
}

static void do_int200(void *arg)
{
	__asm__ volatile("int $200");
}

KTEST(traps, unexpected_exceptions_panic_by_name)
{
	EXPECT_PANIC(do_ud, NULL, "invalid opcode (#UD) at do_ud+0x");
	EXPECT_PANIC(do_bad_selector, NULL, "selector 0x50 of the GDT");
	EXPECT_PANIC(do_int200, NULL, "vector 200 of the IDT");
}

KTEST(traps, page_faults_panic_with_their_cause)
{
	EXPECT_PANIC(do_read, (void *)4, "read of 0x00000004: null pointer");
	EXPECT_PANIC(do_write, text_start, "read-only");
	EXPECT_PANIC(do_read, kva_to_ptr(VMALLOC_END), "hole between regions");
	EXPECT_PANIC(do_call, NULL, "execution of 0x00000000: null pointer");
}

KTEST(traps, a_caught_panic_leaves_nothing_behind)
{
	EXPECT_PANIC(do_ud, NULL, "#UD");
	EXPECT(!trap_fatal());
}

/* ---- probes ---- */

KTEST(traps, probes_tell_what_is_mapped)
{
	uint32_t word = 0x12345678, copy = 0;
	uint8_t byte;

	EXPECT(probe_read32(&word, &copy));
	EXPECT_EQ(copy, word);
	EXPECT(probe_read8(&word, &byte));
	EXPECT_EQ(byte, 0x78);
	EXPECT(probe_write(&word));
	EXPECT_EQ(word, 0x12345678);
	EXPECT(!probe_read32(NULL, &copy));
	EXPECT(!probe_read8(kva_to_ptr(VMALLOC_END), &byte));
	EXPECT(!probe_read8(kva_to_ptr(FIXADDR_TOP), &byte));
	EXPECT(!probe_write(NULL));
}

/* As a number: for the compiler, nothing lies in front of an array. */
static void *last_byte(const char *end)
{
	return kva_to_ptr(ptr_to_kva(end) - 1);
}

KTEST(traps, code_and_constants_are_read_only)
{
	uint8_t byte;

	EXPECT(probe_read8(text_start, &byte));
	EXPECT(!probe_write(text_start));
	EXPECT(!probe_write(last_byte(text_end)));
	EXPECT(probe_read8(rodata_start, &byte));
	EXPECT(!probe_write(rodata_start));
	EXPECT(!probe_write(last_byte(rodata_end)));
	EXPECT(probe_write(data_start));
	EXPECT(probe_write(last_byte(bss_end)));
}

KTEST(traps, data_does_not_run)
{
	static uint8_t data_ret[] = { 0xc3 };
	static const uint8_t rodata_ret[] = { 0xc3 };
	static const uint8_t insn_ret __section(".text.ret") = 0xc3;
	bool runs = !cpu_has(CPU_NX);

	EXPECT(probe_execute(&insn_ret));
	EXPECT_EQ(probe_execute(data_ret), runs);
	EXPECT_EQ(probe_execute(rodata_ret), runs);
	EXPECT(!probe_execute(NULL));
	EXPECT(!probe_execute(kva_to_ptr(VMALLOC_END)));
}

/* ---- stacks ---- */

KTEST(traps, stacks_have_guard_pages)
{
	const struct kernel_stack *stack;
	uint8_t byte;

	for_each_kernel_stack(stack) {
		EXPECT(!probe_read8(kva_to_ptr(stack->guard), &byte));
		EXPECT(!probe_read8(kva_to_ptr(stack->base - 1), &byte));
		EXPECT(probe_read8(kva_to_ptr(stack->base), &byte));
		EXPECT(probe_read8(kva_to_ptr(stack->top - 1), &byte));
	}
}

KTEST(traps, a_stack_is_found_by_its_addresses)
{
	const struct kernel_stack *here = stack_find(ptr_to_kva(&here));

	REQUIRE(here != NULL);
	EXPECT_STREQ(here->name, "boot stack");
	EXPECT(stack_find_guard(here->guard) == here);
	EXPECT(stack_find_guard(here->base - 1) == here);
	EXPECT(!stack_find_guard(here->base));
	EXPECT(stack_find(here->base) == here);
	EXPECT(!stack_find(here->guard));
}

static noinline unsigned recurse(volatile unsigned *caller, volatile bool *stop)
{
	volatile unsigned room[16];

	room[0] = caller[0] + 1;
	if (*stop)
		return 0;
	return recurse(room, stop) + room[0];
}

static void overflow(void *arg)
{
	volatile unsigned depth = 0;
	volatile bool stop = false;

	recurse(&depth, &stop);
}

/* A call takes most of a page: ESP gets into the middle of the guard page. */
static noinline unsigned recurse_in_strides(volatile unsigned *caller,
					    volatile bool *stop)
{
	volatile unsigned room[700];

	room[0] = caller[0] + 1;
	if (*stop)
		return 0;
	return recurse_in_strides(room, stop) + room[0];
}

static void overflow_in_strides(void *arg)
{
	volatile unsigned depth = 0;
	volatile bool stop = false;

	recurse_in_strides(&depth, &stop);
}

KTEST(traps, a_stack_overflow_is_diagnosed)
{
	EXPECT_PANIC(overflow, NULL, "in the guard page of the boot stack");
}

KTEST(traps, and_the_next_one_too)
{
	EXPECT_PANIC(overflow, NULL, "kernel stack overflow at recurse");
	EXPECT_PANIC(overflow_in_strides, NULL, "kernel stack overflow");
}

static void push_nowhere(void *arg)
{
	__asm__ volatile("mov %0, %%esp; push %%eax"
			 : : "r"(VMALLOC_END) : "memory");
}

KTEST(traps, a_wild_stack_pointer_is_a_double_fault)
{
	EXPECT_PANIC(push_nowhere, NULL, "double fault (#DF) at push_nowhere");
}
