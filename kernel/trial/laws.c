// SPDX-License-Identifier: MIT
/*
 * laws.c - all checkers of laws, one after the other
 *
 * LOCKING  Stops what the row says, no longer than for one row.
 */
#include "kernel/trial/laws.h"

#include <arch/acpi.h>
#include <arch/iommu.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/isa_dma.h>
#include <arch/pci.h>
#include <arch/pgtable_check.h>
#include <arch/stack.h>
#include <arch/thread.h>
#include <arch/trap.h>

#include "kernel/calls/calls.h"
#include "kernel/device/device.h"
#include "kernel/device/floppy.h"
#include "kernel/diag/log.h"
#include "kernel/diag/symbols.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"
#include "lib/preempt.h"
#include "mm/account/account.h"
#include "mm/dma/dma.h"
#include "mm/early/memblock.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/slab.h"
#include "mm/vm/mm.h"

static void count_charges(void)
{
	task_count_charges();
	vm_count_charges();
}

static const char *charges_check(void)
{
	return account_check(count_charges);
}

#define ROW(name, check, stops) { name, check, stops },
static const struct laws laws[] = {
	LAWS_OF_MEMORY(ROW)
	LAWS_OF_THE_REST(ROW)
};

#define ONE(name, check, stops) + 1
#define NR_OF_MEMORY (LAWS_OF_MEMORY(ONE))

const char *laws_check(const struct laws *row)
{
	const char *law;
	irqflags_t flags;

	if (row->stops == STOPS_ITSELF)
		return row->check();
	if (row->stops == STOPS_THREADS) {
		preempt_disable();
		law = row->check();
		preempt_enable();
		return law;
	}
	flags = irq_save();
	law = row->check();
	irq_restore(flags);
	return law;
}

const struct laws *laws_row(unsigned i)
{
	return i < ARRAY_SIZE(laws) ? &laws[i] : NULL;
}

static const char *check_first(unsigned nr)
{
	const char *law = NULL;

	for (unsigned i = 0; i < nr && !law; i++)
		law = laws_check(&laws[i]);
	return law;
}

const char *laws_check_all(void)
{
	return check_first(ARRAY_SIZE(laws));
}

const char *laws_check_memory(void)
{
	return check_first(NR_OF_MEMORY);
}
