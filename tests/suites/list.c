// SPDX-License-Identifier: MIT
/*
 * list.c - rings of links against an array
 */
#include "lib/list.h"

#include "lib/panic.h"
#include "lib/random.h"
#include "tests/ktest.h"

static unsigned long list_count(const struct list_head *head)
{
	const struct list_head *pos;
	unsigned long n = 0;

	list_for_each(pos, head)
		n++;
	return n;
}

#define ITEMS  32u

struct item {
	unsigned         value;
	struct list_head link;
};

static LIST_HEAD(list);
static struct item items[ITEMS];

/* Links go both ways, and no ring has more members than there are items. */
static const char *suite_check(void)
{
	const struct list_head *pos;
	unsigned n = 0;

	list_for_each(pos, &list) {
		HOLDS(pos->next->prev == pos && pos->prev->next == pos,
		      "list L1: both neighbours of a member point back at it");
		HOLDS(++n <= ITEMS, "list L2: the ring closes");
	}
	return NULL;
}

SUITE(list, suite_check);

static void init(void)
{
	list_init(&list);
	for (unsigned i = 0; i < ITEMS; i++)
		items[i].value = i;
}

/* The values in order, as decimal digits; items above 9 are not used here. */
static unsigned digits(const struct list_head *head)
{
	const struct item *item;
	unsigned n = 0;

	list_for_each_entry(item, head, link)
		n = n * 10 + item->value;
	return n;
}

KTEST(list, a_new_list_is_empty)
{
	LIST_HEAD(head);

	EXPECT(list_empty(&head));
	EXPECT_EQ(list_count(&head), 0);
	EXPECT_EQ(digits(&head), 0);
}

KTEST(list, members_are_added_at_both_ends)
{
	init();
	list_add(&items[2].link, &list);
	list_add(&items[1].link, &list);
	list_add_tail(&items[3].link, &list);
	EXPECT_EQ(digits(&list), 123);
	EXPECT(list_first_entry(&list, struct item, link) == &items[1]);
	EXPECT(list_last_entry(&list, struct item, link) == &items[3]);
	EXPECT_NULL(suite_check());
}

KTEST(list, a_member_leaves_without_knowing_its_list)
{
	init();
	for (unsigned i = 1; i <= 4; i++)
		list_add_tail(&items[i].link, &list);
	list_del(&items[1].link);
	list_del_init(&items[3].link);
	EXPECT(list_empty(&items[3].link));
	EXPECT_EQ(digits(&list), 24);
	list_move(&items[4].link, &list);
	EXPECT_EQ(digits(&list), 42);
	list_move_tail(&items[4].link, &list);
	EXPECT_EQ(digits(&list), 24);
}

KTEST(list, splice_moves_all_members_to_the_front)
{
	LIST_HEAD(other);

	init();
	list_splice_init(&other, &list);
	EXPECT(list_empty(&list) && list_empty(&other));
	list_add_tail(&items[3].link, &list);
	list_add_tail(&items[1].link, &other);
	list_add_tail(&items[2].link, &other);
	list_splice_init(&other, &list);
	EXPECT(list_empty(&other));
	EXPECT_EQ(digits(&list), 123);
	EXPECT_NULL(suite_check());
}

KTEST(list, members_may_leave_during_a_safe_walk)
{
	struct item *item, *next;

	init();
	for (unsigned i = 1; i <= 6; i++)
		list_add_tail(&items[i].link, &list);
	list_for_each_entry_safe(item, next, &list, link) {
		if (item->value % 2)
			list_del(&item->link);
	}
	EXPECT_EQ(digits(&list), 246);
}

/* The model: the indices in order. */
static unsigned order[ITEMS], members;

static void order_remove(unsigned i)
{
	unsigned at = 0;

	while (order[at] != i)
		at++;
	for (members--; at < members; at++)
		order[at] = order[at + 1];
}

static void order_insert(unsigned at, unsigned i)
{
	for (unsigned n = members++; n > at; n--)
		order[n] = order[n - 1];
	order[at] = i;
}

static void compare_with_order(void)
{
	const struct item *item;
	unsigned n = 0;

	EXPECT_EQ(list_count(&list), members);
	list_for_each_entry(item, &list, link) {
		EXPECT_EQ(item->value, order[n]);
		n++;
	}
}

KTEST(list, random_operations_agree_with_an_array)
{
	bool on[ITEMS] = { false };
	struct rng rng;

	init();
	members = 0;
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 2000; step++) {
		unsigned i = rng_below(&rng, ITEMS);
		bool front = rng_below(&rng, 2);

		if (on[i])
			order_remove(i);
		if (on[i] && rng_below(&rng, 2)) {
			list_del(&items[i].link);
			on[i] = false;
		} else {
			if (on[i])
				list_del_init(&items[i].link);
			if (front)
				list_add(&items[i].link, &list);
			else
				list_add_tail(&items[i].link, &list);
			order_insert(front ? 0 : members, i);
			on[i] = true;
		}
		compare_with_order();
	}
}
