// SPDX-License-Identifier: MIT
/*
 * vm_undo_random.c (tests) - any call, in any address space, half-way
 *
 * WHAT     In tests/suites/vm_undo.c, calls and worlds are chosen by hand. Here
 *          both are random: many calls shape an address space, then one more
 *          call runs, with each failure in turn.
 *
 * TERMS    prefix   the part of a call that Linux leaves done: the same call,
 *                   of fewer pages
 */
#include "lib/random.h"
#include "mm/vm/family.h"
#include "tests/suites/vm_undo.h"

SUITE(vm_undo_random, vm_check);

#define WINDOW   20u      /* pages, from AT(0): all calls are about them    */
#define LENGTHS  7u       /* pages of a call, at the most                   */
#define SHAPING  25u      /* calls that shape a world                       */
#define WORLDS   40u
#define CALLS    15u      /* tried in each                                  */

struct call {
	unsigned which;
	unsigned at, nr, to, new;      /* pages */
	unsigned rights;
	int      advice;
};

static struct rng  rng;
static uint32_t    world_seed;
static struct call call;        /* under test, and its function */
static long      (*call_run)(struct world *w, const struct call *c);

static unsigned random_rights(void)
{
	static const unsigned some[] = {
		PROT_RW, PROT_RW, PROT_READ, PROT_NONE, PROT_READ | PROT_EXEC,
	};

	return some[rng_below(&rng, ARRAY_SIZE(some))];
}

/* ---- calls --------------------------------------------------------------- */

static long call_map(struct world *w, const struct call *c)
{
	return mm_mmap(w->mm[A], UADDR(AT(c->at)), PAGES(c->nr), c->rights,
		       ANON_FIXED);
}

static long call_map_shared(struct world *w, const struct call *c)
{
	return mm_mmap(w->mm[A], UADDR(AT(c->at)), PAGES(c->nr), c->rights,
		       SHARED_FIXED);
}

static long call_unmap(struct world *w, const struct call *c)
{
	return mm_munmap(w->mm[A], UADDR(AT(c->at)), PAGES(c->nr));
}

static long call_protect(struct world *w, const struct call *c)
{
	return mm_mprotect(w->mm[A], UADDR(AT(c->at)), PAGES(c->nr), c->rights);
}

static long call_advise(struct world *w, const struct call *c)
{
	return mm_madvise(w->mm[A], UADDR(AT(c->at)), PAGES(c->nr), c->advice);
}

static long call_forget_pager(struct world *w, const struct call *c)
{
	return mm_set_pager(w->mm[A], UADDR(AT(c->at)), PAGES(c->nr), NULL);
}

static long call_move(struct world *w, const struct call *c)
{
	return mm_mremap(w->mm[A], UADDR(AT(c->at)), PAGES(c->nr),
			 PAGES(c->new), MREMAP_MAYMOVE | MREMAP_FIXED,
			 UADDR(AT(c->to)));
}

static long call_resize(struct world *w, const struct call *c)
{
	return mm_mremap(w->mm[A], UADDR(AT(c->at)), PAGES(c->nr),
			 PAGES(c->new), MREMAP_MAYMOVE, UADDR(0));
}

static long call_write(struct world *w, const struct call *c)
{
	enum vm_fault fault = touch(w->mm[A], AT(c->at), VM_WRITE);

	if (fault == VM_FAULT_DONE)
		return 0;
	return fault == VM_FAULT_MAPERR || fault == VM_FAULT_ACCERR ||
	       fault == VM_FAULT_BUS ? -EFAULT : -ENOMEM;
}

static long call_give(struct world *w, const struct call *c, bool grant)
{
	if (!w->mm[B])
		w->mm[B] = test_mm();
	return mm_transfer(w->mm[A], UADDR(AT(c->at)), PAGES(c->nr), w->mm[B],
			   UADDR(AT(c->to)), c->rights & VM_READ, grant);
}

static long call_share(struct world *w, const struct call *c)
{
	return call_give(w, c, false);
}

static long call_grant(struct world *w, const struct call *c)
{
	return call_give(w, c, true);
}

static long call_lock(struct world *w, const struct call *c)
{
	return mm_mlock(w->mm[A], UADDR(AT(c->at)), PAGES(c->nr));
}

/* Only shapes a world: the child, which has no locks, goes on as A. */
static long call_fork(struct world *w, const struct call *c)
{
	if (w->mm[OTHER])
		return 0;
	w->mm[OTHER] = w->mm[A];
	w->mm[A] = test_fork(w->mm[OTHER]);
	return 0;
}

/* ---- what may be left of them -------------------------------------------- */

static void part_prefix(struct world *w, unsigned i)
{
	struct call first = call;

	first.nr = i + 1;
	if (first.nr < call.nr)
		call_run(w, &first);
}

/* There was no page table, but the family or the object's page was made. */
static void part_touched(struct world *w, unsigned i)
{
	struct mm *mm = w->mm[A];
	struct page *page;
	struct vma *vma;

	mutex_lock(&mm->lock);
	vma = vma_find(mm, UADDR(AT(call.at)));
	if (vma && !vma->object)
		vma_need_family(mm, vma);
	else if (vma && !vm_object_page(vma->object,
					vma_index(vma, UADDR(AT(call.at))),
					&page))
		vm_page_put(page);
	mutex_unlock(&mm->lock);
}

/*
 * If the sizes are equal, the areas before page i / 2 have moved; if i is odd,
 * the destination of the next area is gone. If the sizes differ, the whole
 * destination is gone; if i > 0, the end that is cut off is gone, too.
 */
static void part_moved(struct world *w, unsigned i)
{
	struct mm *mm = w->mm[A];
	struct call first = call;
	struct vma *vma;
	uint32_t end;

	first.nr = first.new = i / 2;
	if (call.nr == call.new && first.nr)
		call_move(w, &first);
	if (call.nr != call.new) {
		mm_munmap(mm, UADDR(AT(call.to)), PAGES(call.new));
		if (i && call.nr > call.new)
			mm_munmap(mm, UADDR(AT(call.at + call.new)),
				  PAGES(call.nr - call.new));
		return;
	}
	mutex_lock(&mm->lock);
	vma = vma_find_first(mm, UADDR(AT(call.at + first.nr)));
	mutex_unlock(&mm->lock);
	if (!(i & 1) || !vma)
		return;
	end = MIN(vma_end(vma).v, AT(call.at + call.nr));
	mm_munmap(mm,
		  UADDR(MAX(vma_start(vma).v, AT(call.at)) +
			PAGES(call.to - call.at)),
		  end - MAX(vma_start(vma).v, AT(call.at)));
}

/*  call                 how often  as a test: its parts                      */
static const struct {
	const char *name;
	long   (*run)(struct world *w, const struct call *c);
	unsigned weight;
	bool     tried;
	void   (*part)(struct world *w, unsigned i);
} calls[] = {
	{ "map", call_map,         14, true,  NULL },
	{ "map_shared", call_map_shared,   5, true,  NULL },
	{ "unmap", call_unmap,        8, true,  NULL },
	{ "protect", call_protect,     14, true,  part_prefix },
	{ "advise", call_advise,       8, true,  part_prefix },
	{ "forget_pager", call_forget_pager, 3, true,  NULL },
	{ "move", call_move,        12, true,  part_moved },
	{ "resize", call_resize,       6, true,  NULL },
	{ "write", call_write,       14, true,  part_touched },
	{ "share", call_share,        6, true,  NULL },
	{ "grant", call_grant,        6, true,  NULL },
	{ "lock", call_lock,         2, false, NULL },
	{ "fork", call_fork,         2, false, NULL },
};

/* ---- worlds -------------------------------------------------------------- */

static struct call random_call(void)
{
	static const int advices[] = {
		MADV_DONTFORK, MADV_DOFORK, MADV_RANDOM, MADV_DONTDUMP,
		MADV_WIPEONFORK, MADV_DONTNEED,
	};
	unsigned left = rng_below(&rng, 100);
	struct call c = { .nr = 1 + rng_below(&rng, LENGTHS) };

	while (left >= calls[c.which].weight)
		left -= calls[c.which++].weight;
	c.at = rng_below(&rng, WINDOW - c.nr + 1);
	c.new = rng_below(&rng, 3) ? c.nr : 1 + rng_below(&rng, LENGTHS);
	c.to = rng_below(&rng, WINDOW - c.new + 1);
	c.rights = random_rights();
	c.advice = advices[rng_below(&rng, ARRAY_SIZE(advices))];
	return c;
}

static void shape(struct world *w)
{
	rng_init(&rng, world_seed);
	w->mm[B] = test_mm();
	for (unsigned i = 0; i < SHAPING; i++) {
		struct call c = random_call();

		calls[c.which].run(w, &c);
	}
}

static long run_call(struct world *w)
{
	return call_run(w, &call);
}

/*
 * Does the call succeed when nothing fails? mprotect() of locked pages may also
 * fill pages: vm_undo.c tests this.
 */
static bool can_be_tried(const struct undo_case *c)
{
	struct world w;
	bool can;

	world_begin(c, &w);
	can = !w.mm[A]->locked_vm || call_run != call_protect;
	can = can && !IS_ERR_VALUE(run_call(&w));
	world_end(&w);
	return can;
}

static void try_call(void)
{
	char name[64];
	struct undo_case c = {
		.name = name, .build = shape, .run = run_call,
		.part = calls[call.which].part,
	};

	scnprintf(name, sizeof(name), "world %u, %s of %u+%u to %u+%u",
		  world_seed, calls[call.which].name, call.at, call.nr,
		  call.to, call.new);
	c.nr_parts = c.part ? 2 * LENGTHS : 0;
	if (calls[call.which].tried && can_be_tried(&c))
		try_case(&c);
}

KTEST(vm_undo_random, a_failed_call_leaves_what_was_there)
{
	uint32_t seed = ktest_seed() * 2654435761u;

	undo_begin();
	for (unsigned world = 0; world < WORLDS; world++) {
		world_seed = seed + world;
		for (unsigned i = 0; i < CALLS; i++) {
			rng_init(&rng, seed + 1000 * (world + 1) + i);
			call = random_call();
			call_run = calls[call.which].run;
			try_call();
		}
	}
	undo_end();
}
