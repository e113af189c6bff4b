// SPDX-License-Identifier: MIT
/*
 * acpi_table.c (tests) - where tables, their pieces and the root pointer end
 *
 * WHAT     The functions that all parsers read with, each at every distance
 *          from the end of a table; the search for the root pointer; and lists
 *          of tables that overlap, or are as many as there can be.
 *
 * SEE      acpi.c, acpi_parsers.c: what the tables say.
 */
#include "tests/acpi_machine.h"
#include "tests/acpi_tables.h"
#include "tests/ktest.h"

#define CHECKSUM   9u            /* of a table; of an RSDP it is 8 */
#define TABLE_PA   0x0ffe0003u
#define RSDP_PA    0xe0000u
#define RSDT_PA    0x0fff0001u
#define XSDT_PA    0x0fff8001u
#define KIB        1024u

static struct acpi_machine machine;
static struct acpi_info info;
static struct acpi_table table;
static uint8_t room[400], rsdt[400], xsdt[44], kib[2 * KIB];

static const char *last_info_check(void)
{
	return acpi_info_check(&info);
}

SUITE(acpi_table, last_info_check);

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, 4);
}

static void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, 8);
}

static unsigned complaints(void)
{
	return machine.reader.complaints;
}

/* ---- pieces of a table --------------------------------------------------- */

/* A table of so many bytes, 1, 2, 3 ...; behind its end they go on. */
static void begin(uint32_t length)
{
	machine_init(&machine);
	machine_add(&machine, TABLE_PA, room, sizeof(room));
	for (unsigned i = 0; i < sizeof(room); i++)
		room[i] = (uint8_t)(i % 255 + 1);
	table = (struct acpi_table){ "TEST", PHYS(TABLE_PA), length, true };
	machine.reader.info = &info;
	machine.reader.table = &table;
}

KTEST(acpi_table, no_read_leaves_the_table)
{
	uint8_t got[32];

	begin(20);
	for (uint32_t at = 0; at <= 22; at++)
		for (uint32_t n = 0; n <= 22; n++) {
			bool within = at + n <= 20;

			EXPECT_EQ(acpi_table_read(&machine.reader, at, got, n),
				  within ? 0 : -ERANGE);
			EXPECT(!within || !memcmp(got, room + at, n));
		}
	EXPECT_EQ(acpi_table_read(&machine.reader, 1, got, SIZE_MAX), -ERANGE);
}

/* Bytes of the table, then zeros, then what was there before. */
static bool is_filled(const uint8_t got[24], uint32_t at, uint32_t copied,
		      uint32_t size)
{
	for (uint32_t i = 0; i < 24; i++) {
		uint8_t want = i < copied ? room[at + i] : 0;

		if (got[i] != (i < size ? want : 0xff))
			return false;
	}
	return true;
}

KTEST(acpi_table, fields_behind_the_end_are_0)
{
	uint8_t got[24];

	for (uint32_t length = 0; length <= 24; length++) {
		begin(length);
		memset(got, 0xff, sizeof(got));
		EXPECT_EQ(acpi_fields_read(&machine.reader, 10, got, 20),
			  length >= 10);
		EXPECT_EQ(complaints(), length < 10);
		EXPECT(is_filled(got, 0, length < 10 ? 0 : length, 20));
	}
}

/* Its list ends `left` bytes behind it, and the table `more` bytes later. */
static void expect_entry(bool wide, uint32_t length, uint32_t left,
			 uint32_t more)
{
	bool right = length >= (wide ? 4u : 2u) && length <= left;
	const uint32_t at = 5;
	uint8_t got[24];

	begin(at + left + more);
	if (wide) {
		room[at + 2] = (uint8_t)length;
		room[at + 3] = (uint8_t)(length >> 8);
	} else {
		room[at + 1] = (uint8_t)length;
	}
	memset(got, 0xff, sizeof(got));
	EXPECT_EQ(acpi_entry_read(&machine.reader, at, at + left, wide, got,
				  16),
		  right ? length : 0);
	EXPECT_EQ(complaints(), !right);
	EXPECT(!right || is_filled(got, at, length, 16));
}

KTEST(acpi_table, an_entry_has_a_head_and_ends_with_its_list)
{
	for (unsigned wide = 0; wide < 2; wide++)
		for (uint32_t length = 0; length <= 20; length++)
			for (uint32_t left = 0; left <= 20; left++) {
				expect_entry(wide, length, left, 0);
				expect_entry(wide, length, left, 40);
			}
	for (uint32_t left = 0x122; left <= 0x124; left++)
		expect_entry(true, 0x123, left, 40);
	for (uint32_t left = 254; left <= 256; left++)
		expect_entry(false, 255, left, 40);
}

/* ---- a whole table ------------------------------------------------------- */

static struct acpi_header header;
static uint64_t header_pa;

/* All memory is 0 but for one header. */
static int read_zeros(struct acpi_reader *reader, phys_addr_t pa, void *buffer,
		      size_t size)
{
	memset(buffer, 0, size);
	if (pa.v == header_pa)
		memcpy(buffer, &header, MIN(size, sizeof(header)));
	return 0;
}

static void expect_table(uint64_t pa, uint32_t length, bool valid)
{
	machine_init(&machine);
	machine.reader.read = read_zeros;
	machine.reader.info = &info;
	memset(&header, 0, sizeof(header));
	memcpy(header.signature, "TEST", 4);
	header.length = length;
	header_pa = pa;
	set_checksum((uint8_t *)&header, sizeof(header), CHECKSUM);
	memset(&table, 0xff, sizeof(table));
	EXPECT_EQ(acpi_table_load(&machine.reader, PHYS(pa), &table), 0);
	EXPECT_STREQ(table.signature, "TEST");
	EXPECT_EQ(table.pa.v, pa);
	EXPECT_EQ(table.length, length);
	EXPECT_EQ(table.valid, valid);
	EXPECT_EQ(complaints(), !valid);
}

KTEST(acpi_table, a_table_has_36_bytes_to_a_mib)
{
	static const struct {
		uint32_t length;
		bool     valid;
	} cases[] = {
		{ 0, false },
		{ 35, false },
		{ 36, true },
		{ 37, true },
		{ ACPI_TABLE_LENGTH_MAX - 1, true },
		{ ACPI_TABLE_LENGTH_MAX, true },
		{ ACPI_TABLE_LENGTH_MAX + 1, false },
		{ UINT32_MAX, false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		expect_table(TABLE_PA, cases[i].length, cases[i].valid);
}

KTEST(acpi_table, a_table_does_not_wrap)
{
	const uint64_t pa = 0 - (uint64_t)40;

	expect_table(pa, 36, true);
	expect_table(pa, 39, true);
	expect_table(pa, 40, false);
	expect_table(pa, 41, false);
}

KTEST(acpi_table, where_nothing_can_be_read_there_is_no_table)
{
	begin(40);
	EXPECT_EQ(acpi_table_load(&machine.reader, PHYS(0x5000), &table),
		  -EINVAL);
	EXPECT_EQ(complaints(), 0);
}

/* ---- the root pointer ---------------------------------------------------- */

/* A pointer of ACPI 1 whose list would be at `list`. */
static void write_root(uint8_t *at, uint32_t list)
{
	memcpy(at, real_rsdp, sizeof(real_rsdp));
	put32(at + 16, list);
	set_checksum(at, 20, 8);
}

/* The list of the pointer that is found; 0: there is none. */
static uint64_t list_found(void)
{
	struct acpi_root root = { 0 };

	return acpi_rsdp_find(&machine.reader, &root) ? root.rsdt.v : 0;
}

/* Two KiB of memory, and nothing else. */
static void lay_kib(uint64_t pa)
{
	machine_init(&machine);
	memset(kib, 0, sizeof(kib));
	machine_add(&machine, pa, kib, sizeof(kib));
}

KTEST(acpi_table, the_ebda_lies_between_the_vectors_and_640_kib)
{
	static const struct {
		uint16_t segment;
		bool     right;
	} cases[] = {
		{ 0, false },      { 0x3f, false },   { 0x40, true },
		{ 0x41, true },    { 0x9fbf, true },  { 0x9fc0, true },
		{ 0x9fc1, false }, { 0xa000, false }, { 0xffff, false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint16_t segment = cases[i].segment;

		machine_init(&machine);
		machine_add(&machine, 0x40e, &segment, 2);
		machine_add(&machine, segment * 16u, kib, sizeof(kib));
		memset(kib, 0, sizeof(kib));
		write_root(kib + 32, 0x1234);
		EXPECT_EQ(list_found(), cases[i].right ? 0x1234 : 0);
	}
}

KTEST(acpi_table, one_kib_of_the_ebda_is_searched)
{
	static const struct {
		uint32_t offset;
		bool     right;
	} cases[] = {
		{ 0, true }, { 16, true }, { 8, false }, { 1008, true },
		{ 1024, false },
	};
	uint16_t segment = 0x9f00;

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		lay_kib(segment * 16u);
		machine_add(&machine, 0x40e, &segment, 2);
		write_root(kib + cases[i].offset, 0x1234);
		EXPECT_EQ(list_found(), cases[i].right ? 0x1234 : 0);
	}
}

KTEST(acpi_table, the_bios_lies_in_the_last_128_kib_below_1_mib)
{
	static const struct {
		uint32_t pa;
		bool     right;
	} cases[] = {
		{ 0xdfff0, false }, { 0xe0000, true },  { 0xe0010, true },
		{ 0xe0400, true },  { 0xffff0, true },  { 0xffff8, false },
		{ 0x100000, false }, { 0x100010, false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		lay_kib(cases[i].pa & ~(KIB - 1));
		write_root(kib + cases[i].pa % KIB, 0x1234);
		EXPECT_EQ(list_found(), cases[i].right ? 0x1234 : 0);
	}
}

KTEST(acpi_table, each_letter_of_the_signature_counts)
{
	lay_kib(RSDP_PA);
	for (unsigned i = 0; i < 8; i++) {
		write_root(kib, 0x1234);
		EXPECT_EQ(list_found(), 0x1234);
		kib[i] ^= 1;
		set_checksum(kib, 20, 8);
		EXPECT_EQ(list_found(), 0);
	}
	EXPECT_EQ(complaints(), 0);
}

KTEST(acpi_table, an_xsdt_comes_with_revision_2)
{
	static const uint8_t revisions[] = { 0, 1, 2, 3, 255 };

	for (unsigned i = 0; i < ARRAY_SIZE(revisions); i++) {
		struct acpi_root root;

		lay_kib(RSDP_PA);
		write_root(kib, 0x1234);
		kib[15] = revisions[i];
		put32(kib + 20, 36);
		put64(kib + 24, 0x123456789a);
		set_checksum(kib, 20, 8);
		set_checksum(kib, 36, 32);
		REQUIRE(acpi_rsdp_find(&machine.reader, &root));
		EXPECT_EQ(root.revision, revisions[i]);
		EXPECT_EQ(root.rsdt.v, 0x1234);
		EXPECT_EQ(root.xsdt.v, i < 2 ? 0 : 0x123456789a);
	}
}

static int read_no_pointer(struct acpi_reader *reader, phys_addr_t pa,
			   void *buffer, size_t size)
{
	return size == 20 ? -EINVAL : machine_read(reader, pa, buffer, size);
}

KTEST(acpi_table, a_pointer_that_cannot_be_read_is_passed_over)
{
	lay_kib(RSDP_PA);
	write_root(kib, 0x1234);
	machine.reader.read = read_no_pointer;
	EXPECT_EQ(list_found(), 0);
	EXPECT_EQ(complaints(), 0);
}

/* A wrong pointer, and in the next KiB a right one: its bytes and no others. */
KTEST(acpi_table, a_kib_that_cannot_be_read_is_passed_over)
{
	machine_init(&machine);
	machine_add(&machine, RSDP_PA, kib, KIB);
	memset(kib, 0, sizeof(kib));
	write_root(kib + 32, 0x1234);
	kib[32 + 9]++;
	write_root(kib + KIB, 0x1234);
	machine_add(&machine, RSDP_PA + KIB + 32, kib + KIB, 20);
	EXPECT_EQ(list_found(), 0);
	EXPECT_EQ(complaints(), 1);
}

/* ---- the list of tables -------------------------------------------------- */

static void finish(uint8_t *at, const char *signature, uint32_t length)
{
	memcpy(at, signature, 4);
	put32(at + 4, length);
	set_checksum(at, length, CHECKSUM);
}

/* A machine with a pointer and a list of these tables. */
static void lay_list(const uint32_t *pa, unsigned nr)
{
	lay_kib(RSDP_PA);
	write_root(kib, RSDT_PA);
	memset(rsdt, 0, sizeof(rsdt));
	for (unsigned i = 0; i < nr; i++)
		put32(rsdt + 36 + 4 * i, pa[i]);
	finish(rsdt, "RSDT", 36 + 4 * nr);
	machine_add(&machine, RSDT_PA, rsdt, sizeof(rsdt));
}

/* The same with ACPI 2, and an XSDT here. */
static void lay_xsdt(uint64_t pa)
{
	kib[15] = 2;
	put32(kib + 20, 36);
	put64(kib + 24, pa);
	set_checksum(kib, 20, 8);
	set_checksum(kib, 36, 32);
}

static void parse(void)
{
	machine.reader.complaints = 0;
	acpi_parse(&machine.reader, &info);
	EXPECT_NULL(acpi_info_check(&info));
}

/* Two tables: the second one begins `distance` behind the first, 80 long. */
KTEST(acpi_table, tables_may_touch_but_not_overlap)
{
	static const uint32_t distances[] = { 36, 40, 79, 80, 81 };

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(distances); i++) {
		uint32_t distance = distances[i / 2];
		uint32_t list[2] = { TABLE_PA, TABLE_PA + distance };
		bool apart = distance >= 80;

		if (i & 1) {
			list[0] = TABLE_PA + distance;
			list[1] = TABLE_PA;
		}
		lay_list(list, 2);
		memset(room, 0, sizeof(room));
		finish(room + distance, "HIGH", 36);
		finish(room, "LOW_", 80);
		machine_add(&machine, TABLE_PA, room, sizeof(room));
		parse();
		EXPECT_EQ(info.nr_tables, apart ? 3 : 2);
		EXPECT_EQ(info.table[1].pa.v, list[0]);
		EXPECT_EQ(complaints(), !apart);
	}
}

KTEST(acpi_table, a_wrong_table_that_is_named_twice_is_listed_once)
{
	const uint32_t list[] = { TABLE_PA, TABLE_PA };

	lay_list(list, 2);
	memset(room, 0, sizeof(room));
	finish(room, "TEST", 40);
	room[39]++;
	machine_add(&machine, TABLE_PA, room, sizeof(room));
	parse();
	EXPECT_EQ(info.nr_tables, 2);
	EXPECT(!info.table[1].valid);
	EXPECT_EQ(complaints(), 3);     /* each time: its checksum */
}

KTEST(acpi_table, without_a_list_there_are_no_tables)
{
	lay_list(NULL, 0);
	write_root(kib, 0);
	parse();
	EXPECT(info.present && !info.nr_tables);
	EXPECT_EQ(complaints(), 1);
	write_root(kib, RSDT_PA);
	finish(rsdt, "RSDX", 36);
	parse();
	EXPECT_EQ(info.nr_tables, 1);
	EXPECT_EQ(complaints(), 2);
}

KTEST(acpi_table, more_than_64_entries_are_too_many)
{
	static const uint32_t none[ACPI_ROOT_ENTRIES_MAX + 1];

	lay_list(none, ACPI_ROOT_ENTRIES_MAX);
	parse();
	EXPECT_EQ(complaints(), 0);
	lay_list(none, ACPI_ROOT_ENTRIES_MAX + 1);
	parse();
	EXPECT_EQ(complaints(), 1);
}

/* The pointer says that the MADT is the XSDT. It is a table all the same. */
KTEST(acpi_table, a_table_in_the_place_of_the_list_is_read)
{
	const uint32_t list[] = { TABLE_PA };

	lay_list(list, 1);
	lay_xsdt(TABLE_PA);
	memcpy(room, real_madt, sizeof(real_madt));
	machine_add(&machine, TABLE_PA, room, sizeof(room));
	parse();
	EXPECT_EQ(info.nr_tables, 2);
	EXPECT_STREQ(info.table[0].signature, "APIC");
	EXPECT(info.has_madt);
	EXPECT_EQ(complaints(), 2);
}

/* A wrong XSDT, 64 entries of the RSDT, a wrong DSDT and a right one. */
static void lay_all(void)
{
	static uint8_t many[ACPI_ROOT_ENTRIES_MAX - 1][36], dsdt[36];
	uint32_t list[ACPI_ROOT_ENTRIES_MAX];

	for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
		finish(many[i], "MANY", 36);
		list[i] = 0x20000000 + 36 * i;
	}
	list[ARRAY_SIZE(many)] = TABLE_PA;
	lay_list(list, ARRAY_SIZE(list));
	lay_xsdt(XSDT_PA);
	machine_add(&machine, XSDT_PA, xsdt, sizeof(xsdt));
	machine_add(&machine, 0x20000000, many, sizeof(many));
	memcpy(room, real_fadt, sizeof(real_fadt));
	put32(room + 40, 0x30000000);
	put64(room + 140, 0x40000000);
	finish(room, "FACP", sizeof(real_fadt));
	machine_add(&machine, TABLE_PA, room, sizeof(room));
	memcpy(dsdt, real_dsdt, 36);
	finish(dsdt, "DSDT", 36);
	machine_add(&machine, 0x30000000, dsdt, sizeof(dsdt));
	machine_add(&machine, 0x40000000, xsdt, sizeof(xsdt));
}

KTEST(acpi_table, as_many_tables_as_there_can_be)
{
	memset(xsdt, 0, sizeof(xsdt));
	finish(xsdt, "XSDT", 44);
	xsdt[43]++;
	lay_all();
	parse();
	EXPECT_EQ(info.nr_tables, ACPI_TABLES_MAX);
	EXPECT(info.has_fadt && !info.has_madt && !info.has_dmar);
	EXPECT_EQ(complaints(), 2);
	info.nr_tables++;
	EXPECT_STREQ(acpi_info_check(&info),
		     "acpi A1: no list is longer than its array");
	info.nr_tables--;
	EXPECT_NULL(acpi_info_check(&info));
}

KTEST(acpi_table, check_finds_a_table_that_wraps)
{
	static const char wraps[] = "acpi A3: a table does not wrap";

	lay_list(NULL, 0);
	parse();
	REQUIRE(info.nr_tables == 1 && info.table[0].length == 36);
	info.table[0].pa.v = 0 - (uint64_t)37;
	EXPECT_NULL(acpi_info_check(&info));
	info.table[0].pa.v++;
	EXPECT_STREQ(acpi_info_check(&info), wraps);
	info.table[0].valid = false;
	EXPECT_NULL(acpi_info_check(&info));
	info.table[0].valid = true;
	info.table[0].pa.v = TABLE_PA;
	info.table[0].length = 0;
	EXPECT_STREQ(acpi_info_check(&info), wraps);
	info.table[0].length = 36;
}
