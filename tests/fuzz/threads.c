// SPDX-License-Identifier: MIT
/*
 * threads.c - the calls that begin and end threads and processes
 *
 * WHAT     These calls need a stack for the new thread. A child must do less
 *          than its parent, and then end. So functions of their own make these
 *          calls.
 *
 * PICTURE  slot    struct fuzz | ...free... <--- stack
 *                  ^ aligned to STACK_SIZE: a thread finds its slot by ESP
 *
 * ALGORITHM  A thread gives its slot back in the last instruction before the
 *          call that ends it. So it never writes to a stack that belongs to
 *          another thread. A thread that is killed keeps its slot; its process
 *          does not live long enough to run out of slots.
 */
#include "lib/errno.h"
#include "tests/fuzz/fuzz.h"
#include "user/lib/linux.h"

#define NR_vfork      190
#define NR_clone      120
#define CLONE_VM      0x100u
#define CLONE_THREAD  0x10000u

#define THREAD_OPS    2000u    /* about so many of a thread                   */
#define CHILD_OPS     60u      /* ... and at most of a child                  */

static uint8_t slots[SLOTS][STACK_SIZE] __aligned(STACK_SIZE);
static uint8_t taken[SLOTS + 1];    /* the last one: of all without a slot */

static struct fuzz *slot_take(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		struct fuzz *f = (struct fuzz *)slots[i];

		if (__atomic_exchange_n(&taken[i], 1, __ATOMIC_RELAXED))
			continue;
		f->slot = i;
		return f;
	}
	return NULL;
}

static uint32_t slot_stack(const struct fuzz *f)
{
	return (uint32_t)slots[f->slot] + STACK_SIZE - 16;
}

/* In a child with a copy of our memory there are no other threads. */
static void threads_forget(const struct fuzz *self)
{
	for (uint32_t i = 0; i <= SLOTS; i++)
		taken[i] = i == self->slot;
}

/* ---- the end ------------------------------------------------------------- */

/* Once the slot is free, no stack is used. */
static void leave(struct fuzz *f, uint32_t number) __noreturn;
static void leave(struct fuzz *f, uint32_t number)
{
	uint8_t *mine = &taken[f->slot];

	__asm__ volatile("movb $0, (%1)\n\tint $0x80\n\tud2"
			 : : "a"(number), "r"(mine), "b"(0) : "memory");
	__builtin_unreachable();
}

/* Seldom, so that some thread goes on. */
static long thread_exit(struct fuzz *f, const struct words *words)
{
	if (!pick(f, 32))
		leave(f, pick(f, 2) ? PG_THREAD_EXIT : LINUX_NR_exit);
	return -EAGAIN;
}

static long process_exit(struct fuzz *f, const struct words *words)
{
	if (!pick(f, 128))
		linux_exit_group((int)words->w[0]);
	return -EAGAIN;
}

/* ---- threads ------------------------------------------------------------- */

/* Where a new thread begins, on the stack of its slot. */
static void thread_main(void)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	struct fuzz *f = (struct fuzz *)ALIGN_DOWN(frame, STACK_SIZE);

	if (f->alone)
		threads_forget(f);
	fuzz_run(f);
	if (f->again && !shared->stop)
		thread_begin(f);
	leave(f, PG_THREAD_EXIT);
}

static struct fuzz *new_thread(struct fuzz *f, uint32_t budget)
{
	struct fuzz *new = slot_take();

	if (!new)
		return NULL;
	fuzz_begin(new, 1 + pick(f, budget));
	new->alone = new->again = false;
	return new;
}

long thread_begin(struct fuzz *f)
{
	struct fuzz *new = new_thread(f, THREAD_OPS);
	long result;

	if (!new)
		return -EAGAIN;
	new->again = true;
	result = pg_call(PG_THREAD_CREATE, 0, (long)thread_main,
			 (long)slot_stack(new), 0, 0);
	if (result < 0)
		taken[new->slot] = 0;
	return result;
}

static long thread_create(struct fuzz *f, const struct words *words)
{
	struct fuzz *new = new_thread(f, THREAD_OPS);
	long result;

	if (!new)
		return -EAGAIN;
	result = pg_call(PG_THREAD_CREATE, 0, (long)thread_main,
			 (long)slot_stack(new), 0, 0);
	if (result < 0)
		taken[new->slot] = 0;
	return result;
}

/* ---- children ------------------------------------------------------------ */

/* What a child does, in memory of its own. */
static void __noreturn child_main(struct fuzz *f)
{
	threads_forget(f);
	fuzz_begin(f, pick(f, CHILD_OPS));
	fuzz_run(f);
	linux_exit_group(0);
}

static long fork_call(struct fuzz *f, const struct words *words)
{
	long pid;

	if (pick(f, 3))
		return -EAGAIN;
	pid = linux_fork();
	if (!pid)
		child_main(f);
	return pid;
}

/*
 * The child runs on this frame, and ends before the parent goes on. It may
 * change all of *f except what is put back. No register is trusted.
 */
static long noinline vfork_call(struct fuzz *f, const struct words *words)
{
	struct fuzz *volatile self = f;
	volatile uint32_t stream = f->stream, op = f->op, budget = f->budget;
	long pid;

	if (pick(f, 4))
		return -EAGAIN;
	__asm__ volatile("int $0x80" : "=a"(pid) : "0"(NR_vfork)
			 : "ebx", "ecx", "edx", "esi", "edi", "memory", "cc");
	if (!pid) {
		fuzz_begin(self, 1 + pick(self, 6));
		fuzz_run(self);
		linux_exit_group(0);
	}
	self->stream = stream;
	self->op = op;
	self->budget = budget;
	self->buffer_lost = false;
	return pid;
}

/* The address is in memory: the child has no stack from which to read it. */
static void (*const clone_entry)(void) = thread_main;

static long clone_on(uint32_t stack, const struct words *words)
{
	long pid;

	__asm__ volatile("int $0x80\n\t"
			 "testl %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "call *%7\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(pid)
			 : "0"(NR_clone), "b"(words->w[0]), "c"(stack),
			   "d"(words->w[2]), "S"(words->w[3]),
			   "D"(words->w[4]), "m"(clone_entry)
			 : "memory", "cc");
	return pid;
}

static long clone_call(struct fuzz *f, const struct words *words)
{
	bool thread = words->w[0] & CLONE_THREAD;
	bool shares = words->w[0] & CLONE_VM;
	struct fuzz *new;
	long pid;

	if (!thread && pick(f, 3))
		return -EAGAIN;
	new = new_thread(f, thread ? THREAD_OPS : CHILD_OPS);
	if (!new)
		return -EAGAIN;
	new->alone = !shares;
	pid = clone_on(slot_stack(new), words);
	if (pid < 0 || !shares)
		taken[new->slot] = 0;
	return pid;
}

/* ---- the table ----------------------------------------------------------- */

special_fn special_of(uint32_t number)
{
	static const struct {
		uint32_t   number;
		special_fn fn;
	} specials[] = {
		{ PG_THREAD_CREATE, thread_create },
		{ PG_THREAD_EXIT, thread_exit },
		{ LINUX_NR_exit, thread_exit },
		{ LINUX_NR_exit_group, process_exit },
		{ LINUX_NR_fork, fork_call },
		{ NR_vfork, vfork_call },
		{ NR_clone, clone_call },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(specials); i++)
		if (specials[i].number == number)
			return specials[i].fn;
	return NULL;
}
