// SPDX-License-Identifier: MIT
/*
 * acpi_fuzz.c - a million tables that no firmware would write
 *
 * WHAT     Spoils real ACPI tables, or makes some of noise, and gives them to
 *          the parsers under AddressSanitizer and UBSan.
 *
 *            acpi_fuzz N SEED [FIRST]     inputs FIRST .. FIRST + N - 1
 *
 *          Input i depends on SEED and i alone. So the input of a failure can
 *          be run again by itself.
 *
 * TERMS    whole   a machine with an RSDP: everything from acpi_parse() on.
 *                  Most checksums are made right again. If not, hardly any
 *                  input would pass the first test
 *          single  one parser and one table, without checksum. Its reader
 *                  does not look at bounds. A byte too far lies behind the
 *                  heap block, and AddressSanitizer sees it
 *
 * ALGORITHM  After each input the laws of acpi_info_check() hold, no registers
 *          lie in RAM, and there were not more reads than the input's size
 *          explains (nothing would stop an endless loop).
 * SEE      tests/suites/acpi.c, acpi_parsers.c; tests/emu/test_fuzz.py.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/random.h"
#include "tests/acpi_machine.h"
#include "tests/acpi_tables.h"

#define TABLE_MAX      2048u
#define ROOM           (TABLE_MAX + 64u)
#define READS_MAX      20000u
#define BIOS_PA        0xf5800u
#define BIOS_SIZE      1024u

enum seed_table { RSDT, FADT, FADT_1, MADT, DMAR, DSDT, NR_SEEDS };

static const struct {
	const char    *signature;
	const uint8_t *bytes;
	uint32_t       length;
	uint64_t       pa;        /* its address in the root or FADT */
} seeds[NR_SEEDS] = {
	[RSDT]   = { "RSDT", real_rsdt, sizeof(real_rsdt), 0x0ffe241a },
	[FADT]   = { "FACP", real_fadt, sizeof(real_fadt), 0x0ffe218a },
	[FADT_1] = { "FACP", real_fadt_1, sizeof(real_fadt_1), 0x0ffe218a },
	[MADT]   = { "APIC", real_madt, sizeof(real_madt), 0x0ffe227e },
	[DMAR]   = { "DMAR", real_dmar, sizeof(real_dmar), 0x0ffe236a },
	[DSDT]   = { "DSDT", real_dsdt, sizeof(real_dsdt), 0x0ffe0040 },
};

static struct rng rng;
static struct acpi_machine machine;
static struct acpi_info info;
static unsigned long current;
static uint32_t seed;

static struct {
	unsigned long present, tables, madt, fadt, s5, dmar, units, scopes,
		      ioapics, complaints;
} seen;

/* ---- what the parsers need of the kernel -------------------------------- */

/* Formatted and thrown away: an argument that cannot be printed is a bug. */
void printk(enum log_level level, const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	seen.complaints++;
}

void assert_failed(const char *expr, const char *file, int line,
		   const char *func)
{
	printf("%s:%d: %s(): %s\n", file, line, func, expr);
	abort();
}

bool log_limit_allows(struct log_limit *limit, enum log_level level,
		      const char *like)
{
	return true;
}

/* %pS, which no message of the parsers has. */
int symbol_format(char *buf, size_t size, uintptr_t addr)
{
	return 0;
}

static void fail(const char *why)
{
	printf("acpi_fuzz: %s\nagain: acpi_fuzz 1 %u %lu\n", why, seed,
	       current);
	fflush(stdout);
	abort();
}

void __sanitizer_set_death_callback(void (*callback)(void));

static void at_death(void)
{
	printf("again: acpi_fuzz 1 %u %lu\n", seed, current);
	fflush(stdout);
}

/* ---- spoiling ----------------------------------------------------------- */

static uint32_t below(uint32_t n)
{
	return rng_below(&rng, n);
}

static uint64_t odd_number(void)
{
	static const uint64_t odd[] = {
		0, 1, 2, 3, 7, 8, 35, 36, 0x7f, 0x80, 0xff, 0x100, 0x7fff,
		0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfee00000,
		0xfed90000, 1ull << 36, ~0ull,
	};
	uint64_t number = odd[below(ARRAY_SIZE(odd))];

	return below(4) ? number : number - 4 + below(9);
}

/* Changes one thing in `length` bytes. Returns: the new length. */
static uint32_t spoil_once(uint8_t *bytes, uint32_t length)
{
	static const uint32_t widths[] = { 1, 1, 2, 4, 8 };
	uint32_t at = below(length), width, from;
	uint64_t number;

	switch (below(6)) {
	case 0:
		bytes[at] ^= (uint8_t)(1u << below(8));
		break;
	case 1:
		bytes[at] = (uint8_t)rng_next(&rng);
		break;
	case 2:
	case 3:
		width = MIN(widths[below(5)], length - at);
		number = odd_number();
		memcpy(bytes + at, &number, width);
		break;
	case 4:         /* a piece is copied to another place */
		from = below(length);
		width = 1 + below(length - MAX(at, from));
		memmove(bytes + at, bytes + from, width);
		break;
	case 5:         /* shorter, or longer by some noise */
		length = 1 + below(below(4) ? length : TABLE_MAX);
		break;
	}
	return length;
}

static uint32_t spoil(uint8_t *bytes, uint32_t length)
{
	for (unsigned n = below(8); n > 0; n--)
		length = spoil_once(bytes, length);
	return length;
}

/* Noise is taken from this pool: to make new noise each time is slow. */
static uint8_t noise_pool[8192];

static void noise_init(void)
{
	rng_init(&rng, seed);
	for (unsigned i = 0; i < sizeof(noise_pool); i++)
		noise_pool[i] = (uint8_t)rng_next(&rng);
}

static void noise(uint8_t *bytes, uint32_t length)
{
	memcpy(bytes, noise_pool + below(sizeof(noise_pool) - length), length);
}

/* Entries of right types and sizes, but in any number and order. */
static uint32_t add_entries(uint8_t *bytes, uint32_t length, bool wide)
{
	static const uint8_t sizes[] = { 8, 12, 10, 16, 6, 20, 32 };

	for (unsigned n = below(40); n > 0; n--) {
		uint32_t size = sizes[below(ARRAY_SIZE(sizes))];

		if (length + size > TABLE_MAX)
			break;
		noise(bytes + length, size);
		bytes[length] = (uint8_t)below(wide ? 4 : 10);
		bytes[length + (wide ? 2 : 1)] = (uint8_t)size;
		if (wide)
			bytes[length + 1] = bytes[length + 3] = 0;
		length += size;
	}
	return length;
}

/* A unit of a DMAR with up to 30 devices. */
static uint32_t add_unit(uint8_t *bytes, uint32_t length)
{
	const uint32_t head = 16, scope = 8;
	uint32_t nr = below(31);

	memcpy(bytes + length, real_dmar + 48, head);
	bytes[length + 2] = (uint8_t)(head + scope * nr);
	bytes[length + 3] = (uint8_t)((head + scope * nr) >> 8);
	bytes[length + 9] ^= (uint8_t)below(256) & 0xf0;
	for (length += head; nr > 0; nr--, length += scope) {
		memcpy(bytes + length, real_dmar + 72, scope);
		bytes[length + 6] = (uint8_t)below(33);
	}
	return length;
}

/* A table of this kind in `bytes`, which have ROOM bytes. */
static uint32_t make_table(enum seed_table kind, uint8_t *bytes)
{
	uint32_t length = seeds[kind].length;

	noise(bytes, ROOM);
	memcpy(bytes, seeds[kind].bytes, length);
	if (!below(4) && (kind == MADT || kind == DMAR))
		length = add_entries(bytes, kind == MADT ? 44 : 48,
				     kind == DMAR);
	for (unsigned n = kind == DMAR && !below(4) ? below(9) : 0; n > 0; n--)
		if (length < TABLE_MAX - 256)
			length = add_unit(bytes, length);
	if (!below(8)) {
		length = 36 + below(400);
		noise(bytes + 36, length - 36);
	}
	return spoil(bytes, length);
}

/* Mends the length and the checksum; sometimes only almost. */
static void mend(enum seed_table kind, uint8_t *bytes, uint32_t length)
{
	if (length < 36 || !below(16))
		return;
	memcpy(bytes, seeds[kind].signature, 4);
	if (below(16))
		memcpy(bytes + 4, &length, 4);
	if (below(16))
		set_checksum(bytes, length, 9);
}

static uint8_t *exact_copy(const uint8_t *bytes, uint32_t length)
{
	uint8_t *copy = malloc(length);

	if (!copy)
		fail("no memory");
	memcpy(copy, bytes, length);
	return copy;
}

/* ---- single ------------------------------------------------------------- */

static int unbounded_read(struct acpi_reader *reader, phys_addr_t pa,
			  void *buffer, size_t size)
{
	struct acpi_machine *m =
		container_of(reader, struct acpi_machine, reader);

	m->reads++;
	memcpy(buffer, m->piece[0].bytes + (pa.v - m->piece[0].pa), size);
	return 0;
}

static void run_parser(enum seed_table kind)
{
	phys_addr_t dsdt[2];

	switch (kind) {
	case MADT:
		acpi_madt_parse(&machine.reader);
		break;
	case DMAR:
		acpi_dmar_parse(&machine.reader);
		break;
	case DSDT:
		info.has_fadt = true;
		acpi_s5_parse(&machine.reader);
		break;
	default:
		acpi_fadt_parse(&machine.reader, dsdt);
	}
}

static void fuzz_single(void)
{
	static const enum seed_table kinds[] = { FADT, FADT_1, MADT, DMAR,
						 DMAR, DSDT };
	enum seed_table kind = kinds[below(ARRAY_SIZE(kinds))];
	uint8_t bytes[ROOM];
	struct acpi_table table = { .valid = true };

	memset(&info, 0, sizeof(info));
	info.present = true;
	table.length = make_table(kind, bytes);
	table.pa = PHYS(seeds[kind].pa);
	memcpy(table.signature, seeds[kind].signature, 4);
	machine.reader.read = unbounded_read;
	machine_add(&machine, table.pa.v, exact_copy(bytes, table.length),
		    table.length);
	machine.reader.info = &info;
	machine.reader.table = &table;
	run_parser(kind);
}

/* ---- whole -------------------------------------------------------------- */

#define SMALL_PA    0x0ff00000u
#define SMALL_SIZE  36u
#define SMALL_NR    48u

/* Many tables that consist of a header only. */
static void lay_small_tables(void)
{
	uint8_t bytes[SMALL_NR * SMALL_SIZE];

	for (unsigned i = 0; i < SMALL_NR; i++) {
		uint8_t *table = bytes + i * SMALL_SIZE;

		memcpy(table, real_rsdt, SMALL_SIZE);
		table[4] = SMALL_SIZE;
		table[5] = 0;
		set_checksum(table, SMALL_SIZE, 9);
	}
	machine_add(&machine, SMALL_PA, exact_copy(bytes, sizeof(bytes)),
		    sizeof(bytes));
}

/* An address for the root table: RSDT or XSDT. */
static uint64_t address_of(enum seed_table kind, unsigned i)
{
	if (i > 3 && below(12))
		return SMALL_PA + SMALL_SIZE * (i % SMALL_NR);
	return below(12) ? seeds[kind].pa : odd_number();
}

static uint32_t make_root(uint8_t *bytes, uint32_t width)
{
	static const enum seed_table named[] = { FADT, MADT, DMAR };
	uint32_t length = 36;

	noise(bytes, ROOM);
	memcpy(bytes, real_rsdt, 36);
	for (unsigned n = below(8) ? 3 : below(100); n > 0; n--) {
		uint64_t pa = address_of(named[n % 3], n);

		memcpy(bytes + length, &pa, width);
		length += width;
	}
	bytes[0] = width == 8 ? 'X' : 'R';
	if (!below(4))
		length = spoil(bytes, length);
	if (length >= 36) {
		memcpy(bytes + 4, &length, 4);
		set_checksum(bytes, length, 9);
	}
	return length;
}

static void lay_rsdp(uint64_t xsdt)
{
	uint8_t bytes[BIOS_SIZE];
	uint32_t at = below(2) ? 0 : 16 * below(BIOS_SIZE / 16 - 2);

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes + at, real_rsdp, sizeof(real_rsdp));
	if (xsdt) {
		bytes[at + 15] = 2;
		bytes[at + 20] = 36;
		memcpy(bytes + at + 24, &xsdt, 8);
	}
	if (!below(4))
		spoil_once(bytes + at, 36);
	if (below(16)) {
		set_checksum(bytes + at, 20, 8);
		set_checksum(bytes + at, 36, 32);
	}
	machine_add(&machine, BIOS_PA, exact_copy(bytes, BIOS_SIZE),
		    BIOS_SIZE);
}

static void lay_table(enum seed_table kind)
{
	uint8_t bytes[ROOM];
	uint32_t length = make_table(kind, bytes);

	mend(kind, bytes, length);
	machine_add(&machine, seeds[kind].pa, exact_copy(bytes, length),
		    length);
}

static void fuzz_whole(void)
{
	const uint64_t xsdt = 0x0fff0001;
	uint8_t bytes[ROOM];
	bool wide = below(2);
	uint32_t length = make_root(bytes, wide ? 8 : 4);

	if (length > 64)
		lay_small_tables();
	lay_rsdp(wide ? xsdt : 0);
	machine_add(&machine, wide ? xsdt : seeds[RSDT].pa,
		    exact_copy(bytes, length), length);
	lay_table(below(2) ? FADT : FADT_1);
	lay_table(MADT);
	lay_table(DMAR);
	lay_table(DSDT);
	acpi_parse(&machine.reader, &info);
}

/* ---- one input ---------------------------------------------------------- */

static void check_registers(void)
{
	struct acpi_reader *reader = &machine.reader;

	if (info.lapic.v &&
	    !machine_may_be_registers(reader, info.lapic, PAGE_SIZE))
		fail("a local APIC in RAM");
	for (unsigned i = 0; i < info.nr_ioapics; i++)
		if (!machine_may_be_registers(reader, info.ioapic[i].pa, 0x20))
			fail("an I/O APIC in RAM");
	for (unsigned i = 0; i < info.nr_dmar_units; i++)
		if (!machine_may_be_registers(reader,
					      info.dmar_unit[i].registers,
					      PAGE_SIZE))
			fail("a unit in RAM");
}

static void count(void)
{
	seen.present += info.present;
	seen.tables += info.nr_tables;
	seen.madt += info.has_madt;
	seen.fadt += info.has_fadt;
	seen.s5 += info.has_s5;
	seen.dmar += info.has_dmar;
	seen.units += info.nr_dmar_units;
	seen.ioapics += info.nr_ioapics;
	for (unsigned i = 0; i < info.nr_dmar_units; i++)
		seen.scopes += info.dmar_unit[i].nr_scopes;
}

static void fuzz_one(void)
{
	const char *law;

	/* Inputs with neighbouring numbers must not be alike. */
	rng_init(&rng, seed ^ (uint32_t)current * 2654435761u);
	rng_next(&rng);
	machine_init(&machine);
	for (unsigned i = 0; i < 32; i++)
		machine.behind[i] = below(2) ? (uint8_t)rng_next(&rng) : 0;
	if (below(2))
		fuzz_single();
	else
		fuzz_whole();
	law = acpi_info_check(&info);
	if (law)
		fail(law);
	if (machine.reads > READS_MAX)
		fail("an endless loop, nearly");
	check_registers();
	count();
	for (unsigned i = 0; i < machine.nr; i++)
		free(machine.piece[i].bytes);
}

int main(int argc, char **argv)
{
	unsigned long n, first;

	if (argc < 3 || argc > 4) {
		fputs("usage: acpi_fuzz N SEED [FIRST]\n", stderr);
		return 2;
	}
	n = strtoul(argv[1], NULL, 0);
	seed = (uint32_t)strtoul(argv[2], NULL, 0);
	first = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	__sanitizer_set_death_callback(at_death);
	noise_init();
	for (current = first; current < first + n; current++)
		fuzz_one();
	printf("acpi_fuzz: %lu inputs, seed %u: %lu with an RSDP, %lu tables, "
	       "%lu MADTs, %lu I/O APICs, %lu FADTs, %lu sleep types, "
	       "%lu DMARs, %lu units, %lu scopes, %lu lines of log\n",
	       n, seed, seen.present, seen.tables, seen.madt, seen.ioapics,
	       seen.fadt, seen.s5, seen.dmar, seen.units, seen.scopes,
	       seen.complaints);
	return 0;
}
