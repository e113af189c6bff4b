// SPDX-License-Identifier: MIT
/*
 * acpi_table.h - one ACPI table, given to its parser alone
 *
 * WHAT     What tests/suites/acpi_parsers.c and acpi_s5.c share: a machine with
 *          nothing but this table, and what the parser has found.
 */
#pragma once

#include "tests/acpi_machine.h"
#include "tests/ktest.h"

#define TABLE_PA  0x0ffe0003u
#define ROOM      1200u

static struct acpi_machine machine;
static struct acpi_info info;
static uint8_t room[ROOM];
static struct acpi_table table;

static const char *last_info_check(void)
{
	return acpi_info_check(&info);
}

/* The table has `length` bytes of room[], which is all 0. */
static inline void set_up_table(const char *signature, uint32_t length)
{
	machine_init(&machine);
	machine_add(&machine, TABLE_PA, room, ROOM);
	memset(room, 0, ROOM);
	memset(&info, 0, sizeof(info));
	memset(&table, 0, sizeof(table));
	memcpy(table.signature, signature, 4);
	table.pa = PHYS(TABLE_PA);
	table.length = length;
	table.valid = true;
	info.present = true;
	machine.reader.info = &info;
	machine.reader.table = &table;
}
