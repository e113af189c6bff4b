// SPDX-License-Identifier: MIT
/*
 * dmar.c - which IOMMU unit translates the addresses of which device
 *
 * WHAT     Reads the DMAR table: remapping units (DRHD). Each unit has a list
 *          of its devices, or a flag that means "all other devices".
 *
 * PICTURE    DMAR --+-- DRHD  registers, segment, flags
 *                   |     +-- scope  type, bus, path: 1e.0 -> 3.0
 *                   |     +-- scope  ...
 *                   +-- DRHD  all the others
 *                   +-- RMRR  memory that the firmware's devices use: warned of
 *                   +-- (ATSR, ...: not ours)
 *
 * TERMS    path  the way to a device: slot and function of each bridge on the
 *                way, then those of the device. The table does not have the bus
 *                number behind a bridge: the kernel asks the bridge.
 *
 * RULES
 *          a unit's registers begin on a page and are not in RAM; two units
 *          have different registers; a scope is a source id that the path
 *          really leads to
 *
 * NOT HERE programming the units (arch/i386/iommu/).
 * SEE      Intel VT-d specification, 8.1 to 8.3.
 */
#include "arch/i386/acpi/acpi_impl.h"
#include "lib/errno.h"

#define ENTRY_DRHD      0
#define ENTRY_RMRR      1
#define FLAG_ALL        1u     /* the unit is for all other devices      */
#define REGISTERS_SIZE  PAGE_SIZE

/* Types of a scope. Interrupt controllers and timers do no DMA. */
enum {
	SCOPE_ENDPOINT  = 1,
	SCOPE_BRIDGE    = 2,   /* and all devices behind it   */
};

#define SLOT_MAX      31
#define FUNCTION_MAX  7

struct dmar {
	struct acpi_header header;
	uint8_t            address_bits;   /* less 1 */
	uint8_t            flags, reserved[10];
} __packed;

struct drhd {
	uint16_t type, length;
	uint8_t  flags, size;
	uint16_t segment;
	uint64_t registers;
} __packed;

struct rmrr {
	uint16_t type, length, reserved, segment;
	uint64_t start, last;
} __packed;

union entry {
	uint16_t    type;
	struct drhd drhd;
	struct rmrr rmrr;
};

struct scope {
	uint8_t  type, length;
	uint16_t reserved;
	uint8_t  id, bus;
} __packed;

struct hop {
	uint8_t slot, function;
} __packed;

_Static_assert(sizeof(struct dmar) == 48 && sizeof(struct drhd) == 16 &&
	       sizeof(struct rmrr) == 24 && sizeof(struct scope) == 6,
	       "VT-d 8.1, 8.3, 8.4, 8.3.1");

/*
 * Follow the path at [at, end) of the table.
 * Returns: the source id of the device at its end; -EINVAL, -ENODEV.
 */
static int follow_path(struct acpi_reader *reader, uint32_t at, uint32_t end,
		       uint8_t first_bus)
{
	int bus = first_bus, source_id = -EINVAL;
	struct hop hop;

	for (; at < end; at += sizeof(hop)) {
		if (source_id >= 0)
			bus = reader->secondary_bus(reader,
						    (uint16_t)source_id);
		if (bus < 0)
			return bus;
		if (end - at < sizeof(hop) ||
		    acpi_table_read(reader, at, &hop, sizeof(hop)) ||
		    hop.slot > SLOT_MAX || hop.function > FUNCTION_MAX)
			return -EINVAL;
		source_id = bus << 8 | hop.slot << 3 | hop.function;
	}
	return source_id;
}

static void add_scope(struct acpi_reader *reader, uint32_t at, uint32_t length,
		      const struct scope *scope, struct acpi_dmar_unit *unit)
{
	int source_id;

	if (scope->type != SCOPE_ENDPOINT && scope->type != SCOPE_BRIDGE)
		return;
	if (length <= sizeof(*scope)) {
		acpi_complain(reader, "DMAR: scope at 0x%x: no path", at);
		return;
	}
	source_id = follow_path(reader, at + (uint32_t)sizeof(*scope),
				at + length, scope->bus);
	if (source_id < 0)
		acpi_complain(reader, "DMAR: scope at 0x%x leads nowhere", at);
	else if (unit->nr_scopes == ACPI_DMAR_SCOPES_MAX)
		acpi_complain(reader, "DMAR: scope at 0x%x: one too many", at);
	else
		unit->scope[unit->nr_scopes++] = (uint16_t)source_id;
}

/* NULL, or why no unit can be at this address. */
static const char *unit_objection(struct acpi_reader *reader, phys_addr_t pa)
{
	const struct acpi_info *info = reader->info;

	if (!pa.v || phys_page_offset(pa) ||
	    !reader->may_be_registers(reader, pa, REGISTERS_SIZE))
		return "no registers can be there";
	for (unsigned i = 0; i < info->nr_dmar_units; i++)
		if (phys_eq(info->dmar_unit[i].registers, pa))
			return "named twice";
	if (info->nr_dmar_units == ACPI_DMAR_UNITS_MAX)
		return "one too many";
	return NULL;
}

static void add_unit(struct acpi_reader *reader, uint32_t at,
		     const struct drhd *drhd, uint32_t length)
{
	uint32_t end = at + length;
	phys_addr_t pa = PHYS(drhd->registers);
	struct acpi_dmar_unit *unit;
	struct scope scope;
	const char *wrong;

	if (length < sizeof(*drhd)) {
		acpi_complain(reader, "DMAR: unit at 0x%x: too short", at);
		return;
	}
	wrong = unit_objection(reader, pa);
	if (wrong) {
		acpi_complain(reader, "DMAR: unit at %pP: %s", &pa, wrong);
		return;
	}
	unit = &reader->info->dmar_unit[reader->info->nr_dmar_units++];
	*unit = (struct acpi_dmar_unit){
		.registers = pa,
		.segment = drhd->segment,
		.all = drhd->flags & FLAG_ALL,
	};
	for (at += sizeof(*drhd); at < end; at += length) {
		length = acpi_entry_read(reader, at, end, false, &scope,
					 sizeof(scope));
		if (!length)
			return;
		add_scope(reader, at, length, &scope, unit);
	}
}

void acpi_dmar_parse(struct acpi_reader *reader)
{
	uint32_t at = sizeof(struct dmar), end = reader->table->length, length;
	struct dmar dmar;
	union entry entry;

	if (!acpi_fields_read(reader, sizeof(dmar), &dmar, sizeof(dmar)))
		return;
	reader->info->has_dmar = true;
	reader->info->dmar_address_bits =
		(uint8_t)(dmar.address_bits % 64 + 1);
	for (; at < end; at += length) {
		length = acpi_entry_read(reader, at, end, true, &entry,
					 sizeof(entry));
		if (!length)
			return;
		if (entry.type == ENTRY_DRHD) {
			add_unit(reader, at, &entry.drhd, length);
		} else if (entry.type == ENTRY_RMRR &&
			   length >= sizeof(entry.rmrr)) {
			/* No domain maps it: its devices will not work. */
			phys_addr_t start = PHYS(entry.rmrr.start);
			phys_addr_t last = PHYS(entry.rmrr.last);

			acpi_complain(reader, "DMAR: devices use [mem %pP-%pP]: not honoured",
				      &start, &last);
		}
	}
}
