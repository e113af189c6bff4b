// SPDX-License-Identifier: MIT
/*
 * md_ops.c - the operations: one call each, with random arguments
 *
 * WHAT     A table of operations with how often each is chosen. An operation
 *          logs its arguments and what it answered.
 *
 * NOT HERE what the host's configuration decides: advice about huge pages,
 *          merging and reclaim (MADV_FREE too), MAP_STACK, mapping below
 *          64 KiB; what a 64-bit kernel below a 32-bit program answers
 *          differently: lengths that wrap. tests/differential/accepted.md has
 *          the whole list.
 */
#include "tests/differential/md.h"

#include "lib/align.h"
#include "lib/errno.h"

#define PROT_GROWSDOWN    0x01000000u
#define PROT_GROWSUP      0x02000000u
#define MAP_NONBLOCK      0x10000
#define MREMAP_DONTUNMAP  4

struct operation {
	unsigned weight;
	void   (*run)(void);
};

struct choice {
	unsigned percent;
	unsigned value;
};

/* The shares must add up to 100. */
static unsigned choose(const struct choice *choices)
{
	unsigned dice = pick_below(100);

	while (dice >= choices->percent) {
		dice -= choices->percent;
		choices++;
	}
	return choices->value;
}

static unsigned pick_prot(void)
{
	/* PROT_EXEC alone is never asked for: a CPU with protection keys makes
	 * it unreadable under Linux. */
	static const struct choice prots[] = {
		{ 52, PROT_READ | PROT_WRITE },
		{ 15, PROT_READ },
		{ 12, PROT_NONE },
		{ 6, PROT_READ | PROT_EXEC },
		{ 6, PROT_READ | PROT_WRITE | PROT_EXEC },
		{ 5, PROT_WRITE },
		{ 2, PROT_WRITE | PROT_EXEC },
		{ 2, PROT_READ | 8 },
	};

	return choose(prots);
}

static unsigned pick_map_flags(void)
{
	static const struct choice types[] = {
		{ 74, MAP_PRIVATE }, { 20, MAP_SHARED }, { 2, 0 }, { 2, 3 },
		{ 1, 4 }, { 1, 0xf },
	};
	static const struct choice where[] = {
		{ 48, 0 }, { 42, MAP_FIXED }, { 9, MAP_FIXED_NOREPLACE },
		{ 1, MAP_FIXED | MAP_FIXED_NOREPLACE },
	};
	static const struct choice more[] = {
		{ 72, 0 }, { 10, MAP_POPULATE }, { 4, MAP_LOCKED },
		{ 5, MAP_NORESERVE }, { 7, MAP_GROWSDOWN },
		{ 2, MAP_POPULATE | MAP_NONBLOCK },
	};

	return choose(types) | choose(where) | choose(more) |
	       (chance(97) ? MAP_ANONYMOUS : 0);
}

static void op_mmap(void)
{
	uint32_t addr = chance(25) ? 0 : pick_any_addr();
	uint32_t length = pick_any_length();
	unsigned prot = pick_prot();
	unsigned flags = pick_map_flags();
	uint32_t offset = chance(10) ? pick_below(1000) : 0;
	long result;

	/* At 0 it would depend on who runs this. */
	if (!addr)
		flags &= ~(MAP_FIXED | MAP_FIXED_NOREPLACE);
	if (flags & MAP_LOCKED)
		md.locked = true;
	length = tame(addr, length);
	result = syscall6(LINUX_NR_mmap2, (long)addr, (long)length, prot,
			  flags, -1, (long)offset);
	log_line("mmap2 %s 0x%x %x %x = %s", place(addr), length, prot, flags,
		 place_or_error(result));
	if (!IS_ERROR(result))
		remember((uint32_t)result);
}

static void op_munmap(void)
{
	uint32_t addr = pick_any_addr();
	uint32_t length = tame(addr, pick_any_length());

	log_line("munmap %s 0x%x = %ld", place(addr), length,
		 linux_munmap((void *)addr, length));
}

/* Behind the highest addresses a range wraps, on a 32-bit kernel only. */
static uint32_t no_wrap(uint32_t addr)
{
	return addr > KERNEL_BASE ? KERNEL_BASE : addr;
}

static void op_mprotect(void)
{
	uint32_t addr = no_wrap(pick_any_addr());
	uint32_t length = chance(3) ? 0 : tame(addr, pick_length());
	unsigned prot = pick_prot();

	if (chance(4))
		prot |= chance(50) ? PROT_GROWSDOWN : PROT_GROWSUP;
	if (chance(2))
		prot |= 0x10u << pick_below(20);
	log_line("mprotect %s 0x%x %x = %ld", place(addr), length, prot,
		 linux_mprotect((void *)addr, length, (int)prot));
}

/*
 * Since Linux 6.17 a move to a fixed address without a change of size takes
 * several areas along; before, and here, it is -EFAULT. Asking for no change
 * at all tells whether it is one area.
 */
static bool moves_several(uint32_t addr, uint32_t old, uint32_t new,
			  unsigned flags)
{
	long result;

	if (!(flags & MREMAP_FIXED) || old != new || old <= PAGE)
		return false;
	result = syscall5(LINUX_NR_mremap, (long)addr, (long)old, (long)old,
			  0, 0);
	if (IS_ERROR(result))
		log_line("mremap %s 0x%x same = %ld", place(addr), old, result);
	return IS_ERROR(result);
}

static void op_mremap(void)
{
	static const struct choice flag_choices[] = {
		{ 24, 0 }, { 40, MREMAP_MAYMOVE },
		{ 24, MREMAP_MAYMOVE | MREMAP_FIXED },
		{ 3, MREMAP_FIXED },
		{ 5, MREMAP_MAYMOVE | MREMAP_DONTUNMAP },
		{ 3, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP },
		{ 1, 8 },
	};
	uint32_t addr = pick_any_addr();
	uint32_t old = chance(4) ? 0 : tame(addr, pick_length());
	uint32_t new = chance(30) ? old : pick_any_length();
	unsigned flags = choose(flag_choices);
	uint32_t new_addr = pick_any_addr();
	long result;

	if (flags & MREMAP_FIXED)
		new = tame(new_addr, new);
	if (moves_several(addr, old, new, flags))
		return;
	result = syscall5(LINUX_NR_mremap, (long)addr, (long)old, (long)new,
			  (long)flags, (long)new_addr);
	log_line("mremap %s 0x%x 0x%x %x %s = %s", place(addr), old, new,
		 flags, place(new_addr), place_or_error(result));
	if (!IS_ERROR(result))
		remember((uint32_t)result);
}

static void op_brk(void)
{
	uint32_t brk = md.heap + pick_below(B_PAGES * PAGE);

	if (chance(30))
		brk &= ~(PAGE - 1);
	if (chance(5))
		brk = chance(50) ? md.heap - 1 - pick_below(PAGE) : 0;
	if (chance(2))
		brk = chance(50) ? KERNEL_BASE : 0xfffff000;
	log_line("brk %s = %s", place(brk), place((uint32_t)
		 syscall1(LINUX_NR_brk, (long)brk)));
}

static void op_madvise(void)
{
	static const int advices[] = {
		0, 1, 2, 10, 11, 16, 17, 18, 19, 22, 23, 24, -1, 5, 7, 99,
	};
	int advice = chance(65) ? MADV_DONTNEED
				: advices[pick_below(ARRAY_SIZE(advices))];
	uint32_t addr = no_wrap(pick_any_addr());
	uint32_t length = chance(3) ? 0 : tame(addr, pick_length());

	log_line("madvise %s 0x%x %d = %ld", place(addr), length, advice,
		 linux_madvise((void *)addr, length, advice));
}

static void op_lock(void)
{
	uint32_t addr = pick_addr();
	uint32_t length = chance(3) ? 0 : tame(addr, pick_length());
	bool lock = chance(60);
	long result = lock ? linux_mlock((void *)addr, length)
			   : linux_munlock((void *)addr, length);

	md.locked = true;
	log_line("%s %s 0x%x = %ld", lock ? "mlock" : "munlock", place(addr),
		 length, result);
}

static void op_mincore(void)
{
	static uint8_t vec[4096];
	uint32_t addr = pick_any_addr();
	uint32_t length = tame(addr, pick_length());
	uint32_t pages = (length + PAGE - 1) / PAGE;
	char text[A_PAGES + 1];
	uint8_t *where = chance(4) ? (uint8_t *)NOWHERE : vec;
	long result;

	if (addr <= 0x80000000 && chance(3))
		length = chance(50) ? 0 : 0x20000000;
	result = linux_mincore((void *)addr, length, where);
	if (result || !length || where != vec)
		pages = 0;
	for (uint32_t i = 0; i < pages; i++)
		text[i] = vec[i] & 1 ? '1' : '0';
	text[pages] = '\0';
	log_line("mincore %s 0x%x = %ld %s", place(addr), length, result, text);
}

static void op_write(void)
{
	uint32_t page = pick_page();
	unsigned nr = pick_pages(page, 4);
	char done[5] = "";

	for (unsigned i = 0; i < nr; i++)
		done[i] = fill_page(page + i * PAGE) ? 'w' : '-';
	log_line("write %s %s", place(page), done);
}

static void op_read(void)
{
	uint32_t page = pick_page();
	unsigned nr = pick_pages(page, 6);

	log_line("read %s", place(page));
	log_contents(page, nr);
}

static void op_look(void)
{
	uint32_t page = pick_page();

	log_mincore(page, pick_pages(page, 16));
}

/* Structures in memory that may be bad: each call reads 8 bytes. */
static void op_pointer(void)
{
	static const int calls[] = { LINUX_NR_nanosleep, LINUX_NR_writev };
	uint32_t addr = pick_page();
	int call = calls[pick_below(ARRAY_SIZE(calls))];
	long result = call == LINUX_NR_nanosleep
			      ? syscall2(call, (long)addr, 0)
			      : syscall3(call, 1, (long)addr, 1);

	log_line("pointer %d %s = %ld", call, place(addr), result);
}

/* A new area, filled: what most other operations need. */
void op_fresh(void)
{
	uint32_t addr = A_BASE + pick_below(A_PAGES) * PAGE;
	uint32_t length = (1 + pick_below(8)) * PAGE;
	unsigned flags = chance(75) ? MAP_PRIVATE : MAP_SHARED;
	long result = syscall6(LINUX_NR_mmap2, (long)addr, (long)length,
			       PROT_READ | PROT_WRITE,
			       flags | MAP_FIXED | MAP_ANONYMOUS, -1, 0);

	log_line("fresh %s 0x%x %x = %s", place(addr), length, flags,
		 place_or_error(result));
	remember(addr);
	for (uint32_t at = addr; at < addr + length; at += PAGE)
		if (chance(70))
			fill_page(at);
}

/* The shares add up to 100. */
static const struct operation operations[] = {
	{ 17, op_mmap },    { 9, op_munmap },  { 11, op_mprotect },
	{ 11, op_mremap },  { 4, op_brk },     { 7, op_madvise },
	{ 4, op_lock },     { 3, op_mincore }, { 9, op_write },
	{ 6, op_read },     { 2, op_look },    { 3, op_pointer },
	{ 6, op_fresh },    { 5, op_touch_in_child },
	{ 1, op_fork_and_go_on },              { 2, op_wait_status },
};

void random_operation(void)
{
	unsigned dice = pick_below(100);
	const struct operation *op = operations;

	while (dice >= op->weight) {
		dice -= op->weight;
		op++;
	}
	op->run();
}
