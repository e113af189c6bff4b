// SPDX-License-Identifier: MIT
/*
 * device.c - PCI devices, their registers and their memory, from ring 3
 *
 * WHAT     What a driver may do with QEMU's edu, and above all what it may not:
 *          wrong handles, lengths and buffers; programs that end during a
 *          transfer. The runner finds out whether every page has come back.
 *
 * HANDLES  1: the system; 2: the boot archive.
 */
#include "tests/user/edu.h"

/* ---- opening ------------------------------------------------------------- */

UTEST(opening_needs_the_system_and_the_right)
{
	long read;

	NEEDS_EDU();
	read = handle_dup(PG_INIT_SYSTEM, RIGHT_READ, 0);
	EXPECT_EQ(pg_call(PG_DEVICE_OPEN, (uint32_t)read, EDU_IDS, 0, 0, 0),
		  -EPERM);
	EXPECT_EQ(pg_call(PG_DEVICE_OPEN, PG_INIT_ARCHIVE, EDU_IDS, 0, 0, 0),
		  -EINVAL);
	EXPECT_EQ(pg_call(PG_DEVICE_OPEN, 77, EDU_IDS, 0, 0, 0), -EBADF);
	EXPECT_EQ(device_open(EDU, 1), -ENODEV);
	EXPECT_EQ(device_open(0x1234, 0x4321, 0), -ENODEV);
	EXPECT_EQ(device_open(0xffff, 0xffff, 0), -ENODEV);
	EXPECT_EQ(handle_close((uint32_t)read), 0);
}

/* The host bridge of one of QEMU's two PCs. */
UTEST(bridges_are_not_given_to_anybody)
{
	NEEDS_EDU();
	EXPECT(device_open(0x8086, 0x1237, 0) == -EPERM ||
	       device_open(0x8086, 0x29c0, 0) == -EPERM);
}

UTEST(a_device_has_one_owner)
{
	uint32_t device;

	NEEDS_EDU();
	device = open_edu();
	EXPECT_EQ(device_open(EDU, 0), -EBUSY);
	EXPECT_EQ(handle_dup(device, RIGHT_MANAGE, 0), -EPERM);
	EXPECT_EQ(handle_close(device), 0);
	device = open_edu();
	EXPECT_EQ(handle_close(device), 0);
}

UTEST(the_device_is_described)
{
	uint32_t device;

	NEEDS_EDU();
	device = open_edu();
	EXPECT_EQ(info.vendor, 0x1234);
	EXPECT_EQ(info.device, 0x11e8);
	EXPECT_EQ(info.bar[0].size, 0x100000);
	EXPECT_EQ(info.bar[0].flags, 0);
	EXPECT_EQ(info.bar[1].size, 0);
	EXPECT_EQ(info.mask, 0xffffffff);
	EXPECT(info.irq < 16);
	EXPECT(!(info.flags & PG_DEVICE_MASTER));
	EXPECT_EQ(device_info(device, KERNEL), -EFAULT);
	EXPECT_EQ(device_info(device, FREE_ADDR), -EFAULT);
	EXPECT_EQ(device_info(PG_INIT_SYSTEM, &info), -EINVAL);
	handle_close(device);
	EXPECT_EQ(device_info(device, &info), -EBADF);
}

/* ---- registers ----------------------------------------------------------- */

static void read_at(long addr)
{
	(void)*(volatile uint32_t *)addr;
}

UTEST(registers_are_the_drivers_as_long_as_the_device_is)
{
	volatile uint32_t *regs;
	uint32_t device;

	NEEDS_EDU();
	device = open_edu();
	regs = device_map_bar(device, 0);
	EXPECT_EQ(regs[0], EDU_ID);
	regs[1] = 0x1234;
	EXPECT_EQ(regs[1], ~0x1234u);
	EXPECT_EQ((long)device_map_bar(device, 0), -EBUSY);
	/* A child does not inherit the registers. */
	EXPECT_EQ(signal_of(read_at, (long)regs), SIGSEGV_NR);
	EXPECT(is_mapped(regs));
	EXPECT_EQ(handle_close(device), 0);
	EXPECT(!is_mapped(regs));
}

UTEST(bars_that_are_not_there_are_refused)
{
	uint32_t device;

	NEEDS_EDU();
	device = open_edu();
	EXPECT_EQ((long)device_map_bar(device, 1), -EINVAL);
	EXPECT_EQ((long)device_map_bar(device, 6), -EINVAL);
	EXPECT_EQ((long)device_map_bar(device, ~0u), -EINVAL);
	EXPECT_EQ((long)device_map_bar(PG_INIT_ARCHIVE, 0), -EINVAL);
	handle_close(device);
}

UTEST(registers_cannot_be_changed_or_moved)
{
	volatile uint32_t *regs;
	uint32_t device;
	char *at;

	NEEDS_EDU();
	device = open_edu();
	regs = device_map_bar(device, 0);
	at = (char *)regs;
	EXPECT_EQ(linux_mprotect(at, PAGE, PROT_READ), -EACCES);
	EXPECT_EQ(linux_madvise(at, PAGE, 4), -EINVAL);
	EXPECT_EQ((long)linux_mremap(at, PAGE, 2 * PAGE, 1, NULL), -EFAULT);
	EXPECT_EQ(map_buffer(device, at, 64, PG_DMA_TO_DEVICE), -EFAULT);
	EXPECT_EQ(regs[0], EDU_ID);
	/* A part may go; other memory in its place is not the device's. */
	EXPECT_EQ(linux_munmap(at + PAGE, PAGE), 0);
	EXPECT_EQ((long)linux_mmap(at + PAGE, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
				   0), (long)(at + PAGE));
	at[PAGE] = 7;
	EXPECT_EQ(handle_close(device), 0);
	EXPECT(!is_mapped(at));
	EXPECT(is_mapped(at + PAGE));
	EXPECT_EQ(at[PAGE], 7);
	EXPECT_EQ(linux_munmap(at + PAGE, PAGE), 0);
}

/* ---- interrupts, mask ---------------------------------------------------- */

UTEST(a_line_has_one_driver)
{
	uint32_t device;
	long bell, irq, irq2;

	NEEDS_EDU();
	device = open_edu();
	bell = notification_create();
	EXPECT_EQ(device_irq(device, 0, 1), -EBADF);
	EXPECT_EQ(device_irq(device, device, 1), -EINVAL);
	irq = device_irq(device, (uint32_t)bell, 1);
	EXPECT(irq > 0);
	EXPECT_EQ(device_irq(device, (uint32_t)bell, 1), -EBUSY);
	EXPECT_EQ(handle_close((uint32_t)irq), 0);
	irq = device_irq(device, (uint32_t)bell, 1);
	EXPECT(irq > 0);
	/* The line goes with the device, even if the task keeps the handle. */
	EXPECT_EQ(irq_ack((uint32_t)irq), 0);
	EXPECT_EQ(handle_close(device), 0);
	EXPECT_EQ(irq_ack((uint32_t)irq), -EPIPE);
	device = open_edu();
	irq2 = device_irq(device, (uint32_t)bell, 1);
	EXPECT(irq2 > 0);
	EXPECT_EQ(handle_close((uint32_t)irq), 0);
	EXPECT_EQ(irq_ack((uint32_t)irq2), 0);
	EXPECT_EQ(handle_close((uint32_t)irq2), 0);
	EXPECT_EQ(handle_close(device), 0);
	EXPECT_EQ(handle_close((uint32_t)bell), 0);
}

static uint32_t bits_within(uint32_t bell, uint64_t ns)
{
	uint32_t bits = 0;

	if (notification_wait(bell, ~0u, clock_ns() + ns, &bits))
		return 0;
	return bits;
}

/* If not, the next driver of the line finds it busy and cannot quiet it. */
UTEST(a_device_whose_irq_is_closed_leaves_its_line_alone)
{
	volatile uint32_t *regs;
	uint32_t device, bell;
	long irq;

	NEEDS_EDU();
	device = open_edu();
	bell = (uint32_t)notification_create();
	regs = device_map_bar(device, 0);
	irq = device_irq(device, bell, 4);
	regs[0x60 / 4] = 1;
	EXPECT_EQ(bits_within(bell, 10000000), 0);
	EXPECT_EQ(irq_ack((uint32_t)irq), 0);
	EXPECT_EQ(bits_within(bell, TRANSFER_NS), 4);
	EXPECT_EQ(handle_close((uint32_t)irq), 0);
	irq = pg_call(PG_IRQ_CREATE, PG_INIT_SYSTEM, info.irq, bell, 8, 0);
	EXPECT(irq > 0);
	EXPECT_EQ(irq_ack((uint32_t)irq), 0);
	EXPECT_EQ(bits_within(bell, 10000000), 0);
	EXPECT_EQ(handle_close((uint32_t)irq), 0);
	/* The device still asks; the driver of its line hears this. */
	irq = device_irq(device, bell, 16);
	EXPECT_EQ(irq_ack((uint32_t)irq), 0);
	EXPECT_EQ(bits_within(bell, TRANSFER_NS), 16);
	regs[0x64 / 4] = ~0u;
	handle_close((uint32_t)irq);
	handle_close(bell);
	handle_close(device);
}

UTEST(a_mask_is_a_row_of_ones)
{
	uint32_t device;
	long dma;

	NEEDS_EDU();
	device = open_edu();
	EXPECT_EQ(device_set_mask(device, 0), -EINVAL);
	EXPECT_EQ(device_set_mask(device, 0x1234567), -EINVAL);
	EXPECT_EQ(device_set_mask(device, MASK_BITS(8)), -EINVAL);
	EXPECT_EQ(device_set_mask(device, MASK_BITS(28)), 0);
	device_info(device, &info);
	EXPECT_EQ(info.mask, MASK_BITS(28));
	EXPECT(info.flags & PG_DEVICE_MASTER);
	dma = map_buffer(device, buffer(1), PAGE, PG_DMA_TO_DEVICE);
	EXPECT(dma > 0);
	EXPECT_EQ(device_set_mask(device, MASK_BITS(32)), -EBUSY);
	EXPECT_EQ(dma_unmap((uint32_t)dma), 0);
	EXPECT_EQ(device_set_mask(device, MASK_BITS(32)), 0);
	handle_close(device);
}

/* ---- mappings ------------------------------------------------------------ */

UTEST(buffers_that_are_not_the_callers_are_refused)
{
	uint32_t device;
	char *at;

	NEEDS_EDU();
	device = open_edu();
	at = buffer(3);
	EXPECT_EQ(linux_munmap(at + 2 * PAGE, PAGE), 0);
	EXPECT_EQ(linux_mprotect(at + PAGE, PAGE, PROT_READ), 0);
	EXPECT_EQ(map_buffer(device, KERNEL, PAGE, 0), -EFAULT);
	EXPECT_EQ(map_buffer(device, TOP, PAGE, 0), -EFAULT);
	EXPECT_EQ(map_buffer(device, FREE_ADDR, PAGE, 1), -EFAULT);
	EXPECT_EQ(map_buffer(device, (char *)KERNEL - 1, 2, 1), -EFAULT);
	EXPECT_EQ(map_buffer(device, at, 3 * PAGE, 1), -EFAULT);
	EXPECT_EQ(map_buffer(device, at, 2 * PAGE, PG_DMA_FROM_DEVICE),
		  -EFAULT);
	EXPECT_EQ(map_buffer(device, at, 0, 1), -EINVAL);
	EXPECT_EQ(map_buffer(device, at, PG_DMA_LENGTH_MAX + 1, 1), -EINVAL);
	EXPECT_EQ(map_buffer(device, at, ~0u, 1), -EINVAL);
	EXPECT_EQ(map_buffer(device, at, PAGE, 3), -EINVAL);
	EXPECT_EQ(map_buffer(PG_INIT_ARCHIVE, at, PAGE, 1), -EINVAL);
	EXPECT_EQ(dma_map(device, at, PAGE, 1, segment, 0, &nr), -E2BIG);
	EXPECT_EQ(dma_map(device, at, PAGE, 1, KERNEL, 8, &nr), -EFAULT);
	device_info(device, &info);
	EXPECT_EQ(info.mapped, info.unmapped);
	EXPECT_EQ(linux_munmap(at, 2 * PAGE), 0);
	handle_close(device);
}

UTEST(a_mapping_is_unmapped_once)
{
	uint32_t device;
	char *at;
	long dma;

	NEEDS_EDU();
	device = open_edu();
	at = buffer(1);
	dma = map_buffer(device, at + 100, 200, PG_DMA_BOTH);
	EXPECT(dma > 0);
	EXPECT_EQ(nr, 1);
	EXPECT_EQ(segment[0].length, 200);
	EXPECT_EQ(segment[0].bus % PAGE, 100);
	EXPECT_EQ(dma_sync((uint32_t)dma, false), 0);
	EXPECT_EQ(dma_sync((uint32_t)dma, true), 0);
	EXPECT_EQ(pg_call(PG_DMA_SYNC, (uint32_t)dma, 2, 0, 0, 0), -EINVAL);
	EXPECT_EQ(dma_sync(device, false), -EINVAL);
	EXPECT_EQ(dma_unmap(device), -EINVAL);
	EXPECT_EQ(handle_dup((uint32_t)dma, RIGHT_MANAGE, 0), -EPERM);
	EXPECT_EQ(dma_unmap((uint32_t)dma), 0);
	EXPECT_EQ(dma_unmap((uint32_t)dma), -EBADF);
	EXPECT_EQ(dma_sync((uint32_t)dma, false), -EBADF);
	EXPECT_EQ(linux_munmap(at, PAGE), 0);
	handle_close(device);
}

UTEST(addresses_are_checked_before_the_device_hears_them)
{
	uint32_t device;
	long dma;

	NEEDS_EDU();
	device = open_edu();
	EXPECT_EQ(device_set_mask(device, MASK_BITS(28)), 0);
	dma = map_buffer(device, buffer(1), PAGE, PG_DMA_BOTH);
	EXPECT(dma > 0);
	EXPECT_EQ(dma_check(device, segment[0].bus, PAGE), 0);
	EXPECT_EQ(dma_check(device, MASK_BITS(28) - 2, 4), -ERANGE);
	EXPECT_EQ(dma_check(device, 1ull << 40, 1), -ERANGE);
	EXPECT_EQ(dma_check(device, ~0ull, 8), -ERANGE);
	EXPECT_EQ(dma_check(device, 0, 0), -EINVAL);
	EXPECT_EQ(dma_check((uint32_t)dma, 0, 4), -EINVAL);
	EXPECT_EQ(dma_unmap((uint32_t)dma), 0);
	handle_close(device);
}

UTEST(coherent_memory_goes_with_its_handle)
{
	uint32_t device;
	void *at = NULL;
	uint64_t bus;
	long dma;

	NEEDS_EDU();
	device = open_edu();
	EXPECT_EQ(dma_alloc(device, 0, &at, &bus), -EINVAL);
	EXPECT_EQ(dma_alloc(device, PG_DMA_LENGTH_MAX + 1, &at, &bus),
		  -EINVAL);
	dma = dma_alloc(device, 5000, &at, &bus);
	EXPECT(dma > 0);
	EXPECT_EQ(bus % PAGE, 0);
	for (uint32_t i = 0; i < 2 * PAGE; i++)
		EXPECT_EQ(((char *)at)[i], 0);
	memset(at, 1, 2 * PAGE);
	EXPECT_EQ(map_buffer(device, at, PAGE, PG_DMA_BOTH), -EFAULT);
	EXPECT_EQ(dma_sync((uint32_t)dma, false), 0);
	EXPECT_EQ(dma_unmap((uint32_t)dma), 0);
	EXPECT(!is_mapped(at));
	handle_close(device);
}

/* ---- limits -------------------------------------------------------------- */

static uint32_t used_of(uint32_t kind)
{
	struct words words = { { kind } };

	EXPECT_EQ(message_int(PG_EAX(PG_TASK_LIMIT, 0), &words), 0);
	return words.w[0];
}

static long alloc_one(uint32_t device)
{
	uint64_t bus;
	void *at;

	return dma_alloc(device, 2 * PAGE, &at, &bus);
}

static long map_one(uint32_t device)
{
	static void *at;

	if (!at)
		at = buffer(2);
	return map_buffer(device, at, 2 * PAGE, PG_DMA_BOTH);
}

/* `room` is enough for MANY of them, but not for one more. */
#define MANY  10

static const struct {
	uint32_t kind, room;
	long   (*one)(uint32_t device);
} limited[] = {
	{ PG_LIMIT_OBJECTS, MANY,         alloc_one },
	{ PG_LIMIT_OBJECTS, MANY,         map_one },
	{ PG_LIMIT_DMA,     2 * MANY + 1, alloc_one },
	{ PG_LIMIT_ARRAYS,  0,            map_one },
};

/* Only the kernel knows how many bytes the arrays of a mapping have. */
static uint32_t room_of(unsigned i, uint32_t device)
{
	uint32_t before = used_of(limited[i].kind), one;
	long dma;

	if (limited[i].room)
		return limited[i].room;
	dma = limited[i].one(device);
	one = used_of(limited[i].kind) - before;
	EXPECT(one > 0);
	EXPECT_EQ(dma_unmap((uint32_t)dma), 0);
	return one * MANY + one - 1;
}

static void take_all(long i)
{
	long dma[MANY + 1];
	uint32_t device = open_edu(), kind = limited[i].kind, before, room;

	EXPECT_EQ(device_set_mask(device, MASK_BITS(28)), 0);
	room = room_of((unsigned)i, device);
	before = used_of(kind);
	EXPECT_EQ(pg_call(PG_TASK_SET_LIMIT, 0, kind, (long)(before + room), 0,
			  0), 0);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned n = 0; n < MANY; n++) {
			dma[n] = limited[i].one(device);
			EXPECT(dma[n] > 0);
		}
		EXPECT_EQ(limited[i].one(device), -ENOMEM);
		EXPECT_EQ(limited[i].one(device), -ENOMEM);
		for (unsigned n = 0; n < MANY; n++)
			EXPECT_EQ(dma_unmap((uint32_t)dma[n]), 0);
		EXPECT_EQ(used_of(kind), before);
	}
	handle_close(device);
}

UTEST(what_devices_reach_is_paid_for_by_the_driver)
{
	NEEDS_EDU();
	for (unsigned i = 0; i < ARRAY_SIZE(limited); i++)
		EXPECT_EQ(exit_of(take_all, i), 0);
}

/* ---- ends in the middle -------------------------------------------------- */

UTEST(closing_a_live_mapping_keeps_the_device_off_the_bus)
{
	volatile char *regs;
	uint32_t device;
	char *at;
	long dma;

	NEEDS_EDU();
	device = open_edu();
	regs = start_edu(device);
	at = buffer(1);
	memset(at, 0x5a, PAGE);
	dma = map_buffer(device, at, PAGE, PG_DMA_FROM_DEVICE);
	start_transfer(regs, segment[0].bus);
	EXPECT_EQ(handle_close((uint32_t)dma), 0);
	device_info(device, &info);
	EXPECT(!(info.flags & PG_DEVICE_MASTER));
	EXPECT_EQ(info.mapped, info.unmapped);
	let_transfer_end();
	for (uint32_t i = 0; i < PAGE; i++)
		EXPECT_EQ(at[i], 0x5a);
	EXPECT_EQ(linux_munmap(at, PAGE), 0);
	handle_close(device);
}

UTEST(a_buffer_that_is_unmapped_stays_until_the_device_has_finished)
{
	volatile char *regs;
	uint32_t device;
	char *at;
	long dma;

	NEEDS_EDU();
	device = open_edu();
	regs = start_edu(device);
	at = buffer(2);
	dma = map_buffer(device, at, 2 * PAGE, PG_DMA_FROM_DEVICE);
	start_transfer(regs, segment[0].bus);
	EXPECT_EQ(linux_munmap(at, 2 * PAGE), 0);
	let_transfer_end();
	EXPECT_EQ(dma_unmap((uint32_t)dma), 0);
	handle_close(device);
}

static void look_at_old(long addr)
{
	linux_exit_group(*(volatile char *)addr == 0x5a ? 0 : 1);
}

UTEST(a_fork_leaves_the_buffer_with_the_driver)
{
	volatile char *regs;
	uint32_t device;
	char *at;
	long dma;

	NEEDS_EDU();
	device = open_edu();
	regs = start_edu(device);
	at = buffer(1);
	memset(at, 0x5a, PAGE);
	dma = map_buffer(device, at, PAGE, PG_DMA_FROM_DEVICE);
	EXPECT_EQ(exit_of(look_at_old, (long)at), 0);
	/* If this write made a copy, the device would have the old page. */
	at[PAGE - 1] = 1;
	start_transfer(regs, segment[0].bus);
	let_transfer_end();
	EXPECT_EQ(dma_unmap((uint32_t)dma), 0);
	for (uint32_t i = 0; i < 64; i++)
		EXPECT(at[i] != 0x5a);
	EXPECT_EQ(linux_munmap(at, PAGE), 0);
	handle_close(device);
}

/* Shared with a child. */
static volatile int *running;

/* A driver that has everything, with a transfer under way. */
static void be_a_driver(long how)
{
	uint32_t device = open_edu();
	volatile char *regs = start_edu(device);
	uint64_t bus;
	void *at;

	if (dma_alloc(device, PAGE, &at, &bus) < 0 ||
	    map_buffer(device, buffer(4), 4 * PAGE, PG_DMA_BOTH) < 0)
		linux_exit_group(1);
	device_irq(device, (uint32_t)notification_create(), 1);
	start_transfer(regs, segment[0].bus);
	*running = 1;
	while (how == SIGKILL_NR)
		syscall0(PG_YIELD);
	if (how == SIGSEGV_NR)
		*(volatile char *)FREE_ADDR = 1;
	else if (how == SIGILL_NR)
		__asm__ volatile("ud2");
	linux_exit_group(7);
}

UTEST(a_driver_that_dies_leaves_nothing_behind)
{
	static const int ends[] = { SIGSEGV_NR, SIGILL_NR, 0 };
	uint32_t device;

	NEEDS_EDU();
	running = map_flags(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		if (ends[i])
			EXPECT_EQ(signal_of(be_a_driver, ends[i]), ends[i]);
		else
			EXPECT_EQ(exit_of(be_a_driver, 0), 7);
		/* Another task may have the device now. It does nothing. */
		device = open_edu();
		EXPECT(!(info.flags & PG_DEVICE_MASTER));
		EXPECT_EQ(info.mapped + info.refused, 0);
		handle_close(device);
	}
	linux_munmap((void *)running, PAGE);
}

UTEST(a_driver_that_is_killed_leaves_nothing_behind)
{
	uint32_t device;
	long child, task;
	int status = 0;

	NEEDS_EDU();
	running = map_flags(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	child = utest_fork();
	if (!child)
		be_a_driver(SIGKILL_NR);
	while (!*running)
		syscall0(PG_YIELD);
	EXPECT_EQ(device_open(EDU, 0), -EBUSY);
	task = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, child, 0, 0, 0);
	EXPECT(task > 0);
	EXPECT_EQ(pg_call(PG_TASK_KILL, (uint32_t)task, SIGKILL_NR, 0, 0, 0),
		  0);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(W_SIGNAL(status), SIGKILL_NR);
	handle_close((uint32_t)task);
	device = open_edu();
	EXPECT(!(info.flags & PG_DEVICE_MASTER));
	handle_close(device);
	linux_munmap((void *)running, PAGE);
}
