// SPDX-License-Identifier: MIT
/*
 * boot_cmdline.c - tests of boot/cmdline.c and boot/boot_info.c: the loader's
 *                  text, and the warnings about it
 */
#include "boot/cmdline.h"

#include "lib/printf.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

static const struct {
	const char *loader, *raw, *want;
} cases[] = {
	/* QEMU puts the path of the image first. */
	{ "qemu", "build/pagoda.elf selftest", "selftest" },
	{ "qemu", "build/pagoda.elf", "" },
	{ "qemu", "build/pagoda.elf ", "" },
	{ "qemu", "/a/b.elf selftest=buddy,slab loglevel=8",
	  "selftest=buddy,slab loglevel=8" },
	{ "qemu", "", "" },
	{ "qemu", NULL, "" },
	/* GRUB 2 and v86 give the words only; v86 names no loader. */
	{ "GRUB 2.06-13+deb12u2", "selftest mem=64M", "selftest mem=64M" },
	{ "", "selftest", "selftest" },
	{ "", "", "" },
	{ "", NULL, "" },
	{ "qemux", "selftest bench", "selftest bench" },
	/* Blanks and bytes that no console should see. */
	{ "", "  a \t b\n\nc\r\n ", "a b c" },
	{ "qemu", "  k.elf   a  ", "a" },
	{ "", "caf\xc3\xa9 \x1b[2J \x7f", "caf?? ?[2J ?" },
};

/* Static: too big for a stack. */
static struct boot_info info;
static char raw[CMDLINE_RAW_MAX + 64];

static void start(const char *loader)
{
	memset(&info, 0, sizeof(info));
	memset(info.cmdline, 'z', sizeof(info.cmdline));
	memset(info.warnings + 1, 'z', sizeof(info.warnings) - 1);
	info.magic = BOOT_INFO_MAGIC;
	info.phys_bits = 32;
	strscpy(info.loader, loader, sizeof(info.loader));
}

KTEST(boot_cmdline, words_are_kept_as_each_loader_gives_them)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		start(cases[i].loader);
		boot_cmdline_set(&info, cases[i].raw);
		EXPECT_STREQ(info.cmdline, cases[i].want);
		EXPECT_EQ(info.warnings[0], 0);
	}
}

KTEST(boot_cmdline, longest_word_that_fits_is_kept_and_one_byte_more_is_not)
{
	start("");
	memset(raw, 'a', BOOT_CMDLINE_MAX - 1);
	raw[BOOT_CMDLINE_MAX - 1] = '\0';
	boot_cmdline_set(&info, raw);
	EXPECT_STREQ(info.cmdline, raw);
	EXPECT_EQ(info.warnings[0], 0);

	start("");   /* and one byte more */
	raw[BOOT_CMDLINE_MAX - 1] = 'a';
	raw[BOOT_CMDLINE_MAX] = '\0';
	boot_cmdline_set(&info, raw);
	EXPECT_STREQ(info.cmdline, "");
	EXPECT(info.warnings[0] != 0);
}

/* The space before the word counts; behind the cut, no word is taken. */
KTEST(boot_cmdline, a_second_word_that_just_fits_and_one_that_does_not)
{
	for (unsigned more = 0; more < 2; more++) {
		unsigned first = 1000, kept = more ? first :
					      BOOT_CMDLINE_MAX - 1;
		unsigned second = BOOT_CMDLINE_MAX - 2 - first + more;
		char want[64];

		start("");
		memset(raw, 'a', first + 1 + second);
		raw[first] = ' ';
		strscpy(raw + first + 1 + second, " c", 3);
		boot_cmdline_set(&info, raw);
		EXPECT_EQ(strlen(info.cmdline), kept);
		snprintf(want, sizeof(want), "command line: too long, cut "
			 "after %u bytes\n", kept);
		EXPECT_STREQ(info.warnings, want);
	}
}

KTEST(boot_cmdline, too_long_is_cut_between_words_and_warned_about)
{
	size_t length;

	start("");
	for (unsigned i = 0; i < BOOT_CMDLINE_MAX + 88; i++)
		raw[i] = "mem=64M "[i % 8];
	raw[BOOT_CMDLINE_MAX + 88] = '\0';
	boot_cmdline_set(&info, raw);

	length = strlen(info.cmdline);
	EXPECT(length < BOOT_CMDLINE_MAX);
	EXPECT(length + 8 >= BOOT_CMDLINE_MAX);
	EXPECT(strcmp(info.cmdline + length - 7, "mem=64M") == 0);
	EXPECT(info.warnings[0] != 0);
	EXPECT_NULL(boot_info_check(&info));
}

KTEST(boot_cmdline, text_without_an_end_is_read_so_far_and_no_further)
{
	start("");
	memset(raw, ' ', sizeof(raw));
	raw[CMDLINE_RAW_MAX - 3] = 'a';
	raw[CMDLINE_RAW_MAX] = 'b';
	boot_cmdline_set(&info, raw);
	EXPECT_STREQ(info.cmdline, "a");
	EXPECT_EQ(info.warnings[0], 0);

	start("");   /* and a word that goes on there is dropped */
	memcpy(raw + CMDLINE_RAW_MAX - 5, "mem=64M", 7);
	boot_cmdline_set(&info, raw);
	EXPECT_STREQ(info.cmdline, "");
	EXPECT(info.warnings[0] != 0);
}

KTEST(boot_cmdline, random_bytes_become_printable_words_with_single_spaces)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 700; i++)
			raw[i] = (char)rng_below(&rng, 256);
		raw[700] = '\0';
		start(round % 2 ? "qemu" : "");
		boot_cmdline_set(&info, raw);
		EXPECT_NULL(boot_info_check(&info));
		EXPECT(info.cmdline[0] != ' ');
		for (const char *c = info.cmdline; *c; c++) {
			EXPECT(*c >= ' ' && *c < 0x7f);
			EXPECT(*c != ' ' || (c[1] != ' ' && c[1] != '\0'));
		}
	}
}

KTEST(boot_cmdline, warnings_are_whole_lines_and_never_overflow)
{
	start("");
	boot_cmdline_set(&info, NULL);
	for (unsigned i = 0; i < 200; i++)
		boot_warn(&info, "line %03u", i);
	EXPECT(strnlen(info.warnings, BOOT_WARNINGS_MAX) < BOOT_WARNINGS_MAX);
	/* "line 000\n" has 9 bytes: 56 lines fit, the 0 included. */
	EXPECT_EQ(strlen(info.warnings), 56 * 9);
	EXPECT(strcmp(info.warnings + 55 * 9, "line 055\n") == 0);
}

KTEST(boot_cmdline, warning_that_just_fits_and_one_that_does_not)
{
	start("");
	boot_cmdline_set(&info, NULL);
	boot_warn(&info, "%*s", BOOT_WARNINGS_MAX - 1, "x");
	EXPECT_EQ(strlen(info.warnings), 0);
	boot_warn(&info, "%*s", BOOT_WARNINGS_MAX - 2, "x");
	EXPECT_EQ(strlen(info.warnings), BOOT_WARNINGS_MAX - 1);
}

static const char *boot_cmdline_suite_check(void)
{
	return boot_info_check(&info);
}

SUITE(boot_cmdline, boot_cmdline_suite_check);
