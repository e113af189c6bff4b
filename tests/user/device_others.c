// SPDX-License-Identifier: MIT
/*
 * device_others.c - a driver and the tasks around it
 *
 * WHAT     A driver that has a device still cannot reach the memory of other
 *          tasks, and cannot keep memory that was promised to them. A device
 *          that goes to another task leaves nothing with the first one.
 *
 * HANDLES  1: the system.
 */
#include "tests/user/edu.h"
#include "tests/user/partner.h"

/* ---- other tasks' memory ------------------------------------------------- */

/* The device copies 64 bytes from one buffer into another. */
static void copy_by_device(volatile char *regs, uint64_t from, uint64_t to)
{
	put64(regs, 0x80, from);
	put64(regs, 0x88, EDU_MEMORY);
	put64(regs, 0x90, 64);
	put64(regs, 0x98, 1);
	let_transfer_end();
	start_transfer(regs, to);
	let_transfer_end();
}

/* The byte that the device finds 64 times there; 0: the bytes differ. */
static char seen_by_device(uint32_t device, volatile char *regs, uint64_t bus)
{
	char *to = buffer(1);
	long dma = map_buffer(device, to, 64, PG_DMA_FROM_DEVICE);
	char seen;

	copy_by_device(regs, bus, segment[0].bus);
	EXPECT_EQ(dma_unmap((uint32_t)dma), 0);
	seen = to[0];
	for (uint32_t i = 0; i < 64; i++)
		if (to[i] != seen)
			seen = 0;
	linux_munmap(to, PAGE);
	return seen;
}

static long forked_sleeper(void)
{
	struct linux_timespec time = { .seconds = 2 };
	long child = utest_fork();

	if (!child) {
		linux_nanosleep(&time, NULL);
		linux_exit_group(0);
	}
	return child;
}

UTEST(what_is_written_after_the_mapping_is_what_the_device_reads)
{
	volatile char *regs;
	uint32_t device;
	uint64_t bus;
	int status;
	char *at;
	long dma, child;

	NEEDS_EDU();
	device = open_edu();
	regs = start_edu(device);
	at = buffer(1);
	memset(at, 0x11, PAGE);
	child = forked_sleeper();
	dma = map_buffer(device, at, 64, PG_DMA_TO_DEVICE);
	bus = segment[0].bus;
	memset(at, 0x22, PAGE);
	EXPECT_EQ(dma_sync((uint32_t)dma, true), 0);
	EXPECT_EQ(seen_by_device(device, regs, bus), 0x22);
	EXPECT_EQ(dma_unmap((uint32_t)dma), 0);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(linux_munmap(at, PAGE), 0);
	handle_close(device);
}

/* The page was shared; the parent thinks that it now has the page alone. */
static void spy_on_parent(long addr)
{
	struct linux_timespec time = { .nanoseconds = 500000000 };
	uint32_t device = open_edu();
	volatile char *regs = start_edu(device);
	long dma = map_buffer(device, (void *)addr, 64, PG_DMA_TO_DEVICE);
	uint64_t bus = segment[0].bus;

	EXPECT_EQ(linux_munmap((void *)addr, PAGE), 0);
	linux_nanosleep(&time, NULL);
	dma_sync((uint32_t)dma, true);
	EXPECT_EQ(seen_by_device(device, regs, bus), 0x33);
	linux_exit_group(utest_failures ? 99 : 0);
}

UTEST(a_child_does_not_read_on_in_a_page_that_was_shared)
{
	struct linux_timespec time = { .nanoseconds = 250000000 };
	int status = -1;
	long child;
	char *at;

	NEEDS_EDU();
	at = buffer(1);
	memset(at, 0x33, PAGE);
	child = utest_fork();
	if (!child) {
		utest_failures = 0;
		spy_on_parent((long)at);
	}
	linux_nanosleep(&time, NULL);
	memset(at, 0x44, PAGE);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(linux_munmap(at, PAGE), 0);
}

/* ---- devices that change hands ------------------------------------------- */

/* Gives the device away. Then w[0] of the answer says: touch its registers. */
static void give_away(long endpoint)
{
	struct words words = { { 0 } };
	volatile uint32_t *regs;
	uint32_t device;

	ipc_init();
	device = open_edu();
	regs = device_map_bar(device, 0);
	EXPECT(regs[0] == EDU_ID);
	memset(buffer(1024), 1, 1024 * PAGE);
	ipc_attach_handle(device, 0);
	ipc_buffer()->out.flags |= IPC_MOVE;
	EXPECT(ipc_call_msg((uint32_t)endpoint, &words) >= 0);
	if (words.w[0])
		(void)regs[0];
	linux_exit_group(utest_failures ? 99 : 0);
}

static uint32_t receive_device(uint32_t endpoint, long *child)
{
	struct words words;
	long received;

	ipc_init();
	*child = utest_fork();
	if (!*child) {
		utest_failures = 0;
		give_away(endpoint);
	}
	received = partner_receive(*child, endpoint, &words);
	EXPECT(received >= 0);
	return ipc_take_handle(received);
}

static uint32_t free_pages(void)
{
	struct pg_mem mem = { 0 };

	pg_call(PG_MEM_INFO, PG_INIT_SYSTEM, (long)&mem, 0, 0, 0);
	return mem.free_pages;
}

UTEST(who_gave_a_device_away_loses_its_registers)
{
	struct words words = { { 1 } };
	volatile uint32_t *regs;
	uint32_t endpoint, device;
	int status = 0;
	long child;

	NEEDS_EDU();
	endpoint = (uint32_t)endpoint_create();
	device = receive_device(endpoint, &child);
	regs = device_map_bar(device, 0);
	EXPECT(!IS_ERROR(regs));
	EXPECT_EQ(regs[0], EDU_ID);
	EXPECT_EQ(ipc_reply(0, &words), 0);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(W_SIGNAL(status & ~0x80), SIGSEGV_NR);
	EXPECT_EQ(regs[0], EDU_ID);
	handle_close(device);
	handle_close(endpoint);
}

UTEST(a_device_does_not_keep_the_memory_of_who_had_it)
{
	struct words words = { { 0 } };
	uint32_t endpoint, device, before;
	int status = -1;
	long child;

	NEEDS_EDU();
	endpoint = (uint32_t)endpoint_create();
	before = free_pages();
	device = receive_device(endpoint, &child);
	EXPECT_EQ(ipc_reply(0, &words), 0);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 0);
	EXPECT(free_pages() + 512 > before);
	EXPECT(!IS_ERROR(device_map_bar(device, 0)));
	handle_close(device);
	handle_close(endpoint);
}

#define LENT_PAGES  1024u

/* The buffers are unmapped at once, but the device keeps them until the end. */
static void lend_all(long unused)
{
	static struct pg_segment segments[LENT_PAGES];
	uint32_t device = open_edu(), all = free_pages(), lent = 0;
	long dma = 1;
	char *at;

	while (dma > 0) {
		at = map_pages(LENT_PAGES);
		if (IS_ERROR(at))
			break;
		dma = dma_map(device, at, LENT_PAGES * PAGE, PG_DMA_TO_DEVICE,
			      segments, LENT_PAGES, &nr);
		EXPECT_EQ(linux_munmap(at, LENT_PAGES * PAGE), 0);
		lent += LENT_PAGES;
	}
	EXPECT(lent < all + 2 * LENT_PAGES);
	at = map_pages(all / 2);
	EXPECT_EQ((long)at, -ENOMEM);
}

UTEST(what_devices_have_cannot_be_promised_again)
{
	NEEDS_EDU();
	/* This child must end, not a task that was promised memory before. */
	EXPECT_EQ(exit_of(lend_all, 0), 0);
}
