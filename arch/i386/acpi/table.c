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

int acpi_checksum(struct acpi_reader *reader, phys_addr_t pa, uint32_t length)
{
	uint8_t chunk[CHUNK], sum = 0;

	for (uint32_t at = 0; at < length; at += CHUNK) {
		uint32_t n = MIN(length - at, CHUNK);
		int err = reader->read(reader, phys_add(pa, at), chunk, n);

		if (err)
			return err;
		while (n > 0)
			sum = (uint8_t)(sum + chunk[--n]);
	}
	return sum ? -EIO : 0;
}

int acpi_table_load(struct acpi_reader *reader, phys_addr_t pa,
		    struct acpi_table *table)
{
	struct acpi_header header;
	int err = reader->read(reader, pa, &header, sizeof(header));

	if (err)
		return err;
	memset(table, 0, sizeof(*table));
	for (unsigned i = 0; i < 4; i++) {
		char c = header.signature[i];

		table->signature[i] = c > ' ' && c <= '~' ? c : '?';
	}
	table->pa = pa;
	table->length = header.length;
	if (table->length < sizeof(header) ||
	    table->length > ACPI_TABLE_LENGTH_MAX ||
	    pa.v + table->length <= pa.v) {
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

int acpi_table_read(struct acpi_reader *reader, uint32_t offset, void *buffer,
		    size_t size)
{
	const struct acpi_table *table = reader->table;

	if (offset > table->length || size > table->length - offset)
		return -ERANGE;
	return reader->read(reader, phys_add(table->pa, offset), buffer, size);
}

bool acpi_fields_read(struct acpi_reader *reader, size_t min, void *buffer,
		      size_t size)
{
	uint32_t length = reader->table->length;

	memset(buffer, 0, size);
	if (length >= min &&
	    !acpi_table_read(reader, 0, buffer, MIN(length, size)))
		return true;
	acpi_complain(reader, "%s: %u bytes are too short",
		      reader->table->signature, length);
	return false;
}

uint32_t acpi_entry_read(struct acpi_reader *reader, uint32_t offset,
			 uint32_t end, bool wide, void *buffer, size_t size)
{
	uint32_t head_size = wide ? 4 : 2, length = 0;
	uint8_t head[4];

	memset(buffer, 0, size);
	if (end - offset >= head_size &&
	    !acpi_table_read(reader, offset, head, head_size))
		length = wide ? head[2] | (uint32_t)head[3] << 8 : head[1];
	if (length < head_size || length > end - offset ||
	    acpi_table_read(reader, offset, buffer, MIN(length, size))) {
		acpi_complain(reader, "%s: entry at 0x%x is cut off",
			      reader->table->signature, offset);
		return 0;
	}
	return length;
}
