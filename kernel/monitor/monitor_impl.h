// SPDX-License-Identifier: MIT
/*
 * monitor_impl.h - what the files of kernel/monitor/ share
 *
 * WHAT     The table of commands, the ways to say something, and the ways to
 *          read an argument. What was typed is untrusted: each argument is
 *          checked before it is used, and only <arch/probe.h> touches an
 *          address.
 */
#pragma once

#include <arch/addr.h>

#include "kernel/diag/console.h"
#include "kernel/monitor/words.h"
#include "lib/errno.h"

struct boot_info;
struct kmem_cache;
struct task;

/* ---- monitor.c ------------------------------------------------------- */

extern const struct boot_info *monitor_boot;
extern uint32_t monitor_seed;

/* The console's loglevel, to which it returns after each command. */
extern unsigned monitor_console_level;

/* Has the kernel panicked? Then there are no interrupts and no threads. */
extern bool monitor_after_panic;

/* The prompt does not come again. */
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

/* A device's source id as lspci prints it: 00:04.0. Returns: text. pci.c */
#define DEVICE_TEXT  8
const char *format_device(char text[DEVICE_TEXT], uint16_t source_id);

/* ---- arguments.c ----------------------------------------------------- */

/*
 * Each function says what is wrong with the text, and then returns -EINVAL. For
 * arg_number() and arg_task() a NULL text is an argument that was left out: the
 * value stays as it is. The others want a text.
 */

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

/* An object cache, by name. */
int arg_cache(const char *text, struct kmem_cache **cachep) __must_check;

/* ---- the commands, in the files that the names say ------------------- */

/* Those without arguments, and those with. */
#define MONITOR_SHOWS(F)                                                      \
	F(history)                                         /* commands.c */   \
	F(meminfo) F(ps) F(check)                          /* proc.c */       \
	F(iomem)                                           /* iomem.c */      \
	F(calls)                                           /* calls.c */      \
	F(acpi)                                            /* acpi.c */       \
	F(dma)                                             /* dma.c */        \
	F(pci)                                             /* pci.c */        \
	F(map)                                             /* map.c */        \
	F(kmap) F(fixmap)                                  /* look.c */

#define MONITOR_FUNCTIONS(F)                                                  \
	F(help) F(colour)                                  /* commands.c */   \
	F(maps)                                            /* proc.c */       \
	F(iommu)                                           /* iommu.c */      \
	F(walk) F(pte) F(page) F(x)                        /* look.c */       \
	F(find) F(slab)                                    /* find.c */       \
	F(alloc) F(free)                                   /* hold.c */       \
	F(leak)                                            /* leak.c */       \
	F(fault) F(test) F(bench) F(log) F(loglevel)       /* control.c */    \
	F(floppy)                                          /* floppy.c */

#define F(name) void monitor_##name(void);
MONITOR_SHOWS(F)
#undef F
#define F(name) int monitor_##name(char *const argv[]);
MONITOR_FUNCTIONS(F)
#undef F

/* Words that may stand behind some of them. */
const char *monitor_fault_kind(unsigned i);
const char *monitor_alloc_kind(unsigned i);
const char *monitor_cache_name(unsigned i);

/* enum page_state in words. look.c */
extern const char *const monitor_page_states[];

/* n bytes of the kernel's, as `x` prints them. look.c */
void monitor_dump(const void *ptr, unsigned n);

/* Give everything back that `alloc` has taken. For tests. */
void monitor_free_all(void);
