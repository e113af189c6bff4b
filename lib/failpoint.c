// SPDX-License-Identifier: MIT
/*
 * failpoint.c - the countdown behind failpoint.h
 */
#include "lib/failpoint.h"

unsigned failpoint_countdown;
static bool fired;

bool failpoint_hit(void)
{
	if (--failpoint_countdown)
		return false;
	fired = true;
	return true;
}

void failpoint_arm(unsigned n)
{
	fired = false;
	failpoint_countdown = n;
}

bool failpoint_disarm(void)
{
	failpoint_countdown = 0;
	return fired;
}
