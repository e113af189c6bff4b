// SPDX-License-Identifier: MIT
/*
 * cpuid.c - what this CPU can do
 *
 * WHAT     Asks CPUID once, row by row of CPU_FEATURES, and switches on what
 *          the kernel uses.
 *
 * TERMS    leaf     a question to CPUID, in EAX. There are two ranges, from 0
 *                   and from 0x80000000; the first leaf of a range tells the
 *                   last. A leaf above the last one answers with values of
 *                   another leaf, so it must not be asked.
 *
 * RULES of cpu
 *          C1  a feature is in use only if cpu_has() says so
 *
 * SEE      SDM volume 2, "CPUID"; volume 3, 2.5 "Control registers".
 */
#include <arch/cpu.h>
#include <arch/cr.h>

#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"

#define CR4_UMIP  0x00000800u
#define CR4_SMEP  0x00100000u
#define CR4_SMAP  0x00200000u

#define EXTENDED_LEAVES   0x80000000u
#define LEAF_BRAND        0x80000002u   /* and the two after it: 48 letters  */
#define LEAF_ADDRESS_BITS 0x80000008u

#define PHYS_BITS_MIN     32u
#define PHYS_BITS_MAX     52u           /* what a PAE entry has room for     */

enum cpuid_register { EAX, EBX, ECX, EDX };

struct cpuid {
	uint32_t reg[4];
};

struct feature_row {
	const char         *name;
	uint32_t            leaf;
	enum cpuid_register reg;
	unsigned            bit;
};

static const struct feature_row feature_rows[CPU_NR_FEATURES] = {
#define F(name, leaf, reg, bit, what) { #name, leaf, reg, bit },
	CPU_FEATURES(F)
#undef F
};

static bool features[CPU_NR_FEATURES];
static unsigned phys_bits = 32;

static struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid id;

	__asm__ volatile("cpuid"
			 : "=a"(id.reg[EAX]), "=b"(id.reg[EBX]),
			   "=c"(id.reg[ECX]), "=d"(id.reg[EDX])
			 : "a"(leaf), "c"(0));
	return id;
}

/*
 * May this leaf be asked? A CPU without extended leaves answers the question
 * for their number with any value, mostly outside the range.
 */
static bool has_leaf(uint32_t leaf)
{
	uint32_t range = leaf & EXTENDED_LEAVES;
	uint32_t last = cpuid(range).reg[EAX];

	return leaf <= last && last < range + 0x10000;
}

void cpu_detect(void)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < CPU_NR_FEATURES; i++) {
		const struct feature_row *f = &feature_rows[i];

		features[i] = has_leaf(f->leaf) &&
			      cpuid(f->leaf).reg[f->reg] >> f->bit & 1;
	}
	/* boot/cpu_gate.c has the same rule, and cuts the memory map by it. */
	if (has_leaf(LEAF_ADDRESS_BITS))
		bits = cpuid(LEAF_ADDRESS_BITS).reg[EAX] & 0xff;
	if (bits < PHYS_BITS_MIN)
		bits = features[CPU_PSE36] ? 36 : 32;
	phys_bits = MIN(bits, PHYS_BITS_MAX);
}

void cpu_disable(enum cpu_feature feature)
{
	features[feature] = false;
}

void cpu_enable_features(void)
{
	uint32_t cr4 = read_cr4();

	write_cr0(read_cr0() | CR0_WP);
	if (features[CPU_NX])
		write_efer(read_efer() | EFER_NXE);
	if (features[CPU_PGE])
		cr4 |= CR4_PGE;
	if (features[CPU_SMEP])
		cr4 |= CR4_SMEP;
	if (features[CPU_SMAP])
		cr4 |= CR4_SMAP;
	if (features[CPU_UMIP])
		cr4 |= CR4_UMIP;
	write_cr4(cr4);
}

/* The name that the CPU gives itself, or its vendor. `name` has 49 bytes. */
static void brand(char *name)
{
	struct cpuid id = cpuid(0);

	memset(name, 0, 49);
	if (!has_leaf(LEAF_BRAND + 2)) {
		memcpy(name, &id.reg[EBX], 4);
		memcpy(name + 4, &id.reg[EDX], 4);
		memcpy(name + 8, &id.reg[ECX], 4);
		return;
	}
	for (unsigned i = 0; i < 3; i++) {
		id = cpuid(LEAF_BRAND + i);
		memcpy(name + 16 * i, id.reg, 16);
	}
}

/* " PSE TSC ...": the features that are there, or those that are not. */
static void feature_names(char *buf, size_t size, bool there)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < CPU_NR_FEATURES; i++) {
		if (features[i] == there)
			len += (size_t)scnprintf(buf + len, size - len, " %s",
						 feature_rows[i].name);
	}
}

void cpu_log(void)
{
	char name[49], names[128];

	brand(name);
	pr_info("cpu: %s, physical addresses of %u bits\n", name, phys_bits);
	feature_names(names, sizeof(names), true);
	pr_info("cpu: has%s\n", names);
	feature_names(names, sizeof(names), false);
	if (names[0])
		pr_info("cpu: has not%s\n", names);
}

bool cpu_has(enum cpu_feature feature)
{
	return features[feature];
}

unsigned cpu_phys_bits(void)
{
	return phys_bits;
}
