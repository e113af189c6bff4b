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
#include "lib/errno.h"
#include "lib/string.h"

#define HOLDS(cond, law) do { if (!(cond)) return (law); } while (0)

/* ---- the list of tables ------------------------------------------------- */

static bool overlap(const struct acpi_table *a, const struct acpi_table *b)
{
	return a->valid && b->valid && a->pa.v < b->pa.v + b->length &&
	       b->pa.v < a->pa.v + a->length;
}

/* A table in the list that overlaps this one, or NULL. */
static const struct acpi_table *find_overlap(const struct acpi_info *info,
					     const struct acpi_table *new)
{
	for (unsigned i = 0; i < info->nr_tables; i++) {
		const struct acpi_table *table = &info->table[i];

		if (phys_eq(table->pa, new->pa) || overlap(table, new))
			return table;
	}
	return NULL;
}

/* Add the table at pa. Returns: the table if it is valid, or NULL. */
static const struct acpi_table *add_table(struct acpi_reader *reader,
					  struct acpi_info *info,
					  phys_addr_t pa)
{
	const struct acpi_table *other;
	struct acpi_table new;

	if (acpi_table_load(reader, pa, &new)) {
		acpi_complain(reader, "no table can be at %pP", &pa);
		return NULL;
	}
	other = find_overlap(info, &new);
	if (other) {
		acpi_complain(reader, "%s at %pP lies in %s at %pP",
			      new.signature, &new.pa, other->signature,
			      &other->pa);
		return NULL;
	}
	if (info->nr_tables == ACPI_TABLES_MAX) {
		acpi_complain(reader, "%s at %pP: one too many", new.signature,
			      &new.pa);
		return NULL;
	}
	info->table[info->nr_tables++] = new;
	return new.valid ? &info->table[info->nr_tables - 1] : NULL;
}

const struct acpi_table *acpi_find(const struct acpi_info *info,
				   const char *signature)
{
	for (unsigned i = 0; i < info->nr_tables; i++)
		if (info->table[i].valid &&
		    !strcmp(info->table[i].signature, signature))
			return &info->table[i];
	return NULL;
}

/* Add the root table. NULL: it is not valid, or has a wrong signature. */
static const struct acpi_table *add_root(struct acpi_reader *reader,
					 struct acpi_info *info,
					 phys_addr_t pa, const char *signature)
{
	const struct acpi_table *root = pa.v ? add_table(reader, info, pa)
					     : NULL;

	if (root && strcmp(root->signature, signature)) {
		acpi_complain(reader, "%s at %pP should be the %s",
			      root->signature, &pa, signature);
		root = NULL;
	}
	return root;
}

/* Add every table that the root table names; an address has `width` bytes. */
static void add_tables(struct acpi_reader *reader, struct acpi_info *info,
		       const struct acpi_table *root, uint32_t width)
{
	uint32_t at = sizeof(struct acpi_header);

	for (unsigned i = 0; root->length - at >= width; i++, at += width) {
		uint64_t pa = 0;

		if (i == ACPI_ROOT_ENTRIES_MAX) {
			acpi_complain(reader, "%s: more than %u entries",
				      root->signature, i);
			return;
		}
		if (acpi_table_read(reader, root, at, &pa, width))
			return;
		if (pa)
			add_table(reader, info, PHYS(pa));
	}
}

static void list_tables(struct acpi_reader *reader, struct acpi_info *info,
			const struct acpi_root *root)
{
	const struct acpi_table *table;

	table = add_root(reader, info, root->xsdt, "XSDT");
	if (table) {
		add_tables(reader, info, table, 8);
		return;
	}
	table = add_root(reader, info, root->rsdt, "RSDT");
	if (table)
		add_tables(reader, info, table, 4);
	else
		acpi_complain(reader, "no list of tables");
}

/* ---- what is in them ---------------------------------------------------- */

/* Only the FADT says where the DSDT is. */
static void take_power(struct acpi_reader *reader, struct acpi_info *info,
		       const struct acpi_table *fadt)
{
	const struct acpi_table *table = NULL;
	struct acpi_dsdt dsdt;

	acpi_fadt_parse(reader, fadt, info, &dsdt);
	for (unsigned i = 0; i < ARRAY_SIZE(dsdt.pa) && !table; i++)
		table = add_root(reader, info, dsdt.pa[i], "DSDT");
	if (table)
		acpi_s5_parse(reader, table, info);
}

static void lines_init(struct acpi_info *info)
{
	for (unsigned i = 0; i < ACPI_ISA_LINES; i++)
		info->isa_line[i].gsi = i;
}

void acpi_parse(struct acpi_reader *reader, struct acpi_info *info)
{
	const struct acpi_table *table;
	struct acpi_root root;

	memset(info, 0, sizeof(*info));
	lines_init(info);
	if (!acpi_rsdp_find(reader, &root))
		return;
	info->present = true;
	info->revision = root.revision;
	list_tables(reader, info, &root);
	table = acpi_find(info, "APIC");
	if (table)
		acpi_madt_parse(reader, table, info);
	table = acpi_find(info, "FACP");
	if (table)
		take_power(reader, info, table);
	table = acpi_find(info, "DMAR");
	if (table)
		acpi_dmar_parse(reader, table, info);
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
		HOLDS(!table->valid || table->pa.v + table->length >
				       table->pa.v, "acpi A3: a table does not wrap");
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
