// SPDX-License-Identifier: MIT
/*
 * pci.c (tests) - the scan of the PCI buses: a made-up space, the real one
 *
 * The made-up configuration space has a few functions. Their registers behave
 * like those of a device: the bits of a BAR that can be written say its size.
 */
#include <arch/irqflags.h>

#include "arch/i386/platform/pci_impl.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/vm_area.h"
#include "tests/ktest.h"

SUITE(pci, pci_check);

#define NR_FAKES    16
#define NR_REGS     20           /* the header: 64 bytes; capabilities */
#define TABLE_MAX   12

#define ID(bus, slot, function) \
	((uint16_t)((bus) << 8 | (slot) << 3 | (function)))

struct fake {
	uint16_t source_id;
	uint32_t reg[NR_REGS];
	uint32_t writable[NR_REGS];
};

static struct fake fakes[NR_FAKES];
static unsigned nr_fakes;
static unsigned sized_while_decoding, nr_reads, nr_writes;
static struct pci_device table[TABLE_MAX];

/* ---- the made-up space -------------------------------------------------- */

static struct fake *find_fake(uint16_t source_id)
{
	for (unsigned i = 0; i < nr_fakes; i++)
		if (fakes[i].source_id == source_id)
			return &fakes[i];
	return NULL;
}

static uint32_t fake_read(uint16_t source_id, unsigned reg)
{
	struct fake *fake = find_fake(source_id);

	nr_reads++;
	return fake && reg / 4 < NR_REGS ? fake->reg[reg / 4] : ~0u;
}

static void fake_write(uint16_t source_id, unsigned reg, uint32_t value)
{
	struct fake *fake = find_fake(source_id);
	unsigned i = reg / 4;

	nr_writes++;
	if (!fake || i >= NR_REGS)
		return;
	if (i >= 4 && i < 10 && value == ~0u &&
	    fake->reg[1] & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY))
		sized_while_decoding++;
	fake->reg[i] = (fake->reg[i] & ~fake->writable[i]) |
		       (value & fake->writable[i]);
}

static const struct pci_config fake_config = { fake_read, fake_write };

static struct fake *add_fake(uint16_t source_id)
{
	struct fake *fake = &fakes[nr_fakes++];

	REQUIRE(nr_fakes <= NR_FAKES);
	memset(fake, 0, sizeof(*fake));
	fake->source_id = source_id;
	fake->reg[0] = 0x11e81234;
	fake->writable[1] = 0x0547;
	fake->reg[1] = PCI_COMMAND_IO | PCI_COMMAND_MEMORY;
	return fake;
}

/* A BAR of `size` bytes. `value`: address and kind; `low_bits` never change. */
static void add_bar(struct fake *fake, unsigned i, uint32_t value,
		    uint64_t size, uint32_t low_bits)
{
	uint64_t mask = ~(size - 1) & ~(uint64_t)low_bits;

	fake->reg[4 + i] = value;
	fake->writable[4 + i] = (uint32_t)mask;
	if ((value & 7) == 4)
		fake->writable[5 + i] = (uint32_t)(mask >> 32);
}

static void add_bridge(uint16_t source_id, unsigned secondary)
{
	struct fake *fake = add_fake(source_id);

	fake->reg[2] = 0x06040000;
	fake->reg[3] = 1 << 16;
	fake->reg[6] = secondary << 16 | secondary << 8 | source_id >> 8;
}

static void begin(void)
{
	nr_fakes = sized_while_decoding = nr_reads = nr_writes = 0;
}

static unsigned scan(void)
{
	unsigned nr;

	memset(table, 0xaa, sizeof(table));
	nr = pci_scan(&fake_config, table, TABLE_MAX);
	EXPECT_NULL(pci_check_table(table, nr));
	EXPECT_EQ(sized_while_decoding, 0);
	return nr;
}

/* ---- which devices are there -------------------------------------------- */

KTEST(pci, an_empty_bus_has_no_devices)
{
	begin();
	EXPECT_EQ(scan(), 0);
	EXPECT_EQ(nr_reads, 32);
}

KTEST(pci, vendors_of_all_ones_and_all_zeros_are_nobody)
{
	begin();
	add_fake(ID(0, 3, 0))->reg[0] = 0xffffffff;
	add_fake(ID(0, 4, 0))->reg[0] = 0x1111ffff;
	add_fake(ID(0, 5, 0))->reg[0] = 0;
	EXPECT_EQ(scan(), 0);
}

KTEST(pci, a_device_is_what_its_header_says)
{
	struct fake *fake;

	begin();
	fake = add_fake(ID(0, 31, 0));
	fake->reg[2] = 0x03010207;
	fake->reg[15] = 0x0000010b;
	REQUIRE(scan() == 1);
	EXPECT_EQ(pci_source_id(&table[0]), ID(0, 31, 0));
	EXPECT_EQ(table[0].vendor, 0x1234);
	EXPECT_EQ(table[0].device, 0x11e8);
	EXPECT_EQ(table[0].class, 3);
	EXPECT_EQ(table[0].subclass, 1);
	EXPECT_EQ(table[0].interface, 2);
	EXPECT_EQ(table[0].revision, 7);
	EXPECT_EQ(table[0].irq, 11);
	EXPECT_STREQ(pci_class_name(&table[0]), "Display controller");
}

KTEST(pci, a_line_without_a_pin_or_above_15_is_none)
{
	begin();
	add_fake(ID(0, 1, 0))->reg[15] = 0x0000000b;
	add_fake(ID(0, 2, 0))->reg[15] = 0x00000110;
	add_fake(ID(0, 3, 0))->reg[15] = 0x000001ff;
	REQUIRE(scan() == 3);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(table[i].irq, 0xff);
}

KTEST(pci, other_functions_are_asked_only_where_the_header_says_so)
{
	begin();
	add_fake(ID(0, 1, 0));
	add_fake(ID(0, 1, 3));          /* not seen */
	add_fake(ID(0, 2, 0))->reg[3] = 0x80 << 16;
	add_fake(ID(0, 2, 7));
	add_fake(ID(0, 3, 1));          /* without a function 0: not seen */
	REQUIRE(scan() == 3);
	EXPECT_EQ(pci_source_id(&table[0]), ID(0, 1, 0));
	EXPECT_EQ(pci_source_id(&table[1]), ID(0, 2, 0));
	EXPECT_EQ(table[1].header_type, 0);
	EXPECT_EQ(pci_source_id(&table[2]), ID(0, 2, 7));
}

/* ---- buses -------------------------------------------------------------- */

KTEST(pci, devices_behind_bridges_are_found_in_order)
{
	begin();
	add_bridge(ID(0, 1, 0), 9);
	add_bridge(ID(0, 2, 0), 1);
	add_bridge(ID(1, 0, 0), 4);
	add_fake(ID(9, 5, 0));
	add_fake(ID(4, 0, 0));
	add_fake(ID(7, 0, 0));          /* no bridge leads there */
	REQUIRE(scan() == 5);
	EXPECT_EQ(pci_source_id(&table[2]), ID(1, 0, 0));
	EXPECT_EQ(pci_source_id(&table[3]), ID(4, 0, 0));
	EXPECT_EQ(pci_source_id(&table[4]), ID(9, 5, 0));
}

KTEST(pci, bridges_in_a_circle_end)
{
	begin();
	add_bridge(ID(0, 1, 0), 1);
	add_bridge(ID(1, 1, 0), 2);
	add_bridge(ID(2, 1, 0), 1);     /* back */
	add_bridge(ID(2, 2, 0), 2);     /* to itself */
	add_bridge(ID(2, 3, 0), 0);     /* not numbered */
	EXPECT_EQ(scan(), 5);
	EXPECT_EQ(nr_reads < 500, true);
}

/* ---- the requester of a device ---- */

#define PORT        4u
#define TO_PCI      7u
#define TO_EXPRESS  8u

/* A bridge that has the PCIe capability as the second in its list. */
static void add_express_bridge(uint16_t source_id, unsigned secondary,
			       unsigned type)
{
	struct fake *fake = &fakes[nr_fakes];

	add_bridge(source_id, secondary);
	fake->reg[1] |= 0x10 << 16;
	fake->reg[0x34 / 4] = 0x48;
	fake->reg[0x48 / 4] = 0x4001;               /* next: 0x40 */
	fake->reg[0x40 / 4] = 0x0010 | type << 20;
}

static unsigned requester_of(uint16_t source_id)
{
	for (unsigned i = 0; i < TABLE_MAX; i++)
		if (pci_source_id(&table[i]) == source_id)
			return table[i].requester;
	return ~0u;
}

KTEST(pci, a_device_asks_as_the_last_bridge_that_takes_over)
{
	begin();
	add_fake(ID(0, 1, 0));
	add_express_bridge(ID(0, 2, 0), 1, PORT);
	add_fake(ID(1, 0, 0));
	add_bridge(ID(0, 3, 0), 2);
	add_fake(ID(2, 4, 0));
	add_express_bridge(ID(0, 4, 0), 3, PORT);
	add_express_bridge(ID(3, 0, 0), 4, TO_PCI);
	add_fake(ID(4, 5, 0));
	add_bridge(ID(4, 6, 0), 5);
	add_fake(ID(5, 7, 0));
	add_express_bridge(ID(2, 8, 0), 6, TO_EXPRESS);
	add_fake(ID(6, 0, 0));
	REQUIRE(scan() == 12);
	EXPECT_EQ(requester_of(ID(0, 1, 0)), ID(0, 1, 0));
	EXPECT_EQ(requester_of(ID(0, 3, 0)), ID(0, 3, 0));
	EXPECT_EQ(requester_of(ID(1, 0, 0)), ID(1, 0, 0));
	EXPECT_EQ(requester_of(ID(2, 4, 0)), ID(0, 3, 0));
	EXPECT_EQ(requester_of(ID(3, 0, 0)), ID(3, 0, 0));
	EXPECT_EQ(requester_of(ID(4, 5, 0)), ID(4, 0, 0));
	EXPECT_EQ(requester_of(ID(5, 7, 0)), ID(4, 0, 0));
	EXPECT_EQ(requester_of(ID(6, 0, 0)), ID(0, 3, 0));
}

KTEST(pci, a_list_of_capabilities_in_a_circle_ends)
{
	begin();
	add_bridge(ID(0, 2, 0), 1);
	fakes[0].reg[1] |= 0x10 << 16;
	fakes[0].reg[0x34 / 4] = 0x40;
	fakes[0].reg[0x40 / 4] = 0x4001;   /* next: itself */
	add_fake(ID(1, 3, 0));
	REQUIRE(scan() == 2);
	EXPECT_EQ(requester_of(ID(1, 3, 0)), ID(0, 2, 0));
	EXPECT(nr_reads < 2000);
}

KTEST(pci, a_full_table_ends_the_list_and_nothing_else)
{
	begin();
	for (unsigned i = 0; i < NR_FAKES; i++)
		add_fake(ID(0, i, 0));
	EXPECT_EQ(scan(), TABLE_MAX);
	EXPECT_EQ(pci_source_id(&table[TABLE_MAX - 1]),
		  ID(0, TABLE_MAX - 1, 0));
}

/* ---- base addresses ----------------------------------------------------- */

KTEST(pci, bars_of_each_kind)
{
	struct fake *fake;

	begin();
	fake = add_fake(ID(0, 1, 0));
	add_bar(fake, 0, 0xfea00000, 1u << 20, 0xf);
	add_bar(fake, 1, 0xfd000008, 1u << 24, 0xf);
	add_bar(fake, 2, 0x0000c041, 64, 3);
	add_bar(fake, 3, 0x8000000c, 1ull << 33, 0xf);
	fake->reg[8] = 2;
	REQUIRE(scan() == 1);
	EXPECT_EQ(table[0].bar[0].start.v, 0xfea00000);
	EXPECT_EQ(table[0].bar[0].size, 1u << 20);
	EXPECT(!table[0].bar[0].io && !table[0].bar[0].prefetchable);
	EXPECT_EQ(table[0].bar[1].size, 1u << 24);
	EXPECT(table[0].bar[1].prefetchable && !table[0].bar[1].wide);
	EXPECT(table[0].bar[2].io);
	EXPECT_EQ(table[0].bar[2].start.v, 0xc040);
	EXPECT_EQ(table[0].bar[2].size, 64);
	/* 8 GiB at 10 GiB: the address is not a multiple of the size. */
	EXPECT_EQ(table[0].bar[3].size, 0);
	EXPECT_EQ(table[0].bar[4].size, 0);
}

KTEST(pci, a_64_bit_bar_takes_two_places)
{
	struct fake *fake;

	begin();
	fake = add_fake(ID(0, 1, 0));
	add_bar(fake, 4, 0x0000000c, 1ull << 32, 0xf);
	fake->reg[9] = 3;
	REQUIRE(scan() == 1);
	EXPECT_EQ(table[0].bar[4].start.v, 3ull << 32);
	EXPECT_EQ(table[0].bar[4].size, 1ull << 32);
	EXPECT(table[0].bar[4].wide && table[0].bar[4].prefetchable);
	EXPECT_EQ(table[0].bar[5].size, 0);
}

KTEST(pci, ports_of_16_bits_have_a_size_too)
{
	struct fake *fake;

	begin();
	fake = add_fake(ID(0, 1, 0));
	fake->reg[4] = 0xc001;
	fake->writable[4] = 0xff00;     /* the upper half is hard-wired */
	REQUIRE(scan() == 1);
	EXPECT_EQ(table[0].bar[0].start.v, 0xc000);
	EXPECT_EQ(table[0].bar[0].size, 256);
}

KTEST(pci, sizing_leaves_every_register_as_it_was)
{
	static uint32_t before[NR_REGS];
	struct fake *fake;

	begin();
	fake = add_fake(ID(0, 1, 0));
	add_bar(fake, 0, 0xfea00000, 4096, 0xf);
	add_bar(fake, 1, 0x1, 16, 3);
	add_bar(fake, 2, 0xc, 1ull << 40, 0xf);
	fake->reg[7] = 0x100;
	memcpy(before, fake->reg, sizeof(before));
	EXPECT_EQ(scan(), 1);
	EXPECT(!memcmp(before, fake->reg, sizeof(before)));
}

KTEST(pci, bars_that_make_no_sense_are_no_bars)
{
	struct fake *fake;

	begin();
	fake = add_fake(ID(0, 1, 0));
	fake->reg[4] = 0xfe000006;      /* reserved type */
	fake->writable[4] = 0xfff00000;
	fake->writable[5] = 0xf0f00000; /* writable bits with a hole */
	fake->reg[6] = 0x00000008;      /* flags, but no BAR */
	fake->writable[7] = 0x00000ff0; /* upper bits are read-only */
	add_bar(fake, 5, 0xfe000004, 4096, 0xf);   /* no upper half */
	REQUIRE(scan() == 1);
	for (unsigned i = 0; i < PCI_NR_BARS; i++)
		EXPECT_EQ(table[0].bar[i].size, 0);
}

/* Sizing switches decoding off: the CPU could lose all other devices. */
KTEST(pci, nothing_is_written_to_a_host_bridge)
{
	struct fake *fake;

	begin();
	fake = add_fake(ID(0, 0, 0));
	fake->reg[2] = 0x06000000;
	add_bar(fake, 0, 0xe0000008, 0x1000000, 0xf);
	EXPECT_EQ(scan(), 1);
	EXPECT_EQ(nr_writes, 0);
	EXPECT_EQ(table[0].bar[0].size, 0);
}

KTEST(pci, headers_that_are_unknown_have_no_bars)
{
	static const uint32_t types[] = { 2, 3, 0x7f };
	struct fake *fake;

	for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
		begin();
		fake = add_fake(ID(0, 1, 0));
		fake->reg[3] = types[i] << 16;
		add_bar(fake, 0, 0xfea00000, 4096, 0xf);
		REQUIRE(scan() == 1);
		EXPECT_EQ(table[0].header_type, types[i]);
		EXPECT_EQ(table[0].bar[0].size, 0);
	}
}

KTEST(pci, a_bridge_has_two_bars)
{
	begin();
	add_bridge(ID(0, 1, 0), 1);
	add_bar(&fakes[0], 1, 0xfea00000, 4096, 0xf);
	REQUIRE(scan() == 1);
	EXPECT_EQ(table[0].bar[1].size, 4096);
	/* A bridge has its bus numbers there: nothing may write to them. */
	EXPECT_EQ(table[0].bar[2].size, 0);
}

KTEST(pci, any_garbage_is_survived)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 50; round++) {
		begin();
		for (unsigned i = 0; i < NR_FAKES; i++) {
			uint16_t id = (uint16_t)rng_below(&rng, 1 << 10);

			if (find_fake(id))
				continue;
			add_fake(id);
			for (unsigned r = 1; r < NR_REGS; r++) {
				fakes[nr_fakes - 1].reg[r] = rng_next(&rng);
				fakes[nr_fakes - 1].writable[r] =
					rng_next(&rng);
			}
			fakes[nr_fakes - 1].writable[1] = 0xffff;
		}
		scan();
	}
}

KTEST(pci, check_finds_broken_tables)
{
	begin();
	add_fake(ID(0, 1, 0));
	add_fake(ID(0, 2, 0));
	add_bar(&fakes[0], 0, 0xfea00000, 4096, 0xf);
	REQUIRE(scan() == 2);
	table[0].bar[0].size = 4095;
	EXPECT_STREQ(pci_check_table(table, 2),
		     "pci P2: the size of a BAR is a power of two");
	table[0].bar[0].size = 8192;
	table[0].bar[0].start = PHYS(4096);
	EXPECT_STREQ(pci_check_table(table, 2),
		     "pci P3: a BAR starts at a multiple of its size");
	table[0].bar[0].size = 0;
	table[1].slot = 1;
	EXPECT_STREQ(pci_check_table(table, 2), "pci P1: source ids ascend");
}

/* ---- this machine ------------------------------------------------------- */

KTEST(pci, find_counts_devices_of_the_same_kind)
{
	unsigned nth = 0;

	if (!nr_pci_devices)
		SKIP("needs PCI");
	for (unsigned i = 0; i < nr_pci_devices; i++) {
		nth = 0;
		while (pci_find(pci_devices[i].vendor, pci_devices[i].device,
				nth) != &pci_devices[i])
			REQUIRE(nth++ < nr_pci_devices);
	}
	EXPECT(!pci_find(0xffff, 0xffff, 0));
}

KTEST(pci, a_second_scan_finds_the_same)
{
	static struct pci_device again[PCI_DEVICES_MAX];
	irqflags_t flags;
	unsigned nr;

	if (!nr_pci_devices)
		SKIP("needs PCI");
	flags = irq_save();
	nr = pci_scan(&pci_config_ports, again, PCI_DEVICES_MAX);
	irq_restore(flags);
	EXPECT_EQ(nr, nr_pci_devices);
	EXPECT(!memcmp(again, pci_devices, sizeof(again)));
}

KTEST(pci, narrow_reads_are_parts_of_the_wide_one)
{
	const struct pci_device *dev = &pci_devices[0];
	uint32_t id;

	if (!nr_pci_devices)
		SKIP("needs PCI");
	id = pci_read32(dev, 0);
	EXPECT_EQ(id, (uint32_t)dev->device << 16 | dev->vendor);
	EXPECT_EQ(pci_read16(dev, 2), dev->device);
	EXPECT_EQ(pci_read8(dev, 1), dev->vendor >> 8);
	EXPECT_EQ(pci_read8(dev, 3), dev->device >> 8);
}

KTEST(pci, command_bits_are_set_and_cleared)
{
	const struct pci_device *edu = pci_find(0x1234, 0x11e8, 0);
	uint16_t old;

	if (!edu)
		SKIP("needs QEMU's edu device");
	old = pci_read16(edu, PCI_COMMAND);
	pci_set_command(edu, PCI_COMMAND_MASTER, 0);
	EXPECT_EQ(pci_read16(edu, PCI_COMMAND), old | PCI_COMMAND_MASTER);
	pci_set_command(edu, 0, PCI_COMMAND_MASTER);
	EXPECT_EQ(pci_read16(edu, PCI_COMMAND), old & ~PCI_COMMAND_MASTER);
	pci_write16(edu, PCI_COMMAND, old);
}

/* ioremap() maps the first page of each BAR in memory: it is not RAM. */
KTEST_KEEPS(pci, bars_are_mapped_by_ioremap)
{
	unsigned nr = 0;

	if (!nr_pci_devices)
		SKIP("needs PCI");
	for (unsigned i = 0; i < nr_pci_devices; i++)
		for (unsigned b = 0; b < PCI_NR_BARS; b++) {
			const struct pci_bar *bar = &pci_devices[i].bar[b];
			void *ptr;

			if (!bar->size || bar->io || !bar->start.v ||
			    bar->start.v >> 32)
				continue;
			ptr = ioremap(bar->start, (size_t)MIN(bar->size,
							(uint64_t)PAGE_SIZE));
			EXPECT(ptr);
			iounmap(ptr);
			nr++;
		}
	if (!nr)
		SKIP("needs a device with memory of its own");
}

KTEST(pci, edu_answers_through_its_bar)
{
	const struct pci_device *edu = pci_find(0x1234, 0x11e8, 0);
	volatile uint32_t *regs;

	if (!edu)
		SKIP("needs QEMU's edu device");
	regs = ioremap(edu->bar[0].start, (size_t)edu->bar[0].size);
	REQUIRE(regs);
	EXPECT_EQ(regs[0], 0x010000ed);
	regs[1] = 0x12345678;           /* edu inverts the value */
	EXPECT_EQ(regs[1], ~0x12345678u);
	iounmap((const void *)regs);
}
