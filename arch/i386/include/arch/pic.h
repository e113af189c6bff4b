// SPDX-License-Identifier: MIT
/*
 * pic.h - the 8259 interrupt controllers
 *
 * WHAT     Two chips of eight lines each, moved away from the vectors of the
 *          exceptions. Lines start masked. What else they do is in pic_chip,
 *          <arch/irq_chip.h>.
 * SEE      Intel 8259A data sheet.
 */
#pragma once

#include "lib/compiler.h"

/* Move the lines to vectors 32..47 and mask all of them. */
void pic_init(void);

/* Mask them for good, the second chip's too: the APICs have taken over. */
void pic_retire(void);

/* What the two mask registers hold, read back: bit n is line n. */
uint16_t pic_read_masks(void);
