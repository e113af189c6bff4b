// SPDX-License-Identifier: MIT
/*
 * console.h - the boot world's two ways to say something
 *
 * WHAT     COM1 (115200 8N1) and the VGA text screen, polled. Used only when
 *          the boot cannot go on. A boot that succeeds prints nothing here;
 *          the kernel's log has the messages.
 */
#pragma once

#include "lib/compiler.h"

/* Set up COM1 and clear the screen. Call it before console_write(). */
void console_init(void);

/* Write a text to the wire and the screen; '\n' starts a new line on both. */
void console_write(const char *text);

/* Wait until the last byte has left COM1's shift register. */
void console_drain(void);
