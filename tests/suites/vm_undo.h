// SPDX-License-Identifier: MIT
/*
 * vm_undo.h - every call that can fail half-way, with each failure in turn
 *
 * WHAT     A case builds a small world, and makes one call in it. The call is
 *          made again and again in a new world, each time with another failure:
 *          the n-th allocation (memory, a page table, an area), all from the
 *          n-th on, no more areas, no more promises, no more tables or areas
 *          that the account may pay for. The failed call must leave the world
 *          as it was before; or, where Linux leaves a part done, too, as one of
 *          the parts that the case lists.
 *
 * ALGORITHM  The world before the call is written down (vm_shot.h), entry by
 *          entry. A part is not described: the test does it in another new
 *          world, and writes this world down, too.
 *          If the world is as before, the same call must then succeed.
 */
#pragma once

#include "kernel/diag/console.h"
#include "lib/failpoint.h"
#include "mm/account/account.h"
#include "tests/suites/vm_shot.h"

#define FAILURES_MAX  400u
#define FAR           (PT_SPAN * 9)     /* no page table is there */
#define PINS          4u

/* The address spaces of a world. Most calls are about A. */
enum { A, B, OTHER, NR_SPACES };

struct world {
	struct mm       *mm[NR_SPACES];
	struct account  *account;              /* of A, without limits      */
	struct vm_window window;
	struct page     *pinned[PINS];
	unsigned long    committed, pins;      /* before it was built */
};

struct undo_case {
	const char *name;
	void (*build)(struct world *w);
	long (*run)(struct world *w);         /* IS_ERR_VALUE(): it failed */
	unsigned nr_parts;
	void (*part)(struct world *w, unsigned i);
};

#define WHOLE  0, NULL    /* all of the call or nothing: no parts */

struct world_shot {
	struct vm_shot space[NR_SPACES];
	unsigned long  committed, pins;
};

enum failure {
	ONE_ALLOCATION,
	ALL_ALLOCATIONS,
	NO_AREAS,
	NO_PROMISES,
	NO_TABLES_PAID,
	NO_AREAS_PAID,
	NR_FAILURES
};

static const char *const failure_name[NR_FAILURES] = {
	[ONE_ALLOCATION] = "allocation", [ALL_ALLOCATIONS] = "no memory from",
	[NO_AREAS] = "areas at most", [NO_PROMISES] = "promises at most",
	[NO_TABLES_PAID] = "tables paid, at most",
	[NO_AREAS_PAID] = "areas paid, at most",
};

static struct {
	unsigned cases, sites, injected, refused, parts;
} undo_count;

/* ---- worlds -------------------------------------------------------------- */

static void world_begin(const struct undo_case *c, struct world *w)
{
	memset(w, 0, sizeof(*w));
	list_init(&w->window.link);
	w->committed = vm_committed();
	w->pins = vm_nr_pins;
	w->mm[A] = test_mm();
	w->account = account_create(NULL);
	REQUIRE(w->account);
	mm_set_account(w->mm[A], w->account);
	c->build(w);
}

static void world_end(struct world *w)
{
	unsigned nr = 0;

	while (nr < PINS && w->pinned[nr])
		nr++;
	mm_unpin(w->pinned, nr);
	mm_unmap_device(&w->window);
	for (unsigned i = 0; i < NR_SPACES; i++)
		if (w->mm[i])
			test_end(w->mm[i]);
	account_put(w->account);
	EXPECT_EQ(vm_committed(), w->committed);
}

static void world_take(struct world_shot *shot, const struct world *w)
{
	for (unsigned i = 0; i < NR_SPACES; i++)
		shot_take(&shot->space[i], w->mm[i]);
	shot->committed = vm_committed() - w->committed;
	shot->pins = vm_nr_pins - w->pins;
}

static bool worlds_equal(const struct world_shot *a,
			 const struct world_shot *b)
{
	for (unsigned i = 0; i < NR_SPACES; i++)
		if (!shot_equal(&a->space[i], &b->space[i]))
			return false;
	return a->committed == b->committed && a->pins == b->pins;
}

static void world_forget_frames(struct world_shot *shot)
{
	for (unsigned i = 0; i < NR_SPACES; i++)
		shot_forget_frames(&shot->space[i]);
}

/* ---- failures ------------------------------------------------------------ */

static struct {
	uint32_t      max_map_count;
	unsigned long commit_limit;
} usual;

static void limit_account(struct world *w, enum account_kind kind, unsigned n)
{
	w->account->limit[kind] = w->account->used[kind] + n - 1;
}

static void inject(struct world *w, enum failure failure, unsigned n)
{
	usual.max_map_count = vm_max_map_count;
	usual.commit_limit = vm_commit_limit;
	if (failure == ONE_ALLOCATION)
		failpoint_arm(n);
	else if (failure == ALL_ALLOCATIONS)
		failpoint_arm_from(n);
	else if (failure == NO_AREAS)
		vm_max_map_count = n - 1;
	else if (failure == NO_PROMISES)
		vm_commit_limit = vm_committed() + n - 1;
	else if (failure == NO_TABLES_PAID)
		limit_account(w, ACCOUNT_TABLES, n);
	else
		limit_account(w, ACCOUNT_AREAS, n);
}

/* Returns: whether an allocation was refused. */
static bool heal(struct world *w)
{
	w->account->limit[ACCOUNT_TABLES] = ACCOUNT_UNLIMITED;
	w->account->limit[ACCOUNT_AREAS] = ACCOUNT_UNLIMITED;
	vm_max_map_count = usual.max_map_count;
	vm_commit_limit = usual.commit_limit;
	return failpoint_disarm();
}

/* ---- one failure --------------------------------------------------------- */

/* 16 KiB each: the suites share them (vm_undo.c). */
extern struct world_shot shot_before, shot_after, shot_part;

/* Has the call left one of the parts that the case allows? */
static bool is_part(const struct undo_case *c)
{
	bool found = false;
	struct world w;

	world_forget_frames(&shot_after);
	for (unsigned i = 0; i < c->nr_parts && !found; i++) {
		world_begin(c, &w);
		c->part(&w, i);
		world_take(&shot_part, &w);
		world_forget_frames(&shot_part);
		found = worlds_equal(&shot_part, &shot_after);
		world_end(&w);
	}
	undo_count.parts += found;
	return found;
}

static void say_difference(const struct undo_case *c, enum failure failure,
			   unsigned n)
{
	unsigned i = 0;

	while (i < NR_SPACES - 1 && shot_equal(&shot_before.space[i],
					       &shot_after.space[i]))
		i++;
	ktest_fail(__FILE__, __LINE__, "%s, %s %u: space %u: %s", c->name,
		   failure_name[failure], n, i,
		   shot_difference(&shot_before.space[i],
				   &shot_after.space[i]));
}

/* The call has failed with `err`. */
static void judge(const struct undo_case *c, struct world *w, long err,
		  enum failure failure, unsigned n)
{
	undo_count.refused++;
	if (err != -ENOMEM && err != -EAGAIN)
		ktest_fail(__FILE__, __LINE__, "%s, %s %u: error %ld",
			   c->name, failure_name[failure], n, err);
	EXPECT_NULL(vm_check());
	if (!worlds_equal(&shot_before, &shot_after)) {
		if (!is_part(c))
			say_difference(c, failure, n);
		return;
	}
	err = c->run(w);
	if (IS_ERR_VALUE(err))
		ktest_fail(__FILE__, __LINE__, "%s, %s %u: again: error %ld",
			   c->name, failure_name[failure], n, err);
	EXPECT_NULL(vm_check());
}

/* Returns: whether there are more failures of the kind. */
static bool one_failure(const struct undo_case *c, enum failure failure,
			unsigned n)
{
	struct world w;
	bool fired;
	long result;

	world_begin(c, &w);
	world_take(&shot_before, &w);
	inject(&w, failure, n);
	result = c->run(&w);
	fired = heal(&w);
	world_take(&shot_after, &w);
	if (IS_ERR_VALUE(result)) {
		judge(c, &w, result, failure, n);
		fired = true;
	}
	world_end(&w);
	undo_count.injected += fired;
	return fired;
}

static void try_case(const struct undo_case *c)
{
	undo_count.cases++;
	for (unsigned failure = 0; failure < NR_FAILURES; failure++) {
		unsigned n = 1;

		while (n < FAILURES_MAX && one_failure(c, failure, n))
			n++;
		EXPECT(n < FAILURES_MAX);
		if (failure == ONE_ALLOCATION)
			undo_count.sites += n - 1;
	}
}

static inline void undo_begin(void)
{
	memset(&undo_count, 0, sizeof(undo_count));
}

static inline void undo_end(void)
{
	console_printf("    # %u operations, %u allocation sites, %u failures injected: %u refused, of which %u as Linux in part\n",
		       undo_count.cases, undo_count.sites, undo_count.injected,
		       undo_count.refused, undo_count.parts);
}

static inline void try_cases(const struct undo_case *cases, unsigned nr)
{
	undo_begin();
	for (unsigned i = 0; i < nr; i++)
		try_case(&cases[i]);
	undo_end();
}
