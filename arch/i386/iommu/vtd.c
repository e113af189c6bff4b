// SPDX-License-Identifier: MIT
/*
 * vtd.c - all VT-d units of the machine, and the tables above the domains'
 *
 * WHAT     Finds the units that ACPI names, makes the table that leads from a
 *          device to its domain, turns translation on.
 *
 * PICTURE  root table               context table of a bus     domain
 *          256 entries of 16 bytes  256 entries of 16 bytes
 *            bus 0 ------------------> 00.0  0
 *            bus 1  0                  ...
 *            ...                       03.0 -----------------> its root table
 *            bus 255  0                      id, width
 *
 * INVARIANTS of vtd (iommu_check() restates them)
 *          U1  a context entry is present if and only if its device is
 *              attached, and leads to that domain
 *          U2  a context table's refs is 1 + its present entries
 *          U3  a unit that we have turned on is on, with our root table
 *          U4  such a unit has done each command since then
 *
 * ALGORITHM  All units share one root table: the accesses of a device come to
 *          one unit only. The width is the largest that all units have, so each
 *          domain fits each device.
 *
 *          A unit that does not snoop the CPU's caches reads memory alone. So
 *          what this unit reads is written back to memory, line by line.
 *
 * LOCKING  Interrupts are off.
 * COST     An unmap waits once for each unit.
 * NOT HERE tables of domains (domain.c), registers (vtd_unit.c). Interrupt
 *          remapping is not used. <arch/pci.h> knows devices of segment 0 only.
 *          RMRR is memory that the firmware's devices use. It is not mapped;
 *          arch/i386/acpi/ warns of it. A device behind a bridge to
 *          conventional PCI uses the bridge's id: it has no domain.
 * SEE      VT-d specification 3.4, 9.1, 9.3.
 */
#include <arch/acpi.h>
#include <arch/cpu.h>
#include <arch/page_ops.h>
#include <arch/pci.h>

#include "lib/errno.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"

#include "arch/i386/iommu/iommu_impl.h"
#include "arch/i386/iommu/vtd.h"

/* An entry of either table. */
struct vtd_entry {
	uint64_t low, high;
};

#define VTD_ENTRIES       256u
#define VTD_PRESENT       1u
#define CONTEXT_WIDTH(bits)  (((bits) - 30u) / 9u)   /* 1: 39, 2: 48          */
#define CONTEXT_ID_SHIFT  8

_Static_assert(VTD_ENTRIES * sizeof(struct vtd_entry) == PAGE_SIZE,
	       "a table is a page");

#define POLL_FAULTS_MAX   32u   /* a device may be faster than we are         */
#define CACHE_LINE_MIN    32u   /* CLFLUSH knows no shorter line              */

/* The usable units; unit_acpi[i] is what ACPI says of unit i. */
static struct vtd_unit units[ACPI_DMAR_UNITS_MAX];
static const struct acpi_dmar_unit *unit_acpi[ACPI_DMAR_UNITS_MAX];
static bool unit_on[ACPI_DMAR_UNITS_MAX];
static unsigned nr_units;
static bool all_coherent = true;

static struct page *root;   /* NULL: translation was never on */

#define for_each_unit_on(i)                     \
	for (unsigned i = 0; i < nr_units; i++) \
		if (unit_on[i])

/* ---- which unit ---------------------------------------------------------- */

/* Is the unit of the device on? */
static bool device_has_unit(uint16_t source_id)
{
	const struct vtd_buses buses = {
		pci_devices, nr_pci_devices, pci_read8
	};
	const struct acpi_dmar_unit *unit =
		vtd_unit_of(acpi_info.dmar_unit, acpi_info.nr_dmar_units,
			    &buses, source_id);

	for_each_unit_on(i)
		if (unit_acpi[i] == unit)
			return true;
	return false;
}

/* ---- tables -------------------------------------------------------------- */

static struct vtd_entry *table_entries(const struct page *table)
{
	return page_address(table);
}

/* The lower half has the present bit: it is stored last, and cleared first. */
static void entry_set(struct page *table, struct vtd_entry *entry,
		      uint64_t low, uint64_t high)
{
	entry_store(&entry->high, high);
	entry_store(&entry->low, low);
	iommu_units_write_back(entry, sizeof(*entry));
	table->refs++;
}

static void entry_empty(struct page *table, struct vtd_entry *entry)
{
	entry_clear(&entry->low);
	entry_clear(&entry->high);
	iommu_units_write_back(entry, sizeof(*entry));
	table->refs--;
}

static struct vtd_entry *root_entry(unsigned bus)
{
	return &table_entries(root)[bus];
}

/* The context table of a bus, or NULL. */
static struct page *context_table(unsigned bus)
{
	const struct vtd_entry *entry = root_entry(bus);

	if (!(entry->low & VTD_PRESENT))
		return NULL;
	return pfn_to_page(phys_to_pfn(PHYS(entry->low)));
}

static struct vtd_entry *context_entry(const struct page *table,
				       uint16_t source_id)
{
	return &table_entries(table)[source_id & 0xff];
}

static uint64_t context_low(const struct iommu_domain *domain)
{
	return page_to_phys(domain->root).v | VTD_PRESENT;
}

static uint64_t context_high(const struct iommu_domain *domain)
{
	return CONTEXT_WIDTH(domain->bits) |
	       (uint64_t)domain->id << CONTEXT_ID_SHIFT;
}

/* ---- what domain.c and iommu.c call -------------------------------------- */

void iommu_units_write_back(const void *ptr, size_t size)
{
	uintptr_t line = (uintptr_t)ptr & ~(uintptr_t)(CACHE_LINE_MIN - 1);

	if (all_coherent)
		return;
	if (!cpu_has(CPU_CLFLUSH)) {
		__asm__ volatile("wbinvd" : : : "memory");
		return;
	}
	for (; line < (uintptr_t)ptr + size; line += CACHE_LINE_MIN)
		__asm__ volatile("clflush %0"
				 : "+m"(*(volatile char *)line));
	__asm__ volatile("lock; addl $0, (%%esp)" : : : "memory", "cc");
}

void iommu_units_learn(const struct iommu_domain *domain)
{
	for_each_unit_on(i)
		vtd_unit_learn(&units[i], domain->id);
}

void iommu_units_forget(const struct iommu_domain *domain)
{
	for_each_unit_on(i)
		vtd_unit_forget_domain(&units[i], domain->id);
}

static void forget_all(void)
{
	for_each_unit_on(i)
		vtd_unit_forget_all(&units[i]);
}

int iommu_units_attach(const struct iommu_domain *domain, uint16_t source_id)
{
	unsigned bus = source_id >> 8;
	struct page *table;

	if (!device_has_unit(source_id))
		return -ENODEV;
	table = context_table(bus);
	if (!table) {
		table = iommu_table_alloc();
		if (!table)
			return -ENOMEM;
		entry_set(root, root_entry(bus),
			  page_to_phys(table).v | VTD_PRESENT, 0);
	}
	entry_set(table, context_entry(table, source_id), context_low(domain),
		  context_high(domain));
	forget_all();
	return 0;
}

void iommu_units_detach(const struct iommu_domain *domain, uint16_t source_id)
{
	unsigned bus = source_id >> 8;
	struct page *table = context_table(bus);
	bool empty;

	entry_empty(table, context_entry(table, source_id));
	empty = !sl_table_used(table);
	if (empty)
		entry_empty(root, root_entry(bus));
	forget_all();
	if (empty)
		iommu_table_free(table);
}

void iommu_units_poll(void)
{
	struct iommu_fault fault;

	for_each_unit_on(i)
		for (unsigned n = 0; n < POLL_FAULTS_MAX &&
		     vtd_unit_take_fault(&units[i], &fault); n++)
			iommu_fault_note(&fault);
}

/* ---- start --------------------------------------------------------------- */

static void unit_add(const struct acpi_dmar_unit *acpi)
{
	void *regs = ioremap(acpi->registers, VTD_REGISTERS_SIZE);
	struct vtd_unit *unit = &units[nr_units];
	const char *objection;

	if (!regs)
		return;
	objection = acpi->segment ? "its devices are in another segment" :
		    vtd_unit_init(unit, acpi->registers, regs);
	if (objection) {
		pr_warn("iommu: unit at %pP is left alone: %s\n",
			&acpi->registers, objection);
		iounmap(regs);
		return;
	}
	unit_acpi[nr_units++] = acpi;
	all_coherent &= vtd_is_coherent(unit);
	iommu_nr_ids = MIN(iommu_nr_ids, vtd_nr_ids(unit));
}

static bool all_have_width(unsigned bits)
{
	for (unsigned i = 0; i < nr_units; i++)
		if (!vtd_has_width(&units[i], bits))
			return false;
	return true;
}

static bool unit_start(unsigned i)
{
	struct vtd_unit *unit = &units[i];

	unit_on[i] = !vtd_unit_stop(unit) &&
		     !vtd_unit_start(unit, page_to_phys(root));
	if (unit_on[i])
		pr_info("iommu: VT-d %u.%u unit at %pP: on%s\n", unit->major,
			unit->minor, &unit->pa,
			vtd_is_coherent(unit) ? "" : ", does not snoop");
	else
		pr_err("iommu: unit at %pP stays off\n", &unit->pa);
	return unit_on[i];
}

static unsigned start_all(unsigned bits)
{
	unsigned nr_on = 0;

	root = iommu_table_alloc();
	if (!root) {
		pr_err("iommu: no memory for a root table: off\n");
		return 0;
	}
	for (unsigned i = 0; i < nr_units; i++)
		nr_on += unit_start(i);
	if (nr_on)
		pr_info("iommu: translation is on, bus addresses have %u bits\n",
			bits);
	return nr_on ? bits : 0;
}

unsigned iommu_units_start(bool enable)
{
	if (!acpi_info.nr_dmar_units)
		return 0;
	if (!enable) {
		pr_info("iommu: noiommu: translation stays off\n");
		return 0;
	}
	for (unsigned i = 0; i < acpi_info.nr_dmar_units; i++)
		unit_add(&acpi_info.dmar_unit[i]);
	if (!nr_units)
		return 0;
	if (all_have_width(IOMMU_BITS_LONG))
		return start_all(IOMMU_BITS_LONG);
	if (all_have_width(IOMMU_BITS_SHORT))
		return start_all(IOMMU_BITS_SHORT);
	pr_warn("iommu: units have no width in common: off\n");
	return 0;
}

bool iommu_unit(unsigned n, struct iommu_unit *info)
{
	const struct vtd_unit *unit;

	if (n >= nr_units)
		return false;
	unit = &units[n];
	*info = (struct iommu_unit){
		.registers = unit->pa, .major = unit->major,
		.minor = unit->minor, .nr_domains = vtd_nr_ids(unit),
		.coherent = vtd_is_coherent(unit), .on = unit_on[n],
		.lost = unit->lost,
	};
	return true;
}

/* ---- check --------------------------------------------------------------- */

static const char *contexts_check(unsigned *nr_present)
{
	for (unsigned bus = 0; bus < VTD_ENTRIES; bus++) {
		const struct page *table = context_table(bus);
		unsigned used = 0;

		for (unsigned i = 0; table && i < VTD_ENTRIES; i++)
			used += table_entries(table)[i].low & VTD_PRESENT;
		HOLDS(!table || (used && table->refs == 1 + used),
		      "vtd U2: a context table's refs is 1 + its present entries");
		*nr_present += used;
	}
	return NULL;
}

const char *iommu_units_check(void)
{
	struct iommu_domain *domain;
	unsigned nr_present = 0, n;
	const char *law;
	uint16_t source_id;

	if (!iommu_present())
		return NULL;
	law = contexts_check(&nr_present);
	if (law)
		return law;
	for (n = 0; iommu_attached(n, &source_id, &domain); n++) {
		const struct page *table = context_table(source_id >> 8);
		const struct vtd_entry *entry =
			table ? context_entry(table, source_id) : NULL;

		HOLDS(entry && entry->low == context_low(domain) &&
		      entry->high == context_high(domain),
		      "vtd U1: an attached device's entry leads to its domain");
	}
	HOLDS(n == nr_present,
	      "vtd U1: a context entry is present only for an attached device");
	for_each_unit_on(i) {
		HOLDS(vtd_unit_is_on(&units[i], page_to_phys(root)),
		      "vtd U3: a unit that we have turned on is on");
		HOLDS(!units[i].late,
		      "vtd U4: a unit has answered whatever it was asked");
	}
	return NULL;
}
