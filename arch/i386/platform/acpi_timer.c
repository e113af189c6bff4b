// SPDX-License-Identifier: MIT
/*
 * acpi_timer.c - the counter of power management, as a measure of time
 *
 * WHAT     A port that counts up at three times the rate of the 8254, 3.579545
 *          MHz, and never stops. Some machines have it, and no 8254.
 *
 * ALGORITHM  The counter has 24 or 32 bits; only 24 are used. They last for 4.7
 *          s, much longer than a measurement.
 * SEE      ACPI 4.8.3.3 "Power management timer"; the port is in the FADT.
 */
#include <arch/acpi.h>
#include <arch/io.h>

#include "arch/i386/platform/tick_source.h"

static bool acpi_timer_start(void)
{
	return acpi_info.pm_timer;
}

static void acpi_timer_stop(void)
{
}

static uint32_t acpi_timer_count(void)
{
	return inl(acpi_info.pm_timer) & 0xffffff;
}

/* 1,000,000,000 / 3,579,545, both divided by 5. */
const struct time_reference acpi_reference = {
	.name  = "ACPI timer",
	.start = acpi_timer_start,
	.stop  = acpi_timer_stop,
	.count = acpi_timer_count,
	.mask  = 0xffffff,
	.num   = 200000000,
	.den   = 715909,
	.longest_ns = 200000000,
};
