// SPDX-License-Identifier: MIT
/*
 * blocked.c - the book of blocked accesses
 *
 * WHAT     Counts the faults, keeps the latest, and writes them into the log:
 *          which device, which bus address, read or write, and the reason in
 *          words.
 *
 * ALGORITHM  A device in a loop may fault at each access. Each fault is
 *          counted. The limiter (lib/log.h) decides how many are in the log.
 *
 * LOCKING  Interrupts are off: a tick writes into the book, too.
 * NOT HERE how a unit reports a fault (vtd_unit.c).
 * SEE      VT-d specification 7.2 and its appendix on fault reasons; Linux
 *          drivers/iommu/intel/dmar.c dmar_fault_do_one().
 */
#include <arch/irqflags.h>

#include "lib/log.h"

#include "arch/i386/iommu/iommu_impl.h"

#define FAULTS_KEPT  8u

/* Protection: interrupts off. */
static struct {
	unsigned long      nr;                  /* since boot                 */
	struct iommu_fault kept[FAULTS_KEPT];   /* fault n in n % FAULTS_KEPT */
} book;

/*    reason  what the unit found                                            */
static const char *const reasons[] = {
	[0x1] = "the bus has no context table",
	[0x2] = "the device has no domain",
	[0x3] = "invalid context entry",
	[0x4] = "the address is beyond the domain's width",
	[0x5] = "not mapped for writing",
	[0x6] = "not mapped for reading",
	[0x7] = "a page table cannot be read",
	[0x8] = "the root table cannot be read",
	[0x9] = "the context table cannot be read",
	[0xa] = "reserved bit set in a root entry",
	[0xb] = "reserved bit set in a context entry",
	[0xc] = "reserved bit set in a page-table entry",
	[0xd] = "request of a kind that the context entry blocks",
};

const char *iommu_reason_name(uint8_t reason)
{
	if (reason < ARRAY_SIZE(reasons) && reasons[reason])
		return reasons[reason];
	return "unknown reason";
}

void iommu_fault_note(const struct iommu_fault *fault)
{
	const char *what = fault->write ? "writes to" : "reads from";
	irqflags_t flags = irq_save();
	unsigned id = fault->source_id;

	book.kept[book.nr++ % FAULTS_KEPT] = *fault;
	pr_warn_limited("iommu: blocked: device %02x:%02x.%u %s %pB: %s (reason %u)\n",
			id >> 8, id >> 3 & 31, id & 7, what, &fault->bus,
			iommu_reason_name(fault->reason), fault->reason);
	irq_restore(flags);
}

void iommu_poll(void)
{
	irqflags_t flags = irq_save();

	iommu_units_poll();
	irq_restore(flags);
}

unsigned long iommu_nr_faults(void)
{
	iommu_poll();
	return book.nr;
}

bool iommu_recent_fault(unsigned n, struct iommu_fault *fault)
{
	irqflags_t flags = irq_save();
	bool found;

	iommu_units_poll();
	found = n < book.nr && n < FAULTS_KEPT;
	if (found)
		*fault = book.kept[(book.nr - 1 - n) % FAULTS_KEPT];
	irq_restore(flags);
	return found;
}
