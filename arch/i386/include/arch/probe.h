// SPDX-License-Identifier: MIT
/*
 * probe.h - touch an address that may not be mapped
 *
 * WHAT     Read, write or call one address. If the CPU does not allow the
 *          access, there is no panic: the function returns false. Tests use
 *          this for guard pages and protections. The backtrace uses it to
 *          follow frame pointers.
 * SEE      Linux copy_from_kernel_nofault().
 */
#pragma once

#include "lib/compiler.h"

/*
 * Context: any.
 * Returns: true when the access succeeded. probe_write() writes back the value
 *          that it has read, in one instruction.
 */
bool probe_read8(const void *ptr, uint8_t *value);
bool probe_read32(const void *ptr, uint32_t *value);
bool probe_write(void *ptr);

/* Call the code at ptr, which must be only a `ret`. */
bool probe_execute(const void *ptr);
