// SPDX-License-Identifier: MIT
/*
 * acpi.h - what the firmware's tables say of the machine
 *
 * WHAT     acpi_init() finds the tables and reads them once, a page at a time
 *          through the fixmap window; what the kernel uses of them is in one
 *          struct acpi_info from then on. Nothing keeps a pointer into firmware
 *          memory.
 *
 * TERMS    RSDP   where it all begins: found by its signature below 1 MiB
 *          RSDT, XSDT  the list of tables, as 32- or 64-bit addresses
 *          MADT   interrupt controllers (signature "APIC")
 *          FADT   power management (signature "FACP")
 *          DMAR   units that translate devices' addresses (VT-d)
 *          GSI    number of an input pin, counted over all I/O APICs
 *
 * SEE      ACPI specification 6.4, chapter 5; Intel VT-d specification 8.
 */
#pragma once

#include <arch/addr.h>

#define ACPI_TABLES_MAX     68
#define ACPI_IOAPICS_MAX    4
#define ACPI_ISA_LINES      16
#define ACPI_DMAR_UNITS_MAX 4
#define ACPI_DMAR_SCOPES_MAX 16

struct acpi_table {
	char        signature[5];   /* four letters and a 0                   */
	phys_addr_t pa;
	uint32_t    length;         /* bytes, header included                 */
	bool        valid;          /* length and checksum are right          */
};

struct acpi_ioapic {
	uint8_t     id;
	phys_addr_t pa;
	uint32_t    gsi_base;       /* GSI of its pin 0                       */
};

/* Where a line of the PC's first interrupt controller ends up. */
struct acpi_isa_line {
	uint32_t gsi;
	bool     level;             /* else edge                              */
	bool     active_low;        /* else high                              */
};

/*
 * One remapping unit of the DMAR table. A bridge among its devices stands for
 * all that lies behind it.
 */
struct acpi_dmar_unit {
	phys_addr_t registers;
	uint16_t    segment;
	bool        all;            /* of every device no other unit names    */
	unsigned    nr_scopes;      /* else of these PCI devices              */
	uint16_t    scope[ACPI_DMAR_SCOPES_MAX];      /* source ids           */
};

struct acpi_info {
	bool                  present;      /* an RSDP was found              */
	uint8_t               revision;     /* its: 0 is ACPI 1.0             */
	unsigned              nr_tables;
	struct acpi_table     table[ACPI_TABLES_MAX];

	bool                  has_madt;
	phys_addr_t           lapic;        /* its registers                  */
	bool                  has_pic;      /* two 8259 as well               */
	unsigned              nr_cpus;      /* enabled ones                   */
	unsigned              nr_ioapics;
	struct acpi_ioapic    ioapic[ACPI_IOAPICS_MAX];
	/* Line n is GSI n, edge, high, where the MADT says nothing else. */
	struct acpi_isa_line  isa_line[ACPI_ISA_LINES];

	bool                  has_fadt;
	uint16_t              sci_irq;
	uint16_t              pm1a_control, pm1b_control; /* ports; 0: none   */
	uint16_t              smi_command;  /* port; 0: ACPI is on already    */
	uint8_t               acpi_enable;  /* what turns it on, there        */
	uint16_t              pm_timer;     /* port of a counter; 0: none     */
	bool                  has_s5;       /* \_S5 was found in the DSDT     */
	uint8_t               s5_type_a, s5_type_b;   /* SLP_TYP of power off */

	bool                  has_dmar;
	uint8_t               dmar_address_bits;      /* of the host          */
	unsigned              nr_dmar_units;
	struct acpi_dmar_unit dmar_unit[ACPI_DMAR_UNITS_MAX];
};

/* Read-only after acpi_init(); all zero before. */
extern struct acpi_info acpi_info;

/*
 * Find and read the tables. Tables that are wrong are said in the log and
 * left out; without any the machine is the PC that it always was.
 *
 * Context: boot, after paging_init(); uses the slot FIX_ACPI_WINDOW.
 */
void acpi_init(void);

/*
 * Bytes of physical memory, RAM or not, through the window.
 * Returns: 0, or -EINVAL when the range wraps or lies above the CPU's width.
 */
int acpi_read(phys_addr_t pa, void *buffer, size_t size) __must_check;

/* NULL, or the broken invariant of what was read. */
const char *acpi_check(void);

/* Turn the power off by the FADT's way. Returns when there is none. */
void acpi_poweroff(void);
