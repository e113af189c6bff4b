// SPDX-License-Identifier: MIT
/*
 * md_pick.c - random arguments, good and bad
 *
 * WHAT     Addresses and lengths. Most lie where other operations of the same
 *          sequence have worked before, else nothing interesting happens.
 *
 * NOT HERE lengths between what can be committed on a small machine and what
 *          no machine has: whether they succeed depends on its RAM.
 */
#include "tests/differential/md.h"

#include "lib/align.h"

bool chance(unsigned percent)
{
	return rng_below(&md.rng, 100) < percent;
}

uint32_t pick_below(uint32_t n)
{
	/* The upper bits: xorshift's lower ones are no worse, but % uses them
	 * for everything else. */
	return (rng_next(&md.rng) >> 8) % n;
}

void remember(uint32_t addr)
{
	md.seen[md.nr_seen++ % ARRAY_SIZE(md.seen)] = addr & ~(PAGE - 1);
}

static uint32_t pick_seen(void)
{
	unsigned n = md.nr_seen < ARRAY_SIZE(md.seen) ? md.nr_seen
						      : ARRAY_SIZE(md.seen);
	uint32_t addr = n ? md.seen[pick_below(n)] + pick_below(6) * PAGE
			  : A_BASE;

	/* Above the top lies what Linux puts there, its vDSO for one. */
	return addr >= md.top ? md.top - PAGE : addr;
}

uint32_t pick_page(void)
{
	uint32_t kind = pick_below(100);

	if (kind < 50)
		return pick_seen();
	if (kind < 86)
		return A_BASE + pick_below(A_PAGES) * PAGE;
	if (kind < 92)
		return G_BASE + pick_below(G_PAGES / 16) * 16 * PAGE;
	return md.heap + pick_below(B_PAGES) * PAGE;
}

uint32_t pick_addr(void)
{
	uint32_t addr = pick_page();

	return chance(6) ? addr + 1 + pick_below(PAGE - 1) : addr;
}

uint32_t pick_any_addr(void)
{
	static const uint32_t bad[] = {
		KERNEL_BASE, KERNEL_BASE + PAGE, KERNEL_BASE - PAGE / 2,
		0xfffff000, 0xffffffff, 0xd0000000, 0x80000000,
	};

	return chance(3) ? bad[pick_below(ARRAY_SIZE(bad))] : pick_addr();
}

uint32_t pick_length(void)
{
	uint32_t kind = pick_below(100);
	uint32_t pages = kind < 70 ? 1 + pick_below(4)
			 : kind < 95 ? 1 + pick_below(16)
				     : 1 + pick_below(A_PAGES);

	return pages * PAGE - (chance(8) ? pick_below(PAGE) : 0);
}

uint32_t pick_any_length(void)
{
	static const uint32_t bad[] = {
		0, 0, 0xfffff000, KERNEL_BASE, KERNEL_BASE + PAGE, 0xf0000000,
	};

	return chance(4) ? bad[pick_below(ARRAY_SIZE(bad))] : pick_length();
}

uint32_t tame(uint32_t addr, uint32_t length)
{
	if (length >= KERNEL_BASE)
		return addr ? length : PAGE;
	if (addr < md.top && length > md.top - addr)
		return md.top - addr;
	return length;
}

unsigned pick_pages(uint32_t page, unsigned most)
{
	return tame(page, (1 + pick_below(most)) * PAGE) / PAGE;
}
