// SPDX-License-Identifier: MIT
/*
 * string.h - memory and text, as in C, as far as the kernel needs it
 *
 * WHAT     The four mem* functions, which a freestanding compiler may call by
 *          itself, and text functions that cannot run past a buffer. There is
 *          no strcpy(): use strscpy(). On the host, the functions that C has
 *          too come from the C library.
 */
#pragma once

#include "lib/compiler.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int   memcmp(const void *a, const void *b, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int    strcmp(const char *a, const char *b);
int    strncmp(const char *a, const char *b, size_t n);
char  *strchr(const char *s, int c);

/*
 * Copy text into a buffer of `size` bytes (> 0); always ends it with 0.
 *
 * Returns: the length that was copied, or -E2BIG when the text was cut.
 */
int strscpy(char *dst, const char *src, size_t size);

/* A character of ASCII that prints one sign and does nothing else. */
static inline bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

/*
 * Copy a name that comes from outside, as strscpy() does. A character that is
 * not a letter, a digit or one of "-_.,+/@=" becomes '?'. So a name cannot look
 * like another part of a log line, or like a test's verdict.
 */
void name_copy(char *dst, const char *src, size_t size);

/* The value of a digit in any base up to 36, or 255. */
unsigned digit_value(char c);

/*
 * Read an unsigned number: decimal, 0x hexadecimal; parse_size() also takes
 * one suffix K, M or G (either case), as in "mem=64M".
 *
 * Returns: 0 and *value; -EINVAL (not a number, or text after it),
 *          -ERANGE (does not fit 64 bits); *value is then unchanged.
 */
int parse_u64(const char *s, uint64_t *value) __must_check;
int parse_size(const char *s, uint64_t *value) __must_check;
