// SPDX-License-Identifier: MIT
/*
 * account_limits.c - what a program may have, by default and by call
 *
 * WHAT     Computes the limits with which the accounts of programs begin, and
 *          does the calls that read and change limits.
 *
 * ALGORITHM  The kernel's objects lie in lowmem. Page tables lie in all zones,
 *          stacks also take room in the vmalloc region. Each kind of object may
 *          have a share of this memory. All shares together are less than three
 *          quarters of lowmem: one program with all its descendants leaves a
 *          quarter to the others. The programs that init starts have the
 *          defaults: the shell, and below it all programs. The first program
 *          itself has no limits.
 * SEE      docs/decisions/accounts.md; Linux kernel/fork.c set_max_threads().
 */
#include <arch/layout.h>

#include "kernel/calls/calls.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "mm/account/account.h"
#include "mm/page/zone.h"

#define STACK_IN_VMALLOC  (KERNEL_STACK_SIZE + PAGE_SIZE)   /* and its guard */

/* User mode has the same numbers of kinds. */
_Static_assert(PG_LIMIT_TASKS == (int)ACCOUNT_TASKS, "the same order");
_Static_assert(PG_LIMIT_THREADS == (int)ACCOUNT_THREADS, "the same order");
_Static_assert(PG_LIMIT_TABLES == (int)ACCOUNT_TABLES, "the same order");
_Static_assert(PG_LIMIT_AREAS == (int)ACCOUNT_AREAS, "the same order");
_Static_assert(PG_LIMIT_HANDLES == (int)ACCOUNT_HANDLES, "the same order");
_Static_assert(PG_LIMIT_OBJECTS == (int)ACCOUNT_OBJECTS, "the same order");
_Static_assert(PG_LIMIT_ARRAYS == (int)ACCOUNT_ARRAYS, "the same order");
_Static_assert(PG_LIMIT_DMA == (int)ACCOUNT_DMA, "the same order");
_Static_assert(PG_NR_LIMITS == (int)ACCOUNT_NR_KINDS, "all of them");

/* Each kind may take this part of lowmem: one page in so many. */
static const unsigned share[ACCOUNT_NR_KINDS] = {
	[ACCOUNT_TASKS]   = 8,
	[ACCOUNT_THREADS] = 8,
	[ACCOUNT_TABLES]  = 8,
	[ACCOUNT_AREAS]   = 8,
	[ACCOUNT_HANDLES] = 16,
	[ACCOUNT_OBJECTS] = 16,
	[ACCOUNT_ARRAYS]  = 16,
	[ACCOUNT_DMA]     = 32,
};

static void at_most(enum account_kind kind, unsigned long limit)
{
	account_defaults[kind] = MIN(account_defaults[kind], limit);
}

void limits_init(void)
{
	unsigned long low = zones[ZONE_DMA].managed +
			    zones[ZONE_NORMAL].managed;
	unsigned long high = zones[ZONE_HIGHMEM].managed;

	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++)
		account_defaults[kind] = low * PAGE_SIZE / share[kind] /
					 account_kind_bytes(kind);
	account_defaults[ACCOUNT_TABLES] += high / share[ACCOUNT_TABLES];
	at_most(ACCOUNT_TASKS, PID_MAX / 4);
	at_most(ACCOUNT_THREADS, PID_MAX / 4);
	at_most(ACCOUNT_THREADS,
		(VMALLOC_END - vmalloc_start()) / 2 / STACK_IN_VMALLOC);
	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++)
		pr_info("limits: a program may have %lu %s\n",
			account_defaults[kind], account_kind_name(kind));
}

/* ---- calls -------------------------------------------------------------- */

long pg_task_limit(struct trap_regs *regs, struct task *task)
{
	uint32_t kind = regs->ebx;

	if (kind >= ACCOUNT_NR_KINDS)
		return -EINVAL;
	regs->ebx = READ_ONCE(task->account->used[kind]);
	regs->ecx = READ_ONCE(task->account->limit[kind]);
	return 0;
}

long pg_task_set_limit(struct trap_regs *regs, struct task *task)
{
	const struct account *own = current_task()->account;
	uint32_t kind = regs->ebx, limit = regs->ecx;

	if (kind >= ACCOUNT_NR_KINDS)
		return -EINVAL;
	if (limit > own->limit[kind])
		return -EPERM;
	account_set_limit(task->account, kind, limit);
	return 0;
}
