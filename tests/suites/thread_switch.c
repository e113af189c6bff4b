// SPDX-License-Identifier: MIT
/*
 * thread_switch.c - tests of the switch between two stacks
 *
 * ALGORITHM  There is no scheduler here: the tests call arch_thread_switch()
 *          between two stacks, with interrupts off.
 */
#include <arch/irqflags.h>
#include <arch/kva.h>
#include <arch/thread.h>

#include "lib/string.h"
#include "tests/ktest.h"

#define STACK_WORDS  1024u

SUITE(thread_switch, NULL);

static struct arch_thread here, there;
static uint32_t stack[STACK_WORDS] __aligned(16);
static unsigned nr_switches;
static void *seen_arg;
static uint32_t seen_esp, seen_eflags;

static kva_t stack_top(void)
{
	return ptr_to_kva(stack + STACK_WORDS);
}

static void bounce(void *arg)
{
	__asm__ volatile("mov %%esp, %0; pushf; pop %1"
			 : "=r"(seen_esp), "=r"(seen_eflags));
	seen_arg = arg;
	for (;;) {
		nr_switches++;
		arch_thread_switch(&there, &here);
	}
}

static irqflags_t begin(void *arg)
{
	irqflags_t flags = irq_save();

	nr_switches = 0;
	arch_thread_init(&there, stack_top(), bounce, arg);
	return flags;
}

KTEST(thread_switch, the_first_switch_begins_the_function)
{
	irqflags_t flags = begin(&here);

	arch_thread_switch(&here, &there);
	irq_restore(flags);
	EXPECT_EQ(nr_switches, 1);
	EXPECT(seen_arg == &here);
	EXPECT(seen_esp < stack_top() - sizeof(struct trap_regs));
	EXPECT(seen_esp > stack_top() - 512);
	EXPECT(!(seen_eflags & EFLAGS_IF));
}

KTEST(thread_switch, a_new_thread_has_no_state)
{
	memset(&there, 0xff, sizeof(there));
	irq_restore(begin(NULL));
	EXPECT(!there.fpu);
	for (unsigned i = 0; i < TLS_ENTRIES; i++)
		EXPECT_EQ(there.tls[i], 0);
}

/* The registers of ring 3 have their place above the first frame. */
KTEST(thread_switch, room_for_user_registers_is_left)
{
	for (unsigned i = 0; i < STACK_WORDS; i++)
		stack[i] = 0xabababab;
	irq_restore(begin(NULL));
	for (unsigned i = 1; i <= sizeof(struct trap_regs) / 4; i++)
		EXPECT_EQ(stack[STACK_WORDS - i], 0xabababab);
}

KTEST(thread_switch, registers_survive_a_thousand_switches)
{
	irqflags_t flags = begin(NULL);
	uint32_t b = 0x11111111, s = 0x22222222, d = 0x33333333;

	for (unsigned i = 0; i < 1000; i++) {
		struct arch_thread *prev = &here, *next = &there;

		__asm__ volatile("call arch_thread_switch"
				 : "+a"(prev), "+d"(next), "+b"(b), "+S"(s),
				   "+D"(d)
				 : : "ecx", "memory", "cc");
		EXPECT_EQ(b, 0x11111111);
		EXPECT_EQ(s, 0x22222222);
		EXPECT_EQ(d, 0x33333333);
	}
	irq_restore(flags);
	EXPECT_EQ(nr_switches, 1000);
}

KTEST(thread_switch, user_registers_begin_as_linuxs)
{
	struct trap_regs regs;

	memset(&regs, 0xff, sizeof(regs));
	arch_user_regs_init(&regs, UADDR(0x08048000), UADDR(0xbffffff0));
	EXPECT_EQ(regs.eip, 0x08048000);
	EXPECT_EQ(regs.user_esp, 0xbffffff0);
	EXPECT_EQ(regs.eflags, 0x202);
	EXPECT_EQ(regs.cs, 0x73);
	EXPECT_EQ(regs.ds, 0x7b);
	EXPECT_EQ(regs.user_ss, 0x7b);
	EXPECT_EQ(regs.eax | regs.ebx | regs.ecx | regs.edx, 0);
	EXPECT_EQ(regs.esi | regs.edi | regs.ebp | regs.gs | regs.fs, 0);
}
