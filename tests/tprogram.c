// SPDX-License-Identifier: MIT
/*
 * tprogram.c - ELF files around a few instructions
 */
#include "tests/tprogram.h"

#include "kernel/loader/elf.h"
#include "kernel/sched/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab/kmalloc.h"
#include "tests/ktest.h"

#define PATIENCE  (10 * NS_PER_SEC)
#define PHNUM     3

struct image {
	struct elf_header header;
	struct elf_phdr   phdr[PHNUM];
	uint8_t           unused[PAGE_SIZE - sizeof(struct elf_header) -
				 PHNUM * sizeof(struct elf_phdr)];
	uint8_t           code[PAGE_SIZE];
};

static void image_fill(struct image *image, const struct tprogram *program)
{
	size_t size = (size_t)(program->end - program->start);

	assert(size <= PAGE_SIZE);
	memset(image, 0, sizeof(*image));
	memcpy(image->header.ident, "\177ELF\1\1\1", 7);
	image->header.type = ELF_TYPE_EXEC;
	image->header.machine = ELF_MACHINE_386;
	image->header.version = 1;
	image->header.entry = TPROGRAM_CODE;
	image->header.phoff = offsetof(struct image, phdr);
	image->header.phentsize = sizeof(struct elf_phdr);
	image->header.phnum = PHNUM;
	image->phdr[0] = (struct elf_phdr){
		ELF_PT_LOAD, offsetof(struct image, code), TPROGRAM_CODE, 0,
		PAGE_SIZE, PAGE_SIZE, ELF_READ | ELF_EXEC, PAGE_SIZE };
	image->phdr[1] = (struct elf_phdr){
		ELF_PT_LOAD, 0, TPROGRAM_DATA, 0, 0, PAGE_SIZE,
		ELF_READ | ELF_WRITE, PAGE_SIZE };
	image->phdr[2] = (struct elf_phdr){
		ELF_PT_GNU_STACK, 0, 0, 0, 0, 0, ELF_READ | ELF_WRITE, 16 };
	memcpy(image->code, program->start, size);
}

static int load(struct task *task, const struct tprogram *program,
		const char *const argv[], struct thread **threadp)
{
	struct image *image = kmalloc(sizeof(*image), GFP_KERNEL);
	int err;

	if (!image)
		return -ENOMEM;
	image_fill(image, program);
	err = task_load(task, image, sizeof(*image), argv, threadp);
	kfree(image);
	return err;
}

static struct image *the_image;

const uint8_t *tprogram_image(const struct tprogram *program, uint32_t *size)
{
	assert(!the_image);
	the_image = kmalloc(sizeof(*the_image), GFP_KERNEL);
	if (!the_image)
		return NULL;
	image_fill(the_image, program);
	*size = sizeof(*the_image);
	return (const uint8_t *)the_image;
}

void tprogram_image_free(void)
{
	kfree(the_image);
	the_image = NULL;
}

int tprogram_load(const struct tprogram *program, struct task *parent,
		  const char *const argv[], struct task **taskp,
		  struct thread **threadp)
{
	int err = task_create("tprogram", parent, taskp);

	if (err)
		return err;
	err = load(*taskp, program, argv, threadp);
	if (err)
		object_put(&(*taskp)->object);
	return err;
}

struct task *tprogram_start(const struct tprogram *program)
{
	static const char *const argv[] = { "tprogram", NULL };
	struct task *task;
	struct thread *thread;

	if (tprogram_load(program, NULL, argv, &task, &thread)) {
		ktest_fail(__FILE__, __LINE__, "program cannot be loaded");
		return NULL;
	}
	if (task_start(task, thread)) {
		ktest_fail(__FILE__, __LINE__, "program cannot be started");
		object_put(&task->object);
		return NULL;
	}
	return task;
}

uint32_t tprogram_wait(struct task *task)
{
	uint32_t wait_status = TPROGRAM_FAILED;

	if (task_wait_for(task, clock_ns() + PATIENCE, &wait_status)) {
		ktest_fail(__FILE__, __LINE__, "program does not end");
		task_kill(task, WAIT_SIGNALED(SIGKILL));
		task_wait_for(task, WAIT_FOREVER, &wait_status);
		wait_status = TPROGRAM_FAILED;
	}
	object_put(&task->object);
	return wait_status;
}

uint32_t tprogram_run(const struct tprogram *program)
{
	struct task *task = tprogram_start(program);

	return task ? tprogram_wait(task) : TPROGRAM_FAILED;
}

void tprogram_settle(void)
{
	thread_sleep_ns(NS_PER_TICK);
}
