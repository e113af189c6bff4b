// SPDX-License-Identifier: MIT
/*
 * start_stack.c - argc, argv, envp and auxv
 *
 * WHAT     Pushes downwards from the top. The texts come first. Then the number
 *          of words is known, and the words are written so that ESP is aligned.
 *
 * INVARIANTS of start_stack (its suite checks it)
 *          A2  ESP is a multiple of 16
 * RULES of start_stack
 *          A1  everything lies in the buffer: a push first looks for room
 *
 * ALGORITHM  The texts lie one after the other in the order of argv and envp.
 *          So a second walk over them finds their addresses, and no array of
 *          addresses is needed.
 */
#include "kernel/loader/start_stack.h"

#include "lib/align.h"
#include "lib/errno.h"
#include "lib/string.h"

#define STACK_ALIGN  16u
#define CLOCK_TICKS  100u   /* AT_CLKTCK: the unit of times(), a second / 100 */

struct auxv {
	uint32_t type, value;
};

static uint32_t room(const struct start_stack *stack)
{
	return START_STACK_MAX - (stack->top.v - stack->esp.v);
}

static bool push(struct start_stack *stack, const void *data, uint32_t size)
{
	if (room(stack) < size)
		return false;
	stack->esp.v -= size;
	memcpy(start_stack_at(stack, stack->esp), data, size);
	return true;
}

static uint32_t count(const char *const texts[])
{
	uint32_t n = 0;

	while (texts[n])
		n++;
	return n;
}

/* The last text is pushed first: so the texts lie in the order of the list. */
static bool push_texts(struct start_stack *stack, const char *const texts[])
{
	for (uint32_t i = count(texts); i-- > 0;) {
		size_t size = strlen(texts[i]) + 1;

		if (size > START_STACK_MAX ||
		    !push(stack, texts[i], (uint32_t)size))
			return false;
	}
	return true;
}

static void put_word(struct start_stack *stack, uaddr_t *at, uint32_t word)
{
	memcpy(start_stack_at(stack, *at), &word, 4);
	at->v += 4;
}

/* Pointers to texts that lie at `addr`. Returns: the address after them. */
static uint32_t put_pointers(struct start_stack *stack, uaddr_t *at,
			     const char *const texts[], uint32_t addr)
{
	for (uint32_t i = 0; texts[i]; i++) {
		put_word(stack, at, addr);
		addr += (uint32_t)strlen(texts[i]) + 1;
	}
	put_word(stack, at, 0);
	return addr;
}

int start_stack_build(struct start_stack *stack, const struct elf_image *elf,
		      const char *const argv[], const char *const envp[],
		      const uint8_t random[START_RANDOM_BYTES])
{
	const uint32_t argc = count(argv), zero = 0;
	uint32_t texts, size;
	uaddr_t at;

	stack->esp = stack->top;
	if (!push(stack, &zero, 4) || !push_texts(stack, envp) ||
	    !push_texts(stack, argv))
		return -E2BIG;
	texts = stack->esp.v;
	if (!push(stack, random, START_RANDOM_BYTES))
		return -E2BIG;

	const struct auxv auxv[] = {
		{ AT_PHDR, elf->phdr.v },
		{ AT_PHENT, sizeof(struct elf_phdr) },
		{ AT_PHNUM, elf->phnum },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_ENTRY, elf->entry.v },
		{ AT_UID, 0 }, { AT_EUID, 0 }, { AT_GID, 0 }, { AT_EGID, 0 },
		{ AT_CLKTCK, CLOCK_TICKS },
		{ AT_SECURE, 0 },
		{ AT_RANDOM, stack->esp.v },
		{ AT_EXECFN, texts },
		{ AT_NULL, 0 },
	};

	/* argc, and two lists with a 0 at the end. */
	size = (1 + argc + 1 + count(envp) + 1) * 4 + (uint32_t)sizeof(auxv);
	if (room(stack) < STACK_ALIGN + size)
		return -E2BIG;
	at = UADDR(ALIGN_DOWN(stack->esp.v - size, STACK_ALIGN));
	memset(start_stack_at(stack, at), 0, stack->esp.v - at.v);
	stack->esp = at;
	put_word(stack, &at, argc);
	texts = put_pointers(stack, &at, argv, texts);
	put_pointers(stack, &at, envp, texts);
	memcpy(start_stack_at(stack, at), auxv, sizeof(auxv));
	return 0;
}
