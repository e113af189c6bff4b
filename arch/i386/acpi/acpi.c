// SPDX-License-Identifier: MIT
/*
 * acpi.c - the firmware's tables, read once at boot
 *
 * WHAT     Lets the parsers read this machine, and writes into the log what
 *          they have found.
 *
 * RULES
 *          registers that a table names never lie in RAM: a wrong table must
 *          not make the kernel overwrite memory
 *
 * NOT HERE the parsers (parse.c and those that it calls), which also run on
 *          the host; turning the power off (poweroff.c).
 * SEE      <arch/acpi.h>.
 */
#include <arch/cpu.h>
#include <arch/pci.h>

#include "arch/i386/acpi/acpi_impl.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "mm/early/memblock.h"

#define PCI_HEADER_TYPE    0x0e
#define PCI_HEADER_BRIDGE  1        /* without the bit "many functions" */
#define PCI_SECONDARY_BUS  0x19

struct acpi_info acpi_info;

static int machine_read(struct acpi_reader *reader, phys_addr_t pa,
			void *buffer, size_t size)
{
	return acpi_read(pa, buffer, size);
}

static bool machine_may_be_registers(struct acpi_reader *reader,
				     phys_addr_t pa, uint64_t size)
{
	uint64_t end = 1ull << cpu_phys_bits();
	struct memblock_range ram;

	if (pa.v >= end || size > end - pa.v)
		return false;
	for (unsigned i = 0; memblock_memory(i, &ram); i++)
		if (pa.v < ram.end.v && ram.start.v < pa.v + size)
			return false;
	return true;
}

/* The kernel has not walked the buses yet, so ask the bridge itself. */
static int machine_secondary_bus(struct acpi_reader *reader,
				 uint16_t source_id)
{
	struct pci_device bridge = {
		.bus = (uint8_t)(source_id >> 8),
		.slot = source_id >> 3 & 31,
		.function = source_id & 7,
	};

	if ((pci_read8(&bridge, PCI_HEADER_TYPE) & 0x7f) != PCI_HEADER_BRIDGE)
		return -ENODEV;
	return pci_read8(&bridge, PCI_SECONDARY_BUS);
}

/* ---- the log ------------------------------------------------------------ */

static void log_madt(const struct acpi_info *info)
{
	pr_info("ACPI: %u CPU%s, local APIC at %pP%s\n", info->nr_cpus,
		info->nr_cpus == 1 ? "" : "s", &info->lapic,
		info->has_pic ? ", two 8259" : "");
	for (unsigned i = 0; i < info->nr_ioapics; i++)
		pr_info("ACPI: I/O APIC %u at %pP, GSI %u and on\n",
			info->ioapic[i].id, &info->ioapic[i].pa,
			info->ioapic[i].gsi_base);
	for (unsigned i = 0; i < ACPI_ISA_LINES; i++) {
		const struct acpi_isa_line *line = &info->isa_line[i];

		if (line->gsi != i || line->level || line->active_low)
			pr_info("ACPI: line %u is GSI %u, %s, active %s\n", i,
				line->gsi, line->level ? "level" : "edge",
				line->active_low ? "low" : "high");
	}
}

static void log_info(const struct acpi_info *info)
{
	for (unsigned i = 0; i < info->nr_tables; i++) {
		const struct acpi_table *table = &info->table[i];

		pr_info("ACPI: %s %pP %06x%s\n", table->signature, &table->pa,
			table->length, table->valid ? "" : " left out");
	}
	if (info->has_madt)
		log_madt(info);
	if (info->has_s5)
		pr_info("ACPI: power off through port 0x%x, sleep type %u\n",
			info->pm1a_control, info->s5_type_a);
	for (unsigned i = 0; i < info->nr_dmar_units; i++) {
		const struct acpi_dmar_unit *unit = &info->dmar_unit[i];

		pr_info("ACPI: DMAR unit at %pP, segment %u, %u devices%s\n",
			&unit->registers, unit->segment, unit->nr_scopes,
			unit->all ? " and all the others" : "");
	}
}

void acpi_init(void)
{
	struct acpi_reader reader = {
		.read = machine_read,
		.may_be_registers = machine_may_be_registers,
		.secondary_bus = machine_secondary_bus,
	};

	acpi_parse(&reader, &acpi_info);
	if (acpi_info.present)
		log_info(&acpi_info);
	else
		pr_info("ACPI: no tables\n");
}

const char *acpi_check(void)
{
	return acpi_info_check(&acpi_info);
}
