// SPDX-License-Identifier: MIT
/*
 * calls.c (tests) - the kernel's own calls: handles, rights, tasks, devices
 */
#include <arch/irq.h>

#include "lib/errno.h"
#include "lib/failpoint.h"
#include "lib/random.h"
#include "mm/page/page_alloc.h"
#include "mm/vm/fault.h"
#include "tests/tcalls.h"

static const char *check(void)
{
	const char *law = object_check();

	if (!law)
		law = task_check();
	return law ? law : vm_check();
}

SUITE(calls, check);

/* ---- handles and rights ------------------------------------------------- */

KTEST(calls, numbers_that_are_no_calls_are_enosys)
{
	calls_set_up();
	EXPECT_EQ(call(PG_CALL_END, 0, 0, 0, 0, 0), -ENOSYS);
	EXPECT_EQ(call(0xffff, 0xffff, 0, 0, 0, 0), -ENOSYS);
	EXPECT_EQ(call(1000, 0, 0, 0, 0, 0), -ENOSYS);
	/* getpid with something in the upper half is not getpid. */
	EXPECT_EQ(call(20, 1, 0, 0, 0, 0), -ENOSYS);
	calls_tear_down();
}

KTEST(calls, memory_is_copied_between_tasks_though_none_is_left)
{
	long read, write;

	calls_set_up();
	EXPECT_EQ(call(PG_TASK_WRITE, 0, PAGES, TEXT, 16, 0), 0);
	failpoint_arm_from(1);
	read = call(PG_TASK_READ, 0, TEXT, PAGES, 16, 0);
	EXPECT(failpoint_disarm());
	failpoint_arm_from(1);
	write = call(PG_TASK_WRITE, 0, PAGES, TEXT, 16, 0);
	EXPECT(failpoint_disarm());
	EXPECT_EQ(read, 0);
	EXPECT_EQ(write, 0);
	calls_tear_down();
}

KTEST(calls, closed_and_duplicated_handles_obey_their_rights)
{
	long fewer;

	calls_set_up();
	EXPECT_EQ(call(PG_HANDLE_DUP, client_end, RIGHT_SEND, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_RECEIVE, client_end, 0, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_HANDLE_DUP, client_end, 0x100, 0, 0, 0), -EINVAL);
	fewer = call(PG_ENDPOINT_CREATE, 0, 0, 0, 0, 0);
	EXPECT_EQ(call(PG_TASK_KILL, (uint32_t)fewer, 0, 0, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, (uint32_t)fewer, 0, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, (uint32_t)fewer, 0, 0, 0, 0), -EBADF);
	calls_tear_down();
}

KTEST(calls, addresses_of_the_kernel_are_bad_addresses)
{
	struct object *object = system_object();
	uint32_t machine;

	calls_set_up();
	machine = (uint32_t)handle_add(&client_task->handles, object,
				       RIGHTS_ALL);
	object_put(object);
	EXPECT_EQ(call(PG_IPC_BUFFER, 0, BAD, 0, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_IPC_BUFFER, 0, 0xbffffff0, 0, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_CREATE, 0, BAD, 0, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_READ, 0, BAD, USER, 16, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_READ, 0, USER, BAD, 16, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_WRITE, 0, BAD, USER, 16, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_WRITE, 0, USER, USER, UINT32_MAX, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_MAPS, 0, 0, BAD, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_PAGE_INFO, 0, BAD, USER, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_PAGE_INFO, 0, USER, BAD, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_INFO, machine, 0, BAD, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_INFO, machine, UINT32_MAX, BAD, 0, 0), -ENOENT);
	EXPECT_EQ(call(PG_MEM_INFO, machine, BAD, 0, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_LOG_WRITE, machine, BAD, 10, 0, 0), -EFAULT);
	EXPECT_EQ(call(PG_LOG_WRITE, machine, USER, 100000, 0, 0), -E2BIG);
	calls_tear_down();
}

KTEST(calls, the_systems_handle_allows_what_its_rights_say)
{
	struct object *object = system_object();
	uint32_t look, nothing_at_all;

	calls_set_up();
	look = (uint32_t)handle_add(&client_task->handles, object, RIGHT_READ);
	nothing_at_all = (uint32_t)handle_add(&client_task->handles, object,
					      0);
	object_put(object);
	EXPECT_EQ(call(PG_MEM_INFO, look, USER, 0, 0, 0), 0);
	EXPECT_EQ(get32(USER), PAGE_SIZE);
	EXPECT_EQ(call(PG_MEM_INFO, nothing_at_all, USER, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_POWER_OFF, look, 0, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_LOG_WRITE, look, USER, 1, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_TASK_OPEN, nothing_at_all, 1, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_IRQ_CREATE, look, 5, 0, 0, 0), -EPERM);
	EXPECT_EQ(call(PG_IO_PORTS_CREATE, look, 0, 1, 0, 0), -EPERM);
	calls_tear_down();
}

/* ---- tasks -------------------------------------------------------------- */

KTEST(calls, a_task_is_shaped_and_read_through_its_handle)
{
	uint32_t task;

	calls_set_up();
	put(TEXT, "child", 6);
	task = (uint32_t)call(PG_TASK_CREATE, 0, TEXT, 0, 0, 0);
	REQUIRE((int32_t)task > 0);
	EXPECT_EQ(call(PG_VM_MAP, task, WINDOW, 0x2000,
		       PROT_READ | PROT_WRITE, MAP_FIXED), WINDOW);
	put32(USER, 99);
	EXPECT_EQ(call(PG_TASK_WRITE, task, WINDOW + 0xffe, USER, 4, 0), 0);
	EXPECT_EQ(call(PG_TASK_READ, task, WINDOW + 0xffe, USER + 4, 4, 0), 0);
	EXPECT_EQ(get32(USER + 4), 99);
	EXPECT_EQ(call(PG_TASK_READ, task, USER, USER, 4, 0), -EFAULT);
	EXPECT_EQ(call(PG_TASK_MAPS, task, 0, USER, 0, 0), 0);
	EXPECT_EQ(get32(USER), WINDOW);
	EXPECT_EQ(get32(USER + 4), WINDOW + 0x2000);
	EXPECT_EQ(call(PG_TASK_MAPS, task, WINDOW + 0x2000, USER, 0, 0),
		  -ENOENT);
	EXPECT_EQ(call(PG_VM_UNMAP, task, WINDOW, 0x2000, 0, 0), 0);
	EXPECT_EQ(call(PG_TASK_WRITE, task, WINDOW, USER, 4, 0), -EFAULT);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, task, 0, 0, 0, 0), 0);
	calls_tear_down();
}

KTEST(calls, vm_map_takes_only_flags_of_anonymous_memory)
{
	calls_set_up();
	EXPECT_EQ(call(PG_VM_MAP, 0, 0, 0x1000, PROT_READ, 0x80000000),
		  -EINVAL);
	EXPECT_EQ(call(PG_VM_MAP, 0, 0, 0x1000, PROT_READ, 3), -EINVAL);
	EXPECT_EQ(call(PG_VM_MAP, 0, 0, 0, PROT_READ, 0), -EINVAL);
	EXPECT(call(PG_VM_MAP, 0, 0xc0000000, 0x1000, PROT_READ, MAP_FIXED)
	       < 0);
	calls_tear_down();
}

/* The pages behind a memory object of the client. */
static struct page *archive_pages;

static uint32_t give_memory_object(const void *data, uint32_t size)
{
	struct object *object;
	uint32_t handle;

	archive_pages = alloc_pages(GFP_KERNEL | GFP_ZERO, 1);
	REQUIRE(archive_pages);
	memcpy(page_address(archive_pages), data, size);
	object = memory_object_create(page_address(archive_pages), size);
	REQUIRE(object);
	handle = (uint32_t)handle_add(&client_task->handles, object,
				      RIGHT_READ);
	object_put(object);
	return handle;
}

KTEST(calls, a_memory_object_can_be_read)
{
	uint32_t memory;

	calls_set_up();
	memory = give_memory_object("abcdefgh", 8);
	EXPECT_EQ(call(PG_MEMORY_SIZE, memory, 0, 0, 0, 0), 8);
	EXPECT_EQ(call(PG_MEMORY_READ, memory, 4, USER, 100, 0), 4);
	EXPECT_EQ(get32(USER), 0x68676665);
	EXPECT_EQ(call(PG_MEMORY_READ, memory, 9, USER, 100, 0), 0);
	EXPECT_EQ(call(PG_MEMORY_READ, memory, UINT32_MAX, USER, UINT32_MAX,
		       0), 0);
	EXPECT_EQ(call(PG_MEMORY_READ, memory, 0, BAD, 4, 0), -EFAULT);
	calls_tear_down();
	free_pages(archive_pages, 1);
}

KTEST(calls, a_mapped_memory_object_cannot_be_changed)
{
	uint32_t memory;
	long at;

	calls_set_up();
	memory = give_memory_object("abcdefgh", 8);
	at = call(PG_MEMORY_MAP, memory, 0, 0, 0, 0);
	REQUIRE((uint32_t)at < PAGE_OFFSET);
	EXPECT_EQ(get32((uint32_t)at), 0x64636261);
	EXPECT_EQ(put_user32(UADDR((uint32_t)at), 1), -EFAULT);
	EXPECT_EQ(mm_mprotect(client_task->mm, UADDR((uint32_t)at), PAGE_SIZE,
			      PROT_READ | PROT_WRITE),
		  0);
	EXPECT_NULL(vm_check());
	put32((uint32_t)at, 1);         /* a copy */
	EXPECT_EQ(get32((uint32_t)at), 1);
	EXPECT(!memcmp(page_address(archive_pages), "abcdefgh", 8));
	EXPECT_NULL(vm_check());
	calls_tear_down();
	EXPECT_EQ(archive_pages->refs, 1);
	free_pages(archive_pages, 1);
}

/* NOTIFICATION_POLL of handle 2 gives bits in EBX: the exit status. */
TPROGRAM(exits_with_bits,
	 "movl $-1, %ebx; movl $(2 << 16 | 1046), %eax; int $0x80;"
	 TPROGRAM_CALL(252));

static uint32_t give_program(const struct tprogram *program, uint32_t *size)
{
	const uint8_t *image = tprogram_image(program, size);
	struct object *object = memory_object_create(image, *size);
	uint32_t handle;

	REQUIRE(image && object);
	handle = (uint32_t)handle_add(&client_task->handles, object,
				      RIGHT_READ);
	object_put(object);
	return handle;
}

/* Start a task as *how says. Returns: its handle, or the error. */
static long start_task(const struct task_start *how)
{
	uint32_t task;
	long result;

	put(TEXT, "child", 6);
	put(USER, how, sizeof(*how));
	task = (uint32_t)call(PG_TASK_CREATE, 0, TEXT, 0, 0, 0);
	REQUIRE((int32_t)task > 0);
	result = call(PG_TASK_START, task, USER, 0, 0, 0);
	if (!result)
		return (long)task;
	EXPECT_EQ(call(PG_HANDLE_CLOSE, task, 0, 0, 0, 0), 0);
	return result;
}

static long wait_task(uint32_t task, uint32_t *status)
{
	struct trap_regs regs = { .ebx = UINT32_MAX, .ecx = UINT32_MAX };
	long result = call_regs(&regs, PG_TASK_WAIT, task);

	*status = regs.ebx;
	return result;
}

KTEST(calls, a_started_task_has_the_handles_it_was_given)
{
	uint32_t bell, handles[2], status = 0;
	struct task_start how = {
		.args = TEXT, .args_length = 6, .handles = PAGES,
		.nr_handles = 2,
	};
	long task;

	calls_set_up();
	bell = (uint32_t)call(PG_NOTIFICATION_CREATE, 0, 0, 0, 0, 0);
	EXPECT_EQ(call(PG_NOTIFICATION_SIGNAL, bell, 9, 0, 0, 0), 0);
	handles[0] = 0;
	handles[1] = bell;
	put(PAGES, handles, sizeof(handles));
	how.memory = give_program(&exits_with_bits, &how.length);
	task = start_task(&how);
	REQUIRE(task > 0);
	EXPECT_EQ(call(PG_TASK_START, (uint32_t)task, USER, 0, 0, 0), -EBUSY);
	EXPECT_EQ(wait_task((uint32_t)task, &status), 0);
	EXPECT_EQ(status, WAIT_EXITED(9));
	EXPECT_EQ(call(PG_TASK_READ, (uint32_t)task, TPROGRAM_CODE, USER, 4,
		       0), -ESRCH);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, (uint32_t)task, 0, 0, 0, 0), 0);
	calls_tear_down();
	tprogram_image_free();
}

KTEST(calls, a_start_that_makes_no_sense_is_refused)
{
	struct task_start how = { .args = TEXT, .args_length = 6 };
	struct task_start bad;

	calls_set_up();
	how.memory = give_program(&exits_with_bits, &how.length);
	bad = how;
	bad.memory = client_end;
	EXPECT_EQ(start_task(&bad), -EINVAL);
	bad = how;
	bad.offset = how.length + 1;
	EXPECT_EQ(start_task(&bad), -EINVAL);
	bad.offset = 1;
	bad.length = UINT32_MAX;
	EXPECT_EQ(start_task(&bad), -EINVAL);
	bad.length = 16;
	EXPECT_EQ(start_task(&bad), -ENOEXEC);
	bad = how;
	bad.args_length = 3;            /* ends in the middle of a text */
	EXPECT_EQ(start_task(&bad), -EINVAL);
	bad.args_length = TASK_START_ARGS + 1;
	EXPECT_EQ(start_task(&bad), -E2BIG);
	bad = how;
	bad.args = BAD;
	EXPECT_EQ(start_task(&bad), -EFAULT);
	bad = how;
	bad.nr_handles = TASK_START_HANDLES + 1;
	EXPECT_EQ(start_task(&bad), -E2BIG);
	bad = how;
	bad.priority = PRIORITY_KERNEL;
	EXPECT_EQ(start_task(&bad), -EINVAL);
	calls_tear_down();
	tprogram_image_free();
}

KTEST(calls, a_task_that_failed_to_start_holds_nothing)
{
	struct task_start how = {
		.args = TEXT, .args_length = 6, .length = 16,
		.handles = PAGES, .nr_handles = 2,
	};
	uint32_t handles[2];
	long task;

	calls_set_up();
	how.memory = give_program(&exits_with_bits, &how.offset);
	how.offset = 0;
	put(TEXT, "child", 6);
	put(USER, &how, sizeof(how));
	task = call(PG_TASK_CREATE, 0, TEXT, 0, 0, 0);
	REQUIRE(task > 0);
	handles[0] = (uint32_t)task;    /* a handle to itself */
	handles[1] = client_end;
	put(PAGES, handles, sizeof(handles));
	EXPECT_EQ(call(PG_TASK_START, (uint32_t)task, USER, 0, 0, 0),
		  -ENOEXEC);
	calls_tear_down();
	tprogram_image_free();
}

TPROGRAM(runs_for_ever, "1: jmp 1b;");

KTEST(calls, a_task_can_be_killed_and_a_wait_has_a_deadline)
{
	struct task_start how = { .args = TEXT, .args_length = 6 };
	uint64_t deadline = clock_ns() + 2 * NS_PER_TICK;
	uint32_t status = 0;
	long task;

	calls_set_up();
	how.memory = give_program(&runs_for_ever, &how.length);
	task = start_task(&how);
	REQUIRE(task > 0);
	EXPECT_EQ(call(PG_TASK_WAIT, (uint32_t)task, (uint32_t)deadline,
		       (uint32_t)(deadline >> 32), 0, 0), -ETIMEDOUT);
	EXPECT_EQ(call(PG_TASK_WAIT, 0, 0, 0, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_TASK_KILL, (uint32_t)task, 9, 0, 0, 0), 0);
	EXPECT_EQ(wait_task((uint32_t)task, &status), 0);
	EXPECT_EQ(status, 9);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, (uint32_t)task, 0, 0, 0, 0), 0);
	calls_tear_down();
	tprogram_image_free();
}

/* ---- devices ------------------------------------------------------------ */

#define FREE_IRQ  5

static uint32_t system_handle(void)
{
	struct object *object = system_object();
	int handle = handle_add(&client_task->handles, object, RIGHTS_ALL);

	object_put(object);
	return (uint32_t)handle;
}

KTEST(calls, an_interrupt_sets_bits_and_waits_for_its_ack)
{
	struct trap_regs regs = { .ebx = UINT32_MAX };
	uint32_t machine, bell, irq;

	calls_set_up();
	machine = system_handle();
	bell = (uint32_t)call(PG_NOTIFICATION_CREATE, 0, 0, 0, 0, 0);
	EXPECT_EQ(call(PG_IRQ_CREATE, machine, NR_IRQS, bell, 1, 0), -EINVAL);
	EXPECT_EQ(call(PG_IRQ_CREATE, machine, IRQ_TIMER, bell, 1, 0), -EBUSY);
	irq = (uint32_t)call(PG_IRQ_CREATE, machine, FREE_IRQ, bell, 8, 0);
	REQUIRE((int32_t)irq > 0);
	EXPECT_EQ(call(PG_IRQ_CREATE, machine, FREE_IRQ, bell, 1, 0), -EBUSY);
	EXPECT_EQ(call(PG_IRQ_ACK, irq, 0, 0, 0, 0), 0);
	EXPECT_EQ(call(PG_IRQ_ACK, bell, 0, 0, 0, 0), -EINVAL);
	irq_mask(FREE_IRQ);
	EXPECT_EQ(call(PG_HANDLE_CLOSE, irq, 0, 0, 0, 0), 0);
	EXPECT_EQ(irq_set_handler(FREE_IRQ, NULL, NULL), 0);
	EXPECT_EQ(call_regs(&regs, PG_NOTIFICATION_POLL, bell), 0);
	EXPECT_EQ(regs.ebx, 0);
	calls_tear_down();
}

KTEST(calls, ports_are_allowed_one_by_one)
{
	uint32_t machine, ports;

	calls_set_up();
	machine = system_handle();
	EXPECT_EQ(call(PG_IO_PORTS_CREATE, machine, 65536, 1, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_IO_PORTS_CREATE, machine, 65535, 2, 0, 0), -EINVAL);
	EXPECT_EQ(call(PG_IO_PORTS_CREATE, machine, 1, UINT32_MAX, 0, 0),
		  -EINVAL);
	EXPECT_EQ(call(PG_IO_PORTS_CREATE, machine, 1, 0, 0, 0), -EINVAL);
	ports = (uint32_t)call(PG_IO_PORTS_CREATE, machine, 0x3f8, 8, 0, 0);
	REQUIRE((int32_t)ports > 0);
	EXPECT(!client_task->io_ports);
	EXPECT_EQ(call(PG_IO_PORTS_ALLOW, ports, 0, 0, 0, 0), 0);
	REQUIRE(client_task->io_ports);
	EXPECT_EQ(client_task->io_ports[0x3f8 / 8], 0xff);
	EXPECT_EQ(client_task->io_ports[0x3f0 / 8], 0);
	EXPECT_EQ(client_task->io_ports[0x400 / 8], 0);
	calls_tear_down();
}

/* ---- anything at all ---------------------------------------------------- */

#define FUZZ_CALLS  4000

/* These calls wait for ever, end the test, or start something that stays. */
static bool fuzz_leaves_out(unsigned number)
{
	switch (number) {
	case PG_SEND:
	case PG_RECEIVE:
	case PG_CALL:
	case PG_REPLY_RECEIVE:
	case PG_NOTIFICATION_WAIT:
	case PG_TASK_WAIT:
	case PG_TASK_KILL:
	case PG_THREAD_CREATE:
	case PG_THREAD_EXIT:
	case PG_IPC_BUFFER:
	case PG_YIELD:
		return true;
	}
	return false;
}

static uint32_t odd_value(struct rng *rng)
{
	static const uint32_t values[] = {
		0, 1, 2, 3, 7, 8, 0xfff, PAGE_SIZE, 0x2000, USER, USER + 4,
		TEXT, PAGES, WINDOW, USER + USER_LENGTH - 4, 0xbfffffff,
		0xc0000000, BAD, 0xffffffff, 0x7fffffff, 0x80000000, 0xfffff000,
	};

	if (rng_below(rng, 8) == 0)
		return rng_next(rng);
	return values[rng_below(rng, ARRAY_SIZE(values))];
}

/* Fill the buffer with anything; only IPC_NONBLOCK is always set. */
static void odd_buffer(struct rng *rng)
{
	struct ipc_msg msg;
	uint32_t *words = (uint32_t *)&msg;

	for (unsigned i = 0; i < sizeof(msg) / sizeof(*words); i++)
		words[i] = odd_value(rng);
	msg.out.flags |= IPC_NONBLOCK;
	if (rng_below(rng, 2))
		msg.out.nr_handles = rng_below(rng, IPC_MAX_HANDLES + 1);
	for (unsigned i = 0; i < IPC_MAX_HANDLES; i++)
		msg.out.handles[i] = (struct ipc_handle){
			rng_below(rng, 8), 0
		};
	if (copy_to_user(UADDR(BUFFER), &msg, sizeof(msg)))
		current_thread()->ipc.buffer = UADDR(0);
}

static void odd_call(struct rng *rng)
{
	struct trap_regs regs = {
		.ebx = odd_value(rng), .ecx = odd_value(rng),
		.edx = odd_value(rng), .esi = odd_value(rng),
		.edi = odd_value(rng), .ebp = odd_value(rng),
	};
	unsigned number = PG_CALL_FIRST + rng_below(rng, PG_CALL_END -
						    PG_CALL_FIRST);

	if (fuzz_leaves_out(number))
		return;
	odd_buffer(rng);
	call_regs(&regs, number, rng_below(rng, 16));
}

KTEST(calls, random_calls_hurt_nobody)
{
	struct rng rng;

	calls_set_up();
	rng_init(&rng, ktest_seed());
	call(PG_IPC_BUFFER, 0, BUFFER, 0, 0, 0);
	for (unsigned i = 0; i < FUZZ_CALLS; i++) {
		odd_call(&rng);
		if (i % 256 == 0)
			EXPECT_NULL(handle_table_check(&client_task->handles));
	}
	EXPECT_NULL(vm_check());
	calls_tear_down();
}
