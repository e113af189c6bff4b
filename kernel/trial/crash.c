// SPDX-License-Identifier: MIT
/*
 * crash.c - ways to die on purpose
 *
 * WHAT     A table of bugs, each in a function as short as it can be. The first
 *          group is for the diagnosis, which tests compare. The second group
 *          tests the judge of a self-test: none of them must look like a pass.
 *
 * SEE      tests/emu; kernel/diag/panic.c for what is printed.
 */
#include "kernel/trial/crash.h"

#include <arch/fixmap.h>
#include <arch/machine.h>
#include <arch/sections.h>

#include "kernel/diag/console.h"
#include "kernel/sched/thread.h"
#include "lib/log.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "mm/kva/vmalloc.h"

#define FAKE_TOTALS    "# pagoda: selftest: 100 passed, 0 failed, 0 skipped\n"
#define HALFWAY_TESTS  5   /* results that are printed before the end        */

/* Bits of an entry's upper half. */
#define HIGH_XD        (1u << 31)
#define HIGH_BIT_51    (1u << 19)   /* above any physical width              */

/* ---- bugs, for the diagnosis -------------------------------------------- */

static void crash_panic(void)
{
	panic("as the command line asked");
}

/* A console that cannot even print that the kernel panics. */
static void broken_write(const char *text, size_t len)
{
	panic("a console is broken");
}

static void crash_panic_twice(void)
{
	static struct console broken = {
		.name = "broken", .write = broken_write,
	};

	console_add(&broken);
	panic("and nobody can print it");
}

static void crash_assert(void)
{
	volatile int two = 2;

	assert(two + two == 5);
}

static void read_at(volatile kva_t va)
{
	(void)*(volatile uint32_t *)kva_to_ptr(va);
}

static void crash_null(void)
{
	read_at(4);   /* the second word of a structure that is not there */
}

static void crash_null_call(void)
{
	void (*volatile function)(void) = NULL;

	function();
}

static void crash_write_ro(void)
{
	*(volatile char *)text_start = 0;
}

static void crash_exec_data(void)
{
	static uint8_t code[] = { 0xc3 };   /* ret */
	void (*volatile function)(void) = (void (*)(void))(uintptr_t)code;

	function();
	panic("data was executed: this CPU has no NX, or nonx was asked for");
}

/* The recursion never ends, but the compiler must not know that. */
static noinline unsigned recurse(volatile unsigned *caller, volatile bool *stop)
{
	volatile unsigned room[16];

	room[0] = caller[0] + 1;
	if (*stop)
		return 0;
	return recurse(room, stop) + room[0];
}

static void crash_guard(void)
{
	volatile unsigned depth = 0;
	volatile bool stop = false;

	recurse(&depth, &stop);
}

static void overflow(void *arg)
{
	crash_guard();
}

/* The new thread has the higher priority, so it runs first. */
static void crash_thread_guard(void)
{
	if (!thread_create("overflower", PRIORITY_KERNEL + 1, overflow, NULL))
		panic("no memory for a thread");
}

static void crash_vmalloc_guard(void)
{
	void *area = vmalloc(PAGE_SIZE);

	if (!area)
		panic("no memory for one page");
	read_at(ptr_to_kva(area) + PAGE_SIZE);
}

static void crash_vmalloc_freed(void)
{
	void *area = vmalloc(PAGE_SIZE);

	if (!area)
		panic("no memory for one page");
	vfree(area);
	read_at(ptr_to_kva(area));
}

static void crash_hole(void)
{
	read_at(VMALLOC_END);
}

static void crash_user(void)
{
	read_at(USER_BASE);
}

/* Read through an entry whose upper half has a bit that is reserved. */
static void read_with_bit(uint32_t high_bit)
{
	set_fixmap(FIX_TEST, PHYS(0), KPROT_RO);
	fixmap_entry(FIX_TEST)->high |= high_bit;
	tlb_flush_page(ptr_to_kva(fix_to_virt(FIX_TEST)));
	read_at(ptr_to_kva(fix_to_virt(FIX_TEST)));
}

static void crash_reserved_bit(void)
{
	read_with_bit(HIGH_BIT_51);
}

static void crash_reserved_nx(void)
{
	read_with_bit(HIGH_XD);
	panic("bit 63 was no reserved bit: ask for nonx too");
}

static void crash_divide(void)
{
	volatile int number = 100, zero = 0;

	panic("100 / 0 is %d", number / zero);
}

static void crash_ud(void)
{
	__asm__ volatile("ud2");
}

static void crash_int3(void)
{
	__asm__ volatile("int3");
}

static void crash_gp(void)
{
	__asm__ volatile("mov %0, %%fs" : : "r"(0x50));   /* no such segment */
}

static void crash_double_fault(void)
{
	/* ESP where nothing is mapped, and then a push. */
	__asm__ volatile("mov %0, %%esp; push %%eax"
			 : : "r"(VMALLOC_END) : "memory");
}

static void NO_LOCK_CHECK crash_deadlock(void)
{
	static struct spinlock lock = SPINLOCK_INIT;

	spin_lock(&lock);
	spin_lock(&lock);
}

/* ---- lies, for the judge ------------------------------------------------- */

static void crash_hang(void)
{
	machine_halt();
}

static void crash_triple(void)
{
	static const uint16_t no_idt[3];

	__asm__ volatile("lidt %0; int3" : : "m"(no_idt));
}

static void crash_fake_pass(void)
{
	console_printf(FAKE_TOTALS);
	machine_halt();
}

static void crash_fake_exit(void)
{
	console_printf(FAKE_TOTALS);
	machine_exit(EXIT_OK);
}

/* A console that counts results, and leaves the machine after some. */
static void halfway_write(const char *text, size_t len)
{
	static const char result[] = "    ok ";
	static unsigned results;

	if (len < sizeof(result) || strncmp(text, result, sizeof(result) - 1))
		return;
	if (++results == HALFWAY_TESTS)
		machine_exit(EXIT_OK);
}

static void crash_halfway(void)
{
	static struct console plug = {
		.name = "halfway", .write = halfway_write,
	};

	console_add(&plug);
}

/* ---- the table ---------------------------------------------------------- */

/*        name            early  ends  */
static const struct crash crashes[] = {
	{ "panic",         false, false, crash_panic, "panic()" },
	{ "panic-twice",   false, true,  crash_panic_twice, "panic() while panic() prints" },
	{ "assert",        false, false, crash_assert, "an assertion that fails" },
	{ "null",          false, false, crash_null, "read through a null pointer" },
	{ "nullcall",      false, false, crash_null_call, "call a null pointer" },
	{ "user",          false, false, crash_user, "read an address of user mode" },
	{ "write-ro",      false, false, crash_write_ro, "write to kernel code" },
	{ "exec-data",     false, false, crash_exec_data, "run data (needs NX)" },
	{ "guard",         false, false, crash_guard, "overflow the stack" },
	{ "thread-guard",  false, false, crash_thread_guard, "overflow the stack of a thread" },
	{ "vmalloc-guard", false, false, crash_vmalloc_guard, "read behind a vmalloc area" },
	{ "vmalloc-freed", false, false, crash_vmalloc_freed, "read a vmalloc area after vfree()" },
	{ "hole",          false, false, crash_hole, "read between two regions" },
	{ "reserved-bit",  false, false, crash_reserved_bit, "reserved address bit in an entry" },
	{ "reserved-nx",   false, false, crash_reserved_nx, "NX bit in an entry, with nonx" },
	{ "divide",        false, false, crash_divide, "divide by zero" },
	{ "ud",            false, false, crash_ud, "invalid opcode" },
	{ "int3",          false, false, crash_int3, "breakpoint" },
	{ "gp",            false, false, crash_gp, "load a selector that is none" },
	{ "double-fault",  false, false, crash_double_fault, "push with a wild ESP" },
	{ "deadlock",      false, false, crash_deadlock, "take a lock twice" },
	{ "hang",          false, true,  crash_hang, "stop without a word" },
	{ "triple",        false, true,  crash_triple, "fault without an IDT: reset" },
	{ "fakepass",      false, true,  crash_fake_pass, "print the line of a pass, then hang" },
	{ "fakeexit",      false, true,  crash_fake_exit, "print it, and exit with the right status" },
	{ "halfway",       false, true,  crash_halfway, "with selftest: leave in mid-suite" },
	{ "early-panic",   true,  true,  crash_panic, "panic() before memory is set up" },
	{ "early-hole",    true,  true,  crash_hole, "read a hole under boot's page tables" },
	{ "early-hang",    true,  true,  crash_hang, "stop before memory is set up" },
	{ "early-triple",  true,  true,  crash_triple, "reset before memory is set up" },
};

const struct crash *crash_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(crashes); i++) {
		if (!strcmp(crashes[i].name, name))
			return &crashes[i];
	}
	return NULL;
}

const struct crash *crash_at(unsigned i)
{
	return i < ARRAY_SIZE(crashes) ? &crashes[i] : NULL;
}

void crash_list(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(crashes); i++)
		pr_info("  crash=%-14s %s\n", crashes[i].name, crashes[i].what);
}
