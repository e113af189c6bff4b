// SPDX-License-Identifier: MIT
/*
 * commands.c - the table of commands, and help from it
 *
 * WHAT     One row for each command: name, function, arguments, the fewest and
 *          the most of them, the words that Tab offers, a line of help, and a
 *          paragraph of help.
 * NOT HERE what the commands do: monitor_impl.h says in which file.
 */
#include <arch/machine.h>

#include "kernel/diag/symbols.h"
#include "kernel/monitor/monitor_impl.h"
#include "kernel/monitor/terminal.h"
#include "kernel/trial/selftest.h"
#include "lib/string.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/slab.h"

static const char *command_name(unsigned i)
{
	return i < monitor_nr_commands ? monitor_commands[i].name : NULL;
}

static const char *colour_word(unsigned i)
{
	static const char *const words[] = { "on", "off", NULL };

	return words[i];
}

static const char *leak_word(unsigned i)
{
	static const char *const words[] = { "mark", "off", NULL };

	return words[i];
}

static const char *iommu_word(unsigned i)
{
	return i == 0 ? "walk" : NULL;
}

/* A command without arguments. */
#define SHOW(name, function, what, help) \
	{ #name, function, "", 0, 0, NULL, NULL, what, help }
/* A command with arguments: monitor_NAME(). */
#define RUN(name, args, min, max, words, what, help) \
	{ #name, NULL, args, min, max, monitor_##name, words, what, help }

const struct monitor_command monitor_commands[] = {
	RUN(help, "[CMD]", 0, 1, command_name, "this list, or all about one command", ""),
	SHOW(meminfo, monitor_meminfo, "how much memory there is, and what it is used for",
	     "Linux's /proc/meminfo. What we have not (swap, a page cache) is 0.\n"),
	SHOW(buddyinfo, buddyinfo_dump, "free blocks of each zone, by order",
	     "Linux's /proc/buddyinfo: column n counts free blocks of 2^n pages.\n"),
	SHOW(zoneinfo, zoneinfo_dump, "zones: sizes, watermarks, lists per CPU",
	     "Linux's /proc/zoneinfo.\n"),
	SHOW(slabinfo, slabinfo_dump,
	     "all caches of objects", "Linux's /proc/slabinfo, version 2.1.\n"),
	SHOW(vmallocinfo, vmallocinfo_dump,
	     "areas of the vmalloc region, and who made them",
	     "Linux's /proc/vmallocinfo. Each line ends at its guard page.\n"),
	SHOW(iomem, monitor_iomem, "physical addresses", "Linux's /proc/iomem.\n"),
	SHOW(acpi, monitor_acpi, "the firmware's tables, and what we took from them",
	     "Address, length and verdict of each table; then the interrupt controllers,\n"
	     "the lines that are not wired one to one, how to turn the power off, and\n"
	     "the units of the IOMMU with their devices. `log` says what was wrong.\n"),
	SHOW(pci, monitor_pci, "devices on the PCI buses",
	     "As lspci -v has it: bus:slot.function, class, ids, then the interrupt and\n"
	     "each base address with its size. Firmware chose the addresses.\n"),
	RUN(iommu, "[walk DEV BUS]", 0, 3, iommu_word,
	    "what devices reach; a bus address, level by level",
	    "Alone: units, the domain of each device and how many pages are mapped in\n"
	    "it, accesses that were blocked. `iommu walk 00:04.0 5000` goes through the\n"
	    "tables of a device; the bus address is hexadecimal.\n"),
	SHOW(dma, monitor_dma, "devices that use memory; a buffer and its three addresses",
	     "Each device with its mask and what was mapped, bounced and copied for it.\n"
	     "Then pages that are mapped for a device of 28 bits, as a show: where they\n"
	     "are for the CPU, in memory, and on the bus, without an IOMMU and with.\n"),
	RUN(maps, "[PID]", 0, 1, NULL, "areas of a task's address space",
	    "Linux's /proc/PID/maps; of task 1 if you name none.\n"),
	SHOW(ps, monitor_ps, "tasks and threads of the kernel", ""),
	SHOW(calls, monitor_calls, "the kernel's own calls, and what each one needs",
	     "Number, name, the object that the handle names (`or 0`: handle 0 is the\n"
	     "caller's own), the right that the handle needs. Reference: `held`, the\n"
	     "kernel holds one to the object until the call returns; `late`, the call\n"
	     "looks at its arguments first, and finds the object itself.\n"),
	SHOW(map, monitor_map, "the virtual map and the zones, drawn",
	     "A bar stands for a region or a zone; each of its characters for a 64th.\n"
	     "Below a zone: which part of its free pages lies in blocks that are too\n"
	     "small for a request of that order.\n"),
	RUN(walk, "ADDR [PID]", 1, 2, symbol_name, "translate an address, level by level",
	    "By the tables in use, or by those of a task. ADDR is hexadecimal, or a\n"
	    "function, or function+offset.\n"),
	RUN(pte, "ADDR [PID]", 1, 2, symbol_name,
	    "the last entry of that walk, bit by bit", ""),
	RUN(page, "PFN", 1, 1, NULL, "what is known of a page frame",
	    "PFN is decimal, or hexadecimal with 0x: a physical address / 4096.\n"),
	RUN(find, "ADDR [PID]", 1, 2, symbol_name, "what is this address?",
	    "Region, symbol, stack, cache and object, area, slot, page frame; for an\n"
	    "address of user mode the VMA of task PID.\n"),
	RUN(x, "ADDR [BYTES] [PID]", 1, 3, symbol_name, "read memory",
	    "64 bytes if you name no number; -- stands for a byte that is not mapped.\n"),
	SHOW(kmap, monitor_kmap, "slots of kmap()", ""),
	SHOW(fixmap, monitor_fixmap, "slots of the fixmap", ""),
	RUN(slab, "NAME", 1, 1, monitor_cache_name,
	    "one cache, with a picture of its slabs",
	    "# is an object that a user has, m one in a magazine, . a free one.\n"),
	RUN(alloc, "[KIND ARG]", 0, 2, monitor_alloc_kind,
	    "take memory by hand; alone: what is held",
	    "  alloc page 3          2^3 pages of lowmem\n"
	    "  alloc highmem 0       a page from anywhere, HIGHMEM first\n"
	    "  alloc dma 0           a page below 16 MiB\n"
	    "  alloc kmalloc 100     100 bytes; kmalloc-dma: below 16 MiB\n"
	    "  alloc vmalloc 64K     64 KiB, contiguous by addresses only\n"
	    "  alloc cache NAME      an object of a cache\n"
	    "  alloc kmap PFN        an address for an allocated frame\n"
	    "  alloc ioremap PHYS    an address for device registers; refuses RAM\n"
	    "It stays until `free` with the number that is printed.\n"),
	RUN(free, "NUMBER|all", 1, 1, NULL, "give back what alloc has taken", ""),
	RUN(leak, "[mark|off]", 0, 1, leak_word,
	    "what was allocated since a mark and is still there",
	    "`leak mark` begins to write down who allocates; `leak` prints what is\n"
	    "left of it by callers, innermost first; `leak off` ends it.\n"),
	RUN(fault, "[KIND]", 0, 1, monitor_fault_kind,
	    "cause a fault, and see it explained",
	    "Alone: the kinds. Most are survived and come back to the prompt.\n"),
	SHOW(check, monitor_check, "do all numbered invariants hold?", ""),
	RUN(test, "[SUITE,...|all [ORDER]]", 0, 2, selftest_name, "run the self-tests",
	    "All of them take a minute or two. ORDER is that of the suites:\n"
	    "by-name, reversed, or shuffled as the word seed=N has said.\n"),
	RUN(bench, "[NAME,...]", 0, 1, selftest_bench_name, "run benchmarks",
	    "Ticks of the time-stamp counter per operation: instructions, if the\n"
	    "emulator runs with -icount shift=0.\n"),
	RUN(log, "[LEVEL]", 0, 1, NULL,
	    "what the kernel has said, up to a level", "0 is loudest, 7 all.\n"),
	RUN(loglevel, "LEVEL", 1, 1, NULL,
	    "what the kernel says at once: all below LEVEL", "0 to 8.\n"),
	SHOW(history, monitor_history, "the lines typed before",
	     "Arrows or ^P ^N bring them back. ^A ^E ^B ^F move, ^U ^K ^W delete,\n"
	     "Tab completes, ^L draws again, ^C gives up.\n"),
	RUN(colour, "[on|off]", 0, 1, colour_word, "colours, if the terminal has them",
	    "They are switched on when the terminal says that it knows them.\n"),
	RUN(floppy, "LBA [COUNT]", 1, 2, NULL, "read sectors of drive A by ISA DMA",
	    "LBA counts sectors of 512 bytes from 0; COUNT is 1 to 16. The buffer\n"
	    "is of ZONE_DMA; its virtual, physical and bus address are printed.\n"),
	SHOW(exit, monitor_leave, "leave the monitor: go on where it was opened",
	     "At the start: run init. After a panic, or user mode: leave the machine.\n"),
	SHOW(reboot, machine_reboot, "begin again with the firmware", ""),
	SHOW(poweroff, machine_poweroff, "turn the power off", ""),
};

const unsigned monitor_nr_commands = ARRAY_SIZE(monitor_commands);

static const struct monitor_command *find(const char *name)
{
	return command_find(monitor_commands, monitor_nr_commands, name);
}

word_list_fn monitor_complete(const char *text, unsigned length,
			      unsigned *start)
{
	unsigned position = words_position(text, length, start);
	char copy[LINE_TEXT_MAX], *argv[WORDS_MAX];
	const struct monitor_command *command;

	if (position == 0)
		return command_name;
	strscpy(copy, text, sizeof(copy));
	if (position > 1 || !words_split(copy, argv))
		return NULL;
	command = find(argv[0]);
	return command ? command->words : NULL;
}

/* ---- help ------------------------------------------------------------ */

static void help_about(const struct monitor_command *command)
{
	say("%s%s %s%s\n%s\n%s", colour(COLOUR_HEAD), command->name,
	    command->args, colour(COLOUR_PLAIN), command->what, command->help);
	if (command->words && command->words != symbol_name)
		say("Tab offers the words that may follow.\n");
}

int monitor_help(char *const argv[])
{
	const struct monitor_command *command = argv[1] ? find(argv[1]) : NULL;

	if (command) {
		help_about(command);
		return 0;
	}
	if (argv[1])
		return complain("%.40s: no such command", argv[1]);
	for (unsigned i = 0; i < monitor_nr_commands; i++)
		say("  %-11s %-18s %s\n", monitor_commands[i].name,
		    monitor_commands[i].args, monitor_commands[i].what);
	say("`help CMD` says more. Tab completes, arrows bring lines back.\n");
	return 0;
}

/* ---- the prompt itself ----------------------------------------------- */

void monitor_history(void)
{
	const char *line;

	for (unsigned i = 0; (line = line_history(&monitor_line, i)); i++)
		say("  %s\n", line);
}

int monitor_colour(char *const argv[])
{
	bool on = argv[1] && !strcmp(argv[1], "on");

	if (argv[1] && !on && strcmp(argv[1], "off"))
		return complain("colour %.20s: `on` or `off`", argv[1]);
	if (argv[1])
		terminal_set_colours(on);
	say("colours are %s\n", terminal_has_colours() ? "on" : "off");
	return 0;
}
