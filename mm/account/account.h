// SPDX-License-Identifier: MIT
/*
 * account.h - each task pays for what the kernel holds for the task
 *
 * WHAT     Each task has an account. For each kind of thing, the account says
 *          how much the kernel holds for the task and its descendants, and how
 *          much that may be. Code that makes a thing first charges the account;
 *          code that frees a thing uncharges it.
 *
 * PICTURE    init [areas 91]  no limits
 *              |
 *              +-- names [7]
 *              +-- sh [60] -- program [50 of 1000] -- its child [20 of 1000]
 *
 * TERMS    kind     a row of the table below
 *          used     the charges of the account and of all accounts below it
 *          own      the charges of the account itself
 *          reserve  the last eighth of a limit: accounts below cannot use it,
 *                   so a parent can still act when its children cannot
 *
 * LOCKING  Counts are atomic; the tree of accounts has a lock of its own.
 * COST     A charge: a few instructions for each of at most ACCOUNT_DEPTH_MAX
 *          levels.
 * NOT HERE what a limit is by default, and who may change it
 *          (kernel/calls/account_limits.c).
 * SEE      docs/decisions/accounts.md; Linux mm/page_counter.c.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/list.h"

/*
 * `bytes` is about how much lowmem one thing needs. The rows are in the order
 * of PG_LIMIT_* (kernel/uapi/pagoda.h).
 *
 *  kind               what         bytes   what it is                        */
#define ACCOUNT_KINDS(K)                                                      \
	K(ACCOUNT_TASKS,   "tasks",     2048) /* not started, dead ones too */ \
	K(ACCOUNT_THREADS, "threads",  20480) /* with their stacks          */ \
	K(ACCOUNT_TABLES,  "tables",    4096) /* page tables                */ \
	K(ACCOUNT_AREAS,   "areas",      100) /* of address spaces          */ \
	K(ACCOUNT_HANDLES, "handles",     12) /* places in tables           */ \
	K(ACCOUNT_OBJECTS, "objects",    128) /* endpoints and the like     */ \
	K(ACCOUNT_ARRAYS,  "arrays",       1) /* of pages' names: bytes     */ \
	K(ACCOUNT_DMA,     "dma",       4096) /* pages a device has too     */

enum account_kind {
#define K(kind, what, bytes) kind,
	ACCOUNT_KINDS(K)
#undef K
	ACCOUNT_NR_KINDS
};

#define ACCOUNT_UNLIMITED  (~0ul)

/* A task deeper than this shares the account of its ancestor. */
#define ACCOUNT_DEPTH_MAX  8u

/* Protection: I set at creation; a atomic; t accounts_lock (account.c). */
struct account {
	struct account  *parent;                   /* I  referenced, or NULL  */
	unsigned         depth;                    /* I                       */
	unsigned         refs;                     /* a                       */
	struct list_head all;                      /* t                       */
	unsigned long    used[ACCOUNT_NR_KINDS];   /* a                       */
	unsigned long    own[ACCOUNT_NR_KINDS];    /* a                       */
	unsigned long    limit[ACCOUNT_NR_KINDS];  /* a                       */
	unsigned long    hard[ACCOUNT_NR_KINDS];   /* t  what that may become */
	unsigned long    refused;                  /* a  charges refused      */
	unsigned long    promised;                 /* a  pages: vm/commit.c   */
	unsigned long    seen[ACCOUNT_NR_KINDS];   /*    for account_check()  */
};

/*
 * Make an account below `parent`. Its limits are the default limits, or the
 * limits of the parent if these are lower. parent NULL: an account without a
 * parent and without limits.
 * Returns: the account, with one reference; NULL: no memory.
 */
struct account *account_create(struct account *parent) __must_check;

/* NULL is allowed. It means the kernel itself: no limits, and no counts. */
void account_get(struct account *account);
void account_put(struct account *account);

/*
 * Context: any.
 * Returns: false if the account, or an account above it, would be over its
 *          limit.
 */
bool account_charge(struct account *account, enum account_kind kind,
		    unsigned long n) __must_check;
void account_uncharge(struct account *account, enum account_kind kind,
		      unsigned long n);

/*
 * Set the limit, and the hard limit, up to which the limit may be raised.
 * Returns: 0; -EINVAL (limit above hard), -EPERM (hard above the old hard
 *          limit).
 */
int account_change_limit(struct account *account, enum account_kind kind,
			 unsigned long limit, unsigned long hard);

/* Set both limits to any value: for callers with the right to do so. */
void account_set_limit(struct account *account, enum account_kind kind,
		       unsigned long limit);

/* Is the account `top`, or an account below `top`? */
bool account_is_below(const struct account *account,
		      const struct account *top);

/*
 * Add pages that the shared memory of the account promises. A negative number,
 * written as a uint32_t, subtracts.
 */
void account_promised(struct account *account, uint32_t pages);

/* The sum of promised pages of an account and of all accounts below it. */
unsigned long account_promised_below(const struct account *account);

/* How many bytes of lowmem the things need that the account itself has. */
unsigned long account_own_bytes(const struct account *account);

/* The default limits of programs. Set once, at boot; tests change them. */
extern unsigned long account_defaults[ACCOUNT_NR_KINDS];

const char *account_kind_name(enum account_kind kind);
unsigned account_kind_bytes(enum account_kind kind);

/*
 * NULL, or the first broken law, K1 to K3. `count` calls account_seen() for
 * each thing that exists. It runs with interrupts off, so no other code makes
 * things meanwhile.
 */
const char *account_check(void (*count)(void));
void account_seen(struct account *account, enum account_kind kind,
		  unsigned long n);

/* Called once, at boot, after slab_init(). */
void account_init(void);
