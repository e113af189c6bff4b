// SPDX-License-Identifier: MIT
/*
 * vtd_edu.c (suite) - a real device behind a real unit
 *
 * QEMU's edu has a buffer of 4 KiB. It copies the buffer to a bus address, or
 * fills it from there. Its addresses have 28 bits. A copy takes a tenth of a
 * second.
 */
#include <arch/pci.h>

#include "arch/i386/iommu/iommu_impl.h"
#include "kernel/diag/console.h"
#include "kernel/monitor/monitor_impl.h"
#include "kernel/sched/clock.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

SUITE(vtd_edu, iommu_check);

#define EDU_VENDOR  0x1234
#define EDU_DEVICE  0x11e8
#define EDU_BUFFER  0x40000u
#define EDU_MOST    0xff8u   /* QEMU refuses the buffer's last byte          */

enum { EDU_SOURCE = 0x80, EDU_TARGET = 0x88, EDU_COUNT = 0x90, EDU_GO = 0x98 };
enum { GO_START = 1, GO_TO_MEMORY = 2 };

#define RW        (IOMMU_READ | IOMMU_WRITE)
#define DEADLINE  (10 * NS_PER_SEC)
#define BUS       0x5000u

/* Reasons of the VT-d specification. */
enum { NO_CONTEXT_TABLE = 1, NO_CONTEXT = 2, NO_WRITE = 5, NO_READ = 6 };

static struct {
	struct pci_device   *pci;
	volatile char       *regs;
	struct iommu_domain *domain;
} edu;

/* Neighbouring pages, and the byte that fills them before a transfer. */
static struct page *block;
#define BLOCK_ORDER  2u
#define BLOCK_PAGES  (1u << BLOCK_ORDER)
#define BEFORE       0x5a
#define PATTERN      0xc7

static void reg_write(unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)(edu.regs + reg) = value;
}

/* Copy `size` bytes. Returns: false: the copy has not ended. */
static bool copy(uint32_t from, uint32_t to, uint32_t size, uint32_t how)
{
	uint64_t deadline = clock_ns() + DEADLINE;

	reg_write(EDU_SOURCE, from);
	reg_write(EDU_TARGET, to);
	reg_write(EDU_COUNT, size);
	reg_write(EDU_GO, GO_START | how);
	while (*(volatile uint32_t *)(edu.regs + EDU_GO) & GO_START)
		if (clock_ns() > deadline)
			return false;
	return true;
}

static bool to_memory(uint32_t bus, uint32_t size)
{
	return copy(EDU_BUFFER, bus, size, GO_TO_MEMORY);
}

static bool from_memory(uint32_t bus, uint32_t size)
{
	return copy(bus, EDU_BUFFER, size, 0);
}

static void need_devices(void)
{
	if (!iommu_present())
		SKIP("needs an IOMMU that is on");
	edu.pci = pci_find(EDU_VENDOR, EDU_DEVICE, 0);
	if (!edu.pci)
		SKIP("needs QEMU's edu");
	if (edu.regs)
		return;
	edu.regs = ioremap(edu.pci->bar[0].start, 0x1000);
	REQUIRE(edu.regs);
	pci_set_command(edu.pci, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
}

static struct page *filled_page(gfp_t gfp, int byte)
{
	struct page *page = alloc_page(gfp);
	void *ptr;

	REQUIRE(page);
	ptr = kmap_local(page);
	memset(ptr, byte, PAGE_SIZE);
	kunmap_local(ptr);
	return page;
}

/* Do all bytes [from, to) of the page have this value? */
static bool page_is(struct page *page, unsigned from, unsigned to, int byte)
{
	const uint8_t *bytes = kmap_local(page);
	bool same = true;

	for (unsigned i = from; i < to; i++)
		same &= bytes[i] == byte;
	kunmap_local(bytes);
	return same;
}

static bool block_is_as_before(void)
{
	bool same = true;

	for (unsigned i = 0; i < BLOCK_PAGES; i++)
		same &= page_is(block + i, 0, PAGE_SIZE, BEFORE);
	return same;
}

static void map(uint32_t bus, struct page *page, unsigned prot)
{
	REQUIRE(iommu_map(edu.domain, (bus_addr_t){ bus }, page_to_phys(page),
			  1, prot) == 0);
}

static void unmap(uint32_t bus)
{
	iommu_unmap(edu.domain, (bus_addr_t){ bus }, 1);
}

/* The device gets a domain. PATTERN fills its buffer, BEFORE the block. */
static void setup(void)
{
	struct page *page;
	int err;

	need_devices();
	edu.domain = iommu_domain_create();
	REQUIRE(edu.domain);
	err = iommu_attach(edu.domain, edu.pci->requester);
	if (err)
		iommu_domain_destroy(edu.domain);
	REQUIRE(!err);
	page = filled_page(GFP_KERNEL, PATTERN);
	map(BUS, page, IOMMU_READ);
	EXPECT(from_memory(BUS, EDU_MOST));
	unmap(BUS);
	free_page(page);
	block = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
	REQUIRE(block);
	memset(page_address(block), BEFORE, BLOCK_PAGES * PAGE_SIZE);
}

static void teardown(void)
{
	EXPECT_NULL(iommu_check());
	free_pages(block, BLOCK_ORDER);
	iommu_detach(edu.domain, edu.pci->requester);
	iommu_domain_destroy(edu.domain);
}

/* Was one more access of the device blocked, and is this its report? */
static bool reported(unsigned long before, uint32_t bus, bool write,
		     unsigned reason)
{
	struct iommu_fault fault;

	return iommu_nr_faults() > before && iommu_recent_fault(0, &fault) &&
	       fault.source_id == edu.pci->requester &&
	       fault.bus.v == (bus & PAGE_MASK) && fault.write == write &&
	       fault.reason == reason;
}

KTEST_KEEPS(vtd_edu, transfer_changes_exactly_the_mapped_page)
{
	unsigned long before = iommu_nr_faults();

	setup();
	map(BUS, block + 1, RW);
	EXPECT(to_memory(BUS, EDU_MOST));
	EXPECT(page_is(block + 1, 0, EDU_MOST, PATTERN));
	EXPECT(page_is(block + 1, EDU_MOST, PAGE_SIZE, BEFORE));
	EXPECT(page_is(block, 0, PAGE_SIZE, BEFORE));
	EXPECT(page_is(block + 2, 0, PAGE_SIZE, BEFORE));
	EXPECT_EQ(iommu_nr_faults(), before);
	unmap(BUS);
	teardown();
}

KTEST(vtd_edu, scattered_pages_are_one_range)
{
	struct page *first, *second;

	setup();
	/* Highmem if there is some: beyond the 28 bits of the device. */
	second = filled_page(GFP_HIGHUSER, BEFORE);
	first = filled_page(GFP_HIGHUSER, BEFORE);
	map(BUS, first, RW);
	map(BUS + PAGE_SIZE, second, RW);
	EXPECT(to_memory(BUS + 0x800, EDU_MOST));
	EXPECT(page_is(first, 0, 0x800, BEFORE));
	EXPECT(page_is(first, 0x800, PAGE_SIZE, PATTERN));
	EXPECT(page_is(second, 0, EDU_MOST - 0x800, PATTERN));
	EXPECT(page_is(second, EDU_MOST - 0x800, PAGE_SIZE, BEFORE));
	unmap(BUS);
	unmap(BUS + PAGE_SIZE);
	free_page(first);
	free_page(second);
	teardown();
}

KTEST(vtd_edu, what_is_not_mapped_is_blocked_and_reported)
{
	unsigned long before = iommu_nr_faults();
	uint32_t own;

	setup();
	own = (uint32_t)page_to_phys(block).v & 0x0ffff000;
	EXPECT(to_memory(own, 64));
	EXPECT(reported(before, own, true, NO_WRITE));
	before = iommu_nr_faults();
	EXPECT(from_memory(BUS, 64));
	EXPECT(reported(before, BUS, false, NO_READ));
	EXPECT(block_is_as_before());
	teardown();
}

KTEST(vtd_edu, after_unmap_it_is_blocked)
{
	unsigned long before = iommu_nr_faults();

	setup();
	map(BUS, block, RW);
	EXPECT(to_memory(BUS, 64));
	EXPECT(page_is(block, 0, 64, PATTERN));
	unmap(BUS);
	memset(page_address(block), BEFORE, PAGE_SIZE);
	EXPECT(to_memory(BUS, 64));
	EXPECT(block_is_as_before());
	EXPECT(reported(before, BUS, true, NO_WRITE));
	teardown();
}

KTEST(vtd_edu, another_page_at_the_address_is_seen)
{
	setup();
	map(BUS, block, RW);
	EXPECT(to_memory(BUS, 64));
	unmap(BUS);
	map(BUS, block + 3, RW);
	memset(page_address(block), BEFORE, PAGE_SIZE);
	EXPECT(to_memory(BUS, 64));
	EXPECT(page_is(block, 0, PAGE_SIZE, BEFORE));
	EXPECT(page_is(block + 3, 0, 64, PATTERN));
	unmap(BUS);
	teardown();
}

KTEST(vtd_edu, read_only_mapping_refuses_writes)
{
	unsigned long before = iommu_nr_faults();

	setup();
	map(BUS, block, IOMMU_READ);
	EXPECT(to_memory(BUS + 8, 64));
	EXPECT(block_is_as_before());
	EXPECT(reported(before, BUS, true, NO_WRITE));
	EXPECT(from_memory(BUS, 64));
	unmap(BUS);
	map(BUS, block + 1, IOMMU_WRITE);
	EXPECT(to_memory(BUS, 64));
	EXPECT(page_is(block + 1, 0, 64, BEFORE));   /* from `block` */
	unmap(BUS);
	teardown();
}

KTEST(vtd_edu, a_device_without_domain_reaches_nothing)
{
	uint16_t source_id;
	unsigned long before;
	uint32_t own;

	setup();
	source_id = edu.pci->requester;
	own = (uint32_t)page_to_phys(block).v & 0x0ffff000;
	iommu_detach(edu.domain, source_id);
	before = iommu_nr_faults();
	EXPECT(to_memory(own, 64));
	EXPECT(block_is_as_before());
	EXPECT(reported(before, own, true, NO_CONTEXT) ||
	       reported(before, own, true, NO_CONTEXT_TABLE));
	REQUIRE(iommu_attach(edu.domain, source_id) == 0);
	teardown();
}

KTEST(vtd_edu, attach_knows_what_is_attached)
{
	struct iommu_domain *second;

	setup();
	second = iommu_domain_create();
	REQUIRE(second);
	EXPECT(iommu_attach(second, edu.pci->requester) != 0);
	EXPECT_NULL(iommu_check());
	iommu_domain_destroy(second);
	teardown();
}

/* ---- the monitor --------------------------------------------------------- */

static char printed[1024];
static size_t printed_len;

static void keep_text(const char *text, size_t len)
{
	len = MIN(len, sizeof(printed) - 1 - printed_len);
	memcpy(printed + printed_len, text, len);
	printed_len += len;
	printed[printed_len] = '\0';
}

static struct console keeper = { .name = "keeper", .write = keep_text };

static bool printed_has(const char *part)
{
	for (const char *text = printed; *text; text++)
		if (!strncmp(text, part, strlen(part)))
			return true;
	return false;
}

/* `iommu walk` of the device. Returns: whether all parts are printed. */
static bool walk_prints(uint32_t bus, const char *const parts[], unsigned nr)
{
	uint16_t source_id = edu.pci->requester;
	char line[64];
	bool all = true;

	snprintf(line, sizeof(line), "iommu walk %02x:%02x.%x %x",
		 source_id >> 8, source_id >> 3 & 31u, source_id & 7u, bus);
	printed_len = 0;
	console_divert(&keeper);
	monitor_run_line(line);
	console_divert(NULL);
	for (unsigned i = 0; i < nr; i++)
		all &= printed_has(parts[i]);
	return all;
}

KTEST(vtd_edu, monitor_walks_level_by_level)
{
	static const char *const mapped[] = {
		"by the tables of domain ", "level 3[  0] 0x", "level 2[  0] 0x",
		"level 1[  5] 0x", " R\n", "  is 0x", ": read\n",
	};
	static const char *const unmapped[] = {
		"level 1[  6] 0x0000000000000000", "<-- nothing is mapped",
	};
	static const char *const no_table[] = {
		"0x0000000000000000", "<-- nothing is mapped",
	};

	setup();
	map(BUS, block, IOMMU_READ);
	EXPECT(walk_prints(BUS, mapped, ARRAY_SIZE(mapped)));
	EXPECT(walk_prints(BUS + PAGE_SIZE, unmapped, ARRAY_SIZE(unmapped)));
	EXPECT(walk_prints(0x40000000, no_table, ARRAY_SIZE(no_table)));
	unmap(BUS);
	teardown();
}
