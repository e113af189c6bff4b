// SPDX-License-Identifier: MIT
/*
 * rlimit.c - what a program may have: RLIMIT_AS, _STACK, _MEMLOCK, _NPROC
 *
 * WHAT     Tables of arguments, and of ways to more memory, with the answers
 *          that Linux gives to a program without privileges.
 *
 * ALGORITHM  Each test has a child of its own: what it lowers stays low.
 */
#include "tests/user/utest.h"

#define RLIMIT_STACK    3
#define RLIMIT_NPROC    6
#define RLIMIT_MEMLOCK  8
#define RLIMIT_AS       9
#define NONE            0xffffffffu
#define NOBODY          65534

#define RW     (PROT_READ | PROT_WRITE)
#define PLACE  ((char *)FREE_ADDR)

#define MREMAP_DONTUNMAP  4

struct rlimit {
	uint32_t soft, hard;
};

struct rlimit64 {
	uint64_t soft, hard;
};

static long set(long resource, uint32_t soft, uint32_t hard)
{
	const struct rlimit limit = { soft, hard };

	return syscall2(LINUX_NR_setrlimit, resource, (long)&limit);
}

static struct rlimit get(long resource)
{
	struct rlimit limit = { 1, 2 };

	EXPECT_EQ(syscall2(LINUX_NR_ugetrlimit, resource, (long)&limit), 0);
	return limit;
}

static long prlimit(long pid, long resource, const void *new, void *old)
{
	return syscall4(LINUX_NR_prlimit64, pid, resource, (long)new,
			(long)old);
}

/* The soft limit alone. */
static void set_soft(long resource, uint32_t soft)
{
	EXPECT_EQ(set(resource, soft, get(resource).hard), 0);
}

/* Root has no limits on Linux. A stack that is deep already does not grow. */
static void unprivileged(void (*fn)(long arg), long arg)
{
	char deep[0x8000];

	memset(deep, 1, sizeof(deep));
	__asm__ volatile("" : : "r"(deep) : "memory");
	syscall1(LINUX_NR_setuid32, NOBODY);
	fn(arg);
}

static void (*wanted)(long arg);

static void run_wanted(long arg)
{
	unprivileged(wanted, arg);
}

static void alone(void (*fn)(long arg), long arg)
{
	wanted = fn;
	EXPECT_EQ(exit_of(run_wanted, arg), 0);
}

/* ---- looking and changing ------------------------------------------------ */

static const long ours[] = {
	RLIMIT_STACK, RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_AS,
};

static void lower_and_raise(long resource)
{
	struct rlimit64 wide = { 1, 2 };

	EXPECT_EQ(set(resource, 30, 50), 0);
	EXPECT_EQ(get(resource).soft, 30);
	EXPECT_EQ(get(resource).hard, 50);
	EXPECT_EQ(set(resource, 50, 50), 0);
	EXPECT_EQ(set(resource, 51, 50), -EINVAL);
	EXPECT_EQ(set(resource, 30, 51), -EPERM);
	EXPECT_EQ(set(resource, NONE, NONE), -EPERM);
	EXPECT_EQ(set(resource, NONE, 50), -EINVAL);
	EXPECT_EQ(get(resource).soft, 50);
	EXPECT_EQ(set(resource, 0, 40), 0);
	EXPECT_EQ(set(resource, 0, 50), -EPERM);
	EXPECT_EQ(prlimit(0, resource, NULL, &wide), 0);
	EXPECT(wide.soft == 0 && wide.hard == 40);
	wide = (struct rlimit64){ 20, 30 };
	EXPECT_EQ(prlimit(linux_getpid(), resource, &wide, &wide), 0);
	EXPECT(wide.soft == 0 && wide.hard == 40);
	EXPECT_EQ(get(resource).soft, 20);
	EXPECT_EQ(get(resource).hard, 30);
	wide = (struct rlimit64){ 20, 1ull << 32 };
	EXPECT_EQ(prlimit(0, resource, &wide, NULL), -EPERM);
}

UTEST(a_hard_limit_is_lowered_for_ever)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ours); i++)
		alone(lower_and_raise, ours[i]);
}

static void has_them(long resource)
{
	EXPECT_EQ(get(resource).soft, 300);
	EXPECT_EQ(get(resource).hard, 400);
}

static void give_to_child(long resource)
{
	EXPECT_EQ(set(resource, 300, 400), 0);
	EXPECT_EQ(exit_of(has_them, resource), 0);
}

UTEST(a_child_has_its_parents_limits)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ours); i++)
		alone(give_to_child, ours[i]);
}

static void no_limit(long resource)
{
	struct rlimit64 wide = { 0, 0 };

	if (get(resource).hard != NONE)
		return;
	EXPECT_EQ(set(resource, NONE, NONE), 0);
	EXPECT_EQ(prlimit(0, resource, NULL, &wide), 0);
	EXPECT(wide.soft == ~0ull && wide.hard == ~0ull);
}

UTEST(no_limit_is_all_ones_in_32_bits_and_64)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ours); i++)
		alone(no_limit, ours[i]);
}

static const struct rlimit backwards = { 2, 1 };
static const struct rlimit64 backwards64 = { 2, 1 };

static const struct {
	long number, arg[4], answer;
} refused[] = {
	{ LINUX_NR_setrlimit,  { 16, (long)&backwards }, -EINVAL },
	{ LINUX_NR_setrlimit,  { -1, (long)&backwards }, -EINVAL },
	{ LINUX_NR_setrlimit,  { RLIMIT_AS, (long)&backwards }, -EINVAL },
	{ LINUX_NR_setrlimit,  { RLIMIT_NPROC, (long)&backwards }, -EINVAL },
	{ LINUX_NR_setrlimit,  { RLIMIT_AS, 0 }, -EFAULT },
	{ LINUX_NR_setrlimit,  { 16, 0 }, -EFAULT },
	{ LINUX_NR_ugetrlimit, { 16, 0 }, -EINVAL },
	{ LINUX_NR_ugetrlimit, { RLIMIT_AS, 0 }, -EFAULT },
	{ LINUX_NR_ugetrlimit, { RLIMIT_STACK, (long)KERNEL }, -EFAULT },
	{ LINUX_NR_prlimit64,  { 0, 16, 0, 0 }, -EINVAL },
	{ LINUX_NR_prlimit64,  { 0, RLIMIT_AS, 0, 0 }, 0 },
	{ LINUX_NR_prlimit64,  { 0, RLIMIT_AS, 0, (long)KERNEL }, -EFAULT },
	{ LINUX_NR_prlimit64,  { 0, 16, (long)KERNEL, 0 }, -EFAULT },
	{ LINUX_NR_prlimit64,  { 0, RLIMIT_AS, (long)&backwards64, 0 },
			       -EINVAL },
	{ LINUX_NR_prlimit64,  { 32767000, RLIMIT_AS, 0, 0 }, -ESRCH },
	{ LINUX_NR_prlimit64,  { 32767000, 16, (long)KERNEL, 0 }, -EFAULT },
};

UTEST(limits_are_refused_in_linuxs_order)
{
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
		EXPECT_EQ(syscall4(refused[i].number, refused[i].arg[0],
				   refused[i].arg[1], refused[i].arg[2],
				   refused[i].arg[3]), refused[i].answer);
}

/* ---- RLIMIT_AS ----------------------------------------------------------- */

static long map_at(char *addr, uint32_t pages, int flags)
{
	return (long)linux_mmap(addr, pages * PAGE, RW,
				MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static long unmap(char *addr, uint32_t pages)
{
	return linux_munmap(addr, pages * PAGE);
}

static long remap(char *addr, uint32_t old, uint32_t new, int flags,
		  char *new_addr)
{
	return syscall5(LINUX_NR_mremap, (long)addr, (long)(old * PAGE),
			(long)(new * PAGE), flags, (long)new_addr);
}

static bool page_fits(uint32_t limit)
{
	char *page;

	set_soft(RLIMIT_AS, limit * PAGE);
	page = map_pages(1);
	if ((unsigned long)page > -4096ul)
		return false;
	unmap(page, 1);
	return true;
}

/* How many pages the program has: at most this limit allows no more. */
static uint32_t pages_used(void)
{
	uint32_t low = 0, high = 0xbffff;

	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (page_fits(middle))
			high = middle;
		else
			low = middle;
	}
	return low;
}

/* From here on the program may have so many more pages. */
static void leave(uint32_t pages)
{
	uint32_t used = pages_used();

	EXPECT(used > 4 && used < 0x10000);
	set_soft(RLIMIT_AS, (used + pages) * PAGE);
}

static void ways_to_memory(long arg)
{
	char *heap = (char *)syscall1(LINUX_NR_brk, 0);

	heap = (char *)ALIGN_UP((unsigned long)heap, PAGE);
	syscall1(LINUX_NR_brk, (long)heap);
	EXPECT_EQ(map_at(PLACE, 4, MAP_FIXED), PLACE);
	leave(4);
	EXPECT_EQ(map_at(PLACE + 0x100000, 5, MAP_FIXED), -ENOMEM);
	/* In place of old pages: the old ones do not count. */
	EXPECT_EQ(map_at(PLACE, 9, MAP_FIXED), -ENOMEM);
	EXPECT_EQ(map_at(PLACE, 8, MAP_FIXED), PLACE);
	EXPECT_EQ(map_at(PLACE, 8, MAP_FIXED), PLACE);
	EXPECT_EQ(map_at(PLACE + 0x100000, 1, MAP_FIXED), -ENOMEM);
	EXPECT_EQ(syscall1(LINUX_NR_brk, (long)heap + 1), heap);
	EXPECT_EQ(remap(PLACE, 8, 9, 0, NULL), -ENOMEM);
	EXPECT_EQ(remap(PLACE, 8, 9, MREMAP_MAYMOVE, NULL), -ENOMEM);
	EXPECT_EQ(remap(PLACE, 1, 1, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
			NULL), -ENOMEM);
	/* A plain move needs no more pages. */
	EXPECT_EQ(remap(PLACE, 8, 8, MREMAP_MAYMOVE | MREMAP_FIXED,
			PLACE + 0x200000), PLACE + 0x200000);
	EXPECT_EQ(unmap(PLACE + 0x200000, 2), 0);
	EXPECT_EQ(syscall1(LINUX_NR_brk, (long)heap + 1), heap + 1);
	EXPECT_EQ(remap(PLACE + 0x202000, 6, 7, 0, NULL), PLACE + 0x202000);
	EXPECT_EQ(map_at(PLACE, 1, MAP_FIXED), -ENOMEM);
	set_soft(RLIMIT_AS, NONE);
	EXPECT_EQ(map_at(PLACE, 100, MAP_FIXED), PLACE);
}

UTEST(the_address_space_ends_where_its_limit_is)
{
	alone(ways_to_memory, 0);
}

static void touch_stack(long bytes)
{
	volatile char *below = (char *)__builtin_frame_address(0) - bytes;

	*below = 1;
}

static void grow_with_as(long room)
{
	leave((uint32_t)room);
	touch_stack(0x80000);
}

static void stack_counts(long arg)
{
	EXPECT_EQ(signal_of(grow_with_as, 16), SIGSEGV_NR);
	EXPECT_EQ(signal_of(grow_with_as, 256), 0);
}

UTEST(a_growing_stack_counts_as_address_space)
{
	alone(stack_counts, 0);
}

/* ---- RLIMIT_STACK -------------------------------------------------------- */

static void grow_to(long limit)
{
	set_soft(RLIMIT_STACK, (uint32_t)limit);
	touch_stack(0x100000);
}

static void stack_ends(long arg)
{
	EXPECT_EQ(signal_of(grow_to, 0x80000), SIGSEGV_NR);
	EXPECT_EQ(signal_of(grow_to, 0x200000), 0);
	EXPECT_EQ(signal_of(grow_to, (long)get(RLIMIT_STACK).hard), 0);
}

UTEST(a_stack_grows_as_far_as_its_limit)
{
	alone(stack_ends, 0);
}

/* ---- RLIMIT_MEMLOCK ------------------------------------------------------ */

static long lock(char *addr, uint32_t pages)
{
	return linux_mlock(addr, pages * PAGE);
}

static void ways_to_lock(long arg)
{
	EXPECT_EQ(map_at(PLACE, 20, MAP_FIXED), PLACE);
	EXPECT_EQ(set(RLIMIT_MEMLOCK, 8 * PAGE, 8 * PAGE), 0);
	EXPECT_EQ(lock(PLACE, 9), -ENOMEM);
	EXPECT_EQ(lock(PLACE, 8), 0);
	/* A page that is locked already does not count twice. */
	EXPECT_EQ(lock(PLACE, 8), 0);
	EXPECT_EQ(lock(PLACE + PAGE, 8), -ENOMEM);
	EXPECT_EQ(lock(PLACE + 10 * PAGE, 1), -ENOMEM);
	EXPECT_EQ(lock(PLACE + 1, 8), -ENOMEM);
	EXPECT_EQ(map_at(PLACE + 0x100000, 1, MAP_LOCKED), -EAGAIN);
	EXPECT_EQ(remap(PLACE, 8, 9, MREMAP_MAYMOVE, NULL), -EAGAIN);
	EXPECT_EQ(linux_munlock(PLACE, 2 * PAGE), 0);
	EXPECT_EQ(lock(PLACE + PAGE, 8), 0);
	EXPECT_EQ(map_at(PLACE + 0x100000, 2, MAP_LOCKED | MAP_FIXED),
		  -EAGAIN);
	EXPECT_EQ(linux_munlock(PLACE, 20 * PAGE), 0);
	EXPECT_EQ(map_at(PLACE + 0x100000, 2, MAP_LOCKED | MAP_FIXED),
		  PLACE + 0x100000);
	EXPECT_EQ(lock(PLACE, 7), -ENOMEM);
	EXPECT_EQ(lock(PLACE, 6), 0);
	EXPECT_EQ(unmap(PLACE + 0x100000, 2), 0);
	EXPECT_EQ(lock(PLACE, 8), 0);
}

UTEST(no_more_is_locked_than_the_limit_allows)
{
	alone(ways_to_lock, 0);
}

static void lock_with_nothing(long arg)
{
	EXPECT_EQ(map_at(PLACE, 2, MAP_FIXED), PLACE);
	EXPECT_EQ(set(RLIMIT_MEMLOCK, PAGE - 1, PAGE - 1), 0);
	EXPECT_EQ(lock(PLACE, 1), -ENOMEM);
	EXPECT_EQ(lock(PLACE, 0), 0);
	EXPECT_EQ(map_at(PLACE + 0x100000, 1, MAP_LOCKED), -EAGAIN);
	EXPECT_EQ(set(RLIMIT_MEMLOCK, 0, 0), 0);
	EXPECT_EQ(lock(PLACE, 1), -EPERM);
	EXPECT_EQ(lock(PLACE, 0), -EPERM);
	EXPECT_EQ(linux_munlock(PLACE, PAGE), 0);
	EXPECT_EQ(map_at(PLACE + 0x100000, 1, MAP_LOCKED), -EPERM);
	EXPECT_EQ(map_at(PLACE + 0x100000, 1, 0) & 0xfff, 0);
}

UTEST(who_may_lock_nothing_is_not_permitted)
{
	alone(lock_with_nothing, 0);
}

/* ---- RLIMIT_NPROC -------------------------------------------------------- */

static void fork_with_none(long arg)
{
	int status;
	long child;

	set_soft(RLIMIT_NPROC, 0);
	EXPECT_EQ(linux_fork(), -EAGAIN);
	set_soft(RLIMIT_NPROC, get(RLIMIT_NPROC).hard);
	child = linux_fork();
	if (!child)
		linux_exit_group(0);
	EXPECT(child > 0);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
}

UTEST(no_child_is_made_beyond_the_limit)
{
	alone(fork_with_none, 0);
}

static void need_a_child(long unused)
{
	set_soft(RLIMIT_NPROC, 0);
	utest_fork();
	linux_exit_group(0);
}

UTEST(a_test_ends_where_the_child_that_it_needs_is_refused)
{
	SKIP_IF(on_linux(), "Linux refuses root no child");
	EXPECT_EQ(exit_of(need_a_child, 0), 1);
}

/* Our limit counts the caller and its descendants. */
static void fork_up_to(long limit)
{
	int status;
	long n = 0;

	set_soft(RLIMIT_NPROC, (uint32_t)limit);
	for (long child; (child = linux_fork()) != -EAGAIN; n++)
		if (!child)
			linux_exit_group(0);
	EXPECT_EQ(n, limit - 1);
	while (linux_waitpid(-1, &status, 0) > 0)
		n--;
	EXPECT_EQ(n, 0);
}

UTEST(the_limit_of_tasks_is_the_familys)
{
	SKIP_IF(on_linux(), "Linux counts all of a user");
	alone(fork_up_to, 5);
}
