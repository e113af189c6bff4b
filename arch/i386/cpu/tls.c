// SPDX-License-Identifier: MIT
/*
 * tls.c - segments of user mode's own: thread-local storage
 *
 * WHAT     Makes a descriptor from what set_thread_area() is told. Only data
 *          segments of ring 3 can come out of it.
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

static bool is_empty(uint32_t base, uint32_t limit, uint32_t flags)
{
	flags &= DESC_ALL;
	return !base && !limit &&
	       (flags == 0 || flags == (DESC_READ_ONLY | DESC_NOT_PRESENT));
}

static bool is_allowed(uint32_t flags)
{
	return flags & DESC_32BIT && !(flags & (DESC_CODE | DESC_NOT_PRESENT));
}

static uint64_t make_descriptor(uint32_t base, uint32_t limit, uint32_t flags)
{
	uint32_t access = ACCESS_USER_DATA, high;

	if (!(flags & DESC_READ_ONLY))
		access |= ACCESS_WRITABLE;
	if (flags & DESC_EXPAND_DOWN)
		access |= ACCESS_EXPAND_DOWN;
	high = (base & 0xff000000) | (base >> 16 & 0xff) | access << 8 |
	       (limit & 0xf0000) | 1u << 22;   /* D: 32 bits */
	if (flags & DESC_USEABLE)
		high |= 1u << 20;
	if (flags & DESC_LIMIT_IN_PAGES)
		high |= 1u << 23;
	return (uint64_t)high << 32 | base << 16 | (limit & 0xffff);
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

/*
 * FS and GS may still name the entry, and an exception in the kernel would save
 * and restore them: into #GP, over and over. Ring 3's are on its stack.
 */
static void reload(const struct arch_thread *thread)
{
	gdt_load_tls(thread->tls);
	__asm__ volatile("mov %0, %%fs; mov %0, %%gs" : : "r"(0));
}

int arch_set_tls(struct arch_thread *thread, int entry, uint32_t base,
		 uint32_t limit, uint32_t flags)
{
	bool empty = is_empty(base, limit, flags);
	irqflags_t irqflags;

	if (!empty && !is_allowed(flags))
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
	if (thread == active_thread)
		reload(thread);
	irq_restore(irqflags);
	return entry;
}
