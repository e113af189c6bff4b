// SPDX-License-Identifier: MIT
/*
 * bench_user.c - what calls, faults, forks, switches and messages cost ring 3
 *
 * WHAT     bench_user [NAME ...]
 *
 *          Prints one line for each benchmark, in the format of tests/bench.h:
 *
 *            bench<TAB>name<TAB>ticks_per_op<TAB>iterations
 *
 *          A tick is one guest instruction under `-icount shift=0`, in ring 3
 *          or in the kernel. The figure is that of the best of BATCHES batches.
 *          The cost of an empty loop is taken off.
 *
 * ALGORITHM  bench(name, n, per, fn): fn does n operations between start() and
 *          stop(). A fault is counted for each page. A switch is half of a
 *          yield and the partner's yield back.
 * SEE      tests/bench/bounds.tsv for bounds and Linux's figures.
 */
#include "lib/div64.h"
#include "lib/string.h"
#include "user/lib/ipc.h"
#include "user/lib/linux.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"

#define PAGE     4096u
#define RW       (PROT_READ | PROT_WRITE)
#define BATCHES  11

static uint64_t started, ticks;
static char **wanted;           /* names, then NULL; no name: all */

static bool is_wanted(const char *name)
{
	if (!*wanted)
		return true;
	for (char **w = wanted; *w; w++)
		if (!strcmp(*w, name))
			return true;
	return false;
}

static void start(void)
{
	started = cycles();
}

static void stop(void)
{
	ticks = cycles() - started;
}

static void empty_loop(uint32_t n)
{
	start();
	while (n--)
		__asm__ volatile("" : : : "memory");
	stop();
}

static uint64_t best_of(void (*fn)(uint32_t n), uint32_t n)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < BATCHES; i++) {
		fn(n);
		if (ticks < best)
			best = ticks;
	}
	return best;
}

/* `per`: how many operations one turn of the loop does. */
static void bench(const char *name, uint32_t n, uint32_t per,
		  void (*fn)(uint32_t n))
{
	uint64_t loop, best;

	if (!is_wanted(name))
		return;
	loop = best_of(empty_loop, n);
	best = best_of(fn, n);
	best = best > loop ? best - loop : 0;
	printf("bench\t%s\t%u\t%u\n", name,
	       (uint32_t)div_u64(best + n * per / 2, n * per), n * per);
}

static void *map(uint32_t pages, int prot, int flags)
{
	return linux_mmap(NULL, pages * PAGE, prot, flags | MAP_ANONYMOUS, -1,
			  0);
}

static void wait_for(long child)
{
	linux_waitpid((int)child, NULL, 0);
}

/* ---- calls --------------------------------------------------------------- */

static void getpid_loop(uint32_t n)
{
	start();
	while (n--)
		linux_getpid();
	stop();
}

static void invalid_loop(uint32_t n)
{
	start();
	while (n--)
		syscall0(1000);
	stop();
}

static void mmap_loop(uint32_t n)
{
	start();
	while (n--) {
		void *p = linux_mmap(NULL, PAGE, RW,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		linux_munmap(p, PAGE);
	}
	stop();
}

static void mmap_touch_loop(uint32_t n)
{
	start();
	while (n--) {
		char *p = map(1, RW, MAP_PRIVATE);

		*p = 1;
		linux_munmap(p, PAGE);
	}
	stop();
}

/* To read-only and back: two calls in a turn; the figure is for one call. */
static void mprotect_pages(uint32_t n, uint32_t first, uint32_t nr)
{
	char *p = map(3, RW, MAP_PRIVATE | MAP_POPULATE);
	char *at = p + first * PAGE;

	start();
	while (n--) {
		linux_mprotect(at, nr * PAGE, PROT_READ);
		linux_mprotect(at, nr * PAGE, RW);
	}
	stop();
	linux_munmap(p, 3 * PAGE);
}

static void mprotect_whole_loop(uint32_t n)
{
	mprotect_pages(n, 0, 3);
}

static void mprotect_middle_loop(uint32_t n)
{
	mprotect_pages(n, 1, 1);
}

static void brk_loop(uint32_t n)
{
	char *end = (char *)linux_brk(NULL);

	start();
	while (n--) {
		linux_brk(end + PAGE);
		linux_brk(end);
	}
	stop();
}

/* ---- faults -------------------------------------------------------------- */

static void write_pages(char *p, uint32_t n)
{
	start();
	for (; n--; p += PAGE)
		*(volatile char *)p = 1;
	stop();
}

static void write_fault_loop(uint32_t n)
{
	char *p = map(n, RW, MAP_PRIVATE);

	write_pages(p, n);
	linux_munmap(p, n * PAGE);
}

static void read_fault_loop(uint32_t n)
{
	char *p = map(n, RW, MAP_PRIVATE);

	start();
	for (uint32_t i = 0; i < n; i++)
		*(volatile char *)(p + i * PAGE);
	stop();
	linux_munmap(p, n * PAGE);
}

static void zero_then_write_loop(uint32_t n)
{
	char *p = map(n, RW, MAP_PRIVATE);

	for (uint32_t i = 0; i < n; i++)
		*(volatile char *)(p + i * PAGE);
	write_pages(p, n);
	linux_munmap(p, n * PAGE);
}

/* The child writes while its parent waits, so each page has two owners. */
static void cow_copy_loop(uint32_t n)
{
	uint64_t *result = map(1, RW, MAP_SHARED);
	char *p = map(n, RW, MAP_PRIVATE | MAP_POPULATE);
	long child = linux_fork();

	if (!child) {
		write_pages(p, n);
		*result = ticks;
		linux_exit_group(0);
	}
	wait_for(child);
	ticks = *result;
	linux_munmap(p, n * PAGE);
	linux_munmap(result, PAGE);
}

/* The child has ended: each page that it shared has one owner again. */
static void cow_reuse_loop(uint32_t n)
{
	char *p = map(n, RW, MAP_PRIVATE | MAP_POPULATE);
	long child = linux_fork();

	if (!child)
		linux_exit_group(0);
	wait_for(child);
	write_pages(p, n);
	linux_munmap(p, n * PAGE);
}

static void munmap_loop(uint32_t n)
{
	char *p = map(n, RW, MAP_PRIVATE | MAP_POPULATE);

	start();
	linux_munmap(p, n * PAGE);
	stop();
}

static void dontneed_loop(uint32_t n)
{
	char *p = map(n, RW, MAP_PRIVATE | MAP_POPULATE);

	start();
	linux_madvise(p, n * PAGE, MADV_DONTNEED);
	stop();
	linux_munmap(p, n * PAGE);
}

/* ---- processes ----------------------------------------------------------- */

static void fork_loop(uint32_t n)
{
	start();
	while (n--) {
		long child = linux_fork();

		if (!child)
			linux_exit_group(0);
		wait_for(child);
	}
	stop();
}

static void fork_1024_loop(uint32_t n)
{
	char *p = map(1024, RW, MAP_PRIVATE | MAP_POPULATE);

	fork_loop(n);
	linux_munmap(p, 1024 * PAGE);
}

static void yield_alone_loop(uint32_t n)
{
	start();
	while (n--)
		linux_sched_yield();
	stop();
}

/* Two processes only yield: at each yield the other one runs. */
static void yield_loop(uint32_t n)
{
	volatile uint32_t *stop_now = map(1, RW, MAP_SHARED);
	long child = linux_fork();

	if (!child) {
		while (!*stop_now)
			linux_sched_yield();
		linux_exit_group(0);
	}
	linux_sched_yield();
	start();
	while (n--)
		linux_sched_yield();
	stop();
	*stop_now = 1;
	wait_for(child);
	linux_munmap((void *)stop_now, PAGE);
}

/* ---- messages ------------------------------------------------------------ */

/*
 * One message by SYSENTER. Its words stay in registers. This is the stub of
 * kernel/uapi/abi.h, but it looks at the first word only. EAX and the other
 * words that come back are lost. EBP is argument 6 and comes back.
 */
#define MESSAGE(eax, first)                                                \
	__asm__ volatile("pushl %%ebp\n\tpushl $1f\n\t"                    \
			 "movl %%esp, %%ebp\n\tsysenter\n"                \
			 "1:\taddl $4, %%esp\n\tpopl %%ebp"               \
			 : "+a"(eax), "+b"(first)                          \
			 : : "ecx", "edx", "esi", "edi", "memory", "cc")

static void __noreturn serve_by_hand(uint32_t endpoint)
{
	uint32_t eax = PG_EAX(PG_RECEIVE, endpoint), first = 0;

	MESSAGE(eax, first);
	while (first) {
		eax = PG_EAX(PG_REPLY_RECEIVE, endpoint);
		MESSAGE(eax, first);
	}
	eax = PG_EAX(PG_REPLY, 0);
	MESSAGE(eax, first);
	linux_exit_group(0);
}

static void ipc_by_hand_loop(uint32_t n)
{
	uint32_t endpoint = (uint32_t)endpoint_create();
	uint32_t eax = PG_EAX(PG_CALL, endpoint), first = 1;
	long child = linux_fork();

	if (!child)
		serve_by_hand(endpoint);
	MESSAGE(eax, first);
	start();
	while (n--) {
		eax = PG_EAX(PG_CALL, endpoint);
		first = 1;
		MESSAGE(eax, first);
	}
	stop();
	eax = PG_EAX(PG_CALL, endpoint);
	first = 0;
	MESSAGE(eax, first);
	wait_for(child);
	handle_close(endpoint);
}

static void __noreturn serve(uint32_t endpoint)
{
	struct words words = { { 0 } };

	ipc_receive(endpoint, &words);
	while (words.w[0])
		ipc_reply_receive(endpoint, &words);
	ipc_reply(0, &words);
	linux_exit_group(0);
}

/* The same with the library's functions, which keep the words in memory. */
static void ipc_loop(uint32_t n)
{
	struct words words = { { 1, 2, 3, 4, 5, 6 } };
	long endpoint = endpoint_create();
	long child = linux_fork();

	if (!child)
		serve((uint32_t)endpoint);
	ipc_call((uint32_t)endpoint, &words);
	start();
	while (n--)
		ipc_call((uint32_t)endpoint, &words);
	stop();
	words.w[0] = 0;
	ipc_call((uint32_t)endpoint, &words);
	wait_for(child);
	handle_close((uint32_t)endpoint);
}

static void ipc_int_loop(uint32_t n)
{
	message_fn usual = message;

	message = message_int;
	ipc_loop(n);
	message = usual;
}

int main(int argc, char **argv, char **envp)
{
	wanted = argv + 1;
	bench("getpid_int80", 2000, 1, getpid_loop);
	bench("invalid_syscall_int80", 2000, 1, invalid_loop);
	bench("mmap_munmap_4k_untouched", 500, 1, mmap_loop);
	bench("mmap_touch_munmap_4k", 500, 1, mmap_touch_loop);
	bench("mprotect_toggle_whole_3p", 500, 2, mprotect_whole_loop);
	bench("mprotect_toggle_middle_1p", 500, 2, mprotect_middle_loop);
	bench("brk_grow_shrink_4k", 500, 1, brk_loop);
	bench("anon_fault_write_per_page", 256, 1, write_fault_loop);
	bench("anon_fault_read_zero_per_page", 256, 1, read_fault_loop);
	bench("zero_page_then_write_cow_per_page", 256, 1,
	      zero_then_write_loop);
	bench("cow_fault_copy_per_page", 256, 1, cow_copy_loop);
	bench("cow_fault_reuse_per_page", 256, 1, cow_reuse_loop);
	bench("munmap_touched_per_page", 256, 1, munmap_loop);
	bench("madvise_dontneed_per_touched_page", 256, 1, dontneed_loop);
	bench("fork_exit_wait", 20, 1, fork_loop);
	bench("fork_exit_wait_plus1024pages", 10, 1, fork_1024_loop);
	bench("sched_yield_alone", 1000, 1, yield_alone_loop);
	bench("sched_yield_switch", 500, 2, yield_loop);
	if (cpu_has_sysenter())
		bench("ipc_call_reply", 1000, 1, ipc_by_hand_loop);
	bench("ipc_call_reply_library", 1000, 1, ipc_loop);
	bench("ipc_call_reply_library_int80", 1000, 1, ipc_int_loop);
	return 0;
}
