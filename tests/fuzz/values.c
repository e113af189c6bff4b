// SPDX-License-Identifier: MIT
/*
 * values.c - a value of each kind of argument
 *
 * WHAT     One function a kind, in a table; a kind without one does not run
 *          (value_of() would call NULL).
 *
 * ALGORITHM  Mostly what a sensible program would say, for ranges that all
 *          threads of a process share. Structures lie in the thread's scratch
 *          memory; now and then the pointer is a hostile one: at the end of an
 *          area, into another's pages, where nothing is.
 */
#include "lib/printf.h"
#include "lib/string.h"
#include "tests/fuzz/fuzz.h"
#include "user/lib/linux.h"

#define SLEEP  20000u   /* ns at most: a short sleep is a loop */

static uint32_t image_offset, image_size;

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

static uint32_t page_addr(struct fuzz *f)
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
		return page_addr(f) + pick(f, PAGE);
	case 2:
		return 0;
	default:
		return page_addr(f);
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

/* Around where it is now. */
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

static uint32_t a_dma(struct fuzz *f)
{
	return pool_pick(f, DMA);
}

/* The highest bus address, as a device would say; or one of them. */
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

/* Somebody's, perhaps: numbers grow. */
static uint32_t pid(struct fuzz *f)
{
	return (uint32_t)linux_getpid() + 32 - pick(f, 64);
}

static uint32_t child(struct fuzz *f)
{
	return pick(f, 4) ? ~0u : pid(f);
}

/* Of processes; 0: the caller's own. */
static uint32_t group(struct fuzz *f)
{
	return pick(f, 3) ? 0 : pid(f);
}

/* Almost never without WNOHANG: a thread that waits for ever is no use. */
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

/* write() is to the console: seldom, and then a dot or two. */
static uint32_t fd(struct fuzz *f)
{
	return pick(f, 64) ? 3 + pick(f, 8) : 1;
}

/* Never the console, for which lengths may be absurd. */
static uint32_t no_fd(struct fuzz *f)
{
	return pick(f, 32) ? ~0u : 3 + pick(f, 8);
}

/* ---- pointers ------------------------------------------------------------ */

/* At the end of a page, of the kernel's memory, anywhere. */
static uint32_t hostile(struct fuzz *f, uint32_t size)
{
	switch (pick(f, 4)) {
	case 0:
		return page_addr(f) - size / 2;
	case 1:
		return page_addr(f);
	case 2:
		return page_addr(f) + pick(f, PAGE);
	default:
		return value_raw(f);
	}
}

/* The next piece of the thread's scratch memory. */
static void *scratch(struct fuzz *f, uint32_t size)
{
	void *at;

	if (f->scratch_used + size > SCRATCH_SIZE)
		f->scratch_used = 0;
	at = f->scratch + f->scratch_used;
	f->scratch_used += ALIGN_UP(size, 16u);
	return at;
}

/* Of a structure that was filled in, or into which something is written. */
static uint32_t pointer(struct fuzz *f, const void *to, uint32_t size)
{
	if (!pick(f, 12))
		return hostile(f, size);
	return pick(f, 48) ? (uint32_t)to : 0;
}

static uint32_t out_pointer(struct fuzz *f, uint32_t size)
{
	return pointer(f, scratch(f, size), size);
}

static uint32_t bytes_ptr(struct fuzz *f)
{
	char *text = scratch(f, 64);

	memset(text, '.', 64);
	return pointer(f, text, 64);
}

static uint32_t text_ptr(struct fuzz *f)
{
	char *text = scratch(f, 16);

	strscpy(text, "made", 16);
	return pointer(f, text, 16);
}

static uint32_t word_ptr(struct fuzz *f)
{
	return out_pointer(f, sizeof(uint32_t));
}

static uint32_t message_ptr(struct fuzz *f)
{
	f->buffer_lost = !pick(f, 4);
	return f->buffer_lost ? hostile(f, sizeof(f->buf)) : (uint32_t)&f->buf;
}

static uint32_t regs_ptr(struct fuzz *f)
{
	struct pg_regs *regs = scratch(f, sizeof(*regs));
	uint32_t *at = (uint32_t *)regs;

	for (unsigned i = 0; i < sizeof(*regs) / sizeof(*at); i++)
		at[i] = value_raw(f);
	return pointer(f, regs, sizeof(*regs));
}

/* The texts of a started program: what main() makes of them is in main.c. */
static uint32_t start_args(struct fuzz *f, struct task_start *start)
{
	char *text = scratch(f, 64), *at = text;
	uint32_t stream = __atomic_fetch_add(&shared->next_stream, 1,
					     __ATOMIC_RELAXED);

	at += snprintf(at, 16, "made") + 1;
	at += snprintf(at, 16, "made") + 1;
	at += snprintf(at, 16, "%u", fuzz_seed) + 1;
	at += snprintf(at, 16, "%u", stream) + 1;
	start->args_length = (uint32_t)(at - text);
	return pointer(f, text, start->args_length);
}

static uint32_t start_handles(struct fuzz *f, struct task_start *start)
{
	uint32_t *list = scratch(f, 8 * sizeof(*list));

	start->nr_handles = pick(f, 9);
	for (unsigned i = 0; i < 8; i++)
		list[i] = pick(f, 8) ? pool_pick(f, i % 2 ? NOTIFICATION :
						 ENDPOINT) : 0;
	return pointer(f, list, 8 * sizeof(*list));
}

static uint32_t start_ptr(struct fuzz *f)
{
	struct task_start *start = scratch(f, sizeof(*start));
	bool sound = pick(f, 4);

	memset(start, 0, sizeof(*start));
	start->memory = pool_pick(f, MEMORY);
	start->offset = sound ? image_offset : offset(f);
	start->length = sound ? image_size : offset(f);
	start->args = start_args(f, start);
	start->handles = start_handles(f, start);
	start->priority = pick(f, 4) ? 0 : pick(f, 24);
	return pointer(f, start, sizeof(*start));
}

static uint32_t area_ptr(struct fuzz *f)
{
	return out_pointer(f, sizeof(struct pg_area));
}

static uint32_t page_ptr(struct fuzz *f)
{
	return out_pointer(f, sizeof(struct pg_page));
}

static uint32_t task_ptr(struct fuzz *f)
{
	return out_pointer(f, sizeof(struct pg_task));
}

static uint32_t mem_ptr(struct fuzz *f)
{
	return out_pointer(f, sizeof(struct pg_mem));
}

static uint32_t device_ptr(struct fuzz *f)
{
	return out_pointer(f, sizeof(struct pg_device));
}

static uint32_t segment_ptr(struct fuzz *f)
{
	return out_pointer(f, 8 * sizeof(struct pg_segment));
}

static uint32_t iovec_ptr(struct fuzz *f)
{
	struct linux_iovec *parts = scratch(f, 8 * sizeof(*parts));

	for (unsigned i = 0; i < 8; i++) {
		parts[i].base = (const void *)bytes_ptr(f);
		parts[i].length = pick(f, 16) ? pick(f, 4) : value_raw(f);
	}
	return pointer(f, parts, 8 * sizeof(*parts));
}

static uint32_t time_ptr(struct fuzz *f)
{
	struct linux_timespec *time = scratch(f, 16);

	time->seconds = pick(f, 64) ? 0 : (int32_t)value_raw(f);
	time->nanoseconds = (int32_t)(pick(f, 16) ? pick(f, SLEEP) :
				      value_raw(f));
	return pointer(f, time, 16);
}

static uint32_t time64_ptr(struct fuzz *f)
{
	int64_t *time = scratch(f, 16);

	time[0] = pick(f, 64) ? 0 : (int64_t)(int32_t)value_raw(f);
	time[1] = pick(f, 16) ? pick(f, SLEEP) : value_raw(f);
	return pointer(f, time, 16);
}

static uint32_t desc_ptr(struct fuzz *f)
{
	struct linux_user_desc *desc = scratch(f, sizeof(*desc));

	desc->entry_number = pick(f, 4) ? 6 + pick(f, 3) : ~0u;
	desc->base = pick(f, 3) ? ARENA : value_raw(f);
	desc->limit = pick(f, 3) ? 0xfffff : value_raw(f);
	desc->flags = pick(f, 3) ? 0x51 : pick(f, 128);
	return pointer(f, desc, sizeof(*desc));
}

static uint32_t set_ptr(struct fuzz *f)
{
	return out_pointer(f, 8);
}

static uint32_t usage_ptr(struct fuzz *f)
{
	return out_pointer(f, 72);
}

static uint32_t uts_ptr(struct fuzz *f)
{
	return out_pointer(f, 6 * 65);
}

/* ---- the table ----------------------------------------------------------- */

static uint32_t (*const makers[NR_KINDS])(struct fuzz *f) = {
	[ZERO] = zero, [WORD] = word, [SMALL] = small, [EIGHT] = eight,
	[TWELVE] = twelve, [ADDR] = addr, [LENGTH] = length, [PROT] = prot,
	[MAP_FLAGS] = map_flags, [REMAP_FLAGS] = remap_flags,
	[ADVICE] = advice, [BREAK] = program_break, [OFFSET] = offset,
	[RIGHTS] = rights, [BADGE] = badge, [BITS] = bits, [STATUS] = status,
	[A_SERVER] = a_server, [A_NOTIFICATION] = a_notification,
	[A_TASK] = a_task, [A_DMA] = a_dma, [MASK] = mask, [GROUP] = group,
	[SOON] = soon, [HIGH] = high, [PID] = pid, [CHILD] = child,
	[WAIT_FLAGS] = wait_flags, [CLONE_FLAGS] = clone_flags,
	[NEW_STACK] = zero, [FD] = fd, [NO_FD] = no_fd,
	[BYTES_PTR] = bytes_ptr, [TEXT_PTR] = text_ptr, [WORD_PTR] = word_ptr,
	[MESSAGE_PTR] = message_ptr, [REGS_PTR] = regs_ptr,
	[START_PTR] = start_ptr, [AREA_PTR] = area_ptr, [PAGE_PTR] = page_ptr,
	[TASK_PTR] = task_ptr, [MEM_PTR] = mem_ptr, [DEVICE_PTR] = device_ptr,
	[SEGMENT_PTR] = segment_ptr, [IOVEC_PTR] = iovec_ptr,
	[TIME_PTR] = time_ptr, [DESC_PTR] = desc_ptr, [SET_PTR] = set_ptr,
	[USAGE_PTR] = usage_ptr, [UTS_PTR] = uts_ptr,
	[TIME64_PTR] = time64_ptr,
};

uint32_t value_of(struct fuzz *f, enum kind kind)
{
	return makers[kind](f);
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
		f->buf.window = pick(f, 2) ? 0 : page_addr(f);
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
