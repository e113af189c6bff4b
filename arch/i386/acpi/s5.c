// SPDX-License-Identifier: MIT
/*
 * s5.c - the only part of the DSDT that the kernel reads
 *
 * WHAT     The DSDT is a program in a byte code, AML. To turn the power off,
 *          the kernel needs two numbers from it: the values of the field
 *          SLP_TYP in the PM1 control registers, for the state S5. The numbers
 *          stand in a package of constants with the name \_S5. The kernel can
 *          find the package without running the program.
 *
 * PICTURE    08 [5c] 5f 53 35 5f  12  06       04   0a 05   0a 05  00 00
 *            name  \  _  S  5  _  package      n    byte 5  byte 5 ...
 *                                     length of the package, itself included
 *
 * ALGORITHM  Search the bytes for the letters. The letters alone may be a part
 *          of another name or of a text. They count only if a name begins
 *          before them and a package follows. The first such place wins.
 * SEE      ACPI 7.4.2 "\_Sx"; 20.2.4 "Package length encoding".
 */
#include "arch/i386/acpi/acpi_impl.h"

#define CHUNK          256u
#define AML_ZERO       0x00
#define AML_ONE        0x01
#define AML_NAME       0x08
#define AML_BYTE       0x0a
#define AML_WORD       0x0b
#define AML_DWORD      0x0c
#define AML_PACKAGE    0x12
#define AML_ROOT       '\\'
#define SLEEP_TYPE_MAX 7

#define LETTERS        0x5f53355fu   /* "_S5_", the first letter uppermost */

/* Up to four bytes of length, the count, two numbers of five bytes. */
#define PACKAGE_MAX    16u

struct bytes {
	const uint8_t *at, *end;
};

static bool next(struct bytes *bytes, uint8_t *value)
{
	if (bytes->at == bytes->end)
		return false;
	*value = *bytes->at++;
	return true;
}

/* The top two bits of the first byte say how many bytes follow. */
static bool read_package_length(struct bytes *bytes)
{
	uint8_t first, skipped;

	if (!next(bytes, &first))
		return false;
	for (unsigned n = first >> 6; n > 0; n--)
		if (!next(bytes, &skipped))
			return false;
	return true;
}

/* A constant of 0 .. 7, in any encoding. */
static bool read_type(struct bytes *bytes, uint8_t *type)
{
	unsigned width = 0;
	uint8_t op, upper;

	if (!next(bytes, &op))
		return false;
	if (op == AML_BYTE || op == AML_WORD || op == AML_DWORD)
		width = op == AML_BYTE ? 1 : op == AML_WORD ? 2 : 4;
	else if (op == AML_ZERO || op == AML_ONE)
		*type = op;
	else
		return false;
	if (width && !next(bytes, type))
		return false;
	while (width-- > 1)
		if (!next(bytes, &upper) || upper)
			return false;
	return *type <= SLEEP_TYPE_MAX;
}

static bool read_package(struct bytes bytes, struct acpi_info *info)
{
	uint8_t op, count, a, b;

	if (!next(&bytes, &op) || op != AML_PACKAGE ||
	    !read_package_length(&bytes) || !next(&bytes, &count) || !count ||
	    !read_type(&bytes, &a))
		return false;
	/* The package has one number: there is no second register. */
	b = a;
	if (count > 1 && !read_type(&bytes, &b))
		return false;
	info->s5_type_a = a;
	info->s5_type_b = b;
	info->has_s5 = true;
	return true;
}

/* The letters are at this offset. Is it the name of a package? */
static bool try_at(struct acpi_reader *reader, uint32_t offset)
{
	uint8_t before[2], package[PACKAGE_MAX];
	uint32_t behind = offset + 4;
	uint32_t n = MIN(reader->table->length - behind, PACKAGE_MAX);

	if (acpi_table_read(reader, offset - 2, before, 2) ||
	    acpi_table_read(reader, behind, package, n))
		return false;
	if (before[1] != AML_NAME &&
	    (before[1] != AML_ROOT || before[0] != AML_NAME))
		return false;
	return read_package((struct bytes){ package, package + n },
			    reader->info);
}

void acpi_s5_parse(struct acpi_reader *reader)
{
	uint32_t at = sizeof(struct acpi_header), letters = 0;
	uint32_t end = reader->table->length;
	uint8_t chunk[CHUNK];

	while (at < end) {
		uint32_t n = MIN(end - at, CHUNK);

		if (acpi_table_read(reader, at, chunk, n))
			return;
		for (uint32_t i = 0; i < n; i++) {
			letters = letters << 8 | chunk[i];
			if (letters == LETTERS && try_at(reader, at + i - 3))
				return;
		}
		at += n;
	}
}
