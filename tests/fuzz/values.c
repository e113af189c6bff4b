// SPDX-License-Identifier: MIT
/*
 * values.c - a value of each kind of argument that is no pointer
 *
 * WHAT     One function for each kind, in a table. The kinds that are missing
 *          in the table are pointers.
 *
 * ALGORITHM  Mostly what a sensible program would say, for ranges that all
 *          threads of a process share.
 * SEE      pointers.c
 */
#include "lib/printf.h"
#include "lib/string.h"
#include "tests/fuzz/fuzz.h"
#include "user/lib/linux.h"

uint32_t image_offset, image_size;

void value_set_image(uint32_t offset, uint32_t size)
{
	image_offset = offset;
	image_size = size;
}

/* One of a list. */
#define ONE_OF(f, ...)                                          \
	({                                                      \
		static const uint32_t list_[] = { __VA_ARGS__ }; \
		list_[pick(f, ARRAY_SIZE(list_))];              \
	})

uint32_t value_raw(struct fuzz *f)
{
	static const uint32_t edges[] = {
		0, 1, 2, 3, 4, 7, 8, 12, 16, 22, 0x32, 0x1000, 0x1001, 0x7fff,
		0x10000, 0x100000, 0x7fffffff, 0x80000000, 0xbffff000,
		0xbfffffff, 0xc0000000, 0xc0100000, 0xe0800000, 0xffbfe000,
		0xffe00000, 0xfffff000, 0xfffffffc, 0xffffffff, 0x08048000,
		0xfffffffe, 0xffffff00, 0x50000000,
	};

	switch (pick(f, 4)) {
	case 0:
		return edges[pick(f, ARRAY_SIZE(edges))];
	case 1:
		return ARENA + pick(f, ARENA_PAGES * PAGE);
	case 2:
		return pick(f, 64);
	default:
		return rng_next(&f->rng);
	}
}

/* ---- plain ones ---------------------------------------------------------- */

static uint32_t zero(struct fuzz *f)
{
	return 0;
}

static uint32_t eight(struct fuzz *f)
{
	return pick(f, 16) ? 8 : pick(f, 16);
}

static uint32_t twelve(struct fuzz *f)
{
	return pick(f, 8) ? 12 : pick(f, 16);
}

static uint32_t word(struct fuzz *f)
{
	return pick(f, 3) ? pick(f, 4) : rng_next(&f->rng);
}

static uint32_t small(struct fuzz *f)
{
	return pick(f, 9);
}

/* ---- memory -------------------------------------------------------------- */

uint32_t value_page(struct fuzz *f)
{
	if (pick(f, 4))
		return ARENA + pick(f, ARENA_PAGES) * PAGE;
	return WINDOW + pick(f, WINDOW_PAGES) * PAGE;
}

static uint32_t addr(struct fuzz *f)
{
	switch (pick(f, 64)) {
	case 0:
		return value_raw(f);
	case 1:
		return value_page(f) + pick(f, PAGE);
	case 2:
		return 0;
	default:
		return value_page(f);
	}
}

static uint32_t length(struct fuzz *f)
{
	switch (pick(f, 64)) {
	case 0:
		return value_raw(f);
	case 1:
		return pick(f, 1024) * PAGE;
	case 2:
		return pick(f, 4 * PAGE);
	default:
		return (1 + pick(f, pick(f, 8) ? 8 : ARENA_PAGES)) * PAGE;
	}
}

static uint32_t prot(struct fuzz *f)
{
	return ONE_OF(f, 3, 3, 3, 1, 0, 5, 7, 2);
}

static uint32_t map_flags(struct fuzz *f)
{
	static const uint32_t more[] = {
		MAP_GROWSDOWN, MAP_POPULATE, MAP_NORESERVE, MAP_LOCKED,
		MAP_STACK, MAP_FIXED_NOREPLACE,
	};
	uint32_t flags = MAP_ANONYMOUS;

	flags |= pick(f, 5) ? MAP_PRIVATE : MAP_SHARED;
	flags |= pick(f, 16) ? MAP_FIXED : 0;
	flags |= pick(f, 3) ? 0 : more[pick(f, ARRAY_SIZE(more))];
	return flags;
}

static uint32_t remap_flags(struct fuzz *f)
{
	return pick(f, 8);
}

static uint32_t advice(struct fuzz *f)
{
	return pick(f, 26);
}

/* Near the present break. */
static uint32_t program_break(struct fuzz *f)
{
	uint32_t now = (uint32_t)linux_brk(NULL);

	return now + pick(f, 5) * PAGE - 2 * PAGE;
}

static uint32_t offset(struct fuzz *f)
{
	return pick(f, image_offset + image_size + 1);
}

/* ---- objects ------------------------------------------------------------- */

static uint32_t rights(struct fuzz *f)
{
	return pick(f, 2) ? RIGHTS_ALL : pick(f, 256);
}

static uint32_t badge(struct fuzz *f)
{
	return pick(f, 3) ? 0 : pick(f, 1000);
}

static uint32_t bits(struct fuzz *f)
{
	return pick(f, 256);
}

static uint32_t status(struct fuzz *f)
{
	return pick(f, 16);
}

static uint32_t a_server(struct fuzz *f)
{
	return pick(f, 3) ? pool_pick(f, ENDPOINT) : 0;
}

static uint32_t a_notification(struct fuzz *f)
{
	return pool_pick(f, NOTIFICATION);
}

static uint32_t a_task(struct fuzz *f)
{
	return pool_pick(f, TASK_OR_0);
}

/* The highest bus address that a device could reach; the last one is wrong. */
static uint32_t mask(struct fuzz *f)
{
	return ONE_OF(f, 0x0fffffff, 0x0fffffff, 0xffffffff, 0x00ffffff,
		      0x00001000);
}

/* ---- time, processes, files ---------------------------------------------- */

/* The low half of a deadline, in the next 6 ms. */
static uint32_t soon(struct fuzz *f)
{
	return (uint32_t)(clock_ns() + pick(f, 12) * MS / 2);
}

static uint32_t high(struct fuzz *f)
{
	return (uint32_t)(clock_ns() >> 32);
}

/* Near our own number: perhaps it belongs to a process. */
static uint32_t pid(struct fuzz *f)
{
	return (uint32_t)linux_getpid() + 32 - pick(f, 64);
}

static uint32_t child(struct fuzz *f)
{
	return pick(f, 4) ? ~0u : pid(f);
}

/* The number of a group; 0: the caller's own. */
static uint32_t group(struct fuzz *f)
{
	return pick(f, 3) ? 0 : pid(f);
}

/* Mostly WNOHANG: a thread that waits for ever is no use. */
static uint32_t wait_flags(struct fuzz *f)
{
	return pick(f, 64) ? WNOHANG : value_raw(f);
}

#define CLONE_VM              0x100u
#define CLONE_SAME            0xf00u      /* VM, FS, FILES, SIGHAND           */
#define CLONE_VFORK           0x4000u
#define CLONE_THREAD          0x10000u
#define CLONE_SETTLS          0x80000u
#define CLONE_PARENT_SETTID   0x100000u
#define CLONE_CHILD_CLEARTID  0x200000u
#define CLONE_CHILD_SETTID    0x1000000u

static uint32_t clone_flags(struct fuzz *f)
{
	static const uint32_t more[] = {
		CLONE_SETTLS, CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID,
		CLONE_CHILD_SETTID,
	};
	uint32_t flags = ONE_OF(f, 17, 17, CLONE_SAME | CLONE_THREAD,
				CLONE_SAME | CLONE_THREAD, CLONE_VM | 17,
				CLONE_VM | CLONE_VFORK | 17, CLONE_VFORK | 17);

	for (unsigned i = 0; i < ARRAY_SIZE(more); i++)
		flags |= pick(f, 3) ? 0 : more[i];
	return pick(f, 16) ? flags : flags ^ 1u << pick(f, 32);
}

/* 1 is the console: seldom, as write() prints a dot or two there. */
static uint32_t fd(struct fuzz *f)
{
	return pick(f, 64) ? 3 + pick(f, 8) : 1;
}

/* Never 1, the console: the length may be absurd. */
static uint32_t no_fd(struct fuzz *f)
{
	return pick(f, 32) ? ~0u : 3 + pick(f, 8);
}

/* ---- the table ----------------------------------------------------------- */

static uint32_t (*const makers[NR_KINDS])(struct fuzz *f) = {
	[ZERO] = zero, [WORD] = word, [SMALL] = small, [EIGHT] = eight,
	[TWELVE] = twelve, [ADDR] = addr, [LENGTH] = length, [PROT] = prot,
	[MAP_FLAGS] = map_flags, [REMAP_FLAGS] = remap_flags,
	[ADVICE] = advice, [BREAK] = program_break, [OFFSET] = offset,
	[RIGHTS] = rights, [BADGE] = badge, [BITS] = bits, [STATUS] = status,
	[A_SERVER] = a_server, [A_NOTIFICATION] = a_notification,
	[A_TASK] = a_task, [MASK] = mask, [GROUP] = group,
	[SOON] = soon, [HIGH] = high, [PID] = pid, [CHILD] = child,
	[WAIT_FLAGS] = wait_flags, [CLONE_FLAGS] = clone_flags,
	[NEW_STACK] = zero, [FD] = fd, [NO_FD] = no_fd,
};

uint32_t value_of(struct fuzz *f, enum kind kind)
{
	return makers[kind] ? makers[kind](f) : pointer_of(f, kind);
}

/* ---- extras of messages -------------------------------------------------- */

static void add_handles(struct fuzz *f, struct ipc_extras *out)
{
	out->nr_handles = 1 + pick(f, IPC_MAX_HANDLES);
	for (uint32_t i = 0; i < out->nr_handles; i++) {
		out->handles[i].handle = pool_pick(f, ANY);
		out->handles[i].rights = pick(f, 3) ? 0 : pick(f, 256);
	}
	if (!pick(f, 6))
		out->flags |= IPC_MOVE;
}

static void add_pages(struct fuzz *f, struct ipc_extras *out)
{
	out->flags |= IPC_PAGES | (pick(f, 2) ? IPC_PAGES_GRANT : 0);
	out->page_addr = addr(f);
	out->page_length = pick(f, 3) ? PAGE * (1 + pick(f, 4)) : length(f);
	out->page_prot = prot(f);
}

static void set_window(struct fuzz *f)
{
	f->buf.window_length = (1 + pick(f, 16)) * PAGE;
	if (pick(f, 4))
		f->buf.window = WINDOW + pick(f, WINDOW_PAGES) * PAGE;
	else
		f->buf.window = pick(f, 2) ? 0 : value_page(f);
}

void fill_extras(struct fuzz *f, enum extras extras)
{
	struct ipc_extras *out = &f->buf.out;

	memset(out, 0, sizeof(*out));
	out->flags = IPC_DEADLINE;
	out->deadline = clock_ns() + pick(f, 12) * MS / 2;
	if (!pick(f, 4))
		out->flags |= IPC_NONBLOCK;
	set_window(f);
	if (extras != SENDS)
		return;
	if (!pick(f, 2))
		add_handles(f, out);
	if (pick(f, 3))
		add_pages(f, out);
}
