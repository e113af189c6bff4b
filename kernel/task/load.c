// SPDX-License-Identifier: MIT
/*
 * load.c - a program file becomes memory, a stack and a first thread
 *
 * WHAT     Maps the segments that kernel/loader/elf.c has found, copies the
 *          file's bytes into them, makes the stack and its contents.
 *
 * PICTURE    0x06000000  interpreter, if the program names one
 *            0x08048000  text    r-x   bytes of the file
 *                        data    rw-   bytes of the file, then zeros
 *                        [heap]        from brk_start on, empty
 *                        ...
 *            0xbffde000  [stack] rw-   grows down; arguments at its top
 *            0xc0000000
 *
 * ALGORITHM  A segment is one VMA with its final rights. The copy ignores those
 *          rights, and makes its pages. Pages that the copy does not touch are
 *          zero when the program touches them. After a failure the caller drops
 *          the task with everything that was mapped. In the meantime the parent
 *          may change the areas, or name a pager for them: then the copy fails.
 *
 *          A program with an interpreter (PT_INTERP) begins in the interpreter,
 *          which finds the program by the auxiliary vector. The interpreter
 *          always comes from the boot archive, and has fixed addresses, too:
 *          klibc's has, ld.so has not.
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

/* Mapped from the start; the stack grows beyond it. Linux has 132 KiB. */
#define STACK_INITIAL  (132u << 10)
_Static_assert(STACK_INITIAL > START_STACK_MAX, "holds the arguments");

static const char *const environment[] = {
	"PATH=/bin:/sbin", "HOME=/", "TERM=linux", NULL
};

static int map_segment(struct mm *mm, const struct elf_segment *seg,
		       const uint8_t *file)
{
	uint32_t start = ALIGN_DOWN(seg->va.v, PAGE_SIZE);
	uint32_t end = ALIGN_UP(seg->va.v + seg->mem_size, PAGE_SIZE);
	unsigned flags = (seg->rights & ELF_READ ? VM_READ : 0) |
			 (seg->rights & ELF_WRITE ? VM_WRITE | VM_ACCOUNT : 0) |
			 (seg->rights & ELF_EXEC ? VM_EXEC : 0);
	long err = mm_map_fixed(mm, UADDR(start), end - start, flags, NULL);

	if (IS_ERR_VALUE(err))
		return (int)err;
	return mm_write(mm, seg->va, file + seg->offset, seg->file_size,
			true);
}

static int map_image(struct mm *mm, const struct elf_image *elf,
		     const uint8_t *file)
{
	int err = 0;

	for (unsigned i = 0; i < elf->nr_segments && !err; i++)
		err = map_segment(mm, &elf->segment[i], file);
	return err;
}

/* For stack protectors and hash tables. A program can find out these bytes. */
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
		     const char *const argv[], uaddr_t *esp)
{
	struct start_stack stack = { .top = UADDR(USER_END) };
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
		err = mm_write(mm, stack.esp, start_stack_at(&stack, stack.esp),
			       stack.top.v - stack.esp.v, true);
	kfree(stack.buffer);
	*esp = stack.esp;
	return (int)err;
}

/* Too large for a kernel stack. */
struct images {
	struct elf_image program, interpreter;
};

/* `whose`: "", or "its interpreter: ". */
static int refuse(const struct task *task, const char *whose, const char *wrong)
{
	pr_warn_limited("%s: cannot run: %s%s\n", task->name, whose, wrong);
	return -ENOEXEC;
}

/* *entry: where the interpreter begins. */
static int load_interpreter(struct task *task, struct images *images,
			    uaddr_t *entry)
{
	const char *name = images->program.interp;
	struct cpio_file file;
	const char *wrong;
	int err;

	while (*name == '/')
		name++;
	if (!archive_find(name, &file))
		return refuse(task, "", "its interpreter is not in the archive");
	wrong = elf_parse(file.data, file.size, &images->interpreter);
	if (wrong)
		return refuse(task, "its interpreter: ", wrong);
	*entry = images->interpreter.entry;
	err = map_image(task->mm, &images->interpreter, file.data);
	if (err == -EEXIST)
		return refuse(task, "",
			      "the interpreter lies where the program does");
	return err;
}

/* Gives the EIP and ESP of the first thread. */
static int load_images(struct task *task, const void *image, size_t size,
		       const char *const argv[], struct images *images,
		       uaddr_t *eip, uaddr_t *esp)
{
	struct elf_image *program = &images->program;
	const char *wrong = elf_parse(image, size, program);
	int err;

	if (wrong)
		return refuse(task, "", wrong);
	*eip = program->entry;
	err = map_image(task->mm, program, image);
	if (!err && program->interp[0])
		err = load_interpreter(task, images, eip);
	if (err)
		return err;
	mm_set_brk_start(task->mm, program->end);
	return map_stack(task->mm, program, argv, esp);
}

int task_load(struct task *task, const void *image, size_t size,
	      const char *const argv[], struct thread **threadp)
{
	struct images *images = kmalloc(sizeof(*images), GFP_KERNEL);
	uaddr_t eip, esp;
	struct trap_regs regs;
	int err;

	if (!images)
		return -ENOMEM;
	err = load_images(task, image, size, argv, images, &eip, &esp);
	kfree(images);
	if (err)
		return err;
	arch_user_regs_init(&regs, eip, esp);
	return task_thread_create(task, &regs, threadp);
}
