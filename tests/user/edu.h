// SPDX-License-Identifier: MIT
/*
 * edu.h - QEMU's edu, for the tests that drive it
 *
 * WHAT     Opens edu, makes buffers for it, and starts transfers. A program
 *          includes this file once: the variables are the program's own.
 */
#pragma once

#include "tests/user/utest.h"
#include "user/lib/device.h"

#define EDU         0x1234, 0x11e8
#define EDU_IDS     0x123411e8
#define EDU_ID      0x010000edu
#define EDU_MEMORY  0x40000u

#define NEEDS_EDU()                                                       \
	SKIP_IF(on_linux(), "Linux has no such calls");                   \
	SKIP_IF(!has_edu(), "there is no edu device")

/* Longer than a transfer of edu takes. */
#define TRANSFER_NS  200000000

static struct pg_device info;
static struct pg_segment segment[8];
static uint32_t nr;

static inline bool has_edu(void)
{
	long device = device_open(EDU, 0);

	if (device > 0)
		handle_close((uint32_t)device);
	return device > 0;
}

static inline uint32_t open_edu(void)
{
	long device = device_open(EDU, 0);

	EXPECT(device > 0);
	device_info((uint32_t)device, &info);
	return (uint32_t)device;
}

static inline void *buffer(uint32_t pages)
{
	void *at = map_flags(pages, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_POPULATE);

	EXPECT(!IS_ERROR(at));
	return at;
}

static inline long map_buffer(uint32_t device, const void *at, uint32_t length,
		       unsigned direction)
{
	return dma_map(device, at, length, direction, segment,
		       ARRAY_SIZE(segment), &nr);
}

static inline bool is_mapped(const volatile void *at)
{
	uint8_t vec;

	return linux_mincore((void *)at, PAGE, &vec) == 0;
}

static inline void put64(volatile char *regs, unsigned reg, uint64_t value)
{
	__asm__ volatile("fildll %1\n\tfistpll %0"
			 : "=m"(*(volatile uint64_t *)(regs + reg))
			 : "m"(value) : "st");
}

/*
 * Let the device use the bus. A transfer that another driver began and did not
 * live to see goes on then. So the device must be idle first.
 */
static inline volatile char *start_edu(uint32_t device)
{
	volatile char *regs = device_map_bar(device, 0);
	struct linux_timespec time = { .nanoseconds = 10000000 };

	while (*(volatile uint32_t *)(regs + 0x98) & 1)
		linux_nanosleep(&time, NULL);
	EXPECT_EQ(device_set_mask(device, MASK_BITS(28)), 0);
	return regs;
}

/* The device begins to write 64 bytes of its own; the transfer ends later. */
static inline void start_transfer(volatile char *regs, uint64_t bus)
{
	put64(regs, 0x80, EDU_MEMORY);
	put64(regs, 0x88, bus);
	put64(regs, 0x90, 64);
	put64(regs, 0x98, 1 | 2);
}

static inline void let_transfer_end(void)
{
	struct linux_timespec time = { .nanoseconds = TRANSFER_NS };

	linux_nanosleep(&time, NULL);
}
