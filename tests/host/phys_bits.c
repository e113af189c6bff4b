// SPDX-License-Identifier: MIT
/*
 * phys_bits.c (host suite) - CPUs with other widths of a physical address
 *
 * WHAT     Gives the simulated CPU each width in turn. What lies above is
 *          refused: registers, and bytes of the firmware's tables.
 */
#include <arch/acpi.h>

#include "lib/errno.h"
#include "mm/early/memblock.h"
#include "mm/kva/vm_area.h"
#include "tests/host/host.h"
#include "tests/ktest.h"

SUITE(phys_bits, vmalloc_check);

#define PFN_BITS  44u    /* a pfn_t has 32 bits: its frames end there */

#define ABOVE  "it lies above the CPU's physical width"

/* All RAM lies below. */
static bool holds_all_ram(unsigned bits)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		if (range.end.v > 1ull << bits)
			return false;
	return true;
}

static const char *objection(uint64_t pa, size_t size)
{
	const char *text = ioremap_objection(PHYS(pa), size);

	return text ? text : "none";
}

/* The last page is never RAM here. */
static void expect_end(uint64_t end)
{
	EXPECT_STREQ(objection(end - PAGE_SIZE, PAGE_SIZE), "none");
	EXPECT_STREQ(objection(end - 1, 1), "none");
	EXPECT_STREQ(objection(end - 1, 2), ABOVE);
	EXPECT_STREQ(objection(end - PAGE_SIZE, PAGE_SIZE + 1), ABOVE);
	EXPECT_STREQ(objection(end, 1), ABOVE);
	EXPECT_STREQ(objection(2 * end, PAGE_SIZE), ABOVE);
	EXPECT_STREQ(objection(UINT64_MAX, 1), ABOVE);
	EXPECT_STREQ(objection(UINT64_MAX, 2), "it wraps");
}

KTEST(phys_bits, registers_end_where_addresses_or_frame_numbers_end)
{
	unsigned real = host_cpu.phys_bits;

	for (unsigned bits = 32; bits <= 52; bits++) {
		if (!holds_all_ram(bits))
			continue;
		host_cpu.phys_bits = bits;
		expect_end(1ull << MIN(bits, PFN_BITS));
	}
	host_cpu.phys_bits = real;
}

/* Without a byte to read, nothing is read: the simulated memory ends below. */
KTEST(phys_bits, bytes_of_tables_end_where_addresses_end)
{
	unsigned real = host_cpu.phys_bits;
	uint8_t bytes[2];

	for (unsigned bits = 36; bits <= 52; bits++) {
		uint64_t end = 1ull << bits;

		host_cpu.phys_bits = bits;
		EXPECT_EQ(acpi_read(PHYS(end - 1), bytes, 0), 0);
		EXPECT_EQ(acpi_read(PHYS(end - 1), bytes, 2), -EINVAL);
		EXPECT_EQ(acpi_read(PHYS(end), bytes, 0), -EINVAL);
		EXPECT_EQ(acpi_read(PHYS(end), bytes, 1), -EINVAL);
	}
	host_cpu.phys_bits = real;
}
