// SPDX-License-Identifier: MIT
/*
 * number.h - the numbers of tasks and threads: one space for both
 *
 * SEE      kernel/task/number.c.
 */
#pragma once

#include "kernel/task/task_impl.h"

/* A number that nobody has, from now on the caller's. 0: all are in use. */
uint32_t number_take_locked(void) MUST_HOLD(&task_lock) __must_check;
void number_put_locked(uint32_t number) MUST_HOLD(&task_lock);

bool number_is_used_locked(uint32_t number) MUST_HOLD(&task_lock);
