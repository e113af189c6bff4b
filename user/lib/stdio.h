// SPDX-License-Identifier: MIT
/*
 * stdio.h - text to the console
 *
 * WHAT     printf() and friends collect text and hand it over line by line;
 *          flush() hands over what is left. How text leaves the program is
 *          one function, which servers replace: a console server cannot call
 *          itself.
 * SEE      lib/printf.h for the formats and for snprintf().
 */
#pragma once

#include "lib/printf.h"

void printf(const char *fmt, ...) __printf(1, 2);
void vprintf(const char *fmt, va_list args) __printf(1, 0);
void putchar(char c);
void puts(const char *text);   /* as it is: no newline is added */
void flush(void);

/* Where text goes; at first write() to descriptor 1. */
typedef void (*output_fn)(const char *text, size_t length);
void set_output(output_fn fn);
