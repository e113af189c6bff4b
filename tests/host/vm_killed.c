// SPDX-License-Identifier: MIT
/*
 * vm_killed.c (host) - a kill ends long operations, at each of their looks
 *
 * WHAT     Copies, populates and forks look for a kill again and again. Here
 *          the kill comes at each of these looks in turn. The operation ends
 *          with -EINTR, has done what lies before the look, and keeps nothing.
 */
#include "lib/string.h"
#include "tests/host/host.h"
#include "tests/suites/vm_test.h"

SUITE(vm_killed, vm_check);

#define NR_PAGES   4u
#define FAR        16u                     /* page of the large area          */
#define FAR_PAGES  (130u << (20 - PAGE_SHIFT))   /* three steps of a fork     */

static char bytes[NR_PAGES * PAGE_SIZE];

static int read_all(struct mm *mm)
{
	return mm_read(mm, UADDR(AT(0)), bytes, sizeof(bytes));
}

static int write_all(struct mm *mm)
{
	return mm_write(mm, UADDR(AT(0)), bytes, sizeof(bytes), false);
}

static int populate_all(struct mm *mm)
{
	return mm_populate(mm, UADDR(AT(0)), UADDR(AT(NR_PAGES)), VM_WRITE,
			   true);
}

/* The mark stays: the pages are touched last. */
static int lock_all(struct mm *mm)
{
	return (int)mm_mlock(mm, UADDR(AT(0)), PAGES(NR_PAGES));
}

static int fork_all(struct mm *mm)
{
	struct mm *child;
	int err = mm_fork(mm, &child);

	if (!err)
		mm_put(child);
	return err;
}

/*        call           looks, when no kill comes                            */
static const struct operation {
	int    (*call)(struct mm *mm);
	unsigned looks;
} operations[] = {
	{ read_all,     NR_PAGES - 1 },
	{ write_all,    NR_PAGES - 1 },
	{ populate_all, NR_PAGES },
	{ lock_all,     NR_PAGES },
	/* Each of two areas: of one step, and of three. */
	{ fork_all,     2 + 1 + 3 },
};

static struct mm *small_and_large(void)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, NR_PAGES, PROT_RW);
	/* This is larger than the RAM of some machines. */
	EXPECT_IS(mm_mmap(mm, UADDR(AT(FAR)), PAGES(FAR_PAGES), PROT_RW,
			  ANON_FIXED | MAP_NORESERVE),
		  AT(FAR));
	test_fill(mm, 0, 1, 1);
	test_fill(mm, FAR, 1, 1);
	return mm;
}

static void kill_at(const struct operation *op, unsigned look)
{
	struct mm *mm = small_and_large();
	int err;

	host_kill_at(look);
	err = op->call(mm);
	EXPECT_EQ(err, look < op->looks ? -EINTR : 0);
	EXPECT_EQ(host_kill_looks(), MIN(look + 1, op->looks));
	host_kill_at(HOST_NEVER);
	EXPECT_NULL(vm_check());
	EXPECT_EQ(fork_all(mm), 0);
	test_end(mm);
}

KTEST(vm_killed, at_each_look_of_each_operation)
{
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++)
		for (unsigned k = 0; k <= operations[i].looks; k++)
			kill_at(&operations[i], k);
}

/* What was written before the kill stays; nothing behind it is written. */
KTEST(vm_killed, a_copy_ends_within_a_page)
{
	struct mm *mm = small_and_large();

	memset(bytes, 7, sizeof(bytes));
	host_kill_at(1);
	EXPECT_EQ(write_all(mm), -EINTR);
	host_kill_at(HOST_NEVER);
	EXPECT_EQ(peek(mm, AT(2) - 1), 7);
	EXPECT_EQ(peek(mm, AT(2)), 0);
	test_end(mm);
}
