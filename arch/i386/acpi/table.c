// SPDX-License-Identifier: MIT
/*
 * table.c - read one table of the firmware, never after its end
 *
 * WHAT     Reads headers, checksums, fields and entries. Every parser reads
 *          through this file, so the rules below hold for all parsers.
 *
 * PICTURE    +--------+-----------------+--------+--- ... ---+
 *            | header | fields of its   | entry  | entry     |
 *            | 36     | signature       | type,  |           |
 *            |        |                 | length |           |
 *            +--------+-----------------+--------+--- ... ---+
 *            pa                                              pa + length
 *
 * RULES of acpi_table
 *          T1  a valid table has 36 .. ACPI_TABLE_LENGTH_MAX bytes, does not
 *              wrap, and they add up to 0
 *          T2  no read leaves the table
 *          T3  an entry is at least as long as its head, so a walk over the
 *              entries comes to an end
 *
 * COST     A checksum reads each byte once, CHUNK at a time.
 * SEE      ACPI 5.2.6 "System description table header".
 */
#include <stdarg.h>

#include "arch/i386/acpi/acpi_impl.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"

#define CHUNK  256u

void acpi_complain(struct acpi_reader *reader, const char *fmt, ...)
{
	char text[120];
	va_list args;

	reader->complaints++;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_warn_limited("ACPI: %s\n", text);
}

static uint8_t sum_of(const uint8_t *bytes, size_t n)
{
	unsigned sum = 0;

	while (n > 0)
		sum += bytes[--n];
	return (uint8_t)sum;
}

int acpi_checksum(struct acpi_reader *reader, phys_addr_t pa, uint32_t length)
{
	uint8_t chunk[CHUNK], sum = 0;

	for (uint32_t at = 0; at < length; at += CHUNK) {
		uint32_t n = MIN(length - at, CHUNK);
		int err = reader->read(reader, phys_add(pa, at), chunk, n);

		if (err)
			return err;
		sum = (uint8_t)(sum + sum_of(chunk, n));
	}
	return sum ? -EIO : 0;
}

/* T1, without the checksum. */
static bool length_is_possible(phys_addr_t pa, uint32_t length)
{
	return length >= sizeof(struct acpi_header) &&
	       length <= ACPI_TABLE_LENGTH_MAX && pa.v + length > pa.v;
}

static void copy_signature(char *to, const char *from)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = from[i] > ' ' && from[i] <= '~' ? from[i] : '?';
	to[4] = '\0';
}

int acpi_table_load(struct acpi_reader *reader, phys_addr_t pa,
		    struct acpi_table *table)
{
	struct acpi_header header;
	int err = reader->read(reader, pa, &header, sizeof(header));

	if (err)
		return err;
	memset(table, 0, sizeof(*table));
	copy_signature(table->signature, header.signature);
	table->pa = pa;
	table->length = header.length;
	if (!length_is_possible(pa, table->length)) {
		acpi_complain(reader, "%s at %pP: %u bytes are no length",
			      table->signature, &table->pa, table->length);
		return 0;
	}
	err = acpi_checksum(reader, pa, table->length);
	table->valid = !err;
	if (err)
		acpi_complain(reader, "%s at %pP: %s", table->signature,
			      &table->pa, err == -EIO ? "wrong checksum"
						      : "cannot be read");
	return 0;
}

int acpi_table_read(struct acpi_reader *reader, const struct acpi_table *table,
		    uint32_t offset, void *buffer, size_t size)
{
	if (offset > table->length || size > table->length - offset)
		return -ERANGE;
	return reader->read(reader, phys_add(table->pa, offset), buffer, size);
}

/* Type and length, of 8 bits each or, in the DMAR table, of 16. */
static uint32_t entry_length(struct acpi_reader *reader,
			     const struct acpi_table *table, uint32_t offset,
			     uint32_t end, bool wide)
{
	uint8_t head[4];
	uint32_t size = wide ? 4 : 2, length;

	if (end - offset < size ||
	    acpi_table_read(reader, table, offset, head, size))
		return 0;
	length = wide ? head[2] | (uint32_t)head[3] << 8 : head[1];
	return length < size || length > end - offset ? 0 : length;
}

uint32_t acpi_entry_read(struct acpi_reader *reader,
			 const struct acpi_table *table, uint32_t offset,
			 uint32_t end, bool wide, void *buffer, size_t size)
{
	uint32_t length = entry_length(reader, table, offset, end, wide);

	memset(buffer, 0, size);
	if (length && acpi_table_read(reader, table, offset, buffer,
				      MIN(length, size)))
		length = 0;
	if (!length)
		acpi_complain(reader, "%s: entry at 0x%x is cut off",
			      table->signature, offset);
	return length;
}
