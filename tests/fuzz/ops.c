// SPDX-License-Identifier: MIT
/*
 * ops.c - one operation after the other
 *
 * ALGORITHM  An operation is a call of the table, chosen by weight, or one of
 *          the acts below, which are no calls: touching memory, an exception, a
 *          call of nonsense. What a call gives is kept (handles) or answered at
 *          once (messages).
 */
#include "tests/fuzz/fuzz.h"
#include "user/lib/linux.h"
#include "user/lib/stdio.h"

struct shared *shared;
uint32_t fuzz_seed, worker;
bool fuzz_tells;

/* Each op of each stream gets another number. */
static uint32_t mix(uint32_t seed, uint32_t stream, uint32_t op)
{
	uint32_t x = seed * 0x9e3779b9u ^ stream * 0x85ebca6bu ^ op;

	x = (x ^ x >> 16) * 0x7feb352du;
	x = (x ^ x >> 15) * 0x846ca68bu;
	return x ^ x >> 16;
}

static uint32_t mark(const struct fuzz *f)
{
	return f->stream << 12 | f->op;
}

/* ---- calls --------------------------------------------------------------- */

long fuzz_message(struct fuzz *f, uint32_t eax, struct words *words)
{
	static int sysenter = -1;

	if (sysenter < 0)
		sysenter = cpu_has_sysenter();
	words->w[5] = mark(f);
	if (sysenter && eax >= PG_CALL_FIRST && pick(f, 2))
		return message_sysenter(eax, words);
	return message_int(eax, words);
}

/* What each call that makes a handle makes. */
static const struct {
	uint32_t         number;
	enum handle_kind kind;
} makes[] = {
	{ PG_ENDPOINT_CREATE, ENDPOINT }, { PG_HANDLE_DUP, ENDPOINT },
	{ PG_NOTIFICATION_CREATE, NOTIFICATION }, { PG_TASK_CREATE, TASK },
	{ PG_TASK_OPEN, TASK }, { PG_REPLY_SAVE, REPLY },
	{ PG_DEVICE_OPEN, DEVICE }, { PG_DEVICE_IRQ, IRQ },
	{ PG_DMA_ALLOC, DMA }, { PG_DMA_MAP, DMA },
};

/* The archive is large. With many mappings of it each look would be long. */
static void unmap_memory(uint32_t handle, long at)
{
	long size = pg_call(PG_MEMORY_SIZE, handle, 0, 0, 0, 0);

	if (size > 0 && !IS_ERROR(at))
		linux_munmap((void *)at, (size_t)size);
}

static void note_result(struct fuzz *f, const struct call *call,
			uint32_t handle, long result)
{
	switch (call->number) {
	case PG_MEMORY_MAP:
		if (pick(f, 8))
			unmap_memory(handle, result);
		return;
	case PG_RECEIVE:
	case PG_RECEIVE_MSG:
	case PG_REPLY_RECEIVE:
	case PG_REPLY_RECEIVE_MSG:
		serve(f, result);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(makes) && result > 0; i++)
		if (makes[i].number == call->number)
			pool_add(makes[i].kind, result);
}

static void tell(struct fuzz *f, const struct call *call, uint32_t handle,
		 const struct words *words)
{
	if (!fuzz_tells)
		return;
	printf("%u.%u %s h%u", f->stream, f->op, call->name, handle);
	for (unsigned i = 0; i < ARRAY_SIZE(call->args); i++)
		printf(" %x", words->w[i]);
	putchar('\n');
	flush();
}

static void make_call(struct fuzz *f, unsigned i)
{
	const struct call *call = fuzz_call(i);
	uint32_t handle = pool_pick(f, call->handle == BY_TABLE ?
					call->named : call->handle);
	special_fn special = special_of(call->number);
	struct words words;
	long result;

	for (unsigned arg = 0; arg < ARRAY_SIZE(call->args); arg++)
		words.w[arg] = value_of(f, call->args[arg]);
	if (call->extras)
		fill_extras(f, call->extras);
	tell(f, call, handle, &words);
	result = special ? special(f, &words) :
		fuzz_message(f, PG_EAX(call->number, handle), &words);
	if (!IS_ERROR(result))
		shared->good[i]++;
	note_result(f, call, handle, result);
}

/* The test knows which calls cannot succeed. write() left a line unfinished. */
void fuzz_tell_failed(void)
{
	const struct call *call;

	printf("\nsoak_fuzz: never succeeded:");
	for (unsigned i = 0; (call = fuzz_call(i)); i++)
		if (call->weight && !shared->good[i])
			printf(" %s", call->name);
	putchar('\n');
}

/* ---- acts ---------------------------------------------------------------- */

/* May we touch the address now? */
static bool allows(uint32_t at, bool write)
{
	struct pg_area area;

	return !pg_call(PG_TASK_MAPS, 0, (long)at, (long)&area, 0, 0) &&
	       area.start <= at && area.prot & (write ? PROT_WRITE : PROT_READ);
}

static void touch(struct fuzz *f)
{
	uint32_t at = value_of(f, ADDR);
	bool write = pick(f, 2);

	at = at - ARENA < 0x20000000 ? at + pick(f, PAGE) : ARENA;
	if (!allows(at, write))
		return;
	if (write)
		*(volatile uint8_t *)at = 1;
	else
		(void)*(volatile uint8_t *)at;
}

static void use_fpu(struct fuzz *f)
{
	__asm__ volatile("fninit\n\tfldz\n\tfstp %%st(0)" : : : "memory");
}

/* Loads GS with an entry of set_thread_area, set or not; then clears GS. */
static void use_segment(struct fuzz *f)
{
	uint32_t selector = (6 + pick(f, 3)) << 3 | 3;

	if (!pick(f, 64))
		__asm__ volatile("movl %0, %%gs" : : "r"(selector));
	__asm__ volatile("movl %0, %%gs" : : "r"(0));
}

/* This is seldom, as it mostly ends the process. */
static void except(struct fuzz *f)
{
	if (pick(f, 24))
		return;
	switch (pick(f, 4)) {
	case 0:
		__asm__ volatile("int3");
		break;
	case 1:
		__asm__ volatile("ud2");
		break;
	case 2:
		__asm__ volatile("hlt");
		break;
	default:
		(void)*(volatile uint8_t *)value_raw(f);
	}
}

static bool is_special(uint32_t number)
{
	return special_of(number) || special_of(PG_NUMBER(number)) ||
	       number == LINUX_NR_write || number == LINUX_NR_writev;
}

/* Any number of a call, with anything in the registers. */
static void nonsense(struct fuzz *f)
{
	uint32_t number = pick(f, 512);
	struct words words;

	if (pick(f, 2))
		number = PG_EAX(PG_CALL_FIRST + pick(f, PG_CALL_END -
						     PG_CALL_FIRST + 2),
				pick(f, 16));
	else if (!pick(f, 8))
		number = rng_next(&f->rng);
	for (unsigned i = 0; i < IPC_NR_WORDS; i++)
		words.w[i] = value_raw(f);
	if (!is_special(number))
		fuzz_message(f, number, &words);
}

/* Maps the whole arena again, as it gets more and more holes. */
static void mend(struct fuzz *f)
{
	if (!pick(f, 3))
		linux_mmap((void *)ARENA, ARENA_PAGES * PAGE,
			   PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void begin_thread(struct fuzz *f)
{
	if (!pick(f, 16))
		thread_begin(f);
}

static const struct {
	const char *name;
	uint32_t    weight;
	void      (*act)(struct fuzz *f);
} acts[] = {
	{ "touch", 24, touch },
	{ "use_fpu", 1, use_fpu },
	{ "use_segment", 1, use_segment },
	{ "except", 1, except },
	{ "nonsense", 6, nonsense },
	{ "mend", 3, mend },
	{ "begin_thread", 1, begin_thread },
};

/* ---- choosing ------------------------------------------------------------ */

/*
 * The number of the call in which the weight *at lies. -1: it is an act, and
 * *at is the weight that is left.
 */
static int find(uint32_t *at)
{
	const struct call *call;

	for (unsigned i = 0; (call = fuzz_call(i)); i++) {
		if (*at < call->weight)
			return (int)i;
		*at -= call->weight;
	}
	return -1;
}

static uint32_t total_weight(void)
{
	const struct call *call;
	uint32_t sum = 0;

	for (unsigned i = 0; (call = fuzz_call(i)); i++)
		sum += call->weight;
	for (unsigned i = 0; i < ARRAY_SIZE(acts); i++)
		sum += acts[i].weight;
	return sum;
}

static void act(struct fuzz *f, uint32_t at)
{
	unsigned i = 0;

	while (at >= acts[i].weight)
		at -= acts[i++].weight;
	if (fuzz_tells)
		printf("%u.%u %s\n", f->stream, f->op, acts[i].name);
	acts[i].act(f);
}

static void one_op(struct fuzz *f)
{
	static uint32_t total;
	uint32_t at;
	int call;

	if (!total)
		total = total_weight();
	rng_init(&f->rng, mix(fuzz_seed, f->stream, f->op));
	f->scratch_used = 0;
	at = pick(f, total);
	call = find(&at);
	if (call >= 0)
		make_call(f, (unsigned)call);
	else
		act(f, at);
}

void fuzz_begin(struct fuzz *f, uint32_t budget)
{
	f->stream = __atomic_fetch_add(&shared->next_stream, 1,
				       __ATOMIC_RELAXED);
	f->op = 0;
	f->budget = budget < OPS_MAX ? budget : OPS_MAX;
	f->buffer_lost = true;
}

static void set_buffer(struct fuzz *f)
{
	pg_call(PG_IPC_BUFFER, 0, (long)&f->buf, 0, 0, 0);
	f->buffer_lost = false;
}

void fuzz_run(struct fuzz *f)
{
	for (; f->op < f->budget && !shared->stop; f->op++) {
		if (f->buffer_lost && !(f->op & 7))
			set_buffer(f);
		one_op(f);
		__atomic_fetch_add(&shared->ops, 1, __ATOMIC_RELAXED);
		shared->beat[worker]++;
	}
}
