// SPDX-License-Identifier: MIT
/*
 * madt.c - the interrupt controllers, and the pin of each old interrupt line
 *
 * WHAT     Reads the MADT; its signature is "APIC". The table has the CPUs, the
 *          I/O APICs, and the ISA lines that do not lead to the pin with their
 *          own number.
 *
 * PICTURE    line 0 (PIT) ---+           +--> pin 0   GSI gsi_base + 0
 *            line 1          |           |    pin 1
 *            line 2 (none)   +-- override +-> pin 2   <- where QEMU has it
 *
 * RULES
 *          an I/O APIC or a local APIC is never in RAM; two I/O APICs have
 *          different addresses; an override names a line below 16
 *
 * SEE      ACPI 5.2.12 "Multiple APIC description table".
 */
#include "arch/i386/acpi/acpi_impl.h"

enum {
	ENTRY_LAPIC          = 0,
	ENTRY_IOAPIC         = 1,
	ENTRY_OVERRIDE       = 2,
	ENTRY_LAPIC_ADDRESS  = 5,
	ENTRY_X2APIC         = 9,
};

#define FLAG_PC_COMPATIBLE  1u    /* of the table: there are two 8259      */
#define FLAG_ENABLED        1u    /* of a CPU                              */

/* Of an override: 0 means the default of the bus; for ISA edge, high. */
#define POLARITY(flags)     ((flags) & 3)
#define TRIGGER(flags)      ((flags) >> 2 & 3)
#define AS_THE_BUS          0
#define ACTIVE_HIGH         1
#define ACTIVE_LOW          3
#define EDGE                1
#define LEVEL               3

struct madt {
	struct acpi_header header;
	uint32_t           lapic, flags;
} __packed;

/* Every kind of entry begins with type and length. */
struct entry {
	uint8_t type, length;
	union {
		struct {
			uint8_t  processor, id;
			uint32_t flags;
		} __packed lapic;
		struct {
			uint8_t  id, reserved;
			uint32_t address, gsi_base;
		} __packed ioapic;
		struct {
			uint8_t  bus, line;
			uint32_t gsi;
			uint16_t flags;
		} __packed override;
		struct {
			uint16_t reserved;
			uint64_t address;
		} __packed lapic_address;
		struct {
			uint16_t reserved;
			uint32_t id, flags;
		} __packed x2apic;
	};
} __packed;

/* The smallest length of each kind of entry; 0: the kernel skips this kind. */
static const uint8_t entry_size[] = {
	[ENTRY_LAPIC]         = 8,
	[ENTRY_IOAPIC]        = 12,
	[ENTRY_OVERRIDE]      = 10,
	[ENTRY_LAPIC_ADDRESS] = 12,
	[ENTRY_X2APIC]        = 16,
};

static void set_lapic(struct acpi_reader *reader, uint64_t address)
{
	phys_addr_t pa = PHYS(address);

	if (phys_page_offset(pa) || !pa.v ||
	    !reader->may_be_registers(reader, pa, PAGE_SIZE))
		acpi_complain(reader, "no local APIC can be at %pP", &pa);
	else
		reader->info->lapic = pa;
}

/* The registers have 20 bytes, and may begin anywhere in a page. */
static void add_ioapic(struct acpi_reader *reader, const struct entry *entry)
{
	struct acpi_info *info = reader->info;
	phys_addr_t pa = PHYS(entry->ioapic.address);
	bool known = false;

	for (unsigned i = 0; i < info->nr_ioapics; i++)
		known |= phys_eq(info->ioapic[i].pa, pa);
	if (!pa.v || !reader->may_be_registers(reader, pa, 0x20) ||
	    phys_page_offset(pa) > PAGE_SIZE - 0x20)
		acpi_complain(reader, "no I/O APIC can be at %pP", &pa);
	else if (known)
		acpi_complain(reader, "I/O APIC at %pP: named twice", &pa);
	else if (info->nr_ioapics == ACPI_IOAPICS_MAX)
		acpi_complain(reader, "I/O APIC at %pP: one too many", &pa);
	else
		info->ioapic[info->nr_ioapics++] = (struct acpi_ioapic){
			.id = entry->ioapic.id,
			.pa = pa,
			.gsi_base = entry->ioapic.gsi_base,
		};
}

static void override_line(struct acpi_reader *reader, const struct entry *entry)
{
	unsigned polarity = POLARITY(entry->override.flags);
	unsigned trigger = TRIGGER(entry->override.flags);
	unsigned line = entry->override.line;

	/* 2 is reserved in both. Bus 0 is ISA; there is no other bus. */
	if (entry->override.bus || line >= ACPI_ISA_LINES || polarity == 2 ||
	    trigger == 2) {
		acpi_complain(reader, "override of bus %u, line %u, flags 0x%x",
			      entry->override.bus, line,
			      entry->override.flags);
		return;
	}
	reader->info->isa_line[line] = (struct acpi_isa_line){
		.gsi = entry->override.gsi,
		.level = trigger == LEVEL,
		.active_low = polarity == ACTIVE_LOW,
	};
}

static void take_entry(struct acpi_reader *reader, const struct entry *entry)
{
	switch (entry->type) {
	case ENTRY_LAPIC:
		reader->info->nr_cpus += entry->lapic.flags & FLAG_ENABLED;
		break;
	case ENTRY_X2APIC:
		reader->info->nr_cpus += entry->x2apic.flags & FLAG_ENABLED;
		break;
	case ENTRY_IOAPIC:
		add_ioapic(reader, entry);
		break;
	case ENTRY_OVERRIDE:
		override_line(reader, entry);
		break;
	case ENTRY_LAPIC_ADDRESS:
		set_lapic(reader, entry->lapic_address.address);
		break;
	}
}

void acpi_madt_parse(struct acpi_reader *reader)
{
	uint32_t at = sizeof(struct madt), end = reader->table->length, length;
	struct entry entry;
	struct madt madt;

	if (!acpi_fields_read(reader, sizeof(madt), &madt, sizeof(madt)))
		return;
	reader->info->has_madt = true;
	reader->info->has_pic = madt.flags & FLAG_PC_COMPATIBLE;
	set_lapic(reader, madt.lapic);
	for (; at < end; at += length) {
		length = acpi_entry_read(reader, at, end, false, &entry,
					 sizeof(entry));
		if (!length)
			return;
		if (entry.type >= ARRAY_SIZE(entry_size))
			continue;
		if (length < entry_size[entry.type])
			acpi_complain(reader, "APIC: entry at 0x%x: too short",
				      at);
		else
			take_entry(reader, &entry);
	}
}
