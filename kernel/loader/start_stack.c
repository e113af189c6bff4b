// SPDX-License-Identifier: MIT
/*
 * start_stack.c - argc, argv, envp and auxv
 *
 * WHAT     Pushes downwards from the top: first what is pointed at, then, when
 *          the number of words is known, the words, so that ESP comes out
 *          aligned.
 *
 * INVARIANTS of start_stack (its suite checks it)
 *          A2  ESP is a multiple of 16
 * RULES of start_stack
 *          A1  everything lies in the buffer: room is asked for before a push
 *
 * ALGORITHM  The texts lie one behind the other in the order of argv and envp.
 *          So the pointers are found by walking over them again, and no array
 *          of addresses is needed.
 */
#include "kernel/loader/start_stack.h"

#include "lib/align.h"
#include "lib/errno.h"
#include "lib/string.h"

#define STACK_ALIGN  16u
#define CLOCK_TICKS  100u   /* AT_CLKTCK: what times() counts in              */

struct auxv {
	uint32_t type, value;
};

static uint32_t room(const struct start_stack *stack)
{
	return START_STACK_MAX - (stack->top - stack->esp);
}

static bool push(struct start_stack *stack, const void *data, uint32_t size)
{
	if (room(stack) < size)
		return false;
	stack->esp -= size;
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

/* The last text first, so that they end up in order. */
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

/* Pointers to texts that lie at `addr`. Returns: the address behind them. */
static uint32_t put_pointers(struct start_stack *stack, uint32_t *at,
			     const char *const texts[], uint32_t addr)
{
	for (uint32_t i = 0; texts[i]; i++) {
		memcpy(start_stack_at(stack, *at), &addr, 4);
		*at += 4;
		addr += (uint32_t)strlen(texts[i]) + 1;
	}
	memset(start_stack_at(stack, *at), 0, 4);
	*at += 4;
	return addr;
}

int start_stack_build(struct start_stack *stack, const struct elf_image *elf,
		      const char *const argv[], const char *const envp[],
		      const uint8_t random[START_RANDOM_BYTES])
{
	const uint32_t argc = count(argv), nr_env = count(envp);
	const uint32_t zero = 0;
	uint32_t texts, random_at, words, at;

	stack->esp = stack->top;
	if (!push(stack, &zero, 4) || !push_texts(stack, envp) ||
	    !push_texts(stack, argv))
		return -E2BIG;
	texts = stack->esp;
	if (!push(stack, random, START_RANDOM_BYTES))
		return -E2BIG;
	random_at = stack->esp;

	const struct auxv auxv[] = {
		{ AT_PHDR, elf->phdr },
		{ AT_PHENT, sizeof(struct elf_phdr) },
		{ AT_PHNUM, elf->phnum },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_ENTRY, elf->entry },
		{ AT_UID, 0 }, { AT_EUID, 0 }, { AT_GID, 0 }, { AT_EGID, 0 },
		{ AT_CLKTCK, CLOCK_TICKS },
		{ AT_SECURE, 0 },
		{ AT_RANDOM, random_at },
		{ AT_EXECFN, texts },
		{ AT_NULL, 0 },
	};

	words = 1 + argc + 1 + nr_env + 1;
	if (room(stack) < STACK_ALIGN + words * 4 + sizeof(auxv))
		return -E2BIG;
	at = ALIGN_DOWN(stack->esp - words * 4 - (uint32_t)sizeof(auxv),
			STACK_ALIGN);
	memset(start_stack_at(stack, at), 0, stack->esp - at);
	stack->esp = at;
	memcpy(start_stack_at(stack, at), &argc, 4);
	at += 4;
	texts = put_pointers(stack, &at, argv, texts);
	put_pointers(stack, &at, envp, texts);
	memcpy(start_stack_at(stack, at), auxv, sizeof(auxv));
	return 0;
}
