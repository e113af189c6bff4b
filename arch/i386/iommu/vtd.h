// SPDX-License-Identifier: MIT
/*
 * vtd.h - one remapping unit: its registers, and what can be asked of it
 *
 * WHAT     A unit is a page of registers. vtd_unit.c reads what it is able to
 *          do, gives it commands and waits for their end, which has a bound; a
 *          unit that misses it is told nothing until it has come to that end.
 *          vtd.c has all units and the tables that they walk.
 *
 * SEE      VT-d specification 10.4 "Register Descriptions".
 */
#pragma once

#include <arch/iommu.h>

#define VTD_REGISTERS_SIZE  0x1000u

/*       register   offset                                                   */
#define VTD_VER     0x00u
#define VTD_CAP     0x08u
#define VTD_ECAP    0x10u
#define VTD_GCMD    0x18u
#define VTD_GSTS    0x1cu
#define VTD_RTADDR  0x20u
#define VTD_CCMD    0x28u
#define VTD_FSTS    0x34u
#define VTD_FECTL   0x38u

/* GCMD and GSTS: the command, and the bit that says that it is done. */
#define VTD_TRANSLATE     (1u << 31)
#define VTD_SET_ROOT      (1u << 30)
#define VTD_FLUSH_BUFFER  (1u << 27)   /* set in GSTS until it is done       */
#define VTD_QUEUE         (1u << 26)   /* invalidation through memory        */
#define VTD_STATE_BITS    0x96ffffffu  /* of GSTS: state, no one-shot        */

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
	bool              late;         /* has not done yet what it was told  */
	unsigned long     lost;         /* times that it had no room to
					   record a fault                     */
};

/* ---- what it is able to do ----------------------------------------------- */

static inline bool vtd_is_coherent(const struct vtd_unit *unit)
{
	return unit->ecap & 1;
}

/* Must it be told of entries that were empty? */
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

/* Bus addresses of so many bits: has it the tables for them, and the wires? */
static inline bool vtd_has_width(const struct vtd_unit *unit, unsigned bits)
{
	unsigned kind = (bits - 30) / 9;   /* 30, 39, 48, 57 */

	return unit->cap >> (8 + kind) & 1 &&
	       (unit->cap >> 16 & 0x3f) + 1 >= bits;
}

/* ---- vtd_unit.c ---------------------------------------------------------- */

/*
 * Fill in a unit whose registers are mapped at regs.
 * Returns: NULL, or why it cannot be used.
 */
const char *vtd_unit_init(struct vtd_unit *unit, phys_addr_t pa,
			  volatile void *regs) __must_check;

/*
 * Turn translation off, as the firmware may have left it on; on, with this root
 * table. Returns: 0, -EIO: it does not answer.
 */
int vtd_unit_stop(struct vtd_unit *unit) __must_check;
int vtd_unit_start(struct vtd_unit *unit, phys_addr_t root) __must_check;

/* Forget context entries and all translations; those of one domain. */
void vtd_unit_forget_all(struct vtd_unit *unit);
void vtd_unit_forget_domain(struct vtd_unit *unit, unsigned domain_id);

/* What was empty is not any more. */
void vtd_unit_learn(struct vtd_unit *unit, unsigned domain_id);

/* Does it translate by the tables of this root? */
bool vtd_unit_is_on(const struct vtd_unit *unit, phys_addr_t root);

/* The next fault that it has recorded, if any: it is taken out. */
bool vtd_unit_take_fault(struct vtd_unit *unit, struct iommu_fault *fault);
