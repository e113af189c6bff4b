// SPDX-License-Identifier: MIT
/*
 * floppy.h - sectors of a 3.5 inch disk, by ISA DMA
 *
 * WHAT     Reads drive A: 2880 sectors of 512 bytes. ZONE_DMA was made for this
 *          device: its buffer must lie below 16 MiB, and not across a line of
 *          64 KiB.
 *
 *            buffer = kmalloc(FLOPPY_SECTOR, GFP_DMA);
 *            err = floppy_read(0, 1, buffer, NULL);
 *
 * SEE      docs/bus-addresses.md, "ISA"; <arch/isa_dma.h>.
 */
#pragma once

#include <arch/addr.h>

#define FLOPPY_SECTOR      512u
#define FLOPPY_SECTORS     2880u
#define FLOPPY_READ_MAX    128u    /* sectors a read: 64 KiB */

/*
 * Read nr sectors from number lba on into lowmem. If the buffer lies above
 * 16 MiB, the DMA functions copy. *bus is the address that the device gets
 * (NULL: not wanted); it is set as soon as there is an address.
 *
 * Context: a thread with interrupts on; sleeps. One read after the other.
 * Returns: 0; -EINVAL (no such sectors); -ENODEV (no controller, no drive);
 *          -ENOMEDIUM; -ERANGE (a line of 64 KiB is crossed); -ENOMEM (no
 *          bounce buffer); -EIO, -ETIMEDOUT (tried several times); -EBUSY (a
 *          driver in user mode has the interrupt); -EINTR (killed). The log
 *          explains a number that does not explain itself.
 */
int floppy_read(uint32_t lba, uint32_t nr, void *buffer, bus_addr_t *bus)
	__must_check;

/* NULL, or the invariant of floppy.c that is broken. */
const char *floppy_check(void);
