// SPDX-License-Identifier: MIT
/*
 * io.h - the I/O ports
 *
 * WHAT     Each function makes one access. A port is a 16-bit number; ports are
 *          not memory addresses. The device sees every access, in order.
 * SEE      SDM volume 1, 19 "Input/Output".
 */
#pragma once

#include "lib/compiler.h"

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void outw(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void outl(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

/* Wait a moment: a write to port 0x80 (progress codes of the BIOS) is slow. */
static inline void io_delay(void)
{
	outb(0x80, 0);
}
