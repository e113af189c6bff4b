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

/* The words of PAGODA_CALLS for what a handle names. */
#define NAMES_NONE          NONE
#define NAMES_ANY           ANY
#define NAMES_TASK          TASK_OR_0
#define NAMES_SPACE         TASK_OR_0
#define NAMES_CALLER        REPLY_OR_0
#define NAMES_ENDPOINT      ENDPOINT
#define NAMES_REPLY         REPLY
#define NAMES_NOTIFICATION  NOTIFICATION
#define NAMES_IRQ           IRQ
#define NAMES_IO_PORTS      ANY          /* nobody here has any */
#define NAMES_MEMORY        MEMORY
#define NAMES_SYSTEM        SYSTEM
#define NAMES_DEVICE        DEVICE
#define NAMES_DMA           DMA
#define NAMES_LATE(word)    NAMES_##word

static const struct call of_pagoda[] = {
#define C(number, NAME, name, object, right) \
	{ number, #NAME, PAGODA_##NAME, NAMES_##object },
	PAGODA_CALLS(C)
#undef C
};

static const struct call of_linux[] = {
#define C(number, name, function) { number, #name, LINUX_##name, NONE },
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
