// SPDX-License-Identifier: MIT
/*
 * calls_system.c - the machine as a whole: its tasks, memory, log, power, clock
 *
 * WHAT     The calls of a handle to the system object: RIGHT_READ to look,
 *          RIGHT_WRITE to write to the log, RIGHT_MANAGE for the rest. The
 *          first program has all rights, and gives other programs handles with
 *          fewer rights.
 * NOT HERE interrupts and I/O ports (kernel/device/irq_ports.c).
 */
#include <arch/machine.h>

#include "kernel/calls/calls.h"
#include "kernel/calls/memory_object.h"
#include "kernel/sched/clock.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"

#define LOG_WRITE_MAX  200

static struct object the_system;
static void (*end_of_session)(void);

static void system_destroy(struct object *object)
{
	panic("the system object's last reference is gone");
}

void calls_init(void (*session_ends)(void))
{
	static const struct object_ops ops = { system_destroy, NULL, NULL };

	object_type_init(OBJECT_SYSTEM, &ops);
	object_init(&the_system, OBJECT_SYSTEM);
	end_of_session = session_ends;
	memory_object_init();
	mm_copy_init();
}

struct object *system_object(void)
{
	object_get(&the_system);
	return &the_system;
}

/* ---- tasks -------------------------------------------------------------- */

long pg_task_info(struct trap_regs *regs, unsigned rights)
{
	struct task *task = task_find_next(regs->ebx);
	struct pg_task info;

	if (!task)
		return -ENOENT;
	task_get_stats(task, &info);
	object_put(&task->object);
	return copy_to_user(UADDR(regs->ecx), &info, sizeof(info));
}

long pg_task_open(struct trap_regs *regs, unsigned rights)
{
	unsigned given = rights & RIGHT_MANAGE ? RIGHTS_ALL & ~RIGHT_MINT
					       : RIGHT_READ;
	struct task *task;

	if (!(rights & (RIGHT_MANAGE | RIGHT_READ)))
		return -EPERM;
	task = task_find(regs->ebx);
	if (!task)
		return -ESRCH;
	return give_handle(&task->object, given);
}

/* ---- memory ------------------------------------------------------------- */

long pg_mem_info(struct trap_regs *regs, unsigned rights)
{
	struct pg_mem out = { .page_size = PAGE_SIZE };

	out.free_pages = nr_free_pages();
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		out.total_pages += zones[i].managed;
	out.highmem_free_pages = READ_ONCE(zones[ZONE_HIGHMEM].nr_free);
	out.lowmem_free_pages = out.free_pages -
		MIN(out.free_pages, out.highmem_free_pages);
	out.nr_objects = object_count(OBJECT_ANY);
	return copy_to_user(UADDR(regs->ebx), &out, sizeof(out));
}

/* ---- log, power, clock -------------------------------------------------- */

long pg_log_write(struct trap_regs *regs, unsigned rights)
{
	uint32_t length = regs->ecx;
	char text[LOG_WRITE_MAX + 1];

	if (length > LOG_WRITE_MAX)
		return -E2BIG;
	if (copy_from_user(text, UADDR(regs->ebx), length))
		return -EFAULT;
	text[length] = '\0';
	/* The text of a program is always one line of the log. */
	for (uint32_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = i + 1 < length ? ' ' : '\0';
	pr_info_limited("%s: %s\n", current_task()->name, text);
	return 0;
}

long pg_power_off(struct trap_regs *regs, unsigned rights)
{
	if (regs->ebx == 1)
		end_of_session();
	log_limits_flush();
	machine_poweroff();
}

long pg_clock(struct trap_regs *regs)
{
	uint64_t now = clock_ns();

	regs->ebx = (uint32_t)now;
	regs->ecx = (uint32_t)(now >> 32);
	return 0;
}
