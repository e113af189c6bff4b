// SPDX-License-Identifier: MIT
/*
 * syscall.h - into the kernel and back
 *
 * WHAT     syscall0() ... syscall6(): a number, arguments, `int $0x80`. The
 *          numbers are in user/lib/linux.h and kernel/uapi/pagoda.h.
 * SEE      kernel/uapi/abi.h for the registers.
 */
#pragma once

#include "lib/compiler.h"

/* A result of -4095..-1 is an error, in pointers too. */
#define IS_ERROR(x)  ((uintptr_t)(x) >= (uintptr_t)-4095)

static inline long syscall5(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret)
			 : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "cc");
	return ret;
}

static inline long syscall0(long nr)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr) : "memory", "cc");
	return ret;
}

static inline long syscall1(long nr, long a)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(a)
			 : "memory", "cc");
	return ret;
}

static inline long syscall2(long nr, long a, long b)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(a), "c"(b)
			 : "memory", "cc");
	return ret;
}

static inline long syscall3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret)
			 : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory", "cc");
	return ret;
}

static inline long syscall4(long nr, long a, long b, long c, long d)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret)
			 : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d)
			 : "memory", "cc");
	return ret;
}

/* The sixth argument is in EBP, the frame pointer: syscall.S sets it. */
long syscall6(long nr, long a, long b, long c, long d, long e, long f);
