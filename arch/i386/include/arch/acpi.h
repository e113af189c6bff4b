// SPDX-License-Identifier: MIT
/*
 * acpi.h - what the firmware's tables say of the machine
 *
 * WHAT     acpi_init() finds the tables and reads them once, page by page,
 *          through the fixmap window. From then on, one struct acpi_info has
 *          everything that the kernel uses. Nothing keeps a pointer into
 *          firmware memory.
 *
 * TERMS    RSDP   the first table; it is found by its signature below 1 MiB
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

/* To which pin an interrupt line of the first PCs leads. */
struct acpi_isa_line {
	uint32_t gsi;
	bool     level;             /* false: edge                            */
	bool     active_low;        /* false: active high                     */
};

/*
 * One remapping unit of the DMAR table. A bridge among its devices stands for
 * all that lies behind it.
 */
struct acpi_dmar_unit {
	phys_addr_t registers;
	uint16_t    segment;
	bool        all;            /* for all devices of no other unit       */
	unsigned    nr_scopes;      /* if not: for these PCI devices          */
	uint16_t    scope[ACPI_DMAR_SCOPES_MAX];      /* source ids           */
};

struct acpi_info {
	bool                  present;      /* an RSDP was found              */
	uint8_t               revision;     /* of the RSDP: 0 is ACPI 1.0     */
	unsigned              nr_tables;
	struct acpi_table     table[ACPI_TABLES_MAX];

	bool                  has_madt;
	phys_addr_t           lapic;        /* its registers                  */
	bool                  has_pic;      /* there are two 8259 too         */
	unsigned              nr_cpus;      /* enabled ones                   */
	unsigned              nr_ioapics;
	struct acpi_ioapic    ioapic[ACPI_IOAPICS_MAX];
	/* The MADT may change a line; the default is GSI n, edge, high. */
	struct acpi_isa_line  isa_line[ACPI_ISA_LINES];

	bool                  has_fadt;
	uint16_t              sci_irq;
	uint16_t              pm1a_control, pm1b_control; /* ports; 0: none   */
	uint16_t              smi_command;  /* port; 0: ACPI is on already    */
	uint8_t               acpi_enable;  /* write it there to turn ACPI on */
	uint16_t              pm_timer;     /* port of a counter; 0: none     */
	bool                  has_s5;       /* \_S5 was found in the DSDT     */
	uint8_t               s5_type_a, s5_type_b;   /* SLP_TYP of power off */

	bool                  has_dmar;
	uint8_t               dmar_address_bits;      /* of the host          */
	unsigned              nr_dmar_units;
	struct acpi_dmar_unit dmar_unit[ACPI_DMAR_UNITS_MAX];
};

/* All zero before acpi_init(); constant afterwards. */
extern struct acpi_info acpi_info;

/*
 * Find and read the tables. A wrong table is left out, with a line in the log.
 * Without tables the machine is treated as an old PC.
 *
 * Context: boot, after paging_init(); uses the slot FIX_ACPI_WINDOW.
 */
void acpi_init(void);

/*
 * Read bytes of physical memory, RAM or not, through the window.
 * Returns: 0, or -EINVAL when the range wraps or lies above the CPU's width.
 */
int acpi_read(phys_addr_t pa, void *buffer, size_t size) __must_check;

/* NULL, or the broken invariant of what was read. */
const char *acpi_check(void);

/* Turn the power off in the FADT's way. Returns if the FADT has no way. */
void acpi_poweroff(void);
