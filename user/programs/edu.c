// SPDX-License-Identifier: MIT
/*
 * edu.c - a driver for QEMU's edu device, with the three addresses of a buffer
 *
 * WHAT     Drives a PCI device that copies between memory and 4 KiB of its own.
 *          Buffers of several kinds go to the device and back. A line for each
 *          page of a buffer has its virtual, physical and bus address.
 *
 * PICTURE    buffer A --to device--> 4 KiB in the device --from device--> B
 *            one piece after the other; then A and B must be equal
 *
 *            BAR 0   0x00 identification   0x04 what is written, inverted
 *                    0x08 factorial        0x20 status: 1 busy, 0x80 interrupt
 *                    0x24 why it interrupts, 0x64 acknowledge, 0x80 source,
 *                    0x88 destination, 0x90 bytes, 0x98 command
 *
 * TERMS    piece    part of a transfer that fits into the device's memory, and
 *                   lies in one bus range of A and in one bus range of B
 *          zone     DMA below 16 MiB, Normal below 896 MiB, HighMem above
 *
 * ALGORITHM  The transfers are the same with and without an IOMMU. The device
 *          gets the bus addresses that the kernel gave. DMA_CHECK first says
 *          whether the device reaches an address: this device cuts an address
 *          that is too wide, and hits other memory. Each transfer ends with an
 *          interrupt. At the end the device gets addresses in no mapping.
 *
 * USAGE    edu [BITS [high]]   bits of a bus address (QEMU: -device
 *                       edu,dma_mask=), 28; high: pages above 4 GiB, too
 * HANDLES  1: the system, or the name server.
 * SEE      QEMU's docs/specs/edu.txt; docs/bus-addresses.md.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/device.h"
#include "user/lib/linux.h"
#include "user/lib/malloc.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"

#define EDU_VENDOR   0x1234
#define EDU_DEVICE   0x11e8
#define EDU_ID       0x010000edu
#define EDU_MASK     28

#define REG_ID       0x00
#define REG_INVERT   0x04
#define REG_FACTORIAL 0x08
#define REG_STATUS   0x20
#define REG_WHY      0x24
#define REG_ACK      0x64
#define REG_SOURCE   0x80
#define REG_TARGET   0x88
#define REG_COUNT    0x90
#define REG_COMMAND  0x98

#define STATUS_BUSY  0x01u
#define STATUS_IRQ   0x80u
#define WHY_FACTORIAL 0x001u
#define WHY_DMA      0x100u

#define DMA_START    1u
#define DMA_TO_RAM   2u
#define DMA_IRQ      4u

#define EDU_MEMORY   0x40000u
#define EDU_SIZE     2048u   /* QEMU gives up at the last of 4096 bytes */

#define PAGE         4096u
#define BUFFER_PAGES 3
#define SEGMENTS     8
#define IRQ_BIT      1u
#define DMA_MAX_BITS 24          /* of the ISA bus, for ZONE_DMA             */
#define VICTIM       3           /* seed of the victim's pattern              */
#define HIGH_CHUNK   0x400000u   /* bytes that try_high() maps at once        */
#define HIGH_CHUNKS  128
#define WAIT_NS      (5ull * 1000000000)
#define MIB          0x100000ull

/* Memory that the device uses, and its ranges on the bus. */
struct buffer {
	const char       *name;
	unsigned char    *at;
	uint32_t          length;
	long              dma;               /* handle */
	struct pg_segment segment[SEGMENTS];
	uint32_t          nr;
};

static uint32_t device, irq, notification;
static volatile unsigned char *regs;
static uint64_t mask;
static struct pg_device info;
static unsigned interrupts, transfers, wrong, unreachable;

/* ---- the device --------------------------------------------------------- */

static uint32_t get(unsigned reg)
{
	return *(volatile uint32_t *)(regs + reg);
}

static void put(unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)(regs + reg) = value;
}

/*
 * A store of the lower half of such a register clears its upper half, so all
 * eight bytes go in one store: that of the FPU.
 */
static void put64(unsigned reg, uint64_t value)
{
	__asm__ volatile("fildll %1\n\tfistpll %0"
			 : "=m"(*(volatile uint64_t *)(regs + reg))
			 : "m"(value) : "st");
}

static bool fail(const char *what, long a, long b)
{
	printf("edu: WRONG: %s: %ld (0x%lx), %ld (0x%lx)\n", what, a, a, b, b);
	wrong++;
	return false;
}

/* First quiet the device, then acknowledge the IRQ: it is level-triggered. */
static bool wait_interrupt(uint32_t why)
{
	uint32_t bits, came;
	long err = notification_wait(notification, IRQ_BIT,
				     clock_ns() + WAIT_NS, &bits);

	if (err < 0)
		return fail("no interrupt came", err, (long)why);
	came = get(REG_WHY);
	put(REG_ACK, came);
	irq_ack(irq);
	interrupts++;
	return came == why ? true : fail("reason", (long)came, (long)why);
}

/* One transfer of at most EDU_SIZE bytes. */
static bool transfer(uint64_t bus, uint32_t length, bool to_ram)
{
	put64(to_ram ? REG_SOURCE : REG_TARGET, EDU_MEMORY);
	put64(to_ram ? REG_TARGET : REG_SOURCE, bus);
	put64(REG_COUNT, length);
	put64(REG_COMMAND, DMA_START | DMA_IRQ | (to_ram ? DMA_TO_RAM : 0));
	transfers++;
	return wait_interrupt(WHY_DMA);
}

/* Wait until a transfer has ended that an earlier, dead driver has begun. */
static void make_idle(void)
{
	struct linux_timespec time = { .nanoseconds = 10000000 };

	while (get(REG_COMMAND) & DMA_START)
		linux_nanosleep(&time, NULL);
	put(REG_ACK, get(REG_WHY));
}

/* ---- buffers ------------------------------------------------------------ */

static const char *zone_of(uint64_t phys)
{
	if (phys < 16 * MIB)
		return "DMA";
	return phys < 896 * MIB ? "Normal" : "HighMem";
}

/* The bus address of byte `at`, and how many bytes its range has from there. */
static uint64_t bus_of(const struct buffer *b, uint32_t at, uint32_t *left)
{
	for (uint32_t i = 0; i < b->nr; i++) {
		if (at < b->segment[i].length) {
			*left = b->segment[i].length - at;
			return b->segment[i].bus + at;
		}
		at -= b->segment[i].length;
	}
	*left = 0;
	return 0;
}

static const char *way_of(uint64_t phys, uint64_t bus)
{
	if (info.flags & PG_DEVICE_IOMMU)
		return "IOMMU";
	return phys == bus ? "direct" : "bounced";
}

/* Print where a buffer's pages are, and count those out of reach. */
static void print_buffer(const struct buffer *b)
{
	uint32_t at = 0, n;

	printf("edu: %-9s virtual     physical     bus          zone     way\n",
	       b->name);
	for (unsigned i = 0; at < b->length; i++, at += n) {
		uint32_t left;
		uint64_t phys = page_phys(b->at + at);
		uint64_t bus = bus_of(b, at, &left);

		n = PAGE - ((uint32_t)(b->at + at) & (PAGE - 1));
		n = MIN(n, b->length - at);
		printf("edu:   page %u  0x%08x  0x%09llx  0x%09llx  %-7s  %s\n",
		       i, (uint32_t)(b->at + at), (unsigned long long)phys,
		       (unsigned long long)bus, zone_of(phys),
		       way_of(phys, bus));
		if (!(info.flags & PG_DEVICE_IOMMU) && phys + n - 1 > mask)
			unreachable++;
	}
}

static bool map(struct buffer *b, unsigned direction)
{
	b->dma = dma_map(device, b->at, b->length, direction, b->segment,
			 SEGMENTS, &b->nr);
	return b->dma > 0 ? true : fail(b->name, b->dma, 0);
}

static bool alloc(struct buffer *b, uint32_t length)
{
	void *at = NULL;

	b->dma = dma_alloc(device, length, &at, &b->segment[0].bus);
	if (b->dma < 0)
		return fail(b->name, b->dma, 0);
	b->at = at;
	b->length = b->segment[0].length = length;
	b->nr = 1;
	return true;
}

/* Copy from one buffer to the other, through the device. */
static bool copy_through(const struct buffer *from, const struct buffer *to)
{
	for (uint32_t at = 0, n; at < from->length; at += n) {
		uint32_t from_left, to_left;
		uint64_t source = bus_of(from, at, &from_left);
		uint64_t target = bus_of(to, at, &to_left);

		n = MIN(MIN(from_left, to_left), EDU_SIZE);
		if (dma_check(device, source, n) ||
		    dma_check(device, target, n))
			return fail("out of reach", (long)source,
				    (long)target);
		if (!transfer(source, n, false) || !transfer(target, n, true))
			return false;
	}
	return true;
}

static unsigned char pattern(uint32_t i, unsigned seed)
{
	return (unsigned char)((i >> 8) + i * 7 + seed);
}

static void fill(struct buffer *b, unsigned seed)
{
	for (uint32_t i = 0; i < b->length; i++)
		b->at[i] = pattern(i, seed);
}

static void compare(const struct buffer *from, const struct buffer *to)
{
	for (uint32_t i = 0; i < from->length; i++)
		if (from->at[i] != to->at[i]) {
			fail(from->name, (long)i, to->at[i]);
			return;
		}
	printf("edu: %s: %u bytes there and back, all right\n", from->name,
	       from->length);
}

/* ---- what is tried ------------------------------------------------------ */

static void try_registers(void)
{
	if (get(REG_ID) != EDU_ID)
		fail("identification", (long)get(REG_ID), (long)EDU_ID);
	put(REG_INVERT, 0x12345678);
	if (get(REG_INVERT) != ~0x12345678u)
		fail("not inverted", (long)get(REG_INVERT), 0);
	put(REG_STATUS, STATUS_IRQ);
	put(REG_FACTORIAL, 10);
	/* Do not sleep: QEMU computes in real time, and may skip idle time. */
	for (uint64_t end = clock_ns() + WAIT_NS; clock_ns() < end; )
		if (get(REG_WHY) & WHY_FACTORIAL)
			break;
	if (wait_interrupt(WHY_FACTORIAL))
		printf("edu: alive; 10! = %u, by interrupt\n",
		       get(REG_FACTORIAL));
	if (get(REG_STATUS) & STATUS_BUSY || get(REG_FACTORIAL) != 3628800)
		fail("10!", (long)get(REG_FACTORIAL), 3628800);
	put(REG_STATUS, 0);
}

/* Memory of both CPU and device: copy its first half to the second. */
static void try_coherent(const char *name, uint64_t reach)
{
	struct buffer both = { .name = name }, from, to;

	if (device_set_mask(device, reach) < 0) {
		fail("set mask", (long)reach, 0);
		return;
	}
	if (!alloc(&both, 2 * PAGE))
		return;
	print_buffer(&both);
	from = to = both;
	from.length = to.length = PAGE;
	to.at += PAGE;
	to.segment[0].bus += PAGE;
	fill(&from, 1);
	if (copy_through(&from, &to))
		compare(&from, &to);
	dma_unmap((uint32_t)both.dma);
}

/* The program's own memory; it need not begin at a page. */
static void round_trip(const char *name, unsigned char *from_at,
		       unsigned char *to_at, uint32_t length)
{
	struct buffer from = { .name = name, .at = from_at, .length = length };
	struct buffer to = { .name = name, .at = to_at, .length = length };

	fill(&from, 2);
	memset(to.at, 0x55, length);
	if (!map(&from, PG_DMA_TO_DEVICE) || !map(&to, PG_DMA_FROM_DEVICE))
		return;
	print_buffer(&from);
	print_buffer(&to);
	printf("edu: %s: ranges for the device: %u, %u\n", name, from.nr,
	       to.nr);
	if (copy_through(&from, &to) && dma_unmap((uint32_t)to.dma) == 0 &&
	    dma_unmap((uint32_t)from.dma) == 0)
		compare(&from, &to);
}

/* Memory of malloc(): the kernel takes it from HIGHMEM first. */
static void try_own(const char *name, uint32_t offset, uint32_t length)
{
	unsigned char *pages = malloc(2 * (length + PAGE) + PAGE), *from;

	if (!pages) {
		fail("malloc", 0, 0);
		return;
	}
	from = (unsigned char *)(((uint32_t)pages + PAGE - 1) & ~(PAGE - 1)) +
	       offset;
	round_trip(name, from, from + ((length + PAGE - 1) & ~(PAGE - 1)),
		   length);
	free(pages);
}

/* Two neighbouring pages, both above 4 GiB; NULL: none are in this memory. */
static unsigned char *find_high(unsigned char *at, uint32_t length)
{
	for (uint32_t i = 0; i + 2 * PAGE <= length; i += PAGE)
		if (page_phys(at + i) >> 32 && page_phys(at + i + PAGE) >> 32)
			return at + i;
	return NULL;
}

/* Map memory, and keep it, until two pages of it lie above 4 GiB. */
static void try_high(void)
{
	for (unsigned i = 0; i < HIGH_CHUNKS; i++) {
		unsigned char *at = linux_mmap(NULL, HIGH_CHUNK,
					       PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS |
					       MAP_POPULATE, -1, 0);

		if (IS_ERROR(at))
			break;
		at = find_high(at, HIGH_CHUNK);
		if (at) {
			round_trip("high", at, at + PAGE, PAGE);
			return;
		}
	}
	fail("no memory above 4 GiB", 0, 0);
}

/* The device cannot reach this address: the kernel must say so. */
static void try_reach(void)
{
	long err = dma_check(device, mask + 1, 4);

	if (mask == ~0ull)
		return;
	if (err != -ERANGE)
		fail("reach beyond the mask", err, -ERANGE);
	else
		printf("edu: an address beyond the mask is refused\n");
}

/* Let the device write to this address: the IOMMU must block it. */
static void write_blocked(const char *which, const struct buffer *victim,
			  uint64_t bus)
{
	uint32_t before = info.blocked;

	transfer(bus, 64, true);
	device_info(device, &info);
	for (uint32_t i = 0; i < victim->length; i++)
		if (victim->at[i] != pattern(i, VICTIM)) {
			fail("the victim has changed", (long)i, 0);
			return;
		}
	if (info.blocked == before || !info.blocked_valid ||
	    info.blocked_bus / PAGE != bus / PAGE)
		fail("not reported", (long)info.blocked,
		     (long)info.blocked_bus);
	else
		printf("edu: blocked: %s, bus 0x%09llx; memory unchanged\n",
		       which, (unsigned long long)info.blocked_bus);
}

/*
 * What a broken driver does: it uses the address of a mapping that is gone, or
 * a physical address, cut to the device's mask.
 */
static void try_blocked(void)
{
	struct buffer victim = { .name = "victim", .length = PAGE };

	if (!(info.flags & PG_DEVICE_IOMMU)) {
		printf("edu: without an IOMMU nothing blocks a wrong address\n");
		return;
	}
	victim.at = malloc(PAGE);
	if (!victim.at)
		return;
	fill(&victim, VICTIM);
	if (map(&victim, PG_DMA_FROM_DEVICE) &&
	    !dma_unmap((uint32_t)victim.dma)) {
		write_blocked("a mapping that is gone", &victim,
			      victim.segment[0].bus);
		write_blocked("a physical address", &victim,
			      page_phys(victim.at) & mask);
	}
	free(victim.at);
}

/* ---- start and end ------------------------------------------------------ */

static bool start(void)
{
	long result = device_open(EDU_VENDOR, EDU_DEVICE, 0);

	if (result < 0) {
		printf("edu: %s\n", result == -ENODEV ? "there is no such device"
				    : "the device cannot be had");
		return false;
	}
	device = (uint32_t)result;
	regs = device_map_bar(device, 0);
	if (IS_ERROR(regs))
		return fail("registers", (long)regs, 0);
	make_idle();
	notification = (uint32_t)notification_create();
	result = device_irq(device, notification, IRQ_BIT);
	if (result < 0)
		return fail("interrupt", result, 0);
	irq = (uint32_t)result;
	irq_ack(irq);
	device_info(device, &info);
	printf("edu: %02x:%02x.%x, registers at 0x%08llx for us at %p, IRQ %u, %s\n",
	       info.source_id >> 8, info.source_id >> 3 & 31,
	       info.source_id & 7, (unsigned long long)info.bar[0].start,
	       (const void *)regs, info.irq,
	       info.flags & PG_DEVICE_IOMMU ? "behind an IOMMU" : "no IOMMU");
	return true;
}

static void finish(void)
{
	device_info(device, &info);
	printf("edu: %u transfers, %u interrupts\n", transfers, interrupts);
	printf("edu: bounced pages %u, unreachable pages %u; copied %u bytes in, %u out; refused %u, blocked %u\n",
	       info.bounced_pages, unreachable, info.copied_in,
	       info.copied_out, info.refused, info.blocked);
	if (info.bounced_pages != unreachable)
		fail("bounced pages", (long)info.bounced_pages,
		     (long)unreachable);
	if (info.mapped != info.unmapped)
		fail("left mapped", (long)info.mapped, (long)info.unmapped);
	printf("edu: %s\n", wrong ? "FAILED" : "all is well");
	handle_close(irq);
	handle_close(device);
}

int main(int argc, char **argv, char **envp)
{
	uint64_t bits = EDU_MASK;

	if (argc > 1 && (parse_u64(argv[1], &bits) || bits < DMA_MAX_BITS ||
			 bits > 64)) {
		printf("usage: edu [BITS [high]]    BITS: 24 to 64\n");
		return 2;
	}
	mask = MASK_BITS(bits);
	if (!start())
		return 1;
	try_registers();
	try_coherent("isa", MASK_BITS(DMA_MAX_BITS));
	try_coherent("coherent", mask);
	try_own("own", 0, BUFFER_PAGES * PAGE);
	try_own("crooked", 1000, 2 * PAGE);
	if (argc > 2 && !strcmp(argv[2], "high"))
		try_high();
	try_reach();
	try_blocked();
	finish();
	return wrong != 0;
}
