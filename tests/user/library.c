// SPDX-License-Identifier: MIT
/*
 * library.c - what user/lib/ itself does: memory by the byte, the environment,
 *             the auxiliary vector
 */
#include "lib/random.h"
#include "tests/user/utest.h"
#include "user/lib/malloc.h"

/* ---- malloc(), calloc(), free() ------------------------------------------ */

#define SLOTS  64u
#define STEPS  4000u
#define LARGE  (300u << 10)   /* more than the allocator asks for at once */

static struct {
	uint8_t *p;
	uint32_t size;
} slots[SLOTS];

static uint8_t pattern(uint32_t slot, uint32_t at)
{
	return (uint8_t)(slot * 31 + at);
}

/* Is every byte of the slot as it was written? */
static bool slot_is_whole(uint32_t slot)
{
	for (uint32_t i = 0; i < slots[slot].size; i++) {
		if (slots[slot].p[i] != pattern(slot, i))
			return false;
	}
	return true;
}

static void slot_fill(uint32_t slot, uint32_t size)
{
	slots[slot].p = malloc(size);
	slots[slot].size = size;
	EXPECT(slots[slot].p);
	EXPECT_EQ((uintptr_t)slots[slot].p % 16, 0);
	for (uint32_t i = 0; i < size; i++)
		slots[slot].p[i] = pattern(slot, i);
}

static void slot_free(uint32_t slot)
{
	EXPECT(slot_is_whole(slot));
	free(slots[slot].p);
	slots[slot].p = NULL;
}

UTEST(random_mallocs_keep_the_laws_and_each_others_bytes)
{
	struct rng rng;

	rng_init(&rng, 7);
	for (uint32_t step = 0; step < STEPS && !utest_failures; step++) {
		uint32_t slot = rng_below(&rng, SLOTS);
		uint32_t size = rng_below(&rng, step % 100 ? 700 : LARGE);

		if (slots[slot].p)
			slot_free(slot);
		else
			slot_fill(slot, size);
		EXPECT(!malloc_check());
	}
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		if (slots[slot].p)
			slot_free(slot);
	}
	EXPECT(!malloc_check());
}

UTEST(what_is_freed_is_one_block_again)
{
	char *all = malloc(100u << 10), *parts[10];

	for (uint32_t i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i] = malloc(5u << 10);
	free(all);
	for (uint32_t i = 0; i < ARRAY_SIZE(parts); i += 2)
		free(parts[i]);
	for (uint32_t i = 1; i < ARRAY_SIZE(parts); i += 2)
		free(parts[i]);
	EXPECT(!malloc_check());
	EXPECT(malloc(140u << 10) <= (void *)all);
}

UTEST(lengths_that_no_memory_has_are_refused)
{
	EXPECT(!malloc(SIZE_MAX));
	EXPECT(!malloc(SIZE_MAX / 2 + 1));
	EXPECT(!calloc(SIZE_MAX / 4 + 2, 4));
	EXPECT(!calloc(4, SIZE_MAX / 4 + 2));
	free(NULL);
	EXPECT(!malloc_check());
}

UTEST(calloc_gives_zeroes_where_something_else_was)
{
	uint8_t *p = malloc(3000), sum = 0;

	memset(p, 0xff, 3000);
	free(p);
	p = calloc(100, 30);
	for (uint32_t i = 0; i < 3000; i++)
		sum |= p[i];
	EXPECT_EQ(sum, 0);
	free(p);
}

/* ---- environment, auxiliary vector --------------------------------------- */

static const struct {
	const char *name, *text;
} variables[] = {
	{ "A", "1" }, { "AB", "2" }, { "EMPTY", "" }, { "WITH", "x=y" },
	{ "", NULL }, { "B", NULL }, { "ABC", NULL }, { "A=1", NULL },
	{ "WITH=x", "y" },
};

UTEST(getenv_finds_whole_names)
{
	static char *mine[] = { "A=1", "AB=2", "EMPTY=", "WITH=x=y", "NONE",
				NULL };
	char **before = environ;

	environ = mine;
	for (uint32_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *got = getenv(variables[i].name);

		EXPECT_EQ(!got, !variables[i].text);
		if (got && variables[i].text)
			EXPECT(!strcmp(got, variables[i].text));
	}
	environ = before;
}

UTEST(the_auxiliary_vector_is_that_of_this_program)
{
	EXPECT_EQ(auxv_value(AT_PAGESZ), PAGE);
	EXPECT_EQ(auxv_value(AT_PHENT), 32);
	EXPECT_EQ(auxv_value(AT_PHDR), 0x08048000 + 52);
	EXPECT(auxv_value(AT_ENTRY) > auxv_value(AT_PHDR));
	EXPECT(auxv_value(AT_RANDOM) != 0);
	EXPECT_EQ(auxv_value(0x7fffffff), 0);
}
