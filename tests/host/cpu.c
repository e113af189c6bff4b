// SPDX-License-Identifier: MIT
/*
 * cpu.c (host) - the processor of the simulated machine
 *
 * WHAT     The processor's features, which the command line of the host program
 *          sets; its control registers, its interrupt flag, and accesses that
 *          may fault.
 * SEE      <arch/cpu.h>, <arch/cr.h>, <arch/irqflags.h>, <arch/probe.h>.
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/irqflags.h>
#include <arch/probe.h>

#include "tests/host/host.h"

struct host_cpu host_cpu = {
	.nx = true, .pge = true, .pse = true, .phys_bits = 36,
	/* As boot/ leaves them. */
	.cr0 = CR0_WP, .cr4 = CR4_PSE | CR4_PAE,
};

struct host_irq host_irq = { .flags = EFLAGS_IF };

bool cpu_has(enum cpu_feature feature)
{
	switch (feature) {
	case CPU_NX:
		return host_cpu.nx;
	case CPU_PGE:
		return host_cpu.pge;
	case CPU_PSE:
		return host_cpu.pse;
	case CPU_PAE:
	case CPU_TSC:
		return true;
	default:
		return false;
	}
}

unsigned cpu_phys_bits(void)
{
	return host_cpu.phys_bits;
}

/* ---- control registers -------------------------------------------------- */

uint32_t read_cr0(void)
{
	return host_cpu.cr0;
}

void write_cr0(uint32_t value)
{
	host_cpu.cr0 = value;
	host_tlb_flush(true);
}

uint32_t read_cr3(void)
{
	return host_cpu.cr3;
}

/* The first load starts the MMU: before it the host has no tables. */
void write_cr3(uint32_t value)
{
	host_load_pdptes(value);
	host_cpu.cr3 = value;
	host_cpu.cr0 |= CR0_PG;
	host_tlb_flush(false);
}

uint32_t read_cr4(void)
{
	return host_cpu.cr4;
}

void write_cr4(uint32_t value)
{
	if (value & CR4_PGE && !host_cpu.pge)
		panic("#GP: CR4.PGE set on a CPU without it");
	host_cpu.cr4 = value;
	host_tlb_flush(true);
}

uint32_t read_efer(void)
{
	if (!host_cpu.nx)
		panic("#GP: rdmsr of EFER on a CPU without NX");
	return host_cpu.efer;
}

void write_efer(uint32_t value)
{
	if (!host_cpu.nx)
		panic("#GP: wrmsr of EFER on a CPU without NX");
	host_cpu.efer = value;
}

void invlpg(uint32_t va)
{
	host_tlb_flush_page(va);
}

/* ---- interrupt flag ----------------------------------------------------- */

irqflags_t irq_save(void)
{
	irqflags_t flags = host_irq.depth << 16 | host_irq.flags;

	host_irq.depth++;
	host_irq.flags = 0;
	return flags;
}

void irq_restore(irqflags_t flags)
{
	if (flags >> 16 != host_irq.depth - 1)
		panic("irq_restore: level %u while %u is the innermost",
		      flags >> 16, host_irq.depth - 1);
	host_irq.depth--;
	host_irq.flags = flags & EFLAGS_IF;
}

/* ---- accesses that may fault -------------------------------------------- */

struct probe {
	void    *ptr;
	uint32_t value;
};

static void read8(void *arg)
{
	struct probe *p = arg;

	p->value = READ_ONCE(*(uint8_t *)p->ptr);
}

static void read32(void *arg)
{
	struct probe *p = arg;

	p->value = READ_ONCE(*(uint32_t *)p->ptr);
}

/* A locked addition of nothing: reads and writes in one instruction. */
static void write8(void *arg)
{
	struct probe *p = arg;

	__asm__ volatile("lock addb $0, (%0)" : : "r"(p->ptr) : "memory");
}

static void execute(void *arg)
{
	struct probe *p = arg;

	((void (*)(void))p->ptr)();
}

bool probe_read8(const void *ptr, uint8_t *value)
{
	struct probe p = { .ptr = (void *)ptr };

	if (!host_try(read8, &p))
		return false;
	*value = (uint8_t)p.value;
	return true;
}

bool probe_read32(const void *ptr, uint32_t *value)
{
	struct probe p = { .ptr = (void *)ptr };

	if (!host_try(read32, &p))
		return false;
	*value = p.value;
	return true;
}

bool probe_write(void *ptr)
{
	struct probe p = { .ptr = ptr };

	return host_try(write8, &p);
}

bool probe_execute(const void *ptr)
{
	struct probe p = { .ptr = (void *)ptr };

	return host_try(execute, &p);
}
