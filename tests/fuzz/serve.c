// SPDX-License-Identifier: MIT
/*
 * serve.c - what a thread does with a message that has come
 *
 * WHAT     The answers of a server to clients, and to the kernel, which asks
 *          for a page, tells of an exception, or hands over a call. Most are
 *          sensible; now and then there is none, or it is nonsense.
 *
 * ALGORITHM  An answer may receive the next message (REPLY_RECEIVE), which is
 *          then served, too: up to SERVED messages in one op.
 */
#include "tests/fuzz/fuzz.h"

#define SERVED  6u

static uint32_t addr(struct fuzz *f)
{
	return value_of(f, ADDR);
}

static void random_words(struct fuzz *f, struct words *words)
{
	for (unsigned i = 0; i < IPC_NR_WORDS; i++)
		words->w[i] = value_of(f, WORD);
}

/* Handles that came are ours now; no call tells us their kind. */
static void take_handles(struct fuzz *f, long result)
{
	const struct ipc_extras *in = &f->buf.in;

	if (!(result & IPC_EXTRAS) || in->nr_handles > IPC_MAX_HANDLES)
		return;
	for (uint32_t i = 0; i < in->nr_handles; i++)
		pool_add(pick(f, NR_POOLS), (long)in->handles[i].handle);
}

/* The reply that is owed becomes a handle. Perhaps we reply at once. */
static void save(struct fuzz *f)
{
	long reply = pg_call(PG_REPLY_SAVE, 0, 0, 0, 0, 0);
	struct pg_regs regs;
	struct words words;

	if (reply <= 0)
		return;
	pool_add(REPLY, reply);
	pg_call(PG_CALLER_GET_REGS, (uint32_t)reply, (long)&regs, 0, 0, 0);
	pg_call(PG_CALLER_READ, (uint32_t)reply, addr(f), addr(f), PAGE, 0);
	if (pick(f, 2))
		return;
	fill_extras(f, SENDS);
	random_words(f, &words);
	words.w[0] = 1;
	fuzz_message(f, PG_EAX(PG_REPLY_MSG, reply), &words);
}

static void answer_fault(struct fuzz *f, struct words *words)
{
	words->w[0] = pick(f, 5) > 0;
	f->buf.out.flags |= IPC_PAGES;
	f->buf.out.page_length = PAGE;
	if (!f->buf.out.page_addr)
		f->buf.out.page_addr = addr(f);
	if (!f->buf.out.page_prot)
		f->buf.out.page_prot = value_of(f, PROT);
}

static void answer_exception(struct fuzz *f, struct words *words)
{
	struct pg_regs regs;

	words->w[0] = !pick(f, 3);
	if (pick(f, 2) &&
	    !pg_call(PG_CALLER_GET_REGS, 0, (long)&regs, 0, 0, 0)) {
		regs.eip += pick(f, 4);
		regs.eflags ^= 1u << pick(f, 22);
		pg_call(PG_CALLER_SET_REGS, 0, (long)&regs, 0, 0, 0);
	}
	if (!pick(f, 3))
		pg_call(PG_CALLER_WRITE, 0, addr(f), addr(f), PAGE, 0);
}

static uint32_t kind_of(long result)
{
	return result & IPC_KERNEL ? KMSG_KIND((uint32_t)result) : 0;
}

static long answer(struct fuzz *f, long result)
{
	uint32_t number = pick(f, 4) ? PG_REPLY_RECEIVE_MSG : PG_REPLY_MSG;
	uint32_t handle = number == PG_REPLY_MSG ? 0 : pool_pick(f, ENDPOINT);
	struct words words;

	fill_extras(f, SENDS);
	random_words(f, &words);
	if (kind_of(result) == KMSG_FAULT)
		answer_fault(f, &words);
	else if (kind_of(result) == KMSG_EXCEPTION)
		answer_exception(f, &words);
	result = fuzz_message(f, PG_EAX(number, handle), &words);
	return number == PG_REPLY_MSG ? -1 : result;
}

void serve(struct fuzz *f, long result)
{
	for (unsigned i = 0; i < SERVED && result >= 0; i++) {
		take_handles(f, result);
		if (!pick(f, 8))
			save(f);
		if (!pick(f, 16))
			return;         /* it waits for ever, or for another */
		result = answer(f, result);
	}
}
