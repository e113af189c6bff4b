// SPDX-License-Identifier: MIT
/*
 * ram.c - physical memory of the simulated machine
 *
 * WHAT     One sparse memory file stands for the whole physical address space
 *          of the machine: the file's offset is the physical address. Three
 *          kinds of mapping show the file.
 *
 * PICTURE    memfd     0 ............ 896 MiB ............ 4 GiB ...... end
 *            window    [==========================================]  all of it,
 *                      at any address; only the "hardware" looks there
 *            direct    [==============]  at bias + 0xc0000000, the kernel's
 *            pages             []   []   one frame each, at a bias + kva that
 *                              the MMU chose (tlb.c)
 *
 * TERMS    bias      HOST_KVA_BIAS: where kva 0 would be in this process
 *          reserved  mapped PROT_NONE, so that nothing else settles there
 * COST     Memory is used only where the kernel touches it, so a machine with
 *          64 GiB is no problem.
 * NOT HERE the decision what is mapped (mmu.c, tlb.c).
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <arch/kva.h>

#include "tests/host/host.h"

#define KIB(n)  ((uint64_t)(n) << 10)
#define GIB(n)  ((uint64_t)(n) << 30)

static int      memory_file;
static uint64_t memory_size;
static char    *window;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* The system call itself is safe in the SIGSEGV handler; ASan ignores it. */
static void map_fixed(void *at, uint64_t size, int prot, int flags, int fd,
		      uint64_t offset)
{
	long got = syscall(SYS_mmap, at, size, prot, flags | MAP_FIXED, fd,
			   offset);

	if (got == -1)
		die("mmap");
}

static void add_range(struct host_memory *m, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	assert(m->nr_ranges < HOST_RANGES_MAX);
	m->range[m->nr_ranges++] =
		(struct host_range){ PHYS(start), PHYS(end) };
}

void host_memory_pc(struct host_memory *m, uint64_t size, uint64_t below_4g)
{
	uint64_t low = MIN(size, below_4g);

	m->nr_ranges = 0;
	add_range(m, 0, KIB(639));
	add_range(m, ISA_HOLE_END, low);
	add_range(m, GIB(4), GIB(4) + size - low);
}

void host_memory_cut(struct host_memory *m, phys_addr_t start, phys_addr_t end)
{
	struct host_memory old = *m;

	m->nr_ranges = 0;
	for (unsigned i = 0; i < old.nr_ranges; i++) {
		const struct host_range *r = &old.range[i];

		add_range(m, r->start.v, MIN(r->end.v, start.v));
		add_range(m, MAX(r->start.v, end.v), r->end.v);
	}
}

phys_addr_t host_memory_end(const struct host_memory *m)
{
	assert(m->nr_ranges > 0);
	return m->range[m->nr_ranges - 1].end;
}

void host_ram_init(const struct host_memory *m)
{
	/* Device registers below 4 GiB read as zeros. */
	memory_size = MAX(host_memory_end(m).v, GIB(4));
	memory_file = memfd_create("pagoda-ram", MFD_CLOEXEC);
	if (memory_file < 0 || ftruncate(memory_file, (off_t)memory_size))
		die("memfd");
	window = mmap(NULL, memory_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_NORESERVE, memory_file, 0);
	if (window == MAP_FAILED)
		die("mmap of physical memory");

	map_fixed(kva_to_ptr(0), HOST_KVA_SPAN, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

void host_ram_map_direct(uint64_t lowmem)
{
	map_fixed(kva_to_ptr(PAGE_OFFSET), lowmem, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_NORESERVE, memory_file, 0);
}

void *host_ram(phys_addr_t pa)
{
	assert(pa.v < memory_size);
	return window + pa.v;
}

uint64_t host_ram_size(void)
{
	return memory_size;
}

void host_map_page(kva_t va, phys_addr_t frame, int prot)
{
	assert(frame.v + PAGE_SIZE <= memory_size);
	map_fixed(kva_to_ptr(va), PAGE_SIZE, prot, MAP_SHARED | MAP_NORESERVE,
		  memory_file, frame.v);
}

void host_unmap_page(kva_t va)
{
	map_fixed(kva_to_ptr(va), PAGE_SIZE, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}
