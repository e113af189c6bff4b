// SPDX-License-Identifier: MIT
/*
 * acpi_impl.h - functions that the files of arch/i386/acpi/ share
 *
 * WHAT     The parsers see the machine through a struct acpi_reader only. In
 *          the kernel, the reader uses the fixmap window; in a test, it has a
 *          few arrays. The parsers keep no pointer into a table: they copy a
 *          field before they look at it.
 *
 * TERMS    table    a header of 36 bytes; the signature says what follows. A
 *                   table is "loaded" when its header, length and checksum are
 *                   right
 *          entry    a piece of a table that begins with its type and length
 *
 * SEE      ACPI specification 6.4, 5.2; Intel VT-d specification 8.
 */
#pragma once

#include <arch/acpi.h>

/* No table is longer: the largest known tables have half of this. */
#define ACPI_TABLE_LENGTH_MAX  (1u << 20)

/* We read at most so many entries of the RSDT or XSDT, good or bad. */
#define ACPI_ROOT_ENTRIES_MAX  64u

/* With XSDT, RSDT and two places of the DSDT. Laptops name 40 and more. */
_Static_assert(ACPI_TABLES_MAX == ACPI_ROOT_ENTRIES_MAX + 4,
	       "there is room for each table that is looked at");

struct acpi_reader {
	/* Returns: 0 and `size` bytes; -EINVAL for an impossible address. */
	int  (*read)(struct acpi_reader *reader, phys_addr_t pa, void *buffer,
		     size_t size);
	/* May registers lie there? Not in RAM, nor above the CPU's width. */
	bool (*may_be_registers)(struct acpi_reader *reader, phys_addr_t pa,
				 uint64_t size);
	/* Which bus lies behind a bridge? Returns: its number, or -ENODEV. */
	int  (*secondary_bus)(struct acpi_reader *reader, uint16_t source_id);

	struct acpi_info        *info;    /* receives the results           */
	const struct acpi_table *table;   /* the table that is being read   */
	unsigned                 complaints;
};

/* As the firmware wrote them: little-endian, at any address. */
struct acpi_header {
	char     signature[4];
	uint32_t length;
	uint8_t  revision, checksum;
	char     oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char     creator_id[4];
	uint32_t creator_revision;
} __packed;

_Static_assert(sizeof(struct acpi_header) == 36, "ACPI 5.2.6");

/* Write an error into the log. Limited: a bad table could fill the log. */
void acpi_complain(struct acpi_reader *reader, const char *fmt, ...)
	__printf(2, 3);

/* ---- table.c ------------------------------------------------------------ */

/*
 * Do the bytes add up to 0, modulo 256?
 * Returns: 0; -EINVAL (they cannot be read); -EIO (the sum is not 0).
 */
int acpi_checksum(struct acpi_reader *reader, phys_addr_t pa, uint32_t length)
	__must_check;

/*
 * Fill *table from the header at pa. If the header can be read, it is a table,
 * but perhaps a table that is not `valid`. Letters that cannot be printed
 * become '?'.
 *
 * Returns: 0, or -EINVAL: there is nothing to read.
 */
int acpi_table_load(struct acpi_reader *reader, phys_addr_t pa,
		    struct acpi_table *table) __must_check;

/* The next three functions read reader->table, which must be loaded. */

/* Read bytes of the table. Returns: 0; -ERANGE: after its end; -EINVAL. */
int acpi_table_read(struct acpi_reader *reader, uint32_t offset, void *buffer,
		    size_t size) __must_check;

/*
 * Read the first `size` bytes of the table; if the table is shorter, the rest
 * becomes 0. Returns: false, with a complaint: it has less than `min` bytes.
 */
bool acpi_fields_read(struct acpi_reader *reader, size_t min, void *buffer,
		      size_t size) __must_check;

/*
 * Read the entry at `offset`. Its list ends at `end` <= the table's length.
 * `wide`: type and length have 16 bits each. Copies the first `size` bytes; if
 * the entry is shorter, the rest becomes 0.
 *
 * Returns: the length of the entry, at least that of its head; or 0: the entry
 *          is wrong, and the entries after it cannot be read either.
 */
uint32_t acpi_entry_read(struct acpi_reader *reader, uint32_t offset,
			 uint32_t end, bool wide, void *buffer, size_t size)
	__must_check;

/* ---- rsdp.c ------------------------------------------------------------- */

struct acpi_root {
	uint8_t     revision;
	phys_addr_t rsdt, xsdt;   /* 0: none */
};

/* Search the places where firmware puts the RSDP. Returns: was it found? */
bool acpi_rsdp_find(struct acpi_reader *reader, struct acpi_root *root);

/* ---- parse.c ------------------------------------------------------------ */

/* Read everything into *info. The values in it are checked. */
void acpi_parse(struct acpi_reader *reader, struct acpi_info *info);

/* NULL, or the first broken law of *info, for any firmware. */
const char *acpi_info_check(const struct acpi_info *info);

/* ---- madt.c, fadt.c, s5.c, dmar.c --------------------------------------- */

/* Each function reads reader->table, and fills its part of reader->info. */
void acpi_madt_parse(struct acpi_reader *reader);
void acpi_dmar_parse(struct acpi_reader *reader);
void acpi_s5_parse(struct acpi_reader *reader);

/* Also finds the two possible addresses of the DSDT; 0: none. */
void acpi_fadt_parse(struct acpi_reader *reader, phys_addr_t dsdt[2]);
