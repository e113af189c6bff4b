// SPDX-License-Identifier: MIT
/*
 * object.c (tests) - references, and the end of an object
 */
#include "kernel/object/object.h"
#include "tests/ktest.h"

SUITE(object, object_check);

static unsigned destroyed, opened, closed;
static struct object *last;

static void note_destroy(struct object *object)
{
	destroyed++;
	last = object;
}

static void note_opened(struct object *object, unsigned rights)
{
	opened += rights;
}

static void note_closed(struct object *object, unsigned rights)
{
	closed += rights;
}

static const struct object_ops counting_ops = {
	note_destroy, note_opened, note_closed,
};

static void new_object(struct object *object)
{
	object_type_init(OBJECT_TEST, &counting_ops);
	object_init(object, OBJECT_TEST);
	destroyed = opened = closed = 0;
	last = NULL;
}

KTEST(object, the_last_put_destroys_and_no_other)
{
	struct object object;

	new_object(&object);
	object_get(&object);
	object_get(&object);
	object_put(&object);
	object_put(&object);
	EXPECT_EQ(destroyed, 0);
	object_put(&object);
	EXPECT_EQ(destroyed, 1);
	EXPECT(last == &object);
}

KTEST(object, putting_nothing_does_nothing)
{
	object_put(NULL);
}

KTEST(object, objects_are_counted_by_type)
{
	unsigned long all = object_count(OBJECT_ANY);
	unsigned long ours = object_count(OBJECT_TEST);
	struct object object;

	new_object(&object);
	EXPECT_EQ(object_count(OBJECT_ANY), all + 1);
	EXPECT_EQ(object_count(OBJECT_TEST), ours + 1);
	object_put(&object);
	EXPECT_EQ(object_count(OBJECT_ANY), all);
	EXPECT_EQ(object_count(OBJECT_TEST), ours);
}

KTEST(object, a_type_hears_of_its_handles)
{
	struct object object;

	new_object(&object);
	object_opened(&object, 5);
	object_closed(&object, 3);
	EXPECT_EQ(opened, 5);
	EXPECT_EQ(closed, 3);
	object_put(&object);
}

KTEST(object, a_type_need_not_listen)
{
	static const struct object_ops deaf_ops = { note_destroy, NULL, NULL };
	struct object object;

	new_object(&object);
	object_type_init(OBJECT_TEST, &deaf_ops);
	object_opened(&object, 1);
	object_closed(&object, 1);
	object_put(&object);
	EXPECT_EQ(destroyed, 1);
	EXPECT_EQ(opened + closed, 0);
}

KTEST(object, every_type_has_a_name)
{
	EXPECT_STREQ(object_type_name(OBJECT_ENDPOINT), "endpoint");
	for (unsigned i = 0; i < OBJECT_NR_TYPES; i++)
		EXPECT(object_type_name((enum object_type)i) != NULL);
}

static void put_dead(void *arg)
{
	object_put(arg);
}

static void get_dead(void *arg)
{
	object_get(arg);
}

KTEST(object, a_reference_to_a_dead_object_is_caught)
{
	struct object object = { .type = OBJECT_TEST };

	EXPECT_PANIC(put_dead, &object, "before > 0");
	object.refs = 0;
	EXPECT_PANIC(get_dead, &object, "before > 0");
}
