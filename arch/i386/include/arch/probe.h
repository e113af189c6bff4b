// SPDX-License-Identifier: MIT
/*
 * probe.h - touch an address that may not be mapped
 *
 * WHAT     Read, write or call one address and learn whether the CPU allowed
 *          it, instead of panicking. Tests prove guard pages and protections
 *          with these; the backtrace follows frame pointers with them.
 * SEE      Linux copy_from_kernel_nofault().
 */
#pragma once

#include "lib/compiler.h"

/*
 * Context: any.
 * Returns: true when the access succeeded. A write puts back what it read, in
 *          one instruction.
 */
bool probe_read8(const void *ptr, uint8_t *value);
bool probe_read32(const void *ptr, uint32_t *value);
bool probe_write(void *ptr);

/* Call code at ptr, which must be a lone `ret`. */
bool probe_execute(const void *ptr);
