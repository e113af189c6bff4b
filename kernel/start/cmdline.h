// SPDX-License-Identifier: MIT
/*
 * cmdline.h - the words of the kernel command line
 *
 * WHAT     Parses the line into struct kernel_options. Words are separated by
 *          blanks; `name` or `name=value`. The words are a table in cmdline.c,
 *          which also prints the help.
 */
#pragma once

#include "kernel/diag/log.h"

#define CMDLINE_MAX  1024

struct kernel_options {
	bool        selftest;        /* run suites, then exit with a status   */
	const char *selftest_list;   /* "a,b", or "" for all                  */
	bool        bench;           /* run benchmarks, then exit             */
	const char *bench_list;      /* "a,b", prefixes too, or "" for all    */
	const char *program;         /* "NAME,ARG,...": run it, then exit     */
	unsigned    watch;           /* ms between looks at all laws; 0: none */
	unsigned    failures;        /* one allocation in so many fails; 0    */
	const char *init_args;       /* "ARG,...": for init, or ""            */
	bool        monitor;         /* stop at the prompt                    */
	const char *crash;           /* die in this way, to be looked at      */
	bool        witness;         /* set up known mappings, dump, wait     */
	bool        dump;            /* print what tools/pictures draws, exit */
	bool        nonx;            /* behave as on a CPU without NX         */
	bool        noapic;          /* behave as on a machine without APICs  */
	bool        noiommu;         /* leave the IOMMU off                   */
	uint64_t    mem;             /* ignore RAM from here on; 0: use all   */
	uint64_t    vmalloc;         /* lowmem to 4 GiB, bytes; 0: default    */
	unsigned    loglevel;        /* lines below it are shown              */
	uint32_t    seed;            /* of the tests' random numbers          */
	char        text[CMDLINE_MAX]; /* the line, cut into words            */
};

#define SEED_DEFAULT      1

/*
 * Parse a command line. `report` gets one line of text for each word that is
 * unknown or whose value is wrong; that word is then ignored, the others hold.
 */
void cmdline_parse(const char *line, struct kernel_options *options,
		   void (*report)(const char *text));

/* One line for each word, for the log. */
void cmdline_help(void (*out)(const char *text));
