// SPDX-License-Identifier: MIT
/*
 * cpio.c - tests of kernel/loader/cpio.c
 *
 * WHAT     Writes archives as cpio(1) does, reads them back, cuts them, spoils
 *          them.
 */
#include "kernel/loader/cpio.h"

#include "lib/align.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define ARCHIVE_MAX  2048u
#define HEADER_SIZE  110u
#define SPOILS       3000

static uint8_t archive[ARCHIVE_MAX];
static size_t archive_size;

static void pad(void)
{
	while (archive_size % 4)
		archive[archive_size++] = 0;
}

static void put(const void *data, size_t size)
{
	memcpy(archive + archive_size, data, size);
	archive_size += size;
}

static void add(const char *name, uint32_t mode, const char *text)
{
	uint32_t name_size = (uint32_t)strlen(name) + 1;
	uint32_t size = (uint32_t)strlen(text);
	char header[HEADER_SIZE + 1];

	snprintf(header, sizeof(header),
		 "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		 1u, mode, 0u, 0u, 1u, 0u, size, 0u, 0u, 0u, 0u, name_size, 0u);
	put(header, HEADER_SIZE);
	put(name, name_size);
	pad();
	put(text, size);
	pad();
}

static void start(void)
{
	memset(archive, 0, sizeof(archive));
	archive_size = 0;
	add(".", CPIO_MODE_DIR | 0755, "");
	add("init", CPIO_MODE_FILE | 0755, "first program");
	add("./bin", CPIO_MODE_DIR | 0755, "");
	add("./bin/sh", CPIO_MODE_FILE | 0755, "a shell");
	add("/etc/motd", CPIO_MODE_FILE | 0644, "");
	add("TRAILER!!!", 0, "");
}

/* Read all files; their names and data must lie in the archive. */
static unsigned read_all(struct cpio *cpio, const uint8_t *data, size_t size)
{
	struct cpio_file file;
	unsigned nr = 0;

	cpio_open(cpio, data, size);
	while (cpio_next(cpio, &file)) {
		const uint8_t *name = (const uint8_t *)file.name;

		EXPECT(name >= data && name < data + size);
		EXPECT(strnlen(file.name, CPIO_NAME_MAX) < CPIO_NAME_MAX);
		EXPECT(file.data >= data && file.data <= data + size);
		EXPECT(file.size <= (size_t)(data + size - file.data));
		nr++;
	}
	EXPECT(cpio->ended || cpio->broken);
	return nr;
}

static void expect_broken(const char *reason)
{
	struct cpio cpio;

	read_all(&cpio, archive, archive_size);
	EXPECT_STREQ(cpio.broken ? cpio.broken : "read", reason);
	start();
}

KTEST(cpio, files_come_in_their_order)
{
	static const char *const names[] = { ".", "init", "bin", "bin/sh",
					     "etc/motd" };
	struct cpio cpio;
	struct cpio_file file;

	start();
	cpio_open(&cpio, archive, archive_size);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		REQUIRE(cpio_next(&cpio, &file));
		EXPECT_STREQ(file.name, names[i]);
	}
	EXPECT(!cpio_next(&cpio, &file));
	EXPECT(cpio.ended);
	EXPECT_NULL(cpio.broken);
	EXPECT(!cpio_next(&cpio, &file));
}

KTEST(cpio, file_is_found_with_its_bytes)
{
	struct cpio_file file;

	start();
	REQUIRE(cpio_find(archive, archive_size, "init", &file));
	EXPECT_EQ(file.size, 13);
	EXPECT(!memcmp(file.data, "first program", 13));
	EXPECT_EQ(file.mode, CPIO_MODE_FILE | 0755);
	EXPECT(cpio_find(archive, archive_size, "/bin/sh", &file));
	EXPECT(cpio_find(archive, archive_size, "etc/motd", &file));
	EXPECT_EQ(file.size, 0);
	EXPECT(!cpio_find(archive, archive_size, "bin", &file));
	EXPECT(!cpio_find(archive, archive_size, "ini", &file));
	EXPECT(!cpio_find(archive, archive_size, "TRAILER!!!", &file));
}

KTEST(cpio, broken_archives_are_told_apart)
{
	start();
	memcpy(archive + 108, "zz", 2);
	expect_broken("a header has something else than hex digits");
	archive[5] = '2';
	expect_broken("not cpio's newc format");
	memcpy(archive + 54, "ffffffff", 8);
	expect_broken("a file lies beyond the end");
	memcpy(archive + 94, "ffffffff", 8);
	expect_broken("a name lies beyond the end");
	memcpy(archive + 94, "00000000", 8);
	expect_broken("a name is too long or not ended");
	memcpy(archive + 94, "00000001", 8);
	expect_broken("a name is too long or not ended");
	memcpy(archive + 94, "00000200", 8);
	expect_broken("a name is too long or not ended");
	archive_size = 0;
	expect_broken("ends without a trailer");
}

/* The neighbours of the hex digits, in the first and the last place. */
KTEST(cpio, a_header_has_hex_digits_and_no_others)
{
	static const char right[] = "09afAF";
	static const char wrong[] = "/:@G`gzZ -";
	static const unsigned places[] = { 6, 6 + 5, HEADER_SIZE - 1 };
	struct cpio cpio;

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		for (const char *digit = right; *digit; digit++) {
			start();
			archive[places[i]] = (uint8_t)*digit;
			EXPECT_EQ(read_all(&cpio, archive, archive_size), 5);
			EXPECT_NULL(cpio.broken);
		}
		for (const char *digit = wrong; *digit; digit++) {
			start();
			archive[places[i]] = (uint8_t)*digit;
			expect_broken("a header has something else than hex digits");
		}
	}
}

/* The archive ends with the padding, the 0, or the name of the trailer. */
KTEST(cpio, the_last_byte_of_the_archive_counts)
{
	struct cpio cpio;
	size_t named;

	start();
	EXPECT_EQ(read_all(&cpio, archive, archive_size), 5);
	EXPECT_NULL(cpio.broken);
	EXPECT_EQ(read_all(&cpio, archive, archive_size - 1), 5);
	EXPECT_STREQ(cpio.broken, "a file lies beyond the end");
	named = archive_size;
	while (!archive[named - 1])
		named--;
	EXPECT_EQ(read_all(&cpio, archive, named + 1), 5);
	EXPECT_STREQ(cpio.broken, "a file lies beyond the end");
	EXPECT_EQ(read_all(&cpio, archive, named), 5);
	EXPECT_STREQ(cpio.broken, "a name lies beyond the end");
}

KTEST(cpio, the_last_byte_of_a_header_counts)
{
	struct cpio cpio;

	start();
	EXPECT_EQ(read_all(&cpio, archive, HEADER_SIZE - 1), 0);
	EXPECT_STREQ(cpio.broken, "ends without a trailer");
	EXPECT_EQ(read_all(&cpio, archive, HEADER_SIZE), 0);
	EXPECT_STREQ(cpio.broken, "a name lies beyond the end");
}

/* The data of the only file ends there, or one byte later. */
KTEST(cpio, the_last_byte_of_a_file_counts)
{
	struct cpio cpio;

	start();
	archive_size = 0;
	add("init", CPIO_MODE_FILE, "four");
	EXPECT_EQ(read_all(&cpio, archive, archive_size), 1);
	EXPECT_STREQ(cpio.broken, "ends without a trailer");
	EXPECT_EQ(read_all(&cpio, archive, archive_size - 1), 0);
	EXPECT_STREQ(cpio.broken, "a file lies beyond the end");
}

KTEST(cpio, a_name_has_a_letter_and_is_no_longer_than_the_limit)
{
	static char name[CPIO_NAME_MAX + 1];
	struct cpio cpio;

	start();
	archive_size = 0;
	add("x", CPIO_MODE_FILE, "");
	EXPECT_EQ(read_all(&cpio, archive, archive_size), 1);
	memset(name, 'n', sizeof(name) - 1);
	archive_size = 0;
	add(name + 1, CPIO_MODE_FILE, "");
	EXPECT_EQ(read_all(&cpio, archive, archive_size), 1);
	archive_size = 0;
	add(name, CPIO_MODE_FILE, "");
	EXPECT_EQ(read_all(&cpio, archive, archive_size), 0);
	EXPECT_STREQ(cpio.broken, "a name is too long or not ended");
}

KTEST(cpio, archive_without_trailer_is_broken_at_its_end)
{
	struct cpio cpio;

	start();
	archive_size = 0;
	add("init", CPIO_MODE_FILE, "x");
	EXPECT_EQ(read_all(&cpio, archive, archive_size), 1);
	EXPECT_STREQ(cpio.broken, "ends without a trailer");
}

KTEST(cpio, archive_cut_anywhere_is_read_up_to_there)
{
	struct cpio cpio;
	size_t whole;

	start();
	whole = archive_size - 3;   /* up to the 0 of the trailer's name */
	for (size_t size = 0; size < whole; size++) {
		EXPECT(read_all(&cpio, archive, size) <= 5);
		EXPECT(cpio.broken != NULL);
	}
	read_all(&cpio, archive, archive_size);
	EXPECT_NULL(cpio.broken);
}

KTEST(cpio, archive_may_begin_at_any_address)
{
	static uint8_t odd[ARCHIVE_MAX + 4];
	struct cpio cpio;

	start();
	for (unsigned shift = 1; shift < 4; shift++) {
		memcpy(odd + shift, archive, archive_size);
		EXPECT_EQ(read_all(&cpio, odd + shift, archive_size), 5);
	}
}

KTEST(cpio, spoiled_archives_stay_within_bounds)
{
	static const char digits[] = "0123456789abcdefABCDEFg";
	struct cpio cpio;
	struct rng rng;
	unsigned broken = 0;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < SPOILS; i++) {
		start();
		for (unsigned n = rng_below(&rng, 3) + 1; n; n--)
			archive[rng_below(&rng, (uint32_t)archive_size)] =
				(uint8_t)digits[rng_below(&rng, 23)];
		read_all(&cpio, archive, archive_size);
		broken += cpio.broken != NULL;
	}
	EXPECT(broken > 0 && broken < SPOILS);
}

static const char *cpio_suite_check(void)
{
	struct cpio cpio;

	start();
	read_all(&cpio, archive, archive_size);
	return cpio.broken;
}

SUITE(cpio, cpio_suite_check);
