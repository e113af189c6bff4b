// SPDX-License-Identifier: MIT
/*
 * image_ram.h - is there memory where the kernel shall lie?
 */
#pragma once

#include "lib/compiler.h"

/*
 * Returns: the first address from start on, of those that are looked at, where
 *          nothing keeps what is written; 0: there is memory up to end.
 * Context: paging off. Nobody uses the range meanwhile; it stays as it was.
 */
uint32_t image_ram_missing(uint32_t start, uint32_t end);
