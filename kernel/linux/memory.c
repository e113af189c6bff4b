// SPDX-License-Identifier: MIT
/*
 * memory.c - the memory calls: from registers to mm/vm/ and back
 *
 * WHAT     mm/vm/ already speaks Linux's flags and errors, so most calls are
 *          one line. What is left are the parts that need user memory (mincore)
 *          or a file (mmap2).
 *
 * SEE      mm/vm/mm.h; Linux mm/mmap.c, mm/mincore.c.
 */
#include <arch/layout.h>
#include <arch/uaccess.h>

#include "kernel/linux/linux_impl.h"
#include "kernel/task/task.h"
#include "lib/errno.h"

#define NR_MMAP2      192
#define MINCORE_STEP  256u    /* bytes of the answer copied out at once      */

static struct mm *own_mm(void)
{
	return current_task()->mm;
}

long linux_brk(struct trap_regs *regs)
{
	return mm_brk(own_mm(), UADDR(regs->ebx));
}

/* Without a file it means nothing, but must not wrap. Linux: do_mmap(). */
static bool offset_wraps(uint32_t length, uint32_t offset)
{
	uint32_t pages = length / PAGE_SIZE + !!(length % PAGE_SIZE);

	return length && length <= PAGE_OFFSET && offset + pages < offset;
}

/* The offset is in pages. */
long linux_mmap2(struct trap_regs *regs)
{
	if (unlikely(!(regs->esi & MAP_ANONYMOUS)))
		return linux_ask_personality(NR_MMAP2, regs, -EBADF);
	if (unlikely(regs->ebp && offset_wraps(regs->ecx, regs->ebp)))
		return -EOVERFLOW;
	return mm_mmap(own_mm(), UADDR(regs->ebx), regs->ecx, regs->edx,
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

/* One step of mincore: up to MINCORE_STEP pages, or as far as one area goes. */
static long mincore_step(uint32_t start, uint32_t length, uint32_t vec)
{
	uint8_t present[MINCORE_STEP];
	long n = mm_mincore(own_mm(), UADDR(start), length, present,
			    MINCORE_STEP);

	if (n > 0 && copy_to_user(UADDR(vec), present, (uint32_t)n))
		return -EFAULT;
	return n;
}

long linux_mincore(struct trap_regs *regs)
{
	uint32_t start = regs->ebx, length = regs->ecx, vec = regs->edx;
	uint32_t pages = length / PAGE_SIZE + (length % PAGE_SIZE != 0);

	if (start % PAGE_SIZE)
		return -EINVAL;
	if (!user_range_ok(UADDR(start), length))
		return -ENOMEM;
	if (!user_range_ok(UADDR(vec), pages))
		return -EFAULT;
	while (pages) {
		long n = mincore_step(start, pages * PAGE_SIZE, vec);

		if (n <= 0)
			return n;
		start += (uint32_t)n * PAGE_SIZE;
		vec += (uint32_t)n;
		pages -= (uint32_t)n;
	}
	return 0;
}
