// SPDX-License-Identifier: MIT
/*
 * cpu_gate.c - may this CPU enter?
 *
 * WHAT     Refuses a CPU that lacks a feature which the kernel's code uses, and
 *          names the feature. Finds the width of a physical address. NX, PGE,
 *          PSE, APIC and the FPU are optional; the kernel proper checks for
 *          them.
 *
 * ALGORITHM  First: is there a CPUID instruction (can EFLAGS.ID be changed)?
 *          Then: does leaf 1 have each row of the table `needs`? boot/ is
 *          compiled for an i486, so this check can run on an old CPU.
 *
 *          The rows are the features that the compiler may use (the Makefile's
 *          KERNEL_ARCH), and the features that the kernel uses without a check.
 *          tests/emu/test_machines.py looks for both in the image.
 *
 *          Width of a physical address, the first rule that applies:
 *            leaf 0x80000008 exists   what the leaf says
 *            PSE36                    36
 *            otherwise                32
 *          The SDM's rule for the second line is "PAE: 36". It is wrong for
 *          QEMU's default CPU, which has PAE and faults on bit 32.
 *
 * SEE      SDM volume 1, 20.1 (EFLAGS.ID), volume 2, CPUID; volume 3, 4.1.4.
 */
#include "boot/cpu_gate.h"

#include "boot/fail.h"

#define EFLAGS_ID       0x00200000u

/* Leaf 1, EDX. */
#define CPUID_PSE       (1u << 3)
#define CPUID_TSC       (1u << 4)
#define CPUID_MSR       (1u << 5)
#define CPUID_PAE       (1u << 6)
#define CPUID_CMOV      (1u << 15)
#define CPUID_PSE36     (1u << 17)
#define CPUID_FXSR      (1u << 24)
#define CPUID_SSE       (1u << 25)

#define CPUID_EXT_MAX   0x80000000u
#define CPUID_EXT_WIDTH 0x80000008u
#define CPUID_EXT_LIMIT 0x8000ffffu  /* above it the "maximum" is garbage */

#define CR4_PSE         0x10u
#define CR4_PAE         0x20u

#define WIDTH_MIN       32u
#define WIDTH_MAX       52u          /* what a PAE entry has room for     */

#define WHAT_HAS_IT \
	"Every CPU since the Pentium Pro of 1995 has it. In QEMU, leave out " \
	"-cpu or take\n-cpu max."

static const struct need {
	uint32_t    feature;
	uint32_t    where;   /* needed only with this feature; 0: always */
	const char *text;
} needs[] = {
	{ CPUID_PAE, 0,
	  "PAE (physical address extension), which all page tables here use" },
	{ CPUID_TSC, 0,
	  "TSC (time-stamp counter), by which the kernel counts cycles" },
	{ CPUID_MSR, 0,
	  "MSRs (model-specific registers), in which NX and SYSENTER are "
	  "set up" },
	{ CPUID_CMOV, 0,
	  "CMOV (conditional moves), which the compiler uses" },
	{ CPUID_FXSR, CPUID_SSE,
	  "FXSR (FXSAVE), without which its SSE registers cannot be saved" },
};

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static bool has_cpuid(void)
{
	uint32_t before, after;

	__asm__("pushfl\n\t"
		"popl	%0\n\t"
		"movl	%0, %1\n\t"
		"xorl	%2, %1\n\t"
		"pushl	%1\n\t"
		"popfl\n\t"
		"pushfl\n\t"
		"popl	%1\n\t"
		"pushl	%0\n\t"
		"popfl"
		: "=&r"(before), "=&r"(after) : "i"(EFLAGS_ID) : "cc");
	return (before ^ after) & EFLAGS_ID;
}

static struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid r;

	__asm__("cpuid"
		: "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		: "0"(leaf), "2"(0));
	return r;
}

static unsigned phys_bits(uint32_t features)
{
	uint32_t max = cpuid(CPUID_EXT_MAX).eax;
	unsigned bits;

	if (max >= CPUID_EXT_WIDTH && max <= CPUID_EXT_LIMIT) {
		bits = cpuid(CPUID_EXT_WIDTH).eax & 0xff;
		if (bits >= WIDTH_MIN)
			return MIN(bits, WIDTH_MAX);
	}
	return features & CPUID_PSE36 ? 36 : 32;
}

void cpu_gate(struct cpu_facts *facts)
{
	uint32_t features;

	if (!has_cpuid())
		boot_fail("this CPU has no CPUID instruction, so no PAE.\n"
			  WHAT_HAS_IT);
	features = cpuid(1).edx;
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		const struct need *need = &needs[i];

		if ((features & need->where) == need->where &&
		    !(features & need->feature))
			boot_fail("this CPU has no %s.\n" WHAT_HAS_IT,
				  need->text);
	}

	/*
	 * Under PAE, PSE changes nothing (SDM 4.4.1). But without PSE, v86
	 * takes a 2 MiB entry for an entry that leads to a page table.
	 */
	facts->cr4_bits = CR4_PAE | (features & CPUID_PSE ? CR4_PSE : 0);
	facts->phys_bits = phys_bits(features);
}
