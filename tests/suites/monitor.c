// SPDX-License-Identifier: MIT
/*
 * monitor.c - tests of the monitor's commands
 *
 * WHAT     Runs lines as if they had been typed. The commands print into a
 *          buffer, and not among the results of the tests.
 */
#include <arch/irqflags.h>
#include <arch/kva.h>
#include <arch/layout.h>

#include "kernel/diag/console.h"
#include "kernel/monitor/monitor_impl.h"
#include "lib/log.h"
#include "lib/preempt.h"
#include "lib/printf.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "mm/slab/kmalloc.h"
#include "tests/ktest.h"

SUITE(monitor, NULL);

#define GIVEN_UP  "panicked and was given up"

/* ---- what is printed ------------------------------------------------- */

static char printed[32768];
static size_t printed_len;

static void keep_text(const char *text, size_t len)
{
	size_t room = sizeof(printed) - 1 - printed_len;

	memcpy(printed + printed_len, text, MIN(len, room));
	printed_len += MIN(len, room);
	printed[printed_len] = '\0';
}

static struct console keeper = { .name = "keeper", .write = keep_text };

/* Returns: what the line prints. */
static const char *run_line(const char *fmt, ...) __printf(1, 2);
static const char *run_line(const char *fmt, ...)
{
	char text[LINE_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* A tick would say among the printed lines what was left out before. */
	log_limits_flush();
	printed_len = 0;
	printed[0] = '\0';
	console_divert(&keeper);
	monitor_run_line(text);
	console_divert(NULL);
	return printed;
}

static bool contains(const char *text, const char *part)
{
	size_t len = strlen(part);

	for (; *text; text++) {
		if (!strncmp(text, part, len))
			return true;
	}
	return false;
}

#define EXPECT_PRINTS(part, ...)                                        \
	do {                                                            \
		const char *text_ = run_line(__VA_ARGS__);              \
		if (!contains(text_, part))                             \
			ktest_fail(__FILE__, __LINE__, "no \"%s\" in %.120s", \
				   part, text_);                        \
	} while (0)

/* The number behind a word; 0: there is none. */
static uint64_t number_behind(const char *word)
{
	const char *at = printed;
	uint64_t n = 0;

	for (; *at && strncmp(at, word, strlen(word)); at++)
		;
	for (at += *at ? strlen(word) : 0; *at == ' '; at++)
		;
	for (; *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	return n;
}

/* ---- the table ------------------------------------------------------- */

KTEST(monitor, every_command_is_described_once)
{
	for (unsigned i = 0; i < monitor_nr_commands; i++) {
		const struct monitor_command *c = &monitor_commands[i];

		EXPECT(!c->run == !!c->show && *c->what && c->min <= c->max);
		EXPECT(c->run || !c->max);
		EXPECT(c->max < WORDS_MAX);
		EXPECT((c->max > 0) == (*c->args != '\0'));
		EXPECT(command_find(monitor_commands, monitor_nr_commands,
				    c->name) == c);
		EXPECT_PRINTS(c->what, "help %s", c->name);
	}
	EXPECT_PRINTS("vmallocinfo", "help");
}

KTEST(monitor, what_is_no_command_is_said)
{
	EXPECT_PRINTS("no such command", "frobnicate");
	EXPECT_PRINTS("no such command", "help frobnicate");
	EXPECT_PRINTS("usage: walk ADDR [PID]", "walk");
	EXPECT_PRINTS("usage: meminfo", "meminfo 3");
	EXPECT_PRINTS("too many words", "x 1 2 3 4 5 6 7 8 9 a b c d e f g h");
	EXPECT_STREQ(run_line(" "), "");
}

KTEST(monitor, completion_offers_what_may_stand_there)
{
	unsigned start;
	word_list_fn list = monitor_complete("me", 2, &start);

	EXPECT(list && start == 0 && !strcmp(list(0), "help"));
	list = monitor_complete("slab kma", 8, &start);
	EXPECT(list == monitor_cache_name);
	EXPECT_EQ(start, 5);
	EXPECT(!monitor_complete("slab x y", 8, &start));
	EXPECT(!monitor_complete("meminfo x", 9, &start));
	EXPECT(!monitor_complete("nothing x", 9, &start));
	for (unsigned i = 0; i < monitor_nr_commands; i++) {
		list = monitor_commands[i].words;
		for (unsigned k = 0; list && list(k); k++)
			EXPECT(*list(k) && k < 100000);
	}
}

/* ---- whatever is typed ----------------------------------------------- */

/* Commands that do not return, or that change what other commands show. */
static bool is_left_out(const char *name)
{
	static const char *const names[] = {
		"fault", "test", "bench", "exit", "reboot", "poweroff",
		"loglevel", "alloc", "leak", "free", "colour",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

static const char *const odd_words[] = {
	"0", "1", "-1", "0x", "ffffffff", "0xffffffff", "100000000", "zzz",
	"c0000000", "bfffffff", "fffff000", "18446744073709551616", "00000000",
	"99999999999999999999999", "%s%n", "alloc_page", "alloc_page+zz",
	"alloc_page+ffffffff", "kmalloc-64", "f8800000", "ffc00000", "4K",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

KTEST(monitor, odd_arguments_never_panic)
{
	for (unsigned i = 0; i < monitor_nr_commands; i++) {
		const struct monitor_command *c = &monitor_commands[i];

		if (is_left_out(c->name) || !c->max)
			continue;
		for (unsigned k = 0; k < ARRAY_SIZE(odd_words); k++) {
			run_line("%s %s", c->name, odd_words[k]);
			EXPECT(!contains(printed, GIVEN_UP));
			run_line("%s %s %s", c->name, odd_words[k], "1");
			EXPECT(!contains(printed, GIVEN_UP));
		}
	}
}

KTEST(monitor, odd_allocations_never_panic)
{
	const char *kind;

	for (unsigned i = 0; (kind = monitor_alloc_kind(i)); i++) {
		for (unsigned k = 0; k < ARRAY_SIZE(odd_words); k++) {
			run_line("alloc %s %s", kind, odd_words[k]);
			EXPECT(!contains(printed, GIVEN_UP));
			monitor_free_all();
		}
	}
}

KTEST(monitor, random_addresses_can_be_looked_at)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 60; i++) {
		uint32_t va = rng_next(&rng);

		EXPECT_PRINTS("region", "find %x", va);
		EXPECT(!contains(printed, GIVEN_UP));
		EXPECT_PRINTS("CR3", "walk %x", va);
		run_line("x %x 16", va);
		EXPECT(!contains(printed, GIVEN_UP));
		run_line("page %u", va % max_pfn.v);
		EXPECT(contains(printed, "state"));
	}
}

/* ---- a panic is survived --------------------------------------------- */

KTEST(monitor, a_command_that_panics_is_given_up)
{
	static const char *const kinds[] = {
		"panic", "assert", "null", "write-ro", "divide", "ud", "hole",
		"double-fault",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint32_t depth = preempt_depth();
		bool off = irqs_disabled();

		EXPECT_PRINTS(GIVEN_UP, "fault %s", kinds[i]);
		EXPECT(contains(printed, "PANIC: "));
		EXPECT(contains(printed, "backtrace, innermost first"));
		EXPECT_EQ(preempt_depth(), depth);
		EXPECT_EQ(irqs_disabled(), off);
	}
	EXPECT_PRINTS("no such kind", "fault nothing");
	EXPECT_PRINTS("no such kind", "fault triple");
	EXPECT_PRINTS("vmalloc-guard", "fault");
}

/* ---- looking --------------------------------------------------------- */

KTEST(monitor, meminfo_adds_up)
{
	uint64_t total, free;

	run_line("meminfo");
	total = number_behind("MemTotal:");
	free = number_behind("MemFree:");
	EXPECT_EQ(total, number_behind("LowTotal:") +
		  number_behind("HighTotal:"));
	EXPECT_EQ(free, number_behind("LowFree:") +
		  number_behind("HighFree:"));
	EXPECT(free <= total && number_behind("MemAvailable:") <= free);
	EXPECT(free > 0 && number_behind("VmallocTotal:") > 0);
	EXPECT_EQ(number_behind("DirectMap4k:") +
		  number_behind("DirectMap2M:"), (high_memory - PAGE_OFFSET) /
		  1024);
}

KTEST(monitor, dumps_are_shown_and_not_logged)
{
	EXPECT_PRINTS("zone      DMA", "buddyinfo");
	EXPECT_PRINTS("pages free", "zoneinfo");
	EXPECT_PRINTS("kmalloc-64", "slabinfo");
	EXPECT_PRINTS("vmalloc", "vmallocinfo");
	EXPECT_PRINTS("System RAM", "iomem");
	EXPECT_PRINTS("  00", "iomem");
	pr_debug("said by a test of the monitor\n");
	EXPECT_PRINTS("<7> said by a test", "log");
	EXPECT(!contains(printed, "slabinfo - version"));
	EXPECT_PRINTS("groups of invariants hold", "check");
	EXPECT_PRINTS("idle", "ps");
}

KTEST(monitor, map_draws_the_zones_that_are_there)
{
	run_line("map");
	EXPECT(contains(printed, "direct map"));
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		if (zones[i].managed)
			EXPECT(contains(printed, zones[i].name));
	}
}

KTEST(monitor, find_names_what_lies_at_an_address)
{
	void *object = kmalloc(100, GFP_KERNEL);
	void *area = vmalloc(PAGE_SIZE);
	int on_stack;

	REQUIRE(object && area);
	EXPECT_PRINTS("kmalloc-128", "find %x", ptr_to_kva(object) + 5);
	EXPECT(contains(printed, "byte 5: allocated"));
	kfree(object);
	EXPECT_PRINTS(": free", "find %x", ptr_to_kva(object));
	EXPECT_PRINTS("made by monitor_find_names", "find %x",
		      ptr_to_kva(area));
	EXPECT_PRINTS("its guard page", "find %x",
		      ptr_to_kva(area) + PAGE_SIZE);
	EXPECT(contains(printed, "nothing is mapped"));
	vfree(area);
	EXPECT_PRINTS("area    none", "find %x", VMALLOC_END - PAGE_SIZE);
	EXPECT_PRINTS("stack", "find %x", ptr_to_kva(&on_stack));
	EXPECT_PRINTS("code of the kernel", "find alloc_page+4");
	EXPECT(contains(printed, "symbol  alloc_page+0x4"));
	EXPECT_PRINTS("slot    0 of kmap", "find %x", PKMAP_BASE);
	EXPECT_PRINTS("null pointers", "find 10");
}

KTEST(monitor, walk_and_pte_show_the_rights)
{
	EXPECT_PRINTS("read, execute, kernel only", "walk alloc_page");
	EXPECT_PRINTS("RW  0  read only", "pte alloc_page");
	EXPECT_PRINTS("nothing is mapped", "walk %x", VMALLOC_END);
	EXPECT_PRINTS("P   0  not present", "pte 0");
}

KTEST(monitor, x_reads_what_is_there_and_nothing_else)
{
	static const char text[] = "pagoda!";

	EXPECT_PRINTS("70 61 67 6f 64 61 21 00", "x %x 8", ptr_to_kva(text));
	EXPECT(contains(printed, "|pagoda!."));
	EXPECT_PRINTS("-- --", "x %x 2", VMALLOC_END);
	EXPECT_PRINTS("ffffffff  -- ", "x ffffffff 16");
}

KTEST(monitor, page_and_slab_tell_their_states)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	REQUIRE(page);
	EXPECT_PRINTS("allocated", "page %u", page_to_pfn(page).v);
	EXPECT(contains(printed, "order 2"));
	EXPECT_PRINTS("inside a block", "page %u", page_to_pfn(page).v + 3);
	free_pages(page, 2);
	EXPECT_PRINTS("free", "page %u", page_to_pfn(page).v);
	EXPECT_PRINTS("reserved", "page 0");
	EXPECT_PRINTS("objects of 64 bytes", "slab kmalloc-64");
	EXPECT_PRINTS("no such cache", "slab nothing");
}

/* ---- doing ----------------------------------------------------------- */

KTEST(monitor, everything_that_alloc_takes_free_gives_back)
{
	EXPECT_PRINTS("1: page", "alloc page 3");
	EXPECT_PRINTS("2: highmem", "alloc highmem 0");
	EXPECT_PRINTS("3: dma", "alloc dma 1");
	EXPECT_PRINTS("4: kmalloc ", "alloc kmalloc 100");
	EXPECT_PRINTS("5: kmalloc-dma", "alloc kmalloc-dma 5000");
	EXPECT_PRINTS("6: vmalloc", "alloc vmalloc 64K");
	EXPECT_PRINTS("7: cache", "alloc cache kmalloc-64");
	EXPECT_PRINTS("32 KiB", "alloc");
	EXPECT_STREQ(run_line("free 6"), "");
	EXPECT_PRINTS("nothing is held", "free 6");
	EXPECT_PRINTS("6: kmalloc ", "alloc kmalloc 8");
	EXPECT_STREQ(run_line("free all"), "");
	EXPECT_PRINTS("alloc page", "alloc");
	EXPECT_PRINTS("contains RAM", "alloc ioremap 0x100000");
	EXPECT_PRINTS("ORDER is missing", "alloc page");
	EXPECT_PRINTS("no such kind", "alloc nothing 1");
}

KTEST(monitor, kmap_by_hand)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	REQUIRE(page);
	EXPECT_PRINTS("1: kmap", "alloc kmap %u", page_to_pfn(page).v);
	EXPECT_STREQ(run_line("free 1"), "");
	free_page(page);
	EXPECT_PRINTS("is not allocated", "alloc kmap 0");
}

KTEST(monitor, leak_names_who_did_not_free)
{
	void *kept, *freed;

	run_line("leak mark");
	kept = kmalloc(100, GFP_KERNEL);
	freed = kmalloc(3000, GFP_KERNEL);
	REQUIRE(kept && freed);
	kfree(freed);
	EXPECT_PRINTS("1 x kmalloc-128", "leak");
	EXPECT(contains(printed, "monitor_leak_names_who_did_not_free+"));
	EXPECT(!contains(printed, "kmalloc-4096"));
	kfree(kept);
	EXPECT_PRINTS("Nothing that was allocated", "leak");
	run_line("alloc page 1");
	run_line("alloc vmalloc 12K");
	EXPECT_PRINTS("1 x pages, 8 KiB", "leak");
	EXPECT(contains(printed, "3 x pages, 12 KiB"));
	run_line("free all");
	EXPECT_PRINTS("Nothing that was allocated", "leak");
	EXPECT_STREQ(run_line("leak off"), "");
	EXPECT_PRINTS("no mark", "leak");
	EXPECT_PRINTS("`mark`, `off`", "leak now");
}

/* Two pieces of 24 bytes fit into a line of 64; the third begins a new line. */
KTEST(monitor, dma_shows_pieces_that_cross_no_line)
{
	EXPECT_PRINTS("4 descriptors of 24 bytes", "dma");
	EXPECT(contains(printed, "000\n"));
	EXPECT(contains(printed, "018\n"));
	EXPECT(contains(printed, "040\n"));
	EXPECT(contains(printed, "058\n"));
}
