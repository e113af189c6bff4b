// SPDX-License-Identifier: MIT
/*
 * commands.c - the table of commands, and help from it
 *
 * WHAT     One row a command: name, arguments, how many, the function, the
 *          words that Tab offers, a line, and a paragraph.
 * NOT HERE what they do: monitor_impl.h says in which file.
 */
#include "kernel/diag/symbols.h"
#include "kernel/monitor/monitor_impl.h"
#include "kernel/monitor/terminal.h"
#include "kernel/trial/selftest.h"
#include "lib/string.h"

static const char *command_name(unsigned i)
{
	return i < monitor_nr_commands ? monitor_commands[i].name : NULL;
}

static const char *colour_word(unsigned i)
{
	static const char *const words[] = { "on", "off" };

	return i < ARRAY_SIZE(words) ? words[i] : NULL;
}

static const char *leak_word(unsigned i)
{
	static const char *const words[] = { "mark", "off" };

	return i < ARRAY_SIZE(words) ? words[i] : NULL;
}

/*  name, arguments, fewest, most, function, words, what, help */
const struct monitor_command monitor_commands[] = {
	{ "help", "[CMD]", 0, 1, monitor_help, command_name,
	  "this list, or all about one command", "" },
	{ "meminfo", "", 0, 0, monitor_meminfo, NULL,
	  "how much memory there is, and what it is used for",
	  "Linux's /proc/meminfo. What we have not (swap, a page cache) is 0.\n" },
	{ "buddyinfo", "", 0, 0, monitor_buddyinfo, NULL,
	  "free blocks of each zone, by order",
	  "Linux's /proc/buddyinfo: column n counts free blocks of 2^n pages.\n" },
	{ "zoneinfo", "", 0, 0, monitor_zoneinfo, NULL,
	  "zones: sizes, watermarks, lists per CPU", "Linux's /proc/zoneinfo.\n" },
	{ "slabinfo", "", 0, 0, monitor_slabinfo, NULL,
	  "all caches of objects", "Linux's /proc/slabinfo, version 2.1.\n" },
	{ "vmallocinfo", "", 0, 0, monitor_vmallocinfo, NULL,
	  "areas of the vmalloc region, and who made them",
	  "Linux's /proc/vmallocinfo. Each line ends at its guard page.\n" },
	{ "iomem", "", 0, 0, monitor_iomem, NULL,
	  "physical addresses", "Linux's /proc/iomem.\n" },
	{ "acpi", "", 0, 0, monitor_acpi, NULL,
	  "the firmware's tables, and what we took from them",
	  "Address, length and verdict of each table; then the interrupt controllers,\n"
	  "the lines that are not wired one to one, how to turn the power off, and\n"
	  "the units of the IOMMU with their devices. `log` says what was wrong.\n" },
	{ "pci", "", 0, 0, monitor_pci, NULL,
	  "devices on the PCI buses",
	  "As lspci -v has it: bus:slot.function, class, ids, then the interrupt and\n"
	  "each base address with its size. Firmware chose the addresses.\n" },
	{ "iommu", "[walk DEV BUS]", 0, 3, monitor_iommu, monitor_iommu_word,
	  "what devices reach; a bus address, level by level",
	  "Alone: units, the domain of each device and how many pages are mapped in\n"
	  "it, accesses that were blocked. `iommu walk 00:04.0 5000` goes through the\n"
	  "tables of a device; the bus address is hexadecimal.\n" },
	{ "dma", "", 0, 0, monitor_dma, NULL,
	  "devices that use memory; a buffer and its three addresses",
	  "Each device with its mask and what was mapped, bounced and copied for it.\n"
	  "Then pages that are mapped for a device of 28 bits, as a show: where they\n"
	  "are for the CPU, in memory, and on the bus, without an IOMMU and with.\n" },
	{ "maps", "[PID]", 0, 1, monitor_maps, NULL,
	  "areas of a task's address space",
	  "Linux's /proc/PID/maps; of task 1 when none is named.\n" },
	{ "ps", "", 0, 0, monitor_ps, NULL,
	  "tasks and threads of the kernel", "" },
	{ "map", "", 0, 0, monitor_map, NULL,
	  "the virtual map and the zones, drawn",
	  "A bar stands for a region or a zone; each of its characters for a 64th.\n"
	  "Below a zone: which part of its free pages lies in blocks that are too\n"
	  "small for a request of that order.\n" },
	{ "walk", "ADDR [PID]", 1, 2, monitor_walk, symbol_name,
	  "translate an address, level by level",
	  "By the tables in use, or by those of a task. ADDR is hexadecimal, or a\n"
	  "function, or function+offset.\n" },
	{ "pte", "ADDR [PID]", 1, 2, monitor_pte, symbol_name,
	  "the last entry of that walk, bit by bit", "" },
	{ "page", "PFN", 1, 1, monitor_page, NULL,
	  "what is known of a page frame",
	  "PFN is decimal, or hexadecimal with 0x: a physical address / 4096.\n" },
	{ "find", "ADDR [PID]", 1, 2, monitor_find, symbol_name,
	  "what is this address?",
	  "Region, symbol, stack, cache and object, area, slot, page frame; for an\n"
	  "address of user mode the VMA of task PID.\n" },
	{ "x", "ADDR [BYTES] [PID]", 1, 3, monitor_x, symbol_name,
	  "read memory",
	  "64 bytes unless said otherwise; -- stands for a byte that is not mapped.\n" },
	{ "kmap", "", 0, 0, monitor_kmap, NULL,
	  "slots of kmap()", "" },
	{ "fixmap", "", 0, 0, monitor_fixmap, NULL,
	  "slots of the fixmap", "" },
	{ "slab", "NAME", 1, 1, monitor_slab, monitor_cache_name,
	  "one cache, with a picture of its slabs",
	  "# is an object that a user has, m one in a magazine, . a free one.\n" },
	{ "alloc", "[KIND ARG]", 0, 2, monitor_alloc, monitor_alloc_kind,
	  "take memory by hand; alone: what is held",
	  "  alloc page 3          2^3 pages of lowmem\n"
	  "  alloc highmem 0       a page from anywhere, HIGHMEM first\n"
	  "  alloc dma 0           a page below 16 MiB\n"
	  "  alloc kmalloc 100     100 bytes; kmalloc-dma: below 16 MiB\n"
	  "  alloc vmalloc 64K     64 KiB, contiguous by addresses only\n"
	  "  alloc cache NAME      an object of a cache\n"
	  "  alloc kmap PFN        an address for an allocated frame\n"
	  "  alloc ioremap PHYS    an address for device registers; refuses RAM\n"
	  "It stays until `free` with the number that is printed.\n" },
	{ "free", "NUMBER|all", 1, 1, monitor_free, NULL,
	  "give back what alloc has taken", "" },
	{ "leak", "[mark|off]", 0, 1, monitor_leak, leak_word,
	  "what was allocated since a mark and is still there",
	  "`leak mark` begins to write down who allocates; `leak` prints what is\n"
	  "left of it by callers, innermost first; `leak off` ends it.\n" },
	{ "fault", "[KIND]", 0, 1, monitor_fault, monitor_fault_kind,
	  "cause a fault, and see it explained",
	  "Alone: the kinds. Most are survived and come back to the prompt.\n" },
	{ "check", "", 0, 0, monitor_check, NULL,
	  "do all numbered invariants hold?", "" },
	{ "test", "[SUITE,...|all [ORDER]]", 0, 2, monitor_test, selftest_name,
	  "run the self-tests",
	  "All of them take a minute or two. ORDER is that of the suites:\n"
	  "by-name, reversed, or shuffled as the word seed=N has said.\n" },
	{ "bench", "[NAME,...]", 0, 1, monitor_bench, selftest_bench_name,
	  "run benchmarks",
	  "Ticks of the time-stamp counter per operation: instructions, if the\n"
	  "emulator runs with -icount shift=0.\n" },
	{ "log", "[LEVEL]", 0, 1, monitor_log, NULL,
	  "what the kernel has said, up to a level", "0 is loudest, 7 all.\n" },
	{ "loglevel", "LEVEL", 1, 1, monitor_loglevel, NULL,
	  "what the kernel says at once: all below LEVEL", "0 to 8.\n" },
	{ "history", "", 0, 0, monitor_history, NULL,
	  "the lines typed before",
	  "Arrows or ^P ^N bring them back. ^A ^E ^B ^F move, ^U ^K ^W delete,\n"
	  "Tab completes, ^L draws again, ^C gives up.\n" },
	{ "colour", "[on|off]", 0, 1, monitor_colour, colour_word,
	  "colours, if the terminal has them",
	  "They are switched on when the terminal says that it knows them.\n" },
	{ "floppy", "LBA [COUNT]", 1, 2, monitor_floppy, NULL,
	  "read sectors of drive A by ISA DMA",
	  "LBA counts sectors of 512 bytes from 0; COUNT is 1 to 16. The buffer\n"
	  "is of ZONE_DMA; its virtual, physical and bus address are printed.\n" },
	{ "exit", "", 0, 0, monitor_exit, NULL,
	  "leave the monitor: go on where it was opened",
	  "At the start: run init. After a panic, or user mode: leave the machine.\n" },
	{ "reboot", "", 0, 0, monitor_reboot, NULL,
	  "begin again with the firmware", "" },
	{ "poweroff", "", 0, 0, monitor_poweroff, NULL,
	  "turn the power off", "" },
};

const unsigned monitor_nr_commands = ARRAY_SIZE(monitor_commands);

word_list_fn monitor_complete(const char *text, unsigned length,
			      unsigned *start)
{
	unsigned position = words_position(text, length, start);
	char copy[LINE_TEXT_MAX], *argv[WORDS_MAX];
	const struct monitor_command *command;

	if (position == 0)
		return command_name;
	if (position > 1)
		return NULL;
	strscpy(copy, text, sizeof(copy));
	if (!words_split(copy, argv))
		return NULL;
	command = command_find(monitor_commands, monitor_nr_commands, argv[0]);
	return command ? command->words : NULL;
}

/* ---- help ------------------------------------------------------------ */

static void print_help(const struct monitor_command *command)
{
	say("%s%s %s%s\n%s\n%s", colour(COLOUR_HEAD), command->name,
	    command->args, colour(COLOUR_PLAIN), command->what, command->help);
	if (command->words && command->words != symbol_name)
		say("Tab offers the words that may follow.\n");
}

int monitor_help(unsigned argc, char *const argv[])
{
	const struct monitor_command *command;

	if (argc > 1) {
		command = command_find(monitor_commands, monitor_nr_commands,
				       argv[1]);
		if (!command)
			return complain("%.40s: no such command", argv[1]);
		print_help(command);
		return 0;
	}
	for (unsigned i = 0; i < monitor_nr_commands; i++)
		say("  %-11s %-18s %s\n", monitor_commands[i].name,
		    monitor_commands[i].args, monitor_commands[i].what);
	say("`help CMD` says more. Tab completes, arrows bring lines back.\n");
	return 0;
}

/* ---- the prompt itself ----------------------------------------------- */

int monitor_exit(unsigned argc, char *const argv[])
{
	monitor_leave();
	return 0;
}

int monitor_history(unsigned argc, char *const argv[])
{
	const char *line;

	for (unsigned i = 0; (line = line_history(&monitor_line, i)); i++)
		say("  %s\n", line);
	return 0;
}

int monitor_colour(unsigned argc, char *const argv[])
{
	if (argc > 1) {
		if (strcmp(argv[1], "on") && strcmp(argv[1], "off"))
			return complain("colour %.20s: `on` or `off`", argv[1]);
		terminal_set_colours(!strcmp(argv[1], "on"));
	}
	say("colours are %s\n", terminal_has_colours() ? "on" : "off");
	return 0;
}
