// SPDX-License-Identifier: MIT
/*
 * io_ports.c - which I/O ports ring 3 may use
 *
 * WHAT     The bitmap behind the task-state segment. IOPL is 0, so the CPU
 *          looks at one bit for each port that IN or OUT of ring 3 touches: 0
 *          is allowed.
 *
 * ALGORITHM  Most tasks have no ports. For them one store says that the segment
 *          has no bitmap. A driver's bitmap is copied once, and stays until the
 *          bitmap of another driver replaces it.
 *
 * INVARIANTS of io_ports (arch_thread_check() restates it)
 *          O1  the byte behind the bitmap has all bits set (SDM: the CPU always
 *              reads two bytes), while there is a bitmap
 *
 * LOCKING  Interrupts off.
 * SEE      SDM volume 1, 19.5.2 "I/O permission bit map".
 */
#include <arch/irqflags.h>
#include <arch/thread.h>

#include "arch/i386/cpu/segments.h"
#include "arch/i386/cpu/traps_impl.h"
#include "lib/panic.h"

static const uint8_t *copied;   /* main_tss.io_bitmap is a copy of this */

void arch_set_io_ports(const uint8_t *bitmap)
{
	irqflags_t flags;

	if (!bitmap) {
		main_tss.cpu.iomap_base = IOMAP_NONE;
		return;
	}
	flags = irq_save();
	if (bitmap != copied) {
		for (unsigned i = 0; i < IO_BITMAP_BYTES; i++)
			main_tss.io_bitmap[i] = (uint8_t)~bitmap[i];
		main_tss.io_bitmap[IO_BITMAP_BYTES] = 0xff;
		copied = bitmap;
	}
	main_tss.cpu.iomap_base = IOMAP_BITMAP;
	irq_restore(flags);
}

void arch_io_ports_changed(const uint8_t *bitmap)
{
	if (bitmap == copied)
		copied = NULL;
}

const char *io_ports_check(void)
{
	HOLDS(main_tss.cpu.iomap_base == IOMAP_NONE ||
	      main_tss.io_bitmap[IO_BITMAP_BYTES] == 0xff,
	      "io_ports O1: the byte behind the bitmap has all bits set");
	return NULL;
}
