// SPDX-License-Identifier: MIT
/*
 * handle.c (tests) - tables of handles: rights, badges, growth, leaks
 */
#include "kernel/object/handle.h"
#include "kernel/uapi/pagoda.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "tests/ktest.h"

#define NR_OBJECTS  8

static struct object objects[NR_OBJECTS];
static struct handle_table table;
static unsigned destroyed;
static long open_handles;

static void note_destroy(struct object *object)
{
	destroyed++;
}

static void note_opened(struct object *object, unsigned rights)
{
	open_handles++;
}

static void note_closed(struct object *object, unsigned rights)
{
	open_handles--;
}

static const struct object_ops test_ops = {
	note_destroy, note_opened, note_closed,
};

static const char *check(void)
{
	HOLDS(open_handles == 0, "each handle that was opened is closed");
	return handle_table_check(&table);
}

SUITE(handle, check);

static void set_up(void)
{
	object_type_init(OBJECT_TEST, &test_ops);
	handle_table_init(&table, NULL);
	for (unsigned i = 0; i < NR_OBJECTS; i++)
		object_init(&objects[i], OBJECT_TEST);
	destroyed = 0;
	open_handles = 0;
}

/* Each object has only our reference left: nothing has leaked. */
static void tear_down(void)
{
	handle_table_destroy(&table);
	EXPECT_EQ(destroyed, 0);
	for (unsigned i = 0; i < NR_OBJECTS; i++) {
		EXPECT_EQ(objects[i].refs, 1);
		object_put(&objects[i]);
	}
	EXPECT_EQ(open_handles, 0);
}

/* The result of a lookup; the reference is given back at once. */
static int look(uint32_t handle, enum object_type type, unsigned rights)
{
	struct object *object;
	int err = handle_lookup(&table, handle, type, rights, &object);

	if (!err)
		object_put(object);
	return err;
}

KTEST(handle, numbers_are_small_and_start_at_one)
{
	set_up();
	for (int i = 1; i <= 20; i++)
		EXPECT_EQ(handle_add(&table, &objects[0], RIGHTS_ALL), i);
	EXPECT_NULL(handle_table_check(&table));
	tear_down();
}

KTEST(handle, an_empty_table_takes_no_memory)
{
	struct handle_table empty;

	handle_table_init(&empty, NULL);
	EXPECT(!empty.entries);
	EXPECT_EQ(look(0, OBJECT_ANY, 0), -EBADF);
	EXPECT_EQ(handle_remove(&empty, 1), -EBADF);
	EXPECT_NULL(handle_table_check(&empty));
	handle_table_destroy(&empty);
}

KTEST(handle, lookup_gives_the_object_with_a_reference)
{
	struct object *object = NULL;
	int handle;

	set_up();
	handle = handle_add(&table, &objects[3], RIGHT_SEND);
	EXPECT_EQ(objects[3].refs, 2);
	EXPECT_EQ(handle_lookup(&table, handle, OBJECT_TEST, RIGHT_SEND,
				&object), 0);
	EXPECT(object == &objects[3]);
	EXPECT_EQ(objects[3].refs, 3);
	object_put(object);
	tear_down();
}

KTEST(handle, type_and_rights_are_checked)
{
	int handle;

	set_up();
	handle = handle_add(&table, &objects[0], RIGHT_SEND | RIGHT_READ);
	EXPECT_EQ(look(handle, OBJECT_TEST, RIGHT_SEND), 0);
	EXPECT_EQ(look(handle, OBJECT_ANY, RIGHT_SEND | RIGHT_READ), 0);
	EXPECT_EQ(look(handle, OBJECT_ENDPOINT, RIGHT_SEND), -EINVAL);
	EXPECT_EQ(look(handle, OBJECT_TEST, RIGHT_RECEIVE), -EPERM);
	EXPECT_EQ(look(handle, OBJECT_TEST, RIGHT_SEND | RIGHT_WRITE), -EPERM);
	EXPECT_EQ(look(0, OBJECT_TEST, 0), -EBADF);
	EXPECT_EQ(look(handle + 1, OBJECT_TEST, 0), -EBADF);
	EXPECT_EQ(look(65535, OBJECT_TEST, 0), -EBADF);
	EXPECT_EQ(look(UINT32_MAX, OBJECT_TEST, 0), -EBADF);
	tear_down();
}

KTEST(handle, a_removed_handle_is_gone_and_its_number_free)
{
	int first, second;

	set_up();
	first = handle_add(&table, &objects[0], RIGHTS_ALL);
	second = handle_add(&table, &objects[1], RIGHTS_ALL);
	EXPECT_EQ(handle_remove(&table, first), 0);
	EXPECT_EQ(objects[0].refs, 1);
	EXPECT_EQ(look(first, OBJECT_TEST, 0), -EBADF);
	EXPECT_EQ(handle_remove(&table, first), -EBADF);
	EXPECT_EQ(look(second, OBJECT_TEST, 0), 0);
	EXPECT_EQ(handle_add(&table, &objects[2], RIGHTS_ALL), first);
	tear_down();
}

KTEST(handle, dup_gives_fewer_rights_never_more)
{
	int handle, fewer;

	set_up();
	handle = handle_add(&table, &objects[0],
			    RIGHT_DUP | RIGHT_SEND | RIGHT_READ);
	fewer = handle_dup(&table, handle, RIGHT_SEND, 0);
	REQUIRE(fewer > 0);
	EXPECT_EQ(look(fewer, OBJECT_TEST, RIGHT_SEND), 0);
	EXPECT_EQ(look(fewer, OBJECT_TEST, RIGHT_READ), -EPERM);
	EXPECT_EQ(handle_dup(&table, handle, RIGHT_WRITE, 0), -EPERM);
	EXPECT_EQ(handle_dup(&table, fewer, RIGHT_SEND, 0), -EPERM);
	EXPECT_EQ(handle_dup(&table, 999, 0, 0), -EBADF);
	tear_down();
}

KTEST(handle, a_badge_is_given_once_and_stays)
{
	int handle, badged, copy;
	struct handle_entry entry;

	set_up();
	handle = handle_add(&table, &objects[0], RIGHTS_ALL);
	badged = handle_dup(&table, handle, RIGHTS_ALL, 42);
	REQUIRE(badged > 0);
	copy = handle_dup(&table, badged, RIGHT_SEND, 0);
	REQUIRE(copy > 0);
	EXPECT_EQ(handle_lookup_entry(&table, copy, OBJECT_TEST, RIGHT_SEND,
				      &entry), 0);
	EXPECT_EQ(entry.badge, 42);
	object_put(entry.object);
	EXPECT_EQ(handle_dup(&table, badged, RIGHT_SEND, 43), -EINVAL);
	EXPECT_EQ(handle_dup(&table, handle, RIGHT_SEND, BADGE_MAX + 1),
		  -EINVAL);
	tear_down();
}

KTEST(handle, badges_need_the_right_to_mint)
{
	int handle;

	set_up();
	handle = handle_add(&table, &objects[0], RIGHTS_ALL & ~RIGHT_MINT);
	EXPECT_EQ(handle_dup(&table, handle, RIGHT_SEND, 7), -EPERM);
	tear_down();
}

KTEST(handle, a_full_table_says_so)
{
	set_up();
	for (int i = 1; i <= HANDLE_MAX; i++)
		REQUIRE(handle_add(&table, &objects[0], RIGHT_DUP) == i);
	EXPECT_EQ(handle_add(&table, &objects[0], 0), -ENOSPC);
	EXPECT_EQ(handle_dup(&table, 1, 0, 0), -ENOSPC);
	EXPECT_EQ(objects[0].refs, 1 + HANDLE_MAX);
	EXPECT_NULL(handle_table_check(&table));
	EXPECT_EQ(handle_remove(&table, 77), 0);
	EXPECT_EQ(handle_add(&table, &objects[0], 0), 77);
	tear_down();
}

KTEST(handle, a_copied_table_has_what_may_be_duplicated)
{
	struct handle_table copy;
	int kept, left_out;

	set_up();
	left_out = handle_add(&table, &objects[0], RIGHT_SEND);
	kept = handle_add_badged(&table, &objects[1], RIGHT_DUP | RIGHT_SEND,
				 5);
	handle_table_init(&copy, NULL);
	EXPECT_EQ(handle_table_copy(&copy, &table), 0);
	EXPECT_NULL(handle_table_check(&copy));
	EXPECT_EQ(copy.used, 1);
	EXPECT(copy.entries[kept].object == &objects[1]);
	EXPECT_EQ(copy.entries[kept].badge, 5);
	EXPECT(!copy.entries[left_out].object);
	EXPECT_EQ(handle_add(&copy, &objects[2], 0), left_out);
	EXPECT_EQ(open_handles, 4);
	handle_table_destroy(&copy);
	tear_down();
}

KTEST(handle, copying_an_empty_table_gives_one)
{
	struct handle_table copy;

	set_up();
	handle_table_init(&copy, NULL);
	EXPECT_EQ(handle_table_copy(&copy, &table), 0);
	EXPECT_EQ(copy.used, 0);
	handle_table_destroy(&copy);
	tear_down();
}

static bool fill_and_copy(void *arg)
{
	struct handle_table copy;
	bool done = true;

	handle_table_init(&table, NULL);
	handle_table_init(&copy, NULL);
	for (unsigned i = 0; i < 40; i++)
		done = done && handle_add(&table, &objects[i % NR_OBJECTS],
					  RIGHT_DUP) > 0;
	done = done && handle_table_copy(&copy, &table) == 0;
	handle_table_destroy(&copy);
	handle_table_destroy(&table);
	return done;
}

KTEST(handle, running_out_of_memory_leaks_nothing)
{
	set_up();
	EXPECT(ktest_each_failure(fill_and_copy, NULL) >= 4);
	tear_down();
}

/* The model: the object that each number should name. */
struct model {
	struct object *object[512];
	unsigned       rights[512];
	unsigned       used;
};

static void random_step(struct rng *rng, struct model *model)
{
	uint32_t handle = rng_below(rng, 200);
	struct object *object = &objects[rng_below(rng, NR_OBJECTS)];
	unsigned rights = rng_below(rng, RIGHTS_ALL + 1);
	int result;

	switch (rng_below(rng, 4)) {
	case 0:
		result = handle_add(&table, object, rights);
		break;
	case 1:
		result = handle_dup(&table, handle, rights, 0);
		object = model->object[handle];
		EXPECT((result > 0) == (object &&
			((rights | RIGHT_DUP) & ~model->rights[handle]) == 0));
		break;
	case 2:
		EXPECT_EQ(look(handle, OBJECT_TEST, rights),
			  !model->object[handle] ? -EBADF :
			  rights & ~model->rights[handle] ? -EPERM : 0);
		return;
	default:
		EXPECT_EQ(handle_remove(&table, handle),
			  model->object[handle] ? 0 : -EBADF);
		model->used -= model->object[handle] != NULL;
		model->object[handle] = NULL;
		return;
	}
	if (result <= 0)
		return;
	REQUIRE(result < 512 && !model->object[result]);
	model->object[result] = object;
	model->rights[result] = rights;
	model->used++;
}

KTEST(handle, random_steps_agree_with_a_model)
{
	static struct model model;
	struct rng rng;

	set_up();
	model = (struct model){ .used = 0 };
	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 3000 && model.used < 400; i++) {
		random_step(&rng, &model);
		EXPECT_EQ(table.used, model.used);
		if (i % 64 == 0)
			EXPECT_NULL(handle_table_check(&table));
	}
	tear_down();
}
