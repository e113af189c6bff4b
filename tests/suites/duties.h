// SPDX-License-Identifier: MIT
/*
 * duties.h - breaks a duty of a public function
 *
 * WHAT     The function must panic before anything changes, and its message
 *          must name the duty. Only a debug kernel checks duties on hot paths.
 *          An ordinary kernel leaves these rows out, because there the call
 *          would do harm.
 */
#pragma once

#include "tests/ktest.h"

struct duty {
	void      (*breaks)(void *arg);
	const char *words;
	bool        debug;
};

static inline void duty_break(const struct duty *duty)
{
	if (duty->debug && !CONFIG_DEBUG)
		return;
	EXPECT_PANIC(duty->breaks, NULL, duty->words);
}
