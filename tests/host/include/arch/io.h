// SPDX-License-Identifier: MIT
/*
 * io.h (host) - the I/O ports of the simulated machine
 *
 * WHAT     The same functions as in the kernel's version, for drivers of chips
 *          that tests/host/ports.c simulates.
 * SEE      arch/i386/include/arch/io.h.
 */
#pragma once

#include "lib/compiler.h"

uint8_t  inb(uint16_t port);
uint32_t inl(uint16_t port);
void     outb(uint16_t port, uint8_t value);
