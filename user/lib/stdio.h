// SPDX-License-Identifier: MIT
/*
 * stdio.h - text to the console
 *
 * WHAT     The functions collect text and pass it on line by line; flush()
 *          passes on what is left. Text leaves the program through one
 *          function, which set_output() replaces: at first the kernel gets the
 *          text, later the console server.
 * SEE      lib/printf.h for the formats and for snprintf().
 */
#pragma once

#include "lib/printf.h"

void printf(const char *fmt, ...) __printf(1, 2);
void vprintf(const char *fmt, va_list args) __printf(1, 0);
void putchar(char c);
void puts(const char *text);   /* as it is: no newline is added */
void flush(void);

/* The function that text goes to; at first write() to descriptor 1. */
typedef void (*output_fn)(const char *text, size_t length);
void set_output(output_fn fn);
