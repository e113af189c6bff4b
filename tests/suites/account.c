// SPDX-License-Identifier: MIT
/*
 * account.c - tests of mm/account/: who pays, and up to which limit
 */
#include "mm/account/account.h"

#include "lib/errno.h"
#include "lib/preempt.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define KIND  ACCOUNT_OBJECTS

static struct account *top, *middle, *leaf;

static bool set_up(void)
{
	top = account_create(NULL);
	middle = top ? account_create(top) : NULL;
	leaf = middle ? account_create(middle) : NULL;
	return leaf;
}

static void tear_down(void)
{
	account_put(leaf);
	account_put(middle);
	account_put(top);
}

static void count_nothing(void)
{
}

static const char *check(void)
{
	return account_check(count_nothing);
}

SUITE(account, check);

KTEST(account, a_charge_counts_for_all_above)
{
	uint32_t depth = preempt_depth();

	REQUIRE(set_up());
	EXPECT(account_charge(leaf, KIND, 3));
	EXPECT(account_charge(middle, KIND, 4));
	EXPECT_EQ(preempt_depth(), depth);
	EXPECT_EQ(top->used[KIND], 7);
	EXPECT_EQ(middle->used[KIND], 7);
	EXPECT_EQ(leaf->used[KIND], 3);
	EXPECT_EQ(middle->own[KIND], 4);
	EXPECT_EQ(top->own[KIND], 0);
	EXPECT_NULL(account_check(count_nothing));
	account_uncharge(middle, KIND, 4);
	account_uncharge(leaf, KIND, 3);
	EXPECT_EQ(preempt_depth(), depth);
	EXPECT_EQ(top->used[KIND], 0);
	tear_down();
}

KTEST(account, a_refused_charge_leaves_all_as_it_was)
{
	REQUIRE(set_up());
	top->limit[KIND] = 8;
	middle->limit[KIND] = ACCOUNT_UNLIMITED;
	EXPECT(account_charge(leaf, KIND, 5));
	EXPECT(!account_charge(leaf, KIND, 3));
	EXPECT_EQ(top->used[KIND], 5);
	EXPECT_EQ(middle->used[KIND], 5);
	EXPECT_EQ(leaf->used[KIND], 5);
	EXPECT_EQ(leaf->own[KIND], 5);
	EXPECT_EQ(leaf->refused, 1);
	EXPECT_NULL(account_check(count_nothing));
	account_uncharge(leaf, KIND, 5);
	tear_down();
}

KTEST(account, the_last_eighth_is_not_for_those_below)
{
	REQUIRE(set_up());
	top->limit[KIND] = 80;
	EXPECT(account_charge(leaf, KIND, 70));
	EXPECT(!account_charge(leaf, KIND, 1));
	EXPECT(!account_charge(middle, KIND, 1));
	EXPECT(account_charge(top, KIND, 10));
	EXPECT(!account_charge(top, KIND, 1));
	account_uncharge(top, KIND, 10);
	account_uncharge(leaf, KIND, 70);
	tear_down();
}

KTEST(account, limits_begin_as_the_defaults_and_never_above_the_makers)
{
	unsigned long before[ACCOUNT_NR_KINDS];
	struct account *strict;

	memcpy(before, account_defaults, sizeof(before));
	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++)
		account_defaults[kind] = 100 + kind;
	REQUIRE(set_up());
	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++) {
		EXPECT_EQ(top->limit[kind], ACCOUNT_UNLIMITED);
		EXPECT_EQ(top->hard[kind], ACCOUNT_UNLIMITED);
		EXPECT_EQ(middle->limit[kind], 100 + kind);
		EXPECT_EQ(middle->hard[kind], 100 + kind);
		account_set_limit(middle, kind, 50 + kind);
		EXPECT_EQ(account_change_limit(middle, kind, 7 + kind,
					       50 + kind), 0);
	}
	strict = account_create(middle);
	memcpy(account_defaults, before, sizeof(before));
	REQUIRE(strict);
	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++) {
		EXPECT_EQ(strict->limit[kind], 7 + kind);
		EXPECT_EQ(strict->hard[kind], 50 + kind);
	}
	account_put(strict);
	tear_down();
}

KTEST(account, a_limit_is_lowered_by_anybody_and_raised_by_nobody)
{
	/*        limit  hard  answer      before: limit 50, hard 100       */
	static const struct {
		unsigned long limit, hard;
		int           err;
	} cases[] = {
		{ 0,     0,    0       },
		{ 100,   100,  0       },
		{ 100,   99,   -EINVAL },
		{ 0,     101,  -EPERM  },
		{ 102,   101,  -EINVAL },
	};

	REQUIRE(set_up());
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		account_set_limit(leaf, KIND, 100);
		EXPECT_EQ(account_change_limit(leaf, KIND, 50, 100), 0);
		EXPECT_EQ(account_change_limit(leaf, KIND, cases[i].limit,
					       cases[i].hard), cases[i].err);
		EXPECT_EQ(leaf->limit[KIND],
			  cases[i].err ? 50 : cases[i].limit);
		EXPECT_EQ(leaf->hard[KIND], cases[i].err ? 100 : cases[i].hard);
	}
	/* account_set_limit() raises the hard limit, too. */
	account_set_limit(leaf, KIND, 1000);
	EXPECT_EQ(leaf->limit[KIND], 1000);
	EXPECT_EQ(leaf->hard[KIND], 1000);
	tear_down();
}

KTEST(account, those_below_are_known_and_their_promises_summed)
{
	struct account *other = account_create(NULL);

	REQUIRE(set_up() && other);
	EXPECT(account_is_below(leaf, top));
	EXPECT(account_is_below(leaf, leaf));
	EXPECT(!account_is_below(top, leaf));
	EXPECT(!account_is_below(leaf, other));
	EXPECT(!account_is_below(NULL, top));
	account_promised(top, 1);
	account_promised(middle, 10);
	account_promised(leaf, 100);
	account_promised(other, 1000);
	EXPECT_EQ(account_promised_below(top), 111);
	EXPECT_EQ(account_promised_below(middle), 110);
	account_promised(leaf, (uint32_t)-100);
	EXPECT_EQ(account_promised_below(middle), 10);
	account_put(other);
	tear_down();
}

KTEST(account, each_kind_has_a_name_and_what_is_used_its_cost)
{
	unsigned long bytes = 0;

	REQUIRE(set_up());
	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++) {
		account_set_limit(leaf, kind, ACCOUNT_UNLIMITED);
		account_set_limit(middle, kind, ACCOUNT_UNLIMITED);
		EXPECT(account_charge(leaf, kind, kind + 1));
		bytes += (kind + 1) * account_kind_bytes(kind);
		for (unsigned other = 0; other < kind; other++)
			EXPECT(strcmp(account_kind_name(kind),
				      account_kind_name(other)));
	}
	EXPECT_EQ(account_own_bytes(leaf), bytes);
	EXPECT_EQ(account_own_bytes(middle), 0);
	EXPECT_EQ(account_own_bytes(NULL), 0);
	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++)
		account_uncharge(leaf, kind, kind + 1);
	tear_down();
}

/* A reference that is lost here would keep the parent for ever. */
static bool create_below_top(void *arg)
{
	unsigned refs = top->refs;
	struct account *account = account_create(top);

	EXPECT_EQ(top->refs, account ? refs + 1 : refs);
	account_put(account);
	EXPECT_EQ(top->refs, refs);
	return account;
}

KTEST(account, one_that_cannot_be_made_leaves_its_parent_alone)
{
	REQUIRE(set_up());
	EXPECT(ktest_each_failure(create_below_top, NULL) >= 1);
	tear_down();
}

KTEST(account, deep_descendants_share_an_account)
{
	struct account *chain[ACCOUNT_DEPTH_MAX + 4];

	chain[0] = account_create(NULL);
	for (unsigned i = 1; i < ARRAY_SIZE(chain); i++) {
		chain[i] = account_create(chain[i - 1]);
		REQUIRE(chain[i]);
		EXPECT_EQ(chain[i] == chain[i - 1], i > ACCOUNT_DEPTH_MAX);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(chain); i++)
		account_put(chain[i]);
}

KTEST(account, an_account_lives_as_long_as_those_below)
{
	REQUIRE(set_up());
	EXPECT(account_charge(leaf, KIND, 2));
	account_put(top);
	account_put(middle);
	EXPECT_EQ(leaf->parent->parent->used[KIND], 2);
	account_uncharge(leaf, KIND, 2);
	account_put(leaf);
}

KTEST(account, nobody_pays_for_the_kernel)
{
	EXPECT(account_charge(NULL, KIND, 1000000));
	account_uncharge(NULL, KIND, 1000000);
	account_put(NULL);
}

static void uncharge_too_much(void *arg)
{
	account_uncharge(arg, KIND, 2);
}

KTEST(account, no_count_goes_below_zero)
{
	REQUIRE(set_up());
	EXPECT(account_charge(leaf, KIND, 1));
	EXPECT_PANIC(uncharge_too_much, leaf, "before >= n");
	leaf->own[KIND] = 1;
	account_uncharge(leaf, KIND, 1);
	tear_down();
}

static void put_last(void *arg)
{
	account_put(arg);
}

KTEST(account, an_account_with_charges_cannot_go)
{
	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++) {
		struct account *account = account_create(NULL);

		REQUIRE(account);
		EXPECT(account_charge(account, kind, 1));
		EXPECT_PANIC(put_last, account, "!account->used[kind]");
		account->refs = 1;
		account_uncharge(account, kind, 1);
		account_put(account);
	}
}

static void count_an_area_too_many(void)
{
	account_seen(leaf, ACCOUNT_AREAS, 1);
}

static enum account_kind kind_seen;

static void count_one_too_many(void)
{
	account_seen(leaf, kind_seen, 1);
}

/* Of these three kinds, the checkers of the kernel do not find all things. */
KTEST(account, check_compares_the_kinds_that_can_be_counted)
{
	REQUIRE(set_up());
	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++) {
		const char *law;

		kind_seen = kind;
		law = account_check(count_one_too_many);
		if (kind == ACCOUNT_OBJECTS || kind == ACCOUNT_ARRAYS ||
		    kind == ACCOUNT_DMA)
			EXPECT_NULL(law);
		else
			EXPECT_LAW(law, "account K2");
		EXPECT(account_charge(leaf, kind, 1));
		EXPECT_NULL(account_check(count_one_too_many));
		account_uncharge(leaf, kind, 1);
	}
	tear_down();
}

KTEST(account, check_finds_each_broken_law)
{
	REQUIRE(set_up());
	EXPECT_NULL(account_check(count_nothing));
	middle->used[KIND]++;
	EXPECT_STREQ(account_check(count_nothing),
		     "account K1: used is own and what those below use");
	middle->used[KIND]--;
	EXPECT_STREQ(account_check(count_an_area_too_many),
		     "account K2: what there is has been charged");
	leaf->refs = 0;   /* about to be freed: no fault yet */
	EXPECT_NULL(account_check(count_nothing));
	EXPECT(account_charge(leaf, KIND, 1));
	EXPECT_STREQ(account_check(count_nothing),
		     "account K3: an account without references has nothing");
	account_uncharge(leaf, KIND, 1);
	leaf->refs = 1;
	EXPECT_NULL(account_check(count_nothing));
	tear_down();
}
