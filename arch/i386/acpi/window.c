// SPDX-License-Identifier: MIT
/*
 * window.c - physical memory through one slot of the fixmap
 *
 * WHAT     The firmware's tables may lie anywhere: in RAM with a permanent
 *          address, in reserved memory, above 4 GiB. A fixmap slot reaches all
 *          of them, page by page.
 *
 * PICTURE    pa = 0x7ffe2fd1, 0x60 bytes      tables begin at odd addresses
 *
 *            frame 0x7ffe2:  [..............2f]   -> window, then copy
 *            frame 0x7ffe3:  [31..............]   -> window, then copy
 *
 * LOCKING  Interrupts are off while the slot is in use, for one page at most:
 *          no other code can use the slot.
 * COST     An entry and an invlpg for each page.
 * SEE      Linux early_memremap().
 */
#include <arch/acpi.h>
#include <arch/cpu.h>
#include <arch/fixmap.h>
#include <arch/irqflags.h>

#include "lib/errno.h"
#include "lib/string.h"

/* Read bytes of one page. */
static void read_page(phys_addr_t pa, void *buffer, size_t size)
{
	irqflags_t flags = irq_save();
	const uint8_t *window = fix_to_virt(FIX_ACPI_WINDOW);

	set_fixmap(FIX_ACPI_WINDOW, pa, KPROT_RO);
	memcpy(buffer, window + phys_page_offset(pa), size);
	clear_fixmap(FIX_ACPI_WINDOW);
	irq_restore(flags);
}

int acpi_read(phys_addr_t pa, void *buffer, size_t size)
{
	uint64_t end = 1ull << cpu_phys_bits();
	uint8_t *to = buffer;

	if (pa.v >= end || size > end - pa.v)
		return -EINVAL;
	while (size > 0) {
		size_t part = MIN(size, PAGE_SIZE - phys_page_offset(pa));

		read_page(pa, to, part);
		pa = phys_add(pa, part);
		to += part;
		size -= part;
	}
	return 0;
}
