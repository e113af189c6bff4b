// SPDX-License-Identifier: MIT
/*
 * load.c - a program file becomes memory, a stack and a first thread
 *
 * WHAT     Maps the segments that kernel/loader/elf.c has found, copies the
 *          file's bytes into them, makes the stack and what is on it.
 *
 * PICTURE    0x08048000  text    r-x   bytes of the file
 *                        data    rw-   bytes of the file, then zeros
 *                        [heap]        from brk_start on, empty
 *                        ...
 *            0xbffde000  [stack] rw-   grows down; arguments at its top
 *            0xc0000000
 *
 * ALGORITHM  A segment is one VMA with its final rights. The copy ignores those
 *          rights, and faults pages in as it goes; what it does not touch is
 *          zero when the program does. After a failure the caller drops the
 *          task, and with it whatever was mapped. Its parent may change the
 *          areas meanwhile, or name a pager for them: then the copy fails.
 * SEE      Linux fs/binfmt_elf.c load_elf_binary().
 */
#include <arch/cycles.h>

#include "kernel/loader/start_stack.h"
#include "kernel/task/task_impl.h"
#include "lib/align.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/slab/kmalloc.h"

/* Mapped from the start; the rest comes by growth. Linux has 132 KiB. */
#define STACK_INITIAL  (132u << 10)
_Static_assert(STACK_INITIAL > START_STACK_MAX, "holds the arguments");

static const char *const environment[] = {
	"PATH=/bin:/sbin", "HOME=/", "TERM=linux", NULL
};

static unsigned vm_rights(const struct elf_segment *seg)
{
	return (seg->rights & ELF_READ ? VM_READ : 0) |
	       (seg->rights & ELF_WRITE ? VM_WRITE | VM_ACCOUNT : 0) |
	       (seg->rights & ELF_EXEC ? VM_EXEC : 0);
}

static int map_segment(struct mm *mm, const struct elf_segment *seg,
		       const uint8_t *file)
{
	uint32_t start = ALIGN_DOWN(seg->va, PAGE_SIZE);
	uint32_t end = ALIGN_UP(seg->va + seg->mem_size, PAGE_SIZE);
	long err = mm_map_fixed(mm, start, end - start, vm_rights(seg), NULL);

	if (IS_ERR_VALUE(err))
		return (int)err;
	return mm_write(mm, seg->va, file + seg->offset, seg->file_size, true);
}

static int map_image(struct mm *mm, const struct elf_image *elf,
		     const uint8_t *file)
{
	for (unsigned i = 0; i < elf->nr_segments; i++) {
		int err = map_segment(mm, &elf->segment[i], file);

		if (err)
			return err;
	}
	mm_set_brk_start(mm, elf->end);
	return 0;
}

/* For stack protectors and hash tables. No secret from a determined program. */
static void random_fill(uint8_t random[START_RANDOM_BYTES])
{
	static uint32_t state;
	struct rng rng;

	rng_init(&rng, state ^ (uint32_t)cycles());
	for (unsigned i = 0; i < START_RANDOM_BYTES; i++)
		random[i] = (uint8_t)(rng_next(&rng) >> 8);
	state = rng.state;
}

static int map_stack(struct mm *mm, const struct elf_image *elf,
		     const char *const argv[], uint32_t *esp)
{
	struct start_stack stack = { .top = USER_END };
	uint8_t random[START_RANDOM_BYTES];
	unsigned flags = VM_READ | VM_WRITE | VM_GROWSDOWN | VM_ACCOUNT |
			 (elf->exec_stack ? VM_EXEC : 0);
	long err = mm_map_fixed(mm, USER_END - STACK_INITIAL, STACK_INITIAL,
				flags, "[stack]");

	if (IS_ERR_VALUE(err))
		return (int)err;
	stack.buffer = kmalloc(START_STACK_MAX, GFP_KERNEL);
	if (!stack.buffer)
		return -ENOMEM;
	random_fill(random);
	err = start_stack_build(&stack, elf, argv, environment, random);
	if (!err)
		err = mm_write(mm, stack.esp,
			       start_stack_at(&stack, stack.esp),
			       stack.top - stack.esp, true);
	kfree(stack.buffer);
	*esp = stack.esp;
	return (int)err;
}

int task_load(struct task *task, const void *image, size_t size,
	      const char *const argv[], struct thread **threadp)
{
	struct elf_image elf;
	struct trap_regs regs;
	const char *wrong = elf_parse(image, size, &elf);
	uint32_t esp;
	int err;

	if (wrong) {
		pr_warn("%s: cannot run: %s\n", task->name, wrong);
		return -ENOEXEC;
	}
	err = map_image(task->mm, &elf, image);
	if (!err)
		err = map_stack(task->mm, &elf, argv, &esp);
	if (err)
		return err;
	arch_user_regs_init(&regs, elf.entry, esp);
	return task_thread_create(task, &regs, threadp);
}
