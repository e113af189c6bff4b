// SPDX-License-Identifier: MIT
/*
 * tls.c - segments that user mode makes: thread-local storage
 *
 * WHAT     Makes a descriptor from the arguments of set_thread_area(). The
 *          result is always a data segment of ring 3.
 *
 * TERMS    user_desc  Linux's structure; its last word is `flags` here
 *          empty      a user_desc that means: free this entry. Linux knows two
 *                     forms, all 0 and "read-only, not present"
 *
 * SEE      Linux arch/x86/kernel/tls.c; set_thread_area(2); SDM volume 3,
 *          3.4.5.1, data segments.
 */
#include <arch/irqflags.h>
#include <arch/thread.h>

#include "arch/i386/cpu/segments.h"
#include "arch/i386/cpu/traps_impl.h"
#include "lib/errno.h"

/* Bits of user_desc's last word. */
#define DESC_32BIT           0x01u
#define DESC_EXPAND_DOWN     0x02u
#define DESC_CODE            0x04u
#define DESC_READ_ONLY       0x08u
#define DESC_LIMIT_IN_PAGES  0x10u
#define DESC_NOT_PRESENT     0x20u
#define DESC_USEABLE         0x40u
#define DESC_ALL             0x7fu

/* Access byte of a present data segment of ring 3, accessed. */
#define ACCESS_USER_DATA     0xf1u
#define ACCESS_WRITABLE      0x02u
#define ACCESS_EXPAND_DOWN   0x04u

/* Flags of a descriptor. */
#define DESCRIPTOR_USEABLE   0x1u
#define DESCRIPTOR_32BIT     0x4u
#define DESCRIPTOR_IN_PAGES  0x8u

static uint64_t make_descriptor(uint32_t base, uint32_t limit, uint32_t flags)
{
	uint32_t access = ACCESS_USER_DATA, more = DESCRIPTOR_32BIT;

	if (!(flags & DESC_READ_ONLY))
		access |= ACCESS_WRITABLE;
	if (flags & DESC_EXPAND_DOWN)
		access |= ACCESS_EXPAND_DOWN;
	if (flags & DESC_USEABLE)
		more |= DESCRIPTOR_USEABLE;
	if (flags & DESC_LIMIT_IN_PAGES)
		more |= DESCRIPTOR_IN_PAGES;
	return DESCRIPTOR(base, limit, access, more);
}

/* Returns: the number of the first free entry, or -ESRCH. */
static int find_free(const struct arch_thread *thread)
{
	for (int i = 0; i < TLS_ENTRIES; i++) {
		if (!thread->tls[i])
			return TLS_ENTRY_MIN + i;
	}
	return -ESRCH;
}

int arch_set_tls(struct arch_thread *thread, int entry, uint32_t base,
		 uint32_t limit, uint32_t flags)
{
	bool empty = !base && !limit && (!(flags & DESC_ALL) ||
		     (flags & DESC_ALL) == (DESC_READ_ONLY | DESC_NOT_PRESENT));
	irqflags_t irqflags;

	if (!empty && (!(flags & DESC_32BIT) ||
		       flags & (DESC_CODE | DESC_NOT_PRESENT)))
		return -EINVAL;
	if (entry == -1)
		entry = find_free(thread);
	if (entry == -ESRCH)
		return entry;
	if (entry < TLS_ENTRY_MIN || entry >= TLS_ENTRY_MIN + TLS_ENTRIES)
		return -EINVAL;

	irqflags = irq_save();
	thread->tls[entry - TLS_ENTRY_MIN] =
		empty ? 0 : make_descriptor(base, limit, flags);
	if (thread == active_thread) {
		gdt_load_tls(thread->tls);
		/*
		 * FS and GS may still name the old entry. The return from an
		 * exception in the kernel would load them: a #GP, again and
		 * again. FS and GS of ring 3 are saved on its stack.
		 */
		__asm__ volatile("mov %0, %%fs; mov %0, %%gs" : : "r"(0));
	}
	irq_restore(irqflags);
	return entry;
}
