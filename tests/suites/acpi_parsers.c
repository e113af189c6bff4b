// SPDX-License-Identifier: MIT
/*
 * acpi_parsers.c (tests) - one table at a time, made by hand
 *
 * WHAT     MADT, FADT and DMAR, each built entry by entry and given to its
 *          parser alone.
 *
 * NOT HERE the bytes of a DSDT (acpi_s5.c).
 */
#include "tests/acpi_tables.h"
#include "tests/suites/acpi_table.h"

SUITE(acpi_parsers, last_info_check);

/* Begin a table with these `length` bytes. */
static void begin(const char *signature, const void *bytes, uint32_t length)
{
	set_up_table(signature, length);
	memcpy(room, bytes, length);
}

static void append(const void *bytes, uint32_t length)
{
	REQUIRE(table.length + length <= ROOM);
	memcpy(room + table.length, bytes, length);
	table.length += length;
}

#define APPEND(...)                                            \
	append((const uint8_t[]){ __VA_ARGS__ },               \
	       sizeof((const uint8_t[]){ __VA_ARGS__ }))

static unsigned complaints(void)
{
	return machine.reader.complaints;
}

/* ---- MADT --------------------------------------------------------------- */

#define MADT_HEAD   44u
#define DMAR_HEAD   48u
#define LE32(x)     (x) & 0xff, (x) >> 8 & 0xff, (x) >> 16 & 0xff, (x) >> 24

static void begin_madt(void)
{
	begin("APIC", real_madt, MADT_HEAD);
}

static void parse_madt(void)
{
	acpi_madt_parse(&machine.reader);
	EXPECT_NULL(acpi_info_check(&info));
}

KTEST(acpi_parsers, cpus_that_are_off_do_not_count)
{
	begin_madt();
	APPEND(0, 8, 0, 0, 1, 0, 0, 0);
	APPEND(0, 8, 1, 1, 0, 0, 0, 0);
	APPEND(0, 8, 2, 2, 3, 0, 0, 0);
	APPEND(9, 16, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
	APPEND(9, 16, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0);
	APPEND(0, 12, 3, 3, 1, 0, 0, 0, 1, 0, 0, 0);    /* of a later ACPI */
	parse_madt();
	EXPECT_EQ(info.nr_cpus, 4);
	EXPECT_EQ(complaints(), 0);
}

KTEST(acpi_parsers, entries_before_a_wrong_one_count)
{
	static const uint8_t wrong[][2] = { { 0, 0 }, { 0, 1 }, { 0, 9 },
					    { 77, 255 } };

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		begin_madt();
		APPEND(0, 8, 0, 0, 1, 0, 0, 0);
		append(wrong[i], 2);
		APPEND(0, 0, 1, 0, 0, 0);
		parse_madt();
		EXPECT_EQ(info.nr_cpus, 1);
		EXPECT_EQ(complaints(), 1);
	}
	begin_madt();
	APPEND(0, 8, 0, 0, 1, 0, 0, 0);
	APPEND(0);                      /* half a head */
	parse_madt();
	EXPECT_EQ(info.nr_cpus, 1);
	EXPECT_EQ(complaints(), 1);
}

KTEST(acpi_parsers, entries_of_other_kinds_are_stepped_over)
{
	begin_madt();
	APPEND(4, 6, 0xff, 0, 0, 1);
	APPEND(10, 2);
	APPEND(200, 2);
	APPEND(2, 4, 0, 0);             /* an override that is too short */
	APPEND(0, 8, 0, 0, 1, 0, 0, 0);
	parse_madt();
	EXPECT_EQ(info.nr_cpus, 1);
	EXPECT_EQ(complaints(), 1);
}

/* All bytes that the kernel reads are there, or the entry is left out. */
KTEST(acpi_parsers, an_entry_is_as_long_as_its_kind)
{
	static const uint8_t kinds[][16] = {
		{ 0, 8, 0, 0, 1 },
		{ 1, 12, 0, 0, LE32(0xfec00000u) },
		{ 2, 10, 0, 3, 7 },
		{ 5, 12, 0, 0, LE32(0xfee00000u) },
		{ 9, 16, 0, 0, 7, 0, 0, 0, 1 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		for (uint8_t less = 0; less < 2; less++) {
			begin_madt();
			append(kinds[i], kinds[i][1] - less);
			room[MADT_HEAD + 1] -= less;
			parse_madt();
			EXPECT_EQ(complaints(), less);
			EXPECT_EQ(info.nr_cpus + info.nr_ioapics +
				  info.isa_line[3].gsi,
				  less || i == 3 ? 0 : i == 2 ? 7 : 1);
		}
}

KTEST(acpi_parsers, an_override_moves_a_line)
{
	begin_madt();
	APPEND(2, 10, 0, 0, 2, 0, 0, 0, 0, 0);
	APPEND(2, 10, 0, 9, LE32(20u), 0x0f, 0);        /* level, low */
	APPEND(2, 10, 0, 5, LE32(5u), 0x05, 0);         /* edge, high */
	parse_madt();
	EXPECT_EQ(info.isa_line[0].gsi, 2);
	EXPECT_EQ(info.isa_line[9].gsi, 20);
	EXPECT(info.isa_line[9].level && info.isa_line[9].active_low);
	EXPECT(!info.isa_line[5].level && !info.isa_line[5].active_low);
	EXPECT_EQ(complaints(), 0);
}

KTEST(acpi_parsers, an_override_of_no_line_is_left_out)
{
	begin_madt();
	APPEND(2, 10, 1, 3, LE32(7u), 0, 0);            /* not ISA      */
	APPEND(2, 10, 0, 16, LE32(7u), 0, 0);           /* no line      */
	APPEND(2, 10, 0, 3, LE32(7u), 0x02, 0);         /* reserved     */
	APPEND(2, 10, 0, 3, LE32(7u), 0x08, 0);
	parse_madt();
	EXPECT_EQ(info.isa_line[3].gsi, 0);
	EXPECT_EQ(complaints(), 4);
}

KTEST(acpi_parsers, controllers_are_never_in_ram)
{
	begin_madt();
	memcpy(room + 36, (uint8_t[]){ LE32(0x00200000u) }, 4);
	APPEND(1, 12, 0, 0, LE32(0x00100000u), LE32(0u));
	APPEND(1, 12, 0, 0, LE32(0u), LE32(0u));
	APPEND(1, 12, 0, 0, LE32(0xfec00ff0u), LE32(0u));
	APPEND(5, 12, 0, 0, LE32(0xfee00010u), LE32(0u));
	APPEND(5, 12, 0, 0, LE32(0xfee00000u), LE32(0x10u));
	parse_madt();
	EXPECT_EQ(info.nr_ioapics, 0);
	EXPECT_EQ(info.lapic.v, 0);
	EXPECT_EQ(complaints(), 6);
}

/* Its 32 bytes end with the page, or begin where there is no RAM any more. */
KTEST(acpi_parsers, an_ioapic_lies_within_one_page)
{
	static const struct {
		uint32_t address;
		bool     right;
	} cases[] = {
		{ 0xfec00000, true }, { 0xfec00001, true },
		{ 0xfec00fe0, true }, { 0xfec00fe1, false },
		{ 0xfec00fff, false }, { 0x10000000, true },
		{ 0x0fffffff, false }, { 0xffffffe0, true },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_madt();
		APPEND(1, 12, 7, 0, LE32(cases[i].address), LE32(24u));
		parse_madt();
		EXPECT_EQ(info.nr_ioapics, cases[i].right);
		EXPECT_EQ(complaints(), !cases[i].right);
		if (!cases[i].right)
			continue;
		EXPECT_EQ(info.ioapic[0].pa.v, cases[i].address);
		EXPECT_EQ(info.ioapic[0].id, 7);
		EXPECT_EQ(info.ioapic[0].gsi_base, 24);
	}
}

KTEST(acpi_parsers, the_local_apic_may_be_moved)
{
	begin_madt();
	APPEND(5, 12, 0, 0, LE32(0xfee00000u), LE32(0x1u));
	parse_madt();
	EXPECT_EQ(info.lapic.v, 0x1fee00000);
}

KTEST(acpi_parsers, as_many_ioapics_as_there_is_room_for)
{
	begin_madt();
	for (unsigned i = 0; i < ACPI_IOAPICS_MAX + 1; i++) {
		APPEND(1, 12, (uint8_t)i, 0, 0, (uint8_t)(i << 4), 0xc0, 0xfe,
		       (uint8_t)(24 * i), 0, 0, 0);
		APPEND(1, 12, (uint8_t)i, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0);
	}
	parse_madt();
	EXPECT_EQ(info.nr_ioapics, ACPI_IOAPICS_MAX);
	EXPECT_EQ(info.ioapic[1].gsi_base, 24);
	EXPECT_EQ(complaints(), ACPI_IOAPICS_MAX + 2);
}

/* ---- FADT --------------------------------------------------------------- */

static phys_addr_t found[2];

static void parse_fadt(void)
{
	acpi_fadt_parse(&machine.reader, found);
	EXPECT_NULL(acpi_info_check(&info));
}

static void put(unsigned offset, uint64_t value, unsigned width)
{
	memcpy(room + offset, &value, width);
}

KTEST(acpi_parsers, new_fields_are_for_empty_old_ones)
{
	begin("FACP", real_fadt, sizeof(real_fadt));
	put(64, 0, 4);
	put(172, 1, 1);
	put(176, 0xb004, 8);
	put(140, 0x123456789aull, 8);
	parse_fadt();
	EXPECT_EQ(info.pm1a_control, 0xb004);
	EXPECT_EQ(found[0].v, 0x123456789a);
	EXPECT_EQ(found[1].v, 0x0ffe0040);
	put(172, 0, 1);                 /* in memory, not a port */
	parse_fadt();
	EXPECT_EQ(info.pm1a_control, 0);
}

KTEST(acpi_parsers, old_fields_go_before_new_ones)
{
	begin("FACP", real_fadt, sizeof(real_fadt));
	parse_fadt();
	EXPECT_EQ(found[0].v, 0x0ffe0040);      /* in both fields */
	EXPECT_EQ(found[1].v, 0);
	put(68, 0x700, 4);
	put(172, 1, 1);
	put(176, 0xb004, 8);
	put(184, 1, 1);
	put(188, 0xb008, 8);
	parse_fadt();
	EXPECT_EQ(info.pm1a_control, 0x604);
	EXPECT_EQ(info.pm1b_control, 0x700);
	EXPECT_EQ(complaints(), 0);
}

KTEST(acpi_parsers, what_is_no_port_is_not_written_to)
{
	begin("FACP", real_fadt, sizeof(real_fadt));
	put(64, 0x10604, 4);
	put(68, 0xffff, 4);             /* 16 bits would wrap */
	put(48, 0x100b2, 4);
	parse_fadt();
	EXPECT_EQ(info.pm1a_control, 0);
	EXPECT_EQ(info.pm1b_control, 0);
	EXPECT_EQ(info.smi_command, 0);
	EXPECT_EQ(complaints(), 2);
}

KTEST(acpi_parsers, the_command_that_turns_acpi_on_goes_to_a_port)
{
	static const struct {
		uint32_t port;
		uint16_t want;
	} cases[] = {
		{ 0, 0 },           { 1, 1 },       { 0xb2, 0xb2 },
		{ 0xffff, 0xffff }, { 0x10000, 0 }, { 0xffff00b2, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin("FACP", real_fadt, sizeof(real_fadt));
		put(48, cases[i].port, 4);
		put(52, 0xf1, 1);
		parse_fadt();
		EXPECT_EQ(info.smi_command, cases[i].want);
		EXPECT_EQ(info.acpi_enable, cases[i].port <= 0xffff ? 0xf1 : 0);
	}
}

KTEST(acpi_parsers, a_pm_timer_has_four_bytes_of_ports)
{
	static const struct {
		uint32_t port;
		uint8_t  length;
		uint16_t want;
	} cases[] = {
		{ 0x608, 4, 0x608 }, { 0, 4, 0 },       { 0x608, 0, 0 },
		{ 0x608, 3, 0 },     { 0xfffc, 4, 0xfffc }, { 0xfffd, 4, 0 },
		{ 0x10608, 4, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin("FACP", real_fadt, sizeof(real_fadt));
		put(76, cases[i].port, 4);
		put(91, cases[i].length, 1);
		parse_fadt();
		EXPECT_EQ(info.pm_timer, cases[i].want);
	}
}

KTEST(acpi_parsers, reduced_hardware_has_no_ports)
{
	begin("FACP", real_fadt, sizeof(real_fadt));
	put(112, 1u << 20, 4);
	parse_fadt();
	EXPECT(info.has_fadt);
	EXPECT_EQ(info.pm1a_control, 0);
}

KTEST(acpi_parsers, a_short_fadt_has_no_new_fields)
{
	begin("FACP", real_fadt, 116);
	put(140, ~0ull, 8);             /* behind its end */
	parse_fadt();
	EXPECT(info.has_fadt);
	EXPECT_EQ(found[0].v, 0);
	begin("FACP", real_fadt, 115);
	found[0] = found[1] = PHYS(7);
	parse_fadt();
	EXPECT(!info.has_fadt);
	EXPECT(!found[0].v && !found[1].v);
}

/* ---- DMAR --------------------------------------------------------------- */

static void begin_dmar(void)
{
	begin("DMAR", real_dmar, DMAR_HEAD);
}

static void parse_dmar(void)
{
	acpi_dmar_parse(&machine.reader);
	EXPECT_NULL(acpi_info_check(&info));
}

/* A unit with `scopes` bytes for its scopes, which come next. */
static void append_unit(uint8_t flags, uint32_t registers, unsigned scopes)
{
	APPEND(0, 0, (uint8_t)(16 + scopes), 0, flags, 0, 0, 0,
	       LE32(registers), 0, 0, 0, 0);
}

KTEST(acpi_parsers, a_unit_for_all_the_others)
{
	begin_dmar();
	append_unit(0, 0xfed90000, 8);
	APPEND(1, 8, 0, 0, 0, 2, 31, 7);
	APPEND(3, 0, 4, 0);                             /* of another kind */
	append_unit(1, 0xfed91000, 8);
	APPEND(3, 8, 0, 0, 0, 0xff, 0, 0);              /* an I/O APIC     */
	room[36] = 47;
	parse_dmar();
	EXPECT_EQ(info.dmar_address_bits, 48);
	EXPECT_EQ(info.nr_dmar_units, 2);
	EXPECT(!info.dmar_unit[0].all && info.dmar_unit[1].all);
	EXPECT_EQ(info.dmar_unit[0].scope[0], 2 << 8 | 31 << 3 | 7);
	EXPECT_EQ(info.dmar_unit[1].nr_scopes, 0);
	EXPECT_EQ(complaints(), 0);
}

KTEST(acpi_parsers, an_address_has_1_to_64_bits)
{
	static const uint8_t cases[][2] = {
		{ 0, 1 }, { 38, 39 }, { 62, 63 }, { 63, 64 }, { 64, 1 },
		{ 255, 64 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_dmar();
		room[36] = cases[i][0];
		parse_dmar();
		EXPECT_EQ(info.dmar_address_bits, cases[i][1]);
	}
}

KTEST(acpi_parsers, a_unit_that_is_too_short_is_left_out)
{
	begin_dmar();
	APPEND(0, 0, 15, 0, 1, 0, 0, 0, LE32(0xfed90000u), 0, 0, 0);
	append_unit(1, 0xfed91000, 0);
	parse_dmar();
	REQUIRE(info.nr_dmar_units == 1);
	EXPECT_EQ(info.dmar_unit[0].registers.v, 0xfed91000);
	EXPECT_EQ(complaints(), 1);
}

/* On a machine without RAM, address 0 is free, but means "none". */
KTEST(acpi_parsers, no_registers_are_at_address_0)
{
	begin_madt();
	machine.ram_end = 0;
	memset(room + 36, 0, 4);
	APPEND(1, 12, 0, 0, LE32(0u), LE32(0u));
	parse_madt();
	EXPECT_EQ(info.nr_ioapics, 0);
	EXPECT_EQ(complaints(), 2);
	begin_dmar();
	machine.ram_end = 0;
	append_unit(0, 0, 0);
	parse_dmar();
	EXPECT_EQ(info.nr_dmar_units, 0);
	EXPECT_EQ(complaints(), 1);
}

KTEST(acpi_parsers, memory_that_firmware_wants_reached_is_warned_of)
{
	begin_dmar();
	APPEND(1, 0, 24, 0, 0, 0, 0, 0, LE32(0x7f000000), 0, 0, 0, 0,
	       LE32(0x7f0fffff), 0, 0, 0, 0);
	append_unit(1, 0xfed90000, 0);
	APPEND(1, 0, 8, 0, 0, 0, 0, 0);                 /* too short to say */
	parse_dmar();
	EXPECT_EQ(info.nr_dmar_units, 1);
	EXPECT_EQ(complaints(), 1);
}

KTEST(acpi_parsers, a_path_leads_through_bridges)
{
	begin_dmar();
	append_unit(0, 0xfed90000, 12 + 10 + 10);
	APPEND(1, 12, 0, 0, 0, 0, 28, 0, 4, 0, 1, 2);
	APPEND(1, 10, 0, 0, 0, 0, 5, 0, 1, 0);          /* 5 is no bridge  */
	APPEND(2, 10, 0, 0, 0, 0, 28, 0, 6, 0);
	machine.behind[28] = 3;
	machine.behind[4] = 9;
	parse_dmar();
	EXPECT_EQ(info.dmar_unit[0].nr_scopes, 2);
	EXPECT_EQ(info.dmar_unit[0].scope[0], 9 << 8 | 1 << 3 | 2);
	EXPECT_EQ(info.dmar_unit[0].scope[1], 3 << 8 | 6 << 3);
	EXPECT_EQ(complaints(), 1);
}

/* The bridge 0:0.0 has the source id 0. */
KTEST(acpi_parsers, the_first_device_of_all_may_be_a_bridge)
{
	begin_dmar();
	append_unit(0, 0xfed90000, 8 + 10 + 10);
	APPEND(1, 8, 0, 0, 0, 0, 0, 0);
	APPEND(1, 10, 0, 0, 0, 0, 0, 0, 6, 1);
	APPEND(1, 10, 0, 0, 0, 0, 0, 0, 31, 7);
	machine.behind[0] = 255;
	parse_dmar();
	EXPECT_EQ(info.dmar_unit[0].nr_scopes, 3);
	EXPECT_EQ(info.dmar_unit[0].scope[0], 0);
	EXPECT_EQ(info.dmar_unit[0].scope[1], 255 << 8 | 6 << 3 | 1);
	EXPECT_EQ(info.dmar_unit[0].scope[2], 0xffff);
	EXPECT_EQ(complaints(), 0);
	machine.behind[0] = 0;          /* no bridge */
	memset(&info, 0, sizeof(info));
	info.present = true;
	parse_dmar();
	EXPECT_EQ(info.dmar_unit[0].nr_scopes, 1);
	EXPECT_EQ(complaints(), 2);
}

KTEST(acpi_parsers, a_path_that_leads_nowhere_is_left_out)
{
	begin_dmar();
	append_unit(0, 0xfed90000, 8 + 8 + 7 + 6 + 9);
	APPEND(1, 8, 0, 0, 0, 0, 32, 0);                /* no slot         */
	APPEND(1, 8, 0, 0, 0, 0, 1, 8);                 /* no function     */
	APPEND(1, 7, 0, 0, 0, 0, 1);                    /* half a hop      */
	APPEND(1, 6, 0, 0, 0, 0);                       /* none            */
	APPEND(1, 9, 0, 0, 0, 0, 1, 0, 1);
	parse_dmar();
	EXPECT_EQ(info.nr_dmar_units, 1);
	EXPECT_EQ(info.dmar_unit[0].nr_scopes, 0);
	EXPECT_EQ(complaints(), 5);
}

KTEST(acpi_parsers, a_scope_ends_with_its_unit)
{
	begin_dmar();
	append_unit(0, 0xfed90000, 8);
	APPEND(1, 10, 0, 0, 0, 0, 1, 0, 0, 0);
	parse_dmar();
	EXPECT_EQ(info.dmar_unit[0].nr_scopes, 0);
	begin_dmar();
	append_unit(0, 0xfed90000, 6);
	APPEND(1, 5, 0, 0, 0, 0);
	parse_dmar();
	EXPECT_EQ(info.dmar_unit[0].nr_scopes, 0);
	EXPECT(complaints() > 0);
}

KTEST(acpi_parsers, as_many_scopes_as_there_is_room_for)
{
	begin_dmar();
	append_unit(0, 0xfed90000, 8 * (ACPI_DMAR_SCOPES_MAX + 1));
	for (unsigned i = 0; i < ACPI_DMAR_SCOPES_MAX + 1; i++)
		APPEND(1, 8, 0, 0, 0, 0, (uint8_t)i, 0);
	parse_dmar();
	EXPECT_EQ(info.dmar_unit[0].nr_scopes, ACPI_DMAR_SCOPES_MAX);
	EXPECT_EQ(complaints(), 1);
}

KTEST(acpi_parsers, units_are_where_registers_can_be)
{
	begin_dmar();
	append_unit(0, 0x00200000, 0);                  /* RAM             */
	append_unit(0, 0xfed90800, 0);                  /* within a page   */
	append_unit(0, 0, 0);
	for (unsigned i = 0; i < ACPI_DMAR_UNITS_MAX + 1; i++) {
		append_unit(0, 0xfed90000 + i * 0x1000, 0);
		append_unit(0, 0xfed90000, 0);          /* named twice     */
	}
	parse_dmar();
	EXPECT_EQ(info.nr_dmar_units, ACPI_DMAR_UNITS_MAX);
	EXPECT_EQ(complaints(), 3 + ACPI_DMAR_UNITS_MAX + 2);
}

KTEST(acpi_parsers, a_wrong_piece_ends_the_table)
{
	static const uint8_t wrong[][4] = { { 0, 0, 0, 0 }, { 0, 0, 3, 0 },
					    { 9, 0, 0xff, 0xff },
					    { 0, 0, 15, 0 } };

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		begin_dmar();
		append_unit(0, 0xfed90000, 0);
		append(wrong[i], 4);
		parse_dmar();
		EXPECT_EQ(info.nr_dmar_units, 1);
		EXPECT_EQ(complaints(), 1);
	}
}

/* ---- heads, checksums ---------------------------------------------------- */

/* No byte behind the end is read: nothing is there. */
KTEST(acpi_parsers, a_checksum_counts_each_byte_and_no_other)
{
	struct acpi_reader *reader = &machine.reader;
	const phys_addr_t pa = PHYS(TABLE_PA);
	static uint8_t bytes[800];

	for (uint32_t length = 1; length < sizeof(bytes); length++) {
		machine_init(&machine);
		machine_add(&machine, TABLE_PA, bytes, length);
		for (uint32_t i = 0; i < length; i++)
			bytes[i] = (uint8_t)(i * 7 + 3);
		set_checksum(bytes, length, length / 2);
		EXPECT_EQ(acpi_checksum(reader, pa, length), 0);
		bytes[length - 1]++;
		EXPECT_EQ(acpi_checksum(reader, pa, length), -EIO);
		EXPECT_EQ(acpi_checksum(reader, pa, length + 1), -EINVAL);
	}
	EXPECT_EQ(acpi_checksum(reader, pa, 0), 0);
}

/* A name goes into the log: it has no blanks and no control characters. */
KTEST(acpi_parsers, each_byte_of_a_name_can_be_printed)
{
	for (unsigned c = 0; c < 256; c++) {
		uint8_t shown = c > ' ' && c < 0x7f ? (uint8_t)c : '?';

		for (unsigned i = 0; i < 4; i++) {
			char name[5] = "APIC";

			begin_madt();
			room[i] = (uint8_t)c;
			name[i] = (char)shown;
			EXPECT_EQ(acpi_table_load(&machine.reader,
						  PHYS(TABLE_PA), &table), 0);
			EXPECT_STREQ(table.signature, name);
		}
	}
}

/* Two bytes of ports, the last ones too. */
KTEST(acpi_parsers, a_control_register_is_two_ports)
{
	static const struct {
		uint32_t port;
		uint16_t want;
	} cases[] = {
		{ 1, 1 },           { 0x604, 0x604 }, { 0xfffd, 0xfffd },
		{ 0xfffe, 0xfffe }, { 0xffff, 0 },    { 0x10000, 0 },
		{ 0xffff0604, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned b = 0; b < 2; b++) {
			begin("FACP", real_fadt, sizeof(real_fadt));
			put(b ? 68 : 64, cases[i].port, 4);
			parse_fadt();
			EXPECT_EQ(b ? info.pm1b_control : info.pm1a_control,
				  cases[i].want);
			EXPECT_EQ(complaints(), cases[i].port > 0xfffe);
		}
}
