// SPDX-License-Identifier: MIT
/*
 * floppy.c (monitor) - a sector, and the three addresses of its buffer
 *
 * WHAT     Reads sectors of drive A into pages of ZONE_DMA and prints them.
 *
 * PICTURE    buffer of 512 bytes, one DMA transfer:
 *              virtual   0xc0f3e000           what instructions use
 *              physical  0x0000000000f3e000   what page tables hold
 *              bus       0x00f3e000           what the 8237 was told
 * SEE      docs/bus-addresses.md.
 */
#include "kernel/device/floppy.h"

#include <arch/kva.h>

#include "kernel/monitor/monitor_impl.h"
#include "mm/dma/dma.h"
#include "mm/page/page_alloc.h"

#define COUNT_MAX     16u
#define BUFFER_ORDER  1     /* 16 sectors of 512 bytes */

_Static_assert(COUNT_MAX * FLOPPY_SECTOR <= PAGE_SIZE << BUFFER_ORDER,
	       "the buffer has room");

static const struct {
	int         err;
	const char *text;
} errors[] = {
	{ -EINVAL,    "the disk ends before" },
	{ -ENODEV,    "no controller, or no drive: see `log`" },
	{ -ENOMEDIUM, "no disk is in the drive" },
	{ -EBUSY,     "a driver in user mode has the drive" },
	{ -EIO,       "the sector cannot be read: see `log`" },
	{ -ETIMEDOUT, "the drive does not answer: see `log`" },
	{ -EINTR,     "given up" },
};

static const char *error_text(int err)
{
	for (unsigned i = 0; i < ARRAY_SIZE(errors); i++) {
		if (errors[i].err == err)
			return errors[i].text;
	}
	return "no memory that the drive could reach";
}

static int read_and_say(uint32_t lba, uint32_t nr, void *buffer)
{
	phys_addr_t pa = virt_to_phys(buffer);
	bus_addr_t bus = DMA_MAPPING_ERROR;
	int err = floppy_read(lba, nr, buffer, &bus);

	if (err)
		return complain("sector %u: %s", lba, error_text(err));
	say("buffer of %u bytes:\n", nr * FLOPPY_SECTOR);
	say("  virtual   0x%08x\n", ptr_to_kva(buffer));
	say("  physical  %pP%s\n", &pa,
	    bus.v == pa.v ? "" : ", and the device wrote to a copy");
	say("  bus       0x%08llx\n", (unsigned long long)bus.v);
	monitor_dump(buffer, nr * FLOPPY_SECTOR);
	return 0;
}

int monitor_floppy(char *const argv[])
{
	uint64_t lba, nr = 1;
	void *buffer;
	int err;

	if (arg_number(argv[1], 0, FLOPPY_SECTORS - 1, &lba) ||
	    arg_number(argv[2], 1, COUNT_MAX, &nr))
		return -EINVAL;
	if (monitor_after_panic)
		return complain("after a panic nothing waits for interrupts");
	buffer = get_free_pages(GFP_KERNEL | GFP_DMA, BUFFER_ORDER);
	if (!buffer)
		return complain("no memory below 16 MiB");
	err = read_and_say((uint32_t)lba, (uint32_t)nr, buffer);
	put_free_pages(buffer, BUFFER_ORDER);
	return err;
}
