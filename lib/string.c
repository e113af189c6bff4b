// SPDX-License-Identifier: MIT
/*
 * string.c - the part of string.h that the C library has too
 *
 * WHAT     mem*() and str*() for the freestanding builds. The host program
 *          leaves this file out and takes the C library's functions.
 *
 * ALGORITHM  Four words at a time, then words, then bytes. Alignment is not
 *          checked: an i386 loads unaligned words at nearly full speed, and
 *          callers seldom copy unaligned data. Pages are copied by
 *          <arch/page_ops.h>.
 *
 *          A compiler recognises such loops and replaces them by calls of
 *          memcpy(), memset() or strlen(). Then a function would call itself.
 *          HIDE() prevents this: the compiler does not know any more what the
 *          variable holds. HIDE() adds no instruction.
 *
 * LOCKING  No state. boot/ carries a copy.
 */
#include "lib/string.h"

#define HIDE(x)  __asm__("" : "+r"(x))

/* A word at any address, which may alias objects of any type. */
typedef unsigned long word_t __attribute__((may_alias, aligned(1)));

#define WORD  sizeof(word_t)

/* Also right when dst and src overlap, as long as dst is below src. */
static always_inline void copy_up(unsigned char *dst, const unsigned char *src,
				  size_t n)
{
	for (; n >= 4 * WORD; n -= 4 * WORD) {
		word_t a = ((const word_t *)src)[0];
		word_t b = ((const word_t *)src)[1];
		word_t c = ((const word_t *)src)[2];
		word_t d = ((const word_t *)src)[3];

		((word_t *)dst)[0] = a;
		((word_t *)dst)[1] = b;
		((word_t *)dst)[2] = c;
		((word_t *)dst)[3] = d;
		dst += 4 * WORD;
		src += 4 * WORD;
		HIDE(dst);
	}
	for (; n >= WORD; n -= WORD) {
		*(word_t *)dst = *(const word_t *)src;
		dst += WORD;
		src += WORD;
		HIDE(dst);
	}
	for (; n; n--) {
		*dst++ = *src++;
		HIDE(dst);
	}
}

/* Also right when dst and src overlap and dst is above src. */
static void copy_down(unsigned char *dst, const unsigned char *src, size_t n)
{
	dst += n;
	src += n;
	for (; n >= WORD; n -= WORD) {
		dst -= WORD;
		src -= WORD;
		*(word_t *)dst = *(const word_t *)src;
		HIDE(dst);
	}
	for (; n; n--) {
		*--dst = *--src;
		HIDE(dst);
	}
}

void *memcpy(void *dst, const void *src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	/* If dst is below src, the difference wraps to a large number. */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	unsigned char *p = dst;
	word_t word = (unsigned char)c * (~0ul / 0xff);   /* 0x01010101 * c */

	for (; n >= 4 * WORD; n -= 4 * WORD) {
		((word_t *)p)[0] = word;
		((word_t *)p)[1] = word;
		((word_t *)p)[2] = word;
		((word_t *)p)[3] = word;
		p += 4 * WORD;
		HIDE(p);
	}
	for (; n >= WORD; n -= WORD) {
		*(word_t *)p = word;
		p += WORD;
		HIDE(p);
	}
	for (; n; n--) {
		*p++ = (unsigned char)word;
		HIDE(p);
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a;
	const unsigned char *q = b;

	/* Skip equal words; the first different byte decides the order. */
	while (n >= WORD && *(const word_t *)p == *(const word_t *)q) {
		p += WORD;
		q += WORD;
		n -= WORD;
	}
	for (; n; n--, p++, q++) {
		if (*p != *q)
			return *p - *q;
	}
	return 0;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n]) {
		n++;
		HIDE(n);
	}
	return n;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		unsigned char x = (unsigned char)*a;
		unsigned char y = (unsigned char)*b;

		if (x != y)
			return x - y;
		if (!x)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}
