// SPDX-License-Identifier: MIT
/*
 * vm_random.c (tests) - random memory calls against a model of single pages
 *
 * WHAT     There are up to SPACES address spaces; some are forks of others.
 *          Each step does one call or touch in one of them, and the same in
 *          its model. The results must be equal, and at the end every page.
 *
 * ALGORITHM  All calls are about a window of MODEL_PAGES pages, by MAP_FIXED.
 *          The model has no areas. So the test asks the address space whether
 *          a range lies in one area (for mremap).
 */
#include "lib/random.h"
#include "tests/suites/vm_model.h"
#include "tests/suites/vm_test.h"

SUITE(vm_random, vm_check);

#define SPACES   4u
#define STEPS    1500u
#define LENGTHS  8u      /* pages of a call, at the most */

struct space {
	struct mm   *mm;       /* NULL: not in use */
	struct model model;
};

static struct space spaces[SPACES];
static struct model_object objects[MODEL_OBJECTS];
static int nr_objects;
static uint32_t last_value;
static struct rng rng;

/* ---- the model ---------------------------------------------------------- */

static uint32_t *value_of(struct model_page *page)
{
	if (page->object < 0)
		return &page->value;
	if (page->index >= objects[page->object].nr_pages)
		return NULL;
	return &objects[page->object].value[page->index];
}

static void model_unmap(struct model *m, unsigned at, unsigned nr)
{
	for (unsigned i = at; i < at + nr; i++)
		m->page[i] = (struct model_page){ .object = -1 };
}

static void model_map(struct model *m, unsigned at, unsigned nr,
		      unsigned rights, int object)
{
	model_unmap(m, at, nr);
	for (unsigned i = 0; i < nr; i++) {
		m->page[at + i].mapped = true;
		m->page[at + i].rights = rights;
		m->page[at + i].object = object;
		m->page[at + i].index = i;
	}
}

static bool model_any(const struct model *m, unsigned at, unsigned nr)
{
	for (unsigned i = at; i < at + nr; i++)
		if (m->page[i].mapped)
			return true;
	return false;
}

/* Change the rights of all pages up to the first hole. */
static long model_protect(struct model *m, unsigned at, unsigned nr,
			  unsigned rights)
{
	for (unsigned i = at; i < at + nr; i++) {
		if (!m->page[i].mapped)
			return -ENOMEM;
		m->page[i].rights = rights;
	}
	return 0;
}

static long model_lock(struct model *m, unsigned at, unsigned nr, bool lock)
{
	long result = 0;

	for (unsigned i = at; i < at + nr; i++) {
		if (!m->page[i].mapped)
			return -ENOMEM;
		m->page[i].locked = lock;
		if (lock && (!m->page[i].rights || !value_of(&m->page[i])))
			result = -ENOMEM;
	}
	return result;
}

static long model_dontneed(struct model *m, unsigned at, unsigned nr)
{
	long result = 0;

	for (unsigned i = at; i < at + nr; i++) {
		if (!m->page[i].mapped) {
			result = -ENOMEM;
			continue;
		}
		if (m->page[i].locked)
			return -EINVAL;
		m->page[i].value = 0;
	}
	return result;
}

static void model_fork(struct model *child, const struct model *m)
{
	*child = *m;
	for (unsigned i = 0; i < MODEL_PAGES; i++) {
		struct model_page *page = &child->page[i];

		page->locked = false;
		if (page->wipe)
			page->value = 0;
		if (page->dontcopy)
			model_unmap(child, i, 1);
	}
}

/* ---- comparing ---------------------------------------------------------- */

static enum vm_fault expected_fault(struct model_page *page, unsigned access)
{
	if (!page->mapped)
		return VM_FAULT_MAPERR;
	if (access == VM_READ ? !page->rights : !(page->rights & access))
		return VM_FAULT_ACCERR;
	return value_of(page) ? VM_FAULT_DONE : VM_FAULT_BUS;
}

static void compare_page(struct space *s, unsigned at)
{
	struct model_page *page = &s->model.page[at];
	enum vm_fault fault = expected_fault(page, VM_READ);
	uint32_t word;

	EXPECT_EQ(touch(s->mm, AT(at), VM_READ), fault);
	if (fault != VM_FAULT_DONE)
		return;
	EXPECT_EQ(mm_read(s->mm, UADDR(AT(at)), &word, sizeof(word)), 0);
	EXPECT_EQ(word, *value_of(page));
}

static void compare_all(void)
{
	for (unsigned n = 0; n < SPACES; n++) {
		if (!spaces[n].mm)
			continue;
		for (unsigned at = 0; at < MODEL_PAGES; at++)
			compare_page(&spaces[n], at);
		EXPECT_NULL(mm_check(spaces[n].mm));
	}
	EXPECT_NULL(vm_check());
}

/* ---- steps -------------------------------------------------------------- */

static unsigned random_range(unsigned *nr)
{
	*nr = 1 + rng_below(&rng, LENGTHS);
	return rng_below(&rng, MODEL_PAGES - *nr + 1);
}

static unsigned random_rights(void)
{
	static const unsigned some[] = {
		PROT_RW, PROT_RW, PROT_RW, PROT_READ, PROT_NONE,
		PROT_READ | PROT_EXEC, PROT_WRITE,
	};

	return some[rng_below(&rng, ARRAY_SIZE(some))];
}

static void step_map(struct space *s)
{
	bool shared = rng_below(&rng, 4) == 0 &&
		      nr_objects < (int)MODEL_OBJECTS;
	bool locked = rng_below(&rng, 12) == 0;
	unsigned nr, at = random_range(&nr), rights = random_rights();
	unsigned flags = shared ? SHARED_FIXED : ANON_FIXED;

	if (shared)
		objects[nr_objects++] = (struct model_object){ .nr_pages = nr };
	if (locked)
		flags |= MAP_LOCKED;
	EXPECT_IS(mm_mmap(s->mm, UADDR(AT(at)), PAGES(nr), rights, flags),
		  AT(at));
	model_map(&s->model, at, nr, rights, shared ? nr_objects - 1 : -1);
	for (unsigned i = at; locked && i < at + nr; i++)
		s->model.page[i].locked = true;
}

static void step_map_noreplace(struct space *s)
{
	unsigned nr, at = random_range(&nr), rights = random_rights();
	long result = mm_mmap(s->mm, UADDR(AT(at)), PAGES(nr), rights,
			      ANON | MAP_FIXED_NOREPLACE);

	if (model_any(&s->model, at, nr)) {
		EXPECT_IS(result, -EEXIST);
		return;
	}
	EXPECT_IS(result, AT(at));
	model_map(&s->model, at, nr, rights, -1);
}

static void step_unmap(struct space *s)
{
	unsigned nr, at = random_range(&nr);

	EXPECT_IS(mm_munmap(s->mm, UADDR(AT(at)), PAGES(nr)), 0);
	model_unmap(&s->model, at, nr);
}

static void step_protect(struct space *s)
{
	unsigned nr, at = random_range(&nr), rights = random_rights();

	EXPECT_IS(mm_mprotect(s->mm, UADDR(AT(at)), PAGES(nr), rights),
		  model_protect(&s->model, at, nr, rights));
}

static void step_lock(struct space *s)
{
	unsigned nr, at = random_range(&nr);

	if (rng_below(&rng, 2))
		EXPECT_IS(mm_mlock(s->mm, UADDR(AT(at)), PAGES(nr)),
			  model_lock(&s->model, at, nr, true));
	else
		EXPECT_IS(mm_munlock(s->mm, UADDR(AT(at)), PAGES(nr)),
			  model_lock(&s->model, at, nr, false));
}

static void step_dontneed(struct space *s)
{
	unsigned nr, at = random_range(&nr);

	EXPECT_IS(mm_madvise(s->mm, UADDR(AT(at)), PAGES(nr), MADV_DONTNEED),
		  model_dontneed(&s->model, at, nr));
}

static void step_advise_fork(struct space *s)
{
	static const int some[] = {
		MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK,
	};
	unsigned which = rng_below(&rng, ARRAY_SIZE(some)), nr;
	unsigned at = random_range(&nr);
	long expected = 0;

	for (unsigned i = at; i < at + nr; i++) {
		struct model_page *page = &s->model.page[i];

		if (!page->mapped) {
			expected = -ENOMEM;
			continue;
		}
		if (some[which] == MADV_WIPEONFORK && page->object >= 0) {
			expected = -EINVAL;
			break;
		}
		if (which < 2)
			page->dontcopy = which == 0;
		else
			page->wipe = which == 2;
	}
	EXPECT_IS(mm_madvise(s->mm, UADDR(AT(at)), PAGES(nr), some[which]),
		  expected);
}

static void step_write(struct space *s)
{
	unsigned at = rng_below(&rng, MODEL_PAGES);
	struct model_page *page = &s->model.page[at];
	enum vm_fault fault = expected_fault(page, VM_WRITE);
	uint32_t word = ++last_value;

	EXPECT_EQ(touch(s->mm, AT(at), VM_WRITE), fault);
	EXPECT_EQ(mm_write(s->mm, UADDR(AT(at)), &word, sizeof(word), false),
		  fault == VM_FAULT_DONE ? 0 : -EFAULT);
	if (fault == VM_FAULT_DONE)
		*value_of(page) = word;
}

static void step_read(struct space *s)
{
	compare_page(s, rng_below(&rng, MODEL_PAGES));
}

static void step_execute(struct space *s)
{
	unsigned at = rng_below(&rng, MODEL_PAGES);

	EXPECT_EQ(touch(s->mm, AT(at), VM_EXEC),
		  expected_fault(&s->model.page[at], VM_EXEC));
}

static bool in_one_area(struct space *s, unsigned at, unsigned nr)
{
	struct vma_info info;

	return mm_find_vma(s->mm, UADDR(AT(at)), &info) &&
	       info.end.v >= AT(at + nr);
}

/* The pages of a successful move, with the new pages at the end. */
static void model_move(struct model *m, unsigned from, unsigned old,
		       unsigned to, unsigned new, bool keep)
{
	struct model_page moved[2 * LENGTHS];
	unsigned i;

	for (i = 0; i < new; i++) {
		if (i < old) {
			moved[i] = m->page[from + i];
			continue;
		}
		moved[i] = moved[i - 1];
		moved[i].value = 0;
		moved[i].index++;
	}
	for (i = 0; keep && i < old; i++) {
		m->page[from + i].value = 0;
		m->page[from + i].locked = false;
	}
	if (!keep)
		model_unmap(m, from, old);
	for (i = 0; i < new; i++)
		m->page[to + i] = moved[i];
}

/* MREMAP_DONTUNMAP unlocks a whole area: it needs a model without locks. */
static bool any_locked(const struct model *m)
{
	for (unsigned i = 0; i < MODEL_PAGES; i++)
		if (m->page[i].locked)
			return true;
	return false;
}

static void step_move(struct space *s)
{
	unsigned nr, from = random_range(&nr);
	unsigned new = 1 + rng_below(&rng, LENGTHS);
	unsigned to = rng_below(&rng, MODEL_PAGES - new + 1);
	bool keep = new == nr && rng_below(&rng, 2) &&
		    !any_locked(&s->model);
	bool overlap = from + nr > to && to + new > from;
	bool one = in_one_area(s, from, MIN(nr, new));
	unsigned flags = MREMAP_MAYMOVE | MREMAP_FIXED |
			 (keep ? MREMAP_DONTUNMAP : 0);
	long result;

	/* mremap.c tests a plain move of several areas. */
	if (new == nr && !one)
		return;
	result = mm_mremap(s->mm, UADDR(AT(from)), PAGES(nr), PAGES(new), flags,
			   UADDR(AT(to)));
	if (overlap || !one) {
		EXPECT_IS(result, overlap ? -EINVAL : -EFAULT);
		return;
	}
	EXPECT_IS(result, AT(to));
	model_unmap(&s->model, to, new);
	if (nr > new)
		model_unmap(&s->model, from + new, nr - new);
	model_move(&s->model, from, MIN(nr, new), to, new, keep);
}

/* Grow or shrink in place. */
static void step_resize(struct space *s)
{
	unsigned nr, at = random_range(&nr);
	unsigned new = 1 + rng_below(&rng, LENGTHS);
	struct vma_info info;
	long result, expected = (long)AT(at);

	if (at + new > MODEL_PAGES)
		return;
	if (!mm_find_vma(s->mm, UADDR(AT(at)), &info))
		expected = -EFAULT;
	else if (new > nr && info.end.v < AT(at + nr))
		expected = -EFAULT;
	else if (new > nr && (info.end.v > AT(at + nr) ||
			      model_any(&s->model, at + nr, new - nr)))
		expected = -ENOMEM;
	result = mm_mremap(s->mm, UADDR(AT(at)), PAGES(nr), PAGES(new), 0,
			   UADDR(0));
	EXPECT_IS(result, expected);
	if (IS_ERR_VALUE(result))
		return;
	if (new > nr)
		model_move(&s->model, at, nr, at, new, false);
	else
		model_unmap(&s->model, at + new, nr - new);
}

static void step_brk(struct space *s)
{
	unsigned old = s->model.brk;
	unsigned new = rng_below(&rng, MODEL_PAGES - 1);
	bool done = true;

	if (new < old)
		done = model_any(&s->model, new, old - new);
	else if (new > old)
		done = !model_any(&s->model, old, new + 1 - old);
	EXPECT_IS(mm_brk(s->mm, UADDR(AT(new))), AT(done ? new : old));
	if (!done)
		return;
	if (new > old)
		model_map(&s->model, old, new - old, PROT_RW, -1);
	else
		model_unmap(&s->model, new, old - new);
	s->model.brk = new;
}

static void step_fork(struct space *s)
{
	struct space *child = &spaces[rng_below(&rng, SPACES)];

	if (child == s)
		return;
	if (child->mm)
		mm_put(child->mm);
	child->mm = test_fork(s->mm);
	model_fork(&child->model, &s->model);
}

static void step_end(struct space *s)
{
	for (unsigned n = 0; n < SPACES; n++) {
		if (&spaces[n] == s || !spaces[n].mm)
			continue;
		mm_put(s->mm);
		s->mm = NULL;
		return;
	}
}

/*     step                  how often, of 100 */
static const struct {
	void   (*run)(struct space *s);
	unsigned weight;
} steps[] = {
	{ step_map,           14 },
	{ step_map_noreplace,  3 },
	{ step_unmap,          7 },
	{ step_protect,       11 },
	{ step_lock,           3 },
	{ step_dontneed,       4 },
	{ step_advise_fork,    3 },
	{ step_write,         21 },
	{ step_read,           8 },
	{ step_execute,        2 },
	{ step_move,          10 },
	{ step_resize,         5 },
	{ step_brk,            3 },
	{ step_fork,           4 },
	{ step_end,            2 },
};

static void one_step(void)
{
	struct space *s = &spaces[rng_below(&rng, SPACES)];
	unsigned at = rng_below(&rng, 100);

	if (!s->mm)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		if (at < steps[i].weight) {
			steps[i].run(s);
			return;
		}
		at -= steps[i].weight;
	}
}

static void begin(uint32_t seed)
{
	rng_init(&rng, seed);
	nr_objects = 0;
	for (unsigned n = 0; n < SPACES; n++)
		spaces[n].mm = NULL;
	spaces[0].mm = test_mm();
	mm_set_brk_start(spaces[0].mm, UADDR(AT(0)));
	spaces[0].model.brk = 0;
	model_unmap(&spaces[0].model, 0, MODEL_PAGES);
}

static void end(void)
{
	compare_all();
	for (unsigned n = 0; n < SPACES; n++)
		if (spaces[n].mm)
			mm_put(spaces[n].mm);
}

KTEST(vm_random, calls_do_to_pages_what_the_model_says)
{
	unsigned long committed = vm_committed();

	begin(ktest_seed());
	for (unsigned i = 0; i < STEPS; i++) {
		one_step();
		if (i % 128 == 0)
			compare_all();
	}
	end();
	EXPECT_EQ(vm_committed(), committed);
}

KTEST(vm_random, invariants_hold_after_every_call)
{
	unsigned long committed = vm_committed();

	begin(ktest_seed() * 2654435761u + 1);
	for (unsigned i = 0; i < STEPS / 5; i++) {
		one_step();
		EXPECT_NULL(vm_check());
	}
	end();
	EXPECT_EQ(vm_committed(), committed);
}
