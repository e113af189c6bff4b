// SPDX-License-Identifier: MIT
/*
 * vga.h - text on the screen of a PC: 80 columns, 25 rows
 *
 * WHAT     A cell of video memory is a character and a colour. Text goes to
 *          the cursor; the screen scrolls up when the cursor leaves it.
 * SEE      kernel/diag/console.h, its user.
 */
#pragma once

#include "lib/compiler.h"

#define VGA_TEXT_PHYS  0xb8000u   /* address of the adapter's memory         */
#define VGA_COLUMNS    80
#define VGA_ROWS       25

/*
 * Clear the screen, whose memory is mapped at `cells` (VGA_COLUMNS * VGA_ROWS).
 * May be called again when the mapping moves. Tests give ordinary memory.
 */
void vga_init(volatile uint16_t *cells);

/* Write text: printable characters, '\n', '\r', '\t', '\b'. */
void vga_write(const char *text, size_t len);
