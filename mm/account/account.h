// SPDX-License-Identifier: MIT
/*
 * account.h - what the kernel holds for a task is the task's
 *
 * WHAT     Each task has an account: how much of each kind of thing the kernel
 *          keeps for it and its descendants, and how much that may be. Who
 *          makes a thing charges it first; who frees it uncharges it.
 *
 * PICTURE    init [areas 91]  no limits
 *              |
 *              +-- names [7]
 *              +-- sh [60] -- program [50 of 1000] -- its child [20 of 1000]
 *
 * TERMS    kind     a row of the table below
 *          used     what the account and those below it have charged
 *          own      what was charged to the account itself
 *          reserve  the last eighth of a limit is not for accounts below, so
 *                   that a parent can still act when its children cannot
 *
 * LOCKING  Counts are atomic; the tree of accounts has a lock of its own.
 * COST     A charge: about ten instructions a level, ACCOUNT_DEPTH_MAX levels.
 * NOT HERE what a limit is by default, and who may change it
 *          (kernel/calls/account_limits.c).
 * SEE      docs/decisions/accounts.md; Linux mm/page_counter.c.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/list.h"

/*
 * What one costs is in bytes of lowmem, about. The rows are in the order of
 * PG_LIMIT_* (kernel/uapi/pagoda.h).
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

/* Deeper descendants share the account of their ancestor. */
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
	unsigned long    refused;                  /* a  charges, since ever  */
	unsigned long    promised;                 /* a  pages of its shared
						    *    memory: commit.c     */
	unsigned long    seen[ACCOUNT_NR_KINDS];   /*    for account_check()  */
};

/*
 * An account below `parent` (NULL: one of its own, without limits), with the
 * default limits, or the parent's where they are lower.
 * Returns: it, with one reference; NULL: no memory.
 */
struct account *account_create(struct account *parent) __must_check;

/* NULL is allowed, and is the kernel itself: never limited, not counted. */
void account_get(struct account *account);
void account_put(struct account *account);

/*
 * Context: any.
 * Returns: false: the account, or one above, would be over its limit.
 */
bool account_charge(struct account *account, enum account_kind kind,
		    unsigned long n) __must_check;
void account_uncharge(struct account *account, enum account_kind kind,
		      unsigned long n);

/*
 * The limit that counts, and the one that it may be raised to later.
 * Returns: 0; -EINVAL (limit above hard), -EPERM (hard above what it was).
 */
int account_change_limit(struct account *account, enum account_kind kind,
			 unsigned long limit, unsigned long hard);

/* Both limits, whatever they were: for who may do so. */
void account_set_limit(struct account *account, enum account_kind kind,
		       unsigned long limit);

/* Is it `top`, or below? */
bool account_is_below(const struct account *account,
		      const struct account *top);

/* More pages (modulo 2^32: fewer) are promised to its shared memory. */
void account_promised(struct account *account, uint32_t pages);

/* The sum of these, of an account and all below. */
unsigned long account_promised_below(const struct account *account);

/* What all that it uses costs, in bytes; _own: without those below. */
unsigned long account_own_bytes(const struct account *account);

/* What the accounts of programs begin with. Once at boot; tests change it. */
extern unsigned long account_defaults[ACCOUNT_NR_KINDS];

const char *account_kind_name(enum account_kind kind);
unsigned account_kind_bytes(enum account_kind kind);

/*
 * NULL, or the first broken law, K1 to K3. `count` tells account_seen() what
 * there is, while nobody can make more: it is called with interrupts off.
 */
const char *account_check(void (*count)(void));
void account_seen(struct account *account, enum account_kind kind,
		  unsigned long n);

/* Once at boot, after slab_init(). */
void account_init(void);
