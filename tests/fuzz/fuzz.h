// SPDX-License-Identifier: MIT
/*
 * fuzz.h - calls with arguments that make sense, at random
 *
 * WHAT     Several processes, each with several threads, make the calls of a
 *          table (calls.h). Most handles and ranges are valid. So the calls do
 *          things, to other processes too, instead of refusing nonsense. Their
 *          results are not checked. Meanwhile the kernel checks its laws
 *          (kernel/trial/watch.c), and at the end it checks what is left.
 *
 * TERMS    worker   one of the processes that main() starts and starts again
 *          stream   the operations of one life: each thread, forked child and
 *                   started task has a stream of its own
 *          op       one operation of a stream. All its random numbers follow
 *                   from seed, stream and op, so one op can be made again
 *                   without those before it
 *          mark     stream << 12 | op, in EBP of each call: it tells the op of
 *                   a call that kernel/trial/call_trace.c prints
 *          pool     handles of one kind that this process has, or had
 *
 * PICTURE    main ---- fork ----> worker --- thread, fork, vfork, clone, start
 *              |                    |  ^
 *              | kills, counts      +--+  messages, pages, faults, exceptions:
 *              |                          over endpoints that all share
 */
#pragma once

#include "kernel/uapi/pagoda.h"
#include "lib/align.h"
#include "lib/random.h"
#include "user/lib/ipc.h"

#define PAGE          4096u
#define ARENA         0x20000000u   /* where areas are made and unmade        */
#define ARENA_PAGES   64u
#define WINDOW        0x30000000u   /* where pages of messages come           */
#define WINDOW_PAGES  64u
#define MS            1000000ull

#define WORKERS       4u
#define THREADS       5u            /* of a worker that run at once           */
#define SLOTS         24u           /* ... or may wait for ever               */
#define STACK_SIZE    (4 * PAGE)
#define POOL_SIZE     8u
#define OPS_MAX       4096u         /* of one stream: 12 bits of a mark       */

/* What an argument is. values.c makes a value of each kind; pointers.c makes
 * those that are pointers. */
#define KINDS(K)                                                              \
	K(ZERO) K(WORD) K(SMALL) K(EIGHT) K(TWELVE)                            \
	/* memory */                                                          \
	K(ADDR) K(LENGTH) K(PROT) K(MAP_FLAGS) K(REMAP_FLAGS) K(ADVICE)       \
	K(BREAK) K(OFFSET)                                                    \
	/* objects */                                                         \
	K(RIGHTS) K(BADGE) K(BITS) K(STATUS) K(A_SERVER) K(A_NOTIFICATION)    \
	K(A_TASK) K(MASK)                                                     \
	/* time, processes, files */                                          \
	K(SOON) K(HIGH) K(PID) K(CHILD) K(WAIT_FLAGS) K(CLONE_FLAGS)          \
	K(NEW_STACK) K(FD) K(NO_FD) K(GROUP)                                  \
	/* pointers to what the call reads or writes */                       \
	K(BYTES_PTR) K(TEXT_PTR) K(WORD_PTR) K(MESSAGE_PTR) K(REGS_PTR)       \
	K(START_PTR) K(AREA_PTR) K(PAGE_PTR) K(TASK_PTR) K(MEM_PTR)           \
	K(DEVICE_PTR) K(SEGMENT_PTR) K(IOVEC_PTR) K(TIME_PTR) K(DESC_PTR)     \
	K(SET_PTR) K(USAGE_PTR) K(UTS_PTR) K(TIME64_PTR)

enum kind {
#define K(name) name,
	KINDS(K)
#undef K
	NR_KINDS
};

/* What a handle is, and in which pool it is found. */
enum handle_kind {
	/* pools */
	ENDPOINT, NOTIFICATION, TASK, MEMORY, SYSTEM, DEVICE, DMA, IRQ, REPLY,
	NR_POOLS,
	/* of several pools, or none */
	NONE = NR_POOLS,
	ANY,             /* of any pool                                       */
	LOOSE,           /* ... mostly one of our own                         */
	REPLY_OR_0, TASK_OR_0,
	VICTIM,          /* a task, mostly one that does not run yet          */
	BY_TABLE,        /* what PAGODA_CALLS says: call->named               */
};

enum extras { NO_EXTRAS, SENDS, WAITS };

struct call {
	uint32_t    number;
	const char *name;
	uint32_t    weight;
	uint32_t    handle;               /* enum handle_kind                 */
	uint8_t     args[IPC_NR_WORDS - 1]; /* enum kind; EBP has the mark    */
	uint32_t    extras;               /* enum extras                      */
	uint32_t    named;                /* enum handle_kind: for BY_TABLE   */
};

/* Memory for structures that calls read and write. */
#define SCRATCH_SIZE  1024u

/* One thread. It lies below the thread's stack. */
struct fuzz {
	struct ipc_msg buf __aligned(64);
	struct rng     rng;
	uint32_t       stream, op;
	uint32_t       budget;            /* ops until it ends                */
	bool           buffer_lost;       /* another buffer is set            */
	uint8_t        scratch[SCRATCH_SIZE] __aligned(16);
	uint32_t       scratch_used;
	uint32_t       slot;              /* SLOTS: it has none               */
	bool           alone;             /* begins in a copy of our memory   */
	bool           again;             /* another one follows it           */
};

#define CALLS_MAX  256u

/* Seen by all processes. */
struct shared {
	volatile uint32_t ops, stop;
	volatile uint32_t next_stream;
	volatile uint32_t beat[WORKERS];
	volatile uint32_t good[CALLS_MAX];  /* calls that did not fail       */
};
extern struct shared *shared;

/* Of this process. */
extern uint32_t fuzz_seed;
extern uint32_t worker;                   /* which of them we belong to       */

/* 0 <= result < n */
static inline uint32_t pick(struct fuzz *f, uint32_t n)
{
	return (rng_next(&f->rng) >> 7) % n;
}

/* ---- the table of calls (table.c) ---------------------------------------- */

/* All calls, one after the other. NULL: there are no more. */
const struct call *fuzz_call(unsigned i);

/* ---- handles (pools.c) --------------------------------------------------- */

void pool_add(enum handle_kind kind, long handle);
uint32_t pool_pick(struct fuzz *f, enum handle_kind kind);
/* All handles of the pools were given to this process: they stay. */
void pool_fix(void);

/* ---- values (values.c, pointers.c) --------------------------------------- */

uint32_t value_of(struct fuzz *f, enum kind kind);
/* The kinds that are pointers. */
uint32_t pointer_of(struct fuzz *f, enum kind kind);
/* The start of a page that all threads share. */
uint32_t value_page(struct fuzz *f);
/* Any value at all. */
uint32_t value_raw(struct fuzz *f);
void fill_extras(struct fuzz *f, enum extras extras);
/* Where the image lies that TASK_START starts. */
void value_set_image(uint32_t offset, uint32_t size);
extern uint32_t image_offset, image_size;

/* ---- operations (ops.c, threads.c, serve.c) ------------------------------ */

/* Operations of one stream, until its budget is used up. */
void fuzz_run(struct fuzz *f);
void fuzz_begin(struct fuzz *f, uint32_t budget);
/* Names of calls that have not succeeded once. */
void fuzz_tell_failed(void);
/* Show the calls of each op on the console before it is made. */
extern bool fuzz_tells;

/* A call that is made in a way of its own. Returns: its result. */
typedef long (*special_fn)(struct fuzz *f, const struct words *words);
special_fn special_of(uint32_t number);

/* Start a thread, which runs a stream and then another one. */
long thread_begin(struct fuzz *f);

/* Perhaps answer what came; `result` is that of the receiving call. */
void serve(struct fuzz *f, long result);
long fuzz_message(struct fuzz *f, uint32_t eax, struct words *words);
