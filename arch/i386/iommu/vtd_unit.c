// SPDX-License-Identifier: MIT
/*
 * vtd_unit.c - the registers of one VT-d unit
 *
 * WHAT     Commands to a unit: start, stop, forget; the faults that it has
 *          recorded.
 *
 * PICTURE  +00 version, capabilities      (read)
 *          +18 GCMD  command       --->   +1c GSTS  state: poll it
 *          +20 RTADDR  root table
 *          +28 CCMD  forget context entries   poll its bit 63
 *          +34 FSTS  faults: any?
 *          +IRO IOTLB  forget translations    poll its bit 63
 *          +FRO fault records, 16 bytes each
 *
 * TERMS    one-shot  a command bit that starts something, and is no state
 *          drain     accesses that have begun end before the unit says that it
 *                    has forgotten
 *          late      the unit has not done a command after POLLS reads
 *
 * ALGORITHM  A command is written to GCMD as a whole: the state bits of GSTS,
 *          and the bit that changes. A 64-bit register is written in two
 *          halves, the upper half last: its bit 63 starts the command (10.4.7).
 *          Each wait has a bound. A late unit is reported, and gets no command.
 *          Before each later command we look whether the unit is done. If so,
 *          the unit first forgets everything: it has missed commands.
 *
 * LOCKING  Interrupts are off.
 * NOT HERE tables (domain.c, vtd.c). Page requests, interrupt remapping,
 *          protected memory regions, and the queue of invalidations in memory
 *          are not used. If the firmware left the queue on, it is turned off.
 * SEE      VT-d specification 6.5, 7.3, 10.4, 11.2.
 */
#include "lib/errno.h"
#include "lib/log.h"

#include "arch/i386/iommu/vtd.h"

/* Each poll is a read over the bus. All of them take 0.1 s or more. */
#define POLLS  300000u

static uint32_t read32(const struct vtd_unit *unit, unsigned reg)
{
	return *(const volatile uint32_t *)(unit->regs + reg);
}

static uint64_t read64(const struct vtd_unit *unit, unsigned reg)
{
	uint32_t low = read32(unit, reg);

	return (uint64_t)read32(unit, reg + 4) << 32 | low;
}

static void write32(struct vtd_unit *unit, unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)(unit->regs + reg) = value;
}

static unsigned iotlb_register(const struct vtd_unit *unit)
{
	return (unsigned)(unit->ecap >> 8 & 0x3ff) * 16 + 8;
}

static unsigned fault_register(const struct vtd_unit *unit, unsigned n)
{
	return (unsigned)(unit->cap >> 24 & 0x3ff) * 16 + n * VTD_RECORD_SIZE;
}

static unsigned nr_fault_registers(const struct vtd_unit *unit)
{
	return (unsigned)(unit->cap >> 40 & 0xff) + 1;
}

/* ---- commands ------------------------------------------------------------ */

/* Poll until the bits of `mask` are `want`. */
static int wait_for(struct vtd_unit *unit, unsigned reg, uint32_t mask,
		    uint32_t want, const char *what)
{
	for (unsigned i = 0; i < POLLS; i++)
		if ((read32(unit, reg) & mask) == want)
			return 0;
	unit->late = true;
	pr_err_limited("iommu: unit at %pP does not answer: %s\n", &unit->pa, what);
	return -EIO;
}

/* Set one bit of the state, or clear it. */
static int set_state(struct vtd_unit *unit, uint32_t bit, bool on,
		     const char *what)
{
	uint32_t state = read32(unit, VTD_GSTS) & VTD_STATE_BITS & ~bit;

	write32(unit, VTD_GCMD, on ? state | bit : state);
	return wait_for(unit, VTD_GSTS, bit, on ? bit : 0, what);
}

static void flush_buffer(struct vtd_unit *unit)
{
	uint32_t state = read32(unit, VTD_GSTS) & VTD_STATE_BITS;

	if (!vtd_needs_buffer_flush(unit))
		return;
	write32(unit, VTD_GCMD, state | VTD_FLUSH_BUFFER);
	(void)wait_for(unit, VTD_GSTS, VTD_FLUSH_BUFFER, 0, "write buffer");
}

static int forget_translations(struct vtd_unit *unit, uint32_t which)
{
	unsigned reg = iotlb_register(unit);
	uint32_t drain = (uint32_t)(unit->cap >> 54 & 3) << 16;

	write32(unit, reg, 0);
	write32(unit, reg + 4, VTD_IOTLB_GO | drain | which);
	return wait_for(unit, reg + 4, VTD_IOTLB_GO, 0, "IOTLB invalidation");
}

static void forget_all(struct vtd_unit *unit)
{
	flush_buffer(unit);
	if (unit->late)
		return;
	write32(unit, VTD_CCMD, 0);
	write32(unit, VTD_CCMD + 4, VTD_CCMD_GO | VTD_CCMD_GLOBAL);
	if (!wait_for(unit, VTD_CCMD + 4, VTD_CCMD_GO, 0,
		      "context invalidation"))
		(void)forget_translations(unit, VTD_IOTLB_GLOBAL);
}

/* May the unit get a command now? */
static bool answers(struct vtd_unit *unit)
{
	if (likely(!unit->late))
		return true;
	if (read32(unit, VTD_GSTS) & VTD_FLUSH_BUFFER ||
	    read32(unit, VTD_CCMD + 4) & VTD_CCMD_GO ||
	    read32(unit, iotlb_register(unit) + 4) & VTD_IOTLB_GO)
		return false;
	unit->late = false;
	pr_warn_limited("iommu: unit at %pP answers again\n", &unit->pa);
	forget_all(unit);
	return !unit->late;
}

void vtd_unit_forget_all(struct vtd_unit *unit)
{
	if (answers(unit))
		forget_all(unit);
}

void vtd_unit_forget_domain(struct vtd_unit *unit, unsigned domain_id)
{
	if (!answers(unit))
		return;
	flush_buffer(unit);
	if (!unit->late)
		(void)forget_translations(unit, VTD_IOTLB_DOMAIN | domain_id);
}

void vtd_unit_learn(struct vtd_unit *unit, unsigned domain_id)
{
	if (vtd_caches_empty(unit))
		vtd_unit_forget_domain(unit, domain_id);
	else if (answers(unit))
		flush_buffer(unit);
}

/* ---- faults -------------------------------------------------------------- */

static bool take_record(struct vtd_unit *unit, unsigned reg,
			struct iommu_fault *fault)
{
	uint32_t last = read32(unit, reg + 12);

	if (!(last & VTD_RECORD_FAULT))
		return false;
	fault->bus.v = read64(unit, reg) & ~(uint64_t)(PAGE_SIZE - 1);
	fault->source_id = (uint16_t)read32(unit, reg + 8);
	fault->reason = (uint8_t)last;
	fault->write = !(last & VTD_RECORD_READ);
	write32(unit, reg + 12, VTD_RECORD_FAULT);   /* clears it */
	return true;
}

bool vtd_unit_take_fault(struct vtd_unit *unit, struct iommu_fault *fault)
{
	uint32_t status = read32(unit, VTD_FSTS);
	unsigned nr = nr_fault_registers(unit);
	unsigned first = status >> 8 & 0xff;

	if (!answers(unit) ||
	    !(status & (VTD_FSTS_PENDING | VTD_FSTS_OVERFLOW)))
		return false;
	for (unsigned i = 0; first < nr && i < nr; i++)
		if (take_record(unit, fault_register(unit, (first + i) % nr),
				fault))
			return true;
	/* The unit records again only when no record is left. */
	if (status & VTD_FSTS_OVERFLOW) {
		unit->lost++;
		write32(unit, VTD_FSTS, VTD_FSTS_OVERFLOW);
	}
	return false;
}

/* ---- start and stop ------------------------------------------------------ */

const char *vtd_unit_init(struct vtd_unit *unit, phys_addr_t pa,
			  volatile void *regs)
{
	uint32_t version;

	*unit = (struct vtd_unit){ .regs = regs, .pa = pa };
	version = read32(unit, VTD_VER);
	unit->major = version >> 4 & 15;
	unit->minor = version & 15;
	unit->cap = read64(unit, VTD_CAP);
	unit->ecap = read64(unit, VTD_ECAP);
	if (version == UINT32_MAX)
		return "nobody is there";
	if (!unit->major)
		return "its version is not known";
	if (iotlb_register(unit) + 8 > VTD_REGISTERS_SIZE ||
	    fault_register(unit, nr_fault_registers(unit)) > VTD_REGISTERS_SIZE)
		return "its registers are too many";
	if (!vtd_has_width(unit, 39) && !vtd_has_width(unit, 48))
		return "it has neither 39 nor 48 address bits";
	return NULL;
}

int vtd_unit_stop(struct vtd_unit *unit)
{
	uint32_t state = read32(unit, VTD_GSTS);

	write32(unit, VTD_FECTL, VTD_FECTL_MASK);
	if (state & VTD_TRANSLATE &&
	    set_state(unit, VTD_TRANSLATE, false, "translation off"))
		return -EIO;
	if (state & VTD_QUEUE &&
	    set_state(unit, VTD_QUEUE, false, "invalidation queue off"))
		return -EIO;
	return 0;
}

int vtd_unit_start(struct vtd_unit *unit, phys_addr_t root)
{
	if (!answers(unit))
		return -EIO;
	flush_buffer(unit);
	if (unit->late)
		return -EIO;
	write32(unit, VTD_RTADDR, (uint32_t)root.v);
	write32(unit, VTD_RTADDR + 4, (uint32_t)(root.v >> 32));
	if (set_state(unit, VTD_SET_ROOT, true, "root table"))
		return -EIO;
	forget_all(unit);
	if (unit->late)
		return -EIO;
	return set_state(unit, VTD_TRANSLATE, true, "translation on");
}

bool vtd_unit_is_on(const struct vtd_unit *unit, phys_addr_t root)
{
	return read32(unit, VTD_GSTS) & VTD_TRANSLATE &&
	       read64(unit, VTD_RTADDR) == root.v;
}
