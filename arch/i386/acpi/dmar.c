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
static int follow_path(struct acpi_reader *reader,
		       const struct acpi_table *table, uint32_t at,
		       uint32_t end, uint8_t first_bus)
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
		    acpi_table_read(reader, table, at, &hop, sizeof(hop)) ||
		    hop.slot > SLOT_MAX || hop.function > FUNCTION_MAX)
			return -EINVAL;
		source_id = bus << 8 | hop.slot << 3 | hop.function;
	}
	return source_id;
}

static void add_scope(struct acpi_reader *reader,
		      const struct acpi_table *table, uint32_t at,
		      uint32_t length, const struct scope *scope,
		      struct acpi_dmar_unit *unit)
{
	int source_id;

	if (scope->type != SCOPE_ENDPOINT && scope->type != SCOPE_BRIDGE)
		return;
	if (length <= sizeof(*scope)) {
		acpi_complain(reader, "DMAR: scope at 0x%x: no path", at);
		return;
	}
	source_id = follow_path(reader, table, at + (uint32_t)sizeof(*scope),
				at + length, scope->bus);
	if (source_id < 0)
		acpi_complain(reader, "DMAR: scope at 0x%x leads nowhere", at);
	else if (unit->nr_scopes == ACPI_DMAR_SCOPES_MAX)
		acpi_complain(reader, "DMAR: scope at 0x%x: one too many", at);
	else
		unit->scope[unit->nr_scopes++] = (uint16_t)source_id;
}

static void take_scopes(struct acpi_reader *reader,
			const struct acpi_table *table, uint32_t at,
			uint32_t end, struct acpi_dmar_unit *unit)
{
	struct scope scope;
	uint32_t length;

	for (; at < end; at += length) {
		length = acpi_entry_read(reader, table, at, end, false, &scope,
					 sizeof(scope));
		if (!length)
			return;
		add_scope(reader, table, at, length, &scope, unit);
	}
}

/* Can a unit be at this address? If not, the log gets a line. */
static bool unit_is_possible(struct acpi_reader *reader, phys_addr_t pa,
			     const struct acpi_info *info)
{
	const char *wrong = NULL;

	if (!pa.v || phys_page_offset(pa) ||
	    !reader->may_be_registers(reader, pa, REGISTERS_SIZE))
		wrong = "no registers can be there";
	for (unsigned i = 0; i < info->nr_dmar_units; i++)
		if (phys_eq(info->dmar_unit[i].registers, pa))
			wrong = "named twice";
	if (!wrong && info->nr_dmar_units == ACPI_DMAR_UNITS_MAX)
		wrong = "one too many";
	if (wrong)
		acpi_complain(reader, "DMAR: unit at %pP: %s", &pa, wrong);
	return !wrong;
}

static void add_unit(struct acpi_reader *reader,
		     const struct acpi_table *table, uint32_t at,
		     uint32_t length, struct acpi_info *info)
{
	struct acpi_dmar_unit *unit = &info->dmar_unit[info->nr_dmar_units];
	struct drhd drhd;

	if (length < sizeof(drhd) ||
	    acpi_table_read(reader, table, at, &drhd, sizeof(drhd))) {
		acpi_complain(reader, "DMAR: unit at 0x%x: too short", at);
		return;
	}
	if (!unit_is_possible(reader, PHYS(drhd.registers), info))
		return;
	*unit = (struct acpi_dmar_unit){
		.registers = PHYS(drhd.registers),
		.segment = drhd.segment,
		.all = drhd.flags & FLAG_ALL,
	};
	take_scopes(reader, table, at + (uint32_t)sizeof(drhd), at + length,
		    unit);
	info->nr_dmar_units++;
}

/* No domain maps this memory: a device that needs it will stop to work. */
static void warn_of_memory(struct acpi_reader *reader,
			   const struct acpi_table *table, uint32_t at,
			   uint32_t length)
{
	phys_addr_t start, last;
	struct rmrr rmrr;

	if (length < sizeof(rmrr) ||
	    acpi_table_read(reader, table, at, &rmrr, sizeof(rmrr)))
		return;
	start = PHYS(rmrr.start);
	last = PHYS(rmrr.last);
	acpi_complain(reader, "DMAR: devices use [mem %pP-%pP]: not honoured",
		      &start, &last);
}

void acpi_dmar_parse(struct acpi_reader *reader,
		     const struct acpi_table *table, struct acpi_info *info)
{
	uint32_t at = sizeof(struct dmar), length;
	struct dmar dmar;
	uint16_t type;

	if (acpi_table_read(reader, table, 0, &dmar, sizeof(dmar))) {
		acpi_complain(reader, "DMAR: %u bytes are too short",
			      table->length);
		return;
	}
	info->has_dmar = true;
	info->dmar_address_bits = (uint8_t)(dmar.address_bits % 64 + 1);
	for (; at < table->length; at += length) {
		length = acpi_entry_read(reader, table, at, table->length,
					 true, &type, sizeof(type));
		if (!length)
			return;
		if (type == ENTRY_DRHD)
			add_unit(reader, table, at, length, info);
		else if (type == ENTRY_RMRR)
			warn_of_memory(reader, table, at, length);
	}
}
