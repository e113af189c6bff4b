// SPDX-License-Identifier: MIT
/*
 * uaccess.h - the only way to user memory
 *
 * WHAT     Copies between the kernel and the current address space. If an
 *          address is not mapped, the copy faults, and the fault is resolved as
 *          if user mode had touched the address. If the fault cannot be
 *          resolved, the copy ends with -EFAULT. Only these functions open
 *          SMAP.
 * SEE      Linux include/linux/uaccess.h.
 */
#pragma once

#include <arch/addr.h>

/* Does [addr, addr + n) lie in user mode's part? */
bool user_range_ok(uaddr_t addr, uint32_t n);

/* Context: a thread of a task; may sleep. Returns: 0 or -EFAULT. */
int copy_from_user(void *to, uaddr_t from, uint32_t n) __must_check;
int copy_to_user(uaddr_t to, const void *from, uint32_t n) __must_check;
int clear_user(uaddr_t to, uint32_t n) __must_check;
int get_user32(uint32_t *value, uaddr_t from) __must_check;
int put_user32(uaddr_t to, uint32_t value) __must_check;

/*
 * Copy a text of at most max - 1 characters. Returns: its length; -EFAULT;
 * -E2BIG (the text does not end within max bytes).
 */
long strncpy_from_user(char *to, uaddr_t from, uint32_t max) __must_check;
