// SPDX-License-Identifier: MIT
/*
 * memory.c - the memory calls: from registers to mm/vm/ and back
 *
 * WHAT     mm/vm/ has Linux's flags and errors, so most calls are one line. The
 *          rest is what needs user memory (mincore) or a file (mmap2).
 *
 * SEE      mm/vm/mm.h; Linux mm/mmap.c, mm/mincore.c.
 */
#include <arch/layout.h>
#include <arch/uaccess.h>

#include "kernel/linux/linux_impl.h"
#include "kernel/task/task.h"
#include "lib/errno.h"

#define MINCORE_STEP  256u    /* bytes of the answer that are copied at once */

static struct mm *own_mm(void)
{
	return current_task()->mm;
}

long linux_brk(struct trap_regs *regs)
{
	return mm_brk(own_mm(), UADDR(regs->ebx));
}

/* ESI: flags; EBP: the offset in the file, in pages. */
long linux_mmap2(struct trap_regs *regs)
{
	uint32_t length = regs->ecx, offset = regs->ebp;
	uint32_t pages = length / PAGE_SIZE + !!(length % PAGE_SIZE);

	if (unlikely(!(regs->esi & MAP_ANONYMOUS)))
		return linux_ask_personality(regs, -EBADF);
	/* Without a file the offset means nothing; on Linux it may not wrap. */
	if (unlikely(offset && length && length <= PAGE_OFFSET &&
		     offset + pages < offset))
		return -EOVERFLOW;
	return mm_mmap(own_mm(), UADDR(regs->ebx), length, regs->edx,
		       regs->esi);
}

long linux_munmap(struct trap_regs *regs)
{
	return mm_munmap(own_mm(), UADDR(regs->ebx), regs->ecx);
}

long linux_mprotect(struct trap_regs *regs)
{
	return mm_mprotect(own_mm(), UADDR(regs->ebx), regs->ecx, regs->edx);
}

long linux_mremap(struct trap_regs *regs)
{
	return mm_mremap(own_mm(), UADDR(regs->ebx), regs->ecx, regs->edx,
			 regs->esi, UADDR(regs->edi));
}

long linux_madvise(struct trap_regs *regs)
{
	return mm_madvise(own_mm(), UADDR(regs->ebx), regs->ecx,
			  (int)regs->edx);
}

long linux_mlock(struct trap_regs *regs)
{
	return mm_mlock(own_mm(), UADDR(regs->ebx), regs->ecx);
}

long linux_munlock(struct trap_regs *regs)
{
	return mm_munlock(own_mm(), UADDR(regs->ebx), regs->ecx);
}

long linux_mincore(struct trap_regs *regs)
{
	uaddr_t start = UADDR(regs->ebx), vec = UADDR(regs->edx);
	uint32_t pages = regs->ecx / PAGE_SIZE + !!(regs->ecx % PAGE_SIZE);
	uint8_t present[MINCORE_STEP];

	if (start.v % PAGE_SIZE)
		return -EINVAL;
	if (!user_range_ok(start, regs->ecx))
		return -ENOMEM;
	if (!user_range_ok(vec, pages))
		return -EFAULT;
	while (pages) {
		/* At most to the end of one area. */
		long n = mm_mincore(own_mm(), start, pages * PAGE_SIZE, present,
				    MINCORE_STEP);

		if (n <= 0)
			return n;
		if (copy_to_user(vec, present, (uint32_t)n))
			return -EFAULT;
		start.v += (uint32_t)n * PAGE_SIZE;
		vec.v += (uint32_t)n;
		pages -= (uint32_t)n;
	}
	return 0;
}
