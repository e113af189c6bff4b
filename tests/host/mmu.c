// SPDX-License-Identifier: MIT
/*
 * mmu.c - the memory-management unit of the simulated machine
 *
 * WHAT     When an access finds no translation in the TLB, walks the PAE page
 *          tables that the kernel built in simulated physical memory, as the
 *          manual says a CPU does. It is a second implementation on purpose: it
 *          shares no code and no constants with arch/i386/mm, so that a mistake
 *          there is not repeated here.
 *
 * PICTURE    access to bias + va
 *               |  translation in the TLB: the page is mapped, no trap
 *               |  else SIGSEGV
 *               v
 *            host_walk(): PDPTE register -> PDE -> PTE
 *               |  allowed                    |  refused
 *               v                             v
 *            set A and D, fill the TLB,    page fault: a host_try() returns
 *            try the access again          false, anything else panics
 *
 * TERMS    PDPTE register  the CPU reads the four PDPTEs at `mov cr3` only
 *          supervisor      all code here runs as ring 0
 *
 * NOT HERE mapping pages of the process (ram.c), forgetting them (tlb.c).
 * SEE      SDM volume 3, 4.4 "PAE paging", 4.6 "access rights", 4.7
 *          "page-fault exceptions", 4.8 "accessed and dirty flags".
 */
#define _GNU_SOURCE
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <arch/cr.h>
#include <arch/kva.h>

#include "tests/host/host.h"

/* SDM tables 4-8 to 4-11, written a second time. */
#define BIT(n)      (1ull << (n))
#define E_PRESENT   BIT(0)
#define E_WRITE     BIT(1)
#define E_USER      BIT(2)
#define E_ACCESSED  BIT(5)
#define E_DIRTY     BIT(6)
#define E_LARGE     BIT(7)
#define E_GLOBAL    BIT(8)
#define E_XD        BIT(63)

static uint64_t    pdpte_registers[4];
static sigjmp_buf *try_env;   /* of the innermost host_try() */

static uint64_t bits_between(unsigned low, unsigned high)
{
	return low > high ? 0 : (BIT(high) - 1 + BIT(high)) & ~(BIT(low) - 1);
}

/* Bits of an address that this CPU does not have. */
static uint64_t above_width(unsigned top)
{
	return bits_between(host_cpu.phys_bits, top);
}

static uint64_t *entry_at(uint64_t table, unsigned index)
{
	return (uint64_t *)host_ram(PHYS(table)) + index;
}

static uint64_t entry_address(uint64_t entry)
{
	return entry & bits_between(12, 51);
}

static struct host_walk refuse(const char *rule, unsigned error)
{
	return (struct host_walk){ .error = error, .rule = rule };
}

static uint64_t reserved_bits(uint64_t entry, bool large)
{
	uint64_t reserved = above_width(62) | bits_between(52, 62);

	if (!(host_cpu.efer & EFER_NXE))
		reserved |= E_XD;
	if (large)
		reserved |= bits_between(13, 20);
	return entry & reserved;
}

/* An access needs the right at each level. */
static struct host_walk check_access(uint64_t pde, uint64_t last,
				     uint64_t frame, unsigned access)
{
	struct host_walk w = {
		.frame = PHYS(frame),
		.writable = (pde & last & E_WRITE) ||
			    !(host_cpu.cr0 & CR0_WP),
		.executable = !((pde | last) & E_XD),
		.global = (last & E_GLOBAL) && (host_cpu.cr4 & CR4_PGE),
	};

	if (frame >= host_ram_size())
		return refuse("no memory at this physical address", access);
	if ((access & HOST_FAULT_W) && !w.writable)
		return refuse("write to a read-only page",
			      access | HOST_FAULT_P);
	if ((access & HOST_FAULT_I) && !w.executable)
		return refuse("NX set", access | HOST_FAULT_P);
	w.ok = true;
	return w;
}

struct host_walk host_walk(kva_t va, unsigned access)
{
	uint64_t pdpte = pdpte_registers[va >> 30];
	unsigned reserved = access | HOST_FAULT_P | HOST_FAULT_RSVD;
	uint64_t pde, pte;

	if (!(host_cpu.cr0 & CR0_PG))
		return refuse("paging is off", access);
	if (!(pdpte & E_PRESENT))
		return refuse("PDPTE not present", access);
	pde = *entry_at(entry_address(pdpte), va >> 21 & 511);
	if (!(pde & E_PRESENT))
		return refuse("PDE not present", access);
	if (reserved_bits(pde, pde & E_LARGE))
		return refuse("reserved bit set in the PDE", reserved);
	if (pde & E_LARGE)
		return check_access(pde, pde,
				    (pde & bits_between(21, 51)) +
				    (va & bits_between(12, 20)), access);
	pte = *entry_at(entry_address(pde), va >> 12 & 511);
	if (!(pte & E_PRESENT))
		return refuse("PTE not present", access);
	if (reserved_bits(pte, false))
		return refuse("reserved bit set in the PTE", reserved);
	return check_access(pde, pte, entry_address(pte), access);
}

void host_walk_mark(kva_t va, unsigned access)
{
	uint64_t *pde = entry_at(entry_address(pdpte_registers[va >> 30]),
				 va >> 21 & 511);
	uint64_t *last = pde;

	*pde |= E_ACCESSED;
	if (!(*pde & E_LARGE))
		last = entry_at(entry_address(*pde), va >> 12 & 511);
	*last |= E_ACCESSED;
	if (access & HOST_FAULT_W)
		*last |= E_DIRTY;
}

void host_load_pdptes(uint32_t cr3)
{
	uint64_t reserved = BIT(1) | BIT(2) | bits_between(5, 8) |
			    above_width(62) | bits_between(52, 63);

	for (unsigned i = 0; i < ARRAY_SIZE(pdpte_registers); i++) {
		uint64_t entry = *entry_at(cr3 & ~31u, i);

		if (entry & E_PRESENT && entry & reserved)
			panic("#GP at mov cr3: reserved bit in PDPTE %u", i);
		pdpte_registers[i] = entry;
	}
}

bool host_try(void (*access)(void *arg), void *arg)
{
	sigjmp_buf *outer = try_env;
	sigjmp_buf env;
	bool ok = false;

	if (!sigsetjmp(env, 0)) {
		try_env = &env;
		access(arg);
		ok = true;
	}
	try_env = outer;
	return ok;
}

static void page_fault(kva_t va, const struct host_walk *walk)
{
	if (try_env)
		siglongjmp(*try_env, 1);
	panic("page fault at 0x%08x, error %#x: %s", va, walk->error,
	      walk->rule);
}

/* A fault outside the kernel's addresses is a bug of the host program. */
static void __noreturn host_fault(const void *address)
{
	panic("SIGSEGV at host address %p", address);
}

static void handle_segv(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	uintptr_t offset = (uintptr_t)info->si_addr - HOST_KVA_BIAS;
	unsigned access = (unsigned)uc->uc_mcontext.gregs[REG_ERR] &
			  (HOST_FAULT_W | HOST_FAULT_I);
	kva_t va = (kva_t)offset & PAGE_MASK;
	struct host_walk walk;
	int prot = PROT_READ;

	if (offset >= HOST_KVA_SPAN)
		host_fault(info->si_addr);
	walk = host_walk(va, access);
	if (!walk.ok)
		return page_fault((kva_t)offset, &walk);
	host_walk_mark(va, access);
	/* Before the first write not writable: this write has to set D. */
	if (access & HOST_FAULT_W)
		prot |= PROT_WRITE;
	if (walk.executable)
		prot |= PROT_EXEC;
	host_tlb_fill(va, &walk, prot);
}

void host_mmu_init(void)
{
	struct sigaction action = {
		.sa_sigaction = handle_segv,
		/* NODEFER: a fault may end in longjmp() to a test. */
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGSEGV, &action, NULL)) {
		perror("sigaction");
		exit(2);
	}
}
