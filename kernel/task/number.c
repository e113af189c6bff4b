// SPDX-License-Identifier: MIT
/*
 * number.c - the numbers of tasks and threads
 *
 * WHAT     Tasks and threads have numbers from one space, as on Linux: a tid is
 *          never another task's pid. A number that is in use is not given out.
 *          The search goes on behind the last number: a number that was given
 *          back is used again as late as possible.
 *
 * PICTURE    used   1 1 0 1 0 0 ... 0     from 1 to PID_MAX - 1
 *                           ^ last: the search goes on behind it
 *
 * TERMS    in use   a task's number: from its creation until no handle, no
 *                   parent and no news of its end name the task any more. A
 *                   thread's own number: until the thread ends. (The first
 *                   thread has its task's number.) A group's number: as long as
 *                   a task is in the group (group.c)
 *
 * LOCKING  task_lock.
 * COST     A word or two are read; PID_MAX / 32 if nearly all are in use.
 * SEE      Linux kernel/pid.c.
 */
#include "kernel/task/task_impl.h"
#include "lib/bitmap.h"

static uint32_t used[BITMAP_WORDS(PID_MAX)];   /* task_lock */
static uint32_t last;                          /* task_lock */

uint32_t number_take_locked(void)
{
	assert_held(&task_lock);
	for (unsigned round = 0; round < 2; round++) {
		uint32_t number = bitmap_find_next_zero(used, PID_MAX,
							last + 1);

		last = 0;
		if (number == PID_MAX)
			continue;
		bitmap_set(used, number);
		last = number;
		return number;
	}
	return 0;
}

void number_put_locked(uint32_t number)
{
	assert_held(&task_lock);
	assert(number_is_used_locked(number));
	bitmap_clear(used, number);
}

bool number_is_used_locked(uint32_t number)
{
	assert_held(&task_lock);
	return number > 0 && number < PID_MAX && bitmap_test(used, number);
}
