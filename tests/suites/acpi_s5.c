// SPDX-License-Identifier: MIT
/*
 * acpi_s5.c (tests) - the sleep state S5 in the bytes of a DSDT
 */
#include "tests/suites/acpi_table.h"

SUITE(acpi_s5, last_info_check);

/* Is \_S5 found in these bytes, which end the DSDT? */
static bool s5_in(const uint8_t *bytes, uint32_t length, uint32_t before)
{
	const uint32_t head = sizeof(struct acpi_header) + before;

	REQUIRE(head + length <= ROOM);
	set_up_table("DSDT", head + length);
	memcpy(room + head, bytes, length);
	info.has_fadt = true;
	acpi_s5_parse(&machine.reader);
	EXPECT_NULL(acpi_info_check(&info));
	return info.has_s5;
}

#define S5_IN(...)                                             \
	s5_in((const uint8_t[]){ __VA_ARGS__ },                \
	      sizeof((const uint8_t[]){ __VA_ARGS__ }), 3)
#define S5_NAME  0x08, '_', 'S', '5', '_'

KTEST(acpi_s5, sleep_types_are_found_however_they_are_written)
{
	EXPECT(S5_IN(S5_NAME, 0x12, 0x06, 4, 0x0a, 5, 0x0a, 6, 0, 0));
	EXPECT_EQ(info.s5_type_a, 5);
	EXPECT_EQ(info.s5_type_b, 6);
	EXPECT(S5_IN(0x08, '\\', '_', 'S', '5', '_', 0x12, 4, 2, 0, 1));
	EXPECT_EQ(info.s5_type_b, 1);
	EXPECT(S5_IN(S5_NAME, 0x12, 0x46, 0, 2, 0x0b, 7, 0, 0x0c, 3, 0, 0, 0));
	EXPECT_EQ(info.s5_type_a, 7);
	EXPECT_EQ(info.s5_type_b, 3);
	EXPECT(S5_IN(S5_NAME, 0x12, 0x03, 1, 0x0a, 5));
	EXPECT_EQ(info.s5_type_b, 5);
}

KTEST(acpi_s5, letters_alone_are_no_sleep_state)
{
	EXPECT(!S5_IN('_', 'S', '5', '_', 0x12, 6, 4, 0, 0, 0, 0));
	EXPECT(!S5_IN('x', '\\', '_', 'S', '5', '_', 0x12, 6, 4, 0, 0, 0));
	EXPECT(!S5_IN(S5_NAME, 0x11, 6, 4, 0, 0, 0, 0));
	EXPECT(!S5_IN(S5_NAME, 0x12, 6, 0, 0, 0, 0, 0));
	EXPECT(!S5_IN(S5_NAME, 0x12, 6, 4, 0x0a, 8, 0x0a, 8, 0, 0));
	EXPECT(!S5_IN(S5_NAME, 0x12, 6, 4, 0x0b, 0, 1, 0, 0, 0));
	EXPECT(!S5_IN(S5_NAME, 0x12, 6, 4, 0x70, 0x68, 0, 0, 0));
	EXPECT(S5_IN(S5_NAME, S5_NAME, 0x12, 6, 4, 0x0a, 2, 0, 0, 0));
	EXPECT_EQ(info.s5_type_a, 2);
}

KTEST(acpi_s5, a_package_may_be_cut_off_anywhere)
{
	static const uint8_t whole[] = { S5_NAME, 0x12, 0xc6, 0, 0, 0, 4,
					 0x0c, 5, 0, 0, 0, 0x0c, 5, 0, 0, 0 };

	EXPECT(s5_in(whole, sizeof(whole), 0));
	for (uint32_t n = 0; n < sizeof(whole); n++)
		EXPECT(!s5_in(whole, n, 0));
}

KTEST(acpi_s5, sleep_types_are_found_at_any_distance)
{
	static const uint8_t name[] = { S5_NAME, 0x12, 6, 4, 0x0a, 5, 0x0a,
					6, 0, 0 };

	for (uint32_t before = 0; before < 600; before++)
		EXPECT(s5_in(name, sizeof(name), before));
}

KTEST(acpi_s5, of_two_packages_the_first_counts)
{
	EXPECT(S5_IN(S5_NAME, 0x12, 6, 2, 0x0a, 3, 0x0a, 4,
		     S5_NAME, 0x12, 6, 2, 0x0a, 5, 0x0a, 6));
	EXPECT_EQ(info.s5_type_a, 3);
	EXPECT_EQ(info.s5_type_b, 4);
}

static size_t refused;

static int read_all_but_some(struct acpi_reader *reader, phys_addr_t pa,
			     void *buffer, size_t size)
{
	return size == refused ? -EINVAL : machine_read(reader, pa, buffer,
							size);
}

/* The reads: all 16 bytes, the two before the letters, the eight behind. */
KTEST(acpi_s5, what_cannot_be_read_is_no_sleep_state)
{
	static const size_t sizes[] = { 16, 2, 8 };

	EXPECT(S5_IN(S5_NAME, 0x12, 6, 4, 0x0a, 5, 0x0a, 6, 0));
	EXPECT_EQ(table.length, 36 + sizes[0]);
	machine.reader.read = read_all_but_some;
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		refused = 0;
		info.has_s5 = false;
		acpi_s5_parse(&machine.reader);
		EXPECT(info.has_s5);
		refused = sizes[i];
		info.has_s5 = false;
		acpi_s5_parse(&machine.reader);
		EXPECT(!info.has_s5);
	}
}

/* Not even one: the second piece would have the package. */
KTEST(acpi_s5, a_search_ends_where_it_cannot_read)
{
	static const uint8_t name[] = { S5_NAME, 0x12, 4, 2, 0, 0 };

	EXPECT(s5_in(name, sizeof(name), 300));
	machine.reader.read = read_all_but_some;
	refused = 256;
	info.has_s5 = false;
	acpi_s5_parse(&machine.reader);
	EXPECT(!info.has_s5);
}
