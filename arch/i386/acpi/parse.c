// SPDX-License-Identifier: MIT
/*
 * parse.c - from the root pointer to the facts that the kernel needs
 *
 * WHAT     Lists the tables, then reads those that the kernel uses. The code
 *          trusts nothing, and cannot fail: a wrong part is reported and left
 *          out.
 *
 * PICTURE    RSDP --> RSDT  4 bytes each ---+--> FACP --> DSDT (\_S5)
 *                 `-> XSDT  8 bytes each ---+--> APIC
 *                                           +--> DMAR, and others: listed only
 *
 * INVARIANTS of acpi (acpi_info_check() restates them)
 *          A1  no list is longer than its array
 *          A2  a signature is four letters and a 0
 *          A3  two valid tables do not overlap, and none wraps
 *          A4  what comes from a table is there only if the table is
 *          A5  a sleep type has three bits
 *          A6  a unit's registers begin on a page, and so do a local APIC's
 *
 * ALGORITHM  If there is a good XSDT, use it; if not, use the RSDT. Follow at
 *          most ACPI_ROOT_ENTRIES_MAX of its entries, each only to its table:
 *          so tables that name each other do no harm. If two tables have the
 *          same signature, the first one counts.
 *
 * SEE      ACPI 5.2.7 "RSDT", 5.2.8 "XSDT".
 */
#include "arch/i386/acpi/acpi_impl.h"
#include "lib/panic.h"
#include "lib/string.h"

/* ---- the list of tables ------------------------------------------------- */

static bool overlap(const struct acpi_table *a, const struct acpi_table *b)
{
	return a->valid && b->valid && a->pa.v < b->pa.v + b->length &&
	       b->pa.v < a->pa.v + a->length;
}

/* Add the table at pa. Returns: the table if it is valid, or NULL. */
static const struct acpi_table *add_table(struct acpi_reader *reader,
					  phys_addr_t pa)
{
	struct acpi_info *info = reader->info;
	struct acpi_table new;

	if (acpi_table_load(reader, pa, &new)) {
		acpi_complain(reader, "no table can be at %pP", &pa);
		return NULL;
	}
	for (unsigned i = 0; i < info->nr_tables; i++) {
		const struct acpi_table *other = &info->table[i];

		if (!phys_eq(other->pa, pa) && !overlap(other, &new))
			continue;
		acpi_complain(reader, "%s at %pP lies in %s at %pP",
			      new.signature, &new.pa, other->signature,
			      &other->pa);
		return NULL;
	}
	assert(info->nr_tables < ACPI_TABLES_MAX);   /* acpi_impl.h */
	info->table[info->nr_tables++] = new;
	return new.valid ? &info->table[info->nr_tables - 1] : NULL;
}

/*
 * Add a table that must have this signature, and let the reader read it.
 * Returns: false: there is no such table at pa, or it is not valid.
 */
static bool select_at(struct acpi_reader *reader, phys_addr_t pa,
		      const char *signature)
{
	reader->table = pa.v ? add_table(reader, pa) : NULL;
	if (reader->table && strcmp(reader->table->signature, signature)) {
		acpi_complain(reader, "%s at %pP should be the %s",
			      reader->table->signature, &pa, signature);
		reader->table = NULL;
	}
	return reader->table;
}

/* Let the reader read the first valid table with this signature. */
static bool select_first(struct acpi_reader *reader, const char *signature)
{
	for (unsigned i = 0; i < reader->info->nr_tables; i++) {
		reader->table = &reader->info->table[i];
		if (reader->table->valid &&
		    !strcmp(reader->table->signature, signature))
			return true;
	}
	return false;
}

/* Add each table of the root table, whose addresses have `width` bytes. */
static void add_tables(struct acpi_reader *reader, uint32_t width)
{
	const struct acpi_table *root = reader->table;
	uint32_t at = sizeof(struct acpi_header);

	for (unsigned i = 0; root->length - at >= width; i++, at += width) {
		uint64_t pa = 0;

		if (i == ACPI_ROOT_ENTRIES_MAX) {
			acpi_complain(reader, "%s: more than %u entries",
				      root->signature, i);
			return;
		}
		if (acpi_table_read(reader, at, &pa, width))
			return;
		if (pa)
			add_table(reader, PHYS(pa));
	}
}

/* ---- everything --------------------------------------------------------- */

void acpi_parse(struct acpi_reader *reader, struct acpi_info *info)
{
	phys_addr_t dsdt[2];
	struct acpi_root root;

	memset(info, 0, sizeof(*info));
	reader->info = info;
	for (unsigned i = 0; i < ACPI_ISA_LINES; i++)
		info->isa_line[i].gsi = i;
	if (!acpi_rsdp_find(reader, &root))
		return;
	info->present = true;
	info->revision = root.revision;
	if (select_at(reader, root.xsdt, "XSDT"))
		add_tables(reader, 8);
	else if (select_at(reader, root.rsdt, "RSDT"))
		add_tables(reader, 4);
	else
		acpi_complain(reader, "no list of tables");
	if (select_first(reader, "APIC"))
		acpi_madt_parse(reader);
	if (select_first(reader, "FACP")) {
		acpi_fadt_parse(reader, dsdt);
		if (select_at(reader, dsdt[0], "DSDT") ||
		    select_at(reader, dsdt[1], "DSDT"))
			acpi_s5_parse(reader);
	}
	if (select_first(reader, "DMAR"))
		acpi_dmar_parse(reader);
}

/* ---- check -------------------------------------------------------------- */

static const char *check_tables(const struct acpi_info *info)
{
	HOLDS(info->nr_tables <= ACPI_TABLES_MAX,
	      "acpi A1: no list is longer than its array");
	for (unsigned i = 0; i < info->nr_tables; i++) {
		const struct acpi_table *table = &info->table[i];

		HOLDS(strlen(table->signature) == 4,
		      "acpi A2: a signature is four letters and a 0");
		HOLDS(!table->valid ||
		      table->pa.v + table->length > table->pa.v,
		      "acpi A3: a table does not wrap");
		for (unsigned k = 0; k < i; k++)
			HOLDS(!overlap(table, &info->table[k]),
			      "acpi A3: two valid tables do not overlap");
	}
	return NULL;
}

static const char *check_units(const struct acpi_info *info)
{
	HOLDS(info->nr_dmar_units <= ACPI_DMAR_UNITS_MAX &&
	      info->nr_ioapics <= ACPI_IOAPICS_MAX,
	      "acpi A1: no list is longer than its array");
	HOLDS(!phys_page_offset(info->lapic),
	      "acpi A6: a local APIC's registers begin on a page");
	for (unsigned i = 0; i < info->nr_dmar_units; i++) {
		const struct acpi_dmar_unit *unit = &info->dmar_unit[i];

		HOLDS(unit->nr_scopes <= ACPI_DMAR_SCOPES_MAX,
		      "acpi A1: no list is longer than its array");
		HOLDS(unit->registers.v && !phys_page_offset(unit->registers),
		      "acpi A6: a unit's registers begin on a page");
	}
	return NULL;
}

const char *acpi_info_check(const struct acpi_info *info)
{
	const char *law = check_tables(info);

	if (!law)
		law = check_units(info);
	if (law)
		return law;
	HOLDS(info->present || !info->nr_tables,
	      "acpi A4: without an RSDP there are no tables");
	HOLDS(info->has_madt || (!info->nr_ioapics && !info->lapic.v),
	      "acpi A4: without a MADT there are no APICs");
	HOLDS(info->has_fadt ||
	      (!info->pm1a_control && !info->has_s5 && !info->pm_timer),
	      "acpi A4: without a FADT there is no power management");
	HOLDS(info->has_dmar || !info->nr_dmar_units,
	      "acpi A4: without a DMAR there are no units");
	HOLDS(info->s5_type_a <= 7 && info->s5_type_b <= 7,
	      "acpi A5: a sleep type has three bits");
	return NULL;
}
