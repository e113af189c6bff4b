// SPDX-License-Identifier: MIT
/*
 * poweroff.c - turn the power off, in ACPI's way
 *
 * WHAT     Writes the sleep type of S5 and the bit that means "now" into the
 *          PM1 control registers, as the FADT and the DSDT say.
 *
 * ALGORITHM  The firmware may still control power management itself (SMM). Then
 *          the kernel first asks the firmware to give it away, and waits a
 *          while.
 * SEE      ACPI 4.8.3.2.1 "PM1 control registers", 7.4.2 "\_Sx", 16.1.
 */
#include <arch/acpi.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/uart.h>

#include "lib/log.h"

#define PM1_SCI_ENABLED   0x0001u   /* ACPI mode                           */
#define PM1_SLEEP_TYPE    10        /* three bits                          */
#define PM1_SLEEP_ENABLE  0x2000u   /* now                                 */
#define PM1_SLEEP_MASK    (7u << PM1_SLEEP_TYPE | PM1_SLEEP_ENABLE)

/* Accesses to a port take about a microsecond. */
#define ENABLE_TRIES  100000u
#define OFF_TRIES    2000000u   /* on a busy host the CPU runs for a while */

static void enable_acpi(void)
{
	if (!acpi_info.smi_command || !acpi_info.acpi_enable ||
	    inw(acpi_info.pm1a_control) & PM1_SCI_ENABLED)
		return;
	outb(acpi_info.smi_command, acpi_info.acpi_enable);
	for (unsigned i = 0; i < ENABLE_TRIES; i++)
		if (inw(acpi_info.pm1a_control) & PM1_SCI_ENABLED)
			return;
}

static void sleep_now(uint16_t port, uint8_t type)
{
	unsigned value;

	if (!port)
		return;
	value = inw(port) & ~PM1_SLEEP_MASK;
	outw(port, (uint16_t)(value | (unsigned)type << PM1_SLEEP_TYPE |
			      PM1_SLEEP_ENABLE));
}

void acpi_poweroff(void)
{
	if (!acpi_info.has_s5 || !acpi_info.pm1a_control)
		return;
	/* Debug level: the last line must be the totals of the self-tests. */
	pr_debug("ACPI: power off, port 0x%x, sleep type %u\n",
		 acpi_info.pm1a_control, acpi_info.s5_type_a);
	uart_drain();
	enable_acpi();
	sleep_now(acpi_info.pm1a_control, acpi_info.s5_type_a);
	sleep_now(acpi_info.pm1b_control, acpi_info.s5_type_b);
	for (unsigned i = 0; i < OFF_TRIES; i++)
		inw(acpi_info.pm1a_control);
	pr_debug("ACPI: the power is still on\n");
}
