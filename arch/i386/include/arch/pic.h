// SPDX-License-Identifier: MIT
/*
 * pic.h - the 8259 interrupt controllers
 *
 * WHAT     Two chips of eight lines each. Their vectors are moved away from
 *          those of the exceptions. All lines are masked at the start. pic_chip
 *          has the other functions: <arch/irq_chip.h>.
 * SEE      Intel 8259A data sheet.
 */
#pragma once

#include "lib/compiler.h"

/* Move the lines to vectors 32..47 and mask all of them. */
void pic_init(void);

/* Mask all lines of both chips for good: the APICs have taken over. */
void pic_retire(void);

/* Read the two mask registers: bit n is line n. */
uint16_t pic_read_masks(void);
