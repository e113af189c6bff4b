// SPDX-License-Identifier: MIT
/*
 * vtd.h - a remapping unit: its registers, its commands, and its devices
 *
 * WHAT     A unit is a page of registers. vtd_unit.c reads what the unit can
 *          do, gives it commands, and waits for the end of a command. The wait
 *          has a bound. A unit that needs longer is late: it gets no command
 *          until it is done. vtd_scope.c finds the unit of a device. vtd.c has
 *          all units, and the tables that they walk.
 *
 * SEE      VT-d specification 8.3.1 "Device Scope Structure", 10.4 "Register
 *          Descriptions".
 */
#pragma once

#include <arch/acpi.h>
#include <arch/iommu.h>
#include <arch/pci.h>

#define VTD_REGISTERS_SIZE  0x1000u

/* Offsets of registers. */
#define VTD_VER     0x00u
#define VTD_CAP     0x08u
#define VTD_ECAP    0x10u
#define VTD_GCMD    0x18u
#define VTD_GSTS    0x1cu
#define VTD_RTADDR  0x20u
#define VTD_CCMD    0x28u
#define VTD_FSTS    0x34u
#define VTD_FECTL   0x38u

/* In GCMD a bit is a command. In GSTS the same bit says: it is done. */
#define VTD_TRANSLATE     (1u << 31)
#define VTD_SET_ROOT      (1u << 30)
#define VTD_FLUSH_BUFFER  (1u << 27)   /* set in GSTS until it is done       */
#define VTD_QUEUE         (1u << 26)   /* invalidation through memory        */
#define VTD_STATE_BITS    0x96ffffffu  /* of GSTS: all but one-shots         */

#define VTD_CCMD_GO       (1u << 31)   /* of the upper half                  */
#define VTD_CCMD_GLOBAL   (1u << 29)
#define VTD_IOTLB_GO      (1u << 31)   /* of the upper half                  */
#define VTD_IOTLB_GLOBAL  (1u << 28)
#define VTD_IOTLB_DOMAIN  (2u << 28)

#define VTD_FSTS_OVERFLOW  0x01u
#define VTD_FSTS_PENDING   0x02u
#define VTD_FECTL_MASK     (1u << 31)

/* The fourth word of a fault record. */
#define VTD_RECORD_SIZE   16u
#define VTD_RECORD_FAULT  (1u << 31)
#define VTD_RECORD_READ   (1u << 30)

struct vtd_unit {
	volatile uint8_t *regs;
	phys_addr_t       pa;           /* of the registers, for messages     */
	uint64_t          cap, ecap;
	uint8_t           major, minor; /* version of the architecture        */
	bool              late;         /* the last command is not done yet   */
	unsigned long     lost;         /* times without room for a fault     */
};

/* ---- what a unit can do -------------------------------------------------- */

static inline bool vtd_is_coherent(const struct vtd_unit *unit)
{
	return unit->ecap & 1;
}

/* Does the unit remember empty entries? */
static inline bool vtd_caches_empty(const struct vtd_unit *unit)
{
	return unit->cap >> 7 & 1;
}

static inline bool vtd_needs_buffer_flush(const struct vtd_unit *unit)
{
	return unit->cap >> 4 & 1;
}

static inline unsigned vtd_nr_ids(const struct vtd_unit *unit)
{
	return 1u << (4 + 2 * (unit->cap & 7));
}

/* Does it translate bus addresses of so many bits? */
static inline bool vtd_has_width(const struct vtd_unit *unit, unsigned bits)
{
	unsigned kind = (bits - 30) / 9;   /* 30, 39, 48, 57 */

	return unit->cap >> (8 + kind) & 1 &&
	       (unit->cap >> 16 & 0x3f) + 1 >= bits;
}

/* ---- vtd_unit.c ---------------------------------------------------------- */

/*
 * Fill in a unit whose registers are mapped at regs.
 * Returns: NULL, or the reason why the unit cannot be used.
 */
const char *vtd_unit_init(struct vtd_unit *unit, phys_addr_t pa,
			  volatile void *regs) __must_check;

/*
 * Turn translation off, which the firmware may have left on; turn it on, with
 * this root table. Returns: 0; -EIO: the unit does not answer.
 */
int vtd_unit_stop(struct vtd_unit *unit) __must_check;
int vtd_unit_start(struct vtd_unit *unit, phys_addr_t root) __must_check;

/* Forget context entries and all translations; the translations of a domain. */
void vtd_unit_forget_all(struct vtd_unit *unit);
void vtd_unit_forget_domain(struct vtd_unit *unit, unsigned domain_id);

/* Entries of the domain that were empty have been filled. */
void vtd_unit_learn(struct vtd_unit *unit, unsigned domain_id);

/* Does the unit translate by the tables of this root? */
bool vtd_unit_is_on(const struct vtd_unit *unit, phys_addr_t root);

/* Take out the next fault that the unit has recorded. Returns: false: none. */
bool vtd_unit_take_fault(struct vtd_unit *unit, struct iommu_fault *fault);

/* ---- vtd_scope.c --------------------------------------------------------- */

/* The machine's devices; read8 is pci_read8(), except in tests. */
struct vtd_buses {
	const struct pci_device *devices;
	unsigned                 nr;
	uint8_t                (*read8)(const struct pci_device *dev,
					unsigned reg);
};

/*
 * The unit to which requests with this source id go, of all units that ACPI
 * names. The kernel may not be able to use the unit. Returns: NULL: no unit.
 */
const struct acpi_dmar_unit *vtd_unit_of(const struct acpi_dmar_unit *units,
					 unsigned nr,
					 const struct vtd_buses *buses,
					 uint16_t source_id);
