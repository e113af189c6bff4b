// SPDX-License-Identifier: MIT
/*
 * acpi_init.c (host suite) - the firmware's tables in the machine's own memory
 *
 * WHAT     The tests write tables where firmware has them, below 1 MiB, and let
 *          acpi_init() read them as at boot: through the window, with the
 *          machine's RAM, width of addresses and PCI bridges.
 *
 * PICTURE    0xe0000 RSDP -> 0xe1000 XSDT -> 0xe2000 MADT
 *                                         -> 0xe3000 DMAR
 *
 * SEE      tests/suites/acpi.c, acpi_parsers.c: the parsers alone.
 */
#include "arch/i386/acpi/acpi_impl.h"
#include "lib/align.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/early/memblock.h"
#include "tests/acpi_machine.h"
#include "tests/host/host.h"
#include "tests/ktest.h"

SUITE(acpi_init, acpi_check);

#define RSDP_PA    0xe0000u
#define XSDT_PA    0xe1000u
#define MADT_PA    0xe2000u
#define DMAR_PA    0xe3000u
#define FADT_PA    0xe3800u
#define DSDT_PA    0xe3c00u
#define LAID_SIZE  0x4000u

#define CHECKSUM   9u         /* of a table */
#define MADT_HEAD  44u
#define DMAR_HEAD  48u

static struct acpi_info before;
static uint32_t madt_size, dmar_size;
static char log_text[4096];

/* ---- laying tables ------------------------------------------------------ */

static uint8_t *bytes_at(uint32_t pa)
{
	return host_ram(PHYS(pa));
}

static void put(uint32_t pa, uint64_t value, unsigned width)
{
	memcpy(bytes_at(pa), &value, width);
}

static void finish(uint32_t pa, const char *signature, uint32_t size)
{
	memcpy(bytes_at(pa), signature, 4);
	put(pa + 4, size, 4);
	set_checksum(bytes_at(pa), size, CHECKSUM);
}

static void lay(void)
{
	before = acpi_info;
	memset(bytes_at(RSDP_PA), 0, LAID_SIZE);
	memcpy(bytes_at(RSDP_PA), "RSD PTR ", 8);
	put(RSDP_PA + 15, 2, 1);
	put(RSDP_PA + 20, 36, 4);
	put(RSDP_PA + 24, XSDT_PA, 8);
	set_checksum(bytes_at(RSDP_PA), 20, 8);
	set_checksum(bytes_at(RSDP_PA), 36, 32);
	put(XSDT_PA + 36, MADT_PA, 8);
	put(XSDT_PA + 44, DMAR_PA, 8);
	finish(XSDT_PA, "XSDT", 52);
	put(MADT_PA + 36, 0xfee00000, 4);
	madt_size = MADT_HEAD;
	put(DMAR_PA + 36, 38, 1);
	dmar_size = DMAR_HEAD;
}

/* Read what lies there. Returns: what the log got. */
static const char *read_tables(void)
{
	finish(MADT_PA, "APIC", madt_size);
	finish(DMAR_PA, "DMAR", dmar_size);
	host_log_capture(log_text, sizeof(log_text));
	acpi_init();
	host_log_capture(NULL, 0);
	EXPECT_NULL(acpi_check());
	return log_text;
}

/* The machine has no firmware again. */
static void clear(void)
{
	memset(bytes_at(RSDP_PA), 0, LAID_SIZE);
	host_pci_remove_all();
	acpi_info = before;
}

/* Bytes behind the last ones of a table. */
static void append(uint32_t table, uint32_t *size, const void *bytes,
		   uint32_t length)
{
	memcpy(bytes_at(table + *size), bytes, length);
	*size += length;
}

static void append_ioapic(uint32_t pa)
{
	uint8_t entry[12] = { 1, sizeof(entry), 3, 0 };

	memcpy(entry + 4, &pa, 4);
	append(MADT_PA, &madt_size, entry, sizeof(entry));
}

static void append_unit(uint64_t registers, const void *scopes, uint32_t size)
{
	uint8_t entry[16] = { 0, 0, (uint8_t)(16 + size), 0, !size, 0, 5, 0 };

	memcpy(entry + 8, &registers, 8);
	append(DMAR_PA, &dmar_size, entry, sizeof(entry));
	if (size)
		append(DMAR_PA, &dmar_size, scopes, size);
}

static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (; *text; text++)
		if (!strncmp(text, line, length))
			return true;
	return false;
}

/* ---- what is read -------------------------------------------------------- */

KTEST(acpi_init, without_firmware_lines_are_those_of_old_pcs)
{
	lay();
	bytes_at(RSDP_PA)[0] = 0;
	EXPECT_STREQ(read_tables(), "ACPI: no tables\n");
	EXPECT(!acpi_info.present && !acpi_info.nr_tables);
	for (unsigned i = 0; i < ACPI_ISA_LINES; i++)
		EXPECT_EQ(acpi_info.isa_line[i].gsi, i);
	clear();
}

KTEST(acpi_init, the_log_names_what_was_found)
{
	static const uint8_t entries[] = {
		0, 8, 0, 0, 1, 0, 0, 0,                     /* a CPU         */
		2, 10, 0, 0, 2, 0, 0, 0, 0, 0,              /* line 0: GSI 2 */
		2, 10, 0, 9, 20, 0, 0, 0, 0x0f, 0,          /* low, level    */
		2, 10, 0, 5, 5, 0, 0, 0, 0x05, 0,           /* as usual      */
		2, 10, 0, 6, 6, 0, 0, 0, 0x07, 0,           /* low, edge     */
		2, 10, 0, 7, 7, 0, 0, 0, 0x0d, 0,           /* high, level   */
	};
	static const uint8_t scope[] = { 1, 8, 0, 0, 0, 2, 31, 7 };

	lay();
	append(MADT_PA, &madt_size, entries, sizeof(entries));
	append_ioapic(0xfec00000);
	append_unit(0xfed90000, scope, sizeof(scope));
	append_unit(0xfed91000, NULL, 0);
	EXPECT_STREQ(read_tables(),
		"ACPI: XSDT 0x00000000000e1000 000034\n"
		"ACPI: APIC 0x00000000000e2000 000072\n"
		"ACPI: DMAR 0x00000000000e3000 000058\n"
		"ACPI: 1 CPU, local APIC at 0x00000000fee00000\n"
		"ACPI: I/O APIC 3 at 0x00000000fec00000, GSI 0 and on\n"
		"ACPI: line 0 is GSI 2, edge, active high\n"
		"ACPI: line 6 is GSI 6, edge, active low\n"
		"ACPI: line 7 is GSI 7, level, active high\n"
		"ACPI: line 9 is GSI 20, level, active low\n"
		"ACPI: DMAR unit at 0x00000000fed90000, segment 5, 1 devices\n"
		"ACPI: DMAR unit at 0x00000000fed91000, segment 5, 0 devices and all the others\n");
	EXPECT_EQ(acpi_info.dmar_address_bits, 39);
	EXPECT_EQ(acpi_info.dmar_unit[0].scope[0], 2 << 8 | 31 << 3 | 7);
	clear();
}

KTEST(acpi_init, the_log_says_how_the_power_goes_off)
{
	static const uint8_t package[] = {
		0x08, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5, 0x0a, 6, 0, 0,
	};

	lay();
	put(XSDT_PA + 52, FADT_PA, 8);
	finish(XSDT_PA, "XSDT", 60);
	put(FADT_PA + 40, DSDT_PA, 4);
	put(FADT_PA + 64, 0x604, 4);
	finish(FADT_PA, "FACP", 116);
	memcpy(bytes_at(DSDT_PA + 36), package, sizeof(package));
	finish(DSDT_PA, "DSDT", 36 + sizeof(package));
	EXPECT(has_line(read_tables(), "ACPI: power off through port 0x604, sleep type 5\n"));
	clear();
}

/* ---- what is wrong ------------------------------------------------------- */

/* No line that comes now is left out by the limiter. */
static void begin_complaints(void)
{
	host_log_now += LOG_LIMIT_NS;
	log_limits_tick();
}

KTEST(acpi_init, a_wrong_piece_is_named_with_the_reason)
{
	static const uint8_t scopes[] = {
		1, 6, 0, 0, 0, 0,             /* no path      */
		1, 8, 0, 0, 0, 0, 32, 0,      /* no such slot */
	};
	const char *text;

	lay();
	append_unit(0xfed90000, scopes, sizeof(scopes));
	append_unit(0xfed90000, NULL, 0);
	append_unit(0xfed90004, NULL, 0);
	begin_complaints();
	text = read_tables();
	EXPECT(has_line(text, "ACPI: DMAR: scope at 0x40: no path\n"));
	EXPECT(has_line(text, "ACPI: DMAR: scope at 0x46 leads nowhere\n"));
	EXPECT(has_line(text, "ACPI: DMAR: unit at 0x00000000fed90000: named twice\n"));
	EXPECT(has_line(text, "ACPI: DMAR: unit at 0x00000000fed90004: no registers can be there\n"));
	bytes_at(XSDT_PA)[20]++;
	begin_complaints();
	text = read_tables();
	EXPECT(has_line(text, "ACPI: XSDT at 0x00000000000e1000: wrong checksum\n"));
	EXPECT(has_line(text, "ACPI: XSDT 0x00000000000e1000 000034 left out\n"));
	clear();
}

/* Its header can be read, and not the bytes behind. */
KTEST(acpi_init, a_table_whose_end_cannot_be_read_is_named_so)
{
	static struct acpi_machine machine;
	static uint8_t header[36];
	struct acpi_table table;

	machine_init(&machine);
	machine_add(&machine, MADT_PA, header, sizeof(header));
	memcpy(header, "APIC", 4);
	header[4] = 100;
	begin_complaints();
	host_log_capture(log_text, sizeof(log_text));
	EXPECT_EQ(acpi_table_load(&machine.reader, PHYS(MADT_PA), &table), 0);
	host_log_capture(NULL, 0);
	EXPECT_STREQ(log_text, "ACPI: APIC at 0x00000000000e2000: cannot be read\n");
	EXPECT(!table.valid);
}

/* ---- where registers can be ---------------------------------------------- */

/* Is there a unit, if its registers are said to be here? */
static bool unit_at(uint64_t pa)
{
	dmar_size = DMAR_HEAD;
	append_unit(pa, NULL, 0);
	(void)read_tables();
	EXPECT(!acpi_info.nr_dmar_units ||
	       acpi_info.dmar_unit[0].registers.v == pa);
	return acpi_info.nr_dmar_units;
}

static bool ioapic_at(uint32_t pa)
{
	madt_size = MADT_HEAD;
	append_ioapic(pa);
	(void)read_tables();
	EXPECT(!acpi_info.nr_ioapics || acpi_info.ioapic[0].pa.v == pa);
	return acpi_info.nr_ioapics;
}

static bool is_ram(uint64_t start, uint64_t size)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		if (MAX(start, range.start.v) <
		    MIN(start + size, range.end.v))
			return true;
	return false;
}

/* The pages on both sides of each end of RAM, and bytes there. */
static void expect_around(uint64_t end)
{
	uint64_t page = end & ~(uint64_t)(PAGE_SIZE - 1);

	for (uint64_t pa = page - MIN(page, PAGE_SIZE); pa <= page + PAGE_SIZE;
	     pa += PAGE_SIZE)
		EXPECT_EQ(unit_at(pa), pa && !is_ram(pa, PAGE_SIZE));
	for (uint64_t pa = end - MIN(end, 0x21); pa <= end + 1; pa++)
		if (pa < 1ull << 32)
			EXPECT_EQ(ioapic_at((uint32_t)pa),
				  pa && !is_ram(pa, 0x20) &&
				  pa % PAGE_SIZE <= PAGE_SIZE - 0x20);
}

KTEST(acpi_init, registers_are_not_in_ram)
{
	struct memblock_range range;

	lay();
	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		expect_around(range.start.v);
		expect_around(range.end.v);
	}
	EXPECT(!unit_at(0) && !unit_at(0x200000));
	clear();
}

/* No byte of memory has the first address that is too large. */
KTEST(acpi_init, nothing_can_be_read_beyond_the_width_of_addresses)
{
	uint64_t top = 1ull << host_cpu.phys_bits;
	uint8_t byte;

	EXPECT_EQ(acpi_read(PHYS(top), &byte, 0), -EINVAL);
	EXPECT_EQ(acpi_read(PHYS(top - 1), &byte, 0), 0);
	EXPECT_EQ(acpi_read(PHYS(top - 1), &byte, 2), -EINVAL);
}

KTEST(acpi_init, registers_lie_within_the_width_of_addresses)
{
	uint64_t top = 1ull << host_cpu.phys_bits;

	lay();
	EXPECT(unit_at(top - PAGE_SIZE));
	EXPECT(!unit_at(top) && !unit_at(top + PAGE_SIZE));
	EXPECT(!unit_at(2 * top) && !unit_at(-(uint64_t)PAGE_SIZE));
	clear();
}

/* ---- bridges ------------------------------------------------------------- */

/* All 256 ways to a bridge of a bus: each bit of its address counts. */
KTEST(acpi_init, each_bridge_is_asked_for_its_own_bus)
{
	lay();
	for (unsigned devfn = 0; devfn < 256; devfn++) {
		uint8_t slot = (uint8_t)(devfn >> 3), function = devfn & 7;
		uint8_t scope[] = { 1, 10, 0, 0, 0, 0x12, slot, function,
				    4, 5 };
		uint16_t id = (uint16_t)(0x12 << 8 | devfn);

		host_pci_remove_all();
		host_pci_add(id, 1, (uint8_t)(0xff - devfn));
		host_pci_add(id ^ 1, 1, 0x55);
		host_pci_add(id ^ 8, 1, 0x56);
		host_pci_add(id ^ 0x100, 1, 0x57);
		dmar_size = DMAR_HEAD;
		append_unit(0xfed90000, scope, sizeof(scope));
		(void)read_tables();
		REQUIRE(acpi_info.nr_dmar_units == 1);
		REQUIRE(acpi_info.dmar_unit[0].nr_scopes == 1);
		EXPECT_EQ(acpi_info.dmar_unit[0].scope[0],
			  (0xff - devfn) << 8 | 4 << 3 | 5);
	}
	clear();
}

KTEST(acpi_init, only_a_bridge_leads_to_a_bus)
{
	static const uint8_t scope[] = { 1, 10, 0, 0, 0, 0, 2, 0, 4, 5 };
	static const struct {
		uint8_t header_type;
		bool    bridge;
	} cases[] = {
		{ 1, true }, { 0x81, true }, { 0, false }, { 2, false },
		{ 3, false }, { 0x80, false }, { 0xff, false },
	};

	lay();
	append_unit(0xfed90000, scope, sizeof(scope));
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		host_pci_remove_all();
		host_pci_add(2 << 3, cases[i].header_type, 7);
		(void)read_tables();
		EXPECT_EQ(acpi_info.dmar_unit[0].nr_scopes, cases[i].bridge);
	}
	host_pci_remove_all();   /* nothing is there */
	(void)read_tables();
	EXPECT_EQ(acpi_info.dmar_unit[0].nr_scopes, 0);
	clear();
}
