// SPDX-License-Identifier: MIT
/*
 * table.c - the kernel's tables of calls, with what calls.h says of each
 *
 * WHAT     A call of the kernel's tables that calls.h does not know stops the
 *          compiler here: "PAGODA_NAME undeclared".
 * NOT HERE user/lib/linux.h, which has a table of the same name.
 */
#include "kernel/linux/linux.h"

#include "tests/fuzz/calls.h"
#include "tests/fuzz/fuzz.h"

static const struct call of_pagoda[] = {
#define C(number, NAME, ...) { number, #NAME, PAGODA_##NAME },
	PAGODA_CALLS(C)
#undef C
};

static const struct call of_linux[] = {
#define C(number, name) { number, #name, LINUX_##name },
	LINUX_CALLS(C)
#undef C
};

_Static_assert(ARRAY_SIZE(of_pagoda) + ARRAY_SIZE(of_linux) <= CALLS_MAX,
	       "there is a counter for each call");

const struct call *fuzz_call(unsigned i)
{
	if (i < ARRAY_SIZE(of_pagoda))
		return &of_pagoda[i];
	i -= ARRAY_SIZE(of_pagoda);
	return i < ARRAY_SIZE(of_linux) ? &of_linux[i] : NULL;
}
