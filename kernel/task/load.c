// SPDX-License-Identifier: MIT
/*
 * load.c - a program file becomes memory, a stack and a first thread
 *
 * WHAT     Maps the segments that kernel/loader/elf.c has found, copies the
 *          file's bytes into them, makes the stack and what is on it.
 *
 * PICTURE    0x06000000  interpreter, where the program names one
 *            0x08048000  text    r-x   bytes of the file
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
 *
 *          A program with an interpreter (PT_INTERP) begins there; the
 *          interpreter finds the program by the auxiliary vector. It comes from
 *          the boot archive, whoever starts the program, and lies at fixed
 *          addresses too: klibc's does, ld.so does not.
 * SEE      Linux fs/binfmt_elf.c load_elf_binary().
 */
#include <arch/cycles.h>

#include "kernel/loader/archive.h"
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
	long err = mm_map_fixed(mm, UADDR(start), end - start, vm_rights(seg),
				NULL);

	if (IS_ERR_VALUE(err))
		return (int)err;
	return mm_write(mm, UADDR(seg->va), file + seg->offset, seg->file_size,
			true);
}

static int map_image(struct mm *mm, const struct elf_image *elf,
		     const uint8_t *file)
{
	for (unsigned i = 0; i < elf->nr_segments; i++) {
		int err = map_segment(mm, &elf->segment[i], file);

		if (err)
			return err;
	}
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
	long err = mm_map_fixed(mm, UADDR(USER_END - STACK_INITIAL),
				STACK_INITIAL, flags, "[stack]");

	if (IS_ERR_VALUE(err))
		return (int)err;
	stack.buffer = kmalloc(START_STACK_MAX, GFP_KERNEL);
	if (!stack.buffer)
		return -ENOMEM;
	random_fill(random);
	err = start_stack_build(&stack, elf, argv, environment, random);
	if (!err)
		err = mm_write(mm, UADDR(stack.esp),
			       start_stack_at(&stack, stack.esp),
			       stack.top - stack.esp, true);
	kfree(stack.buffer);
	*esp = stack.esp;
	return (int)err;
}

/* Too large for a stack. */
struct images {
	struct elf_image program, interpreter;
};

static int refuse(const struct task *task, const char *wrong)
{
	pr_warn_limited("%s: cannot run: %s\n", task->name, wrong);
	return -ENOEXEC;
}

/* *entry: where it begins, instead of the program. */
static int load_interpreter(struct task *task, struct images *images,
			    uint32_t *entry)
{
	const char *name = images->program.interp;
	struct cpio_file file;
	const char *wrong;
	int err;

	while (*name == '/')
		name++;
	if (!archive_find(name, &file))
		return refuse(task, "its interpreter is not in the archive");
	wrong = elf_parse(file.data, file.size, &images->interpreter);
	if (wrong) {
		pr_warn_limited("%s: cannot run: its interpreter: %s\n", task->name,
			wrong);
		return -ENOEXEC;
	}
	*entry = images->interpreter.entry;
	err = map_image(task->mm, &images->interpreter, file.data);
	if (err == -EEXIST)
		return refuse(task, "the interpreter lies where the program does");
	return err;
}

/* Where the first thread begins, and with which stack. */
struct beginning {
	uint32_t eip, esp;
};

static int load_images(struct task *task, const void *image, size_t size,
		       const char *const argv[], struct images *images,
		       struct beginning *begin)
{
	struct elf_image *program = &images->program;
	const char *wrong = elf_parse(image, size, program);
	int err;

	if (wrong)
		return refuse(task, wrong);
	begin->eip = program->entry;
	err = map_image(task->mm, program, image);
	if (!err && program->interp[0])
		err = load_interpreter(task, images, &begin->eip);
	if (err)
		return err;
	mm_set_brk_start(task->mm, UADDR(program->end));
	return map_stack(task->mm, program, argv, &begin->esp);
}

int task_load(struct task *task, const void *image, size_t size,
	      const char *const argv[], struct thread **threadp)
{
	struct images *images = kmalloc(sizeof(*images), GFP_KERNEL);
	struct beginning begin;
	struct trap_regs regs;
	int err;

	if (!images)
		return -ENOMEM;
	err = load_images(task, image, size, argv, images, &begin);
	kfree(images);
	if (err)
		return err;
	arch_user_regs_init(&regs, begin.eip, begin.esp);
	return task_thread_create(task, &regs, threadp);
}
