// SPDX-License-Identifier: MIT
/*
 * program.c - tests of kernel/start/program.c: words of program=
 */
#include "kernel/start/program.h"

#include "lib/panic.h"
#include "lib/string.h"
#include "tests/ktest.h"

static char text[128];
static const char *argv[PROGRAM_ARGS_MAX];

static unsigned split(const char *words)
{
	strscpy(text, words, sizeof(text));
	return program_split(text, argv);
}

KTEST(program, commas_separate_arguments)
{
	EXPECT_EQ(split("busybox,echo,a,,b"), 5);
	EXPECT_STREQ(argv[0], "busybox");
	EXPECT_STREQ(argv[2], "a");
	EXPECT_STREQ(argv[3], "");
	EXPECT_STREQ(argv[4], "b");
	EXPECT(!argv[5]);
	EXPECT_EQ(split("alone"), 1);
}

KTEST(program, percent_stands_for_any_character)
{
	EXPECT_EQ(split("sh,-c,echo%20a%2Cb%25"), 3);
	EXPECT_STREQ(argv[2], "echo a,b%");
}

KTEST(program, broken_words_are_refused)
{
	EXPECT_EQ(split(""), 0);
	EXPECT_EQ(split(",a"), 0);
	EXPECT_EQ(split("a,%2"), 0);
	EXPECT_EQ(split("a,%zz"), 0);
	EXPECT_EQ(split("a,%"), 0);
	EXPECT_EQ(split("a,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"), 0);
}

static const char *program_suite_check(void)
{
	HOLDS(split("a,b") == 2, "two words are two");
	return NULL;
}

SUITE(program, program_suite_check);
