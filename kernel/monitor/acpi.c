// SPDX-License-Identifier: MIT
/*
 * acpi.c - the firmware's tables, and what the kernel took from them
 *
 * PICTURE    ACPI revision 0
 *            APIC 0x000000003ffe21cd    120 bytes  ok
 *            DMAR 0x000000003ffe22b9    120 bytes  wrong, left out
 *            ...
 *            1 CPU, local APIC at 0x00000000fee00000, two 8259
 * SEE      <arch/acpi.h>; the log says why a table is wrong.
 */
#include <arch/acpi.h>

#include "kernel/monitor/monitor_impl.h"

static void say_interrupts(void)
{
	if (!acpi_info.has_madt) {
		say("no MADT: interrupts come from two 8259\n");
		return;
	}
	say("%u CPU%s, local APIC at %pP%s\n", acpi_info.nr_cpus,
	    acpi_info.nr_cpus == 1 ? "" : "s", &acpi_info.lapic,
	    acpi_info.has_pic ? ", two 8259" : "");
	for (unsigned i = 0; i < acpi_info.nr_ioapics; i++)
		say("I/O APIC %u at %pP, pins from GSI %u on\n",
		    acpi_info.ioapic[i].id, &acpi_info.ioapic[i].pa,
		    acpi_info.ioapic[i].gsi_base);
	for (unsigned i = 0; i < ACPI_ISA_LINES; i++) {
		const struct acpi_isa_line *line = &acpi_info.isa_line[i];

		if (line->gsi != i || line->level || line->active_low)
			say("line %2u is GSI %u, %s, active %s\n", i,
			    line->gsi, line->level ? "level" : "edge",
			    line->active_low ? "low" : "high");
	}
}

static void say_unit(const struct acpi_dmar_unit *unit)
{
	char device[DEVICE_TEXT];

	say("DMAR unit at %pP, segment %u:", &unit->registers, unit->segment);
	for (unsigned i = 0; i < unit->nr_scopes; i++)
		say(" %s", format_device(device, unit->scope[i]));
	say("%s\n", unit->all ? " and all the others" : "");
}

void monitor_acpi(void)
{
	if (!acpi_info.present) {
		say("this machine has no ACPI\n");
		return;
	}
	say("ACPI revision %u\n", acpi_info.revision);
	for (unsigned i = 0; i < acpi_info.nr_tables; i++) {
		const struct acpi_table *table = &acpi_info.table[i];

		say("%s %pP %6u bytes  %s\n", table->signature, &table->pa,
		    table->length, table->valid ? "ok" : "wrong, left out");
	}
	say_interrupts();
	if (acpi_info.has_fadt)
		say("SCI is line %u; ", acpi_info.sci_irq);
	if (acpi_info.has_s5 && acpi_info.pm1a_control)
		say("power off: sleep type %u to port 0x%x\n",
		    acpi_info.s5_type_a, acpi_info.pm1a_control);
	else if (acpi_info.has_fadt)
		say("no way to turn the power off\n");
	if (acpi_info.has_dmar)
		say("DMAR: %u bits of a host address\n",
		    acpi_info.dmar_address_bits);
	for (unsigned i = 0; i < acpi_info.nr_dmar_units; i++)
		say_unit(&acpi_info.dmar_unit[i]);
}
