// SPDX-License-Identifier: MIT
/*
 * image_ram.h - is there memory where the kernel shall lie?
 */
#pragma once

#include "lib/compiler.h"

/*
 * Returns: the first checked address, from start on, that does not keep what is
 *          written; 0: there is memory up to end.
 * Context: paging off. Nobody else uses the range meanwhile. The contents stay
 *          as they were.
 */
uint32_t image_ram_missing(uint32_t start, uint32_t end);
