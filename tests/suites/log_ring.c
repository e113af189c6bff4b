// SPDX-License-Identifier: MIT
/*
 * log_ring.c - tests of the ring of log records
 */
#include "kernel/diag/log_ring.h"

#include "lib/printf.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define RING_SIZE  600   /* a few records: it wraps all the time             */
#define MODEL_MAX  64

static char buf[RING_SIZE];
static struct log_ring ring;

static const char *ring_check(void)
{
	return ring.buf ? log_ring_check(&ring) : NULL;
}

SUITE(log_ring, ring_check);

static void say(const char *text)
{
	log_ring_append(&ring, 6, 1000, text, strlen(text));
}

static unsigned count_records(void)
{
	struct log_record record;
	unsigned count = 0;
	size_t pos = 0;

	while (log_ring_next(&ring, &pos, &record))
		count++;
	return count;
}

/* The oldest record that is still there. */
static struct log_record first_record(void)
{
	struct log_record record = { .seq = 0 };
	size_t pos = 0;

	REQUIRE(log_ring_next(&ring, &pos, &record));
	return record;
}

KTEST(log_ring, is_empty_at_first)
{
	struct log_record record;
	size_t pos = 0;

	log_ring_init(&ring, buf, sizeof(buf));
	EXPECT(!log_ring_next(&ring, &pos, &record));
	EXPECT_NULL(log_ring_check(&ring));
}

KTEST(log_ring, gives_back_what_was_said)
{
	struct log_record record;

	log_ring_init(&ring, buf, sizeof(buf));
	log_ring_append(&ring, 4, 0x123456789abcull, "hello, ring", 11);
	record = first_record();
	EXPECT_EQ(record.seq, 0);
	EXPECT_EQ(record.level, 4);
	EXPECT_EQ(record.tsc, 0x123456789abcull);
	EXPECT_EQ(record.len, 11);
	EXPECT_STREQ(record.text, "hello, ring");
}

KTEST(log_ring, keeps_empty_lines)
{
	log_ring_init(&ring, buf, sizeof(buf));
	say("");
	say("");
	EXPECT_EQ(count_records(), 2);
	EXPECT_STREQ(first_record().text, "");
}

KTEST(log_ring, cuts_long_lines)
{
	char text[LOG_TEXT_MAX + 50];

	memset(text, 'x', sizeof(text));
	log_ring_init(&ring, buf, sizeof(buf));
	log_ring_append(&ring, 6, 0, text, sizeof(text));
	EXPECT_EQ(first_record().len, LOG_TEXT_MAX);
	EXPECT_EQ(strlen(first_record().text), LOG_TEXT_MAX);
}

KTEST(log_ring, takes_no_zero_into_a_text)
{
	log_ring_init(&ring, buf, sizeof(buf));
	log_ring_append(&ring, 6, 0, "a\0b", 3);
	EXPECT_STREQ(first_record().text, "a?b");
}

KTEST(log_ring, pushes_out_the_oldest_first)
{
	char text[16];

	log_ring_init(&ring, buf, sizeof(buf));
	for (unsigned i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "line %u", i);
		say(text);
		EXPECT_NULL(log_ring_check(&ring));
	}
	EXPECT_EQ(first_record().seq, 200 - count_records());
	snprintf(text, sizeof(text), "line %u", 200 - count_records());
	EXPECT_STREQ(first_record().text, text);
}

KTEST(log_ring, a_long_line_pushes_out_several_short_ones)
{
	char text[LOG_TEXT_MAX];
	unsigned before;

	memset(text, 'y', sizeof(text));
	log_ring_init(&ring, buf, sizeof(buf));
	for (unsigned i = 0; i < 100; i++)
		say("short");
	before = count_records();
	log_ring_append(&ring, 6, 0, text, sizeof(text));
	EXPECT(count_records() < before);
	EXPECT_NULL(log_ring_check(&ring));
}

KTEST(log_ring, is_as_good_as_a_list)
{
	static struct { unsigned len; char first; } model[MODEL_MAX];
	struct log_record record;
	unsigned said = 0;
	struct rng rng;
	size_t pos = 0;

	rng_init(&rng, ktest_seed());
	log_ring_init(&ring, buf, sizeof(buf));
	for (unsigned i = 0; i < 2000; i++) {
		char text[LOG_TEXT_MAX];
		unsigned len = rng_below(&rng, 80);

		memset(text, 'a' + (int)(i % 26), len);
		log_ring_append(&ring, i % 8, i, text, len);
		model[said % MODEL_MAX].len = len;
		model[said % MODEL_MAX].first = (char)('a' + i % 26);
		said++;
		if (i % 50 == 0)
			EXPECT_NULL(log_ring_check(&ring));
	}
	while (log_ring_next(&ring, &pos, &record)) {
		unsigned i = (unsigned)record.seq % MODEL_MAX;

		REQUIRE(said - record.seq <= MODEL_MAX);
		EXPECT_EQ(record.len, model[i].len);
		EXPECT(!record.len || record.text[0] == model[i].first);
		EXPECT_EQ(record.tsc, record.seq);
		EXPECT_EQ(record.level, record.seq % 8);
	}
	EXPECT_EQ(record.seq, said - 1);
}

static void make_tiny_ring(void *arg)
{
	log_ring_init(&ring, buf, *(size_t *)arg);
}

KTEST(log_ring, refuses_a_buffer_without_room_for_one_line)
{
	size_t tiny = LOG_TEXT_MAX;

	EXPECT_PANIC(make_tiny_ring, &tiny, "LOG_TEXT_MAX");
	log_ring_init(&ring, buf, sizeof(buf));
}

KTEST(log_ring, check_finds_a_wrong_length)
{
	log_ring_init(&ring, buf, sizeof(buf));
	say("one");
	say("two");
	buf[0]++;   /* the first record's length */
	EXPECT(log_ring_check(&ring) != NULL);
	buf[0]--;
	EXPECT_NULL(log_ring_check(&ring));
}
