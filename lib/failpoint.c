// SPDX-License-Identifier: MIT
/*
 * failpoint.c - the countdown behind failpoint.h
 */
#include "lib/failpoint.h"

unsigned failpoint_countdown;
static bool fired, lasts;

bool failpoint_hit(void)
{
	if (--failpoint_countdown)
		return false;
	fired = true;
	failpoint_countdown = lasts;
	return true;
}

static void arm(unsigned n, bool for_good)
{
	fired = false;
	lasts = for_good;
	failpoint_countdown = n;
}

void failpoint_arm(unsigned n)
{
	arm(n, false);
}

void failpoint_arm_from(unsigned n)
{
	arm(n, true);
}

bool failpoint_disarm(void)
{
	failpoint_countdown = 0;
	return fired;
}
