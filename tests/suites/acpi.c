// SPDX-License-Identifier: MIT
/*
 * acpi.c (tests) - the firmware's tables: real ones and wrong ones
 *
 * WHAT     Each test lays tables into a machine of its own (acpi_machine.h),
 *          spoils something, and checks what the parsers understand. The last
 *          tests read the memory of the real machine through the window.
 *
 * PICTURE  What lay() makes, as on QEMU's q35:
 *
 *            RSDP 0xf5800 -> RSDT -> FADT -> DSDT
 *                                 -> MADT
 *                                 -> DMAR
 */
#include <arch/cpu.h>
#include <arch/fixmap.h>
#include <arch/probe.h>

#include "lib/random.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "tests/acpi_machine.h"
#include "tests/acpi_tables.h"
#include "tests/ktest.h"

#define CHECKSUM       9u            /* of a table; of an RSDP it is 8 */
#define RSDP_PA        0xf5800u
#define RSDT_PA        0x0ffe241au   /* as the real RSDP says          */
#define DSDT_PA        0x0ffe0040u   /* as the real FADTs say          */
#define FADT_PA        0x0ffe4001u
#define MADT_PA        0x0ffe5003u
#define DMAR_PA        0x0ffe6007u
#define XSDT_PA        0x0fff0001u

#define LAST_ISA_LINE  (ACPI_ISA_LINES - 1)
#define ROOM           1024u

static struct acpi_machine machine;
static struct acpi_info info;
static uint8_t bios[1024], rsdt[ROOM], xsdt[ROOM], fadt[ROOM], madt[ROOM],
	dmar[ROOM], dsdt[ROOM];

static const char *last_info_check(void)
{
	const char *law = acpi_info_check(&info);

	return law ? law : acpi_info_check(&acpi_info);
}

SUITE(acpi, last_info_check);

/* ---- laying tables ------------------------------------------------------ */

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, 4);
}

static void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, 8);
}

/* Write the header and the checksum of a table; the rest is there. */
static void finish(uint8_t *table, const char *signature, uint32_t length)
{
	memcpy(table, signature, 4);
	put32(table + 4, length);
	set_checksum(table, length, CHECKSUM);
}

static void lay_table(uint64_t pa, uint8_t *room, const uint8_t *real,
		      size_t length)
{
	memset(room, 0, ROOM);
	memcpy(room, real, length);
	machine_add(&machine, pa, room, ROOM);
}

static void lay_rsdp(void)
{
	memset(bios, 0, sizeof(bios));
	memcpy(bios, real_rsdp, sizeof(real_rsdp));
	machine_add(&machine, RSDP_PA, bios, sizeof(bios));
}

/* The RSDT names three tables. */
static void lay_rsdt(void)
{
	memset(rsdt, 0, ROOM);
	put32(rsdt + 36, FADT_PA);
	put32(rsdt + 40, MADT_PA);
	put32(rsdt + 44, DMAR_PA);
	finish(rsdt, "RSDT", 48);
	machine_add(&machine, RSDT_PA, rsdt, ROOM);
}

static void lay(void)
{
	machine_init(&machine);
	lay_rsdp();
	lay_rsdt();
	lay_table(FADT_PA, fadt, real_fadt, sizeof(real_fadt));
	lay_table(MADT_PA, madt, real_madt, sizeof(real_madt));
	lay_table(DMAR_PA, dmar, real_dmar, sizeof(real_dmar));
	lay_table(DSDT_PA, dsdt, real_dsdt, sizeof(real_dsdt));
}

static void parse(void)
{
	machine.reader.complaints = 0;
	acpi_parse(&machine.reader, &info);
	EXPECT_NULL(acpi_info_check(&info));
}

/* Revision 2, with an XSDT of these addresses. */
static void lay_xsdt(const uint64_t *pa, unsigned nr)
{
	bios[15] = 2;
	put32(bios + 20, 36);
	put64(bios + 24, XSDT_PA);
	set_checksum(bios, 20, 8);
	set_checksum(bios, 36, 32);
	memset(xsdt, 0, ROOM);
	for (unsigned i = 0; i < nr; i++)
		put64(xsdt + 36 + 8 * i, pa[i]);
	finish(xsdt, "XSDT", 36 + 8 * nr);
	machine_add(&machine, XSDT_PA, xsdt, ROOM);
}

static const struct acpi_table *listed(const char *signature)
{
	for (unsigned i = 0; i < info.nr_tables; i++)
		if (!strcmp(info.table[i].signature, signature))
			return &info.table[i];
	return NULL;
}

/* ---- real tables -------------------------------------------------------- */

KTEST(acpi, real_tables_are_understood)
{
	lay();
	parse();
	EXPECT(info.present && info.has_madt && info.has_fadt);
	EXPECT(info.has_dmar && info.has_s5 && info.has_pic);
	EXPECT_EQ(info.revision, 0);
	EXPECT_EQ(info.nr_tables, 5);
	EXPECT_EQ(info.lapic.v, 0xfee00000);
	EXPECT_EQ(info.nr_cpus, 1);
	EXPECT_EQ(info.nr_ioapics, 1);
	EXPECT_EQ(info.ioapic[0].pa.v, 0xfec00000);
	EXPECT_EQ(info.isa_line[0].gsi, 2);
	EXPECT_EQ(info.isa_line[1].gsi, 1);
	EXPECT(info.isa_line[9].level && !info.isa_line[9].active_low);
	EXPECT(!info.isa_line[0].level);
	EXPECT_EQ(info.sci_irq, 9);
	EXPECT_EQ(info.pm1a_control, 0x604);
	EXPECT_EQ(info.pm1b_control, 0);
	EXPECT_EQ(info.s5_type_a, 0);
	EXPECT_EQ(machine.reader.complaints, 0);
}

KTEST(acpi, a_real_dmar_names_devices_and_a_bridge)
{
	lay();
	parse();
	EXPECT_EQ(info.dmar_address_bits, 39);
	REQUIRE(info.nr_dmar_units == 1);
	EXPECT_EQ(info.dmar_unit[0].registers.v, 0xfed90000);
	EXPECT(!info.dmar_unit[0].all);
	EXPECT_EQ(info.dmar_unit[0].nr_scopes, 8);
	EXPECT_EQ(info.dmar_unit[0].scope[3], 3 << 3);
	EXPECT_EQ(info.dmar_unit[0].scope[4], 4 << 3);
	EXPECT_EQ(info.dmar_unit[0].scope[7], 31 << 3 | 3);
}

KTEST(acpi, tables_of_acpi_1_are_understood)
{
	lay();
	lay_table(FADT_PA, fadt, real_fadt_1, sizeof(real_fadt_1));
	parse();
	EXPECT(info.has_fadt && info.has_s5);
	EXPECT_EQ(info.pm1a_control, 0x604);
	EXPECT_EQ(info.smi_command, 0xb2);
}

/* ---- the root pointer --------------------------------------------------- */

KTEST(acpi, without_an_rsdp_there_is_nothing)
{
	machine_init(&machine);
	parse();
	EXPECT(!info.present);
	EXPECT_EQ(info.isa_line[LAST_ISA_LINE].gsi, LAST_ISA_LINE);
	lay();
	bios[0] = 'r';
	parse();
	EXPECT(!info.present);
}

KTEST(acpi, a_wrong_rsdp_is_passed_over)
{
	lay();
	memcpy(bios + 512, bios, 20);
	bios[9]++;
	parse();
	EXPECT(info.present);
	EXPECT_EQ(info.nr_tables, 5);
	EXPECT_EQ(machine.reader.complaints, 1);
}

KTEST(acpi, an_rsdp_begins_on_a_line_of_16)
{
	lay();
	memmove(bios + 8, bios, 20);
	memset(bios, 0, 8);
	parse();
	EXPECT(!info.present);
}

KTEST(acpi, the_ebda_is_searched_first)
{
	uint8_t pointer[2] = { 0xc0, 0x9f };   /* segment 0x9fc0 */
	uint8_t ebda[1024] = { 0 };

	lay();
	machine_add(&machine, 0x40e, pointer, 2);
	machine_add(&machine, 0x9fc00, ebda, sizeof(ebda));
	memcpy(ebda + 1008, bios, 16);   /* cut off by its end */
	parse();
	EXPECT_EQ(info.nr_tables, 5);
	memcpy(ebda + 32, bios, 20);
	put32(ebda + 32 + 16, MADT_PA);
	set_checksum(ebda + 32, 20, 8);
	parse();
	EXPECT(info.present);
	EXPECT_EQ(info.nr_tables, 1);
	EXPECT(!info.has_fadt);
}

KTEST(acpi, an_xsdt_goes_before_an_rsdt)
{
	const uint64_t list[] = { MADT_PA };

	lay();
	lay_xsdt(list, 1);
	parse();
	EXPECT_EQ(info.revision, 2);
	EXPECT_EQ(info.nr_tables, 2);
	EXPECT_STREQ(info.table[0].signature, "XSDT");
	EXPECT(info.has_madt && !info.has_fadt);
}

KTEST(acpi, a_wrong_xsdt_leaves_the_rsdt)
{
	const uint64_t list[] = { MADT_PA };

	lay();
	lay_xsdt(list, 1);
	bios[32]++;                     /* the second checksum */
	parse();
	EXPECT(info.has_fadt && !listed("XSDT"));
	bios[32]--;
	xsdt[20]++;
	parse();
	EXPECT(info.has_fadt && listed("XSDT") && !listed("XSDT")->valid);
	finish(xsdt, "XSDX", 44);
	parse();
	EXPECT(info.has_fadt);
	put32(bios + 20, 0xffffffff);   /* no length of an RSDP */
	set_checksum(bios, 36, 32);
	parse();
	EXPECT(info.has_fadt);
}

/* A pointer has 36 to 1024 bytes; here 1100 can be read. */
KTEST(acpi, an_extension_ends_within_a_kib)
{
	static const struct { uint32_t length; bool right; } cases[] = {
		{ 0, false },    { 35, false },   { 36, true },
		{ 37, true },    { 1023, true },  { 1024, true },
		{ 1025, false }, { 1100, false }, { 0x80000024, false },
	};
	const uint64_t list[] = { MADT_PA };
	static uint8_t more[76];

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		lay();
		machine_add(&machine, RSDP_PA + sizeof(bios), more,
			    sizeof(more));
		lay_xsdt(list, 1);
		put32(bios + 20, cases[i].length);
		/* So the first bytes add up to 0, and all others are 0. */
		set_checksum(bios, 36, 32);
		parse();
		EXPECT_EQ(listed("XSDT") != NULL, cases[i].right);
		EXPECT_EQ(machine.reader.complaints, !cases[i].right);
	}
}

KTEST(acpi, revision_0_has_no_extension)
{
	lay();
	memset(bios + 20, 0xff, 16);
	parse();
	EXPECT_EQ(info.nr_tables, 5);
	EXPECT_EQ(machine.reader.complaints, 0);
}

/* ---- lengths, checksums, lists ------------------------------------------ */

KTEST(acpi, a_wrong_checksum_leaves_the_table_out)
{
	lay();
	madt[50]++;
	parse();
	EXPECT(listed("APIC") && !listed("APIC")->valid);
	EXPECT(!info.has_madt && !info.nr_ioapics && !info.lapic.v);
	EXPECT(info.has_fadt && info.has_dmar);
	EXPECT_EQ(machine.reader.complaints, 1);
}

KTEST(acpi, an_impossible_length_leaves_the_table_out)
{
	static const uint32_t lengths[] = {
		0, 1, 35, ROOM + 1, ACPI_TABLE_LENGTH_MAX,
		ACPI_TABLE_LENGTH_MAX + 1, 0x80000000, 0xffffffff,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
		lay();
		put32(madt + 4, lengths[i]);
		parse();
		EXPECT(listed("APIC") && !listed("APIC")->valid);
		EXPECT(!info.has_madt && info.has_fadt);
	}
}

KTEST(acpi, a_table_that_is_all_header_says_nothing)
{
	lay();
	finish(madt, "APIC", 36);
	finish(fadt, "FACP", 36);
	finish(dmar, "DMAR", 36);
	parse();
	EXPECT(listed("APIC")->valid && !info.has_madt);
	EXPECT(listed("FACP")->valid && !info.has_fadt);
	EXPECT(listed("DMAR")->valid && !info.has_dmar);
	EXPECT_EQ(machine.reader.complaints, 3);
}

KTEST(acpi, an_address_where_nothing_is_leaves_the_table_out)
{
	const uint64_t list[] = { 0, 1ull << 36, 0xfffffffffffffff0, 0x5000,
				  MADT_PA };

	lay();
	lay_xsdt(list, ARRAY_SIZE(list));
	parse();
	EXPECT_EQ(info.nr_tables, 2);
	EXPECT(info.has_madt);
	EXPECT_EQ(machine.reader.complaints, 3);
}

KTEST(acpi, tables_that_name_each_other_are_read_once)
{
	const uint64_t list[] = { XSDT_PA, MADT_PA, MADT_PA, RSDT_PA,
				  XSDT_PA, RSDT_PA };

	lay();
	lay_xsdt(list, ARRAY_SIZE(list));
	parse();
	EXPECT_EQ(info.nr_tables, 3);
	EXPECT_EQ(machine.reader.complaints, 4);
}

KTEST(acpi, tables_do_not_overlap)
{
	lay();
	/* A table within the MADT, with a checksum of its own. */
	finish(madt + 60, "FACP", 40);
	finish(madt, "APIC", sizeof(real_madt));
	put32(rsdt + 36, MADT_PA);
	put32(rsdt + 40, MADT_PA + 60);
	finish(rsdt, "RSDT", 48);
	parse();
	EXPECT(listed("APIC") && !listed("FACP"));
}

/* A laptop has dozens of SSDTs. They must not push out the MADT. */
KTEST(acpi, there_is_room_for_all_tables_that_are_looked_at)
{
	static uint8_t many[ACPI_ROOT_ENTRIES_MAX - 2][36];
	uint64_t list[ARRAY_SIZE(many) + 2];

	lay();
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
		finish(many[i], "MANY", 36);
		list[i] = 0x20000000 + 36 * i;
	}
	machine_add(&machine, 0x20000000, many, sizeof(many));
	list[ARRAY_SIZE(many)] = FADT_PA;
	list[ARRAY_SIZE(many) + 1] = MADT_PA;
	lay_xsdt(list, ARRAY_SIZE(list));
	parse();
	EXPECT_EQ(info.nr_tables, 1 + ACPI_ROOT_ENTRIES_MAX + 1);
	EXPECT(info.has_madt && info.has_s5);
}

/* Empty entries count, too. */
KTEST(acpi, the_first_64_entries_count)
{
	uint64_t list[60] = { 0 };

	lay();
	lay_xsdt(list, ARRAY_SIZE(list));
	for (unsigned i = 60; i < ACPI_ROOT_ENTRIES_MAX + 1; i++)
		put64(xsdt + 36 + 8 * i, i < 64 ? 0 : MADT_PA);
	finish(xsdt, "XSDT", 36 + 8 * (ACPI_ROOT_ENTRIES_MAX + 1));
	parse();
	EXPECT(!info.has_madt);
}

/* One entry of the RSDT, once its checksum has been found right. */
static int read_all_but_an_entry(struct acpi_reader *reader, phys_addr_t pa,
				 void *buffer, size_t size)
{
	if (pa.v == RSDT_PA + 40 && size == 4)
		return -EINVAL;
	return machine_read(reader, pa, buffer, size);
}

KTEST(acpi, a_list_ends_at_an_entry_that_cannot_be_read)
{
	lay();
	machine.reader.read = read_all_but_an_entry;
	parse();
	EXPECT(info.has_fadt);
	EXPECT(!info.has_madt && !info.has_dmar);
}

KTEST(acpi, letters_that_cannot_be_printed_are_no_signature)
{
	lay();
	finish(madt, "A\x1b[\xff", sizeof(real_madt));
	parse();
	EXPECT(listed("A?[?"));
	EXPECT(!info.has_madt);
}

/* Spoil each byte in turn: first with a wrong checksum, then a right one. */
static void spoil_each_byte(uint8_t *bytes, size_t length, size_t checksum,
			    struct rng *rng)
{
	for (size_t i = 0; i < length; i++) {
		uint8_t was = bytes[i];

		bytes[i] = (uint8_t)rng_next(rng);
		parse();
		set_checksum(bytes, length, checksum);
		parse();
		bytes[i] = was;
		set_checksum(bytes, length, checksum);
	}
}

KTEST(acpi, any_byte_may_be_wrong)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	lay();
	spoil_each_byte(bios, sizeof(real_rsdp), 8, &rng);
	spoil_each_byte(rsdt, 48, CHECKSUM, &rng);
	spoil_each_byte(fadt, sizeof(real_fadt), CHECKSUM, &rng);
	spoil_each_byte(madt, sizeof(real_madt), CHECKSUM, &rng);
	spoil_each_byte(dmar, sizeof(real_dmar), CHECKSUM, &rng);
	spoil_each_byte(dsdt, sizeof(real_dsdt), CHECKSUM, &rng);
	machine.reader.complaints = 0;
	parse();
	EXPECT_EQ(info.nr_tables, 5);
	EXPECT_EQ(machine.reader.complaints, 0);
}

KTEST(acpi, check_finds_each_broken_law)
{
	lay();
	parse();
	info.table[0].signature[4] = 'x';
	info.table[0].signature[2] = '\0';
	EXPECT_STREQ(acpi_info_check(&info),
		     "acpi A2: a signature is four letters and a 0");
	lay();
	parse();
	info.table[1].pa = info.table[0].pa;
	EXPECT_STREQ(acpi_info_check(&info),
		     "acpi A3: two valid tables do not overlap");
	parse();
	info.has_madt = false;
	EXPECT_STREQ(acpi_info_check(&info),
		     "acpi A4: without a MADT there are no APICs");
	parse();
	info.s5_type_b = 8;
	EXPECT_STREQ(acpi_info_check(&info),
		     "acpi A5: a sleep type has three bits");
	parse();
	info.dmar_unit[0].registers.v++;
	EXPECT_STREQ(acpi_info_check(&info),
		     "acpi A6: a unit's registers begin on a page");
	parse();
	info.nr_ioapics = ACPI_IOAPICS_MAX + 1;
	EXPECT_STREQ(acpi_info_check(&info),
		     "acpi A1: no list is longer than its array");
	parse();
}

/* After each test of a law, the tables are read again. */
static void expect_info_law(const char *law)
{
	EXPECT_STREQ(acpi_info_check(&info), law);
	parse();
}

KTEST(acpi, check_finds_what_has_no_table)
{
	static const char no_madt[] =
		"acpi A4: without a MADT there are no APICs";
	static const char no_fadt[] =
		"acpi A4: without a FADT there is no power management";

	lay();
	parse();
	info.present = false;
	expect_info_law("acpi A4: without an RSDP there are no tables");
	info.has_madt = false;
	info.nr_ioapics = 0;
	expect_info_law(no_madt);
	info.has_madt = false;
	info.lapic = PHYS(0);
	expect_info_law(no_madt);
	info.has_fadt = false;
	info.has_s5 = false;
	info.pm_timer = 0;
	expect_info_law(no_fadt);
	info.has_fadt = false;
	info.pm1a_control = 0;
	info.pm_timer = 0;
	expect_info_law(no_fadt);
	info.has_fadt = false;
	info.pm1a_control = 0;
	info.has_s5 = false;
	expect_info_law(no_fadt);
	info.has_fadt = false;
	info.pm1a_control = 0;
	info.has_s5 = false;
	info.pm_timer = 0;
	EXPECT_NULL(acpi_info_check(&info));
	parse();
	info.has_dmar = false;
	expect_info_law("acpi A4: without a DMAR there are no units");
}

KTEST(acpi, check_finds_each_number_that_is_too_large)
{
	static const char too_long[] =
		"acpi A1: no list is longer than its array";

	lay();
	parse();
	info.nr_dmar_units = ACPI_DMAR_UNITS_MAX + 1;
	expect_info_law(too_long);
	info.dmar_unit[0].nr_scopes = ACPI_DMAR_SCOPES_MAX + 1;
	expect_info_law(too_long);
	info.s5_type_a = 8;
	expect_info_law("acpi A5: a sleep type has three bits");
	info.s5_type_a = 7;
	info.s5_type_b = 7;
	EXPECT_NULL(acpi_info_check(&info));
	info.lapic.v++;
	expect_info_law("acpi A6: a local APIC's registers begin on a page");
	info.dmar_unit[0].registers = PHYS(0);
	expect_info_law("acpi A6: a unit's registers begin on a page");
}

/* ---- the window --------------------------------------------------------- */

static bool window_is_empty(void)
{
	return fixmap_entry(FIX_ACPI_WINDOW)->low == 0;
}

/* Two pages that follow each other, filled with numbers. */
static struct page *numbered_pages(gfp_t gfp)
{
	struct page *page = alloc_pages(gfp, 1);

	if (!page)
		SKIP("needs two pages there");
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *bytes = kmap_local(page + i);

		for (unsigned k = 0; k < PAGE_SIZE; k++)
			bytes[k] = (uint8_t)(k + k / 251 + 7 * i);
		kunmap_local(bytes);
	}
	return page;
}

static uint8_t number_at(unsigned offset)
{
	unsigned k = offset % PAGE_SIZE;

	return (uint8_t)(k + k / 251 + 7 * (offset / PAGE_SIZE));
}

static void read_everywhere(struct page *page, unsigned tries)
{
	static uint8_t buffer[2 * PAGE_SIZE];
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < tries; i++) {
		unsigned from = rng_below(&rng, sizeof(buffer));
		unsigned n = rng_below(&rng, sizeof(buffer) - from + 1);
		bool right = true;

		if (i & 1)
			n = MIN(n, 40);
		memset(buffer, 0xaa, sizeof(buffer));
		EXPECT(!acpi_read(phys_add(page_to_phys(page), from), buffer,
				  n));
		for (unsigned k = 0; k < n; k++)
			right &= buffer[k] == number_at(from + k);
		for (unsigned k = n; k < sizeof(buffer); k++)
			right &= buffer[k] == 0xaa;
		EXPECT(right);
		EXPECT(window_is_empty());
	}
}

KTEST(acpi, the_window_reads_lowmem_from_any_byte_on)
{
	struct page *page = numbered_pages(GFP_KERNEL);

	read_everywhere(page, 40);
	free_pages(page, 1);
}

KTEST(acpi, the_window_reads_highmem)
{
	struct page *page = numbered_pages(GFP_HIGHUSER | GFP_NOWARN);
	bool high = page_is_highmem(page);

	if (high)
		read_everywhere(page, 10);
	free_pages(page, 1);
	if (!high)
		SKIP("needs highmem");
}

KTEST(acpi, the_window_refuses_what_no_wire_reaches)
{
	uint64_t end = 1ull << cpu_phys_bits();
	uint8_t buffer[16];

	EXPECT_EQ(-acpi_read(PHYS(end), buffer, 1), EINVAL);
	EXPECT_EQ(-acpi_read(PHYS(end - 8), buffer, 9), EINVAL);
	EXPECT_EQ(-acpi_read(PHYS(~0ull), buffer, 1), EINVAL);
	EXPECT_EQ(-acpi_read(PHYS(~0ull - 3), buffer, 16), EINVAL);
	EXPECT(!acpi_read(PHYS(0x5000), buffer, 0));
	EXPECT(window_is_empty());
}

/* The host has no tables, and neither has firmware that is too old. */
KTEST(acpi, this_machine_says_the_same_twice)
{
	static struct acpi_info before;

	if (!acpi_info.present)
		SKIP("needs ACPI");
	before = acpi_info;
	acpi_init();
	EXPECT(!memcmp(&before, &acpi_info, sizeof(before)));
	EXPECT(window_is_empty());
	/* With little RAM, QEMU's loader has written over the tables. */
	if (max_pfn.v < (9u << 20) / PAGE_SIZE && acpi_info.nr_tables <= 1)
		SKIP("needs 9 MiB: below, firmware's tables are overwritten");
	EXPECT(acpi_info.nr_tables > 1);
}
