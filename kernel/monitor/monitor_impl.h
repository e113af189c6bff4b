// SPDX-License-Identifier: MIT
/*
 * monitor_impl.h - what the files of kernel/monitor/ share
 *
 * WHAT     The table of commands, the ways to say something, and the ways to
 *          read an argument. Whatever is typed is untrusted: no argument is
 *          followed before it is checked, and addresses are only touched by
 *          <arch/probe.h>.
 */
#pragma once

#include <arch/addr.h>

#include "kernel/diag/console.h"
#include "kernel/monitor/words.h"
#include "lib/errno.h"

struct boot_info;
struct task;

/* ---- monitor.c ------------------------------------------------------- */

extern const struct boot_info *monitor_boot;
extern uint32_t monitor_seed;

/* The console's loglevel, to which it returns after each command. */
extern unsigned monitor_console_level;

/* Has the kernel panicked? Then there are no interrupts and no threads. */
extern bool monitor_after_panic;

/* The prompt shall not come again. */
void monitor_leave(void);

/* One line, as typed: finds the command and runs it. Changes the text. */
void monitor_run_line(char *text);

extern struct line_editor monitor_line;

/* ---- commands.c ------------------------------------------------------ */

extern const struct monitor_command monitor_commands[];
extern const unsigned monitor_nr_commands;

/* For the line editor. */
word_list_fn monitor_complete(const char *text, unsigned length,
			      unsigned *start);

/* ---- saying ---------------------------------------------------------- */

#define say(...)  console_printf(__VA_ARGS__)

/* Say what is wrong with an argument. Returns: -EINVAL. */
int complain(const char *fmt, ...) __printf(1, 2);

/* ---- arguments.c ----------------------------------------------------- */

/* Each says what is wrong with the text, and then returns -EINVAL. */

/* Hexadecimal, or a function, or a function+0x12. */
int arg_address(const char *text, uint32_t *va) __must_check;

/* A number of min..max, decimal or 0x; a size also with K, M, G. */
int arg_number(const char *text, uint64_t min, uint64_t max, uint64_t *n)
	__must_check;
int arg_size(const char *text, uint64_t max, uint64_t *n) __must_check;

/* A frame that mem_map has an entry for. */
int arg_pfn(const char *text, pfn_t *pfn) __must_check;

/* A task with an address space, by pid; the caller puts its object. */
int arg_task(const char *text, struct task **taskp) __must_check;

/* ---- the commands, in the files that the names say ------------------- */

#define MONITOR_FUNCTIONS(F)                                                  \
	F(help) F(exit) F(history) F(colour)               /* commands.c */   \
	F(meminfo) F(buddyinfo) F(zoneinfo) F(slabinfo)    /* proc.c */       \
	F(vmallocinfo) F(maps) F(ps) F(check)                                 \
	F(iomem)                                           /* iomem.c */      \
	F(acpi)                                            /* acpi.c */       \
	F(dma)                                             /* dma.c */        \
	F(pci)                                             /* pci.c */        \
	F(iommu)                                           /* iommu.c */      \
	F(map)                                             /* map.c */        \
	F(walk) F(pte) F(page) F(kmap) F(fixmap) F(x)      /* look.c */       \
	F(find) F(slab)                                    /* find.c */       \
	F(alloc) F(free)                                   /* hold.c */       \
	F(leak)                                            /* leak.c */       \
	F(fault) F(test) F(bench) F(log) F(loglevel)       /* control.c */    \
	F(floppy)                                          /* floppy.c */     \
	F(reboot) F(poweroff)

#define F(name) int monitor_##name(unsigned argc, char *const argv[]);
MONITOR_FUNCTIONS(F)
#undef F

/* Words that may stand behind some of them. */
const char *monitor_fault_kind(unsigned i);
const char *monitor_alloc_kind(unsigned i);
const char *monitor_cache_name(unsigned i);
const char *monitor_iommu_word(unsigned i);

/* enum page_state in words. look.c */
extern const char *const monitor_page_states[];

/* An entry of the page tables in letters: " P RW A". */
int entry_bits(char *buf, size_t size, uint64_t entry);

/* n bytes of the kernel's, as `x` prints them. look.c */
void monitor_dump(const void *ptr, unsigned n);

/* Give everything back that `alloc` has taken. For tests. */
void monitor_free_all(void);
