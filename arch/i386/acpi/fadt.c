// SPDX-License-Identifier: MIT
/*
 * fadt.c - power management: which ports turn the machine off
 *
 * WHAT     Reads the FADT; its signature is "FACP". Each revision of ACPI has
 *          added fields. If a table is shorter, the missing fields are 0.
 *
 * TERMS    PM1 control  a register of 16 bits, in one block (a) or two (a, b)
 *          SCI          the interrupt of power management
 *          PM timer     a counter of 24 bits or 32, 3.579545 MHz
 *          X_ fields    the same as an older field, with 64 bits
 *
 * SEE      ACPI 5.2.9 "Fixed ACPI description table"; s5.c.
 */
#include "arch/i386/acpi/acpi_impl.h"

#define FADT_SIZE_MIN       116u           /* the size in ACPI 1.0       */
#define FLAG_HW_REDUCED     (1u << 20)     /* there are no PM1 registers */
#define SPACE_IO            1u
#define PM_TIMER_LENGTH     4u

struct generic_address {
	uint8_t  space, width, offset, access;
	uint64_t address;
} __packed;

struct fadt {
	struct acpi_header     header;
	uint32_t               facs, dsdt;
	uint8_t                model, profile;
	uint16_t               sci;
	uint32_t               smi_command;
	uint8_t                acpi_enable, acpi_disable, s4_bios, p_state;
	uint32_t               pm1a_event, pm1b_event, pm1a_control,
			       pm1b_control, pm2_control, pm_timer, gpe0, gpe1;
	uint8_t                pm1_event_length, pm1_control_length,
			       pm2_control_length, pm_timer_length;
	uint8_t                lengths_and_latencies[17];
	uint16_t               boot_architecture;
	uint8_t                reserved;
	uint32_t               flags;
	struct generic_address reset;
	uint8_t                reset_value, arm[2], minor;
	uint64_t               x_facs, x_dsdt;
	struct generic_address x_pm1a_event, x_pm1b_event, x_pm1a_control,
			       x_pm1b_control;
} __packed;

_Static_assert(offsetof(struct fadt, pm1a_control) == 64 &&
	       offsetof(struct fadt, pm_timer_length) == 91 &&
	       offsetof(struct fadt, flags) == 112 &&
	       offsetof(struct fadt, x_dsdt) == 140 &&
	       sizeof(struct fadt) == 196, "ACPI table 5.9");

/* Prefer the old field if it is not 0: firmware is tested with this field. */
static uint16_t control_port(struct acpi_reader *reader, uint32_t old,
			     const struct generic_address *new)
{
	uint64_t port = old;

	if (!port && new->address && new->space == SPACE_IO)
		port = new->address;
	if (port <= 0xfffe)
		return (uint16_t)port;
	acpi_complain(reader, "FACP: 0x%llx is no port",
		      (unsigned long long)port);
	return 0;
}

void acpi_fadt_parse(struct acpi_reader *reader, phys_addr_t dsdt[2])
{
	struct acpi_info *info = reader->info;
	struct fadt fadt;

	dsdt[0] = PHYS(0);
	dsdt[1] = PHYS(0);
	if (!acpi_fields_read(reader, FADT_SIZE_MIN, &fadt, sizeof(fadt)))
		return;
	info->has_fadt = true;
	info->sci_irq = fadt.sci;
	dsdt[0] = PHYS(fadt.x_dsdt);
	if (fadt.dsdt != fadt.x_dsdt)
		dsdt[1] = PHYS(fadt.dsdt);
	if (fadt.flags & FLAG_HW_REDUCED)
		return;
	info->pm1a_control = control_port(reader, fadt.pm1a_control,
					  &fadt.x_pm1a_control);
	info->pm1b_control = control_port(reader, fadt.pm1b_control,
					  &fadt.x_pm1b_control);
	if (fadt.pm_timer_length == PM_TIMER_LENGTH &&
	    fadt.pm_timer <= 0x10000 - PM_TIMER_LENGTH)
		info->pm_timer = (uint16_t)fadt.pm_timer;
	if (fadt.smi_command <= 0xffff) {
		info->smi_command = (uint16_t)fadt.smi_command;
		info->acpi_enable = fadt.acpi_enable;
	}
}
