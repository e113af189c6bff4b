// SPDX-License-Identifier: MIT
/*
 * cpu.c - tests of CPU features, control registers, and small <arch/...> parts
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/cycles.h>
#include <arch/irqflags.h>
#include <arch/setjmp.h>

#include "tests/ktest.h"

#define CR4_SMEP  (1u << 20)
#define CR4_SMAP  (1u << 21)

SUITE(cpu, NULL);

KTEST(cpu, has_what_the_kernel_cannot_do_without)
{
	EXPECT(cpu_has(CPU_PAE));
	EXPECT(cpu_has(CPU_TSC));
}

KTEST(cpu, physical_width_is_plausible)
{
	EXPECT(cpu_phys_bits() >= 32 && cpu_phys_bits() <= 52);
}

KTEST(cpu, write_protection_holds_for_the_kernel)
{
	EXPECT(read_cr0() & CR0_WP);
	EXPECT(read_cr0() & CR0_PG);
	EXPECT(read_cr4() & CR4_PAE);
}

KTEST(cpu, control_bits_are_those_of_the_features)
{
	EXPECT_EQ(!!(read_cr4() & CR4_PGE), cpu_has(CPU_PGE));
	EXPECT_EQ(!!(read_cr4() & CR4_SMEP), cpu_has(CPU_SMEP));
	EXPECT_EQ(!!(read_cr4() & CR4_SMAP), cpu_has(CPU_SMAP));
	if (cpu_has(CPU_NX))
		EXPECT(read_efer() & EFER_NXE);
}

KTEST(cpu, cycles_go_forward)
{
	uint64_t first = cycles();
	uint64_t second = cycles();

	EXPECT(second > first);
}

KTEST(cpu, interrupts_stay_off_until_restored)
{
	irqflags_t outer = irq_save();
	irqflags_t inner = irq_save();

	EXPECT(irqs_disabled());
	irq_restore(inner);
	EXPECT(irqs_disabled());
	irq_restore(outer);
}

static struct kernel_jmp_buf env;

static noinline void jump(int value)
{
	/* Change registers and do not restore them: longjmp must do that. */
	__asm__ volatile("" : : : "ebx", "esi", "edi");
	kernel_longjmp(&env, value);
}

KTEST(cpu, setjmp_returns_once_more)
{
	volatile unsigned rounds = 0;
	int value = kernel_setjmp(&env);

	rounds++;
	if (value < 3)
		jump(value + 1);
	EXPECT_EQ(value, 3);
	EXPECT_EQ(rounds, 4);
}
