// SPDX-License-Identifier: MIT
/*
 * setjmp.h (host) - the C library's setjmp under the kernel's names
 *
 * WHAT     A macro, because setjmp() may not be wrapped in a function. The
 *          simulated interrupt flag goes back to what it was, too.
 */
#pragma once

#include <setjmp.h>

#include <arch/irqflags.h>

struct kernel_jmp_buf {
	jmp_buf         env;
	struct host_irq irq;
};

#define kernel_setjmp(buf)  ((buf)->irq = host_irq, _setjmp((buf)->env))

static inline void __noreturn kernel_longjmp(struct kernel_jmp_buf *buf,
					     int value)
{
	host_irq = buf->irq;
	_longjmp(buf->env, value);
}
