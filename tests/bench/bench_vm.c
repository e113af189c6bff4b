// SPDX-License-Identifier: MIT
/*
 * bench_vm.c - what the memory calls and faults of user mode cost
 *
 * WHAT     mm/vm/ called from the kernel, on an address space that is not
 *          loaded: without the ring crossing and without TLB flushes.
 *          tests/user/bench_user.c measures from ring 3 what a program sees.
 */
#include "mm/vm/fault.h"
#include "tests/bench.h"

#define ANON        (MAP_PRIVATE | MAP_ANONYMOUS)
#define PROT_RW     (PROT_READ | PROT_WRITE)
#define PLACE       0x10000000u
#define FAULT_PAGES 256u
#define NR_AREAS    8u     /* of the small task */

/* An address space with a neighbour above the place where mmap() looks. */
static struct mm *bench_mm(struct bench *b)
{
	struct mm *mm;

	if (mm_create(&mm)) {
		bench_skip(b, "no memory");
		return NULL;
	}
	if (mm_mmap(mm, UADDR(0), PAGE_SIZE, PROT_READ, ANON) < 0 &&
	    mm->nr_vmas != 1)
		bench_skip(b, "no memory");
	return mm;
}

BENCH(vm_mmap_munmap_4k_untouched, 1000)
{
	struct mm *mm = bench_mm(b);

	while (mm && bench_next(b)) {
		long addr = mm_mmap(mm, UADDR(0), PAGE_SIZE, PROT_RW, ANON);

		mm_munmap(mm, UADDR((uint32_t)addr), PAGE_SIZE);
	}
	if (mm)
		mm_put(mm);
}

static void protect_pairs(struct bench *b, uint32_t addr, uint32_t length)
{
	struct mm *mm = bench_mm(b);

	if (!mm)
		return;
	mm_mmap(mm, UADDR(PLACE), 3 * PAGE_SIZE, PROT_RW,
		ANON | MAP_FIXED | MAP_POPULATE);
	while (bench_next(b)) {
		mm_mprotect(mm, UADDR(addr), length, PROT_READ);
		mm_mprotect(mm, UADDR(addr), length, PROT_RW);
	}
	mm_put(mm);
}

BENCH(vm_mprotect_toggle_whole_3p, 1000)
{
	protect_pairs(b, PLACE, 3 * PAGE_SIZE);
}

BENCH(vm_mprotect_toggle_middle_1p, 1000)
{
	protect_pairs(b, PLACE + PAGE_SIZE, PAGE_SIZE);
}

static void touch_pages(struct mm *mm, unsigned access)
{
	for (uint32_t i = 0; i < FAULT_PAGES; i++)
		if (vm_fault(mm, UADDR(PLACE + i * PAGE_SIZE), access) !=
		    VM_FAULT_DONE)
			return;
}

/* `before`: the access that touches all pages first; it is not timed. */
static void fault_pages(struct bench *b, unsigned before, unsigned access)
{
	struct mm *mm = bench_mm(b);

	while (mm && bench_batch(b)) {
		mm_mmap(mm, UADDR(PLACE), FAULT_PAGES * PAGE_SIZE, PROT_RW,
			ANON | MAP_FIXED);
		if (before)
			touch_pages(mm, before);
		bench_start(b);
		touch_pages(mm, access);
		bench_stop(b);
		mm_munmap(mm, UADDR(PLACE), FAULT_PAGES * PAGE_SIZE);
	}
	if (mm)
		mm_put(mm);
}

BENCH(vm_fault_first_write, FAULT_PAGES) { fault_pages(b, 0, VM_WRITE); }
BENCH(vm_fault_first_read, FAULT_PAGES) { fault_pages(b, 0, VM_READ); }
BENCH(vm_fault_zero_then_write, FAULT_PAGES)
{
	fault_pages(b, VM_READ, VM_WRITE);
}

/* reuse: the child has written first, so the pages are the parent's alone. */
static void cow_pages(struct bench *b, bool reuse)
{
	struct mm *mm = bench_mm(b), *child;

	while (mm && bench_batch(b)) {
		mm_mmap(mm, UADDR(PLACE), FAULT_PAGES * PAGE_SIZE, PROT_RW,
			ANON | MAP_FIXED);
		touch_pages(mm, VM_WRITE);
		if (mm_fork(mm, &child)) {
			bench_skip(b, "no memory");
			break;
		}
		if (reuse)
			touch_pages(child, VM_WRITE);
		bench_start(b);
		touch_pages(mm, VM_WRITE);
		bench_stop(b);
		mm_put(child);
	}
	if (mm)
		mm_put(mm);
}

BENCH(vm_cow_copy, FAULT_PAGES) { cow_pages(b, false); }
BENCH(vm_cow_reuse, FAULT_PAGES) { cow_pages(b, true); }

/* Areas like those of a static program; a page or two of each are written. */
static void small_task(struct mm *mm)
{
	static const uint32_t start[NR_AREAS] = {
		0x08048000, 0x08050000, 0x08080000, 0x08090000, 0x08091000,
		0x080a0000, 0xb7ff0000, 0xbfff0000,
	};

	for (unsigned i = 0; i < NR_AREAS; i++)
		mm_mmap(mm, UADDR(start[i]), 4 * PAGE_SIZE,
			i % 2 ? PROT_RW : PROT_READ,
			ANON | MAP_FIXED | MAP_POPULATE);
}

BENCH(vm_fork_exit_small_task, 50)
{
	struct mm *mm = bench_mm(b), *child;

	if (mm)
		small_task(mm);
	while (mm && bench_next(b)) {
		if (mm_fork(mm, &child)) {
			bench_skip(b, "no memory");
			break;
		}
		mm_put(child);
	}
	if (mm)
		mm_put(mm);
}

BENCH(vm_create_destroy, 100)
{
	struct mm *mm;

	while (bench_next(b)) {
		if (mm_create(&mm))
			return bench_skip(b, "no memory");
		mm_put(mm);
	}
}
