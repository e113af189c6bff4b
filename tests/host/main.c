// SPDX-License-Identifier: MIT
/*
 * main.c (host) - the test suites as a program
 *
 * WHAT     Builds a machine as the options say, starts the kernel's memory
 *          management on it in the kernel's own order, and runs the suites.
 *
 *            suites [OPTIONS] [SUITE,SUITE...]
 *
 * SEE      kernel/start/main.c, whose order of steps this is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch/cr.h>
#include <arch/kva.h>
#include <arch/paging.h>
#include <arch/pgtable_check.h>
#include <arch/upgtable.h>

#include "kernel/trial/laws.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/account/account.h"
#include "mm/dma/dma.h"
#include "mm/early/memblock.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "mm/slab/slab.h"
#include "mm/vm/mm.h"
#include "tests/host/host.h"
#include "tests/ktest.h"

#define MIB(n)      ((uint64_t)(n) << 20)
#define HOLES_MAX   8
#define IMAGE_START 0x100000u   /* stands for the kernel's image */
#define IMAGE_END   0x200000u

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE  = 2,
};

struct options {
	uint64_t          mem, below_4g, vmalloc;
	uint64_t          seed, tlb, phys_bits, loglevel;
	unsigned          nr_holes;
	struct host_range hole[HOLES_MAX];
	const char       *list;
};

static struct options opt = {
	.mem = MIB(1024), .below_4g = MIB(3072), .vmalloc = VMALLOC_DEFAULT,
	.seed = 1, .tlb = 64, .phys_bits = 36, .loglevel = LOG_WARNING + 1,
};

static void __noreturn usage(const char *wrong)
{
	if (wrong)
		fprintf(stderr, "suites: cannot use \"%s\"\n", wrong);
	fputs("usage: suites [options] [suite,suite...]\n"
	      "  --mem=SIZE        RAM, laid out as on a PC (1G)\n"
	      "  --below-4g=SIZE   at most so much of it below 4 GiB (3G)\n"
	      "  --hole=START-END  not RAM after all; may be repeated\n"
	      "  --vmalloc=SIZE    what lies between lowmem and 4 GiB (128M)\n"
	      "  --seed=N          of the random numbers (1)\n"
	      "  --tlb=N           entries of the TLB, 4..512 (64)\n"
	      "  --phys-bits=N     width of a physical address (36)\n"
	      "  --nonx            a CPU without NX\n"
	      "  --loglevel=N      show log lines below this level (5)\n",
	      stderr);
	exit(EXIT_USAGE);
}

/* ---- options ------------------------------------------------------------ */

static void parse_hole(char *text)
{
	char *dash = strchr(text, '-');
	struct host_range *hole = &opt.hole[opt.nr_holes++];

	if (!dash || opt.nr_holes > HOLES_MAX)
		usage(text);
	*dash = '\0';
	if (parse_size(text, &hole->start.v) ||
	    parse_size(dash + 1, &hole->end.v))
		usage(text);
}

/* Does the argument begin with `name`? Then the rest goes to *value. */
static bool parse_number(const char *arg, const char *name, uint64_t *value)
{
	size_t len = strlen(name);

	if (strncmp(arg, name, len))
		return false;
	if (parse_size(arg + len, value))
		usage(arg);
	return true;
}

static void parse_option(char *arg)
{
	if (parse_number(arg, "--mem=", &opt.mem) ||
	    parse_number(arg, "--below-4g=", &opt.below_4g) ||
	    parse_number(arg, "--vmalloc=", &opt.vmalloc) ||
	    parse_number(arg, "--seed=", &opt.seed) ||
	    parse_number(arg, "--tlb=", &opt.tlb) ||
	    parse_number(arg, "--phys-bits=", &opt.phys_bits) ||
	    parse_number(arg, "--loglevel=", &opt.loglevel))
		return;
	if (!strncmp(arg, "--hole=", 7))
		parse_hole(arg + 7);
	else if (!strcmp(arg, "--nonx"))
		host_cpu.nx = false;
	else if (arg[0] == '-' || opt.list)
		usage(arg);
	else
		opt.list = arg;
}

/* ---- the machine -------------------------------------------------------- */

static void build_machine(void)
{
	struct host_memory memory;

	if (opt.tlb < TLB_ENTRIES_MIN || opt.tlb > TLB_ENTRIES_MAX)
		usage("--tlb");
	host_cpu.phys_bits = (unsigned)opt.phys_bits;
	if (host_cpu.nx)
		host_cpu.efer = EFER_NXE;
	host_loglevel = (int)opt.loglevel;
	host_tlb_init((unsigned)opt.tlb);
	host_mmu_init();

	host_memory_pc(&memory, opt.mem, opt.below_4g);
	for (unsigned i = 0; i < opt.nr_holes; i++)
		host_memory_cut(&memory, opt.hole[i].start, opt.hole[i].end);
	host_ram_init(&memory);
	for (unsigned i = 0; i < memory.nr_ranges; i++)
		if (memblock_add(memory.range[i].start, memory.range[i].end))
			panic("memblock_add failed");
	/* Page 0 and the firmware's data; the image. */
	if (memblock_reserve(PHYS(0), PHYS(PAGE_SIZE)) ||
	    memblock_reserve(PHYS(IMAGE_START), PHYS(IMAGE_END)))
		panic("memblock_reserve failed");
}

char host_boot_log[HOST_BOOT_LOG_SIZE];
uint64_t host_trial_cost, host_largest_free;

/* What lies in RAM at boot is not zero. Boot takes the highest memory first. */
static void dirty_lowmem(void)
{
	phys_addr_t cursor = PHYS(0);
	struct memblock_range range;

	while (memblock_next_free(&cursor, &range) &&
	       range.start.v < high_memory - PAGE_OFFSET) {
		uint64_t end = MIN(range.end.v, high_memory - PAGE_OFFSET);
		uint64_t size = MIN(end - range.start.v, MIB(16));

		memset(host_ram(PHYS(end - size)), 0xa5, size);
	}
}

static uint64_t largest_free_lowmem(void)
{
	phys_addr_t cursor = PHYS(0);
	struct memblock_range range;
	uint64_t largest = 0;

	while (memblock_next_free(&cursor, &range) &&
	       range.start.v < high_memory - PAGE_OFFSET)
		largest = MAX(largest, MIN(range.end.v, high_memory -
					   PAGE_OFFSET) - range.start.v);
	return largest;
}

static uint64_t free_bytes(void)
{
	phys_addr_t cursor = PHYS(0);
	struct memblock_range range;
	uint64_t bytes = 0;

	while (memblock_next_free(&cursor, &range))
		bytes += range.end.v - range.start.v;
	return bytes;
}

/* An image of four pages of text, four of constants, the rest data. */
static const struct image_layout image = {
	.text_start   = PAGE_OFFSET + IMAGE_START,
	.text_end     = PAGE_OFFSET + IMAGE_START + 4 * PAGE_SIZE,
	.rodata_start = PAGE_OFFSET + IMAGE_START + 4 * PAGE_SIZE,
	.rodata_end   = PAGE_OFFSET + IMAGE_START + 8 * PAGE_SIZE,
	.data_start   = PAGE_OFFSET + IMAGE_START + 8 * PAGE_SIZE,
	.data_end     = PAGE_OFFSET + IMAGE_END,
};

static void init_memory(void)
{
	uint64_t limit;

	if (lowmem_limit(opt.vmalloc, &limit))
		exit(EXIT_USAGE);
	lowmem_init(limit);
	host_ram_map_direct(high_memory - PAGE_OFFSET);
	dirty_lowmem();
	paging_init(&image);
	host_trial_cost = free_bytes();
	upt_try_high_tables();
	host_trial_cost -= free_bytes();
	host_largest_free = largest_free_lowmem();
	zones_init();
	slab_init();
	account_init();
	vmalloc_init();
	kmap_init();
	upt_init();
	mm_init();
	dma_init();
}

/* After each suite: the laws of memory hold, and the TLB fits the tables. */
static const char *check_machine(void)
{
	static const char *(*const checks[])(void) = {
#define CHECK(name, check, stops) check,
		LAWS_OF_MEMORY(CHECK)
		host_tlb_check,
	};
	const char *law = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(checks) && !law; i++)
		law = checks[i]();
	return law;
}

int main(int argc, char **argv)
{
	struct ktest_totals totals;

	for (int i = 1; i < argc; i++)
		parse_option(argv[i]);
	host_log_capture(host_boot_log, sizeof(host_boot_log));
	build_machine();
	init_memory();
	host_log_capture(NULL, 0);
	ktest_after_suite = check_machine;
	ktest_set_seed((uint32_t)opt.seed);
	ktest_run(opt.list, &totals);
	printf("# pagoda: selftest: %u passed, %u failed, %u skipped\n",
	       totals.passed, totals.failed, totals.skipped);
	return totals.failed || !totals.passed ? EXIT_FAILED : 0;
}

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	/* The kernel's memory is no malloc() memory: leaks are for ktest.c. */
	return "allow_user_segv_handler=1:handle_segv=1:detect_leaks=0:"
	       "detect_stack_use_after_return=0";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}
