// SPDX-License-Identifier: MIT
/*
 * start_stack.c - tests of kernel/loader/start_stack.c
 */
#include "kernel/loader/start_stack.h"

#include "lib/errno.h"
#include "lib/panic.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define TOP  0xc0000000u

static uint8_t buffer[START_STACK_MAX];
static uint8_t noise[START_RANDOM_BYTES];
static struct start_stack stack;
static const struct elf_image elf = {
	.entry = UADDR(0x08048100), .phdr = UADDR(0x08048034), .phnum = 3,
};

static uint32_t word(uint32_t addr)
{
	uint32_t value;

	memcpy(&value, start_stack_at(&stack, UADDR(addr)), 4);
	return value;
}

static const char *text(uint32_t addr)
{
	return (const char *)start_stack_at(&stack, UADDR(addr));
}

static int build(const char *const argv[], const char *const envp[])
{
	memset(buffer, 0xaa, sizeof(buffer));
	for (unsigned i = 0; i < START_RANDOM_BYTES; i++)
		noise[i] = (uint8_t)(i + 1);
	stack = (struct start_stack){ .buffer = buffer, .top = UADDR(TOP) };
	return start_stack_build(&stack, &elf, argv, envp, noise);
}

/* Compare the list of pointers at *at with the texts; move *at behind its 0. */
static const char *texts_check(uint32_t *at, const char *const texts[])
{
	for (; *texts; texts++, *at += 4) {
		HOLDS(word(*at) > stack.esp.v && word(*at) < TOP,
		      "a pointer leads out of the stack");
		HOLDS(!strcmp(text(word(*at)), *texts), "a text is another");
	}
	HOLDS(!word(*at), "the list has no end");
	*at += 4;
	return NULL;
}

/* Find a value of the auxiliary vector, which begins behind the 0 of envp. */
static uint32_t auxv(uint32_t type)
{
	uint32_t at = stack.esp.v + 4;

	while (word(at))
		at += 4;
	at += 4;
	while (word(at))
		at += 4;
	for (at += 4; word(at) != AT_NULL; at += 8)
		if (word(at) == type)
			return word(at + 4);
	return 0xdeadbeef;
}

static const char *stack_check(const char *const argv[],
			       const char *const envp[])
{
	uint32_t at = stack.esp.v, argc = 0;
	const char *law;

	while (argv[argc])
		argc++;
	HOLDS(stack.esp.v % 16 == 0, "start_stack A2: ESP is a multiple of 16");
	HOLDS(word(at) == argc, "argc is wrong");
	at += 4;
	law = texts_check(&at, argv);
	if (!law)
		law = texts_check(&at, envp);
	if (law)
		return law;
	while (word(at) != AT_NULL)
		at += 8;
	HOLDS(!word(at + 4), "the vector's end has a value");
	for (at += 8; at < auxv(AT_RANDOM); at++)
		HOLDS(!*start_stack_at(&stack, UADDR(at)),
		      "a byte that aligns ESP is not 0");
	HOLDS(!word(TOP - 4), "there is no 0 at the top");
	return NULL;
}

KTEST(start_stack, arguments_and_environment_are_found)
{
	static const char *const argv[] = { "prog", "", "third word", NULL };
	static const char *const envp[] = { "A=1", "PATH=/bin", NULL };

	EXPECT_EQ(build(argv, envp), 0);
	EXPECT_NULL(stack_check(argv, envp));
}

KTEST(start_stack, no_arguments_are_a_list_of_none)
{
	static const char *const none[] = { NULL };

	EXPECT_EQ(build(none, none), 0);
	EXPECT_NULL(stack_check(none, none));
	EXPECT_EQ(word(stack.esp.v), 0);
}

KTEST(start_stack, auxiliary_vector_describes_the_program)
{
	static const char *const argv[] = { "prog", NULL };
	static const char *const envp[] = { NULL };

	EXPECT_EQ(build(argv, envp), 0);
	EXPECT_EQ(auxv(AT_PHDR), elf.phdr.v);
	EXPECT_EQ(auxv(AT_PHENT), 32);
	EXPECT_EQ(auxv(AT_PHNUM), 3);
	EXPECT_EQ(auxv(AT_PAGESZ), 4096);
	EXPECT_EQ(auxv(AT_ENTRY), elf.entry.v);
	EXPECT_EQ(auxv(AT_UID), 0);
	EXPECT_EQ(auxv(AT_EUID), 0);
	EXPECT_EQ(auxv(AT_GID), 0);
	EXPECT_EQ(auxv(AT_EGID), 0);
	EXPECT_EQ(auxv(AT_SECURE), 0);
	EXPECT_EQ(auxv(AT_CLKTCK), 100);
	EXPECT_STREQ(text(auxv(AT_EXECFN)), "prog");
	EXPECT(!memcmp(text(auxv(AT_RANDOM)), noise, START_RANDOM_BYTES));
}

/* Bytes of the words below the texts: argc, two lists, auxv. */
static uint32_t words_size(uint32_t argc, uint32_t envc)
{
	uint32_t at = stack.esp.v + (1 + argc + 1 + envc + 1) * 4;

	while (word(at) != AT_NULL)
		at += 8;
	return at + 8 - stack.esp.v;
}

/* The argument grows by one byte each time, until it no longer fits. */
KTEST(start_stack, what_does_not_fit_is_refused_at_the_byte)
{
	static char large[START_STACK_MAX + 64];
	const char *const argv[] = { large, NULL };
	static const char *const envp[] = { NULL };
	unsigned fitting = 0, refused = 0, most;

	/* A second run of this test finds the text of the first. */
	large[0] = '\0';
	EXPECT_EQ(build(argv, envp), 0);
	/* A 0 at the top, the 0 of the text, and room to align ESP. */
	most = START_STACK_MAX - 4 - 1 - START_RANDOM_BYTES - 16 -
	       words_size(1, 0);
	for (unsigned i = START_STACK_MAX - 512; i < START_STACK_MAX + 8; i++) {
		int err;

		memset(large, 'x', i);
		large[i] = '\0';
		err = build(argv, envp);
		EXPECT(err == 0 || err == -E2BIG);
		EXPECT(err || !refused);
		EXPECT_EQ(err == 0, i <= most);
		if (err)
			refused++;
		else
			fitting++;
	}
	EXPECT(fitting > 0 && refused > 0);
}

KTEST(start_stack, too_many_pointers_are_refused)
{
	static const char *many[START_STACK_MAX / 4 + 1];
	static const char *const envp[] = { NULL };

	for (unsigned i = 0; i < START_STACK_MAX / 4; i++)
		many[i] = "";
	EXPECT_EQ(build(many, envp), -E2BIG);
	many[START_STACK_MAX / 8] = NULL;
	EXPECT_EQ(build(many, envp), 0);
	EXPECT_NULL(stack_check(many, envp));
}

KTEST(start_stack, random_lists_come_out_as_they_went_in)
{
	static char texts[16][64];
	const char *argv[9], *envp[9];
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 300; round++) {
		uint32_t argc = rng_below(&rng, 9), envc = rng_below(&rng, 9);

		for (unsigned i = 0; i < 16; i++) {
			uint32_t length = rng_below(&rng, 63);

			memset(texts[i], (int)('a' + i), length);
			texts[i][length] = '\0';
		}
		for (unsigned i = 0; i < 9; i++) {
			argv[i] = i < argc ? texts[i] : NULL;
			envp[i] = i < envc ? texts[15 - i] : NULL;
		}
		EXPECT_EQ(build(argv, envp), 0);
		EXPECT_NULL(stack_check(argv, envp));
	}
}

static const char *start_stack_suite_check(void)
{
	static const char *const argv[] = { "prog", "x", NULL };

	if (build(argv, argv))
		return "a small list does not fit";
	return stack_check(argv, argv);
}

SUITE(start_stack, start_stack_suite_check);
