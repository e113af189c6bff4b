// SPDX-License-Identifier: MIT
/*
 * cmdline.h - the words of the kernel command line
 *
 * WHAT     Parses the line into struct kernel_options. A word is `name` or
 *          `name=value`; blanks separate the words. A table in cmdline.c has
 *          all words, also for the help.
 */
#pragma once

#include "boot/boot_info.h"
#include "kernel/diag/log.h"

#define CMDLINE_MAX  BOOT_CMDLINE_MAX

struct kernel_options {
	const char *selftest;    /* suites to run, "a,b"; "": all; NULL: none */
	const char *bench;       /* benchmarks to run: the same, prefixes too */
	const char *program;     /* "NAME,ARG,..." to run, then exit; or NULL */
	uint32_t    watch;       /* ms between checks of all laws; 0: none    */
	uint32_t    failures;    /* one allocation in so many fails; 0: none  */
	const char *init;        /* arguments of init: "ARG,..." or ""        */
	bool        monitor;     /* stop at the prompt                        */
	const char *crash;       /* the kind of crash to cause, or NULL       */
	bool        witness;     /* make known mappings, print them, wait     */
	bool        dump;        /* print what tools/pictures draws, exit     */
	bool        nonx;        /* behave as on a CPU without NX             */
	bool        noapic;      /* behave as on a machine without APICs      */
	bool        noiommu;     /* leave the IOMMU off                       */
	uint64_t    mem;         /* ignore RAM from here on; 0: use all       */
	uint64_t    vmalloc;     /* bytes from lowmem to 4 GiB; 0: default    */
	uint32_t    loglevel;    /* messages below this level are shown       */
	uint32_t    seed;        /* of the tests' random numbers              */
	char        text[CMDLINE_MAX];   /* the line, cut into words          */
};

#define SEED_DEFAULT      1

/*
 * Parse a command line. `report` gets one line of text for each word that is
 * unknown or has a wrong value. Such a word is ignored; the other words count.
 */
void cmdline_parse(const char *line, struct kernel_options *options,
		   void (*report)(const char *text));

/* One line for each word, for the log. */
void cmdline_help(void (*out)(const char *text));
