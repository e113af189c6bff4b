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

const struct call fuzz_pagoda_calls[] = {
#define C(number, NAME, name) { number, #NAME, PAGODA_##NAME },
	PAGODA_CALLS(C)
#undef C
};

const struct call fuzz_linux_calls[] = {
#define C(number, name) { number, #name, LINUX_##name },
	LINUX_CALLS(C)
#undef C
};

const unsigned fuzz_nr_pagoda_calls = ARRAY_SIZE(fuzz_pagoda_calls);
const unsigned fuzz_nr_linux_calls = ARRAY_SIZE(fuzz_linux_calls);
