// SPDX-License-Identifier: MIT
/*
 * calls.c (monitor) - the table of calls that the dispatcher reads
 *
 * PICTURE  number  name       handle              right   reference
 *            1053  TASK_KILL  task or 0           MANAGE  held
 *            1059  VM_MAP     task's memory or 0  WRITE   late
 *            1075  YIELD      -                   -       -
 * SEE      kernel/calls/dispatch.c; docs/messages.md has the same table.
 */
#include "kernel/calls/call_rows.h"
#include "kernel/monitor/monitor_impl.h"
#include "lib/printf.h"

/* By the number of the bit. No call needs more than one right. */
static const char *const right_names[] = {
	"DUP", "TRANSFER", "SEND", "RECEIVE", "READ", "WRITE", "MANAGE", "MINT",
};

_Static_assert(RIGHTS_ALL == (1u << ARRAY_SIZE(right_names)) - 1 &&
	       RIGHT_DUP == 1u << 0 && RIGHT_MINT == 1u << 7,
	       "each right has its name");

static void say_call(unsigned number, const struct call_row *row)
{
	bool none = row->flags & CALL_NO_HANDLE;
	const char *right = "-";
	char handle[32] = "-";

	if (!none)
		snprintf(handle, sizeof(handle), "%s%s%s",
			 object_type_name(row->type),
			 row->flags & CALL_SPACE ? "'s memory" : "",
			 row->flags & CALL_OWN ? " or 0" : "");
	if (row->rights)
		right = right_names[__builtin_ctz(row->rights)];
	say("%6u  %-20s %-21s %-9s %s\n", number, row->name, handle, right,
	    none ? "-" : row->flags & CALL_LATE ? "late" : "held");
}

void monitor_calls(void)
{
	say("%6s  %-20s %-21s %-9s %s\n", "number", "name", "handle", "right",
	    "reference");
	for (unsigned i = 0; i < NR_CALL_ROWS; i++)
		say_call(PG_CALL_FIRST + i, &call_rows[i]);
}
