// SPDX-License-Identifier: MIT
/*
 * log.c - tests of printk(): levels, consoles, the ring
 */
#include "kernel/diag/log.h"

#include <arch/addr.h>
#include <arch/irqflags.h>

#include "kernel/diag/console.h"
#include "lib/string.h"
#include "tests/ktest.h"

SUITE(log, log_check);

/* A console that remembers its text. */
static char seen[CONSOLE_LINE_MAX];
static size_t seen_len;

static void remember(const char *text, size_t len)
{
	for (size_t i = 0; i < len && seen_len < sizeof(seen) - 1; i++)
		seen[seen_len++] = text[i];
	seen[seen_len] = '\0';
}

static struct console witness = { .name = "witness", .write = remember };

/* Each test sets its own level: loglevel= must not matter. */
static unsigned level_before;

static void listen_at(unsigned level)
{
	level_before = log_set_level(level);
	seen_len = 0;
	seen[0] = '\0';
	console_add(&witness);
}

static const char *heard(void)
{
	console_remove(&witness);
	log_set_level(level_before);
	return seen;
}

/* Pass over the lines "... ": in them a tick counts lines left out. */
static void take_last(const struct log_record *record, void *arg)
{
	if (strncmp(record->text, "... ", 4))
		*(struct log_record *)arg = *record;
}

static struct log_record last_record(void)
{
	struct log_record record = { .seq = 0 };

	log_for_each(take_last, &record);
	return record;
}

static bool contains(const char *text, const char *part)
{
	for (; *text; text++) {
		if (!strncmp(text, part, strlen(part)))
			return true;
	}
	return false;
}

KTEST(log, a_line_reaches_the_consoles)
{
	listen_at(LOG_DEBUG);
	pr_info("two and %s\n", "two");
	EXPECT(contains(heard(), "two and two\n"));
}

KTEST(log, a_line_without_newline_gets_one)
{
	listen_at(LOG_DEBUG);
	pr_info("no newline");
	EXPECT(contains(heard(), "no newline\n"));
}

/* A name may have any byte: it stays on one line and moves no cursor. */
KTEST(log, what_cannot_be_printed_is_shown_as_a_question_mark)
{
	listen_at(LOG_DEBUG);
	pr_info("%s\tx\n", "a\n# pagoda: b\r\x1b[2J\x7f\x9b" "c");
	EXPECT(contains(heard(), "a?# pagoda: b??[2J??c\tx\n"));
	EXPECT_STREQ(last_record().text, "a?# pagoda: b??[2J??c\tx");
}

KTEST(log, quiet_lines_go_to_the_ring_only)
{
	listen_at(LOG_DEBUG);
	pr_debug("only for the ring\n");
	EXPECT_STREQ(heard(), "");
	EXPECT_STREQ(last_record().text, "only for the ring");
	EXPECT_EQ(last_record().level, LOG_DEBUG);
}

KTEST(log, a_dump_is_shown_but_not_kept)
{
	irqflags_t flags = irq_save();   /* a tick may have a count to say */
	struct log_record before;
	bool kept;

	/* The newest line may be a count: last_record() passes over it. */
	pr_debug("before the dump\n");
	before = last_record();
	kept = log_keep_info(false);
	listen_at(8);
	pr_info("a dump\n");
	EXPECT(contains(heard(), "a dump\n"));
	EXPECT_EQ(last_record().seq, before.seq);
	pr_warn("a warning\n");
	EXPECT_EQ(last_record().seq, before.seq + 1);
	log_keep_info(kept);
	irq_restore(flags);
}

KTEST(log, loglevel_decides_what_is_shown)
{
	listen_at(LOG_WARNING);
	EXPECT_EQ(log_set_level(LOG_WARNING), LOG_WARNING);
	pr_warn("not below the level\n");
	EXPECT_STREQ(seen, "");
	pr_err("below it\n");
	EXPECT(contains(heard(), "below it\n"));
}

KTEST(log, long_lines_are_cut)
{
	char text[2 * LOG_TEXT_MAX];

	memset(text, 'z', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	pr_debug("%s\n", text);
	EXPECT_EQ(last_record().len, LOG_TEXT_MAX);
}

KTEST(log, records_are_in_the_order_of_time)
{
	struct log_record first, second;
	irqflags_t flags = irq_save();   /* a tick may have a count to say */

	pr_debug("first\n");
	first = last_record();
	pr_debug("second\n");
	second = last_record();
	irq_restore(flags);
	EXPECT_EQ(second.seq, first.seq + 1);
	EXPECT(second.tsc > first.tsc);
}

struct reading {
	uint64_t seq;        /* of the last record                            */
	unsigned said, whole, torn;
};

/* Each line that is said here pushes others out of the ring. */
static void say_another(const struct log_record *record, void *arg)
{
	struct reading *reading = arg;

	if (record->seq <= reading->seq || strlen(record->text) != record->len)
		reading->torn++;
	if (!strncmp(record->text, "one of many ", 12))
		reading->whole++;
	else if (contains(record->text, "one of many"))
		reading->torn++;
	reading->seq = record->seq;
	if (reading->said++ < 100)
		pr_debug("%0100u\n", reading->said);
}

KTEST(log, is_read_while_others_log)
{
	static const char tail[] = "of several lengths";
	struct reading reading = { .seq = 0 };

	for (unsigned i = 0; i < 1000; i++)
		pr_debug("one of many %s\n", tail + i % sizeof(tail));
	log_for_each(say_another, &reading);
	EXPECT_EQ(reading.torn, 0);
	EXPECT(reading.whole > 100);
	EXPECT(reading.said > 200);
	EXPECT(contains(last_record().text, "0100"));
}

KTEST(log, prints_addresses_by_their_type)
{
	const phys_addr_t pa = PHYS(0x123456000ull);
	const pfn_t pfn = PFN(0x123456);

	pr_debug("%pP %pF\n", &pa, &pfn);
	EXPECT_STREQ(last_record().text, "0x0000000123456000 pfn 0x123456");
}

KTEST(log, prints_code_by_its_name)
{
	pr_debug("%pS\n", (void *)printk);
	EXPECT_STREQ(last_record().text, "printk+0x0");
}

static void print_bad_pointer(void *arg)
{
	pr_debug("%s\n", (const char *)arg);
}

KTEST(log, survives_a_panic_in_its_middle)
{
	EXPECT_PANIC(print_bad_pointer, (void *)16, "null pointer");
	pr_debug("and goes on\n");
	EXPECT_STREQ(last_record().text, "and goes on");
}
