// SPDX-License-Identifier: MIT
/*
 * malloc.h - memory by the byte, on top of mmap()
 */
#pragma once

#include "lib/compiler.h"

/* 16-byte aligned. NULL: no memory. malloc(0) gives a pointer for free(). */
void *malloc(size_t size) __must_check;
void *calloc(size_t n, size_t size) __must_check;   /* zeroed */
void free(void *p);                                 /* NULL is allowed */

/* NULL, or the first invariant of malloc.c that is broken. */
const char *malloc_check(void);
