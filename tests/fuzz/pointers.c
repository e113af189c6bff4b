// SPDX-License-Identifier: MIT
/*
 * pointers.c - a value of each kind of argument that is a pointer
 *
 * WHAT     One function for each kind, in a table. A kind that is neither here
 *          nor in values.c does not run: pointer_of() would call NULL.
 *
 * ALGORITHM  Structures lie in the thread's scratch memory. Now and then the
 *          pointer is hostile: at the end of an area, into the pages of another
 *          thread, or to nothing.
 */
#include "lib/printf.h"
#include "lib/string.h"
#include "tests/fuzz/fuzz.h"
#include "user/lib/linux.h"

#define SLEEP  20000u   /* ns at most: a short sleep is a loop */

/* Across the start of a page, at it, somewhere in the page, or anywhere. */
static uint32_t hostile(struct fuzz *f, uint32_t size)
{
	switch (pick(f, 4)) {
	case 0:
		return value_page(f) - size / 2;
	case 1:
		return value_page(f);
	case 2:
		return value_page(f) + pick(f, PAGE);
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

/* Mostly `to`: a structure that was filled in, or room for an answer. */
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

/* The arguments of a started program; main() reads them. */
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
	start->offset = sound ? image_offset : value_of(f, OFFSET);
	start->length = sound ? image_size : value_of(f, OFFSET);
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
	[BYTES_PTR] = bytes_ptr, [TEXT_PTR] = text_ptr, [WORD_PTR] = word_ptr,
	[MESSAGE_PTR] = message_ptr, [REGS_PTR] = regs_ptr,
	[START_PTR] = start_ptr, [AREA_PTR] = area_ptr, [PAGE_PTR] = page_ptr,
	[TASK_PTR] = task_ptr, [MEM_PTR] = mem_ptr, [DEVICE_PTR] = device_ptr,
	[SEGMENT_PTR] = segment_ptr, [IOVEC_PTR] = iovec_ptr,
	[TIME_PTR] = time_ptr, [DESC_PTR] = desc_ptr, [SET_PTR] = set_ptr,
	[USAGE_PTR] = usage_ptr, [UTS_PTR] = uts_ptr,
	[TIME64_PTR] = time64_ptr,
};

uint32_t pointer_of(struct fuzz *f, enum kind kind)
{
	return makers[kind](f);
}
