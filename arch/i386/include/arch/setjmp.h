// SPDX-License-Identifier: MIT
/*
 * setjmp.h - return to an earlier point, for tests that expect a panic
 *
 * WHAT     As in C: kernel_setjmp() returns 0. kernel_longjmp() makes it return
 *          a second time, with another value. The caller of kernel_setjmp()
 *          must still run.
 */
#pragma once

#include "lib/compiler.h"

struct kernel_jmp_buf {
	uint32_t ebx, esi, edi, ebp, esp, eip;
};

int kernel_setjmp(struct kernel_jmp_buf *env)
	__attribute__((returns_twice));
void kernel_longjmp(struct kernel_jmp_buf *env, int value) __noreturn;
