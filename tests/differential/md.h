// SPDX-License-Identifier: MIT
/*
 * md.h - what the files of memdiff share
 *
 * WHAT     memdiff makes random sequences of memory calls and prints what came
 *          of them. The same binary runs under Linux and under Pagoda; what
 *          they print must be the same.
 *
 * TERMS    sequence  some dozens of operations in a process of its own, made
 *                    from a number: the same number gives the same operations
 *                    (as long as their results are the same)
 *          place     an address, printed so that it means the same everywhere:
 *
 *            A+3       page 3 of the dense arena: most of what happens
 *            G+100     page 100 of the wide arena: stacks that grow
 *            B+2.10    byte 16 of page 2 of the heap, counted from its start
 *            T-5       5 pages below the top: where the kernel puts areas
 *            0xc0000000  anything else
 */
#pragma once

#include "lib/random.h"
#include "user/lib/linux.h"

#define PAGE        4096u
#define A_BASE      0x20000000u
#define A_PAGES     64u
#define G_BASE      0x30000000u
#define G_PAGES     1024u
#define B_PAGES     24u
#define KERNEL_BASE 0xc0000000u
#define NOWHERE     0x40000000u  /* nothing is ever mapped there */

/* One sequence's state; a fork copies it with everything else. */
struct md {
	struct rng rng;
	uint32_t   heap;            /* where brk was at the start            */
	uint32_t   top;             /* the first area the kernel put: a fence */
	uint32_t   seen[8];         /* addresses that calls have given       */
	unsigned   nr_seen;
	unsigned   forks;           /* how deep                              */
	unsigned   stamp;           /* makes each write another              */
	bool       locked;          /* something may be mlock()ed            */
};

extern struct md md;

/* ---- md_log.c ------------------------------------------------------------ */

/* Print every line (true), or only a digest of them at the end. */
void log_begin(bool in_full);
void log_line(const char *fmt, ...) __printf(1, 2);
uint64_t log_digest(void);

/* Print in either case: for the frame around the sequences. */
void say(const char *fmt, ...) __printf(1, 2);

/* The text of a place; good until four more are made. */
const char *place(uint32_t addr);

/* The text of a call's result: a place, or -errno. */
const char *place_or_error(long result);

/* ---- md_pick.c ----------------------------------------------------------- */

/* True in `percent` of the cases. */
bool chance(unsigned percent);
uint32_t pick_below(uint32_t n);

/* Addresses: page-aligned and ours; ours; anything, bad ones too. */
uint32_t pick_page(void);
uint32_t pick_addr(void);
uint32_t pick_any_addr(void);

/* Lengths in bytes: of a few pages; anything, bad ones too. */
uint32_t pick_length(void);
uint32_t pick_any_length(void);

/*
 * Cut a length so that a call that unmaps or changes [addr, addr + length)
 * leaves alone what the kernel placed at the top, and the program itself.
 */
uint32_t tame(uint32_t addr, uint32_t length);

/* 1 to `most` pages to look at from `page` on, as tame as that. */
unsigned pick_pages(uint32_t page, unsigned most);

/* An address that a call has given joins those that are picked. */
void remember(uint32_t addr);

/* ---- md_probe.c ---------------------------------------------------------- */

/* Can the 16 bytes there be read? Asked of the kernel, nothing is touched by
 * the program itself. */
bool can_read(uint32_t addr);

/* Write this page's next pattern where that is possible; then read. */
bool fill_page(uint32_t page);

/* Log what at most LOOK_PAGES pages hold; which of them are in memory. */
#define LOOK_PAGES  64
void log_contents(uint32_t page, unsigned nr);
void log_mincore(uint32_t page, unsigned nr);

/* ---- md_ops.c, md_fork.c ------------------------------------------------- */

void random_operation(void);
void op_fresh(void);         /* an area with something in it */
void op_touch_in_child(void);
void op_fork_and_go_on(void);
void op_wait_status(void);
